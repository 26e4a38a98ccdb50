//! Who looks at a page, and how a refusal looks to them.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use uuid::Uuid;

use super::{
    answer::{Fragment, html},
    layout::{Membership, Notice, Person, Shell, nav},
    pages::{BlankError, PageError, RefusedSheet},
};
use crate::{
    app::App,
    error::{Error, Kind},
    gate::Caller,
    quarantine::Quarantine,
    scope::Permission,
};

/// What pages say about the person who looks at them; the sign-in layer puts it beside the [`Caller`].
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Name, e-mail, role at the organization acted for.
    pub person: Person,
    /// The organization acted for: whose pools the pages show.
    pub organization_id: Uuid,
    /// Its name.
    pub organization: String,
    /// The IANA zone in which its days are counted.
    pub time_zone: String,
    /// Whether it is a customer, which uses units and sells none.
    pub is_customer: bool,
    /// All organizations the person belongs to.
    pub memberships: Vec<Membership>,
    /// The quarantine of a restored book, for as long as it is in one.
    pub quarantine: Option<Arc<Quarantine>>,
}

impl Visitor {
    /// The same, told of the quarantine that the book is in at this moment: a visitor is remembered for longer.
    pub fn told(&self, app: &App) -> Visitor {
        Visitor {
            quarantine: app.gate.quarantine(),
            ..self.clone()
        }
    }
}

/// Every page handler takes one: the caller, what is said about them, and how the page was asked for.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The caller, as the gate wants it.
    pub caller: Caller,
    /// What pages say about them.
    pub visitor: Visitor,
    /// Whether the module asks for a part of the page.
    pub fragment: Fragment,
}

impl Frame {
    /// The frame of a page with this title, at this place in the menu.
    pub fn shell(&self, title: impl Into<String>, here: &'static str) -> Shell {
        let may =
            |word: &str| Permission::parse(word).is_some_and(|permission| self.may(permission));
        Shell {
            title: title.into(),
            here,
            person: self.visitor.person.clone(),
            organization: self.visitor.organization.clone(),
            memberships: self.visitor.memberships.clone(),
            nav: nav(may, self.visitor.is_customer, |_| None),
            quarantine: (self.visitor.quarantine.as_ref())
                .map(|quarantine| Notice::warn(quarantine.banner())),
            notices: vec![],
            jobs: vec![],
        }
    }

    /// Whether the caller holds a permission anywhere.
    pub fn may(&self, permission: Permission) -> bool {
        self.caller.scope.holds(permission)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Frame {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let visitor = parts.extensions.get::<Visitor>().cloned().ok_or_else(|| {
            Error::new(
                Kind::Forbidden,
                "console.people_only",
                "The console is for people; programs use /api/v1.",
            )
        })?;
        let fragment = Fragment(parts.headers.contains_key("x-fragment"));
        Ok(Frame {
            caller,
            visitor,
            fragment,
        })
    }
}

/// What page handlers answer.
pub type PageResult = Result<Response, Refused>;

/// An error on its way to somebody's eyes. [`faces`] gives it a page.
#[derive(Debug)]
pub struct Refused(pub Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = self.0.clone().into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

/// Gives refusals of pages their face: a page, a way to the sign-in, or for the module a sheet. Stands around the page routes, inside the sign-in layer.
pub async fn faces(request: Request, next: Next) -> Response {
    // What programs ask for has no face.
    if request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let (headers, place) = (request.headers().clone(), request.uri().clone());
    let is_get = request.method() == axum::http::Method::GET;
    let (mut parts, body) = request.into_parts();
    let frame = Frame::from_request_parts(&mut parts, &()).await.ok();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Some(error) = response.extensions_mut().remove::<Error>() else {
        return response;
    };
    if headers.contains_key("x-fragment") {
        let sheet = RefusedSheet {
            title: error.kind.title().into(),
            message: error.message.clone(),
        };
        return html(status(&error), sheet.render());
    }
    match frame {
        Some(frame) => page(&frame, &error, &headers),
        None if error.kind == Kind::Unauthenticated => {
            let next = if is_get {
                place.path_and_query().map_or("/", |place| place.as_str())
            } else {
                "/"
            };
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            Redirect::to(&format!("/sign-in?next={next}")).into_response()
        }
        None => blank(&error, &headers),
    }
}

fn page(frame: &Frame, error: &Error, headers: &HeaderMap) -> Response {
    let page = PageError {
        shell: frame.shell(error.kind.title(), ""),
        status: error.kind.status(),
        code: error.code.to_string(),
        title: error.kind.title().into(),
        message: error.message.clone(),
        fields: error
            .fields
            .iter()
            .map(|field| (field.field.clone(), field.message.clone()))
            .collect(),
        href: "/".into(),
        label: "Go to the overview".into(),
        request_id: request_id(headers),
    };
    html(status(error), page.render())
}

fn blank(error: &Error, headers: &HeaderMap) -> Response {
    let page = BlankError {
        status: error.kind.status(),
        title: error.kind.title().into(),
        message: error.message.clone(),
        href: "/sign-in".into(),
        label: "Sign in".into(),
        request_id: request_id(headers),
    };
    html(status(error), page.render())
}

fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn request_id(headers: &HeaderMap) -> String {
    headers
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}
