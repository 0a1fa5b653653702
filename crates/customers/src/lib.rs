//! The customer record: people and organisations, what they hold, who matters inside a firm, and their
//! import. Knows nothing of what a customer is worth.

pub mod api;
pub mod app;
mod import;
mod model;
pub mod rules;
pub mod store;

pub use import::CustomersImport;
pub use model::{
    Contact, ContactId, CustomerDetail, CustomerId, CustomerKind, CustomerLink, CustomerRow, CustomerSummary,
    Facets, NewContact, NewCustomer, NewSubscription, Record, Subscription, SubscriptionId,
    SubscriptionStatus,
};

use platform::migrations::RoomMigrations;

/// The tables of this room.
pub const MIGRATIONS: RoomMigrations =
    platform::migrations!("customers", (1, "0001_customers"), (2, "0002_groups"));
