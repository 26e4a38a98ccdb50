//! Unassigning: one unit, or those that were ticked. What goes with them is said first.

use axum::{extract::State, http::StatusCode};
use uuid::Uuid;

use super::{
    add_ons::ids,
    user::{self, find, holder_of, home},
};
use crate::{
    api::Id,
    app::App,
    assignments::{
        commands::Unassign,
        model::{Assignment, Freed},
        queries,
    },
    console::{
        answer::go,
        fields::Field,
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    organizations::tabs::Place,
    scope::Permission,
};

/// Lines that a confirmation names one by one.
const NAMED: usize = 12;

/// `/assignments/{id}/unassign`.
pub async fn confirm(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let found = find(&app, &frame, id).await?;
    let action = format!("/assignments/{id}/unassign");
    let page = page(&app, &frame, (vec![found], action), None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Frees the unit.
pub async fn submit(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let found = find(&app, &frame, id).await?;
    let action = format!("/assignments/{id}/unassign");
    unassign(&app, &frame, (vec![found], action), &form).await
}

/// `/organizations/{id}/unassign`: says what goes with the ticked lines, then frees them.
pub async fn several(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let (caller, wanted) = (frame.caller.clone(), ids(&form, "id"));
    if wanted.is_empty() {
        return Ok(go(frame.fragment, &home(id)));
    }
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            Place::read(&mut tx, &caller, id, Permission::AssignmentsSet).await?;
            let found = queries::of_ids(&mut tx, &wanted).await?;
            Ok(found
                .into_iter()
                .filter(|it| it.organization_id == id)
                .collect::<Vec<_>>())
        })
    });
    let found = read.await?;
    let action = format!("/organizations/{id}/unassign");
    if form.text("step") == "save" {
        return unassign(&app, &frame, (found, action), &form).await;
    }
    let page = page(&app, &frame, (found, action), None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

async fn unassign(
    app: &App,
    frame: &Frame,
    (found, action): (Vec<Assignment>, String),
    form: &Form,
) -> PageResult {
    let home = home(found.first().ok_or_else(Error::not_found)?.organization_id);
    let command = Unassign {
        ids: found.iter().map(|it| it.id).collect(),
    };
    let done = app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await;
    match done {
        Ok(_) => Ok(go(frame.fragment, &home)),
        Err(error) if error.is_refusal() => {
            let page = page(app, frame, (found, action), Some(error.message)).await?;
            Ok(page.shown(frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

/// What would be freed, by the command itself; or why nothing would.
async fn preview(
    app: &App,
    frame: &Frame,
    found: &[Assignment],
) -> Result<(Freed, Option<String>)> {
    let command = Unassign {
        ids: found.iter().map(|it| it.id).collect(),
    };
    Ok(match user::preview(app, frame, &command).await? {
        Ok(freed) => (freed, None),
        Err(refused) => (Freed::default(), Some(refused.message)),
    })
}

async fn page(
    app: &App,
    frame: &Frame,
    (found, action): (Vec<Assignment>, String),
    error: Option<String>,
) -> Result<Confirm> {
    frame.caller.scope.require(Permission::AssignmentsSet)?;
    let first = found.first().ok_or_else(Error::not_found)?;
    let (freed, why_not) = preview(app, frame, &found).await?;
    let going: Vec<Uuid> = freed.ended.clone();
    let read =
        app.read(move |mut tx| Box::pin(async move { queries::of_ids(&mut tx, &going).await }));
    let going = read.await?;
    let back = home(first.organization_id);
    let title = match found.as_slice() {
        [one] => format!("Unassign {} from {}?", one.product_name, holder_of(one)),
        _ => format!("Unassign {} units?", format::number(found.len() as i64)),
    };
    let allowed = why_not.is_none();
    let mut fields = vec![
        Field::new("hidden", "step", "").value("save"),
        // The module forgets what was ticked there.
        Field::new("hidden", "selection", "").value(back.clone()),
    ];
    let named = |it: &Assignment| Field::new("hidden", "id", "").value(it.id.to_string());
    fields.extend(found.iter().map(named));
    Ok(Confirm {
        shell: frame.shell(title.clone(), "configuration"),
        title,
        lead: "The units go back to where they came from and can be assigned again at once. The history keeps who \
               had them."
            .into(),
        facts: vec![
            ("Units that become free".into(), format::number(freed.units)),
            ("Add-ons that go with them".into(), format::number(freed.add_ons)),
        ],
        warnings: why_not.into_iter().chain(lines(&found, &going)).collect(),
        fields,
        tone: "warn",
        allowed,
        action,
        label: "Unassign".into(),
        back,
        back_label: "Configuration".into(),
        error,
    })
}

/// One line for each of the first that lose a unit, each with the add-ons that go with it.
pub(super) fn lines(found: &[Assignment], going: &[Assignment]) -> Vec<String> {
    let line = |base: &Assignment| {
        let mut add_ons: Vec<&str> = going
            .iter()
            .filter(|it| it.base_id == Some(base.id))
            .map(|it| it.product_name.as_str())
            .collect();
        add_ons.sort_unstable();
        let whose = format!("{} loses {}", holder_of(base), base.product_name);
        match add_ons.is_empty() {
            true => format!("{whose}."),
            false => format!("{whose}, and with it {}.", add_ons.join(", ")),
        }
    };
    let mut lines: Vec<String> = found.iter().take(NAMED).map(line).collect();
    if found.len() > NAMED {
        let others = format::number((found.len() - NAMED) as i64);
        lines.push(format!("And {others} more."));
    }
    lines
}
