//! What a record holds beyond what every firm knows: the administrator's fields, and what makes a record
//! complete. Data, decided in versions.

use std::collections::BTreeMap;

use base::Day;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::CustomerKind;
use crate::attachments::AttachmentSettings;

base::typed_id!(
    /// A note about a customer.
    NoteId
);

/// One answer of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub name: String,
    /// Its label in Chinese.
    pub zh: String,
    /// Its label in English.
    pub en: String,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CustomKind {
    /// A text of at most so many characters.
    Text {
        /// The most characters.
        chars_max: u32,
    },
    /// A number within bounds.
    Number {
        /// At least.
        min: Option<f64>,
        /// At most.
        max: Option<f64>,
    },
    /// A day within bounds.
    Date {
        /// The first.
        #[schema(value_type = Option<String>, format = Date)]
        min: Option<Day>,
        /// The last.
        #[schema(value_type = Option<String>, format = Date)]
        max: Option<Day>,
    },
    /// One of some answers.
    Choice {
        /// The answers.
        choices: Vec<Choice>,
    },
}

/// A field of the administrator's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomField {
    /// What its values are stored under; never changes.
    pub name: String,
    /// Its label in Chinese.
    pub zh: String,
    /// Its label in English.
    pub en: String,
    /// Once said, it can be changed and not erased; until then it is missing.
    pub required: bool,
    /// What it takes.
    #[serde(flatten)]
    pub kind: CustomKind,
}

/// Something that makes a record more complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompletenessItem {
    /// What: `phone`, `birthday`, `custom.hobby`.
    pub what: String,
    /// Of people or of organisations only.
    pub of: Option<CustomerKind>,
    /// How much it counts.
    pub weight: u32,
}

/// What the administrator decided a record holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordSchema {
    /// The firm's own fields.
    pub fields: Vec<CustomField>,
    /// What makes a record complete.
    pub completeness: Vec<CompletenessItem>,
    /// Which files a record takes.
    #[serde(default)]
    pub attachments: AttachmentSettings,
}

impl Default for RecordSchema {
    /// What Patron ships (`record_schema.json`), as version 0.
    fn default() -> Self {
        serde_json::from_str(include_str!("record_schema.json")).unwrap_or(Self {
            fields: Vec::new(),
            completeness: Vec::new(),
            attachments: AttachmentSettings::default(),
        })
    }
}

/// What is stored in a customer's own fields, by the field's name.
pub type CustomValues = BTreeMap<String, Value>;

/// A field's value as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CustomValue {
    /// The field.
    pub field: String,
    /// Its value; null where nobody has said it.
    #[schema(value_type = Option<Value>)]
    pub value: Option<Value>,
    /// Why the value does not fit the field as it is now, or the field has none though it must: a stable
    /// code.
    pub problem: Option<String>,
}

/// A note about a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Note {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: NoteId,
    /// What it says.
    pub text: String,
    /// Shown before the others.
    pub pinned: bool,
    /// The user who wrote it; none for the program.
    pub author: Option<Uuid>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub written_at: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// A note to be written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// What it says.
    pub text: String,
    /// Shown before the others.
    #[serde(default)]
    pub pinned: bool,
}

/// What of a note is to be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteChange {
    /// What it says.
    pub text: Option<String>,
    /// Shown before the others.
    pub pinned: Option<bool>,
}

/// Tags to be put on a customer and taken off.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagChange {
    /// To be put on.
    #[serde(default)]
    pub add: Vec<String>,
    /// To be taken off.
    #[serde(default)]
    pub remove: Vec<String>,
}
