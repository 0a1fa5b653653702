//! What a person may say about a record: whole when it is made, in parts when it is changed. In a change,
//! what is left out stays, and `null` is no longer known. Says nothing about what is right.

use std::str::FromStr;

use base::{Day, Error};
use platform::access::{BranchId, UserId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{CustomerId, CustomerKind, SubscriptionStatus};

/// Tells `null` from what is left out.
fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

/// What a contact does in the organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactRole {
    /// Signs.
    DecisionMaker,
    /// Is listened to.
    KeyPerson,
    /// Uses what was bought.
    User,
    /// Pays the bills.
    Finance,
    /// Buys.
    Purchasing,
    /// Keeps it running.
    Technical,
    /// Something else.
    Other,
}

impl ContactRole {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::DecisionMaker,
        Self::KeyPerson,
        Self::User,
        Self::Finance,
        Self::Purchasing,
        Self::Technical,
        Self::Other,
    ];

    /// The role's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::DecisionMaker => "decision_maker",
            Self::KeyPerson => "key_person",
            Self::User => "user",
            Self::Finance => "finance",
            Self::Purchasing => "purchasing",
            Self::Technical => "technical",
            Self::Other => "other",
        }
    }
}

impl FromStr for ContactRole {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| Error::invalid("role_unknown", "this is no role of a contact").at("role"))
    }
}

/// A customer to be made by hand.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerCreation {
    /// Its id in the firm's other systems; its own id stands for it where there is none.
    pub external_id: Option<String>,
    /// Person or organisation.
    pub kind: CustomerKind,
    /// The name.
    pub name: String,
    /// The brand.
    pub brand: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The firm's own segment.
    pub segment: Option<String>,
    /// Customer since.
    #[schema(value_type = Option<String>, format = Date)]
    pub since: Option<Day>,
    /// The organisation a person belongs to, or that an organisation is part of.
    #[schema(value_type = Option<Uuid>)]
    pub organisation: Option<CustomerId>,
    /// Who brought this customer.
    #[schema(value_type = Option<Uuid>)]
    pub referred_by: Option<CustomerId>,
    /// The branch that looks after the customer; that of whoever makes it, where the role sees a branch.
    #[schema(value_type = Option<Uuid>)]
    pub branch: Option<BranchId>,
    /// The customer manager; whoever makes it, where the role sees the own customers.
    #[schema(value_type = Option<Uuid>)]
    pub owner: Option<UserId>,
}

/// What of a customer is to be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerChange {
    /// The name.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// The brand.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub brand: Option<Option<String>>,
    /// The region.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub region: Option<Option<String>>,
    /// The firm's own segment.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub segment: Option<Option<String>>,
    /// Customer since.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, format = Date)]
    pub since: Option<Option<Day>>,
    /// The organisation a person belongs to, or that an organisation is part of.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Uuid>)]
    pub organisation: Option<Option<CustomerId>>,
    /// Who brought this customer.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Uuid>)]
    pub referred_by: Option<Option<CustomerId>>,
    /// The branch that looks after the customer.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Uuid>)]
    pub branch: Option<Option<BranchId>>,
    /// The customer manager.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Uuid>)]
    pub owner: Option<Option<UserId>>,
}

/// What is said of a person who matters inside an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactFacts {
    /// The person's name.
    pub name: String,
    /// What the person does there.
    pub role: ContactRole,
    /// How much the person decides, 1 to 5.
    pub influence: u8,
    /// The person as a customer, if it is one.
    #[schema(value_type = Option<Uuid>)]
    pub customer_id: Option<CustomerId>,
    /// There since.
    #[schema(value_type = Option<String>, format = Date)]
    pub since: Option<Day>,
    /// The last day there.
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Day>,
}

/// What of a contact is to be changed; a last day ends it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactChange {
    /// The person's name.
    pub name: Option<String>,
    /// What the person does there.
    pub role: Option<ContactRole>,
    /// How much the person decides, 1 to 5.
    pub influence: Option<u8>,
    /// The person as a customer.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Uuid>)]
    pub customer_id: Option<Option<CustomerId>>,
    /// There since.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, format = Date)]
    pub since: Option<Option<Day>>,
    /// The last day there.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Option<Day>>,
}

/// What is said of something a customer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionFacts {
    /// The product.
    pub product: String,
    /// The plan.
    pub plan: Option<String>,
    /// The phone or line number.
    pub number: Option<String>,
    /// The device that came with it.
    pub device: Option<String>,
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    pub started_on: Day,
    /// The last day the customer is bound to it.
    #[schema(value_type = Option<String>, format = Date)]
    pub term_ends_on: Option<Day>,
    /// Its last day, if it is over.
    #[schema(value_type = Option<String>, format = Date)]
    pub ended_on: Option<Day>,
    /// Whether it is in use.
    pub status: SubscriptionStatus,
}

/// What of a subscription is to be changed; a last day with the status `ended` ends it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionChange {
    /// The product.
    pub product: Option<String>,
    /// The plan.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub plan: Option<Option<String>>,
    /// The phone or line number.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub number: Option<Option<String>>,
    /// The device that came with it.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub device: Option<Option<String>>,
    /// Its first day.
    #[schema(value_type = Option<String>, format = Date)]
    pub started_on: Option<Day>,
    /// The last day the customer is bound to it.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, format = Date)]
    pub term_ends_on: Option<Option<Day>>,
    /// Its last day.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, format = Date)]
    pub ended_on: Option<Option<Day>>,
    /// Whether it is in use.
    pub status: Option<SubscriptionStatus>,
}
