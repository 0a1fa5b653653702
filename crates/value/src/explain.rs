//! Why a figure is what it is: every number of a customer's page with what went into it, and the reasons
//! for the class and the risk. Pure; the console puts the codes into words.

mod contract;

pub use contract::ContractRun;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::profile::PublishedProfile;

/// What a run as a whole knew, as far as explanations need it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFacts {
    /// The model taken: `bg_nbd`, or `sbg` for contracts.
    pub model: String,
    /// Its parameters by name.
    pub model_parameters: Map<String, Value>,
    /// What is known of contracts; none where customers buy when they like.
    pub contract: Option<ContractRun>,
    /// Parameters of the spend model by name; empty where it could not be fitted.
    pub spend_parameters: Map<String, Value>,
    /// `margin` or `revenue`.
    pub contribution_basis: String,
    /// Contribution from which on it is high, minor units.
    pub contribution_threshold_minor: Option<i64>,
    /// Stability from which on it is high.
    pub stability_threshold: Option<f64>,
    /// Yearly discount rate.
    pub yearly_discount_rate: f64,
    /// Share of referred customers' value that is credited.
    pub referral_share: f64,
    /// Weights of the three variations in stability.
    pub stability_weights: Value,
    /// Mean absolute error per customer in the hold-out, purchases.
    pub holdout_mae: Option<f64>,
}

/// One figure, explained.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ExplainedFigure {
    /// Its name; the console has its definition under it.
    pub name: &'static str,
    /// The number, in `unit`.
    pub value: Option<f64>,
    /// `money` (minor units), `probability`, `purchases`, `days`, `count`, `ratio`, `score`.
    pub unit: &'static str,
    /// Lower bound of the 80 % interval, where there is one.
    pub low: Option<f64>,
    /// Upper bound.
    pub high: Option<f64>,
    /// The numbers that went into it, by name.
    #[schema(value_type = Object)]
    pub inputs: Value,
    /// The model that gives it; none where it is counted.
    pub model: Option<String>,
    /// How wrong such a figure was in the hold-out, per customer, where known.
    pub error: Option<f64>,
}

/// A reason: a code and the numbers in its sentence.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Reason {
    /// What it is about: `class` or `risk`.
    pub about: &'static str,
    /// Stable name of the sentence.
    pub code: &'static str,
    /// The numbers in it.
    #[schema(value_type = Object)]
    pub params: Value,
}

