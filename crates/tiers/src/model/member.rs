//! The page a customer sees: the link that leads to it, who has opened it, and what the firm writes on it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

base::typed_id!(
    /// A sign-in link for a customer.
    MemberLinkId
);

/// A sign-in link for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberLink {
    /// Its id.
    pub id: MemberLinkId,
    /// For whom.
    pub customer: Uuid,
    /// Who made it.
    pub made_by: Option<Uuid>,
    /// When.
    pub made_at: Timestamp,
    /// Until when it can be opened.
    pub expires_at: Timestamp,
    /// When it was.
    pub opened_at: Option<Timestamp>,
}

/// A customer who has opened a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Which link.
    pub link: MemberLinkId,
    /// Who.
    pub customer: Uuid,
    /// Until when the session holds.
    pub until: Timestamp,
}

/// What the firm writes on the page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPageTexts {
    /// How to complain, in Chinese: a phone number, an address; at most 500 characters.
    pub complaint_zh: String,
    /// The same in English.
    pub complaint_en: String,
}
