//! A real server over a fresh database, and a client that keeps its cookie.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::path::Path;

use platform::access::{Role, app};
use platform::db::Dialect;
use platform::jobs::Kinds;
use platform::testing::TestDb;
use platform::{Platform, args};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use server::{Config, Limits, Network, Rooms, Served};

pub const PASSWORD: &str = "a long enough password";

pub struct Site {
    pub url: String,
    pub served: Served,
}

impl Site {
    pub async fn start(t: &TestDb, kinds: Kinds) -> Self {
        Self::start_with(&config(&t.url, t.folder()), kinds).await
    }

    pub async fn start_with(config: &Config, kinds: Kinds) -> Self {
        Self::start_doing(config, |_| kinds).await
    }

    /// With all the jobs of the rooms.
    pub async fn start_whole(t: &TestDb) -> Self {
        Self::start_doing(&config(&t.url, t.folder()), Rooms::kinds).await
    }

    async fn start_doing(config: &Config, kinds: impl FnOnce(&Rooms) -> Kinds) -> Self {
        let platform = server::open(config).await.unwrap();
        let listener = server::listen(config).await.unwrap();
        let rooms = Rooms::open(&platform).unwrap();
        let kinds = kinds(&rooms);
        let served = server::start(config, listener, rooms, kinds).await.unwrap();
        Self {
            url: format!("http://{}", served.address),
            served,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

pub fn config(database_url: &str, data_dir: &Path) -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        database_url: Some(database_url.to_owned()),
        data_dir: data_dir.to_owned(),
        key_file: None,
        public_url: None,
        trusted_proxies: Network::LOOPBACK.to_vec(),
        limits: Limits {
            shutdown: std::time::Duration::from_secs(5),
            ..Limits::default()
        },
    }
}

pub fn client() -> Client {
    Client::builder().cookie_store(true).build().unwrap()
}

/// A client signed in as a new user of this role, with an ordinary password.
pub async fn signed_in(t: &TestDb, site: &Site, role: Role) -> Client {
    let client = client();
    let login = role.to_string();
    let (_, one_time) = app::add_user(&t.platform, &login, "测试", role).await.unwrap();
    let signed_in = sign_in(&client, site, &login, &one_time).await;
    assert_eq!(signed_in.status(), StatusCode::OK);
    let change = json!({ "current_password": one_time, "new_password": PASSWORD });
    let changed = client
        .post(site.url("/api/v1/session/password"))
        .json(&change)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.status(), StatusCode::OK);
    client
}

pub async fn sign_in(client: &Client, site: &Site, login: &str, password: &str) -> Response {
    let credentials = json!({ "login": login, "password": password });
    client
        .post(site.url("/api/v1/session"))
        .json(&credentials)
        .send()
        .await
        .unwrap()
}

/// What a post that succeeds answers.
pub async fn made(admin: &Client, site: &Site, path: &str, body: Value) -> Value {
    let answer = admin.post(site.url(path)).json(&body).send().await.unwrap();
    let status = answer.status();
    let body = json_of(answer).await;
    assert!(status.is_success(), "{path}: {body:#}");
    body
}

/// A client signed in as a new user with a role of their own.
pub async fn user(
    admin: &Client,
    site: &Site,
    login: &str,
    permissions: &Value,
    scope: &str,
    branch: &Value,
) -> Client {
    let role = json!({ "name": login, "permissions": permissions, "scope": scope });
    let role = made(admin, site, "/api/v1/roles", role).await;
    let decided = json!({
        "login": login, "name": login, "role": role["role"], "branch_id": branch, "active": true
    });
    let added = made(admin, site, "/api/v1/users", decided).await;
    let one_time = added["one_time_password"].as_str().unwrap();
    let client = client();
    assert_eq!(
        sign_in(&client, site, login, one_time).await.status(),
        StatusCode::OK
    );
    let change = json!({ "current_password": one_time, "new_password": PASSWORD });
    made(&client, site, "/api/v1/session/password", change).await;
    client
}

pub async fn json_of(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text:?}"))
}

/// Checks the status and the problem's code, and gives the problem.
pub async fn problem(response: Response, status: u16, code: &str) -> Value {
    let (got, content_type) = (response.status(), response.headers().get("content-type").cloned());
    let body = json_of(response).await;
    assert_eq!(
        (got.as_u16(), body["code"].as_str()),
        (status, Some(code)),
        "{body:#}"
    );
    assert_eq!(content_type.unwrap(), "application/problem+json");
    assert_eq!(body["status"], json!(status));
    assert!(body["request_id"].is_string(), "{body:#}");
    body
}

/// Every row of every table of the database as a text that begins with the table's name; bytes in hexadecimal.
pub async fn everything(p: &Platform) -> Vec<String> {
    let mut tx = p.db.read().await.unwrap();
    let tables = match tx.dialect() {
        Dialect::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table'",
        Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        }
    };
    let tables: Vec<(String,)> = tx.all(tables, []).await.unwrap();
    let mut all = Vec::new();
    for (table,) in tables {
        let sql = match tx.dialect() {
            Dialect::Sqlite => {
                let sql = "SELECT name FROM pragma_table_info($1) ORDER BY cid";
                let columns: Vec<(String,)> = tx.all(sql, args![table.as_str()]).await.unwrap();
                let shown: Vec<String> = columns
                    .iter()
                    .map(|(c,)| {
                        format!("CASE typeof(\"{c}\") WHEN 'blob' THEN lower(hex(\"{c}\")) ELSE coalesce(\"{c}\", '') END")
                    })
                    .collect();
                format!("SELECT {} FROM \"{table}\"", shown.join(" || ' ' || "))
            }
            Dialect::Postgres => format!("SELECT CAST(to_jsonb(t) AS TEXT) FROM \"{table}\" t"),
        };
        // Made of the schema's own names; a test may keep it for ever.
        let sql: &'static str = Box::leak(sql.into_boxed_str());
        let rows: Vec<(String,)> = tx.all(sql, []).await.unwrap();
        all.extend(rows.into_iter().map(|(row,)| format!("{table} {row}")));
    }
    all.sort();
    all
}
