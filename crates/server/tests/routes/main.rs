//! Every route of the document, walked by a role that grants nothing and by a user who may do everything in another
//! branch: a route that is not listed here, that lets the first in, or that tells the second anything of a customer
//! who is not theirs, fails. (`unauthorized.rs` walks the same as nobody.) And walked with bodies that are wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod malformed;
#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use platform::test_on_both;
use platform::testing::TestDb;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use support::{Site, json_of, made, signed_in, user};
use value::model::Line;

/// Whom a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Whoever is signed in: it is about themselves.
    Anyone,
    /// Whoever has the permission: it is about no customer.
    Permitted,
    /// Whoever has the permission and sees the whole firm.
    WholeFirm,
    /// Whoever has the permission, and then it shows the customers they see.
    SomeCustomers,
    /// Whoever has the permission and sees the customer of the path.
    OneCustomer,
}

use For::{Anyone, OneCustomer, Permitted, SomeCustomers, WholeFirm};

const ROLE: &str = r#"{ "name": "new", "permissions": [], "scope": "own" }"#;
const BRANCH: &str = r#"{ "code": "new", "name": "New", "parent_id": null }"#;
const USER: &str =
    r#"{ "login": "new", "name": "New", "role": "viewer", "branch_id": null, "active": true }"#;
const CONTACT: &str = r#"{ "name": "王芳", "role": "user", "influence": 3 }"#;
const SUBSCRIPTION: &str = r#"{ "product": "mobile", "started_on": "2020-01-01", "status": "active" }"#;
const BIRTHDAY: &str = r#"{ "kind": "birthday", "calendar": "solar", "month": 5, "day": 4 }"#;
const SAID: &str = r#"{ "purposes": ["care"], "channels": ["phone"], "given": true, "source": "call" }"#;
const POLICY: &str = r#"{ "purposes": [], "quiet_hours": null, "language": "zh-CN", "channel": "phone" }"#;
const WEBHOOK: &str = r#"{ "url": "https://example.com/hook", "kinds": ["*"] }"#;
const PANEL: &str = r#"{ "settings": { "zh": "账", "en": "Bill", "url": "https://example.com/{id}",
    "fields": [{ "zh": "值", "en": "Value", "pointer": "/value", "kind": "text" }] } }"#;
const KEY: &str = r#"{ "name": "k", "permissions": [], "expires_in_days": 1, "per_minute": 1 }"#;
const PROVIDER: &str = r#"{ "settings": { "zh": "公司账号", "en": "Company account",
    "issuer": "https://login.example.com", "client_id": "patron" } }"#;
const PASSWORDS: &str = r#"{ "current_password": "not this one", "new_password": "something quite new" }"#;

const PROGRAMME: &str = r#"{ "code": "new", "zh": "新", "en": "New", "brands": ["b"], "kinds": ["person"] }"#;
const LEVELS: &str = r##"{ "schema": 1, "levels": [{ "code": "a", "zh": "甲", "en": "A", "colour": "#000000",
    "qualify": { "all": [{ "measure": "spend", "at_least": 1 }] } }],
    "period": { "kind": "calendar_year" }, "downgrade": { "kind": "never" }, "landing": "earned",
    "notice_days": 0, "effective_on": "2100-01-01" }"##;
const SIMULATION: &str = r#"{ "sensitivity": { "level": "a", "condition": 0, "values": [1] } }"#;
const GRANT: &str = r#"{ "programme": "01890a5d-ac96-774b-bcce-b302099a8057", "kind": "level", "level": "a",
    "reason": "asked for", "from": "2026-01-01", "until": "2026-12-31" }"#;

const BENEFIT: &str = r#"{ "code": "new", "zh": "新", "en": "New", "terms": { "kind": "count" },
    "unit_cost_minor": 1, "settlement_minor": 1, "active": true }"#;
const PARTNER: &str = r#"{ "code": "new", "zh": "新", "en": "New", "active": true }"#;
const WANTED: &str = r#"{ "programme": "01890a5d-ac96-774b-bcce-b302099a8057", "benefit": "new", "quantity": 1,
    "key": "k" }"#;
const PICKED: &str =
    r#"{ "programme": "01890a5d-ac96-774b-bcce-b302099a8057", "choice": "c", "benefits": ["new"] }"#;
