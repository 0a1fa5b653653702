//! What customers agreed to, whether they may be contacted, and the firm's policy.

use axum::extract::State;
use base::{Error, Page};
use jiff::Timestamp;
use platform::http::{IfMatch, Json, Paging, Path, Problem, ProblemBody, Query, Versioned};
use platform::{Caller, Platform};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customer_id;
use crate::app::consents::{self, Preferred};
use crate::model::{Channel, ContactPolicy, ContactPreferences, NewStatements, QuietHours, Statement};
use crate::rules::consent::{MayContact, MayContactFacts};

/// A page of what a customer said.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatementPage {
    /// The statements.
    items: Vec<Statement>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// What was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Said {
    /// One statement for every purpose and channel that was not known yet.
    items: Vec<Statement>,
}

/// An answer with what it depends on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MayContactBody {
    /// The answer.
    #[serde(flatten)]
    answer: MayContact,
    /// From these facts it can be worked out again.
    facts: MayContactFacts,
}

/// How a customer wants to be contacted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PreferencesBody {
    /// What the customer said.
    said: ContactPreferences,
    /// What holds: the firm's where the customer said nothing.
    quiet_hours: Option<QuietHours>,
    /// Likewise.
    zone: String,
    /// Likewise.
    language: String,
    /// Likewise.
    channel: Channel,
    /// Goes up with every change.
    version: i64,
}

/// The policy in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyBody {
    /// Goes up with every decision; 0 is what Patron ships.
    version: u32,
    /// The policy.
    #[serde(flatten)]
    policy: ContactPolicy,
}

fn preferences_body(preferred: Preferred) -> Versioned<PreferencesBody> {
    Versioned {
        version: preferred.version,
        body: PreferencesBody {
            said: preferred.said,
            quiet_hours: preferred.quiet_hours,
            zone: preferred.zone,
            language: preferred.language,
            channel: preferred.channel,
            version: preferred.version,
        },
    }
}

fn policy_body((version, policy): (u32, ContactPolicy)) -> Versioned<PolicyBody> {
    Versioned {
        version: version.into(),
        body: PolicyBody { version, policy },
    }
}

/// Everything a customer said about being contacted, the newest first.
#[utoipa::path(get, path = "/customers/{id}/consents", tag = "customers", operation_id = "consents_list",
    params(("id" = Uuid, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = StatementPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<StatementPage>, Problem> {
    let (id, cursor) = (customer_id(&id)?, paging.cursor.as_deref());
    let Page { items, next_cursor } = consents::history(&platform, &caller, id, paging.size, cursor).await?;
    Ok(Json(StatementPage { items, next_cursor }))
}

/// Records that a customer agrees or withdraws. Needs `customers.write`.
#[utoipa::path(post, path = "/customers/{id}/consents", tag = "customers", operation_id = "consents_say",
    request_body = NewStatements, params(("id" = Uuid, Path)),
    responses((status = 200, body = Said),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<NewStatements>,
) -> Result<Json<Said>, Problem> {
    let items = consents::say(&platform, &caller, customer_id(&id)?, said).await?;
    Ok(Json(Said { items }))
}

#[derive(Deserialize)]
pub(super) struct Asked {
    purpose: String,
    channel: String,
    at: Option<String>,
}

/// Whether a customer may be contacted for a purpose on a channel at a moment (now unless said), why, and
/// when next if not then.
#[utoipa::path(get, path = "/customers/{id}/may-contact", tag = "customers", operation_id = "may_contact",
    params(("id" = Uuid, Path), ("purpose" = String, Query), ("channel" = Channel, Query),
        ("at" = Option<String>, Query, description = "RFC 3339")),
    responses((status = 200, body = MayContactBody),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn may_contact(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<MayContactBody>, Problem> {
    let about = (asked.purpose.as_str(), asked.channel.parse::<Channel>()?);
    let at = asked.at.as_deref().map(str::parse::<Timestamp>).transpose();
    let at = at.map_err(|_| {
        Error::invalid(
            "time_malformed",
            "a time is RFC 3339, such as 2026-01-31T12:00:00Z",
        )
        .at("at")
    })?;
    let (answer, facts) = consents::may_contact(&platform, &caller, customer_id(&id)?, about, at).await?;
    Ok(Json(MayContactBody { answer, facts }))
}

/// How a customer wants to be contacted.
#[utoipa::path(get, path = "/customers/{id}/contact-preferences", tag = "customers",
    operation_id = "contact_preferences_read", params(("id" = Uuid, Path)),
    responses((status = 200, body = PreferencesBody),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn preferences(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<PreferencesBody>, Problem> {
    let preferred = consents::preferences(&platform, &caller, customer_id(&id)?).await?;
    Ok(preferences_body(preferred))
}

/// Records how a customer wants to be contacted. Needs `customers.write`.
#[utoipa::path(put, path = "/customers/{id}/contact-preferences", tag = "customers",
    operation_id = "contact_preferences_change", request_body = ContactPreferences,
    params(("id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the version this is based on; 0 for none")),
    responses((status = 200, body = PreferencesBody),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn prefer(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    Json(wanted): Json<ContactPreferences>,
) -> Result<Versioned<PreferencesBody>, Problem> {
    let preferred = consents::prefer(&platform, &caller, customer_id(&id)?, expected, wanted).await?;
    Ok(preferences_body(preferred))
}

/// The firm's rules of contacting customers.
#[utoipa::path(get, path = "/contact-policy", tag = "customers", operation_id = "contact_policy_read",
    responses((status = 200, body = PolicyBody),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn policy(
    State(platform): State<Platform>,
    caller: Caller,
) -> Result<Versioned<PolicyBody>, Problem> {
    Ok(policy_body(consents::policy(&platform, &caller).await?))
}

/// Decides anew how customers may be contacted. Needs `customers.settings`.
#[utoipa::path(put, path = "/contact-policy", tag = "customers", operation_id = "contact_policy_change",
    request_body = ContactPolicy,
    params(("If-Match" = String, Header, description = "the version the decision is based on")),
    responses((status = 200, body = PolicyBody),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn decide(
    State(platform): State<Platform>,
    caller: Caller,
    IfMatch(expected): IfMatch,
    Json(policy): Json<ContactPolicy>,
) -> Result<Versioned<PolicyBody>, Problem> {
    Ok(policy_body(
        consents::decide(&platform, &caller, expected, policy).await?,
    ))
}
