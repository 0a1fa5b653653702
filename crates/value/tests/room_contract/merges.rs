//! Customers who were merged: their lines are read as the survivor's, by people and by runs.

use base::PageSize;
use customers::app::{edit, merges};
use customers::references::References;
use customers::{Choices, CustomerChange, CustomerId, NewMerge};
use platform::access::Role;
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use uuid::Uuid;
use value::app::{ValueRoom, ledger as reading, profiles};
use value::profile::ProfileFigures;

use crate::support::*;

const CSV: &str = "transaction_id,customer_id,date,amount\n\
    1,anna,2024-01-05,10.00\n2,anna,2024-03-05,20.00\n3,bert,2024-02-05,40.00\n4,carl,2024-04-05,80.00\n";

async fn lines(room: &ValueRoom, customer: Uuid) -> Vec<String> {
    let mut lines = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let size = PageSize::new(Some(2)).unwrap();
        let viewer = caller(Role::Viewer);
        let (page, _) = reading::of_customer(room, &viewer, customer, size, cursor.as_deref())
            .await
            .unwrap();
        lines.extend(page.items.into_iter().map(|line| line.line.external_id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return lines;
        }
    }
}

async fn revenue(room: &ValueRoom, customer: Uuid) -> Result<i64, &'static str> {
    let page = profiles::of_customer(room, &caller(Role::Viewer), customer).await;
    page.map(|page| page.profile.figures.revenue_minor)
        .map_err(|e| e.code())
}

test_on_both!(merged_customers_are_one_to_the_next_run, ROOMS);
async fn merged_customers_are_one_to_the_next_run(t: &TestDb) {
    in_dollars(t).await;
    let room = ValueRoom::new(t.platform.clone());
    let runner = runner(t).await;
    imported(t, CSV).await;
    let [anna, bert, carl] = customers_named(t, ["anna", "bert", "carl"]).await;
    published(t, &room, as_of("2024-12-31")).await;
    let references = References::default().with(value::REFERENCES);
    let analyst = caller(Role::Analyst);
    let said = NewMerge {
        survivor: CustomerId::from(anna),
        survivor_version: 1,
        merged: CustomerId::from(bert),
        merged_version: 1,
        fields: Choices::new(),
    };
    let two = (said.survivor, said.merged);
    let preview = merges::preview(&t.platform, &references, &analyst, two)
        .await
        .unwrap();
    assert_eq!(
        (preview.moves["transactions"], preview.later),
        (1, vec!["value_run"])
    );
    let done = merges::merge(&t.platform, &references, &analyst, said)
        .await
        .unwrap();
    assert_eq!(done.later, ["value_run"]);
    for id in [anna, bert] {
        assert_eq!(lines(&room, id).await, ["2", "3", "1"]);
        // The published run stays as it is.
        assert_eq!(revenue(&room, id).await, Ok(3_000));
    }
    // The same file says nothing new, and what is new of the merged one is the survivor's too.
    let again = imported(t, CSV).await;
    assert_eq!((again.unchanged, again.created, again.rejected), (4, 0, 0));
    imported(
        t,
        "transaction_id,customer_id,date,amount\n5,bert,2024-05-05,160.00\n",
    )
    .await;
    published(t, &room, as_of("2024-12-31")).await;
    for id in [anna, bert] {
        assert_eq!(lines(&room, id).await, ["5", "2", "3", "1"]);
        assert_eq!(revenue(&room, id).await, Ok(23_000));
    }
    assert_eq!(revenue(&room, carl).await, Ok(8_000));
    merges::unmerge(&t.platform, &references, &analyst, done.merge.id)
        .await
        .unwrap();
    published(t, &room, as_of("2024-12-31")).await;
    assert_eq!(revenue(&room, anna).await, Ok(3_000));
    assert_eq!(revenue(&room, bert).await, Ok(20_000));
    let again = imported(t, CSV).await;
    assert_eq!((again.unchanged, again.created, again.rejected), (4, 0, 0));
    stop(runner).await;
}

/// Customers with their lines and who brought whom, and which of them become one with which.
#[derive(Debug, Clone)]
struct World {
    /// Of whom, in which month, how much.
    lines: Vec<(usize, u8, i64)>,
    brought_by: Vec<Option<Index>>,
    merges: Vec<(Index, Index)>,
}

const CUSTOMERS: usize = 6;

fn world() -> impl Strategy<Value = World> {
    let line = (0..CUSTOMERS, 1..13_u8, 1..500_i64);
    (
        vec(line, 12..40),
        vec(option::of(any::<Index>()), CUSTOMERS),
        vec((any::<Index>(), any::<Index>()), 1..4),
    )
        .prop_map(|(lines, brought_by, merges)| World {
            lines,
            brought_by,
            merges,
        })
}

