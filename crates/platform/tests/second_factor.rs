//! The second factor: asked for once it is confirmed, each code once, recovered from when it is lost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

use jiff::SignedDuration;
use platform::access::app::{self, second_factors};
use platform::access::{Role, User};
use platform::testing::{TestDb, caller};
use platform::{Caller, Clock, Platform, test_on_both};
use totp_rs::{Builder, Secret, Totp};

const HERE: &str = "127.0.0.1";
const PASSWORD: &str = "a good password";

fn code<T: std::fmt::Debug>(result: base::Result<T>) -> &'static str {
    result.unwrap_err().code()
}

/// What the app on the phone does.
fn phone(secret: &str) -> Totp {
    let secret = Secret::try_from_base32(secret).unwrap();
    Builder::new().with_secret(secret).build().unwrap()
}

fn shown(p: &Platform, phone: &Totp) -> String {
    let now = u64::try_from(p.clock.now().as_second()).unwrap();
    phone.generate(now).to_string()
}

async fn anna(p: &Platform) -> (User, Caller) {
    let (user, one_time) = app::add_user(p, "anna", "Anna", Role::Viewer).await.unwrap();
    let first = app::sign_in(p, "anna", one_time.clone(), HERE).await.unwrap();
    let session = app::change_password(p, &first.caller, one_time, PASSWORD.to_owned()).await;
    let who = app::session(p, &session.unwrap().token).await.unwrap().0;
    (user, who)
}

async fn sign_in(p: &Platform, code: Option<&str>) -> base::Result<app::Session> {
    app::sign_in_with_code(p, "anna", PASSWORD.to_owned(), code, HERE).await
}

test_on_both!(a_second_factor_is_asked_for_once_it_is_confirmed);
async fn a_second_factor_is_asked_for_once_it_is_confirmed(t: &TestDb) {
    let p = &t.with_clock(Clock::fixed("2026-11-21T08:00:00Z".parse().unwrap()));
    let (_, who) = anna(p).await;
    assert_eq!(
        code(second_factors::confirm(p, &who, "123456").await),
        "second_factor_not_offered"
    );
    let wrong = second_factors::offer(p, &who, "not this one".to_owned()).await;
    assert_eq!(code(wrong), "credentials_wrong");

    let offer = second_factors::offer(p, &who, PASSWORD.to_owned()).await.unwrap();
    assert!(
        offer.address.starts_with("otpauth://totp/Patron:anna?"),
        "{}",
        offer.address
    );
    assert!(offer.address.contains(&offer.secret));
    let stored: (Vec<u8>,) =
        p.db.read()
            .await
            .unwrap()
            .one("SELECT secret FROM second_factors", [])
            .await
            .unwrap();
    assert!(
        !String::from_utf8_lossy(&stored.0).contains(&offer.secret),
        "the secret is sealed"
    );
    // Not confirmed, it asks for nothing; a second offer replaces it.
    sign_in(p, None).await.unwrap();
    let offer = second_factors::offer(p, &who, PASSWORD.to_owned()).await.unwrap();
    let phone = phone(&offer.secret);
    assert_eq!(
        code(second_factors::confirm(p, &who, "000000").await),
        "second_factor_wrong"
    );
    let codes = second_factors::confirm(p, &who, &shown(p, &phone)).await.unwrap();
    assert_eq!(codes.len(), 10);
    let again = second_factors::offer(p, &who, PASSWORD.to_owned()).await;
    assert_eq!(code(again), "second_factor_active");

    assert_eq!(code(sign_in(p, None).await), "second_factor_required");
    // The code that confirmed is used up.
    assert_eq!(
        code(sign_in(p, Some(&shown(p, &phone))).await),
        "second_factor_wrong"
    );
    p.clock.advance(SignedDuration::from_secs(30));
    let next = shown(p, &phone);
    sign_in(p, Some(&next)).await.unwrap();
    assert_eq!(code(sign_in(p, Some(&next)).await), "second_factor_wrong");
    // The phone may be half a minute behind, and no more.
    p.clock.advance(SignedDuration::from_secs(60));
    let late = shown(p, &phone);
    p.clock.advance(SignedDuration::from_secs(30));
    sign_in(p, Some(&late)).await.unwrap();
    p.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(code(sign_in(p, Some(&late)).await), "second_factor_wrong");
    let wrong = app::sign_in_with_code(
        p,
        "anna",
        "not this one".to_owned(),
        Some(&shown(p, &phone)),
        HERE,
    )
    .await;
    assert_eq!(code(wrong), "credentials_wrong");
}

test_on_both!(codes_are_guessed_no_faster_than_passwords);
async fn codes_are_guessed_no_faster_than_passwords(t: &TestDb) {
    let p = &t.with_clock(Clock::fixed("2026-11-21T08:00:00Z".parse().unwrap()));
    let (_, who) = anna(p).await;
    let offer = second_factors::offer(p, &who, PASSWORD.to_owned()).await.unwrap();
    let phone = phone(&offer.secret);
    second_factors::confirm(p, &who, &shown(p, &phone)).await.unwrap();
    // Asking what is needed costs nothing, guessing does.
    for _ in 0..8 {
        assert_eq!(code(sign_in(p, None).await), "second_factor_required");
    }
    let mut answers = Vec::new();
    for _ in 0..7 {
        answers.push(code(sign_in(p, Some("000000")).await));
    }
    assert_eq!(answers[..5], ["second_factor_wrong"; 5]);
    assert_eq!(answers[6], "too_many_attempts");
    p.clock.advance(SignedDuration::from_secs(60));
    sign_in(p, Some(&shown(p, &phone))).await.unwrap();
}

test_on_both!(a_lost_phone_is_recovered_from);
async fn a_lost_phone_is_recovered_from(t: &TestDb) {
    let p = &t.with_clock(Clock::fixed("2026-11-21T08:00:00Z".parse().unwrap()));
    let (user, who) = anna(p).await;
    let enrol = async || {
        let offer = second_factors::offer(p, &who, PASSWORD.to_owned()).await.unwrap();
        let code = shown(p, &phone(&offer.secret));
        second_factors::confirm(p, &who, &code).await.unwrap()
    };
    let codes = enrol().await;
    sign_in(p, Some(&codes[3])).await.unwrap();
    assert_eq!(code(sign_in(p, Some(&codes[3])).await), "second_factor_wrong");
    let status = second_factors::status(p, &who).await.unwrap();
    assert_eq!((status.active, status.recovery_codes_left), (true, 9));

    let wrong = second_factors::remove_mine(p, &who, "not this one".to_owned()).await;
    assert_eq!(code(wrong), "credentials_wrong");
    second_factors::remove_mine(p, &who, PASSWORD.to_owned())
        .await
        .unwrap();
    sign_in(p, None).await.unwrap();
    let gone = second_factors::remove_mine(p, &who, PASSWORD.to_owned()).await;
    assert_eq!(code(gone), "not_found");
    let earlier = sign_in(p, Some(&codes[4])).await;
    earlier.unwrap();

    // Someone who manages users helps, and nobody else.
    enrol().await;
    assert_eq!(
        code(second_factors::remove_of_user(p, &who, user.id).await),
        "forbidden"
    );
    let admin = caller(Role::Administrator);
    second_factors::remove_of_user(p, &admin, user.id).await.unwrap();
    sign_in(p, None).await.unwrap();

    // So does whoever has the machine.
    enrol().await;
    let (_, one_time) = app::reset_password(p, "anna").await.unwrap();
    app::sign_in(p, "anna", one_time, HERE).await.unwrap();
}
