//! Customers on whom other tools fail, and days that calendars trip over.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test cannot go on without is a failure"
)]

mod engine_support;

use std::fmt::Write as _;

use base::{Currency, Day};
use engine_support::{Ran, day, request, run_text, settings};
use value::engine::compare::Mover;
use value::engine::profiles::ProfileRow;
use value::engine::referrals::Referral;
use value::engine::settings::{ModelChoice, ValueSettings};
use value::engine::source::{LedgerSource, Mapping};

const AS_OF: &str = "2024-12-31";

/// Forty customers who buy every `gap` days since 2023, so that there is something to fit.
fn crowd() -> String {
    let mut csv = "customer,date,amount\n".to_owned();
    let first = day("2023-01-01").0;
    for customer in 0..40 {
        let gap = 5 + 7 * (customer % 12);
        let last = first + if customer % 3 == 0 { 300 } else { 720 };
        let mut on = first + customer;
        while on < last {
            writeln!(csv, "crowd{customer:02},{},{}.00", Day(on), 10 + customer % 7 * 5).unwrap();
            on += gap;
        }
    }
    csv
}

fn with_crowd(lines: &str) -> Ran {
    run_text(
        format!("{}{lines}", crowd()),
        settings(ModelChoice::MbgNbd),
        AS_OF,
    )
    .unwrap()
}

#[test]
fn a_one_time_buyer_is_not_alive_for_certain() {
    let ran = with_crowd("once,2023-02-01,30\nlately,2024-12-20,30\n");
    let (once, lately) = (ran.profile("once"), ran.profile("lately"));
    assert_eq!((once.x, once.monetary), (0, None));
    assert!(once.p_alive.unwrap() < 0.7, "{:?}", once.p_alive);
    assert!(lately.p_alive.unwrap() > once.p_alive.unwrap());
    assert!(once.clv_36m.unwrap().expected > 0.0);
    assert_eq!(lately.class, "new");
    let expected = if once.p_alive.unwrap() < 0.5 {
        "lost"
    } else {
        "dormant"
    };
    assert_eq!(
        (once.bucket.as_deref(), lately.bucket.as_deref()),
        (Some(expected), Some("new"))
    );
}

#[test]
fn who_buys_once_a_year_is_not_written_off() {
    let mut lines = String::new();
    for year in 2016..=2024 {
        writeln!(
            lines,
            "yearly,{year}-12-01,100\nstopped,{},100",
            if year <= 2018 {
                format!("{year}-12-01")
            } else {
                "2019-01-15".to_owned()
            }
        )
        .unwrap();
    }
    let ran = with_crowd(&lines);
    let (yearly, stopped) = (ran.profile("yearly"), ran.profile("stopped"));
    assert_eq!(yearly.x, 8);
    assert!(yearly.p_alive.unwrap() > 0.8, "{:?}", yearly.p_alive);
    assert!(yearly.expected_purchases_365d.unwrap().expected > 0.5);
    assert!(stopped.p_alive.unwrap() < 0.5, "{:?}", stopped.p_alive);
}

