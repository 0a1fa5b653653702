//! `report.json`: what a run found. Amounts are whole minor units of the one currency at the top.

use std::collections::BTreeMap;

use base::{Currency, Day, Result};
use serde::Serialize;

use super::basics::ContributionBasis;
use super::bucket::LeakyBucket;
use super::cohorts::Cohort;
use super::concentration::Concentration;
use super::models::{ModelReport, Warning};
use super::referrals::ReferralsKnown;
use super::rejects::Reject;
use super::settings::{ModelChoice, ValueSettings};
use super::validation::Validation;
use crate::rules::{ClassThresholds, Loyalty, ValueClass};

/// The report of a run. No field depends on when, where or how fast it ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Of this shape.
    pub version: u32,
    /// The as-of day, included.
    pub as_of: Day,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The zone whose days count.
    pub zone: String,
    /// Length of the leaky bucket's periods.
    pub period_months: Option<u32>,
    /// Customers with a line up to the as-of day.
    pub customers: u64,
    /// Lines that count.
    pub transactions: u64,
    /// Rows that were not accepted.
    pub rejected: u64,
    /// The same by reason.
    pub rejected_by_code: BTreeMap<String, u64>,
    /// The first of them.
    pub rejects: Vec<Reject>,
    /// Lines after the as-of day.
    pub after_as_of: u64,
    /// Lines whose external id had been there before.
    pub repeated: u64,
    /// Lines that took another back.
    pub reversed: u64,
    /// Which referrals there were; null without any.
    pub referrals: Option<ReferralsKnown>,
    /// The day of the first line.
    pub first_day: Day,
    /// The day of the last line.
    pub last_day: Day,
    /// The sum of all lines.
    pub revenue_minor: i64,
    /// What contribution counts.
    pub contribution_basis: ContributionBasis,
    /// Which model, and why.
    pub model: ModelChosen,
    /// The fitted models by name.
    pub models: BTreeMap<&'static str, ModelReport>,
    /// The classes, in order.
    pub classes: Vec<ClassRow>,
    /// From where on contribution and stability are high.
    pub class_thresholds: ThresholdsReport,
    /// The loyalty classes, in order.
    pub loyalty: Vec<LoyaltyRow>,
    /// Null where the ledger is too short for two periods.
    pub leaky_bucket: Option<LeakyBucket>,
    /// Null where nobody contributes.
    pub concentration: Option<Concentration>,
    /// By first month.
    pub cohorts: Vec<Cohort>,
    /// What may be lost.
    pub value_at_risk: ValueAtRisk,
    /// Over all customers.
    pub totals: Totals,
    /// Null where nothing could be held out; a warning says why.
    pub validation: Option<Validation>,
    /// What to know before trusting the figures.
    pub warnings: Vec<Warning>,
    /// The settings of the run, as they were.
    pub settings: ValueSettings,
}

impl Report {
    /// The file's bytes.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut json = serde_json::to_vec_pretty(self).map_err(base::Error::internal)?;
        json.push(b'\n');
        Ok(json)
    }
}

/// Which purchase model a run used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelChosen {
    /// As asked.
    pub requested: ModelChoice,
    /// Null where none could be fitted.
    pub chosen: Option<&'static str>,
    /// `requested`, `best_held_out`, `best_log_likelihood`; where none could be fitted `nobody_bought_twice` or, for
    /// contracts, `renewals_undecided`.
    pub reason: &'static str,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassRow {
    /// Which.
    pub class: ValueClass,
    /// How many.
    pub customers: u64,
    /// Their contribution.
    pub contribution_minor: i64,
    /// Their value.
    pub value_minor: i64,
    /// Their value at risk.
    pub value_at_risk_minor: i64,
    /// Their share of all customers.
    pub share_of_customers: f64,
    /// Their share of all contribution; 0 where the total is not above 0.
    pub share_of_contribution: f64,
}

/// The thresholds with their amounts in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ThresholdsReport {
    /// The least high contribution.
    pub contribution_minor: Option<i64>,
    /// The least high stability.
    pub stability: Option<f64>,
}

impl From<ClassThresholds> for ThresholdsReport {
    fn from(thresholds: ClassThresholds) -> Self {
        Self {
            contribution_minor: thresholds.contribution_minor,
            stability: thresholds.stability,
        }
    }
}

/// One loyalty class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoyaltyRow {
    /// Which.
    pub class: Loyalty,
    /// How many.
    pub customers: u64,
    /// Their value.
    pub value_minor: i64,
}

/// Value that may be lost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueAtRisk {
    /// Over all customers.
    pub total_minor: i64,
    /// Customers who are more likely gone than not and have value.
    pub customers_at_risk: u64,
    /// Those with the most at risk, at most 20.
    pub top: Vec<AtRisk>,
}

/// A customer with value at risk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AtRisk {
    /// Who.
    pub customer_id: String,
    /// Value times the probability of being gone.
    pub value_at_risk_minor: i64,
    /// Value.
    pub value_minor: i64,
    /// Probability of still being a customer.
    pub p_alive: f64,
}

/// Sums over all customers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// Value: 36 months and referrals.
    pub value_minor: i64,
    /// CLV at 12 months.
    pub clv_12m_minor: i64,
    /// CLV at 36 months.
    pub clv_36m_minor: i64,
    /// Referral value.
    pub referral_minor: i64,
    /// Value at risk.
    pub value_at_risk_minor: i64,
    /// Money expected over the next period; null without periods.
    pub next_period_minor: Option<i64>,
    /// Purchase days expected in 90 days.
    pub expected_purchases_90d: f64,
}
