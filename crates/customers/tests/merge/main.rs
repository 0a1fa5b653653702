//! Merging two customers and undoing it, and the queue of those who may be one, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

mod duplicates;
mod old_ids;
mod property;
mod scope;
mod support;

use base::{Day, PageSize};
use customers::app::{self, edit, holdings, life_events, merges, record};
use customers::identities::{self, IdentityKind};
use customers::{
    ContactFacts, ContactRole, CustomValues, CustomerChange, CustomerKind, MIGRATIONS, NewNote, Record, Side,
    SubscriptionFacts, SubscriptionStatus, TagChange, store,
};
use platform::access::Role;
use platform::testing::{TestDb, caller};
use platform::{Scope, args, test_on_both};
use serde_json::json;
use support::*;

test_on_both!(the_survivor_keeps_its_fields_and_gets_the_others, [MIGRATIONS]);
async fn the_survivor_keeps_its_fields_and_gets_the_others(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let a = person(p, "A", "张伟").await;
    let b = person(p, "B", "张炜").await;
    said(p, a, |c| c.region = Some(Some("北京".into()))).await;
    said(p, b, |c| {
        c.region = Some(Some("上海".into()));
        c.segment = Some(Some("VIP".into()));
        c.since = Some(Some(Day::parse("2020-02-29").unwrap()));
    })
    .await;
    let before = everything(p).await;
    let preview = merges::preview(p, &references(), &analyst, (a, b)).await.unwrap();
    let conflicts: Vec<_> = preview
        .conflicts
        .iter()
        .map(|c| (c.field.as_str(), c.survivor.clone(), c.merged.clone()))
        .collect();
    assert_eq!(
        conflicts,
        [
            ("name", json!("张伟"), json!("张炜")),
            ("region", json!("北京"), json!("上海")),
        ]
    );
    assert_eq!(preview.filled, ["segment", "since"]);
    assert_eq!(everything(p).await, before, "looking changes nothing");

    let fields = [("region".to_owned(), Side::Merged)].into();
    let done = merged_with(p, a, b, fields).await.unwrap();
    assert_eq!(done.fields, ["region", "segment", "since"]);
    let kept = app::get(p, &analyst, a).await.unwrap();
    assert_eq!(
        (
            kept.row.name.as_str(),
            kept.row.region.as_deref(),
            kept.row.segment.as_deref(),
            kept.row.since.map(|day| day.to_string()),
        ),
        ("张伟", Some("上海"), Some("VIP"), Some("2020-02-29".to_owned()))
    );
    // The old ids go on resolving, to read and to search.
    assert_eq!(app::get(p, &analyst, b).await.unwrap(), kept);
    assert_eq!(found(p, "B").await, ["A"]);
    assert_eq!(found(p, "张炜").await, ["A"]);
    assert_eq!(found(p, "张").await, ["A"]);
    assert_eq!(listed(p).await, ["A"]);
    let by_id = identities::app::lookup(p, &analyst, "B", Some(IdentityKind::External))
        .await
        .unwrap();
    assert_eq!(by_id.customer.id, a);
    // They are no longer changed by them.
    let stale = edit::change(p, &analyst, b, 3, CustomerChange::default())
        .await
        .unwrap_err();
    assert_eq!(stale.code(), "customer_merged");
    assert!(stale.to_string().contains(&a.to_string()), "{stale}");

    let events = |page: base::Page<platform::events::EventRow>| {
        page.items.into_iter().map(|event| event.kind).collect::<Vec<_>>()
    };
    let timeline = app::timeline(p, &analyst, b, None, PageSize::new(None).unwrap(), None)
        .await
        .unwrap();
    let kinds = events(timeline);
    assert!(
        kinds.contains(&"customer.merged".to_owned()) && !kinds.contains(&"customer.merged_into".to_owned()),
        "{kinds:?}"
    );
    undone(p, done.id).await.unwrap();
    assert_eq!(everything(p).await, before);
    let timeline = app::timeline(p, &analyst, b, None, PageSize::new(None).unwrap(), None)
        .await
        .unwrap();
    assert_eq!(
        events(timeline)[..2],
        ["customer.unmerged_from", "customer.merged_into"]
    );
    assert_eq!(found(p, "zhangwei").await, ["A", "B"]);
}

