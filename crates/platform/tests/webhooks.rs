//! Webhooks as a receiver has them: a real HTTP server that checks signatures, is slow, fails and goes away.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base::PageSize;
use jiff::{SignedDuration, Timestamp};
use platform::access::Role;
use platform::events::{self, Actor, Event, seal_batch};
use platform::testing::{TestDb, caller};
use platform::webhooks::{
    Delivery, DeliveryState, Endpoint, EndpointId, EndpointSettings, Webhooks, WebhooksSettings, app,
};
use platform::{Caller, Clock, Platform, test_on_both};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use uuid::Uuid;

const QUICK: WebhooksSettings = WebhooksSettings {
    every: Duration::from_millis(20),
    deadline: Duration::from_millis(400),
};

/// How the receiver answers.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Good,
    Fails,
    Slow,
    Endless,
    Redirects,
    Gone,
}

struct Heard {
    headers: HeaderMap,
    body: String,
}

/// A receiver at work.
#[derive(Clone)]
struct Receiver {
    url: String,
    manner: Arc<Mutex<Manner>>,
    heard: Arc<Mutex<Vec<Heard>>>,
    /// Calls of the place the redirect points to.
    followed: Arc<Mutex<usize>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}/hooks", listener.local_addr().unwrap()),
            manner: Arc::new(Mutex::new(Manner::Good)),
            heard: Arc::default(),
            followed: Arc::default(),
        };
        let routes = Router::new()
            .route("/hooks", post(Self::hear))
            .route("/elsewhere", post(Self::elsewhere).get(Self::elsewhere))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        receiver
    }

    async fn hear(State(receiver): State<Self>, headers: HeaderMap, body: String) -> Response {
        receiver.heard.lock().unwrap().push(Heard { headers, body });
        let manner = *receiver.manner.lock().unwrap();
        match manner {
            Manner::Good => StatusCode::NO_CONTENT.into_response(),
            Manner::Fails => (StatusCode::INTERNAL_SERVER_ERROR, "no").into_response(),
            Manner::Slow => {
                tokio::time::sleep(Duration::from_secs(5)).await;
                StatusCode::OK.into_response()
            }
            Manner::Endless => {
                let chunk = || Ok::<_, std::io::Error>(vec![b'x'; 64 << 10]);
                Body::from_stream(futures::stream::repeat_with(chunk)).into_response()
            }
            Manner::Redirects => {
                (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response()
            }
            Manner::Gone => StatusCode::GONE.into_response(),
        }
    }

    async fn elsewhere(State(receiver): State<Self>) {
        *receiver.followed.lock().unwrap() += 1;
    }

    fn be(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn calls(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// The ids of what was heard, each checked against the secret by the specification's own library.
    fn ids(&self, secret: &str) -> Vec<String> {
        let webhook = Webhook::new(secret).unwrap();
        let heard = self.heard.lock().unwrap();
        let ids = heard.iter().map(|one| {
            webhook.verify(one.body.as_bytes(), &one.headers).unwrap();
            one.headers["webhook-id"].to_str().unwrap().to_owned()
        });
        ids.collect()
    }
}

/// Writes an event and seals it.
async fn happen(p: &Platform, kind: &'static str, payload: Value) {
    let mut tx = p.db.write().await.unwrap();
    let event = Event {
        actor: Actor::System,
        kind,
        subject_kind: "thing",
        subject: Uuid::from_u128(7),
        customer: Some(Uuid::from_u128(8)),
        payload: &payload,
    };
    events::record(&mut tx, &p.clock, &event).await.unwrap();
    tx.commit().await.unwrap();
    while seal_batch(p).await.unwrap() > 0 {}
}

fn settings(url: &str, kinds: &[&str]) -> EndpointSettings {
    EndpointSettings {
        url: url.to_owned(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        active: true,
        allow_http: false,
    }
}

fn administrator() -> Caller {
    caller(Role::Administrator)
}

async fn deliveries(p: &Platform, id: EndpointId) -> Vec<Delivery> {
    let size = PageSize::new(Some(200)).unwrap();
    let page = app::deliveries(p, &administrator(), id, None, size, None)
        .await
        .unwrap();
    page.items
}

async fn endpoint(p: &Platform, id: EndpointId) -> Endpoint {
    app::get(p, &administrator(), id).await.unwrap()
}

/// Waits until it is so.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

test_on_both!(a_receiver_is_told_of_what_it_asked_for_signed_and_once);
async fn a_receiver_is_told_of_what_it_asked_for_signed_and_once(t: &TestDb) {
    let (p, receiver) = (&t.platform, Receiver::start().await);
    happen(p, "thing.made", json!({ "before": true })).await;
    let added = app::add(p, &administrator(), &settings(&receiver.url, &["thing.*"]))
        .await
        .unwrap();
    assert!(added.secret.starts_with("whsec_"));
    let id = added.endpoint.id;
    // Two servers over one database.
    let other = t.another_process().await;
    let workers = [p.clone(), other.clone()].map(|p| Webhooks::start(p, QUICK).unwrap());
    for n in 0..30 {
        happen(p, "thing.made", json!({ "n": n, "api_token": "geheim" })).await;
        happen(p, "other.made", json!({})).await;
    }
    until("30 deliveries", async || {
        let all = deliveries(p, id).await;
        all.len() == 30 && all.iter().all(|one| one.state == DeliveryState::Delivered)
    })
    .await;
    for worker in workers {
        worker.shutdown(Duration::from_secs(5)).await;
    }
    let ids = receiver.ids(&added.secret);
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (30, 30));
    let one = &deliveries(p, id).await[0];
    assert_eq!(
        (one.attempts, one.last_status, one.kind.as_str()),
        (1, Some(204), "thing.made")
    );
    let body: Value = serde_json::from_str(&receiver.heard.lock().unwrap()[0].body).unwrap();
    assert_eq!(body["type"], "thing.made");
    assert!(body["timestamp"].as_str().unwrap().parse::<Timestamp>().is_ok());
    assert_eq!(body["data"]["customer_id"], json!(Uuid::from_u128(8)));
    assert_eq!(body["data"]["facts"]["api_token"], "***");
    other.db.close().await;
}

test_on_both!(what_fails_is_tried_for_a_day_and_then_given_up);
async fn what_fails_is_tried_for_a_day_and_then_given_up(t: &TestDb) {
    let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
    let (p, receiver) = (&t.with_clock(clock.clone()), Receiver::start().await);
    receiver.be(Manner::Fails);
    let added = app::add(p, &administrator(), &settings(&receiver.url, &["*"]))
        .await
        .unwrap();
    let id = added.endpoint.id;
    happen(p, "thing.made", json!({})).await;
    let worker = Webhooks::start(p.clone(), QUICK).unwrap();
    let newest = async || {
        let all = deliveries(p, id).await;
        all.into_iter().find(|one| one.kind == "thing.made")
    };
    let begun = clock.now();
    for (attempts, manner, error, status) in [
        (1, Manner::Slow, "status", Some(500)),
        (2, Manner::Redirects, "timeout", None),
        (3, Manner::Fails, "status", Some(307)),
        (4, Manner::Fails, "status", Some(500)),
    ] {
        until("the try", async || {
            newest().await.is_some_and(|one| one.attempts == attempts)
        })
        .await;
        let now = newest().await.unwrap();
        assert_eq!((now.state, now.last_status), (DeliveryState::Pending, status));
        assert_eq!(now.last_error.as_deref(), Some(error));
        receiver.be(manner);
        clock.advance(now.next_at.unwrap().duration_since(clock.now()));
    }
    assert_eq!(*receiver.followed.lock().unwrap(), 0, "a redirect was followed");
    let mut attempts = 4;
    loop {
        attempts += 1;
        until("the next try", async || {
            newest().await.unwrap().attempts == attempts
        })
        .await;
        match newest().await.unwrap().next_at {
            Some(next_at) => clock.advance(next_at.duration_since(clock.now())),
            None => break,
        }
    }
    let over = newest().await.unwrap();
    assert_eq!((over.state, over.attempts), (DeliveryState::Exhausted, 10));
    let hours = clock.now().duration_since(begun).as_hours();
    assert!((22..=26).contains(&hours), "{hours} hours");
    assert!(endpoint(p, id).await.settings.active);

    // By hand it is tried from the beginning, and the receiver knows it by its id.
    receiver.be(Manner::Good);
    app::replay(p, &administrator(), id, over.id).await.unwrap();
    until("the replay", async || {
        newest().await.unwrap().state == DeliveryState::Delivered
    })
    .await;
    worker.shutdown(Duration::from_secs(5)).await;
    let heard = receiver.heard.lock().unwrap();
    let last = heard.last().unwrap();
    let of_event = heard
        .iter()
        .filter(|one| one.headers["webhook-id"] == over.event_id.to_string().as_str())
        .count();
    assert_eq!(of_event, 11);
    assert!(
        last.headers["webhook-signature"]
            .to_str()
            .unwrap()
            .starts_with("v1,")
    );
}

test_on_both!(one_slow_or_endless_receiver_holds_nobody_up);
async fn one_slow_or_endless_receiver_holds_nobody_up(t: &TestDb) {
    let p = &t.platform;
    let (slow, endless, good) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    slow.be(Manner::Slow);
    endless.be(Manner::Endless);
    let mut ids = Vec::new();
    for receiver in [&slow, &endless, &good] {
        let added = app::add(p, &administrator(), &settings(&receiver.url, &["thing.made"]))
            .await
            .unwrap();
        ids.push(added.endpoint.id);
    }
    // Nobody listens there.
    let nobody = settings("http://127.0.0.1:9/", &["thing.made"]);
    ids.push(app::add(p, &administrator(), &nobody).await.unwrap().endpoint.id);
    for n in 0..12 {
        happen(p, "thing.made", json!({ "n": n })).await;
    }
    let worker = Webhooks::start(p.clone(), QUICK).unwrap();
    until("the good one has everything", async || good.calls() == 12).await;
    until("the endless one too", async || {
        let all = deliveries(p, ids[1]).await;
        all.iter().all(|one| one.state == DeliveryState::Delivered)
    })
    .await;
    until("the others failed once", async || {
        let (of_slow, of_nobody) = (deliveries(p, ids[0]).await, deliveries(p, ids[3]).await);
        of_slow
            .iter()
            .all(|one| one.last_error.as_deref() == Some("timeout"))
            && of_nobody
                .iter()
                .all(|one| one.last_error.as_deref() == Some("unreachable"))
    })
    .await;
    worker.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(who_is_gone_is_told_nothing_more_until_switched_on);
async fn who_is_gone_is_told_nothing_more_until_switched_on(t: &TestDb) {
    let (p, receiver) = (&t.platform, Receiver::start().await);
    let wanted = settings(&receiver.url, &["thing.made"]);
    let added = app::add(p, &administrator(), &wanted).await.unwrap();
    let id = added.endpoint.id;
    let worker = Webhooks::start(p.clone(), QUICK).unwrap();
    receiver.be(Manner::Gone);
    let begun = p.clock.now();
    happen(p, "thing.made", json!({ "n": 1 })).await;
    until("it is switched off", async || {
        !endpoint(p, id).await.settings.active
    })
    .await;
    let off = endpoint(p, id).await;
    assert_eq!(off.disabled_reason.as_deref(), Some("gone"));
    let of = deliveries(p, id).await;
    assert_eq!(
        (of[0].state, of[0].last_status),
        (DeliveryState::Exhausted, Some(410))
    );
    let refused = app::replay(p, &administrator(), id, of[0].id).await.unwrap_err();
    assert_eq!(refused.code(), "endpoint_inactive");
    let mut tx = p.db.read().await.unwrap();
    let told = events::of_subject(&mut tx, "webhook_endpoint", id.uuid(), 10)
        .await
        .unwrap();
    drop(tx);
    assert_eq!(
        (told[0].kind.as_str(), told[0].actor),
        ("webhook_endpoint.disabled", Actor::System)
    );

    receiver.be(Manner::Good);
    happen(p, "thing.made", json!({ "n": 2 })).await;
    let stale = app::change(p, &administrator(), id, 1, &wanted)
        .await
        .unwrap_err();
    assert_eq!(stale.code(), "version_stale");
    let on = app::change(p, &administrator(), id, off.version.into(), &wanted)
        .await
        .unwrap();
    assert_eq!((on.settings.active, on.disabled_reason), (true, None));
    happen(p, "thing.made", json!({ "n": 3 })).await;
    until("it is told again", async || receiver.calls() == 2).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        deliveries(p, id).await.len(),
        2,
        "what was missed is not sent by itself"
    );

    // Everything since then, also what was missed.
    app::replay_since(p, &administrator(), id, begun).await.unwrap();
    until("everything again", async || {
        let all = deliveries(p, id).await;
        all.len() == 3 && all.iter().all(|one| one.state == DeliveryState::Delivered)
    })
    .await;
    worker.shutdown(Duration::from_secs(5)).await;
    let ids = receiver.ids(&added.secret);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 3);
    for since in [
        p.clock.now() + SignedDuration::from_hours(1),
        p.clock.now() - SignedDuration::from_hours(31 * 24),
    ] {
        let refused = app::replay_since(p, &administrator(), id, since)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "since_out_of_range");
    }
    let version = endpoint(p, id).await.version;
    assert!(version > 1);
    app::remove(p, &administrator(), id).await.unwrap();
    assert_eq!(
        app::get(p, &administrator(), id).await.unwrap_err().code(),
        "not_found"
    );
}

