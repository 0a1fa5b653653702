//! The event log and its chain: whoever writes, stops or alters, the proof holds or says where it breaks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base::PageSize;
use jiff::SignedDuration;
use platform::access::Role;
use platform::db::Dialect;
use platform::events::{
    self, Actor, BrokenLink, Event, EventFilter, Fault, Link, Sealer, Verdict, seal_batch,
};
use platform::testing::{TestDb, caller};
use platform::{Clock, Platform, Settings, Tx, args, ids, test_on_both};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use uuid::Uuid;

const SUBJECT: Uuid = Uuid::from_u128(7);

async fn record(tx: &mut Tx, clock: &Clock, kind: &'static str, payload: &Value) {
    let event = Event {
        actor: Actor::System,
        kind,
        subject_kind: "thing",
        subject: SUBJECT,
        customer: None,
        payload,
    };
    events::record(tx, clock, &event).await.unwrap();
}

/// Writes so many events, each in a transaction of its own.
async fn write(p: &Platform, count: usize) {
    for n in 0..count {
        let mut tx = p.db.write().await.unwrap();
        record(
            &mut tx,
            &p.clock,
            "thing.made",
            &json!({ "n": n, "weight": 1.5, "名": "件" }),
        )
        .await;
        tx.commit().await.unwrap();
    }
}

async fn seal_all(p: &Platform) {
    while seal_batch(p).await.unwrap() > 0 {}
}

async fn verify_in(tx: &mut Tx, known: Option<Link>) -> Verdict {
    events::verify(tx, &Clock::system(), SignedDuration::ZERO, known)
        .await
        .unwrap()
}

async fn verify(p: &Platform) -> Verdict {
    verify_in(&mut p.db.read().await.unwrap(), None).await
}

async fn kinds_in_order(p: &Platform) -> Vec<String> {
    let mut tx = p.db.read().await.unwrap();
    let sql = "SELECT e.kind FROM event_seals s JOIN events e ON e.id = s.event_id ORDER BY s.position";
    let rows: Vec<(String,)> = tx.all(sql, []).await.unwrap();
    rows.into_iter().map(|(kind,)| kind).collect()
}

test_on_both!(every_event_is_sealed_and_the_chain_is_whole);
async fn every_event_is_sealed_and_the_chain_is_whole(t: &TestDb) {
    let p = &t.platform;
    assert_eq!(verify(p).await.end, Link::genesis());
    write(p, 5).await;
    let before = verify(p).await;
    assert_eq!((before.end.position, before.waiting), (0, 5));
    assert_eq!(before.broken.unwrap().fault, Fault::Unsealed);
    assert_eq!(seal_batch(p).await.unwrap(), 5);
    assert_eq!(seal_batch(p).await.unwrap(), 0);
    let after = verify(p).await;
    assert_eq!((after.end.position, after.waiting, after.broken), (5, 0, None));

    // More than a batch, and more than a page of the proof.
    let mut tx = p.db.write().await.unwrap();
    for n in 0..1_100 {
        record(&mut tx, &p.clock, "thing.counted", &json!({ "n": n })).await;
    }
    tx.commit().await.unwrap();
    assert_eq!(seal_batch(p).await.unwrap(), 1_000);
    seal_all(p).await;
    let whole = verify(p).await;
    assert_eq!(
        (whole.end.position, whole.waiting, whole.broken),
        (1_105, 0, None)
    );
    // What was proved before is still in it.
    let mut tx = p.db.read().await.unwrap();
    assert_eq!(verify_in(&mut tx, Some(after.end)).await, whole);
}

test_on_both!(a_server_seals_within_seconds_and_once_more_when_it_stops);
async fn a_server_seals_within_seconds_and_once_more_when_it_stops(t: &TestDb) {
    let p = &t.platform;
    let sealer = Sealer::start(p.clone());
    write(p, 3).await;
    let begun = Instant::now();
    while verify(p).await.waiting > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "not sealed within 5 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    write(p, 2).await;
    sealer.shutdown(Duration::from_secs(5)).await;
    let verdict = verify(p).await;
    assert_eq!(
        (verdict.end.position, verdict.waiting, verdict.broken),
        (5, 0, None)
    );
}

