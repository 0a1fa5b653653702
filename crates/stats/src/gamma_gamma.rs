//! The Gamma-Gamma model of spend: tickets of a customer are gamma-distributed around the customer's own mean,
//! and the means differ between customers. It never looks at when somebody bought.
//!
//! Fader, Hardie (2013), The Gamma-Gamma Model of Monetary Value (technical note).

use std::collections::BTreeMap;

use statrs::function::gamma::{digamma, ln_gamma};

use crate::error::{Error, all_finite, not_negative, positive, same_length};
use crate::fit::{Fit, FitOptions, FitWarning, fit};
use crate::measures::weighted_correlation;
use crate::optimise::Evaluation;
use crate::special::{digamma_shift, ln_gamma_shift};

/// Above this correlation of frequency and spend the model's assumption of independence is doubtful.
pub const CORRELATION_MAX: f64 = 0.3;
/// From so many times the observed mean on, the mean spend under the model is warned about.
pub(crate) const MEAN_SPEND_MAX: f64 = 3.0;

/// Tickets ~ Gamma(p, rate ν), ν ~ Gamma(q, rate v) over customers; `v` has the unit of money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    p: f64,
    q: f64,
    v: f64,
}

/// A fitted spend model with what the fit was based on.
#[derive(Debug, Clone, PartialEq)]
pub struct SpendFit {
    /// Parameters p, q, v with standard errors, log-likelihood (of the means m) and warnings.
    pub fit: Fit<GammaGamma, 3>,
    /// How many customers (by weight) had x > 0 and m > 0.
    pub customers: f64,
    /// Pearson's correlation of x and m over them; 0 where one of the two is constant.
    pub correlation: f64,
    /// Their mean of m: stands in for the model's population mean where that is infinite (q ≤ 1).
    pub observed_mean: f64,
}

impl SpendFit {
    /// The expected ticket as [`GammaGamma::expected_spend`]; where the model has no mean, the customer's own
    /// mean, or the observed mean of all for who has none.
    ///
    /// # Errors
    /// [`Error::BadArgument`] if `x` or `m` is negative or not finite.
    pub fn expected_spend(&self, x: f64, m: f64) -> Result<f64, Error> {
        match self.fit.model.expected_spend(x, m) {
            Err(Error::MeanSpendInfinite { .. }) => {
                Ok(if x > 0.0 && m > 0.0 { m } else { self.observed_mean })
            }
            other => other,
        }
    }
}

impl GammaGamma {
    /// All three above 0.
    ///
    /// # Errors
    /// [`Error::BadParameter`] naming the first that is not.
    pub fn new(p: f64, q: f64, v: f64) -> Result<Self, Error> {
        Ok(Self {
            p: positive("p", p)?,
            q: positive("q", q)?,
            v: positive("v", v)?,
        })
    }

    /// p, q, v.
    #[must_use]
    pub fn parameters(&self) -> [f64; 3] {
        [self.p, self.q, self.v]
    }

    /// The expected ticket of a customer with `x` repeat purchases of mean `m`: equation 5 of Fader and Hardie
    /// (2013), p (v + x m) / (p x + q − 1). Customers with x = 0 or m = 0 get the population's mean,
    /// p v / (q − 1).
    ///
    /// # Errors
    /// [`Error::MeanSpendInfinite`] if q + p x ≤ 1; [`Error::BadArgument`] if `x` or `m` is negative or not
    /// finite.
    pub fn expected_spend(&self, x: f64, m: f64) -> Result<f64, Error> {
        let (shape, scale) = self.posterior(not_negative("x", x)?, not_negative("m", m)?);
        if shape > 1.0 {
            Ok(self.p * scale / (shape - 1.0))
        } else {
            Err(Error::MeanSpendInfinite { shape })
        }
    }

    /// Shape and rate of ν given x tickets of mean m: Gamma(q + p x, v + x m).
    pub(crate) fn posterior(&self, x: f64, m: f64) -> (f64, f64) {
        if x > 0.0 && m > 0.0 {
            (self.q + self.p * x, self.v + x * m)
        } else {
            (self.q, self.v)
        }
    }

