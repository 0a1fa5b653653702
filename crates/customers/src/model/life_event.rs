//! Days of a customer's life that come round every year, by the sun or by the moon.

use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::ToSchema;

use base::Error;

base::typed_id!(
    /// A day of a customer's life.
    LifeEventId
);

/// What is remembered on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LifeEventKind {
    /// The customer was born.
    Birthday,
    /// The customer married.
    Wedding,
    /// The organisation was founded.
    Founding,
    /// Something else, which the label names.
    Other,
}

impl LifeEventKind {
    /// The kind's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Birthday => "birthday",
            Self::Wedding => "wedding",
            Self::Founding => "founding",
            Self::Other => "other",
        }
    }
}

impl FromStr for LifeEventKind {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        [Self::Birthday, Self::Wedding, Self::Founding, Self::Other]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no kind of a life event")))
    }
}

/// The calendar a day is remembered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LifeCalendar {
    /// The sun's (公历).
    Solar,
    /// The moon's (农历).
    Lunar,
}

impl LifeCalendar {
    /// The calendar's name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Solar => "solar",
            Self::Lunar => "lunar",
        }
    }
}

impl FromStr for LifeCalendar {
    type Err = Error;

    fn from_str(text: &str) -> base::Result<Self> {
        [Self::Solar, Self::Lunar]
            .into_iter()
            .find(|calendar| calendar.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no calendar")))
    }
}

/// What is said of a day of a customer's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LifeEventFacts {
    /// What is remembered.
    pub kind: LifeEventKind,
    /// In words; needed for `other`.
    pub label: Option<String>,
    /// By which calendar.
    pub calendar: LifeCalendar,
    /// The year it happened, of the same calendar, if it is known.
    pub year: Option<i16>,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31; 30 at most by the moon.
    pub day: u8,
    /// The leap month after the month of this number (闰月).
    #[serde(default)]
    pub leap_month: bool,
}

/// A day of a customer's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LifeEvent {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: LifeEventId,
    /// What is said of it.
    #[serde(flatten)]
    pub facts: LifeEventFacts,
    /// Goes up with every change.
    pub version: i64,
}
