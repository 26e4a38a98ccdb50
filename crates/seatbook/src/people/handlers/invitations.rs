//! Handlers of the pages that ask somebody in.

use axum::{extract::State, http::StatusCode, response::Response};
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::{confirm, confirm_sheet, role_field, sheet};
use crate::{
    access::{door::refusal, pages::marked},
    api::Id,
    app::App,
    console::{
        answer::{go, html},
        fields::{Choice, Field},
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    gate::Key,
    organizations,
    people::{
        invitations::{Invite, RenewInvitation, RevokeInvitation},
        model::{Invitation, Invited},
        pages::PersonFormPage,
        queries::{self, InvitationFilter},
    },
    scope::Permission,
    secrets::{Secret, random_text},
};

/// A form to invite somebody.
pub async fn invite_form(State(app): State<App>, frame: Frame) -> PageResult {
    frame.caller.scope.require(Permission::PeopleEdit)?;
    let page = invite_page(&app, &frame, None).await?;
    Ok(html(StatusCode::OK, sheet(&frame, &page)))
}

async fn invite_page(app: &App, frame: &Frame, sent: Option<&Form>) -> Result<PersonFormPage> {
    let was = |name| sent.map_or("", |form| form.text(name));
    let place = match was("organization_id").parse() {
        Ok(chosen) => chosen,
        Err(_) => frame.visitor.organization_id,
    };
    let where_to = organization_field(app, frame, place).await?;
    let email = Field::new("email", "email", "E-mail").value(was("email"));
    Ok(PersonFormPage {
        shell: frame.shell("Invite someone", "people"),
        title: "Invite someone".into(),
        action: "/people/invite".into(),
        label: "Make the link".into(),
        fields: vec![
            email.required().autocomplete("off"),
            where_to,
            role_field(app, frame, was("role")).await?,
        ],
        link: None,
        email: String::new(),
        until: String::new(),
        mailed: false,
        error: None,
    })
}

/// The organizations one can choose; the module searches, and without it the first hundred are there.
async fn organization_field(app: &App, frame: &Frame, chosen: Uuid) -> Result<Field> {
    let scope = frame.caller.scope.clone();
    let first = organizations::queries::Filter {
        limit: 100,
        ..Default::default()
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = organizations::queries::find_visible(&mut tx, &scope, chosen).await?;
            let mut offered = organizations::queries::list(&mut tx, &scope, &first).await?;
            if let Some(found) = found.filter(|found| offered.iter().all(|it| it.id != found.id)) {
                offered.push(found);
            }
            Ok(offered)
        })
    });
    let choices = read.await?.into_iter().map(|organization| Choice {
        value: organization.id.to_string(),
        label: organization.name,
    });
    let field = Field {
        choices: choices.collect(),
        ..Field::new("select", "organization_id", "Organization")
    };
    Ok(field
        .value(chosen.to_string())
        .source("/organizations/options")
        .required())
}

/// Makes an invitation and shows its link, once.
pub async fn invite(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let mut page = invite_page(&app, &frame, Some(&form)).await?;
    let invited = match form.need("organization_id", "an organization") {
        Ok(organization_id) => {
            let command = Invite {
                organization_id,
                role: form.text("role").into(),
                email: form.text("email").into(),
                secret: Secret(random_text(32)?),
            };
            let done = app.gate.submit(&frame.caller, form.key, command).await;
            done.map(|done| done.outcome)
        }
        Err(error) => Err(error),
    };
    Ok(show_link(&app, &frame, &mut page, invited))
}

fn show_link(
    app: &App,
    frame: &Frame,
    page: &mut PersonFormPage,
    invited: Result<Invited>,
) -> Response {
    match invited {
        Ok(invited) => {
            let zone = TimeZone::get(&frame.visitor.time_zone).unwrap_or(TimeZone::UTC);
            let base = app.settings.base_url();
            page.link = Some(format!("{base}/invitations/{}", invited.link));
            page.until = format::moment(invited.invitation.expires_at.get(), &zone);
            page.mailed = app.gate.sends_mail();
            page.email = invited.invitation.email;
            html(StatusCode::OK, sheet(frame, page))
        }
        Err(error) => {
            page.error = marked(&mut page.fields, &error);
            refusal(&error, sheet(frame, page))
        }
    }
}

/// Asks before an invitation gets a new link.
pub async fn renew_form(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let invitation = find_invitation(&app, &frame, id).await?;
    let page = Confirm {
        lead: format!(
            "{} gets a new link, good for 7 days. The old one stops working.",
            invitation.email
        ),
        tone: "warn",
        action: format!("/people/invitations/{id}/renew"),
        label: "Make a new link".into(),
        ..confirm(&frame, "New link?")
    };
    Ok(html(StatusCode::OK, confirm_sheet(&frame, &page)))
}

/// Gives an invitation a new link and shows it, once.
pub async fn renew(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let mut page = invite_page(&app, &frame, None).await?;
    page.title = "New link".into();
    let secret = Secret(random_text(32)?);
    let done = app
        .gate
        .submit(&frame.caller, Key::mint()?, RenewInvitation { id, secret })
        .await?;
    Ok(show_link(&app, &frame, &mut page, Ok(done.outcome)))
}

/// Asks before an invitation is taken back.
pub async fn revoke_form(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let invitation = find_invitation(&app, &frame, id).await?;
    let page = Confirm {
        lead: format!("The link of {} stops working.", invitation.email),
        action: format!("/people/invitations/{id}/revoke"),
        label: "Take back".into(),
        ..confirm(&frame, "Take the invitation back?")
    };
    Ok(html(StatusCode::OK, confirm_sheet(&frame, &page)))
}

/// Takes an invitation back.
pub async fn revoke(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    app.gate
        .submit(&frame.caller, form.key, RevokeInvitation { id })
        .await?;
    Ok(go(frame.fragment, "/people"))
}

async fn find_invitation(app: &App, frame: &Frame, id: Uuid) -> Result<Invitation> {
    let scope = frame.caller.scope.clone();
    let filter = InvitationFilter {
        id: Some(id),
        limit: 1,
        ..Default::default()
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::invitations(&mut tx, &scope, &filter).await })
    });
    read.await?.pop().ok_or_else(Error::not_found)
}
