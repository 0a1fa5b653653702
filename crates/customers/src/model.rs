//! What a customer is.

mod consent;
mod duplicate;
mod edit;
mod erasure;
mod life_event;
mod merge;
mod record_schema;

use std::str::FromStr;

pub use consent::{
    Channel, ConsentId, ContactPolicy, ContactPreferences, Need, NewStatements, Purpose, QuietHours,
    Statement,
};
pub use duplicate::{Duplicate, DuplicateId, DuplicateState, PairFilter, Reason};
pub use edit::{
    ContactChange, ContactFacts, ContactRole, CustomerChange, CustomerCreation, SubscriptionChange,
    SubscriptionFacts,
};
pub use erasure::{Erasure, ErasureGround, NewErasure};
pub use life_event::{LifeCalendar, LifeEvent, LifeEventFacts, LifeEventId, LifeEventKind};
pub(crate) use merge::MergeRecord;
pub use merge::{Choices, Conflict, Merge, MergeDone, MergeId, MergePreview, NewMerge, Side};
pub use record_schema::{
    Choice, CompletenessItem, CustomField, CustomKind, CustomValue, CustomValues, NewNote, Note, NoteChange,
    NoteId, RecordSchema, TagChange,
};

use base::{Day, Error};
use jiff::Timestamp;
use platform::access::directory::{BranchLink, UserLink};
use platform::access::{BranchId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rules::masking;

base::typed_id!(
    /// A customer: a person or an organisation.
    CustomerId
);
base::typed_id!(
    /// A subscription of a customer.
    SubscriptionId
);
base::typed_id!(
    /// A person who matters inside an organisation.
    ContactId
);

/// A person or an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerKind {
    /// A person.
    Person,
    /// A firm, an authority, a school.
    Organisation,
}

impl CustomerKind {
    /// The kind's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
        }
    }
}

impl FromStr for CustomerKind {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        match text {
            "person" => Ok(Self::Person),
            "organisation" => Ok(Self::Organisation),
            _ => Err(Error::invalid("kind_unknown", "a customer is a person or an organisation").at("kind")),
        }
    }
}

/// Whether a subscription is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// In use.
    Active,
    /// Held back, for instance for arrears.
    Suspended,
    /// Over.
    Ended,
}

impl SubscriptionStatus {
    /// The status's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }
}

impl FromStr for SubscriptionStatus {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        match text {
            "active" => Ok(Self::Active),
            "suspended" => Ok(Self::Suspended),
            "ended" => Ok(Self::Ended),
            _ => Err(Error::internal(format!(
                "{text:?} is no status of a subscription"
            ))),
        }
    }
}

/// What a source says about a customer, identified by its external id. What is `None` was not said and
/// leaves what is known as it is: a record is enriched over time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// The customer's id in the firm's other systems.
    pub external_id: String,
    /// Person or organisation; a person unless said.
    pub kind: Option<CustomerKind>,
    /// The name.
    pub name: Option<String>,
    /// The brand the customer is with.
    pub brand: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The firm's own segment.
    pub segment: Option<String>,
    /// A phone number, normalised: it takes the place of the one a file said before.
    pub phone: Option<String>,
    /// An e-mail address, likewise.
    pub email: Option<String>,
    /// Customer since.
    pub since: Option<Day>,
    /// The external id of the organisation the person belongs to.
    pub organisation: Option<String>,
    /// The external id of the customer who brought this one.
    pub referred_by: Option<String>,
    /// The branch that looks after the customer.
    pub branch: Option<BranchId>,
    /// The customer manager.
    pub owner: Option<UserId>,
    /// Said under the id of a customer that was merged into this one: it fills what is missing and takes the
    /// place of nothing.
    pub fills_only: bool,
}

/// A customer to be stored, with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomer {
    /// Its id.
    pub id: CustomerId,
    /// Its id in the firm's other systems, unique.
    pub external_id: String,
    /// Person or organisation.
    pub kind: CustomerKind,
    /// The name, if it is known.
    pub name: Option<String>,
    /// The brand the customer is with.
    pub brand: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The firm's own segment.
    pub segment: Option<String>,
    /// A phone number.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// Customer since.
    pub since: Option<Day>,
    /// The organisation a person belongs to.
    pub organisation: Option<CustomerId>,
    /// Who brought this customer.
    pub referred_by: Option<CustomerId>,
    /// The branch that looks after the customer.
    pub branch: Option<BranchId>,
    /// The customer manager.
    pub owner: Option<UserId>,
    /// Made by the generator, no real customer.
    pub generated: bool,
    /// What the customer holds.
    pub subscriptions: Vec<NewSubscription>,
    /// The people who matter inside an organisation.
    pub contacts: Vec<NewContact>,
    /// The days of its life.
    pub life_events: Vec<LifeEventFacts>,
    /// What it said about being contacted.
    pub consents: Vec<Statement>,
    /// Its tags, each once.
    pub tags: Vec<String>,
}

