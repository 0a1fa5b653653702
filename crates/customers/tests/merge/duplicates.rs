//! The queue of customers who may be one.

use base::PageSize;
use customers::app::{duplicates, life_events, merges};
use customers::identities::{self, IdentityKind};
use customers::{CustomerId, Duplicate, DuplicateState, LifeEventKind, MIGRATIONS, PairFilter, Record};
use platform::access::Role;
use platform::testing::{TestDb, caller};
use platform::{Platform, test_on_both};

use super::support::*;

async fn born(p: &Platform, id: CustomerId, month: u8, of: u8) {
    let facts = day(LifeEventKind::Birthday, Some(1990), month, of);
    life_events::add(p, &caller(Role::Analyst), id, facts)
        .await
        .unwrap();
}

async fn queue(p: &Platform, state: DuplicateState) -> Vec<Duplicate> {
    let filter = PairFilter {
        state,
        ..PairFilter::default()
    };
    let all = queue_of(p, filter).await;
    // What is certain and what is not are the queue's two parts.
    let mut parts = Vec::new();
    for certain in [true, false] {
        let part = PairFilter {
            certain: Some(certain),
            ..filter
        };
        let part = queue_of(p, part).await;
        assert!(part.iter().all(|pair| pair.certain == certain));
        parts.extend(part);
    }
    assert_eq!(parts, all);
    all
}

async fn queue_of(p: &Platform, filter: PairFilter) -> Vec<Duplicate> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let size = PageSize::new(Some(1)).unwrap();
        let viewer = caller(Role::Viewer);
        let page = duplicates::list(p, &viewer, filter, size, cursor.as_deref())
            .await
            .unwrap();
        all.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

/// Two who were made in the same moment are in no order.
fn pairs(of: &[Duplicate]) -> Vec<String> {
    of.iter()
        .map(|pair| {
            let (one, other) = (&pair.one.external_id, &pair.other.external_id);
            format!("{} {}", one.min(other), one.max(other))
        })
        .collect()
}

fn why(pair: &Duplicate) -> String {
    let reasons = pair
        .reasons
        .iter()
        .map(|reason| format!("{} {}", reason.compared, reason.outcome));
    reasons.collect::<Vec<_>>().join(", ")
}

async fn searched(p: &Platform, jobs: i64) {
    duplicates::search_all(p, &caller(Role::Analyst)).await.unwrap();
    let again = duplicates::search_all(p, &caller(Role::Analyst))
        .await
        .unwrap_err();
    assert_eq!(again.code(), "duplicates_search_in_progress");
    jobs_done(p, jobs).await;
}