const MEMBER_PAGE: &str = r#"{ "complaint_zh": "电话", "complaint_en": "Phone" }"#;
const WHY: &str = r#"{ "reason": "asked for" }"#;

const MERGE: &str = r#"{
    "survivor": "{hidden}", "survivor_version": 1,
    "merged": "01890a5d-ac96-774b-bcce-b302099a8057", "merged_version": 1
}"#;

/// A route: whom it is for, and with which question and body it is asked.
type Route = (&'static str, For, &'static str, &'static str);

/// Every route.
const ROUTES: &[Route] = &[
    ("GET /session", Anyone, "", ""),
    ("POST /session/password", Anyone, "", PASSWORDS),
    ("GET /session/second-factor", Anyone, "", ""),
    (
        "POST /session/second-factor",
        Anyone,
        "",
        r#"{ "current_password": "not this one" }"#,
    ),
    (
        "POST /session/second-factor/confirm",
        Anyone,
        "",
        r#"{ "code": "123456" }"#,
    ),
    (
        "POST /session/second-factor/remove",
        Anyone,
        "",
        r#"{ "current_password": "not this one" }"#,
    ),
    ("GET /session/links", Anyone, "", ""),
    ("GET /sessions", Anyone, "", ""),
    ("DELETE /sessions", Anyone, "", ""),
    ("DELETE /sessions/{id}", Anyone, "", ""),
    ("GET /api-keys", Anyone, "", ""),
    ("POST /api-keys", Anyone, "", KEY),
    ("DELETE /api-keys/{id}", Anyone, "", ""),
    ("GET /events", Anyone, "", ""),
    ("GET /users", Permitted, "", ""),
    ("POST /users", Permitted, "", USER),
    ("GET /users/{id}", Permitted, "", ""),
    ("PUT /users/{id}", Permitted, "", USER),
    ("GET /users/{id}/api-keys", Permitted, "", ""),
    ("DELETE /users/{id}/api-keys/{key}", Permitted, "", ""),
    ("GET /users/{id}/links", Permitted, "", ""),
    ("DELETE /users/{id}/links/{provider}", Permitted, "", ""),
    ("POST /users/{id}/password", Permitted, "", ""),
    ("DELETE /users/{id}/second-factor", Permitted, "", ""),
    ("GET /users/{id}/sessions", Permitted, "", ""),
    ("DELETE /users/{id}/sessions", Permitted, "", ""),
    ("DELETE /users/{id}/sessions/{session}", Permitted, "", ""),
    ("GET /roles", Permitted, "", ""),
    ("POST /roles", Permitted, "", ROLE),
    ("PUT /roles/{role}", Permitted, "", ROLE),
    ("GET /branches", Permitted, "", ""),
    ("POST /branches", Permitted, "", BRANCH),
    ("PUT /branches/{id}", Permitted, "", BRANCH),
    ("GET /teams", Permitted, "", ""),
    ("POST /teams", Permitted, "", r#"{ "name": "new" }"#),
    ("PUT /teams/{id}", Permitted, "", r#"{ "name": "new" }"#),
    ("GET /jobs", Permitted, "", ""),
    ("GET /jobs/{id}", Permitted, "", ""),
    ("POST /jobs/{id}/cancel", Permitted, "", ""),
    ("GET /exports", Permitted, "", ""),
    (
        "POST /exports",
        Permitted,
        "",
        r#"{ "kind": "customers", "format": "csv", "filter": {} }"#,
    ),
    ("GET /exports/{id}", Permitted, "", ""),
    ("GET /exports/{id}/file", Permitted, "", ""),
    ("GET /contact-policy", Permitted, "", ""),
    ("PUT /contact-policy", Permitted, "", POLICY),
    ("GET /record-schema", Permitted, "", ""),
    (
        "PUT /record-schema",
        Permitted,
        "",
        r#"{ "fields": [], "completeness": [] }"#,
    ),
    ("GET /value/settings", Permitted, "", ""),
    ("PUT /value/settings", Permitted, "", "{}"),
    ("GET /tiers/programmes", Permitted, "", ""),
    ("POST /tiers/programmes", Permitted, "", PROGRAMME),
    ("GET /tiers/programmes/{id}", Permitted, "", ""),
    ("PUT /tiers/programmes/{id}", Permitted, "", PROGRAMME),
    ("GET /tiers/programmes/{id}/versions", Permitted, "", ""),
    ("POST /tiers/programmes/{id}/versions", Permitted, "", LEVELS),
    ("GET /tiers/versions/{id}", Permitted, "", ""),
    ("PUT /tiers/versions/{id}", Permitted, "", LEVELS),
    ("GET /tiers/benefits", Permitted, "", ""),
    ("POST /tiers/benefits", Permitted, "", BENEFIT),
    ("PUT /tiers/benefits/{id}", Permitted, "", BENEFIT),
    ("GET /tiers/member-page", Permitted, "", ""),
    ("PUT /tiers/member-page", Permitted, "", MEMBER_PAGE),
    ("GET /tiers/partners", Permitted, "", ""),
    ("POST /tiers/partners", Permitted, "", PARTNER),
    ("PUT /tiers/partners/{id}", Permitted, "", PARTNER),
    ("GET /tiers/partners/{id}/statements", Permitted, "", ""),
    ("GET /tiers/partners/{id}/statements/{month}", Permitted, "", ""),
    (
        "GET /tiers/partners/{id}/statements/{month}/lines",
        Permitted,
        "",
        "",
    ),
    (
        "GET /tiers/partners/{id}/statements/{month}/file",
        Permitted,
        "",
        "",
    ),
    (
        "POST /tiers/partners/{id}/statements/{month}/close",
        Permitted,
        "",
        "",
    ),
    (
        "POST /tiers/partner/verify",
        Permitted,
        "",
        r#"{ "code": "AAAABBBBCCCC" }"#,
    ),
    (
        "POST /tiers/partner/redeem",
        Permitted,
        "",
        r#"{ "code": "AAAABBBBCCCC", "key": "k" }"#,
    ),
    ("POST /tiers/programmes/{id}/decide", WholeFirm, "", ""),
    ("POST /tiers/versions/{id}/publish", WholeFirm, "", ""),
    ("GET /tiers/versions/{id}/simulation", WholeFirm, "", ""),
    ("POST /tiers/versions/{id}/simulation", WholeFirm, "", SIMULATION),
    ("GET /audit", WholeFirm, "", ""),
    ("POST /duplicates/search", WholeFirm, "", ""),
    ("GET /imports", WholeFirm, "", ""),
    ("POST /imports", WholeFirm, "", "multipart"),
    ("GET /imports/{id}", WholeFirm, "", ""),
    (
        "POST /imports/{id}/dry-run",
        WholeFirm,
        "",
        r#"{ "mapping": {} }"#,
    ),
    (
        "POST /imports/{id}/encoding",
        WholeFirm,
        "",
        r#"{ "encoding": null }"#,
    ),
    ("GET /imports/{id}/rejects", WholeFirm, "", ""),
    ("GET /imports/{id}/rejects.csv", WholeFirm, "", ""),
    ("POST /imports/{id}/sheet", WholeFirm, "", r#"{ "sheet": "one" }"#),
    ("POST /imports/{id}/start", WholeFirm, "", "{}"),
    (
        "POST /setup/example",
        WholeFirm,
        "",
        r#"{ "customers": 5, "seed": 1 }"#,
    ),
    (
        "GET /value/comparison",
        WholeFirm,
        "from={nobody}&to={nobody}",
        "",
    ),
    ("GET /value/exposure", WholeFirm, "", ""),
    ("GET /value/runs", WholeFirm, "", ""),
    ("POST /value/runs", WholeFirm, "", "{}"),
    ("GET /value/runs/{id}", WholeFirm, "", ""),
    ("GET /value/runs/{id}/profiles.parquet", WholeFirm, "", ""),
    ("GET /value/runs/{id}/report", WholeFirm, "", ""),
    ("GET /value/runs/{id}/{part}", WholeFirm, "", ""),
    ("GET /webhooks", WholeFirm, "", ""),
    ("POST /webhooks", WholeFirm, "", WEBHOOK),
    ("GET /webhooks/{id}", WholeFirm, "", ""),
    ("PUT /webhooks/{id}", WholeFirm, "", WEBHOOK),
    ("DELETE /webhooks/{id}", WholeFirm, "", ""),
    ("GET /webhooks/{id}/deliveries", WholeFirm, "", ""),
    (
        "POST /webhooks/{id}/deliveries/{delivery}/replay",
        WholeFirm,
        "",
        "",
    ),
    (
        "POST /webhooks/{id}/replay",
        WholeFirm,
        "",
        r#"{ "since": "2026-01-01T00:00:00Z" }"#,
    ),
    ("POST /webhooks/{id}/rotate-secret", WholeFirm, "", "{}"),
    ("GET /identity-providers", WholeFirm, "", ""),
    ("POST /identity-providers", WholeFirm, "", PROVIDER),
    ("GET /identity-providers/{id}", WholeFirm, "", ""),
    ("PUT /identity-providers/{id}", WholeFirm, "", PROVIDER),
    ("DELETE /identity-providers/{id}", WholeFirm, "", ""),
    ("POST /identity-providers/{id}/test", WholeFirm, "", ""),
    ("GET /sign-in-policy", WholeFirm, "", ""),
    (
        "PUT /sign-in-policy",
        WholeFirm,
        "",
        r#"{ "only_single_sign_on": true }"#,
    ),
    ("GET /panels", WholeFirm, "", ""),
    ("POST /panels", WholeFirm, "", PANEL),
    ("GET /panels/{id}", WholeFirm, "", ""),
    ("PUT /panels/{id}", WholeFirm, "", PANEL),
    ("DELETE /panels/{id}", WholeFirm, "", ""),
    (
        "POST /panels/{id}/try",
        WholeFirm,
        "",
        r#"{ "customer": "{hidden}" }"#,
    ),
    (
        "POST /panels/try",
        WholeFirm,
        "",
        r#"{ "customer": "{hidden}", "settings": { "zh": "", "en": "", "url": "https://example.com/{id}", "fields": [] } }"#,
    ),
    ("GET /setup", SomeCustomers, "", ""),
    ("GET /customers", SomeCustomers, "limit=50", ""),
    ("GET /customers", SomeCustomers, "q=南方", ""),
    ("GET /customers", SomeCustomers, "q=nanfang", ""),
    ("GET /customers", SomeCustomers, "q=of-the-south", ""),
    ("GET /value/profiles", SomeCustomers, "q=of-the-south", ""),
    ("GET /customers", SomeCustomers, "q=HIDDEN", ""),
    ("GET /customers", SomeCustomers, "q=7777", ""),
    ("GET /customers", SomeCustomers, "q=13800137777", ""),
    (
        "POST /customers",
        SomeCustomers,
        "",
        r#"{ "kind": "person", "name": "李", "organisation": "{hidden}" }"#,
    ),
    ("GET /customers/facets", SomeCustomers, "", ""),
    ("GET /customers/lookup", SomeCustomers, "identity=13800137777", ""),
    (
        "GET /customers/lookup",
        SomeCustomers,
        "identity=HIDDEN00&kind=external",
        "",
    ),
    ("GET /duplicates", SomeCustomers, "limit=50", ""),
    ("GET /duplicates", SomeCustomers, "customer={hidden}", ""),
    ("POST /duplicates/{id}/dismiss", SomeCustomers, "", ""),
    ("POST /duplicates/{id}/reopen", SomeCustomers, "", ""),
    ("GET /merges", SomeCustomers, "limit=50", ""),
    ("GET /merges", SomeCustomers, "customer={hidden}", ""),
    (
        "GET /merges/preview",
        SomeCustomers,
        "survivor={hidden}&merged={nobody}",
        "",
    ),
    ("POST /merges", SomeCustomers, "", MERGE),
    ("POST /merges/{id}/undo", SomeCustomers, "", ""),
    ("GET /tiers/versions/{id}/simulation/moves", SomeCustomers, "", ""),
    ("GET /tiers/versions/{id}/notices", SomeCustomers, "", ""),
    ("GET /tiers/grants", SomeCustomers, "limit=50", ""),
    ("GET /tiers/grants", SomeCustomers, "customer={hidden}", ""),
    ("POST /tiers/grants/{id}/approve", SomeCustomers, "", ""),
    ("POST /tiers/grants/{id}/refuse", SomeCustomers, "", ""),
    ("POST /tiers/grants/{id}/revoke", SomeCustomers, "", ""),
    ("GET /tiers/entitlements/{id}/entries", SomeCustomers, "", ""),
    ("POST /tiers/redemptions/{id}/cancel", SomeCustomers, "", WHY),
    ("POST /tiers/redemptions/{id}/reverse", SomeCustomers, "", WHY),
    ("POST /tiers/redemptions/{id}/code", SomeCustomers, "", "{}"),
    ("GET /value/profiles", SomeCustomers, "limit=50", ""),
    ("GET /value/profiles", SomeCustomers, "q=南方", ""),
    ("GET /value/profiles", SomeCustomers, "brand=南方品牌", ""),
    ("GET /value/profiles/count", SomeCustomers, "", ""),
    ("GET /customers/{id}", OneCustomer, "", ""),
    (
        "PATCH /customers/{id}",
        OneCustomer,
        "",
        r#"{ "region": "杭州" }"#,
    ),
    ("GET /customers/{id}/attachments", OneCustomer, "", ""),
    ("POST /customers/{id}/attachments", OneCustomer, "", "multipart"),
    (
        "GET /customers/{id}/attachments/{attachment_id}",
        OneCustomer,
        "",
        "",
    ),
    (
        "DELETE /customers/{id}/attachments/{attachment_id}",
        OneCustomer,
        "",
        "",
    ),
    ("GET /customers/{id}/completeness", OneCustomer, "", ""),
    ("GET /customers/{id}/consents", OneCustomer, "", ""),
    ("POST /customers/{id}/consents", OneCustomer, "", SAID),
    ("GET /customers/{id}/contact-preferences", OneCustomer, "", ""),
    (
        "PUT /customers/{id}/contact-preferences",
        OneCustomer,
        "",
        r#"{ "language": "en" }"#,
    ),
    ("GET /customers/{id}/contacts", OneCustomer, "", ""),
    ("POST /customers/{id}/contacts", OneCustomer, "", CONTACT),
    (
        "PATCH /customers/{id}/contacts/{contact_id}",
        OneCustomer,
        "",
        "{}",
    ),
    ("GET /customers/{id}/custom-fields", OneCustomer, "", ""),
    (
        "PATCH /customers/{id}/custom-fields",
        OneCustomer,
        "",
        r#"{ "values": {} }"#,
    ),
    ("POST /customers/{id}/duplicates/search", OneCustomer, "", ""),
    (
        "POST /customers/{id}/erasure",
        OneCustomer,
        "",
        r#"{ "ground": "request" }"#,
    ),
    ("GET /customers/{id}/everything", OneCustomer, "", ""),
    ("GET /customers/{id}/exposure", OneCustomer, "", ""),
    ("GET /customers/{id}/identities", OneCustomer, "", ""),
    (
        "POST /customers/{id}/identities",
        OneCustomer,
        "",
        r#"{ "kind": "email", "value": "x@example.com" }"#,
    ),
    (
        "POST /customers/{id}/identities/{identity}/end",
        OneCustomer,
        "",
        "",
    ),
    (
        "POST /customers/{id}/identities/{identity}/reveal",
        OneCustomer,
        "",
        "",
    ),
    ("GET /customers/{id}/life-events", OneCustomer, "", ""),
    ("POST /customers/{id}/life-events", OneCustomer, "", BIRTHDAY),
    (
        "PUT /customers/{id}/life-events/{life_event_id}",
        OneCustomer,
        "",
        BIRTHDAY,
    ),
    (
        "DELETE /customers/{id}/life-events/{life_event_id}",
        OneCustomer,
        "",
        "",
    ),
    (
        "GET /customers/{id}/may-contact",
        OneCustomer,
        "purpose=care&channel=phone",
        "",
    ),
    ("GET /customers/{id}/notes", OneCustomer, "", ""),
    (
        "POST /customers/{id}/notes",
        OneCustomer,
        "",
        r#"{ "text": "called" }"#,
    ),
    ("PATCH /customers/{id}/notes/{note_id}", OneCustomer, "", "{}"),
    ("DELETE /customers/{id}/notes/{note_id}", OneCustomer, "", ""),
    ("GET /customers/{id}/overview", OneCustomer, "", ""),
    ("GET /customers/{id}/subscriptions", OneCustomer, "", ""),
    (
        "POST /customers/{id}/subscriptions",
        OneCustomer,
        "",
        SUBSCRIPTION,
    ),
    (
        "PATCH /customers/{id}/subscriptions/{subscription_id}",
        OneCustomer,
        "",
        "{}",
    ),
    (
        "POST /customers/{id}/subscriptions/{subscription_id}/reveal",
        OneCustomer,
        "",
        "",
    ),
    ("GET /customers/{id}/tags", OneCustomer, "", ""),
    (
        "PATCH /customers/{id}/tags",
        OneCustomer,
        "",
        r#"{ "add": ["gold"] }"#,
    ),
    ("GET /customers/{id}/tiers", OneCustomer, "", ""),
    ("POST /customers/{id}/tiers/decide", OneCustomer, "", ""),
    ("GET /customers/{id}/tiers/decisions", OneCustomer, "", ""),
    ("POST /customers/{id}/tiers/grants", OneCustomer, "", GRANT),
    ("GET /customers/{id}/entitlements", OneCustomer, "", ""),
    ("PUT /customers/{id}/entitlements/choice", OneCustomer, "", PICKED),
    ("GET /customers/{id}/redemptions", OneCustomer, "", ""),
    ("POST /customers/{id}/redemptions", OneCustomer, "", WANTED),
    (
        "POST /customers/{id}/redemptions/at-once",
        OneCustomer,
        "",
        WANTED,
    ),
    ("POST /customers/{id}/member-links", OneCustomer, "", "{}"),
    ("GET /customers/{id}/timeline", OneCustomer, "", ""),
    ("GET /customers/{id}/transactions", OneCustomer, "", ""),
    ("GET /customers/{id}/value", OneCustomer, "", ""),
];

/// An id that no thing has.
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// What only those who see the other branch may read.
const SECRETS: [&str; 4] = ["南方", "HIDDEN", "13800137777", "secret-of-the-south"];

/// Customers of each of the two branches; enough for a run.
const OF_BRANCH: usize = 12;

/// The endpoints of the document, as `METHOD /path` below `/api/v1`.
fn endpoints() -> Vec<String> {
    let document: Value = serde_json::from_str(&server::openapi()).unwrap();
    let mut endpoints = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            if ["GET", "POST", "PUT", "DELETE", "PATCH"].contains(&method.as_str()) {
                endpoints.push(format!("{method} {}", path.strip_prefix("/api/v1").unwrap()));
            }
        }
    }
    endpoints
}

#[test]
fn every_route_is_listed() {
    let endpoints = endpoints();
    for endpoint in &endpoints {
        let public = server::PUBLIC.map(|public| public.replace("/api/v1", ""));
        assert!(
            public.contains(endpoint) || ROUTES.iter().any(|(route, ..)| route == endpoint),
            "{endpoint} is in the document: say in ROUTES whom it is for"
        );
    }
    for (route, ..) in ROUTES {
        assert!(
            endpoints.iter().any(|one| one == route),
            "{route} is not in the document"
        );
    }
}

/// A request of a route without its body; `{id}` of it is this, and all its other parts are nobody's.
fn request(site: &Site, who: &Client, route: &Route, id: &str, hidden: &str) -> RequestBuilder {
    let (name, _, question, _) = route;
    let (method, path) = name.split_once(' ').unwrap();
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| match part {
            "{id}" => id,
            "{part}" => "pareto",
            part if part.starts_with('{') => NOBODY,
            part => part,
        })
        .collect();
    let question = question.replace("{nobody}", NOBODY).replace("{hidden}", hidden);
    let url = site.url(&format!("/api/v1{}?{question}", parts.join("/")));
    let request = who.request(method.parse::<Method>().unwrap(), url);
    if method == "GET" {
        return request;
    }
    request.header("if-match", "\"1\"")
}

/// Asks a route with its body.
async fn ask(site: &Site, who: &Client, route: &Route, id: &str, hidden: &str) -> Response {
    let request = request(site, who, route, id, hidden);
    let request = match route.3 {
        "" => request,
        "multipart" => request
            .header("content-type", "multipart/form-data; boundary=x")
            .body("--x\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\ncustomers\r\n--x--\r\n"),
        body => request
            .header("content-type", "application/json")
            .body(body.replace("{hidden}", hidden)),
    };
    request.send().await.unwrap()
}

/// Status and text of an answer, without what differs from one request to the next.
async fn told(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let endless = response
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind == "text/event-stream");
    if endless {
        return (status, String::new());
    }
    let text = response.text().await.unwrap();
    let text = match serde_json::from_str::<Value>(&text) {
        Ok(mut body) => {
            if let Some(body) = body.as_object_mut() {
                body.remove("request_id");
            }
            body.to_string()
        }
        Err(_) => text,
    };
    (status, text)
}