/// Every figure of a profile with what went into it.
pub fn figures(profile: &PublishedProfile, run: &RunFacts) -> Vec<ExplainedFigure> {
    let detail = &profile.detail;
    let history = json!({ "x": profile.figures.x, "t_x": detail.t_x, "T": detail.t });
    let with = |extra: &Map<String, Value>| {
        let mut all = history.as_object().cloned().unwrap_or_default();
        all.extend(extra.clone());
        Value::Object(all)
    };
    let modelled = match &run.contract {
        Some(contract) => contract::inputs(profile, contract, &run.model_parameters),
        None => with(&run.model_parameters),
    };
    let spend = {
        let mut all = run.spend_parameters.clone();
        all.insert("x".to_owned(), json!(profile.figures.x));
        all.insert("monetary".to_owned(), json!(profile.figures.monetary_minor));
        Value::Object(all)
    };
    let clv = json!({
        "p_alive": profile.figures.p_alive,
        "expected_purchases_365d": profile.figures.expected_purchases_365d,
        "expected_ticket": profile.figures.expected_ticket_minor,
        "yearly_discount_rate": run.yearly_discount_rate,
    });
    let model = Some(run.model.clone());
    let spend_model = Some("gamma_gamma".to_owned());
    let clv_model = Some(format!("{}+gamma_gamma", run.model));
    let counted = |name, value: f64, unit, inputs| ExplainedFigure {
        name,
        value: Some(value),
        unit,
        low: None,
        high: None,
        inputs,
        model: None,
        error: None,
    };
    let money = |minor: i64| minor as f64;
    let optional = |name, value: Option<f64>, inputs| ExplainedFigure {
        value,
        ..counted(name, 0.0, "ratio", inputs)
    };
    let expected = |name, value, interval: Option<(f64, f64)>| ExplainedFigure {
        value,
        low: interval.map(|(low, _)| low),
        high: interval.map(|(_, high)| high),
        model: model.clone(),
        error: run.holdout_mae,
        ..counted(name, 0.0, "purchases", modelled.clone())
    };
    let clv_36m = detail
        .intervals
        .clv_36m_minor
        .map(|(low, high)| (money(low), money(high)));
    // What the customers they brought will do varies with nothing that is known here: no interval holds it.
    let value = clv_36m.filter(|_| profile.figures.referral_value_minor == 0);
    vec![
        ExplainedFigure {
            low: value.map(|(low, _)| low),
            high: value.map(|(_, high)| high),
            model: clv_model.clone(),
            ..counted(
                "value",
                money(profile.figures.value_minor),
                "money",
                json!({ "clv_36m": profile.figures.clv_36m_minor, "referral_value": profile.figures.referral_value_minor,
                        "referral_share": run.referral_share }),
            )
        },
        ExplainedFigure {
            low: detail.intervals.clv_12m_minor.map(|(low, _)| money(low)),
            high: detail.intervals.clv_12m_minor.map(|(_, high)| money(high)),
            model: clv_model.clone(),
            ..counted(
                "clv_12m",
                money(profile.figures.clv_12m_minor),
                "money",
                clv.clone(),
            )
        },
        ExplainedFigure {
            low: clv_36m.map(|(low, _)| low),
            high: clv_36m.map(|(_, high)| high),
            model: clv_model.clone(),
            ..counted("clv_36m", money(profile.figures.clv_36m_minor), "money", clv)
        },
        // A mean over staying and leaving: bounds of the value, times what is left of it, would bound nothing.
        ExplainedFigure {
            model: clv_model,
            ..counted(
                "value_at_risk",
                money(profile.figures.value_at_risk_minor),
                "money",
                json!({ "value": profile.figures.value_minor, "p_alive": profile.figures.p_alive }),
            )
        },
        ExplainedFigure {
            value: profile.figures.p_alive,
            model: model.clone(),
            ..counted("p_alive", 0.0, "probability", modelled.clone())
        },
        expected(
            "expected_purchases_30d",
            profile.figures.expected_purchases_30d,
            detail.intervals.expected_purchases_30d,
        ),
        expected(
            "expected_purchases_90d",
            profile.figures.expected_purchases_90d,
            detail.intervals.expected_purchases_90d,
        ),
        expected(
            "expected_purchases_365d",
            profile.figures.expected_purchases_365d,
            detail.intervals.expected_purchases_365d,
        ),
        ExplainedFigure {
            model: spend_model,
            ..counted(
                "expected_ticket",
                money(profile.figures.expected_ticket_minor),
                "money",
                spend,
            )
        },
        counted(
            "contribution",
            money(profile.figures.contribution_minor),
            "money",
            json!({ "basis": run.contribution_basis, "threshold": run.contribution_threshold_minor }),
        ),
        optional(
            "stability",
            profile.figures.stability,
            json!({ "cv_month": detail.cv_month, "cv_quarter": detail.cv_quarter, "cv_ticket": detail.cv_ticket,
                    "weights": run.stability_weights, "threshold": run.stability_threshold }),
        ),
        counted(
            "revenue",
            money(profile.figures.revenue_minor),
            "money",
            json!({}),
        ),
        counted(
            "monetary",
            money(profile.figures.monetary_minor),
            "money",
            json!({ "x": profile.figures.x }),
        ),
        counted("x", profile.figures.x as f64, "count", history),
        counted(
            "recency_score",
            f64::from(profile.figures.recency_score),
            "score",
            json!({ "days_since_last": detail.t - detail.t_x }),
        ),
        counted(
            "frequency_score",
            f64::from(profile.figures.frequency_score),
            "score",
            json!({ "x": profile.figures.x }),
        ),
        counted(
            "monetary_score",
            f64::from(profile.figures.monetary_score),
            "score",
            json!({ "revenue": profile.figures.revenue_minor }),
        ),
    ]
}

