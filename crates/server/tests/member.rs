//! A customer's own page over HTTP: its session reaches nothing else, and no other session reaches it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use platform::access::Role;
use platform::test_on_both;
use platform::testing::TestDb;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use support::{Site, client, json_of, made, problem, signed_in, user};

const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

async fn link(admin: &Client, site: &Site, customer: &str) -> String {
    let path = format!("/api/v1/customers/{customer}/member-links");
    let link = made(admin, site, &path, json!({ "minutes": 30 })).await;
    let address = link["address"].as_str().unwrap();
    let (page, token) = address.split_once('#').unwrap();
    assert_eq!(page, "/member");
    token.to_owned()
}

async fn open(phone: &Client, site: &Site, token: &str) -> reqwest::Response {
    let said = json!({ "token": token });
    let request = phone.post(site.url("/api/v1/member/session")).json(&said);
    request.send().await.unwrap()
}

test_on_both!(a_members_session_reaches_its_own_page_and_nothing_else);
async fn a_members_session_reaches_its_own_page_and_nothing_else(t: &TestDb) {
    let site = Site::start_whole(t).await;
    let admin = signed_in(t, &site, Role::Administrator).await;
    let person = json!({ "kind": "person", "name": "王小明", "external_id": "M-1" });
    let customer = made(&admin, &site, "/api/v1/customers", person).await;
    let customer = customer["id"].as_str().unwrap();
    let token = link(&admin, &site, customer).await;

    // What only looks at the address uses nothing up.
    for _ in 0..2 {
        let page = client().get(site.url("/member")).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers().get("set-cookie").is_none());
    }
    let phone = client();
    let overview = site.url("/api/v1/member/overview");
    problem(
        phone.get(&overview).send().await.unwrap(),
        401,
        "member_session_over",
    )
    .await;
    let opened = open(&phone, &site, &token).await;
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in [
        "patron_member=",
        "Path=/api/v1/member;",
        "HttpOnly",
        "SameSite=Strict",
        "Max-Age=1800",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(opened.status(), StatusCode::OK);
    problem(open(&client(), &site, &token).await, 401, "member_link_over").await;
    let page = phone.get(&overview).send().await.unwrap();
    assert_eq!(page.headers()["cache-control"], "no-store");
    let page = json_of(page).await;
    assert_eq!(page["name"], "王小明");
    assert!(!page.to_string().contains("M-1") && !page.to_string().contains(customer));

    // The cookie as it is, sent to every endpoint of the console.
    let pair = cookie.split(';').next().unwrap();
    let document: Value = serde_json::from_str(&server::openapi()).unwrap();
    let mut walked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let name = format!("{method} {path}");
            let is_one = ["GET", "POST", "PUT", "DELETE", "PATCH"].contains(&method.as_str());
            if !is_one || server::PUBLIC.contains(&name.as_str()) {
                continue;
            }
            let filled: Vec<&str> = path
                .split('/')
                .map(|part| match part {
                    "{id}" => customer,
                    part if part.starts_with('{') => NOBODY,
                    part => part,
                })
                .collect();
            let request = Client::new()
                .request(method.parse::<Method>().unwrap(), site.url(&filled.join("/")))
                .header("cookie", pair)
                .header("content-type", "application/json")
                .body("{}");
            let status = request.send().await.unwrap().status();
            assert_eq!(status, 401, "{name} answers {status} to a member");
            walked += 1;
        }
    }
    assert!(walked > 100, "only {walked}");

    // A page of another site may not write with it, and a user's session is none of a member's.
    let foreign = phone
        .post(site.url("/api/v1/member/codes"))
        .header("origin", "https://evil.example")
        .json(&json!({ "programme": NOBODY, "benefit": "b", "key": "k" }));
    problem(foreign.send().await.unwrap(), 403, "origin_not_allowed").await;
    problem(
        admin.get(&overview).send().await.unwrap(),
        401,
        "member_session_over",
    )
    .await;

    let out = phone
        .delete(site.url("/api/v1/member/session"))
        .send()
        .await
        .unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let request = Client::new().get(&overview).header("cookie", pair);
    problem(request.send().await.unwrap(), 401, "member_session_over").await;
    site.served.stop().await;
}

test_on_both!(a_link_is_made_by_who_may_for_whom_they_see);
async fn a_link_is_made_by_who_may_for_whom_they_see(t: &TestDb) {
    let site = Site::start_whole(t).await;
    let admin = signed_in(t, &site, Role::Administrator).await;
    let person = json!({ "kind": "person", "name": "王小明", "external_id": "M-1" });
    let customer = made(&admin, &site, "/api/v1/customers", person).await;
    let customer = customer["id"].as_str().unwrap();
    let path = site.url(&format!("/api/v1/customers/{customer}/member-links"));
    let may = json!(["customers.read", "tiers.member_link"]);
    let branch = json!({ "code": "north", "name": "North", "parent_id": null });
    let branch = made(&admin, &site, "/api/v1/branches", branch).await["id"].clone();
    let elsewhere = user(&admin, &site, "elsewhere", &may, "branch", &branch).await;
    let reads = json!(["customers.read", "tiers.read", "tiers.redeem"]);
    let reader = user(&admin, &site, "reader", &reads, "all", &Value::Null).await;
    let agent = user(&admin, &site, "agent", &may, "all", &Value::Null).await;
    let ask = async |who: &Client| who.post(&path).json(&json!({})).send().await.unwrap();
    problem(ask(&reader).await, 403, "forbidden").await;
    problem(ask(&elsewhere).await, 404, "not_found").await;
    let answer = ask(&agent).await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.status(), StatusCode::CREATED);

    // Everything about the customer says that there was a link, and not what opens it; an erasure ends the session.
    let token = link(&agent, &site, customer).await;
    let phone = client();
    assert_eq!(open(&phone, &site, &token).await.status(), StatusCode::OK);
    let record = site.url(&format!("/api/v1/customers/{customer}"));
    let version = json_of(admin.get(&record).send().await.unwrap()).await["version"].clone();
    let erased = admin
        .post(format!("{record}/erasure"))
        .header("if-match", format!("\"{version}\""))
        .json(&json!({ "ground": "request" }));
    let erased = erased.send().await.unwrap();
    assert!(erased.status().is_success(), "{:#}", json_of(erased).await);
    let over = phone
        .get(site.url("/api/v1/member/overview"))
        .send()
        .await
        .unwrap();
    problem(over, 401, "member_session_over").await;
    site.served.stop().await;
}
