//! Imports as a client meets them: real HTTP over a real listener.

use std::sync::Arc;
use std::time::{Duration, Instant};

use platform::access::{Role, app};
use platform::http::SESSION_COOKIE;
use platform::imports::api;
use platform::testing::TestDb;
use platform::{Platform, Settings, test_on_both};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::kind::{LINES, stored};
use crate::{finished, imports, runner};

const UPLOAD_BYTES_MAX: u64 = 1 << 20;

struct Site {
    url: String,
    cookie: String,
    client: Client,
}

impl Site {
    async fn start(t: &TestDb, role: Role) -> Self {
        let (router, _) = api::router(imports()).split_for_parts();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings {
            data_dir: t.folder().to_owned(),
            public_url: None,
            upload_bytes_max: UPLOAD_BYTES_MAX,
        };
        let service = router.with_state(Platform {
            settings: Arc::new(settings),
            ..t.platform.clone()
        });
        tokio::spawn(async move { axum::serve(listener, service).await });
        let p = &t.platform;
        let (_, one_time) = app::add_user(p, &role.to_string(), "测试", role).await.unwrap();
        let session = app::sign_in(p, &role.to_string(), one_time.clone(), "test")
            .await
            .unwrap();
        let session = app::change_password(p, &session.caller, one_time, "a long enough password".into())
            .await
            .unwrap();
        Self {
            url,
            cookie: format!("{SESSION_COOKIE}={}", session.token),
            client: Client::new(),
        }
    }

    async fn get(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.url));
        request.header("cookie", &self.cookie).send().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.client.post(format!("{}{path}", self.url));
        request
            .header("cookie", &self.cookie)
            .json(body)
            .send()
            .await
            .unwrap()
    }

    async fn upload(&self, form: Form) -> Response {
        let request = self.client.post(format!("{}/imports", self.url));
        request
            .header("cookie", &self.cookie)
            .multipart(form)
            .send()
            .await
            .unwrap()
    }
}

fn form(content: &[u8]) -> Form {
    let file = Part::bytes(content.to_vec()).file_name("七月 账单.csv");
    Form::new().text("kind", "lines").part("file", file)
}

