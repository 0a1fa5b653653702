//! The purchase models behind one door: likelihood, fit, P(alive), expectations.
//! It never looks at money.

use crate::beta_geometric::BetaGeometric;
use crate::error::{Error, not_negative, positive, same_length};
use crate::fit::{Fit, FitOptions, FitWarning, fit};
use crate::histories::{Histories, check_one};
use crate::law::PurchaseLaw;
use crate::optimise::Evaluation;
use crate::pareto_nbd::ParetoNbd;

/// Which purchase model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelKind {
    /// Fader, Hardie, Lee (2005).
    BgNbd,
    /// Batislam, Denizel, Filiztekin (2007).
    MbgNbd,
    /// Schmittlein, Morrison, Colombo (1987).
    ParetoNbd,
}

impl ModelKind {
    /// All of them, in the order in which `auto` tries them.
    pub const ALL: [Self; 3] = [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd];

    /// The parameters' names in the papers, in the order of every array of parameters here.
    #[must_use]
    pub fn parameter_names(self) -> [&'static str; 4] {
        match self {
            Self::BgNbd | Self::MbgNbd => ["r", "alpha", "a", "b"],
            Self::ParetoNbd => ["r", "alpha", "s", "beta"],
        }
    }
}

/// Parameters of the BG/NBD and MBG/NBD: purchase rate ~ Gamma(r, rate alpha), dropout ~ Beta(a, b).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaGeometricParameters {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
}

impl BetaGeometricParameters {
    /// All four above 0; `alpha` in the unit of the ages.
    ///
    /// # Errors
    /// [`Error::BadParameter`] naming the first that is not.
    pub fn new(r: f64, alpha: f64, a: f64, b: f64) -> Result<Self, Error> {
        let (r, alpha) = (positive("r", r)?, positive("alpha", alpha)?);
        Ok(Self {
            r,
            alpha,
            a: positive("a", a)?,
            b: positive("b", b)?,
        })
    }
}

/// Parameters of the Pareto/NBD: purchase rate ~ Gamma(r, rate alpha), dropout rate ~ Gamma(s, rate beta).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParetoParameters {
    r: f64,
    alpha: f64,
    s: f64,
    beta: f64,
}

impl ParetoParameters {
    /// All four above 0; `alpha` and `beta` in the unit of the ages.
    ///
    /// # Errors
    /// [`Error::BadParameter`] naming the first that is not.
    pub fn new(r: f64, alpha: f64, s: f64, beta: f64) -> Result<Self, Error> {
        let (r, alpha) = (positive("r", r)?, positive("alpha", alpha)?);
        Ok(Self {
            r,
            alpha,
            s: positive("s", s)?,
            beta: positive("beta", beta)?,
        })
    }
}

/// A purchase model with its parameters.
///
/// Throughout, a customer's history is (`x`, `t_x`, `t`): repeat purchases, age at the last one, age at the end
/// of observation (see [`Histories`]); a horizon counts from there. One unit of time everywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PurchaseModel {
    /// Dropout only right after a repeat purchase: who never bought again counts as alive for ever.
    BgNbd(BetaGeometricParameters),
    /// Dropout also right after the first purchase: one-time buyers can be gone.
    MbgNbd(BetaGeometricParameters),
    /// Dropout at any time.
    ParetoNbd(ParetoParameters),
}

impl PurchaseModel {
    /// The model of a kind from its four parameters in the order of [`ModelKind::parameter_names`].
    ///
    /// # Errors
    /// [`Error::BadParameter`].
    pub fn new(kind: ModelKind, parameters: [f64; 4]) -> Result<Self, Error> {
        let [r, alpha, third, fourth] = parameters;
        Ok(match kind {
            ModelKind::BgNbd => Self::BgNbd(BetaGeometricParameters::new(r, alpha, third, fourth)?),
            ModelKind::MbgNbd => Self::MbgNbd(BetaGeometricParameters::new(r, alpha, third, fourth)?),
            ModelKind::ParetoNbd => Self::ParetoNbd(ParetoParameters::new(r, alpha, third, fourth)?),
        })
    }

    /// Which model this is.
    #[must_use]
    pub fn kind(&self) -> ModelKind {
        match self {
            Self::BgNbd(_) => ModelKind::BgNbd,
            Self::MbgNbd(_) => ModelKind::MbgNbd,
            Self::ParetoNbd(_) => ModelKind::ParetoNbd,
        }
    }

    /// The parameters in the order of [`ModelKind::parameter_names`].
    #[must_use]
    pub fn parameters(&self) -> [f64; 4] {
        match *self {
            Self::BgNbd(p) | Self::MbgNbd(p) => [p.r, p.alpha, p.a, p.b],
            Self::ParetoNbd(p) => [p.r, p.alpha, p.s, p.beta],
        }
    }

