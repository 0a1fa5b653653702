//! Ledger, value engine, profiles, classes, leaky bucket.

pub mod api;
pub mod app;
mod column_names;
pub mod columns;
pub mod engine;
pub mod explain;
mod export;
pub mod facts;
pub mod group_columns;
pub mod import;
pub mod model;
pub mod profile;
pub mod profile_columns;
pub mod rules;
pub mod store;

use customers::references::{OnMerge, Reference};
use platform::jobs::Kinds;
use platform::migrations::RoomMigrations;

pub use export::ValueExport;
pub use import::TransactionsImport;

/// The tables of this room.
pub const MIGRATIONS: RoomMigrations = platform::migrations!(
    "value",
    (1, "0001_value"),
    (2, "0002_ledger_guarded"),
    (3, "0003_profile_columns")
);

/// The columns of this room that refer to customers. The ledger is append-only: its lines keep whom they were said
/// of, and are read as the survivor's.
pub const REFERENCES: &[Reference] = &[
    Reference {
        table: "transactions",
        column: "customer_id",
        on_merge: OnMerge::ReadTogether,
    },
    Reference {
        table: "value_profiles",
        column: "customer_id",
        on_merge: OnMerge::MadeAnewBy(app::runs::JOB_KIND),
    },
];

/// The jobs of this room, added to those the runner knows.
#[must_use]
pub fn jobs(kinds: Kinds) -> Kinds {
    kinds.with(app::runs::JOB_KIND, app::perform::perform)
}
