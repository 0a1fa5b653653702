//! Editing the record on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

use base::{Day, PageSize, Result};
use customers::{
    ContactChange, ContactFacts, ContactRole, CustomerChange, CustomerCreation, CustomerDetail, CustomerId,
    CustomerKind, MIGRATIONS, SubscriptionChange, SubscriptionFacts, SubscriptionStatus, app,
};
use platform::access::Role;
use platform::testing::{TestDb, caller};
use platform::{Platform, events, ids, test_on_both};
use serde_json::json;

fn new(kind: CustomerKind, name: &str, organisation: Option<CustomerId>) -> CustomerCreation {
    CustomerCreation {
        external_id: None,
        kind,
        name: name.to_owned(),
        brand: None,
        region: None,
        segment: None,
        since: None,
        organisation,
        referred_by: None,
        branch: None,
        owner: None,
    }
}

async fn made(p: &Platform, creation: CustomerCreation) -> CustomerDetail {
    app::edit::create(p, &caller(Role::Analyst), creation)
        .await
        .unwrap()
}

async fn organisation(p: &Platform, name: &str, above: Option<CustomerId>) -> CustomerId {
    made(p, new(CustomerKind::Organisation, name, above)).await.row.id
}

async fn change(p: &Platform, id: CustomerId, version: i64, said: CustomerChange) -> Result<CustomerDetail> {
    app::edit::change(p, &caller(Role::Analyst), id, version, said).await
}

fn below(organisation: Option<CustomerId>) -> CustomerChange {
    CustomerChange {
        organisation: Some(organisation),
        ..CustomerChange::default()
    }
}

async fn events_of(p: &Platform, kind: &str, id: uuid::Uuid) -> Vec<events::Recorded> {
    let mut tx = p.db.read().await.unwrap();
    events::of_subject(&mut tx, kind, id, 50).await.unwrap()
}

test_on_both!(a_customer_is_made_and_changed_once, [MIGRATIONS]);
async fn a_customer_is_made_and_changed_once(t: &TestDb) {
    let p = &t.platform;
    let creation = CustomerCreation {
        external_id: Some(" C1 ".into()),
        since: Some(Day::parse("2020-02-29").unwrap()),
        ..new(CustomerKind::Person, " 张伟 ", None)
    };
    let first = made(p, creation.clone()).await;
    assert_eq!(
        (
            first.row.external_id.as_str(),
            first.row.name.as_str(),
            first.version
        ),
        ("C1", "张伟", 1)
    );
    let analyst = caller(Role::Analyst);
    let again = app::edit::create(p, &analyst, creation).await.unwrap_err();
    assert_eq!(again.code(), "external_id_taken");

    let id = first.row.id;
    let said = CustomerChange {
        name: Some(Some("张炜".into())),
        region: Some(Some("北京".into())),
        ..CustomerChange::default()
    };
    let changed = change(p, id, 1, said.clone()).await.unwrap();
    assert_eq!(
        (
            changed.row.name.as_str(),
            changed.row.region.as_deref(),
            changed.version
        ),
        ("张炜", Some("北京"), 2)
    );
    assert_eq!(
        change(p, id, 1, said.clone()).await.unwrap_err().code(),
        "version_stale"
    );
    assert_eq!(
        change(p, id, 2, said).await.unwrap(),
        changed,
        "nothing new, nothing changed"
    );
    let log = events_of(p, "customer", id.uuid()).await;
    let kinds: Vec<_> = log.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["customer.changed", "customer.created"]);
    assert_eq!(
        log[0].payload,
        json!({
            "fields": ["name", "region"],
            "before": { "region": null },
            "after": { "region": "北京" },
        }),
        "the log never says a name"
    );
    let found = app::list(p, &analyst, Some("张炜"), PageSize::new(None).unwrap(), None)
        .await
        .unwrap();
    assert_eq!(found.items.len(), 1, "search knows the new name");
}

