//! What a run decides from the population: the model, the thresholds, and what to warn about.

use std::collections::BTreeMap;

use base::Result;
use datafusion::arrow::array::RecordBatch;
use stats::{Histories, ModelKind, PurchaseFit};

use super::basics::{Basics, ContributionBasis};
use super::contracts::{self, ContractFit};
use super::models::{self, ModelReport, Warning, fit_purchases};
use super::parallel::both;
use super::population::Population;
use super::prediction::predict;
use super::progress::Reporter;
use super::report::ModelChosen;
use super::settings::{ContributionRule, ModelChoice, StabilityRule, ValueSettings};
use super::validation::{CalibratedFit, Calibration, Predicted, Validation, validate};
use crate::rules::{self, ClassThresholds};

/// The fitted models and how one of them was chosen.
pub(crate) struct Chosen {
    pub(crate) fitted: Option<Fitted>,
    /// What the chosen model expects of the held-out weeks.
    pub(crate) calibrated: Option<Calibrated>,
    pub(crate) calibration: Option<Calibration>,
    pub(crate) model: ModelChosen,
    pub(crate) reports: BTreeMap<&'static str, ModelReport>,
}

/// A model fitted to everything.
pub(crate) enum Fitted {
    /// Customers buy when they like, and leave without a word.
    Purchases(Box<PurchaseFit>),
    /// Customers renew, or not.
    Contracts(ContractFit),
}

/// A model fitted to the calibration.
pub(crate) enum Calibrated {
    Purchases(Box<PurchaseFit>),
    Contracts(Predicted),
}

/// Fits what is asked for, on the calibration and on everything; of several takes the one that
/// foresaw the held-out weeks best, or that fits best where nothing was held out. One whose search did
/// not end is taken only where none did.
pub(crate) fn choose(
    batches: &[RecordBatch],
    population: &Population,
    settings: &ValueSettings,
    histories: &Histories,
    calibration: Option<Calibration>,
    reporter: &mut Reporter<'_>,
) -> Result<Chosen> {
    match models::kinds(settings.model) {
        [] => choose_contracts(batches, population, settings, calibration),
        kinds => choose_purchases(kinds, settings, histories, calibration, reporter),
    }
}

fn choose_purchases(
    kinds: &[ModelKind],
    settings: &ValueSettings,
    histories: &Histories,
    calibration: Option<Calibration>,
    reporter: &mut Reporter<'_>,
) -> Result<Chosen> {
    let mut best: Option<(Merit, PurchaseFit, Option<CalibratedFit>)> = None;
    let mut reports = BTreeMap::new();
    for (done, &kind) in (0..).zip(kinds) {
        reporter.done(done)?;
        let (calibrated, fit) = both(
            || match &calibration {
                Some(calibration) => calibration.fit(kind),
                None => Ok(None),
            },
            || fit_purchases(kind, histories),
        )?;
        let Some(fit) = fit else { continue };
        let held_out = calibrated.as_ref().map(|fit| fit.holdout_log_likelihood);
        reports.insert(
            models::name(kind),
            ModelReport::of_purchases(&fit, histories.len(), held_out),
        );
        let merit = Merit {
            converged: fit.converged
                && calibrated
                    .as_ref()
                    .is_none_or(|calibrated| calibrated.fit.converged),
            held_out,
            log_likelihood: fit.log_likelihood,
        };
        if best.as_ref().is_none_or(|(known, ..)| merit.is_above(known)) {
            best = Some((merit, fit, calibrated));
        }
    }
    let reason = match (&best, settings.model) {
        (None, _) => "nobody_bought_twice",
        (Some((merit, ..)), ModelChoice::Auto) if merit.held_out.is_some() => "best_held_out",
        (_, ModelChoice::Auto) => "best_log_likelihood",
        _ => "requested",
    };
    let (fit, calibrated) = match best {
        Some((_, fit, calibrated)) => (Some(fit), calibrated),
        None => (None, None),
    };
    Ok(Chosen {
        model: ModelChosen {
            requested: settings.model,
            chosen: fit.as_ref().map(|fit| models::name(fit.model.kind())),
            reason,
        },
        fitted: fit.map(|fit| Fitted::Purchases(Box::new(fit))),
        calibrated: calibrated.map(|calibrated| Calibrated::Purchases(Box::new(calibrated.fit))),
        calibration,
        reports,
    })
}

/// What speaks for a model among several.
#[derive(Debug, Clone, Copy)]
struct Merit {
    /// Whether the searches ended, on everything and on the calibration.
    converged: bool,
    /// Log-likelihood of the held-out weeks; none where the calibration could not be fitted.
    held_out: Option<f64>,
    /// At the estimates, of everything.
    log_likelihood: f64,
}

impl Merit {
    fn is_above(&self, other: &Self) -> bool {
        if self.converged != other.converged {
            return self.converged;
        }
        match (self.held_out, other.held_out) {
            (Some(own), Some(others)) => own > others,
            // one that was tested before one that was not: their likelihoods are of different weeks
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => self.log_likelihood > other.log_likelihood,
        }
    }
}

fn choose_contracts(
    batches: &[RecordBatch],
    population: &Population,
    settings: &ValueSettings,
    calibration: Option<Calibration>,
) -> Result<Chosen> {
    let (months, as_of) = (settings.renewal_months, population.windows.as_of);
    let fit = contracts::fit(batches, months, as_of)?;
    let calibrated = match (&fit, &calibration) {
        (Some(_), Some(calibration)) => contracts::calibrate(batches, months, calibration.holdout, as_of)?,
        _ => None,
    };
    let mut reports = BTreeMap::new();
    if let Some(fit) = &fit {
        let held_out = calibrated
            .as_ref()
            .map(|calibrated| calibrated.holdout_log_likelihood);
        reports.insert(models::SBG, ModelReport::of_contracts(fit, held_out)?);
    }
    Ok(Chosen {
        model: ModelChosen {
            requested: settings.model,
            chosen: fit.as_ref().map(|_| models::SBG),
            reason: if fit.is_some() {
                "requested"
            } else {
                "renewals_undecided"
            },
        },
        fitted: fit.map(Fitted::Contracts),
        calibrated: calibrated.map(|calibrated| Calibrated::Contracts(calibrated.predicted)),
        calibration,
        reports,
    })
}

