//! Customers with contracts: renewals are read off the ledger's days, the literature's estimates come out of a ledger,
//! and what is foreseen happens.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "what a test cannot go on without is a failure, and it may talk"
)]

mod engine_support;

use std::fmt::Write as _;

use base::Day;
use engine_support::{Ran, day, run_text, settings};
use serde_json::Value;
use value::engine::settings::{ModelChoice, ValueSettings};

const HEADER: &str = "customer,date,amount\n";

fn contracts(renewal_months: u32) -> ValueSettings {
    ValueSettings {
        renewal_months,
        ..settings(ModelChoice::Sbg)
    }
}

fn model(report: &Value) -> &Value {
    &report["models"]["sbg"]
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The cohort of Fader and Hardie (2007) as a ledger: a thousand customers who signed in March 2016 and paid every
/// year they stayed, at most eight times.
fn highend() -> String {
    let years = include_str!("../../stats/tests/data/sbg_highend.csv");
    let mut csv = HEADER.to_owned();
    for line in years.lines().skip(1) {
        let mut fields = line.split(',');
        let customer: usize = fields.next().unwrap().parse().unwrap();
        let paid: usize = fields.next().unwrap().parse().unwrap();
        for year in 0..paid {
            // a few days early or late, each their own way
            let late = (customer * 7 + year * 11) % 19;
            let on = Day(day(&format!("{}-03-{:02}", 2016 + year, 1 + customer % 28)).0 + late as i32 - 6);
            let on = if year == 0 { day(&format!("2016-03-{:02}", 1 + customer % 28)) } else { on };
            let amount = 80 + 10 * (customer % 7) + (customer + year) % 3;
            writeln!(csv, "c{customer:04},{on},{amount}").unwrap();
        }
    }
    csv
}

fn highend_run() -> Ran {
    let settings = ValueSettings {
        holdout_weeks: Some(39),
        ..contracts(12)
    };
    run_text(highend(), settings, "2023-10-01").unwrap()
}

#[test]
fn the_literatures_estimates_come_out_of_a_ledger() {
    let ran = highend_run();
    let sbg = model(&ran.report);
    assert!((number(&sbg["params"]["alpha"]) - 0.668).abs() < 0.0005, "{}", sbg["params"]);
    assert!((number(&sbg["params"]["beta"]) - 3.806).abs() < 0.0005, "{}", sbg["params"]);
    assert!((number(&sbg["log_likelihood"]) - -1611.16).abs() < 0.01, "{}", sbg["log_likelihood"]);
    assert_eq!(sbg["customers"], 1000);
    assert_eq!(ran.report["model"]["chosen"], "sbg");
    assert_eq!(ran.report["model"]["reason"], "requested");
    // One year of customers, who speak for themselves as well as everybody does.
    let cohorts = sbg["cohorts"].as_array().unwrap();
    assert_eq!(cohorts.len(), 1);
    let cohort = &cohorts[0];
    assert_eq!((&cohort["cohort"], &cohort["customers"]), (&2016.into(), &1000.into()));
    assert!((number(&cohort["alpha"]) - number(&sbg["params"]["alpha"])).abs() < 1e-9);
    assert_eq!(cohort["decided"], serde_json::json!([1000, 869, 743, 653, 593, 551, 517]));
    assert_eq!(cohort["renewed"], serde_json::json!([869, 743, 653, 593, 551, 517, 491]));
    let (seen, said) = (cohort["survival"].as_array().unwrap(), cohort["predicted_survival"].as_array().unwrap());
    assert_eq!((seen.len(), said.len()), (8, 8));
    for (seen, said) in seen.iter().zip(said) {
        assert!((number(seen) - number(said)).abs() < 0.012, "{seen} {said}");
    }

    // The renewals of March 2023 were hidden and are foreseen.
    let validation = &ran.report["validation"];
    println!("{}", serde_json::to_string_pretty(validation).unwrap());
    assert_eq!(validation["actual_purchases"], 491);
    assert!(number(&validation["total_bias"]).abs() < 0.05, "{validation}");
    assert!(number(&validation["auc_purchases"]) > 0.9);
    assert!(number(&sbg["holdout_log_likelihood"]) < 0.0);

    // 491 of a thousand still pay; every other left at the latest half a year after falling due.
    let alive = ran.profiles.iter().filter(|row| row.p_alive.unwrap() >= 1.0).count();
    let left = ran.profiles.iter().filter(|row| row.p_alive.unwrap() <= 0.0).count();
    assert_eq!((alive, left), (491, 509));
    for row in &ran.profiles {
        let (year, clv) = (row.expected_purchases_365d.unwrap(), row.clv_36m.unwrap());
        if row.p_alive.unwrap() <= 0.0 {
            assert!(year.expected <= 0.0 && year.high <= 0.0 && clv.high <= 0.0);
        } else {
            // the eighth renewal falls due within the year: (β + 7)/(α + β + 7)
            assert!((year.expected - 10.806 / 11.474).abs() < 1e-3, "{year:?}");
            assert!(year.low <= year.high && year.high <= 1.0, "{year:?}");
            assert!(clv.low <= clv.expected && clv.expected <= clv.high, "{clv:?}");
        }
    }
    let at_risk = &ran.report["value_at_risk"]["total_minor"];
    assert_eq!(at_risk, &0, "who has paid is not at risk, who has left has no value");
}

#[test]
fn the_same_contracts_give_the_same_bytes() {
    let (one, two) = (highend_run(), highend_run());
    for file in ["profiles.parquet", "report.json"] {
        assert_eq!(
            std::fs::read(one.path(file)).unwrap(),
            std::fs::read(two.path(file)).unwrap(),
            "{file}"
        );
    }
}

/// SplitMix64, uniform in (0, 1).
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
}

