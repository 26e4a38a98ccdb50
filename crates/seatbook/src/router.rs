//! All rooms under one roof.

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, header},
    middleware,
    response::IntoResponse,
    routing::get,
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::CsrfLayer,
    limit::RequestBodyLimitLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    access, allocations, app::App, catalog, console, error::Error, history, imports, jobs,
    licenses, openapi, organizations, people, recovery, reference, roles, tokens,
};

/// What a page of ours may load: from here, nothing inline, never in a frame.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// A body, unless its room says otherwise.
const BODY_BYTES: usize = 1024 * 1024;
/// The largest of all: a file to import, and the form around it.
const UPLOAD_BYTES: usize = 33 * 1024 * 1024;
const REQUEST_SECONDS: u64 = 30;

/// Every kind of job that the rooms bring.
pub const KINDS: &[jobs::Kind] = &[allocations::commands::KIND, imports::applying::KIND];

/// The operations of every room, and their document.
fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(<openapi::Frame as utoipa::OpenApi>::openapi()).nest(
        "/api/v1",
        OpenApiRouter::new()
            .merge(jobs::operations())
            .merge(organizations::operations())
            .merge(people::operations())
            .merge(roles::operations())
            .merge(tokens::operations())
            .merge(catalog::operations())
            .merge(licenses::operations())
            .merge(allocations::operations())
            .merge(imports::operations())
            .merge(history::operations()),
    )
}

/// The pages of every room. A refusal in them has a face.
fn pages() -> Router<App> {
    Router::new()
        .route(
            "/",
            get(|| async { axum::response::Redirect::to("/licenses") }),
        )
        .merge(access::pages())
        .merge(people::pages())
        .merge(catalog::pages())
        .merge(imports::pages())
        .merge(licenses::pages())
        .merge(allocations::pages())
        .merge(jobs::pages())
        .merge(history::pages())
        .merge(recovery::pages())
        .merge(roles::pages())
        .merge(tokens::pages())
}

/// The OpenAPI 3.1 document.
pub fn document() -> utoipa::openapi::OpenApi {
    openapi::complete(operations().into_openapi())
}

/// The whole server.
pub fn router(app: App) -> Router {
    let (api, _) = operations().split_for_parts();
    let document = document();
    let request_id = HeaderName::from_static("x-request-id");
    Router::new()
        .merge(api)
        .merge(pages())
        .merge(console::assets::routes())
        .merge(reference::routes(&document, &app.settings.base_url()))
        .route(
            "/api/v1/openapi.json",
            get(move || async move { Json(document) }),
        )
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .fallback(nowhere)
        .method_not_allowed_fallback(|| async { method_not_allowed() })
        .layer(middleware::from_fn(console::frame::faces))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            access::recognise,
        ))
        .layer(CsrfLayer::new())
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(CONTENT_POLICY),
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ))
        .layer(CatchPanicLayer::custom(
            |_: Box<dyn std::any::Any + Send>| {
                Error::internal("a handler panicked").into_response()
            },
        ))
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(RequestBodyLimitLayer::new(UPLOAD_BYTES))
        .layer(TimeoutLayer::with_status_code(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            std::time::Duration::from_secs(REQUEST_SECONDS),
        ))
        .layer(CompressionLayer::new())
        .with_state(app)
}

/// An address that leads nowhere: a problem for programs, a page for people.
async fn nowhere(uri: axum::http::Uri) -> axum::response::Response {
    let error = Error::not_found();
    match uri.path().starts_with("/api/") {
        true => error.into_response(),
        false => console::frame::Refused(error).into_response(),
    }
}

/// Ready means that the book can be read.
async fn ready(
    axum::extract::State(app): axum::extract::State<App>,
) -> Result<&'static str, Error> {
    app.read(|mut tx| Box::pin(async move { Ok(crate::scope::tree::root(&mut tx).await?) }))
        .await?;
    Ok("ready\n")
}

fn method_not_allowed() -> (axum::http::StatusCode, Error) {
    let error = Error::new(
        crate::error::Kind::Malformed,
        "method.not_allowed",
        "This address does not take that method.",
    );
    (axum::http::StatusCode::METHOD_NOT_ALLOWED, error)
}