test_on_both!(
    everything_that_referred_to_the_merged_one_is_the_survivors,
    [MIGRATIONS]
);
async fn everything_that_referred_to_the_merged_one_is_the_survivors(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let a = organisation(p, "A", "华东物流").await;
    let b = organisation(p, "B", "华东物流有限公司").await;
    let anna = person(p, "P1", "Anna").await;
    said(p, anna, |c| {
        c.organisation = Some(Some(b));
        c.referred_by = Some(Some(b));
    })
    .await;
    let contact = ContactFacts {
        name: "Anna".into(),
        role: ContactRole::KeyPerson,
        influence: 4,
        customer_id: Some(anna),
        since: None,
        until: None,
    };
    holdings::add_contact(p, &analyst, b, contact).await.unwrap();
    let subscription = SubscriptionFacts {
        product: "5G".into(),
        plan: None,
        number: None,
        device: None,
        started_on: Day::parse("2021-01-01").unwrap(),
        term_ends_on: None,
        ended_on: None,
        status: SubscriptionStatus::Active,
    };
    holdings::add_subscription(p, &analyst, b, subscription)
        .await
        .unwrap();
    identity(p, b, "021-5888 1234").await;
    record::write_note(
        p,
        &analyst,
        b,
        NewNote {
            text: "hello".into(),
            pinned: false,
        },
    )
    .await
    .unwrap();
    for (id, tags) in [(a, ["x", "y"]), (b, ["y", "z"])] {
        let add = tags.map(str::to_owned).to_vec();
        record::change_tags(
            p,
            &analyst,
            id,
            TagChange {
                add,
                remove: Vec::new(),
            },
        )
        .await
        .unwrap();
    }
    fields(p).await;
    for (id, size, hobby) in [(a, json!(1), None), (b, json!(2), Some("tea"))] {
        let mut said = CustomValues::from([("size".to_owned(), size)]);
        said.extend(hobby.map(|hobby| ("hobby".to_owned(), json!(hobby))));
        record::change_custom_fields(p, &analyst, id, said).await.unwrap();
    }
    life_events::add(p, &analyst, a, founded(1999)).await.unwrap();
    life_events::add(p, &analyst, b, founded(2001)).await.unwrap();
    prefers(p, a, "en").await;
    prefers(p, b, "zh-CN").await;
    let before = everything(p).await;

    let preview = merges::preview(p, &references(), &analyst, (a, b)).await.unwrap();
    let names: Vec<_> = preview.conflicts.iter().map(|c| c.field.as_str()).collect();
    assert_eq!(names, ["name", "founding", "custom.size", "preferences"]);
    for (table, count) in [
        ("customers", 2),
        ("contacts", 1),
        ("subscriptions", 1),
        ("identities", 1),
        ("notes", 1),
    ] {
        assert_eq!(preview.moves[table], count, "{table} {:?}", preview.moves);
    }
    let fields = ["founding", "custom.size", "preferences"].map(|field| (field.to_owned(), Side::Merged));
    let done = merged_with(p, a, b, fields.into()).await.unwrap();
    assert_eq!((done.moved["custom_values"], done.moved["notes"]), (2, 1));
    let kept = app::get(p, &analyst, a).await.unwrap();
    assert_eq!(
        (kept.contacts.len(), kept.subscriptions.len(), kept.members.len()),
        (1, 1, 1)
    );
    let anna_now = app::get(p, &analyst, anna).await.unwrap();
    assert_eq!(anna_now.organisation.map(|o| o.id), Some(a));
    assert_eq!(anna_now.referred_by.map(|r| r.id), Some(a));
    let tags = record::tags(p, &analyst, b).await.unwrap();
    assert_eq!(
        tags.iter().map(String::as_str).collect::<Vec<_>>(),
        ["x", "y", "z"]
    );
    let (_, values) = record::custom_fields(p, &analyst, a).await.unwrap();
    let values: Vec<_> = values.into_iter().map(|value| value.value).collect();
    assert_eq!(values, [Some(json!(2)), Some(json!("tea"))]);
    let days = life_events::list(p, &analyst, a, (None, None)).await.unwrap();
    assert_eq!(
        days.iter().map(|(day, _)| day.facts.year).collect::<Vec<_>>(),
        [Some(2001)]
    );
    assert_eq!(language(p, a).await.as_deref(), Some("zh-CN"));
    undone(p, done.id).await.unwrap();
    assert_eq!(everything(p).await, before);

    // Nothing chosen: the survivor's.
    let done = merged_with(p, a, b, [].into()).await.unwrap();
    let (_, values) = record::custom_fields(p, &analyst, a).await.unwrap();
    assert_eq!(values[0].value, Some(json!(1)));
    assert_eq!(language(p, a).await.as_deref(), Some("en"));
    undone(p, done.id).await.unwrap();
    assert_eq!(everything(p).await, before);
}

