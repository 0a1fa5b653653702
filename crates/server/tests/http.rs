//! The service as a client meets it: a real server, real HTTP, both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use std::time::{Duration, Instant};

use platform::access::{Role, app};
use platform::jobs::{JobRun, Kinds};
use platform::test_on_both;
use platform::testing::TestDb;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use support::{Site, client, json_of, problem, sign_in, signed_in};

/// Stands for the example firm, which `patron` brings: works until it is told to stop.
async fn works_until_stopped(run: JobRun) -> base::Result<Value> {
    let _input: Value = run.input()?;
    for n in 0..2_000 {
        run.check()?;
        run.progress("making", n, Some(2_000));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(Value::Null)
}

fn kinds() -> Kinds {
    Kinds::new().with("example_firm", works_until_stopped)
}

test_on_both!(a_user_signs_in_changes_the_password_and_signs_out);
async fn a_user_signs_in_changes_the_password_and_signs_out(t: &TestDb) {
    let site = Site::start(t, kinds()).await;
    let client = client();
    let (_, one_time) = app::add_user(&t.platform, "anna", "安娜", Role::Administrator)
        .await
        .unwrap();
    problem(
        client.get(site.url("/api/v1/session")).send().await.unwrap(),
        401,
        "not_signed_in",
    )
    .await;
    problem(
        sign_in(&client, &site, "anna", "wrong").await,
        401,
        "credentials_wrong",
    )
    .await;

    let signed_in = sign_in(&client, &site, "Anna", &one_time).await;
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in [
        "patron_session=",
        "HttpOnly",
        "SameSite=Strict",
        "Path=/",
        "Max-Age=43200",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let session = json_of(signed_in).await;
    assert_eq!(session["must_change_password"], json!(true));
    assert_eq!(session["permissions"], json!([]));
    problem(
        client.get(site.url("/api/v1/jobs")).send().await.unwrap(),
        403,
        "password_change_required",
    )
    .await;

    let change = async |new: &str| {
        let body = json!({ "current_password": one_time, "new_password": new });
        client
            .post(site.url("/api/v1/session/password"))
            .json(&body)
            .send()
            .await
            .unwrap()
    };
    let short = problem(change("short").await, 422, "password_too_short").await;
    assert_eq!(short["fields"][0]["field"], json!("new_password"));
    let changed = json_of(change(support::PASSWORD).await).await;
    assert_eq!(changed["user"]["login"], json!("anna"));
    assert_eq!(changed["user"]["role"], json!("administrator"));
    assert!(
        changed["permissions"]
            .as_array()
            .unwrap()
            .contains(&json!("jobs.cancel"))
    );
    assert_eq!(
        client
            .get(site.url("/api/v1/jobs"))
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );

    let out = client.delete(site.url("/api/v1/session")).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    problem(
        client.get(site.url("/api/v1/session")).send().await.unwrap(),
        401,
        "not_signed_in",
    )
    .await;
    site.served.stop().await;
}

#[tokio::test]
async fn guessing_is_answered_with_429() {
    let t = TestDb::sqlite(&[]).await;
    let site = Site::start(&t, kinds()).await;
    for _ in 0..5 {
        problem(
            sign_in(&client(), &site, "anna", "wrong").await,
            401,
            "credentials_wrong",
        )
        .await;
    }
    let refused = sign_in(&client(), &site, "anna", "wrong").await;
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 429, "too_many_attempts").await;
    site.served.stop().await;
}

#[tokio::test]
async fn bad_requests_are_told_what_is_bad() {
    let t = TestDb::sqlite(&[]).await;
    let site = Site::start(&t, kinds()).await;
    let client = signed_in(&t, &site, Role::Administrator).await;
    let get = async |path: &str| client.get(site.url(path)).send().await.unwrap();
    problem(get("/api/v1/nothing").await, 404, "not_found").await;
    problem(get("/api/v1/jobs/not-an-id").await, 422, "id_malformed").await;
    problem(
        get("/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057").await,
        404,
        "not_found",
    )
    .await;
    problem(get("/api/v1/jobs?limit=0").await, 422, "limit_out_of_range").await;
    problem(get("/api/v1/jobs?limit=x").await, 422, "query_malformed").await;
    problem(get("/api/v1/jobs?cursor=zzz").await, 422, "cursor_malformed").await;
    problem(get("/api/v1/jobs?state=lost").await, 422, "state_unknown").await;
    problem(get("/api/v1/customers?q=a&q=b").await, 422, "query_malformed").await;
    problem(
        get("/api/v1/customers/not-an-id/value").await,
        422,
        "path_malformed",
    )
    .await;
    problem(get("/api/v1/jobs/%ff").await, 422, "path_malformed").await;
    let form = client
        .post(site.url("/api/v1/imports"))
        .header("content-type", "multipart/form-data");
    problem(form.body("x").send().await.unwrap(), 422, "body_not_a_form").await;
    let post = async |body: &'static str, content_type: &str| {
        let request = client
            .post(site.url("/api/v1/setup/example"))
            .header("content-type", content_type);
        request.body(body).send().await.unwrap()
    };
    problem(post("{", "application/json").await, 422, "body_malformed").await;
    problem(
        post("{\"customers\": -1, \"seed\": 1}", "application/json").await,
        422,
        "body_invalid",
    )
    .await;
    problem(post("customers=1", "text/plain").await, 422, "body_not_json").await;
    problem(
        post("{\"customers\": 0, \"seed\": 1}", "application/json").await,
        422,
        "customers_out_of_range",
    )
    .await;
    let large = format!("{{\"login\":\"{}\"}}", "x".repeat(2 << 20));
    let request = client
        .post(site.url("/api/v1/session"))
        .header("content-type", "application/json");
    problem(request.body(large).send().await.unwrap(), 413, "body_too_large").await;
    let put = client.put(site.url("/api/v1/jobs")).send().await.unwrap();
    problem(put, 405, "method_not_allowed").await;
    site.served.stop().await;
}

