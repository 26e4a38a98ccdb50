//! People over the API.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    invitations::{Invite, RenewInvitation, RevokeInvitation},
    model::{Invited, Me},
};
use crate::{
    access::door,
    api::{Answer, Id, Write},
    app::App,
    error::Result,
    gate::Caller,
    secrets::{Secret, random_text},
};

/// Says who you are and what you may do.
#[utoipa::path(get, path = "/me", tag = "people",
    responses((status = 200, description = "You.", body = Me)))]
pub async fn me(State(app): State<App>, caller: Caller) -> Result<Json<Me>> {
    let person = door::person(&app, caller.actor_id).await?;
    Ok(Json(Me::new(person, caller)))
}

/// Whom to invite.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationIn {
    /// Their e-mail address.
    email: String,
    /// The organization they will belong to.
    organization_id: Uuid,
    /// Their role there: a built-in role's key such as `reader`, or a custom role's id.
    role: String,
}

/// Invites somebody. The answer holds a link for them, good for 7 days, shown this once; a role wider
/// than your own rights is refused with `role.too_wide`.
#[utoipa::path(post, path = "/invitations", tag = "people", request_body = InvitationIn,
    responses((status = 201, description = "The invitation with its link.", body = Invited)))]
pub async fn invite(State(app): State<App>, write: Write<InvitationIn>) -> Result<Response> {
    let command = Invite {
        organization_id: write.body.organization_id,
        role: write.body.role.clone(),
        email: write.body.email.clone(),
        secret: Secret(random_text(32)?),
    };
    let answer = with_address(&app, write.submit(&app, command).await?);
    let location = format!("/api/v1/invitations/{}", answer.outcome.invitation.id);
    Ok(answer.created(&location))
}

/// Gives an open invitation a new link, good for 7 days; the old link stops working.
#[utoipa::path(post, path = "/invitations/{id}/renew", tag = "people",
    params(("id" = Uuid, Path, description = "The invitation.")),
    responses((status = 200, description = "The invitation with its new link.", body = Invited)))]
pub async fn renew(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let secret = Secret(random_text(32)?);
    let answer = write.submit(&app, RenewInvitation { id, secret }).await?;
    Ok(with_address(&app, answer).ok())
}

/// Takes an open invitation back: its link stops working.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "people",
    params(("id" = Uuid, Path, description = "The invitation.")),
    responses((status = 200, description = "It is taken back.")))]
pub async fn revoke(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    Ok(write.submit(&app, RevokeInvitation { id }).await?.ok())
}

/// The link as an address; a preview has made none.
fn with_address(app: &App, answer: Answer<Invited>) -> Answer<Invited> {
    let preview = answer.journal_id.is_none();
    answer.map(|invited| Invited {
        link: if preview {
            String::new()
        } else {
            format!("{}/invitations/{}", app.settings.base_url(), invited.link)
        },
        ..invited
    })
}
