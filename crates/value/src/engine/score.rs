//! The last pass: every customer's figures from the aggregates, the fitted models and the
//! thresholds, batch by batch into the file of profiles, adding up what the report says.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use base::{Error, Result};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal64Array, FixedSizeListArray, Float64Array, Int8Array,
    Int32Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef};
use stats::{Discounting, Forecast, ScoreOptions, Scores};

use super::aggregates::Aggregates;
use super::basics::{Basics, History, WEEK_DAYS};
use super::bucket::{self, overflow};
use super::cohorts;
use super::population::Population;
use super::profiles::amount_type_while_made;
use super::report::{AtRisk, ClassRow, LoyaltyRow, Totals, ValueAtRisk};
use super::settings::ValueSettings;
use super::windows::MONTHS;
use crate::rules::{
    self, BucketFacts, BucketSegment, ClassFacts, ClassThresholds, Loyalty, Quintiles, ValueClass,
};

/// Days in a month here: a twelfth of a mean year.
const MONTH_DAYS: f64 = 365.25 / 12.0;
/// Customers at risk that the report names.
const AT_RISK_SHOWN: usize = 20;

/// What is asked about every customer; horizons are 30, 90, 365 days and the next period, if any.
pub(crate) fn forecast_options(settings: &ValueSettings, period_months: Option<u32>) -> Result<ScoreOptions> {
    let mut horizons: Vec<f64> = [30.0, 90.0, 365.0].map(|days| days / WEEK_DAYS).to_vec();
    horizons.extend(period_months.map(|months| f64::from(months) * MONTH_DAYS / WEEK_DAYS));
    Ok(ScoreOptions {
        horizons,
        discounting: Discounting::monthly(WEEK_DAYS, settings.yearly_discount_rate)
            .map_err(Error::internal)?,
        steps: vec![12, 36],
        level: 0.8,
    })
}

/// Everything the pass over the customers needs.
pub(crate) struct Scorer<'a> {
    pub settings: &'a ValueSettings,
    pub population: &'a Population,
    pub basics: &'a Basics,
    pub thresholds: ClassThresholds,
    /// In major units, one per customer; empty without referrals.
    pub referral: &'a [f64],
    pub recency: Quintiles,
    pub frequency: Quintiles,
    pub monetary: Quintiles,
    pub history: History,
    pub schema: SchemaRef,
}

/// What adds up over the customers.
pub(crate) struct Sums {
    pub classes: [ClassSums; 6],
    loyalty: [(u64, i128); 3],
    pub bucket: bucket::Tally,
    pub cohorts: cohorts::Tally,
    at_risk: BinaryHeap<(Reverse<i64>, usize)>,
    at_risk_rows: std::collections::BTreeMap<usize, AtRisk>,
    customers_at_risk: u64,
    clv_12m: i128,
    clv_36m: i128,
    referral: i128,
    next_period: i128,
    expected_purchases_90d: f64,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ClassSums {
    customers: u64,
    contribution: i128,
    value: i128,
    value_at_risk: i128,
}

impl Sums {
    pub(crate) fn new(population: &Population) -> Self {
        Self {
            classes: Default::default(),
            loyalty: Default::default(),
            bucket: bucket::Tally::default(),
            cohorts: cohorts::Tally::new(&population.windows),
            at_risk: BinaryHeap::new(),
            at_risk_rows: Default::default(),
            customers_at_risk: 0,
            clv_12m: 0,
            clv_36m: 0,
            referral: 0,
            next_period: 0,
            expected_purchases_90d: 0.0,
        }
    }

