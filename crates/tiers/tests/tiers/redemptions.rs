//! Uses over both databases: codes, partners, what is owed to them, and that nothing is spent twice.

use std::sync::Arc;
use std::time::Duration;

use base::Error;
use platform::test_on_both;
use platform::testing::TestDb;
use tiers::app::{by_partner, entitlements, giving_back, redemptions, settlement, watch};
use tiers::model::{EntryKind, RedemptionState, Wanted};

use crate::benefit_support::Firm;
use crate::support::{ROOMS, day};

test_on_both!(a_code_is_used_once_by_a_partner_that_serves_it, ROOMS);
async fn a_code_is_used_once_by_a_partner_that_serves_it(t: &TestDb) {
    let firm = Firm::new(t).await;
    let room = &firm.at.room;
    let one = firm.gold("ONE").await;
    let (_, airport) = firm.partner("airport", &["lounge"]).await;
    let (_, garage) = firm.partner("garage", &["wash"]).await;
    let mut wanted = firm.wanted("lounge", 1, "visit");
    wanted.companions = 2;
    let (reserved, code) = firm.reserve(one, &wanted).await.unwrap();
    let code = code.unwrap();
    assert_eq!(reserved.state, RedemptionState::Reserved);
    let (again, none) = firm.reserve(one, &wanted).await.unwrap();
    assert_eq!(
        (again.id, none.is_none()),
        (reserved.id, true),
        "the same again gives no code"
    );
    let other = Wanted {
        quantity: 2,
        ..wanted.clone()
    };
    assert_eq!(
        firm.reserve(one, &other).await.map(|_| ()).unwrap_err().code(),
        "key_reused"
    );
    assert_eq!(firm.left(one, "lounge").await, 11);

    let redeem = async |who, code: &str, site, key| {
        by_partner::redeem(room, who, code, site, key)
            .await
            .map(|(redemption, _)| redemption)
            .map_err(|e| e.code())
    };
    // The garage does not serve it, and a person of the firm is no partner: refused, and nothing is changed.
    assert_eq!(
        redeem(&garage, &code.code, None, "g").await,
        Err("benefit_not_served")
    );
    let verified = by_partner::verify(room, &garage, &code.code).await.unwrap_err();
    assert_eq!(verified.code(), "benefit_not_served");
    assert_eq!(
        redeem(&firm.at.anna, &code.code, None, "a").await,
        Err("forbidden")
    );
    assert_eq!(
        redeem(&airport, "AAAABBBBCCCC", None, "k").await,
        Err("not_found")
    );
    assert_eq!(
        redeem(&airport, &code.code, Some("t9"), "k").await,
        Err("site_unknown")
    );
    assert_eq!(firm.left(one, "lounge").await, 11);
    let (seen, benefit) = by_partner::verify(room, &airport, &code.qr).await.unwrap();
    assert_eq!(
        (seen.state, benefit.facts.code.as_str()),
        (RedemptionState::Reserved, "lounge")
    );
    let used = redeem(&airport, &code.qr, Some("t1"), "k1").await.unwrap();
    assert_eq!(
        (used.state, used.site.as_deref()),
        (RedemptionState::Redeemed, Some("t1"))
    );
    assert_eq!(
        redeem(&airport, &code.code, Some("t1"), "k1").await,
        Ok(used.clone()),
        "the same again"
    );
    assert_eq!(
        redeem(&airport, &code.code, Some("t1"), "k2").await,
        Err("code_used")
    );
    // A partner's key does not redeem the agent's way.
    let directly = redemptions::redeem(room, &airport, one, &firm.wanted("lounge", 1, "d"), None).await;
    assert_eq!(directly.unwrap_err().code(), "forbidden");
    assert_eq!(firm.left(one, "lounge").await, 11);
    assert_eq!(firm.at.events("redemption.redeemed", Some(one)).await, 1);

    // Another code takes the place of the one before; one that is too old is used no more and lapses.
    let (second, first_code) = firm
        .reserve(one, &firm.wanted("lounge", 1, "second"))
        .await
        .unwrap();
    let (_, another) = giving_back::another_code(room, &firm.at.anna, second.id, 5)
        .await
        .unwrap();
    assert_eq!(
        redeem(&airport, &first_code.unwrap().code, None, "k3").await,
        Err("not_found")
    );
    firm.at.clock.advance(jiff::SignedDuration::from_mins(6));
    assert_eq!(
        redeem(&airport, &another.code, None, "k3").await,
        Err("code_expired")
    );
    watch::step(room).await.unwrap();
    assert_eq!(firm.left(one, "lounge").await, 11);
    assert_eq!(firm.at.events("redemption.lapsed", Some(one)).await, 1);
    let given_up = giving_back::cancel(room, &firm.at.anna, second.id, "不来了")
        .await
        .unwrap_err();
    assert_eq!(given_up.code(), "redemption_state");
    firm.books_balance().await;
    firm.at.stop().await;
}

