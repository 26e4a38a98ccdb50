//! Handlers of the pages at the door: setting up, signing in and out.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use store::Place;
use uuid::Uuid;

use super::{
    commands::SetUp,
    links::{self, Link},
    model::{self, Person},
    pages::{SecondFactorPage, SetUpPage, SignInPage, marked, renamed},
    passwords, queries,
    recognise::{Entry, let_in, session_cookie, with_cookie},
    second_factor::{self, Spent, Typed},
};
use crate::{
    api::Params,
    app::App,
    console::{
        answer::html,
        fields::Field,
        form::Form,
        frame::{Frame, PageResult},
        layout::Notice,
    },
    error::{Error, Result},
    gate::{Caller, Key},
    organizations::model::OrganizationFacts,
    secrets::fingerprint,
};

/// After the password, the code must come within this many seconds.
const CODE_SECONDS: i64 = 600;

/// `/sign-in?next=…`.
#[derive(Debug, Default, Deserialize)]
pub struct SignInParams {
    #[serde(default)]
    next: String,
    #[serde(default)]
    out: Option<String>,
}

/// The way in.
pub async fn sign_in_form(
    State(app): State<App>,
    Params(params): Params<SignInParams>,
) -> PageResult {
    let read = app.read(|mut tx| Box::pin(async move { crate::scope::tree::root(&mut tx).await }));
    let mut notices = vec![];
    if params.out.is_some() {
        notices.push(Notice::good("You have been signed out."));
    }
    if read.await?.is_none() {
        let text = "This Seatbook is not set up yet. Open the one-time link that the server printed when it started.";
        notices.push(Notice::warn(text));
    }
    let page = sign_in_page(&app, notices, "", local(&params.next));
    Ok(html(StatusCode::OK, page.render()))
}

/// The way in, with what there is to say.
pub fn sign_in_page(app: &App, notices: Vec<Notice>, email: &str, next: String) -> SignInPage {
    let email = Field::new("email", "email", "E-mail").value(email);
    SignInPage {
        notices,
        fields: vec![
            email.required().autocomplete("username"),
            Field::new("password", "password", "Password")
                .required()
                .autocomplete("current-password"),
        ],
        next,
        mails: app.gate.sends_mail(),
        error: None,
    }
}

