//! Contracts that are renewed or not at the end of every period: which still run, what each will still pay, and
//! between which bounds. It never looks at a calendar: when the next payments fall due is handed in.
//!
//! Fader, Hardie (2007) give the share of a cohort that is still there, S(t) (their equation 6), and the share
//! that renews at the end of period t, r_t = S(t)/S(t − 1) (equation 8); both are in `sbg`. For one customer:
//!
//! - *Staying.* Renewed n times and paid up: the customer is there, and will be after j more renewals with
//!   probability S(n + j)/S(n) (Fader, Hardie 2010, equation 4): the posterior of θ is Beta(α, β + n).
//! - *Overdue.* When renewal n + 1 is due and not paid, and a share u of those who pay within the grace would have
//!   paid by now: by Bayes P(alive) = r (1 − u) / (1 − r u), r = r_{n+1}. It is r on the day it falls due and 0 at
//!   the end of the grace.
//! - *Purchases.* With renewal j, due in τ_j, come `payments_per_period` purchases, and whatever is bought besides comes
//!   at an even rate for as long as the contract runs. Given that it ends after k more renewals the future is
//!   W_k = Σ_{j≤k} (v at τ_j) + the rate's share of ∫v until τ_{k+1}, v the discount factor (1 for counts).
//!   So E\[W\] = Σ_k P(k or more renewals) (W_k − W_{k−1}): equation 6 of Fader and Hardie (2010), cut off at the
//!   horizon.
//! - *Intervals.* W is a mixture over k with weights P(exactly k more renewals); given k what varies is whether
//!   payments are made (binomial), what is bought besides (negative binomial: a Poisson count whose rate is
//!   known as a gamma distribution), and tickets (as in `interval`). The weights are averaged over what is not known of α and β:
//!   four points one standard error times √2 out in both directions of their covariance (Julier, Uhlmann 1997,
//!   the unscented transform), which is exact to second order. Quantiles of the mixture are found by bisection.

mod course;
mod spread;

use std::collections::BTreeMap;

use course::{Atom, Weighing, fill};
use spread::{count_interval, money_interval};

use crate::error::{Error, same_length};
use crate::fit::Fit;
use crate::gamma_gamma::SpendFit;
use crate::interval::Ends;
use crate::sbg::Sbg;
use crate::score::{ScoreOptions, Scores, check, tickets};

/// Where a contract stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing {
    /// Paid up until its next renewal.
    Running,
    /// The next renewal is due and not paid.
    Due {
        /// The share of the payments that come within the grace which would have come by now, 0 to 1.
        overdue: f64,
    },
    /// The grace has passed without payment.
    Left,
}

/// What is known of one customer's contract. Times count from now, in the unit of the model's period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contract {
    /// Which of the model's fits speaks for this customer.
    pub fit: usize,
    /// How often it was renewed.
    pub renewals: u32,
    /// Where it stands.
    pub standing: Standing,
    /// Until the next payment, should the contract be renewed.
    pub next: f64,
    /// Until the payment after that; from there on one every period.
    pub after_next: f64,
    /// Payments per renewal, 0 to 1: below 1 where periods were passed over and caught up with.
    pub payments_per_period: f64,
    /// What is bought besides comes at a rate of which a gamma distribution is known: its shape, 0 for nothing,
    pub extras_shape: f64,
    /// and its mean, in purchases per period.
    pub extras_per_period: f64,
}

/// Fitted shifted-beta-geometric models, for one or several groups of customers, and the length of their period.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractModel {
    fits: Vec<Fit<Sbg, 2>>,
    period: f64,
}

/// More renewals than this within one horizon are refused.
const RENEWALS_MAX: f64 = 5000.0;

