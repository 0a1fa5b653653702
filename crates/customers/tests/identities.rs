//! What customers are known by, through the use cases, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets an error has failed"
)]

use std::time::{Duration, Instant};

use base::PageSize;
use customers::identities::{EndedBecause, Identity, IdentityKind, app};
use customers::{CustomerId, MIGRATIONS, Record, panels, store};
use platform::access::Role;
use platform::jobs::{Kinds, Runner, RunnerSettings};
use platform::testing::{TestDb, caller};
use platform::{Platform, args, events, ids, test_on_both};

fn record(external_id: &str, phone: Option<&str>, email: Option<&str>) -> Record {
    Record {
        external_id: external_id.to_owned(),
        phone: phone.map(str::to_owned),
        email: email.map(str::to_owned),
        ..Record::default()
    }
}

async fn upsert(p: &Platform, records: &[Record]) -> store::Upserted {
    let mut tx = p.db.write().await.unwrap();
    let done = store::upsert_many(&mut tx, &p.clock, &p.keys, records)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    done
}

async fn customer(p: &Platform, external_id: &str) -> CustomerId {
    upsert(p, &[record(external_id, None, None)]).await.ids[external_id]
}

async fn all(p: &Platform, customer: CustomerId) -> Vec<Identity> {
    let size = PageSize::new(None).unwrap();
    app::list(p, &caller(Role::Analyst), customer, size, None)
        .await
        .unwrap()
        .items
}

async fn found(p: &Platform, identity: &str, kind: Option<IdentityKind>) -> Option<(String, IdentityKind)> {
    match app::lookup(p, &caller(Role::Analyst), identity, kind).await {
        Ok(found) => Some((found.customer.external_id, found.kind)),
        Err(e) if e.code() == "not_found" => None,
        Err(e) => panic!("{e}"),
    }
}

async fn phone(p: &Platform, customer: CustomerId) -> Option<String> {
    customers::app::get(p, &caller(Role::Analyst), customer)
        .await
        .unwrap()
        .phone
}

/// Whether a text stands anywhere in a table, in whatever column.
async fn stands_in_clear(p: &Platform, text: &str) -> bool {
    let mut tx = p.db.read().await.unwrap();
    let values: Vec<(Vec<u8>,)> = tx.all("SELECT value FROM identities", []).await.unwrap();
    let plain: Vec<(Option<String>, Option<String>)> =
        tx.all("SELECT phone, email FROM customers", []).await.unwrap();
    let logged: Vec<(sqlx::types::Json<serde_json::Value>,)> =
        tx.all("SELECT payload FROM events", []).await.unwrap();
    values
        .iter()
        .any(|(value,)| value.windows(text.len()).any(|part| part == text.as_bytes()))
        || plain
            .iter()
            .any(|(phone, email)| [phone, email].iter().any(|held| held.as_deref() == Some(text)))
        || logged
            .iter()
            .any(|(payload,)| payload.0.to_string().contains(text))
}

