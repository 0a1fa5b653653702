//! What was found, and the evidence it rests on.

use std::str::FromStr;

use base::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AbuseRule, ProgrammeId};

base::typed_id!(
    /// Something that looks like abuse.
    FindingId
);

/// A use, as evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AbuseUse)]
pub struct UseFact {
    /// Which.
    pub redemption: Uuid,
    /// By which programme.
    #[schema(value_type = Uuid)]
    pub programme: ProgrammeId,
    /// The benefit's code.
    pub benefit: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How many, or how much in minor units.
    pub quantity: i64,
    /// So many came along.
    pub companions: i32,
    /// At which partner.
    pub partner: Option<Uuid>,
    /// At which of its sites.
    pub site: Option<String>,
    /// Where that is: degrees north and east.
    #[schema(value_type = Option<Vec<f64>>)]
    pub place: Option<(f64, f64)>,
}

/// A level by hand, as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AbuseGiven)]
pub struct GivenAbove {
    /// Which.
    pub grant: Uuid,
    /// In which programme.
    #[schema(value_type = Uuid)]
    pub programme: ProgrammeId,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The level that was given.
    pub level: String,
    /// The level that was earned then.
    pub earned: Option<String>,
    /// So many levels above it.
    pub levels_above: i64,
    /// Who asked for it.
    pub requested_by: Option<Uuid>,
    /// Who agreed.
    pub approved_by: Option<Uuid>,
}

/// What one of the staff did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AbuseActKind)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// Redeemed for the customer.
    Redeemed,
    /// Asked for something to be given to it.
    Requested,
    /// Agreed to that.
    Approved,
}

/// Something that one of the staff did for a customer, as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AbuseAct)]
pub struct Act {
    /// What.
    pub what: ActKind,
    /// The use, or what was given.
    pub id: Uuid,
    /// By which programme.
    #[schema(value_type = Uuid)]
    pub programme: ProgrammeId,
    /// Who.
    pub staff: Uuid,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Money that was taken back, as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AbuseTakenBack)]
pub struct Refunded {
    /// The number of the ledger line.
    pub seq: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How much, minor units.
    pub amount_minor: i64,
}

/// A level that was reached, with what was taken back after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// By which decision.
    pub decision: Uuid,
    /// In which programme.
    pub programme: ProgrammeId,
    /// When.
    pub at: Timestamp,
    /// Which.
    pub level: String,
    /// What the customer had spent in twelve months and the one under way, minor units.
    pub spend_minor: i64,
    /// What was taken back since, in order.
    pub refunds: Vec<Refunded>,
}

/// What a finding rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AbuseEvidence)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// The levels that were given.
    UnearnedLevel {
        /// In order.
        given: Vec<GivenAbove>,
    },
    /// The uses.
    Velocity {
        /// In order.
        uses: Vec<UseFact>,
    },
    /// The two uses.
    ImpossibleTravel {
        /// The first.
        first: UseFact,
        /// The second.
        second: UseFact,
        /// How far apart, in kilometres.
        distance_km: i64,
        /// How many minutes between them.
        minutes: i64,
        /// How fast that would be; uses in the same minute count as a minute apart.
        speed_kmh: i64,
    },
    /// The uses with those who came along.
    Companions {
        /// How many in all.
        companions: i64,
        /// In order.
        uses: Vec<UseFact>,
    },
    /// What one of the staff did.
    SameStaff {
        /// In order.
        acts: Vec<Act>,
    },
    /// What was taken back.
    RefundAfterLevel {
        /// The decision by which the level was reached.
        decision: Uuid,
        /// The level.
        level: String,
        /// What had been spent, minor units.
        spend_minor: i64,
        /// What was taken back, minor units.
        refunded_minor: i64,
        /// The ledger's lines, in order, at most 50.
        refunds: Vec<Refunded>,
    },
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// By which rule.
    pub rule: AbuseRule,
    /// Whose benefits are concerned.
    pub customer: Uuid,
    /// In which programme.
    pub programme: ProgrammeId,
    /// Names what completed the evidence: the same is found once.
    pub key: String,
    /// When that was.
    pub at: Timestamp,
    /// The evidence.
    pub evidence: Evidence,
}

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// Waits for somebody.
    Open,
    /// Was no abuse.
    Dismissed,
    /// The customer, or who served it, was warned.
    Warned,
    /// A suspension was asked for.
    Suspended,
    /// A use was given back.
    Reversed,
}

impl FindingState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::Dismissed,
        Self::Warned,
        Self::Suspended,
        Self::Reversed,
    ];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Dismissed => "dismissed",
            Self::Warned => "warned",
            Self::Suspended => "suspended",
            Self::Reversed => "reversed",
        }
    }

    /// Whether one of this state may come to be in that one: after a warning, or one use of several that was given back,
    /// more may follow.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Open => next != Self::Open,
            Self::Warned => !matches!(next, Self::Open | Self::Warned),
            Self::Reversed => matches!(next, Self::Reversed | Self::Suspended),
            Self::Dismissed | Self::Suspended => false,
        }
    }
}

impl FromStr for FindingState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|state| state.name() == text);
        found.ok_or_else(|| {
            let message = "open, dismissed, warned, suspended or reversed";
            Error::invalid("state_unknown", message).at("state")
        })
    }
}

/// Something that looks like abuse.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AbuseFinding)]
pub struct Finding {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: FindingId,
    /// By which rule.
    pub rule: AbuseRule,
    /// Whose benefits are concerned.
    pub customer: Uuid,
    /// In which programme.
    #[schema(value_type = Uuid)]
    pub programme: ProgrammeId,
    /// When what completed the evidence was.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The evidence.
    pub evidence: Evidence,
    /// By which version of the settings it was found.
    pub settings_version: i64,
    /// When it was found.
    #[schema(value_type = String, format = DateTime)]
    pub found_at: Timestamp,
    /// Where it stands.
    pub state: FindingState,
    /// Why, in the words of who decided.
    pub reason: Option<String>,
    /// Who decided last.
    pub decided_by: Option<Uuid>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
    /// The suspension that was asked for.
    pub grant: Option<Uuid>,
    /// Goes up with every change.
    pub version: i64,
}
