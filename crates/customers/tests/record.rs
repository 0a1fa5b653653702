//! The customer record on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets an error has failed"
)]

use std::collections::HashMap;

use base::{Day, PageSize};
use customers::{
    ContactRole, CustomerId, CustomerKind, MIGRATIONS, NewContact, NewCustomer, NewSubscription, Record,
    SubscriptionStatus, app, store,
};
use futures::TryStreamExt as _;
use platform::access::Role;
use platform::testing::{TestDb, caller};
use platform::{Platform, Scope, ids, test_on_both};

fn record(external_id: &str) -> Record {
    Record {
        external_id: external_id.to_owned(),
        ..Record::default()
    }
}

fn new_customer(p: &Platform, external_id: &str, name: &str) -> NewCustomer {
    NewCustomer {
        id: ids::new(&p.clock),
        external_id: external_id.to_owned(),
        kind: CustomerKind::Person,
        name: Some(name.to_owned()),
        brand: None,
        region: None,
        segment: None,
        phone: None,
        email: None,
        since: None,
        organisation: None,
        referred_by: None,
        branch: None,
        owner: None,
        generated: true,
        subscriptions: Vec::new(),
        contacts: Vec::new(),
        life_events: Vec::new(),
        consents: Vec::new(),
        tags: Vec::new(),
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

async fn insert(p: &Platform, customers: &[NewCustomer]) {
    let mut tx = p.db.write().await.unwrap();
    assert_eq!(
        store::insert_many(&mut tx, &p.clock, &p.keys, customers)
            .await
            .unwrap(),
        customers.len() as u64
    );
    tx.commit().await.unwrap();
}

async fn found(p: &Platform, search: &str) -> Vec<String> {
    let page = app::list(
        p,
        &caller(Role::Viewer),
        Some(search),
        PageSize::new(None).unwrap(),
        None,
    )
    .await
    .unwrap();
    page.items
        .into_iter()
        .map(|found| found.customer.external_id)
        .collect()
}

test_on_both!(records_enrich_what_is_known, [MIGRATIONS]);
async fn records_enrich_what_is_known(t: &TestDb) {
    let p = &t.platform;
    let first = [
        Record {
            name: Some("张伟".into()),
            brand: Some("和悦".into()),
            since: Some(Day::parse("2020-02-29").unwrap()),
            organisation: Some("O1".into()),
            referred_by: Some("C2".into()),
            ..record("C1")
        },
        record("C2"),
        Record {
            name: Some("华东物流".into()),
            kind: Some(CustomerKind::Organisation),
            ..record("O2")
        },
    ];
    let done = upsert(p, &first).await;
    assert_eq!(
        (done.created, done.updated, done.unchanged, done.new_others),
        (3, 0, 0, 1)
    );
    let again = upsert(p, &first).await;
    assert_eq!(
        (again.created, again.updated, again.unchanged, again.new_others),
        (0, 0, 3, 0)
    );
    assert_eq!(again.ids, done.ids);

    let more = [
        Record {
            region: Some("北京".into()),
            ..record("C1")
        },
        Record {
            name: Some("O One".into()),
            ..record("O1")
        },
        Record {
            name: Some("O One".into()),
            ..record("O1")
        },
        Record {
            name: Some("O First".into()),
            ..record("O1")
        },
    ];
    let done = upsert(p, &more).await;
    assert_eq!((done.created, done.updated, done.unchanged), (0, 3, 1));

    let viewer = caller(Role::Viewer);
    let c1 = app::get(p, &viewer, done.ids["C1"]).await.unwrap();
    assert_eq!(
        (
            c1.row.name.as_str(),
            c1.row.brand.as_deref(),
            c1.row.region.as_deref()
        ),
        ("张伟", Some("和悦"), Some("北京"))
    );
    assert_eq!(c1.row.since.unwrap().to_string(), "2020-02-29");
    assert_eq!(c1.organisation.unwrap().name, "O First");
    assert_eq!(
        c1.referred_by.unwrap().name,
        "C2",
        "the external id stands for a name nobody has said"
    );
    let o1 = app::get(p, &viewer, done.ids["O1"]).await.unwrap();
    assert_eq!(o1.row.kind, CustomerKind::Organisation);
    assert_eq!(
        o1.members.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(),
        ["张伟"]
    );
    assert!(!o1.generated);
    let nobody: CustomerId = ids::new(&p.clock);
    assert_eq!(
        app::get(p, &viewer, nobody).await.unwrap_err().code(),
        "not_found"
    );
}

test_on_both!(a_preview_foresees_what_storing_does, [MIGRATIONS]);
async fn a_preview_foresees_what_storing_does(t: &TestDb) {
    let p = &t.platform;
    upsert(
        p,
        &[
            record("C1"),
            Record {
                name: Some("two".into()),
                ..record("C2")
            },
        ],
    )
    .await;
    let batches = [
        vec![
            record("C1"),
            Record {
                name: Some("Two".into()),
                ..record("C2")
            },
            Record {
                organisation: Some("O1".into()),
                referred_by: Some("C9".into()),
                ..record("C3")
            },
        ],
        vec![
            Record {
                name: Some("nine".into()),
                ..record("C9")
            },
            Record {
                referred_by: Some("C9".into()),
                ..record("C1")
            },
        ],
    ];
    let mut seen = platform::imports::Seen::default();
    let mut foreseen = Vec::new();
    for batch in &batches {
        let mut tx = p.db.read().await.unwrap();
        let done = store::preview_many(&mut tx, &p.keys, batch, &mut seen)
            .await
            .unwrap();
        foreseen.push((done.created, done.updated, done.unchanged, done.new_others));
    }
    for (batch, foreseen) in batches.iter().zip(foreseen) {
        let done = upsert(p, batch).await;
        assert_eq!(
            (done.created, done.updated, done.unchanged, done.new_others),
            foreseen
        );
    }
}

test_on_both!(customers_come_with_everything_in_any_order, [MIGRATIONS]);
async fn customers_come_with_everything_in_any_order(t: &TestDb) {
    let p = &t.platform;
    let mut firm = NewCustomer {
        kind: CustomerKind::Organisation,
        ..new_customer(p, "O1", "华东物流有限公司")
    };
    let mut member = NewCustomer {
        organisation: Some(firm.id),
        ..new_customer(p, "C1", "李娜")
    };
    member.subscriptions = (0..3)
        .map(|n| NewSubscription {
            id: ids::new(&p.clock),
            product: "mobile".into(),
            plan: Some("5G 128".into()),
            number: Some(format!("1390000000{n}")),
            started_on: Day(18_000 + n),
            ended_on: (n == 0).then_some(Day(19_000)),
            term_ends_on: None,
            device: None,
            status: if n == 0 {
                SubscriptionStatus::Ended
            } else {
                SubscriptionStatus::Active
            },
        })
        .collect();
    let contact = |name: &str, influence, customer| NewContact {
        id: ids::new(&p.clock),
        name: name.to_owned(),
        role: ContactRole::DecisionMaker,
        influence,
        customer,
    };
    firm.contacts = vec![contact("王芳", 2, None), contact("李娜", 5, Some(member.id))];
    let (firm_id, member_id) = (firm.id, member.id);
    insert(p, &[member, firm]).await;

    let viewer = caller(Role::Viewer);
    let shown = app::get(p, &viewer, member_id).await.unwrap();
    assert!(shown.generated);
    assert_eq!(
        shown
            .subscriptions
            .iter()
            .map(|s| s.facts.started_on.0)
            .collect::<Vec<_>>(),
        [18_002, 18_001, 18_000]
    );
    assert_eq!(shown.subscriptions[2].facts.status, SubscriptionStatus::Ended);
    let shown = app::get(p, &viewer, firm_id).await.unwrap();
    let contacts: Vec<_> = shown
        .contacts
        .iter()
        .map(|c| (c.facts.name.as_str(), c.facts.influence, c.facts.customer_id))
        .collect();
    assert_eq!(contacts, [("李娜", 5, Some(member_id)), ("王芳", 2, None)]);

    let mut tx = p.db.write().await.unwrap();
    let twice = store::insert_many(&mut tx, &p.clock, &p.keys, &[new_customer(p, "C1", "again")]).await;
    assert_eq!(twice.unwrap_err().code(), "already_exists");
}

test_on_both!(strangers_of_a_ledger_become_customers_once, [MIGRATIONS]);
async fn strangers_of_a_ledger_become_customers_once(t: &TestDb) {
    let p = &t.platform;
    let known = upsert(
        p,
        &[Record {
            kind: Some(CustomerKind::Organisation),
            ..record("O1")
        }],
    )
    .await;
    let mut tx = p.db.write().await.unwrap();
    let ensured = store::ensure_many(&mut tx, &p.clock, &p.keys, &["C2", "O1", "C1", "C2"])
        .await
        .unwrap();
    assert_eq!(
        (ensured.created, ensured.ids.len(), ensured.ids["O1"]),
        (2, 3, known.ids["O1"])
    );
    let again = store::ensure_many(&mut tx, &p.clock, &p.keys, &["C2", "O1", "C1"])
        .await
        .unwrap();
    assert_eq!((again.created, again.ids), (0, ensured.ids.clone()));
    tx.commit().await.unwrap();

    let mut tx = p.db.read().await.unwrap();
    assert_eq!(store::count(&mut tx, &Scope::of_system()).await.unwrap(), 3);
    let ids: Vec<_> = ensured.ids.values().map(|id| id.uuid()).collect();
    let summaries = store::summaries(&mut tx, &Scope::of_system(), &ids)
        .await
        .unwrap();
    assert_eq!(
        summaries[&ensured.ids["O1"].uuid()].kind,
        CustomerKind::Organisation
    );
    assert_eq!(summaries[&ensured.ids["C1"].uuid()].name, None);
    assert_eq!(summaries.len(), 3);
}

test_on_both!(two_who_make_the_same_customers_make_them_once, [MIGRATIONS]);
async fn two_who_make_the_same_customers_make_them_once(t: &TestDb) {
    let other = t.another_process().await;
    let work = async |p: &Platform, reverse: bool, field: usize| {
        let mut created = 0;
        for round in 0..10 {
            let mut records: Vec<Record> = (0..200)
                .map(|n| {
                    let mut record = record(&format!("C{}", round * 150 + n));
                    let said = Some(format!("said {field}"));
                    if field == 0 {
                        record.brand = said
                    } else {
                        record.region = said
                    }
                    record
                })
                .collect();
            if reverse {
                records.reverse();
            }
            created += upsert(p, &records).await.created;
        }
        created
    };
    let (one, two) = tokio::join!(work(&t.platform, false, 0), work(&other, true, 1));
    assert!(one + two >= 1_550, "{one} + {two}");
    let mut tx = t.platform.db.read().await.unwrap();
    assert_eq!(store::count(&mut tx, &Scope::of_system()).await.unwrap(), 1_550);
    let (both,): (i64,) = tx
        .one(
            "SELECT count(*) FROM customers WHERE brand IS NOT NULL AND region IS NOT NULL",
            [],
        )
        .await
        .unwrap();
    assert_eq!(both, 1_550, "what one said was lost to the other");
}

test_on_both!(who_brought_whom_is_read_in_order, [MIGRATIONS]);
async fn who_brought_whom_is_read_in_order(t: &TestDb) {
    let p = &t.platform;
    let records: Vec<_> = (1..50)
        .map(|n| Record {
            referred_by: Some(format!("C{}", n / 2)),
            ..record(&format!("C{n}"))
        })
        .collect();
    let done = upsert(p, &records).await;
    let mut tx = p.db.read().await.unwrap();
    let pairs: Vec<(uuid::Uuid, uuid::Uuid)> = store::referrals(&mut tx, &Scope::of_system())
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(pairs.len(), 49);
    assert!(pairs.windows(2).all(|pair| pair[0].0 < pair[1].0));
    let names: HashMap<_, _> = done
        .ids
        .iter()
        .map(|(name, id)| (id.uuid(), name.as_str()))
        .collect();
    for (customer, referrer) in pairs {
        let n: u32 = names[&customer][1..].parse().unwrap();
        assert_eq!(names[&referrer], format!("C{}", n / 2));
    }
}

test_on_both!(customers_are_found_by_what_id_or_name_begins_with, [MIGRATIONS]);
async fn customers_are_found_by_what_id_or_name_begins_with(t: &TestDb) {
    let p = &t.platform;
    let customers: Vec<_> = [
        ("C-1", "张伟"),
        ("C-10", "张伟强"),
        ("C-2", "李张"),
        ("D-1", "Anna Smith"),
        ("D-2", "anna z"),
        ("张-1", "O'Neil %_"),
    ]
    .map(|(id, name)| new_customer(p, id, name))
    .into();
    insert(p, &customers).await;
    for (search, expected) in [
        ("C-1", &["C-1", "C-10"][..]),
        ("c-1", &[]),
        ("张", &["C-1", "C-10", "张-1", "C-2"]),
        ("张伟强", &["C-10"]),
        ("强", &["C-10"]),
        ("ANNA", &["D-1", "D-2"]),
        ("smith", &["D-1"]),
        ("%", &["张-1"]),
        ("_", &["张-1"]),
        ("l %", &["张-1"]),
        ("nobody", &[]),
        (" D-2 ", &["D-2"]),
        ("\u{10ffff}", &[]),
    ] {
        assert_eq!(found(p, search).await, expected, "{search:?}");
    }
    let viewer = caller(Role::Viewer);
    let long = "x".repeat(101);
    let size = PageSize::new(Some(2)).unwrap();
    assert_eq!(
        app::list(p, &viewer, Some(&long), size, None)
            .await
            .unwrap_err()
            .code(),
        "search_too_long"
    );

    // Page by page, each once: all of them in the order of the ids.
    for (search, expected) in [(None, 6), (Some("张"), 4)] {
        let mut ids = Vec::new();
        let mut cursor = None;
        loop {
            let page = app::list(p, &viewer, search, size, cursor.as_deref())
                .await
                .unwrap();
            ids.extend(page.items.into_iter().map(|found| found.customer.external_id));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert!(search.is_some() || ids.is_sorted(), "{ids:?}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), expected, "{ids:?}");
    }
}

test_on_both!(facets_are_what_there_is, [MIGRATIONS]);
async fn facets_are_what_there_is(t: &TestDb) {
    let p = &t.platform;
    let viewer = caller(Role::Viewer);
    assert_eq!(app::facets(p, &viewer).await.unwrap().brands, [""; 0]);
    let records: Vec<_> = (0..500)
        .map(|n| Record {
            brand: (n % 3 > 0).then(|| format!("brand {}", n % 5)),
            region: Some(format!("region {:03}", n % 250)),
            ..record(&format!("C{n}"))
        })
        .collect();
    upsert(p, &records).await;
    let facets = app::facets(p, &viewer).await.unwrap();
    assert_eq!(
        facets.brands,
        ["brand 0", "brand 1", "brand 2", "brand 3", "brand 4"]
    );
    assert_eq!(
        (facets.regions.len(), facets.regions[199].as_str()),
        (200, "region 199"),
        "the list is bounded"
    );
    assert_eq!(facets.segments, [""; 0]);
}