test_on_both!(a_delivery_whose_server_died_is_sent_by_another);
async fn a_delivery_whose_server_died_is_sent_by_another(t: &TestDb) {
    let (p, receiver) = (&t.platform, Receiver::start().await);
    let added = app::add(p, &administrator(), &settings(&receiver.url, &["thing.made"]))
        .await
        .unwrap();
    receiver.be(Manner::Slow);
    let patient = WebhooksSettings {
        deadline: Duration::from_secs(1),
        ..QUICK
    };
    let dies = Webhooks::start(p.clone(), patient).unwrap();
    happen(p, "thing.made", json!({})).await;
    until("the first call", async || receiver.calls() == 1).await;
    // Cut off in the midst of the call.
    dies.shutdown(Duration::ZERO).await;
    receiver.be(Manner::Good);
    let other = t.another_process().await;
    let lives = Webhooks::start(other.clone(), QUICK).unwrap();
    until("another sends it", async || {
        deliveries(p, added.endpoint.id).await[0].state == DeliveryState::Delivered
    })
    .await;
    lives.shutdown(Duration::from_secs(5)).await;
    let ids = receiver.ids(&added.secret);
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
    assert_eq!(deliveries(p, added.endpoint.id).await[0].attempts, 1);
    other.db.close().await;
}

