//! Single sign-on against identity providers that are real processes: an honest one, and one that lies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod providers;

use std::time::Duration;

use jiff::SignedDuration;
use platform::access::single_sign_on::sign_in::{Begun, Returned, begin, finish};
use platform::access::single_sign_on::{IdentityProvider, Providers, SignInPolicyChange, app};
use platform::access::{Role, UserId, app as access};
use platform::events::of_subject;
use platform::testing::TestDb;
use platform::{Caller, Platform, test_on_both};
use providers::{Provider, SECRET, browser, sign_in_at_provider};
use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;

const BACK: &str = "http://127.0.0.1:1/api/v1/session/callback";
const FROM: &str = "203.0.113.7";

fn code<T: std::fmt::Debug>(result: base::Result<T>) -> &'static str {
    result.unwrap_err().code()
}

fn ask() -> Providers {
    Providers::open(Duration::from_secs(4)).unwrap()
}

/// A new user of this role, as a caller.
async fn as_caller(p: &Platform, login: &str, role: Role) -> Caller {
    let user = user(p, login, role).await;
    access::caller_of(p, user).await.unwrap()
}

async fn administrator(t: &TestDb) -> Caller {
    as_caller(&t.platform, "admin", Role::Administrator).await
}

async fn user(p: &Platform, login: &str, role: Role) -> UserId {
    access::add_user(p, login, login, role).await.unwrap().0.id
}

async fn add(p: &Platform, who: &Caller, settings: Value) -> IdentityProvider {
    let settings = serde_json::from_value(settings).unwrap();
    app::add(p, who, settings, Some(SECRET)).await.unwrap()
}

async fn change(
    p: &Platform,
    who: &Caller,
    provider: &IdentityProvider,
    settings: Value,
) -> IdentityProvider {
    let settings = serde_json::from_value(settings).unwrap();
    let before = app::get(p, who, provider.id).await.unwrap().version;
    app::change(p, who, provider.id, before, (settings, None))
        .await
        .unwrap()
}

async fn start(p: &Platform, providers: &Providers, of: &IdentityProvider) -> Begun {
    begin(p, providers, of.id, "/customers?q=a", BACK.to_owned())
        .await
        .unwrap()
}

/// The query of the address that the provider sent the browser to.
fn returned(address: &str) -> Returned {
    let query = address.split_once('?').unwrap().1;
    let pairs = form_urlencoded::parse(query.as_bytes());
    let pairs: serde_json::Map<_, _> = pairs.map(|(name, value)| (name.into(), value.into())).collect();
    serde_json::from_value(pairs.into()).unwrap()
}

/// Signs somebody in with a browser of their own, from the door to the session.
async fn sign_in(
    p: &Platform,
    providers: &Providers,
    of: &IdentityProvider,
    login: &str,
) -> base::Result<access::Session> {
    sign_in_with(&browser(), p, providers, of, login).await
}

async fn sign_in_with(
    browser: &Client,
    p: &Platform,
    providers: &Providers,
    of: &IdentityProvider,
    login: &str,
) -> base::Result<access::Session> {
    let begun = start(p, providers, of).await;
    let back = sign_in_at_provider(browser, &begun.address, login, BACK).await;
    finish(p, providers, &returned(&back), Some(&begun.cookie), FROM)
        .await
        .0
}

async fn last_event(p: &Platform, subject: Uuid, kind: &str) -> Value {
    let (of, _) = kind.split_once('.').unwrap();
    let mut tx = p.db.read().await.unwrap();
    let events = of_subject(&mut tx, of, subject, 50).await.unwrap();
    // The newest stands first.
    let last = events.into_iter().find(|event| event.kind == kind);
    last.unwrap_or_else(|| panic!("no {kind}")).payload
}

/// How many failed sign-ins are written down, and from how many places.
async fn failures(p: &Platform) -> (i64, i64) {
    let mut tx = p.db.read().await.unwrap();
    let sql = "SELECT (SELECT count(*) FROM events WHERE kind = 'user.sign_in_failed'), \
               (SELECT count(*) FROM sign_in_failures WHERE failures > 0)";
    tx.one(sql, []).await.unwrap()
}

/// Why the last sign-in of nobody in particular failed.
async fn reason(p: &Platform) -> String {
    let payload = last_event(p, Uuid::nil(), "user.sign_in_failed").await;
    payload["reason"].as_str().unwrap().to_owned()
}