/// Below this share of the half-year before, spending is called falling; above its inverse, growing.
const FALLING: f64 = 0.9;
/// Silent for so many times the usual gap is called longer than usual.
const SILENT: f64 = 2.0;

/// Why the customer is in this class, and why the risk is what it is.
pub fn reasons(profile: &PublishedProfile, run: &RunFacts) -> Vec<Reason> {
    let mut reasons = class_reasons(profile, run);
    reasons.extend(risk_reasons(profile, run));
    reasons
}

fn class_reasons(profile: &PublishedProfile, run: &RunFacts) -> Vec<Reason> {
    let reason = |code, params| Reason {
        about: "class",
        code,
        params,
    };
    if !profile.figures.class.starts_with("E-") {
        let code = if profile.figures.class == "none" {
            "never_bought"
        } else {
            "history_too_short"
        };
        return vec![reason(code, json!({ "full_months": profile.detail.full_months }))];
    }
    let mut reasons = Vec::new();
    if let Some(least) = run.contribution_threshold_minor {
        let code = if profile.figures.contribution_minor >= least {
            "contribution_high"
        } else {
            "contribution_low"
        };
        reasons.push(reason(
            code,
            json!({ "contribution": profile.figures.contribution_minor, "threshold": least, "basis": run.contribution_basis }),
        ));
    }
    reasons.push(match (profile.figures.stability, run.stability_threshold) {
        (Some(stability), Some(threshold)) => {
            let code = if stability >= threshold {
                "stability_high"
            } else {
                "stability_low"
            };
            reason(code, json!({ "stability": stability, "threshold": threshold }))
        }
        // Nothing to vary around counts as low: nobody is called stable for having stopped.
        _ => reason(
            "stability_undefined",
            json!({ "cv_month": profile.detail.cv_month, "cv_quarter": profile.detail.cv_quarter,
                    "cv_ticket": profile.detail.cv_ticket }),
        ),
    });
    reasons
}

