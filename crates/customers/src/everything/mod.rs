//! Everything that is known of one customer, as one file to be handed over: a ZIP with a JSON document for each part
//! and the attachments. Rooms plug their parts in; a table that refers to customers and that no part covers fails a
//! test. See `docs/adr/0014-personal-data-of-one-customer.md`.

pub mod api;
mod app;
mod pages;
mod part;
mod parts;
mod zip;

pub use part::{About, Items, RecordPart, RecordParts};
pub use parts::{FOLLOWS, with_parts};