test_on_both!(a_person_signs_in_at_the_provider_and_is_known_by_their_subject_from_then_on);
async fn a_person_signs_in_at_the_provider_and_is_known_by_their_subject_from_then_on(t: &TestDb) {
    let p = &t.platform;
    let who = administrator(t).await;
    let anna = user(p, "anna", Role::Viewer).await;
    let provider = Provider::honest(
        BACK,
        &json!({ "subject-7": { "preferred_username": "Anna", "name": "Anna Wang" }, "subject-8": { "preferred_username": "eve" } }),
    );
    let providers = ask();
    let of = add(p, &who, provider.settings(json!({}))).await;

    let begun = start(p, &providers, &of).await;
    for part in [
        "response_type=code",
        "code_challenge_method=S256",
        "scope=openid+profile+email+groups",
    ] {
        assert!(begun.address.contains(part), "{}", begun.address);
    }
    let back = sign_in_at_provider(&browser(), &begun.address, "subject-7", BACK).await;
    let (session, return_to) = finish(p, &providers, &returned(&back), Some(&begun.cookie), FROM).await;
    let session = session.unwrap();
    assert_eq!(
        (session.caller.user.id, return_to.as_str()),
        (anna, "/customers?q=a")
    );
    // An ordinary session; the one-time password that nobody used stands in nobody's way.
    let (caller, _) = access::session(p, &session.token).await.unwrap();
    assert!(!caller.must_change_password && !caller.permissions().is_empty());

    let signed_in = last_event(p, anna.uuid(), "user.signed_in").await;
    assert_eq!(signed_in, json!({ "provider": of.id }));
    assert_eq!(
        last_event(p, anna.uuid(), "user.linked").await,
        json!({ "provider": of.id })
    );
    let links = app::my_links(p, &caller).await.unwrap();
    assert_eq!((links.len(), links[0].en.as_str()), (1, "Company account"));

    // What came back once does not come back again: neither the same, nor with another code.
    let again = finish(p, &providers, &returned(&back), Some(&begun.cookie), FROM)
        .await
        .0;
    assert_eq!(code(again), "sign_in_attempt_over");
    assert_eq!(reason(p).await, "state_used");

    // The provider may call them otherwise from now on, and another by the name they had.
    provider
        .people(&json!({ "subject-7": { "preferred_username": "wang" }, "subject-8": { "preferred_username": "anna" } }))
        .await;
    let session = sign_in(p, &providers, &of, "subject-7").await.unwrap();
    assert_eq!(session.caller.user.id, anna);
    let other = sign_in(p, &providers, &of, "subject-8").await;
    assert_eq!(code(other), "sign_in_linked_otherwise");
    assert_eq!(
        last_event(p, anna.uuid(), "user.sign_in_failed").await["reason"],
        "sign_in_linked_otherwise"
    );

    // Who is blocked here is blocked, and a link that is removed is made anew, if it can be.
    let record = access::users::get(p, &who, anna).await.unwrap();
    let blocked = |active| platform::access::UserChange {
        name: record.user.name.clone(),
        role: "viewer".to_owned(),
        branch_id: None,
        team_ids: Vec::new(),
        active,
    };
    let version = access::users::change(p, &who, anna, record.version, blocked(false))
        .await
        .unwrap()
        .version;
    assert_eq!(
        code(sign_in(p, &providers, &of, "subject-7").await),
        "sign_in_blocked"
    );
    access::users::change(p, &who, anna, version, blocked(true))
        .await
        .unwrap();
    app::unlink(p, &who, anna, of.id).await.unwrap();
    assert_eq!(code(app::unlink(p, &who, anna, of.id).await), "not_found");
    assert_eq!(
        code(sign_in(p, &providers, &of, "subject-7").await),
        "sign_in_unknown"
    );
    let session = sign_in(p, &providers, &of, "subject-8").await.unwrap();
    assert_eq!(session.caller.user.id, anna);
}

