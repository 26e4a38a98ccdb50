//! People over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::{AddMembership, ChangeMembership, RemoveMembership, SetActive, Standing},
    invitations::{Invite, RenewInvitation, RevokeInvitation},
    model::{Invitation, Invited, Me, Membership, Person},
    queries,
};
use crate::{
    access::door,
    api::{Answer, Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
    scope::Permission,
    secrets::{Secret, random_text},
};

/// Says who you are and what you may do.
#[utoipa::path(get, path = "/me", tag = "people",
    responses((status = 200, description = "You.", body = Me)))]
pub async fn me(State(app): State<App>, caller: Caller) -> Result<Json<Me>> {
    let person = door::person(&app, caller.actor_id).await?;
    Ok(Json(Me::new(person, caller)))
}

/// Which people.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Any part of name or e-mail address.
    q: Option<String>,
    /// Who belong to this organization itself.
    organization_id: Option<Uuid>,
    /// Who hold this role: a built-in role's key, or a custom role's id.
    role: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the people who belong to the organizations you look after, by name.
#[utoipa::path(get, path = "/people", tag = "people", params(ListParams),
    responses((status = 200, description = "A page of people.", body = List<Person>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<List<Person>>> {
    let paging = Paging {
        limit: params.limit,
        cursor: params.cursor,
    };
    let limit = paging.limit()?;
    let filter = queries::Filter {
        keyword: params.q,
        organization_id: params.organization_id,
        role: params.role,
        after: paging.after()?,
        limit: limit + 1,
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, &filter).await })
    });
    Ok(Json(List::page(read.await?, limit, |it| {
        (it.name.clone(), it.id)
    })))
}

/// Shows one person, and where they belong as far as you can see.
#[utoipa::path(get, path = "/people/{id}", tag = "people",
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "The person.", body = Person)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<Person>> {
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &caller.scope, id).await })
    });
    read.await?.map(Json).ok_or_else(Error::not_found)
}

/// Stops somebody from acting for the organizations you look after. Their sessions end; what they may do
/// elsewhere is not touched.
#[utoipa::path(post, path = "/people/{id}/deactivate", tag = "people",
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "How the person stands now.", body = Standing)))]
pub async fn deactivate(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = SetActive {
        person_id: id,
        active: false,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Lets somebody act again for the organizations you look after.
#[utoipa::path(post, path = "/people/{id}/activate", tag = "people",
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "How the person stands now.", body = Standing)))]
pub async fn activate(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = SetActive {
        person_id: id,
        active: true,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// A role for somebody at an organization.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MembershipIn {
    /// Somebody you can see; others are invited.
    person_id: Uuid,
    /// Where, and below.
    organization_id: Uuid,
    /// A built-in role's key such as `reader`, or a custom role's id.
    role: String,
}

/// Gives somebody you can see a role at one organization more.
#[utoipa::path(post, path = "/memberships", tag = "people", request_body = MembershipIn,
    responses((status = 201, description = "The membership.", body = Membership)))]
pub async fn add(State(app): State<App>, write: Write<MembershipIn>) -> Result<Response> {
    let command = AddMembership {
        person_id: write.body.person_id,
        organization_id: write.body.organization_id,
        role: write.body.role.clone(),
    };
    let answer = write.submit(&app, command).await?;
    let location = format!("/api/v1/memberships/{}", answer.outcome.id);
    Ok(answer.created(&location))
}

/// Shows one membership.
#[utoipa::path(get, path = "/memberships/{id}", tag = "people",
    params(("id" = Uuid, Path, description = "The membership.")),
    responses((status = 200, description = "The membership, its version as ETag.", body = Membership)))]
pub async fn membership(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible_membership(&mut tx, &caller.scope, id).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// Another role.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    /// A built-in role's key such as `reader`, or a custom role's id.
    role: String,
}

/// Gives a membership another role. It counts from the person's next request on.
#[utoipa::path(put, path = "/memberships/{id}", tag = "people", request_body = RoleChange,
    params(("id" = Uuid, Path, description = "The membership.")),
    responses((status = 200, description = "The membership as it is now.", body = Membership)))]
pub async fn change(
    State(app): State<App>,
    Id(id): Id,
    write: Write<RoleChange>,
) -> Result<Response> {
    let command = ChangeMembership {
        id,
        version: write.if_match(),
        role: write.body.role.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Takes a role away. The root's last operator stays: `person.last_operator`.
#[utoipa::path(delete, path = "/memberships/{id}", tag = "people",
    params(("id" = Uuid, Path, description = "The membership.")),
    responses((status = 200, description = "It is taken away.")))]
pub async fn remove(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = RemoveMembership {
        id,
        version: write.if_match(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Lists the open invitations to the organizations you look after, the oldest first.
#[utoipa::path(get, path = "/invitations", tag = "people", params(Paging),
    responses((status = 200, description = "A page of invitations.", body = List<Invitation>)))]
pub async fn invitations(
    State(app): State<App>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<Invitation>>> {
    caller.scope.require(Permission::PeopleRead)?;
    let limit = paging.limit()?;
    let filter = queries::InvitationFilter {
        after: paging.after()?,
        limit: limit + 1,
        ..Default::default()
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::invitations(&mut tx, &caller.scope, &filter).await })
    });
    Ok(Json(List::page(read.await?, limit, |it| it.id)))
}

/// Shows one open invitation. Its link is not kept and not shown.
#[utoipa::path(get, path = "/invitations/{id}", tag = "people",
    params(("id" = Uuid, Path, description = "The invitation.")),
    responses((status = 200, description = "The invitation.", body = Invitation)))]
pub async fn invitation(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Invitation>> {
    let filter = queries::InvitationFilter {
        id: Some(id),
        limit: 1,
        ..Default::default()
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::invitations(&mut tx, &caller.scope, &filter).await })
    });
    read.await?.pop().map(Json).ok_or_else(Error::not_found)
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

/// Invites somebody. A mail takes them a link, good for 7 days; the answer holds it too, this once. Without a
/// mail server the mail is kept in the Outbox. A role wider than your own rights is refused with `role.too_wide`.
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

/// Gives an open invitation a new link, good for 7 days, and mails it; the old link stops working.
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
