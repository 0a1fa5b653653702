//! What partners are owed.

use axum::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base::Page;
use platform::Caller;
use platform::http::{Json, Paging, Path, Problem, ProblemBody, attachment};
use serde::Serialize;
use utoipa::ToSchema;

use super::named;
use crate::app::{TiersRoom, settlement};
use crate::model::{SettlementLine, Statement};

/// A page of closed statements.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatementPage {
    /// The newest first.
    items: Vec<Statement>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// A page of a statement's lines.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettlementLinePage {
    /// The oldest first.
    items: Vec<SettlementLine>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// A partner's closed statements, the newest first.
#[utoipa::path(get, path = "/tiers/partners/{id}/statements", tag = "tiers", operation_id = "partner_statements",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = StatementPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<StatementPage>, Problem> {
    let partner = named("partner", &id)?;
    let cursor = paging.cursor.as_deref();
    let page = settlement::list(&room, &caller, partner, paging.size, cursor).await?;
    let Page { items, next_cursor } = page;
    Ok(Json(StatementPage { items, next_cursor }))
}

/// A partner's statement for a month such as `2026-03`: closed, or as it stands.
#[utoipa::path(get, path = "/tiers/partners/{id}/statements/{month}", tag = "tiers",
    operation_id = "partner_statement", params(("id" = Uuid, Path), ("month" = String, Path)),
    responses((status = 200, body = Statement),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_month(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path((id, month)): Path<(String, String)>,
) -> Result<Json<Statement>, Problem> {
    let partner = named("partner", &id)?;
    Ok(Json(settlement::of_month(&room, &caller, partner, &month).await?))
}

/// The lines of a month's statement, the oldest first.
#[utoipa::path(get, path = "/tiers/partners/{id}/statements/{month}/lines", tag = "tiers",
    operation_id = "partner_statement_lines", params(("id" = Uuid, Path), ("month" = String, Path),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = SettlementLinePage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn lines(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path((id, month)): Path<(String, String)>,
    paging: Paging,
) -> Result<Json<SettlementLinePage>, Problem> {
    let of = (named("partner", &id)?, month.as_str());
    let cursor = paging.cursor.as_deref();
    let Page { items, next_cursor } = settlement::lines(&room, &caller, of, paging.size, cursor).await?;
    Ok(Json(SettlementLinePage { items, next_cursor }))
}

/// A month's statement as a CSV file.
#[utoipa::path(get, path = "/tiers/partners/{id}/statements/{month}/file", tag = "tiers",
    operation_id = "partner_statement_file", params(("id" = Uuid, Path), ("month" = String, Path)),
    responses((status = 200, body = String, content_type = "text/csv"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn file(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path((id, month)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let of = (named("partner", &id)?, month.as_str());
    let (name, text) = settlement::csv(&room, &caller, of).await?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(header::CONTENT_DISPOSITION, attachment(&name));
    Ok(response)
}

/// Closes a month that is over: nothing changes its statement from then on. Needs `tiers.benefits`.
#[utoipa::path(post, path = "/tiers/partners/{id}/statements/{month}/close", tag = "tiers",
    operation_id = "partner_statement_close", params(("id" = Uuid, Path), ("month" = String, Path)),
    responses((status = 200, body = Statement),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn close(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path((id, month)): Path<(String, String)>,
) -> Result<Json<Statement>, Problem> {
    let partner = named("partner", &id)?;
    Ok(Json(settlement::close(&room, &caller, partner, &month).await?))
}
