//! Single sign-on as a browser has it: from the door to a real identity provider and back, with cookies and redirects.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[path = "../../platform/tests/providers/mod.rs"]
mod providers;
mod support;

use platform::access::{Role, app};
use platform::jobs::Kinds;
use platform::test_on_both;
use platform::testing::TestDb;
use providers::{Provider, SECRET, browser, sign_in_at_provider};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use support::{Site, client, config, json_of, problem, signed_in};

async fn add(site: &Site, administrator: &Client, settings: Value) -> Value {
    let body = json!({ "settings": settings, "secret": SECRET });
    let added = administrator
        .post(site.url("/api/v1/identity-providers"))
        .json(&body);
    let added = added.send().await.unwrap();
    assert_eq!(added.status(), StatusCode::CREATED);
    json_of(added).await
}

async fn go(site: &Site, browser: &Client, provider: &Value, return_to: &str) -> Response {
    let path = format!("/api/v1/session/providers/{}", provider["id"].as_str().unwrap());
    let body = json!({ "return_to": return_to });
    browser.post(site.url(&path)).json(&body).send().await.unwrap()
}

fn header(response: &Response, name: &str) -> Vec<String> {
    let values = response.headers().get_all(name).iter();
    values.map(|value| value.to_str().unwrap().to_owned()).collect()
}

test_on_both!(a_browser_goes_to_the_provider_and_comes_back_signed_in);
async fn a_browser_goes_to_the_provider_and_comes_back_signed_in(t: &TestDb) {
    let site = Site::start(t, Kinds::new()).await;
    let administrator = signed_in(t, &site, Role::Administrator).await;
    app::add_user(&t.platform, "anna", "Anna", Role::Viewer)
        .await
        .unwrap();
    let back = site.url("/api/v1/session/callback");
    let honest = Provider::honest(&back, &json!({ "7": { "preferred_username": "anna" } }));
    let provider = add(&site, &administrator, honest.settings(json!({}))).await;
    assert!(provider["has_secret"].as_bool().unwrap() && provider.get("secret").is_none());
    let listed = administrator
        .get(site.url("/api/v1/identity-providers"))
        .send()
        .await
        .unwrap();
    assert_eq!(json_of(listed).await["callback_url"], back);
    let test = format!(
        "/api/v1/identity-providers/{}/test",
        provider["id"].as_str().unwrap()
    );
    let said = json_of(administrator.post(site.url(&test)).send().await.unwrap()).await;
    assert_eq!(
        (&said["code"], &said["algorithms"]),
        (&Value::Null, &json!(["RS256"]))
    );

    // Whoever is at the door learns the names, and nothing else.
    let doors = json_of(
        client()
            .get(site.url("/api/v1/session/providers"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    let door = json!({ "id": provider["id"], "zh": "公司账号", "en": "Company account" });
    assert_eq!(doors, json!({ "items": [door], "only_single_sign_on": false }));

    let anna = browser();
    let begun = go(&site, &anna, &provider, "/customers?q=a").await;
    let cookie = header(&begun, "set-cookie").pop().unwrap();
    for part in [
        "patron_sign_in=",
        "Path=/api/v1/session/callback",
        "HttpOnly",
        "SameSite=Lax",
        "Max-Age=600",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let address = json_of(begun).await["address"].as_str().unwrap().to_owned();
    let at = sign_in_at_provider(&anna, &address, "anna", &back).await;
    // The same address in another browser signs nobody in, and neither uses it up.
    let stolen = browser().get(&at).send().await.unwrap();
    assert_eq!(stolen.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        header(&stolen, "location"),
        ["/sign-in?refused=sign_in_attempt_over"]
    );
    assert!(
        !header(&stolen, "set-cookie")
            .iter()
            .any(|cookie| cookie.contains("patron_session"))
    );

    let home = anna.get(&at).send().await.unwrap();
    assert_eq!(home.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(&home, "location"), ["/customers?q=a"]);
    let [over, session] = header(&home, "set-cookie").try_into().unwrap();
    assert!(
        over.starts_with("patron_sign_in=;") && over.contains("Max-Age=0"),
        "{over}"
    );
    assert!(
        session.contains("SameSite=Strict") && session.contains("HttpOnly"),
        "{session}"
    );
    let who = json_of(anna.get(site.url("/api/v1/session")).send().await.unwrap()).await;
    assert_eq!(
        (&who["user"]["login"], &who["must_change_password"]),
        (&json!("anna"), &json!(false))
    );
    let links = json_of(anna.get(site.url("/api/v1/session/links")).send().await.unwrap()).await;
    assert_eq!(links["items"][0]["provider_id"], provider["id"]);
    let again = anna.get(&at).send().await.unwrap();
    assert_eq!(
        header(&again, "location"),
        ["/sign-in?refused=sign_in_attempt_over"]
    );

    // What goes wrong is said at the door, which leads on to where one was going.
    let other = browser();
    let begun = json_of(go(&site, &other, &provider, "/value?tab=x&y=1").await).await;
    let at = sign_in_at_provider(&other, begun["address"].as_str().unwrap(), "nobody", &back).await;
    let refused = other.get(&at).send().await.unwrap();
    assert_eq!(
        header(&refused, "location"),
        ["/sign-in?refused=sign_in_declined&next=/value%3Ftab=x%26y=1"]
    );
    // And never leads out.
    let begun = json_of(go(&site, &other, &provider, "//evil.example/").await).await;
    let at = sign_in_at_provider(&other, begun["address"].as_str().unwrap(), "anna", &back).await;
    let home = other.get(&at).send().await.unwrap();
    assert_eq!(header(&home, "location"), ["/"]);

    let nobody = json!({ "id": "01890a5d-ac96-774b-bcce-b302099a8057" });
    problem(go(&site, &other, &nobody, "/").await, 404, "not_found").await;
    drop(honest);
    let mut gone = provider["settings"].clone();
    gone["issuer"] = json!("http://127.0.0.1:1");
    let gone = add(&site, &administrator, gone).await;
    problem(go(&site, &other, &gone, "/").await, 503, "provider_unreachable").await;
    site.served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_comes_back_to_the_public_address() {
    let t = TestDb::sqlite(&[]).await;
    let public = server::Config {
        public_url: Some("https://patron.example.com".to_owned()),
        ..config(&t.url, t.folder())
    };
    let site = Site::start_with(&public, Kinds::new()).await;
    let (user, _) = app::add_user(&t.platform, "admin", "Admin", Role::Administrator)
        .await
        .unwrap();
    let administrator = app::caller_of(&t.platform, user.id).await.unwrap();
    let back = "https://patron.example.com/api/v1/session/callback";
    let honest = Provider::honest(back, &json!({ "7": { "preferred_username": "admin" } }));
    let settings = serde_json::from_value(honest.settings(json!({}))).unwrap();
    let sso = platform::access::single_sign_on::app::add(&t.platform, &administrator, settings, Some(SECRET));
    let provider = json!({ "id": sso.await.unwrap().id });
    let begun = go(&site, &browser(), &provider, "/").await;
    let cookie = header(&begun, "set-cookie").pop().unwrap();
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    let address = json_of(begun).await["address"].as_str().unwrap().to_owned();
    let at = sign_in_at_provider(&browser(), &address, "admin", back).await;
    assert!(at.starts_with(back), "{at}");
    site.served.stop().await;
}
