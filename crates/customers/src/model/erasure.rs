//! An erasure, and the certificate that stays of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::CustomerId;

/// Why a customer is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureGround {
    /// The person asked for it.
    Request,
    /// The person took back what the processing rested on.
    ConsentWithdrawn,
    /// What it was kept for is over.
    NoLongerNeeded,
    /// It should not have been kept at all.
    Unlawful,
}

/// What whoever erases says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewErasure {
    /// Why.
    pub ground: ErasureGround,
    /// The number of the firm's own paper about it; nothing that says something of the person.
    pub reference: Option<String>,
}

/// What was erased, and what the log says of it for ever. Nothing in it is personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Erasure {
    /// The customer.
    #[schema(value_type = Uuid)]
    pub customer: CustomerId,
    /// What stands in place of its external id from then on.
    pub external_id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub erased_at: Timestamp,
    /// The user who did it; none for the program.
    pub erased_by: Option<Uuid>,
    /// Why.
    pub ground: ErasureGround,
    /// The number of the firm's own paper about it.
    pub reference: Option<String>,
    /// How much was erased, by what it was: `notes`, `identities`.
    pub counts: BTreeMap<String, u64>,
}