    /// The mathematics behind the parameters.
    pub(crate) fn law(&self) -> Law {
        let beta_geometric = |p: &BetaGeometricParameters, coin_at_start| {
            Law::BetaGeometric(BetaGeometric {
                r: p.r,
                alpha: p.alpha,
                a: p.a,
                b: p.b,
                coin_at_start,
            })
        };
        match self {
            Self::BgNbd(p) => beta_geometric(p, 0.0),
            Self::MbgNbd(p) => beta_geometric(p, 1.0),
            Self::ParetoNbd(p) => Law::Pareto(ParetoNbd {
                r: p.r,
                alpha: p.alpha,
                s: p.s,
                beta: p.beta,
            }),
        }
    }

    /// The log-likelihood of many histories, weights included.
    ///
    /// BG/NBD: equation 6 of Fader, Hardie, Lee (2005). MBG/NBD: equation 7 of Batislam et al. (2007).
    /// Pareto/NBD: equation 18 of Fader, Hardie (2005), A Note on Deriving the Pareto/NBD Model.
    #[must_use]
    pub fn log_likelihood(&self, histories: &Histories) -> f64 {
        self.law().evaluate(histories).value
    }

    /// The gradient of [`PurchaseModel::log_likelihood`] in the logarithms of the parameters.
    #[must_use]
    pub fn log_likelihood_gradient(&self, histories: &Histories) -> [f64; 4] {
        self.law().evaluate(histories).gradient
    }

    /// The log-likelihood of one customer; equations as for [`PurchaseModel::log_likelihood`].
    ///
    /// # Errors
    /// As [`Histories::new`].
    pub fn log_likelihood_of(&self, x: f64, t_x: f64, t: f64) -> Result<f64, Error> {
        check_one(0, x, t_x, t)?;
        Ok(match self.law() {
            Law::BetaGeometric(law) => law.log_likelihood(x, t_x, t),
            Law::Pareto(law) => law.log_likelihood(x, t_x, t),
        })
    }

    /// The probability that the customer still is one at the end of observation, in \[0, 1\].
    ///
    /// BG/NBD: Fader, Hardie, Lee (2008), Computing P(alive) Using the BG/NBD Model (1 for x = 0, whatever T).
    /// Pareto/NBD: equation 11 of Schmittlein et al. (1987).
    ///
    /// # Errors
    /// As [`Histories::new`].
    pub fn p_alive(&self, x: f64, t_x: f64, t: f64) -> Result<f64, Error> {
        check_one(0, x, t_x, t)?;
        Ok(match self.law() {
            Law::BetaGeometric(law) => law.p_alive(x, t_x, t),
            Law::Pareto(law) => law.p_alive(x, t_x, t),
        })
    }

    /// Purchases expected within `horizon` of a customer known to be alive; does not depend on `t_x`.
    ///
    /// BG/NBD: equation 10 of Fader, Hardie, Lee (2005) without P(alive). Pareto/NBD: equation 41 of Fader,
    /// Hardie (2005) without P(alive).
    ///
    /// # Errors
    /// As [`Histories::new`]; [`Error::BadArgument`] for a horizon that is negative or not finite.
    pub fn expected_if_alive(&self, horizon: f64, x: f64, t: f64) -> Result<f64, Error> {
        check_one(0, x, 0.0, t)?;
        let horizon = not_negative("horizon", horizon)?;
        Ok(self.law().expected_if_alive(&[horizon], x, t)[0])
    }

    /// Purchases expected within `horizon` after the end of observation: P(alive) times
    /// [`PurchaseModel::expected_if_alive`].
    ///
    /// # Errors
    /// As [`Histories::new`]; [`Error::BadArgument`] for a horizon that is negative or not finite.
    pub fn expected_purchases(&self, horizon: f64, x: f64, t_x: f64, t: f64) -> Result<f64, Error> {
        Ok(self.p_alive(x, t_x, t)? * self.expected_if_alive(horizon, x, t)?)
    }

    /// Repeat purchases expected within `horizon` of a customer just acquired, E\[X(t)\].
    ///
    /// BG/NBD: equation 9 of Fader, Hardie, Lee (2005). Pareto/NBD: equation 17 of Schmittlein et al. (1987).
    ///
    /// # Errors
    /// [`Error::BadArgument`] for a horizon that is negative or not finite.
    pub fn expected_purchases_new(&self, horizon: f64) -> Result<f64, Error> {
        let horizon = not_negative("horizon", horizon)?;
        Ok(match self.law() {
            Law::BetaGeometric(law) => law.expected_purchases_new(horizon),
            Law::Pareto(law) => law.expected_purchases_new(horizon),
        })
    }

    /// The probability of exactly `n` repeat purchases within `horizon` of a customer just acquired:
    /// equation 8 of Fader, Hardie, Lee (2005) and its MBG/NBD counterpart; `None` for the Pareto/NBD, which
    /// has no closed form that would be used here.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for a horizon that is negative or not finite.
    pub fn probability_of_purchases(&self, n: u32, horizon: f64) -> Result<Option<f64>, Error> {
        let horizon = not_negative("horizon", horizon)?;
        Ok(match self.law() {
            Law::BetaGeometric(law) => Some(law.probability_of_purchases(n, horizon)),
            Law::Pareto(_) => None,
        })
    }

