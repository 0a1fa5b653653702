//! Two customers who may be one.

use std::str::FromStr;

use base::Error;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CustomerId, CustomerRow, MergeId};

base::typed_id!(
    /// A pair of customers who may be one.
    DuplicateId
);

/// What has been decided on a pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateState {
    /// Nothing yet.
    #[default]
    Open,
    /// They were one.
    Merged,
    /// They are two, and are not offered again.
    NotDuplicate,
}

impl DuplicateState {
    /// The state's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::NotDuplicate => "not_duplicate",
        }
    }
}

impl FromStr for DuplicateState {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        [Self::Open, Self::Merged, Self::NotDuplicate]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| {
                let message = "a pair is open, merged or not_duplicate";
                Error::invalid("duplicate_state_unknown", message).at("state")
            })
    }
}

/// Which pairs.
#[derive(Debug, Clone, Copy, Default)]
pub struct PairFilter {
    /// What has been decided on them: nothing yet, unless said.
    pub state: DuplicateState,
    /// Only those that are certain, or only those that are not.
    pub certain: Option<bool>,
    /// Only those of this customer.
    pub customer: Option<CustomerId>,
}

/// What speaks for two customers being one, or against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DuplicateReason)]
pub struct Reason {
    /// What was compared: `identity`, `name`, `birthday`, `region`, `phone`.
    pub compared: String,
    /// How it compares: `same`, `same_reading`, `alike`, `same_day`, `one_part_differs`, `same_line`, `near`,
    /// `same_end`, `different`.
    pub outcome: String,
    /// In bits: one bit is twice as likely.
    pub weight: f64,
}

/// Two customers who may be one.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Duplicate {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: DuplicateId,
    /// The one that is known for longer.
    pub one: CustomerRow,
    /// The other one.
    pub other: CustomerRow,
    /// Both are said to be known by the same thing.
    pub certain: bool,
    /// The sum of the weights, in bits.
    pub score: f64,
    /// What speaks for it and against it.
    pub reasons: Vec<Reason>,
    /// What has been decided.
    pub state: DuplicateState,
    /// The merge that made them one.
    #[schema(value_type = Option<Uuid>)]
    pub merge: Option<MergeId>,
    /// When they were found.
    #[schema(value_type = String, format = DateTime)]
    pub found_at: Timestamp,
    /// When it was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
    /// By whom.
    pub decided_by: Option<Uuid>,
}
