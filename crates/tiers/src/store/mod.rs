//! The SQL of this room.

pub mod benefits;
pub mod decisions;
pub mod entitlements;
pub mod grants;
pub mod member;
pub mod of_customers;
pub mod partners;
pub mod programmes;
pub mod redemptions;
pub mod simulations;
pub mod statements;
pub mod watch;
