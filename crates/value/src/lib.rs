//! Ledger, value engine, profiles, classes, leaky bucket.

pub mod columns;
pub mod engine;
pub mod explain;
pub mod model;
pub mod profile;
pub mod store;
