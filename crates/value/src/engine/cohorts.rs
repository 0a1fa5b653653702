//! Customers by the month they began: how many are still active, and what they bring, month by month.

use base::{Month, Result};
use serde::Serialize;

use super::aggregates::Aggregates;
use super::bucket::overflow;
use super::windows::{MONTHS, Windows};

/// The customers of one first month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cohort {
    /// The month of their first purchase.
    pub month: Month,
    /// How many.
    pub customers: u64,
    /// Those with money above zero in the first month and in each month since.
    pub active: Vec<u64>,
    /// Their money in the first month and in each month since.
    pub revenue_minor: Vec<i64>,
}

/// Adds customers up.
pub(crate) struct Tally {
    first_month: Month,
    customers: [u64; MONTHS],
    active: [[u64; MONTHS]; MONTHS],
    revenue: [[i128; MONTHS]; MONTHS],
}

impl Tally {
    pub(crate) fn new(windows: &Windows) -> Self {
        Self {
            first_month: windows.first_month(),
            customers: [0; MONTHS],
            active: [[0; MONTHS]; MONTHS],
            revenue: [[0; MONTHS]; MONTHS],
        }
    }

    /// Adds what other customers add up to.
    pub(crate) fn merge(&mut self, other: &Self) {
        for began in 0..MONTHS {
            self.customers[began] += other.customers[began];
            for month in 0..MONTHS {
                self.active[began][month] += other.active[began][month];
                self.revenue[began][month] += other.revenue[began][month];
            }
        }
    }

    /// Adds a customer who bought and began within the months of the series.
    pub(crate) fn add(&mut self, rows: &Aggregates<'_>, row: usize, first_month: Month) {
        let Ok(began) = usize::try_from(first_month.0 - self.first_month.0) else {
            return;
        };
        if began >= MONTHS || rows.purchase_days[row] == 0 {
            return;
        }
        self.customers[began] += 1;
        for month in began..MONTHS {
            let net = rows.months[month][row];
            if net != 0 {
                self.active[began][month - began] += u64::from(net > 0);
                self.revenue[began][month - began] += i128::from(net);
            }
        }
    }

    /// The cohorts that have customers, oldest first.
    pub(crate) fn cohorts(&self) -> Result<Vec<Cohort>> {
        (0..MONTHS)
            .filter(|&began| self.customers[began] > 0)
            .map(|began| {
                let months = MONTHS - began;
                Ok(Cohort {
                    month: Month(self.first_month.0 + began as i32),
                    customers: self.customers[began],
                    active: self.active[began][..months].to_vec(),
                    revenue_minor: self.revenue[began][..months]
                        .iter()
                        .map(|&sum| i64::try_from(sum).map_err(|_| overflow()))
                        .collect::<Result<_>>()?,
                })
            })
            .collect()
    }

    /// How many months it takes until the average new customer has brought this much; the average
    /// month is over all cohorts old enough to have it.
    pub(crate) fn payback_months(&self, acquisition_cost_minor: i64) -> Option<u32> {
        if acquisition_cost_minor <= 0 {
            return None;
        }
        let mut brought = 0.0;
        for since in 0..MONTHS {
            let seen = 0..MONTHS - since;
            let customers: u64 = seen.clone().map(|began| self.customers[began]).sum();
            let revenue: i128 = seen.map(|began| self.revenue[began][since]).sum();
            if customers == 0 {
                return None;
            }
            brought += revenue as f64 / customers as f64;
            if brought >= acquisition_cost_minor as f64 {
                return Some(since as u32 + 1);
            }
        }
        None
    }
}
