//! What is looked for as abuse of levels and benefits, and from where on it counts.

use std::str::FromStr;

use base::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbuseRule {
    /// Levels by hand far above what was earned, again and again.
    UnearnedLevel,
    /// Many uses in a short time.
    Velocity,
    /// Uses at two sites between which nobody travels so fast.
    ImpossibleTravel,
    /// Many who came along.
    Companions,
    /// One of the staff who redeems for the same customer, or has levels given to it, again and again.
    SameStaff,
    /// Money taken back soon after a level was reached by it.
    RefundAfterLevel,
}

impl AbuseRule {
    /// Every rule.
    pub const ALL: [Self; 6] = [
        Self::UnearnedLevel,
        Self::Velocity,
        Self::ImpossibleTravel,
        Self::Companions,
        Self::SameStaff,
        Self::RefundAfterLevel,
    ];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnearnedLevel => "unearned_level",
            Self::Velocity => "velocity",
            Self::ImpossibleTravel => "impossible_travel",
            Self::Companions => "companions",
            Self::SameStaff => "same_staff",
            Self::RefundAfterLevel => "refund_after_level",
        }
    }
}

impl FromStr for AbuseRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|rule| rule.name() == text);
        found.ok_or_else(|| Error::invalid("rule_unknown", "no rule has this name").at("rule"))
    }
}

/// So many within so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AbuseCount)]
#[serde(deny_unknown_fields)]
pub struct CountWithin {
    /// Whether it is looked for.
    pub on: bool,
    /// From how many on, 2 to 100.
    pub at_least: i64,
    /// Within how many hours, 1 to 2,160.
    pub within_hours: i64,
}

/// Levels by hand above what was earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AbuseUnearned)]
#[serde(deny_unknown_fields)]
pub struct Unearned {
    /// Whether it is looked for.
    pub on: bool,
    /// So many levels above the earned one, 1 to 12.
    pub levels_above: i64,
    /// So many times, 1 to 100.
    pub at_least: i64,
    /// Within how many days, 1 to 730.
    pub within_days: i64,
}

/// Travel that nobody can have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AbuseTravel)]
#[serde(deny_unknown_fields)]
pub struct Travel {
    /// Whether it is looked for.
    pub on: bool,
    /// Faster than this, km/h, 100 to 2,000.
    pub faster_than_kmh: i64,
    /// Over at least so many kilometres, 1 to 5,000: sites of one town are no journey.
    pub at_least_km: i64,
}

/// Money that is taken back after a level was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AbuseRefund)]
#[serde(deny_unknown_fields)]
pub struct RefundAfter {
    /// Whether it is looked for.
    pub on: bool,
    /// From so much on of what the customer had spent in twelve months and the one under way, per cent, 1 to 100.
    pub at_least_percent: i64,
    /// Within how many days after the level was reached, 1 to 180.
    pub within_days: i64,
}

/// What is looked for, and from where on it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbuseSettings {
    /// See [`AbuseRule::UnearnedLevel`]; likewise below.
    pub unearned_level: Unearned,
    /// Uses.
    pub velocity: CountWithin,
    /// Travel.
    pub impossible_travel: Travel,
    /// Companions.
    pub companions: CountWithin,
    /// Acts of one of the staff for one customer.
    pub same_staff: CountWithin,
    /// Refunds.
    pub refund_after_level: RefundAfter,
}

impl Default for AbuseSettings {
    /// Nothing is looked for until the firm says so.
    fn default() -> Self {
        let count = |at_least, within_hours| CountWithin {
            on: false,
            at_least,
            within_hours,
        };
        Self {
            unearned_level: Unearned {
                on: false,
                levels_above: 2,
                at_least: 2,
                within_days: 365,
            },
            velocity: count(6, 24),
            impossible_travel: Travel {
                on: false,
                faster_than_kmh: 900,
                at_least_km: 50,
            },
            companions: count(10, 30 * 24),
            same_staff: count(5, 30 * 24),
            refund_after_level: RefundAfter {
                on: false,
                at_least_percent: 30,
                within_days: 30,
            },
        }
    }
}

impl AbuseSettings {
    /// Whether a rule is looked for.
    pub fn is_on(&self, rule: AbuseRule) -> bool {
        match rule {
            AbuseRule::UnearnedLevel => self.unearned_level.on,
            AbuseRule::Velocity => self.velocity.on,
            AbuseRule::ImpossibleTravel => self.impossible_travel.on,
            AbuseRule::Companions => self.companions.on,
            AbuseRule::SameStaff => self.same_staff.on,
            AbuseRule::RefundAfterLevel => self.refund_after_level.on,
        }
    }

    /// The rules that are looked for.
    pub fn rules_on(&self) -> Vec<AbuseRule> {
        AbuseRule::ALL
            .into_iter()
            .filter(|rule| self.is_on(*rule))
            .collect()
    }
}
