//! A published profile: the figures of one customer as people work with them, and which of them a list
//! can be sorted and filtered by.

use base::{Currency, Day, Error, Result};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::profiles::ProfileRow;
use crate::profile_columns::ordered;

/// What is stored for a figure in (0, ∞) that a customer does not have, so that a page can begin anywhere.
pub(crate) const NONE: f64 = -1.0;

/// A figure that lists can be sorted by and filtered on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// CLV at 36 months and referral value; revenue.
    Value,
    /// Discounted revenue expected within 12 months; revenue also where contribution is margin.
    Clv12m,
    /// The same within 36 months.
    Clv36m,
    /// The share of the value of customers they brought.
    ReferralValue,
    /// Value times the probability of having left.
    ValueAtRisk,
    /// Margin or revenue of the last 12 months.
    Contribution,
    /// All money of all lines.
    Revenue,
    /// Mean repeat ticket.
    Monetary,
    /// Mean ticket the spend model expects.
    ExpectedTicket,
    /// How evenly the customer buys, 0 to 1.
    Stability,
    /// Probability of still being a customer.
    PAlive,
    /// Purchases expected within 30 days.
    ExpectedPurchases30d,
    /// Purchases expected within 90 days.
    ExpectedPurchases90d,
    /// Purchases expected within 365 days.
    ExpectedPurchases365d,
    /// Repeat purchase days.
    X,
    /// The first purchase day.
    FirstPurchase,
    /// The last purchase day.
    LastPurchase,
}

/// What a figure is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Minor units of the run's currency.
    Money,
    /// A whole number.
    Count,
    /// A calendar day.
    Day,
    /// A number between 0 and 1, or an expected number.
    Real,
}

impl Figure {
    /// Every figure.
    pub const ALL: [Self; 17] = [
        Self::Value,
        Self::Clv12m,
        Self::Clv36m,
        Self::ReferralValue,
        Self::ValueAtRisk,
        Self::Contribution,
        Self::Revenue,
        Self::Monetary,
        Self::ExpectedTicket,
        Self::Stability,
        Self::PAlive,
        Self::ExpectedPurchases30d,
        Self::ExpectedPurchases90d,
        Self::ExpectedPurchases365d,
        Self::X,
        Self::FirstPurchase,
        Self::LastPurchase,
    ];

    /// The name in API and report.
    pub fn name(self) -> &'static str {
        self.column().trim_end_matches("_minor")
    }

    /// The column it is stored in.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Value => "value_minor",
            Self::Clv12m => "clv_12m_minor",
            Self::Clv36m => "clv_36m_minor",
            Self::ReferralValue => "referral_value_minor",
            Self::ValueAtRisk => "value_at_risk_minor",
            Self::Contribution => "contribution_minor",
            Self::Revenue => "revenue_minor",
            Self::Monetary => "monetary_minor",
            Self::ExpectedTicket => "expected_ticket_minor",
            Self::Stability => "stability",
            Self::PAlive => "p_alive",
            Self::ExpectedPurchases30d => "expected_purchases_30d",
            Self::ExpectedPurchases90d => "expected_purchases_90d",
            Self::ExpectedPurchases365d => "expected_purchases_365d",
            Self::X => "x",
            Self::FirstPurchase => "first_purchase",
            Self::LastPurchase => "last_purchase",
        }
    }

    /// Reads a name; `field` is where it came from.
    pub fn parse(name: &str, field: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|figure| figure.name() == name)
            .ok_or_else(|| {
                let all: Vec<_> = Self::ALL.iter().map(|figure| figure.name()).collect();
                Error::invalid(
                    "figure_unknown",
                    format!("{name:?} is not a figure: {}", all.join(", ")),
                )
                .at(field)
            })
    }

    /// What it is measured in.
    pub fn unit(self) -> Unit {
        match self {
            Self::X => Unit::Count,
            Self::FirstPurchase | Self::LastPurchase => Unit::Day,
            Self::Stability
            | Self::PAlive
            | Self::ExpectedPurchases30d
            | Self::ExpectedPurchases90d
            | Self::ExpectedPurchases365d => Unit::Real,
            _ => Unit::Money,
        }
    }

    /// A lower bound as a key: of whole numbers the first that is not below it.
    pub(crate) fn least(self, bound: f64) -> i64 {
        match self.unit() {
            Unit::Real => ordered(bound),
            Unit::Money | Unit::Count | Unit::Day => bound.ceil() as i64,
        }
    }

    /// An upper bound: of whole numbers the last that is not above it.
    pub(crate) fn most(self, bound: f64) -> i64 {
        match self.unit() {
            Unit::Real => ordered(bound),
            Unit::Money | Unit::Count | Unit::Day => bound.floor() as i64,
        }
    }

    /// What a list sorted by this figure compares.
    pub(crate) fn key_of(self, figures: &ProfileFigures) -> i64 {
        let real = |figure: Option<f64>| ordered(figure.unwrap_or(NONE));
        match self {
            Self::Value => figures.value_minor,
            Self::Clv12m => figures.clv_12m_minor,
            Self::Clv36m => figures.clv_36m_minor,
            Self::ReferralValue => figures.referral_value_minor,
            Self::ValueAtRisk => figures.value_at_risk_minor,
            Self::Contribution => figures.contribution_minor,
            Self::Revenue => figures.revenue_minor,
            Self::Monetary => figures.monetary_minor,
            Self::ExpectedTicket => figures.expected_ticket_minor,
            Self::Stability => real(figures.stability),
            Self::PAlive => real(figures.p_alive),
            Self::ExpectedPurchases30d => real(figures.expected_purchases_30d),
            Self::ExpectedPurchases90d => real(figures.expected_purchases_90d),
            Self::ExpectedPurchases365d => real(figures.expected_purchases_365d),
            Self::X => figures.x,
            Self::FirstPurchase => i64::from(figures.first_purchase.0),
            Self::LastPurchase => i64::from(figures.last_purchase.0),
        }
    }
}

