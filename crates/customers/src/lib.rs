//! The customer record: people and organisations, what they hold, who matters inside a firm, their import and
//! export. Knows nothing of what a customer is worth.

pub mod api;
pub mod app;
pub mod attachments;
mod duplicates;
pub mod everything;
mod export;
pub mod identities;
mod import;
mod index;
pub mod live;
mod model;
pub mod overview;
pub mod panels;
pub mod references;
pub mod rules;
pub mod store;

pub use export::CustomersExport;
pub use import::CustomersImport;
pub use import::record_imported;
pub use model::{
    Channel, Choice, Choices, CompletenessItem, Conflict, ConsentId, Contact, ContactChange, ContactFacts,
    ContactId, ContactPolicy, ContactPreferences, ContactRole, CustomField, CustomKind, CustomValue,
    CustomValues, CustomerChange, CustomerCreation, CustomerDetail, CustomerId, CustomerKind, CustomerLink,
    CustomerRow, CustomerSummary, Duplicate, DuplicateId, DuplicateState, Erasure, ErasureGround, Facets,
    FoundCustomer, LifeCalendar, LifeEvent, LifeEventFacts, LifeEventId, LifeEventKind, Merge, MergeDone,
    MergeId, MergePreview, Need, NewContact, NewCustomer, NewErasure, NewMerge, NewNote, NewStatements,
    NewSubscription, Note, NoteChange, NoteId, PairFilter, Purpose, QuietHours, Reason, Record, RecordSchema,
    Side, Statement, Subscription, SubscriptionChange, SubscriptionFacts, SubscriptionId, SubscriptionStatus,
    TagChange,
};

use platform::jobs::Kinds;
use platform::migrations::RoomMigrations;

/// The tables of this room.
pub const MIGRATIONS: RoomMigrations = platform::migrations!(
    "customers",
    (1, "0001_customers"),
    (2, "0002_groups"),
    (3, "0003_identities"),
    (4, "0004_search"),
    (5, "0005_record"),
    (6, "0006_consents"),
    (7, "0007_scope"),
    (8, "0008_group_changes"),
    (9, "0009_merge"),
    (10, "0010_panels"),
    (11, "0011_attachments"),
    (12, "0012_erasure"),
    (13, "0013_tags_in_order")
);

/// The jobs of this room, added to those the runner knows.
#[must_use]
pub fn jobs(kinds: Kinds) -> Kinds {
    identities::kinds(kinds)
        .with(index::KIND, index::perform)
        .with(duplicates::KIND, duplicates::perform)
}