/// On SQLite there is one writer, so nobody can commit late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_late_is_sealed_late_and_holds_nobody_up() {
    let t = TestDb::postgres(&[]).await;
    let p = &t.platform;
    let mut late = p.db.write().await.unwrap();
    record(&mut late, &p.clock, "thing.begun_first", &json!({})).await;
    let mut given_up = p.db.write().await.unwrap();
    record(&mut given_up, &p.clock, "thing.given_up", &json!({})).await;
    write(p, 2).await;
    seal_all(p).await;
    let verdict = verify(p).await;
    assert_eq!((verdict.end.position, verdict.broken), (2, None));
    late.commit().await.unwrap();
    given_up.rollback().await.unwrap();
    write(p, 1).await;
    seal_all(p).await;
    let verdict = verify(p).await;
    assert_eq!(
        (verdict.end.position, verdict.waiting, verdict.broken),
        (4, 0, None)
    );
    let kinds = kinds_in_order(p).await;
    assert_eq!(kinds[..2], ["thing.made", "thing.made"]);
    assert_eq!(
        kinds.iter().filter(|kind| *kind == "thing.begun_first").count(),
        1
    );
    t.remove().await;
}

/// One server may be at it: the others neither wait nor seal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sealer_is_at_work_at_a_time_and_writers_do_not_wait_for_it() {
    let t = TestDb::postgres(&[]).await;
    let p = &t.platform;
    write(p, 3).await;
    let mut at_work = p.db.write().await.unwrap();
    let held: Vec<(i64,)> = at_work
        .all("SELECT position FROM event_chain FOR UPDATE", [])
        .await
        .unwrap();
    assert_eq!(held, [(0,)]);
    assert_eq!(seal_batch(p).await.unwrap(), 0);
    let begun = Instant::now();
    write(p, 3).await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    at_work.rollback().await.unwrap();
    assert_eq!(seal_batch(p).await.unwrap(), 6);
    t.remove().await;
}

/// A transaction of a writer: how many events, how long it stays open, whether it is committed.
type Plan = Vec<Vec<(usize, u64, bool)>>;

fn plans() -> impl Strategy<Value = Plan> {
    let transaction = (0_usize..4, 0_u64..6, prop::bool::weighted(0.8));
    prop::collection::vec(prop::collection::vec(transaction, 1..6), 2..6)
}

