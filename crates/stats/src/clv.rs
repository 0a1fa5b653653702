//! Discounted customer lifetime value of one customer over a number of steps.
//! Intervals and many customers at once are in `score`.

use crate::error::{Error, not_negative, positive};
use crate::gamma_gamma::GammaGamma;
use crate::purchase_model::PurchaseModel;

/// Days in a month here: a twelfth of a mean year.
const MONTH_DAYS: f64 = 365.25 / 12.0;

/// The step and the rate by which future money is discounted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Discounting {
    step: f64,
    rate_per_step: f64,
}

impl Discounting {
    /// A step in the unit of the histories' ages, and the discount rate per step.
    ///
    /// # Errors
    /// [`Error::BadParameter`] unless `step` is above 0, [`Error::BadArgument`] unless the rate is 0 or more.
    pub fn new(step: f64, rate_per_step: f64) -> Result<Self, Error> {
        let rate_per_step = not_negative("rate_per_step", rate_per_step)?;
        Ok(Self {
            step: positive("step", step)?,
            rate_per_step,
        })
    }

    /// Months of 365.25/12 days and a rate per year, turned into (1 + rate)^(1/12) − 1 per month; `unit_days` is
    /// the histories' unit of time in days (7 for weeks).
    ///
    /// # Errors
    /// As [`Discounting::new`].
    pub fn monthly(unit_days: f64, rate_per_year: f64) -> Result<Self, Error> {
        let rate_per_year = not_negative("rate_per_year", rate_per_year)?;
        Self::new(
            MONTH_DAYS / positive("unit_days", unit_days)?,
            (rate_per_year.ln_1p() / 12.0).exp_m1(),
        )
    }

    /// The step's length in the unit of the histories.
    #[must_use]
    pub fn step(&self) -> f64 {
        self.step
    }

    /// What one unit of money at the end of step j (from 1) is worth today.
    #[must_use]
    pub fn factor(&self, j: u32) -> f64 {
        (-f64::from(j) * self.rate_per_step.ln_1p()).exp()
    }
}

/// Discounted purchases expected over `steps` steps: Σ_{j=1…steps} (E\[Y(j·step)\] − E\[Y((j−1)·step)\])/(1+d)^j,
/// in purchases. Fader, Hardie, Lee (2005), RFM and CLV: Using Iso-Value Curves for Customer Base Analysis,
/// Journal of Marketing Research 42(4), in the discrete form every implementation uses.
///
/// # Errors
/// As [`PurchaseModel::expected_purchases`].
pub fn discounted_expected_purchases(
    model: &PurchaseModel,
    discounting: &Discounting,
    steps: u32,
    x: f64,
    t_x: f64,
    t: f64,
) -> Result<f64, Error> {
    let alive = model.p_alive(x, t_x, t)?;
    let ends: Vec<f64> = (1..=steps).map(|j| discounting.step * f64::from(j)).collect();
    let until = model.law().expected_if_alive(&ends, x, t);
    let mut sum = 0.0;
    let mut before = 0.0;
    for (j, until) in (1..=steps).zip(until) {
        sum += (until - before) * discounting.factor(j);
        before = until;
    }
    Ok(alive * sum)
}

/// Discounted customer lifetime value: [`discounted_expected_purchases`] times the expected ticket given the mean
/// `m` of the customer's repeat purchases; in the unit of `m`.
///
/// # Errors
/// As [`PurchaseModel::expected_purchases`] and [`GammaGamma::expected_spend`].
#[expect(
    clippy::too_many_arguments,
    reason = "a customer is four numbers, the rest says what is asked"
)]
pub fn discounted_clv(
    model: &PurchaseModel,
    spend: &GammaGamma,
    discounting: &Discounting,
    steps: u32,
    x: f64,
    t_x: f64,
    t: f64,
    m: f64,
) -> Result<f64, Error> {
    let purchases = discounted_expected_purchases(model, discounting, steps, x, t_x, t)?;
    Ok(purchases * spend.expected_spend(x, m)?)
}
