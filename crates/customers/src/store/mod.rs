//! The SQL of the customer record: reading, writing many at once, and editing one.

pub(crate) mod consents;
pub(crate) mod edit;
mod group;
pub(crate) mod holdings;
pub(crate) mod life_events;
mod names;
pub(crate) mod overview;
mod read;
pub(crate) mod record;
mod search;
mod write;

pub use group::{Group, among, is_small, members};
pub(crate) use names::{has_unindexed, index_some};
pub(crate) use read::ListRow;
pub use read::{count, detail, exists, ids_by_external, referrals, summaries};
pub use search::{SEARCH_MAX, facets, matching, page};
pub use write::{Ensured, Upserted, ensure_many, insert_many, preview_many, upsert_many};

/// How many ids go into one statement.
const IDS_PER_STATEMENT: usize = 5_000;
