//! What a simulation tells.

use base::{Currency, Day};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One threshold of a draft moved over several values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierSensitivity)]
#[serde(deny_unknown_fields)]
pub struct Sensitivity {
    /// Of which level.
    pub level: String,
    /// Of what keeps it rather than of what earns it.
    #[serde(default)]
    pub of_keep: bool,
    /// Which condition, 0 for the first.
    pub condition: usize,
    /// The values, at most 25.
    pub values: Vec<f64>,
}

/// How many have a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierCount)]
pub struct Count {
    /// The level; null for none.
    pub level: Option<String>,
    /// So many.
    pub customers: u64,
}

/// Who goes from one level to another: so many, who brought so much and of whom so much is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierMatrixCell)]
pub struct Cell {
    /// By the version in force; null for none.
    pub from: Option<String>,
    /// By the draft.
    pub to: Option<String>,
    /// So many.
    pub customers: u64,
    /// What they brought in twelve complete months and the one under way, minor units.
    pub revenue_minor: i64,
    /// What is expected of them within 36 months, minor units.
    pub clv_minor: i64,
}

/// Those who would lose or gain a level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierMoved)]
pub struct Moved {
    /// So many.
    pub customers: u64,
    /// What they brought in twelve complete months and the one under way, minor units.
    pub revenue_minor: i64,
    /// What is expected of them within 36 months, minor units.
    pub clv_minor: i64,
}

/// What benefits cost in a year if everything that levels promise is used, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierBenefitCost)]
pub struct BenefitCost {
    /// By the version in force.
    pub before_minor: i64,
    /// By the draft.
    pub after_minor: i64,
}

/// A threshold's value and what it would lead to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierCurvePoint)]
pub struct CurvePoint {
    /// The value.
    pub value: f64,
    /// How many would have each level.
    pub levels: Vec<Count>,
}

/// A curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierCurve)]
pub struct Curve {
    /// What was asked.
    pub asked: Sensitivity,
    /// A point for each value, in their order.
    pub points: Vec<CurvePoint>,
}

/// What a draft would lead to, if customers go on as they are: nothing is waited for, on either side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierSimulationResult)]
pub struct SimulationResult {
    /// The day it was made as of.
    #[schema(value_type = String, format = Date)]
    pub on: Day,
    /// The currency of its amounts.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// How many customers were looked at.
    pub customers: u64,
    /// How many have each level by the version in force.
    pub before: Vec<Count>,
    /// How many would have it.
    pub after: Vec<Count>,
    /// From which level to which.
    pub matrix: Vec<Cell>,
    /// Who would have a lower level.
    pub lose: Moved,
    /// Who would have a higher one.
    pub gain: Moved,
    /// What the benefits of all levels cost in a year, at most.
    #[serde(default)]
    pub benefit_cost: BenefitCost,
    /// What moving one threshold would change, where that was asked.
    pub curve: Option<Curve>,
}
