//! What a version of a programme says, as JSON: levels with their rules, period, what becomes of those who no longer
//! meet them.

use base::Day;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use value::profile::Figure;

use super::{Choice, Promise};

/// The newest form of documents that this program writes and reads. In the first one levels promise nothing.
pub const DOCUMENT_SCHEMA: u32 = 2;

/// What a version says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierDocument)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The form of the document: 2, or 1 where no level promises anything.
    pub schema: u32,
    /// The levels, the lowest first; at most 12.
    pub levels: Vec<Level>,
    /// Over which time it counts what customers bring.
    pub period: Period,
    /// What becomes of who no longer meets what keeps the level.
    pub downgrade: Downgrade,
    /// How far down it goes then.
    pub landing: Landing,
    /// So many days ahead are those told who lose a level by this version, 0 to 365.
    pub notice_days: i32,
    /// From which day it holds.
    #[schema(value_type = String, format = Date)]
    pub effective_on: Day,
}

/// A level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierLevel)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// What other systems call it, unique in the version: `gold`.
    pub code: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Its colour: `#d4af37`.
    pub colour: String,
    /// What earns it.
    pub qualify: Rule,
    /// What keeps it; what earns it where not said.
    #[serde(default)]
    pub keep: Option<Rule>,
    /// What it promises; at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub benefits: Vec<Promise>,
    /// Groups of benefits of which some are picked; at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

impl Level {
    /// What keeps it.
    pub fn keep(&self) -> &Rule {
        self.keep.as_ref().unwrap_or(&self.qualify)
    }
}

/// Conditions of which all must be met, or any.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierRule)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// All of these; at most 10.
    All(Vec<Condition>),
    /// Any of these; at most 10.
    Any(Vec<Condition>),
}

impl Rule {
    /// The conditions.
    pub fn conditions(&self) -> &[Condition] {
        match self {
            Self::All(conditions) | Self::Any(conditions) => conditions,
        }
    }

    /// The conditions, to be changed.
    pub fn conditions_mut(&mut self) -> &mut [Condition] {
        match self {
            Self::All(conditions) | Self::Any(conditions) => conditions,
        }
    }
}

/// What is measured, of all that can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// See [`Condition::Spend`]; likewise below.
    Spend,
    /// Orders.
    Orders,
    /// Mean of the complete months.
    MonthlySpendMean,
    /// Least of the complete months.
    MonthlySpendLeast,
    /// Mean of the complete quarters.
    QuarterlySpendMean,
    /// Least of the complete quarters.
    QuarterlySpendLeast,
    /// Months as a customer.
    TenureMonths,
    /// A figure of the value profile.
    Figure(Figure),
    /// A place among all by a figure.
    Percentile(Figure),
    /// The level of the customer's organisation.
    OrganisationLevel,
    /// A nomination.
    Nomination,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierCondition)]
#[serde(tag = "measure", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The sum of all lines of the period, minor units.
    Spend(AtLeast),
    /// Lines of the period that brought money, less those that took one back.
    Orders(AtLeast),
    /// The mean of the complete calendar months of the period, minor units.
    MonthlySpendMean(AtLeast),
    /// The least of them.
    MonthlySpendLeast(AtLeast),
    /// The mean of the complete calendar quarters of the period, minor units.
    QuarterlySpendMean(AtLeast),
    /// The least of them.
    QuarterlySpendLeast(AtLeast),
    /// Whole months since the customer became one.
    TenureMonths(AtLeast),
    /// A figure of the published value profile: money in minor units.
    Figure(FigureAtLeast),
    /// Among the first of all customers by a figure of the published value run.
    Percentile(TopShare),
    /// The customer's organisation has this level or a higher one in the programme.
    OrganisationLevel(LevelOrHigher),
    /// A nomination by hand holds.
    Nomination {},
}

/// At least so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AtLeast {
    /// So much.
    pub at_least: i64,
}

/// At least so much of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FigureAtLeast {
    /// Which.
    #[schema(value_type = String)]
    pub figure: Figure,
    /// So much.
    pub at_least: f64,
}

