//! What both databases must do alike.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::time::{Duration, Instant};

use base::Error;
use platform::db::{Bulk, Sql, list, timestamp, uuids};
use platform::migrations::{self, Migration, PLATFORM, RoomMigrations};
use platform::testing::TestDb;
use platform::{Clock, Db, args, ids, test_on_both};
use serde_json::json;
use uuid::Uuid;

const EVERY_TYPE: RoomMigrations = RoomMigrations {
    room: "test",
    steps: &[Migration {
        number: 1,
        name: "0001_things",
        sqlite: "CREATE TABLE things (id BLOB PRIMARY KEY, name TEXT UNIQUE, day INTEGER, amount INTEGER, \
                 figure REAL, flag INTEGER, facts TEXT, raw BLOB) STRICT;
                 CREATE INDEX things_by_day ON things (day);",
        postgres: "CREATE TABLE things (id UUID PRIMARY KEY, name TEXT UNIQUE, day INTEGER, amount BIGINT, \
                   figure DOUBLE PRECISION, flag BOOLEAN, facts JSONB, raw BYTEA);
                   CREATE INDEX things_by_day ON things (day);",
    }],
};

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
struct Thing {
    id: Uuid,
    name: Option<String>,
    day: Option<i32>,
    amount: Option<i64>,
    figure: Option<f64>,
    flag: Option<bool>,
    facts: Option<sqlx::types::Json<serde_json::Value>>,
    raw: Option<Vec<u8>>,
}

const COLUMNS: &[&str] = &["id", "name", "day", "amount", "figure", "flag", "facts", "raw"];

fn thing(n: i64) -> Thing {
    let full = n % 7 != 0;
    Thing {
        id: ids::new(&Clock::system()),
        name: full.then(|| format!("客户 {n}\t\"quoted\"\\N\r\nnext")),
        day: full.then_some(i32::try_from(n).unwrap() - 50),
        amount: full.then_some(n * 1_234_567_890_123),
        figure: full.then_some(n as f64 / 3.0),
        flag: full.then_some(n % 2 == 0),
        facts: full.then(|| sqlx::types::Json(json!({ "n": n, "text": "a\\b\n" }))),
        raw: full.then(|| vec![0, 1, 255, b'\\']),
    }
}

fn row(thing: &Thing) -> Vec<platform::db::Value> {
    args![
        thing.id,
        thing.name.clone(),
        thing.day,
        thing.amount,
        thing.figure,
        thing.flag,
        thing.facts.clone().map(|json| json.0),
        thing.raw.clone(),
    ]
}

const SELECT: &str = "SELECT id, name, day, amount, figure, flag, facts, raw FROM things ORDER BY id";

test_on_both!(every_value_comes_back_as_it_went_in, [EVERY_TYPE]);
async fn every_value_comes_back_as_it_went_in(t: &TestDb) {
    let mut things: Vec<_> = (1..=600).map(thing).collect();
    things.sort_by_key(|thing| thing.id);
    let db = &t.platform.db;
    let mut tx = db.write().await.unwrap();
    for thing in &things[..100] {
        let inserted = tx
            .execute(
                "INSERT INTO things (id, name, day, amount, figure, flag, facts, raw) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                row(thing),
            )
            .await
            .unwrap();
        assert_eq!(inserted, 1);
    }
    let bulk = Bulk {
        table: "things",
        columns: COLUMNS,
        on_conflict: "",
    };
    assert_eq!(
        bulk.insert(&mut tx, things[100..].iter().map(row)).await.unwrap(),
        500
    );
    tx.commit().await.unwrap();

    let mut tx = db.read().await.unwrap();
    assert_eq!(tx.all::<Thing>(SELECT, []).await.unwrap(), things);
    let by_name = format!(
        "SELECT count(*) FROM things WHERE name{}",
        tx.dialect().in_texts(1)
    );
    let names = [
        things[0].name.clone(),
        things[3].name.clone(),
        Some("nobody".to_owned()),
    ];
    let wanted = names.iter().flatten().filter(|n| n.as_str() != "nobody").count();
    let (found,): (i64,) = tx
        .one(
            sqlx::AssertSqlSafe(by_name),
            args![list(names.into_iter().flatten())],
        )
        .await
        .unwrap();
    assert_eq!(found, wanted as i64);
    let by_id = format!("SELECT count(*) FROM things WHERE id{}", tx.dialect().in_uuids(1));
    let (found,): (i64,) = tx
        .one(
            sqlx::AssertSqlSafe(by_id),
            args![uuids([things[5].id, things[9].id, Uuid::nil()])],
        )
        .await
        .unwrap();
    assert_eq!(found, 2);
    let mut sql =
        Sql::new("SELECT id, name, day, amount, figure, flag, facts, raw FROM things WHERE amount > ");
    sql.bind(thing(300).amount)
        .push(" AND flag = ")
        .bind(true)
        .push(" ORDER BY amount DESC NULLS LAST LIMIT ")
        .bind(3_i64);
    let found: Vec<Thing> = sql.all(&mut tx).await.unwrap();
    assert_eq!(
        found.iter().map(|t| t.amount).collect::<Vec<_>>(),
        [600, 598, 596].map(|n| thing(n).amount)
    );
}

