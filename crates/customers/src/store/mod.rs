//! The SQL of the customer record: reading, writing many at once, and editing one.

pub(crate) mod consents;
pub(crate) mod duplicates;
pub(crate) mod edit;
mod group;
pub(crate) mod holdings;
pub(crate) mod life_events;
pub(crate) mod merges;
mod names;
mod read;
pub(crate) mod record;
pub(crate) mod references;
mod search;
mod write;

pub use group::{Group, among, is_small, members};
pub(crate) use names::{has_unindexed, index_some};
pub(crate) use read::{ListRow, rows_by_id};
pub use read::{as_one, count, detail, ids_by_external, merged, referrals, resolve, summaries};
pub use search::{SEARCH_MAX, facets, matching, page};
pub use write::{Ensured, Upserted, ensure_many, insert_many, preview_many, upsert_many};

/// How many ids go into one statement.
const IDS_PER_STATEMENT: usize = 5_000;
