//! Levels, suspensions and nominations given by hand.

use axum::Extension;
use axum::http::StatusCode;
use base::Page;
use platform::Caller;
use platform::http::{IfMatch, Json, Paging, Path, Problem, ProblemBody, Query, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::named;
use crate::app::{TiersRoom, grants};
use crate::model::{Grant, GrantId, GrantState, NewGrant};
use crate::store::grants::Filter;

/// A page of what was given by hand.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GrantPage {
    /// The soonest to end first.
    items: Vec<Grant>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    programme: Option<String>,
    customer: Option<String>,
    state: Option<String>,
}

fn shown(grant: Grant) -> Versioned<Grant> {
    Versioned {
        version: grant.version,
        body: grant,
    }
}

/// What was given by hand, or asked for, the soonest to end first.
#[utoipa::path(get, path = "/tiers/grants", tag = "tiers", operation_id = "tier_grants_list",
    params(("programme" = Option<Uuid>, Query), ("customer" = Option<Uuid>, Query),
        ("state" = Option<GrantState>, Query), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = GrantPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<Json<GrantPage>, Problem> {
    let filter = Filter {
        programme: asked.programme.as_deref().map(str::parse).transpose()?,
        customer: asked
            .customer
            .as_deref()
            .map(|id| id.parse::<customers::CustomerId>().map(|id| id.uuid()))
            .transpose()?,
        state: asked.state.as_deref().map(str::parse).transpose()?,
    };
    let cursor = paging.cursor.as_deref();
    let Page { items, next_cursor } = grants::list(&room, &caller, filter, paging.size, cursor).await?;
    Ok(Json(GrantPage { items, next_cursor }))
}

/// Asks for something to be given to a customer; a second person agrees to it. Needs `tiers.grant`.
#[utoipa::path(post, path = "/customers/{id}/tiers/grants", tag = "tiers", operation_id = "tier_grant_request",
    request_body = NewGrant, params(("id" = Uuid, Path)),
    responses((status = 201, body = Grant),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn request(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(new): Json<NewGrant>,
) -> Result<(StatusCode, Versioned<Grant>), Problem> {
    let grant = grants::request(&room, &caller, named("customer", &id)?, new).await?;
    Ok((StatusCode::CREATED, shown(grant)))
}

async fn decide(
    room: &TiersRoom,
    caller: &Caller,
    (id, expected): (&str, i64),
    next: GrantState,
) -> Result<Versioned<Grant>, Problem> {
    let id: GrantId = named("level given by hand", id)?;
    Ok(shown(grants::decide(room, caller, id, expected, next).await?))
}

/// Agrees to what someone else asked for. Needs `tiers.grant`.
#[utoipa::path(post, path = "/tiers/grants/{id}/approve", tag = "tiers", operation_id = "tier_grant_approve",
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = Grant),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn approve(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<Versioned<Grant>, Problem> {
    decide(&room, &caller, (&id, expected), GrantState::Approved).await
}

/// Refuses what was asked for. Needs `tiers.grant`.
#[utoipa::path(post, path = "/tiers/grants/{id}/refuse", tag = "tiers", operation_id = "tier_grant_refuse",
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = Grant),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn refuse(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<Versioned<Grant>, Problem> {
    decide(&room, &caller, (&id, expected), GrantState::Refused).await
}

/// Takes back what was given or asked for; the customer has what it earned from then on. Needs `tiers.grant`.
#[utoipa::path(post, path = "/tiers/grants/{id}/revoke", tag = "tiers", operation_id = "tier_grant_revoke",
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = Grant),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn revoke(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<Versioned<Grant>, Problem> {
    decide(&room, &caller, (&id, expected), GrantState::Revoked).await
}
