//! Many customers at once: P(alive), expected purchases and tickets, discounted value, each with its interval.
//!
//! Expected purchases factorise into P(alive | x, t_x, T) and g(t; x, T), so everything but P(alive) is computed
//! once per distinct (x, T), and everything that depends on T alone once per distinct T.

use crate::clv::Discounting;
use crate::error::{Error, all_finite, not_negative, same_length};
use crate::gamma_gamma::SpendFit;
use crate::histories::Histories;
use crate::interval::{Count, Ends, Future, Tickets, value_interval};
use crate::law::PurchaseLaw;
use crate::optimise::{Matrix, quadratic_form};
use crate::purchase_model::{Law, PurchaseFit};

/// What is asked about every customer.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreOptions {
    /// Spans over which purchases are expected, in the unit of the histories' ages.
    pub horizons: Vec<f64>,
    /// The step and rate by which value is discounted.
    pub discounting: Discounting,
    /// Numbers of steps over which value is summed, such as 12 and 36.
    pub steps: Vec<u32>,
    /// The probability an interval should hold, such as 0.8.
    pub level: f64,
}

/// An expectation with its interval; one value per customer each, in the order of the histories.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forecast {
    /// The expectation. It may lie above `high`: the mean of a few large values and many zeros does.
    pub expected: Vec<f64>,
    /// Lower end of the interval.
    pub low: Vec<f64>,
    /// Upper end of the interval.
    pub high: Vec<f64>,
}

/// Everything asked, one value per customer each, in the order of the histories.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Probability of still being a customer.
    pub p_alive: Vec<f64>,
    /// Expected ticket of the next purchase.
    pub expected_spend: Vec<f64>,
    /// Purchases within each of [`ScoreOptions::horizons`]; interval ends are whole numbers.
    pub purchases: Vec<Forecast>,
    /// Discounted value over each of [`ScoreOptions::steps`].
    pub clv: Vec<Forecast>,
    /// The same of somebody who is surely still a customer: exact also where P(alive) is too small to divide by.
    pub clv_if_alive: Vec<Vec<f64>>,
}

/// Scores all customers; `m` is the mean amount of each customer's repeat purchases (ignored where x = 0), in
/// the order of the histories. The intervals' derivation is at the top of `interval.rs`; a fit without covariance
/// contributes no parameter uncertainty.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::BadValue`] for an `m` that is not finite, [`Error::BadArgument`] for a
/// horizon below 0, no or more than 1,200 steps, or a level that is not between 0 and 1.
pub fn score(
    histories: &Histories,
    m: &[f64],
    purchases: &PurchaseFit,
    spend: &SpendFit,
    options: &ScoreOptions,
) -> Result<Scores, Error> {
    same_length("m", histories.len(), m.len())?;
    Scorer::new(histories, purchases, spend, options)?.score(0, m)
}

/// What all customers share, computed once; then scores any of them, on as many threads as one likes.
#[derive(Debug)]
pub struct Scorer<'a> {
    histories: &'a Histories,
    spend: &'a SpendFit,
    options: &'a ScoreOptions,
    futures: Futures,
    p_alive_of_rows: Vec<f64>,
    ends: Ends,
}

impl<'a> Scorer<'a> {
    /// Prepares to score the customers of these histories.
    ///
    /// # Errors
    /// [`Error::BadArgument`] as [`score`].
    pub fn new(
        histories: &'a Histories,
        purchases: &PurchaseFit,
        spend: &'a SpendFit,
        options: &'a ScoreOptions,
    ) -> Result<Self, Error> {
        check(options)?;
        let covariance = purchases.log_covariance.as_ref();
        let (futures, p_alive_of_rows) = match purchases.model.law() {
            Law::BetaGeometric(law) => (
                Futures::new(&law, histories, covariance, options),
                alive(&law, histories),
            ),
            Law::Pareto(law) => (
                Futures::new(&law, histories, covariance, options),
                alive(&law, histories),
            ),
        };
        Ok(Self {
            histories,
            spend,
            options,
            futures,
            p_alive_of_rows,
            ends: Ends::of_level(options.level),
        })
    }

