//! Who may do what, and of which customers: users, sessions, roles, permissions, branches and teams. Fails
//! closed: what is not granted is refused, and who is out of scope is not there.

pub mod api;
pub mod app;
mod model;
mod password;
mod rates;
mod rules;
mod scope;
mod second_factor;
pub mod single_sign_on;
mod store;

pub use model::{
    ApiKey, ApiKeyId, Branch, BranchChange, BranchId, Caller, NewApiKey, Permission, Role, RoleChange,
    RoleId, RoleRecord, SessionId, Standing, Team, TeamChange, TeamId, User, UserChange, UserId, UserRecord,
};
pub use rates::KeyRates;
pub use scope::{Reach, Scope, ScopeKind};
pub use store::directory;
