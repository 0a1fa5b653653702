//! The id of a customer who was merged: whatever is read by it is the survivor's, and nothing is changed by it.

use base::{Error, PageSize};
use customers::{Channel, CustomerId, MIGRATIONS, PairFilter, app, identities};
use platform::access::Role;
use platform::testing::{TestDb, caller};
use platform::{Caller, Platform, test_on_both};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::*;

fn stated<T: DeserializeOwned>(what: Value) -> T {
    serde_json::from_value(what).unwrap()
}

/// What everything that reads about one customer answers.
async fn readings(p: &Platform, who: &Caller, id: CustomerId) -> Vec<String> {
    let size = PageSize::new(None).unwrap();
    let mut all = Vec::new();
    macro_rules! ask {
        ($($call:expr),* $(,)?) => { $( all.push(format!("{:?}", $call.await.unwrap())); )* };
    }
    ask! {
        app::get(p, who, id),
        app::timeline(p, who, id, None, size, None),
        app::record::tags(p, who, id),
        app::record::notes(p, who, id, size, None),
        app::record::custom_fields(p, who, id),
        app::record::completeness(p, who, id),
        app::consents::history(p, who, id, size, None),
        app::consents::may_contact(p, who, id, ("care", Channel::Phone), Some("2026-01-01T08:00:00Z".parse().unwrap())),
        app::consents::preferences(p, who, id),
        app::life_events::list(p, who, id, (None, None)),
        app::holdings::contacts(p, who, id, size, None),
        app::holdings::subscriptions(p, who, id, size, None),
        identities::app::list(p, who, id, size, None),
        app::duplicates::list(p, who, PairFilter { customer: Some(id), ..PairFilter::default() }, size, None),
    }
    all
}

/// What everything that changes something about one customer answers; `part` is the id of whatever it is about.
async fn changes(
    p: &Platform,
    who: &Caller,
    id: CustomerId,
    part: Uuid,
) -> Vec<(&'static str, Option<Error>)> {
    let mut all = Vec::new();
    macro_rules! ask {
        ($($name:literal: $call:expr),* $(,)?) => { $( all.push(($name, $call.await.err())); )* };
    }
    let contact = json!({ "name": "王芳", "role": "user", "influence": 3 });
    let subscription = json!({ "product": "mobile", "started_on": "2020-01-01", "status": "active" });
    let birthday = json!({ "kind": "birthday", "calendar": "solar", "month": 5, "day": 4 });
    let consent = json!({ "purposes": ["care"], "channels": ["phone"], "given": true, "source": "call" });
    ask! {
        "change": app::edit::change(p, who, id, 1, stated(json!({ "region": "杭州" }))),
        "change tags": app::record::change_tags(p, who, id, stated(json!({ "add": ["gold"] }))),
        "write note": app::record::write_note(p, who, id, stated(json!({ "text": "called" }))),
        "change note": app::record::change_note(p, who, (id, part.into()), 1, stated(json!({}))),
        "remove note": app::record::remove_note(p, who, (id, part.into()), 1),
        "change fields": app::record::change_custom_fields(p, who, id, stated(json!({}))),
        "say": app::consents::say(p, who, id, stated(consent)),
        "prefer": app::consents::prefer(p, who, id, 0, stated(json!({}))),
        "add life event": app::life_events::add(p, who, id, stated(birthday.clone())),
        "change life event": app::life_events::change(p, who, (id, part.into()), 1, stated(birthday)),
        "remove life event": app::life_events::remove(p, who, (id, part.into()), 1),
        "add contact": app::holdings::add_contact(p, who, id, stated(contact)),
        "change contact": app::holdings::change_contact(p, who, (id, part.into()), 1, stated(json!({}))),
        "add subscription": app::holdings::add_subscription(p, who, id, stated(subscription)),
        "change subscription":
            app::holdings::change_subscription(p, who, (id, part.into()), 1, stated(json!({}))),
        "add identity": identities::app::add(p, who, id, identities::IdentityKind::Email, "a@example.com"),
        "end identity": identities::app::end(p, who, id, part.into()),
    }
    all
}

test_on_both!(what_is_read_by_an_old_id_is_the_survivors, [MIGRATIONS]);
async fn what_is_read_by_an_old_id_is_the_survivors(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let a = organisation(p, "A", "华东物流").await;
    let b = organisation(p, "B", "华东物流有限公司").await;
    for id in [a, b] {
        // All that can be said of one is said of both.
        for (name, error) in changes(p, &analyst, id, Uuid::nil()).await {
            let is_said = ["add", "write", "say", "prefer"]
                .iter()
                .any(|verb| name.starts_with(verb))
                && !(name == "add identity" && id == b);
            assert!(error.is_none() || !is_said, "{name}: {error:?}");
        }
    }
    let size = PageSize::new(None).unwrap();
    let (of_a, of_b) = (readings(p, &analyst, a).await, readings(p, &analyst, b).await);
    assert_ne!(of_a, of_b);
    merged_with(p, a, b, [].into()).await.unwrap();
    let by_id = readings(p, &analyst, a).await;
    assert_eq!(readings(p, &analyst, b).await, by_id);
    let held = app::holdings::subscriptions(p, &analyst, b, size, None)
        .await
        .unwrap();
    assert_eq!(held.items.len(), 2);

    let before = everything(p).await;
    for (name, error) in changes(p, &analyst, b, Uuid::nil()).await {
        let error = error.unwrap_or_else(|| panic!("{name} went through"));
        assert_eq!(error.code(), "customer_merged", "{name}: {error}");
    }
    // Nobody else can name it either.
    let c = person(p, "C", "王芳").await;
    let version = version_of(p, c).await;
    for field in ["organisation", "referred_by"] {
        let named = stated(json!({ field: b }));
        let error = app::edit::change(p, &analyst, c, version, named)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "customer_merged", "{field}");
    }
    let revealing = caller(Role::Administrator);
    let number = held.items[0].id;
    app::holdings::reveal_subscription(p, &revealing, b, number)
        .await
        .unwrap();
    let known = identities::app::list(p, &analyst, b, size, None).await.unwrap();
    identities::app::reveal(p, &revealing, b, known.items[0].id)
        .await
        .unwrap();
    let now: Vec<_> = everything(p)
        .await
        .into_iter()
        .filter(|row| !before.contains(row))
        .collect();
    assert!(
        now.iter()
            .all(|row| row.contains("王芳") || row.contains("search_keys")),
        "{now:#?}"
    );
}
