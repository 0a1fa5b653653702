//! Merging and undoing is nothing: random customers with random holdings, merged in chains and undone in reverse.

use base::Day;
use customers::app::{self, consents, holdings, life_events, record};
use customers::identities::{self, IdentityKind};
use customers::{
    Channel, ContactFacts, ContactRole, CustomValues, CustomerId, LifeEventKind, MIGRATIONS, NewNote,
    NewStatements, Side, SubscriptionFacts, SubscriptionStatus, TagChange,
};
use platform::access::app::{branches, users};
use platform::access::{BranchChange, BranchId, Role, UserChange, UserId};
use platform::testing::{TestDb, caller};
use platform::{Platform, args, test_on_both};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::support::*;

const WORLDS: usize = 16;

const FIELDS: [&str; 13] = [
    "name",
    "region",
    "segment",
    "since",
    "organisation",
    "referred_by",
    "branch",
    "owner",
    "founding",
    "birthday",
    "custom.size",
    "custom.hobby",
    "preferences",
];

/// What one customer has.
#[derive(Debug, Clone)]
struct Has {
    is_person: bool,
    /// One of two.
    branch: Option<bool>,
    owner: Option<bool>,
    region: Option<&'static str>,
    segment: Option<&'static str>,
    since: Option<i32>,
    tags: std::collections::BTreeSet<&'static str>,
    size: Option<u8>,
    hobby: Option<&'static str>,
    language: Option<&'static str>,
    notes: u8,
    phones: u8,
    emails: u8,
    /// When it was founded or born.
    began: Option<i16>,
    other_day: Option<u8>,
    consents: u8,
    subscriptions: u8,
    /// Among the others of the world.
    above: Option<Index>,
    brought_by: Option<Index>,
    contact: Option<Index>,
}

fn has() -> impl Strategy<Value = Has> {
    let said = (
        option::of(select(vec!["北京", "上海"])),
        option::of(select(vec!["VIP", "SME"])),
        option::of(0..3_i32),
        btree_set(select(vec!["a", "b", "c"]), 0..3),
        option::of(0..3_u8),
        option::of(select(vec!["tea", "golf"])),
        option::of(select(vec!["zh-CN", "en"])),
        (
            any::<bool>(),
            option::of(any::<bool>()),
            option::of(any::<bool>()),
        ),
    );
    let counts = (
        0..3_u8,
        (0..3_u8, 0..2_u8),
        option::of(2000..2002_i16),
        option::of(1..4_u8),
        0..2_u8,
        0..2_u8,
    );
    let others = (
        option::of(any::<Index>()),
        option::of(any::<Index>()),
        option::of(any::<Index>()),
    );
    (said, counts, others).prop_map(|(said, counts, others)| Has {
        is_person: said.7.0,
        branch: said.7.1,
        owner: said.7.2,
        region: said.0,
        segment: said.1,
        since: said.2,
        tags: said.3,
        size: said.4,
        hobby: said.5,
        language: said.6,
        notes: counts.0,
        phones: counts.1.0,
        emails: counts.1.1,
        began: counts.2,
        other_day: counts.3,
        consents: counts.4,
        subscriptions: counts.5,
        above: others.0,
        brought_by: others.1,
        contact: others.2,
    })
}

/// Some people and organisations, and which of them become one with which: both among those that are left.
#[derive(Debug, Clone)]
struct World {
    customers: Vec<Has>,
    merges: Vec<(Index, Index, Vec<bool>)>,
}

fn world() -> impl Strategy<Value = World> {
    let choices = vec(any::<bool>(), FIELDS.len());
    (
        vec(has(), 2..8),
        vec((any::<Index>(), any::<Index>(), choices), 1..5),
    )
        .prop_map(|(customers, merges)| World { customers, merges })
}

/// The branches and the users whom customers may have.
struct Keepers {
    branches: [BranchId; 2],
    owners: [UserId; 2],
}

