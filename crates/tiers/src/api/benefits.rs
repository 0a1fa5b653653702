//! The catalogue of benefits, and partners.

use axum::Extension;
use axum::http::StatusCode;
use platform::Caller;
use platform::http::{IfMatch, Json, Path, Problem, ProblemBody, Versioned};
use serde::Serialize;
use utoipa::ToSchema;

use super::named;
use crate::app::{TiersRoom, benefits};
use crate::model::{Benefit, BenefitFacts, Partner, PartnerFacts};

/// Every benefit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Benefits {
    /// By code.
    items: Vec<Benefit>,
}

/// Every partner.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Partners {
    /// By code.
    items: Vec<Partner>,
}

fn benefit_shown(benefit: Benefit) -> Versioned<Benefit> {
    Versioned {
        version: benefit.version,
        body: benefit,
    }
}

fn partner_shown(partner: Partner) -> Versioned<Partner> {
    Versioned {
        version: partner.version,
        body: partner,
    }
}

/// Every benefit, by code; a firm has at most 200.
#[utoipa::path(get, path = "/tiers/benefits", tag = "tiers", operation_id = "tier_benefits_list",
    responses((status = 200, body = Benefits),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
) -> Result<Json<Benefits>, Problem> {
    let items = benefits::list(&room, &caller).await?;
    Ok(Json(Benefits { items }))
}

/// Makes a benefit. Needs `tiers.benefits`.
#[utoipa::path(post, path = "/tiers/benefits", tag = "tiers", operation_id = "tier_benefit_create",
    request_body = BenefitFacts,
    responses((status = 201, body = Benefit),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Json(facts): Json<BenefitFacts>,
) -> Result<(StatusCode, Versioned<Benefit>), Problem> {
    let benefit = benefits::create(&room, &caller, facts).await?;
    Ok((StatusCode::CREATED, benefit_shown(benefit)))
}

/// Decides anew about a benefit; its code and kind stay. Needs `tiers.benefits`.
#[utoipa::path(put, path = "/tiers/benefits/{id}", tag = "tiers", operation_id = "tier_benefit_change",
    request_body = BenefitFacts,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = Benefit),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(facts): Json<BenefitFacts>,
) -> Result<Versioned<Benefit>, Problem> {
    let id = named("benefit", &id)?;
    Ok(benefit_shown(
        benefits::change(&room, &caller, id, expected, facts).await?,
    ))
}

/// Every partner, by code; a firm has at most 500.
#[utoipa::path(get, path = "/tiers/partners", tag = "tiers", operation_id = "tier_partners_list",
    responses((status = 200, body = Partners),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn partners(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
) -> Result<Json<Partners>, Problem> {
    let items = benefits::partners(&room, &caller).await?;
    Ok(Json(Partners { items }))
}

/// Makes a partner. Needs `tiers.benefits`.
#[utoipa::path(post, path = "/tiers/partners", tag = "tiers", operation_id = "tier_partner_create",
    request_body = PartnerFacts,
    responses((status = 201, body = Partner),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create_partner(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Json(facts): Json<PartnerFacts>,
) -> Result<(StatusCode, Versioned<Partner>), Problem> {
    let partner = benefits::create_partner(&room, &caller, facts).await?;
    Ok((StatusCode::CREATED, partner_shown(partner)))
}

/// Decides anew about a partner: sites, what it serves, whose keys are its. Needs `tiers.benefits`.
#[utoipa::path(put, path = "/tiers/partners/{id}", tag = "tiers", operation_id = "tier_partner_change",
    request_body = PartnerFacts,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = Partner),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_partner(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(facts): Json<PartnerFacts>,
) -> Result<Versioned<Partner>, Problem> {
    let id = named("partner", &id)?;
    Ok(partner_shown(
        benefits::change_partner(&room, &caller, id, expected, facts).await?,
    ))
}
