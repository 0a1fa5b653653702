//! The days of a customer's life and when they come round.

use axum::extract::State;
use axum::http::StatusCode;
use base::{Day, Result as Outcome};
use platform::http::{IfMatch, Json, Path, Problem, ProblemBody, Query, Versioned};
use platform::{Caller, Platform};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{customer_id, part_id};
use crate::app::life_events;
use crate::model::{LifeEvent, LifeEventFacts};
use crate::rules::life_event::Occurrence;

/// A day of a customer's life, and when it comes round.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RememberedBody {
    /// What is remembered.
    #[serde(flatten)]
    event: LifeEvent,
    /// The days within the span that was asked about.
    occurrences: Vec<Occurrence>,
}

/// The days of a customer's life, at most 50.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LifeEvents {
    /// In the order in which they were said.
    items: Vec<RememberedBody>,
}

#[derive(Deserialize)]
pub(super) struct Span {
    from: Option<String>,
    until: Option<String>,
}

fn day(field: &str, text: Option<&str>) -> Outcome<Option<Day>> {
    text.map(|text| Day::parse(text).map_err(|e| e.at(field)))
        .transpose()
}

fn versioned(event: LifeEvent) -> Versioned<LifeEvent> {
    Versioned {
        version: event.version,
        body: event,
    }
}

/// The days of a customer's life, and when they come round from a day (today unless said) to another (400
/// days later unless said). A day that a year does not have comes on the last one before it.
#[utoipa::path(get, path = "/customers/{id}/life-events", tag = "customers", operation_id = "life_events_list",
    params(("id" = Uuid, Path), ("from" = Option<String>, Query), ("until" = Option<String>, Query)),
    responses((status = 200, body = LifeEvents),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Query(span): Query<Span>,
) -> Result<Json<LifeEvents>, Problem> {
    let span = (
        day("from", span.from.as_deref())?,
        day("until", span.until.as_deref())?,
    );
    let found = life_events::list(&platform, &caller, customer_id(&id)?, span).await?;
    let items = found
        .into_iter()
        .map(|(event, occurrences)| RememberedBody { event, occurrences })
        .collect();
    Ok(Json(LifeEvents { items }))
}

/// Adds a day of a customer's life. Needs `customers.write`.
#[utoipa::path(post, path = "/customers/{id}/life-events", tag = "customers", operation_id = "life_event_add",
    request_body = LifeEventFacts, params(("id" = Uuid, Path)),
    responses((status = 201, body = LifeEvent),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<LifeEventFacts>,
) -> Result<(StatusCode, Versioned<LifeEvent>), Problem> {
    let added = life_events::add(&platform, &caller, customer_id(&id)?, said).await?;
    Ok((StatusCode::CREATED, versioned(added)))
}

/// Says anew what a day of a customer's life is. Needs `customers.write`.
#[utoipa::path(put, path = "/customers/{id}/life-events/{life_event_id}", tag = "customers",
    operation_id = "life_event_change", request_body = LifeEventFacts,
    params(("id" = Uuid, Path), ("life_event_id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the version this is based on")),
    responses((status = 200, body = LifeEvent),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, event)): Path<(String, String)>,
    IfMatch(expected): IfMatch,
    Json(said): Json<LifeEventFacts>,
) -> Result<Versioned<LifeEvent>, Problem> {
    let which = (customer_id(&id)?, part_id("life event", &event)?);
    Ok(versioned(
        life_events::change(&platform, &caller, which, expected, said).await?,
    ))
}

/// Takes a day of a customer's life off the record. Needs `customers.write`.
#[utoipa::path(delete, path = "/customers/{id}/life-events/{life_event_id}", tag = "customers",
    operation_id = "life_event_remove",
    params(("id" = Uuid, Path), ("life_event_id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the version this is based on")),
    responses((status = 204),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    State(platform): State<Platform>,
    caller: Caller,
    Path((id, event)): Path<(String, String)>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let which = (customer_id(&id)?, part_id("life event", &event)?);
    life_events::remove(&platform, &caller, which, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