test_on_both!(a_bulk_insert_can_be_repeated, [EVERY_TYPE]);
async fn a_bulk_insert_can_be_repeated(t: &TestDb) {
    let things: Vec<_> = (1..=50).filter(|n| n % 7 != 0).map(thing).collect();
    let count = things.len() as u64;
    let insert = |on_conflict| Bulk {
        table: "things",
        columns: COLUMNS,
        on_conflict,
    };
    let mut tx = t.platform.db.write().await.unwrap();
    let skip = insert("ON CONFLICT (name) DO NOTHING");
    assert_eq!(
        skip.insert(&mut tx, things[..20].iter().map(row)).await.unwrap(),
        20
    );
    assert_eq!(
        skip.insert(&mut tx, things.iter().map(row)).await.unwrap(),
        count - 20
    );
    let update = insert(
        "ON CONFLICT (name) DO UPDATE SET amount = excluded.amount WHERE things.amount IS DISTINCT FROM excluded.amount",
    );
    let changed = things.iter().enumerate().map(|(n, thing)| Thing {
        amount: if n < 5 { Some(7) } else { thing.amount },
        ..thing.clone()
    });
    assert_eq!(update.insert(&mut tx, changed.map(|t| row(&t))).await.unwrap(), 5);
    let wrong = insert("").insert(&mut tx, [args![1_i64]]).await.unwrap_err();
    assert!(matches!(wrong, Error::Internal { .. }), "{wrong:?}");
}

test_on_both!(what_is_not_committed_did_not_happen, [EVERY_TYPE]);
async fn what_is_not_committed_did_not_happen(t: &TestDb) {
    let db = &t.platform.db;
    let insert = "INSERT INTO things (id, name) VALUES ($1, $2)";
    let mut live = db.live().listen();
    let event = |n: i32| platform::live::LiveEvent {
        topic: "test",
        audience: platform::live::Audience::Everybody,
        data: std::sync::Arc::new(json!(n)),
    };
    {
        let mut tx = db.write().await.unwrap();
        tx.execute(insert, args![Uuid::nil(), "dropped"]).await.unwrap();
        tx.after_commit(event(1));
    }
    let mut tx = db.write().await.unwrap();
    tx.execute(insert, args![Uuid::nil(), "kept"]).await.unwrap();
    tx.after_commit(event(2));
    tx.commit().await.unwrap();
    assert_eq!(*live.recv().await.unwrap().data, json!(2));

    let mut tx = db.write().await.unwrap();
    let twice = tx.execute(insert, args![Uuid::max(), "kept"]).await.unwrap_err();
    assert_eq!(twice.code(), "already_exists");
    drop(tx);
    let mut tx = db.read().await.unwrap();
    assert!(
        tx.execute(insert, args![Uuid::max(), "by a reader"])
            .await
            .is_err()
    );
    drop(tx);
    let names: Vec<(String,)> = db
        .read()
        .await
        .unwrap()
        .all("SELECT name FROM things", [])
        .await
        .unwrap();
    assert_eq!(names, [("kept".to_owned(),)]);
}

