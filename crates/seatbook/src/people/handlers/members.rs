//! Handlers of the pages that change who somebody is here.

use axum::{extract::State, http::StatusCode};
use uuid::Uuid;

use super::{confirm, confirm_sheet, role_field, sheet};
use crate::{
    access::{door::refusal, pages::marked},
    api::Id,
    app::App,
    console::{
        answer::{go, html},
        fields::Field,
        form::Form,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    people::{
        commands::{ChangeMembership, RemoveMembership, SetActive},
        model::{Membership, Person},
        pages::PersonFormPage,
        queries,
    },
};

/// A form to change somebody's role.
pub async fn edit(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let membership = find_membership(&app, &frame, id).await?;
    let page = edit_page(&app, &frame, &membership, &membership.role).await?;
    Ok(html(StatusCode::OK, sheet(&frame, &page)))
}

async fn edit_page(
    app: &App,
    frame: &Frame,
    membership: &Membership,
    role: &str,
) -> Result<PersonFormPage> {
    let person = find_person(app, frame, membership.person_id).await?.name;
    Ok(PersonFormPage {
        shell: frame.shell("Change role", "people"),
        title: "Change role".into(),
        action: format!("/people/{}/edit", membership.id),
        label: "Save".into(),
        fields: vec![
            Field::new("static", "person", "Person").value(person),
            Field::new("static", "organization", "Organization").value(&membership.organization),
            role_field(app, frame, role).await?,
            Field::new("hidden", "version", "").value(membership.version.to_string()),
        ],
        link: None,
        email: String::new(),
        until: String::new(),
        mailed: false,
        error: None,
    })
}

/// Changes somebody's role.
pub async fn update(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let role = form.text("role").to_owned();
    let command = ChangeMembership {
        id,
        version: form.parse("version", "a version")?,
        role: role.clone(),
    };
    match app.gate.submit(&frame.caller, form.key, command).await {
        Ok(_) => Ok(go(frame.fragment, "/people")),
        Err(error) => {
            let membership = find_membership(&app, &frame, id).await?;
            let mut page = edit_page(&app, &frame, &membership, &role).await?;
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, sheet(&frame, &page)))
        }
    }
}

async fn find_membership(app: &App, frame: &Frame, id: Uuid) -> Result<Membership> {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible_membership(&mut tx, &scope, id).await })
    });
    read.await?.ok_or_else(Error::not_found)
}

async fn find_person(app: &App, frame: &Frame, id: Uuid) -> Result<Person> {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, id).await })
    });
    read.await?.ok_or_else(Error::not_found)
}

/// Asks before a role is taken away.
pub async fn remove_form(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = remove_page(&app, &frame, id).await?;
    Ok(html(StatusCode::OK, confirm_sheet(&frame, &page)))
}

async fn remove_page(app: &App, frame: &Frame, id: Uuid) -> Result<Confirm> {
    let membership = find_membership(app, frame, id).await?;
    let name = find_person(app, frame, membership.person_id).await?.name;
    let lead = "What they did stays in the journal. To let them back in, invite them again.";
    Ok(Confirm {
        title: format!("Remove {name} from {}?", membership.organization),
        lead: lead.into(),
        facts: vec![("Role that ends".into(), membership.role_name)],
        action: format!("/people/{id}/remove"),
        label: "Remove".into(),
        ..confirm(frame, "Remove person")
    })
}

/// Takes a role away.
pub async fn remove(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let command = RemoveMembership { id, version: None };
    match app.gate.submit(&frame.caller, form.key, command).await {
        Ok(_) => Ok(go(frame.fragment, "/people")),
        Err(error) => {
            let mut page = remove_page(&app, &frame, id).await?;
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, confirm_sheet(&frame, &page)))
        }
    }
}

/// Asks before somebody is stopped, or let in again. The id is the person's.
pub async fn standing_form(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = standing_page(&app, &frame, id).await?;
    Ok(html(StatusCode::OK, confirm_sheet(&frame, &page)))
}

async fn standing_page(app: &App, frame: &Frame, id: Uuid) -> Result<Confirm> {
    let person = find_person(app, frame, id).await?;
    let places = person
        .memberships
        .iter()
        .map(|it| (it.organization.clone(), it.role_name.clone()));
    let (title, lead, label) = if person.active {
        (
            format!("Deactivate {}?", person.name),
            "They are signed out at once and their API tokens stop. Their roles stay for when they come back.",
            "Deactivate",
        )
    } else {
        (
            format!("Activate {}?", person.name),
            "They may sign in again, with the roles they had. Their API tokens work again.",
            "Activate",
        )
    };
    Ok(Confirm {
        title,
        lead: lead.into(),
        facts: places.collect(),
        fields: vec![Field::new("hidden", "active", "").value((!person.active).to_string())],
        tone: if person.active { "bad" } else { "warn" },
        action: format!("/people/{id}/standing"),
        label: label.into(),
        ..confirm(frame, "Person")
    })
}

/// Stops somebody, or lets them in again.
pub async fn standing(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let command = SetActive {
        person_id: id,
        active: form.text("active") == "true",
    };
    match app.gate.submit(&frame.caller, form.key, command).await {
        Ok(_) => Ok(go(frame.fragment, "/people")),
        Err(error) => {
            let mut page = standing_page(&app, &frame, id).await?;
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, confirm_sheet(&frame, &page)))
        }
    }
}
