//! The export machinery on both databases: what is promised of every list, shown with one of numbers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets an error has failed"
)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base::{Error, PageSize, Result};
use futures::future::BoxFuture;
use jiff::SignedDuration;
use platform::access::{Caller, Permission, Role};
use platform::exports::{
    self, Export, ExportCell, ExportColumn, ExportColumnKind, ExportFilter, ExportFormat, ExportKind,
    ExportList, Exports, NewExport, api, app,
};
use platform::forgetting::{self, Words};
use platform::http::SESSION_COOKIE;
use platform::jobs::{JobState, Kinds, Runner, RunnerSettings};
use platform::tabular::{Row, Shape, Table};
use platform::testing::TestDb;
use platform::{Clock, Platform, Settings, access, args, events, test_on_both};
use serde_json::json;

/// A list of numbers from 1, as many as `rows` says, each page after `pause_ms`.
struct Numbers;

struct List {
    next: i64,
    last: i64,
    pause: Duration,
}

const COLUMNS: &[ExportColumn] = &[
    ExportColumn {
        name: "n",
        kind: ExportColumnKind::Whole,
    },
    ExportColumn {
        name: "name",
        kind: ExportColumnKind::Text,
    },
];

impl ExportKind for Numbers {
    fn name(&self) -> &'static str {
        "numbers"
    }

    fn columns(&self) -> &'static [ExportColumn] {
        COLUMNS
    }

    fn open(&self, _: &Platform, caller: &Caller, filter: &ExportFilter) -> Result<Box<dyn ExportList>> {
        caller.require(Permission::ValueRun)?;
        let number = |name: &str| -> Result<i64> {
            let said = filter.get(name).map_or("0", String::as_str);
            said.parse()
                .map_err(|_| Error::invalid("bound_malformed", "no number").at(name))
        };
        Ok(Box::new(List {
            next: 1,
            last: number("rows")?,
            pause: Duration::from_millis(number("pause_ms")?.unsigned_abs()),
        }))
    }
}

impl ExportList for List {
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Vec<ExportCell>>>> {
        Box::pin(async move {
            tokio::time::sleep(self.pause).await;
            let to = (self.next + 199).min(self.last);
            let page =
                (self.next..=to).map(|n| vec![ExportCell::Whole(n), ExportCell::Text(format!("=n{n}"))]);
            self.next = to + 1;
            Ok(page.collect())
        })
    }
}

fn exports() -> Exports {
    Exports::new().with(Numbers)
}

async fn runner(p: &Platform) -> Runner {
    let quick = RunnerSettings {
        concurrency: 2,
        lease: Duration::from_millis(2_000),
        poll: Duration::from_millis(50),
    };
    Runner::start(p.clone(), exports().jobs(Kinds::new()), quick)
        .await
        .unwrap()
}

/// Someone who is really there, with the token of a session.
async fn someone(p: &Platform, login: &str, role: Role) -> (Caller, String) {
    let (_, one_time) = access::app::add_user(p, login, "测试", role).await.unwrap();
    let session = access::app::sign_in(p, login, one_time.clone(), "test")
        .await
        .unwrap();
    let password = "a long enough password".to_owned();
    let session = access::app::change_password(p, &session.caller, one_time, password)
        .await
        .unwrap();
    (session.caller, session.token)
}

fn wish(format: ExportFormat, rows: i64, pause_ms: i64) -> NewExport {
    NewExport {
        kind: "numbers".to_owned(),
        format,
        filter: [("rows", rows), ("pause_ms", pause_ms)]
            .map(|(name, value)| (name.to_owned(), value.to_string()))
            .into(),
    }
}

async fn start(p: &Platform, caller: &Caller, new: NewExport) -> Result<Export> {
    app::start(p, &exports(), caller, new).await
}