test_on_both!(contending_writers_all_get_their_turn, [EVERY_TYPE]);
async fn contending_writers_all_get_their_turn(t: &TestDb) {
    let db = t.platform.db.clone();
    let mut tx = db.write().await.unwrap();
    tx.execute(
        "INSERT INTO things (id, amount) VALUES ($1, 0)",
        args![Uuid::nil()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let other = t.another_process().await.db;
    let writers = (0..100).map(|n| {
        let db = if n % 2 == 0 { db.clone() } else { other.clone() };
        tokio::spawn(async move {
            let mut tx = db.write().await?;
            let read = format!(
                "SELECT amount FROM things WHERE id = $1{}",
                tx.dialect().for_update()
            );
            let (amount,): (i64,) = tx.one(sqlx::AssertSqlSafe(read), args![Uuid::nil()]).await?;
            tx.execute(
                "UPDATE things SET amount = $2 WHERE id = $1",
                args![Uuid::nil(), amount + 1],
            )
            .await?;
            tx.commit().await
        })
    });
    for writer in futures::future::join_all(writers).await {
        writer.unwrap().unwrap();
    }
    let (amount,): (i64,) = db
        .read()
        .await
        .unwrap()
        .one("SELECT amount FROM things", [])
        .await
        .unwrap();
    assert_eq!(amount, 100);
}

test_on_both!(the_event_log_cannot_be_altered);
async fn the_event_log_cannot_be_altered(t: &TestDb) {
    let p = &t.platform;
    let subject = Uuid::max();
    let mut tx = p.db.write().await.unwrap();
    let event = platform::events::Event {
        actor: platform::events::Actor::System,
        kind: "thing.made",
        subject_kind: "thing",
        subject,
        customer: None,
        payload: &json!({ "size": 3 }),
    };
    platform::events::record(&mut tx, &p.clock, &event).await.unwrap();
    tx.commit().await.unwrap();
    for sql in ["UPDATE events SET kind = 'x'", "DELETE FROM events"] {
        let mut tx = p.db.write().await.unwrap();
        assert!(tx.execute(sql, []).await.is_err(), "{sql}");
    }
    let mut tx = p.db.read().await.unwrap();
    let events = platform::events::of_subject(&mut tx, "thing", subject, 10)
        .await
        .unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].payload, json!({ "size": 3 }));
    assert!(events[0].at <= p.clock.now());
}

test_on_both!(migrations_are_checked_before_anything_runs, [EVERY_TYPE]);
async fn migrations_are_checked_before_anything_runs(t: &TestDb) {
    let (db, clock) = (&t.platform.db, &t.platform.clock);
    let rooms = [PLATFORM, EVERY_TYPE];
    assert_eq!(
        migrations::apply(db, &rooms, clock).await.unwrap(),
        [] as [&str; 0]
    );
    assert!(migrations::check(db, &rooms).await.unwrap().0.is_empty());

    let newer = migrations::check(db, &[PLATFORM]).await.unwrap_err();
    assert_eq!(newer.code(), "database_newer");
    assert!(newer.to_string().contains("test/0001_things"), "{newer}");

    const ALTERED: RoomMigrations = RoomMigrations {
        room: "test",
        steps: &[Migration {
            number: 1,
            name: "0001_things",
            sqlite: "CREATE TABLE things (id BLOB)",
            postgres: "CREATE TABLE things (id UUID)",
        }],
    };
    let altered = migrations::apply(db, &[PLATFORM, ALTERED], clock)
        .await
        .unwrap_err();
    assert_eq!(altered.code(), "migration_altered");

    const BROKEN: RoomMigrations = RoomMigrations {
        room: "broken",
        steps: &[Migration {
            number: 1,
            name: "0001_half",
            sqlite: "CREATE TABLE half (id INTEGER); CREATE TABLE things (id INTEGER);",
            postgres: "CREATE TABLE half (id INTEGER); CREATE TABLE things (id INTEGER);",
        }],
    };
    let rooms = [PLATFORM, EVERY_TYPE, BROKEN];
    assert!(migrations::apply(db, &rooms, clock).await.is_err());
    assert_eq!(
        migrations::check(db, &rooms).await.unwrap().0,
        ["broken/0001_half"]
    );
    let mut tx = db.read().await.unwrap();
    assert!(
        tx.all::<(i64,)>("SELECT id FROM half", []).await.is_err(),
        "half a migration stayed"
    );
}

