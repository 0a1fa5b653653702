//! The shifted-beta-geometric model of contracts that are renewed or not at the end of every period.
//!
//! Fader, Hardie (2007), How to Project Customer Retention, Journal of Interactive Marketing 21(1), 76–90;
//! Fader, Hardie (2010), Customer-Base Valuation in a Contractual Setting: The Perils of Ignoring
//! Heterogeneity, Marketing Science 29(1), 85–93, for what a renewing customer is worth.

use crate::error::{Error, all_finite, not_negative, positive, same_length};
use crate::fit::{Fit, FitOptions, fit};
use crate::optimise::Evaluation;
use crate::special::{beta_mean, ln_rising};

/// Customers whose renewals are counted together: how many renewed and how many did not, at the end of the first
/// period, of the second, and so on. A customer who is not old enough for a renewal does not count there, so
/// customers of different ages may be together.
#[derive(Debug, Clone, PartialEq)]
pub struct Cohort {
    /// Customers who renewed at the end of period 1, 2, 3 …
    kept: Vec<f64>,
    /// Customers who did not.
    lost: Vec<f64>,
}

impl Cohort {
    /// From the customers still there after 0, 1, 2 … periods: at least two numbers, never rising, not negative,
    /// the first above 0. Heads, shares or percent; standard errors are right for heads.
    ///
    /// # Errors
    /// [`Error::NothingToFit`] for fewer than two, [`Error::BadValue`] for a number that breaks the rule.
    pub fn from_survivors(survivors: &[f64]) -> Result<Self, Error> {
        if survivors.len() < 2 {
            return Err(Error::NothingToFit("a cohort needs at least one period"));
        }
        all_finite("survivors", survivors)?;
        let bad = |index: usize, expected| {
            Err(Error::BadValue {
                what: "survivors",
                index,
                value: survivors[index],
                expected,
            })
        };
        if survivors[0] <= 0.0 {
            return bad(0, "a number above 0");
        }
        match (1..survivors.len()).find(|&i| survivors[i] < 0.0 || survivors[i] > survivors[i - 1]) {
            Some(index) => bad(index, "from 0 to the survivors of the period before"),
            None => Ok(Self {
                kept: survivors[1..].to_vec(),
                lost: survivors.windows(2).map(|pair| pair[0] - pair[1]).collect(),
            }),
        }
    }

    /// From the size of the cohort and the customers lost in periods 1, 2, 3 …
    ///
    /// # Errors
    /// As [`Cohort::from_survivors`].
    pub fn from_losses(size: f64, lost: &[f64]) -> Result<Self, Error> {
        let mut survivors = vec![size];
        let mut left = size;
        for loss in lost {
            left -= loss;
            survivors.push(left);
        }
        Self::from_survivors(&survivors)
    }

    /// From the customers who renewed and who did not at the end of period 1, 2, 3 …; whoever is too young for a
    /// renewal is in neither. None of them may be negative.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::BadValue`].
    pub fn from_renewals(kept: &[f64], lost: &[f64]) -> Result<Self, Error> {
        same_length("lost", kept.len(), lost.len())?;
        for (what, heads) in [("kept", kept), ("lost", lost)] {
            all_finite(what, heads)?;
            if let Some(index) = heads.iter().position(|&heads| heads < 0.0) {
                return Err(Error::BadValue {
                    what,
                    index,
                    value: heads[index],
                    expected: "a finite number, 0 or more",
                });
            }
        }
        Ok(Self {
            kept: kept.to_vec(),
            lost: lost.to_vec(),
        })
    }

    /// Customers who decided at the end of period 1, 2, 3 …
    #[must_use]
    pub fn decided(&self) -> Vec<f64> {
        self.kept.iter().zip(&self.lost).map(|(kept, lost)| kept + lost).collect()
    }

    /// The share still there after 0, 1, 2 … periods, as far as anybody decided: the product-limit estimate of
    /// Kaplan and Meier (1958), which lets customers count for as long as they are observed.
    #[must_use]
    pub fn observed_survival(&self) -> Vec<f64> {
        let mut share = 1.0;
        let mut found = vec![share];
        for (kept, lost) in self.kept.iter().zip(&self.lost) {
            if kept + lost <= 0.0 {
                break;
            }
            share *= kept / (kept + lost);
            found.push(share);
        }
        found
    }
}

/// The probability θ of not renewing ~ Beta(alpha, beta) over customers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sbg {
    alpha: f64,
    beta: f64,
}

impl Sbg {
    /// Both above 0.
    ///
    /// # Errors
    /// [`Error::BadParameter`].
    pub fn new(alpha: f64, beta: f64) -> Result<Self, Error> {
        Ok(Self {
            alpha: positive("alpha", alpha)?,
            beta: positive("beta", beta)?,
        })
    }

    /// alpha, beta.
    #[must_use]
    pub fn parameters(&self) -> [f64; 2] {
        [self.alpha, self.beta]
    }

