//! Decisions on everybody and on one, each kept with what was known.

use base::PageSize;
use customers::CustomerChange;
use platform::access::Role;
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use serde_json::json;
use tiers::app::{decide_all, of_customer, programmes, publish};
use tiers::model::{Cause, ProgrammeFacts};
use tiers::store::decisions;
use value::app::runs;

use crate::support::{At, ROOMS, club, document, line, metals};

test_on_both!(a_line_that_earns_a_level_raises_it, ROOMS);
async fn a_line_that_earns_a_level_raises_it(t: &TestDb) {
    let at = At::noon(t).await;
    let [one, other] = at.customers(["ONE", "OTHER"]).await;
    at.bought(one, "1", "2026-03-01T04:00:00Z", 90_000).await;
    let programme = at.in_force(club(), metals()).await;
    assert_eq!(at.level(programme.id, one).await, None);
    let missing = &at.members(one).await[0].decision;
    assert_eq!(missing.reason.code, Cause::NoLevel);
    assert_eq!(missing.to_next.as_ref().unwrap().conditions[0].missing, 10_000);

    at.bought(one, "2", "2026-03-15T03:00:00Z", 10_000).await;
    at.look().await;
    assert_eq!(at.level(programme.id, one).await.as_deref(), Some("silver"));
    assert_eq!(at.events("tier.changed", Some(one)).await, 1);
    assert_eq!(at.events("tier.changed", Some(other)).await, 0);
    let stands = &at.members(one).await[0];
    assert_eq!(stands.decision.standing.since.to_string(), "2026-03-15");
    assert!(stands.decided_by.is_some());

    // Nothing new: nothing is decided anew.
    at.look().await;
    assert_eq!(at.replayed(&programme).await.len(), 1);

    // A line that takes one back lowers it at once, as this programme says.
    at.clock.advance(jiff::SignedDuration::from_secs(60));
    let mut back = line(one, "3", "2026-03-15T04:00:30Z", -10_000);
    back.reverses = Some("2".to_owned());
    at.lines(&[back]).await;
    at.look().await;
    assert_eq!(at.level(programme.id, one).await, None);
    let size = PageSize::new(Some(1)).unwrap();
    let newest = of_customer::history(&at.room, &at.anna, one, None, size, None)
        .await
        .unwrap();
    assert_eq!(newest.items[0].decision.reason.code, Cause::Lowered);
    let cursor = newest.next_cursor.unwrap();
    let first = of_customer::history(&at.room, &at.anna, one, Some(programme.id), size, Some(&cursor))
        .await
        .unwrap();
    assert_eq!(first.items[0].recorded.cause, Cause::Qualified);
    assert_eq!(first.items[0].decision.standing.level.as_deref(), Some("silver"));
    assert_eq!(first.next_cursor, None);
    at.replayed(&programme).await;
    at.stop().await;
}

test_on_both!(everybody_is_decided_on_once_however_often_the_job_runs, ROOMS);
async fn everybody_is_decided_on_once_however_often_the_job_runs(t: &TestDb) {
    let at = At::noon(t).await;
    let [a, b, c, d] = at.customers(["A", "B", "C", "D"]).await;
    for (n, (customer, amount)) in [(a, 600_000), (b, 200_000), (c, 100_000), (d, 99_999)]
        .into_iter()
        .enumerate()
    {
        // By Shanghai's calendar this is 1 September 2025, the first day that counts.
        at.bought(customer, &format!("1-{n}"), "2025-08-31T16:00:00Z", amount)
            .await;
        at.bought(customer, &format!("2-{n}"), "2025-08-31T15:59:59Z", 1_000_000)
            .await;
    }
    let programme = at.in_force(club(), metals()).await;
    let levels = async || {
        let mut levels = Vec::new();
        for customer in [a, b, c, d] {
            levels.push(at.level(programme.id, customer).await.unwrap_or_default());
        }
        levels
    };
    assert_eq!(levels().await, ["gold", "silver", "silver", ""]);
    assert_eq!(at.replayed(&programme).await.len(), 3);
    assert!(at.events("tier_programme.decided", None).await >= 1);
    assert_eq!(
        at.events("tier.changed", None).await,
        0,
        "bulk has one event a batch"
    );
    let job = decide_all::start(&at.room, &at.anna, programme.id).await.unwrap();
    let done = at.over(&job).await;
    assert_eq!(done.result.unwrap(), json!({ "customers": 4, "changed": 0 }));

    // Of an interrupted job some decisions are there: the rest follows, and nobody is decided on twice.
    at.days_later(10);
    for (n, customer) in [a, b, d].into_iter().enumerate() {
        at.bought(customer, &format!("3-{n}"), "2026-03-20T04:00:00Z", 700_000)
            .await;
    }
    of_customer::decide_now(&at.room, &at.anna, b).await.unwrap();
    at.look().await;
    assert_eq!(levels().await, ["gold", "gold", "silver", "gold"]);
    let all = at.replayed(&programme).await;
    assert_eq!(all.iter().filter(|recorded| recorded.customer == b).count(), 2);
    assert_eq!(all.len(), 5);

    // In April September does not count any more.
    at.days_later(10);
    assert_eq!(
        at.members(c).await[0]
            .decision
            .to_keep
            .as_ref()
            .map(|keep| keep.met),
        Some(false)
    );
    at.stop().await;
}

