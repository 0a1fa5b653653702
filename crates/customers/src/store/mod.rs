//! The SQL of the customer record: reading, writing many at once, and editing one.
//!
//! Whatever shows customers, or finds one to be changed, takes a [`platform::Scope`] and cannot be called without.
//! Writing many shows nobody; it belongs to imports, which only who sees the whole firm can begin.

pub(crate) mod consents;
pub(crate) mod duplicates;
pub(crate) mod edit;
pub(crate) mod erasure;
mod group;
mod group_changes;
pub(crate) mod holdings;
pub(crate) mod life_events;
pub(crate) mod merges;
mod names;
pub(crate) mod overview;
mod read;
pub(crate) mod record;
pub(crate) mod references;
mod scope;
mod search;
mod tags;
mod ties;
mod write;

pub use edit::refer;
pub use erasure::erased_among;
pub use group::{Group, Grouping, among, groupings, groupings_of};
pub use group_changes::{forget_group_changes, group_changes, next_group_change};
pub(crate) use names::{has_unindexed, index_some};
pub use read::{
    Basics, as_one, basics_of, basics_of_everybody, count, detail, ids_by_external, merged, referrals,
    resolve, summaries,
};
pub(crate) use read::{ListRow, brought_by, linked, rows_by_id, together};
pub(crate) use scope::whose;
pub use scope::{ScopeColumns, is_there, push_scope, those_there};
pub use search::{SEARCH_MAX, facets, matching, page};
pub use ties::{
    Tie, belonging, memberships, subscriptions_held, ties_of_influence, ties_of_organisation, ties_of_people,
};
pub use write::{Ensured, Upserted, ensure_many, insert_many, preview_many, upsert_many};

/// How many ids go into one statement.
const IDS_PER_STATEMENT: usize = 5_000;