impl ContractModel {
    /// The length of a period is in the unit in which times are asked for.
    ///
    /// # Errors
    /// [`Error::Empty`] without fits, [`Error::BadParameter`] unless `period` is above 0.
    pub fn new(fits: Vec<Fit<Sbg, 2>>, period: f64) -> Result<Self, Error> {
        if fits.is_empty() {
            return Err(Error::Empty("fits"));
        }
        Ok(Self {
            fits,
            period: crate::error::positive("period", period)?,
        })
    }

    /// The fits, as handed in.
    #[must_use]
    pub fn fits(&self) -> &[Fit<Sbg, 2>] {
        &self.fits
    }

    /// The probability that the contract still runs or will be renewed.
    ///
    /// # Errors
    /// [`Error::BadValue`] for a contract that breaks its own rules.
    pub fn p_alive(&self, contract: &Contract) -> Result<f64, Error> {
        self.check_contract(0, contract)?;
        Ok(alive(
            contract,
            self.fits[contract.fit]
                .model
                .retention(contract.renewals.saturating_add(1)),
        ))
    }

    /// Purchases expected of a contract within each of the spans.
    ///
    /// # Errors
    /// As [`ContractModel::p_alive`], and [`Error::BadArgument`] for a span below 0 or of more than 5,000 periods.
    pub fn expected_purchases(&self, contract: &Contract, spans: &[f64]) -> Result<Vec<f64>, Error> {
        self.check_contract(0, contract)?;
        let longest = spans.iter().copied().fold(0.0, f64::max);
        let survival = survival(
            &self.fits[contract.fit].model,
            contract.renewals,
            self.renewals_within(longest)?,
        );
        let mut atoms = Vec::new();
        spans
            .iter()
            .map(|&span| {
                crate::error::not_negative("spans", span)?;
                fill(contract, self.period, &Weighing::counting(span), &mut atoms);
                Ok(expected(contract, &atoms, &survival))
            })
            .collect()
    }

    /// Scores all contracts; `x` and `m` are the customers' repeat purchases and their mean amount, as for
    /// [`score`](crate::score). A fit without covariance contributes no parameter uncertainty.
    ///
    /// # Errors
    /// As [`score`](crate::score) and [`ContractModel::expected_purchases`].
    pub fn score(
        &self,
        contracts: &[Contract],
        x: &[f64],
        m: &[f64],
        spend: &SpendFit,
        options: &ScoreOptions,
    ) -> Result<Scores, Error> {
        same_length("x", contracts.len(), x.len())?;
        same_length("m", contracts.len(), m.len())?;
        crate::error::all_finite("m", m)?;
        check(options)?;
        let steps_max = options.steps.iter().copied().max().unwrap_or(0);
        let longest = options
            .horizons
            .iter()
            .copied()
            .fold(f64::from(steps_max) * options.discounting.step(), f64::max);
        let renewals = self.renewals_within(longest)?;
        let counting: Vec<Weighing> = options
            .horizons
            .iter()
            .map(|&span| Weighing::counting(span))
            .collect();
        let money: Vec<Weighing> = options
            .steps
            .iter()
            .map(|&steps| Weighing::money(&options.discounting, steps))
            .collect();
        let ends = Ends::of_level(options.level);
        let laws: Vec<Laws> = self.fits.iter().map(Laws::of).collect();
        let mut curves: BTreeMap<(usize, u32), Curves> = BTreeMap::new();
        let mut scores = Scores::with_capacity(contracts.len(), options);
        let mut atoms = Vec::new();
        for (index, contract) in contracts.iter().enumerate() {
            self.check_contract(index, contract)?;
            let curves = curves
                .entry((contract.fit, contract.renewals))
                .or_insert_with(|| laws[contract.fit].curves(contract.renewals, renewals));
            let ticket = spend.expected_spend(x[index], m[index].max(0.0))?;
            let tickets = tickets(spend, x[index], m[index]);
            scores.p_alive.push(alive(contract, curves.estimated[1]));
            scores.expected_spend.push(ticket);
            for (weighing, forecast) in counting.iter().zip(&mut scores.purchases) {
                fill(contract, self.period, weighing, &mut atoms);
                let (low, high) = count_interval(ends, contract, &atoms, &curves.predictive);
                forecast.push(expected(contract, &atoms, &curves.estimated), low, high);
            }
            for (n, weighing) in money.iter().enumerate() {
                fill(contract, self.period, weighing, &mut atoms);
                let (low, high) = money_interval(ends, contract, &atoms, &curves.predictive, &tickets);
                scores.clv[n].push(expected(contract, &atoms, &curves.estimated) * ticket, low, high);
                if contract.standing == Standing::Left {
                    fill(&self.resumed(contract), self.period, weighing, &mut atoms);
                }
                let if_alive = expected_if_alive(contract, &atoms, &curves.estimated);
                scores.clv_if_alive[n].push(if_alive * ticket);
            }
        }
        Ok(scores)
    }

