//! Signing in, sessions, passwords, throttling, idempotency.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use jiff::{SignedDuration, Timestamp};
use platform::access::{Role, app};
use platform::idempotency::{Known, Once};
use platform::testing::TestDb;
use platform::{Clock, Platform, args, test_on_both};
use uuid::Uuid;

const HERE: &str = "127.0.0.1";

fn at_a_fixed_time(t: &TestDb) -> Platform {
    t.with_clock(Clock::fixed("2026-11-21T08:00:00Z".parse::<Timestamp>().unwrap()))
}

async fn signs_in(p: &Platform, login: &str, password: &str) -> Result<app::Session, String> {
    app::sign_in(p, login, password.to_owned(), HERE)
        .await
        .map_err(|e| e.code().to_owned())
}

test_on_both!(a_one_time_password_works_once_and_must_be_changed);
async fn a_one_time_password_works_once_and_must_be_changed(t: &TestDb) {
    let p = &at_a_fixed_time(t);
    assert!(!app::has_users(p).await.unwrap());
    let (user, one_time) = app::add_user(p, " Anna ", "安娜", Role::Analyst).await.unwrap();
    assert_eq!(user.login, "anna");
    assert_eq!(
        app::add_user(p, "ANNA", "Anna", Role::Viewer)
            .await
            .unwrap_err()
            .code(),
        "login_taken"
    );

    let session = signs_in(p, "anna", &one_time).await.unwrap();
    assert!(session.caller.must_change_password);
    assert!(session.caller.permissions().is_empty());
    assert_eq!(
        signs_in(p, "anna", &one_time).await.unwrap_err(),
        "credentials_wrong"
    );

    let change = async |current: &str, new: &str| {
        app::change_password(p, &session.caller, current.to_owned(), new.to_owned()).await
    };
    assert_eq!(
        change(&one_time, "short").await.unwrap_err().code(),
        "password_too_short"
    );
    assert_eq!(
        change("not it at all", "a good password")
            .await
            .unwrap_err()
            .code(),
        "credentials_wrong"
    );
    let changed = change(&one_time, "a good password").await.unwrap();
    assert!(!changed.caller.must_change_password);
    assert!(changed.caller.permissions().contains(&"value.run"));
    assert_eq!(
        app::session(p, &session.token).await.unwrap_err().code(),
        "not_signed_in"
    );
    assert_eq!(app::session(p, &changed.token).await.unwrap().0, changed.caller);
    signs_in(p, "Anna", "a good password").await.unwrap();
}

test_on_both!(a_one_time_password_expires);
async fn a_one_time_password_expires(t: &TestDb) {
    let p = &at_a_fixed_time(t);
    let (_, first) = app::add_user(p, "anna", "Anna", Role::Administrator)
        .await
        .unwrap();
    p.clock.advance(SignedDuration::from_hours(25));
    assert_eq!(
        signs_in(p, "anna", &first).await.unwrap_err(),
        "credentials_wrong"
    );
    let (_, second) = app::reset_password(p, "anna").await.unwrap();
    assert_eq!(
        signs_in(p, "anna", &first).await.unwrap_err(),
        "credentials_wrong"
    );
    assert!(
        signs_in(p, "anna", &second)
            .await
            .unwrap()
            .caller
            .must_change_password
    );
    assert!(app::reset_password(p, "nobody").await.is_err());
}

test_on_both!(a_session_ends_by_time_and_by_signing_out);
async fn a_session_ends_by_time_and_by_signing_out(t: &TestDb) {
    let p = &at_a_fixed_time(t);
    let (_, one_time) = app::add_user(p, "anna", "Anna", Role::Administrator)
        .await
        .unwrap();
    let first = signs_in(p, "anna", &one_time).await.unwrap();
    let changed = app::change_password(p, &first.caller, one_time, "a good password".to_owned())
        .await
        .unwrap();
    let second = signs_in(p, "anna", "a good password").await.unwrap();
    app::sign_out(p, &changed.token).await.unwrap();
    app::sign_out(p, &changed.token).await.unwrap();
    assert!(app::session(p, &changed.token).await.is_err());
    assert!(app::session(p, &second.token).await.is_ok());
    p.clock.advance(app::SESSION);
    assert!(app::session(p, &second.token).await.is_err());
    app::forget_old(p).await.unwrap();
    let mut tx = p.db.read().await.unwrap();
    let (left,): (i64,) = tx.one("SELECT count(*) FROM sessions", []).await.unwrap();
    assert_eq!(left, 0);
    let stored: Vec<(String,)> = tx.all("SELECT password_hash FROM users", []).await.unwrap();
    assert!(
        stored[0].0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{stored:?}"
    );
}

test_on_both!(guessing_is_slowed_down);
async fn guessing_is_slowed_down(t: &TestDb) {
    let p = &at_a_fixed_time(t);
    let (_, one_time) = app::add_user(p, "anna", "Anna", Role::Administrator)
        .await
        .unwrap();
    for _ in 0..5 {
        assert_eq!(
            signs_in(p, "anna", "wrong").await.unwrap_err(),
            "credentials_wrong"
        );
    }
    assert_eq!(
        signs_in(p, "anna", &one_time).await.unwrap_err(),
        "too_many_attempts"
    );
    p.clock.advance(SignedDuration::from_secs(2));
    assert_eq!(
        signs_in(p, "anna", "wrong").await.unwrap_err(),
        "credentials_wrong"
    );
    p.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(
        signs_in(p, "anna", &one_time).await.unwrap_err(),
        "too_many_attempts"
    );
    p.clock.advance(SignedDuration::from_secs(1));
    signs_in(p, "anna", &one_time).await.unwrap();
    assert_eq!(
        signs_in(p, "nobody", "wrong").await.unwrap_err(),
        "credentials_wrong"
    );
}