#[test]
fn free_and_taken_back_purchases_make_nobody_a_buyer() {
    let ran = with_crowd(
        "free,2024-03-01,0\nfree,2024-05-01,0\nback,2024-03-01,50\nback,2024-03-01,-50\n\
         later,2024-03-01,50\nlater,2024-03-05,-50\n",
    );
    for id in ["free", "back"] {
        let row = ran.profile(id);
        assert_eq!(
            (row.x, row.purchase_days, row.class.as_str()),
            (0, 0, "none"),
            "{id}"
        );
        assert_eq!(
            (row.monetary, row.stability, row.revenue_minor),
            (None, None, 0),
            "{id}"
        );
        assert_eq!(row.first_day, day("2024-03-01"), "{id}");
        assert!(row.p_alive.is_some(), "{id}");
    }
    // Given back on another day: one purchase day, and no money.
    let later = ran.profile("later");
    assert_eq!((later.purchase_days, later.revenue_minor), (1, 0));
    let none = ran.report["classes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["class"] == "none")
        .unwrap();
    assert_eq!(none["customers"], 2);
}

#[test]
fn the_lines_of_a_day_are_one_purchase() {
    let ran = with_crowd("a,2024-03-01 09:00,10\na,2024-03-01 23:59,15\na,2024-03-02,5\na,2024-03-02,-2\n");
    let a = ran.profile("a");
    assert_eq!((a.x, a.transactions, a.monetary), (1, 4, Some(3.0)));
    assert_eq!((a.largest_ticket_minor, a.revenue_minor), (2500, 2800));
}

#[test]
fn leap_days_and_month_ends_fall_into_their_month() {
    let ran = run_text(
        format!(
            "{}leap,2024-02-29,7\nleap,2024-03-31,5\nleap,2024-04-30,3\n",
            crowd()
        ),
        settings(ModelChoice::MbgNbd),
        "2024-04-30",
    )
    .unwrap();
    let leap = ran.profile("leap");
    assert_eq!(leap.months_minor[21..], [700, 500, 300]);
    assert_eq!((leap.t_days, leap.t_x_days), (61, 61));
    assert_eq!(leap.full_months, 2);
    // A day earlier April is not complete: the series ends with March.
    let ran = run_text(
        format!("{}leap,2024-02-29,7\n", crowd()),
        settings(ModelChoice::MbgNbd),
        "2024-04-29",
    )
    .unwrap();
    assert_eq!(ran.profile("leap").months_minor[22..], [700, 0]);
}

#[test]
fn lines_after_the_as_of_day_do_not_count() {
    let ran = run_text(
        format!("{}a,2024-05-31,10\na,2024-06-01,99\nb,2024-06-01,99\n", crowd()),
        settings(ModelChoice::MbgNbd),
        "2024-05-31",
    )
    .unwrap();
    assert_eq!(ran.profile("a").revenue_minor, 1000);
    assert!(ran.profiles.iter().all(|row| row.customer_id != "b"));
    assert!(ran.report["after_as_of"].as_u64().unwrap() >= 2);
    assert_eq!(ran.report["rejected"], 0);
}

#[test]
fn nobody_buys_twice_and_nothing_is_invented() {
    let ran = run_text(
        "customer,date,amount\na,2024-01-01,5\nb,2024-06-01,6\n",
        settings(ModelChoice::Auto),
        AS_OF,
    )
    .unwrap();
    assert_eq!(ran.report["model"]["chosen"], serde_json::Value::Null);
    assert_eq!(ran.report["validation"], serde_json::Value::Null);
    let codes: Vec<_> = ran
        .summary
        .report
        .warnings
        .iter()
        .map(|w| w.code.as_str())
        .collect();
    assert!(
        codes.contains(&"nobody_bought_twice") && codes.contains(&"not_validated"),
        "{codes:?}"
    );
    for row in &ran.profiles {
        assert_eq!((row.p_alive, row.value, row.expected_ticket), (None, None, None));
        assert!(row.clv_36m.is_none() && row.expected_purchases_90d.is_none());
    }
}

#[test]
fn everything_on_the_as_of_day_is_a_ledger_too() {
    let ran = run_text(
        "customer,date,amount\na,2024-12-31,5\na,2024-12-31,6\n",
        settings(ModelChoice::BgNbd),
        AS_OF,
    )
    .unwrap();
    assert_eq!(ran.report["leaky_bucket"], serde_json::Value::Null);
    assert_eq!(ran.report["period_months"], serde_json::Value::Null);
    assert_eq!(ran.profiles[0].bucket, None);
}

#[test]
fn contribution_is_margin_where_costs_are_known() {
    let lines = |cost: &str| {
        format!("customer,date,amount,cost\na,2024-01-01,10,4\na,2024-06-01,10,{cost}\nb,2024-06-01,10,1\n")
    };
    let margin = run_text(lines("5"), settings(ModelChoice::BgNbd), AS_OF).unwrap();
    assert_eq!(margin.report["contribution_basis"], "margin");
    assert_eq!(margin.profile("a").contribution_minor, 1100);
    let revenue = run_text(lines(""), settings(ModelChoice::BgNbd), AS_OF).unwrap();
    assert_eq!(revenue.report["contribution_basis"], "revenue");
    assert_eq!(revenue.profile("a").contribution_minor, 2000);
    assert!(
        revenue
            .summary
            .report
            .warnings
            .iter()
            .any(|w| w.code == "cost_incomplete")
    );
}

#[test]
fn who_brings_customers_is_worth_a_share_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.csv");
    std::fs::write(&path, crowd()).unwrap();
    let source = LedgerSource::Csv {
        path,
        mapping: Mapping::default(),
    };
    let mut request = request(dir.path(), source, settings(ModelChoice::BgNbd), AS_OF);
    let referral = |customer: &str, referrer: &str| Referral {
        customer: customer.to_owned(),
        referrer: referrer.to_owned(),
    };
    request.referrals = vec![
        referral("crowd01", "crowd02"),
        referral("crowd04", "crowd02"),
        referral("crowd01", "crowd05"),
        referral("crowd07", "crowd07"),
        // One that cannot count does not keep a later one from counting.
        referral("crowd10", "a stranger"),
        referral("crowd10", "crowd10"),
        referral("crowd10", "crowd11"),
        referral("stranger", "crowd08"),
    ];
    let summary = engine_support::go(&request).unwrap();
    let rows: Vec<_> = value::engine::profiles::read(&request.profiles, 7)
        .unwrap()
        .map(Result::unwrap)
        .collect::<Vec<_>>()
        .concat();
    let row = |id: &str| rows.iter().find(|row| row.customer_id == id).unwrap();
    let clv = |id: &str| row(id).clv_36m.unwrap().expected;
    let brought = row("crowd02").referral_value.unwrap();
    assert!((brought - 0.3 * (clv("crowd01") + clv("crowd04"))).abs() < 1e-9);
    assert!((row("crowd02").value.unwrap() - clv("crowd02") - brought).abs() < 1e-9);
    assert!((row("crowd11").referral_value.unwrap() - 0.3 * clv("crowd10")).abs() < 1e-9);
    assert_eq!(summary.report.referrals.as_ref().unwrap().count, 8);
    for id in ["crowd05", "crowd07", "crowd08"] {
        assert_eq!(row(id).referral_value, Some(0.0), "{id}");
    }
    assert!(
        summary
            .report
            .warnings
            .iter()
            .any(|w| w.code == "referrals_ignored" && w.message.starts_with('5'))
    );
}

