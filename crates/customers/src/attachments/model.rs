//! What an attachment is, and what the firm takes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::FileType;

base::typed_id!(
    /// A file on a customer's record.
    AttachmentId
);

/// A file on a customer's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Attachment {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: AttachmentId,
    /// The name it came with.
    pub name: String,
    /// What it is, as HTTP says it: by its content and its ending, whatever the sender said.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// The user who added it; none for the program.
    pub added_by: Option<Uuid>,
    /// That user's name; none when the user is gone.
    pub added_by_name: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub added_at: Timestamp,
}

/// Which files are taken, as the administrator decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentSettings {
    /// The largest, in bytes.
    pub bytes_max: u64,
    /// Which kinds.
    pub types: Vec<FileType>,
}

impl Default for AttachmentSettings {
    /// What Patron ships: everything it knows, up to 20 MiB.
    fn default() -> Self {
        Self {
            bytes_max: 20 << 20,
            types: FileType::ALL.to_vec(),
        }
    }
}
