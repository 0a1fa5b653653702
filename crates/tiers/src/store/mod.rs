//! The SQL of this room.

pub mod decisions;
pub mod grants;
pub mod of_customers;
pub mod programmes;
pub mod simulations;
pub mod watch;