#[test]
fn replacing_the_lost_has_its_price() {
    let settings = ValueSettings {
        acquisition_cost_minor: 2500,
        ..settings(ModelChoice::BgNbd)
    };
    let ran = run_text(crowd(), settings, AS_OF).unwrap();
    let bucket = ran.summary.report.leaky_bucket.unwrap();
    let cost = &bucket.replacement_cost;
    assert!(cost.lost_customers > 0);
    assert_eq!(cost.acquisition_cost_minor, 2500 * cost.lost_customers as i64);
    assert_eq!(
        cost.total_minor,
        cost.acquisition_cost_minor + cost.clv_gone_minor
    );
    assert!((1..=24).contains(&bucket.payback_months.unwrap()));
}

#[test]
fn what_could_not_be_calibrated_was_not_chosen_by_what_was_held_out() {
    // everybody came back within the held-out weeks only
    let mut csv = "customer,date,amount\n".to_owned();
    for customer in 0..30 {
        for date in [
            Day(day("2024-01-05").0 + customer),
            Day(day("2024-11-20").0 + customer),
        ] {
            writeln!(csv, "c{customer:02},{date},20").unwrap();
        }
    }
    let ran = run_text(csv, settings(ModelChoice::Auto), AS_OF).unwrap();
    assert!(ran.report["model"]["chosen"].is_string());
    assert_eq!(ran.report["model"]["reason"], "best_log_likelihood");
    assert_eq!(ran.report["validation"], serde_json::Value::Null);
}