    /// Adds what the customers that come after these add up to.
    pub(crate) fn merge(&mut self, other: Self) {
        for (class, other) in self.classes.iter_mut().zip(other.classes) {
            class.customers += other.customers;
            class.contribution += other.contribution;
            class.value += other.value;
            class.value_at_risk += other.value_at_risk;
        }
        for (loyalty, other) in self.loyalty.iter_mut().zip(other.loyalty) {
            loyalty.0 += other.0;
            loyalty.1 += other.1;
        }
        self.bucket.merge(&other.bucket);
        self.cohorts.merge(&other.cohorts);
        self.customers_at_risk += other.customers_at_risk;
        self.clv_12m += other.clv_12m;
        self.clv_36m += other.clv_36m;
        self.referral += other.referral;
        self.next_period += other.next_period;
        self.expected_purchases_90d += other.expected_purchases_90d;
        for (customer, row) in other.at_risk_rows {
            self.note_at_risk(customer, row.value_at_risk_minor, || row);
        }
    }

    pub(crate) fn class_rows(&self) -> Result<Vec<ClassRow>> {
        let customers: u64 = self.classes.iter().map(|class| class.customers).sum();
        let contribution: i128 = self.classes.iter().map(|class| class.contribution).sum();
        ValueClass::ALL
            .into_iter()
            .zip(&self.classes)
            .map(|(class, sums)| {
                Ok(ClassRow {
                    class,
                    customers: sums.customers,
                    contribution_minor: minor(sums.contribution)?,
                    value_minor: minor(sums.value)?,
                    value_at_risk_minor: minor(sums.value_at_risk)?,
                    share_of_customers: share(i128::from(sums.customers), i128::from(customers)),
                    share_of_contribution: share(sums.contribution, contribution),
                })
            })
            .collect()
    }

    pub(crate) fn loyalty_rows(&self) -> Result<Vec<LoyaltyRow>> {
        Loyalty::ALL
            .into_iter()
            .zip(&self.loyalty)
            .map(|(class, &(customers, value))| {
                Ok(LoyaltyRow {
                    class,
                    customers,
                    value_minor: minor(value)?,
                })
            })
            .collect()
    }

    pub(crate) fn totals(&self, with_periods: bool) -> Result<Totals> {
        let over_classes = |sum: fn(&ClassSums) -> i128| minor(self.classes.iter().map(sum).sum());
        Ok(Totals {
            value_minor: over_classes(|class| class.value)?,
            clv_12m_minor: minor(self.clv_12m)?,
            clv_36m_minor: minor(self.clv_36m)?,
            referral_minor: minor(self.referral)?,
            value_at_risk_minor: over_classes(|class| class.value_at_risk)?,
            next_period_minor: with_periods.then(|| minor(self.next_period)).transpose()?,
            expected_purchases_90d: self.expected_purchases_90d,
        })
    }

    pub(crate) fn value_at_risk(mut self) -> Result<ValueAtRisk> {
        let total = self.classes.iter().map(|class| class.value_at_risk).sum();
        let mut top: Vec<(Reverse<i64>, usize)> = std::mem::take(&mut self.at_risk).into_vec();
        top.sort_unstable();
        Ok(ValueAtRisk {
            total_minor: minor(total)?,
            customers_at_risk: self.customers_at_risk,
            top: top
                .iter()
                .filter_map(|(_, customer)| self.at_risk_rows.remove(customer))
                .collect(),
        })
    }

