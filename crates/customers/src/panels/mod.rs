//! Panels of a customer's page that other systems fill: whom to ask over HTTP, how, and what to show of the
//! answer. A system that is slow or gone costs the page nothing but its own panel. Nothing of an answer is stored:
//! it is kept in memory for as long as the panel says.

pub mod api;
pub mod app;
mod cache;
mod model;
mod room;
pub mod rules;
pub mod store;

pub use model::{
    Panel, PanelAuth, PanelField, PanelFieldKind, PanelId, PanelSettings, PanelShown, PanelTry, PanelValue,
    ShownField,
};
pub use room::PanelRoom;
pub(crate) use room::Questions;
