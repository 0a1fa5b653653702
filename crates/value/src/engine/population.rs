//! What only the whole ledger tells, beside the aggregates of its customers: `population.json`.

use base::{Currency, Day, Result};

use super::windows::Windows;

/// The ledger as a whole, up to the as-of day.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// The currency of all amounts.
    pub currency: Currency,
    /// The zone whose days count.
    pub zone: String,
    /// The windows the aggregates were made for.
    pub windows: Windows,
    /// Customers with at least one line.
    pub customers: u64,
    /// Lines that count.
    pub transactions: u64,
    /// The sum of all lines' amounts, as are the two below: added up before anything is aggregated.
    pub revenue_minor: i64,
    /// Of the lines within the leaky bucket's earlier period; 0 without periods.
    pub p0_minor: i64,
    /// Of those within its later period; 0 without periods.
    pub p1_minor: i64,
    /// The day of the first line.
    pub first_day: Day,
    /// The day of the last line.
    pub last_day: Day,
    /// Lines of the input that were not accepted.
    pub rejected: u64,
    /// Lines after the as-of day, which do not count.
    pub after_as_of: u64,
    /// Lines whose external id had been there before, which do not count.
    pub repeated: u64,
    /// Lines that take another back.
    pub reversals: u64,
    /// Those whose reversed line was not found: they net on their own day.
    pub reversals_unmatched: u64,
    /// For every held-out week, the purchase days of customers known to the calibration.
    pub holdout_weekly: Vec<i64>,
}

impl Population {
    /// As JSON.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(base::Error::internal)
    }
}
