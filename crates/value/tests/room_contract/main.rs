//! The room `value` over real databases, one contract for both. One program, so that it is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

mod columns;
mod contracts;
mod exposure;
mod import;
mod ledger;
mod merges;
mod overview;
mod profiles;
mod runs;
mod scope;
mod support;