test_on_both!(
    what_is_given_back_has_the_day_it_had_and_is_settled_in_its_month,
    ROOMS
);
async fn what_is_given_back_has_the_day_it_had_and_is_settled_in_its_month(t: &TestDb) {
    let firm = Firm::new(t).await;
    let (room, anna) = (&firm.at.room, &firm.at.anna);
    let one = firm.gold("ONE").await;
    let (airport, _) = firm.partner("airport", &["lounge", "wash"]).await;
    let at_airport = async |benefit: &str, key: &str| {
        let at = Some((airport.id, Some("t1".to_owned())));
        redemptions::redeem(room, anna, one, &firm.wanted(benefit, 1, key), at)
            .await
            .unwrap()
    };
    let (visit, _late, wash) = (
        at_airport("lounge", "1").await,
        at_airport("lounge", "2").await,
        at_airport("wash", "3").await,
    );
    let again = at_airport("lounge", "1").await;
    assert_eq!(again.id, visit.id, "the same again doubles nothing");
    let march = async || {
        settlement::of_month(room, anna, airport.id, "2026-03")
            .await
            .unwrap()
    };
    assert_eq!((march().await.lines, march().await.amount_minor), (3, 30_000));
    let reverse = async |id| giving_back::reverse(room, anna, id, "航班取消").await;
    assert_eq!(reverse(visit.id).await.unwrap().state, RedemptionState::Reversed);
    assert_eq!(reverse(visit.id).await.unwrap().state, RedemptionState::Reversed);
    let [lounge] = firm.has(one, "lounge").await.try_into().unwrap();
    assert_eq!((lounge.balances.available, lounge.until), (11, day("2026-12-31")));
    assert_eq!((march().await.lines, march().await.amount_minor), (4, 20_000));

    let close = async |month| {
        settlement::close(room, anna, airport.id, month)
            .await
            .map(|statement| (statement.lines, statement.amount_minor))
            .map_err(|e| e.code())
    };
    assert_eq!(close("2026-03").await, Err("month_not_over"));
    assert_eq!(close("March").await, Err("month_malformed"));
    firm.at.days_later(20);
    assert_eq!(close("2026-03").await, Ok((4, 20_000)));
    assert_eq!(close("2026-03").await, Err("statement_closed"));
    // March is over: what is given back expires at once, and is settled in April; March stays as it was closed.
    reverse(wash.id).await.unwrap();
    let size = base::PageSize::new(None).unwrap();
    let entries = entitlements::entries(room, anna, wash.entitlement, size, None)
        .await
        .unwrap();
    let of = |kind| {
        entries
            .items
            .iter()
            .filter(|entry| entry.kind == kind)
            .map(|entry| entry.quantity)
            .sum::<i64>()
    };
    assert_eq!((of(EntryKind::Reversed), of(EntryKind::Expired)), (1, 2));
    let [now] = firm.has(one, "wash").await.try_into().unwrap();
    assert_eq!((now.from, now.balances.available), (day("2026-04-01"), 2));
    assert_eq!((march().await.lines, march().await.amount_minor), (4, 20_000));
    let april = settlement::of_month(room, anna, airport.id, "2026-04")
        .await
        .unwrap();
    assert_eq!((april.lines, april.amount_minor), (1, -10_000));
    assert_eq!(close("2026-02").await, Err("month_before_closed"));
    let (name, csv) = settlement::csv(room, anna, (airport.id, "2026-03"))
        .await
        .unwrap();
    assert_eq!((name.as_str(), csv.lines().count()), ("airport-2026-03.csv", 5));
    assert!(csv.contains(",2026-03-15,lounge,t1,-1,0,-10000,CNY\r\n"), "{csv}");
    firm.books_balance().await;
    firm.at.stop().await;
}