test_on_both!(servers_that_start_together_migrate_once);
async fn servers_that_start_together_migrate_once(t: &TestDb) {
    let starts = (0..4).map(|_| async {
        let p = t.another_process().await;
        migrations::apply(&p.db, &[PLATFORM, EVERY_TYPE], &p.clock)
            .await
            .unwrap()
            .len()
    });
    let applied: usize = futures::future::join_all(starts).await.into_iter().sum();
    assert_eq!(applied, 1);
}

#[tokio::test]
async fn a_sqlite_file_has_one_server() {
    let t = TestDb::sqlite(&[]).await;
    t.platform.db.lock_server().unwrap();
    let other = t.another_process().await;
    assert_eq!(other.db.lock_server().unwrap_err().code(), "already_served");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_said_clearly() {
    let e = Db::open("mysql://x").await.unwrap_err();
    assert_eq!(e.code(), "database_url_malformed");
    let e = Db::open("postgres://patron:secret@127.0.0.1:1/patron")
        .await
        .unwrap_err();
    assert_eq!(e.code(), "database_unavailable");
    assert!(!e.to_string().contains("secret"), "{e}");
    let e = Db::open("sqlite:/proc/nowhere/patron.sqlite").await.unwrap_err();
    assert_eq!(e.code(), "data_dir_unusable");
}

#[test]
fn times_beyond_the_calendar_do_not_panic() {
    assert!(timestamp(i64::MAX) > timestamp(0));
    assert!(timestamp(i64::MIN) < timestamp(0));
}

test_on_both!(a_statement_that_takes_too_long_is_ended);
async fn a_statement_that_takes_too_long_is_ended(t: &TestDb) {
    const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) \
                           SELECT count(*) FROM n";
    let db = &t.platform.db;
    let begun = Instant::now();
    // More at once than there are readers.
    let reads = (0..10).map(|_| async {
        let mut tx = db.read().await.unwrap();
        tx.allow(Duration::from_millis(200)).await.unwrap();
        tx.one::<(i64,)>(ENDLESS, []).await.unwrap_err().code()
    });
    assert_eq!(futures::future::join_all(reads).await, ["database_timeout"; 10]);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    // The next transaction on the same connection has its full time again.
    let mut tx = db.read().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (one,): (i32,) = tx.one("SELECT 1", []).await.unwrap();
    assert_eq!(one, 1);
    let begun = Instant::now();
    let some = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) \
                SELECT count(*) FROM n";
    let (counted,): (i64,) = tx.one(some, []).await.unwrap();
    assert_eq!(counted, 3_000_000, "after {:?}", begun.elapsed());
}

test_on_both!(a_text_that_cannot_be_stored_is_the_callers_fault);
async fn a_text_that_cannot_be_stored_is_the_callers_fault(t: &TestDb) {
    let db = &t.platform.db;
    let find = "SELECT key FROM settings WHERE key = $1";
    let keep = "INSERT INTO settings (key, value, version, updated_at) VALUES ('k', $1, 1, 1)";
    for (sql, value) in [
        (find, platform::db::Value::from("a\0b")),
        (keep, platform::db::Value::from(json!({ "column": "a\0b" }))),
    ] {
        let mut tx = db.write().await.unwrap();
        let done = tx.execute(sql, vec![value]).await;
        // SQLite takes it; PostgreSQL does not, and says whose fault it is.
        match done {
            Ok(_) => assert_eq!(db.dialect(), platform::db::Dialect::Sqlite, "{sql}"),
            Err(e) => assert_eq!(e.code(), "character_not_allowed", "{sql}"),
        }
    }
}
