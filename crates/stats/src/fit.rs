//! From log-likelihood to estimates: several starts, a sample first, standard errors, warnings.
//! It knows nothing about the model it fits.

use crate::optimise::{BOUND, Evaluation, Matrix, Optimum, information, inverse, maximise};

/// How a fit is done. The defaults are right for Patron; tests and the curious change them.
#[derive(Debug, Clone, PartialEq)]
pub struct FitOptions {
    /// Give up after this many iterations per search.
    pub iterations_max: usize,
    /// Fewer repeat customers than this are worth a warning.
    pub repeaters_min: f64,
    /// With more than twice as many distinct rows, the starts are searched on about this many of them.
    pub sample_rows_max: usize,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            iterations_max: 300,
            repeaters_min: 30.0,
            sample_rows_max: 20_000,
        }
    }
}

/// What a person should know before trusting a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum FitWarning {
    /// The search stopped before the gradient vanished; the estimates are the best point found.
    NotConverged,
    /// So few customers bought again that the estimates say little.
    TooFewRepeaters {
        /// How many did.
        repeaters: f64,
        /// How many [`FitOptions::repeaters_min`] asks for.
        wanted: f64,
    },
    /// The likelihood keeps rising as this parameter goes to 0 or infinity: the data do not determine it.
    AtBound {
        /// The parameter's name.
        parameter: &'static str,
    },
    /// The likelihood is flat in some direction, so there are no standard errors.
    NoStandardErrors,
    /// Spend is not independent of frequency, which the Gamma-Gamma model assumes (warned above 0.3).
    FrequencySpendCorrelated {
        /// Pearson's correlation of x and mean spend over the repeat customers.
        correlation: f64,
    },
    /// q ≤ 1: the population's mean spend is infinite under the model; the observed mean is used in its place.
    MeanSpendInfinite,
    /// q is so little above 1 that the population's mean spend under the model, p v/(q − 1), is far above the mean
    /// of those observed (warned above 3 times): it rests on tickets larger than any that were seen.
    MeanSpendFarOff {
        /// Under the model.
        expected: f64,
        /// Of the repeat customers.
        observed: f64,
    },
}

/// A model fitted by maximum likelihood; arrays follow the order of `names`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit<M, const N: usize> {
    /// The model at its estimates.
    pub model: M,
    /// The parameters' names in the papers.
    pub names: [&'static str; N],
    /// The estimates.
    pub parameters: [f64; N],
    /// Standard errors of the parameters: delta method from `log_covariance`.
    pub standard_errors: Option<[f64; N]>,
    /// Covariance of the logarithms of the parameters: inverse of the observed information.
    pub log_covariance: Option<[[f64; N]; N]>,
    /// The log-likelihood at the estimates.
    pub log_likelihood: f64,
    /// Iterations of the search that led here, on the sample and on the full data.
    pub iterations: usize,
    /// Whether the gradient vanished.
    pub converged: bool,
    /// What a person should know before trusting the estimates; empty is good.
    pub warnings: Vec<FitWarning>,
}

/// A fit before it knows what it is a fit of.
pub(crate) struct Found<const N: usize> {
    pub(crate) parameters: [f64; N],
    optimum: Optimum<N>,
    iterations: usize,
    log_covariance: Option<Matrix<N>>,
}

/// Climbs from every start (given as parameters, not logarithms) and keeps the best.
///
/// `sample` is the same log-likelihood on part of the data and the factor by which the full data is larger: then
/// the starts are tried on it, and only the winner is refined, with its curvature, on the full data.
pub(crate) fn fit<const N: usize>(
    starts: &[[f64; N]],
    sample: Option<(impl FnMut(&[f64; N]) -> Evaluation<N>, f64)>,
    mut full: impl FnMut(&[f64; N]) -> Evaluation<N>,
    options: &FitOptions,
) -> Found<N> {
    let (optimum, iterations) = match sample {
        None => {
            let best = best_of(starts, &mut full, options);
            let iterations = best.iterations;
            (best, iterations)
        }
        Some((mut sample, scale)) => {
            let rough = best_of(starts, &mut sample, options);
            let curvature =
                inverse(&information(&mut sample, &rough.at)).map(|m| m.map(|row| row.map(|c| c / scale)));
            let refined = maximise(&mut full, rough.at, curvature, options.iterations_max);
            let iterations = rough.iterations + refined.iterations;
            (refined, iterations)
        }
    };
    let log_covariance = inverse(&information(&mut full, &optimum.at));
    Found {
        parameters: optimum.at.map(f64::exp),
        optimum,
        iterations,
        log_covariance,
    }
}

fn best_of<const N: usize>(
    starts: &[[f64; N]],
    evaluate: &mut impl FnMut(&[f64; N]) -> Evaluation<N>,
    options: &FitOptions,
) -> Optimum<N> {
    let climb = |start: &[f64; N], evaluate: &mut _| {
        maximise(evaluate, start.map(f64::ln), None, options.iterations_max)
    };
    let mut best = climb(&starts[0], evaluate);
    for start in &starts[1..] {
        let other = climb(start, evaluate);
        // a tie within rounding goes to the earlier start, so that the choice is stable
        let margin = 1e-12 * (1.0 + best.evaluation.value.abs());
        let higher = other.evaluation.value > best.evaluation.value + margin;
        if higher || !best.evaluation.value.is_finite() {
            best = other;
        }
    }
    best
}

impl<const N: usize> Found<N> {
    /// The public result.
    pub(crate) fn named<M>(self, model: M, names: [&'static str; N]) -> Fit<M, N> {
        let mut warnings = Vec::new();
        if !self.optimum.converged {
            warnings.push(FitWarning::NotConverged);
        }
        for (i, name) in names.into_iter().enumerate() {
            if self.optimum.at[i].abs() > BOUND - 1.0 {
                warnings.push(FitWarning::AtBound { parameter: name });
            }
        }
        if self.log_covariance.is_none() {
            warnings.push(FitWarning::NoStandardErrors);
        }
        let parameters = self.parameters;
        let standard_errors = self
            .log_covariance
            .map(|c| std::array::from_fn(|i| parameters[i] * c[i][i].sqrt()));
        Fit {
            model,
            names,
            parameters,
            standard_errors,
            log_covariance: self.log_covariance,
            log_likelihood: self.optimum.evaluation.value,
            iterations: self.iterations,
            converged: self.optimum.converged,
            warnings,
        }
    }
}
