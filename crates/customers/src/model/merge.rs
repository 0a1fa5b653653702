//! Two records of one customer: who stands for both, and what became of what they had.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CustomerId, CustomerRow};

base::typed_id!(
    /// A merge of two customers.
    MergeId
);

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The customer that stands for both from then on.
    Survivor,
    /// The customer that is merged into it.
    Merged,
}

/// Whose value is kept, by the field's name.
pub type Choices = BTreeMap<String, Side>;

/// A merge as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMerge {
    /// The customer that stands for both from then on.
    #[schema(value_type = Uuid)]
    pub survivor: CustomerId,
    /// The version of its record that this is based on.
    pub survivor_version: i64,
    /// The customer that is merged into it.
    #[schema(value_type = Uuid)]
    pub merged: CustomerId,
    /// The version of its record that this is based on.
    pub merged_version: i64,
    /// Whose value is kept where both have one and they differ, by the field's name as the preview gives it;
    /// the survivor's where nothing is said.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub fields: Choices,
}

/// A field of which both have a value, and not the same.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Conflict {
    /// The field: one of the record's, `birthday`, `founding`, `preferences`, `custom.` and a name …
    pub field: String,
    /// The survivor's value.
    #[schema(value_type = Object)]
    pub survivor: Value,
    /// The merged customer's value.
    #[schema(value_type = Object)]
    pub merged: Value,
}

/// What a merge would do.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MergePreview {
    /// The customer that stands for both from then on.
    pub survivor: CustomerRow,
    /// The version of its record.
    pub survivor_version: i64,
    /// The customer that is merged into it.
    pub merged: CustomerRow,
    /// The version of its record.
    pub merged_version: i64,
    /// What is to be decided.
    pub conflicts: Vec<Conflict>,
    /// The fields of which only the merged customer has a value: the survivor gets it.
    pub filled: Vec<String>,
    /// How many rows become the survivor's, by what they are; where there are none, nothing is said.
    #[schema(value_type = Object)]
    pub moves: BTreeMap<String, u64>,
    /// What takes both for one only when it is made the next time: the published value run stays as it is
    /// until the next one.
    #[schema(value_type = Vec<String>)]
    pub later: Vec<&'static str>,
}

/// A merge that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Merge {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: MergeId,
    /// The customer that stands for both.
    #[schema(value_type = Uuid)]
    pub survivor: CustomerId,
    /// The customer that was merged into it.
    #[schema(value_type = Uuid)]
    pub merged: CustomerId,
    /// The fields of the survivor's record that became others.
    pub fields: Vec<String>,
    /// How many rows became the survivor's, by what they are.
    #[schema(value_type = Object)]
    pub moved: BTreeMap<String, u64>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub merged_at: Timestamp,
    /// By whom.
    pub merged_by: Option<Uuid>,
    /// When it was undone, if it was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub undone_at: Option<Timestamp>,
    /// By whom.
    pub undone_by: Option<Uuid>,
}

/// A merge that has just been made or undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MergeDone {
    /// The merge.
    #[serde(flatten)]
    pub merge: Merge,
    /// What takes both for one (or for two again) only when it is made the next time: the published value run
    /// stays as it is until the next one.
    #[schema(value_type = Vec<String>)]
    pub later: Vec<&'static str>,
}

/// All that is needed to undo a merge. Has personal values in it, and is stored sealed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct MergeRecord {
    /// The rows that went from the merged customer to the survivor, by reference.
    pub(crate) moved: BTreeMap<String, Vec<String>>,
    /// The rows that went from the survivor to the merged customer, because they lost a conflict.
    pub(crate) parked: BTreeMap<String, Vec<String>>,
    /// The fields of the survivor's record that became others: before and after.
    pub(crate) fields: BTreeMap<String, (Value, Value)>,
}
