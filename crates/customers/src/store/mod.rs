//! The SQL of the customer record: reading here, writing many at once in [`write`](self).
//!
//! Whatever shows customers takes a [`platform::Scope`] and cannot be called without. Writing many shows
//! nobody; it belongs to imports, which only who sees the whole firm can begin.

mod read;
mod scope;
mod search;
mod write;

pub use read::{count, detail, ids_by_external, referrals, summaries};
pub use scope::{ScopeColumns, is_there, push_scope};
pub use search::{SEARCH_MAX, facets, matching, page};
pub use write::{Ensured, Upserted, ensure_many, insert_many, preview_many, upsert_many};

/// How many ids go into one statement.
const IDS_PER_STATEMENT: usize = 5_000;