    /// Keeps those with the most at risk; of equals the one that comes first.
    fn note_at_risk(&mut self, customer: usize, value_at_risk_minor: i64, row: impl FnOnce() -> AtRisk) {
        if value_at_risk_minor <= 0 {
            return;
        }
        let entry = (Reverse(value_at_risk_minor), customer);
        if self.at_risk.len() == AT_RISK_SHOWN {
            match self.at_risk.peek() {
                Some(least) if *least > entry => {
                    if let Some((_, dropped)) = self.at_risk.pop() {
                        self.at_risk_rows.remove(&dropped);
                    }
                }
                _ => return,
            }
        }
        self.at_risk.push(entry);
        self.at_risk_rows.insert(customer, row());
    }
}

fn minor(sum: i128) -> Result<i64> {
    i64::try_from(sum).map_err(|_| overflow())
}

fn share(part: i128, whole: i128) -> f64 {
    if whole > 0 {
        part as f64 / whole as f64
    } else {
        0.0
    }
}

/// The columns of a batch that are not copied from the aggregates.
struct Out {
    stability: Vec<Option<f64>>,
    class: Vec<&'static str>,
    referral_value: Vec<f64>,
    value: Vec<f64>,
    value_at_risk: Vec<f64>,
    next_period: Vec<f64>,
    full_months: Vec<i32>,
    cv_month: Vec<Option<f64>>,
    cv_quarter: Vec<Option<f64>>,
    cv_ticket: Vec<Option<f64>>,
    loyalty: Vec<&'static str>,
    bucket: Vec<Option<&'static str>>,
    scores: [Vec<i8>; 3],
}

impl Scorer<'_> {
    /// The profiles of the customers of a batch, the first of whom is customer number `from`.
    /// There are no scores where no model could be fitted.
    pub(crate) fn profiles(
        &self,
        batch: &RecordBatch,
        from: usize,
        scores: Option<&Scores>,
        sums: &mut Sums,
    ) -> Result<RecordBatch> {
        let rows = Aggregates::of(batch)?;
        let count = rows.len();
        let mut out = Out {
            stability: Vec::with_capacity(count),
            class: Vec::with_capacity(count),
            referral_value: Vec::with_capacity(count),
            value: Vec::with_capacity(count),
            value_at_risk: Vec::with_capacity(count),
            next_period: Vec::with_capacity(count),
            full_months: Vec::with_capacity(count),
            cv_month: Vec::with_capacity(count),
            cv_quarter: Vec::with_capacity(count),
            cv_ticket: Vec::with_capacity(count),
            loyalty: Vec::with_capacity(count),
            bucket: Vec::with_capacity(count),
            scores: std::array::from_fn(|_| Vec::with_capacity(count)),
        };
        for row in 0..count {
            self.customer(&rows, row, from + row, scores, &mut out, sums)?;
        }
        self.batch(&rows, from, scores, out)
    }

