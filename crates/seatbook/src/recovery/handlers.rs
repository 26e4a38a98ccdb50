//! Handlers of the reset link, and of the machine that asks for one.

use std::{net::SocketAddr, time::Duration};

use askama::Template;
use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    commands::{MailReset, ResetPassword},
    machine,
    pages::{ForgotPage, ResetPage},
};
use crate::{
    access::{
        door::{find, new_password, refusal, sign_in_page, standing},
        links::{self, Link},
        model,
        pages::marked,
        passwords,
    },
    app::App,
    console::{answer::html, fields::Field, form::Form, frame::PageResult, layout::Notice},
    error::{Error, Result},
    gate::{Caller, Key},
    secrets::{Secret, random_text},
};

/// Whoever asks for a link is answered after this time: longer than a link and its mail take to be written, so that
/// the time does not tell whether anybody has the address.
const ANSWER: Duration = Duration::from_millis(400);

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

/// A page to ask for a new password on.
pub async fn forgot_form(State(app): State<App>) -> PageResult {
    Ok(html(StatusCode::OK, forgot_page(&app, "").render()))
}

fn forgot_page(app: &App, email: &str) -> ForgotPage {
    let field = Field::new("email", "email", "E-mail").value(email);
    ForgotPage {
        mails: app.gate.sends_mail(),
        asked: false,
        fields: vec![field.required().autocomplete("username")],
        error: None,
    }
}

/// Mails a link to whoever has this address. Neither the answer nor its time says whether anybody has.
pub async fn forgot(State(app): State<App>, form: Form) -> PageResult {
    let answered_at = Instant::now() + ANSWER;
    let asked = ask(&app, form.text("email")).await;
    #[expect(
        clippy::disallowed_methods,
        reason = "an answer that came earlier would say that nobody has the address"
    )]
    tokio::time::sleep_until(answered_at).await;
    let mut page = forgot_page(&app, form.text("email"));
    match asked {
        Ok(()) => {
            page.asked = true;
            Ok(html(StatusCode::OK, page.render()))
        }
        Err(error) if error.is_refusal() => {
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn ask(app: &App, email: &str) -> Result<()> {
    if !app.gate.sends_mail() {
        let message = "No mail leaves this server. Ask an administrator for a new link.";
        return Err(Error::conflict("mail.not_set_up", message));
    }
    let email = model::email(email)?;
    let print = passwords::count_asking(app, &email).await?;
    let command = MailReset {
        email,
        print,
        secret: Secret(random_text(32)?),
    };
    let (caller, key) = (Caller::system(), Key::mint()?);
    match app.gate.submit(&caller, key, command).await {
        Err(error) if !error.is_refusal() => Err(error),
        // Nobody has the address, or whoever has it got enough links: nobody's business.
        _ => Ok(()),
    }
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
            let page = sign_in_page(&app, vec![Notice::good(text)], "", "/".into());
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
