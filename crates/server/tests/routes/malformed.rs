//! Requests that are wrong in every usual way, to every route that takes a body: each gets a problem with a code and
//! changes nothing. Texts that are only strange are kept as they are. (Files: `platform/tests/imports/malformed.rs`,
//! `platform/src/tabular/xlsx/tests.rs`.)

use platform::access::Role;
use platform::test_on_both;
use platform::testing::TestDb;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::support::{Site, everything, signed_in};
use crate::{Anyone, NOBODY, OneCustomer, ROUTES, Route, made, request, told};

/// What changes by itself, or because someone asks at all.
const UNSTEADY: [&str; 6] = [
    "sessions ",
    "event_seals ",
    "events_unsealed ",
    "event_chain ",
    "jobs ",
    "sign_in_failures ",
];

/// The rows of every table that stands still.
async fn rows(t: &TestDb) -> Vec<String> {
    let mut rows = everything(&t.platform).await;
    rows.retain(|row| !UNSTEADY.iter().any(|table| row.starts_with(table)));
    rows
}

/// Bodies that are nothing anyone could mean: what they are, their content type, and their bytes.
fn broken() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let json = "application/json";
    let deep = |open: &str, close: &str| [open.repeat(50_000), close.repeat(50_000)].concat().into_bytes();
    vec![
        ("no body", json, Vec::new()),
        ("white space", json, b" \n".to_vec()),
        ("half a body", json, br#"{ "name": "#.to_vec()),
        ("two bodies", json, b"{}{}".to_vec()),
        ("no JSON", json, b"name=x".to_vec()),
        ("a list", json, b"[1, 2]".to_vec()),
        ("a text", json, br#""x""#.to_vec()),
        ("null", json, b"null".to_vec()),
        ("a number out of all range", json, b"1e400".to_vec()),
        ("deep lists", json, deep("[", "]")),
        ("deep objects", json, deep(r#"{"a":"#, "}")),
        (
            "a field nobody knows, deep",
            json,
            [br#"{"x":"#.to_vec(), deep("[", "]"), b"}".to_vec()].concat(),
        ),
        (
            "bytes that are no UTF-8",
            json,
            b"{ \"name\": \"\xff\xfe\" }".to_vec(),
        ),
        ("GB18030", json, b"{ \"name\": \"\xd5\xc5\xc8\xfd\" }".to_vec()),
        (
            "UTF-16",
            json,
            "{}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        ("half a surrogate", json, br#"{ "name": "\ud800" }"#.to_vec()),
        ("a NUL between", json, b"{ \0 }".to_vec()),
        ("a form", "application/x-www-form-urlencoded", b"name=x".to_vec()),
        ("plain text", "text/plain", b"{}".to_vec()),
    ]
}

/// Texts that no field takes.
const IMPOSSIBLE: [(&str, &str); 5] = [
    ("NUL", "a\0b"),
    ("a bell", "a\u{7}b"),
    ("a text that shows backwards", "gnp.\u{202e}exe.photo"),
    ("an isolate", "a\u{2067}b"),
    ("an escape sequence", "\u{1b}[2Jx"),
];

/// Texts that a field may take, and then keeps as they are.
const STRANGE: [&str; 9] = [
    "'; DROP TABLE customers; --",
    "\" OR 1=1 --",
    "<script>alert(1)</script>",
    "=HYPERLINK(\"http://x.example/\",\"y\")",
    "{{7*7}} ${jndi:ldap://x}",
    "../../../etc/passwd",
    "👩‍👩‍👧‍👦 𠮷",
    "שלום عالم",
    "%00%0d%0aSet-Cookie:x=y",
];

/// Where a body has texts, as JSON pointers.
fn texts(body: &Value, at: &str, found: &mut Vec<String>) {
    match body {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                texts(item, &format!("{at}/{n}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                texts(value, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// Passes if an answer is a problem with a code.
async fn refused(case: &str, answer: Response) {
    let kind = answer.headers().get("content-type").cloned();
    let (status, text) = told(answer).await;
    assert!((400..500).contains(&status), "{case}: {status}: {text}");
    assert_eq!(kind.unwrap(), "application/problem+json", "{case}: {text}");
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert!(
        problem["code"].as_str().is_some_and(|code| !code.is_empty()),
        "{case}: {text}"
    );
}

struct Walk {
    site: Site,
    admin: Client,
    customer: String,
}

impl Walk {
    async fn send(&self, route: &Route, kind: &str, body: Vec<u8>) -> Response {
        let id = if route.1 == OneCustomer {
            &self.customer
        } else {
            NOBODY
        };
        let request = request(&self.site, &self.admin, route, id, &self.customer);
        request
            .header("content-type", kind)
            .body(body)
            .send()
            .await
            .unwrap()
    }

    async fn with_text(&self, route: &Route, body: &Value, at: &str, text: &str) -> Response {
        let mut body = body.clone();
        *body.pointer_mut(at).unwrap() = json!(text);
        self.send(route, "application/json", body.to_string().into_bytes())
            .await
    }

    /// Sends what has to be refused; gives how many there were.
    async fn impossible(&self, route: &Route, body: &Value, pointers: &[String]) -> usize {
        let mut sent = 0;
        for (what, kind, bytes) in broken() {
            refused(
                &format!("{} with {what}", route.0),
                self.send(route, kind, bytes).await,
            )
            .await;
            sent += 1;
        }
        let long = "长".repeat(100_000);
        for at in pointers {
            for (what, text) in IMPOSSIBLE
                .into_iter()
                .chain([("a text without end", long.as_str())])
            {
                let case = format!("{} with {what} at {at}", route.0);
                refused(&case, self.with_text(route, body, at, text).await).await;
                sent += 1;
            }
        }
        sent
    }

    /// Sends what may be refused, and else is to stay as it was said.
    async fn strange(&self, route: &Route, body: &Value, pointers: &[String]) {
        for at in pointers {
            for said in STRANGE {
                let (status, text) = told(self.with_text(route, body, at, said).await).await;
                let case = format!("{} with {said} at {at}: {status}: {text}", route.0);
                assert!(status < 500, "{case}");
                // Logins are in lower case.
                let (said, text) = (json!(said).to_string().to_lowercase(), text.to_lowercase());
                let kept = text.is_empty() || text.contains(said.trim_matches('"'));
                assert!(status >= 400 || kept, "{case}");
            }
        }
    }
}

test_on_both!(what_is_malformed_is_refused_and_changes_nothing);
async fn what_is_malformed_is_refused_and_changes_nothing(t: &TestDb) {
    let site = Site::start_whole(t).await;
    let admin = signed_in(t, &site, Role::Administrator).await;
    let creation = json!({ "kind": "organisation", "name": "南方公司", "external_id": "HIDDEN" });
    let customer = made(&admin, &site, "/api/v1/customers", creation).await;
    let customer = customer["id"].as_str().unwrap().to_owned();
    let walk = Walk {
        site,
        admin,
        customer,
    };
    let mut sent = 0;
    for route in ROUTES
        .iter()
        .filter(|(_, whom, _, body)| *whom != Anyone && body.starts_with('{'))
    {
        let body: Value = serde_json::from_str(&route.3.replace("{hidden}", &walk.customer)).unwrap();
        let mut pointers = Vec::new();
        texts(&body, "", &mut pointers);
        // A panel that is only tried has no name yet.
        pointers.retain(|at| {
            route.0 != "POST /panels/try" || !["/settings/zh", "/settings/en"].contains(&at.as_str())
        });
        let before = rows(t).await;
        sent += walk.impossible(route, &body, &pointers).await;
        assert_eq!(rows(t).await, before, "{}", route.0);
        walk.strange(route, &body, &pointers).await;
    }
    assert!(sent > 200, "{sent}");
    walk.site.served.stop().await;
}
