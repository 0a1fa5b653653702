//! What open screens are told as it happens: customers that are theirs, by whichever server they were changed, and jobs
//! that are theirs; and nothing of others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use std::time::{Duration, Instant};

use platform::access::Role;
use platform::test_on_both;
use platform::testing::TestDb;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use support::{Site, json_of, made, signed_in, user};

/// A screen that listens.
struct Screen {
    stream: Response,
    heard: String,
}

impl Screen {
    async fn open(who: &Client, site: &Site) -> Self {
        let stream = who.get(site.url("/api/v1/events")).send().await.unwrap();
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        Self {
            stream,
            heard: String::new(),
        }
    }

    /// Listens until it has heard this.
    async fn hears(&mut self, wanted: &str) {
        let begun = Instant::now();
        while !self.heard.contains(wanted) {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{wanted}: {}",
                self.heard
            );
            self.listen(Duration::from_secs(30)).await;
        }
    }

    /// Takes in what comes next, if something comes within this time.
    async fn listen(&mut self, most: Duration) -> bool {
        let Ok(chunk) = tokio::time::timeout(most, self.stream.chunk()).await else {
            return false;
        };
        self.heard += std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap();
        true
    }

    /// Everything of one kind that was heard.
    fn all(&self, topic: &str) -> Vec<Value> {
        let mut lines = self.heard.lines();
        let mut found = Vec::new();
        while let Some(line) = lines.next() {
            if line == format!("event: {topic}") {
                let data = lines.next().unwrap().strip_prefix("data: ").unwrap();
                found.push(serde_json::from_str(data).unwrap());
            }
        }
        found
    }
}

async fn customer(admin: &Client, site: &Site, branch: &Value) -> String {
    let creation = json!({ "kind": "person", "name": "张伟", "branch": branch });
    let made = made(admin, site, "/api/v1/customers", creation).await;
    made["id"].as_str().unwrap().to_owned()
}

/// Where several servers may work on one database, the screens listen at another one.
async fn another(t: &TestDb) -> Option<Site> {
    if t.url.starts_with("postgres") {
        Some(Site::start_whole(t).await)
    } else {
        None
    }
}