/// Lets somebody in who proves who they are.
pub async fn sign_in(State(app): State<App>, headers: HeaderMap, form: Form) -> PageResult {
    let (email, next) = (form.text("email"), local(form.text("next")));
    let proved = passwords::prove(&app, email, form.raw("password")).await;
    let entered = match proved {
        Ok(person) => enter(&app, &person, Entry::of(&app, &headers), &next).await,
        Err(error) => Err(error),
    };
    match entered {
        Ok(response) => Ok(response),
        Err(error) if error.is_refusal() => {
            let mut page = sign_in_page(&app, vec![], email, next);
            page.error = Some(error.message.clone());
            Ok(refusal(&error, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Opens a session and leads on: to the code of the second factor, or to where the person wanted to go.
pub async fn enter(app: &App, person: &Person, entry: Entry, next: &str) -> Result<Response> {
    let id = person.id;
    let seats = app.read(move |mut tx| Box::pin(async move { queries::seats(&mut tx, id).await }));
    if seats.await?.is_empty() {
        let message = "You belong to no organization that is open at the moment. Ask the person who invited you.";
        return Err(Error::conflict("person.no_organization", message));
    }
    let (secret, awaits_code) = let_in(app, person, entry).await?;
    let place = if awaits_code {
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        format!("/sign-in/code?next={next}")
    } else {
        next.to_owned()
    };
    Ok(with_cookie(
        app,
        &secret,
        Redirect::to(&place).into_response(),
    ))
}

/// `/sign-in/code?next=…&recovery=true`.
#[derive(Debug, Default, Deserialize)]
pub struct CodeParams {
    #[serde(default)]
    next: String,
    #[serde(default)]
    recovery: bool,
}

/// Asks for the code of the second factor.
pub async fn code_form(
    State(app): State<App>,
    headers: HeaderMap,
    Params(params): Params<CodeParams>,
) -> PageResult {
    if awaiting(&app, &headers).await?.is_none() {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    let page = code_page(params.recovery, local(&params.next));
    Ok(html(StatusCode::OK, page.render()))
}

fn code_page(recovery: bool, next: String) -> SecondFactorPage {
    let label = if recovery { "Recovery code" } else { "Code" };
    let autocomplete = if recovery { "off" } else { "one-time-code" };
    SecondFactorPage {
        recovery,
        fields: vec![
            Field::text("code", label)
                .required()
                .autocomplete(autocomplete),
        ],
        next,
        error: None,
    }
}

/// Lets somebody in who has given the password before, and now the code.
pub async fn code(State(app): State<App>, headers: HeaderMap, form: Form) -> PageResult {
    let (recovery, next) = (form.text("recovery") == "true", local(form.text("next")));
    let Some(person) = awaiting(&app, &headers).await? else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    match spend(&app, &person, form.text("code"), recovery).await {
        Ok(()) => {
            let entry = Entry {
                second_factor: true,
                ..Entry::of(&app, &headers)
            };
            let (secret, _) = let_in(&app, &person, entry).await?;
            Ok(with_cookie(
                &app,
                &secret,
                Redirect::to(&next).into_response(),
            ))
        }
        Err(error) if error.is_refusal() => {
            let mut page = code_page(recovery, next);
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whoever gave the password in this browser a moment ago, and owes a code.
async fn awaiting(app: &App, headers: &HeaderMap) -> Result<Option<Person>> {
    let Some(secret) = session_cookie(app, headers) else {
        return Ok(None);
    };
    let (print, now) = (fingerprint(&secret), app.gate.now());
    app.read(move |mut tx| {
        Box::pin(async move {
            let session = queries::find_session(&mut tx, &print, true).await?;
            let fresh = session.filter(|it| now < it.created_at.plus_seconds(CODE_SECONDS));
            match fresh {
                Some(session) => queries::find_person(&mut tx, session.person_id).await,
                None => Ok(None),
            }
        })
    })
    .await
}

/// Uses a code up, or says why it does not count.
pub async fn spend(app: &App, person: &Person, code: &str, recovery: bool) -> Result<()> {
    let typed = Typed::new(app.gate.vault(), person, code, recovery)?;
    let now = app.gate.now();
    let spend = app.gate.db().plumb(Place::ALONE, move |mut tx| {
        let typed = typed.clone();
        Box::pin(async move { typed.spend(&mut tx, now).await })
    });
    match spend.await? {
        Spent::Right => Ok(()),
        Spent::Wrong => Err(second_factor::wrong()),
        Spent::Wait(seconds) => Err(passwords::too_often(seconds)),
    }
}

/// Ends the session of this browser.
pub async fn sign_out(State(app): State<App>, headers: HeaderMap) -> PageResult {
    if let Some(secret) = session_cookie(&app, &headers) {
        let print = fingerprint(&secret);
        let end = app.gate.db().plumb(Place::ALONE, move |mut tx| {
            let print = print.clone();
            Box::pin(async move { queries::end_session(&mut tx, &print).await })
        });
        end.await.map_err(Error::from)?;
    }
    let response = Redirect::to("/sign-in?out=1").into_response();
    Ok(with_cookie(&app, "", response))
}

/// Acts for another of one's organizations from now on, in this browser.
pub async fn switch_organization(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let organization_id: Uuid = form.need("organization", "an organization")?;
    let session_id = frame.caller.session_id.unwrap_or_default();
    let switch = app.gate.db().plumb(Place::ALONE, move |mut tx| {
        Box::pin(async move {
            queries::set_session_organization(&mut tx, session_id, organization_id).await
        })
    });
    match switch.await.map_err(Error::from)? {
        true => Ok(Redirect::to("/").into_response()),
        false => Err(Error::not_found().into()),
    }
}

/// The first page of a new Seatbook.
pub async fn set_up_form(State(app): State<App>, Path(token): Path<String>) -> PageResult {
    let valid = find(&app, "set_up", &token).await?.is_some();
    let page = set_up_page(token, valid, None);
    Ok(html(standing(valid), page.render()))
}

fn set_up_page(token: String, valid: bool, sent: Option<&Form>) -> SetUpPage {
    let was = |name| sent.map_or("", |form| form.text(name));
    let provider = Field::text("provider", "Your organization").value(was("provider"));
    let name = Field::text("name", "Your name").value(was("name"));
    let email = Field::new("email", "email", "Your e-mail").value(was("email"));
    let fields = vec![
        provider.required().autocomplete("organization"),
        name.required().autocomplete("name"),
        email.required().autocomplete("username"),
        new_password("Password"),
    ];
    SetUpPage {
        token,
        valid,
        fields,
        error: None,
    }
}

/// A field for a new password.
pub fn new_password(label: &str) -> Field {
    Field::new("password", "password", label)
        .required()
        .autocomplete("new-password")
        .hint("At least 10 characters. A sentence is easier to remember than a riddle.")
}

/// Makes the provider and its first operator, and lets the operator in.
pub async fn set_up(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    match try_set_up(&app, &token, &headers, &form).await {
        Ok(response) => Ok(response),
        Err(error) if error.is_refusal() => {
            let valid = find(&app, "set_up", &token).await?.is_some();
            let mut page = set_up_page(token, valid, Some(&form));
            page.error = marked(&mut page.fields, &error);
            Ok(refusal(&error, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn try_set_up(app: &App, token: &str, headers: &HeaderMap, form: &Form) -> Result<Response> {
    let link = find(app, "set_up", token)
        .await?
        .ok_or_else(Error::not_found)?;
    let (email, name) = (
        model::email(form.text("email"))?,
        model::name(form.text("name"))?,
    );
    passwords::check(form.raw("password"), &email)?;
    let provider = OrganizationFacts {
        name: form.text("provider").into(),
        ..OrganizationFacts::default()
    };
    provider
        .clone()
        .checked()
        .map_err(|error| renamed(error, "name", "provider"))?;
    let hash = passwords::turn().await?.hash(form.raw("password")).await?;
    let command = SetUp {
        provider,
        email,
        name,
        password_hash: Some(hash),
    };
    let done = app
        .gate
        .submit(&Caller::system(), Key::mint()?, command)
        .await?;
    let now = app.gate.now();
    let spend = app.gate.db().plumb(Place::ALONE, move |mut tx| {
        Box::pin(async move { links::spend(&mut tx, link.id, now).await })
    });
    spend.await.map_err(Error::from)?;
    let person = person(app, done.outcome.person_id).await?;
    enter(app, &person, Entry::of(app, headers), "/").await
}

/// The link with this secret, where it is good.
pub async fn find(app: &App, kind: &'static str, secret: &str) -> Result<Option<Link>> {
    let (secret, now) = (secret.to_owned(), app.gate.now());
    app.read(move |mut tx| Box::pin(async move { links::find(&mut tx, kind, &secret, now).await }))
        .await
}

/// The person a credential or an outcome names.
pub async fn person(app: &App, id: Uuid) -> Result<Person> {
    let read =
        app.read(move |mut tx| Box::pin(async move { queries::find_person(&mut tx, id).await }));
    read.await?.ok_or_else(Error::not_found)
}

/// A place in this house, whatever a link says.
pub fn local(next: &str) -> String {
    let here =
        next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if here { next.to_owned() } else { "/".into() }
}

/// A page that says why not, under the refusal's status.
pub fn refusal(error: &Error, page: askama::Result<String>) -> Response {
    let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::CONFLICT);
    html(status, page)
}

/// The status of a page that a link opens.
pub fn standing(valid: bool) -> StatusCode {
    if valid {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_of_this_house_are_gone_to() {
        assert_eq!(local("/licenses?q=a"), "/licenses?q=a");
        for foreign in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "a\r\nb",
        ] {
            assert_eq!(local(foreign), "/");
        }
    }
}
