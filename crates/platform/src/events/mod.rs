//! The event log: every change, written in the transaction that makes it, never altered after, and chained
//! by hashes in the order of sealing. Timeline, audit and webhooks read it; nothing else is a record of
//! what happened. See `docs/adr/0006-event-chain.md`.

pub mod api;
mod log;
mod read;
mod rules;
mod seal;
pub(crate) mod store;
mod verify;

pub use log::{Actor, Event, record};
pub use read::{ActorName, EventFilter, EventRow, at_moments, audit, page};
#[cfg(feature = "testing")]
pub use read::{Recorded, of_subject};
pub use rules::{BrokenLink, Fault, Hash, Link, without_secrets};
pub use seal::{Sealer, seal_batch};
pub use store::{Happened, count_waiting, last_sealed, sealed_after};
pub use verify::{Verdict, verify};
