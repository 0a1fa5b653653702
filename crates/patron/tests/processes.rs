//! Patron as its operator has it: real processes, killed and stopped at bad moments, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that meets an error has failed"
)]

#[path = "processes/redemptions.rs"]
mod redemptions;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use platform::migrations::RoomMigrations;
use platform::test_on_both;
use platform::testing::TestDb;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

const ROOMS: [RoomMigrations; 3] = [customers::MIGRATIONS, value::MIGRATIONS, tiers::MIGRATIONS];
const PASSWORD: &str = "a long enough password";
/// Longer than a killed process keeps its jobs on PostgreSQL (30 s), and than any job here takes.
const PATIENCE: Duration = Duration::from_secs(240);

/// A `patron` at work; killed when the test is over.
struct Patron {
    child: Child,
    said: Receiver<String>,
    address: String,
}

fn command(t: &TestDb, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_patron"));
    command
        .args(arguments)
        .env("DATABASE_URL", &t.url)
        .env("PATRON_DATA_DIR", t.folder().join("data"))
        .env("PATRON_KEY_FILE", t.platform.keys.file())
        .env("PATRON_LISTEN", "127.0.0.1:0")
        .env_remove("PATRON_PUBLIC_URL")
        .env("PATRON_LOG", "warn");
    command
}

fn finished(t: &TestDb, arguments: &[&str]) -> Output {
    let output = command(t, arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

impl Patron {
    /// Starts it and waits until it says where it is.
    fn start(t: &TestDb, arguments: &[&str]) -> Self {
        let mut child = command(t, arguments).stdout(Stdio::piped()).spawn().unwrap();
        let (say, said) = std::sync::mpsc::channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _nobody_listens = say.send(line);
            }
        });
        let mut patron = Self {
            child,
            said,
            address: String::new(),
        };
        let line = patron.hear("Patron is at");
        let address = line.split_whitespace().find(|word| word.starts_with("http://"));
        patron.address = address.unwrap().to_owned();
        patron
    }

    /// The next line that contains this.
    fn hear(&self, what: &str) -> String {
        let begun = Instant::now();
        loop {
            match self.said.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
                Ok(line) if line.contains(what) => return line,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => panic!("it did not say {what:?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended without saying {what:?}"),
            }
        }
    }

    /// The one-time password it shows.
    fn password(&self) -> String {
        word_after(&self.hear("password"), "password")
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.address)
    }

    /// As a power cut would: SIGKILL.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; says how it ended and how long that took.
    fn terminate(mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, begun.elapsed());
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it does not hear SIGTERM"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Patron {
    fn drop(&mut self) {
        let _already_over = self.child.kill();
        let _already_over = self.child.wait();
    }
}

fn word_after(text: &str, mark: &str) -> String {
    let (_, rest) = text.split_once(mark).unwrap();
    rest.trim_start_matches(':')
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned()
}

fn client() -> Client {
    Client::builder().cookie_store(true).build().unwrap()
}

async fn sign_in(client: &Client, patron: &Patron, password: &str) -> StatusCode {
    let credentials = json!({ "login": "admin", "password": password });
    let response = client
        .post(patron.url("/session"))
        .json(&credentials)
        .send()
        .await
        .unwrap();
    response.status()
}

/// A client signed in with an ordinary password.
async fn administrator(patron: &Patron, one_time: &str) -> Client {
    let client = client();
    assert_eq!(sign_in(&client, patron, one_time).await, StatusCode::OK);
    let change = json!({ "current_password": one_time, "new_password": PASSWORD });
    let changed = client
        .post(patron.url("/session/password"))
        .json(&change)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.status(), StatusCode::OK);
    client
}

async fn get(client: &Client, patron: &Patron, path: &str) -> Value {
    let response = client.get(patron.url(path)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.json().await.unwrap()
}

async fn post(client: &Client, patron: &Patron, path: &str, body: Value) -> Value {
    let response = client.post(patron.url(path)).json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED, "{path}");
    response.json().await.unwrap()
}

