//! What every endpoint shares: errors as problem+json, who calls, bodies, paging, versions.
//!
//! A handler returns `Result<Json<T>, Problem>`; `?` turns a `base::Error` into the response.

mod attachment;
mod caller;
mod json;
mod no_store;
mod paging;
mod path;
mod problem;
mod query;
mod upload;
mod version;

pub use attachment::attachment;
pub use caller::{AnySession, SESSION_COOKIE, SessionToken, has_key};
pub use json::Json;
pub use no_store::{NoStore, no_store};
pub use paging::Paging;
pub use path::Path;
pub use problem::{Problem, ProblemBody, REQUEST_ID};
pub use query::Query;
pub use upload::{Keeping, Multipart, StoredFile, Upload, receive, receive_into};
pub use version::{IfMatch, Versioned};
