//! An erasure: afterwards nothing of the person is left, and all that was brought.

use std::time::Duration;

use jiff::SignedDuration;
use platform::events::Actor;
use platform::testing::TestDb;
use platform::{args, test_on_both};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::firm::{Firm, files, where_it_stands};
use crate::support::{everything, json_of, problem};

/// What is known of the person, each to be found in one place at least before and in none after.
const PERSONAL: [&str; 12] = [
    "欧阳震华",
    "欧阳振华",
    "13912345678",
    "3912345678",
    "ouyang@example.com",
    "11010519491231002X",
    "prefers to be called at the villa",
    "golf-lover",
    "amateur-pilot",
    "HERMIT-77",
    "HERMIT-78",
    "wedding of the daughter",
];

/// So many days from now, in whichever zone.
fn in_days(t: &TestDb, days: i64) -> String {
    let then = t.platform.clock.now() + SignedDuration::from_hours(24 * days);
    then.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// A programme of one level, in force.
async fn programme(t: &TestDb) -> Value {
    let facts = json!({ "code": "club", "zh": "俱乐部", "en": "Club" });
    let document = json!({
        "schema": 1,
        "levels": [{ "code": "gold", "zh": "金卡", "en": "Gold", "colour": "#d4af37",
            "qualify": { "all": [{ "measure": "spend", "at_least": 500_000 }] } }],
        "period": { "kind": "rolling_months", "months": 6 }, "downgrade": { "kind": "at_once" },
        "landing": "earned", "notice_days": 30, "effective_on": in_days(t, 0)
    });
    let (facts, document) = (
        serde_json::from_value(facts).unwrap(),
        serde_json::from_value(document).unwrap(),
    );
    let mut tx = t.platform.db.write().await.unwrap();
    let begun = tiers::app::publish::begin_with(&t.platform, &mut tx, Actor::System, &facts, &document).await;
    let id = begun.unwrap();
    tx.commit().await.unwrap();
    json!(id)
}

/// Everything that can be said of someone, of a person with these words.
async fn person(firm: &Firm, t: &TestDb) -> (String, String) {
    let field = json!({ "name": "hobby", "zh": "爱好", "en": "Hobby", "required": false,
        "kind": "text", "chars_max": 40 });
    let decided = json!({ "fields": [field], "completeness": [] });
    let request = firm
        .admin
        .put(firm.url("/record-schema"))
        .header("if-match", "\"0\"");
    assert_eq!(
        request.json(&decided).send().await.unwrap().status(),
        StatusCode::OK
    );
    // A file brings it, with a row that is rejected, and its samples are shown.
    let csv = "external_id,name,phone,email,since\n\
        HERMIT-77,欧阳震华,139-1234-5678,ouyang@example.com,2020-01-01\n\
        OTHER-1,王五,13800000001,wang@example.com,2020-01-01\n\
        HERMIT-79,欧阳震华,139 1234 5678,,the day of the flood\n";
    let imported = firm.imported(&t.platform, "customers", csv).await;
    assert_eq!(imported["report"]["created"], 2, "{imported:#}");
    let lines = "customer,at,amount,external_id\n\
        HERMIT-77,2026-01-05,10.00,L1\nHERMIT-77,2026-02-05,20.00,L2\nOTHER-1,2026-02-05,5.00,L3\n";
    firm.imported(&t.platform, "transactions", lines).await;
    let found = firm
        .get("/customers/lookup?identity=HERMIT-77&kind=external")
        .await;
    let id = found["customer"]["id"].as_str().unwrap().to_owned();
    let of = |path: &str| format!("/customers/{id}/{path}");
    let document = json!({ "kind": "document", "value": "11010519491231002X" });
    firm.made(&of("identities"), document).await;
    firm.made(
        &of("notes"),
        json!({ "text": "prefers to be called at the villa" }),
    )
    .await;
    let day = json!({ "kind": "other", "label": "wedding of the daughter", "calendar": "solar",
        "year": 2027, "month": 5, "day": 4 });
    firm.made(&of("life-events"), day).await;
    let held = json!({ "product": "mobile", "number": "13912345678", "device": "golf-lover phone",
        "started_on": "2020-01-01", "status": "active" });
    firm.made(&of("subscriptions"), held).await;
    let said = json!({ "purposes": ["marketing"], "channels": ["phone"], "given": false,
        "source": "call of 欧阳震华" });
    firm.made(&of("consents"), said).await;
    for (path, body) in [
        (of("tags"), json!({ "add": ["golf-lover"] })),
        (
            of("custom-fields"),
            json!({ "values": { "hobby": "amateur-pilot" } }),
        ),
    ] {
        let answer = firm
            .admin
            .patch(firm.url(&path))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    firm.attached(
        &id,
        "欧阳震华的身份证.pdf",
        b"%PDF-1.7 prefers to be called at the villa",
    )
    .await;
    let organisation = json!({ "kind": "organisation", "name": "华东物流", "external_id": "O-1" });
    let organisation = firm.made("/customers", organisation).await["id"].clone();
    let contact = json!({ "name": "欧阳震华", "role": "key_person", "influence": 5, "customer_id": id });
    firm.made(
        &format!("/customers/{}/contacts", organisation.as_str().unwrap()),
        contact,
    )
    .await;
    let programme = programme(t).await;
    let asked = json!({ "programme": programme, "kind": "nomination", "reason": "欧阳震华 is an amateur-pilot",
        "from": in_days(t, 1), "until": in_days(t, 2) });
    firm.made(&of("tiers/grants"), asked).await;
    // Someone who turned out to be the same.
    let twin = firm.customer("HERMIT-78", "欧阳振华").await;
    let version = firm.get(&format!("/customers/{id}")).await["version"].clone();
    let merge = json!({ "survivor": id, "survivor_version": version, "merged": twin, "merged_version": 1,
        "fields": { "name": "survivor" } });
    firm.made("/merges", merge).await;
    (id, twin)
}

/// What waits and what was exported: a file that is not imported yet, a list, an answer that would be repeated.
async fn traces(firm: &Firm, t: &TestDb, id: &str) {
    firm.uploaded("customers", "external_id,name\nHERMIT-77,欧阳震华\n")
        .await;
    let wanted = json!({ "kind": "customers", "format": "csv", "filter": { "q": "欧阳震华" } });
    firm.made("/exports", wanted).await;
    firm.idle(&t.platform).await;
    let note = firm.admin.post(firm.url(&format!("/customers/{id}/notes")));
    let note = note.header("idempotency-key", "n1");
    let note = note
        .json(&json!({ "text": "amateur-pilot" }))
        .send()
        .await
        .unwrap();
    assert_eq!(note.status(), StatusCode::CREATED);
}

async fn erased(firm: &Firm, id: &str, version: &str, body: Value) -> reqwest::Response {
    let request = firm.admin.post(firm.url(&format!("/customers/{id}/erasure")));
    request
        .header("if-match", version)
        .json(&body)
        .send()
        .await
        .unwrap()
}

/// Rows that an erasure may change, or add: those of the person, the log, and what is kept for a while.
fn of_others(rows: Vec<String>) -> Vec<String> {
    const MAY_CHANGE: [&str; 17] = [
        "events ",
        "events_unsealed ",
        "event_seals ",
        "event_chain ",
        "erased_external_ids ",
        "idempotency_keys ",
        "imports ",
        "import_rejects ",
        "exports ",
        "jobs ",
        "sessions ",
        "sign_in_failures ",
        "sqlite_sequence ",
        // Levels go on being decided meanwhile.
        "tier_decisions ",
        "tier_memberships ",
        "tier_watch ",
        "tier_grants ",
    ];
    rows.into_iter()
        .filter(|row| !MAY_CHANGE.iter().any(|table| row.starts_with(table)))
        .collect()
}

test_on_both!(nothing_of_a_person_is_left);
async fn nothing_of_a_person_is_left(t: &TestDb) {
    let firm = Firm::start(t).await;
    let (id, twin) = person(&firm, t).await;
    traces(&firm, t, &id).await;
    // Identities are sealed and numbers are normalised: they stand in clear in what came in files.
    for word in PERSONAL {
        let sealed = ["11010519491231002X", "3912345678", "ouyang@example.com"].contains(&word);
        assert!(
            sealed || !where_it_stands(t, word).await.is_empty(),
            "{word} is not there to be erased"
        );
    }
    let before = everything(&t.platform).await;
    let version = firm.version(&id).await;

    // Not by accident.
    let ground = json!({ "ground": "request", "reference": "PIPL-2026/11" });
    problem(
        erased(&firm, &id, "\"1\"", ground.clone()).await,
        412,
        "version_stale",
    )
    .await;
    problem(
        erased(&firm, &twin, &version, ground.clone()).await,
        409,
        "customer_merged",
    )
    .await;
    let telling = json!({ "ground": "request", "reference": "13912345678" });
    problem(
        erased(&firm, &id, &version, telling).await,
        422,
        "reference_personal",
    )
    .await;
    let story = json!({ "ground": "request", "reference": "欧阳震华" });
    problem(
        erased(&firm, &id, &version, story).await,
        422,
        "reference_malformed",
    )
    .await;
    let unsaid = erased(&firm, &id, &version, json!({ "ground": "because" })).await;
    assert_eq!(unsaid.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let everyone = [
        "customers.read",
        "customers.write",
        "customers.personal",
        "customers.merge",
    ];
    let analyst = firm.user("analyst2", &everyone, "all", &Value::Null).await;
    let refused = analyst.post(firm.url(&format!("/customers/{id}/erasure")));
    let refused = refused
        .header("if-match", &version)
        .json(&ground)
        .send()
        .await
        .unwrap();
    problem(refused, 403, "forbidden").await;
    let unchanged = of_others(everything(&t.platform).await);
    let without_new_user = |rows: &[String]| {
        let users = ["users ", "roles "];
        let rows = rows
            .iter()
            .filter(|row| !users.iter().any(|table| row.starts_with(table)));
        rows.cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        without_new_user(&unchanged),
        without_new_user(&of_others(before.clone()))
    );

    // An import that is at work would write what it has read afterwards.
    for state in ["queued", "running"] {
        let before = at_work(t, state).await;
        let busy = erased(&firm, &id, &version, ground.clone()).await;
        problem(busy, 409, "import_in_progress").await;
        at_work(t, &before).await;
    }

    let done = erased(&firm, &id, &version, ground.clone()).await;
    assert_eq!(done.status(), StatusCode::OK);
    let certificate = json_of(done).await;
    for word in PERSONAL {
        assert_eq!(
            where_it_stands(t, word).await,
            Vec::<String>::new(),
            "{word} is left"
        );
    }
    for folder in ["attachments", "uploads", "exports"] {
        assert_eq!(files(&t.folder().join(folder)).len(), 0, "{folder}");
    }

    // The certificate says what was erased, and is in the log.
    let counts = &certificate["counts"];
    for (what, count) in [
        ("customers", 2),
        ("identities", 3),
        ("notes", 2),
        ("life_events", 1),
        ("customer_tags", 1),
        ("custom_values", 1),
        ("attachments", 1),
        ("subscription_numbers", 1),
        ("contact_names", 1),
        ("import_rows", 1),
        ("uploads", 1),
        ("exports", 1),
        ("levels_by_hand", 1),
    ] {
        assert_eq!(counts[what], count, "{what}: {counts:#}");
    }
    assert!(counts["answers"].as_u64().unwrap() >= 1);
    let timeline = firm.get(&format!("/customers/{id}/timeline?limit=1")).await;
    let event = &timeline["items"][0];
    assert_eq!(event["kind"], "customer.erased");
    assert_eq!(
        event["payload"],
        json!({ "ground": "request", "reference": "PIPL-2026/11", "counts": counts })
    );
    // A second erasure gives the same certificate, and does nothing.
    let again = erased(&firm, &id, &version, ground).await;
    assert_eq!(json_of(again).await, certificate);

    what_stays_stays(&firm, t, &id, &before).await;
    nobody_comes_back(&firm, t, &id, &certificate).await;
    the_chain_holds(t).await;
    firm.site.served.stop().await;
}

/// Puts the first import's job in a state; gives the one before.
async fn at_work(t: &TestDb, state: &str) -> String {
    let mut tx = t.platform.db.write().await.unwrap();
    let first = "SELECT id, state FROM jobs WHERE kind = 'import' ORDER BY id LIMIT 1";
    let (id, before): (uuid::Uuid, String) = tx.one(first, []).await.unwrap();
    // Nobody takes one up that waits for a time far away, or that is at work under no lease.
    let sql = "UPDATE jobs SET state = $2, not_before = 4000000000000000 WHERE id = $1";
    tx.execute(sql, args![id, state]).await.unwrap();
    tx.commit().await.unwrap();
    before
}

/// Sums, refusals and everyone else.
async fn what_stays_stays(firm: &Firm, t: &TestDb, id: &str, before: &[String]) {
    let after = of_others(everything(&t.platform).await);
    let hex = id.replace('-', "");
    // The log and its readers apart, what is not of the person is as it was, to the byte.
    let others = |rows: &[String]| {
        let about =
            |row: &String| row.contains(&hex) || row.contains(id) || row.starts_with("customer_merges ");
        let of_person = |row: &String| about(row) || row.contains("HERMIT") || row.contains("欧阳");
        let users = |row: &String| row.starts_with("users ") || row.starts_with("roles ");
        let rows = rows
            .iter()
            .filter(|row| !of_person(row) && !users(row) && !row.contains("erased-"));
        rows.cloned().collect::<Vec<_>>()
    };
    assert_eq!(others(&after), others(&of_others(before.to_vec())));
    let ledger = |rows: &[String]| {
        let lines = rows.iter().filter(|row| row.starts_with("transactions "));
        lines.cloned().collect::<Vec<_>>()
    };
    assert_eq!(ledger(&after).len(), 3);
    assert_eq!(ledger(&after), ledger(before), "the ledger stays to the byte");
    let shown = firm.get(&format!("/customers/{id}/transactions")).await;
    assert_eq!(shown["items"].as_array().unwrap().len(), 2);
    let consents = firm.get(&format!("/customers/{id}/consents")).await;
    assert_eq!(
        (&consents["items"][0]["given"], &consents["items"][0]["source"]),
        (&json!(false), &json!("erased"))
    );
}

/// Neither by search, nor by hand, nor by a file.
async fn nobody_comes_back(firm: &Firm, t: &TestDb, id: &str, certificate: &Value) {
    let shown = firm.get(&format!("/customers/{id}")).await;
    assert_eq!(shown["external_id"], certificate["external_id"]);
    assert_eq!(shown["name"], certificate["external_id"]);
    assert_eq!(shown["erased_at"], certificate["erased_at"]);
    for q in ["欧阳", "ouyang", "HERMIT", "5678", "golf-lover"] {
        let found = firm.get(&format!("/customers?q={q}")).await;
        assert_eq!(found["items"], json!([]), "{q}");
    }
    let version = firm.version(id).await;
    let change = firm
        .admin
        .patch(firm.url(&format!("/customers/{id}")))
        .header("if-match", &version);
    problem(
        change.json(&json!({ "region": "北京" })).send().await.unwrap(),
        409,
        "customer_erased",
    )
    .await;
    let note = firm.admin.post(firm.url(&format!("/customers/{id}/notes")));
    problem(
        note.json(&json!({ "text": "x" })).send().await.unwrap(),
        409,
        "customer_erased",
    )
    .await;
    problem(
        firm.attach(id, "a.pdf", b"%PDF-1.7").await,
        409,
        "customer_erased",
    )
    .await;
    let may = firm.url(&format!(
        "/customers/{id}/may-contact?purpose=service&channel=phone"
    ));
    problem(firm.admin.get(may).send().await.unwrap(), 409, "customer_erased").await;
    let other = firm.get("/customers/lookup?identity=OTHER-1&kind=external").await;
    let merge = json!({ "survivor": other["customer"]["id"], "survivor_version": 1, "merged": id,
        "merged_version": shown["version"] });
    let merge = firm
        .admin
        .post(firm.url("/merges"))
        .json(&merge)
        .send()
        .await
        .unwrap();
    problem(merge, 409, "customer_erased").await;
    let merges = firm.get(&format!("/merges?customer={id}")).await;
    let undo = format!("/merges/{}/undo", merges["items"][0]["id"].as_str().unwrap());
    problem(
        firm.admin.post(firm.url(&undo)).send().await.unwrap(),
        409,
        "customer_erased",
    )
    .await;

    let by_hand = json!({ "kind": "person", "name": "欧阳震华", "external_id": "HERMIT-78" });
    let by_hand = firm
        .admin
        .post(firm.url("/customers"))
        .json(&by_hand)
        .send()
        .await
        .unwrap();
    problem(by_hand, 409, "customer_erased").await;
    let reserved = json!({ "kind": "person", "name": "赵六", "external_id": "erased-0123456789ab" });
    let reserved = firm
        .admin
        .post(firm.url("/customers"))
        .json(&reserved)
        .send()
        .await
        .unwrap();
    problem(reserved, 422, "external_id_reserved").await;
    let pseudonym = certificate["external_id"].as_str().unwrap();
    let csv = format!(
        "external_id,name,phone,referred_by\nHERMIT-77,欧阳震华,13912345678,\n{pseudonym},欧阳震华,,\n\
         NEW-1,赵六,13800000009,HERMIT-77\n"
    );
    let imported = firm.imported(&t.platform, "customers", &csv).await;
    let report = &imported["report"];
    assert_eq!(
        (&report["created"], &report["rejected"]),
        (&json!(1), &json!(2)),
        "{report:#}"
    );
    for reject in report["rejects"].as_array().unwrap() {
        assert_eq!(
            (&reject["code"], &reject["value"]),
            (&json!("customer_erased"), &Value::Null)
        );
    }
    let lines = "customer,at,amount,external_id\nHERMIT-78,2026-03-05,10.00,L9\n";
    let imported = firm.imported(&t.platform, "transactions", lines).await;
    assert_eq!(
        imported["report"]["rejects"][0]["code"], "customer_erased",
        "{imported:#}"
    );
    assert_eq!(imported["report"]["new_customers"], 0);
    // What the rejected rows said is kept nowhere.
    assert_eq!(where_it_stands(t, "欧阳震华").await, Vec::<String>::new());
}

async fn the_chain_holds(t: &TestDb) {
    let p = &t.platform;
    for _ in 0..100 {
        let mut tx = p.db.read().await.unwrap();
        let verdict = platform::events::verify(&mut tx, &p.clock, SignedDuration::from_secs(60), None);
        let verdict = verdict.await.unwrap();
        assert_eq!(verdict.broken, None);
        if verdict.waiting == 0 {
            assert!(verdict.end.position > 20);
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the events are not sealed");
}
