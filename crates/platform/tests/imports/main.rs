//! The import machinery on both databases: what is promised of every kind, shown with a kind of its own
//! whose table refuses nothing, so that a row stored twice would be seen.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets an error has failed"
)]

mod crash;
mod http;
mod kept;
mod kind;
mod life;
mod malformed;
mod repeat;
mod workbooks;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use platform::access::Role;
use platform::http::StoredFile;
use platform::imports::{
    Import, ImportOptions, ImportReport, ImportStart, ImportState, Imports, Mapping, app, rejects,
};
use platform::jobs::{Job, JobId, JobState, Kinds, Runner, RunnerSettings};
use platform::tabular::Encoding;
use platform::testing::{TestDb, caller};
use platform::{Platform, firm, test_on_both};

use kind::{LINES, Lines, stored};

const QUICK: RunnerSettings = RunnerSettings {
    concurrency: 2,
    lease: Duration::from_millis(2_000),
    poll: Duration::from_millis(50),
};

fn imports() -> Imports {
    Imports::new().with(Lines)
}

async fn runner(p: &Platform) -> Runner {
    Runner::start(p.clone(), imports().jobs(Kinds::new()), QUICK)
        .await
        .unwrap()
}

fn write_file(t: &TestDb, name: &str, content: &[u8]) -> PathBuf {
    let path = t.folder().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

async fn upload(t: &TestDb, content: &[u8]) -> base::Result<Import> {
    upload_as(t, "交易.csv", content).await
}

async fn upload_as(t: &TestDb, name: &str, content: &[u8]) -> base::Result<Import> {
    let path = write_file(t, name, content);
    let file = StoredFile::copy_of(&t.platform, &path).await.unwrap();
    app::add(&t.platform, &imports(), &caller(Role::Analyst), "lines", file).await
}

fn options(import: &Import) -> ImportOptions {
    ImportOptions {
        mapping: import.suggested_mapping.clone(),
        source: "billing".to_owned(),
        currency: None,
        zone: None,
        reject_limit_percent: None,
    }
}

/// Starts what was checked.
async fn go(p: &Platform, import: &Import) -> base::Result<Job> {
    let how = ImportStart::default();
    app::start(p, &imports(), &caller(Role::Analyst), import.id, how).await
}

/// Checks and starts the import. A runner must be at work.
async fn start(p: &Platform, import: &Import, options: ImportOptions) -> base::Result<Job> {
    let checked = dry_run(p, import, options).await?;
    let checked = finished(p, checked.id).await;
    assert_eq!(checked.state, JobState::Succeeded, "{checked:#?}");
    go(p, import).await
}

async fn dry_run(p: &Platform, import: &Import, options: ImportOptions) -> base::Result<Job> {
    app::start_dry_run(p, &imports(), &caller(Role::Analyst), import.id, options).await
}

async fn get(p: &Platform, import: &Import) -> Import {
    app::get(p, &imports(), &caller(Role::Analyst), import.id)
        .await
        .unwrap()
}

async fn job(p: &Platform, id: JobId) -> Job {
    p.jobs.get(&p.db, &caller(Role::Viewer), id).await.unwrap()
}

async fn finished(p: &Platform, id: JobId) -> Job {
    let begun = Instant::now();
    loop {
        let now = job(p, id).await;
        if now.state.is_finished() {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "not in time: {now:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What became of the import that a job worked on.
async fn report(p: &Platform, job: &Job) -> ImportReport {
    assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
    let id = job.subject.as_ref().unwrap().id.into();
    let import = app::get(p, &imports(), &caller(Role::Analyst), id).await.unwrap();
    import.report.unwrap()
}

/// Uploads, imports, waits; gives the report.
async fn import_all(t: &TestDb, content: &[u8]) -> ImportReport {
    let import = upload(t, content).await.unwrap();
    let job = start(&t.platform, &import, options(&import)).await.unwrap();
    report(&t.platform, &finished(&t.platform, job.id).await).await
}

/// A file of `rows` lines without external ids, every tenth the same as the one before.
fn file_of(rows: usize) -> Vec<u8> {
    let mut file = String::from("客户,交易时间,金额\n");
    for n in 0..rows {
        let n = if n % 10 == 9 { n - 1 } else { n };
        file += &format!("C{},2026-10-{:02} 08:15:00,{}.50\n", n % 97, n % 28 + 1, n);
    }
    file.into_bytes()
}

test_on_both!(a_file_is_looked_at_checked_and_imported, [LINES]);
async fn a_file_is_looked_at_checked_and_imported(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let mut file = String::from("客户编号,交易时间,金额(元),备注\n");
    for n in 0..300 {
        file += &format!("C{n},2026-10-31,{n}.5,x\n");
    }
    file += "C1,yesterday,1.00,=cmd()\n";
    file += ",2026-10-31,1.00,y\n";
    let import = upload(t, file.as_bytes()).await.unwrap();
    assert_eq!(import.state, ImportState::Uploaded);
    assert_eq!(
        (import.format, import.encoding, import.file_name.as_str()),
        ("csv", Encoding::Utf8, "交易.csv")
    );
    assert_eq!(import.columns[0].samples, ["C0", "C1", "C2", "C3", "C4"]);
    let suggested: Mapping = [("who", "客户编号"), ("at", "交易时间"), ("amount", "金额(元)")]
        .map(|(field, column)| (field.to_owned(), column.to_owned()))
        .into();
    assert_eq!(import.suggested_mapping, suggested);

    let checked = dry_run(p, &import, options(&import)).await.unwrap();
    let foreseen = finished(p, checked.id).await;
    assert_eq!(
        foreseen.result,
        Some(serde_json::json!({
            "dry_run": true, "rows": 302, "created": 300, "updated": 0, "unchanged": 0, "rejected": 2,
            "new_customers": 0,
        })),
        "who may see jobs sees no cell of a rejected row"
    );
    let foreseen = report(p, &foreseen).await;
    assert_eq!(get(p, &import).await.state, ImportState::Checked);
    assert_eq!(
        (foreseen.rows, foreseen.created, foreseen.rejected),
        (302, 300, 2)
    );
    assert!(foreseen.dry_run);
    assert_eq!(stored(p).await.len(), 0, "a dry run changes nothing");
    assert_eq!(
        firm::load(&mut p.db.read().await.unwrap()).await.unwrap(),
        firm::Firm::default()
    );
    let codes: Vec<_> = foreseen
        .rejects
        .iter()
        .map(|r| (r.line, r.code.as_str(), r.value.as_deref()))
        .collect();
    assert_eq!(
        codes,
        [
            (302, "date_malformed", Some("yesterday")),
            (303, "value_missing", Some(""))
        ]
    );

    let started = go(p, &import).await.unwrap();
    let done = report(p, &finished(p, started.id).await).await;
    assert_eq!(
        done,
        ImportReport {
            dry_run: false,
            ..foreseen
        }
    );
    assert_eq!(
        done.amount.unwrap().minor,
        (0..300).map(|n| n * 100 + 50).sum::<i64>()
    );
    assert_eq!(done.first_at.unwrap().to_string(), "2026-10-30T16:00:00Z");
    let after = get(p, &import).await;
    assert_eq!((after.state, after.report), (ImportState::Imported, Some(done)));
    assert_eq!(stored(p).await.len(), 300);
    assert!(
        std::fs::read_dir(t.folder().join("uploads"))
            .unwrap()
            .next()
            .is_none(),
        "the file is removed"
    );

    let file = rejects::csv(p, &caller(Role::Analyst), import.id).await.unwrap();
    let (name, csv) = (file.name, file.bytes);
    assert_eq!(name, "交易-rejects.csv");
    assert_eq!(
        String::from_utf8(csv).unwrap(),
        "\u{feff}客户编号,交易时间,金额(元),备注,patron_line,patron_column,patron_reason\n\
         C1,yesterday,1.00,'=cmd(),302,交易时间,date_malformed (this is not a date such as 2026-10-31 or 2026-10-31 08:15:00)\n\
         ,2026-10-31,1.00,y,303,客户编号,\"value_missing (the field \"\"who\"\" is empty)\"\n"
    );

    for again in [go(p, &import).await, dry_run(p, &import, options(&import)).await] {
        assert_eq!(again.unwrap_err().code(), "import_done");
    }
    let next = upload(t, "客户编号,金额(元),交易时间\n".as_bytes())
        .await
        .unwrap();
    assert_eq!(next.suggested_mapping, suggested, "the mapping is remembered");
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(above_the_reject_limit_nothing_is_changed, [LINES]);
async fn above_the_reject_limit_nothing_is_changed(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let mut file = file_of(2_980);
    for n in 0..31 {
        file.extend(format!("C{n},2026-10-31,not money\n").bytes());
    }
    let import = upload(t, &file).await.unwrap();
    let mut wish = options(&import);
    wish.currency = Some(base::Currency::USD);
    let job = start(p, &import, wish.clone()).await.unwrap();
    let failed = finished(p, job.id).await;
    assert_eq!(failed.error.unwrap().code, "too_many_rejects");
    let after = get(p, &import).await;
    assert_eq!(after.state, ImportState::Failed);
    let shown = after.report.unwrap();
    assert_eq!(
        (shown.rows, shown.rejected, shown.created, shown.rejects.len()),
        (3_011, 31, 0, 31)
    );
    assert_eq!(stored(p).await.len(), 0);
    assert_eq!(
        firm::load(&mut p.db.read().await.unwrap()).await.unwrap(),
        firm::Firm::default()
    );

    wish.reject_limit_percent = Some(2.0);
    let job = start(p, &import, wish).await.unwrap();
    assert_eq!(report(p, &finished(p, job.id).await).await.created, 2_980);
    let firm = firm::load(&mut p.db.read().await.unwrap()).await.unwrap();
    assert_eq!((firm.currency, firm.fixed), (base::Currency::USD, true));

    // What only the database refuses counts too, before anything is changed.
    let mut file = String::from("who,at,amount,external_id\n");
    for n in 0..150 {
        file += &format!(
            "{},2026-10-31,1,E{n}\n",
            if n % 50 == 0 { "forbidden" } else { "C1" }
        );
    }
    let import = upload(t, file.as_bytes()).await.unwrap();
    let job = start(p, &import, options(&import)).await.unwrap();
    assert_eq!(finished(p, job.id).await.error.unwrap().code, "too_many_rejects");
    assert_eq!(stored(p).await.len(), 2_980);
    let mut wish = options(&import);
    wish.reject_limit_percent = Some(2.0);
    let job = start(p, &import, wish).await.unwrap();
    let done = report(p, &finished(p, job.id).await).await;
    assert_eq!((done.created, done.rejected), (147, 3));
    let second = &done.rejects[1];
    assert_eq!(
        (second.line, second.column.as_deref(), second.value.as_deref()),
        (52, Some("who"), Some("forbidden"))
    );
    let csv = rejects::csv(p, &caller(Role::Analyst), import.id)
        .await
        .unwrap()
        .bytes;
    let csv = String::from_utf8(csv).unwrap();
    assert!(
        csv.contains("\nforbidden,2026-10-31,1,E50,52,who,forbidden (the database knows better)\n"),
        "{csv}"
    );
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(the_firms_currency_and_zone_are_settled_once, [LINES]);
async fn the_firms_currency_and_zone_are_settled_once(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let first = upload(t, b"who,at,amount\nC1,2026-10-31 08:00,5\n")
        .await
        .unwrap();
    let with = |currency, zone: &str| ImportOptions {
        currency: Some(currency),
        zone: Some(zone.to_owned()),
        ..options(&first)
    };
    let unknown = start(p, &first, with(base::Currency::USD, "Mars/Olympus"))
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), "zone_unknown");
    let job = start(p, &first, with(base::Currency::USD, "America/New_York"))
        .await
        .unwrap();
    finished(p, job.id).await;
    assert_eq!(stored(p).await[0].at, "2026-10-31T12:00:00Z");
    let second = upload(t, b"who,at,amount\nC2,2026-10-31 08:00,5\n")
        .await
        .unwrap();
    let refused = start(p, &second, with(base::Currency::CNY, "Asia/Shanghai"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "firm_facts_fixed");
    let job = start(p, &second, options(&second)).await.unwrap();
    assert_eq!(
        report(p, &finished(p, job.id).await)
            .await
            .amount
            .unwrap()
            .currency,
        base::Currency::USD
    );
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(only_who_may_import_does, [LINES]);
async fn only_who_may_import_does(t: &TestDb) {
    let p = &t.platform;
    let import = upload(t, b"who,at,amount\nC1,2026-10-31,5\n").await.unwrap();
    let viewer = caller(Role::Viewer);
    let refused = [
        app::get(p, &imports(), &viewer, import.id).await.err(),
        app::start(p, &imports(), &viewer, import.id, ImportStart::default())
            .await
            .err(),
        app::start_dry_run(p, &imports(), &viewer, import.id, options(&import))
            .await
            .err(),
        app::set_encoding(p, &imports(), &viewer, import.id, None)
            .await
            .err(),
        rejects::csv(p, &viewer, import.id).await.err(),
        rejects::file(p, &viewer, import.id).await.err(),
        app::set_sheet(p, &imports(), &viewer, import.id, "Sheet1")
            .await
            .err(),
        app::list(p, &imports(), &viewer, base::PageSize::new(None).unwrap(), None)
            .await
            .err(),
    ];
    for error in refused {
        assert_eq!(
            error,
            Some(base::Error::Forbidden {
                permission: "imports.write"
            })
        );
    }
}

test_on_both!(imports_are_listed_newest_first, [LINES]);
async fn imports_are_listed_newest_first(t: &TestDb) {
    let p = &t.platform;
    let mut uploaded = Vec::new();
    for _ in 0..3 {
        uploaded.push(upload(t, b"who,at,amount\nC1,2026-10-31,5\n").await.unwrap().id);
    }
    let size = base::PageSize::new(Some(2)).unwrap();
    let analyst = caller(Role::Analyst);
    let first = app::list(p, &imports(), &analyst, size, None).await.unwrap();
    let second = app::list(p, &imports(), &analyst, size, first.next_cursor.as_deref())
        .await
        .unwrap();
    let listed: Vec<_> = first
        .items
        .iter()
        .chain(&second.items)
        .map(|import| import.id)
        .collect();
    assert_eq!((listed.len(), second.next_cursor), (3, None));
    assert!(uploaded.iter().all(|id| listed.contains(id)));
}

test_on_both!(a_file_is_worked_on_by_one_job_at_a_time, [LINES]);
async fn a_file_is_worked_on_by_one_job_at_a_time(t: &TestDb) {
    let p = &t.platform;
    let import = upload(t, b"who,at,amount\nC1,2026-10-31,5\n").await.unwrap();
    let checking = dry_run(p, &import, options(&import)).await.unwrap();
    let busy = dry_run(p, &import, options(&import)).await.unwrap_err();
    assert_eq!(busy.code(), "import_busy");
    assert_eq!(go(p, &import).await.unwrap_err().code(), "import_not_checked");
    let first = runner(p).await;
    finished(p, checking.id).await;
    first.shutdown(Duration::from_secs(5)).await;
    let job = go(p, &import).await.unwrap();
    assert_eq!(go(p, &import).await.unwrap_err().code(), "import_busy");
    let runner = runner(p).await;
    assert_eq!(report(p, &finished(p, job.id).await).await.created, 1);
    runner.shutdown(Duration::from_secs(5)).await;
}
