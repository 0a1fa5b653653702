//! The room over a real database: a job runner, imports and runs as they are in the server.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "each test file uses its part; a test that meets an error has failed"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base::{Currency, Day};
use platform::access::Role;
use platform::events::Actor;
use platform::firm::{self, Firm};
use platform::http::StoredFile;
use platform::imports::{ImportOptions, ImportReport, ImportStart, Imports, app};
use platform::jobs::{Job, JobState, Kinds, Runner, RunnerSettings};
use platform::migrations::RoomMigrations;
use platform::testing::{TestDb, caller};
use uuid::Uuid;
use value::TransactionsImport;
use value::app::ValueRoom;
use value::app::runs::{self, RunRequest, Which};
use value::engine::settings::ModelChoice;
use value::model::{Line, RecordedLine, Run};
use value::store::ledger;

/// The rooms whose tables these tests need.
pub const ROOMS: [RoomMigrations; 2] = [customers::MIGRATIONS, value::MIGRATIONS];

/// No job here takes this long.
const LONG: Duration = Duration::from_secs(180);

pub fn imports() -> Imports {
    Imports::new().with(TransactionsImport)
}

pub async fn runner(t: &TestDb) -> Runner {
    let settings = RunnerSettings {
        poll: Duration::from_millis(50),
        ..RunnerSettings::default()
    };
    let kinds = value::jobs(imports().jobs(Kinds::new()));
    Runner::start(t.platform.clone(), kinds, settings).await.unwrap()
}

pub async fn stop(runner: Runner) {
    runner.shutdown(Duration::from_secs(20)).await;
}

pub async fn job(t: &TestDb, job: &Job) -> Job {
    let p = &t.platform;
    p.jobs.get(&p.db, &caller(Role::Viewer), job.id).await.unwrap()
}

/// Waits for the end of a job, whichever it is.
pub async fn over(t: &TestDb, queued: &Job) -> Job {
    let begun = Instant::now();
    loop {
        let now = job(t, queued).await;
        if now.state.is_finished() {
            return now;
        }
        assert!(begun.elapsed() < LONG, "{now:#?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Imports a CSV file of transactions from the source `shop`: dry run first.
pub async fn import(t: &TestDb, csv: impl AsRef<[u8]>, reject_limit_percent: f64) -> (ImportReport, Job) {
    let path = t.folder().join("transactions.csv");
    std::fs::write(&path, csv).unwrap();
    let analyst = caller(Role::Analyst);
    let file = StoredFile::copy_of(&t.platform, &path).await.unwrap();
    let import = app::add(&t.platform, &imports(), &analyst, "transactions", file)
        .await
        .unwrap();
    let options = ImportOptions {
        mapping: import.suggested_mapping.clone(),
        source: "shop".to_owned(),
        currency: None,
        zone: None,
        reject_limit_percent: Some(reject_limit_percent),
    };
    let dry_run = app::start_dry_run(&t.platform, &imports(), &analyst, import.id, options)
        .await
        .unwrap();
    let foreseen = over(t, &dry_run).await;
    assert_eq!(foreseen.state, JobState::Succeeded, "{foreseen:#?}");
    let foreseen = report(t, &foreseen).await;
    let how = ImportStart::default();
    let queued = app::start(&t.platform, &imports(), &analyst, import.id, how)
        .await
        .unwrap();
    (foreseen, over(t, &queued).await)
}

/// The report of the import that a job worked on.
pub async fn report(t: &TestDb, job: &Job) -> ImportReport {
    let id = job.subject.as_ref().unwrap().id.into();
    app::get(&t.platform, &imports(), &caller(Role::Analyst), id)
        .await
        .unwrap()
        .report
        .unwrap()
}

/// Imports and says what became of it; the dry run must have foreseen it.
pub async fn imported(t: &TestDb, csv: impl AsRef<[u8]>) -> ImportReport {
    let (foreseen, done) = import(t, csv, 50.0).await;
    assert_eq!(done.state, JobState::Succeeded, "{done:#?}");
    let report = report(t, &done).await;
    assert_eq!(
        ImportReport {
            dry_run: false,
            ..foreseen
        },
        report
    );
    report
}

/// The firm keeps its books in US dollars and counts its days in UTC.
pub async fn in_dollars(t: &TestDb) {
    let p = &t.platform;
    let mut tx = p.db.write().await.unwrap();
    let firm = Firm {
        currency: Currency::USD,
        zone: "UTC".to_owned(),
        ..Firm::default()
    };
    firm::save(&mut tx, &p.clock, Actor::System, &firm).await.unwrap();
    tx.commit().await.unwrap();
}

pub fn cdnow_sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/cdnow/cdnow_sample.csv")
}

/// Imports the CDNOW sample: 6,919 lines of 2,357 customers.
pub async fn cdnow(t: &TestDb) {
    in_dollars(t).await;
    let report = imported(t, std::fs::read(cdnow_sample()).unwrap()).await;
    assert_eq!(
        (report.rows, report.rejected, report.new_customers),
        (6_919, 0, 2_357)
    );
}

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Asks for a BG/NBD run as of a day.
pub fn as_of(text: &str) -> RunRequest {
    RunRequest {
        as_of: Some(day(text)),
        model: Some(ModelChoice::BgNbd),
        holdout_weeks: None,
    }
}

/// Does a run to its end, which must be its publication.
pub async fn published(t: &TestDb, room: &ValueRoom, request: RunRequest) -> Run {
    let analyst = caller(Role::Analyst);
    let (run, queued) = runs::start(room, &analyst, request).await.unwrap();
    let done = over(t, &queued).await;
    assert_eq!(done.state, JobState::Succeeded, "{done:#?}");
    runs::find(room, &analyst, Which::Run(run.id)).await.unwrap()
}

/// Customers by external id, made where they are not there yet.
pub async fn customers_named<const N: usize>(t: &TestDb, names: [&str; N]) -> [Uuid; N] {
    let mut tx = t.platform.db.write().await.unwrap();
    let made = customers::store::ensure_many(&mut tx, &t.platform.clock, &t.platform.keys, &names)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    names.map(|name| made.ids[name].uuid())
}

/// A line of the source `shop`.
pub fn line(customer: Uuid, external_id: &str, at: &str, amount_minor: i64) -> Line {
    Line {
        customer,
        at: at.parse().unwrap(),
        amount_minor,
        cost_minor: None,
        kind: "purchase".to_owned(),
        product: None,
        channel: None,
        source: "shop".to_owned(),
        external_id: external_id.to_owned(),
        reverses: None,
    }
}

/// Appends in a transaction of its own; says how many were new.
pub async fn append(t: &TestDb, lines: &[Line]) -> u64 {
    let mut tx = t.platform.db.write().await.unwrap();
    let new = ledger::append(&mut tx, lines, t.platform.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    new
}

/// The whole ledger in order.
pub async fn all_lines(t: &TestDb) -> Vec<RecordedLine> {
    use futures::TryStreamExt as _;
    let mut tx = t.platform.db.read().await.unwrap();
    let lines = ledger::lines_between(&mut tx, 0, i64::MAX, 1_000_000).unwrap();
    lines.try_collect().await.unwrap()
}