test_on_both!(only_the_browser_that_began_comes_back_and_only_in_time);
async fn only_the_browser_that_began_comes_back_and_only_in_time(t: &TestDb) {
    let clock = platform::Clock::fixed(t.platform.clock.now());
    let p = &t.with_clock(clock);
    let who = administrator(t).await;
    user(p, "anna", Role::Viewer).await;
    let provider = Provider::honest(BACK, &json!({ "7": { "preferred_username": "anna" } }));
    let providers = ask();
    let of = add(p, &who, provider.settings(json!({}))).await;

    let mine = start(p, &providers, &of).await;
    let theirs = start(p, &providers, &of).await;
    let back = returned(&sign_in_at_provider(&browser(), &theirs.address, "7", BACK).await);
    let mut tampered = theirs.cookie.clone().into_bytes();
    tampered[40] = if tampered[40] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).unwrap();
    for (cookie, why) in [
        (None, None),
        (Some(tampered.as_str()), None),
        (Some("AAAA"), None),
        (Some(mine.cookie.as_str()), Some("state_differs")),
    ] {
        let refused = finish(p, &providers, &back, cookie, FROM).await.0;
        assert_eq!(code(refused), "sign_in_attempt_over", "{why:?}");
        match why {
            Some(why) => assert_eq!(reason(p).await, why),
            // Any page can send a browser here: that is written down nowhere, and counts for nothing.
            None => assert_eq!(failures(p).await, (0, 0), "{cookie:?}"),
        }
    }
    assert_eq!(failures(p).await, (1, 1));
    let stateless = Returned {
        code: back.code.clone(),
        ..Returned::default()
    };
    let refused = finish(p, &providers, &stateless, Some(&theirs.cookie), FROM)
        .await
        .0;
    assert_eq!(code(refused), "sign_in_attempt_over");
    // A code is worth nothing without the verifier of the attempt it was given for.
    let swapped = Returned {
        code: back.code.clone(),
        state: returned(&mine.address).state,
        ..returned(&sign_in_at_provider(&browser(), &mine.address, "7", BACK).await)
    };
    let swapped = Returned {
        code: back.code.clone(),
        ..swapped
    };
    let refused = finish(p, &providers, &swapped, Some(&mine.cookie), FROM).await.0;
    assert_eq!(code(refused), "provider_refused");
    // A person who declines at the provider is told so.
    p.clock.advance(SignedDuration::from_secs(1));
    let begun = start(p, &providers, &of).await;
    let back = sign_in_at_provider(&browser(), &begun.address, "nobody", BACK).await;
    let declined = finish(p, &providers, &returned(&back), Some(&begun.cookie), FROM)
        .await
        .0;
    assert_eq!(code(declined), "sign_in_declined");
    assert_eq!(reason(p).await, "access_denied");

    let begun = start(p, &providers, &of).await;
    let back = returned(&sign_in_at_provider(&browser(), &begun.address, "7", BACK).await);
    p.clock.advance(SignedDuration::from_mins(10));
    let late = finish(p, &providers, &back, Some(&begun.cookie), FROM).await.0;
    assert_eq!(code(late), "sign_in_attempt_over");
    assert_eq!(reason(p).await, "too_late");
    access::forget_old(p).await.unwrap();
    let mut tx = p.db.read().await.unwrap();
    let (kept,): (i64,) = tx.one("SELECT count(*) FROM sign_in_returns", []).await.unwrap();
    assert_eq!(kept, 0, "states that are over are forgotten");
}

test_on_both!(who_is_not_known_gets_an_account_only_where_that_is_decided);
async fn who_is_not_known_gets_an_account_only_where_that_is_decided(t: &TestDb) {
    let p = &t.platform;
    let who = administrator(t).await;
    let people = json!({
        "1": { "preferred_username": "new", "name": "新人" },
        "2": { "email": "Li@example.com", "email_verified": true },
        "3": { "email": "bo@example.com", "email_verified": false },
        "4": { "preferred_username": "taken" },
    });
    let provider = Provider::honest_taking(BACK, &people, "client_secret_post");
    let providers = ask();
    let closed = provider.settings(json!({ "link_by_username": false }));
    let of = add(p, &who, closed).await;
    assert_eq!(code(sign_in(p, &providers, &of, "1").await), "sign_in_unknown");

    let branch = platform::access::BranchChange {
        code: "east".to_owned(),
        name: "East".to_owned(),
        parent_id: None,
    };
    let branch = access::branches::add(p, &who, branch).await.unwrap().id;
    let open = |more: Value| {
        let mut open =
            json!({ "link_by_username": false, "new_users": { "role": "analyst", "branch_id": branch } });
        for (name, value) in more.as_object().unwrap() {
            open[name] = value.clone();
        }
        provider.settings(open)
    };
    let of = change(p, &who, &of, open(json!({}))).await;
    let session = sign_in(p, &providers, &of, "1").await.unwrap();
    let record = access::users::get(p, &who, session.caller.user.id).await.unwrap();
    assert_eq!(
        (
            record.user.login.as_str(),
            record.user.name.as_str(),
            record.user.role,
            record.branch_id
        ),
        ("new", "新人", Role::Analyst, Some(branch))
    );
    assert!(!session.caller.must_change_password);
    let again = sign_in(p, &providers, &of, "1").await.unwrap();
    assert_eq!(again.caller.user.id, session.caller.user.id);
    // There is no password to sign in with.
    let typed = access::sign_in(p, "new", String::new(), FROM).await;
    assert_eq!(code(typed), "credentials_wrong");

    // An address counts once it is verified: as a new login, and to find a user.
    let li = sign_in(p, &providers, &of, "2").await.unwrap().caller.user;
    assert_eq!(li.login, "li@example.com");
    assert_eq!(
        code(sign_in(p, &providers, &of, "3").await),
        "sign_in_email_unverified"
    );
    let bo = user(p, "bo@example.com", Role::Viewer).await;
    let of = change(p, &who, &of, open(json!({ "link_by_email": true }))).await;
    assert_eq!(
        code(sign_in(p, &providers, &of, "3").await),
        "sign_in_email_unverified"
    );
    provider
        .people(&json!({ "3": { "email": "bo@example.com", "email_verified": true }, "4": { "preferred_username": "taken" } }))
        .await;
    assert_eq!(sign_in(p, &providers, &of, "3").await.unwrap().caller.user.id, bo);

    // A login that somebody has is nobody else's.
    user(p, "taken", Role::Administrator).await;
    assert_eq!(
        code(sign_in(p, &providers, &of, "4").await),
        "sign_in_login_taken"
    );
}

