//! Who sees only a part of the customers merges only within it, and is told of nobody else.

use base::PageSize;
use customers::app::{self, duplicates, life_events, merges};
use customers::identities::{self, IdentityKind};
use customers::{CustomerChange, CustomerId, DuplicateState, LifeEventKind, MIGRATIONS, PairFilter, Side};
use platform::access::app::{branches, caller_of, roles, users};
use platform::access::{BranchChange, BranchId, Role, RoleChange, ScopeKind, UserChange};
use platform::testing::{TestDb, caller};
use platform::{Caller, Platform, test_on_both};
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::*;

async fn branch(p: &Platform, code: &str) -> BranchId {
    let decided = BranchChange {
        code: code.to_owned(),
        name: code.to_uppercase(),
        parent_id: None,
    };
    let added = branches::add(p, &caller(Role::Administrator), decided).await;
    added.unwrap().id
}

async fn user_of(p: &Platform, login: &str, branch_id: BranchId) -> Caller {
    let admin = caller(Role::Administrator);
    let permissions = ["customers.read", "customers.write", "customers.merge"].map(str::to_owned);
    let decided = RoleChange {
        name: Some(login.to_owned()),
        permissions: Some(permissions.to_vec()),
        scope: ScopeKind::Branch,
    };
    let role = roles::add(p, &admin, decided).await.unwrap().role.to_string();
    let decided = UserChange {
        name: login.to_owned(),
        role,
        branch_id: Some(branch_id),
        team_ids: Vec::new(),
        active: true,
    };
    let (added, _) = users::add(p, &admin, login, decided).await.unwrap();
    caller_of(p, added.user.id).await.unwrap()
}

/// Two branches and someone in each; A and C are of the north, B of the south.
struct World {
    north: Caller,
    south: Caller,
    branches: (BranchId, BranchId),
    a: CustomerId,
    b: CustomerId,
    c: CustomerId,
}

async fn world(p: &Platform) -> World {
    let branches = (branch(p, "north").await, branch(p, "south").await);
    let mut ids = Vec::new();
    for (external_id, of) in [("A", branches.0), ("B", branches.1), ("C", branches.0)] {
        let id = person(p, external_id, "张伟").await;
        said(p, id, |c| c.branch = Some(Some(of))).await;
        let born = day(LifeEventKind::Birthday, Some(1990), 3, 7);
        life_events::add(p, &caller(Role::Analyst), id, born)
            .await
            .unwrap();
        ids.push(id);
    }
    World {
        north: user_of(p, "anna", branches.0).await,
        south: user_of(p, "bert", branches.1).await,
        branches,
        a: ids[0],
        b: ids[1],
        c: ids[2],
    }
}

test_on_both!(only_who_sees_both_merges_them, [MIGRATIONS]);
async fn only_who_sees_both_merges_them(t: &TestDb) {
    let p = &t.platform;
    let w = world(p).await;
    let before = everything(p).await;
    let nobody = CustomerId::from(Uuid::nil());
    for (one, other) in [(w.a, w.b), (w.b, w.a), (w.a, nobody)] {
        let looked = merges::preview(p, &references(), &w.north, (one, other)).await;
        let asked = of(one, 2, other, 2);
        let done = merges::merge(p, &references(), &w.north, asked).await;
        assert_eq!(
            (looked.unwrap_err().code(), done.unwrap_err().code()),
            ("not_found", "not_found")
        );
    }
    assert_eq!(everything(p).await, before);
    let done = merges::merge(p, &references(), &w.north, of(w.a, 2, w.c, 2))
        .await
        .unwrap();
    let size = PageSize::new(None).unwrap();
    for (who, count) in [(&w.north, 1), (&w.south, 0)] {
        let seen = merges::list(p, who, None, size, None).await.unwrap();
        assert_eq!(seen.items.len(), count);
    }
    let refused = merges::unmerge(p, &references(), &w.south, done.merge.id)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "not_found");
    merges::unmerge(p, &references(), &w.north, done.merge.id)
        .await
        .unwrap();
    assert_eq!(everything(p).await, before);
}

test_on_both!(only_pairs_of_whom_both_are_seen_are_reviewed, [MIGRATIONS]);
async fn only_pairs_of_whom_both_are_seen_are_reviewed(t: &TestDb) {
    let p = &t.platform;
    let w = world(p).await;
    let size = PageSize::new(None).unwrap();
    let pairs = |page: base::Page<customers::Duplicate>| -> Vec<String> {
        let mut pairs: Vec<_> = page
            .items
            .iter()
            .map(|pair| format!("{} {}", pair.one.external_id, pair.other.external_id))
            .collect();
        pairs.sort();
        pairs
    };
    let refused = duplicates::search_all(p, &w.north).await.unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    let of_a = duplicates::search_one(p, &w.north, w.a, size).await.unwrap();
    assert_eq!(pairs(of_a), ["A C"]);
    let whole = caller(Role::Analyst);
    let stored = duplicates::list(p, &whole, PairFilter::default(), size, None)
        .await
        .unwrap();
    assert_eq!(
        pairs(stored),
        ["A C"],
        "who is out of sight was not even compared"
    );
    duplicates::search_all(p, &whole).await.unwrap();
    jobs_done(p, 1).await;
    let all = duplicates::list(p, &whole, PairFilter::default(), size, None)
        .await
        .unwrap();
    for (who, seen) in [
        (&w.north, vec!["A C"]),
        (&w.south, vec![]),
        (&whole, vec!["A B", "A C", "B C"]),
    ] {
        let page = duplicates::list(p, who, PairFilter::default(), size, None)
            .await
            .unwrap();
        assert_eq!(pairs(page), seen);
    }
    for pair in all.items {
        let is_norths = ![pair.one.id, pair.other.id].contains(&w.b);
        for who in [&w.north, &w.south] {
            let decided = duplicates::dismiss(p, who, pair.id).await;
            let seen = is_norths && std::ptr::eq(who, &w.north);
            assert_eq!(
                decided.map_err(|e| e.code()).err(),
                (!seen).then_some("not_found")
            );
        }
    }
    let decided = PairFilter {
        state: DuplicateState::NotDuplicate,
        ..PairFilter::default()
    };
    let page = duplicates::list(p, &w.north, decided, size, None).await;
    assert_eq!(pairs(page.unwrap()), ["A C"]);
}

