//! HTTP of the customer record: one call into its use case each.

use axum::extract::State;
use base::{Error, Page};
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query};
use platform::{Caller, Platform};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app;
use crate::model::{CustomerDetail, CustomerId, CustomerRow, Facets};

/// The routes of this room, below `/api/v1`.
pub fn router() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(facets))
        .routes(routes!(get))
        .merge(crate::identities::api::router())
}

/// A page of customers.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerPage {
    /// The customers.
    items: Vec<CustomerRow>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Search {
    q: Option<String>,
}

/// Customers by external id. With `q` those that it finds, the likeliest first, at most 1,000: who is known by it
/// (phone number, card …), whose name it is or begins with it, whose external id begins with it, whose phone
/// number ends with it, whose name has it inside, is read so in pinyin or has these initials.
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

/// Everything about one customer.
#[utoipa::path(get, path = "/customers/{id}", tag = "customers", params(("id" = Uuid, Path)),
    responses((status = 200, body = CustomerDetail),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
async fn get(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CustomerDetail>, Problem> {
    let id: CustomerId = id.parse().map_err(|_| Error::NotFound { what: "customer" })?;
    Ok(Json(app::get(&platform, &caller, id).await?))
}