test_on_both!(two_secrets_are_valid_for_a_while);
async fn two_secrets_are_valid_for_a_while(t: &TestDb) {
    let (clock, receiver) = (Clock::fixed(t.platform.clock.now()), Receiver::start().await);
    let p = &t.with_clock(clock.clone());
    let added = app::add(p, &administrator(), &settings(&receiver.url, &["thing.made"]))
        .await
        .unwrap();
    let id = added.endpoint.id;
    let worker = Webhooks::start(p.clone(), QUICK).unwrap();
    let rotated = app::rotate_secret(p, &administrator(), id, 1).await.unwrap();
    assert_ne!(rotated.secret, added.secret);
    let refused = app::rotate_secret(p, &administrator(), id, 169)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "hours_out_of_range");
    happen(p, "thing.made", json!({ "n": 1 })).await;
    until("the first", async || receiver.calls() == 1).await;
    assert_eq!(receiver.ids(&added.secret), receiver.ids(&rotated.secret));

    clock.advance(SignedDuration::from_mins(61));
    happen(p, "thing.made", json!({ "n": 2 })).await;
    until("the second", async || receiver.calls() == 2).await;
    worker.shutdown(Duration::from_secs(5)).await;
    let heard = receiver.heard.lock().unwrap();
    let signatures = |n: usize| {
        heard[n].headers["webhook-signature"]
            .to_str()
            .unwrap()
            .split(' ')
            .count()
    };
    assert_eq!((signatures(0), signatures(1)), (2, 1));
}

