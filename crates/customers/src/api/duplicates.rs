//! The queue of customers who may be one.

use axum::extract::State;
use axum::http::StatusCode;
use base::Page;
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query};
use platform::jobs::Job;
use platform::{Caller, Platform};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{customer_id, part_id};
use crate::app::duplicates;
use crate::model::{Duplicate, DuplicateState, PairFilter};

/// A page of pairs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DuplicatePage {
    /// The pairs.
    items: Vec<Duplicate>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

impl From<Page<Duplicate>> for DuplicatePage {
    fn from(page: Page<Duplicate>) -> Self {
        Self {
            items: page.items,
            next_cursor: page.next_cursor,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    state: Option<String>,
    certain: Option<bool>,
    customer: Option<String>,
}

/// Pairs of customers who may be one: those nobody has decided on yet, unless another state is asked for. What
/// is certain comes first, then the likeliest; with `certain` only what is (`true`), or only what is likely (`false`).
#[utoipa::path(get, path = "/duplicates", tag = "customers", operation_id = "duplicates_list",
    params(("state" = Option<DuplicateState>, Query), ("certain" = Option<bool>, Query), ("customer" = Option<Uuid>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = DuplicatePage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    paging: Paging,
    Query(wanted): Query<Wanted>,
) -> Result<Json<DuplicatePage>, Problem> {
    let state = wanted.state.as_deref().map(str::parse).transpose()?;
    let customer = wanted.customer.as_deref().map(customer_id).transpose()?;
    let wanted = PairFilter {
        state: state.unwrap_or_default(),
        certain: wanted.certain,
        customer,
    };
    let page = duplicates::list(&platform, &caller, wanted, paging.size, paging.cursor.as_deref()).await?;
    Ok(Json(page.into()))
}

/// Looks through all customers for pairs that may be one, as a job. Needs `customers.write`.
#[utoipa::path(post, path = "/duplicates/search", tag = "customers", operation_id = "duplicates_search",
    responses((status = 202, body = Job),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn search(
    State(platform): State<Platform>,
    caller: Caller,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let job = duplicates::search_all(&platform, &caller).await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Looks for customers who may be the same as this one, now, and gives the first of the open pairs it is in.
/// Needs `customers.write`.
#[utoipa::path(post, path = "/customers/{id}/duplicates/search", tag = "customers",
    operation_id = "customer_duplicates_search",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = DuplicatePage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn search_one(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<DuplicatePage>, Problem> {
    let page = duplicates::search_one(&platform, &caller, customer_id(&id)?, paging.size).await?;
    Ok(Json(page.into()))
}

/// Decides that two customers are two; they are not offered again. Needs `customers.write`.
#[utoipa::path(post, path = "/duplicates/{id}/dismiss", tag = "customers", operation_id = "duplicate_dismiss",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Duplicate),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn dismiss(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Duplicate>, Problem> {
    let id = part_id("duplicate", &id)?;
    Ok(Json(duplicates::dismiss(&platform, &caller, id).await?))
}

/// Takes back that two customers are two. Needs `customers.write`.
#[utoipa::path(post, path = "/duplicates/{id}/reopen", tag = "customers", operation_id = "duplicate_reopen",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Duplicate),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reopen(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Duplicate>, Problem> {
    let id = part_id("duplicate", &id)?;
    Ok(Json(duplicates::reopen(&platform, &caller, id).await?))
}
