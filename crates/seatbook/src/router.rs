//! All rooms under one roof.

use std::convert::Infallible;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use tower::{Service, ServiceBuilder};
use tower_http::{
    body::Limited,
    catch_panic::CatchPanicLayer,
    compression::{CompressionBody, CompressionLayer},
    csrf::CsrfLayer,
    limit::RequestBodyLimitLayer,
    set_header::SetResponseHeaderLayer,
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    access, activation, allocations, amendments, api,
    app::App,
    as_of, assignments, billing, calendars, catalog, compositions, configuration, console,
    crossgrades, customers, dispatch, entitlements,
    error::{Error, Kind},
    exports, extensions, fits, history, holders, holdings, imports, invoices, invoicing, jobs,
    licenses, licensing, mail, notices, offboarding, openapi, operations, organizations, overview,
    people, plan_subscriptions, plans, portal, provisioning, reconciliation, recovery, reference,
    renewals, requests, roles, rollouts, sales, statements, subscriptions, tokens, workbooks,
};

/// What a page of ours may load: from here, nothing inline, never in a frame.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// A body, unless its room says otherwise.
const BODY_BYTES: usize = 1024 * 1024;
/// The largest of all: a file to import, and the form around it.
const UPLOAD_BYTES: usize = 33 * 1024 * 1024;

/// Every kind of job that the rooms bring.
pub const KINDS: &[jobs::Kind] = &[
    allocations::commands::KIND,
    imports::applying::KIND,
    history::undoing::KIND,
    dispatch::delivering::KIND,
    rollouts::KINDS[0],
    rollouts::KINDS[1],
    exports::KIND,
];

/// The operations of every room, and their document.
fn api_operations() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(<openapi::Frame as utoipa::OpenApi>::openapi()).nest(
        "/api/v1",
        OpenApiRouter::new()
            .merge(jobs::operations())
            .merge(mail::operations())
            .merge(organizations::operations())
            .merge(people::operations())
            .merge(roles::operations())
            .merge(tokens::operations())
            .merge(catalog::operations())
            .merge(fits::operations())
            .merge(plans::operations())
            .merge(licenses::operations())
            .merge(holdings::operations())
            .merge(activation::operations())
            .merge(sales::operations())
            .merge(dispatch::operations())
            .merge(offboarding::operations())
            .merge(customers::operations())
            .merge(workbooks::operations())
            .merge(calendars::operations())
            .merge(notices::operations())
            .merge(requests::operations())
            .merge(allocations::operations())
            .merge(holders::operations())
            .merge(assignments::operations())
            .merge(extensions::operations())
            .merge(entitlements::operations())
            .merge(subscriptions::operations())
            .merge(plan_subscriptions::operations())
            .merge(crossgrades::operations())
            .merge(renewals::operations())
            .merge(compositions::operations())
            .merge(rollouts::operations())
            .merge(amendments::operations())
            .merge(billing::operations())
            .merge(invoices::operations())
            .merge(imports::operations())
            .merge(history::operations())
            .merge(overview::operations())
            .merge(as_of::operations())
            .merge(statements::operations())
            .merge(reconciliation::operations())
            .merge(exports::operations()),
    )
}

/// The pages of every room. A refusal in them has a face.
fn pages() -> Router<App> {
    Router::new()
        .merge(access::pages())
        .merge(people::pages())
        .merge(organizations::pages())
        .merge(overview::pages())
        .merge(exports::pages())
        .merge(catalog::pages())
        .merge(fits::pages())
        .merge(plans::pages())
        .merge(imports::pages())
        .merge(licensing::pages())
        .merge(holdings::pages())
        .merge(sales::pages())
        .merge(portal::pages())
        .merge(allocations::pages())
        .merge(holders::pages())
        .merge(configuration::pages())
        .merge(subscriptions::pages())
        .merge(renewals::pages())
        .merge(amendments::pages())
        .merge(provisioning::pages())
        .merge(compositions::pages())
        .merge(rollouts::pages())
        .merge(billing::pages())
        .merge(invoicing::pages())
        .merge(dispatch::pages())
        .merge(offboarding::pages())
        .merge(customers::pages())
        .merge(workbooks::pages())
        .merge(calendars::pages())
        .merge(notices::pages())
        .merge(statements::pages())
        .merge(reconciliation::pages())
        .merge(jobs::pages())
        .merge(mail::pages())
        .merge(history::pages())
        .merge(as_of::pages())
        .merge(recovery::pages())
        .merge(roles::pages())
        .merge(tokens::pages())
}

