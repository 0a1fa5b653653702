//! What comes in: every kind of file, column and malformed row.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test cannot go on without is a failure"
)]

mod engine_support;

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::Int32Type;
use datafusion::parquet::arrow::ArrowWriter;
use engine_support::{Ran, request, run_source, run_text, settings};
use value::engine::settings::{ModelChoice, ValueSettings};
use value::engine::source::{AmountUnit, LedgerSource, Mapping};

fn loose() -> ValueSettings {
    ValueSettings {
        max_rejected_share: 1.0,
        ..settings(ModelChoice::BgNbd)
    }
}

#[test]
fn a_malformed_row_is_rejected_with_its_reason() {
    let cases: [(&[u8], &str); 13] = [
        (b"a,not a day,1", "date_malformed"),
        (b"a,,1", "date_empty"),
        (b"a,2024-02-30,1", "date_malformed"),
        (b"a,0024-02-03,1", "date_out_of_range"),
        (b"a,2024-01-01,", "amount_malformed"),
        (b"a,2024-01-01,twelve", "amount_malformed"),
        (b"a,2024-01-01,NaN", "amount_malformed"),
        (b"a,2024-01-01,inf", "amount_malformed"),
        (b"a,2024-01-01,99999999999999", "amount_too_large"),
        (b" ,2024-01-01,1", "customer_empty"),
        (b"a\0b,2024-01-01,1", "id_malformed"),
        (b"\xff\xfe,2024-01-01,1", "id_malformed"),
        (b"a,2024-01-01", "column_count"),
    ];
    for (row, code) in cases {
        let mut csv = b"customer,date,amount\nok,2024-01-01,5\n".to_vec();
        csv.extend_from_slice(row);
        csv.extend_from_slice(b"\nok,2024-01-02,5\n");
        let ran = run_text(csv, loose(), "2024-12-31").unwrap();
        let report = &ran.summary.report;
        let name = String::from_utf8_lossy(row);
        assert_eq!((report.rejected, report.transactions), (1, 2), "{name}");
        assert_eq!(
            (report.rejects[0].line, report.rejects[0].code.as_str()),
            (3, code),
            "{name}"
        );
        let written = std::fs::read(ran.path("rejects.csv")).unwrap();
        let written = String::from_utf8_lossy(&written);
        assert!(
            written.starts_with("line,column,reason,customer,date,amount\n3,"),
            "{written}"
        );
    }
}

#[test]
fn a_run_stops_above_the_limit_and_leaves_no_output() {
    let mut csv = "customer,date,amount\n".to_owned();
    for i in 0..98 {
        csv.push_str(&format!("c{},2024-01-{:02},5\n", i % 9, i % 28 + 1));
    }
    csv.push_str("c1,x,5\n");
    run_text(
        format!("{csv}c2,2024-01-01,5\n"),
        settings(ModelChoice::BgNbd),
        "2024-12-31",
    )
    .unwrap();

    csv.push_str("c1,y,5\n");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.csv");
    std::fs::write(&path, csv).unwrap();
    let source = LedgerSource::Csv {
        path,
        mapping: Mapping::default(),
    };
    let request = request(dir.path(), source, settings(ModelChoice::BgNbd), "2024-12-31");
    let error = engine_support::go(&request).unwrap_err();
    assert_eq!(error.code(), "too_many_rejects");
    assert!(error.to_string().contains("line 100"), "{error}");
    let mut files: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["in.csv", "rejects.csv"]);
    assert_eq!(
        std::fs::read_to_string(request.rejects.unwrap())
            .unwrap()
            .lines()
            .count(),
        3
    );
}

#[test]
fn a_file_that_is_no_ledger_is_an_error() {
    let huge = format!("customer,date,amount\n\"{}", "x,y,z\n".repeat(1_000_000));
    let cases: [(&[u8], &str); 9] = [
        (b"", "file_empty"),
        (b"\n\n", "file_empty"),
        (b"customer,date,amount\n", "no_transactions"),
        (
            b"customer,date,amount\na,2025-01-01,5\n",
            "no_transactions_before_as_of",
        ),
        (b"customer,amount\na,5\n", "column_missing"),
        (
            b"customer,user_id,date,amount\na,b,2024-01-01,5\n",
            "column_ambiguous",
        ),
        (b"\xff\xfec\0u\0s\0t\0", "file_unreadable"),
        (b"kunde\xe4,date,amount\na,2024-01-01,5\n", "file_not_utf8"),
        (huge.as_bytes(), "file_unreadable"),
    ];
    for (csv, code) in cases {
        let shown = String::from_utf8_lossy(&csv[..csv.len().min(60)]).into_owned();
        match run_text(csv, settings(ModelChoice::BgNbd), "2024-12-31") {
            Ok(_) => panic!("{shown:?} was accepted"),
            Err(error) => assert_eq!(error.code(), code, "{shown:?}: {error}"),
        }
    }
    let missing = engine_support::run_file(
        "/nowhere/at.csv".as_ref(),
        settings(ModelChoice::BgNbd),
        "2024-12-31",
    );
    assert_eq!(missing.err().unwrap().code(), "file_unreadable");
}

