//! Contractual relations: counts renewals and losses by the year customers began, fits the
//! shifted-beta-geometric model to each year that says enough and to all together, and turns payments into what
//! `stats` scores. The equations are in `stats`, the calendar in `contract_terms`.

use std::collections::BTreeMap;

use base::{Day, Error, Result};
use datafusion::arrow::array::{Array, RecordBatch};
use serde::Serialize;
use stats::{Cohort, Contract, ContractModel, Fit, FitOptions, Sbg, Standing};

use super::aggregates::Aggregates;
use super::basics::WEEK_DAYS;
use super::contract_terms::{Facts, State, Terms};
use super::validation::Predicted;
use super::windows::Holdout;

/// A year with fewer customers who decided at least once is not fitted by itself.
const COHORT_CUSTOMERS_MIN: f64 = 100.0;
/// A year must show so many renewals: one or two say how many leave, and nothing about how that changes.
const COHORT_RENEWALS_MIN: usize = 3;
/// Years fitted and reported, the newest first kept.
const COHORTS_MAX: usize = 30;
/// Renewals that the report goes through per year.
const RENEWALS_SHOWN: usize = 60;

type SbgFit = Fit<Sbg, 2>;

/// Payments of one customer up to the end of a day.
#[derive(Clone, Copy)]
struct Payments {
    first: Day,
    last: Day,
    /// Purchase days.
    days: i32,
}

/// Renewals and losses of the customers of one year.
#[derive(Default)]
struct Tally {
    customers: u64,
    kept: Vec<f64>,
    lost: Vec<f64>,
}

impl Tally {
    fn add(&mut self, facts: &Facts) {
        self.customers += 1;
        self.coin(facts, 0);
    }

    /// One renewal for each that was decided after the first `from`, and the loss, where it is one.
    fn coin(&mut self, facts: &Facts, from: u32) {
        let decided = facts.decided as usize;
        if self.kept.len() < decided {
            self.kept.resize(decided, 0.0);
            self.lost.resize(decided, 0.0);
        }
        let kept = (facts.renewals as usize).min(decided);
        for renewal in from as usize..kept {
            self.kept[renewal] += 1.0;
        }
        if kept < decided && kept >= from as usize {
            self.lost[kept] += 1.0;
        }
    }

    fn cohort(&self) -> Result<Cohort> {
        Cohort::from_renewals(&self.kept, &self.lost).map_err(Error::internal)
    }

    /// Whether there is enough to tell this year from the others.
    fn says_enough(&self) -> bool {
        let decided_once = self.kept.first().zip(self.lost.first()).map_or(0.0, |(kept, lost)| kept + lost);
        decided_once >= COHORT_CUSTOMERS_MIN
            && self.kept.len() >= COHORT_RENEWALS_MIN
            && self.lost.iter().any(|&lost| lost > 0.0)
            && self.kept.iter().any(|&kept| kept > 0.0)
    }
}

/// The fitted model of contracts: one law for everybody, and one of its own for each year that says enough.
pub(crate) struct ContractFit {
    terms: Terms,
    model: ContractModel,
    /// Which of the model's fits speaks for a year; the first is everybody's.
    fit_of_year: BTreeMap<i32, usize>,
    tallies: BTreeMap<i32, Tally>,
}

/// One year in the report. Shares are of those who began.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContractCohort {
    /// The calendar year of the first payment.
    pub cohort: i32,
    /// Customers who began in it.
    pub customers: u64,
    /// Null where everybody's parameters are used.
    pub alpha: Option<f64>,
    /// Likewise.
    pub beta: Option<f64>,
    /// At the estimates that are used.
    pub log_likelihood: f64,
    /// Whether the search for the estimates that are used ended at an optimum.
    pub converged: bool,
    /// Customers of whom the decision about renewal 1, 2, 3 … is known; the first 60.
    pub decided: Vec<u64>,
    /// Those of them who renewed.
    pub renewed: Vec<u64>,
    /// The share still there after 0, 1, 2 … renewals (Kaplan, Meier 1958).
    pub survival: Vec<f64>,
    /// The same as the model has it.
    pub predicted_survival: Vec<f64>,
}

/// The calendar year of a day.
pub(crate) fn year(day: Day) -> i32 {
    day.month().0.div_euclid(12)
}

/// Fits the model to what the aggregates say at the as-of day; none where nobody renewed or nobody left.
pub(crate) fn fit(batches: &[RecordBatch], renewal_months: u32, as_of: Day) -> Result<Option<ContractFit>> {
    let mut payments = Vec::new();
    for batch in batches {
        payments.extend(payments_as_of(&Aggregates::of(batch)?));
    }
    fit_to(&payments, Terms::of(renewal_months), as_of)
}