test_on_both!(what_was_said_since_stays, [MIGRATIONS]);
async fn what_was_said_since_stays(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let a = person(p, "A", "张伟").await;
    let b = person(p, "B", "李娜").await;
    said(p, b, |c| {
        c.region = Some(Some("北京".into()));
        c.brand = Some(Some("和悦".into()));
    })
    .await;
    let theirs = record::write_note(
        p,
        &analyst,
        b,
        NewNote {
            text: "of b".into(),
            pinned: false,
        },
    )
    .await
    .unwrap();
    let done = merged_with(p, a, b, [].into()).await.unwrap();
    // A field that the merge filled is said anew, a note of the merged one is changed, one is added.
    said(p, a, |c| c.region = Some(Some("上海".into()))).await;
    let change = customers::NoteChange {
        text: Some("changed".into()),
        pinned: None,
    };
    record::change_note(p, &analyst, (a, theirs.id), 1, change)
        .await
        .unwrap();
    record::write_note(
        p,
        &analyst,
        a,
        NewNote {
            text: "new".into(),
            pinned: false,
        },
    )
    .await
    .unwrap();
    undone(p, done.id).await.unwrap();
    let (a_now, b_now) = (
        app::get(p, &analyst, a).await.unwrap(),
        app::get(p, &analyst, b).await.unwrap(),
    );
    assert_eq!(
        (a_now.row.region.as_deref(), a_now.row.brand),
        (Some("上海"), None)
    );
    assert_eq!(
        (b_now.row.region.as_deref(), b_now.row.brand.as_deref()),
        (Some("北京"), Some("和悦"))
    );
    assert_eq!(
        (notes(p, a).await, notes(p, b).await),
        (vec!["new".to_owned()], vec!["changed".to_owned()])
    );
    // Undoing once more changes nothing.
    let before = everything(p).await;
    let again = undone(p, done.id).await.unwrap();
    assert!(again.undone_at.is_some());
    assert_eq!(everything(p).await, before);
}