    /// The share of a cohort that renews at the end of period `t` ≥ 1 among those who got there: equation 8 of
    /// Fader and Hardie (2007), (beta + t − 1) / (alpha + beta + t − 1). It rises with t.
    #[must_use]
    pub fn retention(&self, t: u32) -> f64 {
        let stayed = self.beta + f64::from(t.max(1)) - 1.0;
        stayed / (self.alpha + stayed)
    }

    /// The share of a cohort still there after `t` periods: equation 6 of Fader and Hardie (2007),
    /// B(alpha, beta + t) / B(alpha, beta).
    #[must_use]
    pub fn survival(&self, t: u32) -> f64 {
        let t = f64::from(t);
        (ln_rising(self.beta, t) - ln_rising(self.alpha + self.beta, t)).exp()
    }

    /// Discounted expected residual lifetime, in periods, of a customer who has renewed `renewals` times and is
    /// about to decide again; the decision now counts undiscounted: equation 6 of Fader and Hardie (2010),
    /// here as the mean of (1 − θ)(1 + d)/(d + θ) over the posterior Beta(alpha, beta + renewals).
    ///
    /// # Errors
    /// [`Error::BadParameter`] unless `discount` (per period) is above 0.
    pub fn discounted_residual_lifetime(&self, renewals: u32, discount: f64) -> Result<f64, Error> {
        let d = positive("discount", discount)?;
        let stay = |theta: f64| (1.0 - theta) * (1.0 + d) / (d + theta);
        Ok(beta_mean(
            self.alpha,
            self.beta + f64::from(renewals),
            1e-17 * d.min(1.0),
            stay,
        ))
    }

    /// Periods a customer who has renewed `renewals` times is expected to stay out of the next `periods`, each
    /// discounted from its end: Σ_{j=1…periods} S(renewals + j)/S(renewals) / (1 + d)^j.
    ///
    /// # Errors
    /// [`Error::BadArgument`] unless `discount` (per period) is 0 or more.
    pub fn discounted_periods(&self, renewals: u32, periods: u32, discount: f64) -> Result<f64, Error> {
        let d = not_negative("discount", discount)?;
        let mut weight = 1.0;
        let mut sum = 0.0;
        for j in 1..=periods {
            weight *= self.retention(renewals.saturating_add(j)) / (1.0 + d);
            sum += weight;
        }
        Ok(sum)
    }

    /// The log-likelihood of cohorts: equation B3 of Fader and Hardie (2007), summed over cohorts.
    #[must_use]
    pub fn log_likelihood(&self, cohorts: &[Cohort]) -> f64 {
        evaluate(cohorts, self.alpha, self.beta).value
    }

    /// Maximum likelihood on one or more cohorts.
    ///
    /// # Errors
    /// [`Error::NothingToFit`] if there is no cohort, nobody was lost or nobody stayed even one period.
    pub fn fit(cohorts: &[Cohort], options: &FitOptions) -> Result<Fit<Self, 2>, Error> {
        let heads = |of: fn(&Cohort) -> &Vec<f64>| cohorts.iter().flat_map(of).sum::<f64>();
        let (lost, stayed) = (heads(|cohort| &cohort.lost), heads(|cohort| &cohort.kept));
        if lost <= 0.0 {
            return Err(Error::NothingToFit("nobody was lost"));
        }
        if stayed <= 0.0 {
            return Err(Error::NothingToFit("nobody stayed for a period"));
        }
        let starts = [[1.0, 3.0], [0.5, 0.5], [5.0, 20.0]];
        let evaluate = |point: &[f64; 2]| evaluate(cohorts, point[0].exp(), point[1].exp());
        let found = fit(&starts, None::<(Likelihood, f64)>, evaluate, options);
        let [alpha, beta] = found.parameters;
        Ok(found.named(Self::new(alpha, beta)?, ["alpha", "beta"]))
    }
}

/// The type of the sample's likelihood that `fit` is not given here: cohorts are small.
type Likelihood = fn(&[f64; 2]) -> Evaluation<2>;

/// Every period is a set of coins: kept · ln r_t + lost · ln(1 − r_t), which sums up to the paper's likelihood.
fn evaluate(cohorts: &[Cohort], alpha: f64, beta: f64) -> Evaluation<2> {
    let mut value = 0.0;
    let mut by_alpha = 0.0;
    let mut by_beta = 0.0;
    for cohort in cohorts {
        let mut stayed = beta;
        for (kept, lost) in cohort.kept.iter().zip(&cohort.lost) {
            let both = alpha + stayed;
            value += kept * (stayed / both).ln() + lost * (alpha / both).ln();
            by_alpha += lost / alpha - (kept + lost) / both;
            by_beta += kept / stayed - (kept + lost) / both;
            stayed += 1.0;
        }
    }
    Evaluation {
        value,
        gradient: [by_alpha * alpha, by_beta * beta],
    }
}
