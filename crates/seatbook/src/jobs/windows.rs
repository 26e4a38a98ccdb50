//! What the job pages do.

use askama::Template;
use axum::{
    extract::{Query, State as Held},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::tz::TimeZone;
use store::Timestamp;
use uuid::Uuid;

use super::{
    commands::{CancelJob, RetryJob},
    events,
    model::{Job, State},
    pages::{JobPage, JobRow, JobsPage, job_list},
    queries,
};
use crate::{
    api::{Id, List, Paging},
    app::App,
    console::{
        answer::{go, html, part_or_page},
        badges,
        form::Form,
        format,
        frame::{Frame, PageResult, Visitor},
        pages::Confirm,
        table::ListView,
    },
    error::{Error, Result},
    scope::Permission,
};

/// `/jobs`: search, one filter, the newest first.
pub async fn list(
    Held(app): Held<App>,
    frame: Frame,
    Query(pairs): Query<Vec<(String, String)>>,
) -> PageResult {
    let mut view = job_list().read(&pairs);
    let (filter, limit) = filter(&view, &pairs)?;
    let scope = frame.caller.scope.clone();
    let read = app
        .read(move |mut tx| Box::pin(async move { queries::list(&mut tx, &scope, &filter).await }));
    let page = List::page(read.await?, limit, |last| last.id);
    (view.next, view.shown) = (page.next_cursor, page.items.len() as i64);
    let now = app.gate.now();
    let page = JobsPage {
        shell: frame.shell("Jobs", "jobs"),
        rows: page.items.iter().map(|job| row(job, now)).collect(),
        list: view,
    };
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

pub(super) fn filter(
    view: &ListView,
    pairs: &[(String, String)],
) -> Result<(queries::Filter, i64)> {
    let cursor = pairs.iter().find(|(name, _)| name == "cursor");
    let paging = Paging {
        limit: None,
        cursor: cursor.map(|(_, cursor)| cursor.clone()),
    };
    let states: &[State] = match view.chosen("state") {
        "open" => &[State::Queued, State::Running, State::Waiting],
        "done" => &[State::Done],
        "failed" => &[State::Refused, State::Dead],
        _ => &[],
    };
    let limit = paging.limit()?;
    let filter = queries::Filter {
        keyword: Some(view.q.clone()).filter(|q| !q.is_empty()),
        states: states.to_vec(),
        before: paging.after()?,
        limit: limit + 1,
    };
    Ok((filter, limit))
}

fn row(job: &Job, now: Timestamp) -> JobRow {
    let failed = matches!(job.state, State::Refused | State::Dead | State::Waiting);
    let ran = job.started_at.zip(job.ended_at);
    JobRow {
        id: job.id.to_string(),
        title: job.title.clone(),
        person: person(job),
        created: format::ago(job.created_at.get(), now.get()),
        took: ran.map(|(start, end)| took(start, end)).unwrap_or_default(),
        status: badges::job(job.state.as_str()),
        rows_done: job.rows_done,
        rows_total: job.rows_total,
        reason: if failed {
            job.message.clone()
        } else {
            String::new()
        },
    }
}

/// Jobs without a person are Seatbook's own; a person without a name was erased.
pub(super) fn person(job: &Job) -> String {
    match (job.actor_id == Uuid::nil(), job.person.as_str()) {
        (true, _) => "Seatbook".into(),
        (false, "") => "Somebody who left".into(),
        (false, name) => name.into(),
    }
}

fn took(start: Timestamp, end: Timestamp) -> String {
    match (end.as_micros() - start.as_micros()) / 1_000 {
        ..1_000 => "less than a second".into(),
        millis @ 1_000..120_000 => format::count(millis / 1_000, "second", "seconds"),
        millis => format::count(millis / 60_000, "minute", "minutes"),
    }
}

/// `/jobs/{id}`.
pub async fn show(Held(app): Held<App>, frame: Frame, id: Result<Id>) -> PageResult {
    let job = visible(&app, &frame, id?.0).await?;
    let may_edit = frame.may(Permission::JobsEdit);
    let result = job.result.clone().unwrap_or_default();
    let moment = moments(&frame.visitor);
    let outcome = result
        .figures
        .into_iter()
        .map(|figure| (figure.label, figure.value));
    let links = result.links.into_iter().map(|link| (link.label, link.href));
    let tries = job
        .failures
        .iter()
        .map(|failure| (moment(failure.at), failure.message.clone()));
    let page = JobPage {
        shell: frame.shell(&job.title, "jobs"),
        banner: job.banner(),
        row: row(&job, app.gate.now()),
        facts: facts(&job, &moment),
        outcome: outcome.collect(),
        links: links.collect(),
        // Others would be told that a file of somebody's own is not there.
        result_href: result
            .file
            .filter(|_| !result.own || job.actor_id == frame.caller.actor_id)
            .unwrap_or_default(),
        tries: tries.collect(),
        may_retry: may_edit && !job.state.is_open() && job.state != State::Done,
        may_cancel: may_edit && job.state.is_open() && !job.cancel_requested,
    };
    Ok(html(StatusCode::OK, page.render()))
}

fn facts(job: &Job, moment: &dyn Fn(Timestamp) -> String) -> Vec<(String, String)> {
    let mut facts = vec![
        ("Kind".to_owned(), job.kind.clone()),
        ("Handed in".to_owned(), moment(job.created_at)),
    ];
    for (label, at) in [("Begun", job.started_at), ("Ended", job.ended_at)] {
        facts.extend(at.map(|at| (label.to_owned(), moment(at))));
    }
    facts.push(("Tries".to_owned(), format::number(job.attempts)));
    if let Some(code) = &job.code {
        facts.push(("Code".to_owned(), code.clone()));
    }
    if job.cancel_requested && job.state.is_open() {
        facts.push((
            "Cancel".to_owned(),
            "asked for; it stops after the step it is at".to_owned(),
        ));
    }
    facts
}

/// Instants as the visitor's clock shows them.
fn moments(visitor: &Visitor) -> impl Fn(Timestamp) -> String + use<> {
    let zone = TimeZone::get(&visitor.time_zone).unwrap_or(TimeZone::UTC);
    move |at| format::moment(at.get(), &zone)
}

async fn visible(app: &App, frame: &Frame, id: Uuid) -> Result<Job> {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, id).await })
    });
    read.await?.ok_or_else(Error::not_found)
}

