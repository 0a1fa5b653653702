//! Partners at whose sites benefits are used, and what they are owed.

use base::Day;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::RedemptionId;

base::typed_id!(
    /// A partner.
    PartnerId
);
base::typed_id!(
    /// What a partner is owed for a month.
    StatementId
);

/// A place of a partner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PartnerSite)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// What the partner calls it, unique among its sites.
    pub code: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Degrees north.
    #[serde(default)]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[serde(default)]
    pub longitude: Option<f64>,
}

/// What is decided about a partner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerFacts {
    /// What other systems call it, unique.
    pub code: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Whether it may redeem.
    pub active: bool,
    /// Its sites; at most 200.
    #[serde(default)]
    pub sites: Vec<Site>,
    /// The codes of the benefits it serves.
    #[serde(default)]
    pub benefits: Vec<String>,
    /// The user whose API keys are the partner's: it redeems by code what the partner serves, and nothing else.
    #[serde(default)]
    pub user: Option<Uuid>,
}

/// A partner.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Partner {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: PartnerId,
    /// What is decided about it.
    #[serde(flatten)]
    pub facts: PartnerFacts,
    /// Goes up with every change.
    pub version: i64,
}

/// What a partner is owed for a redemption, or what is taken back for one that was reversed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SettlementLine {
    /// Its id.
    pub id: Uuid,
    /// For which redemption.
    #[schema(value_type = Uuid)]
    pub redemption: RedemptionId,
    /// The benefit's code.
    pub benefit: String,
    /// At which site.
    pub site: Option<String>,
    /// On which day.
    #[schema(value_type = String, format = Date)]
    pub on: Day,
    /// How many, or how much; below 0 where it was reversed.
    pub quantity: i64,
    /// So many others came along.
    pub companions: i32,
    /// What is owed, minor units.
    pub amount_minor: i64,
}

/// What a partner is owed for a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SettlementStatement)]
pub struct Statement {
    /// Its id; none while it is open.
    #[schema(value_type = Option<Uuid>)]
    pub id: Option<StatementId>,
    /// The first day of the month.
    #[schema(value_type = String, format = Date)]
    pub from: Day,
    /// The last.
    #[schema(value_type = String, format = Date)]
    pub until: Day,
    /// How many lines.
    pub lines: i64,
    /// What is owed, minor units.
    pub amount_minor: i64,
    /// In which currency.
    pub currency: String,
    /// When it was closed; nothing changes it since.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
}
