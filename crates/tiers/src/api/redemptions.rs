//! Uses of what customers have: set aside with a code, used at once, given back; and by code, by partners.

use axum::Extension;
use axum::http::StatusCode;
use base::Page;
use jiff::Timestamp;
use platform::Caller;
use platform::http::{Json, NoStore, Paging, Path, Problem, ProblemBody, no_store};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::named;
use crate::app::redemptions::{self, CODE_MINUTES, Code};
use crate::app::{TiersRoom, by_partner, giving_back};
use crate::model::{Benefit, PartnerId, Redemption, RedemptionId, RedemptionState, Wanted};

/// A page of uses.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RedemptionPage {
    /// The newest first.
    items: Vec<Redemption>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// What is to be set aside.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Reservation {
    /// What.
    #[serde(flatten)]
    wanted: Wanted,
    /// How long its code can be used, 1 to 1,440 minutes; 15 where not said.
    minutes: Option<u32>,
}

/// What was set aside, with its code.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reserved {
    /// The use.
    redemption: Redemption,
    /// Its code, shown once; null where the same was asked for before.
    code: Option<String>,
    /// The text of the code's QR code.
    qr: Option<String>,
}

impl Reserved {
    fn of(redemption: Redemption, code: Option<Code>) -> Self {
        let (code, qr) = code.map_or((None, None), |code| (Some(code.code), Some(code.qr)));
        Self { redemption, code, qr }
    }
}

/// What is used at once.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct RedemptionAtOnce {
    /// What.
    #[serde(flatten)]
    wanted: Wanted,
    /// At which partner; none for the firm itself.
    #[schema(value_type = Option<Uuid>)]
    partner: Option<PartnerId>,
    /// At which of the partner's sites.
    site: Option<String>,
}

/// Why something is given back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RedemptionReason {
    /// 1 to 500 characters.
    reason: String,
}

/// For how long another code is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeRequest {
    /// 1 to 1,440 minutes; 15 where not said.
    minutes: Option<u32>,
}

/// A code that a partner was shown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeShown {
    /// As it was typed or scanned.
    code: String,
}

/// What a partner redeems.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeRedeemed {
    /// As it was typed or scanned.
    code: String,
    /// At which of the partner's sites.
    #[serde(default)]
    site: Option<String>,
    /// The partner's own key of the use, 1 to 100 characters: the same again changes nothing.
    key: String,
}

/// What a partner is told of a code: nothing of the customer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CodeAnswer {
    /// The use.
    #[schema(value_type = Uuid)]
    redemption: RedemptionId,
    /// The benefit's code.
    benefit: String,
    /// Its name in Chinese.
    zh: String,
    /// Its name in English.
    en: String,
    /// How many, or how much in minor units.
    quantity: i64,
    /// So many others come along.
    companions: i32,
    /// Where it stands.
    state: RedemptionState,
    /// Until when the code can be used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was used.
    #[schema(value_type = Option<String>, format = DateTime)]
    redeemed_at: Option<Timestamp>,
}

impl From<(Redemption, Benefit)> for CodeAnswer {
    fn from((redemption, benefit): (Redemption, Benefit)) -> Self {
        Self {
            redemption: redemption.id,
            benefit: benefit.facts.code,
            zh: benefit.facts.zh,
            en: benefit.facts.en,
            quantity: redemption.quantity,
            companions: redemption.companions,
            state: redemption.state,
            expires_at: redemption.expires_at,
            redeemed_at: redemption.redeemed_at,
        }
    }
}

/// A customer's uses of what it has, the newest first.
#[utoipa::path(get, path = "/customers/{id}/redemptions", tag = "tiers", operation_id = "customer_redemptions",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = RedemptionPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_customer(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<RedemptionPage>, Problem> {
    let customer = named("customer", &id)?;
    let cursor = paging.cursor.as_deref();
    let page = redemptions::of_customer(&room, &caller, customer, paging.size, cursor).await?;
    let Page { items, next_cursor } = page;
    Ok(Json(RedemptionPage { items, next_cursor }))
}

