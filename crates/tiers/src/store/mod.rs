//! The SQL of this room.

pub mod decisions;
pub mod grants;
pub mod programmes;
pub mod simulations;
pub mod watch;