test_on_both!(an_old_id_is_seen_where_its_survivor_is, [MIGRATIONS]);
async fn an_old_id_is_seen_where_its_survivor_is(t: &TestDb) {
    let p = &t.platform;
    let w = world(p).await;
    said(p, w.b, |c| c.name = Some(Some("欧阳南".into()))).await;
    identity(p, w.b, "13900000002").await;
    merged_with(p, w.a, w.b, [].into()).await.unwrap();
    let size = PageSize::new(None).unwrap();
    let list = async |who: &Caller, q: &str| -> Vec<String> {
        let page = app::list(p, who, Some(q), size, None).await.unwrap();
        page.items
            .into_iter()
            .map(|row| row.customer.external_id)
            .collect()
    };
    let named = async |who: &Caller| {
        let found = app::get(p, who, w.b).await;
        let change = app::edit::change(p, who, w.b, 3, CustomerChange::default()).await;
        let phone = identities::app::lookup(p, who, "13900000002", None).await;
        let external = identities::app::lookup(p, who, "B", Some(IdentityKind::External)).await;
        (
            found.map(|found| found.row.id).map_err(|e| e.code()),
            change.unwrap_err().code(),
            phone.map(|found| found.customer.id).map_err(|e| e.code()),
            external.map(|found| found.customer.id).map_err(|e| e.code()),
        )
    };
    // The branch of the merged one sees it no longer, and the survivor's does.
    assert_eq!(
        named(&w.north).await,
        (Ok(w.a), "customer_merged", Ok(w.a), Ok(w.a))
    );
    let nothing = (Err("not_found"), "not_found", Err("not_found"), Err("not_found"));
    assert_eq!(named(&w.south).await, nothing);
    for q in ["B", "欧阳南", "欧阳", "13900000002"] {
        assert_eq!(list(&w.north, q).await, ["A"], "{q}");
        assert!(list(&w.south, q).await.is_empty(), "{q}");
    }
}

test_on_both!(a_conflict_names_only_who_is_seen, [MIGRATIONS]);
async fn a_conflict_names_only_who_is_seen(t: &TestDb) {
    let p = &t.platform;
    let w = world(p).await;
    let (seen, hidden) = (
        organisation(p, "O1", "北方").await,
        organisation(p, "O2", "南方").await,
    );
    said(p, seen, |c| c.branch = Some(Some(w.branches.0))).await;
    said(p, hidden, |c| c.branch = Some(Some(w.branches.1))).await;
    said(p, w.a, |c| c.organisation = Some(Some(seen))).await;
    said(p, w.c, |c| c.organisation = Some(Some(hidden))).await;
    let conflict = async |who: &Caller, two, field: &str| -> (Value, Value) {
        let looked = merges::preview(p, &references(), who, two).await.unwrap();
        let found = looked
            .conflicts
            .into_iter()
            .find(|conflict| conflict.field == field);
        found
            .map(|conflict| (conflict.survivor, conflict.merged))
            .unwrap()
    };
    let (north, south) = (
        json!({ "id": seen, "name": "北方" }),
        json!({ "id": hidden, "name": "南方" }),
    );
    let whole = caller(Role::Analyst);
    assert_eq!(
        conflict(&w.north, (w.a, w.c), "organisation").await,
        (north.clone(), Value::Null)
    );
    assert_eq!(conflict(&whole, (w.a, w.c), "organisation").await, (north, south));
    let (of_a, of_b) = conflict(&whole, (w.a, w.b), "branch").await;
    assert_eq!((&of_a["name"], &of_b["name"]), (&json!("NORTH"), &json!("SOUTH")));

    // Nobody puts a customer out of their own sight, not even back to where it was.
    let before = everything(p).await;
    let done = merged_with(p, w.a, w.b, [("branch".to_owned(), Side::Merged)].into())
        .await
        .unwrap();
    let now = app::get(p, &w.south, w.a).await.unwrap();
    assert_eq!(now.branch.map(|branch| branch.id), Some(w.branches.1));
    let refused = merges::unmerge(p, &references(), &w.south, done.id)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "out_of_scope");
    undone(p, done.id).await.unwrap();
    assert_eq!(everything(p).await, before);
}
