//! The list of customers as a file, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets an error has failed"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use base::Day;
use customers::{CustomersExport, CustomersImport, MIGRATIONS, Record, store};
use platform::access::{self, Caller, Role};
use platform::exports::{self, Export, ExportFilter, ExportFormat, Exports, NewExport};
use platform::http::StoredFile;
use platform::imports::{self, ImportOptions, ImportStart, Imports};
use platform::jobs::{JobId, JobState, Kinds, Runner, RunnerSettings};
use platform::tabular::{Row, Shape, Table};
use platform::test_on_both;
use platform::testing::TestDb;

fn the_exports() -> Exports {
    Exports::new().with(CustomersExport)
}

fn the_imports() -> Imports {
    Imports::new().with(CustomersImport)
}

async fn runner(t: &TestDb) -> Runner {
    let settings = RunnerSettings {
        poll: Duration::from_millis(50),
        ..RunnerSettings::default()
    };
    let kinds = the_exports().jobs(the_imports().jobs(Kinds::new()));
    Runner::start(t.platform.clone(), kinds, settings).await.unwrap()
}

async fn analyst(t: &TestDb) -> Caller {
    let p = &t.platform;
    let (_, one_time) = access::app::add_user(p, "anna", "Anna", Role::Analyst)
        .await
        .unwrap();
    let session = access::app::sign_in(p, "anna", one_time.clone(), "test")
        .await
        .unwrap();
    let password = "a long enough password".to_owned();
    let session = access::app::change_password(p, &session.caller, one_time, password);
    session.await.unwrap().caller
}

async fn succeeded(t: &TestDb, caller: &Caller, job: JobId) {
    let (p, begun) = (&t.platform, Instant::now());
    loop {
        let now = p.jobs.get(&p.db, caller, job).await.unwrap();
        if now.state == JobState::Succeeded {
            return;
        }
        assert!(
            !now.state.is_finished() && begun.elapsed() < Duration::from_secs(60),
            "{now:#?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn export(t: &TestDb, caller: &Caller, format: ExportFormat, q: Option<&str>) -> Export {
    let new = NewExport {
        kind: "customers".to_owned(),
        format,
        filter: q.map(|q| ("q".to_owned(), q.to_owned())).into_iter().collect(),
    };
    let export = exports::app::start(&t.platform, &the_exports(), caller, new)
        .await
        .unwrap();
    succeeded(t, caller, export.job_id).await;
    exports::app::get(&t.platform, caller, export.id).await.unwrap()
}

/// The rows of a file, cells joined.
fn rows(path: &Path) -> Vec<String> {
    let mut table = Table::open(path, &Shape::detect(path).unwrap()).unwrap();
    let (mut row, mut rows) = (Row::default(), vec![table.columns().join("|")]);
    while table.next_row(&mut row).unwrap() {
        rows.push(row.cells.iter().collect::<Vec<_>>().join("|"));
    }
    rows
}

test_on_both!(
    what_is_exported_is_the_list_and_imported_again_changes_nothing,
    [MIGRATIONS]
);
async fn what_is_exported_is_the_list_and_imported_again_changes_nothing(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(t).await;
    let anna = analyst(t).await;
    let mut records: Vec<Record> = (0..450)
        .map(|n| Record {
            external_id: format!("C{n:04}"),
            name: (n % 3 > 0).then(|| format!("客户{n}")),
            region: Some("上海, \"浦东\"".to_owned()),
            since: Some(Day(20_000 + n)),
            ..Record::default()
        })
        .collect();
    records[1].name = Some("=HYPERLINK(\"http://x\",\"张三\")".to_owned());
    records[2].name = Some("'; DROP TABLE customers; --".to_owned());
    let mut tx = p.db.write().await.unwrap();
    store::upsert_many(&mut tx, &p.clock, &p.keys, &records)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    for format in [ExportFormat::Csv, ExportFormat::Xlsx, ExportFormat::Parquet] {
        let whole = export(t, &anna, format, None).await;
        assert_eq!(whole.rows, Some(450));
        let path = t.folder().join("exports").join(whole.id.to_string());
        let said = rows(&path);
        assert_eq!(said[0], "external_id|name|kind|brand|region|segment|since");
        assert_eq!(said[1], "C0000||person||上海, \"浦东\"||2024-10-04");
        let formula = if format == ExportFormat::Csv { "'=" } else { "=" };
        assert!(
            said[2].starts_with(&format!("C0001|{formula}HYPERLINK(")),
            "{}",
            said[2]
        );
        assert!(said[3].starts_with("C0002|'; DROP TABLE"), "{}", said[3]);

        let found = export(t, &anna, format, Some("客户44")).await;
        let path = t.folder().join("exports").join(found.id.to_string());
        assert_eq!(rows(&path).len(), 1 + found.rows.unwrap() as usize);
        assert!(rows(&path)[1..].iter().all(|row| row.contains("客户44")));

        // The list brought back is what is there. (A CSV marks what looks like a formula; that one row differs.)
        let path = t.folder().join("exports").join(whole.id.to_string());
        let file = StoredFile::copy_of(p, &path).await.unwrap();
        let import = imports::app::add(p, &the_imports(), &anna, "customers", file)
            .await
            .unwrap();
        let options = ImportOptions {
            mapping: import.suggested_mapping.clone(),
            source: "export".to_owned(),
            currency: None,
            zone: None,
            reject_limit_percent: None,
        };
        let job = imports::app::start_dry_run(p, &the_imports(), &anna, import.id, options)
            .await
            .unwrap();
        succeeded(t, &anna, job.id).await;
        let checked = imports::app::get(p, &the_imports(), &anna, import.id)
            .await
            .unwrap();
        let marked = u64::from(format == ExportFormat::Csv);
        let report = checked.report.unwrap();
        assert_eq!(
            (report.created, report.updated, report.unchanged, report.rejected),
            (0, marked, 450 - marked, 0),
            "{format:?}"
        );
        if marked == 0 {
            let how = ImportStart::default();
            let job = imports::app::start(p, &the_imports(), &anna, import.id, how)
                .await
                .unwrap();
            succeeded(t, &anna, job.id).await;
        }
    }
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(a_filter_that_the_list_does_not_know_is_refused, [MIGRATIONS]);
async fn a_filter_that_the_list_does_not_know_is_refused(t: &TestDb) {
    let anna = analyst(t).await;
    let start = async |filter: ExportFilter| {
        let new = NewExport {
            kind: "customers".to_owned(),
            format: ExportFormat::Csv,
            filter,
        };
        let refused = exports::app::start(&t.platform, &the_exports(), &anna, new).await;
        refused.unwrap_err().code()
    };
    let filter = |name: &str, value: String| [(name.to_owned(), value)].into();
    assert_eq!(start(filter("colour", "red".into())).await, "parameter_unknown");
    assert_eq!(start(filter("q", "x".repeat(101))).await, "search_too_long");
}