    /// The log-likelihood of mean tickets `m` of customers with `x` repeat purchases; those without x > 0 and
    /// m > 0 do not take part. Equation 1a of Fader and Hardie (2013).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::BadValue`], [`Error::NothingToFit`] if nobody takes part.
    pub fn log_likelihood(&self, x: &[f64], m: &[f64]) -> Result<f64, Error> {
        Ok(evaluate(&Spenders::new(x, m, None)?, self.p, self.q, self.v).value)
    }

    /// The gradient of [`GammaGamma::log_likelihood`] in the logarithms of p, q, v.
    ///
    /// # Errors
    /// As [`GammaGamma::log_likelihood`].
    pub fn log_likelihood_gradient(&self, x: &[f64], m: &[f64]) -> Result<[f64; 3], Error> {
        Ok(evaluate(&Spenders::new(x, m, None)?, self.p, self.q, self.v).gradient)
    }

    /// Maximum likelihood on the customers with x > 0 and m > 0; `weights` as in
    /// [`Histories::with_weights`](crate::Histories::with_weights).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::BadValue`], [`Error::NothingToFit`] if nobody takes part.
    pub fn fit(
        x: &[f64],
        m: &[f64],
        weights: Option<&[f64]>,
        options: &FitOptions,
    ) -> Result<SpendFit, Error> {
        const NAMES: [&str; 3] = ["p", "q", "v"];
        let mut spenders = Spenders::new(x, m, weights)?;
        let customers = spenders.weight();
        let observed_mean = spenders.mean();
        let correlation = spenders.correlation().unwrap_or(0.0);
        // in units of the mean ticket, the search is the same for cents and for millions
        spenders.rescale(1.0 / observed_mean);
        let starts = [
            [5.0, 4.0, 0.6],
            [1.0, 3.0, 2.0],
            [30.0, 12.0, 0.4],
            [0.5, 1.5, 1.0],
        ];
        let on = |spenders: &Spenders, point: &[f64; 3]| {
            let [p, q, v] = point.map(f64::exp);
            evaluate(spenders, p, q, v)
        };
        let thin =
            (spenders.len() > 2 * options.sample_rows_max).then(|| spenders.thinned(options.sample_rows_max));
        let sample = thin.as_ref().map(|thin| (thin, customers / thin.weight()));
        let mut found = fit(
            &starts,
            sample.map(|(thin, scale)| (move |point: &[f64; 3]| on(thin, point), scale)),
            |point: &[f64; 3]| on(&spenders, point),
            options,
        );
        found.parameters[2] *= observed_mean;
        let [p, q, v] = found.parameters;
        let mut fit = found.named(Self::new(p, q, v)?, NAMES);
        fit.log_likelihood -= customers * observed_mean.ln();
        if customers < options.repeaters_min {
            let wanted = options.repeaters_min;
            fit.warnings.push(FitWarning::TooFewRepeaters {
                repeaters: customers,
                wanted,
            });
        }
        if correlation > CORRELATION_MAX {
            fit.warnings
                .push(FitWarning::FrequencySpendCorrelated { correlation });
        }
        if q <= 1.0 {
            fit.warnings.push(FitWarning::MeanSpendInfinite);
        } else {
            let expected = p * v / (q - 1.0);
            if expected > MEAN_SPEND_MAX * observed_mean {
                fit.warnings.push(FitWarning::MeanSpendFarOff {
                    expected,
                    observed: observed_mean,
                });
            }
        }
        Ok(SpendFit {
            fit,
            customers,
            correlation,
            observed_mean,
        })
    }
}

/// Who takes part, grouped by x.
struct Spenders {
    groups: Vec<SpendGroup>,
}

struct SpendGroup {
    x: f64,
    weight: f64,
    /// Σ weight · ln m
    ln_m: f64,
    /// (x m, weight)
    totals: Vec<(f64, f64)>,
}

impl SpendGroup {
    fn new(x: f64, totals: Vec<(f64, f64)>) -> Self {
        let weight = totals.iter().map(|(_, weight)| weight).sum();
        let ln_m = totals
            .iter()
            .map(|(total, weight)| weight * (total / x).ln())
            .sum();
        Self {
            x,
            weight,
            ln_m,
            totals,
        }
    }
}