fn fit_to(payments: &[Option<Payments>], terms: Terms, as_of: Day) -> Result<Option<ContractFit>> {
    let mut tallies: BTreeMap<i32, Tally> = BTreeMap::new();
    for payments in payments.iter().flatten() {
        tallies
            .entry(year(payments.first))
            .or_default()
            .add(&terms.facts(payments.first, payments.last, as_of));
    }
    let mut cohorts = Vec::with_capacity(tallies.len());
    for tally in tallies.values() {
        cohorts.push(tally.cohort()?);
    }
    let options = FitOptions::default();
    let mut fits = match Sbg::fit(&cohorts, &options) {
        Ok(pooled) => vec![pooled],
        Err(stats::Error::NothingToFit(_)) => return Ok(None),
        Err(error) => return Err(Error::internal(error).while_doing("fitting contracts")),
    };
    let mut fit_of_year = BTreeMap::new();
    for ((&year, tally), cohort) in tallies.iter().zip(&cohorts).rev().take(COHORTS_MAX) {
        if !tally.says_enough() {
            continue;
        }
        let own = Sbg::fit(std::slice::from_ref(cohort), &options)
            .map_err(|error| Error::internal(error).while_doing("fitting a year of contracts"))?;
        // parameters that the data do not determine are no reason to leave everybody's
        if own.converged && own.warnings.is_empty() {
            fit_of_year.insert(year, fits.len());
            fits.push(own);
        }
    }
    Ok(Some(ContractFit {
        terms,
        model: ContractModel::new(fits, terms.period_days() / WEEK_DAYS).map_err(Error::internal)?,
        fit_of_year,
        tallies,
    }))
}

/// The payments of the customers of a batch, up to the as-of day; none for who never bought.
fn payments_as_of(rows: &Aggregates<'_>) -> Vec<Option<Payments>> {
    let of_row = |row: usize| Payments {
        first: Day(rows.first_day[row]),
        last: Day(rows.last_day[row]),
        days: rows.purchase_days[row],
    };
    (0..rows.len())
        .map(|row| Some(of_row(row)).filter(|payments| payments.days > 0))
        .collect()
}

impl ContractFit {
    /// Everybody's fit.
    pub(crate) fn pooled(&self) -> &SbgFit {
        &self.model.fits()[0]
    }

    pub(crate) fn model(&self) -> &ContractModel {
        &self.model
    }

    /// Customers whose contract says anything.
    pub(crate) fn customers(&self) -> u64 {
        self.tallies.values().map(|tally| tally.customers).sum()
    }

    /// The contracts of all customers as of a day, in their order.
    pub(crate) fn contracts(&self, batches: &[RecordBatch], as_of: Day) -> Result<Vec<Contract>> {
        let mut contracts = Vec::new();
        for batch in batches {
            let payments = payments_as_of(&Aggregates::of(batch)?);
            contracts.extend(payments.into_iter().map(|payments| self.contract(payments, as_of)));
        }
        Ok(contracts)
    }

    fn contract(&self, payments: Option<Payments>, as_of: Day) -> Contract {
        let Some(payments) = payments else {
            return Contract {
                fit: 0,
                renewals: 0,
                standing: Standing::Left,
                next: 0.0,
                after_next: 0.0,
                payments_per_period: 0.0,
                extras: 0.0,
                extras_per_period: 0.0,
            };
        };
        let terms = self.terms;
        let facts = terms.facts(payments.first, payments.last, as_of);
        let paid_periods = f64::from(facts.renewals) + 1.0;
        let purchases = f64::from(payments.days);
        let extras = (purchases - paid_periods).max(0.0);
        // Where each payment has its own day, the last one shows the customer's habit.
        let habit_days = if extras > 0.0 {
            0
        } else {
            (payments.last.0 - facts.paid_from.0).clamp(-terms.early_days(), terms.grace_days() - 1)
        };
        let grace_ends = facts.next_due.0 + terms.grace_days();
        let usual = facts.next_due.0 + habit_days;
        let late_from = facts.next_due.0.max(usual);
        let until_days = if usual > as_of.0 {
            f64::from(usual - as_of.0)
        } else if facts.state == State::Running {
            0.5 * f64::from(facts.next_due.0 - as_of.0)
        } else {
            0.5 * f64::from((grace_ends - as_of.0).max(0))
        };
        let standing = match facts.state {
            State::Running => Standing::Running,
            State::Due => Standing::Due {
                overdue: f64::from((as_of.0 - late_from).max(0)) / f64::from(grace_ends - late_from),
            },
            State::Left => Standing::Left,
        };
        let after_next_days = f64::from(facts.after_next_due.0 + habit_days - as_of.0).max(until_days);
        // For how long the contract has run; a newcomer's first days say little about a period.
        let ran_days = f64::from(facts.next_due.0.min(as_of.0) - payments.first.0);
        Contract {
            fit: self.fit_of_year.get(&year(payments.first)).copied().unwrap_or(0),
            renewals: facts.renewals,
            standing,
            next: until_days / WEEK_DAYS,
            after_next: after_next_days / WEEK_DAYS,
            payments_per_period: (purchases / paid_periods).min(1.0),
            extras,
            extras_per_period: extras / (ran_days / terms.period_days()).max(1.0),
        }
    }

