//! The job queue: each step done exactly once, whatever happens to the process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base::{Error, PageSize};
use platform::access::Role;
use platform::events::Actor;
use platform::jobs::{Job, JobFilter, JobRun, JobState, Kinds, NewJob, Runner, RunnerSettings, Unique};
use platform::migrations::{Migration, RoomMigrations};
use platform::testing::{TestDb, caller};
use platform::{Clock, Platform, Settings, args, test_on_both};
use serde_json::{Value, json};

const STEPS: RoomMigrations = RoomMigrations {
    room: "test",
    steps: &[Migration {
        number: 1,
        name: "0001_steps",
        // No uniqueness: a step done twice must be seen, not refused.
        sqlite: "CREATE TABLE steps (n INTEGER NOT NULL) STRICT",
        postgres: "CREATE TABLE steps (n INTEGER NOT NULL)",
    }],
};

const QUICK: RunnerSettings = RunnerSettings {
    concurrency: 2,
    lease: Duration::from_millis(1500),
    poll: Duration::from_millis(50),
};

async fn queue(p: &Platform, kind: &'static str, input: Value) -> Job {
    let mut tx = p.db.write().await.unwrap();
    let new = NewJob {
        kind,
        subject: None,
        input,
        unique: None,
        actor: Actor::System,
    };
    let job = p.jobs.enqueue(&mut tx, &p.clock, new).await.unwrap();
    tx.commit().await.unwrap();
    p.jobs.wake();
    job
}

async fn job(p: &Platform, id: platform::jobs::JobId) -> Job {
    p.jobs.get(&p.db, &caller(Role::Viewer), id).await.unwrap()
}

