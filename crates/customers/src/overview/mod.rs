//! A customer's page in one request. Its parts are those of every room that has something to say of a customer,
//! loaded side by side within one deadline; what is late or fails is marked, and the rest comes. Beside them stand
//! the panels that other systems fill. Changes nothing. See `docs/adr/0013-overview.md`.

pub mod api;
pub mod app;
mod model;
mod part;
mod parts;

pub(crate) use app::subject;
pub use app::{DEADLINE, Overview};
pub(crate) use model::milliseconds;
pub use model::{OverviewPage, PartShown, PartState};
pub use part::{Asked, OverviewPart, Parts, Subject};
pub use parts::with_parts;