impl Chosen {
    /// How the held-out weeks went; none where nothing was held out or nothing could be fitted.
    pub(crate) fn validate(&self) -> Result<Option<Validation>> {
        let (Some(calibration), Some(calibrated), Some(model)) =
            (&self.calibration, &self.calibrated, self.model.chosen)
        else {
            return Ok(None);
        };
        match calibrated {
            Calibrated::Purchases(fit) => validate(calibration, model, &predict(calibration, &fit.model)?),
            Calibrated::Contracts(predicted) => validate(calibration, model, predicted),
        }
        .map(Some)
    }
}

/// The thresholds that the firm's rules give.
pub(crate) fn thresholds(
    settings: &ValueSettings,
    descending: &[i64],
    classed_stability: Vec<f64>,
) -> ClassThresholds {
    ClassThresholds {
        contribution_minor: match settings.contribution_rule {
            ContributionRule::Share(share) => rules::contribution_of_share(descending, share),
            ContributionRule::Percentile(percentile) => {
                rules::contribution_of_percentile(descending, percentile)
            }
            ContributionRule::Absolute(least) => Some(least),
        },
        stability: match settings.stability_rule {
            StabilityRule::Median => rules::median(classed_stability),
            StabilityRule::Absolute(least) => Some(least),
        },
    }
}

/// What a person should know before trusting the figures of a run.
pub(crate) fn warnings(
    population: &Population,
    settings: &ValueSettings,
    basics: &Basics,
    chosen: &Chosen,
    referrals_ignored: u64,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code: &str, message: String| warnings.push(Warning::new(code, message));
    let contractual = settings.model == ModelChoice::Sbg;
    if chosen.fitted.is_none() {
        let (code, text) = if contractual {
            (
                "renewals_undecided",
                "no renewal or no loss has been seen yet, so nothing can be said about staying or future value",
            )
        } else {
            (
                "nobody_bought_twice",
                "no customer bought on two days, so nothing can be said about staying or future value",
            )
        };
        warn(code, text.to_owned());
    }
    if chosen.calibrated.is_none() {
        let why = match (population.windows.holdout, &chosen.calibration) {
            (None, _) => "the history is shorter than 12 weeks",
            (_, None) => "nobody was a customer before the held-out weeks",
            _ if contractual => "no renewal or no loss had been seen before the held-out weeks",
            _ => "nobody had bought twice before the held-out weeks",
        };
        warn(
            "not_validated",
            format!("the models were not tested on held-out weeks: {why}"),
        );
    }
    if population.windows.periods.is_none() {
        warn(
            "no_periods",
            "the history is shorter than two months, so there is no leaky bucket".to_owned(),
        );
    }
    if basics.basis == ContributionBasis::Revenue && basics.cost_share > 0.0 {
        warn(
            "cost_incomplete",
            format!(
                "contribution is revenue: only {:.1} % of the lines of the last 12 months have a cost ({:.1} % are needed)",
                100.0 * basics.cost_share,
                100.0 * settings.min_cost_share
            ),
        );
    } else if basics.basis == ContributionBasis::Margin && basics.cost_share < 1.0 {
        warn(
            "cost_partly_unknown",
            format!(
                "{:.1} % of the lines of the last 12 months have no cost; they count as costing nothing",
                100.0 - 100.0 * basics.cost_share
            ),
        );
    }
    for (count, code, text) in [
        (
            population.rejected,
            "rows_rejected",
            "rows were malformed and do not count",
        ),
        (
            population.after_as_of,
            "lines_after_as_of",
            "lines are after the as-of day and do not count",
        ),
        (
            population.repeated,
            "lines_repeated",
            "lines repeat an external id and do not count",
        ),
        (
            population.reversals_unmatched,
            "reversals_unmatched",
            "reversals do not find the line they take back; they count on their own day",
        ),
        (
            referrals_ignored,
            "referrals_ignored",
            "referrals do not count: unknown customers, oneself, or a second referrer",
        ),
    ] {
        if count > 0 {
            warn(code, format!("{count} {text}"));
        }
    }
    // A model that was fitted and not taken has its warnings in its own report: no figure rests on it.
    let taken = |name: &str| chosen.model.chosen == Some(name) || name == models::GAMMA_GAMMA;
    for (name, model) in chosen.reports.iter().filter(|(name, _)| taken(name)) {
        warnings.extend(
            model
                .warnings
                .iter()
                .map(|warning| warning.clone().of_model(name)),
        );
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_ended_comes_before_a_better_one_that_did_not() {
        let merit = |converged, held_out, log_likelihood| Merit {
            converged,
            held_out,
            log_likelihood,
        };
        let ranked = [
            merit(true, Some(-10.0), -90.0),
            merit(true, Some(-11.0), -80.0),
            merit(true, None, -5.0),
            merit(true, None, -6.0),
            merit(false, Some(-1.0), -1.0),
            merit(false, Some(-2.0), -1.0),
        ];
        for (i, one) in ranked.iter().enumerate() {
            for (j, other) in ranked.iter().enumerate() {
                assert_eq!(one.is_above(other), i < j, "{one:?} {other:?}");
            }
        }
    }
}
