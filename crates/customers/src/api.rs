//! HTTP of the customer record: one call into its use case each.

mod consents;
mod duplicates;
mod edit;
pub(crate) mod erasure;
mod life_events;
mod merges;
mod record;

use std::str::FromStr;

use axum::Extension;
use axum::extract::State;
use base::{Error, Page, Result as Outcome};
use platform::events::api::EventPage;
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query, Versioned};
use platform::{Caller, Platform};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app;
use crate::model::{CustomerDetail, CustomerId, Facets, FoundCustomer};
use crate::references::References;

/// The routes of this room, below `/api/v1`, apart from the page made of every room's parts
/// (`overview::api`). The references are those of all rooms. Whoever serves them layers an [`axum::Extension`] of
/// [`crate::panels::PanelRoom`] around them.
pub fn router(references: References) -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list, edit::create))
        .routes(routes!(facets))
        .routes(routes!(get, edit::change))
        .routes(routes!(timeline))
        .routes(routes!(edit::contacts, edit::add_contact))
        .routes(routes!(edit::change_contact))
        .routes(routes!(edit::subscriptions, edit::add_subscription))
        .routes(routes!(edit::change_subscription))
        .routes(routes!(edit::reveal_subscription))
        .routes(routes!(consents::list, consents::add))
        .routes(routes!(consents::may_contact))
        .routes(routes!(consents::preferences, consents::prefer))
        .routes(routes!(consents::policy, consents::decide))
        .routes(routes!(life_events::list, life_events::add))
        .routes(routes!(life_events::change, life_events::remove))
        .routes(routes!(record::tags, record::change_tags))
        .routes(routes!(record::notes, record::write_note))
        .routes(routes!(record::change_note, record::remove_note))
        .routes(routes!(record::schema, record::decide))
        .routes(routes!(record::custom_fields, record::change_custom_fields))
        .routes(routes!(record::completeness))
        .routes(routes!(duplicates::list))
        .routes(routes!(duplicates::search))
        .routes(routes!(duplicates::search_one))
        .routes(routes!(duplicates::dismiss))
        .routes(routes!(duplicates::reopen))
        .routes(routes!(merges::list, merges::create))
        .routes(routes!(merges::preview))
        .routes(routes!(merges::undo))
        .merge(crate::attachments::api::router())
        .merge(crate::identities::api::router())
        .merge(crate::panels::api::router())
        .layer(Extension(references))
}

/// The customer a path names. What is no id names nobody.
pub(crate) fn customer_id(id: &str) -> Outcome<CustomerId> {
    part_id("customer", id)
}

/// A thing of a customer that a path names.
pub(crate) fn part_id<Id: FromStr>(what: &'static str, id: &str) -> Outcome<Id> {
    id.parse().map_err(|_| Error::NotFound { what })
}

/// A page of customers.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerPage {
    /// The customers.
    items: Vec<FoundCustomer>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Search {
    q: Option<String>,
}

#[derive(Deserialize)]
struct OnlyKind {
    kind: Option<String>,
}

/// Customers by external id. With `q` those that it finds, the likeliest first, at most 1,000: who is known by it
/// (phone number, card …), whose name it is or begins with it, whose external id begins with it, whose phone
/// number ends with it, whose name has it inside, is read so in pinyin or has these initials, and after them who has
/// a tag with it inside, which `tag` says.
#[utoipa::path(get, path = "/customers", tag = "customers",
    params(("q" = Option<String>, Query), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = CustomerPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    paging: Paging,
    Query(search): Query<Search>,
) -> Result<Json<CustomerPage>, Problem> {
    let Page { items, next_cursor } = app::list(
        &platform,
        &caller,
        search.q.as_deref(),
        paging.size,
        paging.cursor.as_deref(),
    )
    .await?;
    Ok(Json(CustomerPage { items, next_cursor }))
}

/// The brands, regions and segments there are.
#[utoipa::path(get, path = "/customers/facets", tag = "customers",
    responses((status = 200, body = Facets),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn facets(State(platform): State<Platform>, caller: Caller) -> Result<Json<Facets>, Problem> {
    Ok(Json(app::facets(&platform, &caller).await?))
}

/// Everything about one customer; the id of one that was merged gives the survivor, whose own id is in the answer.
#[utoipa::path(get, path = "/customers/{id}", tag = "customers", params(("id" = Uuid, Path)),
    responses((status = 200, body = CustomerDetail),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn get(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<CustomerDetail>, Problem> {
    let detail = app::get(&platform, &caller, customer_id(&id)?).await?;
    Ok(Versioned {
        version: detail.version,
        body: detail,
    })
}

/// What happened to one customer and to those merged into it, from every part of the system, newest first.
#[utoipa::path(get, path = "/customers/{id}/timeline", tag = "customers",
    params(("id" = Uuid, Path), ("kind" = Option<String>, Query, description = "Only events of this kind"),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = EventPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn timeline(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
    Query(only): Query<OnlyKind>,
) -> Result<Json<EventPage>, Problem> {
    let id = customer_id(&id)?;
    let cursor = paging.cursor.as_deref();
    let page = app::timeline(&platform, &caller, id, only.kind, paging.size, cursor).await?;
    Ok(Json(page.into()))
}
