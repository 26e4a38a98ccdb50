//! Tokens over the API.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use store::Timestamp;
use utoipa::ToSchema;

use super::{commands::RevokeToken, model::Token, queries};

use crate::{
    access::{commands::CreateToken, model::NewToken, tokens},
    api::{Id, List, Paging, Params, Write},
    app::App,
    error::{Error, Result},
    gate::Caller,
    scope::Permission,
};

/// A new token.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenIn {
    /// What it is for, 1 to 100 characters.
    name: String,
    /// What it may do at most. It never does more than you may yourself.
    permissions: Vec<Permission>,
    /// When it ends; never unless said.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Makes a token that acts for you. The answer holds it; it is not kept and is shown this once.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = TokenIn,
    responses((status = 201, description = "The token.", body = NewToken)))]
pub async fn create(State(app): State<App>, write: Write<TokenIn>) -> Result<Response> {
    let command = CreateToken {
        person_id: write.caller.actor_id,
        name: write.body.name.clone(),
        permissions: write.body.permissions.clone(),
        expires_at: write.body.expires_at,
        token: tokens::draw()?,
    };
    let answer = write.submit(&app, command).await?;
    let location = format!("/api/v1/tokens/{}", answer.outcome.id);
    Ok(answer.created(&location))
}

/// Lists your tokens by name, without those you revoked.
#[utoipa::path(get, path = "/tokens", tag = "tokens", params(Paging),
    responses((status = 200, description = "A page of tokens.", body = List<Token>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<Token>>> {
    let limit = paging.limit()?;
    let filter = queries::Filter {
        after: paging.after()?,
        limit: limit + 1,
        ..Default::default()
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, caller.actor_id, &filter).await })
    });
    let page = List::page(read.await?, limit, |it| (it.name.clone(), it.id));
    Ok(Json(page.map(Token::from)))
}

/// Shows one of your tokens, revoked ones too. The token itself is not kept.
#[utoipa::path(get, path = "/tokens/{id}", tag = "tokens",
    params(("id" = Uuid, Path, description = "The token.")),
    responses((status = 200, description = "The token.", body = Token)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<Token>> {
    let read = app.read(move |mut tx| {
        Box::pin(async move { tokens::find_own(&mut tx, caller.actor_id, id).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok(Json(found.into()))
}

/// Revokes one of your tokens: its next request is refused.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens",
    params(("id" = Uuid, Path, description = "The token.")),
    responses((status = 200, description = "It is revoked.")))]
pub async fn revoke(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    Ok(write.submit(&app, RevokeToken { id }).await?.ok())
}