/// A first share of all by a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopShare {
    /// Which.
    #[schema(value_type = String)]
    pub figure: Figure,
    /// So many of a thousand: 200 for the first fifth.
    pub top_per_mille: i64,
}

/// A level or a higher one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelOrHigher {
    /// Its code.
    pub level: String,
}

/// What a condition compares with.
pub enum Threshold {
    /// The measure is at least this, in its unit.
    AtLeast(i64),
    /// So many ten-thousandths of all at most are above.
    Above(i64),
    /// The place of a level, 1 for the lowest.
    Place,
}

impl Condition {
    /// What it measures.
    pub fn measure(&self) -> Measure {
        match self {
            Self::Spend(_) => Measure::Spend,
            Self::Orders(_) => Measure::Orders,
            Self::MonthlySpendMean(_) => Measure::MonthlySpendMean,
            Self::MonthlySpendLeast(_) => Measure::MonthlySpendLeast,
            Self::QuarterlySpendMean(_) => Measure::QuarterlySpendMean,
            Self::QuarterlySpendLeast(_) => Measure::QuarterlySpendLeast,
            Self::TenureMonths(_) => Measure::TenureMonths,
            Self::Figure(asked) => Measure::Figure(asked.figure),
            Self::Percentile(asked) => Measure::Percentile(asked.figure),
            Self::OrganisationLevel(_) => Measure::OrganisationLevel,
            Self::Nomination {} => Measure::Nomination,
        }
    }

    /// What the measure is compared with.
    pub fn threshold(&self) -> Threshold {
        match self {
            Self::Spend(asked)
            | Self::Orders(asked)
            | Self::MonthlySpendMean(asked)
            | Self::MonthlySpendLeast(asked)
            | Self::QuarterlySpendMean(asked)
            | Self::QuarterlySpendLeast(asked)
            | Self::TenureMonths(asked) => Threshold::AtLeast(asked.at_least),
            Self::Figure(asked) => Threshold::AtLeast(match asked.figure.unit() {
                value::profile::Unit::Real => (asked.at_least * 1e6).round() as i64,
                _ => asked.at_least.ceil() as i64,
            }),
            Self::Percentile(asked) => Threshold::Above(asked.top_per_mille * 10 - 1),
            Self::OrganisationLevel(_) => Threshold::Place,
            Self::Nomination {} => Threshold::AtLeast(1),
        }
    }

    /// The same with another number to compare with; false where it has none.
    pub fn set_threshold(&mut self, to: f64) -> bool {
        match self {
            Self::Spend(asked)
            | Self::Orders(asked)
            | Self::MonthlySpendMean(asked)
            | Self::MonthlySpendLeast(asked)
            | Self::QuarterlySpendMean(asked)
            | Self::QuarterlySpendLeast(asked)
            | Self::TenureMonths(asked) => asked.at_least = to.round() as i64,
            Self::Figure(asked) => asked.at_least = to,
            Self::Percentile(asked) => asked.top_per_mille = to.round() as i64,
            Self::OrganisationLevel(_) | Self::Nomination {} => return false,
        }
        true
    }
}

/// Over which time it counts what customers bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierPeriod)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Period {
    /// So many complete calendar months and the one under way.
    RollingMonths {
        /// 1 to 24.
        months: i32,
    },
    /// The calendar year under way or the one before, whichever is better.
    CalendarYear {},
    /// The year that began with the level or the one before, whichever is better.
    MembershipYear {},
}

/// What becomes of who no longer meets what keeps the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierDowngrade)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Downgrade {
    /// Nothing.
    Never {},
    /// It is lowered at once.
    AtOnce {},
    /// It is lowered when its period is over.
    PeriodEnd {},
    /// It is lowered after so many days, unless it is met again by then.
    Grace {
        /// 1 to 366.
        days: i32,
    },
}

/// How far down a level goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierLanding)]
#[serde(rename_all = "snake_case")]
pub enum Landing {
    /// By one level, which then holds for a period.
    OneLevel,
    /// To the level that is earned.
    Earned,
}