#[test]
fn csv_comes_in_many_dresses() {
    for csv in [
        "customer,date,amount\na,2024-01-01,5\nb,2024-01-02,-1.5\n",
        "\u{feff}customer,date,amount\r\na,2024-01-01,5\r\nb,2024-01-02,-1.50\r\n",
        "客户编号;交易时间;备注;金额\na;2024-01-01 08:00;\"两行\n一段\";5.00\nb;2024/1/2;;-1.5",
        "amount\tdate\tcustomer\n5\t20240101\ta\n-1.5\t20240102\tb\n",
        "customer,date,amount\n\n a ,2024-01-01, 5 \n\nb,2024-01-02T23:59:59.999,\"-1.50\"\n",
    ] {
        let ran = run_text(csv, settings(ModelChoice::BgNbd), "2024-12-31").unwrap();
        let row = |id: &str| {
            (
                ran.profile(id).first_day.to_string(),
                ran.profile(id).revenue_minor,
            )
        };
        assert_eq!(row("a"), ("2024-01-01".to_owned(), 500), "{csv}");
        assert_eq!(row("b"), ("2024-01-02".to_owned(), -150), "{csv}");
    }
}

#[test]
fn ids_keep_their_zeros() {
    let ran = run_text(
        "customer,date,amount\n007,2024-01-01,5\n7,2024-01-01,6\n",
        settings(ModelChoice::BgNbd),
        "2024-12-31",
    );
    let ids: Vec<String> = ran
        .unwrap()
        .profiles
        .into_iter()
        .map(|row| row.customer_id)
        .collect();
    assert_eq!(ids, ["007", "7"]);
}

#[test]
fn a_repeated_id_counts_once_and_a_reversal_finds_its_day() {
    let csv = "id,back,customer,date,amount\n\
               1,,a,2024-03-01,10\n\
               1,,a,2024-03-01,10\n\
               2,,a,2024-03-10,20\n\
               3,2,a,2024-05-01,-20\n\
               4,9,a,2024-06-01,-1\n\
               5,,b,2024-03-01,7\n\
               6,5,a,2024-07-01,-1\n";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.csv");
    std::fs::write(&path, csv).unwrap();
    let mapping = Mapping {
        external_id: Some("id".to_owned()),
        reverses: Some("back".to_owned()),
        ..Mapping::default()
    };
    let ran = run_source(
        LedgerSource::Csv { path, mapping },
        settings(ModelChoice::BgNbd),
        "2024-12-31",
    )
    .unwrap();
    let report = &ran.summary.report;
    assert_eq!((report.repeated, report.reversed, report.transactions), (1, 3, 6));
    let a = ran.profile("a");
    // The 20 and its reversal meet on the 10th and leave one purchase day.
    assert_eq!(
        (a.purchase_days, a.revenue_minor, a.last_day.to_string().as_str()),
        (1, 800, "2024-03-01")
    );
    assert!(
        report
            .warnings
            .iter()
            .any(|w| w.code == "reversals_unmatched" && w.message.starts_with('2'))
    );
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Result<Ran, base::Error> {
    parquet_with(columns, Mapping::default(), settings(ModelChoice::BgNbd))
}

fn parquet_with(
    columns: Vec<(&str, ArrayRef)>,
    mapping: Mapping,
    settings: ValueSettings,
) -> Result<Ran, base::Error> {
    let dir = tempfile::tempdir().unwrap();
    // A name that a pattern would be read into.
    let path = dir.path().join("ledger [1] *%20.parquet");
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    run_source(
        LedgerSource::Parquet {
            paths: vec![path],
            mapping,
        },
        settings,
        "2024-12-31",
    )
}

fn array<T: datafusion::arrow::array::Array + 'static>(array: T) -> ArrayRef {
    Arc::new(array)
}

/// 2024-01-01 and 2024-01-02 as days since 1970.
const DAYS: [i32; 2] = [19_723, 19_724];

