//! What a panel is, and what a page shows of it.

use base::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::overview::PartState;

base::typed_id!(
    /// A panel that another system fills.
    PanelId
);

/// How Patron shows the other system who asks. The secret is kept apart and never shown again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PanelAuth {
    /// It does not.
    #[default]
    None,
    /// `Authorization: Bearer …` with the secret.
    Bearer,
    /// `Authorization: Basic …` with the secret as password.
    Basic {
        /// The user.
        user: String,
    },
    /// A header of its own with the secret.
    Header {
        /// The header's name: `X-Api-Key`.
        name: String,
    },
}

/// What a value of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PanelFieldKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// An amount in major units, or `{"minor", "currency"}`.
    Money,
    /// A day, or a moment of which the day is shown.
    Date,
    /// An address to open: https or http.
    Link,
}

/// One value of an answer that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PanelField {
    /// Its label in Chinese.
    pub zh: String,
    /// Its label in English.
    pub en: String,
    /// Where it stands in the answer, as a JSON Pointer (RFC 6901): `/account/balance`.
    pub pointer: String,
    /// What it is.
    pub kind: PanelFieldKind,
    /// The currency of an amount; the firm's unless said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub currency: Option<Currency>,
}

/// What an administrator decides of a panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PanelSettings {
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Whom to ask: an address with `{id}`, `{external_id}` or `{identity:phone}` (any kind of identity, the
    /// newest of it) after its host.
    pub url: String,
    /// How Patron shows who asks.
    #[serde(default)]
    pub auth: PanelAuth,
    /// What is shown of the answer, which is JSON, in this order.
    pub fields: Vec<PanelField>,
    /// For how many seconds an answer is shown without asking again; 0: it is not kept at all.
    #[serde(default = "a_minute")]
    pub cache_s: u32,
    /// How long the system may take, 50 to 1,500 milliseconds.
    #[serde(default = "below_a_second")]
    pub deadline_ms: u32,
    /// How large an answer may be, 1,024 to 1,048,576 bytes.
    #[serde(default = "enough_bytes")]
    pub bytes_max: u32,
    /// Its place among the panels: the smallest first.
    #[serde(default)]
    pub position: i32,
    /// Whether it is shown.
    #[serde(default = "yes")]
    pub active: bool,
    /// Whether what it shows is personal: then it is for who has `customers.personal`, and nobody else's page asks it.
    /// One that is asked by a phone number, a document or the like always is.
    #[serde(default)]
    pub personal: bool,
    /// Allows http to another machine: whoever is in between can read and change answers, and read the secret.
    #[serde(default)]
    pub allow_http: bool,
    /// Allows addresses in private networks and on this machine.
    #[serde(default)]
    pub allow_private: bool,
}

fn a_minute() -> u32 {
    60
}

fn below_a_second() -> u32 {
    800
}

fn enough_bytes() -> u32 {
    64 << 10
}

fn yes() -> bool {
    true
}

/// A panel that another system fills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Panel {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: PanelId,
    /// What was decided of it.
    pub settings: PanelSettings,
    /// Whether there is a secret.
    pub has_secret: bool,
    /// Goes up with every change; send it as `If-Match` when changing.
    pub version: i64,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum PanelValue {
    /// A text, a day (`2026-01-31`), an address.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Real(f64),
    /// An amount.
    Money {
        /// Minor units.
        minor: i64,
        /// ISO 4217.
        #[schema(value_type = String)]
        currency: Currency,
    },
}

/// A field of a panel with its value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ShownField {
    /// Its label in Chinese.
    pub zh: String,
    /// Its label in English.
    pub en: String,
    /// What it is.
    pub kind: PanelFieldKind,
    /// The value, if the answer has one.
    pub value: Option<PanelValue>,
    /// Why there is no value: `panel_field_missing`, `panel_field_unreadable`.
    pub problem: Option<&'static str>,
}

/// A panel of a customer's page.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PanelShown {
    /// The panel.
    #[schema(value_type = Uuid)]
    pub id: PanelId,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Whether the system has answered.
    pub state: PartState,
    /// Why not, or that the system does not know the customer (`panel_knows_nothing`).
    pub code: Option<&'static str>,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
    /// When the system gave what is shown; none where nothing is.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
    /// What is shown is older than it should be, because the system has not answered.
    pub stale: bool,
    /// What is shown; empty where nothing is.
    pub fields: Vec<ShownField>,
}

/// What a panel would show of one customer, and how that came about.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PanelTry {
    /// The address that was called; none where the customer lacks something that belongs into it.
    pub url: Option<String>,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Why nothing is shown.
    pub code: Option<&'static str>,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
    /// What is shown.
    pub fields: Vec<ShownField>,
    /// The whole answer where it is JSON, for finding the places of values in it.
    #[schema(value_type = Option<Object>)]
    pub answer: Option<Value>,
}
