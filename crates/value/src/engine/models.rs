//! Fits the models: which one, how well, and what a person should know about it.

use base::{Error, Result};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use stats::{Fit, FitOptions, FitWarning, GammaGamma, Histories, ModelKind, PurchaseFit, SpendFit};

use super::basics::Basics;
use super::contracts::{ContractCohort, ContractFit};
use super::settings::ModelChoice;

/// Something a person should know before trusting a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Warning {
    /// Stable name.
    pub code: String,
    /// For a person.
    pub message: String,
    /// The model it is about, by its name in the report; none where it is about the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl Warning {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            model: None,
        }
    }

    pub(crate) fn of_model(self, name: &str) -> Self {
        Self {
            model: Some(name.to_owned()),
            ..self
        }
    }
}

/// Numbers by name, in their own order.
#[derive(Debug, Clone, PartialEq)]
pub struct Named(pub Vec<(&'static str, f64)>);

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// What the report says about one fitted model. Time is in weeks, money in major units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelReport {
    /// The estimates, by the papers' names.
    pub params: Named,
    /// Their standard errors; null where the likelihood is flat.
    pub standard_errors: Option<Named>,
    /// At the estimates.
    pub log_likelihood: f64,
    /// Of the search.
    pub iterations: usize,
    /// Whether the search ended at an optimum.
    pub converged: bool,
    /// How well the model, fitted without them, foresaw the held-out weeks; null for models of spend
    /// and where nothing was held out.
    pub holdout_log_likelihood: Option<f64>,
    /// How many customers took part.
    pub customers: u64,
    /// Correlation of frequency and spend; for models of spend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<f64>,
    /// The years in which customers began, oldest first, at most the newest 30; for contracts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cohorts: Option<Vec<ContractCohort>>,
    /// What to know before trusting it.
    pub warnings: Vec<Warning>,
}

impl ModelReport {
    fn of<M, const N: usize>(fit: &Fit<M, N>, customers: f64) -> Self {
        let named = |values: &[f64; N]| Named(fit.names.into_iter().zip(*values).collect());
        Self {
            params: named(&fit.parameters),
            standard_errors: fit.standard_errors.as_ref().map(named),
            log_likelihood: fit.log_likelihood,
            iterations: fit.iterations,
            converged: fit.converged,
            holdout_log_likelihood: None,
            customers: customers as u64,
            correlation: None,
            cohorts: None,
            warnings: fit.warnings.iter().map(explain).collect(),
        }
    }

    pub(crate) fn of_purchases(
        fit: &PurchaseFit,
        customers: usize,
        holdout_log_likelihood: Option<f64>,
    ) -> Self {
        Self {
            holdout_log_likelihood,
            ..Self::of(fit, customers as f64)
        }
    }

    pub(crate) fn of_contracts(fit: &ContractFit, holdout_log_likelihood: Option<f64>) -> Result<Self> {
        Ok(Self {
            holdout_log_likelihood,
            cohorts: Some(fit.cohorts()?),
            ..Self::of(fit.pooled(), fit.customers() as f64)
        })
    }

    pub(crate) fn of_spend(fit: &SpendFit) -> Self {
        Self {
            correlation: Some(fit.correlation),
            ..Self::of(&fit.fit, fit.customers)
        }
    }
}

fn explain(warning: &FitWarning) -> Warning {
    match warning {
        FitWarning::NotConverged => Warning::new(
            "not_converged",
            "the search for the parameters stopped before its goal; the figures may be off",
        ),
        FitWarning::TooFewRepeaters { repeaters, wanted } => Warning::new(
            "too_few_repeaters",
            format!("only {repeaters} customers bought again, fewer than the {wanted} a fit should have"),
        ),
        FitWarning::AtBound { parameter } => Warning::new(
            "parameter_at_bound",
            format!("the purchases do not determine the parameter {parameter}"),
        ),
        FitWarning::NoStandardErrors => Warning::new(
            "no_standard_errors",
            "the purchases do not determine how exact the parameters are; intervals leave that part out",
        ),
        FitWarning::FrequencySpendCorrelated { correlation } => Warning::new(
            "frequency_spend_correlated",
            format!(
                "customers who buy more often spend differently (correlation {correlation:.2}); the spend model assumes they do not"
            ),
        ),
        FitWarning::MeanSpendInfinite => Warning::new(
            "mean_spend_infinite",
            "the spend model has no finite mean; the customers' own means are used instead",
        ),
        FitWarning::MeanSpendFarOff { expected, observed } => Warning::new(
            "mean_spend_far_off",
            format!(
                "the spend model expects {expected:.2} of an average customer, {observed:.2} were seen; it rests on tickets larger than any there were, so expected tickets of customers with few purchases are too high"
            ),
        ),
        other => Warning::new("model_warning", format!("{other:?}")),
    }
}

/// The name of the spend model in reports.
pub(crate) const GAMMA_GAMMA: &str = "gamma_gamma";
/// The name of the model of contracts, as in settings and reports.
pub(crate) const SBG: &str = "sbg";

/// The purchase models a choice asks for; none for contracts.
pub(crate) fn kinds(choice: ModelChoice) -> &'static [ModelKind] {
    match choice {
        ModelChoice::BgNbd => &[ModelKind::BgNbd],
        ModelChoice::MbgNbd => &[ModelKind::MbgNbd],
        ModelChoice::ParetoNbd => &[ModelKind::ParetoNbd],
        ModelChoice::Sbg => &[],
        ModelChoice::Auto => &[ModelKind::BgNbd, ModelKind::MbgNbd, ModelKind::ParetoNbd],
    }
}

/// The name as in settings and reports.
pub(crate) fn name(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::BgNbd => "bg_nbd",
        ModelKind::MbgNbd => "mbg_nbd",
        ModelKind::ParetoNbd => "pareto_nbd",
    }
}

/// Fits a purchase model; none where nobody bought twice.
pub(crate) fn fit_purchases(kind: ModelKind, histories: &Histories) -> Result<Option<PurchaseFit>> {
    match stats::PurchaseModel::fit(kind, histories, &FitOptions::default()) {
        Ok(fit) => Ok(Some(fit)),
        Err(stats::Error::NothingToFit(_)) => Ok(None),
        Err(error) => Err(Error::internal(error).while_doing("fitting a purchase model")),
    }
}

/// Fits the spend model; none where nobody bought twice. The mean tickets are to the minor unit, as in the summaries
/// that the literature's estimates come from (`basics::mean_repeat`).
pub(crate) fn fit_spend(basics: &Basics) -> Result<Option<SpendFit>> {
    match GammaGamma::fit(&basics.x, &basics.m, None, &FitOptions::default()) {
        Ok(fit) => Ok(Some(fit)),
        Err(stats::Error::NothingToFit(_)) => Ok(None),
        Err(error) => Err(Error::internal(error).while_doing("fitting the spend model")),
    }
}