    /// A contract that was left, as if the renewal it was left at were made today.
    fn resumed(&self, contract: &Contract) -> Contract {
        Contract {
            standing: Standing::Due { overdue: 0.0 },
            next: 0.0,
            after_next: self.period,
            ..*contract
        }
    }

    fn renewals_within(&self, span: f64) -> Result<usize, Error> {
        let renewals = span / self.period;
        if renewals.is_finite() && renewals <= RENEWALS_MAX {
            // the next payment may be anywhere in its period, and one more than fit is looked at
            return Ok(renewals as usize + 3);
        }
        Err(Error::BadArgument {
            name: "span",
            value: span,
            expected: "at most 5,000 periods",
        })
    }

    fn check_contract(&self, index: usize, contract: &Contract) -> Result<(), Error> {
        let bad = |value: f64, expected| {
            Err(Error::BadValue {
                what: "contracts",
                index,
                value,
                expected,
            })
        };
        if contract.fit >= self.fits.len() {
            return bad(contract.fit as f64, "one of the model's fits");
        }
        if let Standing::Due { overdue } = contract.standing
            && !(0.0..=1.0).contains(&overdue)
        {
            return bad(overdue, "a share of the payments from 0 to 1");
        }
        if !(contract.next.is_finite() && contract.next >= 0.0) {
            return bad(contract.next, "the next payment from now on");
        }
        if !(contract.after_next.is_finite() && contract.after_next >= contract.next) {
            return bad(contract.after_next, "the payment after the next not before it");
        }
        if !(0.0..=1.0).contains(&contract.payments_per_period) {
            return bad(contract.payments_per_period, "payments per renewal from 0 to 1");
        }
        for extras in [contract.extras_shape, contract.extras_per_period] {
            if !(extras.is_finite() && extras >= 0.0) {
                return bad(extras, "a finite number, 0 or more, for extra purchases");
            }
        }
        if contract.extras_per_period > 0.0 && contract.extras_shape <= 0.0 {
            return bad(
                contract.extras_shape,
                "a shape above 0 where there are extra purchases",
            );
        }
        Ok(())
    }
}

/// P(alive), given the retention at the next renewal.
fn alive(contract: &Contract, retention: f64) -> f64 {
    match contract.standing {
        Standing::Running => 1.0,
        Standing::Due { overdue } => {
            let open = 1.0 - overdue;
            // r (1 − u) / (1 − r u), written so that r = u = 1 is no division by zero
            let renews = retention * open;
            if renews > 0.0 {
                renews / (renews + 1.0 - retention)
            } else {
                0.0
            }
        }
        Standing::Left => 0.0,
    }
}

/// S(renewals + j)/S(renewals) for j = 0, 1 … `count`.
fn survival(law: &Sbg, renewals: u32, count: usize) -> Vec<f64> {
    let mut share = 1.0;
    let mut found = Vec::with_capacity(count + 1);
    found.push(share);
    for j in 1..=count as u32 {
        share *= law.retention(renewals.saturating_add(j));
        found.push(share);
    }
    found
}