test_on_both!(who_may_not_write_changes_nothing, [MIGRATIONS]);
async fn who_may_not_write_changes_nothing(t: &TestDb) {
    let p = &t.platform;
    let id = organisation(p, "华东物流", None).await;
    let viewer = caller(Role::Viewer);
    let refused = [
        app::edit::create(p, &viewer, new(CustomerKind::Person, "x", None))
            .await
            .unwrap_err(),
        app::edit::change(p, &viewer, id, 1, below(None))
            .await
            .unwrap_err(),
        app::holdings::add_contact(p, &viewer, id, contact("王芳", None))
            .await
            .unwrap_err(),
        app::holdings::add_subscription(p, &viewer, id, subscription())
            .await
            .unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.code(), "forbidden");
    }
    let nobody: CustomerId = ids::new(&p.clock);
    assert_eq!(
        change(p, nobody, 1, below(None)).await.unwrap_err().code(),
        "not_found"
    );
}

test_on_both!(the_hierarchy_stays_a_hierarchy, [MIGRATIONS]);
async fn the_hierarchy_stays_a_hierarchy(t: &TestDb) {
    let p = &t.platform;
    let top = organisation(p, "集团", None).await;
    let middle = organisation(p, "分公司", Some(top)).await;
    let low = organisation(p, "营业部", Some(middle)).await;
    let person = made(p, new(CustomerKind::Person, "李娜", Some(low))).await;
    assert_eq!(person.organisation.unwrap().name, "营业部");

    let code = async |id, above| change(p, id, 1, below(Some(above))).await.unwrap_err().code();
    assert_eq!(code(top, low).await, "hierarchy_cycle");
    assert_eq!(code(top, top).await, "refers_to_itself");
    assert_eq!(code(top, person.row.id).await, "not_an_organisation");
    assert_eq!(code(top, ids::new(&p.clock)).await, "organisation_unknown");
    let mut deepest = low;
    for level in 0..7 {
        deepest = organisation(p, &format!("level {level}"), Some(deepest)).await;
    }
    let too_deep = new(CustomerKind::Organisation, "one too many", Some(deepest));
    let refused = app::edit::create(p, &caller(Role::Analyst), too_deep)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "hierarchy_too_deep");
    let other = organisation(p, "另一集团", None).await;
    assert_eq!(
        code(top, other).await,
        "hierarchy_too_deep",
        "what stands below counts too"
    );
    let freed = change(p, middle, 1, below(None)).await.unwrap();
    assert_eq!(freed.organisation, None);
    assert_eq!(
        change(p, middle, 2, below(Some(other)))
            .await
            .unwrap()
            .organisation
            .unwrap()
            .id,
        other
    );
}

test_on_both!(two_organisations_never_stand_below_each_other, [MIGRATIONS]);
async fn two_organisations_never_stand_below_each_other(t: &TestDb) {
    let p = &t.platform;
    for _ in 0..5 {
        let one = organisation(p, "one", None).await;
        let two = organisation(p, "two", None).await;
        let (first, second) = tokio::join!(
            change(p, one, 1, below(Some(two))),
            change(p, two, 1, below(Some(one)))
        );
        assert!(first.is_ok() != second.is_ok() || (first.is_err() && second.is_err()));
    }
}

fn contact(name: &str, customer_id: Option<CustomerId>) -> ContactFacts {
    ContactFacts {
        name: name.to_owned(),
        role: ContactRole::KeyPerson,
        influence: 4,
        customer_id,
        since: Some(Day::parse("2024-01-01").unwrap()),
        until: None,
    }
}