    fn customer(
        &self,
        rows: &Aggregates<'_>,
        row: usize,
        customer: usize,
        scores: Option<&Scores>,
        out: &mut Out,
        sums: &mut Sums,
    ) -> Result<()> {
        let windows = &self.population.windows;
        let spread = &self.basics.spread[customer];
        let contribution_minor = self.basics.contribution_minor[customer];
        let decision = rules::classify(
            &ClassFacts {
                purchase_days: rows.purchase_days[row],
                full_months: spread.full_months,
                contribution_minor,
                stability: self.basics.stability[customer],
            },
            &self.thresholds,
        );
        let p_alive = scores.map(|scores| scores.p_alive[row]);
        let (loyalty, _) =
            rules::loyalty_by_behaviour(p_alive, rows.last_6m_minor[row], rows.previous_6m_minor[row]);

        let clv = |n: usize| scores.map_or(0.0, |scores| scores.clv[n].expected[row]);
        let referral = self.referral.get(customer).copied().unwrap_or(0.0);
        let value = clv(1) + referral;
        let at_risk = value * (1.0 - p_alive.unwrap_or(1.0));
        let value_minor = self.minor(value);
        let at_risk_minor = self.minor(at_risk);
        let next_period = scores.map_or(0.0, |scores| {
            scores
                .purchases
                .get(3)
                .map_or(0.0, |next| next.expected[row] * scores.expected_spend[row])
        });

        let bucket = windows.periods.map(|periods| {
            let bought_in_p0 = rows.p0_purchase_days[row] > 0;
            let segment = rules::bucket_segment(&BucketFacts {
                bought_in_p0,
                bought_in_p1: rows.p1_purchase_days[row] > 0,
                first_in_p1: periods.p1.contains(rows.first_day[row]),
                p0_minor: rows.p0_minor[row],
                p1_minor: rows.p1_minor[row],
                p_alive,
            });
            let gone = scores.map_or(0.0, |scores| {
                scores.clv_if_alive[1][row] * (1.0 - scores.p_alive[row])
            });
            sums.bucket.add(
                segment,
                rows.p0_minor[row],
                rows.p1_minor[row],
                bought_in_p0,
                self.minor(gone),
            );
            segment
        });
        sums.cohorts
            .add(rows, row, self.history.month(rows.first_day[row]));
        let class = &mut sums.classes[decision.class as usize];
        class.customers += 1;
        class.contribution += i128::from(contribution_minor);
        class.value += i128::from(value_minor);
        class.value_at_risk += i128::from(at_risk_minor);
        let loyal = &mut sums.loyalty[loyalty as usize];
        loyal.0 += 1;
        loyal.1 += i128::from(value_minor);
        sums.clv_12m += i128::from(self.minor(clv(0)));
        sums.clv_36m += i128::from(self.minor(clv(1)));
        sums.referral += i128::from(self.minor(referral));
        sums.next_period += i128::from(self.minor(next_period));
        if let Some(scores) = scores {
            sums.expected_purchases_90d += scores.purchases[1].expected[row];
            let alive = scores.p_alive[row];
            sums.customers_at_risk += u64::from(alive < 0.5 && value_minor > 0);
            sums.note_at_risk(customer, at_risk_minor, || AtRisk {
                customer_id: id_text(rows.customer_id, row),
                value_at_risk_minor: at_risk_minor,
                value_minor,
                p_alive: alive,
            });
        }

        out.stability.push(self.basics.stability[customer]);
        out.class.push(decision.class.name());
        out.referral_value.push(referral);
        out.value.push(value);
        out.value_at_risk.push(at_risk);
        out.next_period.push(next_period);
        out.full_months.push(spread.full_months as i32);
        out.cv_month.push(spread.cv_month);
        out.cv_quarter.push(spread.cv_quarter);
        out.cv_ticket.push(spread.cv_ticket);
        out.loyalty.push(loyalty.name());
        out.bucket.push(bucket.map(BucketSegment::name));
        out.scores[0].push(self.recency.score(i64::from(rows.last_day[row])) as i8);
        out.scores[1].push(self.frequency.score(i64::from(rows.purchase_days[row])) as i8);
        out.scores[2].push(self.monetary.score(rows.net_minor[row]) as i8);
        Ok(())
    }

    /// Minor units of an estimate; what does not fit 64 bits stops at their end.
    fn minor(&self, major: f64) -> i64 {
        (major * self.settings.currency.minor_per_major() as f64).round() as i64
    }