/// `/jobs/{id}/events`: what the module listens to.
pub async fn events(Held(app): Held<App>, frame: Frame, id: Result<Id>) -> PageResult {
    let followed = events::follow(app, frame.caller.scope, id?.0).await?;
    Ok(followed.into_response())
}

/// The button that tells a job to try again.
pub async fn retry(Held(app): Held<App>, frame: Frame, id: Result<Id>, form: Form) -> PageResult {
    let command = RetryJob {
        id: id?.0,
        version: None,
    };
    let done = app.gate.submit(&frame.caller, form.key, command).await?;
    Ok(back_to(&frame, done.outcome.id))
}

/// Asks whether the job is to be canceled, and says what that does.
pub async fn ask_cancel(Held(app): Held<App>, frame: Frame, id: Result<Id>) -> PageResult {
    let job = visible(&app, &frame, id?.0).await?;
    let page = question(&frame, &job);
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_sheet().render(),
        || page.render(),
    ))
}

fn question(frame: &Frame, job: &Job) -> Confirm {
    let lead = match job.state {
        State::Running => "It stops after the step it is at. What it has done stays done.",
        state if state.is_open() => "Nobody has begun it: it will not be done at all.",
        _ => "It has ended; there is nothing left to cancel.",
    };
    let progress = job.banner().progress();
    let facts = match progress.is_empty() {
        true => vec![],
        false => vec![("Done so far".into(), progress)],
    };
    Confirm {
        shell: frame.shell(format!("Cancel {}", job.title), "jobs"),
        title: format!("Cancel “{}”?", job.title),
        lead: lead.into(),
        facts,
        warnings: vec![],
        fields: vec![],
        tone: "bad",
        allowed: job.state.is_open() && frame.may(Permission::JobsEdit),
        action: format!("/jobs/{}/cancel", job.id),
        label: "Cancel job".into(),
        back: format!("/jobs/{}", job.id),
        back_label: job.title.clone(),
        error: None,
    }
}

/// Cancels it.
pub async fn cancel(Held(app): Held<App>, frame: Frame, id: Result<Id>, form: Form) -> PageResult {
    let command = CancelJob {
        id: id?.0,
        version: None,
    };
    let done = app.gate.submit(&frame.caller, form.key, command).await?;
    Ok(back_to(&frame, done.outcome.id))
}

fn back_to(frame: &Frame, id: Uuid) -> Response {
    go(frame.fragment, &format!("/jobs/{id}"))
}
