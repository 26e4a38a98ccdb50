//! Handlers of an invitation's link: what it says, and joining by it.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use uuid::Uuid;

use super::{
    invitations::{AcceptInvitation, Accepting},
    pages::InvitationPage,
};
use crate::{
    access::{self, door, model, pages::marked, passwords, recognise::Entry},
    app::App,
    console::{answer::html, fields::Field, form::Form, frame::PageResult},
    error::{Error, Result},
    gate::{Caller, Key},
    organizations,
    scope::custom,
    secrets::Secret,
};

/// What an invitation says to whoever opens it. It looks the same whether the address is known or not.
pub async fn invitation_form(
    State(app): State<App>,
    Path(token): Path<String>,
    caller: Option<axum::Extension<Caller>>,
) -> PageResult {
    let invited = invited(&app, &token).await?;
    let signed_in = match (&invited, caller) {
        (Some(invited), Some(caller)) => invited.is_for(&app, caller.actor_id).await?,
        _ => false,
    };
    let page = invitation_page(token, invited, signed_in, "");
    Ok(html(door::standing(page.valid), page.render()))
}

fn invitation_page(
    token: String,
    invited: Option<Invited>,
    signed_in: bool,
    name: &str,
) -> InvitationPage {
    let fields = if signed_in {
        vec![]
    } else {
        let hint = "Only needed where you have no account yet.";
        vec![
            Field::text("name", "Your name")
                .value(name)
                .autocomplete("name")
                .hint(hint),
            Field::new("password", "password", "Password")
                .required()
                .autocomplete("current-password")
                .hint(
                    "Of your account under this address, or a new one of at least 10 characters.",
                ),
        ]
    };
    let valid = invited.is_some();
    let invited = invited.unwrap_or_default();
    InvitationPage {
        token,
        valid,
        organization: invited.organization,
        role: invited.role,
        email: invited.email,
        invited_by: invited.invited_by,
        fields,
        error: None,
    }
}

/// An open invitation in words.
#[derive(Clone, Debug, Default)]
struct Invited {
    organization_id: Uuid,
    organization: String,
    role: String,
    email: String,
    invited_by: String,
}

impl Invited {
    async fn is_for(&self, app: &App, person_id: Uuid) -> Result<bool> {
        Ok(door::person(app, person_id).await?.email == self.email)
    }
}

async fn invited(app: &App, token: &str) -> Result<Option<Invited>> {
    let Some(link) = door::find(app, "invitation", token).await? else {
        return Ok(None);
    };
    app.read(move |mut tx| {
        Box::pin(async move {
            let (Some(id), Some(word)) = (link.organization_id, link.role.as_deref()) else {
                return Ok(None);
            };
            let role = custom::usable(&mut tx, word, id).await?;
            let organization = organizations::queries::find(&mut tx, id).await?;
            let inviter =
                access::queries::find_person(&mut tx, link.invited_by.unwrap_or_default()).await?;
            Ok(role.zip(organization).map(|(role, organization)| Invited {
                organization_id: id,
                organization: organization.name,
                role: role.label,
                email: link.email,
                invited_by: inviter.map(|person| person.name).unwrap_or_default(),
            }))
        })
    })
    .await
}

/// Accepts an invitation, with an account or by making one.
pub async fn accept(
    State(app): State<App>,
    Path(token): Path<String>,
    caller: Option<axum::Extension<Caller>>,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    let invited = invited(&app, &token).await?;
    let signed_in = match (&invited, &caller) {
        (Some(invited), Some(caller)) => invited.is_for(&app, caller.actor_id).await?,
        _ => false,
    };
    let caller = caller.filter(|_| signed_in).map(|caller| caller.0);
    let accepting = Invitee {
        token: &token,
        caller,
        form: &form,
    };
    match try_accept(&app, invited.clone(), accepting, &headers).await {
        Ok(response) => Ok(response),
        Err(error) if error.is_refusal() => {
            let mut page = invitation_page(token, invited, signed_in, form.text("name"));
            page.error = marked(&mut page.fields, &error);
            Ok(door::refusal(&error, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

struct Invitee<'a> {
    token: &'a str,
    /// The person invited, where they are signed in already.
    caller: Option<Caller>,
    form: &'a Form,
}

async fn try_accept(
    app: &App,
    invited: Option<Invited>,
    invitee: Invitee<'_>,
    headers: &HeaderMap,
) -> Result<Response> {
    let invited = invited.ok_or_else(Error::not_found)?;
    let password = invitee.form.raw("password");
    let who = match &invitee.caller {
        Some(caller) => Accepting::Known(caller.actor_id),
        None => {
            let email = invited.email.clone();
            let read = app.read(move |mut tx| {
                Box::pin(async move { access::queries::find_by_email(&mut tx, &email).await })
            });
            if read.await?.is_some() {
                Accepting::Known(passwords::prove(app, &invited.email, password).await?.id)
            } else {
                let name = model::name(invitee.form.text("name"))?;
                passwords::check(password, &invited.email)?;
                let password_hash = passwords::turn().await?.hash(password).await?;
                Accepting::New {
                    name,
                    password_hash,
                }
            }
        }
    };
    let command = AcceptInvitation {
        link: Secret(invitee.token.to_owned()),
        who,
    };
    let system = Caller::system();
    let caller = invitee.caller.as_ref().unwrap_or(&system);
    let done = app.gate.submit(caller, Key::mint()?, command).await?;
    let entry = Entry {
        organization_id: Some(invited.organization_id),
        second_factor: invitee.caller.is_some(),
        ..Entry::of(app, headers)
    };
    let person = door::person(app, done.outcome.person_id).await?;
    door::enter(app, &person, entry, "/").await
}