async fn keepers(p: &Platform) -> Keepers {
    let admin = caller(Role::Administrator);
    let (mut of_branches, mut owners) = (Vec::new(), Vec::new());
    for name in ["north", "south"] {
        let decided = BranchChange {
            code: name.to_owned(),
            name: name.to_owned(),
            parent_id: None,
        };
        of_branches.push(branches::add(p, &admin, decided).await.unwrap().id);
        let decided = UserChange {
            name: name.to_owned(),
            role: "analyst".to_owned(),
            branch_id: None,
            team_ids: Vec::new(),
            active: true,
        };
        owners.push(users::add(p, &admin, name, decided).await.unwrap().0.user.id);
    }
    Keepers {
        branches: of_branches.try_into().unwrap(),
        owners: owners.try_into().unwrap(),
    }
}

async fn built(p: &Platform, n: usize, world: &World, keepers: &Keepers) -> Vec<(CustomerId, bool)> {
    let analyst = caller(Role::Analyst);
    let mut made: Vec<(CustomerId, bool)> = Vec::new();
    for (m, has) in world.customers.iter().enumerate() {
        let (external_id, name) = (format!("{n}-{m}"), format!("客户{n}号{m}"));
        let id = if has.is_person {
            person(p, &external_id, &name).await
        } else {
            organisation(p, &external_id, &name).await
        };
        let other = |index: &Option<Index>, kinds: &[bool]| {
            let among: Vec<CustomerId> = made
                .iter()
                .filter(|(_, is_person)| kinds.contains(is_person))
                .map(|(id, _)| *id)
                .collect();
            index
                .filter(|_| !among.is_empty())
                .map(|index| *index.get(&among))
        };
        let above = other(&has.above, &[false]);
        let brought_by = other(&has.brought_by, &[false, true]);
        let stands_for = other(&has.contact, &[true]);
        said(p, id, |c| {
            c.region = Some(has.region.map(str::to_owned));
            c.segment = Some(has.segment.map(str::to_owned));
            c.since = Some(has.since.map(Day));
            c.organisation = Some(above);
            c.referred_by = Some(brought_by);
            c.branch = Some(has.branch.map(|of| keepers.branches[usize::from(of)]));
            c.owner = Some(has.owner.map(|of| keepers.owners[usize::from(of)]));
        })
        .await;
        let add = has.tags.iter().map(|tag| (*tag).to_owned()).collect();
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
        let mut values = CustomValues::new();
        values.extend(has.size.map(|size| ("size".to_owned(), json!(size))));
        values.extend(has.hobby.map(|hobby| ("hobby".to_owned(), json!(hobby))));
        record::change_custom_fields(p, &analyst, id, values)
            .await
            .unwrap();
        if let Some(language) = has.language {
            prefers(p, id, language).await;
        }
        for note in 0..has.notes {
            let text = format!("note {note}");
            record::write_note(
                p,
                &analyst,
                id,
                NewNote {
                    text,
                    pinned: note == 0,
                },
            )
            .await
            .unwrap();
        }
        for phone in 0..has.phones {
            identity(p, id, &format!("139{n:03}{m:02}{phone:03}")).await;
        }
        for email in 0..has.emails {
            let address = format!("c{n}.{m}.{email}@example.com");
            identities::app::add(p, &analyst, id, IdentityKind::Email, &address)
                .await
                .unwrap();
        }
        if let Some(year) = has.began {
            let facts = if has.is_person {
                day(LifeEventKind::Birthday, Some(year), 3, 7)
            } else {
                founded(year)
            };
            life_events::add(p, &analyst, id, facts).await.unwrap();
        }
        if let Some(other) = has.other_day {
            let facts = day(LifeEventKind::Wedding, None, other, 1);
            life_events::add(p, &analyst, id, facts).await.unwrap();
        }
        for _ in 0..has.consents {
            let said = NewStatements {
                purposes: vec!["marketing".to_owned()],
                channels: vec![Channel::Sms],
                given: true,
                source: "shop".to_owned(),
                at: None,
                expires_at: None,
            };
            consents::say(p, &analyst, id, said).await.unwrap();
        }
        for _ in 0..has.subscriptions {
            let subscription = SubscriptionFacts {
                product: "5G".to_owned(),
                plan: None,
                number: None,
                device: None,
                started_on: Day(19_000),
                term_ends_on: None,
                ended_on: None,
                status: SubscriptionStatus::Active,
            };
            holdings::add_subscription(p, &analyst, id, subscription)
                .await
                .unwrap();
        }
        if has.contact.is_some() && !has.is_person {
            let contact = ContactFacts {
                name: "Anna".to_owned(),
                role: ContactRole::User,
                influence: 3,
                customer_id: stands_for,
                since: None,
                until: None,
            };
            holdings::add_contact(p, &analyst, id, contact).await.unwrap();
        }
        made.push((id, has.is_person));
    }
    made
}

