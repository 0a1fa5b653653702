//! Levels, suspensions and nominations given by hand: dated, with who asked, who agreed, and why.

use std::str::FromStr;

use base::{Day, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ProgrammeId;

base::typed_id!(
    /// Something given by hand.
    GrantId
);

/// What is given by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// A level, where the customer has not earned a higher one.
    Level,
    /// No level, whatever was earned.
    Suspension,
    /// A nomination, for rules that ask for one.
    Nomination,
}

impl GrantKind {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Suspension => "suspension",
            Self::Nomination => "nomination",
        }
    }
}

impl FromStr for GrantKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Level, Self::Suspension, Self::Nomination]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| Error::invalid("kind_unknown", "level, suspension or nomination").at("kind"))
    }
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// Waits for a second person.
    Requested,
    /// A second person agreed: holds from its first day to its last.
    Approved,
    /// A second person did not.
    Refused,
    /// Its time is over.
    Ended,
    /// Was taken back before.
    Revoked,
}

impl GrantState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Requested,
        Self::Approved,
        Self::Refused,
        Self::Ended,
        Self::Revoked,
    ];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
        }
    }

    /// Whether one of this state may come to be in that one.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (
                Self::Requested,
                Self::Approved | Self::Refused | Self::Revoked | Self::Ended
            ) | (Self::Approved, Self::Ended | Self::Revoked)
        )
    }
}

impl FromStr for GrantState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| {
                let message = "requested, approved, refused, ended or revoked";
                Error::invalid("state_unknown", message).at("state")
            })
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NewTierGrant)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// In which programme.
    #[schema(value_type = Uuid)]
    pub programme: ProgrammeId,
    /// What.
    pub kind: GrantKind,
    /// Which level, where it is one.
    #[serde(default)]
    pub level: Option<String>,
    /// Why; 1 to 500 characters.
    pub reason: String,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: Day,
    /// The last day, at most a year after the first.
    #[schema(value_type = String, format = Date)]
    pub until: Day,
}

/// Something given by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TierGrant)]
pub struct Grant {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: GrantId,
    /// To whom.
    pub customer: Uuid,
    /// What was asked for.
    #[serde(flatten)]
    pub facts: NewGrant,
    /// Where it stands.
    pub state: GrantState,
    /// Who asked for it.
    pub requested_by: Option<Uuid>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    /// Who agreed, refused or took it back.
    pub decided_by: Option<Uuid>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
    /// Goes up with every change.
    pub version: i64,
}