test_on_both!(merges_are_undone_in_reverse, [MIGRATIONS]);
async fn merges_are_undone_in_reverse(t: &TestDb) {
    let p = &t.platform;
    let a = person(p, "A", "张伟").await;
    let b = person(p, "B", "张炜").await;
    let c = person(p, "C", "张薇").await;
    let d = person(p, "D", "张卫").await;
    identity(p, a, "13900000001").await;
    let s0 = everything(p).await;
    let ab = merged_with(p, b, a, [("name".to_owned(), Side::Merged)].into())
        .await
        .unwrap();
    let s1 = everything(p).await;
    let bc = merged_with(p, c, b, [("name".to_owned(), Side::Merged)].into())
        .await
        .unwrap();
    let s2 = everything(p).await;
    let cd = merged_with(p, c, d, [].into()).await.unwrap();
    for id in [a, b, d] {
        assert_eq!(app::get(p, &caller(Role::Viewer), id).await.unwrap().row.id, c);
    }
    assert_eq!(found(p, "13900000001").await, ["C"]);
    for (id, in_the_way) in [(ab.id, bc.id), (bc.id, cd.id)] {
        let refused = undone(p, id).await.unwrap_err();
        assert_eq!(refused.code(), "merge_not_last");
        assert!(refused.to_string().contains(&in_the_way.to_string()), "{refused}");
    }
    undone(p, cd.id).await.unwrap();
    assert_eq!(everything(p).await, s2);
    undone(p, bc.id).await.unwrap();
    assert_eq!(everything(p).await, s1);
    undone(p, ab.id).await.unwrap();
    assert_eq!(everything(p).await, s0);
    let all = merges::list(
        p,
        &caller(Role::Viewer),
        Some(b),
        PageSize::new(Some(1)).unwrap(),
        None,
    )
    .await
    .unwrap();
    assert_eq!(all.items[0].id, bc.id);
    let rest = merges::list(
        p,
        &caller(Role::Viewer),
        Some(b),
        PageSize::new(None).unwrap(),
        all.next_cursor.as_deref(),
    )
    .await
    .unwrap();
    assert_eq!(rest.items.iter().map(|m| m.id).collect::<Vec<_>>(), [ab.id]);
}

test_on_both!(what_cannot_be_merged_is_refused, [MIGRATIONS]);
async fn what_cannot_be_merged_is_refused(t: &TestDb) {
    let p = &t.platform;
    let a = person(p, "A", "张伟").await;
    let b = person(p, "B", "张炜").await;
    let o = organisation(p, "O", "张伟").await;
    let nobody = customers::CustomerId::from(uuid::Uuid::nil());
    let analyst = caller(Role::Analyst);
    let before = everything(p).await;
    for (one, other, code) in [
        (a, a, "merge_with_itself"),
        (a, o, "kinds_differ"),
        (a, nobody, "not_found"),
        (nobody, a, "not_found"),
    ] {
        let refused = merges::merge(p, &references(), &analyst, of(one, 1, other, 1))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), code);
        let refused = merges::preview(p, &references(), &analyst, (one, other))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), code);
    }
    for (one, other) in [(2, 1), (1, 2)] {
        let refused = merges::merge(p, &references(), &analyst, of(a, one, b, other))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "version_stale");
    }
    for field in ["nmae", "custom", "custom.", "preferences.x", ""] {
        let refused = merged_with(p, a, b, [(field.to_owned(), Side::Merged)].into())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "field_unknown", "{field}");
    }
    let viewer = caller(Role::Viewer);
    let refused = [
        merges::merge(p, &references(), &viewer, of(a, 1, b, 1))
            .await
            .unwrap_err(),
        merges::preview(p, &references(), &viewer, (a, b))
            .await
            .unwrap_err(),
        merges::unmerge(p, &references(), &viewer, uuid::Uuid::nil().into())
            .await
            .unwrap_err(),
    ];
    assert_eq!(refused.map(|e| e.code()), ["forbidden"; 3]);
    let refused = undone(p, uuid::Uuid::nil().into()).await.unwrap_err();
    assert_eq!(refused.code(), "not_found");
    assert_eq!(everything(p).await, before);
    merged_with(p, a, b, [].into()).await.unwrap();
    for (one, other) in [(a, b), (b, a)] {
        let refused = merges::merge(p, &references(), &analyst, of(one, 2, other, 2))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "customer_merged");
    }
}

