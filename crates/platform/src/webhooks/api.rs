//! HTTP of webhooks: one call into its use case each.

use axum::extract::State;
use axum::http::StatusCode;
use base::{Error, Page};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app;
use super::model::{
    Delivery, DeliveryId, DeliveryState, Endpoint, EndpointId, EndpointSettings, NewSecret, Replayed,
};
use crate::access::Caller;
use crate::http::{IfMatch, Json, Paging, Path, Problem, ProblemBody, Query, Versioned};
use crate::state::Platform;

/// The routes of webhooks, below `/api/v1`.
pub fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, change, remove))
        .routes(routes!(rotate_secret))
        .routes(routes!(deliveries))
        .routes(routes!(replay))
        .routes(routes!(replay_since))
}

/// A page of endpoints.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpointPage)]
pub struct EndpointPage {
    /// The endpoints, oldest first.
    items: Vec<Endpoint>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryPage)]
pub struct DeliveryPage {
    /// The deliveries, the newest events first.
    items: Vec<Delivery>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// How secrets change over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookRotation)]
pub struct Rotation {
    /// For how many hours the secret before signs too: up to 168; 0 when it has become known.
    #[serde(default = "a_day")]
    both_hours: u32,
}

fn a_day() -> u32 {
    24
}

/// What is sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookReplay)]
pub struct Since {
    /// Every event from this time on (RFC 3339), up to 30 days back.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct OnlyState {
    /// Only deliveries in this state.
    #[param(value_type = Option<DeliveryState>)]
    state: Option<String>,
}

/// Systems that are told of events.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", operation_id = "webhooks_list",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = EndpointPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    paging: Paging,
) -> Result<Json<EndpointPage>, Problem> {
    let Page { items, next_cursor } =
        app::list(&platform, &caller, paging.size, paging.cursor.as_deref()).await?;
    Ok(Json(EndpointPage { items, next_cursor }))
}

/// Adds a system that is told of what happens from now on. The secret is shown this once.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", operation_id = "webhooks_add",
    request_body = EndpointSettings,
    responses((status = 201, body = NewSecret),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn add(
    State(platform): State<Platform>,
    caller: Caller,
    Json(settings): Json<EndpointSettings>,
) -> Result<(StatusCode, Json<NewSecret>), Problem> {
    let added = app::add(&platform, &caller, &settings).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// One system that is told of events.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", operation_id = "webhooks_get",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Endpoint),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn get(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<Endpoint>, Problem> {
    Ok(versioned(app::get(&platform, &caller, endpoint_id(&id)?).await?))
}

/// Changes where and of what a system is told. Switched on again, it is told of what happens from then on;
/// what it missed can be replayed.
#[utoipa::path(put, path = "/webhooks/{id}", tag = "webhooks", operation_id = "webhooks_change",
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version the change is based on")),
    request_body = EndpointSettings,
    responses((status = 200, body = Endpoint),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn change(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(settings): Json<EndpointSettings>,
) -> Result<Versioned<Endpoint>, Problem> {
    let id = endpoint_id(&id)?;
    Ok(versioned(
        app::change(&platform, &caller, id, expected, &settings).await?,
    ))
}

/// Removes a system with its deliveries.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", operation_id = "webhooks_remove",
    params(("id" = Uuid, Path)),
    responses((status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn remove(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app::remove(&platform, &caller, endpoint_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new secret, shown this once; the one before signs too for a while.
#[utoipa::path(post, path = "/webhooks/{id}/rotate-secret", tag = "webhooks", params(("id" = Uuid, Path)),
    request_body = Rotation,
    responses((status = 200, body = NewSecret),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn rotate_secret(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Json(rotation): Json<Rotation>,
) -> Result<Json<NewSecret>, Problem> {
    let id = endpoint_id(&id)?;
    Ok(Json(
        app::rotate_secret(&platform, &caller, id, rotation.both_hours).await?,
    ))
}

/// What a system was told and how it answered last, the newest events first.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = Uuid, Path), OnlyState, ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = DeliveryPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn deliveries(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Query(only): Query<OnlyState>,
    paging: Paging,
) -> Result<Json<DeliveryPage>, Problem> {
    let id = endpoint_id(&id)?;
    let state = only.state.map(|state| state.parse()).transpose()?;
    let cursor = paging.cursor.as_deref();
    let Page { items, next_cursor } =
        app::deliveries(&platform, &caller, id, state, paging.size, cursor).await?;
    Ok(Json(DeliveryPage { items, next_cursor }))
}

/// Sends one delivery again.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery}/replay", tag = "webhooks",
    operation_id = "webhooks_replay",
    params(("id" = Uuid, Path), ("delivery" = Uuid, Path)),
    responses((status = 202, body = Delivery),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn replay(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<(StatusCode, Json<Delivery>), Problem> {
    let missing = |_| Error::NotFound { what: "delivery" };
    let delivery: DeliveryId = delivery.parse().map_err(missing)?;
    let again = app::replay(&platform, &caller, endpoint_id(&id)?, delivery).await?;
    Ok((StatusCode::ACCEPTED, Json(again)))
}

/// Sends everything since a time again, also what was missed while the endpoint was switched off.
#[utoipa::path(post, path = "/webhooks/{id}/replay", tag = "webhooks", operation_id = "webhooks_replay_since",
    params(("id" = Uuid, Path)), request_body = Since,
    responses((status = 202, body = Replayed),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn replay_since(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Json(since): Json<Since>,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let id = endpoint_id(&id)?;
    let replayed = app::replay_since(&platform, &caller, id, since.since).await?;
    Ok((StatusCode::ACCEPTED, Json(replayed)))
}

fn versioned(endpoint: Endpoint) -> Versioned<Endpoint> {
    Versioned {
        version: endpoint.version.into(),
        body: endpoint,
    }
}

fn endpoint_id(text: &str) -> Result<EndpointId, Error> {
    text.parse().map_err(|_| Error::NotFound {
        what: "webhook endpoint",
    })
}
