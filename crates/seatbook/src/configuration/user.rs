//! Manage user: who has a unit, and handing it on.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use uuid::Uuid;

use super::pages::UserPage;
use crate::{
    api::Id,
    app::App,
    assignments::{commands::Reassign, model::Assignment, queries},
    console::{
        answer::{go, part_or_page},
        fields::{Choice, Field, above, filled},
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    gate::Command,
    holders::{self, model::Holder},
    scope::Permission,
};

/// `/assignments/{id}/user`.
pub async fn form(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = page(&frame, find(&app, &frame, id).await?, (&[], None))?;
    Ok(shown(&frame, StatusCode::OK, &page))
}

/// Hands the unit on, or says why not.
pub async fn submit(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let found = find(&app, &frame, id).await?;
    if form.text("step") == "vacate" {
        let page = vacating(&app, &frame, &found).await?;
        return Ok(page.shown(&frame, StatusCode::OK));
    }
    let whom = match form.text("step") == "vacate_now" {
        true => Ok(None),
        false => form
            .need::<Uuid>("holder_id", "who shall have it")
            .map(Some),
    };
    let done = match whom {
        Ok(holder_id) => {
            let command = Reassign { id, holder_id };
            let key = form.key.clone();
            app.gate.submit(&frame.caller, key, command).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &home(found.organization_id))),
        Err(error) if error.is_refusal() => {
            let mut page = page(&frame, found, (&form.pairs, Some(&error)))?;
            keep_choice(&app, &frame, std::slice::from_mut(&mut page.field)).await?;
            Ok(shown(&frame, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

/// Says what taking its user away does.
async fn vacating(app: &App, frame: &Frame, found: &Assignment) -> Result<Confirm> {
    let command = Reassign {
        id: found.id,
        holder_id: None,
    };
    let refused = preview(app, frame, &command).await?.err();
    let action = format!("/assignments/{}/user", found.id);
    let user = found.user_name.clone().unwrap_or_default();
    Ok(Confirm {
        shell: frame.shell("Take the user away", "configuration"),
        title: format!("Take {user} away?"),
        lead: format!(
            "{} keeps its unit of {} and its add-ons, and waits for somebody. {user} can use it no more.",
            found.holder_name, found.product_name
        ),
        facts: facts(found),
        warnings: refused.iter().map(|error| error.message.clone()).collect(),
        fields: vec![Field::new("hidden", "step", "").value("vacate_now")],
        tone: "warn",
        allowed: refused.is_none(),
        back: action.clone(),
        action,
        label: "Take away".into(),
        back_label: "Manage user".into(),
        error: None,
    })
}

/// The list that the forms over assignments come from, and lead back to.
pub(super) fn home(organization_id: Uuid) -> String {
    format!("/organizations/{organization_id}/configuration")
}

/// The assignment, for somebody who can see it.
pub(super) async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<Assignment> {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, id).await })
    });
    read.await?.ok_or_else(Error::not_found)
}

/// Who has it, in words: "Anna Berg, extension 101".
pub(super) fn holder_of(found: &Assignment) -> String {
    match (&found.user_name, &found.extension) {
        (Some(user), Some(extension)) => format!("{user}, extension {extension}"),
        (Some(user), None) if *user != found.holder_name => {
            format!("{user}, {}", found.holder_name)
        }
        (Some(user), None) => user.clone(),
        (None, _) => found.holder_name.clone(),
    }
}

/// A select of the organization's present holders that asks for more while somebody types.
pub(super) fn holder_field(
    name: &str,
    label: &str,
    (organization_id, kind): (Uuid, &str),
) -> Field {
    let source = format!("/holders/options?organization={organization_id}&kind={kind}");
    Field::select(name, label, &[]).source(source)
}

/// How often a preview is asked for before somebody is told that it took too long.
const PREVIEWS: usize = 4;