/// Monthly contracts since 2021, billed on every day of the month, paid from two days early to nine late; the
/// probability of not renewing ~ Beta(1, `beta`), which is 1 − u^(1/beta).
fn monthly(seed: u64, customers: usize, beta: f64, until: &str) -> String {
    let mut state = seed;
    let until = day(until);
    let mut csv = HEADER.to_owned();
    for customer in 0..customers {
        let first = Day(day("2021-01-01").0 + (1_200.0 * uniform(&mut state)) as i32);
        let leaves = 1.0 - uniform(&mut state).powf(1.0 / beta);
        let fee = 20.0 + 60.0 * uniform(&mut state);
        let mut k = 0;
        loop {
            let late = if k == 0 { 0 } else { (12.0 * uniform(&mut state)) as i32 - 2 };
            let on = Day(first.months_before(-k).0 + late);
            if on > until {
                break;
            }
            let amount = fee * (0.8 + 0.4 * uniform(&mut state));
            writeln!(csv, "m{customer:05},{on},{amount:.2}").unwrap();
            if uniform(&mut state) < leaves {
                break;
            }
            k += 1;
        }
    }
    csv
}

#[test]
fn parameters_of_simulated_contracts_are_recovered_and_the_held_out_months_foreseen() {
    for (seed, beta) in [(1, 6.0), (2, 15.0)] {
        let ran = run_text(monthly(seed, 4_000, beta, "2024-06-12"), contracts(1), "2024-06-12").unwrap();
        let sbg = model(&ran.report);
        for (name, truth) in [("alpha", 1.0), ("beta", beta)] {
            let (found, error) = (number(&sbg["params"][name]), number(&sbg["standard_errors"][name]));
            println!("{name} {found} ± {error}");
            assert!(((found - truth) / error).abs() < 3.5, "{name} {found} ± {error} is not {truth}");
            assert!(error < 0.15 * truth, "{name} ± {error}");
        }
        let cohorts = sbg["cohorts"].as_array().unwrap();
        let years: Vec<i64> = cohorts.iter().map(|c| c["cohort"].as_i64().unwrap()).collect();
        assert_eq!(years, [2021, 2022, 2023, 2024]);
        for cohort in &cohorts[..3] {
            let (alpha, beta) = (number(&cohort["alpha"]), number(&cohort["beta"]));
            let mean = alpha / (alpha + beta);
            assert!((mean / (1.0 / (1.0 + number(&sbg["params"]["beta"]))) - 1.0).abs() < 0.3, "{cohort}");
        }
        let validation = &ran.report["validation"];
        println!("{}", serde_json::to_string(validation).unwrap());
        assert!(number(&validation["total_bias"]).abs() < 0.05, "{}", validation["total_bias"]);
        assert!(number(&validation["weekly_bias"]) < 0.1, "{}", validation["weekly_bias"]);
        assert_eq!(validation["verdict"]["code"], "good", "{}", validation["verdict"]);
        assert_eq!(ran.report["warnings"], serde_json::json!([]));
    }
}

