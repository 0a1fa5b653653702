//! `patron audit verify` as an auditor has it: what it says, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

use std::process::{Command, Output};

use platform::db::Dialect;
use platform::events::{self, Actor, Event, seal_batch};
use platform::migrations::RoomMigrations;
use platform::test_on_both;
use platform::testing::TestDb;
use serde_json::json;
use uuid::Uuid;

const ROOMS: [RoomMigrations; 3] = [customers::MIGRATIONS, value::MIGRATIONS, tiers::MIGRATIONS];

fn verify(t: &TestDb, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_patron"))
        .args(["audit", "verify"])
        .args(more)
        .env("DATABASE_URL", &t.url)
        .env("PATRON_DATA_DIR", t.folder().join("data"))
        .env("PATRON_KEY_FILE", t.platform.keys.file())
        .env("PATRON_LOG", "warn")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

test_on_both!(the_proof_says_whether_the_chain_is_whole, ROOMS);
async fn the_proof_says_whether_the_chain_is_whole(t: &TestDb) {
    let p = &t.platform;
    let mut tx = p.db.write().await.unwrap();
    for n in 0..3 {
        let event = Event {
            actor: Actor::System,
            kind: "thing.made",
            subject_kind: "thing",
            subject: Uuid::from_u128(n),
            customer: None,
            payload: &json!({ "n": n as u64 }),
        };
        events::record(&mut tx, &p.clock, &event).await.unwrap();
    }
    tx.commit().await.unwrap();
    seal_batch(p).await.unwrap();
    let whole = verify(t, &[]);
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    assert!(said(&whole).contains("the chain is whole"), "{whole:?}");
    let link = said(&whole)
        .lines()
        .find_map(|line| line.strip_prefix("last good link:"))
        .unwrap()
        .trim()
        .to_owned();
    assert!(link.starts_with("3:"));
    assert_eq!(verify(t, &["--known", &link]).status.code(), Some(0));
    let other = link.replace("3:", "2:");
    assert_eq!(verify(t, &["--known", &other]).status.code(), Some(1));
    assert_eq!(verify(t, &["--known", "nonsense"]).status.code(), Some(2));

    let mut tx = p.db.write().await.unwrap();
    let drop_trigger = match tx.dialect() {
        Dialect::Sqlite => "DROP TRIGGER events_are_not_altered",
        Dialect::Postgres => "DROP TRIGGER events_are_append_only ON events",
    };
    tx.execute(drop_trigger, []).await.unwrap();
    tx.execute(
        "UPDATE events SET kind = 'x' WHERE id = (SELECT event_id FROM event_seals WHERE position = 2)",
        [],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let broken = verify(t, &[]);
    assert_eq!(broken.status.code(), Some(1), "{broken:?}");
    assert!(
        said(&broken).contains("the chain is broken: link 2, event "),
        "{broken:?}"
    );
    assert!(said(&broken).contains("altered"), "{broken:?}");
}