test_on_both!(however_writers_and_sealers_meet_every_event_is_sealed_once);
async fn however_writers_and_sealers_meet_every_event_is_sealed_once(t: &TestDb) {
    let other = t.another_process().await;
    let mut runner = TestRunner::deterministic();
    let mut committed = 0;
    for _ in 0..8 {
        let plan = plans().new_tree(&mut runner).unwrap().current();
        let writers = plan.clone().into_iter().enumerate().map(|(n, transactions)| {
            let p = if n % 2 == 0 {
                t.platform.clone()
            } else {
                other.clone()
            };
            tokio::spawn(async move {
                let mut written = 0;
                for (count, open_ms, commit) in transactions {
                    let mut tx = p.db.write().await.unwrap();
                    for n in 0..count {
                        record(&mut tx, &p.clock, "thing.made", &json!({ "n": n })).await;
                    }
                    tokio::time::sleep(Duration::from_millis(open_ms)).await;
                    if commit {
                        tx.commit().await.unwrap();
                        written += count;
                    } else {
                        tx.rollback().await.unwrap();
                    }
                }
                written
            })
        });
        let writers = futures::future::join_all(writers);
        let sealers = futures::future::join_all([&t.platform, &other, &t.platform].map(|p| async {
            for _ in 0..20 {
                seal_batch(p).await.unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }));
        let (written, _) = tokio::join!(writers, sealers);
        committed += written.into_iter().map(|count| count.unwrap()).sum::<usize>();
        seal_all(&other).await;
        let verdict = verify(&t.platform).await;
        assert_eq!(verdict.broken, None, "{plan:?}");
        assert_eq!(
            (verdict.end.position, verdict.waiting),
            (committed as i64, 0),
            "{plan:?}"
        );
    }
    assert!(committed > 50);
    other.db.close().await;
}

/// What somebody with the database in their hands may do, and what the proof says of link 4 of 6.
const TAMPERING: [(&str, &[&str], Fault); 17] = [
    (
        "kind",
        &["UPDATE events SET kind = 'x' WHERE id = $1"],
        Fault::Altered,
    ),
    (
        "time",
        &["UPDATE events SET at = at - 1 WHERE id = $1"],
        Fault::Altered,
    ),
    (
        "actor",
        &["UPDATE events SET actor = subject_id WHERE id = $1"],
        Fault::Altered,
    ),
    (
        "thing",
        &["UPDATE events SET subject_id = id WHERE id = $1"],
        Fault::Altered,
    ),
    (
        "kind of thing",
        &["UPDATE events SET subject_kind = 'x' WHERE id = $1"],
        Fault::Altered,
    ),
    (
        "customer",
        &["UPDATE events SET customer_id = id WHERE id = $1"],
        Fault::Altered,
    ),
    (
        "facts",
        &["UPDATE events SET payload = '{\"n\": 99}' WHERE id = $1"],
        Fault::Altered,
    ),
    (
        "no facts",
        &["UPDATE events SET payload = 'null' WHERE id = $1"],
        Fault::Altered,
    ),
    (
        "event deleted",
        &["DELETE FROM events WHERE id = $1"],
        Fault::Missing,
    ),
    (
        "seal deleted",
        &["DELETE FROM event_seals WHERE event_id = $1"],
        Fault::Missing,
    ),
    (
        "both deleted",
        &[
            "DELETE FROM events WHERE id = $1",
            "DELETE FROM event_seals WHERE event_id = $1",
        ],
        Fault::Missing,
    ),
    (
        "another id",
        &["UPDATE events SET id = subject_id WHERE id = $1"],
        Fault::Missing,
    ),
    (
        "another id in both",
        &[
            "UPDATE events SET id = subject_id WHERE id = $1",
            "UPDATE event_seals SET event_id = (SELECT subject_id FROM events LIMIT 1) WHERE event_id = $1",
        ],
        Fault::Altered,
    ),
    (
        "another hash",
        &[
            "UPDATE event_seals SET hash = (SELECT hash FROM event_seals WHERE position = 1) WHERE event_id = $1",
        ],
        Fault::Altered,
    ),
    (
        "moved to the end",
        &["UPDATE event_seals SET position = 100 WHERE event_id = $1"],
        Fault::OutOfOrder,
    ),
    (
        "exchanged",
        &[
            "UPDATE event_seals SET position = 100 WHERE event_id = $1",
            "UPDATE event_seals SET position = 4 WHERE position = 5 AND event_id <> $1",
            "UPDATE event_seals SET position = 5 WHERE event_id = $1",
        ],
        Fault::OutOfOrder,
    ),
    (
        "the end cut off",
        &["DELETE FROM event_seals WHERE position >= 4 AND event_id = event_id OR event_id = $1"],
        Fault::Missing,
    ),
];

fn drop_triggers(dialect: Dialect) -> [&'static str; 4] {
    match dialect {
        Dialect::Sqlite => [
            "DROP TRIGGER events_are_not_altered",
            "DROP TRIGGER events_are_not_deleted",
            "DROP TRIGGER event_seals_are_not_altered",
            "DROP TRIGGER event_seals_are_not_deleted",
        ],
        Dialect::Postgres => [
            "DROP TRIGGER events_are_append_only ON events",
            "DROP TRIGGER events_are_not_truncated ON events",
            "DROP TRIGGER event_seals_are_append_only ON event_seals",
            "DROP TRIGGER event_seals_are_not_truncated ON event_seals",
        ],
    }
}

test_on_both!(every_alteration_is_found_where_it_is);
async fn every_alteration_is_found_where_it_is(t: &TestDb) {
    let p = &t.platform;
    write(p, 6).await;
    seal_all(p).await;
    let whole = verify(p).await;
    let mut tx = p.db.read().await.unwrap();
    let (event,): (Uuid,) = tx
        .one("SELECT event_id FROM event_seals WHERE position = 4", [])
        .await
        .unwrap();
    drop(tx);
    for table in ["events", "event_seals"] {
        let mut tx = p.db.write().await.unwrap();
        let sql = format!("DELETE FROM {table}");
        assert!(tx.execute(sqlx::AssertSqlSafe(sql), []).await.is_err(), "{table}");
    }
    for (what, statements, fault) in TAMPERING {
        let mut tx = p.db.write().await.unwrap();
        for sql in drop_triggers(tx.dialect()) {
            tx.execute(sql, []).await.unwrap();
        }
        for sql in statements {
            tx.execute(*sql, args![event]).await.expect(what);
        }
        let verdict = verify_in(&mut tx, None).await;
        let broken = verdict.broken.unwrap_or_else(|| panic!("{what} was not found"));
        assert_eq!(
            (broken.position, broken.fault),
            (Some(4), fault),
            "{what}: {broken}"
        );
        assert_eq!(verdict.end.position, 3, "{what}");
        tx.rollback().await.unwrap();
    }
    assert_eq!(verify(p).await, whole);
}

/// SQLite takes any bytes for an id; what cannot be read is named, not failed on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_be_read_is_an_altered_one() {
    let t = TestDb::sqlite(&[]).await;
    write(&t.platform, 6).await;
    seal_all(&t.platform).await;
    let mut tx = t.platform.db.write().await.unwrap();
    for sql in drop_triggers(tx.dialect()) {
        tx.execute(sql, []).await.unwrap();
    }
    tx.execute(
        "UPDATE events SET subject_id = x'00' WHERE id = (SELECT event_id FROM event_seals WHERE position = 4)",
        [],
    )
    .await
    .unwrap();
    let broken = verify_in(&mut tx, None).await.broken.unwrap();
    assert_eq!((broken.position, broken.fault), (Some(4), Fault::Altered));
}