async fn figures(room: &ValueRoom, customers: &[Uuid]) -> Vec<Result<ProfileFigures, &'static str>> {
    let mut all = Vec::new();
    for customer in customers {
        let page = profiles::of_customer(room, &caller(Role::Viewer), *customer).await;
        all.push(page.map(|page| page.profile.figures).map_err(|e| e.code()));
    }
    all
}

async fn all_lines_of(room: &ValueRoom, customers: &[Uuid]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for customer in customers {
        all.push(lines(room, *customer).await);
    }
    all
}

test_on_both!(no_line_and_no_figure_is_lost_or_doubled, ROOMS);
async fn no_line_and_no_figure_is_lost_or_doubled(t: &TestDb) {
    in_dollars(t).await;
    let p = &t.platform;
    let room = ValueRoom::new(p.clone());
    let runner = runner(t).await;
    let analyst = caller(Role::Analyst);
    let references = References::default().with(value::REFERENCES);
    let mut random = TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    for n in 0..3 {
        let world = world().new_tree(&mut random).unwrap().current();
        let names: [String; CUSTOMERS] = std::array::from_fn(|m| format!("w{n}c{m}"));
        let ids = customers_named(t, std::array::from_fn::<_, CUSTOMERS, _>(|m| names[m].as_str())).await;
        for (m, brought_by) in world.brought_by.iter().enumerate().skip(1) {
            if let Some(by) = brought_by {
                let said = CustomerChange {
                    referred_by: Some(Some(ids[by.index(m)].into())),
                    ..CustomerChange::default()
                };
                edit::change(p, &analyst, ids[m].into(), 1, said).await.unwrap();
            }
        }
        let all: Vec<_> = world
            .lines
            .iter()
            .enumerate()
            .map(|(m, (of, month, dollars))| {
                let at = format!("2024-{month:02}-05T00:00:00Z");
                line(ids[*of], &format!("w{n}l{m}"), &at, dollars * 100)
            })
            .collect();
        append(t, &all).await;
        published(t, &room, as_of("2024-12-31")).await;
        let (figures_before, lines_before) = (figures(&room, &ids).await, all_lines_of(&room, &ids).await);

        // Who stands for whom.
        let mut stands_for: Vec<usize> = (0..CUSTOMERS).collect();
        let mut done = Vec::new();
        for (one, other) in &world.merges {
            let left: Vec<usize> = (0..CUSTOMERS).filter(|m| stands_for[*m] == *m).collect();
            let (survivor, gone) = (*one.get(&left), *other.get(&left));
            if survivor == gone {
                continue;
            }
            let two = (CustomerId::from(ids[survivor]), CustomerId::from(ids[gone]));
            let looked = merges::preview(p, &references, &analyst, two).await.unwrap();
            let said = NewMerge {
                survivor: two.0,
                survivor_version: looked.survivor_version,
                merged: two.1,
                merged_version: looked.merged_version,
                fields: Choices::new(),
            };
            done.push(
                merges::merge(p, &references, &analyst, said)
                    .await
                    .unwrap()
                    .merge
                    .id,
            );
            for stands in &mut stands_for {
                if *stands == gone {
                    *stands = survivor;
                }
            }
        }
        published(t, &room, as_of("2024-12-31")).await;
        let figures_merged = figures(&room, &ids).await;
        let lines_merged = all_lines_of(&room, &ids).await;
        for (m, survivor) in stands_for.iter().enumerate() {
            assert_eq!(figures_merged[m], figures_merged[*survivor], "{world:#?}");
            let are_one = |other: &usize| stands_for[*other] == *survivor;
            let expected: i64 = (0..CUSTOMERS)
                .filter(are_one)
                .filter_map(|other| figures_before[other].as_ref().ok())
                .map(|figures| figures.revenue_minor)
                .sum();
            let revenue = figures_merged[m]
                .as_ref()
                .map_or(0, |figures| figures.revenue_minor);
            assert_eq!(revenue, expected, "{world:#?}");
            let mut expected: Vec<&String> = (0..CUSTOMERS)
                .filter(are_one)
                .flat_map(|other| &lines_before[other])
                .collect();
            let mut shown: Vec<&String> = lines_merged[m].iter().collect();
            expected.sort();
            shown.sort();
            assert_eq!(shown, expected, "{world:#?}");
        }

        for id in done.into_iter().rev() {
            merges::unmerge(p, &references, &analyst, id).await.unwrap();
        }
        published(t, &room, as_of("2024-12-31")).await;
        assert_eq!(figures(&room, &ids).await, figures_before, "{world:#?}");
        assert_eq!(all_lines_of(&room, &ids).await, lines_before, "{world:#?}");
    }
    stop(runner).await;
}
