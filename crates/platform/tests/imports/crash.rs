//! Imports that are killed, stopped, or have company.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use platform::access::Role;
use platform::imports::ImportState;
use platform::jobs::{JobState, Runner};
use platform::testing::{TestDb, caller};
use platform::{Clock, Platform, Settings, events, test_on_both};

use crate::kind::{LINES, stored};
use crate::{
    QUICK, dry_run, file_of, finished, get, go, import_all, job, options, report, runner, start, upload,
};

/// A process of its own that imports until it is killed. Run by the test below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of kill_minus_nine_loses_and_doubles_no_row"]
async fn child() {
    let url = std::env::var("PATRON_TEST_IMPORTS_URL").unwrap();
    let settings = Settings {
        data_dir: std::env::var("PATRON_TEST_IMPORTS_FOLDER").unwrap().into(),
        public_url: None,
        upload_bytes_max: 0,
    };
    let p = Platform::new(platform::Db::open(&url).await.unwrap(), Clock::system(), settings);
    let _runner = runner(&p).await;
    std::future::pending::<()>().await;
}

fn start_child(t: &TestDb) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--ignored", "--nocapture"])
        .env("PATRON_TEST_IMPORTS_URL", &t.url)
        .env("PATRON_TEST_IMPORTS_FOLDER", t.folder())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

const ROWS: usize = 30_000;

test_on_both!(kill_minus_nine_loses_and_doubles_no_row, [LINES]);
async fn kill_minus_nine_loses_and_doubles_no_row(t: &TestDb) {
    let p = &t.platform;
    let import = upload(t, &file_of(ROWS)).await.unwrap();
    let checker = runner(p).await;
    let checked = dry_run(p, &import, options(&import)).await.unwrap();
    finished(p, checked.id).await;
    checker.shutdown(Duration::from_secs(5)).await;
    let queued = go(p, &import).await.unwrap();
    for _ in 0..2 {
        let before = stored(p).await.len();
        let mut child = start_child(t);
        until("the child stores rows", async || stored(p).await.len() > before).await;
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
    }
    let killed = job(p, queued.id).await;
    let stored_then = stored(p).await.len();
    assert_eq!(killed.state, JobState::Running);
    assert!(stored_then < ROWS, "it was too fast to be killed");
    assert_eq!(
        get(p, &import).await.report.unwrap().created as usize,
        stored_then,
        "what is stored is shown"
    );

    let runner = runner(p).await;
    let done = finished(p, queued.id).await;
    assert_eq!(done.state, JobState::Succeeded, "{done:?}");
    let found = report(p, &done).await;
    assert_eq!(
        (found.rows, found.created, found.unchanged),
        (ROWS as u64, ROWS as u64, 0)
    );
    let after = stored(p).await;
    assert_eq!(after.len(), ROWS);
    assert!(
        after
            .windows(2)
            .all(|pair| pair[0].external_id != pair[1].external_id)
    );
    let whole = import_all(t, &file_of(ROWS)).await;
    assert_eq!((whole.created, whole.unchanged), (0, ROWS as u64));
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(
    a_stopped_import_keeps_and_shows_what_it_stored_and_can_be_completed,
    [LINES]
);
async fn a_stopped_import_keeps_and_shows_what_it_stored_and_can_be_completed(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let import = upload(t, &file_of(ROWS)).await.unwrap();
    let working = start(p, &import, options(&import)).await.unwrap();
    until("rows are stored", async || !stored(p).await.is_empty()).await;
    p.jobs
        .cancel(&p.db, &p.clock, &caller(Role::Analyst), working.id)
        .await
        .unwrap();
    assert_eq!(finished(p, working.id).await.state, JobState::Cancelled);
    let stopped = get(p, &import).await;
    let kept = stored(p).await;
    assert_eq!(stopped.state, ImportState::Cancelled);
    assert!(!kept.is_empty() && kept.len() < ROWS, "{}", kept.len());
    assert_eq!(stopped.report.unwrap().created as usize, kept.len());

    let mut tx = p.db.read().await.unwrap();
    let told = events::of_subject(&mut tx, "import", import.id.uuid(), 100)
        .await
        .unwrap();
    drop(tx);
    let told = told.iter().filter(|event| event.kind == "import.rows_stored");
    assert_eq!(
        told.map(|event| event.payload["created"].as_u64().unwrap())
            .sum::<u64>(),
        kept.len() as u64,
        "what a stopped import stored is in the event log"
    );

    let completing = go(p, &import).await.unwrap();
    let done = report(p, &finished(p, completing.id).await).await;
    assert_eq!(
        (done.unchanged as usize, done.created as usize),
        (kept.len(), ROWS - kept.len())
    );
    assert_eq!(stored(p).await.len(), ROWS);
    assert_eq!(get(p, &import).await.state, ImportState::Imported);
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(shutdown_in_the_middle_goes_on_after_the_next_start, [LINES]);
async fn shutdown_in_the_middle_goes_on_after_the_next_start(t: &TestDb) {
    let p = &t.platform;
    let first = runner(p).await;
    let import = upload(t, &file_of(ROWS)).await.unwrap();
    let working = start(p, &import, options(&import)).await.unwrap();
    until("rows are stored", async || !stored(p).await.is_empty()).await;
    first.shutdown(Duration::from_secs(10)).await;
    assert_eq!(job(p, working.id).await.state, JobState::Queued);
    assert_eq!(get(p, &import).await.state, ImportState::Importing);
    let second: Runner = runner(p).await;
    assert_eq!(
        report(p, &finished(p, working.id).await).await.created as usize,
        ROWS
    );
    assert_eq!(stored(p).await.len(), ROWS);
    second.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(two_imports_at_once_do_not_mix, [LINES]);
async fn two_imports_at_once_do_not_mix(t: &TestDb) {
    let p = &t.platform;
    const { assert!(QUICK.concurrency >= 2) };
    let runner = runner(p).await;
    let mut jobs = Vec::new();
    for half in 0..2 {
        let mut file = String::from("who,at,amount,external_id\n");
        for n in 0..10_000 {
            file += &format!("C{n},2026-10-31,{half}.00,H{half}-{n}\n");
        }
        let import = upload(t, file.as_bytes()).await.unwrap();
        jobs.push(start(p, &import, options(&import)).await.unwrap().id);
    }
    for id in jobs {
        let done = report(p, &finished(p, id).await).await;
        assert_eq!((done.rows, done.created), (10_000, 10_000));
    }
    let lines = stored(p).await;
    assert_eq!(lines.len(), 20_000);
    for line in lines {
        assert!(
            line.external_id.starts_with(&format!("H{}-", line.amount / 100)),
            "{line:?}"
        );
    }
    runner.shutdown(Duration::from_secs(5)).await;
}
