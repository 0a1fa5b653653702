//! The room: rules by worked examples and by properties; programmes, decisions, simulation and levels given by hand over
//! both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

mod benefit_support;
mod decisions;
mod entitlement_rules;
mod entitlements;
mod grants;
mod member;
mod programmes;
mod redemptions;
mod rule_examples;
mod rule_properties;
mod support;
