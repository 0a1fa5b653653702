//! What there is to say about a customer with a contract: where it stands, and the renewal that comes next.

use std::collections::BTreeMap;

use base::Day;
use serde_json::{Map, Value, json};

use super::Reason;
use crate::engine::contract_terms::{Facts, State, Terms};
use crate::engine::contracts::year;
use crate::profile::PublishedProfile;

/// What a run that takes customers as contracts knew beside its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractRun {
    /// Months between renewals.
    pub renewal_months: u32,
    /// Parameters by name, of the years in which customers began that have their own.
    pub of_year: BTreeMap<i32, Map<String, Value>>,
}

impl ContractRun {
    /// Reads it from a run's report; none where the model taken is not of contracts.
    pub fn of_report(report: &Value) -> Option<Self> {
        if report["model"]["chosen"] != "sbg" {
            return None;
        }
        let cohorts = report["models"]["sbg"]["cohorts"].as_array();
        let of_year = cohorts.into_iter().flatten().filter_map(|cohort| {
            let own = cohort["alpha"].is_f64() && cohort["beta"].is_f64();
            let year = i32::try_from(cohort["cohort"].as_i64()?).ok()?;
            let pick = |name: &str| (name.to_owned(), cohort[name].clone());
            own.then(|| (year, Map::from_iter([pick("alpha"), pick("beta")])))
        });
        Some(Self {
            renewal_months: u32::try_from(report["settings"]["renewal_months"].as_u64()?).ok()?,
            of_year: of_year.collect(),
        })
    }

    fn terms(&self) -> Terms {
        Terms::of(self.renewal_months)
    }
}

/// The day a profile is of.
fn as_of(profile: &PublishedProfile) -> Day {
    Day(profile.figures.first_purchase.0 + profile.detail.t as i32)
}

fn facts(profile: &PublishedProfile, run: &ContractRun) -> Facts {
    run.terms().facts(
        profile.figures.first_purchase,
        profile.figures.last_purchase,
        as_of(profile),
    )
}

/// The share of those as old as the contract who renew when it falls due next; none without parameters.
fn retention(parameters: &Map<String, Value>, renewals: u32) -> Option<f64> {
    let parameter = |name: &str| parameters.get(name).and_then(Value::as_f64);
    let law = stats::Sbg::new(parameter("alpha")?, parameter("beta")?).ok()?;
    Some(law.retention(renewals.saturating_add(1)))
}

/// What went into P(alive) and the expected purchases: `cohort` is the year whose own parameters were used, null where
/// those of all customers were.
pub(super) fn inputs(profile: &PublishedProfile, run: &ContractRun, pooled: &Map<String, Value>) -> Value {
    let facts = facts(profile, run);
    let began = year(profile.figures.first_purchase);
    let own = run.of_year.get(&began);
    let parameters = own.unwrap_or(pooled);
    let mut all = json!({
        "renewal_months": run.renewal_months,
        "renewals": facts.renewals,
        "purchase_days": profile.figures.x + 1,
        "standing": facts.state.name(),
        "next_due": facts.next_due.to_string(),
        "retention": retention(parameters, facts.renewals),
        "cohort": own.map(|_| began),
    });
    if let Value::Object(all) = &mut all {
        all.extend(parameters.clone());
    }
    all
}

/// Where the contract stands, as a reason for the risk.
pub(super) fn reason(profile: &PublishedProfile, run: &ContractRun, pooled: &Map<String, Value>) -> Reason {
    let facts = facts(profile, run);
    let parameters = run
        .of_year
        .get(&year(profile.figures.first_purchase))
        .unwrap_or(pooled);
    let days = as_of(profile).0 - facts.next_due.0;
    let (code, params) = match facts.state {
        State::Running => (
            "contract_running",
            json!({ "renewals": facts.renewals, "next_due": facts.next_due.to_string(), "days_until": -days,
                    "retention": retention(parameters, facts.renewals) }),
        ),
        State::Due => (
            "renewal_overdue",
            json!({ "renewals": facts.renewals, "due": facts.next_due.to_string(), "days_overdue": days,
                    "grace_days": run.terms().grace_days(), "retention": retention(parameters, facts.renewals) }),
        ),
        State::Left => (
            "contract_ended",
            json!({ "renewals": facts.renewals, "due": facts.next_due.to_string(), "days_overdue": days }),
        ),
    };
    Reason {
        about: "risk",
        code,
        params,
    }
}