/// What a command would come to, or why it would be refused. A preview has little time, and while a machine is busy
/// too little: it is asked for again.
pub(super) async fn preview<C: Command + Clone>(
    app: &App,
    frame: &Frame,
    command: &C,
) -> Result<std::result::Result<C::Outcome, Error>> {
    for _ in 1..PREVIEWS {
        match app.gate.preview(&frame.caller, command.clone()).await {
            Ok(preview) => return Ok(Ok(preview.outcome)),
            Err(error) if error.is_refusal() => return Ok(Err(error)),
            Err(error) if error.code == "preview.too_slow" => {}
            Err(error) => return Err(error),
        }
    }
    match app.gate.preview(&frame.caller, command.clone()).await {
        Ok(preview) => Ok(Ok(preview.outcome)),
        Err(error) if error.is_refusal() => Ok(Err(error)),
        Err(error) => Err(error),
    }
}

/// A form that was refused still says who was picked: a picker's only choice is the one that was made.
pub(super) async fn keep_choice(app: &App, frame: &Frame, fields: &mut [Field]) -> Result<()> {
    for field in fields.iter_mut().filter(|field| !field.source.is_empty()) {
        let Ok(id) = field.value.parse::<Uuid>() else {
            continue;
        };
        let scope = frame.caller.scope.clone();
        let read = app.read(move |mut tx| {
            Box::pin(async move { holders::queries::find_visible(&mut tx, &scope, id).await })
        });
        let choice = |holder: Holder| Choice {
            value: holder.id.to_string(),
            label: holder.name,
        };
        field.choices = read.await?.map(choice).into_iter().collect();
    }
    Ok(())
}

fn shown(frame: &Frame, status: StatusCode, page: &UserPage) -> Response {
    part_or_page(
        frame.fragment,
        status,
        || page.as_sheet().render(),
        || page.render(),
    )
}

fn page(
    frame: &Frame,
    found: Assignment,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<UserPage> {
    frame.caller.scope.require(Permission::AssignmentsSet)?;
    if found.base_id.is_some() {
        let message = "An add-on goes where its base goes; hand on the base.";
        return Err(Error::conflict("assignment.is_add_on", message));
    }
    if found.ended_at.is_some() {
        let message = "This assignment has ended.";
        return Err(Error::conflict("assignment.ended", message));
    }
    let is_user = found.holder_kind == "user";
    let (label, what) = match (is_user, found.user_id) {
        (_, Some(_)) => ("Reassign", "New user"),
        (_, None) => ("Assign", "User"),
    };
    // What is not a person changes hands among people; a person's unit may go to anything.
    let kind = if is_user { "" } else { "user" };
    let field = holder_field("holder_id", what, (found.organization_id, kind)).required();
    let fields = filled(vec![field], given, refused);
    let error = above(&fields, refused);
    let note = match found.add_ons {
        0 => String::new(),
        add_ons => format!(
            "{} along with it.",
            match add_ons {
                1 => "Its add-on goes".to_owned(),
                _ => format!("Its {} go", format::count(add_ons, "add-on", "add-ons")),
            }
        ),
    };
    Ok(UserPage {
        shell: frame.shell(
            format!("Manage user · {}", found.product_name),
            "configuration",
        ),
        id: found.id.to_string(),
        facts: facts(&found),
        change: (!is_user).then(|| (found.holder_id.to_string(), change(&found.holder_kind))),
        field: fields.into_iter().next().unwrap_or_default(),
        label,
        note,
        may_vacate: !is_user && found.user_id.is_some(),
        back: home(found.organization_id),
        product: found.product_name,
        error,
    })
}

fn change(kind: &str) -> &'static str {
    match kind {
        "extension" => "Change extension or number",
        _ => "Change what is said about it",
    }
}

fn facts(found: &Assignment) -> Vec<(String, String)> {
    let number = found.did.as_deref().map(|did| format!("+{did}"));
    let through = Some(found.holder_name.clone())
        .filter(|_| !matches!(found.holder_kind.as_str(), "user" | "extension"));
    let said = [
        ("License", Some(found.product_name.clone())),
        ("Extension", found.extension.clone()),
        ("Number", number),
        ("Device or screen", through),
        (
            "User",
            Some(
                found
                    .user_name
                    .clone()
                    .unwrap_or_else(|| "Nobody yet".into()),
            ),
        ),
    ];
    said.into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}
