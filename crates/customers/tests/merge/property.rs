//! Merging and undoing is nothing: random customers with random holdings, merged in chains and undone in reverse.

use base::Day;
use customers::app::{consents, holdings, life_events, record};
use customers::{
    Channel, ContactFacts, ContactRole, CustomValues, CustomerId, LifeEventKind, MIGRATIONS, NewNote,
    NewStatements, Side, SubscriptionFacts, SubscriptionStatus, TagChange,
};
use platform::access::Role;
use platform::testing::{TestDb, caller};
use platform::{Platform, test_on_both};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::support::*;

const WORLDS: usize = 12;

/// What one customer has.
#[derive(Debug, Clone)]
struct Has {
    region: Option<&'static str>,
    segment: Option<&'static str>,
    since: Option<i32>,
    tags: std::collections::BTreeSet<&'static str>,
    size: Option<u8>,
    hobby: Option<&'static str>,
    language: Option<&'static str>,
    notes: u8,
    phones: u8,
    founded: Option<i16>,
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
    );
    let counts = (
        0..3_u8,
        0..3_u8,
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
        region: said.0,
        segment: said.1,
        since: said.2,
        tags: said.3,
        size: said.4,
        hobby: said.5,
        language: said.6,
        notes: counts.0,
        phones: counts.1,
        founded: counts.2,
        other_day: counts.3,
        consents: counts.4,
        subscriptions: counts.5,
        above: others.0,
        brought_by: others.1,
        contact: others.2,
    })
}

/// Some organisations, and which of them become one with which: both among those that are left.
#[derive(Debug, Clone)]
struct World {
    customers: Vec<Has>,
    merges: Vec<(Index, Index, Vec<bool>)>,
}

fn world() -> impl Strategy<Value = World> {
    let choices = vec(any::<bool>(), 8);
    (
        vec(has(), 2..6),
        vec((any::<Index>(), any::<Index>(), choices), 1..5),
    )
        .prop_map(|(customers, merges)| World { customers, merges })
}

async fn built(p: &Platform, n: usize, world: &World) -> Vec<CustomerId> {
    let analyst = caller(Role::Analyst);
    let mut ids = Vec::new();
    for (m, has) in world.customers.iter().enumerate() {
        let id = organisation(p, &format!("{n}-{m}"), &format!("公司{n}号{m}")).await;
        let other = |index: &Option<Index>| index.filter(|_| !ids.is_empty()).map(|index| *index.get(&ids));
        let (above, brought_by) = (other(&has.above), other(&has.brought_by));
        said(p, id, |c| {
            c.region = Some(has.region.map(str::to_owned));
            c.segment = Some(has.segment.map(str::to_owned));
            c.since = Some(has.since.map(Day));
            c.organisation = Some(above);
            c.referred_by = Some(brought_by);
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
        if let Some(year) = has.founded {
            life_events::add(p, &analyst, id, founded(year)).await.unwrap();
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
        if has.contact.is_some() {
            let contact = ContactFacts {
                name: "Anna".to_owned(),
                role: ContactRole::User,
                influence: 3,
                customer_id: None,
                since: None,
                until: None,
            };
            holdings::add_contact(p, &analyst, id, contact).await.unwrap();
        }
        ids.push(id);
    }
    ids
}

test_on_both!(merging_and_undoing_is_nothing, [MIGRATIONS]);
async fn merging_and_undoing_is_nothing(t: &TestDb) {
    const FIELDS: [&str; 8] = [
        "name",
        "region",
        "segment",
        "since",
        "founding",
        "custom.size",
        "custom.hobby",
        "preferences",
    ];
    let p = &t.platform;
    fields(p).await;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let mut merged = 0;
    for n in 0..WORLDS {
        let world = world().new_tree(&mut runner).unwrap().current();
        let mut left = built(p, n, &world).await;
        let mut done = Vec::new();
        for (one, other, choices) in &world.merges {
            if left.len() < 2 {
                break;
            }
            let gone = left.remove(other.index(left.len()));
            let survivor = left[one.index(left.len())];
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
                    done.push((merge.id, before));
                }
                // One of them stands above the other at a distance.
                Err(e) => {
                    assert_eq!(e.code(), "hierarchy_cycle", "{world:#?}");
                    assert_eq!(everything(p).await, before, "{world:#?}");
                    left.push(gone);
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
