//! Taking back through the doors: the page that says first what it does, and the operation.

use axum::{extract::State, http::StatusCode, response::Response};
use uuid::Uuid;

use super::undoing::{self, INLINE_ROWS, RequestUndo, Target, UndoEntry, Undone};
use crate::{
    api::{Answer, Id, Write},
    app::App,
    console::{
        answer::go,
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    gate::Caller,
    history::{
        list::find_visible,
        queries::{Names, names},
    },
    journal::words,
    scope::Scope,
    undo::Plan,
};

/// A preview of more rows than this is answered from the plan: running it would hold up the writer.
const PREVIEW_ROWS: i64 = 100;

/// What an entry stands for, and what taking it back would do.
pub struct Look {
    /// The entry in words.
    pub what: String,
    /// What it would do, or why it cannot be done.
    pub plan: Result<(Target, Plan)>,
    /// Names of some of the organizations whose shares are put back.
    names: Names,
}

/// As many shares as a page lists.
const SHARES: usize = 8;

/// Looks at an entry, for whoever can see it.
pub async fn look(app: &App, scope: &Scope, id: Uuid) -> Result<Look> {
    let scope = scope.clone();
    app.read(move |mut tx| {
        Box::pin(async move {
            let found = find_visible(&mut tx, &scope, id).await?;
            let found = found.ok_or_else(Error::not_found)?;
            let what = words::what(&found.command);
            let target = match Target::of(&mut tx, found).await {
                Ok(target) => target,
                Err(error) if error.is_refusal() => {
                    let (plan, names) = (Err(error), Names::default());
                    return Ok(Look { what, plan, names });
                }
                Err(error) => return Err(error),
            };
            let plan = target.plan(&mut tx).await?;
            let shares = plan.shares.iter().flat_map(|pool| &pool.rows).take(SHARES);
            let whose: Vec<Uuid> = shares.map(|share| share.organization_id).collect();
            let names = names(&mut tx, &[], &whose).await?;
            let plan = Ok((target, plan));
            Ok(Look { what, plan, names })
        })
    })
    .await
}

/// Takes a change back: an allocation, an assignment, or everything that a file brought in.
///
/// Every row is put back as it was, all of them or none, and what was made is removed. Refused with
/// `undo.built_on` where something was built on it since: `obstacles` says what, with the entry that did it.
/// More than 500 rows are taken back by a job; a file of many parts part by part, the last first. Where something was
/// built on one of these, the job ends with that refusal, and the undo goes on from there when it is asked again.
#[utoipa::path(post, path = "/journal/{id}/undo", tag = "journal",
    params(("id" = Uuid, Path, description = "The entry; any of its entries where a file was imported in parts.")),
    responses((status = 200, description = "What was put back.", body = Undone),
        (status = 202, description = "The job that puts it back.", body = Undone)))]
pub async fn undo(
    State(app): State<App>,
    Id(journal_id): Id,
    write: Write<()>,
) -> Result<Response> {
    let looked = look(&app, &write.caller.scope, journal_id).await?.plan;
    // Whatever is wrong is said by the command itself, which also knows this request if it came before.
    let rows = looked.as_ref().map_or(0, |(_, plan)| plan.rows);
    if let (true, PREVIEW_ROWS.., Ok((target, plan))) = (write.is_preview(), rows, looked) {
        plan.refuse()?;
        let queued = (rows > INLINE_ROWS).then(|| format!("job {}", undoing::KIND.name));
        let queued = queued.into_iter().collect();
        return Ok(Answer::preview(Undone::of(&target, &plan), queued).ok());
    }
    if rows <= INLINE_ROWS {
        let answer = write.submit(&app, UndoEntry { journal_id }).await?;
        return Ok(match answer.outcome.job_id {
            Some(job_id) => answer.accepted(&format!("/api/v1/jobs/{job_id}")),
            None => answer.ok(),
        });
    }
    let answer = write.submit(&app, RequestUndo { journal_id }).await?;
    let location = answer.outcome.job_id.map(|id| format!("/api/v1/jobs/{id}"));
    Ok(answer.accepted(&location.unwrap_or_default()))
}

