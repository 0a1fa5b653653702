//! What hangs on a customer is as far away as the customer: every use case answers of one out of scope as it does
//! of one that never was, and nobody puts a customer out of their own sight.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

mod page_support;

use base::{Error, PageSize};
use customers::{Channel, Contact, ContactFacts, CustomerDetail, CustomerId, MIGRATIONS, app, identities};
use platform::access::app::{branches, caller_of, roles, users};
use platform::access::{BranchChange, BranchId, Role, RoleChange, ScopeKind, UserChange};
use platform::testing::{TestDb, caller};
use platform::{Caller, Platform, test_on_both};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

fn at(error: &Error) -> Option<&str> {
    match error {
        Error::Invalid { fields, .. } => fields.first().map(|one| one.field.as_str()),
        _ => None,
    }
}

fn said<T: DeserializeOwned>(what: Value) -> T {
    serde_json::from_value(what).unwrap()
}

async fn branch(p: &Platform, code: &str, parent_id: Option<BranchId>) -> BranchId {
    let decided = BranchChange {
        code: code.to_owned(),
        name: code.to_owned(),
        parent_id,
    };
    let added = branches::add(p, &caller(Role::Administrator), decided).await;
    added.unwrap().id
}

async fn user(p: &Platform, login: &str, scope: ScopeKind, branch_id: Option<BranchId>) -> Caller {
    let admin = caller(Role::Administrator);
    let permissions = ["customers.read", "customers.write"].map(str::to_owned);
    let decided = RoleChange {
        name: Some(login.to_owned()),
        permissions: Some(permissions.to_vec()),
        scope,
    };
    let role = roles::add(p, &admin, decided).await.unwrap().role.to_string();
    let decided = UserChange {
        name: login.to_owned(),
        role,
        branch_id,
        team_ids: Vec::new(),
        active: true,
    };
    let (added, _) = users::add(p, &admin, login, decided).await.unwrap();
    caller_of(p, added.user.id).await.unwrap()
}

async fn made(
    p: &Platform,
    who: &Caller,
    kind: &str,
    name: &str,
    branch: Option<BranchId>,
) -> CustomerDetail {
    let creation = said(json!({ "kind": kind, "name": name, "branch": branch }));
    app::edit::create(p, who, creation).await.unwrap()
}

/// What every use case about one customer says is wrong.
async fn answers(p: &Platform, who: &Caller, id: CustomerId) -> Vec<(&'static str, Option<Error>)> {
    let size = PageSize::new(None).unwrap();
    let nil = Uuid::nil();
    let mut all = Vec::new();
    let overview = page_support::overview_of(p);
    macro_rules! ask {
        ($($name:literal: $call:expr),* $(,)?) => { $( all.push(($name, $call.await.err())); )* };
    }
    let contact = json!({ "name": "王芳", "role": "user", "influence": 3 });
    let subscription = json!({ "product": "mobile", "started_on": "2020-01-01", "status": "active" });
    let birthday = json!({ "kind": "birthday", "calendar": "solar", "month": 5, "day": 4 });
    let consent = json!({
        "purposes": ["care"], "channels": ["phone"], "given": true, "source": "call"
    });
    ask! {
        "get": app::get(p, who, id),
        "overview": overview.of(who, id),
        "timeline": app::timeline(p, who, id, None, size, None),
        "tags": app::record::tags(p, who, id),
        "change tags": app::record::change_tags(p, who, id, said(json!({ "add": ["gold"] }))),
        "notes": app::record::notes(p, who, id, size, None),
        "write note": app::record::write_note(p, who, id, said(json!({ "text": "called" }))),
        "change note": app::record::change_note(p, who, (id, nil.into()), 1, said(json!({}))),
        "remove note": app::record::remove_note(p, who, (id, nil.into()), 1),
        "fields": app::record::custom_fields(p, who, id),
        "change fields": app::record::change_custom_fields(p, who, id, said(json!({}))),
        "completeness": app::record::completeness(p, who, id),
        "consents": app::consents::history(p, who, id, size, None),
        "say": app::consents::say(p, who, id, said(consent)),
        "may contact": app::consents::may_contact(p, who, id, ("care", Channel::Phone), None),
        "preferences": app::consents::preferences(p, who, id),
        "prefer": app::consents::prefer(p, who, id, 0, said(json!({}))),
        "life events": app::life_events::list(p, who, id, (None, None)),
        "add life event": app::life_events::add(p, who, id, said(birthday.clone())),
        "change life event": app::life_events::change(p, who, (id, nil.into()), 1, said(birthday)),
        "remove life event": app::life_events::remove(p, who, (id, nil.into()), 1),
        "contacts": app::holdings::contacts(p, who, id, size, None),
        "add contact": app::holdings::add_contact(p, who, id, said(contact)),
        "change contact": app::holdings::change_contact(p, who, (id, nil.into()), 1, said(json!({}))),
        "subscriptions": app::holdings::subscriptions(p, who, id, size, None),
        "add subscription": app::holdings::add_subscription(p, who, id, said(subscription)),
        "change subscription": app::holdings::change_subscription(p, who, (id, nil.into()), 1, said(json!({}))),
        "change": app::edit::change(p, who, id, 1, said(json!({ "region": "杭州" }))),
        "identities": identities::app::list(p, who, id, size, None),
        "add identity": identities::app::add(p, who, id, identities::IdentityKind::Email, "a@example.com"),
        "end identity": identities::app::end(p, who, id, nil.into()),
    }
    all
}

