//! HTTP of the audit: one call into its use case.

use axum::extract::State;
use base::{Error, Page};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::log::Actor;
use super::read::{self, EventFilter, EventRow};
use crate::access::Caller;
use crate::http::{Json, Paging, Problem, ProblemBody, Query};
use crate::state::Platform;

/// The routes of the audit, below `/api/v1`.
pub fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(audit))
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// The events, newest first.
    items: Vec<EventRow>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

impl From<Page<EventRow>> for EventPage {
    fn from(page: Page<EventRow>) -> Self {
        Self {
            items: page.items,
            next_cursor: page.next_cursor,
        }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// A user's id, or `system` for what the program did by itself.
    actor: Option<String>,
    /// What happened, such as `user.added`.
    kind: Option<String>,
    /// The kind of thing it happened to, such as `user`.
    subject_kind: Option<String>,
    /// The thing.
    #[param(value_type = Option<Uuid>)]
    subject: Option<String>,
    /// From this time on (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
}

impl Filter {
    fn checked(self) -> Result<EventFilter, Error> {
        let actor = match self.actor.as_deref() {
            None => None,
            Some("system") => Some(Actor::System),
            Some(user) => Some(Actor::User(id("actor", user)?)),
        };
        Ok(EventFilter {
            actor,
            kind: self.kind,
            subject_kind: self.subject_kind,
            subject: self.subject.map(|text| id("subject", &text)).transpose()?,
            customers: Vec::new(),
            from: self.from.map(|text| time("from", &text)).transpose()?,
            until: self.until.map(|text| time("until", &text)).transpose()?,
        })
    }
}

fn id(field: &str, text: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(text).map_err(|_| Error::invalid("id_malformed", "this is not an id").at(field))
}

fn time(field: &str, text: &str) -> Result<Timestamp, Error> {
    text.parse().map_err(|_| {
        Error::invalid(
            "time_malformed",
            "a time is written like 2026-01-31T08:00:00Z (RFC 3339)",
        )
        .at(field)
    })
}

/// What happened in the whole firm, newest first. For administrators.
#[utoipa::path(get, path = "/audit", tag = "audit",
    params(Filter, ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = EventPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn audit(
    State(platform): State<Platform>,
    caller: Caller,
    Query(filter): Query<Filter>,
    paging: Paging,
) -> Result<Json<EventPage>, Problem> {
    let cursor = paging.cursor.as_deref();
    let page = read::audit(&platform, &caller, &filter.checked()?, paging.size, cursor).await?;
    Ok(Json(page.into()))
}
