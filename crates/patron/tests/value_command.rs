//! `patron value` as an analyst calls it.
#![allow(clippy::unwrap_used, reason = "what a test cannot go on without is a failure")]

use std::path::Path;
use std::process::{Command, Output};

fn patron(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_patron"))
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap()
}

fn sample() -> String {
    format!(
        "{}/../../examples/cdnow/cdnow_sample.csv",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_command_of_the_readme_reports_the_figures_of_the_literature() {
    let dir = tempfile::tempdir().unwrap();
    let sample = sample();
    let run = |out: &str, report: &str| {
        let arguments = [
            "value",
            "run",
            "--transactions",
            &sample,
            "--customer",
            "customer_id",
            "--at",
            "date",
            "--amount",
            "amount",
            "--as-of",
            "1997-09-30",
            "--model",
            "bg_nbd",
            "--out",
            out,
            "--report",
            report,
        ];
        patron(dir.path(), &arguments)
    };
    let output = run("a.parquet", "a.json");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let summary = text(&output.stdout);
    for found in [
        "2,357 customers",
        "r 0.2426",
        "alpha 4.4135",
        "a 0.7929",
        "b 2.4258",
        "-9582.43",
        "p 6.2488",
        "q 3.7446",
        "v 15.447",
        "E-I",
    ] {
        assert!(summary.contains(found), "{found:?} is not in:\n{summary}");
    }
    // Nothing but the summary: no progress bar where nobody watches.
    assert_eq!(text(&output.stderr), "");

    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("a.json")).unwrap()).unwrap();
    let params = &report["models"]["bg_nbd"]["params"];
    for (name, expected) in [("r", 0.2426), ("alpha", 4.4135), ("a", 0.7929), ("b", 2.4258)] {
        assert!(
            (params[name].as_f64().unwrap() - expected).abs() <= 0.000_05,
            "{name}: {}",
            params[name]
        );
    }

    assert!(run("b.parquet", "b.json").status.success());
    for (one, other) in [("a.parquet", "b.parquet"), ("a.json", "b.json")] {
        assert!(
            std::fs::read(dir.path().join(one)).unwrap() == std::fs::read(dir.path().join(other)).unwrap(),
            "{one}"
        );
    }
    let compared = patron(dir.path(), &["value", "compare", "a.parquet", "b.parquet"]);
    assert!(compared.status.success(), "{}", text(&compared.stderr));
    assert!(
        text(&compared.stdout).contains("0 entered, 0 left"),
        "{}",
        text(&compared.stdout)
    );
}

#[test]
fn contracts_are_valued_where_the_firm_says_that_it_has_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut csv = "customer,date,amount\n".to_owned();
    for customer in 0..60 {
        for month in 0..=customer % 12 {
            csv += &format!("c{customer},2024-{:02}-15,{}\n", month + 1, 10 + customer % 3);
        }
    }
    std::fs::write(dir.path().join("bills.csv"), csv).unwrap();
    let arguments = "value run --transactions bills.csv --as-of 2024-12-31 --model sbg --renewal-months 1 \
                     --out out.parquet --report out.json";
    let output = patron(dir.path(), &arguments.split_whitespace().collect::<Vec<_>>());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let summary = text(&output.stdout);
    assert!(
        summary.contains("sbg: alpha") && summary.contains("Used: sbg, as asked."),
        "{summary}"
    );
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("out.json")).unwrap()).unwrap();
    assert_eq!(report["settings"]["renewal_months"], 1);
}

#[test]
fn malformed_rows_and_aggregates_go_where_they_are_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    let csv = "customer,date,amount\na,2024-01-05,10\nb,2024-02-30,5\na,2024-03-05,7.50\nc,2024-04-01,x\nb,2024-05-01,4\n";
    std::fs::write(dir.path().join("in.csv"), csv).unwrap();
    let run = |most: &str| {
        let arguments = format!(
            "value run --transactions in.csv --as-of 2024-12-31 --out out.parquet --rejects rejects.csv \
             --aggregates aggregates.parquet --max-rejected {most}"
        );
        patron(dir.path(), &arguments.split_whitespace().collect::<Vec<_>>())
    };
    let read = |file: &str| std::fs::read(dir.path().join(file));
    let rejects = || -> Vec<String> {
        let found = text(&read("rejects.csv").unwrap());
        found.lines().map(str::to_owned).collect()
    };
    let expected = |rows: &[String]| {
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert!(rows[0].starts_with("line,column,reason,customer,"), "{rows:?}");
        assert!(
            rows[1].starts_with("3,date,") && rows[1].ends_with(",b,2024-02-30,5"),
            "{rows:?}"
        );
        assert!(
            rows[2].starts_with("5,amount,") && rows[2].ends_with(",c,2024-04-01,x"),
            "{rows:?}"
        );
    };
    // Too many: the run stops, and says in the file what is wrong.
    let stopped = run("1%");
    assert_eq!(stopped.status.code(), Some(2));
    expected(&rejects());
    for file in ["out.parquet", "aggregates.parquet", "aggregates.population.json"] {
        assert!(read(file).is_err(), "{file}");
    }
    std::fs::remove_file(dir.path().join("rejects.csv")).unwrap();

    let done = run("50%");
    assert!(done.status.success(), "{}", text(&done.stderr));
    expected(&rejects());
    for file in ["out.parquet", "aggregates.parquet"] {
        assert!(read(file).unwrap().starts_with(b"PAR1"), "{file}");
    }
    let population: serde_json::Value =
        serde_json::from_slice(&read("aggregates.population.json").unwrap()).unwrap();
    for (name, expected) in [
        ("customers", 2),
        ("transactions", 3),
        ("revenue_minor", 2150),
        ("rejected", 2),
    ] {
        assert_eq!(population[name], expected, "{name}");
    }
}