test_on_both!(
    what_hangs_on_a_customer_is_as_far_away_as_the_customer,
    [MIGRATIONS]
);
async fn what_hangs_on_a_customer_is_as_far_away_as_the_customer(t: &TestDb) {
    let p = &t.platform;
    let admin = caller(Role::Administrator);
    let (north, south) = (branch(p, "north", None).await, branch(p, "south", None).await);
    let who = user(p, "anna", ScopeKind::Branch, Some(north)).await;
    let hidden = made(p, &admin, "organisation", "南方公司", Some(south))
        .await
        .row
        .id;
    let seen = made(p, &admin, "organisation", "北方公司", Some(north))
        .await
        .row
        .id;

    let of_nobody = answers(p, &who, Uuid::nil().into()).await;
    assert!(of_nobody.iter().all(|(_, error)| error.is_some()));
    assert_eq!(answers(p, &who, hidden).await, of_nobody);
    let events = app::timeline(p, &admin, hidden, None, PageSize::new(None).unwrap(), None).await;
    assert_eq!(events.unwrap().items.len(), 1, "only its creation");

    let of_parts = [
        "change note",
        "remove note",
        "change life event",
        "remove life event",
    ];
    let more = ["change contact", "change subscription", "end identity"];
    let of_parts = [&of_parts[..], &more[..]].concat();
    for (name, error) in answers(p, &who, seen).await {
        assert_eq!(error.is_some(), of_parts.contains(&name), "{name}: {error:?}");
    }

    // The same address belongs to one who is seen; who is not is never named.
    let email = identities::IdentityKind::Email;
    let taken = identities::app::add(p, &admin, hidden, email, "b@example.com").await;
    taken.unwrap();
    let told = identities::app::add(p, &who, seen, email, "b@example.com")
        .await
        .unwrap_err();
    assert_eq!(told.code(), "identity_taken");
    assert!(!told.to_string().contains(&hidden.to_string()), "{told}");
    let lookup = identities::app::lookup(p, &who, "b@example.com", None).await;
    assert_eq!(lookup.unwrap_err().code(), "not_found");
}