async fn body(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

test_on_both!(a_file_goes_all_the_way_over_http, [LINES]);
async fn a_file_goes_all_the_way_over_http(t: &TestDb) {
    let runner = runner(&t.platform).await;
    let site = Site::start(t, Role::Analyst).await;
    let mut file = String::from("客户,交易时间,金额\n");
    for n in 0..400 {
        file += &format!("C{n},2026-10-31 08:15:00,{n}.5\n");
    }
    file += "C1,2026-10-31,=SUM(A1)\nC2,31/10/2026,5\n";
    let gbk = encoding_rs::GB18030.encode(&file).0.into_owned();
    let (status, import) = body(site.upload(form(&gbk)).await).await;
    assert_eq!(status, 201, "{import:#}");
    assert_eq!(
        (&import["encoding"], &import["state"], &import["file_name"]),
        (&json!("gb18030"), &json!("uploaded"), &json!("七月 账单.csv"))
    );
    assert_eq!(
        import["suggested_mapping"],
        json!({ "who": "客户", "at": "交易时间", "amount": "金额" })
    );
    assert_eq!(import["fields"][0], json!({ "name": "who", "required": true }));
    let path = format!("/imports/{}", import["id"].as_str().unwrap());
    let options =
        json!({ "mapping": import["suggested_mapping"], "source": "billing", "zone": "Asia/Shanghai" });

    let (status, problem) = body(site.post(&format!("{path}/start"), &json!({})).await).await;
    assert_eq!((status, &problem["code"]), (409, &json!("import_not_checked")));
    let limit = json!({ "reject_limit_percent": 1 });
    for (step, how, state, dry_run) in [
        ("dry-run", &options, "checked", true),
        ("start", &limit, "imported", false),
    ] {
        let (status, job) = body(site.post(&format!("{path}/{step}"), how).await).await;
        assert_eq!((status, &job["subject"]["id"]), (202, &import["id"]), "{job:#}");
        finished(&t.platform, job["id"].as_str().unwrap().parse().unwrap()).await;
        let (_, now) = body(site.get(&path).await).await;
        let report = &now["report"];
        assert_eq!((&now["state"], &now["job_id"]), (&json!(state), &job["id"]));
        assert_eq!(now["options"]["mapping"], options["mapping"]);
        assert_eq!(
            (
                &report["dry_run"],
                &report["rows"],
                &report["created"],
                &report["rejected"]
            ),
            (&json!(dry_run), &json!(402), &json!(400), &json!(2))
        );
        assert_eq!(report["amount"], json!({ "minor": 8_000_000, "currency": "CNY" }));
        assert_eq!(report["first_at"], json!("2026-10-31T00:15:00Z"));
    }
    assert_eq!(stored(&t.platform).await.len(), 400);
    let rejects = site.get(&format!("{path}/rejects.csv")).await;
    assert_eq!(rejects.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        rejects.headers()["content-disposition"],
        "attachment; filename*=UTF-8''%E4%B8%83%E6%9C%88%20%E8%B4%A6%E5%8D%95-rejects.csv"
    );
    let csv = rejects.text().await.unwrap();
    assert!(
        csv.contains("C1,2026-10-31,'=SUM(A1),402,金额,amount_malformed"),
        "{csv}"
    );
    assert!(
        csv.contains("C2,31/10/2026,5,403,交易时间,date_ambiguous"),
        "{csv}"
    );
    let (_, list) = body(site.get("/imports?limit=10").await).await;
    assert_eq!(
        (&list["items"][0]["id"], &list["next_cursor"]),
        (&import["id"], &Value::Null)
    );
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(what_is_wrong_is_said_and_leaves_nothing, [LINES]);
async fn what_is_wrong_is_said_and_leaves_nothing(t: &TestDb) {
    let site = Site::start(t, Role::Analyst).await;
    let no_id = uuid::Uuid::nil();
    let too_large = vec![b'x'; UPLOAD_BYTES_MAX as usize + 1];
    let good = || Part::bytes(b"who,at,amount\n".to_vec()).file_name("a.csv");
    for (form, status, code) in [
        (form(b""), 422, "file_empty"),
        (form(b"PK\x03\x04 a workbook"), 422, "format_unknown"),
        (form(&too_large), 413, "file_too_large"),
        (Form::new().part("file", good()), 422, "field_missing"),
        (Form::new().text("kind", "lines"), 422, "file_missing"),
        (
            Form::new().text("kind", "people").part("file", good()),
            422,
            "kind_unknown",
        ),
        (
            Form::new()
                .text("kind", "lines")
                .part("file", good())
                .part("file", good()),
            422,
            "file_twice",
        ),
    ] {
        let (got, problem) = body(site.upload(form).await).await;
        assert_eq!(
            (got, problem["code"].as_str()),
            (status, Some(code)),
            "{problem:#}"
        );
    }
    let (status, import) = body(site.upload(form(b"who,at,amount\nC1,2026-10-31,5\n")).await).await;
    assert_eq!(status, 201);
    let check = format!("/imports/{}/dry-run", import["id"].as_str().unwrap());
    for (path, options, status, code) in [
        (check.clone(), json!({}), 422, "body_invalid"),
        (
            check.clone(),
            json!({ "mapping": {}, "sauce": 1 }),
            422,
            "body_invalid",
        ),
        (
            check.clone(),
            json!({ "mapping": { "who": "who" } }),
            422,
            "field_required",
        ),
        (
            check.clone(),
            json!({ "mapping": import["suggested_mapping"], "zone": "Nowhere" }),
            422,
            "zone_unknown",
        ),
        (
            check.replace("dry-run", "start"),
            json!({ "mapping": import["suggested_mapping"] }),
            422,
            "body_invalid",
        ),
        (format!("/imports/{no_id}/start"), json!({}), 404, "not_found"),
        ("/imports/7/start".to_owned(), json!({}), 404, "not_found"),
    ] {
        let (got, problem) = body(site.post(&path, &options).await).await;
        assert_eq!(
            (got, problem["code"].as_str()),
            (status, Some(code)),
            "{problem:#}"
        );
    }
    let folder = t.folder().join("uploads");
    assert_eq!(
        std::fs::read_dir(folder).unwrap().count(),
        1,
        "only the good file is kept"
    );
}

test_on_both!(an_upload_that_breaks_off_leaves_nothing, [LINES]);
async fn an_upload_that_breaks_off_leaves_nothing(t: &TestDb) {
    use tokio::io::AsyncWriteExt as _;
    let site = Site::start(t, Role::Analyst).await;
    let address = site.url.strip_prefix("http://").unwrap();
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /imports HTTP/1.1\r\nHost: x\r\nCookie: {}\r\nContent-Length: 1000000\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n\
         --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nwho,at,amount\n",
        site.cookie
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let folder = t.folder().join("uploads");
    let files = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
    let begun = Instant::now();
    while files() == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the upload does not begin"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(connection);
    while files() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "a broken upload stays");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

test_on_both!(who_may_not_import_is_refused_before_a_byte_is_taken, [LINES]);
async fn who_may_not_import_is_refused_before_a_byte_is_taken(t: &TestDb) {
    let site = Site::start(t, Role::Viewer).await;
    let refused = site.upload(form(b"who,at,amount\n")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(!t.folder().join("uploads").exists());
    let nobody = site
        .client
        .get(format!("{}/imports", site.url))
        .send()
        .await
        .unwrap();
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
}