    /// Scores the customers from number `from` of the histories on, as many as `m` has amounts; as [`score`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] when there are not so many, [`Error::BadValue`] for an `m` that is not finite.
    pub fn score(&self, from: usize, m: &[f64]) -> Result<Scores, Error> {
        let Some(rows) = self.histories.row_of.get(from..from.saturating_add(m.len())) else {
            return same_length("m", self.histories.len().saturating_sub(from), m.len())
                .map(|()| Scores::with_capacity(0, self.options));
        };
        all_finite("m", m)?;
        let (futures, options) = (&self.futures, self.options);
        let mut scores = Scores::with_capacity(m.len(), options);
        for (&row, &m) in rows.iter().zip(m) {
            let row = row as usize;
            let alive = self.p_alive_of_rows[row];
            let pair = futures.pair_of_row[row] as usize;
            let x = futures.x[pair];
            let ticket = self.spend.expected_spend(x, m.max(0.0))?;
            let tickets = tickets(self.spend, x, m);
            scores.p_alive.push(alive);
            scores.expected_spend.push(ticket);
            for (h, forecast) in scores.purchases.iter_mut().enumerate() {
                let (mean, count) = &futures.counts[pair * options.horizons.len() + h];
                let (low, high) = count.interval(self.ends, alive);
                forecast.push(alive * mean, low, high);
            }
            for (n, forecast) in scores.clv.iter_mut().enumerate() {
                let future = &futures.values[pair * options.steps.len() + n];
                let (low, high) =
                    value_interval(self.ends, alive, future, futures.uncertainty[pair], &tickets);
                let if_alive = future.mean * ticket;
                forecast.push(alive * if_alive, low, high);
                scores.clv_if_alive[n].push(if_alive);
            }
        }
        Ok(scores)
    }
}

impl Scores {
    pub(crate) fn with_capacity(customers: usize, options: &ScoreOptions) -> Self {
        let column = || Vec::with_capacity(customers);
        let forecasts = |n: usize| {
            let forecast = |_| Forecast {
                expected: column(),
                low: column(),
                high: column(),
            };
            (0..n).map(forecast).collect::<Vec<_>>()
        };
        Self {
            p_alive: column(),
            expected_spend: column(),
            purchases: forecasts(options.horizons.len()),
            clv: forecasts(options.steps.len()),
            clv_if_alive: options.steps.iter().map(|_| column()).collect(),
        }
    }
}

/// P(alive) of every distinct history, in the order of the rows.
fn alive(law: &impl PurchaseLaw, histories: &Histories) -> Vec<f64> {
    let mut found = Vec::with_capacity(histories.rows.len());
    for group in &histories.groups {
        law.p_alive_of_group(histories, group, &mut found);
    }
    found
}

impl Forecast {
    pub(crate) fn push(&mut self, expected: f64, low: f64, high: f64) {
        self.expected.push(expected);
        self.low.push(low);
        self.high.push(high);
    }
}

pub(crate) fn check(options: &ScoreOptions) -> Result<(), Error> {
    const STEPS_MAX: u32 = 1200;
    for horizon in &options.horizons {
        not_negative("horizons", *horizon)?;
    }
    for &steps in &options.steps {
        if !(1..=STEPS_MAX).contains(&steps) {
            let value = f64::from(steps);
            return Err(Error::BadArgument {
                name: "steps",
                value,
                expected: "1 to 1200",
            });
        }
    }
    if !(options.level > 0.0 && options.level < 1.0) {
        let value = options.level;
        return Err(Error::BadArgument {
            name: "level",
            value,
            expected: "a share between 0 and 1",
        });
    }
    Ok(())
}

/// What is known of a customer's tickets; the location p·rate/shape is there whether or not a mean exists.
pub(crate) fn tickets(spend: &SpendFit, x: f64, m: f64) -> Tickets {
    let [p, q, v] = spend.fit.parameters;
    let (shape, rate) = spend.fit.model.posterior(x, m);
    let uncertainty = spend.fit.log_covariance.map_or(0.0, |covariance| {
        let slopes = [1.0 - (shape - q) / shape, -q / shape, v / rate];
        quadratic_form(&covariance, &slopes)
    });
    Tickets {
        p,
        shape,
        rate,
        uncertainty: uncertainty.clamp(0.0, UNCERTAINTY_MAX),
    }
}