test_on_both!(what_is_added_taken_away_or_made_anew_is_found_too);
async fn what_is_added_taken_away_or_made_anew_is_found_too(t: &TestDb) {
    let p = &t.platform;
    write(p, 6).await;
    seal_all(p).await;
    let whole = verify(p).await;
    let added = Uuid::from_u128(99);
    let insert = "INSERT INTO events (id, at, kind, subject_kind, subject_id, payload) \
        SELECT $1, at, kind, subject_kind, subject_id, payload FROM events LIMIT 1";
    let outside = |event, fault| {
        Some(BrokenLink {
            position: None,
            event: Some(event),
            fault,
        })
    };

    // An event put into the log by hand is in no chain.
    let mut tx = p.db.write().await.unwrap();
    tx.execute(insert, args![added]).await.unwrap();
    let broken = verify_in(&mut tx, None).await.broken;
    assert_eq!(broken, outside(added, Fault::Unsealed));
    // It is not a fault while it may still be sealed.
    let patient = events::verify(&mut tx, &p.clock, SignedDuration::from_hours(1), None)
        .await
        .unwrap();
    assert_eq!(patient.broken, None);
    tx.rollback().await.unwrap();

    // One that was to be sealed and vanished first.
    let mut tx = p.db.write().await.unwrap();
    tx.execute("INSERT INTO events_unsealed (event_id) VALUES ($1)", args![added])
        .await
        .unwrap();
    let broken = verify_in(&mut tx, None).await.broken;
    assert_eq!(broken, outside(added, Fault::Missing));
    tx.rollback().await.unwrap();

    // A link put at the chain's end by hand.
    let mut tx = p.db.write().await.unwrap();
    tx.execute(insert, args![added]).await.unwrap();
    tx.execute(
        "INSERT INTO event_seals (position, event_id, hash) SELECT 7, $1, hash FROM event_seals WHERE position = 6",
        args![added],
    )
    .await
    .unwrap();
    let broken = verify_in(&mut tx, None).await.broken.unwrap();
    assert_eq!((broken.position, broken.fault), (Some(7), Fault::Altered));
    tx.rollback().await.unwrap();

    // The whole chain made anew without one event: it holds in itself, but not with a link kept elsewhere.
    let mut tx = p.db.write().await.unwrap();
    for sql in drop_triggers(tx.dialect()) {
        tx.execute(sql, []).await.unwrap();
    }
    for sql in [
        "DELETE FROM events WHERE id = (SELECT event_id FROM event_seals WHERE position = 2)",
        "DELETE FROM event_seals",
        "UPDATE event_chain SET position = 0, hash = NULL",
        "INSERT INTO events_unsealed (event_id) SELECT id FROM events",
    ] {
        tx.execute(sql, []).await.unwrap();
    }
    tx.commit().await.unwrap();
    seal_all(p).await;
    let anew = verify(p).await;
    assert_eq!((anew.end.position, anew.broken), (5, None));
    let mut tx = p.db.read().await.unwrap();
    let broken = verify_in(&mut tx, Some(whole.end)).await.broken.unwrap();
    assert_eq!((broken.position, broken.fault), (Some(6), Fault::Missing));
    let other = Link {
        position: 3,
        ..whole.end
    };
    let broken = verify_in(&mut tx, Some(other)).await.broken.unwrap();
    assert_eq!((broken.position, broken.fault), (Some(3), Fault::Altered));
}

/// A process of its own that seals until it dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of the test below"]
async fn child() {
    let url = std::env::var("PATRON_TEST_EVENTS_URL").unwrap();
    let settings = Settings {
        data_dir: std::env::temp_dir(),
        public_url: None,
        upload_bytes_max: 0,
    };
    let p = Platform::new(platform::Db::open(&url).await.unwrap(), Clock::system(), settings);
    loop {
        seal_batch(&p).await.unwrap();
    }
}

