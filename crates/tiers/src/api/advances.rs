//! Advance refunds: claims, payments, recoveries, what is given up, and how old is what is outstanding.

use axum::Extension;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Day, Page};
use platform::Caller;
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query, attachment};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::named;
use crate::app::TiersRoom;
use crate::app::advances::{self, Settling};
use crate::model::{
    Advance, AdvanceDecision, AdvanceEntry, AdvanceLimits, AdvanceState, Ageing, Claim, PayoutMethod,
};
use crate::rules;
use crate::store::advances::Filter;

/// An advance with the decision on it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdvanceShown {
    /// As it stands.
    #[serde(flatten)]
    advance: Advance,
    /// Whether it was granted, and why.
    decision: AdvanceDecision,
}

impl From<Advance> for AdvanceShown {
    fn from(advance: Advance) -> Self {
        Self {
            decision: rules::advances::replay(&advance),
            advance,
        }
    }
}

/// A page of advances.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdvancePage {
    /// The newest first.
    items: Vec<AdvanceShown>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// How a customer stands with advances.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdvancesOfCustomer {
    /// Up to which refunds are advanced; null where its levels advance nothing.
    limits: Option<AdvanceLimits>,
    /// What is outstanding, minor units.
    outstanding_minor: i64,
    /// The firm's currency.
    currency: String,
    /// Its claims, the newest first.
    items: Vec<AdvanceShown>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// An advance with everything that happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdvanceExplained {
    /// As it stands.
    #[serde(flatten)]
    advance: Advance,
    /// Whether it was granted, and why.
    decision: AdvanceDecision,
    /// The oldest first.
    entries: Vec<AdvanceEntry>,
}

/// All advances by currency, and how old is what is outstanding.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgeingReport {
    /// The day.
    #[schema(value_type = String, format = Date)]
    as_of: Day,
    /// By currency.
    items: Vec<Ageing>,
}

/// How a customer was paid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdvancePaid {
    /// How.
    method: PayoutMethod,
    /// What the payment goes by, 1 to 100 characters.
    reference: String,
}

/// What a merchant gave back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdvanceRecovery {
    /// How much, minor units.
    amount_minor: i64,
    /// What the merchant's payment goes by, 1 to 100 characters.
    reference: String,
    /// The caller's own key of this request, 1 to 100 characters: the same again changes nothing.
    key: String,
}

/// What is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdvanceWriteOff {
    /// How much, minor units.
    amount_minor: i64,
    /// Why, 1 to 500 characters.
    reason: String,
    /// The caller's own key of this request, 1 to 100 characters: the same again changes nothing.
    key: String,
}

/// Why an advance is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdvanceCancelled {
    /// 1 to 500 characters.
    reason: String,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    state: Option<String>,
    #[serde(default)]
    open: bool,
}

/// A customer's limits, what is outstanding, and its claims.
#[utoipa::path(get, path = "/customers/{id}/advances", tag = "tiers", operation_id = "customer_advances",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = AdvancesOfCustomer),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_customer(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<AdvancesOfCustomer>, Problem> {
    let customer = named("customer", &id)?;
    let cursor = paging.cursor.as_deref();
    let of = advances::of_customer(&room, &caller, customer, paging.size, cursor).await?;
    let Page { items, next_cursor } = of.page.map(Into::into);
    Ok(Json(AdvancesOfCustomer {
        limits: of.limits,
        outstanding_minor: of.outstanding_minor,
        currency: of.currency,
        items,
        next_cursor,
    }))
}

