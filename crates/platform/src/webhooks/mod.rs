//! Telling other systems of events, signed by the Standard Webhooks specification. Deliveries are made from
//! the sealed event log by a cursor, never in the transaction of a writer, and are retried for a day.
//! Nothing waits for a receiver. See `docs/adr/0006-event-chain.md`.

pub mod api;
pub mod app;
mod call;
mod model;
mod rules;
mod store;
mod worker;

pub use model::{
    Delivery, DeliveryId, DeliveryState, Endpoint, EndpointId, EndpointSettings, NewSecret, Replayed,
};
pub use worker::{Webhooks, WebhooksSettings};
