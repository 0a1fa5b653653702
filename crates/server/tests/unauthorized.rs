//! Nobody gets anything: every endpoint of the document, walked without a session and with a session
//! that may do nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use platform::access::{Role, app};
use platform::jobs::Kinds;
use platform::testing::TestDb;
use reqwest::{Client, Method};
use serde_json::Value;
use support::{Site, client, sign_in};

/// Method and path of every endpoint; path parameters are filled with an id that no thing has.
fn endpoints() -> Vec<(Method, String)> {
    let document: Value = serde_json::from_str(&server::openapi()).unwrap();
    let mut endpoints = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if let Ok(method) = method.to_uppercase().parse::<Method>()
                && ["GET", "POST", "PUT", "DELETE", "PATCH"].contains(&method.as_str())
            {
                endpoints.push((method, path.clone()));
            }
        }
    }
    endpoints
}

async fn walk(client: &Client, site: &Site, mut check: impl FnMut(&str, u16)) -> usize {
    let mut walked = 0;
    for (method, path) in endpoints() {
        let name = format!("{method} {path}");
        if server::PUBLIC.contains(&name.as_str()) {
            continue;
        }
        let filled: String = path
            .split('/')
            .map(|part| {
                if part.starts_with('{') {
                    "01890a5d-ac96-774b-bcce-b302099a8057"
                } else {
                    part
                }
            })
            .collect::<Vec<_>>()
            .join("/");
        let mut request = client.request(method.clone(), site.url(&filled));
        if method != Method::GET {
            request = request.header("content-type", "application/json").body("{}");
        }
        check(&name, request.send().await.unwrap().status().as_u16());
        walked += 1;
    }
    walked
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_anything() {
    let t = TestDb::sqlite(&[]).await;
    let site = Site::start(&t, Kinds::new()).await;
    let walked = walk(&client(), &site, |name, status| {
        assert_eq!(status, 401, "{name} answers {status} to nobody");
    })
    .await;
    assert!(walked >= 7, "only {walked} endpoints were walked");
    site.served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_password_opens_nothing_but_the_session() {
    let t = TestDb::sqlite(&[]).await;
    let site = Site::start(&t, Kinds::new()).await;
    let client = client();
    let (_, one_time) = app::add_user(&t.platform, "anna", "Anna", Role::Administrator)
        .await
        .unwrap();
    sign_in(&client, &site, "anna", &one_time).await;
    walk(&client, &site, |name, status| {
        if !name.contains("/session") {
            assert_eq!(
                status, 403,
                "{name} answers {status} before the password is changed"
            );
        }
    })
    .await;
    site.served.stop().await;
}

#[test]
fn the_public_list_names_endpoints_that_exist() {
    let all: Vec<_> = endpoints()
        .into_iter()
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    for public in server::PUBLIC {
        assert!(
            all.iter().any(|one| one == public),
            "{public} is not in the document"
        );
    }
}
