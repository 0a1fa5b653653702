//! What is known of a customer when it is decided on. Stored with the decision, so that it can be made again.

use base::{Day, Month};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use value::profile::Figure;

/// What a month brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthFact {
    /// Which, counted from January of year 0.
    #[serde(with = "month")]
    #[schema(value_type = i32)]
    pub month: Month,
    /// The sum of its lines, minor units.
    pub spend_minor: i64,
    /// Its orders.
    pub orders: i32,
}

mod month {
    use super::Month;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(month: &Month, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i32(month.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Month, D::Error> {
        i32::deserialize(from).map(Month)
    }
}

/// What was given by hand and holds on the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GivenFact {
    /// Which.
    pub id: Uuid,
    /// The level; none where the level was suspended.
    pub level: Option<String>,
    /// The first day on which it holds no more.
    #[schema(value_type = String, format = Date)]
    pub until: Day,
}

/// What is known of a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierFacts)]
pub struct Facts {
    /// Whether the programme is for this customer: by brand and kind.
    pub included: bool,
    /// Since when it is one.
    #[schema(value_type = Option<String>, format = Date)]
    pub since: Option<Day>,
    /// What months brought, in order; those that brought nothing are left out.
    pub months: Vec<MonthFact>,
    /// The value run that the figures are of.
    pub run: Option<Uuid>,
    /// The figures that the version asks for: whole numbers in their unit, of others their millionths.
    #[schema(value_type = Vec<Object>)]
    pub figures: Vec<(Figure, i64)>,
    /// Of figures that the version ranks by, the share of all customers who have more, in ten-thousandths.
    #[schema(value_type = Vec<Object>)]
    pub shares: Vec<(Figure, i64)>,
    /// The level of its organisation in the programme.
    pub organisation_level: Option<String>,
    /// Whether a nomination holds.
    pub nominated: bool,
    /// A level or a suspension that was given by hand.
    pub given: Option<GivenFact>,
}
