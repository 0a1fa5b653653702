//! The SQL of this room.

pub mod ledger;
pub mod profiles;
pub mod runs;
pub mod settings;