test_on_both!(what_stands_between_organisations_stays_a_hierarchy, [MIGRATIONS]);
async fn what_stands_between_organisations_stays_a_hierarchy(t: &TestDb) {
    let p = &t.platform;
    let top = organisation(p, "T", "top").await;
    let middle = organisation(p, "M", "middle").await;
    let below = organisation(p, "B", "below").await;
    said(p, middle, |c| c.organisation = Some(Some(top))).await;
    said(p, below, |c| c.organisation = Some(Some(middle))).await;
    let before = everything(p).await;
    // The one at the bottom would stand above itself.
    let refused = merged_with(p, below, top, [].into()).await.unwrap_err();
    assert_eq!(refused.code(), "hierarchy_cycle");
    assert_eq!(everything(p).await, before);
    // Next to each other they become one: what stood above the merged one stands above the survivor.
    let done = merged_with(p, below, middle, [].into()).await.unwrap();
    let kept = app::get(p, &caller(Role::Viewer), below).await.unwrap();
    assert_eq!(kept.organisation.map(|o| o.id), Some(top));
    undone(p, done.id).await.unwrap();
    assert_eq!(everything(p).await, before);
    let done = merged_with(p, top, middle, [].into()).await.unwrap();
    let kept = app::get(p, &caller(Role::Viewer), below).await.unwrap();
    assert_eq!(kept.organisation.map(|o| o.id), Some(top));
    undone(p, done.id).await.unwrap();
    assert_eq!(everything(p).await, before);
}

test_on_both!(tomorrows_file_does_not_bring_the_duplicate_back, [MIGRATIONS]);
async fn tomorrows_file_does_not_bring_the_duplicate_back(t: &TestDb) {
    let p = &t.platform;
    let row = |external_id: &str, name: &str, phone: Option<&str>| Record {
        external_id: external_id.to_owned(),
        name: Some(name.to_owned()),
        phone: phone.map(str::to_owned),
        ..Record::default()
    };
    let belongs = Record {
        organisation: Some("O2".into()),
        kind: Some(CustomerKind::Person),
        ..row("C", "王芳", None)
    };
    let file = [
        row("A", "张伟", Some("+8613900000001")),
        row("B", "张炜", Some("+8613900000002")),
        belongs,
    ];
    upsert(p, &file).await;
    let ids = ids(p, &["A", "B", "O2"]).await;
    let (a, b, o2) = (ids[0], ids[1], ids[2]);
    let o1 = organisation(p, "O1", "华东物流").await;
    merged_with(p, a, b, [].into()).await.unwrap();
    merged_with(p, o1, o2, [].into()).await.unwrap();
    let before = everything(p).await;
    let foreseen = preview(p, &file).await;
    assert_eq!(
        (foreseen.unchanged, foreseen.created, foreseen.updated),
        (3, 0, 0)
    );
    let done = upsert(p, &file).await;
    assert_eq!(
        (done.unchanged, done.created, done.updated, done.new_others),
        (3, 0, 0, 0)
    );
    assert_eq!(everything(p).await, before);
    // What the merged one's row says fills what is missing and replaces nothing.
    let file = [
        Record {
            region: Some("北京".into()),
            ..row("B", "李炜", Some("+8613900000003"))
        },
        row("A", "张伟", Some("+8613900000001")),
    ];
    upsert(p, &file).await;
    let kept = app::get(p, &caller(Role::Viewer), b).await.unwrap();
    assert_eq!(
        (kept.row.name.as_str(), kept.row.region.as_deref()),
        ("张伟", Some("北京"))
    );
    for phone in ["13900000001", "13900000002", "13900000003"] {
        assert_eq!(found(p, phone).await, ["A"], "{phone}");
    }
    assert_eq!(upsert(p, &file).await.unchanged, 2);
    let mut tx = p.db.read().await.unwrap();
    assert_eq!(store::count(&mut tx, &Scope::of_system()).await.unwrap(), 3);
}

