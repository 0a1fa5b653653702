//! What every room stands on: database, migrations, event log, jobs, access, HTTP plumbing, imports and exports.
//! Knows nothing of customers or value.

pub mod access;
pub mod clock;
pub mod crypto;
pub mod db;
pub mod events;
pub mod exports;
pub mod firm;
pub mod forgetting;
pub mod http;
pub mod idempotency;
pub mod ids;
pub mod imports;
pub mod installation;
pub mod jobs;
pub mod live;
pub mod migrations;
pub mod outbound;
pub mod private;
pub mod random;
pub mod state;
pub mod tabular;
#[cfg(feature = "testing")]
pub mod testing;
pub mod webhooks;

pub use access::{Caller, Permission, Scope};
pub use clock::Clock;
pub use db::{Db, Tx};
pub use state::{Platform, Settings};
