//! Nobody sees a customer out of scope, whatever they ask: random trees of branches, teams and owners on
//! both databases, against an answer worked out by hand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

mod page_support;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::PageSize;
use customers::{CustomerId, MIGRATIONS, Record, app, identities, store};
use futures::TryStreamExt as _;
use platform::access::app::{branches, caller_of, roles, teams, users};
use platform::access::{BranchChange, BranchId, Role, RoleChange, ScopeKind, TeamChange, UserChange, UserId};
use platform::testing::{TestDb, caller};
use platform::{Caller, Platform, test_on_both};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::json;

const BRANCHES: usize = 9;
const TEAMS: usize = 3;
const USERS: usize = 8;
const KINDS: [ScopeKind; 4] = [ScopeKind::All, ScopeKind::Branch, ScopeKind::Team, ScopeKind::Own];

/// A firm as it is drawn: places in lists stand for ids.
#[derive(Debug, Clone)]
struct Drawn {
    /// Each branch's parent, one before it.
    parents: Vec<Option<prop::sample::Index>>,
    /// Each user's scope, branch and teams.
    users: Vec<(usize, Option<usize>, BTreeSet<usize>)>,
    customers: Vec<DrawnCustomer>,
}

#[derive(Debug, Clone)]
struct DrawnCustomer {
    branch: Option<usize>,
    owner: Option<usize>,
    name: String,
    brand: Option<u8>,
    organisation: Option<prop::sample::Index>,
}

fn firm() -> impl Strategy<Value = Drawn> {
    let customer = (
        prop::option::weighted(0.8, 0..BRANCHES),
        prop::option::weighted(0.7, 0..USERS),
        "[张李][伟芳]{1,2}",
        prop::option::of(0_u8..6),
        prop::option::weighted(0.3, any::<prop::sample::Index>()),
    )
        .prop_map(|(branch, owner, name, brand, organisation)| DrawnCustomer {
            branch,
            owner,
            name,
            brand,
            organisation,
        });
    let user = (
        0..KINDS.len(),
        prop::option::weighted(0.9, 0..BRANCHES),
        prop::collection::btree_set(0..TEAMS, 0..3),
    );
    (
        prop::collection::vec(
            prop::option::weighted(0.75, any::<prop::sample::Index>()),
            BRANCHES,
        ),
        prop::collection::vec(user, USERS),
        prop::collection::vec(customer, 40..90),
    )
        .prop_map(|(parents, users, customers)| Drawn {
            parents,
            users,
            customers,
        })
}

/// What was stored of a customer.
#[derive(Debug, Clone)]
struct Known {
    id: CustomerId,
    name: String,
    brand: Option<String>,
    phone: String,
    branch: Option<BranchId>,
    owner: Option<UserId>,
    organisation: Option<String>,
}

/// A user with what the scope should follow from.
struct Person {
    id: UserId,
    kind: ScopeKind,
    branch: Option<BranchId>,
    teams: BTreeSet<usize>,
}

/// Everything that was ever stored, as the answers are worked out from it.
#[derive(Default)]
struct World {
    parents: HashMap<BranchId, Option<BranchId>>,
    people: Vec<Person>,
    customers: BTreeMap<String, Known>,
}

impl World {
    fn sees(&self, person: &Person, customer: &Known) -> bool {
        match person.kind {
            ScopeKind::All => true,
            ScopeKind::Branch => {
                let mut above = customer.branch;
                while let Some(branch) = above {
                    if Some(branch) == person.branch {
                        return true;
                    }
                    above = self.parents[&branch];
                }
                false
            }
            ScopeKind::Team => self.people.iter().any(|other| {
                Some(other.id) == customer.owner
                    && (other.id == person.id || !other.teams.is_disjoint(&person.teams))
            }),
            ScopeKind::Own => customer.owner == Some(person.id),
        }
    }
}

fn phone(n: usize, c: usize) -> String {
    format!("+86138{n:04}{c:04}")
}

fn role_of(kinds: &HashMap<&'static str, Role>, kind: ScopeKind) -> String {
    kinds[kind.name()].to_string()
}

