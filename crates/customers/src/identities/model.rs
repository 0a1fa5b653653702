//! What an identity is.

use std::str::FromStr;

use base::Error;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::CustomerRow;
use crate::rules::masking;

base::typed_id!(
    /// Something a customer is known by.
    IdentityId
);

/// What kind of thing a customer is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// A resident id card, a passport, a firm's credit code.
    Document,
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A bank, member or loyalty card.
    Card,
    /// An account number.
    Account,
    /// An id in WeChat.
    Wechat,
    /// An id in WeCom.
    Wecom,
    /// An id in another system of the firm.
    External,
}

impl IdentityKind {
    /// Every kind, the one that says most about who it is first.
    pub const ALL: [Self; 8] = [
        Self::Document,
        Self::Phone,
        Self::Email,
        Self::Card,
        Self::Account,
        Self::Wechat,
        Self::Wecom,
        Self::External,
    ];

    /// The kind's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Card => "card",
            Self::Account => "account",
            Self::Wechat => "wechat",
            Self::Wecom => "wecom",
            Self::External => "external",
        }
    }
}

impl FromStr for IdentityKind {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                Error::invalid("identity_kind_unknown", format!("the kind is one of: {known}")).at("kind")
            })
    }
}

/// Why an identity is no longer active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndedBecause {
    /// Someone ended it.
    Ended,
    /// A file said another one in its place.
    Replaced,
    /// When it was moved here, another customer had it already.
    Taken,
    /// When it was moved here, it was none.
    Malformed,
}

impl EndedBecause {
    const ALL: [Self; 4] = [Self::Ended, Self::Replaced, Self::Taken, Self::Malformed];

    /// The reason's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Replaced => "replaced",
            Self::Taken => "taken",
            Self::Malformed => "malformed",
        }
    }
}

impl FromStr for EndedBecause {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        Self::ALL
            .into_iter()
            .find(|because| because.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no reason to end an identity")))
    }
}

/// Something a customer is or was known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Identity {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: IdentityId,
    /// What kind of thing.
    pub kind: IdentityKind,
    /// The thing, normalised: a phone number as `+8613900000001`.
    pub value: String,
    /// Whether the value is shown in part only, because the caller lacks `customers.personal`.
    pub masked: bool,
    /// Said by a file: what a newer file says in its place ends it.
    pub imported: bool,
    /// Since when it is the customer's.
    #[schema(value_type = String, format = DateTime)]
    pub active_since: Timestamp,
    /// Until when it was, if it is no longer.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Why it is no longer.
    pub ended_because: Option<EndedBecause>,
}

impl Identity {
    /// As it is shown to who does not see personal data.
    #[must_use]
    pub(super) fn masked(mut self) -> Self {
        let shown = masking::identity(self.kind, &self.value);
        self.masked = shown != self.value;
        self.value = shown;
        self
    }
}

/// Whom an identity belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Found {
    /// The customer.
    pub customer: CustomerRow,
    /// What kind of identity it was found by.
    pub kind: IdentityKind,
}