    /// Fits a model of the given kind by maximum likelihood.
    ///
    /// # Errors
    /// [`Error::NothingToFit`] if nobody bought twice or nobody was observed for any time.
    pub fn fit(kind: ModelKind, histories: &Histories, options: &FitOptions) -> Result<PurchaseFit, Error> {
        let (purchases, exposure) = (histories.purchases(), histories.exposure());
        if purchases <= 0.0 {
            return Err(Error::NothingToFit("no customer has a repeat purchase"));
        }
        if exposure <= 0.0 {
            return Err(Error::NothingToFit("no customer was observed for any time"));
        }
        let mean_age = exposure / histories.weight();
        let rate = purchases / exposure;
        let starts = match kind {
            ModelKind::BgNbd | ModelKind::MbgNbd => vec![
                [0.5, 0.5 / rate, 0.7, 2.5],
                [2.0, 2.0 / rate, 0.5, 5.0],
                [0.2, 0.1 / rate, 1.5, 1.5],
            ],
            ModelKind::ParetoNbd => vec![
                [0.5, 0.5 / rate, 0.6, mean_age],
                [2.0, 1.5 / rate, 1.5, 4.0 * mean_age],
                [0.2, 0.1 / rate, 0.3, 0.2 * mean_age],
            ],
        };
        let on = |histories: &Histories, point: &[f64; 4]| law_at(kind, point).evaluate(histories);
        let thin = (histories.distinct() > 2 * options.sample_rows_max)
            .then(|| histories.thinned(options.sample_rows_max));
        let sample = thin
            .as_ref()
            .map(|thin| (thin, histories.weight() / thin.weight()));
        let found = fit(
            &starts,
            sample.map(|(thin, scale)| (move |point: &[f64; 4]| on(thin, point), scale)),
            |point: &[f64; 4]| on(histories, point),
            options,
        );
        let model = Self::new(kind, found.parameters)?;
        let mut fit = found.named(model, kind.parameter_names());
        let repeaters = histories.repeaters();
        if repeaters < options.repeaters_min {
            fit.warnings.push(FitWarning::TooFewRepeaters {
                repeaters,
                wanted: options.repeaters_min,
            });
        }
        Ok(fit)
    }
}

/// A fitted purchase model.
pub type PurchaseFit = Fit<PurchaseModel, 4>;

/// The log of the predictive density of what happened between two observations of the same customers:
/// Σ ln L(x′, t_x′, T′) − ln L(x, t_x, T) at one model's parameters. The larger, the better the model foresaw it.
///
/// `calibration` and `later` hold the same customers in the same order, without weights.
///
/// # Errors
/// [`Error::LengthMismatch`] if the numbers of customers differ, [`Error::HistoryShrank`] if a customer of `later`
/// has fewer purchases or a shorter life than the one at the same place in `calibration`.
pub fn held_out_log_likelihood(
    model: &PurchaseModel,
    calibration: &Histories,
    later: &Histories,
) -> Result<f64, Error> {
    same_length("later", calibration.len(), later.len())?;
    let (before, after) = (calibration.counts_and_ages(), later.counts_and_ages());
    for (index, (&row_before, &row_after)) in calibration.row_of.iter().zip(&later.row_of).enumerate() {
        let (x_before, end_before) = before[row_before as usize];
        let (x_after, end_after) = after[row_after as usize];
        if x_after < x_before || end_after < end_before {
            return Err(Error::HistoryShrank { index });
        }
    }
    Ok(model.log_likelihood(later) - model.log_likelihood(calibration))
}

/// The two families of mathematics behind the three models.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Law {
    BetaGeometric(BetaGeometric),
    Pareto(ParetoNbd),
}

/// The law of a kind at a point of log-parameters; the optimiser keeps the point within bounds.
fn law_at(kind: ModelKind, point: &[f64; 4]) -> Law {
    let [r, alpha, third, fourth] = point.map(f64::exp);
    match kind {
        ModelKind::BgNbd => Law::BetaGeometric(BetaGeometric {
            r,
            alpha,
            a: third,
            b: fourth,
            coin_at_start: 0.0,
        }),
        ModelKind::MbgNbd => Law::BetaGeometric(BetaGeometric {
            r,
            alpha,
            a: third,
            b: fourth,
            coin_at_start: 1.0,
        }),
        ModelKind::ParetoNbd => Law::Pareto(ParetoNbd {
            r,
            alpha,
            s: third,
            beta: fourth,
        }),
    }
}

impl Law {
    fn evaluate(&self, histories: &Histories) -> Evaluation<4> {
        match self {
            Self::BetaGeometric(law) => law.evaluate(histories),
            Self::Pareto(law) => law.evaluate(histories),
        }
    }

    /// E\[Y(t) | alive at T\] at each of the spans.
    pub(crate) fn expected_if_alive(&self, spans: &[f64], x: f64, t: f64) -> Vec<f64> {
        match self {
            Self::BetaGeometric(law) => law.expected_if_alive(spans, x, t),
            Self::Pareto(law) => law.expected_if_alive(spans, x, t),
        }
    }
}
