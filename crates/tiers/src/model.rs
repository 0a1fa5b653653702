//! The things of this room: programmes and their versions, what is known of a customer when it is decided on, decisions,
//! levels given by hand; benefits, what customers have of them, and partners.

mod benefit;
mod document;
mod entitlement;
mod facts;
mod grant;
mod member;
mod partner;
mod simulation;

use std::str::FromStr;

use base::{Day, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use benefit::{Benefit, BenefitFacts, BenefitId, Choice, OnLoss, Per, Promise, Terms};
pub use document::{
    Condition, DOCUMENT_SCHEMA, Document, Downgrade, Landing, Level, Measure, Period, Rule, Threshold,
};
pub use entitlement::{
    Balances, Chosen, Entitlement, EntitlementId, Entry, EntryKind, Posting, Redemption, RedemptionId,
    RedemptionState, Wanted,
};
pub use facts::{Facts, GivenFact, MonthFact};
pub use grant::{Grant, GrantId, GrantKind, GrantState, NewGrant};
pub use member::{Member, MemberLink, MemberLinkId, MemberPageTexts};
pub use partner::{Partner, PartnerFacts, PartnerId, SettlementLine, Site, Statement, StatementId};
pub use simulation::{Cell, Count, Curve, CurvePoint, Moved, Sensitivity, SimulationResult};

base::typed_id!(
    /// A programme.
    ProgrammeId
);
base::typed_id!(
    /// A version of a programme.
    VersionId
);
base::typed_id!(
    /// A decision on a customer's level.
    DecisionId
);
base::typed_id!(
    /// A simulation of a draft.
    SimulationId
);

/// What is decided about a programme, whatever its levels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgrammeFacts {
    /// What other systems call it, unique: `club`.
    pub code: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// For customers of these brands; of any where empty.
    #[serde(default)]
    pub brands: Vec<String>,
    /// For customers of these kinds (`person`, `organisation`); of any where empty.
    #[serde(default)]
    pub kinds: Vec<String>,
}

/// A programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Programme {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: ProgrammeId,
    /// What is decided about it.
    #[serde(flatten)]
    pub facts: ProgrammeFacts,
    /// Goes up with every change.
    pub version: i64,
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// Is being written; nobody feels it.
    Draft,
    /// Published; holds from its day on.
    Scheduled,
    /// Holds.
    Effective,
    /// Has held.
    Retired,
}

impl VersionState {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Effective => "effective",
            Self::Retired => "retired",
        }
    }

    /// Whether a version of this state may come to be in that one.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Draft, Self::Scheduled)
                | (Self::Scheduled, Self::Effective)
                | (Self::Effective, Self::Retired)
        )
    }
}

impl FromStr for VersionState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Draft, Self::Scheduled, Self::Effective, Self::Retired]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no state of a version")))
    }
}

/// A version of a programme.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = TierVersion)]
pub struct Version {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: VersionId,
    /// Whose.
    #[schema(value_type = Uuid)]
    pub programme: ProgrammeId,
    /// 1 for the first.
    pub number: i32,
    /// Where it stands.
    pub state: VersionState,
    /// What it says.
    pub document: Document,
    /// Goes up with every change of the draft.
    pub revision: i64,
    /// Who changed it last.
    pub edited_by: Option<Uuid>,
    /// Who published it.
    pub published_by: Option<Uuid>,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A customer's level as it stands: what it earned and until when that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Standing {
    /// The level that was earned; none for none.
    pub earned: Option<String>,
    /// The level that counts: the earned one, or what was given by hand.
    pub level: Option<String>,
    /// Since when the earned level is that.
    #[schema(value_type = String, format = Date)]
    pub since: Day,
    /// The earned level is not lowered before this day.
    #[schema(value_type = Option<String>, format = Date)]
    pub review_on: Option<Day>,
    /// What keeps the level is lacking; it is lowered on this day unless that changes.
    #[schema(value_type = Option<String>, format = Date)]
    pub grace_until: Option<Day>,
    /// What was given by hand, if that is why the level is not the earned one.
    pub given: Option<Uuid>,
}