impl Spenders {
    fn new(x: &[f64], m: &[f64], weights: Option<&[f64]>) -> Result<Self, Error> {
        same_length("m", x.len(), m.len())?;
        all_finite("x", x)?;
        all_finite("m", m)?;
        if let Some(weights) = weights {
            same_length("weights", x.len(), weights.len())?;
            all_finite("weights", weights)?;
        }
        let mut by_x: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
        for index in 0..x.len() {
            let weight = weights.map_or(1.0, |weights| weights[index]);
            if x[index] > 0.0 && m[index] > 0.0 && weight > 0.0 {
                by_x.entry(x[index].to_bits())
                    .or_default()
                    .push((x[index] * m[index], weight));
            }
        }
        if by_x.is_empty() {
            return Err(Error::NothingToFit(
                "no customer has a repeat purchase with an amount above 0",
            ));
        }
        let groups = by_x
            .into_iter()
            .map(|(x, totals)| SpendGroup::new(f64::from_bits(x), totals))
            .collect();
        Ok(Self { groups })
    }

    fn len(&self) -> usize {
        self.groups.iter().map(|group| group.totals.len()).sum()
    }

    fn weight(&self) -> f64 {
        self.groups.iter().map(|group| group.weight).sum()
    }

    fn mean(&self) -> f64 {
        let of_group = |group: &SpendGroup| -> f64 {
            group
                .totals
                .iter()
                .map(|(total, weight)| weight * total)
                .sum::<f64>()
                / group.x
        };
        self.groups.iter().map(of_group).sum::<f64>() / self.weight()
    }

    fn correlation(&self) -> Option<f64> {
        let triples = || {
            self.groups.iter().flat_map(|group| {
                group
                    .totals
                    .iter()
                    .map(|&(total, weight)| (group.x, total / group.x, weight))
            })
        };
        weighted_correlation(triples)
    }

    fn rescale(&mut self, factor: f64) {
        for group in &mut self.groups {
            for (total, _) in &mut group.totals {
                *total *= factor;
            }
            group.ln_m += group.weight * factor.ln();
        }
    }

    /// Every n-th customer, so that about `rows_max` remain.
    fn thinned(&self, rows_max: usize) -> Self {
        let stride = self.len().div_ceil(rows_max.max(1));
        let mut seen = 0;
        let mut groups = Vec::new();
        for group in &self.groups {
            let totals: Vec<_> = group
                .totals
                .iter()
                .filter(|_| {
                    seen += 1;
                    seen % stride == 0
                })
                .copied()
                .collect();
            if !totals.is_empty() {
                groups.push(SpendGroup::new(group.x, totals));
            }
        }
        Self { groups }
    }
}

/// Equation 1a of Fader and Hardie (2013) with (p x − 1) ln m − (p x + q) ln(v + x m) rearranged to
/// − p x ln(1 + v/(x m)) − q ln(v + x m) − ln m, which keeps its digits for large p.
fn evaluate(spenders: &Spenders, p: f64, q: f64, v: f64) -> Evaluation<3> {
    let mut value = 0.0;
    let mut gradient = [0.0; 3];
    let (ln_gamma_q, digamma_q, ln_v) = (ln_gamma(q), digamma(q), v.ln());
    for group in &spenders.groups {
        let mut shrink = 0.0;
        let mut inverse = 0.0;
        for &(total, weight) in &group.totals {
            shrink += weight * (v / total).ln_1p();
            inverse += weight / (total + v);
        }
        let shape = p * group.x;
        let ln_totals = group.weight * group.x.ln() + group.ln_m + shrink;
        value += group.weight * (ln_gamma_shift(shape, q) - ln_gamma_q + q * ln_v)
            - shape * shrink
            - q * ln_totals
            - group.ln_m;
        gradient[0] += group.x * (group.weight * digamma_shift(shape, q) - shrink);
        gradient[1] += group.weight * (digamma(shape + q) - digamma_q + ln_v) - ln_totals;
        gradient[2] += group.weight * q / v - (shape + q) * inverse;
    }
    let scale = [p, q, v];
    Evaluation {
        value,
        gradient: std::array::from_fn(|i| gradient[i] * scale[i]),
    }
}
