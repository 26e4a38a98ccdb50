//! How a page leaves the house: whole, as the part the module asked for, or as "go there instead".
//!
//! The module sends `X-Fragment: 1`. A list then answers its rows, a form its sheet; without the
//! header the same handler answers the whole page, which is why nothing needs script.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

/// Whether the module asks for a part of the page.
#[derive(Clone, Copy, Debug)]
pub struct Fragment(pub bool);

impl<S: Sync> FromRequestParts<S> for Fragment {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.contains_key("x-fragment")))
    }
}

/// Answers rendered HTML that depends on `X-Fragment`, with a status.
pub fn html(status: StatusCode, rendered: askama::Result<String>) -> Response {
    let mut answer = match rendered {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    answer
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("x-fragment"));
    answer
}

/// Answers the part of a page that the module asks for, or the whole page; only that one is rendered.
pub fn part_or_page(
    fragment: Fragment,
    status: StatusCode,
    part: impl FnOnce() -> askama::Result<String>,
    page: impl FnOnce() -> askama::Result<String>,
) -> Response {
    html(status, if fragment.0 { part() } else { page() })
}

/// Sends the browser on after a form was done: 303 for a page, `X-Location` for the module.
pub fn go(fragment: Fragment, to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(place) if fragment.0 => {
            (StatusCode::NO_CONTENT, [("x-location", place)]).into_response()
        }
        _ => Redirect::to(to).into_response(),
    }
}