test_on_both!(a_customer_is_found_by_whatever_it_is_known_by, [MIGRATIONS]);
async fn a_customer_is_found_by_whatever_it_is_known_by(t: &TestDb) {
    let p = &t.platform;
    let (one, two) = (customer(p, "C1").await, customer(p, "C2").await);
    let analyst = caller(Role::Analyst);
    for (kind, value) in [
        (IdentityKind::Phone, "139-1234-5678"),
        (IdentityKind::Email, "Li.Na@Example.com"),
        (IdentityKind::Wechat, "oGZUI0egBJY1zhBYw2KhdUfwVJJE"),
        (IdentityKind::Card, "4111 1111 1111 1111"),
        (IdentityKind::Document, "11010519491231002x"),
        (IdentityKind::External, "CRM/1"),
    ] {
        app::add(p, &analyst, one, kind, value).await.unwrap();
        // The same again doubles nothing.
        app::add(p, &analyst, one, kind, value).await.unwrap();
    }
    assert_eq!(all(p, one).await.len(), 6);
    for (asked, kind) in [
        ("13912345678", IdentityKind::Phone),
        ("１３９１２３４５６７８", IdentityKind::Phone),
        ("+86 139 1234 5678", IdentityKind::Phone),
        ("li.na@EXAMPLE.com", IdentityKind::Email),
        ("oGZUI0egBJY1zhBYw2KhdUfwVJJE", IdentityKind::Wechat),
        ("4111111111111111", IdentityKind::Card),
        ("11010519491231002X", IdentityKind::Document),
        ("CRM/1", IdentityKind::External),
        ("C1", IdentityKind::External),
    ] {
        assert_eq!(found(p, asked, None).await, Some(("C1".into(), kind)), "{asked}");
        assert_eq!(
            found(p, asked, Some(kind)).await,
            Some(("C1".into(), kind)),
            "{asked}"
        );
    }
    assert_eq!(found(p, "13912345678", Some(IdentityKind::Account)).await, None);
    assert_eq!(found(p, "13912345679", None).await, None);
    assert_eq!(found(p, "", None).await, None);
    assert!(!stands_in_clear(p, "13912345678").await && !stands_in_clear(p, "Li.Na@example.com").await);

    let taken = app::add(p, &analyst, two, IdentityKind::Phone, "13912345678")
        .await
        .unwrap_err();
    assert_eq!(taken.code(), "identity_taken");
    assert!(taken.to_string().contains(&one.to_string()), "{taken}");
    let taken = app::add(p, &analyst, two, IdentityKind::External, "C1")
        .await
        .unwrap_err();
    assert_eq!(taken.code(), "identity_taken");
    let wrong = app::add(p, &analyst, two, IdentityKind::Phone, "1391234567")
        .await
        .unwrap_err();
    assert_eq!(wrong.code(), "phone_malformed");
    assert!(matches!(wrong, base::Error::Invalid { fields, .. } if fields[0].field == "value"));
    let asked = app::lookup(p, &analyst, "1391234567", Some(IdentityKind::Phone))
        .await
        .unwrap_err();
    assert_eq!(asked.code(), "phone_malformed");
    assert_eq!(all(p, two).await, []);
}

test_on_both!(
    an_identity_that_is_ended_is_free_and_stays_in_the_history,
    [MIGRATIONS]
);
async fn an_identity_that_is_ended_is_free_and_stays_in_the_history(t: &TestDb) {
    let p = &t.platform;
    let (one, two) = (customer(p, "C1").await, customer(p, "C2").await);
    let analyst = caller(Role::Analyst);
    let held = app::add(p, &analyst, one, IdentityKind::Phone, "13912345678")
        .await
        .unwrap();
    assert_eq!(phone(p, one).await.as_deref(), Some("+8613912345678"));
    let elsewhere = app::end(p, &analyst, two, held.id).await.unwrap_err();
    assert_eq!(elsewhere.code(), "not_found", "it is not this customer's");
    let ended = app::end(p, &analyst, one, held.id).await.unwrap();
    assert_eq!(ended.ended_because, Some(EndedBecause::Ended));
    let again = app::end(p, &analyst, one, held.id).await.unwrap();
    assert_eq!(
        again.ended_at.map(|at| at.as_microsecond()),
        ended.ended_at.map(|at| at.as_microsecond())
    );
    assert_eq!(
        (phone(p, one).await, found(p, "13912345678", None).await),
        (None, None)
    );

    app::add(p, &analyst, two, IdentityKind::Phone, "13912345678")
        .await
        .unwrap();
    assert_eq!(
        found(p, "13912345678", None).await,
        Some(("C2".into(), IdentityKind::Phone))
    );
    let history = all(p, one).await;
    assert_eq!((history.len(), history[0].value.as_str()), (1, "+8613912345678"));
    let mut tx = p.db.read().await.unwrap();
    let kinds: Vec<_> = events::of_subject(&mut tx, "identity", held.id.uuid(), 10)
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds, ["identity.ended", "identity.added"]);
}

test_on_both!(identities_are_for_those_who_may, [MIGRATIONS]);
async fn identities_are_for_those_who_may(t: &TestDb) {
    let p = &t.platform;
    let one = customer(p, "C1").await;
    let viewer = caller(Role::Viewer);
    let refused = app::add(p, &viewer, one, IdentityKind::Phone, "13912345678")
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    let refused = app::end(p, &viewer, one, ids::new(&p.clock)).await.unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    let mut nobody = caller(Role::Administrator);
    nobody.must_change_password = true;
    assert_eq!(
        app::lookup(p, &nobody, "C1", None).await.unwrap_err().code(),
        "forbidden"
    );
    let size = PageSize::new(Some(1)).unwrap();
    assert_eq!(
        app::list(p, &nobody, one, size, None).await.unwrap_err().code(),
        "forbidden"
    );
    let stranger = ids::new(&p.clock);
    assert_eq!(
        app::list(p, &viewer, stranger, size, None)
            .await
            .unwrap_err()
            .code(),
        "not_found"
    );
    let refused = app::add(
        p,
        &caller(Role::Analyst),
        stranger,
        IdentityKind::Phone,
        "13912345678",
    )
    .await;
    assert_eq!(refused.unwrap_err().code(), "not_found");
}

