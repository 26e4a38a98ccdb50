//! The files a browser asks for: one stylesheet, one module, one icon sprite, one mark.
//!
//! Each is served under a name that carries its content, so it may be kept forever and never be stale.

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

const FOREVER: &str = "public, max-age=31536000, immutable";
const SVG: &str = "image/svg+xml";

const STYLES: &[&str] = &[
    include_str!("css/tokens.css"),
    include_str!("css/base.css"),
    include_str!("css/shell.css"),
    include_str!("css/parts.css"),
    include_str!("css/forms.css"),
    include_str!("css/tables.css"),
    include_str!("css/grid.css"),
    include_str!("css/pages.css"),
    include_str!("css/reference.css"),
];

static CSS: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "app",
        "css",
        "text/css; charset=utf-8",
        STYLES.concat().into_bytes(),
    )
});
static JS: LazyLock<Asset> = LazyLock::new(|| {
    let text = concat!(
        include_str!("app.js"),
        include_str!("grid.js"),
        include_str!("remaining.js"),
        include_str!("rows.js")
    );
    Asset::new(
        "app",
        "js",
        "text/javascript; charset=utf-8",
        text.as_bytes(),
    )
});
static ICONS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icons", "svg", SVG, include_str!("icons.svg").as_bytes()));
static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("mark", "svg", SVG, include_str!("mark.svg").as_bytes()));

struct Asset {
    file: String,
    url: String,
    kind: &'static str,
    body: Cow<'static, [u8]>,
}

impl Asset {
    fn new(
        name: &str,
        ending: &str,
        kind: &'static str,
        body: impl Into<Cow<'static, [u8]>>,
    ) -> Self {
        let body = body.into();
        let digest = Sha256::digest(&body);
        let hash: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let file = format!("{name}.{hash}.{ending}");
        Self {
            url: format!("/assets/{file}"),
            file,
            kind,
            body,
        }
    }

    fn answer(&self, caching: &'static str) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.kind),
            (header::CACHE_CONTROL, caching),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (headers, self.body.clone()).into_response()
    }
}

/// Where the stylesheet is.
pub fn css() -> &'static str {
    &CSS.url
}

/// Where the module is.
pub fn js() -> &'static str {
    &JS.url
}

/// Where the icons are; a symbol's name follows after `#`.
pub fn icons() -> &'static str {
    &ICONS.url
}

/// Where the mark is, for the browser's tab.
pub fn mark() -> &'static str {
    &MARK.url
}

/// The asset routes. They answer anybody: there is nothing in them that is not public.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{file}", get(serve))
        .route("/favicon.ico", get(favicon))
}

async fn serve(Path(file): Path<String>) -> Response {
    let all = [&*CSS, &*JS, &*ICONS, &*MARK];
    match all.into_iter().find(|asset| asset.file == file) {
        Some(asset) => asset.answer(FOREVER),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn favicon() -> Response {
    MARK.answer("public, max-age=86400")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_carries_its_content() {
        let one = Asset::new("app", "css", "text/css", &b"a{}"[..]);
        let two = Asset::new("app", "css", "text/css", &b"b{}"[..]);
        assert_ne!(one.url, two.url);
        assert!(css().starts_with("/assets/app.") && css().ends_with(".css"));
    }

    #[test]
    fn the_stylesheet_asks_for_nothing_the_policy_forbids() {
        let text = String::from_utf8_lossy(&CSS.body);
        assert!(!text.contains("data:") && !text.contains("http"));
    }
}
