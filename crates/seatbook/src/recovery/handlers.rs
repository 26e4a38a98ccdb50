//! Handlers of the reset link, and of the machine that asks for one.

use std::net::SocketAddr;

use askama::Template;
use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};

use super::{commands::ResetPassword, machine, pages::ResetPage};
use crate::{
    access::{
        door::{find, new_password, refusal, sign_in_page, standing},
        links::{self, Link},
        pages::marked,
        passwords,
    },
    app::App,
    console::{answer::html, form::Form, frame::PageResult, layout::Notice},
    error::{Error, Result},
    gate::{Caller, Key},
    secrets::Secret,
};

/// Draws a reset link for the machine's own command line. Only this machine may ask, with the key of the
/// key file; to anybody else there is nothing here.
pub async fn draw(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>> {
    let here = peer.ip().is_loopback() || peer.ip() == app.settings.listen.ip();
    if !here || !machine::is_signed(app.gate.vault(), &headers, &body, app.gate.now()) {
        return Err(Error::not_found());
    }
    let email = String::from_utf8_lossy(&body);
    let link = links::draw_reset(&app, &email).await?;
    Ok(Json(json!({ "link": link })))
}

/// A page to choose a new password on.
pub async fn reset_form(State(app): State<App>, Path(token): Path<String>) -> PageResult {
    let link = find(&app, "reset", &token).await?;
    let page = reset_page(token, link);
    Ok(html(standing(page.valid), page.render()))
}

fn reset_page(token: String, link: Option<Link>) -> ResetPage {
    ResetPage {
        token,
        valid: link.is_some(),
        email: link.map(|link| link.email).unwrap_or_default(),
        fields: vec![new_password("New password")],
        error: None,
    }
}

/// Sets the new password and ends every session.
pub async fn reset(State(app): State<App>, Path(token): Path<String>, form: Form) -> PageResult {
    match try_reset(&app, &token, form.raw("password")).await {
        Ok(()) => {
            let text = "The new password counts from now on. Sign in with it.";
            let page = sign_in_page(vec![Notice::good(text)], "", "/".into());
            Ok(html(StatusCode::OK, page.render()))
        }
        Err(error) if error.is_refusal() => {
            let mut page = reset_page(token.clone(), find(&app, "reset", &token).await?);
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn try_reset(app: &App, token: &str, password: &str) -> Result<()> {
    let link = find(app, "reset", token)
        .await?
        .ok_or_else(Error::not_found)?;
    passwords::check(password, &link.email)?;
    let password_hash = passwords::turn().await?.hash(password).await?;
    let command = ResetPassword {
        link: Secret(token.to_owned()),
        password_hash,
    };
    app.gate
        .submit(&Caller::system(), Key::mint()?, command)
        .await?;
    Ok(())
}
