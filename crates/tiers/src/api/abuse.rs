//! What looks like abuse, what is looked for, and what becomes of what was found.

use axum::Extension;
use base::{Day, Page};
use customers::CustomerSummary;
use jiff::Timestamp;
use platform::Caller;
use platform::http::{IfMatch, Json, Paging, Path, Problem, ProblemBody, Query, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::named;
use crate::app::TiersRoom;
use crate::app::abuse::{self, Action};
use crate::model::{
    AbuseRule, AbuseSettings, Evidence, Finding, FindingId, FindingState, Found, ProgrammeId,
};
use crate::store::abuse::Filter;

/// What is looked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AbuseSettingsBody {
    /// Goes up with every change; send it as `If-Match` when changing.
    version: i64,
    /// What the firm decided.
    #[serde(flatten)]
    settings: AbuseSettings,
}

fn settings_shown((version, settings): (i64, AbuseSettings)) -> Versioned<AbuseSettingsBody> {
    Versioned {
        version,
        body: AbuseSettingsBody { version, settings },
    }
}

/// What is looked for. Needs `tiers.review`.
#[utoipa::path(get, path = "/tiers/abuse/settings", tag = "tiers", operation_id = "tier_abuse_settings_read",
    responses((status = 200, body = AbuseSettingsBody),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn settings(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
) -> Result<Versioned<AbuseSettingsBody>, Problem> {
    Ok(settings_shown(abuse::settings(&room, &caller).await?))
}

/// Decides anew what is looked for. Needs `tiers.review`, for who sees the whole firm.
#[utoipa::path(put, path = "/tiers/abuse/settings", tag = "tiers", operation_id = "tier_abuse_settings_change",
    request_body = AbuseSettings,
    params(("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = AbuseSettingsBody),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_settings(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    IfMatch(expected): IfMatch,
    Json(settings): Json<AbuseSettings>,
) -> Result<Versioned<AbuseSettingsBody>, Problem> {
    Ok(settings_shown(
        abuse::change_settings(&room, &caller, expected, settings).await?,
    ))
}

/// What is tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AbuseTrial {
    /// By which settings; every rule is tried, whether it is on or not.
    settings: AbuseSettings,
    /// From when on, within the last 366 days.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// Something that a rule would find.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AbuseExample {
    /// Whose benefits are concerned.
    customer: Uuid,
    /// In which programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// When what completed the evidence was.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The evidence.
    evidence: Evidence,
}

impl From<Found> for AbuseExample {
    fn from(found: Found) -> Self {
        Self {
            customer: found.customer,
            programme: found.programme,
            at: found.at,
            evidence: found.evidence,
        }
    }
}

/// What a rule would find.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AbuseTried {
    /// Which rule.
    rule: AbuseRule,
    /// How often.
    findings: u64,
    /// At most 20 of them.
    examples: Vec<AbuseExample>,
}

/// What came of a trial.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AbuseTrialBody {
    /// One for each rule.
    items: Vec<AbuseTried>,
}

/// What rules would find of the past. Stores nothing. Needs `tiers.review`, for who sees the whole firm.
#[utoipa::path(post, path = "/tiers/abuse/trial", tag = "tiers", operation_id = "tier_abuse_trial",
    request_body = AbuseTrial,
    responses((status = 200, body = AbuseTrialBody),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn try_out(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Json(trial): Json<AbuseTrial>,
) -> Result<Json<AbuseTrialBody>, Problem> {
    let tried = abuse::try_out(&room, &caller, &trial.settings, trial.since).await?;
    let shown = tried.into_iter().map(|of| AbuseTried {
        rule: of.rule,
        findings: of.findings,
        examples: of.examples.into_iter().map(Into::into).collect(),
    });
    Ok(Json(AbuseTrialBody {
        items: shown.collect(),
    }))
}

/// A finding with its customer's name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FindingShown {
    /// The customer's name, or its external id where it has none.
    name: String,
    /// Its id in the firm's other systems.
    external_id: String,
    /// The finding.
    #[serde(flatten)]
    finding: Finding,
}