#[test]
fn bad_input_is_said_and_has_its_own_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("bad.csv"), "customer,date,amount\na,x,1\n").unwrap();
    std::fs::write(dir.path().join("strange.csv"), "who,when,what\na,2024-01-01,1\n").unwrap();
    std::fs::write(dir.path().join("settings.json"), r#"{"referal_share": 0.5}"#).unwrap();
    let sample = sample();
    let cases: [(&[&str], &str); 7] = [
        (
            &["--transactions", "bad.csv", "--as-of", "2024-12-31"],
            "1 of 1 rows are malformed",
        ),
        (
            &["--transactions", "strange.csv", "--as-of", "2024-12-31"],
            "\"who\", \"when\", \"what\"",
        ),
        (
            &["--transactions", "missing.csv", "--as-of", "2024-12-31"],
            "missing.csv",
        ),
        (
            &["--transactions", &sample, "--as-of", "1997-09-31"],
            "1997-09-31",
        ),
        (
            &[
                "--transactions",
                &sample,
                "--as-of",
                "1997-09-30",
                "--config",
                "settings.json",
            ],
            "referal_share",
        ),
        (
            &[
                "--transactions",
                &sample,
                "--as-of",
                "1997-09-30",
                "--max-rejected",
                "101%",
            ],
            "101%",
        ),
        (
            &[
                "--transactions",
                &sample,
                "--as-of",
                "1997-09-30",
                "--model",
                "sbg",
                "--renewal-months",
                "2",
            ],
            "renewal_months must be 1, 3, 6 or 12",
        ),
    ];
    for (arguments, said) in cases {
        let mut all = vec!["value", "run", "--out", "out.parquet"];
        all.extend_from_slice(arguments);
        let output = patron(dir.path(), &all);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(said), "{said:?} is not in: {stderr}");
        assert!(!dir.path().join("out.parquet").exists());
    }
}

#[test]
fn a_log_from_chinese_excel_needs_no_conversion() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = String::from("客户编号,交易日期,金额\n");
    for n in 0..400 {
        log += &format!(
            "客户{},2025-{:02}-{:02},{}\n",
            n % 37,
            n % 9 + 1,
            n % 28 + 1,
            n % 50 + 1
        );
    }
    std::fs::write(dir.path().join("utf8.csv"), &log).unwrap();
    std::fs::write(dir.path().join("gbk.csv"), encoding_rs::GBK.encode(&log).0).unwrap();
    let traditional = log
        .replace("客户", "客戶")
        .replace("编号", "編號")
        .replace("金额", "金額");
    std::fs::write(
        dir.path().join("big5.csv"),
        encoding_rs::BIG5.encode(&traditional).0,
    )
    .unwrap();
    let run = |file: &str, more: &[&str]| {
        let columns: [&str; 3] = match file {
            "big5.csv" => ["客戶編號", "交易日期", "金額"],
            _ => ["客户编号", "交易日期", "金额"],
        };
        let mut arguments = vec!["value", "run", "--transactions", file, "--as-of", "2025-12-31"];
        arguments.extend([
            "--model",
            "bg_nbd",
            "--out",
            "out.parquet",
            "--report",
            "out.json",
        ]);
        arguments.extend([
            "--customer",
            columns[0],
            "--at",
            columns[1],
            "--amount",
            columns[2],
        ]);
        arguments.extend(more);
        patron(dir.path(), &arguments)
    };
    let plain = run("utf8.csv", &[]);
    assert!(plain.status.success(), "{}", text(&plain.stderr));
    let profiles = std::fs::read(dir.path().join("out.parquet")).unwrap();
    let found_out = run("gbk.csv", &[]);
    assert!(found_out.status.success(), "{}", text(&found_out.stderr));
    assert_eq!(std::fs::read(dir.path().join("out.parquet")).unwrap(), profiles);
    let named = run("big5.csv", &["--encoding", "Big5"]);
    assert!(named.status.success(), "{}", text(&named.stderr));
    assert!(
        text(&named.stdout).contains("37 customers"),
        "{}",
        text(&named.stdout)
    );
    let unknown = run("big5.csv", &["--encoding", "ebcdic"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        text(&unknown.stderr).contains("windows-1252"),
        "{}",
        text(&unknown.stderr)
    );
}
