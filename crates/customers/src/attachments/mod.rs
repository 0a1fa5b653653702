//! Files on a customer's record. Each is sealed on its way in under a key of its own, which stands sealed in its row:
//! nothing of a file is ever on the disk in clear, a rotation of keys touches rows only, and what was removed can be
//! read by nobody, whatever a disk or a backup still holds of it. See
//! `docs/adr/0014-personal-data-of-one-customer.md`.

pub(crate) mod api;
pub mod app;
mod model;
pub mod rules;
pub(crate) mod store;

pub use app::sweep;
pub use model::{Attachment, AttachmentId, AttachmentSettings};
pub use rules::FileType;