#[test]
fn parquet_comes_with_many_types() {
    let micros: Vec<i64> = DAYS
        .iter()
        .map(|&day| i64::from(day) * 86_400_000_000 + 82_800_000_000)
        .collect();
    let customers: [ArrayRef; 3] = [
        array(StringArray::from(vec!["7", "8"])),
        array(Int64Array::from(vec![7, 8])),
        array(DictionaryArray::<Int32Type>::from_iter(["7", "8"])),
    ];
    let times: [ArrayRef; 4] = [
        array(Date32Array::from(DAYS.to_vec())),
        array(TimestampMicrosecondArray::from(micros.clone())),
        array(TimestampMicrosecondArray::from(micros).with_timezone("UTC")),
        array(StringArray::from(vec!["2024-01-01", "2024-01-02 10:00"])),
    ];
    let amounts: [ArrayRef; 4] = [
        array(Float64Array::from(vec![5.0, -1.5])),
        array(StringArray::from(vec!["5", "-1.50"])),
        array(
            Decimal128Array::from(vec![50_000, -15_000])
                .with_precision_and_scale(12, 4)
                .unwrap(),
        ),
        array(datafusion::arrow::array::Float32Array::from(vec![5.0, -1.5])),
    ];
    for customer in &customers {
        for at in &times {
            for amount in &amounts {
                let ran = parquet(vec![
                    ("customer", customer.clone()),
                    ("at", at.clone()),
                    ("amount", amount.clone()),
                ])
                .unwrap();
                let row = |id: &str| (ran.profile(id).first_day.0, ran.profile(id).revenue_minor);
                assert_eq!((row("7"), row("8")), ((DAYS[0], 500), (DAYS[1], -150)));
            }
        }
    }
}

#[test]
fn an_instant_counts_on_the_firms_day_and_minor_units_are_taken_as_they_are() {
    let seventeen_utc: Vec<i64> = DAYS
        .iter()
        .map(|&day| i64::from(day) * 86_400_000_000 + 61_200_000_000)
        .collect();
    let columns = || {
        vec![
            ("customer", array(Int64Array::from(vec![7, 8]))),
            (
                "at",
                array(TimestampMicrosecondArray::from(seventeen_utc.clone()).with_timezone("UTC")),
            ),
            ("amount_minor", array(Int64Array::from(vec![500, -150]))),
        ]
    };
    let mapping = Mapping {
        unit: AmountUnit::Minor,
        ..Mapping::default()
    };
    let settings = ValueSettings {
        zone: "Asia/Shanghai".to_owned(),
        ..settings(ModelChoice::BgNbd)
    };
    let ran = parquet_with(columns(), mapping, settings).unwrap();
    let row = |id: &str| (ran.profile(id).first_day.0, ran.profile(id).revenue_minor);
    assert_eq!((row("7"), row("8")), ((DAYS[1], 500), (DAYS[1] + 1, -150)));
}

#[test]
fn integer_ids_sort_by_value() {
    let ran = parquet(vec![
        ("customer", array(Int64Array::from(vec![10, 9, -1]))),
        ("at", array(Date32Array::from(vec![DAYS[0]; 3]))),
        ("amount", array(Float64Array::from(vec![1.0; 3]))),
    ]);
    let ids: Vec<String> = ran
        .unwrap()
        .profiles
        .into_iter()
        .map(|row| row.customer_id)
        .collect();
    assert_eq!(ids, ["-1", "9", "10"]);
}

/// Batches without a doubtful row are taken column by column, the others row by row: nobody may notice.
#[test]
fn one_bad_row_among_many_changes_nothing_for_the_others() {
    const ROWS: usize = 30_000;
    let (bad, late) = (12_345, 20_001);
    let day = |row: usize| DAYS[0] - (row % 400) as i32;
    let times = (0..ROWS).map(|row| {
        let day = if row == late { DAYS[0] + 400 } else { day(row) };
        i64::from(day) * 86_400_000_000 + (row as i64 * 7_919_000_000) % 86_400_000_000
    });
    let amount = |row: usize| (row % 97) as f64 / 4.0 - 3.0;
    let customer =
        |row: usize| (row * row % 1_009) as i64 * if row.is_multiple_of(5) { -1_000_003 } else { 1 };
    let ran = parquet(vec![
        (
            "customer",
            array(Int64Array::from_iter_values((0..ROWS).map(customer))),
        ),
        ("at", array(TimestampMicrosecondArray::from_iter_values(times))),
        (
            "amount",
            array(Float64Array::from_iter_values(
                (0..ROWS).map(|row| if row == bad { f64::INFINITY } else { amount(row) }),
            )),
        ),
    ])
    .unwrap();
    let report = &ran.summary.report;
    assert_eq!((report.rejected, report.after_as_of), (1, 1));
    assert_eq!(report.rejects[0].line, bad as u64 + 1);
    assert_eq!(report.transactions, ROWS as u64 - 2);
    let mut expected = std::collections::BTreeMap::<i64, (i32, i64)>::new();
    for row in (0..ROWS).filter(|&row| row != bad && row != late) {
        let (first, sum) = expected.entry(customer(row)).or_insert((i32::MAX, 0));
        let minor = (amount(row) * 100.0).round() as i64;
        *first = day(row).min(*first);
        *sum += minor;
    }
    assert_eq!(ran.profiles.len(), expected.len());
    for (customer, (first, revenue_minor)) in expected {
        let row = ran.profile(&customer.to_string());
        assert_eq!(row.revenue_minor, revenue_minor, "{customer}");
        assert!(row.first_day.0 >= first, "{customer}");
    }
}