#[test]
fn where_a_contract_stands_decides_how_alive_it_is() {
    // billed on the 31st; the crowd's renewals give the law
    let mut csv = monthly(3, 600, 6.0, "2024-05-10");
    for (customer, days) in [
        ("paid_up", vec!["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]),
        ("overdue", vec!["2024-01-31", "2024-02-29", "2024-03-31"]),
        ("gone", vec!["2024-01-31", "2024-02-29"]),
        ("skipped", vec!["2024-01-31", "2024-03-31", "2024-05-01"]),
        ("free", vec![]),
    ] {
        for on in days {
            writeln!(csv, "{customer},{on},30.00").unwrap();
        }
    }
    writeln!(csv, "free,2024-02-01,0.00").unwrap();
    let ran = run_text(csv, contracts(1), "2024-05-10").unwrap();
    let alive = |customer: &str| ran.profile(customer).p_alive.unwrap();
    assert_eq!((alive("paid_up"), alive("gone"), alive("free"), alive("skipped")), (1.0, 0.0, 0.0, 1.0));
    // ten of fifteen days of grace have passed since April 30th, after two renewals
    let sbg = model(&ran.report);
    let cohort = sbg["cohorts"].as_array().unwrap().last().unwrap();
    let used = if cohort["alpha"].is_null() { &sbg["params"] } else { cohort };
    let (alpha, beta) = (number(&used["alpha"]), number(&used["beta"]));
    let renews = (beta + 2.0) / (alpha + beta + 2.0);
    let left = 1.0 - 10.0 / 15.0;
    assert!((alive("overdue") - renews * left / (1.0 - renews * (1.0 - left))).abs() < 1e-9);
    let expected = |customer: &str| ran.profile(customer).expected_purchases_30d.unwrap().expected;
    assert!(expected("gone") <= 0.0 && expected("free") <= 0.0);
    assert!(expected("paid_up") > 0.8 && expected("paid_up") < 1.0, "{}", expected("paid_up"));
    assert!(expected("overdue") < expected("paid_up"));
    // one of four periods was passed over: three quarters of the renewals bring a payment
    let skipped = expected("skipped");
    assert!((0.6..0.8).contains(&skipped), "{skipped}");
    assert_eq!(ran.profile("free").class, "none");
}

#[test]
fn contracts_of_which_none_was_renewed_or_lost_are_not_modelled() {
    let mut csv = HEADER.to_owned();
    for customer in 0..50 {
        for month in 1..=6 {
            writeln!(csv, "c{customer},2024-{month:02}-15,10").unwrap();
        }
    }
    let ran = run_text(csv, contracts(1), "2024-06-20").unwrap();
    assert_eq!(ran.report["model"]["chosen"], Value::Null);
    assert_eq!(ran.report["model"]["reason"], "renewals_undecided");
    let codes: Vec<&str> = ran.report["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"renewals_undecided") && codes.contains(&"not_validated"), "{codes:?}");
    assert!(ran.profiles.iter().all(|row| row.p_alive.is_none() && row.value.is_none()));
}

#[test]
fn auto_never_takes_contracts_and_does_not_look_at_their_period() {
    let csv = monthly(4, 400, 6.0, "2024-06-12");
    let auto = |renewal_months| {
        let settings = ValueSettings {
            renewal_months,
            ..settings(ModelChoice::Auto)
        };
        run_text(&csv, settings, "2024-06-12").unwrap()
    };
    let (one, twelve) = (auto(1), auto(12));
    let models: Vec<&String> = one.report["models"].as_object().unwrap().keys().collect();
    assert_eq!(models, ["bg_nbd", "gamma_gamma", "mbg_nbd", "pareto_nbd"]);
    assert_eq!(
        std::fs::read(one.path("profiles.parquet")).unwrap(),
        std::fs::read(twelve.path("profiles.parquet")).unwrap()
    );
}

#[test]
fn a_model_that_was_not_taken_does_not_warn_of_the_run() {
    let ran = run_text(monthly(4, 400, 6.0, "2024-06-12"), settings(ModelChoice::Auto), "2024-06-12").unwrap();
    let chosen = ran.report["model"]["chosen"].as_str().unwrap();
    let models = ran.report["models"].as_object().unwrap();
    let of = |name: &str| models[name]["warnings"].as_array().unwrap().len();
    let others: usize = models.keys().filter(|name| ![chosen, "gamma_gamma"].contains(&name.as_str())).map(|name| of(name)).sum();
    assert!(others > 0, "no other model warns of anything here: {models:?}");
    let told = ran.report["warnings"].as_array().unwrap();
    let of_models = told.iter().filter(|warning| {
        let message = warning["message"].as_str().unwrap();
        models.keys().any(|name| message.starts_with(&format!("{name}: ")))
    });
    assert_eq!(of_models.count(), of(chosen) + of("gamma_gamma"), "{told:?}");
}
