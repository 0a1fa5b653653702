//! The SQL of the customer record: reading here, writing many at once in [`write`](self).

mod names;
mod read;
mod search;
mod write;

pub(crate) use names::{has_unindexed, index_some};
pub(crate) use read::ListRow;
pub use read::{count, detail, ids_by_external, referrals, summaries};
pub use search::{SEARCH_MAX, facets, matching, page};
pub use write::{Ensured, Upserted, ensure_many, insert_many, preview_many, upsert_many};

/// How many ids go into one statement.
const IDS_PER_STATEMENT: usize = 5_000;