#[tokio::test]
async fn another_sites_page_may_not_write() {
    let t = TestDb::sqlite(&[]).await;
    let site = Site::start(&t, kinds()).await;
    let client = signed_in(&t, &site, Role::Administrator).await;
    let delete = async |origin: &str| {
        client
            .delete(site.url("/api/v1/session"))
            .header("origin", origin)
            .send()
            .await
            .unwrap()
    };
    problem(delete("https://evil.example").await, 403, "origin_not_allowed").await;
    assert_eq!(
        client
            .get(site.url("/api/v1/session"))
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );
    assert_eq!(delete(&site.url).await.status(), StatusCode::NO_CONTENT);
    site.served.stop().await;
}

test_on_both!(a_program_calls_with_a_key);
async fn a_program_calls_with_a_key(t: &TestDb) {
    let site = Site::start(t, kinds()).await;
    let person = signed_in(t, &site, Role::Administrator).await;
    let new = json!({ "name": "nightly", "permissions": ["jobs.read", "jobs.cancel", "imports.write", "customers.read"],
        "expires_in_days": 1, "per_minute": 8 });
    let make = || {
        let request = person.post(site.url("/api/v1/api-keys")).json(&new);
        request.header("idempotency-key", "a").send()
    };
    let made = make().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let secret = json_of(made).await["secret"].as_str().unwrap().to_owned();
    problem(make().await.unwrap(), 409, "already_done").await;

    let program = Client::new();
    let get = async |path: &str| {
        program
            .get(site.url(path))
            .bearer_auth(&secret)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(get("/api/v1/jobs").await.status(), StatusCode::OK);
    problem(get("/api/v1/users").await, 403, "forbidden").await;
    problem(get("/api/v1/api-keys").await, 403, "forbidden").await;
    problem(get("/api/v1/sessions").await, 401, "not_signed_in").await;
    // No page of another site can bring a key; a create with an Idempotency-Key counts once.
    let example = async || {
        let request = program
            .post(site.url("/api/v1/setup/example"))
            .bearer_auth(&secret)
            .header("origin", "https://elsewhere.example")
            .header("idempotency-key", "a");
        let firm = json!({ "customers": 5, "seed": 1 });
        request.json(&firm).send().await.unwrap()
    };
    assert_eq!(example().await.status(), StatusCode::ACCEPTED);
    assert_eq!(example().await.headers()["idempotent-replay"], "true");
    let wrong = person
        .get(site.url("/api/v1/jobs"))
        .bearer_auth("patron_wrong")
        .send()
        .await
        .unwrap();
    problem(wrong, 401, "not_signed_in").await;
    let mut limited = None;
    for _ in 0..9 {
        let answer = get("/api/v1/jobs").await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.unwrap();
    assert!(limited.headers().contains_key("retry-after"));
    problem(limited, 429, "rate_limited").await;
    site.served.stop().await;
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_be_careful() {
    let t = TestDb::sqlite(&[]).await;
    let site = Site::start(&t, kinds()).await;
    for path in [
        "/",
        "/customers/1",
        "/api/v1/session",
        "/api/v1/openapi.json",
        "/healthz",
        "/nothing.js",
    ] {
        let response = client()
            .get(site.url(path))
            .header("x-request-id", "from-the-proxy")
            .send()
            .await
            .unwrap();
        let headers = response.headers();
        assert!(
            headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("default-src 'self'"),
            "{path}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["x-request-id"], "from-the-proxy", "{path}");
    }
    let strange = client()
        .get(site.url("/healthz"))
        .header("x-request-id", "a b")
        .send()
        .await
        .unwrap();
    assert_ne!(strange.headers()["x-request-id"], "a b");
    site.served.stop().await;
}

#[tokio::test]
async fn client_routes_get_a_page_and_missing_files_do_not() {
    let t = TestDb::sqlite(&[]).await;
    let site = Site::start(&t, kinds()).await;
    for (path, status) in [
        ("/", 200),
        ("/value/runs", 200),
        ("/assets/gone-123.js", 404),
        ("/robots.txt", 404),
    ] {
        let response = client().get(site.url(path)).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
        if status == 200 {
            assert!(
                response
                    .text()
                    .await
                    .unwrap()
                    .to_lowercase()
                    .starts_with("<!doctype html>"),
                "{path}"
            );
        }
    }
    let response = client().post(site.url("/value")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    site.served.stop().await;
}

test_on_both!(health_and_metrics_say_how_it_stands);
async fn health_and_metrics_say_how_it_stands(t: &TestDb) {
    let site = Site::start(t, kinds()).await;
    let text = async |path: &str| {
        let response = client().get(site.url(path)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(text("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(text("/readyz").await, (200, "ready\n".to_owned()));
    assert_eq!(
        text("/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057").await.0,
        401
    );
    let (_, metrics) = text("/metrics").await;
    for line in [
        "patron_http_request_seconds_count{method=\"GET\",route=\"/api/v1/jobs/{id}\",status=\"401\"} 1",
        "patron_http_request_seconds_bucket{method=\"GET\",route=\"/healthz\",status=\"200\",le=\"30\"} 1",
        "patron_build_info{version=",
        "state=\"idle\"}",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    let mut tx = t.platform.db.write().await.unwrap();
    tx.execute("UPDATE schema_migrations SET checksum = 'x'", [])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(text("/readyz").await.0, 503);
    site.served.stop().await;
}

test_on_both!(a_create_with_a_key_is_carried_out_once);
async fn a_create_with_a_key_is_carried_out_once(t: &TestDb) {
    let site = Site::start(t, kinds()).await;
    let client = signed_in(t, &site, Role::Administrator).await;
    let make = async |key: &str, customers: u32| {
        let request = client
            .post(site.url("/api/v1/setup/example"))
            .header("idempotency-key", key);
        request
            .json(&json!({ "customers": customers, "seed": 1 }))
            .send()
            .await
            .unwrap()
    };
    let first = make("a", 10).await;
    assert_eq!(first.status(), StatusCode::ACCEPTED);
    let first = json_of(first).await;
    let again = make("a", 10).await;
    assert_eq!(again.headers()["idempotent-replay"], "true");
    assert_eq!(
        (again.status(), json_of(again).await),
        (StatusCode::ACCEPTED, first)
    );
    problem(make("a", 11).await, 422, "idempotency_key_reused").await;
    problem(make("b", 10).await, 409, "example_in_progress").await;
    let jobs = json_of(client.get(site.url("/api/v1/jobs")).send().await.unwrap()).await;
    assert_eq!(jobs["items"].as_array().unwrap().len(), 1);
    site.served.stop().await;
}

test_on_both!(open_screens_see_a_job_as_it_goes);
async fn open_screens_see_a_job_as_it_goes(t: &TestDb) {
    let site = Site::start(t, kinds()).await;
    let client = signed_in(t, &site, Role::Administrator).await;
    let mut stream = client.get(site.url("/api/v1/events")).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let body = json!({ "customers": 5, "seed": 1 });
    let job = client
        .post(site.url("/api/v1/setup/example"))
        .json(&body)
        .send()
        .await
        .unwrap();
    let id = json_of(job).await["id"].as_str().unwrap().to_owned();
    let mut seen = String::new();
    let begun = Instant::now();
    while !(seen.contains("\"queued\"")
        && seen.contains("\"running\"")
        && seen.contains("\"stage\":\"making\""))
    {
        assert!(begun.elapsed() < Duration::from_secs(20), "{seen}");
        let chunk = tokio::time::timeout(Duration::from_secs(20), stream.chunk())
            .await
            .unwrap()
            .unwrap();
        seen += std::str::from_utf8(&chunk.unwrap()).unwrap();
    }
    assert!(seen.starts_with("event: job\ndata: {"), "{seen}");
    assert!(seen.contains(&id));
    let cancel = client
        .post(site.url(&format!("/api/v1/jobs/{id}/cancel")))
        .send()
        .await
        .unwrap();
    assert_eq!(cancel.status(), StatusCode::ACCEPTED);
    while !seen.contains("\"cancelled\"") {
        let chunk = tokio::time::timeout(Duration::from_secs(20), stream.chunk())
            .await
            .unwrap()
            .unwrap();
        seen += std::str::from_utf8(&chunk.unwrap()).unwrap();
    }
    site.served.stop().await;
}

test_on_both!(stopping_finishes_what_is_begun_and_keeps_the_job);
async fn stopping_finishes_what_is_begun_and_keeps_the_job(t: &TestDb) {
    let site = Site::start(t, kinds()).await;
    let client = signed_in(t, &site, Role::Administrator).await;
    let body = json!({ "customers": 5, "seed": 1 });
    let job = client
        .post(site.url("/api/v1/setup/example"))
        .json(&body)
        .send()
        .await
        .unwrap();
    let id = json_of(job).await["id"].as_str().unwrap().to_owned();
    let mut stream = client.get(site.url("/api/v1/events")).send().await.unwrap();
    let begun = Instant::now();
    let url = site.url.clone();
    site.served.stop().await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "an open screen held the server up"
    );
    while let Ok(Some(_)) = stream.chunk().await {}
    assert!(client.get(format!("{url}/healthz")).send().await.is_err());

    let site = Site::start(t, kinds()).await;
    let again = client
        .get(site.url(&format!("/api/v1/jobs/{id}")))
        .send()
        .await
        .unwrap();
    let state = json_of(again).await["state"].clone();
    assert!(state == "queued" || state == "running", "{state}");
    site.served.stop().await;
}

test_on_both!(a_client_that_goes_away_finds_its_request_done);
async fn a_client_that_goes_away_finds_its_request_done(t: &TestDb) {
    let site = Site::start(t, kinds()).await;
    let client = signed_in(t, &site, Role::Administrator).await;
    let make = || {
        client
            .post(site.url("/api/v1/setup/example"))
            .header("idempotency-key", "a")
            .json(&json!({ "customers": 10, "seed": 1 }))
    };
    // The database keeps the request waiting until after its client has gone.
    let mut held = t.platform.db.write().await.unwrap();
    if t.url.starts_with("postgres") {
        held.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE", [])
            .await
            .unwrap();
    }
    let gone = make().timeout(Duration::from_millis(500)).send().await;
    assert!(gone.unwrap_err().is_timeout());
    tokio::time::sleep(Duration::from_millis(500)).await;
    held.rollback().await.unwrap();
    let begun = Instant::now();
    loop {
        let again = make().send().await.unwrap();
        if again.status() == StatusCode::ACCEPTED {
            assert_eq!(
                again.headers()["idempotent-replay"],
                "true",
                "it was not carried out"
            );
            break;
        }
        // At work still.
        problem(again, 409, "already_done").await;
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    site.served.stop().await;
}

#[tokio::test]
async fn silent_connections_make_room() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let t = TestDb::sqlite(&[]).await;
    let mut config = support::config(&t.url, t.folder());
    config.limits.connections = 2;
    config.limits.header_read = Duration::from_millis(400);
    let site = Site::start_with(&config, kinds()).await;
    let mut silent = Vec::new();
    for said in ["", "GET /healthz HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let mut stream = tokio::net::TcpStream::connect(site.served.address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    let begun = Instant::now();
    let answer = client().get(site.url("/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let waited = begun.elapsed();
    assert!(
        (Duration::from_millis(200)..Duration::from_secs(10)).contains(&waited),
        "{waited:?}"
    );
    for mut stream in silent {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "a silent connection is still open");
    }
    site.served.stop().await;
}