test_on_both!(what_a_file_says_takes_the_place_of_what_a_file_said, [MIGRATIONS]);
async fn what_a_file_says_takes_the_place_of_what_a_file_said(t: &TestDb) {
    let p = &t.platform;
    let (a, b, c) = ("+8613900000001", "+8613900000002", "+8613900000003");
    let first = [
        record("C1", Some(a), Some("c1@example.com")),
        record("C2", Some(b), None),
    ];
    let done = upsert(p, &first).await;
    assert_eq!((done.created, done.refused.len()), (2, 0));
    let one = done.ids["C1"];
    let again = upsert(p, &first).await;
    assert_eq!((again.updated, again.unchanged), (0, 2));

    app::add(p, &caller(Role::Analyst), one, IdentityKind::Phone, c)
        .await
        .unwrap();
    // Two customers change numbers in one file: the first gives one up, the second takes it.
    let file = [
        record("C1", Some("+8613900000004"), None),
        record("C2", Some(a), None),
    ];
    let mut seen = platform::imports::Seen::default();
    let mut foreseen = (0, 0);
    for row in &file {
        let mut tx = p.db.read().await.unwrap();
        let done = store::preview_many(&mut tx, &p.keys, std::slice::from_ref(row), &mut seen)
            .await
            .unwrap();
        foreseen = (foreseen.0 + done.updated, foreseen.1 + done.refused.len());
    }
    let done = upsert(p, &file).await;
    assert_eq!((done.updated, done.refused.len()), foreseen);
    assert_eq!(foreseen, (2, 0));
    let mut held: Vec<_> = all(p, one)
        .await
        .into_iter()
        .map(|held| (held.value, held.ended_because))
        .collect();
    // Two that one transaction made have no order.
    held.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(
        held,
        [
            (a.to_owned(), Some(EndedBecause::Replaced)),
            (c.to_owned(), None),
            ("+8613900000004".to_owned(), None),
            ("c1@example.com".to_owned(), None),
        ]
    );
    assert_eq!(found(p, a, None).await, Some(("C2".into(), IdentityKind::Phone)));
    assert_eq!(found(p, b, None).await, None);

    // Somebody else's: the record is refused as a whole, the others are stored.
    let mixed = [
        Record {
            name: Some("wrong".into()),
            ..record("C9", Some(a), None)
        },
        record("C8", Some("+8613900000008"), None),
        record("C7", Some("+8613900000008"), None),
    ];
    let mut seen = platform::imports::Seen::default();
    let mut tx = p.db.read().await.unwrap();
    let foreseen = store::preview_many(&mut tx, &p.keys, &mixed, &mut seen)
        .await
        .unwrap();
    drop(tx);
    let done = upsert(p, &mixed).await;
    assert_eq!(done.refused, [(0, IdentityKind::Phone), (2, IdentityKind::Phone)]);
    assert_eq!(
        (foreseen.created, &foreseen.refused),
        (done.created, &done.refused)
    );
    assert_eq!(found(p, "C9", None).await, None);
}

