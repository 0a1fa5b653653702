//! The SQL of the customer record: reading here, writing many at once in [`write`](self).

mod group;
mod read;
mod search;
mod write;

pub use group::{Group, among, is_small, members};
pub use read::{count, detail, exists, ids_by_external, referrals, summaries};
pub use search::{SEARCH_MAX, facets, matching, page};
pub use write::{Ensured, Upserted, ensure_many, insert_many, preview_many, upsert_many};

/// How many ids go into one statement.
const IDS_PER_STATEMENT: usize = 5_000;