test_on_both!(only_administrators_manage_webhooks_and_bad_ones_change_nothing);
async fn only_administrators_manage_webhooks_and_bad_ones_change_nothing(t: &TestDb) {
    let p = &t.platform;
    let good = settings("https://crm.example.com/hooks?key=geheim", &["*"]);
    for role in [Role::Analyst, Role::Viewer] {
        let refused = app::add(p, &caller(role), &good).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
    }
    for (url, kinds, code) in [
        ("http://crm.example.com/", &["*"][..], "url_insecure"),
        ("gopher://crm.example.com/", &["*"], "url_malformed"),
        ("https://crm.example.com/", &[], "kinds_malformed"),
    ] {
        let refused = app::add(p, &administrator(), &settings(url, kinds))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), code);
    }
    let size = PageSize::new(Some(1)).unwrap();
    let none = app::list(p, &administrator(), size, None).await.unwrap();
    assert_eq!(none.items, []);
    let added = app::add(p, &administrator(), &good).await.unwrap();
    let mut tx = p.db.read().await.unwrap();
    let told = events::of_subject(&mut tx, "webhook_endpoint", added.endpoint.id.uuid(), 10)
        .await
        .unwrap();
    drop(tx);
    assert_eq!(told[0].payload["address"], "https://crm.example.com");
    assert!(!told[0].payload.to_string().contains("geheim"));
    app::add(p, &administrator(), &good).await.unwrap();
    let first = app::list(p, &administrator(), size, None).await.unwrap();
    let second = app::list(p, &administrator(), size, first.next_cursor.as_deref())
        .await
        .unwrap();
    assert_eq!(first.items, [added.endpoint]);
    assert_eq!((second.items.len(), second.next_cursor), (1, None));
}