/// `/journal/{id}/undo`: says first what it does.
pub async fn ask(State(app): State<App>, frame: Frame, id: Result<Id>) -> PageResult {
    let page = page(&app, &frame, id?.0, None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Does it.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    id: Result<Id>,
    form: Form,
) -> PageResult {
    let Id(journal_id) = id?;
    match submit(&app, &frame.caller, journal_id, &form).await {
        Ok(place) => Ok(go(frame.fragment, &place)),
        Err(error) if error.is_refusal() => {
            let page = page(&app, &frame, journal_id, Some(error.message)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

/// Where the browser goes afterwards: to the entry that took it back, or to the job.
async fn submit(app: &App, caller: &Caller, journal_id: Uuid, form: &Form) -> Result<String> {
    let looked = look(app, &caller.scope, journal_id).await?.plan;
    let (gate, key) = (&app.gate, form.key.clone());
    if looked.is_ok_and(|(_, plan)| plan.rows > INLINE_ROWS) {
        let done = gate.submit(caller, key, RequestUndo { journal_id }).await?;
        let job = done.outcome.job_id.map(|id| format!("/jobs/{id}"));
        return Ok(job.unwrap_or_else(|| "/jobs".into()));
    }
    let done = gate.submit(caller, key, UndoEntry { journal_id }).await?;
    Ok(format!("/journal/{}", done.journal_id))
}

/// As many reasons as a page lists.
const REASONS: usize = 10;

async fn page(app: &App, frame: &Frame, id: Uuid, error: Option<String>) -> Result<Confirm> {
    let looked = look(app, &frame.caller.scope, id).await?;
    let (what, names, looked) = (looked.what, looked.names, looked.plan);
    let (facts, warnings) = match &looked {
        Ok((_, plan)) => (numbers(plan, &names), reasons(plan)),
        Err(error) => (vec![], vec![error.message.clone()]),
    };
    let allowed = looked.is_ok() && warnings.is_empty();
    let lead = match &looked {
        Ok((target @ Target::Import(import, _), _)) if target.goes_by_parts() => format!(
            "Everything that “{}” brought in is taken out again, in parts, the last first. Where something was \
             built on a part, it stops and says so; it goes on when that is out of the way.",
            import.file_name
        ),
        Ok((Target::Import(import, _), _)) => format!(
            "Everything that “{}” brought in is taken out again, in one step: all of it or nothing.",
            import.file_name
        ),
        _ => {
            "Everything it changed is put back as it was before, in one step: all of it or nothing."
                .into()
        }
    };
    Ok(Confirm {
        shell: frame.shell("Undo", "journal"),
        title: format!("Undo “{what}”?"),
        lead: if allowed {
            lead
        } else {
            "This cannot be undone as things are.".into()
        },
        facts,
        warnings,
        fields: vec![],
        tone: "warn",
        allowed,
        action: format!("/journal/{id}/undo"),
        label: "Undo".into(),
        back: format!("/journal/{id}"),
        back_label: what,
        error,
    })
}

/// How much of what, and the first shares one by one.
fn numbers(plan: &Plan, names: &Names) -> Vec<(String, String)> {
    let fact = |(what, number): (&str, usize)| (what.to_owned(), format::number(number as i64));
    let mut facts: Vec<(String, String)> = plan.numbers().into_iter().map(fact).collect();
    let shares = plan.shares.iter().flat_map(|pool| &pool.rows).take(SHARES);
    facts.extend(shares.map(|share| {
        let units = [share.seen, share.quantity].map(format::number);
        (
            names.organization(Some(share.organization_id)),
            units.join(" → "),
        )
    }));
    facts
}

/// Why it cannot be taken back, the first reasons of many.
pub fn reasons(plan: &Plan) -> Vec<String> {
    let all = plan
        .obstacles
        .iter()
        .map(|obstacle| obstacle.message.clone());
    let mut said: Vec<String> = all.take(REASONS).collect();
    let more = plan.obstacles.len().saturating_sub(REASONS);
    if more > 0 {
        said.push(format!(
            "{} more.",
            format::count(more as i64, "reason", "reasons")
        ));
    }
    said
}
