//! Handlers of one's own account.

use askama::Template;
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use store::{Place, Timestamp};

use super::{
    commands::{ChangePassword, EditProfile},
    door::{person, refusal, spend},
    model::{Person, Session},
    pages::{AccountPage, SecondFactorSetUp, SessionRow, marked},
    passwords, queries,
    recognise::{SESSION_IDLE_SECONDS, SESSION_SECONDS},
    second_factor::{
        self, BeginSecondFactor, ConfirmSecondFactor, EndSecondFactor, RenewRecoveryCodes,
    },
};
use crate::{
    api::{Id, Params},
    app::App,
    console::{
        answer::{go, html},
        fields::Field,
        form::Form,
        format,
        frame::{Frame, PageResult},
        layout::Notice,
        pages::Confirm,
    },
    error::{Error, Kind, Result},
    gate::Key,
    secrets::Secret,
};

/// `/account?done=…&set_up=1`.
#[derive(Debug, Default, Deserialize)]
pub struct AccountParams {
    #[serde(default)]
    done: String,
    #[serde(default)]
    set_up: String,
}

/// One's own account.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Params(params): Params<AccountParams>,
) -> PageResult {
    let facts = Facts::read(&app, &frame).await?;
    let mut page = facts.page(&app, &frame)?;
    if !params.set_up.is_empty() {
        page.set_up = facts.set_up(&app)?;
    }
    let done = match params.done.as_str() {
        "name" => "Your name is changed.",
        "password" => "Your password is changed. You are signed out everywhere else.",
        "sessions" => "You are signed out everywhere else.",
        "off" => "Your second factor is off.",
        _ => "",
    };
    if !done.is_empty() {
        page.shell.notices.push(Notice::good(done));
    }
    Ok(html(StatusCode::OK, page.render()))
}

/// What the account page is made of.
struct Facts {
    person: Person,
    codes_left: i64,
    required: bool,
    sessions: Vec<Session>,
    now: Timestamp,
}

impl Facts {
    async fn read(app: &App, frame: &Frame) -> Result<Facts> {
        let (id, now) = (frame.caller.actor_id, app.gate.now());
        let since = (
            now.plus_seconds(-SESSION_SECONDS),
            now.plus_seconds(-SESSION_IDLE_SECONDS),
        );
        app.read(move |mut tx| {
            Box::pin(async move {
                let person = queries::find_person(&mut tx, id)
                    .await?
                    .ok_or_else(Error::not_found)?;
                let seats = queries::seats(&mut tx, id).await?;
                Ok(Facts {
                    person,
                    codes_left: queries::recovery_codes_left(&mut tx, id).await?,
                    required: seats.iter().any(|seat| seat.requires_second_factor),
                    sessions: queries::sessions(&mut tx, id, since).await?,
                    now,
                })
            })
        })
        .await
    }

    fn page(&self, app: &App, frame: &Frame) -> Result<AccountPage> {
        let name = Field::text("name", "Name").value(&self.person.name);
        let current = Field::new("password", "current", "Present password");
        let new = Field::new("password", "password", "New password");
        let owed = self.required && !self.person.totp_confirmed;
        let mut sessions: Vec<SessionRow> = self
            .sessions
            .iter()
            .map(|session| self.session(session, frame))
            .collect();
        sessions.sort_by_key(|session| !session.current);
        Ok(AccountPage {
            shell: frame.shell("My account", "account"),
            name_fields: vec![name.required().autocomplete("name")],
            password_fields: vec![
                current.required().autocomplete("current-password"),
                new.required()
                    .autocomplete("new-password")
                    .hint("At least 10 characters."),
            ],
            password_error: None,
            second_factor: self.person.totp_confirmed,
            second_factor_required: self.required,
            codes_left: self.codes_left,
            set_up: if owed { self.set_up(app)? } else { None },
            new_codes: vec![],
            sessions,
        })
    }

    /// The set-up that waits for its first code, where one was begun.
    fn set_up(&self, app: &App) -> Result<Option<SecondFactorSetUp>> {
        let Some(sealed) = self
            .person
            .totp_secret
            .as_deref()
            .filter(|_| !self.person.totp_confirmed)
        else {
            return Ok(None);
        };
        let secret = app.gate.vault().open_if_sealed(sealed)?;
        let code = Field::text("code", "Code")
            .required()
            .autocomplete("one-time-code");
        Ok(Some(SecondFactorSetUp {
            qr_svg: second_factor::qr_svg(&self.person.email, &secret)?,
            secret,
            fields: vec![code],
            error: None,
        }))
    }

    fn session(&self, session: &Session, frame: &Frame) -> SessionRow {
        SessionRow {
            id: session.id.to_string(),
            device: device(&session.user_agent),
            last_used: format::ago(session.seen_at.get(), self.now.get()),
            current: Some(session.id) == frame.caller.session_id,
        }
    }
}

/// "Firefox on Linux", from what a browser calls itself.
fn device(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        known
            .iter()
            .find(|(word, _)| agent.contains(word))
            .map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Another browser".to_owned(),
    }
}

/// Changes one's own name.
pub async fn name(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let name = form.text("name").to_owned();
    match app
        .gate
        .submit(&frame.caller, form.key, EditProfile { name })
        .await
    {
        Ok(_) => Ok(go(frame.fragment, "/account?done=name")),
        Err(error) => {
            let mut page = Facts::read(&app, &frame).await?.page(&app, &frame)?;
            if let Some(message) = marked(&mut page.name_fields, &error) {
                page.shell.notices.push(Notice::bad(message));
            }
            Ok(refusal(&error, page.render()))
        }
    }
}

