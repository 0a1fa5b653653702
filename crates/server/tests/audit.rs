//! Timeline, audit and webhooks over HTTP: who may, how bad input is answered, and that the server seals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use std::time::{Duration, Instant};

use platform::access::Role;
use platform::events::{self, Actor, Event};
use platform::jobs::Kinds;
use platform::test_on_both;
use platform::testing::TestDb;
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{Site, json_of, problem, signed_in};

test_on_both!(
    administrators_see_what_happened_and_that_it_is_sealed,
    [customers::MIGRATIONS, value::MIGRATIONS, tiers::MIGRATIONS]
);
async fn administrators_see_what_happened_and_that_it_is_sealed(t: &TestDb) {
    let site = Site::start(t, Kinds::new()).await;
    let administrator = signed_in(t, &site, Role::Administrator).await;
    let viewer = signed_in(t, &site, Role::Viewer).await;
    for path in ["/api/v1/audit", "/api/v1/webhooks"] {
        problem(viewer.get(site.url(path)).send().await.unwrap(), 403, "forbidden").await;
    }
    let begun = Instant::now();
    loop {
        let audit: Value = json_of(
            administrator
                .get(site.url("/api/v1/audit?limit=200"))
                .send()
                .await
                .unwrap(),
        )
        .await;
        let items = audit["items"].as_array().unwrap();
        assert!(!items.is_empty());
        if items.iter().all(|event| event["position"].is_i64()) {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "not sealed within 5 s: {audit:#}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let metrics = administrator
        .get(site.url("/metrics"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(metrics.contains("\npatron_events_unsealed 0\n"), "{metrics}");
    for (query, code) in [
        ("actor=x", "id_malformed"),
        ("subject=x", "id_malformed"),
        ("from=yesterday", "time_malformed"),
        (
            "from=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z",
            "span_reversed",
        ),
        ("cursor=x", "cursor_malformed"),
        ("limit=201", "limit_out_of_range"),
    ] {
        let answer = administrator
            .get(site.url(&format!("/api/v1/audit?{query}")))
            .send()
            .await
            .unwrap();
        problem(answer, 422, code).await;
    }
    let page = site.url("/api/v1/audit?kind=user.added&subject_kind=user&limit=1");
    let first = json_of(administrator.get(&page).send().await.unwrap()).await;
    assert_eq!(first["items"].as_array().unwrap().len(), 1, "{first:#}");
    site.served.stop().await;
}

test_on_both!(
    a_customer_has_a_timeline,
    [customers::MIGRATIONS, value::MIGRATIONS, tiers::MIGRATIONS]
);
async fn a_customer_has_a_timeline(t: &TestDb) {
    let p = &t.platform;
    let mut tx = p.db.write().await.unwrap();
    customers::store::ensure_many(&mut tx, &p.clock, &p.keys, &["C-1"])
        .await
        .unwrap();
    let id = customers::store::ids_by_external(&mut tx, &platform::Scope::of_system(), &["C-1"])
        .await
        .unwrap()["C-1"];
    for kind in ["note.added", "note.removed"] {
        let event = Event {
            actor: Actor::System,
            kind,
            subject_kind: "customer",
            subject: id.uuid(),
            customer: Some(id.uuid()),
            payload: &json!({ "text": "你好", "secret": "x" }),
        };
        events::record(&mut tx, &p.clock, &event).await.unwrap();
    }
    tx.commit().await.unwrap();
    let site = Site::start(t, Kinds::new()).await;
    let viewer = signed_in(t, &site, Role::Viewer).await;
    let get = async |path: String| viewer.get(site.url(&path)).send().await.unwrap();
    let all = json_of(get(format!("/api/v1/customers/{id}/timeline")).await).await;
    let kinds: Vec<_> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["kind"])
        .collect();
    assert_eq!(kinds, ["note.removed", "note.added"]);
    assert_eq!(
        all["items"][0]["payload"],
        json!({ "text": "你好", "secret": "***" })
    );
    let one = json_of(get(format!("/api/v1/customers/{id}/timeline?kind=note.added")).await).await;
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    let first = json_of(get(format!("/api/v1/customers/{id}/timeline?limit=1")).await).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = json_of(get(format!("/api/v1/customers/{id}/timeline?limit=1&cursor={cursor}")).await).await;
    assert_eq!(second["items"][0]["kind"], "note.added");
    let nobody = uuid::Uuid::nil();
    problem(
        get(format!("/api/v1/customers/{nobody}/timeline")).await,
        404,
        "not_found",
    )
    .await;
    site.served.stop().await;
}

test_on_both!(
    webhooks_are_managed_over_http,
    [customers::MIGRATIONS, value::MIGRATIONS, tiers::MIGRATIONS]
);
async fn webhooks_are_managed_over_http(t: &TestDb) {
    let site = Site::start(t, Kinds::new()).await;
    let administrator = signed_in(t, &site, Role::Administrator).await;
    let bad = json!({ "url": "http://example.com/", "kinds": ["*"] });
    let answer = administrator
        .post(site.url("/api/v1/webhooks"))
        .json(&bad)
        .send()
        .await
        .unwrap();
    let refused = problem(answer, 422, "url_insecure").await;
    assert_eq!(refused["fields"][0]["field"], "url");
    let good = json!({ "url": "https://example.com/hooks", "kinds": ["nothing.happened"] });
    let answer = administrator
        .post(site.url("/api/v1/webhooks"))
        .json(&good)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let added = json_of(answer).await;
    assert!(added["secret"].as_str().unwrap().starts_with("whsec_"));
    let one = site.url(&format!(
        "/api/v1/webhooks/{}",
        added["endpoint"]["id"].as_str().unwrap()
    ));
    let read = administrator.get(&one).send().await.unwrap();
    assert_eq!(read.headers()["etag"], "\"1\"");
    let read = json_of(read).await;
    assert!(!read.to_string().contains("whsec_"));
    let mut off = good.clone();
    off["active"] = json!(false);
    let put = |tag: &'static str| administrator.put(&one).header("if-match", tag).json(&off).send();
    assert_eq!(json_of(put("\"1\"").await.unwrap()).await["active"], false);
    problem(put("\"1\"").await.unwrap(), 412, "version_stale").await;
    let rotated = administrator
        .post(format!("{one}/rotate-secret"))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_ne!(json_of(rotated).await["secret"], added["secret"]);
    let since = json!({ "since": p_now(t) });
    let answer = administrator
        .post(format!("{one}/replay"))
        .json(&since)
        .send()
        .await
        .unwrap();
    problem(answer, 409, "endpoint_inactive").await;
    let list = administrator
        .get(format!("{one}/deliveries?state=lost"))
        .send()
        .await
        .unwrap();
    problem(list, 422, "state_unknown").await;
    let list = administrator
        .get(format!("{one}/deliveries?state=pending"))
        .send()
        .await
        .unwrap();
    assert_eq!(json_of(list).await["items"], json!([]));
    let removed = administrator.delete(&one).send().await.unwrap();
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    problem(administrator.get(&one).send().await.unwrap(), 404, "not_found").await;
    site.served.stop().await;
}

fn p_now(t: &TestDb) -> String {
    t.platform.clock.now().to_string()
}