/// A relative variance beyond this means the delta method has nothing to say any more.
const UNCERTAINTY_MAX: f64 = 1.0;

/// The future given alive of every distinct (x, T).
#[derive(Debug)]
struct Futures {
    /// For each row of the histories the index of its (x, T).
    pair_of_row: Vec<u32>,
    x: Vec<f64>,
    /// Relative variance of the expected purchases over the longest span, from uncertain parameters.
    uncertainty: Vec<f64>,
    /// Per pair and horizon: purchases expected given alive, and their distribution.
    counts: Vec<(f64, Count)>,
    /// Per pair and number of steps: discounted purchases.
    values: Vec<Future>,
}

impl Futures {
    fn new<L: PurchaseLaw>(
        law: &L,
        histories: &Histories,
        covariance: Option<&Matrix<4>>,
        options: &ScoreOptions,
    ) -> Self {
        let mut pair_of_row = Vec::with_capacity(histories.rows.len());
        // (bits of T, pair, group): bits of numbers that are not negative sort like the numbers
        let mut by_age: Vec<(u64, u32, u32)> = Vec::new();
        let mut x = Vec::new();
        for (g, group) in histories.groups.iter().enumerate() {
            let mut previous = None;
            for row in &histories.rows[group.rows.clone()] {
                if previous != Some(row.end) {
                    previous = Some(row.end);
                    by_age.push((group.ages[row.end as usize].to_bits(), x.len() as u32, g as u32));
                    x.push(group.x);
                }
                pair_of_row.push(x.len() as u32 - 1);
            }
        }
        by_age.sort_unstable();

        let spans = Spans::new(options);
        let lasts = &spans.ends;
        let age_min = by_age.first().map_or(0.0, |(age, ..)| f64::from_bits(*age));
        let longest = lasts.iter().copied().fold(0.0, f64::max);
        let moved = covariance.map(|covariance| (covariance, moved_laws(law)));
        let curves: Vec<Curves<L>> = histories
            .groups
            .iter()
            .map(|group| {
                Curves::new(
                    law,
                    moved.as_ref().map(|(_, laws)| laws),
                    group.x,
                    longest,
                    age_min,
                )
            })
            .collect();

        let pairs = x.len();
        let mut futures = Self {
            pair_of_row,
            x,
            uncertainty: vec![0.0; pairs],
            counts: vec![Default::default(); pairs * options.horizons.len()],
            values: vec![Future::default(); pairs * options.steps.len()],
        };
        let mut now = vec![0.0; lasts.len()];
        let mut next = vec![0.0; lasts.len()];
        for same_age in by_age.chunk_by(|left, right| left.0 == right.0) {
            let age = f64::from_bits(same_age[0].0);
            let horizons = law.horizons(lasts, age);
            let moved_horizons = moved
                .as_ref()
                .map(|(_, laws)| laws.each_ref().map(|law| law.horizons(&[longest], age)));
            for &(_, pair, group) in same_age {
                let (pair, curves) = (pair as usize, &curves[group as usize]);
                let x = futures.x[pair];
                L::fill(&curves.now, &horizons, &mut now);
                L::fill(&curves.next, &horizons, &mut next);
                let second = law.rate_if_alive(x, age) * law.survives_next(x);
                let buys = |span: f64| law.buys_if_alive(span, x, age);
                if let (Some((covariance, _)), Some(horizons)) = (&moved, &moved_horizons) {
                    let slopes = curves.slopes(horizons);
                    futures.uncertainty[pair] =
                        quadratic_form(covariance, &slopes).clamp(0.0, UNCERTAINTY_MAX);
                }
                let from = pair * options.horizons.len();
                for (h, &horizon) in options.horizons.iter().enumerate() {
                    let future = spans.purchases(h, horizon, &now, &next, second, buys(horizon));
                    futures.counts[from + h] = (future.mean, Count::new(&future, futures.uncertainty[pair]));
                }
                let from = pair * options.steps.len();
                for (n, &steps) in options.steps.iter().enumerate() {
                    let bought = buys(spans.step * f64::from(steps));
                    futures.values[from + n] = spans.value(steps as usize, &now, &next, second, bought);
                }
            }
        }
        futures
    }
}

