//! Identity providers as processes of their own: one that is honest (`oidc-provider`, which is certified) and one that lies
//! as it is told to; and a person with a browser who signs in there.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use reqwest::{Client, Response, redirect};
use serde_json::{Value, json};

pub const CLIENT_ID: &str = "patron";
pub const SECRET: &str = "a client secret: %+&";

/// A provider at work; it ends with the test.
pub struct Provider {
    pub issuer: String,
    process: Child,
    /// What it says later is not read, but who cannot speak ends.
    _said: Lines<BufReader<ChildStdout>>,
    client: Client,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _status = self.process.wait();
    }
}

impl Provider {
    /// One that tells the truth of these people, each by their subject.
    pub fn honest(redirect_uri: &str, people: &Value) -> Self {
        Self::honest_taking(redirect_uri, people, "client_secret_basic")
    }

    /// The same where the secret is shown in this way.
    pub fn honest_taking(redirect_uri: &str, people: &Value, auth_method: &str) -> Self {
        let asked = json!({
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "auth_method": auth_method,
            "redirect_uris": [redirect_uri],
            "people": people,
        });
        Self::start("honest.mjs", &asked.to_string())
    }

    pub fn dishonest() -> Self {
        Self::start("dishonest.mjs", "{}")
    }

    fn start(script: &str, asked: &str) -> Self {
        let path = format!("{}/../../web/e2e/provider/{script}", env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new("node")
            .args([&path, asked])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node, which scripts/install.sh asks for");
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        // What it warns of comes before.
        let issuer = said
            .find_map(|line| line.ok().filter(|line| line.starts_with("http://")))
            .expect("the provider starts (scripts/install.sh test, or npm ci in web/)");
        Self {
            issuer,
            process,
            _said: said,
            client: Client::new(),
        }
    }

    async fn tell(&self, path: &str, what: &Value) {
        let url = format!("{}{path}", self.issuer);
        let answer = self.client.post(url).body(what.to_string()).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// The honest one learns who there is.
    pub async fn people(&self, people: &Value) {
        self.tell("/people", people).await;
    }

    /// The dishonest one learns how to be.
    pub async fn be(&self, how: Value) {
        self.tell("/be", &how).await;
    }

    /// How often the dishonest one was asked for this since it was asked this last.
    pub async fn count(&self, path: &str) -> u64 {
        let url = format!("{}/counts", self.issuer);
        let counts = self.client.get(url).send().await.unwrap().text().await.unwrap();
        let counts: Value = serde_json::from_str(&counts).unwrap();
        counts[path].as_u64().unwrap_or(0)
    }

    /// The settings of this provider, with these changes.
    pub fn settings(&self, changes: Value) -> Value {
        let mut settings = json!({
            "zh": "公司账号", "en": "Company account", "issuer": self.issuer, "client_id": CLIENT_ID,
            "scopes": ["profile", "email", "groups"], "link_by_username": true, "allow_private": true,
        });
        for (name, value) in changes.as_object().unwrap() {
            settings[name] = value.clone();
        }
        settings
    }
}

/// A browser that keeps its cookies and goes where it is sent, step by step.
pub fn browser() -> Client {
    Client::builder()
        .cookie_store(true)
        .redirect(redirect::Policy::none())
        .build()
        .unwrap()
}

fn location(response: &Response, from: &str) -> Option<String> {
    let to = response.headers().get("location")?.to_str().unwrap();
    if to.starts_with('/') {
        // Scheme and host of where it came from.
        let host = from.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        return Some(format!("{host}{to}"));
    }
    Some(to.to_owned())
}

/// Signs in at a provider as this person, and gives the address to which the provider sends the browser back.
pub async fn sign_in_at_provider(browser: &Client, address: &str, login: &str, redirect_uri: &str) -> String {
    let mut at = address.to_owned();
    for _ in 0..10 {
        if at.starts_with(redirect_uri) {
            return at;
        }
        let page = browser.get(&at).send().await.unwrap();
        if let Some(to) = location(&page, &at) {
            at = to;
            continue;
        }
        let text = page.text().await.unwrap();
        assert!(text.contains("<form"), "{at}: {text}");
        let typed = format!("login={login}&password=anything");
        let form = browser
            .post(&at)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(typed);
        let answer = form.send().await.unwrap();
        at = location(&answer, &at).expect("the form leads on");
    }
    panic!("the provider does not send the browser back: {at}");
}
