//! Tags, notes, the administrator's fields and completeness on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

use base::PageSize;
use customers::app::record;
use customers::{CustomValues, CustomerId, MIGRATIONS, NewNote, NoteChange, RecordSchema, TagChange, store};
use platform::access::Role;
use platform::testing::{TestDb, caller};
use platform::{Platform, events, test_on_both};
use serde_json::{Value, json};

async fn customer(p: &Platform) -> CustomerId {
    let mut tx = p.db.write().await.unwrap();
    let made = store::ensure_many(&mut tx, &p.clock, &p.keys, &["C1"])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    made.ids["C1"]
}

async fn kinds(p: &Platform, subject_kind: &str, id: uuid::Uuid) -> Vec<String> {
    let mut tx = p.db.read().await.unwrap();
    let log = events::of_subject(&mut tx, subject_kind, id, 50).await.unwrap();
    log.into_iter().rev().map(|event| event.kind).collect()
}

test_on_both!(tags_are_put_on_and_taken_off, [MIGRATIONS]);
async fn tags_are_put_on_and_taken_off(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let id = customer(p).await;
    let change = async |add: &[&str], remove: &[&str]| {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        let said = TagChange {
            add: owned(add),
            remove: owned(remove),
        };
        record::change_tags(p, &analyst, id, said).await
    };
    change(&[" 高尔夫 ", "VIP"], &[]).await.unwrap();
    change(&["VIP"], &["nothing"]).await.unwrap();
    let after = change(&["茶"], &["VIP"]).await.unwrap();
    assert_eq!(
        after.iter().map(String::as_str).collect::<Vec<_>>(),
        ["茶", "高尔夫"]
    );
    assert_eq!(record::tags(p, &caller(Role::Viewer), id).await.unwrap(), after);
    let many: Vec<String> = (0..49).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(change(&many, &[]).await.unwrap_err().code(), "tags_too_many");
    assert_eq!(
        change(&["a\u{0}"], &[]).await.unwrap_err().code(),
        "character_not_allowed"
    );
    assert_eq!(
        kinds(p, "customer", id.uuid()).await.len(),
        2,
        "what changes nothing says nothing"
    );
    let refused = record::change_tags(p, &caller(Role::Viewer), id, TagChange::default()).await;
    assert_eq!(refused.unwrap_err().code(), "forbidden");
}

test_on_both!(notes_are_written_pinned_and_removed, [MIGRATIONS]);
async fn notes_are_written_pinned_and_removed(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let id = customer(p).await;
    let mut written = Vec::new();
    for text in ["first", "second\nline", "third"] {
        let said = NewNote {
            text: text.into(),
            pinned: false,
        };
        written.push(record::write_note(p, &analyst, id, said).await.unwrap());
    }
    assert_eq!(written[0].author, Some(analyst.user.id.uuid()));
    let pin = NoteChange {
        pinned: Some(true),
        ..NoteChange::default()
    };
    let first = (id, written[0].id);
    let pinned = record::change_note(p, &analyst, first, 1, pin.clone())
        .await
        .unwrap();
    assert_eq!(pinned.version, 2);
    assert_eq!(
        record::change_note(p, &analyst, first, 2, pin.clone())
            .await
            .unwrap(),
        pinned
    );
    let stale = record::change_note(p, &analyst, first, 1, pin).await.unwrap_err();
    assert_eq!(stale.code(), "version_stale");
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let size = PageSize::new(Some(1)).unwrap();
        let page = record::notes(p, &analyst, id, size, cursor.as_deref())
            .await
            .unwrap();
        seen.extend(page.items.into_iter().map(|note| note.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen[0], written[0].id, "the pinned one comes first");
    assert_eq!(seen.len(), 3);
    record::remove_note(p, &analyst, first, 2).await.unwrap();
    let gone = record::remove_note(p, &analyst, first, 2).await.unwrap_err();
    assert_eq!(gone.code(), "not_found");
    assert_eq!(
        kinds(p, "note", written[0].id.uuid()).await,
        ["note.written", "note.changed", "note.removed"]
    );
}

fn schema(fields: Value, completeness: Value) -> RecordSchema {
    serde_json::from_value(json!({ "fields": fields, "completeness": completeness })).unwrap()
}

test_on_both!(the_administrators_fields_keep_their_values, [MIGRATIONS]);
async fn the_administrators_fields_keep_their_values(t: &TestDb) {
    let p = &t.platform;
    let (analyst, admin) = (caller(Role::Analyst), caller(Role::Administrator));
    let id = customer(p).await;
    let hobby = json!({ "name": "hobby", "zh": "爱好", "en": "Hobby", "required": true,
        "kind": "text", "chars_max": 20 });
    let cars = json!({ "name": "cars", "zh": "车辆", "en": "Cars", "required": false,
        "kind": "number", "min": 0.0, "max": null });
    let counts = json!([{ "what": "custom.hobby", "of": null, "weight": 3 },
        { "what": "phone", "of": "person", "weight": 1 }]);
    let both = schema(json!([hobby, cars]), counts);
    let refused = record::decide(p, &analyst, 0, both.clone()).await.unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    assert_eq!(record::decide(p, &admin, 0, both.clone()).await.unwrap().0, 1);
    assert_eq!(
        record::decide(p, &admin, 1, both.clone()).await.unwrap().0,
        1,
        "nothing new"
    );
    let stale = record::decide(p, &admin, 0, both.clone()).await.unwrap_err();
    assert_eq!(stale.code(), "version_stale");

    let (_, shown) = record::custom_fields(p, &analyst, id).await.unwrap();
    assert_eq!(shown[0].problem.as_deref(), Some("custom_field_missing"));
    let before = record::completeness(p, &analyst, id).await.unwrap();
    assert_eq!((before.percent, before.missing.len()), (0, 2));

    let say = async |said: Value| {
        let said: CustomValues = serde_json::from_value(said).unwrap();
        record::change_custom_fields(p, &analyst, id, said).await
    };
    say(json!({ "hobby": "茶", "cars": 2 })).await.unwrap();
    say(json!({ "hobby": "茶", "cars": 2 })).await.unwrap();
    let (_, shown) = say(json!({ "cars": null })).await.unwrap();
    assert_eq!(
        (shown[0].value.clone(), shown[1].value.clone()),
        (Some(json!("茶")), None)
    );
    assert_eq!(
        say(json!({ "cars": -1 })).await.unwrap_err().code(),
        "value_out_of_bounds"
    );
    assert_eq!(
        say(json!({ "x": 1 })).await.unwrap_err().code(),
        "custom_field_unknown"
    );
    assert_eq!(
        kinds(p, "customer", id.uuid()).await,
        ["customer.fields_changed"; 2]
    );
    let after = record::completeness(p, &analyst, id).await.unwrap();
    assert_eq!((after.percent, after.missing[0].what.as_str()), (75, "phone"));

    // The field goes and comes back: its value was there all the time.
    let without = schema(json!([cars]), json!([]));
    record::decide(p, &admin, 1, without).await.unwrap();
    let (_, shown) = say(json!({ "cars": 3 })).await.unwrap();
    assert_eq!(shown.len(), 1);
    record::decide(p, &admin, 2, both).await.unwrap();
    let (version, shown) = record::custom_fields(p, &analyst, id).await.unwrap();
    assert_eq!((version, shown[0].value.clone()), (3, Some(json!("茶"))));
}