/// Stores a drawn firm beside those before it; teams have marks that no earlier firm's have.
async fn store_firm(p: &Platform, admin: &Caller, world: &mut World, drawn: &Drawn, n: usize) {
    let mut kinds = HashMap::new();
    for kind in KINDS {
        let decided = RoleChange {
            name: Some(format!("{}-{n}", kind.name())),
            permissions: Some(vec!["customers.read".to_owned()]),
            scope: kind,
        };
        let made = roles::add(p, admin, decided).await.unwrap();
        kinds.insert(kind.name(), made.role);
    }
    let mut tree: Vec<BranchId> = Vec::new();
    for (b, parent) in drawn.parents.iter().enumerate() {
        let parent_id = parent.filter(|_| b > 0).map(|parent| tree[parent.index(b)]);
        let decided = BranchChange {
            code: format!("B{n}-{b}"),
            name: format!("Branch {b}"),
            parent_id,
        };
        let branch = branches::add(p, admin, decided).await.unwrap();
        world.parents.insert(branch.id, parent_id);
        tree.push(branch.id);
    }
    let mut team_ids = Vec::new();
    for t in 0..TEAMS {
        let name = format!("Team {n}-{t}");
        team_ids.push(teams::add(p, admin, TeamChange { name }).await.unwrap().id);
    }
    let first_user = world.people.len();
    for (u, (kind, branch, in_teams)) in drawn.users.iter().enumerate() {
        let branch_id = branch.map(|branch| tree[branch]);
        let decided = UserChange {
            name: format!("User {u}"),
            role: role_of(&kinds, KINDS[*kind]),
            branch_id,
            team_ids: in_teams.iter().map(|team| team_ids[*team]).collect(),
            active: true,
        };
        let (user, _) = users::add(p, admin, &format!("u{n}-{u}"), decided).await.unwrap();
        world.people.push(Person {
            id: user.user.id,
            kind: KINDS[*kind],
            branch: branch_id,
            teams: in_teams.iter().map(|team| n * TEAMS + team).collect(),
        });
    }
    let external_id = |c: usize| format!("C{n}-{c:03}");
    let records: Vec<Record> = drawn
        .customers
        .iter()
        .enumerate()
        .map(|(c, customer)| Record {
            external_id: external_id(c),
            name: Some(customer.name.clone()),
            brand: customer.brand.map(|brand| format!("brand {n}-{brand}")),
            phone: Some(phone(n, c)),
            branch: customer.branch.map(|branch| tree[branch]),
            owner: customer.owner.map(|owner| world.people[first_user + owner].id),
            organisation: customer
                .organisation
                .map(|other| other.index(drawn.customers.len()))
                .filter(|other| *other != c)
                .map(external_id),
            ..Record::default()
        })
        .collect();
    let mut tx = p.db.write().await.unwrap();
    let done = store::upsert_many(&mut tx, &p.clock, &p.keys, &records)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for record in records {
        let known = Known {
            id: done.ids[&record.external_id],
            name: record.name.unwrap_or_default(),
            brand: record.brand,
            phone: record.phone.unwrap_or_default(),
            branch: record.branch,
            owner: record.owner,
            organisation: record.organisation,
        };
        world.customers.insert(record.external_id, known);
    }
}

async fn listed(p: &Platform, who: &Caller, search: Option<&str>, size: u32) -> Vec<String> {
    let size = PageSize::new(Some(size)).unwrap();
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = app::list(p, who, search, size, cursor.as_deref()).await.unwrap();
        all.extend(page.items.into_iter().map(|found| found.customer.external_id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            // What a search finds comes in an order of its own.
            if search.is_some() {
                all.sort();
            }
            return all;
        }
    }
}

