//! The figures of the literature, from the real log to the profile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test cannot go on without is a failure"
)]

mod engine_support;

use engine_support::{Ran, cdnow, run_file, settings};
use value::engine::settings::ModelChoice;

fn run(model: ModelChoice) -> Ran {
    run_file(&cdnow("cdnow_sample.csv"), settings(model), "1997-09-30").unwrap()
}

fn close(found: f64, expected: f64, relative: f64) -> bool {
    (found - expected).abs() <= relative * expected.abs().max(1e-3)
}

#[track_caller]
fn assert_parameters(ran: &Ran, model: &str, expected: &[(&str, f64)], log_likelihood: f64) {
    let report = &ran.report["models"][model];
    for (name, expected) in expected {
        let found = report["params"][name].as_f64().unwrap();
        // The published input has weeks rounded to two decimals; the log has days.
        assert!(
            close(found, *expected, 2e-4),
            "{model} {name}: {found} is not {expected}"
        );
    }
    let found = report["log_likelihood"].as_f64().unwrap();
    assert!(
        (found - log_likelihood).abs() < 5e-4,
        "{model}: {found} is not {log_likelihood}"
    );
    assert_eq!(report["converged"], true);
}

fn reference() -> serde_json::Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../stats/tests/data/cdnow_lifetimes.json"
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[track_caller]
fn assert_customers(ran: &Ran, model: &str) {
    for customer in reference()["customers"].as_array().unwrap() {
        let id = format!("{:04}", customer["id"].as_u64().unwrap());
        let row = ran.profile(&id);
        let number = |value: &serde_json::Value| value.as_f64().unwrap();
        assert_eq!(row.x, number(&customer["x"]) as i32, "x of {id}");
        assert!(
            (f64::from(row.t_x_days) / 7.0 - number(&customer["t_x"])).abs() < 0.006,
            "t_x of {id}"
        );
        assert!(
            (f64::from(row.t_days) / 7.0 - number(&customer["T"])).abs() < 0.006,
            "T of {id}"
        );
        if row.x > 0 {
            assert!(
                (row.monetary.unwrap() - number(&customer["m"])).abs() < 0.006,
                "m of {id}"
            );
        }
        let alive = number(&customer[model]["p_alive"]);
        assert!(
            close(row.p_alive.unwrap(), alive, 1e-5),
            "P(alive) of {id}: {:?} is not {alive}",
            row.p_alive
        );
        let ticket = number(&customer["gammagamma"]["E_spend"]);
        assert!(
            close(row.expected_ticket.unwrap(), ticket, 1e-5),
            "ticket of {id}"
        );
    }
}

#[test]
fn bg_nbd_and_gamma_gamma_are_the_published_ones() {
    let ran = run(ModelChoice::BgNbd);
    assert_eq!(ran.report["customers"], 2357);
    assert_eq!(
        ran.report["transactions"],
        6919 - ran.report["after_as_of"].as_u64().unwrap()
    );
    assert_parameters(
        &ran,
        "bg_nbd",
        &[
            ("r", 0.242_593),
            ("alpha", 4.413_531),
            ("a", 0.792_886),
            ("b", 2.425_753),
        ],
        -9_582.425_56,
    );
    assert_parameters(
        &ran,
        "gamma_gamma",
        &[("p", 6.248_802), ("q", 3.744_589), ("v", 15.447_750)],
        -4_055.923_24,
    );
    assert_eq!(ran.report["models"]["gamma_gamma"]["customers"], 946);
    assert_eq!(ran.profiles.iter().map(|row| row.x).sum::<i32>(), 2457);
    assert_customers(&ran, "bgnbd");
}

#[test]
fn mbg_nbd_is_the_published_one() {
    let ran = run(ModelChoice::MbgNbd);
    assert_parameters(
        &ran,
        "mbg_nbd",
        &[
            ("r", 0.524_838),
            ("alpha", 6.182_992),
            ("a", 0.891_356),
            ("b", 1.614_000),
        ],
        -9_582.132_68,
    );
    assert_customers(&ran, "mbgnbd");
}