/// Sets some aside and gives a code that can be used once. Needs `tiers.redeem`.
#[utoipa::path(post, path = "/customers/{id}/redemptions", tag = "tiers", operation_id = "redemption_reserve",
    request_body = Reservation, params(("id" = Uuid, Path)),
    responses((status = 201, body = Reserved),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reserve(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(asked): Json<Reservation>,
) -> Result<(StatusCode, NoStore, Json<Reserved>), Problem> {
    let customer = named("customer", &id)?;
    let minutes = asked.minutes.unwrap_or(CODE_MINUTES);
    let (redemption, code) = redemptions::reserve(&room, &caller, customer, &asked.wanted, minutes).await?;
    let body = Json(Reserved::of(redemption, code));
    Ok((StatusCode::CREATED, no_store(), body))
}

/// Uses some at once, for a customer who is there. Needs `tiers.redeem`.
#[utoipa::path(post, path = "/customers/{id}/redemptions/at-once", tag = "tiers",
    operation_id = "redemption_at_once", request_body = RedemptionAtOnce, params(("id" = Uuid, Path)),
    responses((status = 201, body = Redemption),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn redeem(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(asked): Json<RedemptionAtOnce>,
) -> Result<(StatusCode, Json<Redemption>), Problem> {
    let customer = named("customer", &id)?;
    let at = asked.partner.map(|partner| (partner, asked.site));
    let redemption = redemptions::redeem(&room, &caller, customer, &asked.wanted, at).await?;
    Ok((StatusCode::CREATED, Json(redemption)))
}

/// Gives up what was set aside. Needs `tiers.redeem`.
#[utoipa::path(post, path = "/tiers/redemptions/{id}/cancel", tag = "tiers", operation_id = "redemption_cancel",
    request_body = RedemptionReason, params(("id" = Uuid, Path)),
    responses((status = 200, body = Redemption),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn cancel(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<RedemptionReason>,
) -> Result<Json<Redemption>, Problem> {
    let id = named("redemption", &id)?;
    Ok(Json(giving_back::cancel(&room, &caller, id, &said.reason).await?))
}

/// Gives back what was used, with the day it had. Needs `tiers.redeem`.
#[utoipa::path(post, path = "/tiers/redemptions/{id}/reverse", tag = "tiers", operation_id = "redemption_reverse",
    request_body = RedemptionReason, params(("id" = Uuid, Path)),
    responses((status = 200, body = Redemption),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reverse(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<RedemptionReason>,
) -> Result<Json<Redemption>, Problem> {
    let id = named("redemption", &id)?;
    Ok(Json(
        giving_back::reverse(&room, &caller, id, &said.reason).await?,
    ))
}

/// Gives another code for what is set aside; the one before can be used no more. Needs `tiers.redeem`.
#[utoipa::path(post, path = "/tiers/redemptions/{id}/code", tag = "tiers", operation_id = "redemption_code",
    request_body = CodeRequest, params(("id" = Uuid, Path)),
    responses((status = 200, body = Reserved),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn another_code(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    Json(asked): Json<CodeRequest>,
) -> Result<(NoStore, Json<Reserved>), Problem> {
    let id = named("redemption", &id)?;
    let minutes = asked.minutes.unwrap_or(CODE_MINUTES);
    let (redemption, code) = giving_back::another_code(&room, &caller, id, minutes).await?;
    Ok((no_store(), Json(Reserved::of(redemption, Some(code)))))
}

/// Says what a code stands for and whether the partner may redeem it now; changes nothing. For a partner's key with
/// `tiers.redeem`.
#[utoipa::path(post, path = "/tiers/partner/verify", tag = "tiers", operation_id = "partner_verify",
    request_body = CodeShown,
    responses((status = 200, body = CodeAnswer),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn verify(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Json(shown): Json<CodeShown>,
) -> Result<Json<CodeAnswer>, Problem> {
    Ok(Json(
        by_partner::verify(&room, &caller, &shown.code).await?.into(),
    ))
}

/// Redeems by code, once; the same again gives the same answer. For a partner's key with `tiers.redeem`.
#[utoipa::path(post, path = "/tiers/partner/redeem", tag = "tiers", operation_id = "partner_redeem",
    request_body = CodeRedeemed,
    responses((status = 200, body = CodeAnswer),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn redeem_by_code(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Json(asked): Json<CodeRedeemed>,
) -> Result<Json<CodeAnswer>, Problem> {
    let site = asked.site.as_deref();
    let redeemed = by_partner::redeem(&room, &caller, &asked.code, site, &asked.key).await?;
    Ok(Json(redeemed.into()))
}
