//! The SQL of this room.

pub(crate) mod exposure;
pub mod ledger;
pub mod profiles;
pub mod runs;
pub mod settings;
