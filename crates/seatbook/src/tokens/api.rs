//! Tokens over the API.

use axum::{extract::State, response::Response};
use serde::Deserialize;
use store::Timestamp;
use utoipa::ToSchema;

use crate::{
    access::{commands::CreateToken, model::NewToken, tokens},
    api::Write,
    app::App,
    error::Result,
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