async fn sees_what_is_in_scope(p: &Platform, world: &World, person: &Person) {
    let who = caller_of(p, person.id).await.unwrap();
    let seen: BTreeMap<&String, &Known> = world
        .customers
        .iter()
        .filter(|(_, customer)| world.sees(person, customer))
        .collect();
    let named = |wanted: &dyn Fn(&str, &Known) -> bool| -> Vec<String> {
        seen.iter()
            .filter(|(id, customer)| wanted(id, customer))
            .map(|(id, _)| (*id).clone())
            .collect()
    };

    assert_eq!(listed(p, &who, None, 7).await, named(&|_, _| true));
    for prefix in ["张", "李伟", "张芳芳"] {
        let expected = named(&|_, customer| customer.name.starts_with(prefix));
        // Where no name begins with it, one that contains it would do: none does.
        assert_eq!(listed(p, &who, Some(prefix), 50).await, expected, "{prefix}");
    }
    assert_eq!(
        listed(p, &who, Some("C0-00"), 3).await,
        named(&|id, _| id.starts_with("C0-00"))
    );
    assert_eq!(
        listed(p, &who, Some("芳"), 50).await,
        named(&|_, customer| customer.name.contains('芳'))
    );

    assert_eq!(
        listed(p, &who, Some("0017"), 50).await,
        named(&|_, customer| customer.phone.ends_with("0017"))
    );

    let brands: BTreeSet<&str> = seen.values().filter_map(|one| one.brand.as_deref()).collect();
    let facets = app::facets(p, &who).await.unwrap();
    assert_eq!(facets.brands, brands.into_iter().collect::<Vec<_>>());
    assert!(facets.regions.is_empty() && facets.segments.is_empty());

    pages_show_what_is_in_scope(p, world, (person, &who)).await;
    // Each takes several statements: one of three is asked for by itself.
    for (external_id, customer) in world.customers.iter().step_by(3) {
        let is_seen = seen.contains_key(external_id);
        for known_by in [&customer.phone, external_id] {
            let found = identities::app::lookup(p, &who, known_by, None).await;
            assert_eq!(found.is_ok_and(|found| found.customer.id == customer.id), is_seen);
        }
        match app::get(p, &who, customer.id).await {
            Ok(detail) => {
                assert!(is_seen, "{external_id} is shown to {:?}", person.kind);
                let organisation = customer.organisation.as_ref().filter(|id| seen.contains_key(id));
                assert_eq!(
                    detail.organisation.map(|link| link.id),
                    organisation.map(|id| world.customers[id].id)
                );
                let members: BTreeSet<CustomerId> = seen
                    .values()
                    .filter(|one| one.organisation.as_ref() == Some(external_id))
                    .map(|one| one.id)
                    .collect();
                let shown: BTreeSet<CustomerId> = detail.members.iter().map(|link| link.id).collect();
                assert_eq!(shown, members);
                assert_eq!(detail.branch.map(|branch| branch.id), customer.branch);
                assert_eq!(detail.owner.map(|owner| owner.id), customer.owner);
            }
            Err(e) => {
                assert_eq!(e.code(), "not_found");
                assert!(!is_seen, "{external_id} is hidden from {:?}", person.kind);
            }
        }
    }

    let mut tx = p.db.read().await.unwrap();
    let scope = who.scope();
    assert_eq!(store::count(&mut tx, scope).await.unwrap(), seen.len() as u64);
    let ids: Vec<_> = world.customers.values().map(|one| one.id.uuid()).collect();
    let seen_ids: BTreeSet<_> = seen.values().map(|one| one.id.uuid()).collect();
    let summaries = store::summaries(&mut tx, scope, &ids).await.unwrap();
    assert_eq!(summaries.into_keys().collect::<BTreeSet<_>>(), seen_ids);
    let names: Vec<&str> = world.customers.keys().map(String::as_str).collect();
    let found = store::ids_by_external(&mut tx, scope, &names).await.unwrap();
    assert_eq!(
        found.into_values().map(CustomerId::uuid).collect::<BTreeSet<_>>(),
        seen_ids
    );
    let group = store::Group {
        brands: vec!["brand 0-1".to_owned(), "brand 0-2".to_owned()],
        ..store::Group::default()
    };
    let grouped: BTreeSet<_> = seen
        .values()
        .filter(|one| {
            one.brand
                .as_ref()
                .is_some_and(|brand| group.brands.contains(brand))
        })
        .map(|one| one.id.uuid())
        .collect();
    let among = store::among(&mut tx, scope, &ids, &group).await.unwrap();
    assert_eq!(among.into_iter().collect::<BTreeSet<_>>(), grouped);
    // In memory as in the database.
    let groupings: Vec<_> = store::groupings(&mut tx).unwrap().try_collect().await.unwrap();
    assert_eq!(
        store::groupings_of(&mut tx, &ids).await.unwrap().len(),
        groupings.len()
    );
    for (group, expected) in [(&group, &grouped), (&store::Group::default(), &seen_ids)] {
        let members = groupings
            .iter()
            .filter(|(_, grouping)| grouping.is_in(scope, group));
        assert_eq!(&members.map(|(id, _)| *id).collect::<BTreeSet<_>>(), expected);
    }
    let referred: Vec<_> = store::referrals(&mut tx, scope)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(referred.is_empty());
    for one in world.customers.values().step_by(3) {
        let there = store::is_there(&mut tx, scope, one.id).await.unwrap();
        assert_eq!(there, seen_ids.contains(&one.id.uuid()));
    }
}