fn risk_reasons(profile: &PublishedProfile, run: &RunFacts) -> Vec<Reason> {
    let reason = |code, params| Reason {
        about: "risk",
        code,
        params,
    };
    let detail = &profile.detail;
    let silent_days = detail.t - detail.t_x;
    let mut reasons = Vec::new();
    if profile.figures.class == "none" {
        // who never bought has neither a contract nor a rhythm
    } else if let Some(contract) = &run.contract {
        reasons.push(contract::reason(profile, contract, &run.model_parameters));
    } else if profile.figures.x == 0 {
        reasons.push(reason("bought_once", json!({ "days_since": silent_days })));
    } else {
        let usual_gap_days = detail.t_x as f64 / profile.figures.x as f64;
        let params = json!({ "days_since": silent_days, "usual_gap_days": usual_gap_days });
        let silent = silent_days as f64 > SILENT * usual_gap_days;
        reasons.push(reason(
            if silent {
                "silent_longer_than_usual"
            } else {
                "buys_as_usual"
            },
            params,
        ));
    }
    let (last, before) = (detail.last_6m_minor, detail.previous_6m_minor);
    if before > 0 {
        let change = last as f64 / before as f64;
        let params = json!({ "last_6m": last, "previous_6m": before, "change": change - 1.0 });
        if change < FALLING {
            reasons.push(reason("spending_falls", params));
        } else if change > 1.0 / FALLING {
            reasons.push(reason("spending_grows", params));
        } else {
            reasons.push(reason("spending_holds", params));
        }
    }
    if let Some(p_alive) = profile.figures.p_alive {
        let params = json!({ "p_gone": 1.0 - p_alive, "value": profile.figures.value_minor, "value_at_risk": profile.figures.value_at_risk_minor });
        reasons.push(reason("value_at_risk", params));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use base::Day;

    use super::*;
    use crate::profile::{Detail, ProfileFigures};

    fn profile(x: i64, t_x: i64, t: i64, last_6m: i64, previous_6m: i64) -> PublishedProfile {
        let figures = ProfileFigures {
            customer: uuid::Uuid::nil(),
            class: "E-II".into(),
            loyalty: "drifting".into(),
            bucket: "shrunk".into(),
            value_minor: 100_000,
            clv_12m_minor: 40_000,
            clv_36m_minor: 100_000,
            referral_value_minor: 0,
            value_at_risk_minor: 60_000,
            contribution_minor: 90_000,
            revenue_minor: 200_000,
            monetary_minor: 5_000,
            expected_ticket_minor: 5_100,
            stability: Some(0.4),
            p_alive: Some(0.4),
            expected_purchases_30d: Some(0.5),
            expected_purchases_90d: Some(1.4),
            expected_purchases_365d: Some(5.0),
            x,
            first_purchase: Day(0),
            last_purchase: Day(t_x as i32),
            recency_score: 2,
            frequency_score: 4,
            monetary_score: 5,
        };
        PublishedProfile {
            figures,
            detail: Detail {
                t_x,
                t,
                last_6m_minor: last_6m,
                previous_6m_minor: previous_6m,
                ..Detail::default()
            },
            previous: None,
        }
    }

    fn run() -> RunFacts {
        RunFacts {
            model: "bg_nbd".into(),
            model_parameters: Map::new(),
            contract: None,
            spend_parameters: Map::new(),
            contribution_basis: "revenue".into(),
            contribution_threshold_minor: Some(80_000),
            stability_threshold: Some(0.5),
            yearly_discount_rate: 0.1,
            referral_share: 0.3,
            stability_weights: json!({}),
            holdout_mae: Some(0.7),
        }
    }

    /// The same customer with other figures.
    fn with(change: impl FnOnce(&mut ProfileFigures), mut profile: PublishedProfile) -> PublishedProfile {
        change(&mut profile.figures);
        profile
    }

    fn codes(profile: &PublishedProfile) -> Vec<&'static str> {
        reasons(profile, &run())
            .iter()
            .map(|reason| reason.code)
            .collect()
    }

    #[test]
    fn a_silent_shrinking_customer_is_told_apart_from_a_regular_one() {
        assert_eq!(
            codes(&profile(10, 300, 400, 10_000, 40_000)),
            [
                "contribution_high",
                "stability_low",
                "silent_longer_than_usual",
                "spending_falls",
                "value_at_risk"
            ]
        );
        assert_eq!(
            codes(&profile(10, 390, 400, 40_000, 40_000))[2..4],
            ["buys_as_usual", "spending_holds"]
        );
        assert_eq!(
            codes(&profile(0, 0, 400, 0, 0))[2..],
            ["bought_once", "value_at_risk"]
        );
    }

    #[test]
    fn a_contract_is_explained_by_its_renewals() {
        let report = json!({
            "model": { "chosen": "sbg" },
            "settings": { "renewal_months": 1 },
            "models": { "sbg": { "cohorts": [
                { "cohort": 1970, "alpha": 1.0, "beta": 4.0 }, { "cohort": 1971, "alpha": null, "beta": null },
            ] } },
        });
        let contractual = RunFacts {
            model: "sbg".into(),
            model_parameters: json!({ "alpha": 0.5, "beta": 2.0 }).as_object().cloned().unwrap(),
            contract: ContractRun::of_report(&report),
            ..run()
        };
        // paid on January 1st, February 1st … June 1st 1970
        for (t, code, standing, days) in [
            (170, "contract_running", "running", 11),
            (181, "renewal_overdue", "due", 0),
            (195, "renewal_overdue", "due", 14),
            (196, "contract_ended", "left", 15),
        ] {
            let profile = profile(5, 151, t, 40_000, 40_000);
            let reasons = reasons(&profile, &contractual);
            let found = reasons.iter().find(|reason| reason.about == "risk").unwrap();
            assert_eq!((found.code, &found.params["renewals"]), (code, &json!(5)), "{t}");
            let counted = found
                .params
                .get("days_until")
                .or(found.params.get("days_overdue"));
            assert_eq!(counted, Some(&json!(days)), "{t}");
            let figures = figures(&profile, &contractual);
            let alive = figures.iter().find(|figure| figure.name == "p_alive").unwrap();
            assert_eq!(alive.model.as_deref(), Some("sbg"));
            assert_eq!(alive.inputs["standing"], standing);
            assert_eq!(
                (&alive.inputs["cohort"], &alive.inputs["beta"]),
                (&json!(1970), &json!(4.0))
            );
            assert_eq!(alive.inputs["retention"], json!(9.0 / 10.0));
        }
        let on = Day(400);
        let other_year = with(
            |figures| (figures.first_purchase, figures.last_purchase) = (on, on),
            profile(0, 0, 10, 5, 0),
        );
        let figures = figures(&other_year, &contractual);
        let alive = figures.iter().find(|figure| figure.name == "p_alive").unwrap();
        assert_eq!(
            (&alive.inputs["cohort"], &alive.inputs["beta"]),
            (&Value::Null, &json!(2.0))
        );
        assert!(ContractRun::of_report(&json!({ "model": { "chosen": "bg_nbd" } })).is_none());
    }

    #[test]
    fn a_short_history_has_no_class_to_explain() {
        let newcomer = with(
            |figures| (figures.class, figures.stability) = ("new".into(), None),
            profile(1, 10, 30, 5, 0),
        );
        assert_eq!(codes(&newcomer)[0], "history_too_short");
    }

    #[test]
    fn a_one_time_buyer_of_long_ago_is_classed_by_contribution_alone() {
        // bought once, 17 full months ago: nothing to vary around
        let mut once = with(
            |figures| {
                (figures.class, figures.stability) = ("E-IV".into(), None);
                figures.contribution_minor = 0;
            },
            profile(0, 0, 530, 0, 0),
        );
        once.detail.full_months = 17;
        once.detail.cv_ticket = Some(0.0);
        assert_eq!(
            codes(&once),
            [
                "contribution_low",
                "stability_undefined",
                "bought_once",
                "value_at_risk"
            ]
        );
        let valuable = with(
            |figures| (figures.class, figures.contribution_minor) = ("E-II".into(), 80_000),
            once,
        );
        assert_eq!(
            codes(&valuable)[..2],
            ["contribution_high", "stability_undefined"]
        );
    }

    #[test]
    fn who_never_bought_is_not_said_to_have_bought_once() {
        let never = with(
            |figures| (figures.class, figures.stability) = ("none".into(), None),
            profile(0, 0, 400, 0, 0),
        );
        assert_eq!(codes(&never), ["never_bought", "value_at_risk"]);
    }

    #[test]
    fn value_is_an_estimate_with_the_interval_of_its_clv_if_it_is_that_alone() {
        let mut alone = profile(10, 300, 400, 1, 2);
        alone.detail.intervals.clv_36m_minor = Some((20_000, 190_000));
        let bringing = with(|figures| figures.referral_value_minor = 1, alone.clone());
        let found = |profile: &PublishedProfile, name: &str| {
            let figures = figures(profile, &run());
            let figure = figures.iter().find(|figure| figure.name == name).unwrap();
            (figure.model.clone(), figure.low, figure.high)
        };
        let model = Some("bg_nbd+gamma_gamma".to_owned());
        let (low, high) = (Some(20_000.0), Some(190_000.0));
        assert_eq!(found(&alone, "value"), (model.clone(), low, high));
        assert_eq!(found(&bringing, "value"), (model.clone(), None, None));
        assert_eq!(found(&bringing, "clv_36m"), (model.clone(), low, high));
        assert_eq!(found(&alone, "value_at_risk"), (model, None, None));
        assert_eq!(found(&alone, "contribution"), (None, None, None));
    }

    #[test]
    fn every_figure_says_what_went_into_it() {
        let explained = figures(&profile(10, 300, 400, 1, 2), &run());
        assert_eq!(explained.len(), 17);
        let alive = explained.iter().find(|figure| figure.name == "p_alive").unwrap();
        assert_eq!(alive.inputs["x"], 10);
        assert_eq!(alive.model.as_deref(), Some("bg_nbd"));
    }
}
