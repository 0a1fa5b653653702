//! What customers are known by: phone numbers, e-mail addresses, ids in messengers, cards, accounts, documents,
//! ids in other systems. Stored sealed, unique while active, found in one indexed read; never in an event or
//! a log.

pub mod api;
pub mod app;
mod document;
mod jobs;
mod model;
mod phone;
pub mod rules;
pub mod store;

pub use jobs::kinds;
pub use model::{EndedBecause, Found, Identity, IdentityId, IdentityKind};
