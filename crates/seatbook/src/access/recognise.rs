//! Finding out who sent a request.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use store::Tx;

use super::{model::Credential, queries, tokens};
use crate::{
    app::App,
    error::{Error, Kind, Result},
    gate::{Caller, Origin},
    scope::{self, Permission},
    secrets::fingerprint,
};

/// Idle sessions end after this many seconds, all after the second.
pub const SESSION_IDLE_SECONDS: i64 = 30 * 60;
/// However busy, a session ends after this many seconds.
pub const SESSION_SECONDS: i64 = 12 * 3600;
/// The cookie of a session; `__Host-` binds it to this host and to TLS.
pub const COOKIE: &str = "__Host-seatbook";
/// The same where only this machine can listen, without TLS.
pub const LOOPBACK_COOKIE: &str = "seatbook";

/// Puts the caller, if there is one, where handlers find it. A wrong credential is refused here, so that
/// it is never taken for none.
pub async fn recognise(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    let credential = credential(&app, request.headers())?;
    if let Some(credential) = credential {
        let request_id = request_id(request.headers());
        if let Some(caller) = caller(&app, credential, request_id).await? {
            request.extensions_mut().insert(caller);
        }
    }
    Ok(next.run(request).await)
}

/// A credential as it was sent.
enum Sent {
    Token(String),
    Session(String),
}

fn credential(app: &App, headers: &HeaderMap) -> Result<Option<Sent>> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Bearer "));
        let token = token
            .map(str::trim)
            .filter(|token| tokens::is_plausible(token));
        return token
            .map(|token| Some(Sent::Token(token.to_owned())))
            .ok_or_else(refused);
    }
    Ok(session_cookie(app, headers).map(Sent::Session))
}

/// The session's secret, from the one cookie that this server sets.
pub fn session_cookie(app: &App, headers: &HeaderMap) -> Option<String> {
    let name = if app.settings.is_plain_loopback() {
        LOOPBACK_COOKIE
    } else {
        COOKIE
    };
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, secret)| secret.to_owned())
}

async fn caller(app: &App, sent: Sent, request_id: Option<String>) -> Result<Option<Caller>> {
    let now = app.gate.now();
    let (is_token, print) = match &sent {
        Sent::Token(secret) => (true, fingerprint(secret)),
        Sent::Session(secret) => (false, fingerprint(secret)),
    };
    let found = app
        .read(move |mut tx| Box::pin(async move { look_up(&mut tx, is_token, &print, now).await }))
        .await?;
    let Some((credential, scope)) = found else {
        // A cookie may outlive its session; a token that is unknown is a mistake worth saying.
        return if is_token { Err(refused()) } else { Ok(None) };
    };
    let limits = credential.permissions.as_ref().map(|words| {
        let words = words.0.as_array().cloned().unwrap_or_default();
        words
            .iter()
            .filter_map(|word| Permission::parse(word.as_str()?))
            .collect::<Vec<_>>()
    });
    let scope = match &limits {
        Some(limits) => scope.limited_to(limits),
        None => scope,
    };
    Ok(Some(Caller {
        actor_id: credential.person_id,
        token_id: is_token.then_some(credential.id),
        session_id: (!is_token).then_some(credential.id),
        scope,
        limits,
        origin: if is_token {
            Origin::Api
        } else {
            Origin::Console
        },
        request_id,
    }))
}

async fn look_up(
    tx: &mut Tx<'_>,
    is_token: bool,
    print: &str,
    now: store::Timestamp,
) -> Result<Option<(Credential, scope::Scope)>> {
    let credential = if is_token {
        queries::find_token(tx, print, now).await?
    } else {
        let found = queries::find_session(tx, print).await?;
        found.filter(|session| {
            let idle = session
                .seen_at
                .unwrap_or(session.created_at)
                .plus_seconds(SESSION_IDLE_SECONDS);
            now < idle && now < session.created_at.plus_seconds(SESSION_SECONDS)
        })
    };
    let Some(credential) = credential else {
        return Ok(None);
    };
    let scope = scope::queries::scope_of(tx, credential.person_id).await?;
    Ok(Some((credential, scope)))
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

fn refused() -> Error {
    let message = "This API token is not known, or it has ended.";
    Error::new(Kind::Unauthenticated, "token.refused", message)
}
