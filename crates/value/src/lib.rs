//! Ledger, value engine, profiles, classes, leaky bucket.

pub mod engine;
pub mod rules;