/// Changes one's own password.
pub async fn password(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    match try_password(&app, &frame, &form).await {
        Ok(()) => Ok(go(frame.fragment, "/account?done=password")),
        Err(error) if error.is_refusal() => {
            let mut page = Facts::read(&app, &frame).await?.page(&app, &frame)?;
            page.password_error = marked(&mut page.password_fields, &error);
            Ok(refusal(&error, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn try_password(app: &App, frame: &Frame, form: &Form) -> Result<()> {
    let email = &frame.visitor.person.email;
    passwords::check(form.raw("password"), email)?;
    let proved = passwords::prove(app, email, form.raw("current")).await;
    proved.map_err(|error| match error.kind {
        Kind::Unauthenticated => Error::invalid(
            "current",
            "password.wrong",
            "This is not your present password.",
        ),
        _ => error,
    })?;
    let password_hash = passwords::turn().await?.hash(form.raw("password")).await?;
    // The key of the form is left aside: its fingerprint would be a fast hash of the password.
    let command = ChangePassword { password_hash };
    app.gate
        .submit(&frame.caller, Key::mint()?, command)
        .await?;
    Ok(())
}

/// Ends every other session of one's own.
pub async fn end_others(State(app): State<App>, frame: Frame) -> PageResult {
    let (id, here) = (frame.caller.actor_id, frame.caller.session_id);
    let end = app.gate.db().plumb(Place::ALONE, move |mut tx| {
        Box::pin(async move { queries::end_sessions(&mut tx, id, here).await })
    });
    end.await.map_err(Error::from)?;
    Ok(go(frame.fragment, "/account?done=sessions"))
}

/// Ends one session of one's own.
pub async fn end_one(State(app): State<App>, frame: Frame, Id(session): Id) -> PageResult {
    let id = frame.caller.actor_id;
    let end = app.gate.db().plumb(Place::ALONE, move |mut tx| {
        Box::pin(async move { queries::end_session_of(&mut tx, id, session).await })
    });
    match end.await.map_err(Error::from)? {
        true => Ok(go(frame.fragment, "/account")),
        false => Err(Error::not_found().into()),
    }
}

/// Draws the secret of a second factor and shows it.
pub async fn begin(State(app): State<App>, frame: Frame) -> PageResult {
    let sealed = Secret(app.gate.vault().seal(&second_factor::draw_secret()?)?);
    app.gate
        .submit(&frame.caller, Key::mint()?, BeginSecondFactor { sealed })
        .await?;
    Ok(go(frame.fragment, "/account?set_up=1"))
}

/// Turns the second factor on and shows the recovery codes, once.
pub async fn confirm(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let before = person(&app, frame.caller.actor_id).await?;
    let vault = app.gate.vault();
    let codes = second_factor::draw_codes()?;
    let command = ConfirmSecondFactor {
        secret: Secret(vault.open_if_sealed(before.totp_secret.as_deref().unwrap_or_default())?),
        code: Secret(form.text("code").replace(' ', "")),
        prints: second_factor::prints(vault, before.id, &codes),
    };
    let confirmed = app.gate.submit(&frame.caller, Key::mint()?, command).await;
    let facts = Facts::read(&app, &frame).await?;
    let mut page = facts.page(&app, &frame)?;
    match confirmed {
        Ok(_) => {
            page.new_codes = codes;
            Ok(html(StatusCode::OK, page.render()))
        }
        Err(error) => {
            page.set_up = facts.set_up(&app)?;
            if let Some(set_up) = &mut page.set_up {
                set_up.error = marked(&mut set_up.fields, &error);
            }
            Ok(refusal(&error, page.render()))
        }
    }
}

/// Makes new recovery codes and shows them, once.
pub async fn renew_codes(State(app): State<App>, frame: Frame) -> PageResult {
    let codes = second_factor::draw_codes()?;
    let prints = second_factor::prints(app.gate.vault(), frame.caller.actor_id, &codes);
    app.gate
        .submit(&frame.caller, Key::mint()?, RenewRecoveryCodes { prints })
        .await?;
    let mut page = Facts::read(&app, &frame).await?.page(&app, &frame)?;
    page.new_codes = codes;
    Ok(html(StatusCode::OK, page.render()))
}

/// Asks for a code before the second factor is turned off.
pub async fn off_form(frame: Frame) -> PageResult {
    Ok(html(StatusCode::OK, answer_off(&frame, None)))
}

fn answer_off(frame: &Frame, error: Option<&Error>) -> askama::Result<String> {
    let code = Field::text("code", "Code")
        .required()
        .autocomplete("one-time-code");
    let mut page = Confirm {
        shell: frame.shell("Second factor", "account"),
        title: "Turn the second factor off?".into(),
        lead: "From then on your password alone signs you in. Your recovery codes end with it."
            .into(),
        facts: vec![],
        warnings: vec![],
        fields: vec![code.hint("From your authenticator app.")],
        tone: "bad",
        allowed: true,
        action: "/account/second-factor/off".into(),
        label: "Turn off".into(),
        back: "/account".into(),
        back_label: "My account".into(),
        error: None,
    };
    page.error = error.and_then(|error| marked(&mut page.fields, error));
    if frame.fragment.0 {
        page.as_sheet().render()
    } else {
        page.render()
    }
}

/// Turns the second factor off.
pub async fn off(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    match try_off(&app, &frame, form.text("code")).await {
        Ok(()) => Ok(go(frame.fragment, "/account?done=off")),
        Err(error) if error.is_refusal() => Ok(refusal(&error, answer_off(&frame, Some(&error)))),
        Err(error) => Err(error.into()),
    }
}

async fn try_off(app: &App, frame: &Frame, code: &str) -> Result<()> {
    let person = person(app, frame.caller.actor_id).await?;
    spend(app, &person, code, false).await?;
    app.gate
        .submit(&frame.caller, Key::mint()?, EndSecondFactor {})
        .await?;
    Ok(())
}