test_on_both!(the_likely_are_found_and_decided_on, [MIGRATIONS]);
async fn the_likely_are_found_and_decided_on(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let a = person(p, "A", "张伟").await;
    let b = person(p, "B", "张炜").await;
    let c = person(p, "C", "张伟").await;
    person(p, "D", "李娜").await;
    organisation(p, "O1", "华东物流有限公司").await;
    organisation(p, "O2", "华东物流有限公司").await;
    for id in [a, b] {
        born(p, id, 3, 7).await;
    }
    identity(p, c, "13900001234").await;
    identity(p, a, "13811111234").await;
    searched(p, 1).await;
    let open = queue(p, DuplicateState::Open).await;
    assert_eq!(pairs(&open), ["A B", "A C", "O1 O2"]);
    assert_eq!(
        open.iter().map(why).collect::<Vec<_>>(),
        [
            "name same_reading, birthday same",
            "name same, phone same_end",
            "name same",
        ]
    );
    for pair in &open {
        let sum: f64 = pair.reasons.iter().map(|reason| reason.weight).sum();
        assert!((sum - pair.score).abs() < 1e-9 && !pair.certain, "{pair:?}");
    }

    // Two who are two are not offered again, unless that is taken back.
    let dismissed = duplicates::dismiss(p, &analyst, open[0].id).await.unwrap();
    assert_eq!(dismissed.state, DuplicateState::NotDuplicate);
    assert_eq!(
        (dismissed.decided_by, dismissed.decided_at.is_some()),
        (analyst.actor().user(), true)
    );
    assert_eq!(
        duplicates::dismiss(p, &analyst, open[0].id).await.unwrap(),
        dismissed
    );
    searched(p, 2).await;
    let size = PageSize::new(None).unwrap();
    let of_a = duplicates::search_one(p, &analyst, a, size).await.unwrap();
    assert_eq!(pairs(&of_a.items), ["A C"]);
    assert_eq!(pairs(&queue(p, DuplicateState::Open).await), ["A C", "O1 O2"]);
    assert_eq!(pairs(&queue(p, DuplicateState::NotDuplicate).await), ["A B"]);
    let reopened = duplicates::reopen(p, &analyst, open[0].id).await.unwrap();
    assert_eq!(
        (reopened.state, reopened.decided_at),
        (DuplicateState::Open, None)
    );
    assert_eq!(
        pairs(&queue(p, DuplicateState::Open).await),
        ["A B", "A C", "O1 O2"]
    );

    // Merging decides, and pairs with who is no longer there by itself are not offered.
    let done = merged_with(p, c, a, [].into()).await.unwrap();
    assert_eq!(pairs(&queue(p, DuplicateState::Open).await), ["O1 O2"]);
    let closed = queue(p, DuplicateState::Merged).await;
    assert_eq!(
        (pairs(&closed), closed[0].merge),
        (vec!["A C".to_owned()], Some(done.id))
    );
    for refused in [
        duplicates::dismiss(p, &analyst, closed[0].id).await,
        duplicates::reopen(p, &analyst, closed[0].id).await,
    ] {
        assert_eq!(refused.unwrap_err().code(), "duplicate_merged");
    }
    merges::unmerge(p, &references(), &analyst, done.id)
        .await
        .unwrap();
    assert_eq!(
        pairs(&queue(p, DuplicateState::Open).await),
        ["A B", "A C", "O1 O2"]
    );

    // What no longer looks like one is no longer offered.
    said(p, b, |change| change.name = Some(Some("李四".into()))).await;
    searched(p, 3).await;
    assert_eq!(pairs(&queue(p, DuplicateState::Open).await), ["A C", "O1 O2"]);
    let viewer = caller(Role::Viewer);
    let refused = [
        duplicates::search_all(p, &viewer).await.map(|_| ()),
        duplicates::search_one(p, &viewer, a, size).await.map(|_| ()),
        duplicates::dismiss(p, &viewer, open[0].id).await.map(|_| ()),
        duplicates::reopen(p, &viewer, open[0].id).await.map(|_| ()),
    ];
    assert_eq!(
        refused.map(|refused| refused.unwrap_err().code()),
        ["forbidden"; 4]
    );
}

test_on_both!(who_is_said_to_be_known_by_the_same_is_certain, [MIGRATIONS]);
async fn who_is_said_to_be_known_by_the_same_is_certain(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let row = |external_id: &str, name: &str, phone: Option<&str>| Record {
        external_id: external_id.to_owned(),
        name: Some(name.to_owned()),
        phone: phone.map(str::to_owned),
        ..Record::default()
    };
    upsert(
        p,
        &[
            row("A", "张伟", Some("+8613900000001")),
            row("B", "李娜", None),
            row("C", "王芳", None),
        ],
    )
    .await;
    assert!(queue(p, DuplicateState::Open).await.is_empty());
    // A file says it of a customer who is there …
    let done = upsert(p, &[row("B", "李娜", Some("+8613900000001"))]).await;
    assert_eq!(done.refused.len(), 1);
    // … and a person of another one.
    let c = ids(p, &["C"]).await[0];
    let taken = identities::app::add(p, &analyst, c, IdentityKind::Phone, "139 0000 0001").await;
    assert_eq!(taken.unwrap_err().code(), "identity_taken");
    for jobs in [0, 1] {
        if jobs > 0 {
            searched(p, jobs).await;
        }
        let open = queue(p, DuplicateState::Open).await;
        assert!(open.iter().all(|pair| pair.certain), "{open:?}");
        assert!(
            open.iter().all(|pair| why(pair).starts_with("identity same")),
            "{open:?}"
        );
        let mut pairs = pairs(&open);
        pairs.sort();
        assert_eq!(pairs, ["A B", "A C"]);
    }
}

test_on_both!(a_common_name_is_passed_over, [MIGRATIONS]);
async fn a_common_name_is_passed_over(t: &TestDb) {
    let p = &t.platform;
    let many: Vec<Record> = (0..200)
        .map(|n| Record {
            external_id: format!("C{n:03}"),
            name: Some("王伟".to_owned()),
            phone: Some(format!("+86139{:04}{:04}", n, n % 100)),
            ..Record::default()
        })
        .collect();
    upsert(p, &many).await;
    searched(p, 1).await;
    // Those whose numbers end the same, and nobody else, though all have one name.
    let open = queue(p, DuplicateState::Open).await;
    assert_eq!(open.len(), 100);
    for pair in open {
        let end = |id: &str| id[2..].to_owned();
        assert_eq!(end(&pair.one.external_id), end(&pair.other.external_id));
    }
}
