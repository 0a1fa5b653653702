//! Random ledgers: the aggregates are what a plain reading of the contract gives, in Rust and in SQL;
//! the bucket reconciles; everybody has one class and one segment; order and repetition change nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test cannot go on without is a failure"
)]

mod engine_support;

use std::collections::BTreeMap;

use base::{Day, Month};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, Int64Type};
use datafusion::prelude::{CsvReadOptions, SessionContext};
use engine_support::{Ran, day, run_text, settings};
use proptest::prelude::*;
use value::engine::settings::ModelChoice;
use value::engine::windows::{Windows, months_back};
use value::rules::{BucketSegment, ValueClass};

#[derive(Debug, Clone)]
struct Line {
    customer: u8,
    day: i32,
    amount_minor: i64,
    cost_minor: Option<i64>,
}

/// 2023-01-01 to 2024-12-31, with a leap day.
const FIRST: i32 = 19_358;
const AS_OF: &str = "2024-12-31";

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (
        0_u8..12,
        0_i32..731,
        -3000_i64..9000,
        proptest::option::of(0_i64..500),
    )
        .prop_map(|(customer, day, amount_minor, cost_minor)| Line {
            customer,
            // Few distinct days, so that lines meet on one day.
            day: FIRST + day / 9 * 9,
            amount_minor,
            cost_minor,
        });
    proptest::collection::vec(line, 1..150)
}

fn decimal(minor: i64) -> String {
    format!(
        "{}{}.{:02}",
        if minor < 0 { "-" } else { "" },
        minor.abs() / 100,
        minor.abs() % 100
    )
}

fn csv(lines: &[Line]) -> String {
    let mut text = "customer,date,amount,cost\n".to_owned();
    for line in lines {
        let cost = line.cost_minor.map(decimal).unwrap_or_default();
        text.push_str(&format!(
            "C{:02},{},{},{cost}\n",
            line.customer,
            Day(line.day),
            decimal(line.amount_minor)
        ));
    }
    text
}

fn ran(lines: &[Line]) -> Ran {
    run_text(csv(lines), settings(ModelChoice::BgNbd), AS_OF).unwrap()
}

