//! Who may not see personal data sees parts of it, and who may have one shown leaves a trace.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

use base::PageSize;
use customers::identities::{self, IdentityKind};
use customers::{CustomerId, MIGRATIONS, app};
use platform::access::app::{caller_of, roles, users};
use platform::access::{Role, RoleChange, ScopeKind, UserChange};
use platform::testing::{TestDb, caller};
use platform::{Caller, Platform, events, test_on_both};
use serde_json::json;

async fn user(p: &Platform, login: &str, permissions: &[&str]) -> Caller {
    let admin = caller(Role::Administrator);
    let decided = RoleChange {
        name: Some(login.to_owned()),
        permissions: Some(permissions.iter().map(|name| (*name).to_owned()).collect()),
        scope: ScopeKind::All,
    };
    let role = roles::add(p, &admin, decided).await.unwrap().role.to_string();
    let decided = UserChange {
        name: login.to_owned(),
        role,
        branch_id: None,
        team_ids: Vec::new(),
        active: true,
    };
    let (added, _) = users::add(p, &admin, login, decided).await.unwrap();
    caller_of(p, added.user.id).await.unwrap()
}

async fn customer(p: &Platform) -> CustomerId {
    let admin = caller(Role::Administrator);
    let creation = serde_json::from_value(json!({ "kind": "person", "name": "张伟" })).unwrap();
    let id = app::edit::create(p, &admin, creation).await.unwrap().row.id;
    for (kind, value) in [
        (IdentityKind::Phone, "+8613800137777"),
        (IdentityKind::Email, "zhang.wei@example.com"),
        (IdentityKind::Document, "11010519491231002X"),
    ] {
        identities::app::add(p, &admin, id, kind, value).await.unwrap();
    }
    let held = json!({ "product": "mobile", "number": "13800137777", "started_on": "2020-01-01", "status": "active" });
    let held = serde_json::from_value(held).unwrap();
    app::holdings::add_subscription(p, &admin, id, held)
        .await
        .unwrap();
    id
}

test_on_both!(what_is_personal_is_shown_in_part, [MIGRATIONS]);
async fn what_is_personal_is_shown_in_part(t: &TestDb) {
    let p = &t.platform;
    let id = customer(p).await;
    let size = PageSize::new(None).unwrap();
    let masked = user(p, "masked", &["customers.read", "customers.write"]).await;
    let clear = user(p, "clear", &["customers.read", "customers.personal"]).await;

    let detail = app::get(p, &clear, id).await.unwrap();
    assert!(!detail.masked);
    assert_eq!(detail.phone.as_deref(), Some("+8613800137777"));
    let detail = app::get(p, &masked, id).await.unwrap();
    assert!(detail.masked);
    assert_eq!(detail.phone.as_deref(), Some("****7777"));
    assert_eq!(detail.email.as_deref(), Some("z****@example.com"));
    assert_eq!(detail.subscriptions[0].facts.number.as_deref(), Some("****7777"));

    let page = identities::app::list(p, &masked, id, size, None).await.unwrap();
    let values: Vec<_> = page
        .items
        .iter()
        .map(|one| (one.value.as_str(), one.masked))
        .collect();
    assert_eq!(
        values,
        [
            ("****002X", true),
            ("z****@example.com", true),
            ("****7777", true)
        ]
    );
    let held = app::holdings::subscriptions(p, &masked, id, size, None)
        .await
        .unwrap();
    let held = held.items[0].clone();
    assert_eq!(held.facts.number.as_deref(), Some("****7777"));

    // What is not shown is not lost by a change of something else.
    let change = serde_json::from_value(json!({ "plan": "5G" })).unwrap();
    let changed = app::holdings::change_subscription(p, &masked, (id, held.id), 1, change).await;
    assert_eq!(changed.unwrap().facts.number.as_deref(), Some("****7777"));
    let kept = app::holdings::subscriptions(p, &clear, id, size, None)
        .await
        .unwrap();
    assert_eq!(kept.items[0].facts.number.as_deref(), Some("13800137777"));

    let timeline = app::timeline(p, &masked, id, None, size, None).await.unwrap();
    let told = serde_json::to_string(&timeline.items).unwrap();
    assert!(!told.contains("13800137777"), "{told}");
}

test_on_both!(a_reveal_is_permitted_and_recorded, [MIGRATIONS]);
async fn a_reveal_is_permitted_and_recorded(t: &TestDb) {
    let p = &t.platform;
    let id = customer(p).await;
    let size = PageSize::new(None).unwrap();
    let masked = user(p, "masked", &["customers.read"]).await;
    let agent = user(p, "agent", &["customers.read", "customers.reveal"]).await;
    let known_by = identities::app::list(p, &agent, id, size, None)
        .await
        .unwrap()
        .items;
    let document = known_by
        .iter()
        .find(|one| one.kind == IdentityKind::Document)
        .unwrap();
    let held = app::holdings::subscriptions(p, &agent, id, size, None)
        .await
        .unwrap()
        .items;

    let refused = identities::app::reveal(p, &masked, id, document.id).await;
    assert_eq!(refused.unwrap_err().code(), "forbidden");
    let refused = app::holdings::reveal_subscription(p, &masked, id, held[0].id).await;
    assert_eq!(refused.unwrap_err().code(), "forbidden");

    let revealed = identities::app::reveal(p, &agent, id, document.id).await.unwrap();
    assert_eq!(
        (revealed.value.as_str(), revealed.masked),
        ("11010519491231002X", false)
    );
    let revealed = app::holdings::reveal_subscription(p, &agent, id, held[0].id)
        .await
        .unwrap();
    assert_eq!(revealed.facts.number.as_deref(), Some("13800137777"));

    let mut tx = p.db.read().await.unwrap();
    for (kind, subject, what) in [
        ("identity", document.id.uuid(), "identity.revealed"),
        ("subscription", held[0].id.uuid(), "subscription.revealed"),
    ] {
        let event = events::of_subject(&mut tx, kind, subject, 9)
            .await
            .unwrap()
            .remove(0);
        assert_eq!((event.kind.as_str(), event.actor), (what, agent.actor()));
        assert!(
            !event.payload.to_string().contains("1380013"),
            "{}",
            event.payload
        );
    }
    drop(tx);
    let elsewhere = identities::app::reveal(p, &agent, uuid::Uuid::nil().into(), document.id).await;
    assert_eq!(elsewhere.unwrap_err().code(), "not_found");
}