/// The probability that the contract is renewed at least `k` times more.
fn reached(contract: &Contract, survival: &[f64], k: usize) -> f64 {
    match (k, contract.standing) {
        (_, Standing::Left) => f64::from(u8::from(k == 0)),
        (0, _) => 1.0,
        (_, Standing::Running) => survival[k],
        (_, Standing::Due { .. }) if survival[1] > 0.0 => {
            alive(contract, survival[1]) * survival[k] / survival[1]
        }
        _ => 0.0,
    }
}

/// The probabilities of exactly 0, 1, 2 … more renewals, those beyond the last atom with the last.
fn weights<'a>(
    contract: &'a Contract,
    atoms: &'a [Atom],
    survival: &'a [f64],
) -> impl Iterator<Item = (f64, &'a Atom)> {
    atoms.iter().enumerate().map(move |(k, atom)| {
        let beyond = if k + 1 < atoms.len() {
            reached(contract, survival, k + 1)
        } else {
            0.0
        };
        ((reached(contract, survival, k) - beyond).max(0.0), atom)
    })
}

fn expected(contract: &Contract, atoms: &[Atom], survival: &[f64]) -> f64 {
    weights(contract, atoms, survival)
        .map(|(probability, atom)| probability * atom.mean())
        .sum()
}

/// What is expected of a contract whose open renewal is surely made; one that is paid up has none.
fn expected_if_alive(contract: &Contract, atoms: &[Atom], survival: &[f64]) -> f64 {
    if contract.standing == Standing::Running {
        return expected(contract, atoms, survival);
    }
    let mut before = 0.0;
    let mut sum = 0.0;
    for (k, atom) in atoms.iter().enumerate() {
        let reached = match k {
            0 | 1 => 1.0,
            _ if survival[1] > 0.0 => survival[k] / survival[1],
            _ => 0.0,
        };
        sum += reached * (atom.mean() - before);
        before = atom.mean();
    }
    sum
}

/// A model at its estimates, and at four points around them.
struct Laws {
    estimated: Sbg,
    around: Vec<Sbg>,
}

/// Survival after a number of renewals: at the estimates, and averaged over what is not known of them.
struct Curves {
    estimated: Vec<f64>,
    predictive: Vec<f64>,
}

impl Laws {
    fn of(fit: &Fit<Sbg, 2>) -> Self {
        /// Beyond this a step in the logarithms means that the data have nothing to say about the direction.
        const STEP_MAX: f64 = 1.0;
        let mut around = Vec::new();
        if let Some([[a, ab], [_, b]]) = fit.log_covariance {
            // Cholesky's root of the covariance, column by column
            let first = a.max(0.0).sqrt();
            let across = if first > 0.0 { ab / first } else { 0.0 };
            let second = (b - across * across).max(0.0).sqrt();
            for column in [[first, across], [0.0, second]] {
                let length = column[0].hypot(column[1]) * std::f64::consts::SQRT_2;
                let scale = std::f64::consts::SQRT_2 * (STEP_MAX / length.max(STEP_MAX));
                for sign in [1.0, -1.0] {
                    let [alpha, beta] = fit.model.parameters();
                    let moved = |value: f64, by: f64| value * (sign * scale * by).exp();
                    around.extend(Sbg::new(moved(alpha, column[0]), moved(beta, column[1])));
                }
            }
        }
        if around.is_empty() {
            around.push(fit.model);
        }
        Self {
            estimated: fit.model,
            around,
        }
    }

    fn curves(&self, renewals: u32, count: usize) -> Curves {
        let mut predictive = vec![0.0; count + 1];
        for law in &self.around {
            for (sum, share) in predictive.iter_mut().zip(survival(law, renewals, count)) {
                *sum += share / self.around.len() as f64;
            }
        }
        Curves {
            estimated: survival(&self.estimated, renewals, count),
            predictive,
        }
    }
}
