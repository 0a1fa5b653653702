//! What a customer agreed to, when it may be disturbed, and the firm's rules of contacting customers.

use std::str::FromStr;

use base::Error;
use jiff::Timestamp;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

base::typed_id!(
    /// One statement of a customer about being contacted.
    ConsentId
);

/// A way to reach a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A call by a person.
    Phone,
    /// A short message.
    Sms,
    /// E-mail.
    Email,
    /// WeChat or WeCom.
    Wechat,
    /// A letter.
    Post,
    /// The voice menu of the hotline.
    Ivr,
    /// The firm's own app.
    App,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 7] = [
        Self::Phone,
        Self::Sms,
        Self::Email,
        Self::Wechat,
        Self::Post,
        Self::Ivr,
        Self::App,
    ];

    /// The channel's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Wechat => "wechat",
            Self::Post => "post",
            Self::Ivr => "ivr",
            Self::App => "app",
        }
    }
}

impl FromStr for Channel {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.name() == text)
            .ok_or_else(|| Error::invalid("channel_unknown", "this is no channel").at("channel"))
    }
}

/// What a customer said about being contacted for a purpose on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statement {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: ConsentId,
    /// What for, as the policy names it.
    pub purpose: String,
    /// Over which channel.
    pub channel: Channel,
    /// Agreed, or else withdrew.
    pub given: bool,
    /// Where it was said: a form, a call, an import.
    pub source: String,
    /// From when it holds.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Until when an agreement holds, if not until it is withdrawn.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was recorded here.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
}

/// What a customer says, for every one of these purposes on every one of these channels.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStatements {
    /// What for.
    pub purposes: Vec<String>,
    /// Over which channels.
    pub channels: Vec<Channel>,
    /// Agrees, or else withdraws.
    pub given: bool,
    /// Where it was said.
    pub source: String,
    /// From when it holds; from now unless said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// Until when an agreement holds.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// The hours in which nobody is disturbed, by the customer's clock; over midnight where the end is before
/// the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first moment of quiet.
    #[schema(value_type = String, example = "21:00:00")]
    pub from: Time,
    /// The first moment after it.
    #[schema(value_type = String, example = "09:00:00")]
    pub until: Time,
}

/// How one customer wants to be contacted. What is not said is as the firm decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactPreferences {
    /// The customer's quiet hours.
    pub quiet_hours: Option<QuietHours>,
    /// The zone of the customer's clock, as the IANA names it.
    pub zone: Option<String>,
    /// The language, such as `zh-CN`.
    pub language: Option<String>,
    /// The channel the customer likes best.
    pub channel: Option<Channel>,
}

/// What a purpose needs of the customer before it allows contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// The customer has agreed.
    Consent,
    /// The customer has not withdrawn.
    NoWithdrawal,
    /// Nothing: the law or the contract demands the contact.
    Nothing,
}

/// One purpose of contacting a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Its name: `care`.
    pub name: String,
    /// What it needs.
    pub needs: Need,
    /// The channels it may use at all.
    pub channels: Vec<Channel>,
    /// The channels on which it waits for the end of quiet hours.
    pub quiet_on: Vec<Channel>,
}

/// The firm's rules of contacting customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactPolicy {
    /// What customers are contacted for.
    pub purposes: Vec<Purpose>,
    /// Quiet hours of those who have said nothing.
    pub quiet_hours: Option<QuietHours>,
    /// The language of those who have said nothing.
    pub language: String,
    /// The channel of those who have said nothing.
    pub channel: Channel,
}

impl Default for ContactPolicy {
    /// What Patron ships (`contact_policy.json`), as version 0: data that a firm replaces.
    fn default() -> Self {
        serde_json::from_str(include_str!("contact_policy.json")).unwrap_or(Self {
            purposes: Vec::new(),
            quiet_hours: None,
            language: "zh-CN".to_owned(),
            channel: Channel::Phone,
        })
    }
}