impl Serialize for Figure {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Figure {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        Self::parse(&name, "figure").map_err(serde::de::Error::custom)
    }
}

/// A figure within bounds, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The figure.
    pub figure: Figure,
    /// At least this.
    pub low: Option<f64>,
    /// At most this.
    pub high: Option<f64>,
}

/// What the published run says of one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedProfile {
    /// What lists show, sort and filter.
    pub figures: ProfileFigures,
    /// What only the customer's own page shows.
    pub detail: Detail,
    /// The run published before this one said so.
    pub previous: Option<Previous>,
}

/// The figures of one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileFigures {
    /// Whose.
    pub customer: Uuid,
    /// E-I … E-IV, new, none.
    pub class: String,
    /// loyal, general, drifting.
    pub loyalty: String,
    /// Segment of the leaky bucket.
    pub bucket: String,
    /// See [`Figure::Value`]; likewise below.
    pub value_minor: i64,
    /// See [`Figure::Clv12m`].
    pub clv_12m_minor: i64,
    /// See [`Figure::Clv36m`].
    pub clv_36m_minor: i64,
    /// See [`Figure::ReferralValue`].
    pub referral_value_minor: i64,
    /// See [`Figure::ValueAtRisk`].
    pub value_at_risk_minor: i64,
    /// See [`Figure::Contribution`].
    pub contribution_minor: i64,
    /// See [`Figure::Revenue`].
    pub revenue_minor: i64,
    /// See [`Figure::Monetary`]; 0 without repeat purchases.
    pub monetary_minor: i64,
    /// See [`Figure::ExpectedTicket`].
    pub expected_ticket_minor: i64,
    /// See [`Figure::Stability`]; none where one of the three variations has nothing to vary around.
    pub stability: Option<f64>,
    /// See [`Figure::PAlive`]; none where no model could be fitted, like the expectations.
    pub p_alive: Option<f64>,
    /// See [`Figure::ExpectedPurchases30d`].
    pub expected_purchases_30d: Option<f64>,
    /// See [`Figure::ExpectedPurchases90d`].
    pub expected_purchases_90d: Option<f64>,
    /// See [`Figure::ExpectedPurchases365d`].
    pub expected_purchases_365d: Option<f64>,
    /// See [`Figure::X`].
    pub x: i64,
    /// See [`Figure::FirstPurchase`].
    pub first_purchase: Day,
    /// See [`Figure::LastPurchase`].
    pub last_purchase: Day,
    /// R of RFM, 1 to 5.
    pub recency_score: u8,
    /// F of RFM, 1 to 5.
    pub frequency_score: u8,
    /// M of RFM, 1 to 5.
    pub monetary_score: u8,
}

