//! Files on a customer's record.

use platform::testing::TestDb;
use platform::{args, test_on_both};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::firm::{Firm, files, form, where_it_stands};
use crate::support::{json_of, problem};

const WORDS: &str = "the contract with secret terms of Zhang San";

/// A file of several pieces.
fn contract() -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    while bytes.len() < 200_000 {
        bytes.extend_from_slice(WORDS.as_bytes());
    }
    bytes
}

test_on_both!(a_file_comes_back_whole_and_lies_sealed);
async fn a_file_comes_back_whole_and_lies_sealed(t: &TestDb) {
    let firm = Firm::start(t).await;
    let customer = firm.customer("C-1", "张三").await;
    let of = |path: &str| format!("/customers/{customer}/attachments{path}");
    let added = firm.attached(&customer, "../合同 (1).PDF", &contract()).await;
    assert_eq!(
        (&added["name"], &added["media_type"], &added["bytes"]),
        (
            &json!("合同 (1).PDF"),
            &json!("application/pdf"),
            &json!(contract().len())
        )
    );
    let list = firm.get(&of("")).await;
    assert_eq!(list["items"], json!([added]));
    assert_eq!(list["items"][0]["added_by_name"], "测试");

    let file = of(&format!("/{}", added["id"].as_str().unwrap()));
    let answer = firm.admin.get(firm.url(&file)).send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/pdf");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cache-control"), "no-store");
    let disposition = header("content-disposition");
    assert!(
        disposition.starts_with("attachment; filename*=UTF-8''"),
        "{disposition}"
    );
    assert!(answer.bytes().await.unwrap() == contract());

    assert_eq!(where_it_stands(t, WORDS).await, Vec::<String>::new());
    assert_eq!(files(&t.folder().join("attachments")).len(), 1);

    // A new key seals the row anew and leaves the file as it is.
    let on_disk = std::fs::read(&files(&t.folder().join("attachments"))[0]).unwrap();
    let key = async || {
        let mut tx = t.platform.db.read().await.unwrap();
        let (key,): (Vec<u8>,) = tx.one("SELECT file_key FROM attachments", []).await.unwrap();
        i32::from_be_bytes(key[1..5].try_into().unwrap())
    };
    let before = key().await;
    customers::identities::app::rotate_keys(&t.platform)
        .await
        .unwrap();
    firm.idle(&t.platform).await;
    assert_eq!(key().await, before + 1);
    assert!(on_disk == std::fs::read(&files(&t.folder().join("attachments"))[0]).unwrap());
    let again = firm.admin.get(firm.url(&file)).send().await.unwrap();
    assert!(again.bytes().await.unwrap() == contract());

    let removed = firm.admin.delete(firm.url(&file)).send().await.unwrap();
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    assert_eq!(files(&t.folder().join("attachments")).len(), 0);
    assert_eq!(firm.get(&of("")).await["items"], json!([]));
    for method in [reqwest::Method::GET, reqwest::Method::DELETE] {
        let gone = firm.admin.request(method, firm.url(&file)).send().await.unwrap();
        problem(gone, 404, "not_found").await;
    }
    let timeline = firm.get(&format!("/customers/{customer}/timeline")).await;
    let kinds: Vec<&Value> = timeline["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["kind"])
        .collect();
    assert_eq!(
        kinds,
        ["attachment.removed", "attachment.added", "customer.created"]
    );
    assert!(
        !timeline.to_string().contains("合同"),
        "the log never says a name"
    );
    firm.site.served.stop().await;
}

