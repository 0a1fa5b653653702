//! What hangs on a person, from published profiles.

use base::{Day, PageSize};
use customers::{
    ContactFacts, ContactRole, CustomerChange, CustomerId, SubscriptionFacts, SubscriptionStatus,
};
use platform::access::Role;
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use uuid::Uuid;
use value::app::ValueRoom;
use value::app::exposure::{self, ListOfPersons};
use value::rules::exposure::ExposureSort;

use crate::support::{ROOMS, as_of, imported, in_dollars, published, runner, stop};

/// Three purchases each of what the customer brings.
fn ledger(brings: &[(&str, i64)]) -> String {
    let mut csv = String::from("customer_id,date,amount,transaction_id\n");
    for (n, (customer, amount)) in brings.iter().enumerate() {
        for (m, day) in ["2025-03-10", "2025-06-10", "2025-09-10"].iter().enumerate() {
            csv += &format!("{customer},{day},{amount}.00,t{n}-{m}\n");
        }
    }
    csv
}

test_on_both!(who_would_take_what_along, ROOMS);
async fn who_would_take_what_along(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let room = ValueRoom::new(p.clone());
    let running = runner(t).await;
    in_dollars(t).await;

    // A group with a branch, two people in the branch, a firm of its own, and a stranger.
    let mut tx = p.db.write().await.unwrap();
    let records = ["GROUP", "BRANCH", "FIRM"].map(|external_id| customers::Record {
        external_id: external_id.to_owned(),
        kind: Some(customers::CustomerKind::Organisation),
        ..customers::Record::default()
    });
    customers::store::upsert_many(&mut tx, &p.clock, &p.keys, &records)
        .await
        .unwrap();
    let names = ["GROUP", "BRANCH", "FIRM", "KEY", "STAFF", "STRANGER"];
    let made = customers::store::ensure_many(&mut tx, &p.clock, &p.keys, &names)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let id = |name: &str| -> CustomerId { made.ids[name] };
    for (who, below) in [("BRANCH", "GROUP"), ("KEY", "BRANCH"), ("STAFF", "BRANCH")] {
        let version = customers::app::get(p, &analyst, id(who)).await.unwrap().version;
        let change = CustomerChange {
            organisation: Some(Some(id(below))),
            ..CustomerChange::default()
        };
        customers::app::edit::change(p, &analyst, id(who), version, change)
            .await
            .unwrap();
    }
    let contact = async |organisation, name: &str, influence, customer_id| {
        let facts = ContactFacts {
            name: name.to_owned(),
            role: ContactRole::KeyPerson,
            influence,
            customer_id,
            since: None,
            until: None,
        };
        customers::app::holdings::add_contact(p, &analyst, id(organisation), facts)
            .await
            .unwrap()
    };
    // The key person stands for the group and for its branch, and decides in a firm of its own too.
    contact("GROUP", "Key", 5, Some(id("KEY"))).await;
    contact("BRANCH", "Key", 4, Some(id("KEY"))).await;
    contact("FIRM", "Key", 4, Some(id("KEY"))).await;
    contact("FIRM", "Wang", 4, None).await;
    contact("BRANCH", "Li", 2, None).await;

    for (holder, status) in [
        ("BRANCH", SubscriptionStatus::Active),
        ("STAFF", SubscriptionStatus::Active),
        ("FIRM", SubscriptionStatus::Ended),
    ] {
        let day = Day::parse("2025-01-01").unwrap();
        let facts = SubscriptionFacts {
            product: "line".to_owned(),
            plan: None,
            number: None,
            device: None,
            started_on: day,
            term_ends_on: None,
            ended_on: (status == SubscriptionStatus::Ended).then_some(day),
            status,
        };
        customers::app::holdings::add_subscription(p, &analyst, id(holder), facts)
            .await
            .unwrap();
    }

    let none = exposure::of_customer(&room, &analyst, id("GROUP").uuid())
        .await
        .err()
        .unwrap();
    assert_eq!(none.code(), "no_run", "no run is published yet");
    imported(
        t,
        ledger(&[
            ("GROUP", 1000),
            ("BRANCH", 200),
            ("FIRM", 40),
            ("KEY", 5),
            ("STAFF", 7),
            ("STRANGER", 9),
        ]),
    )
    .await;
    published(t, &room, as_of("2025-09-30")).await;

    let found = exposure::of_customer(&room, &analyst, id("KEY").uuid())
        .await
        .unwrap();
    assert!(found.complete);
    let key = &found.people[0];
    assert_eq!((found.people.len(), key.person.ties.len()), (1, 3));
    // Group, branch, two people, firm: three purchases each, everyone once.
    assert_eq!(key.person.exposure.customers, 5);
    assert_eq!(key.person.exposure.stake.revenue_minor, 3 * 125_200);
    assert_eq!(key.subscriptions, 2, "those that have not ended, each once");
    let clv: i64 = key.largest.iter().map(|(_, stake)| stake.clv_minor).sum();
    assert_eq!((key.largest.len(), clv), (5, key.person.exposure.stake.clv_minor));

    let of_firm = exposure::of_customer(&room, &analyst, id("FIRM").uuid())
        .await
        .unwrap();
    let people: Vec<_> = of_firm
        .people
        .iter()
        .map(|detail| {
            (
                detail.person.name.as_str(),
                detail.person.exposure.stake.revenue_minor,
            )
        })
        .collect();
    assert_eq!(people, [("Key", 3 * 125_200), ("Wang", 3 * 4_000)]);

    let one = PageSize::new(Some(1)).unwrap();
    let of = |influence| ListOfPersons {
        influence,
        sort: ExposureSort::Clv,
    };
    let first = exposure::top(&room, &analyst, of(4), one, None).await.unwrap();
    assert_eq!(first.page.items[0].exposure, key.person.exposure);
    let cursor = first.page.next_cursor.unwrap();
    let second = exposure::top(&room, &analyst, of(4), one, Some(&cursor))
        .await
        .unwrap();
    assert_eq!(second.page.items[0].name, "Wang");
    assert_eq!(second.page.next_cursor, None, "Li has too little influence");
    let all = exposure::top(&room, &analyst, of(1), PageSize::new(None).unwrap(), None)
        .await
        .unwrap();
    assert_eq!(all.page.items.len(), 3);
    let other = exposure::top(&room, &analyst, of(1), one, Some(&cursor))
        .await
        .err()
        .unwrap();
    assert_eq!(other.code(), "cursor_malformed");
    // Sorted by anything, page by page, it is the same people in that order.
    for sort in [
        ExposureSort::Revenue,
        ExposureSort::Customers,
        ExposureSort::Influence,
    ] {
        let list = ListOfPersons { influence: 1, sort };
        let (mut keys, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let found = exposure::top(&room, &analyst, list, one, cursor.as_deref())
                .await
                .unwrap();
            keys.extend(found.page.items.iter().map(|person| {
                match sort {
                    ExposureSort::Revenue => person.exposure.stake.revenue_minor,
                    ExposureSort::Customers => i64::try_from(person.exposure.customers).unwrap(),
                    _ => person
                        .ties
                        .iter()
                        .map(|tie| i64::from(tie.influence))
                        .max()
                        .unwrap(),
                }
            }));
            cursor = found.page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(keys.len(), 3, "{sort:?}");
        assert!(keys.is_sorted_by(|one, other| one >= other), "{sort:?}: {keys:?}");
    }
    assert_eq!("name".parse::<ExposureSort>().unwrap_err().code(), "sort_unknown");
    let nobody = exposure::of_customer(&room, &analyst, Uuid::nil())
        .await
        .err()
        .unwrap();
    assert_eq!(nobody.code(), "not_found");
    stop(running).await;
}
