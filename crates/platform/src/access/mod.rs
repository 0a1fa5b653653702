//! Who may do what: users, sessions, roles and permissions. Fails closed: what is not granted is
//! refused.

pub mod app;
mod model;
mod password;
mod rules;
mod store;

pub use model::{Caller, Permission, Role, User, UserId};