    /// In the order of `profiles::COLUMNS`.
    fn batch(
        &self,
        rows: &Aggregates<'_>,
        from: usize,
        scores: Option<&Scores>,
        out: Out,
    ) -> Result<RecordBatch> {
        let count = rows.len();
        let range = from..from + count;
        let figures = |column: Option<&[f64]>| -> ArrayRef {
            match column {
                Some(column) => Arc::new(Float64Array::from(column.to_vec())),
                None => Arc::new(Float64Array::new_null(count)),
            }
        };
        // Estimates exist where a model does, for everybody.
        let estimated = |column: Vec<f64>| -> ArrayRef {
            match scores {
                Some(_) => Arc::new(Float64Array::from(column)),
                None => Arc::new(Float64Array::new_null(count)),
            }
        };
        let amounts = |column: &[i64]| self.amounts(column.to_vec());
        let counts = |column: &[i32]| Arc::new(Int32Array::from(column.to_vec())) as ArrayRef;
        let as_of = self.population.windows.as_of.0;
        let ages = |to: &dyn Fn(usize) -> i32| -> ArrayRef {
            Arc::new(Int32Array::from_iter_values(
                (0..count).map(|row| to(row) - rows.first_day[row]),
            ))
        };
        let monetary: Float64Array = range
            .clone()
            .map(|customer| (self.basics.x[customer] > 0.0).then(|| self.basics.m[customer]))
            .collect();
        let names = |column: Vec<&'static str>| Arc::new(StringArray::from(column)) as ArrayRef;
        let optional = |column: Vec<Option<f64>>| Arc::new(Float64Array::from(column)) as ArrayRef;

        let mut columns: Vec<ArrayRef> = vec![
            Arc::clone(rows.customer_id),
            Arc::new(Int32Array::from_iter_values(
                rows.purchase_days.iter().map(|days| (days - 1).max(0)),
            )),
            ages(&|row| rows.last_day[row]),
            ages(&|_| as_of),
            Arc::new(monetary),
            amounts(&self.basics.contribution_minor[range.clone()]),
            names(vec![self.basics.basis.name(); count]),
            optional(out.stability),
            names(out.class),
            figures(scores.map(|scores| scores.p_alive.as_slice())),
        ];
        let forecast = |forecast: Option<&Forecast>| {
            [
                figures(forecast.map(|f| f.expected.as_slice())),
                figures(forecast.map(|f| f.low.as_slice())),
                figures(forecast.map(|f| f.high.as_slice())),
            ]
        };
        for horizon in 0..3 {
            columns.extend(forecast(scores.map(|scores| &scores.purchases[horizon])));
        }
        columns.push(figures(scores.map(|scores| scores.expected_spend.as_slice())));
        for steps in 0..2 {
            columns.extend(forecast(scores.map(|scores| &scores.clv[steps])));
        }
        let next_period = match self.population.windows.periods {
            Some(_) => estimated(out.next_period),
            None => Arc::new(Float64Array::new_null(count)),
        };
        columns.extend([
            estimated(out.referral_value),
            estimated(out.value),
            estimated(out.value_at_risk),
            next_period,
            Arc::new(Date32Array::from(rows.first_day.to_vec())),
            Arc::new(Date32Array::from(rows.last_day.to_vec())),
            counts(rows.purchase_days),
            Arc::new(Int64Array::from(rows.lines.to_vec())),
            amounts(rows.net_minor),
            amounts(rows.revenue_12m_minor),
            amounts(rows.largest_ticket_minor),
            amounts(rows.last_6m_minor),
            amounts(rows.previous_6m_minor),
        ]);
        columns.extend(
            out.scores
                .map(|scores| Arc::new(Int8Array::from(scores)) as ArrayRef),
        );
        columns.extend([
            Arc::new(Int32Array::from(out.full_months)) as ArrayRef,
            optional(out.cv_month),
            optional(out.cv_quarter),
            optional(out.cv_ticket),
            names(out.loyalty),
            names(vec!["behaviour"; count]),
            Arc::new(StringArray::from(out.bucket)),
            self.months(rows)?,
        ]);
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(Error::internal)
    }

    fn amounts(&self, minor: Vec<i64>) -> ArrayRef {
        let array =
            Decimal64Array::from(minor).with_data_type(amount_type_while_made(self.settings.currency));
        Arc::new(array)
    }

    fn months(&self, rows: &Aggregates<'_>) -> Result<ArrayRef> {
        let mut series = Vec::with_capacity(rows.len() * MONTHS);
        for row in 0..rows.len() {
            series.extend(rows.months.iter().map(|month| month[row]));
        }
        let item = amount_type_while_made(self.settings.currency);
        let item = Arc::new(Field::new("item", item, false));
        FixedSizeListArray::try_new(item, MONTHS as i32, self.amounts(series), None)
            .map(|list| Arc::new(list) as ArrayRef)
            .map_err(Error::internal)
    }
}

fn id_text(ids: &ArrayRef, row: usize) -> String {
    cast(&ids.slice(row, 1), &DataType::Utf8)
        .map(|id| id.as_string::<i32>().value(0).to_owned())
        .unwrap_or_default()
}
