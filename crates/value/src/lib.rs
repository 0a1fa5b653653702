//! Ledger, value engine, profiles, classes, leaky bucket.

pub mod engine;