/// Two branches with customers, their transactions and a run over them; gives a customer of the south.
async fn firm(t: &TestDb, site: &Site, admin: &Client, (north, south): (&Value, &Value)) -> String {
    let mut lines = Vec::new();
    let mut hidden = String::new();
    let mut seen = String::new();
    for n in 0..2 * OF_BRANCH {
        let of_south = n < OF_BRANCH;
        let (branch, name, id) = if of_south {
            (south, "南方", format!("HIDDEN{n:02}"))
        } else {
            (north, "北方", format!("SEEN{n:02}"))
        };
        let creation = json!({
            "kind": "organisation", "name": format!("{name}公司{}", n / 2), "external_id": id,
            "brand": format!("{name}品牌"), "region": format!("{name}地区"), "branch": branch
        });
        let customer = made(admin, site, "/api/v1/customers", creation).await;
        let customer = customer["id"].as_str().unwrap().to_owned();
        if n == 0 {
            hidden.clone_from(&customer);
        }
        seen.clone_from(&customer);
        for month in 0..6 {
            let at = format!("1997-{:02}-{:02}T10:00:00Z", month * 2 + 1, n + 1);
            let amount = 1_000 + (month * 24 + n) * 37 % 500;
            lines.push(Line {
                customer: customer.parse().unwrap(),
                at: at.parse().unwrap(),
                amount_minor: i64::try_from(amount).unwrap(),
                cost_minor: None,
                kind: "purchase".to_owned(),
                product: of_south.then(|| SECRETS[3].to_owned()),
                channel: None,
                source: "shop".to_owned(),
                external_id: format!("L{n}-{month}"),
                reverses: None,
            });
        }
    }
    let of_hidden = |part: &str| format!("/api/v1/customers/{hidden}/{part}");
    let phone = json!({ "kind": "phone", "value": "+8613800137777" });
    made(admin, site, &of_hidden("identities"), phone).await;
    for (part, body) in [
        ("notes", json!({ "text": SECRETS[3] })),
        (
            "contacts",
            json!({ "name": SECRETS[3], "role": "user", "influence": 3 }),
        ),
        (
            "subscriptions",
            json!({ "product": SECRETS[3], "started_on": "2020-01-01", "status": "active" }),
        ),
    ] {
        made(admin, site, &of_hidden(part), body).await;
    }
    let tags = admin
        .patch(site.url(&of_hidden("tags")))
        .json(&json!({ "add": [SECRETS[3]] }));
    assert_eq!(tags.send().await.unwrap().status(), StatusCode::OK);
    let found = admin.get(site.url("/api/v1/customers?q=of-the-south"));
    let found = json_of(found.send().await.unwrap()).await;
    assert_eq!(found["items"][0]["tag"], SECRETS[3], "{found:#}");
    // Each has a twin of the same name.
    for one in [&hidden, &seen] {
        let search = format!("/api/v1/customers/{one}/duplicates/search");
        let found = made(admin, site, &search, Value::Null).await;
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found:#}");
    }
    let mut tx = t.platform.db.write().await.unwrap();
    value::store::ledger::append(&mut tx, &lines, t.platform.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let run = json!({ "as_of": "1997-12-31", "model": "bg_nbd" });
    let job = made(admin, site, "/api/v1/value/runs", run).await["job"]["id"].clone();
    let job = site.url(&format!("/api/v1/jobs/{}", job.as_str().unwrap()));
    let begin = Instant::now();
    loop {
        let state = json_of(admin.get(&job).send().await.unwrap()).await;
        match state["state"].as_str().unwrap() {
            "succeeded" => return hidden,
            "queued" | "running" if begin.elapsed() < Duration::from_secs(180) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            _ => panic!("{state:#}"),
        }
    }
}

test_on_both!(no_route_tells_what_it_may_not);
async fn no_route_tells_what_it_may_not(t: &TestDb) {
    let site = Site::start_whole(t).await;
    let admin = signed_in(t, &site, platform::access::Role::Administrator).await;
    let branch = async |code: &str| {
        let decided = json!({ "code": code, "name": code, "parent_id": null });
        made(&admin, &site, "/api/v1/branches", decided).await["id"].clone()
    };
    let (north, south) = (branch("north").await, branch("south").await);
    let hidden = firm(t, &site, &admin, (&north, &south)).await;
    let session = json_of(admin.get(site.url("/api/v1/session")).send().await.unwrap()).await;
    let everything = &session["permissions"];

    let stranger = user(&admin, &site, "stranger", &json!([]), "all", &Value::Null).await;
    let mut wrong = Vec::new();
    for route in ROUTES {
        let (status, text) = told(ask(&site, &stranger, route, &hidden, &hidden).await).await;
        let refused = status == 403 && text.contains("\"forbidden\"");
        if refused == (route.1 == Anyone) {
            wrong.push(format!("{} tells a stranger {status}: {text}", route.0));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    let other = user(&admin, &site, "other", everything, "branch", &north).await;
    for route in ROUTES {
        let (status, text) = told(ask(&site, &other, route, &hidden, &hidden).await).await;
        for secret in SECRETS {
            assert!(
                !text.contains(secret),
                "{route:?} tells another branch {status}: {text}"
            );
        }
        assert!(status < 500, "{route:?}: {status}: {text}");
        match route.1 {
            Anyone | Permitted => assert!(!text.contains(&hidden), "{route:?}: {text}"),
            WholeFirm => assert_eq!(status, 403, "{route:?}: {text}"),
            SomeCustomers => {
                let empty = ["no_run", "organisation_unknown"];
                let ok = [200, 404].contains(&status) || empty.iter().any(|code| text.contains(code));
                assert!(ok && !text.contains(&hidden), "{route:?}: {status}: {text}");
            }
            OneCustomer => {
                let (of_nobody, nothing) = told(ask(&site, &other, route, NOBODY, &hidden).await).await;
                let text = text.replace(&hidden, NOBODY);
                assert_eq!((status, text), (of_nobody, nothing), "{route:?}");
            }
        }
    }
    let answer = async |who: &Client, path: &str| {
        json_of(who.get(site.url(&format!("/api/v1{path}"))).send().await.unwrap()).await
    };
    assert_eq!(answer(&other, "/setup").await["customers"], OF_BRANCH);
    assert_eq!(answer(&other, "/value/profiles/count").await["rows"], OF_BRANCH);
    for list in ["/customers", "/value/profiles"] {
        let list = answer(&other, &format!("{list}?limit=50")).await;
        assert_eq!(list["items"].as_array().unwrap().len(), OF_BRANCH, "{list:#}");
    }

    for (who, pairs) in [(&admin, 2), (&other, 1)] {
        let queue = answer(who, "/duplicates").await;
        assert_eq!(queue["items"].as_array().unwrap().len(), pairs, "{queue:#}");
    }

    // What was hidden is there for those who see it, and nothing of it was changed.
    for route in ROUTES
        .iter()
        .filter(|(name, who, ..)| name.starts_with("GET") && *who == OneCustomer)
        // A part that is there has an id of its own.
        .filter(|(name, ..)| name.matches('{').count() == 1)
    {
        let (status, text) = told(ask(&site, &admin, route, &hidden, &hidden).await).await;
        assert_eq!(status, 200, "{route:?}: {text}");
    }
    assert_eq!(
        answer(&admin, "/value/profiles/count").await["rows"],
        2 * OF_BRANCH
    );
    let timeline = answer(&admin, &format!("/customers/{hidden}/timeline")).await;
    // That everything was taken away just now is the seventh.
    assert_eq!(timeline["items"].as_array().unwrap().len(), 7, "{timeline:#}");
    assert_eq!(timeline["items"][0]["kind"], "customer.exported");
    site.served.stop().await;
}
