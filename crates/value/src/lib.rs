//! Ledger, value engine, profiles, classes, leaky bucket.