test_on_both!(contacts_come_change_and_go, [MIGRATIONS]);
async fn contacts_come_change_and_go(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let firm = organisation(p, "华东物流", None).await;
    let person = made(p, new(CustomerKind::Person, "李娜", Some(firm)))
        .await
        .row
        .id;
    let add = async |facts| app::holdings::add_contact(p, &analyst, firm, facts).await;
    let li = add(contact("李娜", Some(person))).await.unwrap();
    let wang = add(ContactFacts {
        influence: 5,
        ..contact("王芳", None)
    })
    .await
    .unwrap();
    assert_eq!(
        add(contact("李娜", Some(person))).await.unwrap_err().code(),
        "contact_exists"
    );
    assert_eq!(
        add(contact("集团", Some(firm))).await.unwrap_err().code(),
        "contact_not_a_person"
    );
    let nobody = ContactFacts {
        influence: 6,
        ..contact("x", None)
    };
    assert_eq!(add(nobody).await.unwrap_err().code(), "influence_out_of_range");
    let of_a_person = app::holdings::add_contact(p, &analyst, person, contact("x", None)).await;
    assert_eq!(of_a_person.unwrap_err().code(), "not_an_organisation");

    let end = ContactChange {
        until: Some(Some(Day::parse("2026-06-30").unwrap())),
        ..ContactChange::default()
    };
    let change =
        async |id, version, said| app::holdings::change_contact(p, &analyst, (firm, id), version, said).await;
    let ended = change(wang.id, 1, end.clone()).await.unwrap();
    assert_eq!(
        change(wang.id, 2, end.clone()).await.unwrap(),
        ended,
        "ending twice ends once"
    );
    assert_eq!(change(wang.id, 1, end).await.unwrap_err().code(), "version_stale");
    let early = ContactChange {
        until: Some(Some(Day::parse("2023-12-31").unwrap())),
        ..ContactChange::default()
    };
    assert_eq!(
        change(li.id, 1, early).await.unwrap_err().code(),
        "until_before_since"
    );
    let log = events_of(p, "contact", wang.id.uuid()).await;
    let kinds: Vec<_> = log.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["contact.ended", "contact.added"]);
    assert_eq!(log[0].payload["after"], json!({ "until": "2026-06-30" }));

    let one = PageSize::new(Some(1)).unwrap();
    let first = app::holdings::contacts(p, &analyst, firm, one, None)
        .await
        .unwrap();
    assert_eq!(
        first.items[0].id, li.id,
        "who is still there comes before who was more influential"
    );
    let cursor = first.next_cursor.unwrap();
    let second = app::holdings::contacts(p, &analyst, firm, one, Some(&cursor))
        .await
        .unwrap();
    assert_eq!(second.items, [ended]);
    assert_eq!(second.next_cursor, None);
}

fn subscription() -> SubscriptionFacts {
    SubscriptionFacts {
        product: "mobile".into(),
        plan: Some("5G 畅享".into()),
        number: Some("13800001234".into()),
        device: Some("P70".into()),
        started_on: Day::parse("2025-01-01").unwrap(),
        term_ends_on: Some(Day::parse("2026-12-31").unwrap()),
        ended_on: None,
        status: SubscriptionStatus::Active,
    }
}

test_on_both!(subscriptions_come_change_and_go, [MIGRATIONS]);
async fn subscriptions_come_change_and_go(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let id = made(p, new(CustomerKind::Person, "李娜", None)).await.row.id;
    let held = app::holdings::add_subscription(p, &analyst, id, subscription())
        .await
        .unwrap();
    let later = SubscriptionFacts {
        started_on: Day::parse("2026-01-01").unwrap(),
        ..subscription()
    };
    app::holdings::add_subscription(p, &analyst, id, later)
        .await
        .unwrap();
    let change = async |version, said| {
        app::holdings::change_subscription(p, &analyst, (id, held.id), version, said).await
    };
    let ended = SubscriptionChange {
        status: Some(SubscriptionStatus::Ended),
        ..SubscriptionChange::default()
    };
    assert_eq!(
        change(1, ended.clone()).await.unwrap_err().code(),
        "end_day_missing"
    );
    let ended = SubscriptionChange {
        ended_on: Some(Some(Day::parse("2026-03-31").unwrap())),
        ..ended
    };
    let over = change(1, ended.clone()).await.unwrap();
    assert_eq!(over.facts.term_ends_on, held.facts.term_ends_on);
    assert_eq!(change(2, ended).await.unwrap(), over);
    let log = events_of(p, "subscription", held.id.uuid()).await;
    assert_eq!(log.len(), 2);
    assert_eq!(log[0].kind, "subscription.ended");
    assert_eq!(log[1].payload["after"].get("number"), None);
    let one = PageSize::new(Some(1)).unwrap();
    let first = app::holdings::subscriptions(p, &analyst, id, one, None)
        .await
        .unwrap();
    let cursor = first.next_cursor.unwrap();
    let second = app::holdings::subscriptions(p, &analyst, id, one, Some(&cursor))
        .await
        .unwrap();
    assert_eq!(second.items, [over]);
}