test_on_both!(of_two_merges_at_once_one_wins, [MIGRATIONS]);
async fn of_two_merges_at_once_one_wins(t: &TestDb) {
    let p = &t.platform;
    for round in 0..5 {
        let a = person(p, &format!("A{round}"), "张伟").await;
        let b = person(p, &format!("B{round}"), "张炜").await;
        let c = person(p, &format!("C{round}"), "张薇").await;
        let analyst = caller(Role::Analyst);
        let references = references();
        for (one, other) in [((a, b), (c, b)), ((a, c), (c, a))] {
            let version = |id| version_of(p, id);
            let asked = [
                of(one.0, version(one.0).await, one.1, version(one.1).await),
                of(other.0, version(other.0).await, other.1, version(other.1).await),
            ];
            let (first, second) = tokio::join!(
                merges::merge(p, &references, &analyst, asked[0].clone()),
                merges::merge(p, &references, &analyst, asked[1].clone()),
            );
            let (done, refused) = match (first, second) {
                (Ok(done), Err(e)) | (Err(e), Ok(done)) => (done, e),
                both => panic!("{both:?}"),
            };
            let code = refused.code();
            assert!(
                ["customer_merged", "version_stale"].contains(&code),
                "{refused:?}"
            );
            undone(p, done.merge.id).await.unwrap();
        }
    }
}

test_on_both!(nothing_is_left_with_a_customer_who_is_being_merged, [MIGRATIONS]);
async fn nothing_is_left_with_a_customer_who_is_being_merged(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    for round in 0..10 {
        let a = person(p, &format!("A{round}"), "张伟").await;
        let b = person(p, &format!("B{round}"), "张炜").await;
        let c = person(p, &format!("C{round}"), "李娜").await;
        let file = [Record {
            external_id: format!("D{round}"),
            referred_by: Some(format!("B{round}")),
            ..Record::default()
        }];
        let refer = CustomerChange {
            referred_by: Some(Some(b)),
            ..CustomerChange::default()
        };
        let note = NewNote {
            text: "hello".into(),
            pinned: false,
        };
        let references = references();
        let (merge, noted, referred, _) = tokio::join!(
            merges::merge(p, &references, &analyst, of(a, 1, b, 1)),
            record::write_note(p, &analyst, b, note),
            edit::change(p, &analyst, c, 1, refer),
            upsert(p, &file),
        );
        merge.unwrap();
        for refused in [noted.err(), referred.err()].into_iter().flatten() {
            assert_eq!(refused.code(), "customer_merged");
        }
        let mut tx = p.db.read().await.unwrap();
        for sql in [
            "SELECT count(*) FROM notes WHERE customer_id = $1",
            "SELECT count(*) FROM customers WHERE referred_by = $1",
        ] {
            let (left,): (i64,) = tx.one(sql, args![b.uuid()]).await.unwrap();
            assert_eq!(left, 0, "{sql}");
        }
    }
}

test_on_both!(a_merge_survives_a_change_of_keys, [MIGRATIONS]);
async fn a_merge_survives_a_change_of_keys(t: &TestDb) {
    let p = &t.platform;
    let a = person(p, "A", "张伟").await;
    let b = person(p, "B", "张炜").await;
    let before = everything(p).await;
    let done = merged_with(p, a, b, [("name".to_owned(), Side::Merged)].into())
        .await
        .unwrap();
    let sealed = async || {
        let mut tx = p.db.read().await.unwrap();
        let (record,): (Vec<u8>,) = tx.one("SELECT record FROM customer_merges", []).await.unwrap();
        record
    };
    let first = sealed().await;
    assert!(
        !String::from_utf8_lossy(&first).contains("张"),
        "the record is sealed"
    );
    identities::app::rotate_keys(p).await.unwrap();
    jobs_done(p, 1).await;
    assert_ne!(sealed().await, first);
    undone(p, done.id).await.unwrap();
    assert_eq!(everything(p).await, before);
}