/// Waits until the job is as wanted; fails with the job as it is.
async fn until(p: &Platform, id: platform::jobs::JobId, wanted: impl Fn(&Job) -> bool) -> Job {
    let begun = Instant::now();
    loop {
        let now = job(p, id).await;
        if wanted(&now) {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "not in time: {now:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn finished(p: &Platform, id: platform::jobs::JobId) -> Job {
    until(p, id, |job| job.state.is_finished()).await
}

/// Writes the numbers 0 … n-1, one transaction each, and remembers where it is.
async fn count_up(run: JobRun) -> base::Result<Value> {
    let (steps, pause_ms): (i32, u64) = run.input()?;
    let mut n: i32 = run.checkpoint()?.unwrap_or(0);
    while n < steps {
        run.check()?;
        let mut tx = run.platform().db.write().await?;
        tx.execute("INSERT INTO steps (n) VALUES ($1)", args![n]).await?;
        n += 1;
        run.progress("counting", n as u64, Some(steps as u64));
        run.save_checkpoint(&mut tx, &n).await?;
        tx.commit().await?;
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
    Ok(json!({ "counted": n }))
}

/// Takes the process with it before any step is done.
async fn abort(_: JobRun) -> base::Result<Value> {
    std::process::abort()
}

/// Begins anew each time and takes the process with it after its first step.
async fn abort_after_a_step(run: JobRun) -> base::Result<Value> {
    let mut tx = run.platform().db.write().await?;
    tx.execute("INSERT INTO steps (n) VALUES (1)", []).await?;
    run.hold(&mut tx).await?;
    tx.commit().await?;
    std::process::abort()
}

async fn steps(p: &Platform) -> Vec<i32> {
    let rows: Vec<(i32,)> =
        p.db.read()
            .await
            .unwrap()
            .all("SELECT n FROM steps ORDER BY n", [])
            .await
            .unwrap();
    rows.into_iter().map(|(n,)| n).collect()
}

test_on_both!(a_job_is_done_and_shows_its_progress, [STEPS]);
async fn a_job_is_done_and_shows_its_progress(t: &TestDb) {
    let p = &t.platform;
    let mut live = p.db.live().listen();
    let runner = Runner::start(p.clone(), Kinds::new().with("count", count_up), QUICK)
        .await
        .unwrap();
    let queued = queue(p, "count", json!([30, 20])).await;
    assert_eq!(queued.state, JobState::Queued);
    let under_way = until(p, queued.id, |job| job.done > 3).await;
    assert_eq!(
        (under_way.stage.as_str(), under_way.total),
        ("counting", Some(30))
    );
    let done = finished(p, queued.id).await;
    assert_eq!(
        (done.state, done.done, done.result),
        (JobState::Succeeded, 30, Some(json!({ "counted": 30 })))
    );
    assert!(done.started_at.is_some() && done.finished_at >= done.started_at);
    assert_eq!(steps(p).await, (0..30).collect::<Vec<_>>());
    runner.shutdown(Duration::from_secs(5)).await;

    let mut states = Vec::new();
    while let Ok(event) = live.try_recv() {
        assert_eq!(event.data["id"], json!(queued.id));
        states.push(event.data["state"].as_str().unwrap().to_owned());
    }
    assert_eq!(states.first().map(String::as_str), Some("queued"));
    assert_eq!(states.last().map(String::as_str), Some("succeeded"));
    assert!(states.contains(&"running".to_owned()), "{states:?}");
}

test_on_both!(each_job_is_taken_by_one_runner, [STEPS]);
async fn each_job_is_taken_by_one_runner(t: &TestDb) {
    let counts = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let at_work = Arc::new(AtomicUsize::new(0));
    let kinds = {
        let (counts, most, at_work) = (Arc::clone(&counts), Arc::clone(&most), Arc::clone(&at_work));
        Kinds::new().with("once", move |_run| {
            let (counts, most, at_work) = (Arc::clone(&counts), Arc::clone(&most), Arc::clone(&at_work));
            async move {
                most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(10)).await;
                at_work.fetch_sub(1, Ordering::SeqCst);
                counts.fetch_add(1, Ordering::SeqCst);
                Ok(Value::Null)
            }
        })
    };
    let mut jobs = Vec::new();
    for _ in 0..20 {
        jobs.push(queue(&t.platform, "once", Value::Null).await.id);
    }
    let mut runners = vec![
        Runner::start(t.platform.clone(), kinds.clone(), QUICK)
            .await
            .unwrap(),
    ];
    if t.url.starts_with("postgres") {
        runners.push(
            Runner::start(t.another_process().await, kinds, QUICK)
                .await
                .unwrap(),
        );
    }
    for id in jobs {
        assert_eq!(finished(&t.platform, id).await.state, JobState::Succeeded);
    }
    assert_eq!(counts.load(Ordering::SeqCst), 20);
    let bound = QUICK.concurrency * runners.len();
    assert!(most.load(Ordering::SeqCst) <= bound, "{most:?} at once");
    for runner in runners {
        runner.shutdown(Duration::from_secs(5)).await;
    }
}

test_on_both!(only_one_of_a_kind_where_only_one_may_be, [STEPS]);
async fn only_one_of_a_kind_where_only_one_may_be(t: &TestDb) {
    let p = &t.platform;
    let enqueue = async || {
        let mut tx = p.db.write().await?;
        let new = NewJob {
            kind: "count",
            subject: None,
            input: json!([1, 0]),
            unique: Some(Unique {
                key: "value_run",
                code: "run_in_progress",
                message: "a run is in progress",
            }),
            actor: Actor::System,
        };
        let job = p.jobs.enqueue(&mut tx, &p.clock, new).await?;
        tx.commit().await?;
        Ok::<_, Error>(job)
    };
    let first = enqueue().await.unwrap();
    assert_eq!(enqueue().await.unwrap_err().code(), "run_in_progress");
    let runner = Runner::start(p.clone(), Kinds::new().with("count", count_up), QUICK)
        .await
        .unwrap();
    finished(p, first.id).await;
    enqueue().await.unwrap();
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(a_job_stops_when_asked, [STEPS]);
async fn a_job_stops_when_asked(t: &TestDb) {
    let p = &t.platform;
    let administrator = caller(Role::Administrator);
    let cancel = async |id| p.jobs.cancel(&p.db, &p.clock, &administrator, id).await;
    let waiting = queue(p, "count", json!([10_000, 5])).await;
    assert_eq!(cancel(waiting.id).await.unwrap().state, JobState::Cancelled);

    let runner = Runner::start(p.clone(), Kinds::new().with("count", count_up), QUICK)
        .await
        .unwrap();
    let working = queue(p, "count", json!([10_000, 5])).await;
    until(p, working.id, |job| job.done > 2).await;
    let refused = p
        .jobs
        .cancel(&p.db, &p.clock, &caller(Role::Viewer), working.id)
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
    cancel(working.id).await.unwrap();
    let stopped = finished(p, working.id).await;
    assert_eq!(stopped.state, JobState::Cancelled);
    assert_eq!(steps(p).await.len() as i64, stopped.done);
    assert_eq!(cancel(working.id).await.unwrap_err().code(), "job_finished");
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(another_process_can_stop_a_job, [STEPS]);
async fn another_process_can_stop_a_job(t: &TestDb) {
    let p = &t.platform;
    let runner = Runner::start(p.clone(), Kinds::new().with("count", count_up), QUICK)
        .await
        .unwrap();
    let working = queue(p, "count", json!([10_000, 5])).await;
    until(p, working.id, |job| job.done > 2).await;
    let other = t.another_process().await;
    other
        .jobs
        .cancel(&other.db, &other.clock, &caller(Role::Administrator), working.id)
        .await
        .unwrap();
    assert_eq!(finished(p, working.id).await.state, JobState::Cancelled);
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(shutdown_gives_the_job_back_and_it_goes_on, [STEPS]);
async fn shutdown_gives_the_job_back_and_it_goes_on(t: &TestDb) {
    let p = &t.platform;
    let kinds = Kinds::new().with("count", count_up);
    let queued = queue(p, "count", json!([60, 10])).await;
    for _ in 0..5 {
        let runner = Runner::start(p.clone(), kinds.clone(), QUICK).await.unwrap();
        let done = job(p, queued.id).await.done;
        until(p, queued.id, |job| job.done > done + 2).await;
        runner.shutdown(Duration::from_secs(5)).await;
        assert_eq!(
            job(p, queued.id).await.state,
            JobState::Queued,
            "an attempt was counted"
        );
    }
    let runner = Runner::start(p.clone(), kinds, QUICK).await.unwrap();
    assert_eq!(finished(p, queued.id).await.state, JobState::Succeeded);
    assert_eq!(steps(p).await, (0..60).collect::<Vec<_>>());
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(a_job_that_does_not_listen_is_stopped_after_the_deadline, [STEPS]);
async fn a_job_that_does_not_listen_is_stopped_after_the_deadline(t: &TestDb) {
    let p = &t.platform;
    let kinds = Kinds::new().with("deaf", |run: JobRun| async move {
        let mut tx = run.platform().db.write().await?;
        tx.execute("INSERT INTO steps (n) VALUES (1)", []).await?;
        run.progress("sleeping", 1, None);
        tokio::time::sleep(Duration::from_secs(600)).await;
        tx.commit().await?;
        Ok(Value::Null)
    });
    let runner = Runner::start(p.clone(), kinds, QUICK).await.unwrap();
    let queued = queue(p, "deaf", Value::Null).await;
    until(p, queued.id, |job| job.done == 1).await;
    let begun = Instant::now();
    runner.shutdown(Duration::from_millis(200)).await;
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(job(p, queued.id).await.state, JobState::Queued);
    assert!(steps(p).await.is_empty());
}

test_on_both!(what_fails_says_why_and_what_may_pass_is_tried_again, [STEPS]);
async fn what_fails_says_why_and_what_may_pass_is_tried_again(t: &TestDb) {
    let p = &t.platform;
    let tries = Arc::new(AtomicUsize::new(0));
    let kinds = {
        let tries = Arc::clone(&tries);
        Kinds::new()
            .with("bad", |_run| async {
                Err(Error::invalid("too_many_rejects", "3 of 10 rows are bad"))
            })
            .with("ours", |_run| async { Err(Error::internal("secret detail")) })
            .with("panics", |_run| async { panic!("a bug") })
            .with("later", move |_run| {
                tries.fetch_add(1, Ordering::SeqCst);
                async {
                    Err(Error::Unavailable {
                        code: "disk_full",
                        message: "no room".to_owned(),
                    })
                }
            })
    };
    let runner = Runner::start(p.clone(), kinds, QUICK).await.unwrap();
    for (kind, code, detail) in [
        ("bad", "too_many_rejects", "3 of 10 rows are bad"),
        (
            "ours",
            "internal",
            "an internal error; the log of the server says more",
        ),
        (
            "panics",
            "internal",
            "an internal error; the log of the server says more",
        ),
        (
            "unheard_of",
            "job_unknown",
            "this version of Patron does not know jobs of kind unheard_of",
        ),
    ] {
        let id = queue(p, kind, Value::Null).await.id;
        let failed = finished(p, id).await;
        let error = failed.error.clone().unwrap();
        assert_eq!(
            (error.code.as_str(), error.detail.as_str()),
            (code, detail),
            "{failed:?}"
        );
    }
    let later = queue(p, "later", Value::Null).await;
    until(p, later.id, |_| tries.load(Ordering::SeqCst) == 1).await;
    let waiting = until(p, later.id, |job| job.state == JobState::Queued).await;
    assert_eq!(waiting.error, None);
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(a_runner_that_lost_its_lease_writes_nothing_more, [STEPS]);
async fn a_runner_that_lost_its_lease_writes_nothing_more(t: &TestDb) {
    let p = &t.platform;
    let kinds = Kinds::new().with("count", count_up);
    let runner = Runner::start(p.clone(), kinds, QUICK).await.unwrap();
    let queued = queue(p, "count", json!([10_000, 5])).await;
    until(p, queued.id, |job| job.done > 2).await;
    let mut tx = p.db.write().await.unwrap();
    tx.execute("UPDATE jobs SET lease = $1", args![uuid::Uuid::nil()])
        .await
        .unwrap();
    let (done,): (i64,) = tx.one("SELECT count(*) FROM steps", []).await.unwrap();
    tx.commit().await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(steps(p).await.len() as i64, done);
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(jobs_are_listed_newest_first_in_pages, [STEPS]);
async fn jobs_are_listed_newest_first_in_pages(t: &TestDb) {
    let p = &t.platform;
    let mut queued = Vec::new();
    for n in 0..5 {
        queued.push(
            queue(p, if n == 2 { "other" } else { "count" }, json!(n))
                .await
                .id,
        );
    }
    queued.reverse();
    let viewer = caller(Role::Viewer);
    let size = PageSize::new(Some(2)).unwrap();
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = p
            .jobs
            .list(&p.db, &viewer, &JobFilter::default(), size, cursor.as_deref())
            .await
            .unwrap();
        found.extend(page.items.into_iter().map(|job| job.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    // Ids and times of one millisecond have no order among each other; nothing is lost or doubled.
    assert_eq!(found.len(), 5);
    found.sort();
    queued.sort();
    assert_eq!(found, queued);
    let filter = JobFilter {
        state: Some(JobState::Queued),
        kind: Some("other".to_owned()),
    };
    assert_eq!(
        p.jobs
            .list(&p.db, &viewer, &filter, size, None)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

/// A process of its own that works on the queue until it dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of the two tests below"]
async fn child() {
    let url = std::env::var("PATRON_TEST_JOBS_URL").unwrap();
    let db = platform::Db::open(&url).await.unwrap();
    let settings = Settings {
        data_dir: std::env::temp_dir(),
        public_url: None,
        upload_bytes_max: 0,
    };
    let p = Platform::new(db, Clock::system(), settings);
    let kinds = Kinds::new()
        .with("count", count_up)
        .with("abort", abort)
        .with("abort_after_a_step", abort_after_a_step);
    let _runner = Runner::start(p, kinds, QUICK).await.unwrap();
    std::future::pending::<()>().await;
}

fn start_child(url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env("PATRON_TEST_JOBS_URL", url)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

test_on_both!(kill_minus_nine_loses_and_doubles_nothing, [STEPS]);
async fn kill_minus_nine_loses_and_doubles_nothing(t: &TestDb) {
    let p = &t.platform;
    let queued = queue(p, "count", json!([400, 3])).await;
    // Oftener than a job without progress may be begun: every one of these gets on.
    for _ in 0..4 {
        let before = steps(p).await.len();
        let mut child = start_child(&t.url);
        let begun = Instant::now();
        while steps(p).await.len() < before + 20 {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "the child does nothing"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
    }
    assert_eq!(job(p, queued.id).await.state, JobState::Running);
    assert!(steps(p).await.len() < 400);
    let runner = Runner::start(p.clone(), Kinds::new().with("count", count_up), QUICK)
        .await
        .unwrap();
    let done = finished(p, queued.id).await;
    assert_eq!(done.state, JobState::Succeeded, "{done:?}");
    assert_eq!(steps(p).await, (0..400).collect::<Vec<_>>());
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(a_job_that_kills_the_process_is_given_up, [STEPS]);
async fn a_job_that_kills_the_process_is_given_up(t: &TestDb) {
    let p = &t.platform;
    for kind in ["abort", "abort_after_a_step"] {
        let queued = queue(p, kind, Value::Null).await;
        for _ in 0..3 {
            let ended = start_child(&t.url).wait().unwrap();
            assert!(!ended.success());
        }
        // A fourth time must not be tried: this process would die of it.
        let kinds = Kinds::new()
            .with("abort", abort)
            .with("abort_after_a_step", abort_after_a_step);
        let runner = Runner::start(p.clone(), kinds, QUICK).await.unwrap();
        let given_up = finished(p, queued.id).await;
        assert_eq!(given_up.state, JobState::Failed);
        assert_eq!(given_up.error.unwrap().code, "job_kept_failing");
        runner.shutdown(Duration::from_secs(5)).await;
    }
    assert_eq!(steps(p).await, [1, 1, 1], "each attempt did its first step");
}
