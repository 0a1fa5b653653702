//! Panels over a real HTTP server that is slow, fails, says too much or something else, redirects and goes away:
//! the page shows what came, marks what did not, and is there in time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod page_support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use customers::overview::{DEADLINE, Overview, Parts, with_parts};
use customers::panels::{Panel, PanelAuth, PanelId, PanelRoom, PanelSettings, app};
use customers::{CustomerId, MIGRATIONS, identities};
use jiff::{SignedDuration, Timestamp};
use page_support::{branch, customer, overview_of, page, page_for, user};
use platform::access::Role;
use platform::testing::{TestDb, caller};
use platform::{Caller, Clock, Platform, test_on_both};
use serde_json::{Value, json};

/// How the other system answers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Good,
    Slow,
    SlowBody,
    Fails,
    Unknown,
    Endless,
    Oversized,
    NotJson,
    Broken,
    Deep,
    Redirects,
}

/// Paths that were asked, each with the authorisation it came with.
type Heard = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// Another system at work.
#[derive(Clone)]
struct System {
    url: String,
    manner: Arc<Mutex<Manner>>,
    /// What was asked: path with query, and the headers that say who asks.
    heard: Heard,
}

impl System {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let system = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            manner: Arc::new(Mutex::new(Manner::Good)),
            heard: Arc::default(),
        };
        let routes = Router::new().fallback(Self::hear).with_state(system.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        system
    }

    async fn hear(State(system): State<Self>, request: Request) -> Response {
        let (asked, who) = {
            let header = |name: &str| {
                let value = request.headers().get(name)?;
                Some(value.to_str().unwrap().to_owned())
            };
            let who = header("authorization").or(header("x-api-key"));
            (request.uri().to_string(), who)
        };
        // What is held while waiting can go from thread to thread; a request cannot.
        drop(request);
        let number = {
            let mut heard = system.heard.lock().unwrap();
            heard.push((asked, who));
            heard.len()
        };
        let manner = *system.manner.lock().unwrap();
        let good = json!({ "balance": "1,234.50", "since": "2020-02-29", "calls": number }).to_string();
        let json = [("content-type", "application/json; charset=utf-8")];
        match manner {
            Manner::Good => (json, good).into_response(),
            Manner::Slow => {
                tokio::time::sleep(Duration::from_secs(30)).await;
                (json, good).into_response()
            }
            Manner::SlowBody => {
                let chunks = futures::stream::unfold(0, |n| async move {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Some((Ok::<_, std::io::Error>("[".repeat(n % 3)), n + 1))
                });
                (json, Body::from_stream(chunks)).into_response()
            }
            Manner::Fails => (StatusCode::INTERNAL_SERVER_ERROR, json, good).into_response(),
            Manner::Unknown => (StatusCode::NOT_FOUND, json, good).into_response(),
            Manner::Endless => {
                let chunk = || Ok::<_, std::io::Error>(vec![b' '; 16 << 10]);
                (json, Body::from_stream(futures::stream::repeat_with(chunk))).into_response()
            }
            Manner::Oversized => (json, json!({ "balance": "x".repeat(70_000) }).to_string()).into_response(),
            Manner::NotJson => ([("content-type", "text/html")], good).into_response(),
            Manner::Broken => (json, "{\"balance\": ").into_response(),
            Manner::Deep => (json, "[".repeat(5_000)).into_response(),
            Manner::Redirects => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
        }
    }

    fn be(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn calls(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    fn last(&self) -> (String, Option<String>) {
        self.heard.lock().unwrap().last().unwrap().clone()
    }
}

fn settings(url: &str) -> PanelSettings {
    serde_json::from_value(json!({
        "zh": "账务", "en": "Billing", "url": url, "allow_private": true,
        "fields": [
            { "zh": "余额", "en": "Balance", "pointer": "/balance", "kind": "money" },
            { "zh": "开户", "en": "Since", "pointer": "/since", "kind": "date" },
            { "zh": "次数", "en": "Calls", "pointer": "/calls", "kind": "number" },
            { "zh": "无", "en": "Nothing", "pointer": "/nothing", "kind": "text" },
        ],
        "cache_s": 60, "deadline_ms": 300,
    }))
    .unwrap()
}

fn administrator() -> Caller {
    caller(Role::Administrator)
}

async fn add(p: &Platform, settings: PanelSettings) -> Panel {
    app::add(p, &administrator(), settings, None).await.unwrap()
}

fn room(p: &Platform) -> (Overview, PanelRoom) {
    let room = PanelRoom::open(p.clone()).unwrap();
    let parts = with_parts(Parts::default());
    (Overview::new(p.clone(), &parts, &(), room.clone()), room)
}

/// A platform whose clock a test moves.
fn at_a_time(t: &TestDb) -> Platform {
    let now = Timestamp::from_second(1_790_000_000).unwrap();
    t.with_clock(Clock::fixed(now))
}

fn later(p: &Platform, seconds: i64) {
    p.clock.advance(SignedDuration::from_secs(seconds));
}

/// The only panel of the page of this customer.
async fn panel(overview: &Overview, customer: CustomerId) -> Value {
    panel_for(overview, &caller(Role::Analyst), customer).await
}

async fn panel_for(overview: &Overview, who: &Caller, customer: CustomerId) -> Value {
    let page = page_for(overview, who, customer).await;
    for (name, part) in page["parts"].as_object().unwrap() {
        assert_eq!(part["state"], "ok", "{name}");
    }
    let panels = page["panels"].as_array().unwrap();
    assert_eq!(panels.len(), 1, "{page}");
    panels[0].clone()
}

/// State, code, whether stale, and how many calls the system had counted in what is shown.
fn brief(panel: &Value) -> (&str, Option<&str>, bool, Option<i64>) {
    (
        panel["state"].as_str().unwrap(),
        panel["code"].as_str(),
        panel["stale"].as_bool().unwrap(),
        panel["fields"][2]["value"].as_i64(),
    )
}

test_on_both!(
    a_panel_shows_what_the_system_says_and_keeps_it_for_a_while,
    [MIGRATIONS]
);
async fn a_panel_shows_what_the_system_says_and_keeps_it_for_a_while(t: &TestDb) {
    let p = &at_a_time(t);
    let system = System::start().await;
    let person = customer(p, "C/1 张", "张伟").await;
    let (overview, _) = room(p);
    add(
        p,
        settings(&format!("{}/a/{{external_id}}?id={{id}}", system.url)),
    )
    .await;
    let shown = panel(&overview, person).await;
    assert_eq!(brief(&shown), ("ok", None, false, Some(1)));
    assert_eq!((&shown["zh"], &shown["en"]), (&json!("账务"), &json!("Billing")));
    assert_eq!(
        shown["fields"],
        json!([
            { "zh": "余额", "en": "Balance", "kind": "money", "problem": null,
              "value": { "minor": 123_450, "currency": "CNY" } },
            { "zh": "开户", "en": "Since", "kind": "date", "problem": null, "value": "2020-02-29" },
            { "zh": "次数", "en": "Calls", "kind": "number", "problem": null, "value": 1 },
            { "zh": "无", "en": "Nothing", "kind": "text", "problem": "panel_field_missing", "value": null },
        ])
    );
    let (asked, who) = system.last();
    assert_eq!((asked, who), (format!("/a/C%2F1%20%E5%BC%A0?id={person}"), None));
    later(p, 59);
    assert_eq!(
        brief(&panel(&overview, person).await),
        ("ok", None, false, Some(1))
    );
    later(p, 1);
    assert_eq!(
        brief(&panel(&overview, person).await),
        ("ok", None, false, Some(2))
    );
    // Another customer is another answer.
    let other = customer(p, "C-2", "李娜").await;
    assert_eq!(
        brief(&panel(&overview, other).await),
        ("ok", None, false, Some(3))
    );
    assert_eq!(
        brief(&panel(&overview, person).await),
        ("ok", None, false, Some(2))
    );
}

test_on_both!(
    what_does_not_come_is_marked_in_time_and_shown_as_it_was,
    [MIGRATIONS]
);
async fn what_does_not_come_is_marked_in_time_and_shown_as_it_was(t: &TestDb) {
    let p = &at_a_time(t);
    let system = System::start().await;
    let (known, new) = (customer(p, "C-1", "张伟").await, customer(p, "C-2", "李娜").await);
    let (overview, _) = room(p);
    let mut added = add(p, settings(&format!("{}/{{external_id}}", system.url))).await;
    for (manner, state, code) in [
        (Manner::Slow, "late", "panel_timeout"),
        (Manner::SlowBody, "late", "panel_timeout"),
        (Manner::Fails, "failed", "panel_status"),
        (Manner::Endless, "failed", "panel_too_large"),
        (Manner::Oversized, "failed", "panel_too_large"),
        (Manner::NotJson, "failed", "panel_not_json"),
        (Manner::Broken, "failed", "panel_not_json"),
        (Manner::Deep, "failed", "panel_not_json"),
        (Manner::Redirects, "failed", "panel_redirected"),
    ] {
        system.be(Manner::Good);
        let (_, _, stale, kept) = brief(&panel(&overview, known).await);
        assert!(!stale);
        system.be(manner);
        later(p, 61);
        let begun = Instant::now();
        let shown = panel(&overview, known).await;
        assert!(
            begun.elapsed() < DEADLINE + Duration::from_millis(500),
            "{manner:?}"
        );
        assert_eq!(brief(&shown), (state, Some(code), true, kept), "{manner:?}");
        assert!(shown["answered_at"].is_string());
        let shown = panel(&overview, new).await;
        assert_eq!(brief(&shown), (state, Some(code), false, None), "{manner:?}");
        assert_eq!(shown["fields"], json!([]), "{manner:?}");
        // A change forgets answers and how it went.
        let mut changed = added.settings.clone();
        changed.position += 1;
        added = app::change(p, &administrator(), added.id, added.version, (changed, None))
            .await
            .unwrap();
    }
    assert!(
        system
            .heard
            .lock()
            .unwrap()
            .iter()
            .all(|(asked, _)| asked != "/elsewhere")
    );

    // What the system does not know is an answer.
    system.be(Manner::Unknown);
    let calls = system.calls();
    for _ in 0..3 {
        let shown = panel(&overview, known).await;
        assert_eq!(brief(&shown), ("ok", Some("panel_knows_nothing"), false, None));
    }
    assert_eq!(system.calls(), calls + 1);
    // For a day the answer before is better than none.
    system.be(Manner::Good);
    later(p, 61);
    panel(&overview, known).await;
    system.be(Manner::Fails);
    later(p, 24 * 60 * 60);
    assert!(brief(&panel(&overview, known).await).2);
    later(p, 1);
    assert!(!brief(&panel(&overview, known).await).2);
}

test_on_both!(a_dead_system_costs_nothing_after_a_few_failures, [MIGRATIONS]);
async fn a_dead_system_costs_nothing_after_a_few_failures(t: &TestDb) {
    let p = &at_a_time(t);
    let system = System::start().await;
    let person = customer(p, "C-1", "张伟").await;
    let (overview, _) = room(p);
    let mut never_kept = settings(&format!("{}/", system.url));
    never_kept.cache_s = 0;
    add(p, never_kept).await;
    assert_eq!(
        brief(&panel(&overview, person).await),
        ("ok", None, false, Some(1))
    );
    system.be(Manner::Slow);
    for _ in 0..5 {
        let shown = panel(&overview, person).await;
        assert_eq!(brief(&shown), ("late", Some("panel_timeout"), false, None));
    }
    let calls = system.calls();
    for _ in 0..20 {
        let shown = panel(&overview, person).await;
        assert_eq!(brief(&shown), ("failed", Some("panel_resting"), false, None));
    }
    assert_eq!(system.calls(), calls);
    // One call tries whether it is back; it is not, and rests longer.
    later(p, 5);
    let pages = futures::future::join_all((0..10).map(|_| panel(&overview, person))).await;
    let tried = pages
        .iter()
        .filter(|shown| shown["code"] == "panel_timeout")
        .count();
    assert_eq!((tried, system.calls()), (1, calls + 1));
    later(p, 9);
    assert_eq!(brief(&panel(&overview, person).await).1, Some("panel_resting"));
    // It is back.
    system.be(Manner::Good);
    later(p, 1);
    for _ in 0..3 {
        assert_eq!(brief(&panel(&overview, person).await).0, "ok");
    }
}

test_on_both!(
    panels_are_asked_side_by_side_and_never_longer_than_the_page,
    [MIGRATIONS]
);
async fn panels_are_asked_side_by_side_and_never_longer_than_the_page(t: &TestDb) {
    let p = &t.platform;
    let (slow, good) = (System::start().await, System::start().await);
    slow.be(Manner::Slow);
    let person = customer(p, "C-1", "张伟").await;
    let nowhere = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let mut refused = settings(&format!("{}/", good.url));
    let urls = [
        format!("{}/", slow.url),
        nowhere,
        format!("{}/", slow.url),
        format!("{}/", good.url),
    ];
    for (position, url) in (0..).zip(urls) {
        let mut settings = settings(&url);
        settings.deadline_ms = 1_500;
        settings.position = 10 - position;
        add(p, settings).await;
    }
    refused.active = false;
    add(p, refused).await;
    let (overview, _) = room(p);
    let overview = overview.within(Duration::from_millis(500));
    for _ in 0..6 {
        let begun = Instant::now();
        let page = page(&overview, Role::Viewer, person).await;
        assert!(
            begun.elapsed() < Duration::from_millis(900),
            "{:?}",
            begun.elapsed()
        );
        let panels = page["panels"].as_array().unwrap();
        let states: Vec<_> = panels
            .iter()
            .map(|panel| panel["state"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["ok", "late", "failed", "late"]);
        // Cut short by the page, it says nothing about the system: it does not rest.
        assert_eq!(panels[1]["code"], "panel_timeout");
    }
}

test_on_both!(who_asks_is_shown_by_a_secret_that_nobody_sees, [MIGRATIONS]);
async fn who_asks_is_shown_by_a_secret_that_nobody_sees(t: &TestDb) {
    const SECRET: &str = "s3cret-of-billing";
    let p = &t.platform;
    let system = System::start().await;
    let person = customer(p, "C-1", "张伟").await;
    let (overview, room) = room(p);
    let admin = administrator();
    let mut wanted = settings(&format!("{}/{{identity:phone}}", system.url));
    wanted.auth = PanelAuth::Bearer;
    wanted.cache_s = 0;
    let missing = app::add(p, &admin, wanted.clone(), None).await.unwrap_err();
    assert_eq!(missing.code(), "secret_required");
    let added = app::add(p, &admin, wanted.clone(), Some(SECRET.to_owned()))
        .await
        .unwrap();
    assert!(added.has_secret);
    // Without a phone number there is nothing to ask.
    let shown = panel(&overview, person).await;
    assert_eq!(
        brief(&shown),
        ("failed", Some("panel_value_missing"), false, None)
    );
    assert_eq!(system.calls(), 0);
    identities::app::add(p, &admin, person, identities::IdentityKind::Phone, "13900000001")
        .await
        .unwrap();
    assert_eq!(brief(&panel(&overview, person).await).0, "ok");
    let bearer = Some(format!("Bearer {SECRET}"));
    assert_eq!(system.last(), ("/%2B8613900000001".to_owned(), bearer.clone()));

    // The secret stays while it goes where it went, and not otherwise.
    let change = async |version, settings: PanelSettings, secret: Option<&str>| {
        app::change(
            p,
            &admin,
            added.id,
            version,
            (settings, secret.map(str::to_owned)),
        )
        .await
    };
    wanted.cache_s = 1;
    let changed = change(1, wanted.clone(), None).await.unwrap();
    assert_eq!((changed.version, changed.has_secret), (2, true));
    assert_eq!(
        change(1, wanted.clone(), None).await.unwrap_err().code(),
        "version_stale"
    );
    let mut elsewhere = wanted.clone();
    elsewhere.url = "https://evil.example.com/{id}".to_owned();
    assert_eq!(
        change(2, elsewhere, None).await.unwrap_err().code(),
        "secret_required"
    );
    for (auth, who) in [
        (
            PanelAuth::Basic {
                user: "patron".to_owned(),
            },
            "Basic cGF0cm9uOnMzY3JldC1vZi1iaWxsaW5n",
        ),
        (
            PanelAuth::Header {
                name: "X-Api-Key".to_owned(),
            },
            SECRET,
        ),
    ] {
        wanted.auth = auth;
        wanted.cache_s = 0;
        let version = app::get(p, &admin, added.id).await.unwrap().version;
        let refused = change(version, wanted.clone(), None).await.unwrap_err();
        assert_eq!(refused.code(), "secret_required");
        change(version, wanted.clone(), Some(SECRET)).await.unwrap();
        assert_eq!(brief(&panel(&overview, person).await).0, "ok");
        assert_eq!(system.last().1.as_deref(), Some(who));
    }

    // Nobody sees it: not in the panel, not in the log, not in the database.
    let trial = room.try_it(&admin, added.id, person).await.unwrap();
    assert_eq!((trial.status, trial.code), (Some(200), None));
    assert_eq!(trial.answer.as_ref().unwrap()["since"], "2020-02-29");
    let seen = [
        json!(app::list(p, &admin).await.unwrap()).to_string(),
        json!(trial).to_string(),
        page(&overview, Role::Administrator, person).await.to_string(),
    ];
    let mut tx = p.db.read().await.unwrap();
    let events = platform::events::of_subject(&mut tx, "panel", added.id.uuid(), 50)
        .await
        .unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["panel.changed", "panel.changed", "panel.changed", "panel.added"]
    );
    let (settings, sealed): (sqlx::types::Json<Value>, Vec<u8>) =
        tx.one("SELECT settings, secret FROM panels", []).await.unwrap();
    let logged = events.iter().map(|event| event.payload.to_string());
    for text in seen.into_iter().chain(logged).chain([settings.0.to_string()]) {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(
        !sealed
            .windows(SECRET.len())
            .any(|window| window == SECRET.as_bytes())
    );
    drop(tx);

    // Without a way to show it there is none.
    wanted.auth = PanelAuth::None;
    let version = app::get(p, &admin, added.id).await.unwrap().version;
    let refused = change(version, wanted.clone(), Some(SECRET)).await.unwrap_err();
    assert_eq!(refused.code(), "secret_not_needed");
    let open = change(version, wanted, None).await.unwrap();
    assert!(!open.has_secret);
    app::remove(p, &admin, added.id, open.version).await.unwrap();
    assert_eq!(
        app::get(p, &admin, added.id).await.unwrap_err().code(),
        "not_found"
    );
}

test_on_both!(panels_are_for_administrators_and_within_bounds, [MIGRATIONS]);
async fn panels_are_for_administrators_and_within_bounds(t: &TestDb) {
    let p = &t.platform;
    let system = System::start().await;
    let person = customer(p, "C-1", "张伟").await;
    let (_, room) = room(p);
    let wanted = settings(&format!("{}/", system.url));
    let added = add(p, wanted.clone()).await;
    for role in [Role::Analyst, Role::Viewer] {
        let stranger = caller(role);
        let refused = [
            app::list(p, &stranger).await.err(),
            app::get(p, &stranger, added.id).await.err(),
            app::add(p, &stranger, wanted.clone(), None).await.err(),
            app::change(p, &stranger, added.id, 1, (wanted.clone(), None))
                .await
                .err(),
            app::remove(p, &stranger, added.id, 1).await.err(),
            room.try_it(&stranger, added.id, person).await.err(),
        ];
        for refused in refused {
            assert_eq!(refused.unwrap().code(), "forbidden");
        }
    }
    assert_eq!(system.calls(), 0);
    // A private address is asked only where it is allowed, also when a name hides it.
    let admin = administrator();
    for host in ["127.0.0.1", "localhost", "10.0.0.1"] {
        let mut private = settings(&format!("http://{host}:1/"));
        (private.allow_private, private.allow_http) = (false, true);
        let refused = app::add(p, &admin, private, None).await.unwrap_err();
        assert_eq!(refused.code(), "url_private", "{host}");
    }
    let port = system.url.rsplit(':').next().unwrap();
    let mut hidden = settings(&format!("http://2130706433:{port}/"));
    (hidden.allow_private, hidden.allow_http) = (false, true);
    let hidden = add(p, hidden).await;
    let trial = room.try_it(&admin, hidden.id, person).await.unwrap();
    assert_eq!((trial.status, trial.code), (None, Some("panel_address_refused")));
    assert_eq!(system.calls(), 0);
    let nobody = uuid::Uuid::from_u128(7).into();
    let refused = room.try_it(&admin, added.id, nobody).await.unwrap_err();
    assert_eq!(refused.code(), "customer_unknown");
    // Saying the same again changes nothing.
    let same = app::change(p, &admin, added.id, 1, (added.settings.clone(), None))
        .await
        .unwrap();
    assert_eq!(same.version, 1);
    while app::list(p, &admin).await.unwrap().len() < 30 {
        add(p, wanted.clone()).await;
    }
    let refused = app::add(p, &admin, wanted, None).await.unwrap_err();
    assert_eq!(refused.code(), "panels_too_many");
}

test_on_both!(a_panel_is_tried_before_it_is_saved, [MIGRATIONS]);
async fn a_panel_is_tried_before_it_is_saved(t: &TestDb) {
    let p = &t.platform;
    let system = System::start().await;
    let person = customer(p, "C-1", "张伟").await;
    let (_, room) = room(p);
    let admin = administrator();
    let tried =
        async |who: &Caller, panel: Option<PanelId>, settings: &PanelSettings, secret: Option<&str>| {
            let unsaved = app::UnsavedPanel {
                panel,
                settings: settings.clone(),
                secret: secret.map(str::to_owned),
            };
            room.try_unsaved(who, person, unsaved).await
        };

    // It needs no name, and nothing is shown yet: the places of values are found in the answer.
    let mut wanted = settings(&format!("{}/{{external_id}}", system.url));
    wanted.zh.clear();
    wanted.auth = PanelAuth::Bearer;
    let fields = std::mem::take(&mut wanted.fields);
    let refused = tried(&admin, None, &wanted, None).await.unwrap_err();
    assert_eq!(refused.code(), "secret_required");
    let trial = tried(&admin, None, &wanted, Some("new")).await.unwrap();
    assert_eq!(
        (trial.status, trial.code, trial.fields.len()),
        (Some(200), None, 0)
    );
    assert_eq!(trial.answer.unwrap()["balance"], "1,234.50");
    assert_eq!(system.last(), ("/C-1".to_owned(), Some("Bearer new".to_owned())));
    assert!(app::list(p, &admin).await.unwrap().is_empty());

    // One that is being changed is asked with the secret that is kept, and nobody else gets it.
    (wanted.zh, wanted.fields) = ("账务".to_owned(), fields);
    let added = app::add(p, &admin, wanted.clone(), Some("kept".to_owned()))
        .await
        .unwrap();
    wanted.url = format!("{}/other/{{external_id}}", system.url);
    let trial = tried(&admin, Some(added.id), &wanted, None).await.unwrap();
    assert_eq!(trial.fields.len(), 4);
    let kept = ("/other/C-1".to_owned(), Some("Bearer kept".to_owned()));
    assert_eq!(system.last(), kept);
    // The log says where it went.
    let mut tx = p.db.read().await.unwrap();
    let events = platform::events::of_subject(&mut tx, "panel", added.id.uuid(), 50)
        .await
        .unwrap();
    drop(tx);
    let tries: Vec<_> = events
        .iter()
        .filter(|event| event.kind == "panel.tried")
        .map(|event| event.payload.clone())
        .collect();
    let said = json!({ "address": system.url, "allow_private": wanted.allow_private });
    assert_eq!(tries, [said]);
    let calls = system.calls();
    let mut elsewhere = wanted.clone();
    elsewhere.url = system.url.replace("127.0.0.1", "localhost");
    let refused = tried(&admin, Some(added.id), &elsewhere, None).await.unwrap_err();
    assert_eq!(refused.code(), "secret_required");
    elsewhere.url = "https://{id}.example.com/".to_owned();
    let refused = tried(&admin, None, &elsewhere, Some("x")).await.unwrap_err();
    assert_eq!(refused.code(), "placeholder_misplaced");
    let nobody = uuid::Uuid::from_u128(7).into();
    let refused = tried(&admin, Some(nobody), &wanted, None).await.unwrap_err();
    assert_eq!(refused.code(), "not_found");
    assert_eq!(app::get(p, &admin, added.id).await.unwrap(), added);

    // Those who may not, may not here either.
    let masked = user(p, "masked", &["panels.manage", "customers.read"], None).await;
    let north = branch(p, "north").await;
    let everything = ["panels.manage", "customers.read", "customers.personal"];
    let of_branch = user(p, "branch", &everything, Some(north)).await;
    for who in [&caller(Role::Viewer), &masked, &of_branch] {
        let refused = tried(who, Some(added.id), &wanted, None).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
    }
    assert_eq!(system.calls(), calls);
}

test_on_both!(what_is_personal_is_asked_only_for_who_may_see_it, [MIGRATIONS]);
async fn what_is_personal_is_asked_only_for_who_may_see_it(t: &TestDb) {
    let p = &t.platform;
    let system = System::start().await;
    let person = customer(p, "C-1", "张伟").await;
    let admin = administrator();
    for (kind, value) in [
        (identities::IdentityKind::Phone, "13900000001"),
        (identities::IdentityKind::External, "crm-7"),
    ] {
        identities::app::add(p, &admin, person, kind, value)
            .await
            .unwrap();
    }
    let (viewer, analyst) = (caller(Role::Viewer), caller(Role::Analyst));
    let forbidden = ("forbidden", Some("forbidden"), false, None);
    let (overview, _) = room(p);
    let mut added = add(p, settings(&format!("{}/{{identity:phone}}", system.url))).await;
    assert_eq!(brief(&panel_for(&overview, &viewer, person).await), forbidden);
    assert_eq!(system.calls(), 0);
    assert_eq!(
        brief(&panel_for(&overview, &analyst, person).await),
        ("ok", None, false, Some(1))
    );
    // What is kept for others is not for them either.
    let shown = panel_for(&overview, &viewer, person).await;
    assert_eq!((brief(&shown), &shown["fields"]), (forbidden, &json!([])));

    // An id of another system is nothing personal.
    let mut change = async |settings: PanelSettings| {
        let changed = app::change(p, &admin, added.id, added.version, (settings, None)).await;
        added = changed.unwrap();
    };
    let mut wanted = settings(&format!("{}/{{identity:external}}", system.url));
    change(wanted.clone()).await;
    assert_eq!(
        brief(&panel_for(&overview, &viewer, person).await),
        ("ok", None, false, Some(2))
    );
    assert_eq!(system.last().0, "/crm-7");
    // What it shows may be.
    wanted.personal = true;
    change(wanted).await;
    assert_eq!(brief(&panel_for(&overview, &viewer, person).await), forbidden);
    assert_eq!(
        brief(&panel_for(&overview, &analyst, person).await),
        ("ok", None, false, Some(3))
    );
}

test_on_both!(nobody_has_sent_what_they_may_not_see, [MIGRATIONS]);
async fn nobody_has_sent_what_they_may_not_see(t: &TestDb) {
    let p = &t.platform;
    let system = System::start().await;
    let person = customer(p, "C-1", "张伟").await;
    let (_, room) = room(p);
    let by_phone = settings(&format!("{}/{{identity:phone}}", system.url));
    let by_id = settings(&format!("{}/{{id}}", system.url));
    let existing = add(p, by_phone.clone()).await;

    // Whoever sees personal data in part only has none sent anywhere, and sees no answer whole.
    let masked = user(p, "masked", &["panels.manage", "customers.read"], None).await;
    let refused = |e: base::Error| match e {
        base::Error::Forbidden { permission } => permission,
        e => panic!("{e}"),
    };
    let e = app::add(p, &masked, by_phone.clone(), None).await.unwrap_err();
    assert_eq!(refused(e), "customers.personal");
    let added = app::add(p, &masked, by_id.clone(), None).await.unwrap();
    let e = app::change(p, &masked, added.id, 1, (by_phone.clone(), None))
        .await
        .unwrap_err();
    assert_eq!(refused(e), "customers.personal");
    let mut moved = by_phone.clone();
    moved.position = 3;
    let e = app::change(p, &masked, existing.id, 1, (moved, None))
        .await
        .unwrap_err();
    assert_eq!(refused(e), "customers.personal");
    let e = room.try_it(&masked, added.id, person).await.unwrap_err();
    assert_eq!(refused(e), "customers.personal");

    // A panel is asked about everyone: a branch decides on none.
    let north = branch(p, "north").await;
    let everything = ["panels.manage", "customers.read", "customers.personal"];
    let of_branch = user(p, "branch", &everything, Some(north)).await;
    for e in [
        app::list(p, &of_branch).await.err(),
        app::get(p, &of_branch, added.id).await.err(),
        app::add(p, &of_branch, by_id.clone(), None).await.err(),
        app::change(p, &of_branch, added.id, 1, (by_id, None)).await.err(),
        app::remove(p, &of_branch, added.id, 1).await.err(),
        room.try_it(&of_branch, added.id, person).await.err(),
    ] {
        assert_eq!(refused(e.unwrap()), "scope.all");
    }
    // Nor is a system asked about a customer of another branch.
    let hidden = overview_of(p).of(&of_branch, person).await.unwrap_err();
    assert_eq!(hidden.code(), "not_found");
    assert_eq!(system.calls(), 0);
    assert_eq!(app::list(p, &administrator()).await.unwrap().len(), 2);
}
