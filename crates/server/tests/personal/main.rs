//! What the firm keeps of one person: files that nobody reads who may not, everything in one file, and an erasure after
//! which nothing of the person is left anywhere. A real server, over HTTP, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[path = "../support/mod.rs"]
mod support;

mod attachments;
mod erasure;
mod everything;
mod firm;
