//! The leaky bucket: from the money of one period to that of the next, through customers gained,
//! grown, shrunk and lost. Reconciles to the minor unit or is an error.

use base::{Error, Result};
use serde::Serialize;

use super::windows::{Periods, Span};
use crate::rules::BucketSegment;

/// The leaky bucket of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeakyBucket {
    /// The earlier period.
    pub p0: Span,
    /// The later period.
    pub p1: Span,
    /// Money of the earlier period.
    pub opening_minor: i64,
    /// Money of the later period.
    pub closing_minor: i64,
    /// The seven segments, each customer in exactly one.
    pub segments: Vec<BucketRow>,
    /// Opening plus all changes is closing; a bucket that does not is never reported.
    pub reconciles: bool,
    /// What the lost customers cost.
    pub replacement_cost: ReplacementCost,
    /// Months until a new customer has brought what winning one costs; null where that cost is not
    /// set or is not reached within the months seen.
    pub payback_months: Option<u32>,
}

/// One segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BucketRow {
    /// Which.
    pub segment: BucketSegment,
    /// How many customers.
    pub customers: u64,
    /// Their money of the earlier period.
    pub p0_minor: i64,
    /// Their money of the later period.
    pub p1_minor: i64,
    /// The difference.
    pub change_minor: i64,
}

/// What replacing the lost customers costs, and what went with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplacementCost {
    /// Lost customers who bought in the earlier period.
    pub lost_customers: u64,
    /// Winning as many new ones.
    pub acquisition_cost_minor: i64,
    /// What the lost would be worth over 36 months, were they still customers, less what is still expected.
    pub clv_gone_minor: i64,
    /// Both.
    pub total_minor: i64,
}

/// Adds customers up.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    customers: [u64; 7],
    p0: [i128; 7],
    p1: [i128; 7],
    lost: u64,
    clv_gone: i128,
}

impl Tally {
    /// Adds what other customers add up to.
    pub(crate) fn merge(&mut self, other: &Self) {
        for i in 0..self.customers.len() {
            self.customers[i] += other.customers[i];
            self.p0[i] += other.p0[i];
            self.p1[i] += other.p1[i];
        }
        self.lost += other.lost;
        self.clv_gone += other.clv_gone;
    }

    pub(crate) fn add(
        &mut self,
        segment: BucketSegment,
        p0_minor: i64,
        p1_minor: i64,
        bought_in_p0: bool,
        clv_gone_minor: i64,
    ) {
        let i = BucketSegment::ALL
            .iter()
            .position(|&s| s == segment)
            .unwrap_or_default();
        self.customers[i] += 1;
        self.p0[i] += i128::from(p0_minor);
        self.p1[i] += i128::from(p1_minor);
        if segment == BucketSegment::Lost && bought_in_p0 {
            self.lost += 1;
            self.clv_gone += i128::from(clv_gone_minor);
        }
    }

    /// The bucket. `opening_minor` and `closing_minor` are the sums of the ledger's lines in the two periods, made
    /// before any customer was; that the segments lead from one to the other is checked, not assumed.
    pub(crate) fn bucket(
        &self,
        periods: Periods,
        (opening_minor, closing_minor): (i64, i64),
        acquisition_cost_minor: i64,
        payback_months: Option<u32>,
    ) -> Result<LeakyBucket> {
        let minor = |sum: i128| i64::try_from(sum).map_err(|_| overflow());
        let mut segments = Vec::with_capacity(7);
        let mut change = 0;
        for (i, segment) in BucketSegment::ALL.into_iter().enumerate() {
            change += self.p1[i] - self.p0[i];
            segments.push(BucketRow {
                segment,
                customers: self.customers[i],
                p0_minor: minor(self.p0[i])?,
                p1_minor: minor(self.p1[i])?,
                change_minor: minor(self.p1[i] - self.p0[i])?,
            });
        }
        let (opening, closing): (i128, i128) = (self.p0.iter().sum(), self.p1.iter().sum());
        if opening != i128::from(opening_minor)
            || closing != i128::from(closing_minor)
            || opening + change != closing
        {
            return Err(Error::internal(format!(
                "the leaky bucket does not reconcile: {opening} + {change} is not {closing}, or the ledger's \
                 {opening_minor} and {closing_minor} are others"
            )));
        }
        let acquisition = i128::from(acquisition_cost_minor) * i128::from(self.lost);
        Ok(LeakyBucket {
            p0: periods.p0,
            p1: periods.p1,
            opening_minor,
            closing_minor,
            segments,
            reconciles: true,
            replacement_cost: ReplacementCost {
                lost_customers: self.lost,
                acquisition_cost_minor: minor(acquisition)?,
                clv_gone_minor: minor(self.clv_gone)?,
                total_minor: minor(acquisition + self.clv_gone)?,
            },
            payback_months,
        })
    }
}

pub(crate) fn overflow() -> Error {
    Error::invalid(
        "amount_overflow",
        "the amounts of all customers add up to more than can be counted exactly",
    )
}