/// Rows that still refer to one who was merged, of all that move.
async fn left_with(p: &Platform, gone: CustomerId) -> Vec<String> {
    const MOVED: [(&str, &str); 8] = [
        ("customers", "organisation_id"),
        ("customers", "referred_by"),
        ("customers", "merged_into"),
        ("subscriptions", "customer_id"),
        ("contacts", "organisation_id"),
        ("contacts", "customer_id"),
        ("identities", "customer_id"),
        ("notes", "customer_id"),
    ];
    let mut tx = p.db.read().await.unwrap();
    let mut left = Vec::new();
    for (table, column) in MOVED.into_iter().chain([("consents", "customer_id")]) {
        let sql = format!("SELECT count(*) FROM {table} WHERE {column} = $1");
        let (count,): (i64,) = tx
            .one(sqlx::AssertSqlSafe(sql), args![gone.uuid()])
            .await
            .unwrap();
        if count > 0 {
            left.push(format!("{count} {table}.{column}"));
        }
    }
    left
}

test_on_both!(merging_and_undoing_is_nothing, [MIGRATIONS]);
async fn merging_and_undoing_is_nothing(t: &TestDb) {
    let p = &t.platform;
    fields(p).await;
    let keepers = keepers(p).await;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let mut merged = 0;
    for n in 0..WORLDS {
        let world = world().new_tree(&mut runner).unwrap().current();
        let mut left = built(p, n, &world, &keepers).await;
        let mut done = Vec::new();
        for (one, other, choices) in &world.merges {
            if left.len() < 2 {
                break;
            }
            let (gone, is_person) = left.remove(other.index(left.len()));
            let alike: Vec<CustomerId> = left
                .iter()
                .filter(|(_, other)| *other == is_person)
                .map(|(id, _)| *id)
                .collect();
            if alike.is_empty() {
                left.push((gone, is_person));
                continue;
            }
            let survivor = *one.get(&alike);
            let fields = FIELDS
                .into_iter()
                .zip(choices)
                .map(|(field, merged)| {
                    (
                        field.to_owned(),
                        if *merged { Side::Merged } else { Side::Survivor },
                    )
                })
                .collect();
            let before = everything(p).await;
            match merged_with(p, survivor, gone, fields).await {
                Ok(merge) => {
                    merged += 1;
                    assert_eq!(left_with(p, gone).await, [""; 0], "{world:#?}");
                    let analyst = caller(Role::Analyst);
                    assert_eq!(
                        app::get(p, &analyst, gone).await.unwrap(),
                        app::get(p, &analyst, survivor).await.unwrap()
                    );
                    done.push((merge.id, before));
                }
                // One of them stands above the other at a distance.
                Err(e) => {
                    assert_eq!(e.code(), "hierarchy_cycle", "{world:#?}");
                    assert_eq!(everything(p).await, before, "{world:#?}");
                    left.push((gone, is_person));
                }
            }
        }
        // Each at its place: whatever else was undone, an earlier one waits for the later ones that build on it.
        for (id, before) in done.into_iter().rev() {
            undone(p, id).await.unwrap();
            let after = everything(p).await;
            let (lost, new): (Vec<_>, Vec<_>) = (
                before.iter().filter(|row| !after.contains(row)).collect(),
                after.iter().filter(|row| !before.contains(row)).collect(),
            );
            assert!(
                lost.is_empty() && new.is_empty(),
                "{world:#?}\nlost {lost:#?}\nnew {new:#?}"
            );
        }
    }
    assert!(merged >= WORLDS, "{merged} were merged");
}
