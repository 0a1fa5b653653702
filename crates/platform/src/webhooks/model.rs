//! What is told to whom.

use std::str::FromStr;

use base::Error;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

base::typed_id!(
    /// A system that is told of events.
    EndpointId
);
base::typed_id!(
    /// One event for one endpoint.
    DeliveryId
);

/// What an administrator decides of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookSettings)]
pub struct EndpointSettings {
    /// Where events are sent: https, or http to this machine.
    pub url: String,
    /// Which events: `customer.imported`, `customer.*` or `*`.
    pub kinds: Vec<String>,
    /// Whether it is told at all. Switched on again, it is told of what happens from then on.
    #[serde(default = "yes")]
    pub active: bool,
    /// Allows http to another machine: whoever is in between can read and hold back events.
    #[serde(default)]
    pub allow_http: bool,
}

fn yes() -> bool {
    true
}

/// A system that is told of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub struct Endpoint {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: EndpointId,
    /// What was decided of it.
    #[serde(flatten)]
    pub settings: EndpointSettings,
    /// Why it is not active, where nobody switched it off: `gone` when it answered 410.
    pub disabled_reason: Option<String>,
    /// Until when the secret before the present one signs too.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub previous_secret_until: Option<Timestamp>,
    /// Goes up with every change; send it as `If-Match` when changing.
    pub version: i32,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// An endpoint with its new secret, which is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookSecret)]
pub struct NewSecret {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What the receiver checks signatures with: `whsec_…`.
    pub secret: String,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDeliveryState)]
pub enum DeliveryState {
    /// To be sent, for the first time or again.
    Pending,
    /// Taken by the receiver.
    Delivered,
    /// Given up after the last try.
    Exhausted,
}

impl DeliveryState {
    const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Exhausted];

    /// The state's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
        }
    }
}

impl FromStr for DeliveryState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| {
                Error::invalid("state_unknown", "the state is pending, delivered or exhausted").at("state")
            })
    }
}

/// One event for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct Delivery {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: DeliveryId,
    /// The event; also the `webhook-id` of every try, by which a receiver knows what it has already.
    pub event_id: Uuid,
    /// What happened.
    pub kind: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub event_at: Timestamp,
    /// Where it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// When it was tried last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_at: Option<Timestamp>,
    /// The HTTP status of the last try, if there was an answer.
    pub last_status: Option<i32>,
    /// What went wrong with the last try: `timeout`, `unreachable`, `status`.
    pub last_error: Option<String>,
}

/// What a replay will send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookReplayed)]
pub struct Replayed {
    /// Deliveries that are sent again; those that were missed while the endpoint was not active come on top.
    pub again: u64,
}
