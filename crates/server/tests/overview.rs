//! A customer's page and its panels over HTTP, with the parts of every room.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use platform::access::Role;
use platform::jobs::Kinds;
use platform::test_on_both;
use platform::testing::TestDb;
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{Site, json_of, problem, signed_in};

const ROOMS: [platform::migrations::RoomMigrations; 3] =
    [customers::MIGRATIONS, value::MIGRATIONS, tiers::MIGRATIONS];

async fn customer(t: &TestDb) -> String {
    let p = &t.platform;
    let mut tx = p.db.write().await.unwrap();
    let made = customers::store::ensure_many(&mut tx, &p.clock, &p.keys, &["C-1"])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    made.ids["C-1"].to_string()
}

test_on_both!(a_page_has_the_parts_of_every_room_and_the_panels, ROOMS);
async fn a_page_has_the_parts_of_every_room_and_the_panels(t: &TestDb) {
    let id = customer(t).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/{{external_id}}", listener.local_addr().unwrap());
    let answer = || async { ([("content-type", "application/json")], r#"{"points": 12}"#) };
    let routes = axum::Router::new().route("/C-1", axum::routing::get(answer));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });

    let site = Site::start(t, Kinds::new()).await;
    let administrator = signed_in(t, &site, Role::Administrator).await;
    let viewer = signed_in(t, &site, Role::Viewer).await;
    let panels = site.url("/api/v1/panels");
    let settings = json!({
        "zh": "积分", "en": "Points", "url": url, "auth": { "kind": "bearer" }, "allow_private": true,
        "fields": [{ "zh": "积分", "en": "Points", "pointer": "/points", "kind": "number" }],
    });
    let wanted = json!({ "settings": settings, "secret": "hush-hush" });
    let refused = viewer.post(&panels).json(&wanted).send().await.unwrap();
    problem(refused, 403, "forbidden").await;
    problem(viewer.get(&panels).send().await.unwrap(), 403, "forbidden").await;
    let added = administrator.post(&panels).json(&wanted).send().await.unwrap();
    assert_eq!(
        (added.status(), added.headers()["etag"].to_str().unwrap()),
        (StatusCode::CREATED, "\"1\"")
    );
    let added = json_of(added).await;
    let panel = format!("{panels}/{}", added["id"].as_str().unwrap());

    let page = json_of(
        viewer
            .get(site.url(&format!("/api/v1/customers/{id}/overview")))
            .send()
            .await
            .unwrap(),
    )
    .await;
    let parts = page["parts"].as_object().unwrap();
    for (name, part) in parts {
        assert_eq!(part["state"], "ok", "{name}: {part}");
    }
    for name in ["record", "value", "transactions", "consents"] {
        assert!(parts.contains_key(name), "{name}");
    }
    assert_eq!(parts["record"]["body"]["external_id"], "C-1");
    assert_eq!(page["panels"][0]["fields"][0]["value"], 12);

    // The document has every part with its shape.
    let document: Value = serde_json::from_str(&server::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];
    let described = schemas["Overview"]["properties"]["parts"]["properties"]
        .as_object()
        .unwrap();
    assert!(described.keys().eq(parts.keys()), "{described:#?}");
    for (name, part) in described {
        let body = &part["properties"]["body"]["oneOf"][1]["$ref"];
        let shape = body.as_str().unwrap().rsplit('/').next().unwrap();
        let fields = &schemas[shape];
        assert!(fields.is_object(), "{name}: {shape}");
    }

    // What cannot be is named at its field and changes nothing.
    let mut bad = wanted.clone();
    bad["settings"]["url"] = json!("https://example.com/{who}");
    let refused = administrator
        .put(&panel)
        .header("if-match", "\"1\"")
        .json(&bad)
        .send()
        .await
        .unwrap();
    let refused = problem(refused, 422, "placeholder_unknown").await;
    assert_eq!(refused["fields"][0]["field"], "settings.url");
    bad["settings"]["colour"] = json!("red");
    let refused = administrator.post(&panels).json(&bad).send().await.unwrap();
    problem(refused, 422, "body_invalid").await;
    let unseen = administrator.put(&panel).json(&wanted).send().await.unwrap();
    problem(unseen, 428, "version_missing").await;
    let trial = json!({ "customer": id });
    let tried = administrator
        .post(format!("{panel}/try"))
        .json(&trial)
        .send()
        .await
        .unwrap();
    let tried = json_of(tried).await;
    assert_eq!(
        (&tried["status"], &tried["answer"]),
        (&json!(200), &json!({ "points": 12 }))
    );
    let mut off = wanted.clone();
    off["settings"]["active"] = json!(false);
    off.as_object_mut().unwrap().remove("secret");
    let changed = administrator
        .put(&panel)
        .header("if-match", "\"1\"")
        .json(&off)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.headers()["etag"], "\"2\"");
    let listed = json_of(administrator.get(&panels).send().await.unwrap()).await;
    assert_eq!(listed["items"][0]["has_secret"], true);
    assert!(!listed.to_string().contains("hush-hush"));
    let stale = administrator
        .delete(&panel)
        .header("if-match", "\"1\"")
        .send()
        .await
        .unwrap();
    problem(stale, 412, "version_stale").await;
    let gone = administrator
        .delete(&panel)
        .header("if-match", "\"2\"")
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    for nobody in ["01890a5d-ac96-774b-bcce-b302099a8057", "nobody"] {
        let missing = viewer.get(site.url(&format!("/api/v1/customers/{nobody}/overview")));
        problem(missing.send().await.unwrap(), 404, "not_found").await;
    }
    let metrics = viewer
        .get(site.url("/metrics"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(metrics.contains("\npatron_db_statements_total "), "{metrics}");
    site.served.stop().await;
}