async fn until<T>(what: &str, mut is_so: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = is_so().await {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn finished(p: &Platform, caller: &Caller, export: &Export) -> Export {
    until("the export is over", async || {
        let now = app::get(p, caller, export.id).await.unwrap();
        now.state.is_finished().then_some(now)
    })
    .await
}

/// The numbers in a file, which must be whole.
fn numbers(t: &TestDb, export: &Export) -> Vec<i64> {
    let path = t.folder().join("exports").join(export.id.to_string());
    assert_eq!(export.bytes, Some(std::fs::metadata(&path).unwrap().len()));
    let mut table = Table::open(&path, &Shape::detect(&path).unwrap()).unwrap();
    assert_eq!(table.columns(), ["n", "name"]);
    let (mut row, mut numbers) = (Row::default(), Vec::new());
    while table.next_row(&mut row).unwrap() {
        let n: i64 = row.cells[0].parse().unwrap();
        let mark = if export.format == ExportFormat::Csv {
            "'"
        } else {
            ""
        };
        assert_eq!(&row.cells[1], format!("{mark}=n{n}"));
        numbers.push(n);
    }
    numbers
}

fn files(t: &TestDb) -> usize {
    std::fs::read_dir(t.folder().join("exports")).map_or(0, Iterator::count)
}

test_on_both!(a_list_is_written_in_every_format_and_told_of);
async fn a_list_is_written_in_every_format_and_told_of(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let (anna, _) = someone(p, "anna", Role::Analyst).await;
    for format in [ExportFormat::Csv, ExportFormat::Xlsx, ExportFormat::Parquet] {
        let started = start(p, &anna, wish(format, 1_001, 0)).await.unwrap();
        let done = finished(p, &anna, &started).await;
        assert_eq!(
            (done.state, done.rows),
            (JobState::Succeeded, Some(1_001)),
            "{format:?}"
        );
        assert_eq!(numbers(t, &done), (1..=1_001).collect::<Vec<_>>(), "{format:?}");
        app::download(p, &exports(), &anna, done.id).await.unwrap();
        let mut tx = p.db.read().await.unwrap();
        let told = events::of_subject(&mut tx, "export", done.id.uuid(), 10)
            .await
            .unwrap();
        let mut kinds: Vec<_> = told.iter().map(|event| event.kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["export.downloaded", "export.finished", "export.started"]);
        let finished = told.iter().find(|event| event.kind == "export.finished").unwrap();
        assert_eq!(finished.payload["rows"], 1_001);
        assert_eq!(
            finished.payload["filter"],
            serde_json::json!(["pause_ms", "rows"]),
            "by what, and not by which words"
        );
    }
    assert_eq!(files(t), 3, "nothing but the files");
    let empty = start(p, &anna, wish(ExportFormat::Csv, 0, 0)).await.unwrap();
    assert_eq!(finished(p, &anna, &empty).await.rows, Some(0));
    let size = PageSize::new(Some(3)).unwrap();
    let first = app::list(p, &anna, size, None).await.unwrap();
    let second = app::list(p, &anna, size, first.next_cursor.as_deref())
        .await
        .unwrap();
    assert_eq!((first.items[0].id, second.items.len()), (empty.id, 1));
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(what_is_wrong_is_refused_and_rights_are_those_of_now);
async fn what_is_wrong_is_refused_and_rights_are_those_of_now(t: &TestDb) {
    let p = &t.platform;
    let (anna, _) = someone(p, "anna", Role::Analyst).await;
    let (bela, _) = someone(p, "bela", Role::Analyst).await;
    let (viewer, _) = someone(p, "vera", Role::Viewer).await;
    let with = |change: fn(&mut NewExport)| {
        let mut new = wish(ExportFormat::Csv, 10, 0);
        change(&mut new);
        new
    };
    for (new, code) in [
        (with(|new| new.kind = "letters".into()), "kind_unknown"),
        (
            with(|new| _ = new.filter.insert("rows".into(), "many".into())),
            "bound_malformed",
        ),
        (
            with(|new| _ = new.filter.insert("cursor".into(), "x".into())),
            "parameter_unknown",
        ),
        (
            with(|new| _ = new.filter.insert("q".into(), "x".repeat(20_000))),
            "filter_too_large",
        ),
    ] {
        assert_eq!(start(p, &anna, new).await.unwrap_err().code(), code);
    }
    let refused = start(p, &viewer, wish(ExportFormat::Csv, 1, 0))
        .await
        .unwrap_err();
    assert_eq!(
        refused,
        Error::Forbidden {
            permission: "value.run"
        }
    );

    // No runner is at work yet.
    let waiting = start(p, &anna, wish(ExportFormat::Csv, 10, 0)).await.unwrap();
    let second = start(p, &anna, wish(ExportFormat::Csv, 10, 0)).await.unwrap_err();
    assert_eq!(second.code(), "export_in_progress");
    let early = app::download(p, &exports(), &anna, waiting.id).await.unwrap_err();
    assert_eq!(early.code(), "export_not_ready");
    let of_others = app::get(p, &bela, waiting.id).await.unwrap_err();
    assert_eq!(of_others, Error::NotFound { what: "export" });
    let theirs = start(p, &bela, wish(ExportFormat::Csv, 10, 0)).await.unwrap();

    // Who has lost the right to see the list before the job begins gets no file, nor who is gone.
    let mut tx = p.db.write().await.unwrap();
    let anna_id = platform::args![anna.user.id.uuid()];
    tx.execute("UPDATE users SET role = 'viewer' WHERE id = $1", anna_id)
        .await
        .unwrap();
    let bela_id = platform::args![bela.user.id.uuid()];
    tx.execute("UPDATE users SET active = FALSE WHERE id = $1", bela_id)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let runner = runner(p).await;
    for (caller, export, code) in [(&anna, &waiting, "forbidden"), (&bela, &theirs, "user_gone")] {
        let failed = finished(p, caller, export).await;
        assert_eq!((failed.state, failed.rows), (JobState::Failed, None));
        let job = p.jobs.get(&p.db, &anna, failed.job_id).await.unwrap();
        assert_eq!(job.error.unwrap().code, code);
    }
    assert_eq!(files(t), 0);
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(a_stopped_export_leaves_nothing_and_an_old_one_is_removed);
async fn a_stopped_export_leaves_nothing_and_an_old_one_is_removed(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let (anna, _) = someone(p, "anna", Role::Analyst).await;
    let slow = start(p, &anna, wish(ExportFormat::Xlsx, 100_000, 20))
        .await
        .unwrap();
    until("it writes", async || (files(t) > 0).then_some(())).await;
    p.jobs.cancel(&p.db, &p.clock, &anna, slow.job_id).await.unwrap();
    assert_eq!(finished(p, &anna, &slow).await.state, JobState::Cancelled);
    until("what was written is removed", async || {
        (files(t) == 0).then_some(())
    })
    .await;

    let quick = start(p, &anna, wish(ExportFormat::Csv, 5, 0)).await.unwrap();
    let done = finished(p, &anna, &quick).await;
    runner.shutdown(Duration::from_secs(5)).await;
    // What a killed process left is swept a day later; the file when it expires.
    std::fs::write(t.folder().join("exports/left.part"), b"x").unwrap();
    exports::sweep(p).await.unwrap();
    assert_eq!(files(t), 2);
    let later = |days: i64| {
        let now = p.clock.now() + SignedDuration::from_hours(24 * days);
        t.with_clock(Clock::fixed(now))
    };
    exports::sweep(&later(2)).await.unwrap();
    assert_eq!(files(t), 1);
    exports::sweep(&later(8)).await.unwrap();
    assert_eq!(files(t), 0);
    assert!(app::get(p, &anna, done.id).await.unwrap().removed);
    let gone = app::download(p, &exports(), &anna, done.id).await.unwrap_err();
    assert_eq!(gone.code(), "file_gone");
    exports::sweep(&later(120)).await.unwrap();
    let forgotten = app::get(p, &anna, done.id).await.unwrap_err();
    assert_eq!(forgotten, Error::NotFound { what: "export" });
}

test_on_both!(of_many_exports_those_filtered_by_what_is_forgotten_forget_it);
async fn of_many_exports_those_filtered_by_what_is_forgotten_forget_it(t: &TestDb) {
    // More than are looked at in one step.
    const EXPORTS: usize = 130;
    let p = &t.platform;
    let (anna, _) = someone(p, "anna", Role::Analyst).await;
    let mut tx = p.db.write().await.unwrap();
    for n in 0..EXPORTS {
        let name = if n % 3 == 0 { "张伟" } else { "somebody else" };
        let args = args![
            platform::ids::new::<uuid::Uuid>(&p.clock),
            json!({ "q": name }),
            anna.user.id.uuid(),
            p.clock.now(),
        ];
        let sql = "INSERT INTO exports (id, kind, format, filter, job_id, created_by, created_at, expires_at) \
                   VALUES ($1, 'numbers', 'csv', $2, $1, $3, $4, $4)";
        tx.execute(sql, args).await.unwrap();
    }
    let forgotten = forgetting::forget(p, &mut tx, &Words::new(["张伟"]))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        forgotten.counts["exports"], EXPORTS as u64,
        "every list is withdrawn"
    );
    let size = PageSize::new(Some(200)).unwrap();
    let left = app::list(p, &anna, size, None).await.unwrap().items;
    assert_eq!(left.len(), EXPORTS);
    assert!(left.iter().all(|export| export.removed));
    let with = |text: &str| {
        let says = |export: &&Export| export.filter.get("q").is_some_and(|q| q == text);
        left.iter().filter(says).count()
    };
    assert_eq!(
        (with("张伟"), with("somebody else")),
        (0, EXPORTS - EXPORTS.div_ceil(3))
    );
}

/// A process of its own that exports until it is killed. Run by the test below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of kill_minus_nine_begins_the_file_anew"]
async fn child() {
    let url = std::env::var("PATRON_TEST_EXPORTS_URL").unwrap();
    let settings = Settings {
        data_dir: std::env::var("PATRON_TEST_EXPORTS_FOLDER").unwrap().into(),
        public_url: None,
        upload_bytes_max: 0,
    };
    let p = Platform::new(platform::Db::open(&url).await.unwrap(), Clock::system(), settings);
    let _runner = runner(&p).await;
    std::future::pending::<()>().await;
}

fn start_child(t: &TestDb) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env("PATRON_TEST_EXPORTS_URL", &t.url)
        .env("PATRON_TEST_EXPORTS_FOLDER", t.folder())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

test_on_both!(kill_minus_nine_begins_the_file_anew);
async fn kill_minus_nine_begins_the_file_anew(t: &TestDb) {
    let p = &t.platform;
    let (anna, _) = someone(p, "anna", Role::Analyst).await;
    let export = start(p, &anna, wish(ExportFormat::Csv, 20_000, 15))
        .await
        .unwrap();
    let mut killed = start_child(t);
    until("the child writes", async || {
        let job = p.jobs.get(&p.db, &anna, export.job_id).await.unwrap();
        (job.done > 400).then_some(())
    })
    .await;
    killed.kill().unwrap(); // SIGKILL
    killed.wait().unwrap();
    let then = app::get(p, &anna, export.id).await.unwrap();
    assert_eq!((then.state, then.rows), (JobState::Running, None));
    assert_eq!(
        app::download(p, &exports(), &anna, export.id)
            .await
            .unwrap_err()
            .code(),
        "export_not_ready"
    );
    let runner = runner(p).await;
    let done = finished(p, &anna, &export).await;
    assert_eq!((done.state, done.rows), (JobState::Succeeded, Some(20_000)));
    assert_eq!(numbers(t, &done), (1..=20_000).collect::<Vec<_>>());
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(a_client_exports_waits_and_downloads);
async fn a_client_exports_waits_and_downloads(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let (anna, token) = someone(p, "anna", Role::Analyst).await;
    let (router, _) = api::router().split_for_parts();
    let router = router.layer(axum::Extension(exports()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = router.with_state(p.clone());
    tokio::spawn(async move { axum::serve(listener, service).await });
    let client = reqwest::Client::new();
    let cookie = format!("{SESSION_COOKIE}={token}");
    let body = serde_json::json!({ "kind": "numbers", "format": "csv", "filter": { "rows": "3" } });
    let request = client
        .post(format!("{url}/exports"))
        .header("cookie", &cookie)
        .json(&body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let export: serde_json::Value = answer.json().await.unwrap();
    let id = export["id"].as_str().unwrap();
    finished(p, &anna, &app::get(p, &anna, id.parse().unwrap()).await.unwrap()).await;
    let file = client.get(format!("{url}/exports/{id}/file"));
    let file = file.header("cookie", &cookie).send().await.unwrap();
    let headers = file.headers();
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-store");
    let disposition = headers["content-disposition"].to_str().unwrap();
    assert!(
        disposition.starts_with("attachment; filename*=UTF-8''numbers-2"),
        "{disposition}"
    );
    assert_eq!(
        file.text().await.unwrap(),
        "\u{feff}n,name\n1,'=n1\n2,'=n2\n3,'=n3\n"
    );
    let nobody = client
        .get(format!("{url}/exports/{id}/file"))
        .send()
        .await
        .unwrap();
    assert_eq!(nobody.status(), 401);
    runner.shutdown(Duration::from_secs(5)).await;
}
