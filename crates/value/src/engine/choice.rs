//! What a run decides from the population: the model, the thresholds, and what to warn about.

use std::collections::BTreeMap;

use base::Result;
use datafusion::arrow::array::RecordBatch;
use stats::{Histories, PurchaseFit};

use super::basics::{Basics, ContributionBasis};
use super::models::{self, ModelReport, Warning, fit_purchases};
use super::population::Population;
use super::progress::Reporter;
use super::report::ModelChosen;
use super::settings::{ContributionRule, ModelChoice, StabilityRule, ValueSettings};
use super::validation::{CalibratedFit, Calibration};
use crate::rules::{self, ClassThresholds};

/// The fitted model and how it was chosen.
pub(crate) struct Chosen {
    pub(crate) fit: Option<PurchaseFit>,
    pub(crate) calibrated: Option<CalibratedFit>,
    pub(crate) calibration: Option<Calibration>,
    pub(crate) model: ModelChosen,
    pub(crate) reports: BTreeMap<&'static str, ModelReport>,
}

/// Fits what is asked for, on the calibration and on everything; of several takes the one that
/// foresaw the held-out weeks best, or that fits best where nothing was held out.
pub(crate) fn choose(
    batches: &[RecordBatch],
    population: &Population,
    settings: &ValueSettings,
    histories: &Histories,
    reporter: &mut Reporter<'_>,
) -> Result<Chosen> {
    let calibration = Calibration::of(batches, population)?;
    let mut best: Option<(f64, PurchaseFit, Option<CalibratedFit>)> = None;
    let mut reports = BTreeMap::new();
    let kinds = models::kinds(settings.model);
    for (done, &kind) in (0..).zip(kinds) {
        reporter.done(done)?;
        let Some(fit) = fit_purchases(kind, histories)? else {
            continue;
        };
        let calibrated = match &calibration {
            Some(calibration) => calibration.fit(kind)?,
            None => None,
        };
        let held_out = calibrated.as_ref().map(|fit| fit.holdout_log_likelihood);
        reports.insert(
            models::name(kind),
            ModelReport::of_purchases(&fit, histories.len(), held_out),
        );
        let merit = held_out.unwrap_or(fit.log_likelihood);
        if best.as_ref().is_none_or(|(known, ..)| merit > *known) {
            best = Some((merit, fit, calibrated));
        }
    }
    let reason = match (&best, settings.model) {
        (None, _) => "nobody_bought_twice",
        (_, ModelChoice::Auto) if calibration.is_some() => "best_held_out",
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
        fit,
        calibrated,
        calibration,
        reports,
    })
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
    if chosen.fit.is_none() {
        warn(
            "nobody_bought_twice",
            "no customer bought on two days, so nothing can be said about staying or future value".to_owned(),
        );
    }
    if chosen.calibrated.is_none() {
        let why = match (population.windows.holdout, &chosen.calibration) {
            (None, _) => "the history is shorter than 12 weeks",
            (_, None) => "nobody was a customer before the held-out weeks",
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
    for (name, model) in &chosen.reports {
        for warning in &model.warnings {
            warn(&warning.code, format!("{name}: {}", warning.message));
        }
    }
    warnings
}