impl PublishedProfile {
    /// The profile as the engine wrote it, with estimates rounded to minor units.
    ///
    /// Errors: the customer id is not one of ours.
    pub fn of_row(row: ProfileRow, currency: Currency) -> Result<Self> {
        let per_major = currency.minor_per_major() as f64;
        let minor = |major: f64| (major * per_major).round() as i64;
        let or_nothing = |major: Option<f64>| major.map_or(0, minor);
        let customer = Uuid::try_parse(&row.customer_id)
            .map_err(|_| Error::internal(format!("{:?} in the profiles is no customer", row.customer_id)))?;
        let figures = ProfileFigures {
            customer,
            class: row.class,
            loyalty: row.loyalty,
            bucket: row.bucket.unwrap_or_else(|| "none".to_owned()),
            value_minor: or_nothing(row.value),
            clv_12m_minor: or_nothing(row.clv_12m.map(|clv| clv.expected)),
            clv_36m_minor: or_nothing(row.clv_36m.map(|clv| clv.expected)),
            referral_value_minor: or_nothing(row.referral_value),
            value_at_risk_minor: or_nothing(row.value_at_risk),
            contribution_minor: row.contribution_minor,
            revenue_minor: row.revenue_minor,
            monetary_minor: or_nothing(row.monetary),
            expected_ticket_minor: or_nothing(row.expected_ticket),
            stability: row.stability,
            p_alive: row.p_alive,
            expected_purchases_30d: row.expected_purchases_30d.map(|purchases| purchases.expected),
            expected_purchases_90d: row.expected_purchases_90d.map(|purchases| purchases.expected),
            expected_purchases_365d: row.expected_purchases_365d.map(|purchases| purchases.expected),
            x: i64::from(row.x),
            first_purchase: row.first_day,
            last_purchase: row.last_day,
            recency_score: row.recency_score,
            frequency_score: row.frequency_score,
            monetary_score: row.monetary_score,
        };
        Ok(Self {
            figures,
            detail: Detail {
                t_x: i64::from(row.t_x_days),
                t: i64::from(row.t_days),
                intervals: Intervals {
                    expected_purchases_30d: row
                        .expected_purchases_30d
                        .map(|purchases| (purchases.low, purchases.high)),
                    expected_purchases_90d: row
                        .expected_purchases_90d
                        .map(|purchases| (purchases.low, purchases.high)),
                    expected_purchases_365d: row
                        .expected_purchases_365d
                        .map(|purchases| (purchases.low, purchases.high)),
                    clv_12m_minor: row.clv_12m.map(|clv| (minor(clv.low), minor(clv.high))),
                    clv_36m_minor: row.clv_36m.map(|clv| (minor(clv.low), minor(clv.high))),
                },
                cv_month: row.cv_month,
                cv_quarter: row.cv_quarter,
                cv_ticket: row.cv_ticket,
                full_months: row.full_months,
                largest_ticket_minor: row.largest_ticket_minor,
                last_6m_minor: row.last_6m_minor,
                previous_6m_minor: row.previous_6m_minor,
                next_period_minor: row.next_period.map(minor),
                months_minor: row.months_minor.to_vec(),
            },
            previous: None,
        })
    }
}

/// Lower and upper ends of the 80 % intervals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Purchases within 30 days.
    pub expected_purchases_30d: Option<(f64, f64)>,
    /// Purchases within 90 days.
    pub expected_purchases_90d: Option<(f64, f64)>,
    /// Purchases within 365 days.
    pub expected_purchases_365d: Option<(f64, f64)>,
    /// CLV within 12 months, minor units.
    pub clv_12m_minor: Option<(i64, i64)>,
    /// CLV within 36 months, minor units.
    pub clv_36m_minor: Option<(i64, i64)>,
}

/// Figures that no list is sorted by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Days from first to last purchase.
    pub t_x: i64,
    /// Days from first purchase to the as-of day.
    pub t: i64,
    /// The 80 % intervals.
    pub intervals: Intervals,
    /// Coefficient of variation of the monthly series.
    pub cv_month: Option<f64>,
    /// Of the quarterly series.
    pub cv_quarter: Option<f64>,
    /// Of the tickets.
    pub cv_ticket: Option<f64>,
    /// Full months of history, at most 24.
    pub full_months: i32,
    /// The largest ticket, minor units.
    pub largest_ticket_minor: i64,
    /// Money of the last six months, minor units.
    pub last_6m_minor: i64,
    /// Money of the six months before, minor units.
    pub previous_6m_minor: i64,
    /// Money expected over the next period of the leaky bucket, minor units.
    pub next_period_minor: Option<i64>,
    /// Net money of each of the 24 complete months before the as-of day, oldest first, minor units.
    pub months_minor: Vec<i64>,
}

/// What the run before said, so that a page can tell what moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// That run.
    pub run: crate::model::RunId,
    /// The class then.
    pub class: String,
    /// The value then, minor units.
    pub value_minor: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_found_by_its_name() {
        for figure in Figure::ALL {
            assert_eq!(Figure::parse(figure.name(), "sort").unwrap(), figure);
        }
        assert_eq!(
            Figure::parse("value; drop table", "sort").unwrap_err().code(),
            "figure_unknown"
        );
    }
}
