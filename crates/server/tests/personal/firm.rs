//! A firm with users and customers, as a client meets it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use platform::Platform;
use platform::access::Role;
use platform::testing::TestDb;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Site, client, everything, json_of, sign_in, signed_in};

pub(crate) struct Firm {
    pub(crate) site: Site,
    pub(crate) admin: Client,
}

impl Firm {
    pub(crate) async fn start(t: &TestDb) -> Self {
        let site = Site::start_whole(t).await;
        let admin = signed_in(t, &site, Role::Administrator).await;
        Self { site, admin }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.site.url(&format!("/api/v1{path}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.admin.get(self.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        json_of(answer).await
    }

    pub(crate) async fn made(&self, path: &str, body: Value) -> Value {
        let answer = self.admin.post(self.url(path)).json(&body).send().await.unwrap();
        let status = answer.status();
        let body = json_of(answer).await;
        assert!(status.is_success(), "{path}: {body:#}");
        body
    }

    pub(crate) async fn customer(&self, external_id: &str, name: &str) -> String {
        let creation = json!({ "kind": "person", "name": name, "external_id": external_id });
        let made = self.made("/customers", creation).await;
        made["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn version(&self, customer: &str) -> String {
        let known = self.get(&format!("/customers/{customer}")).await;
        format!("\"{}\"", known["version"])
    }

    /// A user with a role of these permissions.
    pub(crate) async fn user(
        &self,
        login: &str,
        permissions: &[&str],
        scope: &str,
        branch: &Value,
    ) -> Client {
        let role = json!({ "name": login, "permissions": permissions, "scope": scope });
        let role = self.made("/roles", role).await;
        let decided = json!({
            "login": login, "name": login, "role": role["role"], "branch_id": branch, "active": true
        });
        let added = self.made("/users", decided).await;
        let one_time = added["one_time_password"].as_str().unwrap();
        let client = client();
        assert_eq!(
            sign_in(&client, &self.site, login, one_time).await.status(),
            StatusCode::OK
        );
        let change = json!({ "current_password": one_time, "new_password": PASSWORD });
        let changed = client
            .post(self.url("/session/password"))
            .json(&change)
            .send()
            .await;
        assert_eq!(changed.unwrap().status(), StatusCode::OK);
        client
    }

    pub(crate) async fn attach(&self, customer: &str, name: &str, bytes: &[u8]) -> Response {
        let request = self
            .admin
            .post(self.url(&format!("/customers/{customer}/attachments")));
        request.multipart(form(name, bytes)).send().await.unwrap()
    }

    pub(crate) async fn attached(&self, customer: &str, name: &str, bytes: &[u8]) -> Value {
        let answer = self.attach(customer, name, bytes).await;
        let status = answer.status();
        let body = json_of(answer).await;
        assert_eq!(status, StatusCode::CREATED, "{body:#}");
        body
    }

    /// Waits until every job is over.
    pub(crate) async fn idle(&self, p: &Platform) {
        let begun = Instant::now();
        loop {
            let mut tx = p.db.read().await.unwrap();
            let sql = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')";
            let (left,): (i64,) = tx.one(sql, []).await.unwrap();
            if left == 0 {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "a job does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Uploads a file and imports it; gives the import as it is then.
    pub(crate) async fn imported(&self, p: &Platform, kind: &str, csv: &str) -> Value {
        let upload = self.uploaded(kind, csv).await;
        let id = upload["id"].as_str().unwrap().to_owned();
        let start =
            json!({ "source": "crm", "mapping": upload["suggested_mapping"], "reject_limit_percent": 100.0 });
        let checked = self.made(&format!("/imports/{id}/dry-run"), start).await;
        assert!(checked.is_object());
        self.idle(p).await;
        self.made(&format!("/imports/{id}/start"), json!({})).await;
        self.idle(p).await;
        self.get(&format!("/imports/{id}")).await
    }

    pub(crate) async fn uploaded(&self, kind: &str, csv: &str) -> Value {
        let form = form("file.csv", csv.as_bytes()).text("kind", kind.to_owned());
        let answer = self.admin.post(self.url("/imports")).multipart(form).send().await;
        let answer = answer.unwrap();
        let status = answer.status();
        let body = json_of(answer).await;
        assert!(status.is_success(), "{body:#}");
        body
    }
}

pub(crate) fn form(name: &str, bytes: &[u8]) -> Form {
    Form::new().part("file", Part::bytes(bytes.to_vec()).file_name(name.to_owned()))
}

/// Every file of a folder and of those in it.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}

/// Where a text stands: rows of the database that have it, as it is, in hexadecimal or as JSON escapes it, and files of
/// the data folder. The database's own file is told by its rows.
pub(crate) async fn where_it_stands(t: &TestDb, text: &str) -> Vec<String> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut found: Vec<String> = everything(&t.platform)
        .await
        .into_iter()
        .filter(|row| row.contains(text) || row.contains(&hex))
        .collect();
    for path in files(t.folder()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        if !name.starts_with("patron.sqlite") && bytes.windows(text.len()).any(|part| part == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}