/// The OpenAPI 3.1 document.
pub fn document() -> utoipa::openapi::OpenApi {
    openapi::complete(api_operations().into_openapi())
}

/// The whole server.
pub fn router(app: App) -> impl Door {
    // Before anything is counted.
    let _ = operations::counters::kept();
    let (api, described) = api_operations().split_for_parts();
    let document = openapi::complete(described);
    // Written once: it is long, and anybody may ask for it.
    let text = serde_json::to_vec(&document);
    let text = Bytes::from(text.expect("a document of texts and numbers is JSON"));
    let rooms = Router::new()
        .merge(api)
        .merge(pages())
        .merge(console::assets::routes())
        .merge(reference::routes(&document, &app.settings.base_url()))
        .route(
            "/api/v1/openapi.json",
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], text) }),
        )
        .merge(operations::routes(&app))
        .route_layer(middleware::from_fn(operations::requests::note))
        .fallback(nowhere)
        .method_not_allowed_fallback(|| async { method_not_allowed() })
        .with_state(app.clone());
    layered(rooms, app)
}

/// What takes every request and always has an answer.
pub trait Door:
    Service<Request, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Door for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// What every answer says to browsers.
fn headers() -> [(HeaderName, HeaderValue); 4] {
    [
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
}

/// The layers around all rooms. They stand around the rooms as one service: as layers of a router they would be boxed
/// around each route, and all those boxes cloned for each request, at each layer once more.
fn layered(rooms: Router, app: App) -> impl Door {
    let keeper = access::Doorkeeper::new(app.clone());
    let [referrer, kinds, policy, cache] = headers();
    // Outermost first.
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(
            operations::requests::Places::new(app.settings.bounds),
            operations::requests::observe,
        ))
        .map_response(|response: Response<CompressionBody<Body>>| response.map(Body::new))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(dress))
        .layer(RequestBodyLimitLayer::new(UPLOAD_BYTES))
        .map_request(|request: axum::http::Request<Limited<Body>>| request.map(Body::new))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(CatchPanicLayer::custom(
            |_: Box<dyn std::any::Any + Send>| {
                Error::internal("a handler panicked").into_response()
            },
        ))
        .layer(SetResponseHeaderLayer::overriding(referrer.0, referrer.1))
        .layer(SetResponseHeaderLayer::overriding(kinds.0, kinds.1))
        .layer(SetResponseHeaderLayer::if_not_present(policy.0, policy.1))
        .layer(SetResponseHeaderLayer::if_not_present(cache.0, cache.1))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn_with_state(
            keeper.clone(),
            access::recognise,
        ))
        .layer(middleware::from_fn(console::frame::faces))
        .layer(middleware::from_fn(legible))
        .service(rooms);
    entitlements::Express::new((app, keeper), headers().to_vec(), layers)
}

/// An address that leads nowhere: a problem for programs, a page for people.
async fn nowhere(uri: Uri) -> Response {
    refused(&uri, Error::not_found())
}

fn refused(uri: &Uri, error: Error) -> Response {
    match uri.path().starts_with("/api/") {
        true => error.into_response(),
        false => console::frame::Refused(error).into_response(),
    }
}

/// Refuses an address with a zero byte in it before anybody looks for it.
async fn legible(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if uri.path().contains("%00") {
        return refused(uri, Error::not_found());
    }
    let query = uri.query().filter(|query| query.contains("%00"));
    let pairs = console::form::pairs(query);
    let texts = pairs.iter().map(|(name, value)| (&**name, &**value));
    match api::pair_with_zero_byte(texts) {
        Some(name) => refused(uri, api::zero_byte(name)),
        None => next.run(request).await,
    }
}

fn method_not_allowed() -> Error {
    let message = "This address does not take that method.";
    Error::new(Kind::NotAllowed, "method.not_allowed", message)
}

/// Gives the refusals of the layers below (cross-site, no form, too large) the form of all others.
async fn dress(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let told = response.headers().get(header::CONTENT_TYPE);
    let plain = told.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let error = match response.status().as_u16() {
        403 if plain => Error::new(
            Kind::Forbidden,
            "cross_site",
            "This request came from another site.",
        ),
        400 if plain => Error::new(
            Kind::Malformed,
            "body.malformed",
            "The body cannot be read: a form with a file is multipart/form-data and names its boundary.",
        ),
        413 if plain => Error::new(
            Kind::TooLarge,
            "body.too_large",
            "The body is larger than it may be.",
        ),
        _ => return response,
    };
    error.into_response()
}