/// Imports a file of customers, and waits until it is stored.
async fn import(admin: &Client, site: &Site, csv: String) {
    let file = Part::bytes(csv.into_bytes()).file_name("customers.csv");
    let form = Form::new().text("kind", "customers").part("file", file);
    let sent = admin.post(site.url("/api/v1/imports")).multipart(form).send();
    let upload = json_of(sent.await.unwrap()).await;
    let options = json!({ "source": "crm", "mapping": upload["suggested_mapping"] });
    for (step, body) in [
        ("dry-run", options),
        ("start", json!({ "reject_limit_percent": 1.0 })),
    ] {
        let path = format!("/api/v1/imports/{}/{step}", upload["id"].as_str().unwrap());
        let mut job = made(admin, site, &path, body).await;
        let begun = Instant::now();
        while job["state"] != "succeeded" {
            assert!(begun.elapsed() < Duration::from_secs(60), "{job}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
            job = json_of(admin.get(site.url(&path)).send().await.unwrap()).await;
        }
    }
}

test_on_both!(open_screens_hear_of_their_customers_and_of_no_others);
async fn open_screens_hear_of_their_customers_and_of_no_others(t: &TestDb) {
    let site = Site::start_whole(t).await;
    let other = another(t).await;
    let listened = other.as_ref().unwrap_or(&site);
    let admin = signed_in(t, &site, Role::Administrator).await;
    let branch = async |code: &str| {
        let decided = json!({ "code": code, "name": code, "parent_id": null });
        made(&admin, &site, "/api/v1/branches", decided).await["id"].clone()
    };
    let (north, south) = (branch("north").await, branch("south").await);
    let read = json!(["customers.read"]);
    let of_north = user(&admin, &site, "north", &read, "branch", &north).await;
    let own = user(&admin, &site, "own", &read, "own", &north).await;
    let blind = user(&admin, &site, "blind", &json!([]), "all", &Value::Null).await;
    let (mine, theirs) = (
        customer(&admin, &site, &north).await,
        customer(&admin, &site, &south).await,
    );
    let mut everything = Screen::open(&admin, listened).await;
    let mut part = Screen::open(&of_north, listened).await;
    let mut nobody = [
        Screen::open(&own, listened).await,
        Screen::open(&blind, listened).await,
    ];

    let note = |id: &str| format!("/api/v1/customers/{id}/notes");
    for id in [&theirs, &mine, &theirs] {
        made(&admin, &site, &note(id), json!({ "text": "a secret" })).await;
    }
    everything.hears(&theirs).await;
    everything.hears(&mine).await;
    part.hears(&mine).await;
    // Later than everything above: what was to be told has been told.
    let last = customer(&admin, &site, &north).await;
    part.hears(&last).await;
    while part.listen(Duration::from_millis(300)).await {}
    for screen in &mut nobody {
        while screen.listen(Duration::from_millis(300)).await {}
        assert!(screen.all("customer").is_empty(), "{}", screen.heard);
    }
    assert!(!part.heard.contains(&theirs), "{}", part.heard);
    for told in part.all("customer") {
        assert!(
            told == json!({ "id": mine }) || told == json!({ "id": last }),
            "{told}"
        );
    }
    let of_all = everything.all("customer");
    assert!(of_all.contains(&json!({ "id": theirs })), "{of_all:?}");

    // Who was merged is heard of as the survivor is: by who sees the survivor.
    let merged = customer(&admin, &site, &north).await;
    let merge = json!({
        "survivor": theirs, "survivor_version": 1, "merged": merged, "merged_version": 1
    });
    part.hears(&merged).await;
    part.heard.clear();
    everything.hears(&merged).await;
    everything.heard.clear();
    made(&admin, &site, "/api/v1/merges", merge).await;
    made(&admin, &site, &note(&mine), json!({ "text": "after" })).await;
    part.hears(&mine).await;
    assert!(!part.heard.contains(&theirs), "{}", part.heard);
    everything.hears(&merged).await;
    everything.hears(&theirs).await;

    if let Some(other) = other {
        other.served.stop().await;
    }
    site.served.stop().await;
}

test_on_both!(what_an_import_stores_reaches_open_screens_and_does_not_flood_them);
async fn what_an_import_stores_reaches_open_screens_and_does_not_flood_them(t: &TestDb) {
    let site = Site::start_whole(t).await;
    let other = another(t).await;
    let admin = signed_in(t, &site, Role::Administrator).await;
    let mut screen = Screen::open(&admin, other.as_ref().unwrap_or(&site)).await;
    let rows = |region: &str| {
        let rows = (0..100).map(|n| format!("K{n},张伟,person,{region}\n"));
        format!("external_id,name,kind,region\n{}", rows.collect::<String>())
    };
    import(&admin, &site, rows("华北")).await;
    screen.hears("event: lagged").await;
    let told_at = Instant::now();
    screen.heard.clear();
    // Changed at once anew: screens are told of it too, but not sooner than they can bear.
    import(&admin, &site, rows("华南")).await;
    screen.hears("event: lagged").await;
    assert!(
        told_at.elapsed() > Duration::from_secs(4),
        "{:?}",
        told_at.elapsed()
    );
    while screen.listen(Duration::from_millis(300)).await {}
    assert_eq!(screen.all("lagged"), [json!({})], "{}", screen.heard);
    assert!(screen.all("customer").is_empty(), "{}", screen.heard);

    if let Some(other) = other {
        other.served.stop().await;
    }
    site.served.stop().await;
}

test_on_both!(who_sees_a_part_of_the_firm_hears_of_their_own_jobs);
async fn who_sees_a_part_of_the_firm_hears_of_their_own_jobs(t: &TestDb) {
    let site = Site::start_whole(t).await;
    let admin = signed_in(t, &site, Role::Administrator).await;
    let decided = json!({ "code": "north", "name": "North", "parent_id": null });
    let north = made(&admin, &site, "/api/v1/branches", decided).await["id"].clone();
    let permissions = json!(["customers.read", "jobs.read"]);
    let one = user(&admin, &site, "one", &permissions, "branch", &north).await;
    let colleague = user(&admin, &site, "colleague", &permissions, "branch", &north).await;
    let mut hers = Screen::open(&one, &site).await;
    let mut his = Screen::open(&colleague, &site).await;
    let mut all = Screen::open(&admin, &site).await;

    let export = json!({ "kind": "customers", "format": "csv", "filter": {} });
    made(&one, &site, "/api/v1/exports", export.clone()).await;
    hers.hears("\"succeeded\"").await;
    made(&admin, &site, "/api/v1/exports", export.clone()).await;
    all.hears("\"succeeded\"").await;
    made(&colleague, &site, "/api/v1/exports", export).await;
    his.hears("\"succeeded\"").await;
    for screen in [&mut hers, &mut his, &mut all] {
        while screen.listen(Duration::from_millis(300)).await {}
    }
    let ids = |screen: &Screen| {
        let mut ids: Vec<_> = screen
            .all("job")
            .iter()
            .map(|job| job["id"].to_string())
            .collect();
        ids.sort();
        ids.dedup();
        ids
    };
    assert_eq!((ids(&hers).len(), ids(&his).len(), ids(&all).len()), (1, 1, 3));
    assert_ne!(ids(&hers), ids(&his));
    assert!(hers.all("job").iter().all(|job| job["kind"] == "export"));
    site.served.stop().await;
}