/// Claims an advance refund for a customer; it is decided on at once. Needs `tiers.advances`.
#[utoipa::path(post, path = "/customers/{id}/advances", tag = "tiers", operation_id = "advance_claim",
    request_body = Claim, params(("id" = Uuid, Path)),
    responses((status = 201, body = AdvanceShown),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn claim(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(claim): Json<Claim>,
) -> Result<(StatusCode, Json<AdvanceShown>), Problem> {
    let advance = advances::claim(&room, &caller, named("customer", &id)?, &claim).await?;
    Ok((StatusCode::CREATED, Json(advance.into())))
}

/// Advances of the customers one sees, the newest first.
#[utoipa::path(get, path = "/tiers/advances", tag = "tiers", operation_id = "advances_list",
    params(("state" = Option<AdvanceState>, Query), ("open" = Option<bool>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = AdvancePage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<Json<AdvancePage>, Problem> {
    let filter = Filter {
        customers: None,
        state: asked.state.as_deref().map(str::parse).transpose()?,
        open: asked.open,
    };
    let cursor = paging.cursor.as_deref();
    let page = advances::list(&room, &caller, &filter, paging.size, cursor).await?;
    let Page { items, next_cursor } = page.map(Into::into);
    Ok(Json(AdvancePage { items, next_cursor }))
}

/// All advances of the customers one sees, by currency, and how old is what is outstanding.
#[utoipa::path(get, path = "/tiers/advances/ageing", tag = "tiers", operation_id = "advances_ageing",
    responses((status = 200, body = AgeingReport),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn ageing(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
) -> Result<Json<AgeingReport>, Problem> {
    let (as_of, items) = advances::ageing(&room, &caller).await?;
    Ok(Json(AgeingReport { as_of, items }))
}

/// The advances of which something is outstanding, as a CSV file.
#[utoipa::path(get, path = "/tiers/advances/ageing/file", tag = "tiers", operation_id = "advances_ageing_file",
    responses((status = 200, body = String, content_type = "text/csv"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn file(Extension(room): Extension<TiersRoom>, caller: Caller) -> Result<Response, Problem> {
    let (name, text) = advances::csv(&room, &caller).await?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(header::CONTENT_DISPOSITION, attachment(&name));
    Ok(response)
}

/// An advance with the decision on it and everything that happened to it.
#[utoipa::path(get, path = "/tiers/advances/{id}", tag = "tiers", operation_id = "advance_get",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = AdvanceExplained),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn get(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AdvanceExplained>, Problem> {
    let advances::Explained {
        advance,
        decision,
        entries,
    } = advances::get(&room, &caller, named("advance", &id)?).await?;
    Ok(Json(AdvanceExplained {
        advance,
        decision,
        entries,
    }))
}

/// Takes back an advance of which the customer was not paid. Needs `tiers.advances`.
#[utoipa::path(post, path = "/tiers/advances/{id}/cancel", tag = "tiers", operation_id = "advance_cancel",
    request_body = AdvanceCancelled, params(("id" = Uuid, Path)),
    responses((status = 200, body = AdvanceShown),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn cancel(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<AdvanceCancelled>,
) -> Result<Json<AdvanceShown>, Problem> {
    let id = named("advance", &id)?;
    let advance = advances::cancel(&room, &caller, id, &said.reason).await?;
    Ok(Json(advance.into()))
}

/// Records that the customer was paid. Needs `tiers.advances`.
#[utoipa::path(post, path = "/tiers/advances/{id}/payout", tag = "tiers", operation_id = "advance_payout",
    request_body = AdvancePaid, params(("id" = Uuid, Path)),
    responses((status = 200, body = AdvanceShown),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn pay_out(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(paid): Json<AdvancePaid>,
) -> Result<Json<AdvanceShown>, Problem> {
    let id = named("advance", &id)?;
    let advance = advances::pay_out(&room, &caller, id, (paid.method, paid.reference)).await?;
    Ok(Json(advance.into()))
}

/// Records what the merchant gave back. Needs `tiers.advances`.
#[utoipa::path(post, path = "/tiers/advances/{id}/recoveries", tag = "tiers", operation_id = "advance_recover",
    request_body = AdvanceRecovery, params(("id" = Uuid, Path)),
    responses((status = 200, body = AdvanceShown),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn recover(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(recovery): Json<AdvanceRecovery>,
) -> Result<Json<AdvanceShown>, Problem> {
    let what = Settling {
        amount_minor: recovery.amount_minor,
        said: recovery.reference,
        key: recovery.key,
    };
    let advance = advances::recover(&room, &caller, named("advance", &id)?, what).await?;
    Ok(Json(advance.into()))
}

/// Gives up what is outstanding, or some of it; not by who claimed it. Needs `tiers.write_off`.
#[utoipa::path(post, path = "/tiers/advances/{id}/write-off", tag = "tiers", operation_id = "advance_write_off",
    request_body = AdvanceWriteOff, params(("id" = Uuid, Path)),
    responses((status = 200, body = AdvanceShown),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn write_off(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(given_up): Json<AdvanceWriteOff>,
) -> Result<Json<AdvanceShown>, Problem> {
    let what = Settling {
        amount_minor: given_up.amount_minor,
        said: given_up.reason,
        key: given_up.key,
    };
    let advance = advances::write_off(&room, &caller, named("advance", &id)?, what).await?;
    Ok(Json(advance.into()))
}
