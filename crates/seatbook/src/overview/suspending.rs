//! Suspending an organization, and taking that back: who is shut out is said first, with numbers.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::counts::{self, Branch};
use crate::{
    app::App,
    console::{
        answer::go,
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    organizations::{commands::SuspendOrganization, model::Organization, queries},
    scope::Permission,
};

/// `/organizations/{id}/suspend` and `/organizations/{id}/resume`.
pub async fn confirm(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
) -> PageResult {
    let page = page(&app, &frame, (id, suspends(&decision)?), None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Does it.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
    form: Form,
) -> PageResult {
    let suspended = suspends(&decision)?;
    let command = SuspendOrganization {
        id,
        version: None,
        suspended,
    };
    match app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await
    {
        Ok(_) => Ok(go(frame.fragment, &format!("/organizations/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = page(&app, &frame, (id, suspended), Some(error.message)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

fn suspends(decision: &str) -> Result<bool> {
    match decision {
        "suspend" => Ok(true),
        "resume" => Ok(false),
        _ => Err(Error::not_found()),
    }
}

async fn page(
    app: &App,
    frame: &Frame,
    (id, suspend): (Uuid, bool),
    error: Option<String>,
) -> Result<Confirm> {
    frame
        .caller
        .scope
        .require(Permission::OrganizationsSuspend)?;
    let (found, branch) = find(app, frame, id).await?;
    let name = &found.name;
    let (title, lead, label) = match suspend {
        true => (
            format!("Suspend {name}?"),
            "Nobody at or below it can sign in, their API tokens stop, and checks answer no. Units stay where \
             they are, and it can be resumed at any time.",
            "Suspend",
        ),
        false => (
            format!("Resume {name}?"),
            "People can sign in again, their API tokens work, and checks answer as before.",
            "Resume",
        ),
    };
    Ok(Confirm {
        shell: frame.shell(title.clone(), "organizations"),
        title,
        lead: lead.into(),
        facts: numbers(&branch),
        warnings: warnings(&found, suspend),
        fields: vec![],
        tone: if suspend { "bad" } else { "warn" },
        allowed: found.suspended != suspend && found.parent_id.is_some(),
        action: format!(
            "/organizations/{id}/{}",
            if suspend { "suspend" } else { "resume" }
        ),
        label: label.into(),
        back: format!("/organizations/{id}"),
        back_label: found.name,
        error,
    })
}

fn numbers(branch: &Branch) -> Vec<(String, String)> {
    let fact = |what: &str, count: i64| (what.to_owned(), format::number(count));
    vec![
        fact("Organizations, itself included", branch.organizations),
        fact("People who act for them", branch.people),
        fact("API tokens of these people", branch.tokens),
        fact("Licenses they hold units of", branch.held),
    ]
}

/// Why it cannot be done, or does not do all that one might expect.
fn warnings(found: &Organization, suspend: bool) -> Vec<String> {
    let said = match (suspend, found.suspended) {
        (true, true) => "It is suspended already.",
        (false, false) if found.blocked => {
            "It is not suspended itself; an organization above it is."
        }
        (false, false) => "It is not suspended.",
        _ => return vec![],
    };
    vec![said.to_owned()]
}

async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<(Organization, Branch)> {
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    app.read(move |mut tx| {
        Box::pin(async move {
            let found = queries::find_visible(&mut tx, &scope, id).await?;
            let found = found.ok_or_else(Error::not_found)?;
            Ok((found, counts::branch(&mut tx, id, now).await?))
        })
    })
    .await
}