test_on_both!(groups_decide_the_role_at_every_sign_in);
async fn groups_decide_the_role_at_every_sign_in(t: &TestDb) {
    let p = &t.platform;
    let who = as_caller(p, "boss@example.com", Role::Administrator).await;
    let provider = Provider::honest(
        BACK,
        &json!({ "1": { "preferred_username": "lee", "groups": ["staff", "leads"] }, "2": { "preferred_username": "out", "groups": ["guests"] } }),
    );
    let groups = json!({ "claim": "groups", "roles": [
        { "group": "leads", "role": "analyst" }, { "group": "staff", "role": "viewer" },
    ] });
    let providers = ask();
    let settings = provider
        .settings(json!({ "groups": groups, "link_by_email": true, "new_users": { "role": "administrator", "branch_id": null } }));
    let of = add(p, &who, settings).await;
    let lee = sign_in(p, &providers, &of, "1").await.unwrap().caller.user;
    assert_eq!(
        lee.role,
        Role::Analyst,
        "the groups decide, not what new users get"
    );
    assert_eq!(code(sign_in(p, &providers, &of, "2").await), "sign_in_no_role");

    provider.people(&json!({ "1": { "groups": ["staff"] } })).await;
    let session = sign_in(p, &providers, &of, "1").await.unwrap();
    assert_eq!(session.caller.user.role, Role::Viewer);
    assert!(!session.caller.permissions().contains(&"value.run"));
    let changed = last_event(p, lee.id.uuid(), "user.changed").await;
    assert_eq!(
        (&changed["before"]["role"], &changed["after"]["role"]),
        (&json!("analyst"), &json!("viewer"))
    );

    // Who is in none of them any more gets in no more.
    provider.people(&json!({ "1": { "groups": [] } })).await;
    assert_eq!(code(sign_in(p, &providers, &of, "1").await), "sign_in_no_role");
    assert_eq!(
        last_event(p, lee.id.uuid(), "user.sign_in_failed").await["reason"],
        "sign_in_no_role"
    );

    // The last administrator stays one.
    let boss = json!({ "email": who.user.login, "email_verified": true, "groups": ["staff"] });
    provider.people(&json!({ "9": boss })).await;
    let session = sign_in(p, &providers, &of, "9").await.unwrap();
    assert_eq!(
        (session.caller.user.id, session.caller.user.role),
        (who.user.id, Role::Administrator)
    );
    user(p, "second", Role::Administrator).await;
    let session = sign_in(p, &providers, &of, "9").await.unwrap();
    assert_eq!(session.caller.user.role, Role::Viewer);
}

