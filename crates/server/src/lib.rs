//! Puts the rooms together: router, OpenAPI document, jobs, embedded console, start and stop.
//! Knows every room and decides nothing of theirs.

mod accept;
mod config;
mod console;
mod events;
mod health;
mod jobs;
mod layers;
mod member_session;
mod metrics;
mod provider_sign_in;
mod proxies;
mod router;
mod serve;
mod session;
mod setup;

pub use config::{Config, Limits};
pub use proxies::Network;
pub use router::{PUBLIC, openapi};
pub use serve::{
    Rooms, Served, imports, listen, open, open_beside, open_demo, record_parts, references, start, terminated,
};
pub use setup::{EXAMPLE_FIRM, example_firm_job};