#[test]
fn a_warning_says_which_model_it_is_about() {
    let lines = "a,2023-02-01,30\na,2023-05-01,30\nb,2024-05-01,30\n";
    let csv = format!("customer,date,amount\n{lines}");
    let ran = run_text(csv, settings(ModelChoice::Auto), AS_OF).unwrap();
    let chosen = ran.report["model"]["chosen"].as_str().unwrap();
    let warnings = &ran.summary.report.warnings;
    let few: Vec<Option<&str>> = warnings
        .iter()
        .filter(|warning| warning.code == "too_few_repeaters")
        .map(|warning| warning.model.as_deref())
        .collect();
    assert_eq!(few, [Some("gamma_gamma"), Some(chosen)]);
    assert!(warnings.iter().all(|warning| !warning.message.contains(chosen)));
    // those of the models that were not taken stay in their own reports
    assert!(ran.report["models"].as_object().unwrap().values().all(|model| {
        model["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|warning| warning["code"] == "too_few_repeaters" && warning.get("model").is_none())
    }));
}

#[test]
fn the_best_customers_lost_are_missed_most() {
    let mut lines = String::new();
    for week in 0..52 {
        writeln!(lines, "weekly,{},20", Day(day("2023-01-02").0 + 7 * week)).unwrap();
    }
    let ran = with_crowd(&lines);
    let weekly = ran.profile("weekly");
    let alive = weekly.p_alive.unwrap();
    assert!(alive < 1e-12, "{alive}");
    assert_eq!(weekly.bucket.as_deref(), Some("lost"));
    // P(alive) keeps its digits, so that what the sum must be can be had by dividing by it
    let gone = |row: &ProfileRow| {
        let alive = row.p_alive.unwrap();
        row.clv_36m.unwrap().expected * (1.0 - alive) / alive
    };
    assert!(gone(weekly) > 500.0, "{}", gone(weekly));
    let bucket = ran.summary.report.leaky_bucket.as_ref().unwrap();
    let bought = |row: &&ProfileRow| row.last_day >= bucket.p0.from && row.bucket.as_deref() == Some("lost");
    let lost: Vec<&ProfileRow> = ran.profiles.iter().filter(bought).collect();
    assert_eq!(lost.len() as u64, bucket.replacement_cost.lost_customers);
    let sum: f64 = lost.iter().map(|row| gone(row)).sum();
    let found = bucket.replacement_cost.clv_gone_minor as f64 / 100.0;
    assert!((found - sum).abs() <= 0.005 * lost.len() as f64, "{found} {sum}");
}

/// Name and type of every column; a question mark where it may be null. Others read the file: a change here is a
/// change of what they were promised.
const PROFILES_SCHEMA: &str = "\
customer_id Utf8
x Int32
t_x Int32
T Int32
monetary Float64?
contribution Decimal128(18, 2)
contribution_basis Utf8
stability Float64?
class Utf8
p_alive Float64?
expected_purchases_30d Float64?
expected_purchases_30d_low Float64?
expected_purchases_30d_high Float64?
expected_purchases_90d Float64?
expected_purchases_90d_low Float64?
expected_purchases_90d_high Float64?
expected_purchases_365d Float64?
expected_purchases_365d_low Float64?
expected_purchases_365d_high Float64?
expected_ticket Float64?
clv_12m Float64?
clv_12m_low Float64?
clv_12m_high Float64?
clv_36m Float64?
clv_36m_low Float64?
clv_36m_high Float64?
referral_value Float64?
value Float64?
value_at_risk Float64?
next_period Float64?
first_day Date32
last_day Date32
purchase_days Int32
transactions Int64
revenue Decimal128(18, 2)
revenue_12m Decimal128(18, 2)
largest_ticket Decimal128(18, 2)
last_6m Decimal128(18, 2)
previous_6m Decimal128(18, 2)
recency_score Int8
frequency_score Int8
monetary_score Int8
full_months Int32
cv_month Float64?
cv_quarter Float64?
cv_ticket Float64?
loyalty Utf8
loyalty_basis Utf8
bucket Utf8?
months FixedSizeList(24 x non-null Decimal128(18, 2))
";

#[test]
fn the_file_of_profiles_has_the_columns_that_were_promised() {
    let ran = with_crowd("");
    let file = std::fs::File::open(ran.path("profiles.parquet")).unwrap();
    let reader = datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
    let mut found = String::new();
    for field in reader.unwrap().schema().fields() {
        let null = if field.is_nullable() { "?" } else { "" };
        writeln!(found, "{} {}{null}", field.name(), field.data_type()).unwrap();
        if field.name() != "customer_id" {
            assert!(field.metadata().contains_key("comment"), "{}", field.name());
        }
    }
    assert_eq!(found, PROFILES_SCHEMA);
}

/// One customer whose every figure was worked out on paper (what no model is needed for) or follows from the models'
/// parameters in the report by the papers' formulas, one customer at a time.
#[test]
fn a_customer_worked_out_by_hand() {
    let ran = with_crowd(
        "hand,2024-01-10,100.00\nhand,2024-01-10,20.00\nhand,2024-03-05,50\nhand,2024-03-07,-10\n\
         hand,2024-06-20,70\nhand,2024-11-30,30\n",
    );
    let hand = ran.profile("hand");
    // purchase days: 120 on January 10th, 50, 70, and 30 on November 30th; March 7th is none
    assert_eq!((hand.x, hand.t_x_days, hand.t_days), (3, 325, 356));
    assert_eq!((hand.purchase_days, hand.transactions), (4, 6));
    assert_eq!(
        (hand.first_day, hand.last_day),
        (day("2024-01-10"), day("2024-11-30"))
    );
    assert_eq!((hand.monetary, hand.largest_ticket_minor), (Some(50.0), 12_000));
    assert_eq!((hand.revenue_minor, hand.contribution_minor), (26_000, 26_000));
    assert_eq!((hand.last_6m_minor, hand.previous_6m_minor), (3_000, 23_000));
    let months = |year: usize| hand.months_minor[12 * (year - 2023)..][..12].to_vec();
    assert_eq!(months(2023), [0; 12]);
    assert_eq!(
        months(2024),
        [12_000, 0, 4_000, 0, 0, 7_000, 0, 0, 0, 0, 3_000, 0]
    );
    // February to December: 40, 70 and 30 in eleven months; 70, 0 and 30 in three quarters; four tickets
    assert_eq!(hand.full_months, 11);
    let close = |found: f64, expected: f64| {
        assert!(
            (found - expected).abs() <= 1e-9 * expected.abs(),
            "{found} is not {expected}"
        );
    };
    close(hand.cv_month.unwrap(), 61_800_f64.sqrt() / 140.0);
    close(hand.cv_quarter.unwrap(), 7_400_f64.sqrt() / 100.0);
    close(hand.cv_ticket.unwrap(), 17_900_f64.sqrt() / 270.0);
    assert!(
        (hand.stability.unwrap() - 0.475_138).abs() < 1e-6,
        "{:?}",
        hand.stability
    );
    // first bought in the later period, 2024; drifting, because the last half-year holds less than half of the one before
    assert_eq!(hand.bucket.as_deref(), Some("new"));
    assert_eq!(hand.loyalty, "drifting");
    let least = &ran.report["class_thresholds"];
    let high = [
        26_000 >= least["contribution_minor"].as_i64().unwrap(),
        hand.stability.unwrap() >= least["stability"].as_f64().unwrap(),
    ];
    let class = match high {
        [true, true] => "E-I",
        [true, false] => "E-II",
        [false, true] => "E-III",
        [false, false] => "E-IV",
    };
    assert_eq!(hand.class, class);

    let parameters = |model: &str, names: &[&str]| -> Vec<f64> {
        let params = &ran.report["models"][model]["params"];
        names.iter().map(|name| params[name].as_f64().unwrap()).collect()
    };
    let [r, alpha, a, b] = parameters("mbg_nbd", &["r", "alpha", "a", "b"])[..] else {
        panic!("four parameters")
    };
    let [p, q, v] = parameters("gamma_gamma", &["p", "q", "v"])[..] else {
        panic!("three parameters")
    };
    // weeks to two decimals
    let (x, t_x, t) = (3.0, 46.43, 50.86);
    let model = stats::PurchaseModel::new(stats::ModelKind::MbgNbd, [r, alpha, a, b]).unwrap();
    let alive = model.p_alive(x, t_x, t).unwrap();
    close(hand.p_alive.unwrap(), alive);
    for (found, days) in [
        (hand.expected_purchases_30d, 30.0),
        (hand.expected_purchases_90d, 90.0),
        (hand.expected_purchases_365d, 365.0),
    ] {
        close(
            found.unwrap().expected,
            model.expected_purchases(days / 7.0, x, t_x, t).unwrap(),
        );
    }
    // equation 5 of Fader and Hardie (2013)
    let ticket = p * (v + 150.0) / (p * x + q - 1.0);
    close(hand.expected_ticket.unwrap(), ticket);
    let month = 365.25 / 12.0 / 7.0;
    let clv = |months: u32| {
        let until = |n: u32| model.expected_purchases(f64::from(n) * month, x, t_x, t).unwrap();
        (1..=months)
            .map(|n| (until(n) - until(n - 1)) * ticket / 1.1_f64.powf(f64::from(n) / 12.0))
            .sum::<f64>()
    };
    close(hand.clv_12m.unwrap().expected, clv(12));
    close(hand.clv_36m.unwrap().expected, clv(36));
    assert_eq!(hand.referral_value, Some(0.0));
    close(hand.value.unwrap(), clv(36));
    close(hand.value_at_risk.unwrap(), clv(36) * (1.0 - alive));
    // the next period is as long as the two of the bucket: twelve months
    assert_eq!(ran.report["period_months"], 12);
    close(
        hand.next_period.unwrap(),
        model.expected_purchases(12.0 * month, x, t_x, t).unwrap() * ticket,
    );

    // and the totals are those of the rows, to the cent
    let cents = |figure: fn(&ProfileRow) -> Option<f64>| -> i64 {
        let row = |row| (figure(row).unwrap() * 100.0).round() as i64;
        ran.profiles.iter().map(row).sum()
    };
    let totals = &ran.summary.report.totals;
    assert_eq!(totals.value_at_risk_minor, cents(|row| row.value_at_risk));
    assert_eq!(totals.next_period_minor, Some(cents(|row| row.next_period)));
    assert_eq!(
        totals.clv_12m_minor,
        cents(|row| row.clv_12m.map(|clv| clv.expected))
    );
    assert_eq!(
        ran.summary.report.value_at_risk.total_minor,
        totals.value_at_risk_minor
    );
}

#[test]
fn two_runs_are_compared() {
    let before = run_text(
        format!("{}gone,2023-01-05,9\n", crowd()),
        settings(ModelChoice::BgNbd),
        "2024-06-30",
    )
    .unwrap();
    let later = crowd().replace(
        "customer,date,amount\n",
        "customer,date,amount\nfresh,2024-12-01,40\n",
    );
    let after = run_text(later, settings(ModelChoice::BgNbd), AS_OF).unwrap();
    let compare = || {
        value::engine::compare::compare(&before.path("profiles.parquet"), &after.path("profiles.parquet"))
            .unwrap()
    };
    let comparison = compare();
    assert_eq!(comparison, compare());
    assert_eq!(
        (comparison.customers_before, comparison.customers_after),
        (41, 41)
    );
    assert_eq!((comparison.entered, comparison.left), (1, 1));
    // to the cent what the rows show, and what the runs themselves say
    let cents = |row: &ProfileRow| (row.value.unwrap() * 100.0).round() as i64;
    for (total, ran) in [
        (comparison.value_before_minor, &before),
        (comparison.value_after_minor, &after),
    ] {
        assert_eq!(total, ran.profiles.iter().map(cents).sum::<i64>());
        assert_eq!(total, ran.summary.report.totals.value_minor);
    }
    let gained = |mover: &Mover| mover.value_after_minor - mover.value_before_minor;
    assert!(
        comparison
            .up
            .windows(2)
            .all(|pair| gained(&pair[0]) >= gained(&pair[1]))
    );
    let fresh = comparison
        .up
        .iter()
        .find(|mover| mover.customer_id == "fresh")
        .unwrap();
    assert_eq!(gained(fresh), cents(after.profile("fresh")));
    assert!(
        comparison
            .up
            .iter()
            .any(|mover| mover.customer_id == "fresh" && mover.from_class.is_empty())
    );
    let yen = ValueSettings {
        currency: Currency::parse("JPY").unwrap(),
        ..settings(ModelChoice::BgNbd)
    };
    let elsewhere = run_text(crowd(), yen, "2024-06-30").unwrap();
    let error = value::engine::compare::compare(
        &before.path("profiles.parquet"),
        &elsewhere.path("profiles.parquet"),
    );
    assert_eq!(error.unwrap_err().code(), "runs_not_comparable");
    let error = value::engine::compare::compare(&before.path("rejects.csv"), &after.path("profiles.parquet"));
    assert_eq!(error.unwrap_err().code(), "profiles_malformed");
}