/// A page names whom the record names. It takes many statements: one of ten is asked for.
async fn pages_show_what_is_in_scope(p: &Platform, world: &World, (person, who): (&Person, &Caller)) {
    let overview = page_support::overview_of(p);
    for (external_id, customer) in world.customers.iter().step_by(10) {
        let shown = match overview.of(who, customer.id).await {
            Ok(page) => page,
            Err(e) => {
                assert_eq!((e.code(), world.sees(person, customer)), ("not_found", false));
                continue;
            }
        };
        assert!(world.sees(person, customer), "{external_id}");
        let record = shown.parts["record"].body.clone().unwrap();
        let detail = app::get(p, who, customer.id).await.unwrap();
        for (named, expected) in [
            ("organisation", json!(detail.organisation)),
            ("branch", json!(detail.branch)),
            ("owner", json!(detail.owner)),
        ] {
            assert_eq!(record[named], expected, "{external_id}: {named}");
        }
    }
}

test_on_both!(nobody_sees_a_customer_out_of_scope, [MIGRATIONS]);
async fn nobody_sees_a_customer_out_of_scope(t: &TestDb) {
    let p = &t.platform;
    let admin = caller(Role::Administrator);
    let mut world = World::default();
    let mut runner = TestRunner::deterministic();
    let firms = firm();
    for n in 0..3 {
        let drawn = firms.new_tree(&mut runner).unwrap().current();
        store_firm(p, &admin, &mut world, &drawn, n).await;
        for person in &world.people[n * USERS..] {
            Box::pin(sees_what_is_in_scope(p, &world, person)).await;
        }
    }
}

test_on_both!(a_scope_of_very_many_branches_is_walked, [MIGRATIONS]);
async fn a_scope_of_very_many_branches_is_walked(t: &TestDb) {
    let p = &t.platform;
    let admin = caller(Role::Administrator);
    let add = async |code: String, parent_id| {
        let decided = BranchChange {
            name: code.clone(),
            code,
            parent_id,
        };
        branches::add(p, &admin, decided).await.unwrap().id
    };
    let top = add("top".to_owned(), None).await;
    let elsewhere = add("elsewhere".to_owned(), None).await;
    let mut records = vec![Record {
        external_id: "hidden".to_owned(),
        branch: Some(elsewhere),
        ..Record::default()
    }];
    let mut expected = Vec::new();
    for n in 0..70 {
        let branch = add(format!("b{n}"), Some(top)).await;
        records.push(Record {
            external_id: format!("C{n:03}"),
            branch: Some(branch),
            ..Record::default()
        });
        expected.push(format!("C{n:03}"));
    }
    let mut tx = p.db.write().await.unwrap();
    store::upsert_many(&mut tx, &p.clock, &p.keys, &records)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let decided = RoleChange {
        name: Some("branch manager".to_owned()),
        permissions: Some(vec!["customers.read".to_owned()]),
        scope: ScopeKind::Branch,
    };
    let role = roles::add(p, &admin, decided).await.unwrap().role.to_string();
    let decided = UserChange {
        name: "Boss".to_owned(),
        role,
        branch_id: Some(top),
        team_ids: Vec::new(),
        active: true,
    };
    let (boss, _) = users::add(p, &admin, "boss", decided).await.unwrap();
    let who = caller_of(p, boss.user.id).await.unwrap();
    assert_eq!(listed(p, &who, None, 9).await, expected);
    assert_eq!(listed(p, &who, Some("C01"), 9).await, expected[10..20]);
    assert!(listed(p, &who, Some("hid"), 9).await.is_empty());
}