/// Why a level is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Meets what the level asks for, which is more than before.
    Qualified,
    /// Meets what keeps the level.
    Kept,
    /// Does not meet it; the level holds until its review.
    HeldUntilReview,
    /// Does not meet it; the time of grace begins.
    GraceBegun,
    /// Does not meet it; the time of grace is not over.
    InGrace,
    /// Does not meet it; the programme never lowers a level.
    NeverLowered,
    /// Does not meet it: has the level that is earned.
    Lowered,
    /// Does not meet it: has one level less, which is reviewed in its turn.
    Landed,
    /// Meets what no level asks for.
    NoLevel,
    /// The level of before is not one of this version's.
    LevelGone,
    /// The programme is not for this customer.
    NotForCustomer,
    /// A level was given by hand.
    Given,
    /// The level was suspended by hand.
    Suspended,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 13] = [
        Self::Qualified,
        Self::Kept,
        Self::HeldUntilReview,
        Self::GraceBegun,
        Self::InGrace,
        Self::NeverLowered,
        Self::Lowered,
        Self::Landed,
        Self::NoLevel,
        Self::LevelGone,
        Self::NotForCustomer,
        Self::Given,
        Self::Suspended,
    ];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Qualified => "qualified",
            Self::Kept => "kept",
            Self::HeldUntilReview => "held_until_review",
            Self::GraceBegun => "grace_begun",
            Self::InGrace => "in_grace",
            Self::NeverLowered => "never_lowered",
            Self::Lowered => "lowered",
            Self::Landed => "landed",
            Self::NoLevel => "no_level",
            Self::LevelGone => "level_gone",
            Self::NotForCustomer => "not_for_customer",
            Self::Given => "given",
            Self::Suspended => "suspended",
        }
    }
}

impl FromStr for Cause {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|cause| cause.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no cause of a level")))
    }
}

/// Why, for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierReason)]
pub struct Reason {
    /// The stable name.
    pub code: Cause,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// What a condition asks for and how far a customer is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Measured {
    /// The condition.
    #[serde(flatten)]
    pub condition: Condition,
    /// What the customer has, in the measure's unit; null where it has none. Of a figure that is no whole number its
    /// millionths; of a percentile the share of customers above in ten-thousandths, of which less is better.
    pub have: Option<i64>,
    /// What it takes, in the same unit.
    pub need: i64,
    /// How much of it is missing.
    pub missing: i64,
    /// Whether it is met.
    pub met: bool,
}

/// How far a customer is from meeting a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierProgress)]
pub struct Progress {
    /// The level the rule is about.
    pub level: String,
    /// Whether it takes all of the conditions or any of them.
    pub takes_all: bool,
    /// Whether the rule is met.
    pub met: bool,
    /// The conditions.
    pub conditions: Vec<Measured>,
}

/// A decision on a customer's level with everything that explains it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierDecided)]
pub struct Decision {
    /// What holds from the day of the decision on.
    #[serde(flatten)]
    pub standing: Standing,
    /// Why.
    pub reason: Reason,
    /// How far it is to the next level; none at the top, and for whom the programme is not.
    pub to_next: Option<Progress>,
    /// How far it is to keeping the earned level; none without one.
    pub to_keep: Option<Progress>,
}

/// A decision as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its id.
    pub id: DecisionId,
    /// Of which programme.
    pub programme: ProgrammeId,
    /// By which version of it.
    pub version: VersionId,
    /// Whose.
    pub customer: Uuid,
    /// On which day.
    pub on: Day,
    /// When.
    pub at: Timestamp,
    /// What was known.
    pub facts: Facts,
    /// How it stood before; none for the first decision.
    pub before: Option<Standing>,
    /// How it stood then.
    pub after: Standing,
    /// Why.
    pub cause: Cause,
}
