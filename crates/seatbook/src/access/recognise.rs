//! Finding out who sent a request, and letting a browser in and out.

use std::sync::Arc;

use axum::{
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use store::{Place, Timestamp, Tx};
use uuid::Uuid;

use super::{
    links::random_id,
    model::{Browser, Credential, NewSession, Person, Seat},
    queries, tokens,
};
use crate::{
    app::App,
    console::{
        frame::Visitor,
        layout::{self, Membership},
    },
    error::{Error, Kind, Result},
    gate::{Caller, Origin},
    memory::Memory,
    scope::queries::{permissions_of, scope_from},
    secrets::{digest, fingerprint, hex, random_text},
};

/// Idle sessions end after this many seconds, all after the second.
pub const SESSION_IDLE_SECONDS: i64 = 30 * 60;
/// However busy, a session ends after this many seconds.
pub const SESSION_SECONDS: i64 = 12 * 3600;
/// The cookie of a session; `__Host-` binds it to this host and to TLS.
pub const COOKIE: &str = "__Host-seatbook";
/// The same where only this machine can listen, without TLS.
pub const LOOPBACK_COOKIE: &str = "seatbook";

/// "Last used" is written at most this often.
const TOUCH_SECONDS: i64 = 60;
/// Where somebody may go without the second factor that their role demands.
const BEFORE_SECOND_FACTOR: [&str; 8] = [
    "/account",
    "/sign-",
    "/session/",
    "/invitations/",
    "/forgot-password",
    "/reset/",
    "/livez",
    "/readyz",
];

/// What recognition goes by: the server, and callers seen a moment ago.
#[derive(Clone)]
pub struct Doorkeeper {
    app: App,
    memory: Arc<Memory<Known>>,
}

impl Doorkeeper {
    /// One who has seen nobody yet.
    pub fn new(app: App) -> Doorkeeper {
        let memory = Arc::new(Memory::new(app.gate.db().clone()));
        Doorkeeper { app, memory }
    }

    /// What holds of a program's caller, where they are remembered.
    pub fn remembered<T>(&self, headers: &HeaderMap, ask: impl FnOnce(&Caller) -> T) -> Option<T> {
        let Ok(Some(Sent::Token(secret))) = credential(&self.app, headers) else {
            return None;
        };
        let key = (true, digest(&secret));
        let known = self.memory.find(&key, self.app.gate.now());
        known.map(|known| ask(&known.caller))
    }
}

/// Puts the caller, if any, where handlers find it. A wrong credential is refused here: it is never taken for none.
pub async fn recognise(
    State(keeper): State<Doorkeeper>,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    let path = request.uri().path();
    // Who scrapes figures may carry a token that is none of ours.
    if path.starts_with("/assets/") || path == "/metrics" {
        return Ok(next.run(request).await);
    }
    if let Some(sent) = credential(&keeper.app, request.headers())?
        && let Some(known) = known(&keeper, sent).await?
    {
        if known.owes_second_factor && !BEFORE_SECOND_FACTOR.iter().any(|it| path.starts_with(it)) {
            return Ok(ask_for_second_factor(path));
        }
        let request_id = request_id(request.headers());
        request.extensions_mut().insert(Caller {
            request_id,
            ..known.caller.clone()
        });
        if let Some(visitor) = &known.visitor {
            request.extensions_mut().insert(visitor.told(&keeper.app));
        }
    } else {
        DefaultBodyLimit::max(super::NOBODYS_BYTES).apply(&mut request);
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

fn cookie_name(app: &App) -> &'static str {
    if app.settings.is_plain_loopback() {
        LOOPBACK_COOKIE
    } else {
        COOKIE
    }
}

/// The session's secret, from the one cookie that this server sets.
pub fn session_cookie(app: &App, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(app);
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

/// Hands a cookie to the browser, or takes it away where `secret` is empty.
pub fn with_cookie(app: &App, secret: &str, mut response: Response) -> Response {
    let mut text = format!(
        "{}={secret}; Path=/; HttpOnly; SameSite=Lax",
        cookie_name(app)
    );
    if !app.settings.is_plain_loopback() {
        text += "; Secure";
    }
    if secret.is_empty() {
        text += "; Max-Age=0";
    }
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Who was recognised.
struct Known {
    caller: Caller,
    visitor: Option<Visitor>,
    owes_second_factor: bool,
    /// From then on it has to be looked up: the credential may have ended, or its use is to be noted.
    good_until: Timestamp,
}

/// The caller as remembered, or else as the book has it now.
async fn known(keeper: &Doorkeeper, sent: Sent) -> Result<Option<Arc<Known>>> {
    let now = keeper.app.gate.now();
    let key = match &sent {
        Sent::Token(secret) => (true, digest(secret)),
        Sent::Session(secret) => (false, digest(secret)),
    };
    if let Some(known) = keeper.memory.find(&key, now) {
        return Ok(Some(known));
    }
    let moment = keeper.memory.moment();
    // Boxed, as it is seldom needed: it would be moved about with every request.
    let found = Box::pin(look_up_and_touch(&keeper.app, &key, now)).await?;
    Ok(found.map(|known| {
        let good_until = known.good_until;
        keeper.memory.keep(key, moment, (known, good_until))
    }))
}

async fn look_up_and_touch(
    app: &App,
    (is_token, digest): &(bool, [u8; 32]),
    now: Timestamp,
) -> Result<Option<Known>> {
    let (is_token, print) = (*is_token, hex(digest));
    let found = app
        .read(move |mut tx| Box::pin(async move { look_up(&mut tx, is_token, &print, now).await }))
        .await?;
    // Who belongs to no open organization is nobody: suspension stops sessions and tokens at once.
    let Some((credential, seats)) = found.filter(|(_, seats)| !seats.is_empty()) else {
        // A cookie may outlive its session; a token that is unknown is a mistake worth saying.
        return if is_token { Err(refused()) } else { Ok(None) };
    };
    let recently = |seen: &Timestamp| seen.plus_seconds(TOUCH_SECONDS) > now;
    let seen = credential.seen_at.filter(recently);
    if seen.is_none() {
        match touch(app, is_token, credential.id, now).await {
            // That somebody was here cannot be noted while the disk is full; reading works all the same.
            Err(error) if error.kind == Kind::Unavailable => {}
            touched => touched?,
        }
    }
    let noted = seen.unwrap_or(now).plus_seconds(TOUCH_SECONDS);
    Ok(Some(Known {
        good_until: credential.ends_at.map_or(noted, |ends| ends.min(noted)),
        ..recognised(&credential, &seats)
    }))
}

fn recognised(credential: &Credential, seats: &[Seat]) -> Known {
    let is_token = credential.browser.is_none();
    let scope = scope_from(seats.iter().map(|seat| &seat.held));
    let limits = credential.permissions.as_ref().map(permissions_of);
    let scope = match &limits {
        Some(limits) => scope.limited_to(limits),
        None => scope,
    };
    let browser = credential.browser.as_ref();
    Known {
        owes_second_factor: browser.is_some_and(|browser| !browser.second_factor)
            && seats.iter().any(|seat| seat.requires_second_factor),
        visitor: browser.and_then(|browser| visitor(browser, seats)),
        good_until: credential.created_at,
        caller: Caller {
            actor_id: credential.person_id,
            token_id: is_token.then_some(credential.id),
            session_id: (!is_token).then_some(credential.id),
            scope,
            limits,
            origin: match is_token {
                true => Origin::Api,
                false => Origin::Console,
            },
            request_id: None,
        },
    }
}

async fn look_up(
    tx: &mut Tx<'_>,
    is_token: bool,
    print: &str,
    now: Timestamp,
) -> Result<Option<(Credential, Vec<Seat>)>> {
    let credential = if is_token {
        queries::find_token(tx, print, now).await?
    } else {
        let found = queries::find_session(tx, print, false).await?;
        found.filter(|session| is_open(session, now))
    };
    let Some(credential) = credential else {
        return Ok(None);
    };
    let seats = queries::seats(tx, credential.person_id).await?;
    Ok(Some((credential, seats)))
}

fn is_open(session: &Credential, now: Timestamp) -> bool {
    let seen = session.seen_at.unwrap_or(session.created_at);
    now < seen.plus_seconds(SESSION_IDLE_SECONDS) && session.ends_at.is_none_or(|ends| now < ends)
}

async fn touch(app: &App, is_token: bool, id: Uuid, now: Timestamp) -> Result<()> {
    let touch = app.gate.db().plumb(Place::ALONE, move |mut tx| {
        Box::pin(async move { queries::touch(&mut tx, (is_token, id), now).await })
    });
    Ok(touch.await?)
}

/// What the pages say about the person: they act for the organization they chose, or for the highest.
fn visitor(browser: &Browser, seats: &[Seat]) -> Option<Visitor> {
    let chosen = |seat: &&Seat| Some(seat.held.organization_id) == browser.organization_id;
    let seat = seats.iter().find(chosen).or(seats.first())?;
    let mut memberships: Vec<Membership> = Vec::new();
    for other in seats {
        let organization_id = other.held.organization_id.to_string();
        match memberships
            .iter_mut()
            .find(|it| it.organization_id == organization_id)
        {
            Some(twice) => twice.role = format!("{}, {}", twice.role, other.held.label),
            None => memberships.push(Membership {
                current: other.held.organization_id == seat.held.organization_id,
                organization_id,
                organization: other.organization.clone(),
                role: other.held.label.clone(),
            }),
        }
    }
    let role = memberships.iter().find(|it| it.current);
    Some(Visitor {
        person: layout::Person {
            name: browser.name.clone(),
            email: browser.email.clone(),
            role: role.map(|it| it.role.clone()).unwrap_or_default(),
        },
        organization_id: seat.held.organization_id,
        organization: seat.organization.clone(),
        time_zone: seat.time_zone.clone(),
        is_customer: seat.kind == "customer",
        memberships,
        quarantine: None,
    })
}

/// How a browser is let in.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The session's cookie before, which ends.
    pub cookie: Option<String>,
    /// What the browser calls itself.
    pub user_agent: String,
    /// The organization to act for; the highest where there is none.
    pub organization_id: Option<Uuid>,
    /// The code of the second factor has been given.
    pub second_factor: bool,
}

impl Entry {
    /// What the headers say.
    pub fn of(app: &App, headers: &HeaderMap) -> Entry {
        let agent = headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        Entry {
            cookie: session_cookie(app, headers),
            user_agent: agent.unwrap_or_default().chars().take(300).collect(),
            ..Entry::default()
        }
    }
}

/// Opens a session under a new secret, and ends the one before. Where a second factor is on, the session
/// is worth nothing until its code has been given; says so.
pub async fn let_in(app: &App, person: &Person, entry: Entry) -> Result<(String, bool)> {
    let secret = random_text(32)?;
    let awaits = person.totp_confirmed && !entry.second_factor;
    let new = NewSession {
        id: random_id()?,
        person_id: person.id,
        fingerprint: fingerprint(&secret),
        awaits_second_factor: awaits,
        organization_id: entry.organization_id,
        user_agent: entry.user_agent,
        now: app.gate.now(),
    };
    let before = entry.cookie.map(|cookie| fingerprint(&cookie));
    let open = app.gate.db().plumb(Place::ALONE, move |mut tx| {
        let (new, before) = (new.clone(), before.clone());
        Box::pin(async move {
            if let Some(before) = before {
                queries::end_session(&mut tx, &before).await?;
            }
            queries::insert_session(&mut tx, &new).await
        })
    });
    open.await?;
    Ok((secret, awaits))
}

fn ask_for_second_factor(path: &str) -> Response {
    if path.starts_with("/api/") {
        let message = "Your role asks for a second factor. Set it up on your account page first.";
        return Error::new(Kind::Forbidden, "second_factor.required", message).into_response();
    }
    Redirect::to("/account").into_response()
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