test_on_both!(figures_places_and_organisations_earn_levels, ROOMS);
async fn figures_places_and_organisations_earn_levels(t: &TestDb) {
    let at = At::noon(t).await;
    let p = &at.room.platform;
    let people = at
        .customers(["P0", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9"])
        .await;
    let mut lines = Vec::new();
    for (n, customer) in people.into_iter().enumerate() {
        for (m, day) in ["2025-07-10", "2025-10-10", "2026-01-10", "2026-02-20"]
            .iter()
            .enumerate()
        {
            let amount = 1_000 * (n as i64 + 1) + 37 * m as i64;
            lines.push(line(
                customer,
                &format!("{n}-{m}"),
                &format!("{day}T04:00:00Z"),
                amount,
            ));
        }
    }
    at.lines(&lines).await;
    let analyst = caller(Role::Analyst);
    // A member of the best customer's organisation.
    let records = [customers::Record {
        external_id: "FIRM".to_owned(),
        kind: Some(customers::CustomerKind::Organisation),
        ..customers::Record::default()
    }];
    let mut tx = p.db.write().await.unwrap();
    customers::store::upsert_many(&mut tx, &p.clock, &p.keys, &records)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let [firm, member] = at.customers(["FIRM", "MEMBER"]).await;
    let version = customers::app::get(p, &analyst, member.into())
        .await
        .unwrap()
        .version;
    let change = CustomerChange {
        organisation: Some(Some(firm.into())),
        ..CustomerChange::default()
    };
    customers::app::edit::change(p, &analyst, member.into(), version, change)
        .await
        .unwrap();
    at.bought(firm, "firm", "2026-03-01T04:00:00Z", 5_000_000).await;

    let (_, run) = runs::start(&at.room.value, &analyst, runs::RunRequest::default())
        .await
        .unwrap();
    at.over(&run).await;
    let mut ranked = metals();
    ranked["levels"] = json!([
        { "code": "guest", "zh": "随行", "en": "Guest", "colour": "#888888",
          "qualify": { "any": [{ "measure": "organisation_level", "level": "top" }] } },
        { "code": "top", "zh": "前三成", "en": "Top", "colour": "#000000",
          "qualify": { "any": [
              { "measure": "percentile", "figure": "revenue", "top_per_mille": 300 },
              { "measure": "figure", "figure": "revenue", "at_least": 5_000_000 } ] } }
    ]);
    let programme = at.in_force(club(), ranked).await;
    // Eleven have figures: above 30 % of them stand those with fewer than three (of eleven: 3.3) above.
    for (n, customer) in people.into_iter().enumerate() {
        let level = at.level(programme.id, customer).await;
        assert_eq!(level.as_deref(), (n >= 7).then_some("top"), "P{n}");
    }
    assert_eq!(at.level(programme.id, firm).await.as_deref(), Some("top"));
    assert_eq!(at.level(programme.id, member).await.as_deref(), Some("guest"));
    // One by one it comes to the same.
    for customer in people.into_iter().chain([firm, member]) {
        of_customer::decide_now(&at.room, &at.anna, customer)
            .await
            .unwrap();
    }
    assert_eq!(at.replayed(&programme).await.len(), 5);
    at.stop().await;
}

test_on_both!(a_merged_customer_is_one_with_its_survivor, ROOMS);
async fn a_merged_customer_is_one_with_its_survivor(t: &TestDb) {
    use customers::{Choices, NewMerge};
    let at = At::noon(t).await;
    let p = &at.room.platform;
    let [survivor, merged] = at.customers(["SURVIVOR", "MERGED"]).await;
    at.bought(survivor, "1", "2026-03-01T04:00:00Z", 300_000).await;
    at.bought(merged, "2", "2026-03-02T04:00:00Z", 200_000).await;
    let programme = at.in_force(club(), metals()).await;
    assert_eq!(at.level(programme.id, survivor).await.as_deref(), Some("silver"));
    let references = customers::references::References::default()
        .with(value::REFERENCES)
        .with(tiers::REFERENCES);
    let version = async |id: uuid::Uuid| customers::app::get(p, &at.anna, id.into()).await.unwrap().version;
    let new = NewMerge {
        survivor: survivor.into(),
        survivor_version: version(survivor).await,
        merged: merged.into(),
        merged_version: version(merged).await,
        fields: Choices::default(),
    };
    customers::app::merges::merge(p, &references, &at.anna, new)
        .await
        .unwrap();
    at.clock.advance(jiff::SignedDuration::from_secs(60));
    at.bought(merged, "3", "2026-03-03T04:00:00Z", 1).await;
    at.look().await;
    assert_eq!(at.level(programme.id, survivor).await.as_deref(), Some("gold"));
    // Asked by the old id it is the survivor's, and both histories are one.
    assert_eq!(
        at.members(merged).await[0].decision.standing.level.as_deref(),
        Some("gold")
    );
    let size = PageSize::new(None).unwrap();
    let history = of_customer::history(&at.room, &at.anna, merged, None, size, None)
        .await
        .unwrap();
    assert_eq!(history.items.len(), 3);
    let shown = tiers::app::programmes::get(&at.room, &at.anna, programme.id)
        .await
        .unwrap();
    assert_eq!(
        shown.counts.unwrap(),
        [("gold".to_owned(), 1)],
        "the merged one is not counted"
    );
    let refused = of_customer::decide_now(&at.room, &at.anna, merged)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code(), "customer_merged");
    let job = decide_all::start(&at.room, &at.anna, programme.id).await.unwrap();
    assert_eq!(at.over(&job).await.result.unwrap()["changed"], 0);
    at.replayed(&programme).await;
    at.stop().await;
}

test_on_both!(programmes_stand_side_by_side, ROOMS);
async fn programmes_stand_side_by_side(t: &TestDb) {
    let at = At::noon(t).await;
    let p = &at.room.platform;
    let [south] = at.customers(["SOUTH"]).await;
    let version = customers::app::get(p, &at.anna, south.into())
        .await
        .unwrap()
        .version;
    let change = CustomerChange {
        brand: Some(Some("南方".to_owned())),
        ..CustomerChange::default()
    };
    customers::app::edit::change(p, &at.anna, south.into(), version, change)
        .await
        .unwrap();
    at.bought(south, "1", "2026-03-01T04:00:00Z", 300_000).await;
    let of = |code: &str, brand: &str| ProgrammeFacts {
        code: code.to_owned(),
        brands: vec![brand.to_owned()],
        ..club()
    };
    let theirs = at.in_force(of("north", "北方"), metals()).await;
    let own = at.in_force(of("south", "南方"), metals()).await;
    let everybody = at.in_force(club(), metals()).await;
    assert_eq!(at.level(theirs.id, south).await, None);
    assert_eq!(at.level(own.id, south).await.as_deref(), Some("silver"));
    assert_eq!(at.level(everybody.id, south).await.as_deref(), Some("silver"));
    let codes: Vec<_> = at
        .members(south)
        .await
        .into_iter()
        .map(|member| member.programme.facts.code)
        .collect();
    assert_eq!(codes, ["club", "south"]);
    at.stop().await;
}

test_on_both!(a_job_that_is_stopped_goes_on_and_decides_nobody_twice, ROOMS);
async fn a_job_that_is_stopped_goes_on_and_decides_nobody_twice(t: &TestDb) {
    const MANY: usize = 12_000;
    let mut at = At::noon(t).await;
    let p = at.room.platform.clone();
    let names: Vec<String> = (0..MANY).map(|n| format!("C{n}")).collect();
    let mut tx = p.db.write().await.unwrap();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let made = customers::store::ensure_many(&mut tx, &p.clock, &p.keys, &names)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let lines: Vec<_> = names
        .iter()
        .map(|name| line(made.ids[*name].uuid(), name, "2026-03-01T04:00:00Z", 100_000))
        .collect();
    at.lines(&lines).await;
    // In force without a look: the job is queued and begins by itself.
    let programme = programmes::create(&at.room, &at.anna, club()).await.unwrap();
    let draft = programmes::draft(&at.room, &at.anna, programme.id, document(metals()))
        .await
        .unwrap();
    at.simulated(&draft).await;
    publish::publish(&at.room, &at.bert, draft.id, 1).await.unwrap();
    let stored = async || {
        let mut tx = p.db.read().await.unwrap();
        let counts = decisions::counts(&mut tx, programme.id).await.unwrap();
        counts.first().map_or(0, |(_, customers)| *customers)
    };
    while stored().await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    at.another_runner().await;
    at.look().await;
    assert_eq!(stored().await, MANY as u64);
    let all = at.replayed(&programme).await;
    let whose: std::collections::HashSet<_> = all.iter().map(|recorded| recorded.customer).collect();
    assert_eq!((all.len(), whose.len()), (MANY, MANY));
    at.stop().await;
}
