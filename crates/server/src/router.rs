//! Every route in one table, with its document.

use axum::extract::{DefaultBodyLimit, Extension};
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base::Error;
use platform::Platform;
use platform::http::Problem;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use crate::events::Listeners;
use crate::metrics::Metrics;
use crate::proxies::Network;
use crate::serve::{Rooms, imports, overview_parts, record_parts, references};
use crate::session::TrustedProxies;
use crate::{
    console, events, health, jobs, layers, member_session, metrics, provider_sign_in, session, setup,
};

/// The endpoints of the document that need no session of a user, as `METHOD path`.
pub const PUBLIC: [&str; 10] = [
    "POST /api/v1/session",
    "DELETE /api/v1/session",
    "GET /api/v1/session/providers",
    "POST /api/v1/session/providers/{id}",
    "GET /api/v1/session/callback",
    // Of a customer's own page, which has a session of its own.
    "POST /api/v1/member/session",
    "DELETE /api/v1/member/session",
    "GET /api/v1/member/overview",
    "POST /api/v1/member/codes",
    "POST /api/v1/member/codes/{id}/cancel",
];

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Patron",
    description = "Know what every customer is worth, and keep the ones who matter.\n\n\
        Sign in with `POST /api/v1/session`; the session is a cookie. Programs send an API key as \
        `Authorization: Bearer`. Lists come in pages: give `next_cursor` \
        as `cursor` until it is null. Errors are `application/problem+json` with a stable `code`. A `POST` with \
        an `Idempotency-Key` is carried out once.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Document;

/// The rooms' routes, below `/api/v1`.
fn api() -> OpenApiRouter<Platform> {
    let rooms = OpenApiRouter::new()
        .merge(session::router())
        .merge(provider_sign_in::router())
        .merge(member_session::router())
        .merge(setup::router())
        .merge(jobs::router())
        .merge(events::router())
        .merge(platform::events::api::router())
        .merge(platform::webhooks::api::router())
        .merge(platform::access::api::router())
        .merge(platform::access::single_sign_on::api::router())
        .merge(platform::imports::api::router(imports()))
        .merge(platform::exports::api::router())
        .merge(customers::api::router(references()))
        .merge(customers::everything::api::router(record_parts()))
        .merge(customers::overview::api::router(&overview_parts()))
        .merge(value::api::router())
        .merge(tiers::api::router());
    OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", rooms)
}

/// The OpenAPI document, as it is committed: pretty, with a line end.
pub fn openapi() -> String {
    let document = api().split_for_parts().1;
    // A document made of literals and derived schemas has nothing in it that cannot be JSON.
    document
        .to_pretty_json()
        .map(|json| json + "\n")
        .unwrap_or_default()
}

/// The whole service.
pub(crate) fn router(rooms: Rooms, trusted: &[Network], stop: CancellationToken) -> axum::Router {
    let (api, _) = api().split_for_parts();
    let platform = &rooms.platform;
    let around = |p: &Platform| p.clone();
    api.route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::metrics))
        .route("/api/v1/openapi.json", get(|| async { ([(header::CONTENT_TYPE, "application/json")], openapi()) }))
        .fallback(console::fallback)
        .method_not_allowed_fallback(method_not_allowed)
        // The last layer is the outermost: it sees a request first and its answer last.
        .layer(from_fn_with_state(around(platform), layers::idempotent))
        .layer(DefaultBodyLimit::max(layers::BODY_BYTES_MAX))
        .layer(from_fn_with_state(around(platform), layers::same_origin))
        .layer(from_fn(layers::deadline))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(from_fn(metrics::count))
        .layer(Extension(Metrics::default()))
        .layer(Extension(Listeners::new(stop)))
        .layer(Extension(TrustedProxies(trusted.into())))
        .layer(Extension(rooms.exports()))
        .layer(Extension(rooms.value.clone()))
        .layer(Extension(rooms.tiers.clone()))
        .layer(Extension(rooms.panels.clone()))
        .layer(Extension(rooms.providers.clone()))
        .layer(Extension(rooms.overview.clone()))
        .layer(from_fn_with_state(around(platform), layers::security_headers))
        .layer(from_fn_with_state(around(platform), layers::request_id))
        .with_state(platform.clone())
}

async fn method_not_allowed() -> Response {
    let problem = Problem(Error::invalid(
        "method_not_allowed",
        "this endpoint knows no such method",
    ));
    problem.into_response()
}

/// What is compressed already gains nothing.
fn worth_compressing() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("application/zip"))
}

/// A bug in one request is that request's end and nobody else's.
fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|said| (*said).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Problem(Error::internal(format!("panic: {said}"))).into_response()
}