/// Waits until the newest job of a kind is as wanted.
async fn job(client: &Client, patron: &Patron, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let jobs = get(client, patron, &format!("/jobs?kind={kind}")).await;
        if let Some(job) = jobs["items"].as_array().unwrap().first() {
            if wanted(job) {
                return job.clone();
            }
            assert_ne!(job["state"], "failed", "{job:#}");
        }
        assert!(begun.elapsed() < PATIENCE, "{kind}: {jobs:#}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is(job: &Value, state: &str) -> bool {
    job["state"] == state
}

async fn number(t: &TestDb, sql: &'static str) -> i64 {
    let mut tx = t.platform.db.read().await.unwrap();
    let (number,): (i64,) = tx.one(sql, []).await.unwrap();
    number
}

/// Every ledger line by its id: whose, when, how much.
async fn ledger(t: &TestDb) -> Vec<(String, String, i64, i64)> {
    let mut tx = t.platform.db.read().await.unwrap();
    tx.all(
        "SELECT t.external_id, c.external_id, t.at, t.amount_minor FROM transactions t \
         JOIN customers c ON c.id = t.customer_id ORDER BY t.external_id",
        [],
    )
    .await
    .unwrap()
}

/// A ledger line as files and tables have it: external id, customer, time, amount.
type PlainLine = (String, String, i64, i64);

/// What the generator writes into files, without any database.
fn generated(t: &TestDb, customers: u64, seed: u64) -> (BTreeSet<String>, Vec<PlainLine>) {
    let folder: PathBuf = t.folder().join("csv");
    let (customers, seed) = (customers.to_string(), seed.to_string());
    finished(
        t,
        &[
            "demo",
            "--customers",
            &customers,
            "--seed",
            &seed,
            "--csv",
            folder.to_str().unwrap(),
        ],
    );
    let read = |file: &str| csv::Reader::from_path(folder.join(file)).unwrap();
    let column = |reader: &mut csv::Reader<std::fs::File>, name: &str| {
        reader
            .headers()
            .unwrap()
            .iter()
            .position(|header| header == name)
            .unwrap()
    };
    let mut file = read("customers.csv");
    let id = column(&mut file, "external_id");
    let ids = file.records().map(|row| row.unwrap()[id].to_owned()).collect();
    let mut file = read("transactions.csv");
    let [id, customer, at, amount] =
        ["external_id", "customer", "at", "amount"].map(|name| column(&mut file, name));
    let mut lines: Vec<_> = file
        .records()
        .map(|row| {
            let row = row.unwrap();
            let at: jiff::Timestamp = row[at].parse().unwrap();
            let amount = (row[amount].parse::<f64>().unwrap() * 100.0).round() as i64;
            (
                row[id].to_owned(),
                row[customer].to_owned(),
                at.as_microsecond(),
                amount,
            )
        })
        .collect();
    lines.sort();
    (ids, lines)
}

const CUSTOMERS: u64 = 3_000;
const SEED: u64 = 7;

test_on_both!(nothing_is_lost_or_doubled_by_being_killed, ROOMS);
async fn nothing_is_lost_or_doubled_by_being_killed(t: &TestDb) {
    let patron = Patron::start(t, &["serve"]);
    let one_time = patron.password();
    let client = administrator(&patron, &one_time).await;
    post(
        &client,
        &patron,
        "/setup/example",
        json!({ "customers": CUSTOMERS, "seed": SEED }),
    )
    .await;

    // In the middle of loading.
    let begun = Instant::now();
    while number(t, "SELECT count(*) FROM customers").await == 0 {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    patron.kill();
    let there = number(t, "SELECT count(*) FROM customers").await;
    assert!(
        (1..CUSTOMERS as i64).contains(&there),
        "killed too late: {there} customers were there"
    );

    // It goes on by itself, up to the value run; killed in the middle of that.
    let patron = Patron::start(t, &["serve"]);
    let run = job(&client, &patron, "value_run", |job| {
        is(job, "running") && job["stage"] != ""
    })
    .await;
    patron.kill();
    let (ids, lines) = generated(t, CUSTOMERS, SEED);
    assert_eq!(ledger(t).await, lines);
    assert_eq!(number(t, "SELECT count(*) FROM value_published").await, 0);

    // And once more while its profiles are stored.
    let patron = Patron::start(t, &["serve"]);
    let reached = job(&client, &patron, "value_run", |job| {
        job["stage"] == "publishing" || is(job, "succeeded")
    })
    .await;
    patron.kill();
    if is(&reached, "succeeded") {
        eprintln!("the run was over before it could be killed while it was published");
    }

    let patron = Patron::start(t, &["serve"]);
    let done = job(&client, &patron, "value_run", |job| is(job, "succeeded")).await;
    assert_eq!(done["id"], run["id"], "the same job, taken up again");
    assert_eq!(number(t, "SELECT count(*) FROM value_runs").await, 1);
    // The firm, its value, and the search for duplicates.
    assert_eq!(number(t, "SELECT count(*) FROM jobs").await, 3);
    let latest = get(&client, &patron, "/value/runs/latest").await;
    assert_eq!(latest["state"], "published");
    assert_eq!(ledger(t).await, lines);
    let mut tx = t.platform.db.read().await.unwrap();
    let there: Vec<(String,)> = tx.all("SELECT external_id FROM customers", []).await.unwrap();
    drop(tx);
    assert_eq!(there.len(), ids.len());
    assert_eq!(there.into_iter().map(|(id,)| id).collect::<BTreeSet<_>>(), ids);
    let buyers: BTreeSet<&String> = lines.iter().map(|line| &line.1).collect();
    assert_eq!(
        number(t, "SELECT count(*) FROM value_profiles").await,
        buyers.len() as i64
    );
    assert_eq!(latest["customers"], buyers.len());
    let page = get(&client, &patron, "/value/profiles?limit=1").await;
    assert_eq!(page["run"]["id"], latest["id"]);

    // Told to stop in the middle of a run: it ends in time, and the run goes on at the next start.
    post(&client, &patron, "/value/runs", json!({})).await;
    job(&client, &patron, "value_run", |job| {
        is(job, "running") && job["stage"] != ""
    })
    .await;
    let (status, took) = patron.terminate();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(took < Duration::from_secs(30), "{took:?}");
    let patron = Patron::start(t, &["serve"]);
    let begun = Instant::now();
    job(&client, &patron, "value_run", |job| is(job, "succeeded")).await;
    assert_eq!(
        number(
            t,
            "SELECT count(*) FROM value_runs WHERE published_at IS NOT NULL"
        )
        .await,
        2
    );
    eprintln!(
        "stopped in {took:?}, done {:?} after the next start",
        begun.elapsed()
    );
    assert_eq!(patron.terminate().0.code(), Some(0));
}

test_on_both!(a_forgotten_password_is_replaced_while_serving, ROOMS);
async fn a_forgotten_password_is_replaced_while_serving(t: &TestDb) {
    let patron = Patron::start(t, &["serve"]);
    let signed_in = administrator(&patron, &patron.password()).await;
    let output = finished(t, &["user", "reset-password", "admin"]);
    let said = String::from_utf8(output.stdout).unwrap();
    let one_time = word_after(&said, "password");

    let ended = signed_in.get(patron.url("/session")).send().await.unwrap();
    assert_eq!(
        ended.status(),
        StatusCode::UNAUTHORIZED,
        "the sessions of before are over"
    );
    let client = client();
    assert_eq!(
        sign_in(&client, &patron, PASSWORD).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(sign_in(&client, &patron, &one_time).await, StatusCode::OK);
    assert_eq!(
        sign_in(&self::client(), &patron, &one_time).await,
        StatusCode::UNAUTHORIZED,
        "it works once"
    );
    let early = client.get(patron.url("/customers")).send().await.unwrap();
    assert_eq!(
        early.status(),
        StatusCode::FORBIDDEN,
        "first a password of one's own"
    );
    let change = json!({ "current_password": one_time, "new_password": PASSWORD });
    client
        .post(patron.url("/session/password"))
        .json(&change)
        .send()
        .await
        .unwrap();
    get(&client, &patron, "/customers").await;

    let nobody = command(t, &["user", "reset-password", "nobody"])
        .output()
        .unwrap();
    assert_eq!(nobody.status.code(), Some(2));
    let (status, took) = patron.terminate();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

test_on_both!(the_demo_leaves_a_firms_database_alone, ROOMS);
async fn the_demo_leaves_a_firms_database_alone(t: &TestDb) {
    let patron = Patron::start(t, &["serve"]);
    let client = administrator(&patron, &patron.password()).await;
    assert_eq!(patron.terminate().0.code(), Some(0));
    let demo = command(t, &["demo"]).output().unwrap();
    assert_eq!(demo.status.code(), Some(2));
    let said = String::from_utf8_lossy(&demo.stderr);
    assert!(said.contains("not made by `patron demo`"), "{said}");
    let patron = Patron::start(t, &["serve"]);
    get(&client, &patron, "/session").await;
    assert_eq!(sign_in(&self::client(), &patron, PASSWORD).await, StatusCode::OK);
}

test_on_both!(the_demo_goes_on_where_it_was_stopped, ROOMS);
async fn the_demo_goes_on_where_it_was_stopped(t: &TestDb) {
    let demo = ["demo", "--customers", "1200", "--seed", "3"];
    // Told to stop in the middle of filling: an orderly end.
    let mut child = command(t, &demo).stdout(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while number(t, "SELECT count(*) FROM customers").await == 0 {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(0), "{status}");
    let there = number(t, "SELECT count(*) FROM customers").await;
    assert!(there < 1_200, "stopped too late");

    let patron = Patron::start(t, &demo);
    let client = administrator(&patron, &patron.password()).await;
    let (ids, lines) = generated(t, 1_200, 3);
    assert_eq!(
        number(t, "SELECT count(*) FROM customers").await,
        ids.len() as i64
    );
    assert_eq!(ledger(t).await, lines);
    let page = get(&client, &patron, "/value/profiles?limit=5").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 5);
    if t.url.starts_with("sqlite") {
        let second = command(t, &["serve"]).output().unwrap();
        assert_eq!(second.status.code(), Some(2), "one server for a SQLite file");
        assert!(String::from_utf8_lossy(&second.stderr).contains("another Patron"));
    }
    let runs = number(t, "SELECT count(*) FROM value_runs").await;
    assert_eq!(patron.terminate().0.code(), Some(0));

    // Run again it shows what is there, and makes nothing anew.
    let patron = Patron::start(t, &demo);
    assert_eq!(
        sign_in(&self::client(), &patron, &patron.password()).await,
        StatusCode::OK
    );
    assert_eq!(number(t, "SELECT count(*) FROM value_runs").await, runs);
    assert_eq!(ledger(t).await, lines);
    assert!(Path::new(&t.folder().join("data/ledger")).is_dir());
}