fn start_child(url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env("PATRON_TEST_EVENTS_URL", url)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

test_on_both!(kill_minus_nine_of_the_sealer_loses_and_doubles_nothing);
async fn kill_minus_nine_of_the_sealer_loses_and_doubles_nothing(t: &TestDb) {
    let p = &t.platform;
    let mut written = 0;
    for round in 0..5 {
        let mut child = start_child(&t.url);
        let sealed_before = verify(p).await.end.position;
        let begun = Instant::now();
        // Killed in the midst of sealing: it has sealed something of this round, and writing goes on.
        while verify(p).await.end.position < sealed_before + 5 {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "the child does nothing"
            );
            write(p, 7).await;
            written += 7;
        }
        write(p, round).await;
        written += round;
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        let verdict = verify(p).await;
        assert!(
            verdict
                .broken
                .is_none_or(|broken| broken.fault == Fault::Unsealed),
            "round {round}"
        );
    }
    seal_all(p).await;
    let verdict = verify(p).await;
    assert_eq!(
        (verdict.end.position, verdict.waiting, verdict.broken),
        (written as i64, 0, None)
    );
}

test_on_both!(the_audit_is_filtered_paged_and_for_administrators_only);
async fn the_audit_is_filtered_paged_and_for_administrators_only(t: &TestDb) {
    let p = &t.platform;
    let (anna, _) = platform::access::app::add_user(p, "anna", "安娜", Role::Viewer)
        .await
        .unwrap();
    let (administrator, stranger) = (caller(Role::Administrator), ids::new::<Uuid>(&p.clock));
    let mut tx = p.db.write().await.unwrap();
    for (actor, kind) in [
        (Actor::User(anna.id.uuid()), "thing.made"),
        (Actor::User(anna.id.uuid()), "thing.sold"),
        (Actor::User(stranger), "thing.made"),
        (Actor::System, "thing.made"),
    ] {
        let event = Event {
            actor,
            kind,
            subject_kind: "thing",
            subject: SUBJECT,
            customer: None,
            payload: &json!({ "one_time_password": "abc", "size": 3 }),
        };
        events::record(&mut tx, &p.clock, &event).await.unwrap();
    }
    tx.commit().await.unwrap();
    seal_all(p).await;

    let size = PageSize::new(None).unwrap();
    for role in [Role::Analyst, Role::Viewer] {
        let refused = events::audit(p, &caller(role), &EventFilter::default(), size, None).await;
        assert_eq!(refused.unwrap_err().code(), "forbidden");
    }
    let audit = async |filter: EventFilter| {
        let page = events::audit(p, &administrator, &filter, size, None)
            .await
            .unwrap();
        page.items
    };
    let all = audit(EventFilter::default()).await;
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|event| event.position.is_some()));
    assert!(
        all.windows(2)
            .all(|pair| (pair[0].at, pair[0].id) > (pair[1].at, pair[1].id))
    );
    let of_anna = audit(EventFilter {
        actor: Some(Actor::User(anna.id.uuid())),
        ..EventFilter::default()
    })
    .await;
    assert_eq!(of_anna.len(), 2);
    let actor = of_anna[0].actor.as_ref().unwrap();
    assert_eq!((actor.id, actor.name.as_deref()), (anna.id.uuid(), Some("安娜")));
    assert_eq!(
        of_anna[0].payload,
        json!({ "one_time_password": "***", "size": 3 })
    );
    let made = audit(EventFilter {
        kind: Some("thing.made".to_owned()),
        subject_kind: Some("thing".to_owned()),
        subject: Some(SUBJECT),
        ..EventFilter::default()
    })
    .await;
    assert_eq!(made.len(), 3);
    let by_itself = audit(EventFilter {
        actor: Some(Actor::System),
        kind: Some("thing.made".to_owned()),
        ..EventFilter::default()
    })
    .await;
    assert_eq!(by_itself.len(), 1);
    let (oldest, newest) = (all.last().unwrap().at, all.first().unwrap().at);
    let span = audit(EventFilter {
        from: Some(oldest),
        until: Some(newest),
        ..EventFilter::default()
    })
    .await;
    assert_eq!(span.len(), all.iter().filter(|event| event.at < newest).count());
    let reversed = EventFilter {
        from: Some(newest + SignedDuration::from_secs(1)),
        until: Some(newest),
        ..EventFilter::default()
    };
    let refused = events::audit(p, &administrator, &reversed, size, None).await;
    assert_eq!(refused.unwrap_err().code(), "span_reversed");

    let two = PageSize::new(Some(2)).unwrap();
    let (mut paged, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = events::audit(p, &administrator, &EventFilter::default(), two, cursor.as_deref())
            .await
            .unwrap();
        paged.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
}
