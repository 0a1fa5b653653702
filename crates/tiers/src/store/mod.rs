//! The SQL of this room.

pub mod abuse;
pub mod abuse_facts;
pub mod benefits;
pub mod decisions;
pub mod entitlements;
pub mod grants;
pub mod of_customers;
pub mod partners;
pub mod portfolio;
pub mod programmes;
pub mod redemptions;
pub mod simulations;
pub mod statements;
pub mod watch;
