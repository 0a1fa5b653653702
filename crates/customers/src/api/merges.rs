//! Merging two records of one customer, and undoing it.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use base::{Error, Page};
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query};
use platform::{Caller, Platform};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{customer_id, part_id};
use crate::app::merges;
use crate::model::{CustomerId, Merge, MergeDone, MergePreview, NewMerge};
use crate::references::References;

/// A page of merges.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MergePage {
    /// The merges, the newest first.
    items: Vec<Merge>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct OfCustomer {
    customer: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Two {
    survivor: String,
    merged: String,
}

impl Two {
    fn ids(&self) -> Result<(CustomerId, CustomerId), Error> {
        let id = |field: &str, text: &str| {
            let malformed = |_| Error::invalid("id_malformed", "this is not an id").at(field);
            text.parse().map_err(malformed)
        };
        Ok((id("survivor", &self.survivor)?, id("merged", &self.merged)?))
    }
}

/// What was merged, the newest first; undone merges too.
#[utoipa::path(get, path = "/merges", tag = "customers", operation_id = "merges_list",
    params(("customer" = Option<Uuid>, Query, description = "Only those of this customer, on either side"),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = MergePage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    paging: Paging,
    Query(of): Query<OfCustomer>,
) -> Result<Json<MergePage>, Problem> {
    let customer = of.customer.as_deref().map(customer_id).transpose()?;
    let cursor = paging.cursor.as_deref();
    let Page { items, next_cursor } = merges::list(&platform, &caller, customer, paging.size, cursor).await?;
    Ok(Json(MergePage { items, next_cursor }))
}

/// What merging two customers would do: the fields to be decided on, side by side, and how much moves. Needs
/// `customers.write` and `customers.merge`.
#[utoipa::path(get, path = "/merges/preview", tag = "customers", operation_id = "merge_preview",
    params(("survivor" = Uuid, Query), ("merged" = Uuid, Query)),
    responses((status = 200, body = MergePreview),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn preview(
    State(platform): State<Platform>,
    Extension(references): Extension<References>,
    caller: Caller,
    Query(two): Query<Two>,
) -> Result<Json<MergePreview>, Problem> {
    let two = two.ids()?;
    Ok(Json(merges::preview(&platform, &references, &caller, two).await?))
}

/// Makes two customers one. The survivor's value of a field is kept where nothing else is said, and the other's
/// where the survivor has none. Everything that referred to the merged customer refers to the survivor from then
/// on, and its ids go on resolving. What `later` names takes both for one when it is made the next time: the
/// published value run stays as it is. Needs `customers.write` and `customers.merge`.
#[utoipa::path(post, path = "/merges", tag = "customers", operation_id = "merge_create",
    request_body = NewMerge,
    responses((status = 201, body = MergeDone),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(platform): State<Platform>,
    Extension(references): Extension<References>,
    caller: Caller,
    Json(said): Json<NewMerge>,
) -> Result<(StatusCode, Json<MergeDone>), Problem> {
    let made = merges::merge(&platform, &references, &caller, said).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Makes one customer two again, as they were. What was added since stays with the survivor, what moved goes
/// back as it is now, and a field that someone has changed since stays changed. The latest merge of a survivor is
/// undone first (`merge_not_last`). Needs `customers.write` and `customers.merge`.
#[utoipa::path(post, path = "/merges/{id}/undo", tag = "customers", operation_id = "merge_undo",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = MergeDone),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn undo(
    State(platform): State<Platform>,
    Extension(references): Extension<References>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MergeDone>, Problem> {
    let id = part_id("merge", &id)?;
    Ok(Json(merges::unmerge(&platform, &references, &caller, id).await?))
}