test_on_both!(
    others_out_of_scope_are_not_named_and_cannot_be_named,
    [MIGRATIONS]
);
async fn others_out_of_scope_are_not_named_and_cannot_be_named(t: &TestDb) {
    let p = &t.platform;
    let admin = caller(Role::Administrator);
    let (north, south) = (branch(p, "north", None).await, branch(p, "south", None).await);
    let who = user(p, "anna", ScopeKind::Branch, Some(north)).await;
    let firm = made(p, &admin, "organisation", "北方公司", Some(north))
        .await
        .row
        .id;
    let other_firm = made(p, &admin, "organisation", "南方公司", Some(south))
        .await
        .row
        .id;
    let stranger = made(p, &admin, "person", "李南", Some(south)).await.row.id;

    let facts: ContactFacts = said(json!({
        "name": "李南", "role": "key_person", "influence": 5, "customer_id": stranger
    }));
    let error = app::holdings::add_contact(p, &who, firm, facts.clone())
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), at(&error)),
        ("customer_unknown", Some("customer_id"))
    );
    let contact = app::holdings::add_contact(p, &admin, firm, facts).await.unwrap();
    let size = PageSize::new(None).unwrap();
    let stands_for = |contacts: &[Contact]| -> Vec<_> {
        contacts.iter().map(|contact| contact.facts.customer_id).collect()
    };
    let shown = app::holdings::contacts(p, &who, firm, size, None).await.unwrap();
    assert_eq!(stands_for(&shown.items), [None]);
    let shown = app::get(p, &who, firm).await.unwrap();
    assert_eq!(stands_for(&shown.contacts), [None]);
    // What is not shown is not lost by a change of something else.
    let change = said(json!({ "influence": 4 }));
    let changed = app::holdings::change_contact(p, &who, (firm, contact.id), 1, change).await;
    assert_eq!(stands_for(&[changed.unwrap()]), [None]);
    let kept = app::holdings::contacts(p, &admin, firm, size, None)
        .await
        .unwrap();
    assert_eq!(stands_for(&kept.items), [Some(stranger)]);

    for (said_of, code, field) in [
        (
            json!({ "organisation": other_firm }),
            "organisation_unknown",
            "organisation",
        ),
        (
            json!({ "referred_by": stranger }),
            "referrer_unknown",
            "referred_by",
        ),
        (json!({ "branch": south }), "out_of_scope", "branch"),
        (json!({ "branch": null }), "out_of_scope", "branch"),
        (json!({ "branch": Uuid::nil() }), "branch_unknown", "branch"),
        (json!({ "owner": Uuid::nil() }), "owner_unknown", "owner"),
    ] {
        let error = app::edit::change(p, &who, firm, 1, said(said_of))
            .await
            .unwrap_err();
        assert_eq!((error.code(), at(&error)), (code, Some(field)));
    }
}

test_on_both!(whoever_makes_a_customer_sees_it, [MIGRATIONS]);
async fn whoever_makes_a_customer_sees_it(t: &TestDb) {
    let p = &t.platform;
    let admin = caller(Role::Administrator);
    let north = branch(p, "north", None).await;
    let below = branch(p, "below", Some(north)).await;
    let anna = user(p, "anna", ScopeKind::Branch, Some(north)).await;
    let own = user(p, "bo", ScopeKind::Own, None).await;
    let nowhere = user(p, "nowhere", ScopeKind::Branch, None).await;

    let of_branch = made(p, &anna, "person", "张一", None).await;
    assert_eq!(of_branch.branch.map(|branch| branch.id), Some(north));
    let of_below = made(p, &anna, "person", "张二", Some(below)).await;
    assert_eq!(of_below.branch.map(|branch| branch.id), Some(below));
    let of_owner = made(p, &own, "person", "张三", None).await;
    assert_eq!(of_owner.owner.map(|owner| owner.id), Some(own.user.id));
    let of_nobody = made(p, &admin, "person", "张四", None).await;
    assert_eq!((of_nobody.branch, of_nobody.owner), (None, None));
    assert!(app::get(p, &anna, of_nobody.row.id).await.is_err());

    let creation = said(json!({ "kind": "person", "name": "张五" }));
    let error = app::edit::create(p, &nowhere, creation).await.unwrap_err();
    assert_eq!((error.code(), at(&error)), ("out_of_scope", Some("branch")));

    // An administrator hands a customer over, and it changes hands.
    let change = said(json!({ "branch": north, "owner": own.user.id }));
    let changed = app::edit::change(p, &admin, of_nobody.row.id, 1, change)
        .await
        .unwrap();
    assert_eq!(changed.version, 2);
    assert!(app::get(p, &anna, of_nobody.row.id).await.is_ok());
    assert!(app::get(p, &own, of_nobody.row.id).await.is_ok());
}