test_on_both!(a_file_that_may_not_come_leaves_nothing);
async fn a_file_that_may_not_come_leaves_nothing(t: &TestDb) {
    let firm = Firm::start(t).await;
    let customer = firm.customer("C-1", "张三").await;
    for (name, bytes, code) in [
        ("a.exe", &b"MZ\x90\0"[..], "file_type_not_allowed"),
        ("a.html", b"<script>alert(1)</script>", "file_type_not_allowed"),
        ("a.svg", b"<svg onload='alert(1)'/>", "file_type_not_allowed"),
        (
            "a.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "file_type_not_allowed",
        ),
        ("a.pdf", b"MZ\x90\0", "file_type_mismatch"),
        ("a.png", b"<script>alert(1)</script>", "file_type_mismatch"),
        ("a.txt", b"\x7fELF\x02\0\0", "file_type_mismatch"),
        ("a.pdf", b"", "file_empty"),
    ] {
        let refused = problem(firm.attach(&customer, name, bytes).await, 422, code).await;
        assert_eq!(refused["fields"][0]["field"], "file", "{refused:#}");
    }
    // What the sender says a file is changes nothing.
    let part = reqwest::multipart::Part::bytes(b"MZ\x90\0".to_vec()).file_name("a.exe");
    let lying = reqwest::multipart::Form::new().part("file", part.mime_str("application/pdf").unwrap());
    let url = firm.url(&format!("/customers/{customer}/attachments"));
    let answer = firm.admin.post(&url).multipart(lying).send().await.unwrap();
    problem(answer, 422, "file_type_not_allowed").await;

    let schema = firm.get("/record-schema").await;
    assert_eq!(schema["attachments"]["bytes_max"], 20 << 20);
    let mut decided = schema.clone();
    decided.as_object_mut().unwrap().remove("version");
    decided["attachments"] = json!({ "bytes_max": 1_000, "types": ["pdf"] });
    let request = firm
        .admin
        .put(firm.url("/record-schema"))
        .header("if-match", "\"0\"");
    let answer = request.json(&decided).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    problem(
        firm.attach(&customer, "a.pdf", &contract()).await,
        413,
        "file_too_large",
    )
    .await;
    problem(
        firm.attach(&customer, "a.txt", b"text").await,
        422,
        "file_type_not_allowed",
    )
    .await;
    assert_eq!(
        firm.get(&format!("/customers/{customer}/attachments")).await["items"],
        json!([])
    );
    assert_eq!(files(&t.folder().join("attachments")).len(), 0, "nothing is left");

    // No more than a customer may have.
    firm.attached(&customer, "a.pdf", b"%PDF-1.7").await;
    let mut tx = t.platform.db.write().await.unwrap();
    for n in 0..199_u128 {
        tx.execute(
            "INSERT INTO attachments (id, customer_id, name, media_type, bytes, file_key, added_at) \
             SELECT $1, customer_id, name, media_type, bytes, file_key, added_at FROM attachments LIMIT 1",
            args![uuid::Uuid::from_u128(n)],
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    problem(
        firm.attach(&customer, "b.pdf", b"%PDF-1.7").await,
        409,
        "attachments_too_many",
    )
    .await;
    firm.site.served.stop().await;
}

test_on_both!(a_repeated_upload_doubles_nothing);
async fn a_repeated_upload_doubles_nothing(t: &TestDb) {
    let firm = Firm::start(t).await;
    let customer = firm.customer("C-1", "张三").await;
    let url = firm.url(&format!("/customers/{customer}/attachments"));
    let mut ids = Vec::new();
    for _ in 0..2 {
        let request = firm.admin.post(&url).header("idempotency-key", "one");
        let answer = request
            .multipart(form("a.pdf", b"%PDF-1.7"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        ids.push(json_of(answer).await["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(files(&t.folder().join("attachments")).len(), 1);
    // A file that a killed process has left is swept away after a day, one that is known stays.
    let day_ago = platform::Clock::fixed(t.platform.clock.now() - jiff::SignedDuration::from_hours(25));
    let stray: uuid::Uuid = platform::ids::new(&day_ago);
    std::fs::write(t.folder().join("attachments").join(stray.to_string()), b"x").unwrap();
    customers::attachments::sweep(&t.platform).await.unwrap();
    let left = files(&t.folder().join("attachments"));
    assert_eq!(left.len(), 1);
    assert!(left[0].ends_with(ids[0].as_str().unwrap()));
    firm.site.served.stop().await;
}

test_on_both!(who_sees_personal_data_in_part_reads_no_file);
async fn who_sees_personal_data_in_part_reads_no_file(t: &TestDb) {
    let firm = Firm::start(t).await;
    let branch = json!({ "code": "north", "name": "North", "parent_id": null });
    let north = firm.made("/branches", branch).await["id"].clone();
    let customer = firm.customer("C-1", "张三").await;
    let added = firm.attached(&customer, "a.pdf", b"%PDF-1.7").await;
    let list = firm.url(&format!("/customers/{customer}/attachments"));
    let file = format!("{list}/{}", added["id"].as_str().unwrap());

    let masked = firm
        .user("masked", &["customers.read"], "all", &Value::Null)
        .await;
    let listed = masked.get(&list).send().await.unwrap();
    assert_eq!(json_of(listed).await["items"][0]["name"], "….pdf");
    problem(masked.get(&file).send().await.unwrap(), 403, "forbidden").await;
    problem(masked.delete(&file).send().await.unwrap(), 403, "forbidden").await;
    let post = masked.post(&list).multipart(form("b.pdf", b"%PDF-1.7"));
    problem(post.send().await.unwrap(), 403, "forbidden").await;

    let all = ["customers.read", "customers.write", "customers.personal"];
    let elsewhere = firm.user("elsewhere", &all, "branch", &north).await;
    for request in [
        elsewhere.get(&list),
        elsewhere.get(&file),
        elsewhere.delete(&file),
        elsewhere.post(&list).multipart(form("b.pdf", b"%PDF-1.7")),
    ] {
        problem(request.send().await.unwrap(), 404, "not_found").await;
    }
    assert_eq!(files(&t.folder().join("attachments")).len(), 1);

    // A file of another customer is not there either.
    let other = firm.customer("C-2", "李四").await;
    let there = firm.url(&format!(
        "/customers/{other}/attachments/{}",
        added["id"].as_str().unwrap()
    ));
    problem(firm.admin.get(there).send().await.unwrap(), 404, "not_found").await;
    firm.site.served.stop().await;
}