#[test]
fn pareto_nbd_is_the_published_one() {
    let ran = run(ModelChoice::ParetoNbd);
    assert_parameters(
        &ran,
        "pareto_nbd",
        &[
            ("r", 0.553_276),
            ("alpha", 10.577_61),
            ("s", 0.606_214),
            ("beta", 11.667_91),
        ],
        -9_594.973_93,
    );
    assert_customers(&ran, "paretonbd");
}

#[test]
fn auto_keeps_the_losers_and_says_why() {
    let ran = run(ModelChoice::Auto);
    let report = &ran.report;
    assert_eq!(report["model"]["requested"], "auto");
    assert_eq!(report["model"]["reason"], "best_held_out");
    let held_out = |name: &str| report["models"][name]["holdout_log_likelihood"].as_f64().unwrap();
    let best = ["bg_nbd", "mbg_nbd", "pareto_nbd"]
        .into_iter()
        .max_by(|a, b| held_out(a).total_cmp(&held_out(b)))
        .unwrap();
    assert_eq!(report["model"]["chosen"], best);
    assert_eq!(report["validation"]["model"], best);
    assert_eq!(report["validation"]["holdout_weeks"], 12);
}

#[test]
fn the_report_holds_together() {
    let ran = run(ModelChoice::BgNbd);
    let report = &ran.report;
    let sum = |rows: &serde_json::Value, field: &str| -> i64 {
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row[field].as_i64().unwrap())
            .sum()
    };
    assert_eq!(sum(&report["classes"], "customers"), 2357);
    assert_eq!(sum(&report["loyalty"], "customers"), 2357);
    assert_eq!(
        sum(&report["classes"], "value_minor"),
        report["totals"]["value_minor"].as_i64().unwrap()
    );
    let bucket = &report["leaky_bucket"];
    assert_eq!(sum(&bucket["segments"], "customers"), 2357);
    assert_eq!(
        bucket["opening_minor"].as_i64().unwrap() + sum(&bucket["segments"], "change_minor"),
        bucket["closing_minor"].as_i64().unwrap()
    );
    assert_eq!(
        (&bucket["p0"]["from"], &bucket["p1"]["to"]),
        (&"1997-04-01".into(), &"1997-09-30".into())
    );
    assert_eq!(report["concentration"]["curve"].as_array().unwrap().len(), 101);
    let cohorts = report["cohorts"].as_array().unwrap();
    assert_eq!(cohorts.len(), 3);
    assert_eq!(cohorts[0]["month"], "1997-01");
    assert_eq!(cohorts[0]["active"].as_array().unwrap().len(), 9);
    let revenue: i64 = cohorts
        .iter()
        .map(|cohort| sum_of(&cohort["revenue_minor"]))
        .sum();
    assert_eq!(revenue, report["revenue_minor"].as_i64().unwrap());
    let weekly = report["validation"]["weekly"].as_array().unwrap();
    let actual: i64 = weekly.iter().map(|week| week["actual"].as_i64().unwrap()).sum();
    assert_eq!(actual, report["validation"]["actual_purchases"].as_i64().unwrap());
    let text = std::fs::read_to_string(ran.path("report.json")).unwrap();
    assert!(!text.contains("NaN") && !text.contains("inf"));
}

fn sum_of(numbers: &serde_json::Value) -> i64 {
    numbers
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_i64().unwrap())
        .sum()
}

#[test]
fn the_whole_log_runs_with_whichever_model_is_best() {
    let ran = run_file(
        &cdnow("cdnow_master.csv"),
        settings(ModelChoice::Auto),
        "1998-06-30",
    )
    .unwrap();
    assert_eq!(ran.report["customers"], 23_570);
    assert_eq!(ran.report["transactions"], 69_659);
    assert_eq!(ran.report["rejected"], 0);
    assert_eq!(ran.report["revenue_minor"], 250_031_563);
}