/// The curves one x needs: its own, that of one purchase more, and its own under moved parameters.
struct Curves<L: PurchaseLaw> {
    now: L::Curve,
    next: L::Curve,
    moved: Option<[L::Curve; 8]>,
}

/// How far each log-parameter is moved, either way, for the slopes.
const MOVED_BY: f64 = 1e-3;

/// The law with each log-parameter in turn moved up, then down.
fn moved_laws<L: PurchaseLaw>(law: &L) -> [L; 8] {
    std::array::from_fn(|i| {
        let mut by = [0.0; 4];
        by[i / 2] = if i % 2 == 0 { MOVED_BY } else { -MOVED_BY };
        law.moved(by)
    })
}

impl<L: PurchaseLaw> Curves<L> {
    fn new(law: &L, moved: Option<&[L; 8]>, x: f64, longest: f64, youngest: f64) -> Self {
        Self {
            now: law.curve(x, longest, youngest),
            next: law.curve(x + 1.0, longest, youngest),
            moved: moved.map(|laws| laws.each_ref().map(|law| law.curve(x, longest, youngest))),
        }
    }

    /// The derivatives of ln(purchases expected over the longest span) by the log-parameters.
    fn slopes(&self, horizons: &[L::Horizons; 8]) -> [f64; 4] {
        let Some(moved) = &self.moved else { return [0.0; 4] };
        let ln_expected = |i: usize| {
            let mut found = [0.0];
            L::fill(&moved[i], &horizons[i], &mut found);
            found[0].max(f64::MIN_POSITIVE).ln()
        };
        std::array::from_fn(|i| (ln_expected(2 * i) - ln_expected(2 * i + 1)) / (2.0 * MOVED_BY))
    }
}

/// The ends of all spans at which g is needed, and how moments are put together from g there.
struct Spans {
    step: f64,
    /// Ends of the steps, then the horizons, then their halves.
    ends: Vec<f64>,
    steps: usize,
    horizons: usize,
    /// Discount factor of every step, and their integral from 0 to the middle of the step.
    factors: Vec<(f64, f64)>,
}

impl Spans {
    fn new(options: &ScoreOptions) -> Self {
        let steps = options.steps.iter().copied().max().unwrap_or(0);
        let step = options.discounting.step();
        let mut ends: Vec<f64> = (1..=steps).map(|j| f64::from(j) * step).collect();
        ends.extend(&options.horizons);
        ends.extend(options.horizons.iter().map(|horizon| 0.5 * horizon));
        let mut integral = 0.0;
        let mut factor_and_middle = |j| {
            let factor = options.discounting.factor(j);
            let middle = integral + 0.5 * step * factor;
            integral += step * factor;
            (factor, middle)
        };
        let factors = (1..=steps).map(&mut factor_and_middle).collect();
        Self {
            step,
            ends,
            steps: steps as usize,
            horizons: options.horizons.len(),
            factors,
        }
    }

    /// Undiscounted purchases within a horizon: E\[N²\] = E\[N\] + 2 ∫ s dM(s), by parts and Simpson's rule.
    fn purchases(&self, h: usize, horizon: f64, now: &[f64], next: &[f64], second: f64, buys: f64) -> Future {
        let (whole, half) = (self.steps + h, self.steps + self.horizons + h);
        let mean = now[whole];
        let pairs = 2.0 * second * horizon * (next[whole] - (4.0 * next[half] + next[whole]) / 6.0);
        Future {
            mean,
            square: mean + pairs.max(0.0),
            squared_factors: mean,
            buys,
        }
    }

    /// Discounted purchases within a number of steps.
    fn value(&self, steps: usize, now: &[f64], next: &[f64], second: f64, buys: f64) -> Future {
        let mut future = Future {
            buys,
            ..Future::default()
        };
        let (mut before, mut before_next, mut pairs) = (0.0, 0.0, 0.0);
        for (j, &(factor, middle)) in self.factors[..steps].iter().enumerate() {
            let bought = now[j] - before;
            future.mean += factor * bought;
            future.squared_factors += factor * factor * bought;
            pairs += factor * middle * (next[j] - before_next);
            before = now[j];
            before_next = next[j];
        }
        future.square = future.squared_factors + 2.0 * second * pairs;
        future
    }
}