fn aggregates(ran: &Ran) -> RecordBatch {
    let file = std::fs::File::open(ran.path("aggregates.parquet")).unwrap();
    let reader =
        datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

fn windows(ran: &Ran) -> Windows {
    let text = std::fs::read(ran.path("aggregates.population.json")).unwrap();
    serde_json::from_slice::<value::engine::population::Population>(&text)
        .unwrap()
        .windows
}

/// The contract, read plainly: one customer's column by name.
fn naive(lines: &[&Line], windows: &Windows) -> BTreeMap<String, Option<i128>> {
    let mut nets: BTreeMap<i32, i64> = BTreeMap::new();
    for line in lines {
        *nets.entry(line.day).or_default() += line.amount_minor;
    }
    let bought: Vec<(i32, i64)> = nets
        .iter()
        .map(|(&d, &n)| (d, n))
        .filter(|&(_, n)| n > 0)
        .collect();
    let entry = *nets.keys().next().unwrap();
    let sum = |within: &dyn Fn(i32) -> bool| -> i128 {
        nets.iter()
            .filter(|&(&d, _)| within(d))
            .map(|(_, &n)| i128::from(n))
            .sum()
    };
    let count = |within: &dyn Fn(i32) -> bool| bought.iter().filter(|&&(d, _)| within(d)).count() as i128;
    let last_12m = |d: i32| windows.last_12m().contains(d);
    let p0 = |d: i32| windows.periods.is_some_and(|p| p.p0.contains(d));
    let p1 = |d: i32| windows.periods.is_some_and(|p| p.p1.contains(d));
    let end = windows.holdout.map(|h| h.calibration_end.0);
    let calibrated = |d: i32| end.is_some_and(|end| d <= end);
    let held_out = |d: i32| end.is_some_and(|end| d > end);
    let known: Vec<_> = bought.iter().copied().filter(|&(d, _)| calibrated(d)).collect();
    let mut row = BTreeMap::new();
    let mut put = |name: &str, value: i128| row.insert(name.to_owned(), Some(value));
    let first = |bought: &[(i32, i64)]| i128::from(bought.first().map_or(entry, |&(d, _)| d));
    let last = |bought: &[(i32, i64)]| i128::from(bought.last().map_or(entry, |&(d, _)| d));
    let repeat = |bought: &[(i32, i64)]| bought.iter().skip(1).map(|&(_, n)| i128::from(n)).sum::<i128>();
    put("first_day", first(&bought));
    put("last_day", last(&bought));
    put("purchase_days", bought.len() as i128);
    put("lines", lines.len() as i128);
    put("net_minor", sum(&|_| true));
    put("purchase_minor", bought.iter().map(|&(_, n)| i128::from(n)).sum());
    put("repeat_minor", repeat(&bought));
    put(
        "purchase_square",
        bought.iter().map(|&(_, n)| i128::from(n) * i128::from(n)).sum(),
    );
    put(
        "largest_ticket_minor",
        bought.iter().map(|&(_, n)| i128::from(n)).max().unwrap_or(0),
    );
    put("revenue_12m_minor", sum(&last_12m));
    let year: Vec<_> = lines.iter().filter(|line| last_12m(line.day)).collect();
    put(
        "cost_12m_minor",
        year.iter()
            .filter_map(|line| line.cost_minor)
            .map(i128::from)
            .sum(),
    );
    put("lines_12m", year.len() as i128);
    put(
        "costed_lines_12m",
        year.iter().filter(|line| line.cost_minor.is_some()).count() as i128,
    );
    put("last_6m_minor", sum(&|d| windows.last_6m().contains(d)));
    put("previous_6m_minor", sum(&|d| windows.previous_6m().contains(d)));
    put("p0_minor", sum(&p0));
    put("p1_minor", sum(&p1));
    put("p0_purchase_days", count(&p0));
    put("p1_purchase_days", count(&p1));
    put("calibration_purchase_days", count(&calibrated));
    put("calibration_repeat_minor", repeat(&known));
    put("holdout_purchase_days", count(&held_out));
    put("holdout_minor", sum(&held_out));
    for m in 0..24 {
        let month = Month(windows.first_month().0 + m);
        put(&format!("m{:02}", m + 1), sum(&|d| Day(d).month() == month));
    }
    let calibration = |day: i128| calibrated(entry).then_some(day);
    row.insert("calibration_first_day".to_owned(), calibration(first(&known)));
    row.insert("calibration_last_day".to_owned(), calibration(last(&known)));
    row
}

/// A column as numbers, whatever its type.
fn numbers(batch: &RecordBatch, name: &str) -> Vec<Option<i128>> {
    let column = batch.column_by_name(name).unwrap();
    let of = |row: usize| -> i128 {
        match column.data_type() {
            DataType::Date32 => column.as_primitive::<Date32Type>().value(row).into(),
            DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
            DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
            _ => column.as_primitive::<Decimal128Type>().value(row),
        }
    };
    (0..batch.num_rows())
        .map(|row| column.is_valid(row).then(|| of(row)))
        .collect()
}

fn text_column(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    column
        .as_string::<i32>()
        .iter()
        .map(|text| text.unwrap().to_owned())
        .collect()
}

/// The statement of the contract in SQL, on DataFusion.
fn in_sql(csv: &str, windows: &Windows) -> RecordBatch {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lines.csv");
    std::fs::write(&path, csv).unwrap();
    let date = |day: Day| format!("date '{day}'");
    let periods = windows.periods.unwrap();
    let sql = [
        ("{first_month}", windows.first_month().0.to_string()),
        (
            "{calibration_end}",
            date(windows.holdout.unwrap().calibration_end),
        ),
        ("{before_12m}", date(months_back(windows.as_of, 12))),
        ("{before_6m}", date(months_back(windows.as_of, 6))),
        ("{before_p0}", date(Day(periods.p0.from.0 - 1))),
        ("{before_p1}", date(periods.p0.to)),
    ]
    .into_iter()
    .fold(
        include_str!("../sql/customer_aggregates.sql").to_owned(),
        |sql, (name, value)| sql.replace(name, &value),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let context = SessionContext::new();
        context
            .register_csv("raw", path.to_str().unwrap(), CsvReadOptions::new())
            .await
            .unwrap();
        context
            .sql(
                "create view lines as select customer as customer_id, cast(date as date) as day, \
                 cast(round(amount * 100) as bigint) as amount_minor, \
                 cast(round(cast(cost as double) * 100) as bigint) as cost_minor from raw",
            )
            .await
            .unwrap();
        let table = context.sql(&sql).await.unwrap();
        let schema = table.schema().inner().clone();
        concat_batches(&schema, &table.collect().await.unwrap()).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_aggregates_are_those_of_a_plain_reading(lines in lines()) {
        let ran = ran(&lines);
        let (batch, windows) = (aggregates(&ran), windows(&ran));
        let mut by_customer: BTreeMap<String, Vec<&Line>> = BTreeMap::new();
        for line in &lines {
            by_customer.entry(format!("C{:02}", line.customer)).or_default().push(line);
        }
        prop_assert_eq!(text_column(&batch, "customer_id"), by_customer.keys().cloned().collect::<Vec<_>>());
        let expected: Vec<_> = by_customer.values().map(|lines| naive(lines, &windows)).collect();
        for field in batch.schema().fields().iter().skip(1) {
            let expected: Vec<_> = expected.iter().map(|row| row[field.name()]).collect();
            prop_assert_eq!(numbers(&batch, field.name()), expected, "{}", field.name());
        }
    }

    #[test]
    fn everybody_has_one_class_and_one_segment_and_the_bucket_reconciles(lines in lines()) {
        let ran = ran(&lines);
        let report = &ran.summary.report;
        for row in &ran.profiles {
            prop_assert!(ValueClass::ALL.iter().any(|class| class.name() == row.class));
            prop_assert_eq!(report.leaky_bucket.is_some(), row.bucket.is_some());
            for figure in [row.p_alive, row.stability, row.value, row.expected_ticket, row.value_at_risk].into_iter().flatten() {
                prop_assert!(figure.is_finite(), "{:?}", row);
            }
            prop_assert!(row.stability.is_none_or(|stability| stability > 0.0 && stability <= 1.0));
            prop_assert!(row.p_alive.is_none_or(|p| (0.0..=1.0).contains(&p)));
            prop_assert_eq!(row.monetary.is_some(), row.x > 0);
        }
        let counted: u64 = report.classes.iter().map(|row| row.customers).sum();
        prop_assert_eq!(counted, ran.profiles.len() as u64);
        prop_assert_eq!(report.revenue_minor, lines.iter().map(|line| line.amount_minor).sum::<i64>());
        if let Some(bucket) = &report.leaky_bucket {
            prop_assert_eq!(bucket.segments.len(), BucketSegment::ALL.len());
            let change: i64 = bucket.segments.iter().map(|row| row.change_minor).sum();
            prop_assert_eq!(bucket.opening_minor + change, bucket.closing_minor);
            for (span, total) in [(bucket.p0, bucket.opening_minor), (bucket.p1, bucket.closing_minor)] {
                let within: i64 = lines.iter().filter(|line| span.contains(line.day)).map(|line| line.amount_minor).sum();
                prop_assert_eq!(within, total);
            }
            let counted: u64 = bucket.segments.iter().map(|row| row.customers).sum();
            prop_assert_eq!(counted, ran.profiles.len() as u64);
        }
    }

    #[test]
    fn neither_the_order_of_the_rows_nor_repetition_changes_a_byte(
        (lines, shuffled) in lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle()))
    ) {
        let (one, other) = (ran(&lines), ran(&shuffled));
        for file in ["profiles.parquet", "report.json", "aggregates.parquet"] {
            let read = |ran: &Ran| std::fs::read(ran.path(file)).unwrap();
            prop_assert!(read(&one) == read(&other), "{} differs", file);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn sql_makes_the_same_aggregates(mut lines in lines()) {
        // Long enough for every window.
        for day in [FIRST, FIRST + 700] {
            lines.push(Line { customer: 1, day, amount_minor: 500, cost_minor: Some(1) });
        }
        let ran = ran(&lines);
        let (made, windows) = (aggregates(&ran), windows(&ran));
        let sql = in_sql(&csv(&lines), &windows);
        prop_assert_eq!(text_column(&made, "customer_id"), text_column(&sql, "customer_id"));
        for (field, in_sql) in made.schema().fields().iter().zip(sql.schema().fields()).skip(1) {
            prop_assert_eq!(field.name(), in_sql.name());
            prop_assert_eq!(numbers(&made, field.name()), numbers(&sql, field.name()), "{}", field.name());
            if field.name() != "purchase_square" {
                prop_assert_eq!(field.data_type(), in_sql.data_type(), "{}", field.name());
            }
        }
    }
}

#[test]
fn the_later_steps_need_only_the_aggregates() {
    let lines: Vec<Line> = (0..400)
        .map(|i| Line {
            customer: (i * 7 % 50) as u8,
            day: FIRST + i * 37 % 731,
            amount_minor: 100 + i64::from(i * 13 % 900),
            cost_minor: None,
        })
        .collect();
    let ran = ran(&lines);
    let dir = tempfile::tempdir().unwrap();
    let source = value::engine::source::LedgerSource::Parquet {
        paths: vec![],
        mapping: Default::default(),
    };
    let request = engine_support::request(dir.path(), source, settings(ModelChoice::BgNbd), AS_OF);
    let population: value::engine::population::Population =
        serde_json::from_slice(&std::fs::read(ran.path("aggregates.population.json")).unwrap()).unwrap();
    let go = |population: &value::engine::population::Population| {
        value::engine::run_from_aggregates(&request, &ran.path("aggregates.parquet"), population, &mut |_| {
            std::ops::ControlFlow::Continue(())
        })
    };
    go(&population).unwrap();
    for file in ["profiles.parquet", "report.json"] {
        assert!(
            std::fs::read(dir.path().join(file)).unwrap() == std::fs::read(ran.path(file)).unwrap(),
            "{file}"
        );
    }
    // Rows that are not the whole ledger are refused, and so are periods that hold other money than its lines.
    type Change = fn(&mut value::engine::population::Population);
    let changes: [Change; 5] = [
        |ledger| ledger.transactions += 1,
        |ledger| ledger.customers -= 1,
        |ledger| ledger.revenue_minor += 1,
        |ledger| ledger.p0_minor -= 1,
        |ledger| ledger.p1_minor += 1,
    ];
    for change in changes {
        let mut other = population.clone();
        change(&mut other);
        assert_eq!(go(&other).unwrap_err().code(), "aggregates_incomplete");
    }
    let within = |span: value::engine::windows::Span| -> i64 {
        let lines = lines.iter().filter(|line| span.contains(line.day));
        lines.map(|line| line.amount_minor).sum()
    };
    let periods = population.windows.periods.unwrap();
    assert_eq!(
        (population.p0_minor, population.p1_minor),
        (within(periods.p0), within(periods.p1))
    );
    assert_eq!(population.windows.as_of, day(AS_OF));
}
