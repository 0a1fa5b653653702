//! Programmes of levels: what earns a level and what keeps it, who has which and why, what a change would do to
//! everybody before anybody feels it, and levels given by hand. See `docs/adr/0016-tiers.md`.

pub mod api;
pub mod app;
pub mod model;
pub mod rules;
pub mod store;

use customers::references::{OnMerge, Reference};
use platform::jobs::Kinds;
use platform::migrations::RoomMigrations;

/// The tables of this room.
pub const MIGRATIONS: RoomMigrations = platform::migrations!(
    "tiers",
    (1, "0001_tiers"),
    (2, "0002_entitlements"),
    (5, "0005_member")
);

const fn reference(table: &'static str, on_merge: OnMerge) -> Reference {
    Reference {
        table,
        column: "customer_id",
        on_merge,
    }
}

/// The columns of this room that refer to customers. Decisions are never changed and are read as the survivor's. Who was
/// merged keeps the level it had and is decided on no more; the survivor is decided anew by what both brought. What either
/// has left to use is the survivor's.
pub const REFERENCES: &[Reference] = &[
    reference("tier_decisions", OnMerge::ReadTogether),
    reference("tier_memberships", OnMerge::MadeAnewBy(app::decide_all::JOB_KIND)),
    reference("tier_moves", OnMerge::MadeAnewBy(app::simulation::JOB_KIND)),
    reference("tier_notices", OnMerge::Move),
    reference("tier_grants", OnMerge::Move),
    reference("tier_entitlements", OnMerge::ReadTogether),
    reference("tier_choices", OnMerge::ReadTogether),
    // Who was merged has no page of its own: its links lead nowhere.
    reference("tier_member_links", OnMerge::Stay),
];

/// The jobs of this room, added to those the runner knows.
#[must_use]
pub fn jobs(kinds: Kinds, room: app::TiersRoom) -> Kinds {
    let deciding = room.clone();
    kinds
        .with(app::decide_all::JOB_KIND, move |job| {
            app::decide_all::perform(deciding.clone(), job)
        })
        .with(app::simulation::JOB_KIND, move |job| {
            app::simulation::perform(room.clone(), job)
        })
}
