//! Figures and transactions of customers out of scope are not there, and what is about the whole firm is for
//! those who see all of it.

use std::collections::BTreeSet;

use base::PageSize;
use customers::Record;
use customers::store::Group;
use platform::access::app::{branches, caller_of, roles, users};
use platform::access::{BranchChange, BranchId, Role, RoleChange, ScopeKind, UserChange};
use platform::testing::{TestDb, caller};
use platform::{Caller, Platform, test_on_both};
use uuid::Uuid;
use value::app::profiles::{self, Filter, ListRequest};
use value::app::runs::{self, RunRequest, Which};
use value::app::{ValueRoom, compare, ledger};
use value::profile::Figure;
use value::profile_columns::Order;

use crate::support::{ROOMS, append, as_of, customers_named, line, published, runner, stop};

const CUSTOMERS: usize = 24;

async fn user(p: &Platform, login: &str, scope: ScopeKind, branch_id: Option<BranchId>) -> Caller {
    let admin = caller(Role::Administrator);
    let permissions = ["customers.read", "value.read", "value.run"];
    let decided = RoleChange {
        name: Some(login.to_owned()),
        permissions: Some(permissions.map(str::to_owned).to_vec()),
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

async fn listed(room: &ValueRoom, who: &Caller, filter: &Filter, search: Option<&str>) -> BTreeSet<Uuid> {
    let (mut seen, mut cursor) = (BTreeSet::new(), None);
    loop {
        let request = ListRequest {
            filter: filter.clone(),
            search: search.map(str::to_owned),
            order: Order {
                figure: Figure::Revenue,
                descending: true,
            },
            size: PageSize::new(Some(3)).unwrap(),
            cursor,
        };
        let page = profiles::list(room, who, request).await.unwrap().page;
        seen.extend(page.items.iter().map(|(_, profile)| profile.customer));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return seen;
        }
    }
}

test_on_both!(figures_out_of_scope_are_not_there, ROOMS);
async fn figures_out_of_scope_are_not_there(t: &TestDb) {
    let p = &t.platform;
    let room = ValueRoom::new(p.clone());
    let admin = caller(Role::Administrator);
    let names: [String; CUSTOMERS] = std::array::from_fn(|n| format!("C{n:02}"));
    let ids = customers_named(t, std::array::from_fn::<_, CUSTOMERS, _>(|n| names[n].as_str())).await;
    let lines: Vec<_> = (0..CUSTOMERS * 6)
        .map(|n| {
            let at = format!(
                "1997-{:02}-{:02}T10:00:00Z",
                n / CUSTOMERS * 2 + 1,
                n % CUSTOMERS + 1
            );
            let amount = 1_000 + i64::try_from(n * 37 % 500).unwrap();
            line(ids[n % CUSTOMERS], &format!("L{n}"), &at, amount)
        })
        .collect();
    append(t, &lines).await;
    let runner = runner(t).await;
    let run = published(t, &room, as_of("1997-12-31")).await;
    stop(runner).await;

    let add = async |code: &str, parent_id| {
        let decided = BranchChange {
            code: code.to_owned(),
            name: code.to_owned(),
            parent_id,
        };
        branches::add(p, &admin, decided).await.unwrap().id
    };
    let top = add("top", None).await;
    let low = add("low", Some(top)).await;
    let other = add("other", None).await;
    let own = user(p, "own", ScopeKind::Own, None).await;
    let people = [
        (
            user(p, "top", ScopeKind::Branch, Some(top)).await,
            BTreeSet::from([0, 1]),
        ),
        (
            user(p, "low", ScopeKind::Branch, Some(low)).await,
            BTreeSet::from([1]),
        ),
        (user(p, "nowhere", ScopeKind::Branch, None).await, BTreeSet::new()),
        (own.clone(), BTreeSet::from([3])),
    ];
    // By the remainder of its number: top, low, other branch, the manager's, nobody's.
    let records: Vec<Record> = (0..CUSTOMERS)
        .map(|n| Record {
            external_id: names[n].clone(),
            brand: Some(format!("brand {}", n % 2)),
            branch: [Some(top), Some(low), Some(other), None, None][n % 5],
            owner: (n % 5 == 3).then_some(own.user.id),
            ..Record::default()
        })
        .collect();
    let mut tx = p.db.write().await.unwrap();
    customers::store::upsert_many(&mut tx, &p.clock, &p.keys, &records)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let all = Filter::default();
    let of_brand = Filter {
        group: Group {
            brands: vec!["brand 1".to_owned()],
            ..Group::default()
        },
        ..Filter::default()
    };
    assert_eq!(listed(&room, &admin, &all, None).await.len(), CUSTOMERS);
    for (who, remainders) in &people {
        let sees = |n: usize| remainders.contains(&(n % 5));
        let expected = |wanted: &dyn Fn(usize) -> bool| -> BTreeSet<Uuid> {
            (0..CUSTOMERS)
                .filter(|n| sees(*n) && wanted(*n))
                .map(|n| ids[n])
                .collect()
        };
        assert_eq!(listed(&room, who, &all, None).await, expected(&|_| true));
        assert_eq!(
            listed(&room, who, &of_brand, None).await,
            expected(&|n| n % 2 == 1)
        );
        assert_eq!(
            listed(&room, who, &all, Some("C1")).await,
            expected(&|n| n / 10 == 1)
        );
        for (filter, search) in [(&all, None), (&of_brand, None), (&all, Some("C1"))] {
            let count = profiles::count(&room, who, filter.clone(), search).await.unwrap();
            let rows = listed(&room, who, filter, search).await.len() as u64;
            assert_eq!((count.rows, count.exact), (rows, true));
        }
        let size = PageSize::new(None).unwrap();
        for (n, id) in ids.iter().copied().enumerate() {
            let page = profiles::of_customer(&room, who, id).await;
            let (lines, _) = ledger::of_customer(&room, who, id, size, None).await.unwrap();
            assert_eq!(page.is_ok(), sees(n));
            assert_eq!(lines.items.is_empty(), !sees(n));
        }
        let hidden = profiles::of_customer(&room, who, ids[2]).await.err().unwrap();
        let nobody = profiles::of_customer(&room, who, Uuid::nil())
            .await
            .err()
            .unwrap();
        assert_eq!(hidden, nobody, "out of scope is as if it did not exist");

        let which = Which::Run(run.id);
        let refused = [
            runs::find(&room, who, which).await.err(),
            runs::report(&room, who, Which::Latest).await.err(),
            runs::profiles_file(&room, who, which).await.err(),
            runs::list(&room, who, size, None).await.err(),
            runs::start(&room, who, RunRequest::default()).await.err(),
            compare::two_runs(&room, who, which, which).await.err(),
        ];
        for refused in refused {
            assert_eq!(refused.map(|e| e.code()), Some("forbidden"));
        }
    }
}