/// Something a customer holds, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscription {
    /// Its id.
    pub id: SubscriptionId,
    /// The product: mobile, broadband.
    pub product: String,
    /// The plan.
    pub plan: Option<String>,
    /// The phone or line number.
    pub number: Option<String>,
    /// Its first day.
    pub started_on: Day,
    /// Its last day, if it is over.
    pub ended_on: Option<Day>,
    /// The day its term ends.
    pub term_ends_on: Option<Day>,
    /// The device that came with it.
    pub device: Option<String>,
    /// Whether it is in use.
    pub status: SubscriptionStatus,
}

/// A person who matters inside an organisation, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContact {
    /// Its id.
    pub id: ContactId,
    /// The person's name.
    pub name: String,
    /// What the person does there.
    pub role: ContactRole,
    /// How much the person decides, 1 to 5.
    pub influence: u8,
    /// The person as a customer, if it is one.
    pub customer: Option<CustomerId>,
}

/// A customer in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerRow {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: CustomerId,
    /// Its id in the firm's other systems.
    pub external_id: String,
    /// The name, or the external id where no name is known.
    pub name: String,
    /// Person or organisation.
    pub kind: CustomerKind,
    /// The brand.
    pub brand: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The firm's own segment.
    pub segment: Option<String>,
    /// Customer since.
    #[schema(value_type = Option<String>, format = Date)]
    pub since: Option<Day>,
}

/// A customer in a list, and why a search found it where that is not to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FoundCustomer {
    /// The customer.
    #[serde(flatten)]
    pub customer: CustomerRow,
    /// The tag that a search found it by; none where it is known by, or called, what was searched for.
    pub tag: Option<String>,
}

/// A customer in few words, for lists of other rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerSummary {
    /// Its id.
    pub id: CustomerId,
    /// Its id in the firm's other systems.
    pub external_id: String,
    /// The name, if it is known.
    pub name: Option<String>,
    /// Person or organisation.
    pub kind: CustomerKind,
    /// The brand.
    pub brand: Option<String>,
    /// The region.
    pub region: Option<String>,
}

/// Another customer that this one has to do with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerLink {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: CustomerId,
    /// Its name, or its external id where no name is known.
    pub name: String,
}

/// Something a customer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Subscription {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: SubscriptionId,
    /// What is said of it.
    #[serde(flatten)]
    pub facts: SubscriptionFacts,
    /// Goes up with every change.
    pub version: i64,
}

/// A person who matters inside an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contact {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: ContactId,
    /// What is said of the person.
    #[serde(flatten)]
    pub facts: ContactFacts,
    /// Goes up with every change.
    pub version: i64,
}

impl Subscription {
    /// The same with its number in part only.
    #[must_use]
    pub(crate) fn masked(mut self) -> Self {
        self.facts.number = self.facts.number.as_deref().map(masking::number);
        self
    }
}

impl CustomerDetail {
    /// The same with what is personal in part only.
    #[must_use]
    pub(crate) fn masked(self) -> Self {
        Self {
            phone: self.phone.as_deref().map(masking::number),
            email: self.email.as_deref().map(masking::email),
            subscriptions: self.subscriptions.into_iter().map(Subscription::masked).collect(),
            masked: true,
            ..self
        }
    }
}

/// Everything about one customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerDetail {
    /// What a list shows.
    #[serde(flatten)]
    pub row: CustomerRow,
    /// The newest of its phone numbers.
    pub phone: Option<String>,
    /// The newest of its e-mail addresses.
    pub email: Option<String>,
    /// Whether phone number, e-mail address and the numbers of subscriptions are shown in part only, because the caller
    /// lacks `customers.personal`.
    pub masked: bool,
    /// The organisation a person belongs to.
    pub organisation: Option<CustomerLink>,
    /// Who brought this customer.
    pub referred_by: Option<CustomerLink>,
    /// The branch that looks after the customer.
    pub branch: Option<BranchLink>,
    /// The customer manager.
    pub owner: Option<UserLink>,
    /// The first 50 people of an organisation.
    pub members: Vec<CustomerLink>,
    /// The newest 200 subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// The contacts of an organisation, those who still are first, the most influential of them first, at
    /// most 50.
    pub contacts: Vec<Contact>,
    /// Made by the generator, no real customer.
    pub generated: bool,
    /// Since when nothing personal is known of it; null for everyone who was not erased.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub erased_at: Option<Timestamp>,
    /// Goes up with every change of the record itself; send it as `If-Match` when changing.
    pub version: i64,
}

/// The values that customers can be filtered by, at most 200 of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facets {
    /// Brands.
    pub brands: Vec<String>,
    /// Regions.
    pub regions: Vec<String>,
    /// Segments.
    pub segments: Vec<String>,
}