impl From<(Finding, CustomerSummary)> for FindingShown {
    fn from((finding, name): (Finding, CustomerSummary)) -> Self {
        Self {
            name: name.name.unwrap_or_else(|| name.external_id.clone()),
            external_id: name.external_id,
            finding,
        }
    }
}

/// A page of findings.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FindingPage {
    /// The newest first.
    items: Vec<FindingShown>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    state: Option<String>,
    rule: Option<String>,
    customer: Option<String>,
}

/// What looks like abuse, the newest first. Needs `tiers.review`.
#[utoipa::path(get, path = "/tiers/findings", tag = "tiers", operation_id = "tier_findings_list",
    params(("state" = Option<FindingState>, Query), ("rule" = Option<AbuseRule>, Query),
        ("customer" = Option<Uuid>, Query), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = FindingPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<Json<FindingPage>, Problem> {
    let filter = Filter {
        state: asked.state.as_deref().map(str::parse).transpose()?,
        rule: asked.rule.as_deref().map(str::parse).transpose()?,
        customer: asked
            .customer
            .as_deref()
            .map(|id| id.parse::<customers::CustomerId>().map(|id| id.uuid()))
            .transpose()?,
    };
    let cursor = paging.cursor.as_deref();
    let Page { items, next_cursor } = abuse::list(&room, &caller, filter, paging.size, cursor).await?;
    Ok(Json(FindingPage {
        items: items.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}

/// Why something becomes of a finding.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FindingReason {
    /// 1 to 500 characters.
    reason: String,
}

async fn decide(
    room: &TiersRoom,
    caller: &Caller,
    (id, expected): (&str, i64),
    action: Action,
    reason: &str,
) -> Result<Versioned<Finding>, Problem> {
    let id: FindingId = named("finding", id)?;
    let finding = abuse::decide(room, caller, (id, expected), action, reason).await?;
    Ok(Versioned {
        version: finding.version,
        body: finding,
    })
}

/// Says that it was no abuse. Needs `tiers.review`.
#[utoipa::path(post, path = "/tiers/findings/{id}/dismiss", tag = "tiers", operation_id = "tier_finding_dismiss",
    request_body = FindingReason,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = Finding),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn dismiss(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(said): Json<FindingReason>,
) -> Result<Versioned<Finding>, Problem> {
    decide(&room, &caller, (&id, expected), Action::Dismiss, &said.reason).await
}

/// Notes that a warning was given. Needs `tiers.review`.
#[utoipa::path(post, path = "/tiers/findings/{id}/warn", tag = "tiers", operation_id = "tier_finding_warn",
    request_body = FindingReason,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = Finding),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn warn(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(said): Json<FindingReason>,
) -> Result<Versioned<Finding>, Problem> {
    decide(&room, &caller, (&id, expected), Action::Warn, &said.reason).await
}

/// A suspension that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FindingSuspension {
    /// 1 to 500 characters.
    reason: String,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    until: Day,
}

/// Asks for the customer's level to be suspended from today on; a second person agrees to it. Needs `tiers.review` and
/// `tiers.grant`.
#[utoipa::path(post, path = "/tiers/findings/{id}/suspend", tag = "tiers", operation_id = "tier_finding_suspend",
    request_body = FindingSuspension,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = Finding),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn suspend(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(said): Json<FindingSuspension>,
) -> Result<Versioned<Finding>, Problem> {
    let action = Action::Suspend(said.until);
    decide(&room, &caller, (&id, expected), action, &said.reason).await
}

/// A use that is to be given back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FindingReversal {
    /// 1 to 500 characters.
    reason: String,
    /// A use that the evidence names.
    redemption: Uuid,
}

/// Gives back a use that the evidence names. Needs `tiers.review` and `tiers.redeem`.
#[utoipa::path(post, path = "/tiers/findings/{id}/reverse", tag = "tiers", operation_id = "tier_finding_reverse",
    request_body = FindingReversal,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = Finding),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reverse(
    Extension(room): Extension<TiersRoom>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(said): Json<FindingReversal>,
) -> Result<Versioned<Finding>, Problem> {
    let action = Action::Reverse(said.redemption.into());
    decide(&room, &caller, (&id, expected), action, &said.reason).await
}
