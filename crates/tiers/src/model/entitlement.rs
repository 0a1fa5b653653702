//! What a customer has of a benefit in a period, what became of it, and each use of it.

use std::str::FromStr;

use base::{Day, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{BenefitId, OnLoss, PartnerId, ProgrammeId};

base::typed_id!(
    /// What a customer has of a benefit in a period.
    EntitlementId
);
base::typed_id!(
    /// A use of an entitlement.
    RedemptionId
);

/// What became of everything that was granted: `granted` is always the sum of the others, and none is below 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EntitlementBalances)]
pub struct Balances {
    /// Everything.
    pub granted: i64,
    /// Can be used.
    pub available: i64,
    /// Is set aside for a code that was given out.
    pub reserved: i64,
    /// Was used.
    pub redeemed: i64,
    /// Was not used in time.
    pub expired: i64,
    /// Was taken back, or carried into the next period.
    pub withdrawn: i64,
}

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EntryKind)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The level gives it.
    Granted,
    /// It comes from the period before.
    CarriedIn,
    /// It goes into the next period.
    CarriedOut,
    /// It is set aside.
    Reserved,
    /// What was set aside is used.
    Redeemed,
    /// What was set aside can be used again.
    Released,
    /// What was used can be used again.
    Reversed,
    /// It was not used in time.
    Expired,
    /// It is taken back.
    Withdrawn,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Granted,
        Self::CarriedIn,
        Self::CarriedOut,
        Self::Reserved,
        Self::Redeemed,
        Self::Released,
        Self::Reversed,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::CarriedIn => "carried_in",
            Self::CarriedOut => "carried_out",
            Self::Reserved => "reserved",
            Self::Redeemed => "redeemed",
            Self::Released => "released",
            Self::Reversed => "reversed",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// From which part of the entitlement to which.
    pub fn sides(self) -> (&'static str, &'static str) {
        match self {
            Self::Granted | Self::CarriedIn => ("granted", "available"),
            Self::Reserved => ("available", "reserved"),
            Self::Redeemed => ("reserved", "redeemed"),
            Self::Released => ("reserved", "available"),
            Self::Reversed => ("redeemed", "available"),
            Self::Expired => ("available", "expired"),
            Self::Withdrawn | Self::CarriedOut => ("available", "withdrawn"),
        }
    }
}

impl FromStr for EntryKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no kind of an entry")))
    }
}

/// So much of one kind, about to be entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// What.
    pub kind: EntryKind,
    /// How much, above 0.
    pub quantity: i64,
}

/// An entry as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EntitlementEntry)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// What.
    pub kind: EntryKind,
    /// How much.
    pub quantity: i64,
    /// For which use.
    #[schema(value_type = Option<Uuid>)]
    pub redemption: Option<RedemptionId>,
    /// By whom; none for the program itself.
    pub by: Option<Uuid>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// What a customer has of a benefit in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Entitlement {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: EntitlementId,
    /// By which programme.
    #[schema(value_type = Uuid)]
    pub programme: ProgrammeId,
    /// Whose; of one that was merged, that one's.
    pub customer: Uuid,
    /// Of what.
    #[schema(value_type = Uuid)]
    pub benefit: BenefitId,
    /// The level it was last set by; none where that was lost.
    pub level: Option<String>,
    /// What becomes of it when the level is lost.
    pub on_loss: OnLoss,
    /// The first day of its period.
    #[schema(value_type = String, format = Date)]
    pub from: Day,
    /// The last.
    #[schema(value_type = String, format = Date)]
    pub ends: Day,
    /// The last day on which it can be used.
    #[schema(value_type = String, format = Date)]
    pub until: Day,
    /// What the level promises for the period; less when the level was lost.
    pub promised: i64,
    /// What came from the period before.
    pub carried: i64,
    /// So many others may come along.
    pub companions_max: i32,
    /// What became of it.
    #[serde(flatten)]
    pub balances: Balances,
    /// Goes up with every change.
    pub version: i64,
}

/// Where a use stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RedemptionState {
    /// Set aside; its code was given out.
    Reserved,
    /// Used.
    Redeemed,
    /// Was not to be used after all.
    Cancelled,
    /// Was not used before its code expired.
    Lapsed,
    /// Was used and given back.
    Reversed,
}

impl RedemptionState {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Redeemed => "redeemed",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
            Self::Reversed => "reversed",
        }
    }

    /// Whether a use of this state may come to be in that one.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Reserved, Self::Redeemed | Self::Cancelled | Self::Lapsed)
                | (Self::Redeemed, Self::Reversed)
        )
    }
}

impl FromStr for RedemptionState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [
            Self::Reserved,
            Self::Redeemed,
            Self::Cancelled,
            Self::Lapsed,
            Self::Reversed,
        ]
        .into_iter()
        .find(|state| state.name() == text)
        .ok_or_else(|| Error::internal(format!("{text:?} is no state of a redemption")))
    }
}

/// A use of an entitlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Redemption {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: RedemptionId,
    /// Of which entitlement.
    #[schema(value_type = Uuid)]
    pub entitlement: EntitlementId,
    /// By which whoever asked for it tells it from others.
    pub key: String,
    /// How many, or how much in minor units.
    pub quantity: i64,
    /// So many others come along.
    pub companions: i32,
    /// Where it stands.
    pub state: RedemptionState,
    /// When what is set aside lapses.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// At which partner it was used.
    #[schema(value_type = Option<Uuid>)]
    pub partner: Option<PartnerId>,
    /// At which site of the partner.
    pub site: Option<String>,
    /// The partner's own key of the use.
    #[serde(skip)]
    pub redeem_key: Option<String>,
    /// Why it was cancelled or reversed.
    pub reason: Option<String>,
    /// Who set it aside.
    pub reserved_by: Option<Uuid>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub reserved_at: Timestamp,
    /// When it was used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub redeemed_at: Option<Timestamp>,
    /// When it was cancelled, lapsed or was reversed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
}

/// What is asked for when a customer uses something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = RedemptionRequest)]
pub struct Wanted {
    /// By which programme.
    #[schema(value_type = Uuid)]
    pub programme: ProgrammeId,
    /// The benefit's code.
    pub benefit: String,
    /// How many, or how much in minor units.
    pub quantity: i64,
    /// So many others come along.
    #[serde(default)]
    pub companions: i32,
    /// The caller's own key of this request, 1 to 100 characters: the same again changes nothing.
    pub key: String,
}

/// What a customer picked of a choice group for a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Of which level.
    pub level: String,
    /// Of which group.
    pub choice: String,
    /// The first day of the period.
    pub from: Day,
    /// The codes of the benefits.
    pub benefits: Vec<String>,
}