test_on_both!(a_user_name_at_the_provider_makes_nobody_an_administrator);
async fn a_user_name_at_the_provider_makes_nobody_an_administrator(t: &TestDb) {
    let p = &t.platform;
    let who = administrator(t).await;
    let boss = user(p, "boss@example.com", Role::Administrator).await;
    let anna = user(p, "anna", Role::Viewer).await;
    let liar = Provider::dishonest();
    let providers = ask();
    let of = add(p, &who, liar.settings(json!({ "link_by_email": true }))).await;
    let be = async |claims: Value| liar.be(json!({ "claims": claims })).await;

    for login in ["admin", "boss@example.com"] {
        be(json!({ "sub": "1", "preferred_username": login })).await;
        let refused = sign_in(p, &providers, &of, "any").await;
        assert_eq!(code(refused), "sign_in_email_required", "{login}");
    }
    let refused = last_event(p, boss.uuid(), "user.sign_in_failed").await;
    assert_eq!(refused["code"], "sign_in_email_required");
    be(json!({ "sub": "1", "email": "boss@example.com", "email_verified": true })).await;
    let session = sign_in(p, &providers, &of, "any").await.unwrap();
    assert_eq!(session.caller.user.id, boss);

    // Neither does it stand for a second factor.
    let mut tx = p.db.write().await.unwrap();
    tx.execute(
        "INSERT INTO second_factors (user_id, secret, last_step, confirmed_at) VALUES ($1, $2, 0, 1)",
        platform::args![anna.uuid(), vec![0_u8]],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    be(json!({ "sub": "2", "preferred_username": "anna" })).await;
    let refused = sign_in(p, &providers, &of, "any").await;
    assert_eq!(code(refused), "sign_in_email_required");
    let mut tx = p.db.write().await.unwrap();
    tx.execute("DELETE FROM second_factors", []).await.unwrap();
    tx.commit().await.unwrap();
    let session = sign_in(p, &providers, &of, "any").await.unwrap();
    assert_eq!(session.caller.user.id, anna);
}

test_on_both!(another_issuer_or_client_knows_nobody_yet);
async fn another_issuer_or_client_knows_nobody_yet(t: &TestDb) {
    let p = &t.platform;
    let who = administrator(t).await;
    let anna = user(p, "anna", Role::Viewer).await;
    let liar = Provider::dishonest();
    let providers = ask();
    let of = add(p, &who, liar.settings(json!({}))).await;
    liar.be(json!({ "claims": { "sub": "1", "preferred_username": "anna" } }))
        .await;
    let late = start(p, &providers, &of).await;
    sign_in(p, &providers, &of, "any").await.unwrap();
    let links = async || app::links_of(p, &who, anna).await.unwrap().len();

    let removed =
        async || last_event(p, of.id.uuid(), "identity_provider.changed").await["links_removed"].clone();
    change(p, &who, &of, liar.settings(json!({ "en": "Work account" }))).await;
    assert_eq!((links().await, removed().await), (1, json!(0)));

    let version = app::get(p, &who, of.id).await.unwrap().version;
    let other = serde_json::from_value(liar.settings(json!({ "client_id": "other" }))).unwrap();
    app::change(p, &who, of.id, version, (other, Some(SECRET)))
        .await
        .unwrap();
    assert_eq!((links().await, removed().await), (0, json!(1)));
    // Who had begun with the client before is nobody's proof now.
    let back = sign_in_at_provider(&browser(), &late.address, "any", BACK).await;
    let refused = finish(p, &providers, &returned(&back), Some(&late.cookie), FROM)
        .await
        .0;
    assert_eq!(code(refused), "provider_not_trusted");
    assert_eq!(links().await, 0);
}

test_on_both!(a_provider_is_asked_once_and_a_hiccup_signs_nobody_out);
async fn a_provider_is_asked_once_and_a_hiccup_signs_nobody_out(t: &TestDb) {
    let p = &t.with_clock(platform::Clock::fixed(t.platform.clock.now()));
    let who = administrator(t).await;
    let liar = Provider::dishonest();
    let providers = ask();
    let of = add(p, &who, liar.settings(json!({}))).await;
    let begin = async || begin(p, &providers, of.id, "/", BACK.to_owned()).await;
    let (a, b, c, d) = tokio::join!(begin(), begin(), begin(), begin());
    assert!([a, b, c, d].iter().all(Result::is_ok));
    assert_eq!(liar.count("/jwks").await, 1, "many at once ask once");

    // Its keys cannot be read: what it said before does, for an hour.
    liar.be(json!({ "lie": "huge" })).await;
    p.clock.advance(SignedDuration::from_mins(11));
    for _ in 0..3 {
        begin().await.unwrap();
    }
    assert_eq!(liar.count("/jwks").await, 1);
    p.clock.advance(SignedDuration::from_mins(48));
    begin().await.unwrap();
    p.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(code(begin().await), "provider_unreachable");
    // What it says clearly counts at once.
    liar.be(json!({})).await;
    p.clock.advance(SignedDuration::from_mins(1));
    begin().await.unwrap();
    liar.be(json!({ "lie": "no keys" })).await;
    p.clock.advance(SignedDuration::from_mins(11));
    assert_eq!(code(begin().await), "provider_unusable");
}

test_on_both!(a_provider_that_lies_signs_nobody_in);
async fn a_provider_that_lies_signs_nobody_in(t: &TestDb) {
    let p = &t.platform;
    let who = administrator(t).await;
    user(p, "anna", Role::Viewer).await;
    let liar = Provider::dishonest();
    let of = add(p, &who, liar.settings(json!({}))).await;
    let anna = json!({ "sub": "1", "preferred_username": "anna" });
    for (lie, refused, why) in [
        ("nonce", "provider_not_trusted", "token_nonce"),
        ("no nonce", "provider_not_trusted", "token_nonce"),
        ("audience", "provider_not_trusted", "token_audience"),
        ("two audiences", "provider_not_trusted", "token_audience"),
        ("azp", "provider_not_trusted", "token_audience"),
        ("issuer", "provider_not_trusted", "token_issuer"),
        ("expired", "provider_not_trusted", "token_expired"),
        ("from the future", "provider_not_trusted", "token_not_yet_valid"),
        ("none", "provider_not_trusted", "token_algorithm"),
        ("hmac", "provider_not_trusted", "token_algorithm"),
        ("tampered", "provider_not_trusted", "token_signature"),
        ("key of a stranger", "provider_not_trusted", "token_signature"),
        ("unknown key", "provider_not_trusted", "token_key_unknown"),
        ("userinfo of another", "provider_not_trusted", "userinfo_subject"),
        ("iss of another", "provider_not_trusted", "issuer_of_answer"),
        ("no iss", "provider_not_trusted", "issuer_of_answer"),
        ("refuses", "provider_refused", "code_refused"),
        ("answer malformed", "provider_refused", "answer_malformed"),
    ] {
        liar.be(json!({ "lie": lie, "claims": anna })).await;
        let session = sign_in(p, &ask(), &of, "anna").await;
        assert_eq!(session.map(|_| ()).map_err(|e| e.code()), Err(refused), "{lie}");
        assert_eq!(reason(p).await, why, "{lie}");
    }
    // What is counted as a failure counts: after so many, nobody comes back from there for a while.
    let begun = start(p, &ask(), &of).await;
    for _ in 0..30 {
        let nothing = finish(p, &ask(), &Returned::default(), Some(&begun.cookie), FROM)
            .await
            .0;
        if code(nothing) == "too_many_attempts" {
            break;
        }
    }
    liar.be(json!({ "claims": anna })).await;
    assert_eq!(code(sign_in(p, &ask(), &of, "anna").await), "too_many_attempts");
    // Nothing that proves who somebody is was written down.
    let mut tx = p.db.read().await.unwrap();
    let events: Vec<(sqlx::types::Json<Value>,)> = tx.all("SELECT payload FROM events", []).await.unwrap();
    for (payload,) in events {
        let text = payload.0.to_string();
        assert!(!text.contains("eyJ") && !text.contains("secret-access"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}

test_on_both!(every_algorithm_is_known_and_new_keys_are_asked_for_now_and_then);
async fn every_algorithm_is_known_and_new_keys_are_asked_for_now_and_then(t: &TestDb) {
    let p = &t.with_clock(platform::Clock::fixed(t.platform.clock.now()));
    let who = administrator(t).await;
    let anna = user(p, "anna", Role::Viewer).await;
    let liar = Provider::dishonest();
    let providers = ask();
    let of = add(p, &who, liar.settings(json!({}))).await;
    let claims = json!({ "sub": "1", "preferred_username": "anna" });
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        liar.be(json!({ "algorithm": algorithm, "claims": claims })).await;
        let session = sign_in(p, &providers, &of, "anna").await.unwrap();
        assert_eq!(session.caller.user.id, anna, "{algorithm}");
    }
    assert_eq!(liar.count("/jwks").await, 1, "keys are kept");

    // A new key is found at once, unless keys were asked for a moment ago.
    liar.be(json!({ "lie": "new key", "claims": claims })).await;
    assert_eq!(
        code(sign_in(p, &providers, &of, "anna").await),
        "provider_not_trusted"
    );
    assert_eq!(liar.count("/jwks").await, 0);
    p.clock.advance(SignedDuration::from_secs(30));
    sign_in(p, &providers, &of, "anna").await.unwrap();
    sign_in(p, &providers, &of, "anna").await.unwrap();
    assert_eq!(liar.count("/jwks").await, 1);
    // Keys that are nowhere are not asked for again and again.
    liar.be(json!({ "lie": "unknown key", "claims": claims })).await;
    p.clock.advance(SignedDuration::from_secs(600));
    for _ in 0..3 {
        assert_eq!(
            code(sign_in(p, &providers, &of, "anna").await),
            "provider_not_trusted"
        );
    }
    assert_eq!(liar.count("/jwks").await, 1);
}

test_on_both!(a_provider_that_cannot_be_used_says_so_in_time);
async fn a_provider_that_cannot_be_used_says_so_in_time(t: &TestDb) {
    let p = &t.platform;
    let who = administrator(t).await;
    user(p, "anna", Role::Viewer).await;
    let liar = Provider::dishonest();
    let providers = Providers::open(Duration::from_millis(500)).unwrap();
    let of = add(p, &who, liar.settings(json!({}))).await;
    for (lie, found, why) in [
        ("", None, None),
        (
            "another issuer",
            Some("provider_unusable"),
            Some("issuer_differs"),
        ),
        (
            "token elsewhere",
            Some("provider_unusable"),
            Some("address_not_permitted"),
        ),
        ("redirects", Some("provider_unusable"), Some("redirected")),
        ("no json", Some("provider_unusable"), Some("discovery_malformed")),
        ("no keys", Some("provider_unusable"), Some("keys_unusable")),
        ("huge", Some("provider_unreachable"), Some("answer_too_large")),
    ] {
        liar.be(json!({ "lie": lie })).await;
        let said = app::test(p, &providers, &who, of.id).await.unwrap();
        assert_eq!((said.code, said.reason), (found, why), "{lie}");
        if found.is_none() {
            assert_eq!((said.keys, said.has_userinfo), (4, true));
            assert_eq!(said.algorithms, ["RS256", "PS256", "ES256", "EdDSA"]);
            assert_eq!(said.issuer.as_deref(), Some(liar.issuer.as_str()));
        }
    }
    // It is silent when it should give the token.
    liar.be(json!({ "lie": "silent" })).await;
    let begun = std::time::Instant::now();
    assert_eq!(
        code(sign_in(p, &providers, &of, "anna").await),
        "provider_unreachable"
    );
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(reason(p).await, "timeout");

    let gone = liar.settings(json!({ "en": "Gone" }));
    let of = change(p, &who, &of, gone).await;
    drop(liar);
    let refused = begin(p, &providers, of.id, "/", BACK.to_owned()).await;
    assert_eq!(code(refused), "provider_unreachable");
    let said = app::test(p, &providers, &who, of.id).await.unwrap();
    assert_eq!(
        (said.code, said.reason),
        (Some("provider_unreachable"), Some("unreachable"))
    );
}

test_on_both!(only_who_may_do_everything_names_a_provider_and_its_secret_is_sealed);
async fn only_who_may_do_everything_names_a_provider_and_its_secret_is_sealed(t: &TestDb) {
    let p = &t.platform;
    let who = administrator(t).await;
    let settings = |changes: Value| {
        let mut settings = json!({
            "zh": "公司账号", "en": "Company account", "issuer": "https://login.example.com", "client_id": "patron",
        });
        for (name, value) in changes.as_object().unwrap() {
            settings[name] = value.clone();
        }
        serde_json::from_value(settings).unwrap()
    };
    // A role that manages users but may not see the audit could let itself in as somebody who may.
    let role = platform::access::RoleChange {
        name: Some("Desk".to_owned()),
        permissions: Some(vec!["users.manage".to_owned(), "access.read".to_owned()]),
        scope: platform::access::ScopeKind::All,
    };
    let role = access::roles::add(p, &who, role).await.unwrap().role;
    let desk = as_caller(p, "desk", role).await;
    assert!(app::list(p, &desk).await.unwrap().is_empty());
    assert_eq!(
        code(app::add(p, &desk, settings(json!({})), None).await),
        "forbidden"
    );
    let viewer = as_caller(p, "viewer", Role::Viewer).await;
    assert_eq!(code(app::list(p, &viewer).await), "forbidden");

    let gone = json!({ "new_users": { "role": "01890a5d-ac96-774b-bcce-b302099a8057", "branch_id": null } });
    assert_eq!(
        code(app::add(p, &who, settings(gone), None).await),
        "role_unknown"
    );
    let gone =
        json!({ "new_users": { "role": "viewer", "branch_id": "01890a5d-ac96-774b-bcce-b302099a8057" } });
    assert_eq!(
        code(app::add(p, &who, settings(gone), None).await),
        "branch_unknown"
    );
    assert_eq!(
        code(app::add(p, &who, settings(json!({})), Some("")).await),
        "secret_malformed"
    );
    assert!(app::list(p, &who).await.unwrap().is_empty(), "nothing was stored");

    let of = app::add(p, &who, settings(json!({})), Some("hush-hush"))
        .await
        .unwrap();
    assert!(of.has_secret);
    let stored: (Vec<u8>,) = {
        let mut tx = p.db.read().await.unwrap();
        tx.one("SELECT secret FROM identity_providers", []).await.unwrap()
    };
    assert!(
        !String::from_utf8_lossy(&stored.0).contains("hush"),
        "the secret is sealed"
    );
    let added = last_event(p, of.id.uuid(), "identity_provider.added")
        .await
        .to_string();
    assert!(!added.contains("hush"), "{added}");

    // Nobody else gets the secret by a change of the address.
    let elsewhere = settings(json!({ "issuer": "https://evil.example.com" }));
    let refused = app::change(p, &who, of.id, 1, (elsewhere, None)).await;
    assert_eq!(code(refused), "secret_required");
    let renamed = settings(json!({ "en": "Work account" }));
    let changed = app::change(p, &who, of.id, 1, (renamed, None)).await.unwrap();
    assert_eq!((changed.version, changed.has_secret), (2, true));
    let stale = app::change(p, &who, of.id, 1, (settings(json!({})), None)).await;
    assert_eq!(code(stale), "version_stale");

    // A newer key of personal data seals it too.
    let mut tx = p.db.write().await.unwrap();
    p.keys.rotate(&mut tx, &p.clock, who.actor()).await.unwrap();
    let cipher = p.keys.cipher(&mut tx).await.unwrap();
    let sealed = platform::access::single_sign_on::seal_anew(&mut tx, &cipher)
        .await
        .unwrap();
    assert_eq!(sealed, 1);
    tx.commit().await.unwrap();

    app::remove(p, &who, of.id, 2).await.unwrap();
    assert_eq!(code(app::get(p, &who, of.id).await), "not_found");
}

test_on_both!(passwords_can_be_left_to_those_who_decide_about_users);
async fn passwords_can_be_left_to_those_who_decide_about_users(t: &TestDb) {
    let p = &t.platform;
    let who = administrator(t).await;
    let only = |only_single_sign_on| SignInPolicyChange { only_single_sign_on };
    let (_, of_anna) = access::add_user(p, "anna", "Anna", Role::Viewer).await.unwrap();
    let (_, of_boss) = access::add_user(p, "boss", "Boss", Role::Administrator)
        .await
        .unwrap();
    let policy = app::policy(p, &who).await.unwrap();
    assert_eq!((policy.only_single_sign_on, policy.version), (false, 0));
    let policy = app::decide_policy(p, &who, 0, only(true)).await.unwrap();
    assert_eq!((policy.only_single_sign_on, policy.version), (true, 1));
    assert_eq!(
        code(app::decide_policy(p, &who, 0, only(false)).await),
        "version_stale"
    );

    // It counts while there is another way in.
    let settings = json!({
        "zh": "公司账号", "en": "Company account", "issuer": "https://login.example.com", "client_id": "patron",
        "active": false,
    });
    let of = app::add(p, &who, serde_json::from_value(settings.clone()).unwrap(), None)
        .await
        .unwrap();
    access::sign_in(p, "anna", of_anna, FROM).await.unwrap();
    let (_, of_anna) = access::reset_password(p, "anna").await.unwrap();
    let mut on = settings;
    on["active"] = json!(true);
    let of = change(p, &who, &of, on).await;
    assert_eq!(app::at_the_door(p).await.unwrap().0, [of]);

    let wrong = access::sign_in(p, "anna", "wrong".to_owned(), FROM).await;
    assert_eq!(
        code(wrong),
        "credentials_wrong",
        "nobody learns anything by guessing"
    );
    let right = access::sign_in(p, "anna", of_anna.clone(), FROM).await;
    assert_eq!(code(right), "password_sign_in_off");
    access::sign_in(p, "boss", of_boss, FROM).await.unwrap();
    app::decide_policy(p, &who, 1, only(false)).await.unwrap();
    access::sign_in(p, "anna", of_anna, FROM).await.unwrap();
}
