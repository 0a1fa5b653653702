//! The room: rules by worked examples and by properties; programmes, decisions, simulation, levels given by hand,
//! entitlements and advance refunds over both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

mod advance_rules;
mod advances;
mod benefit_support;
mod decisions;
mod entitlement_rules;
mod entitlements;
mod grants;
mod programmes;
mod redemptions;
mod rule_examples;
mod rule_properties;
mod support;