async fn finished(p: &Platform, kinds: usize) {
    let begun = Instant::now();
    loop {
        let mut tx = p.db.read().await.unwrap();
        let (done,): (i64,) = tx
            .one("SELECT count(*) FROM jobs WHERE state = 'succeeded'", [])
            .await
            .unwrap();
        if done == kinds as i64 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn runner(p: &Platform) -> Runner {
    let settings = RunnerSettings {
        poll: Duration::from_millis(50),
        ..RunnerSettings::default()
    };
    Runner::start(p.clone(), customers::jobs(Kinds::new()), settings)
        .await
        .unwrap()
}

test_on_both!(what_an_earlier_version_left_in_clear_is_sealed, [MIGRATIONS]);
async fn what_an_earlier_version_left_in_clear_is_sealed(t: &TestDb) {
    let p = &t.platform;
    let known = upsert(p, &[record("C4", Some("+8613900000004"), None)]).await;
    let mut plain = Vec::new();
    for (name, phone) in [
        ("C1", "139 0000 0001"),
        ("C2", "13900000001"),
        ("C3", "call the porter"),
        ("C4", "13900000005"),
    ] {
        let id = match known.ids.get(name) {
            Some(id) => *id,
            None => customer(p, name).await,
        };
        let mut tx = p.db.write().await.unwrap();
        tx.execute(
            "UPDATE customers SET phone = $1, email = $2 WHERE id = $3",
            args![phone, format!("{name}@example.com"), id.uuid()],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        plain.push(id);
    }
    assert_eq!(
        phone(p, plain[2]).await.as_deref(),
        Some("call the porter"),
        "shown while it waits"
    );
    app::seal_what_is_plain(p).await.unwrap();
    app::seal_what_is_plain(p).await.unwrap();
    let runner = runner(p).await;
    finished(p, 1).await;
    app::seal_what_is_plain(p).await.unwrap();
    runner.shutdown(Duration::from_secs(5)).await;

    assert!(!stands_in_clear(p, "13900000001").await && !stands_in_clear(p, "call the porter").await);
    assert_eq!(
        found(p, "13900000001", None).await,
        Some(("C1".into(), IdentityKind::Phone))
    );
    assert_eq!(
        found(p, "c2@example.com", None).await,
        Some(("C2".into(), IdentityKind::Email))
    );
    let why = async |n: usize| {
        let held = all(p, plain[n]).await;
        let of_kind = held.into_iter().filter(|held| held.kind == IdentityKind::Phone);
        of_kind
            .map(|held| (held.value, held.ended_because))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        why(1).await,
        [("+8613900000001".to_owned(), Some(EndedBecause::Taken))]
    );
    assert_eq!(
        why(2).await,
        [("call the porter".to_owned(), Some(EndedBecause::Malformed))]
    );
    assert_eq!(
        phone(p, plain[3]).await.as_deref(),
        Some("+8613900000004"),
        "what was said since stays"
    );
}

test_on_both!(after_a_change_of_keys_everything_is_sealed_anew, [MIGRATIONS]);
async fn after_a_change_of_keys_everything_is_sealed_anew(t: &TestDb) {
    let p = &t.platform;
    let records: Vec<_> = (0..1_200)
        .map(|n| record(&format!("C{n}"), Some(&format!("+86139{n:08}")), None))
        .collect();
    let ids = upsert(p, &records).await.ids;
    let panel = serde_json::from_value(serde_json::json!({
        "zh": "账务", "en": "Billing", "url": "https://billing.example.com/{id}", "auth": { "kind": "bearer" },
        "fields": [{ "zh": "余额", "en": "Balance", "pointer": "/balance", "kind": "money" }],
    }));
    panels::app::add(
        p,
        &caller(Role::Administrator),
        panel.unwrap(),
        Some("secret".into()),
    )
    .await
    .unwrap();
    app::rotate_keys(p).await.unwrap();
    assert_eq!(
        app::rotate_keys(p).await.unwrap_err().code(),
        "sealing_in_progress"
    );
    assert_eq!(
        found(p, "13900000007", None).await,
        Some(("C7".into(), IdentityKind::Phone))
    );
    let runner = runner(p).await;
    finished(p, 1).await;
    runner.shutdown(Duration::from_secs(5)).await;
    let mut tx = p.db.read().await.unwrap();
    let cipher = p.keys.cipher(&mut tx).await.unwrap();
    let mut values: Vec<(Vec<u8>,)> = tx.all("SELECT value FROM identities", []).await.unwrap();
    assert_eq!(values.len(), 1_200);
    values.push(tx.one("SELECT secret FROM panels", []).await.unwrap());
    drop(tx);
    assert!(values.iter().all(|(value,)| cipher.is_current(value)));
    assert_eq!(phone(p, ids["C7"]).await.as_deref(), Some("+8613900000007"));
    assert_eq!(upsert(p, &records).await.unchanged, 1_200);
}

test_on_both!(two_files_of_one_number_give_it_to_one_customer, [MIGRATIONS]);
async fn two_files_of_one_number_give_it_to_one_customer(t: &TestDb) {
    let other = t.another_process().await;
    let give = async |p: &Platform, name: &str| {
        let records: Vec<_> = (0..50)
            .map(|n| record(&format!("{name}{n}"), Some(&format!("+861390000{n:04}")), None))
            .collect();
        loop {
            let mut tx = p.db.write().await.unwrap();
            match store::upsert_many(&mut tx, &p.clock, &p.keys, &records).await {
                Ok(done) => {
                    tx.commit().await.unwrap();
                    return done.refused.len();
                }
                Err(base::Error::Unavailable { .. }) => {}
                Err(e) => panic!("{e}"),
            }
        }
    };
    let (one, two) = tokio::join!(give(&t.platform, "A"), give(&other, "B"));
    assert_eq!(one + two, 50);
}