test_on_both!(guessing_all_at_once_gains_nothing);
async fn guessing_all_at_once_gains_nothing(t: &TestDb) {
    let p = &at_a_fixed_time(t);
    app::add_user(p, "anna", "Anna", Role::Viewer).await.unwrap();
    let guesses = (0..30).map(|_| signs_in(p, "anna", "wrong"));
    let answers = futures::future::join_all(guesses).await;
    let looked_at = answers
        .iter()
        .filter(|answer| matches!(answer, Err(code) if code == "credentials_wrong"))
        .count();
    assert_eq!(looked_at, 5, "{answers:?}");
}

test_on_both!(an_address_that_signs_in_well_is_not_held_up);
async fn an_address_that_signs_in_well_is_not_held_up(t: &TestDb) {
    let p = &at_a_fixed_time(t);
    let (_, one_time) = app::add_user(p, "anna", "Anna", Role::Viewer).await.unwrap();
    let first = signs_in(p, "anna", &one_time).await.unwrap();
    app::change_password(p, &first.caller, one_time, "a good password".to_owned())
        .await
        .unwrap();
    for _ in 0..35 {
        signs_in(p, "anna", "a good password").await.unwrap();
    }
}

test_on_both!(an_unknown_login_takes_as_long_as_a_known_one);
async fn an_unknown_login_takes_as_long_as_a_known_one(t: &TestDb) {
    let p = &t.platform;
    app::add_user(p, "anna", "Anna", Role::Viewer).await.unwrap();
    let quickest = async |login: &str| {
        let mut quickest = std::time::Duration::MAX;
        for _ in 0..4 {
            let begun = std::time::Instant::now();
            assert_eq!(
                signs_in(p, login, "wrong").await.unwrap_err(),
                "credentials_wrong"
            );
            quickest = quickest.min(begun.elapsed());
        }
        quickest.as_secs_f64()
    };
    let (known, unknown) = (quickest("anna").await, quickest("nobody").await);
    // Without the hash of nobody's password the unknown one answers in a tenth of the time.
    assert!(
        unknown > known * 0.4,
        "known {known:.4} s, unknown {unknown:.4} s"
    );
}

test_on_both!(a_request_with_a_key_is_carried_out_once);
async fn a_request_with_a_key_is_carried_out_once(t: &TestDb) {
    let p = &t.platform;
    let once = |request: &str| Once::new(Uuid::nil(), "key-1".to_owned(), request.into(), p.clock.now());
    let work = async || {
        let mut tx = p.db.write().await?;
        tx.execute(
            "INSERT INTO sign_in_failures (subject, failures, first_at, last_at) VALUES ($1, 1, 0, 0)",
            args![Uuid::from_bytes(platform::random::bytes()).to_string()],
        )
        .await?;
        tx.commit().await
    };
    let first = once("a");
    assert_eq!(first.look_up(&p.db).await.unwrap(), Known::New);
    first.clone().carry_out(work()).await.unwrap();
    assert!(first.changed_something());
    // A crash here, before the answer is kept: the repetition changes nothing.
    assert_eq!(once("a").look_up(&p.db).await.unwrap_err().code(), "already_done");
    assert_eq!(
        once("a").carry_out(work()).await.unwrap_err().code(),
        "already_done"
    );
    first.answer(&p.db, 201, "application/json", b"{}").await.unwrap();
    let known = once("a").look_up(&p.db).await.unwrap();
    assert_eq!(
        known,
        Known::Answered {
            status: 201,
            content_type: "application/json".to_owned(),
            body: b"{}".to_vec(),
        }
    );
    assert_eq!(
        once("b").look_up(&p.db).await.unwrap_err().code(),
        "idempotency_key_reused"
    );
    let mut tx = p.db.read().await.unwrap();
    let (done,): (i64,) = tx.one("SELECT count(*) FROM sign_in_failures", []).await.unwrap();
    assert_eq!(done, 1);
}

test_on_both!(failed_sign_ins_are_in_the_event_log);
async fn failed_sign_ins_are_in_the_event_log(t: &TestDb) {
    let p = &at_a_fixed_time(t);
    let (user, _) = app::add_user(p, "anna", "Anna", Role::Viewer).await.unwrap();
    let too_long = "x".repeat(300);
    for (login, password) in [
        ("anna", "wrong"),
        ("anna", too_long.as_str()),
        ("nobody", "wrong"),
        ("no login at all", "wrong"),
    ] {
        assert_eq!(
            signs_in(p, login, password).await.unwrap_err(),
            "credentials_wrong"
        );
    }
    let mut tx = p.db.read().await.unwrap();
    for subject in [user.id.uuid(), Uuid::nil()] {
        let events = platform::events::of_subject(&mut tx, "user", subject, 10)
            .await
            .unwrap();
        let failed: Vec<_> = events
            .iter()
            .filter(|event| event.kind == "user.sign_in_failed")
            .collect();
        assert_eq!(failed.len(), 2, "{events:?}");
        assert_eq!(failed[0].payload, serde_json::json!({ "address": HERE }));
    }
}