/// Asks again what the database was too busy for.
macro_rules! patiently {
    ($ask:expr) => {
        loop {
            match $ask.await {
                Err(Error::Unavailable { .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
                answer => break answer,
            }
        }
    };
}

test_on_both!(sixty_four_at_once_spend_nothing_twice, ROOMS);
async fn sixty_four_at_once_spend_nothing_twice(t: &TestDb) {
    let firm = Arc::new(Firm::new(t).await);
    let one = firm.gold("ONE").await;
    // 64 uses of 12: each of its own key.
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64 {
        let firm = Arc::clone(&firm);
        tasks.spawn(async move {
            let wanted = firm.wanted("lounge", 1, &format!("k{n}"));
            patiently!(firm.redeem(one, &wanted))
                .map(|_| ())
                .map_err(|e| e.code())
        });
    }
    let answers = tasks.join_all().await;
    let count = |answer| answers.iter().filter(|one| **one == answer).count();
    assert_eq!(
        (count(Ok(())), count(Err("entitlement_insufficient"))),
        (12, 52),
        "{answers:?}"
    );
    assert_eq!(firm.left(one, "lounge").await, 0);
    firm.books_balance().await;

    // 64 times the same use, of one that nobody opened before.
    let two = firm.gold("TWO").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let firm = Arc::clone(&firm);
        tasks.spawn(async move {
            let wanted = firm.wanted("lounge", 5, "the same");
            patiently!(firm.redeem(two, &wanted))
                .map(|used| used.id.uuid())
                .unwrap()
        });
    }
    let mut ids = tasks.join_all().await;
    ids.dedup();
    assert_eq!((ids.len(), firm.left(two, "lounge").await), (1, 7));

    // 64 partners' devices with one code.
    let (_, airport) = firm.partner("airport", &["lounge"]).await;
    let (_, code) = firm
        .reserve(two, &firm.wanted("lounge", 1, "code"))
        .await
        .unwrap();
    let code = Arc::new(code.unwrap().code);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64 {
        let (firm, airport, code) = (Arc::clone(&firm), airport.clone(), Arc::clone(&code));
        tasks.spawn(async move {
            let key = format!("device {n}");
            patiently!(by_partner::redeem(&firm.at.room, &airport, &code, None, &key))
                .map(|_| ())
                .map_err(|e| e.code())
        });
    }
    let answers = tasks.join_all().await;
    let count = |answer| answers.iter().filter(|one| **one == answer).count();
    assert_eq!((count(Ok(())), count(Err("code_used"))), (1, 63), "{answers:?}");
    firm.books_balance().await;
    Arc::into_inner(firm).unwrap().at.stop().await;
}

/// A number below `n`, from a fixed row of them.
fn next(seed: &mut u64, n: u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % n
}

test_on_both!(hundreds_of_histories_come_to_what_a_simple_model_comes_to, ROOMS);
async fn hundreds_of_histories_come_to_what_a_simple_model_comes_to(t: &TestDb) {
    const HISTORIES: usize = 200;
    let firm = Firm::new(t).await;
    let (room, anna) = (&firm.at.room, &firm.at.anna);
    let names: Vec<String> = (0..HISTORIES).map(|n| format!("C{n}")).collect();
    let mut lines = Vec::new();
    let mut customers = Vec::new();
    for name in &names {
        let [customer] = firm.at.customers([name.as_str()]).await;
        lines.push(crate::support::line(
            customer,
            name,
            "2026-03-01T04:00:00Z",
            600_000,
        ));
        customers.push(customer);
    }
    firm.at.lines(&lines).await;
    firm.at.look().await;
    let mut seed = 42;
    for (n, customer) in customers.into_iter().enumerate() {
        let (mut left, mut aside, mut used): (i64, Vec<_>, Vec<_>) = (12, Vec::new(), Vec::new());
        for step in 0..10 {
            let wanted = firm.wanted(
                "lounge",
                1 + i64::try_from(next(&mut seed, 4)).unwrap(),
                &format!("{n}/{step}"),
            );
            let place = next(&mut seed, 16) as usize;
            match next(&mut seed, 5) {
                0 | 1 => match firm.reserve(customer, &wanted).await {
                    Ok((one, _)) => {
                        left -= wanted.quantity;
                        aside.push(one);
                    }
                    Err(e) => {
                        assert_eq!(e.code(), "entitlement_insufficient");
                        assert!(left < wanted.quantity);
                    }
                },
                2 => match firm.redeem(customer, &wanted).await {
                    Ok(one) => {
                        left -= wanted.quantity;
                        used.push(one);
                    }
                    Err(e) => {
                        assert_eq!(e.code(), "entitlement_insufficient");
                        assert!(left < wanted.quantity);
                    }
                },
                3 if !aside.is_empty() => {
                    let one = aside.remove(place % aside.len());
                    giving_back::cancel(room, anna, one.id, "试").await.unwrap();
                    left += one.quantity;
                }
                4 if !used.is_empty() => {
                    let one = used.remove(place % used.len());
                    giving_back::reverse(room, anna, one.id, "试").await.unwrap();
                    left += one.quantity;
                }
                _ => {}
            }
        }
        let [has] = firm.has(customer, "lounge").await.try_into().unwrap();
        let sum = |all: &[tiers::model::Redemption]| all.iter().map(|one| one.quantity).sum::<i64>();
        let balances = has.balances;
        assert_eq!(
            (
                balances.available,
                balances.reserved,
                balances.redeemed,
                balances.granted
            ),
            (left, sum(&aside), sum(&used), 12),
            "history {n}"
        );
    }
    firm.books_balance().await;
    firm.at.stop().await;
}