#[test]
fn a_malformed_row_of_parquet_is_rejected_with_its_number() {
    let ran = parquet_with(
        vec![
            (
                "customer",
                array(StringArray::from(vec![
                    Some("a"),
                    None,
                    Some("b"),
                    Some("c"),
                    Some(""),
                ])),
            ),
            (
                "at",
                array(Date32Array::from(vec![
                    Some(DAYS[0]),
                    Some(DAYS[0]),
                    None,
                    Some(DAYS[0]),
                    Some(DAYS[0]),
                ])),
            ),
            (
                "amount",
                array(Float64Array::from(vec![1.0, 1.0, 1.0, f64::NAN, 1.0])),
            ),
        ],
        Mapping::default(),
        loose(),
    )
    .unwrap();
    assert_eq!(
        (ran.summary.report.rejected, ran.summary.report.transactions),
        (4, 1)
    );
    let rejects: Vec<_> = ran
        .summary
        .report
        .rejects
        .iter()
        .map(|r| (r.line, r.column.as_str(), r.code.as_str()))
        .collect();
    assert_eq!(
        rejects,
        [
            (2, "customer", "customer_empty"),
            (3, "at", "date_empty"),
            (4, "amount", "amount_malformed"),
            (5, "customer", "customer_empty"),
        ]
    );
}

#[test]
fn parquet_that_is_no_ledger_is_an_error() {
    let float_ids = parquet(vec![
        ("customer", array(Float64Array::from(vec![1.0]))),
        ("at", array(Date32Array::from(vec![DAYS[0]]))),
        ("amount", array(Float64Array::from(vec![1.0]))),
    ]);
    let number_days = parquet(vec![
        ("customer", array(Int64Array::from(vec![1]))),
        ("at", array(Int64Array::from(vec![20_240_101]))),
        ("amount", array(Float64Array::from(vec![1.0]))),
    ]);
    for ran in [float_ids, number_days] {
        assert_eq!(ran.err().unwrap().code(), "column_type");
    }
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("empty.parquet", &b""[..]),
        ("text.parquet", b"customer,date"),
        ("cut.parquet", b"PAR1\0\0\0\0PAR1"),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let source = LedgerSource::Parquet {
            paths: vec![path],
            mapping: Mapping::default(),
        };
        let error = run_source(source, settings(ModelChoice::BgNbd), "2024-12-31")
            .err()
            .unwrap();
        assert_eq!(error.code(), "file_unreadable", "{name}: {error}");
    }
}

#[test]
fn a_cancelled_run_leaves_nothing() {
    for stop_after in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let path = engine_support::cdnow("cdnow_sample.csv");
        let source = LedgerSource::Csv {
            path,
            mapping: Mapping::default(),
        };
        let mut request = request(dir.path(), source, settings(ModelChoice::BgNbd), "1997-09-30");
        request.rejects = None;
        request.aggregates = None;
        let mut told = 0;
        let result = value::engine::run(&request, &mut |_| {
            told += 1;
            if told > stop_after {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(result.unwrap_err().code(), "cancelled");
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            0,
            "after {stop_after}"
        );
    }
}

#[test]
fn settings_out_of_range_stop_a_run_before_it_begins() {
    let settings = ValueSettings {
        referral_share: 2.0,
        ..settings(ModelChoice::BgNbd)
    };
    let error = run_text("customer,date,amount\na,2024-01-01,5\n", settings, "2024-12-31")
        .err()
        .unwrap();
    assert_eq!(error.code(), "setting_out_of_range");
}