    /// The years, oldest first, at most the newest 30.
    pub(crate) fn cohorts(&self) -> Result<Vec<ContractCohort>> {
        let skipped = self.tallies.len().saturating_sub(COHORTS_MAX);
        self.tallies
            .iter()
            .skip(skipped)
            .map(|(&year, tally)| {
                let cohort = tally.cohort()?;
                let own = self.fit_of_year.get(&year).map(|&fit| &self.model.fits()[fit]);
                let used = own.unwrap_or_else(|| self.pooled());
                let mut survival = cohort.observed_survival();
                survival.truncate(RENEWALS_SHOWN + 1);
                let shown = survival.len() - 1;
                let heads = |heads: &[f64]| heads[..shown].iter().map(|&heads| heads as u64).collect();
                Ok(ContractCohort {
                    cohort: year,
                    customers: tally.customers,
                    alpha: own.map(|fit| fit.parameters[0]),
                    beta: own.map(|fit| fit.parameters[1]),
                    log_likelihood: used.model.log_likelihood(std::slice::from_ref(&cohort)),
                    converged: used.converged,
                    decided: heads(&cohort.decided()),
                    renewed: heads(&tally.kept),
                    predicted_survival: (0..=shown as u32).map(|t| used.model.survival(t)).collect(),
                    survival,
                })
            })
            .collect()
    }
}

/// The model as of the calibration's end, and how well it foresaw the held-out weeks.
pub(crate) struct CalibratedContracts {
    pub predicted: Predicted,
    /// Of the decisions that fell into the held-out weeks, in the customers' own years.
    pub holdout_log_likelihood: f64,
}

/// Fits the model to the calibration and predicts the held-out weeks; none where nobody had renewed or nobody had
/// left before.
pub(crate) fn calibrate(
    batches: &[RecordBatch],
    renewal_months: u32,
    holdout: Holdout,
    as_of: Day,
) -> Result<Option<CalibratedContracts>> {
    let terms = Terms::of(renewal_months);
    let end = holdout.calibration_end;
    // The order and the customers of `Calibration::of`.
    let mut before = Vec::new();
    let mut after = Vec::new();
    for batch in batches {
        let rows = Aggregates::of(batch)?;
        for (row, later) in payments_as_of(&rows).into_iter().enumerate() {
            if rows.calibration_first_day.is_null(row) {
                continue;
            }
            let payments = Payments {
                first: Day(rows.calibration_first_day.value(row)),
                last: Day(rows.calibration_last_day.value(row)),
                days: rows.calibration_purchase_days[row],
            };
            before.push(Some(payments).filter(|payments| payments.days > 0));
            after.push(later);
        }
    }
    let Some(fit) = fit_to(&before, terms, end)? else {
        return Ok(None);
    };
    let weeks = holdout.weeks;
    let spans: Vec<f64> = (1..=weeks).map(f64::from).collect();
    let mut predicted = Predicted::of_weeks(weeks, before.len());
    let mut decisions: BTreeMap<usize, Tally> = BTreeMap::new();
    for (&before, &after) in before.iter().zip(&after) {
        let contract = fit.contract(before, end);
        let until = fit.model.expected_purchases(&contract, &spans).map_err(Error::internal)?;
        predicted.add(fit.model.p_alive(&contract).map_err(Error::internal)?, &until);
        if let (Some(before), Some(after)) = (before, after)
            && before.first == after.first
        {
            let known = terms.facts(before.first, before.last, end);
            let later = terms.facts(after.first, after.last, as_of);
            // who had left has nothing more to decide
            if known.state != State::Left {
                decisions.entry(contract.fit).or_default().coin(&later, known.decided);
            }
        }
    }
    let mut holdout_log_likelihood = 0.0;
    for (of, tally) in &decisions {
        holdout_log_likelihood += fit.model.fits()[*of].model.log_likelihood(&[tally.cohort()?]);
    }
    Ok(Some(CalibratedContracts {
        predicted,
        holdout_log_likelihood,
    }))
}
