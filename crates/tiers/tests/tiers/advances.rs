//! Advance refunds over both databases: within limits, once for a transaction, conserved, and given up by another person.

use std::sync::Arc;
use std::time::Duration;

use base::{Error, PageSize};
use customers::everything::RecordParts;
use jiff::SignedDuration;
use platform::testing::TestDb;
use platform::{Caller, args, test_on_both};
use serde_json::json;
use tiers::app::advances::{self, Settling};
use tiers::app::benefits;
use tiers::model::{Advance, AdvanceCause, AdvanceId, AdvanceState, Claim, PayoutMethod, Terms};
use tiers::rules::advances::replay;
use tiers::store;
use uuid::Uuid;

use crate::benefit_support::facts;
use crate::support::{At, ROOMS, club, day, line, metals};

/// Books, and a programme whose gold level advances 400 for a claim and 1,000 in all, for 30 days.
struct Desk {
    at: At,
}

impl Desk {
    async fn new(t: &TestDb) -> Self {
        let at = At::noon(t).await;
        let most = Terms::AdvanceLimits {
            per_claim_minor: 40_000,
            outstanding_minor: 100_000,
        };
        for (code, terms) in [("advance", most), ("window", Terms::ComplaintWindow { days: 30 })] {
            benefits::create(&at.room, &at.anna, facts(code, terms))
                .await
                .unwrap();
        }
        let mut document = metals();
        document["schema"] = json!(2);
        document["levels"][1]["benefits"] =
            json!([{ "benefit": "advance", "per": "year" }, { "benefit": "window", "per": "year" }]);
        at.in_force(club(), document).await;
        Self { at }
    }

    /// A customer who has earned gold by purchases of 500 each: `NAME-0`, `NAME-1` …
    async fn gold(&self, name: &str, purchases: usize) -> Uuid {
        let [customer] = self.at.customers([name]).await;
        let lines: Vec<_> = (0..purchases)
            .map(|n| line(customer, &format!("{name}-{n}"), "2026-03-01T04:00:00Z", 50_000))
            .collect();
        self.at.lines(&lines).await;
        self.at.look().await;
        customer
    }

    async fn claim(&self, customer: Uuid, claim: &Claim) -> base::Result<Advance> {
        // Ids of one millisecond are in no order.
        self.at.clock.advance(SignedDuration::from_secs(1));
        advances::claim(&self.at.room, &self.at.anna, customer, claim).await
    }

    async fn paid(&self, customer: Uuid, claim: &Claim) -> Advance {
        let granted = self.claim(customer, claim).await.unwrap();
        assert_eq!(granted.state, AdvanceState::Granted, "{granted:#?}");
        self.pay(granted.id).await.unwrap()
    }

    async fn pay(&self, id: AdvanceId) -> base::Result<Advance> {
        let how = (PayoutMethod::BankTransfer, "P-1".to_owned());
        advances::pay_out(&self.at.room, &self.at.anna, id, how).await
    }

    async fn recover(&self, id: AdvanceId, amount_minor: i64, key: &str) -> base::Result<Advance> {
        let what = settling(amount_minor, "M-2026/3", key);
        advances::recover(&self.at.room, &self.at.anna, id, what).await
    }

    async fn write_off(&self, who: &Caller, id: AdvanceId, amount: i64, key: &str) -> base::Result<Advance> {
        let what = settling(amount, "商户已注销", key);
        advances::write_off(&self.at.room, who, id, what).await
    }

    /// Every row is what its entries come to, and every decision comes to the same again.
    async fn books_balance(&self) {
        let mut tx = self.at.room.platform.db.read().await.unwrap();
        let (wrong,): (i64,) = tx
            .one(
                "SELECT count(*) FROM tier_advances a WHERE \
                 a.advanced_minor <> a.outstanding_minor + a.recovered_minor + a.written_off_minor OR \
                 a.advanced_minor <> (SELECT CAST(coalesce(sum(CASE e.kind WHEN 'advanced' THEN e.amount_minor \
                 WHEN 'cancelled' THEN -e.amount_minor ELSE 0 END), 0) AS BIGINT) FROM tier_advance_entries e \
                 WHERE e.advance_id = a.id) OR \
                 a.recovered_minor <> (SELECT CAST(coalesce(sum(e.amount_minor), 0) AS BIGINT) \
                 FROM tier_advance_entries e WHERE e.advance_id = a.id AND e.kind = 'recovered') OR \
                 a.written_off_minor <> (SELECT CAST(coalesce(sum(e.amount_minor), 0) AS BIGINT) \
                 FROM tier_advance_entries e WHERE e.advance_id = a.id AND e.kind = 'written_off')",
                [],
            )
            .await
            .unwrap();
        assert_eq!(wrong, 0, "an advance is not what its entries come to");
        let scope = platform::Scope::of_system();
        let filter = store::advances::Filter::default();
        let all = store::advances::page(&mut tx, &scope, &filter, None, 10_000)
            .await
            .unwrap();
        for advance in all {
            let again = replay(&advance);
            assert_eq!(again.code, advance.cause, "{advance:#?}");
            assert_eq!(again.granted, advance.state != AdvanceState::Refused);
        }
    }
}

fn settling(amount_minor: i64, said: &str, key: &str) -> Settling {
    Settling {
        amount_minor,
        said: said.to_owned(),
        key: key.to_owned(),
    }
}

fn claim(of: &str, amount_minor: i64, key: &str) -> Claim {
    Claim {
        source: "shop".to_owned(),
        external_id: of.to_owned(),
        amount_minor,
        merchant: "滨江数码, \"旗舰\"店".to_owned(),
        reason: "商户迟迟不退款".to_owned(),
        key: key.to_owned(),
    }
}

test_on_both!(a_claim_is_decided_on_at_once_within_the_levels_limits, ROOMS);
async fn a_claim_is_decided_on_at_once_within_the_levels_limits(t: &TestDb) {
    let desk = Desk::new(t).await;
    let one = desk.gold("ONE", 12).await;
    let [poor] = desk.at.customers(["POOR"]).await;
    desk.at
        .bought(poor, "POOR-0", "2026-03-01T04:00:00Z", 50_000)
        .await;
    desk.at.bought(one, "OLD", "2026-02-12T04:00:00Z", 50_000).await;
    let mut back = line(one, "BACK", "2026-03-02T04:00:00Z", -20_000);
    back.reverses = Some("ONE-9".to_owned());
    desk.at.lines(&[back]).await;

    // What cannot be claimed at all changes nothing.
    for (wrong, code) in [
        (claim("POOR-0", 1, "w"), "transaction_unknown"),
        (claim("NONE", 1, "w"), "transaction_unknown"),
        (claim("ONE-0", 0, "w"), "amount_malformed"),
        (claim("ONE-0", 1, ""), "key_malformed"),
        (
            Claim {
                merchant: " ".to_owned(),
                ..claim("ONE-0", 1, "w")
            },
            "merchant_malformed",
        ),
        (
            Claim {
                reason: "\u{202e}".to_owned(),
                ..claim("ONE-0", 1, "w")
            },
            "reason_malformed",
        ),
    ] {
        assert_eq!(desk.claim(one, &wrong).await.unwrap_err().code(), code);
    }
    let decided = async |customer, of: &str, amount, key: &str| {
        let advance = desk.claim(customer, &claim(of, amount, key)).await.unwrap();
        (advance.cause, advance.balances.outstanding_minor)
    };
    assert_eq!(
        decided(poor, "POOR-0", 1, "1").await,
        (AdvanceCause::NotEntitled, 0)
    );
    assert_eq!(
        decided(one, "ONE-0", 40_001, "1").await,
        (AdvanceCause::AboveClaimLimit, 0)
    );
    assert_eq!(decided(one, "OLD", 1, "2").await, (AdvanceCause::TooLate, 0));
    assert_eq!(
        decided(one, "ONE-9", 30_001, "3").await,
        (AdvanceCause::AboveTransaction, 0)
    );
    assert_eq!(
        decided(one, "BACK", 1, "4").await,
        (AdvanceCause::NothingToRefund, 0)
    );
    assert_eq!(
        decided(one, "ONE-0", 40_000, "5").await,
        (AdvanceCause::WithinLimits, 40_000)
    );
    assert_eq!(
        decided(one, "ONE-0", 10_000, "6").await,
        (AdvanceCause::AdvancedAlready, 0)
    );
    assert_eq!(
        decided(one, "ONE-1", 40_000, "7").await,
        (AdvanceCause::WithinLimits, 40_000)
    );
    assert_eq!(
        decided(one, "ONE-2", 20_001, "8").await,
        (AdvanceCause::AboveOutstandingLimit, 0)
    );
    assert_eq!(
        decided(one, "ONE-2", 20_000, "9").await,
        (AdvanceCause::WithinLimits, 20_000)
    );

    // The same again is the same; something else under its key is refused.
    assert_eq!(
        decided(one, "ONE-0", 40_000, "5").await,
        (AdvanceCause::WithinLimits, 40_000)
    );
    assert_eq!(
        desk.claim(one, &claim("ONE-3", 40_000, "5"))
            .await
            .unwrap_err()
            .code(),
        "key_reused"
    );
    let (room, anna) = (&desk.at.room, &desk.at.anna);
    let size = PageSize::new(Some(2)).unwrap();
    let of = advances::of_customer(room, anna, one, size, None).await.unwrap();
    assert_eq!((of.outstanding_minor, of.currency.as_str()), (100_000, "CNY"));
    let limits = of.limits.unwrap();
    assert_eq!(
        (limits.level.as_str(), limits.per_claim_minor, limits.window_days),
        ("gold", 40_000, Some(30))
    );
    assert_eq!(of.page.items[0].key, "9", "the newest first");
    assert!(of.page.next_cursor.is_some());
    let explained = advances::get(room, anna, of.page.items[1].id).await.unwrap();
    assert_eq!(explained.decision.code, AdvanceCause::AboveOutstandingLimit);
    assert!(
        explained.decision.zh.contains("还可赔付200.00元"),
        "{:?}",
        explained.decision
    );
    assert_eq!(desk.at.events("advance.granted", Some(one)).await, 3);
    assert_eq!(desk.at.events("advance.refused", Some(one)).await, 6);

    // What was not paid can be taken back, and its transaction claimed again.
    let first = desk.claim(one, &claim("ONE-0", 40_000, "5")).await.unwrap();
    let cancelled = advances::cancel(room, anna, first.id, "客户撤回").await.unwrap();
    assert_eq!(
        (cancelled.state, cancelled.balances.advanced_minor),
        (AdvanceState::Cancelled, 0)
    );
    assert_eq!(
        advances::cancel(room, anna, first.id, "客户撤回").await.unwrap(),
        cancelled,
        "the same again"
    );
    assert_eq!(desk.pay(first.id).await.unwrap_err().code(), "advance_state");
    assert_eq!(
        decided(one, "ONE-0", 40_000, "10").await,
        (AdvanceCause::WithinLimits, 40_000)
    );
    desk.books_balance().await;
    desk.at.stop().await;
}

test_on_both!(
    what_was_paid_is_recovered_in_parts_and_given_up_by_another_person,
    ROOMS
);
async fn what_was_paid_is_recovered_in_parts_and_given_up_by_another_person(t: &TestDb) {
    let desk = Desk::new(t).await;
    let one = desk.gold("ONE", 12).await;
    let (anna, bert) = (&desk.at.anna, &desk.at.bert);
    let granted = desk.claim(one, &claim("ONE-0", 40_000, "1")).await.unwrap();
    let id = granted.id;
    assert_eq!(
        desk.recover(id, 1, "r").await.unwrap_err().code(),
        "advance_state",
        "nothing is recovered before the customer is paid"
    );
    let paid = desk.pay(id).await.unwrap();
    assert_eq!(desk.pay(id).await.unwrap(), paid, "the same again");
    let otherwise = (PayoutMethod::Cash, "P-2".to_owned());
    let otherwise = advances::pay_out(&desk.at.room, anna, id, otherwise).await;
    assert_eq!(otherwise.unwrap_err().code(), "advance_state");
    assert_eq!(
        advances::cancel(&desk.at.room, anna, id, "晚了")
            .await
            .unwrap_err()
            .code(),
        "advance_state"
    );

    let some = desk.recover(id, 15_000, "r1").await.unwrap();
    assert_eq!(
        desk.recover(id, 15_000, "r1").await.unwrap(),
        some,
        "the same again"
    );
    assert_eq!(
        desk.recover(id, 14_000, "r1").await.unwrap_err().code(),
        "key_reused"
    );
    assert_eq!(
        desk.recover(id, 25_001, "r2").await.unwrap_err().code(),
        "advance_overdrawn"
    );
    desk.recover(id, 5_000, "r2").await.unwrap();
    assert_eq!(
        desk.write_off(anna, id, 20_000, "w").await.unwrap_err().code(),
        "second_person_needed"
    );
    assert_eq!(
        desk.write_off(bert, id, 20_001, "w").await.unwrap_err().code(),
        "advance_overdrawn"
    );
    desk.write_off(bert, id, 5_000, "w").await.unwrap();
    desk.write_off(bert, id, 5_000, "w").await.unwrap();
    let settled = desk.recover(id, 15_000, "r3").await.unwrap();
    assert_eq!(settled.state, AdvanceState::Settled);
    let balances = settled.balances;
    assert_eq!(
        (
            balances.advanced_minor,
            balances.outstanding_minor,
            balances.recovered_minor,
            balances.written_off_minor
        ),
        (40_000, 0, 35_000, 5_000)
    );
    assert_eq!(
        desk.write_off(bert, id, 1, "w2").await.unwrap_err().code(),
        "advance_state"
    );
    assert_eq!(desk.at.events("advance.recovered", Some(one)).await, 3);
    assert_eq!(desk.at.events("advance.written_off", Some(one)).await, 1);
    desk.books_balance().await;

    // Entries stay as they are; what was said of them can be forgotten, and is when the customer is erased.
    let db = &desk.at.room.platform.db;
    for change in [
        "UPDATE tier_advance_entries SET amount_minor = amount_minor + 1",
        "UPDATE tier_advance_entries SET said = 'something else'",
        "DELETE FROM tier_advance_entries",
        "UPDATE tier_advances SET recovered_minor = recovered_minor + 1",
        "UPDATE tier_advances SET outstanding_minor = -1, recovered_minor = recovered_minor + 1",
    ] {
        let mut tx = db.write().await.unwrap();
        assert!(tx.execute(change, []).await.is_err(), "{change}");
    }
    let parts = tiers::api::with_record_parts(RecordParts::default());
    let part = parts.all().iter().find(|part| part.name() == "advance_refunds");
    let mut tx = db.write().await.unwrap();
    // The claim, and three recoveries with one write-off.
    assert_eq!(part.unwrap().erase(&mut tx, &[one]).await.unwrap(), 5);
    tx.commit().await.unwrap();
    let left = advances::get(&desk.at.room, anna, id).await.unwrap();
    assert_eq!(
        (&left.advance.reason, &left.advance.payout.unwrap().reference),
        (&None, &None)
    );
    assert!(left.entries.iter().all(|entry| entry.said.is_none()));
    assert_eq!(left.advance.balances, balances);
    desk.books_balance().await;
    desk.at.stop().await;
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

test_on_both!(clients_at_once_do_not_exceed_what_may_be_outstanding, ROOMS);
async fn clients_at_once_do_not_exceed_what_may_be_outstanding(t: &TestDb) {
    let desk = Arc::new(Desk::new(t).await);
    let one = desk.gold("ONE", 16).await;
    // 16 claims of 300 each, where 1,000 may be outstanding.
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..16 {
        let desk = Arc::clone(&desk);
        tasks.spawn(async move {
            let claim = claim(&format!("ONE-{n}"), 30_000, &format!("k{n}"));
            patiently!(desk.claim(one, &claim)).unwrap().cause
        });
    }
    let answers = tasks.join_all().await;
    let count = |cause| answers.iter().filter(|one| **one == cause).count();
    assert_eq!(
        (
            count(AdvanceCause::WithinLimits),
            count(AdvanceCause::AboveOutstandingLimit)
        ),
        (3, 13),
        "{answers:?}"
    );

    // 16 times the same transaction, with keys of their own: advanced once.
    let two = desk.gold("TWO", 12).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..16 {
        let desk = Arc::clone(&desk);
        tasks.spawn(async move {
            let claim = claim("TWO-0", 10_000, &format!("k{n}"));
            patiently!(desk.claim(two, &claim)).unwrap().cause
        });
    }
    let answers = tasks.join_all().await;
    let granted = answers
        .iter()
        .filter(|one| **one == AdvanceCause::WithinLimits)
        .count();
    assert_eq!(granted, 1, "{answers:?}");

    // 16 recoveries of 30 from one of 100, each of its own key.
    let of = desk.claim(two, &claim("TWO-1", 10_000, "more")).await.unwrap();
    desk.pay(of.id).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..16 {
        let (desk, id) = (Arc::clone(&desk), of.id);
        tasks.spawn(async move {
            patiently!(desk.recover(id, 3_000, &format!("r{n}")))
                .map(|_| ())
                .map_err(|e| e.code())
        });
    }
    let answers = tasks.join_all().await;
    let good = answers.iter().filter(|one| one.is_ok()).count();
    assert_eq!(good, 3, "{answers:?}");
    desk.books_balance().await;
    Arc::into_inner(desk).unwrap().at.stop().await;
}

/// A number below `n`, from a fixed row of them.
fn next(seed: &mut u64, n: u64) -> i64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    i64::try_from((*seed >> 33) % n).unwrap()
}

test_on_both!(histories_of_advances_come_to_what_a_simple_model_comes_to, ROOMS);
async fn histories_of_advances_come_to_what_a_simple_model_comes_to(t: &TestDb) {
    const CUSTOMERS: usize = 12;
    const STEPS: usize = 30;
    let desk = Desk::new(t).await;
    let (mut seed, mut granted, mut recovered, mut given_up) = (7, 0, 0, 0);
    for c in 0..CUSTOMERS {
        let name = format!("C{c}");
        let customer = desk.gold(&name, STEPS).await;
        // What is outstanding of each that was paid.
        let mut open: Vec<(AdvanceId, i64)> = Vec::new();
        for step in 0..STEPS {
            let amount = 1 + next(&mut seed, 45_000);
            let key = format!("{step}");
            if open.is_empty() || next(&mut seed, 3) == 0 {
                let asked = claim(&format!("{name}-{step}"), amount, &key);
                let advance = desk.claim(customer, &asked).await.unwrap();
                let out: i64 = open.iter().map(|(_, left)| left).sum();
                let good = amount <= 40_000 && out + amount <= 100_000;
                assert_eq!(
                    advance.state == AdvanceState::Granted,
                    good,
                    "{advance:#?} {open:?}"
                );
                if good {
                    desk.pay(advance.id).await.unwrap();
                    open.push((advance.id, amount));
                    granted += amount;
                }
                continue;
            }
            let place = usize::try_from(next(&mut seed, 64)).unwrap() % open.len();
            let (id, left) = open[place];
            let whole = next(&mut seed, 3) == 0;
            let amount = if whole { left } else { amount };
            let by_merchant = next(&mut seed, 3) > 0;
            let answer = match by_merchant {
                true => desk.recover(id, amount, &key).await,
                false => desk.write_off(&desk.at.bert, id, amount, &key).await,
            };
            if amount > left {
                assert_eq!(answer.unwrap_err().code(), "advance_overdrawn");
                continue;
            }
            answer.unwrap();
            match by_merchant {
                true => recovered += amount,
                false => given_up += amount,
            }
            match left - amount {
                0 => {
                    open.remove(place);
                }
                left => open[place].1 = left,
            }
        }
    }
    desk.books_balance().await;
    let (_, ageing) = advances::ageing(&desk.at.room, &desk.at.anna).await.unwrap();
    let sums = ageing[0].balances;
    assert_eq!(
        (sums.advanced_minor, sums.recovered_minor, sums.written_off_minor),
        (granted, recovered, given_up)
    );
    assert_eq!(sums.outstanding_minor, granted - recovered - given_up);
    assert!(granted > 0 && recovered > 0 && given_up > 0);
    desk.at.stop().await;
}

test_on_both!(what_is_outstanding_ages_by_the_day_it_was_advanced, ROOMS);
async fn what_is_outstanding_ages_by_the_day_it_was_advanced(t: &TestDb) {
    let desk = Desk::new(t).await;
    let one = desk.gold("ONE", 12).await;
    let (room, anna) = (&desk.at.room, &desk.at.anna);
    let (today, none) = advances::ageing(room, anna).await.unwrap();
    assert_eq!((today, none.len()), (day("2026-03-15"), 0));
    let first = desk.paid(one, &claim("ONE-0", 10_000, "1")).await;
    let second = desk.paid(one, &claim("ONE-1", 20_000, "2")).await;
    desk.recover(first.id, 4_000, "r").await.unwrap();
    let ages = async |days: i64| {
        desk.at.clock.advance(SignedDuration::from_hours(24 * days));
        let (_, ageing) = advances::ageing(room, anna).await.unwrap();
        let buckets = &ageing[0].buckets;
        let spans: Vec<_> = buckets
            .iter()
            .map(|one| (one.from_days, one.until_days))
            .collect();
        assert_eq!(spans, [(0, Some(30)), (31, Some(60)), (61, Some(90)), (91, None)]);
        buckets
            .iter()
            .map(|one| (one.count, one.outstanding_minor))
            .collect::<Vec<_>>()
    };
    let none = (0, 0);
    assert_eq!(ages(0).await, [(2, 26_000), none, none, none]);
    assert_eq!(ages(30).await, [(2, 26_000), none, none, none]);
    assert_eq!(ages(1).await, [none, (2, 26_000), none, none]);
    assert_eq!(ages(29).await, [none, (2, 26_000), none, none]);
    assert_eq!(ages(1).await, [none, none, (2, 26_000), none]);
    desk.write_off(&desk.at.bert, second.id, 20_000, "w")
        .await
        .unwrap();
    assert_eq!(ages(29).await, [none, none, (1, 6_000), none]);
    assert_eq!(ages(1).await, [none, none, none, (1, 6_000)]);
    let (name, csv) = advances::csv(room, anna).await.unwrap();
    assert_eq!(name, "advances-2026-06-14.csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "what is settled is not in it: {csv}");
    let expected = format!(
        "{},{one},2026-03-15,91,\"滨江数码, \"\"旗舰\"\"店\",\"shop\",\"ONE-0\",10000,4000,0,6000,CNY",
        first.id
    );
    assert_eq!(lines[1], expected);

    // Of someone who was merged it is the survivor's, and counts against its limit.
    let two = desk.gold("TWO", 12).await;
    let mut tx = room.platform.db.write().await.unwrap();
    tx.execute(
        "UPDATE customers SET merged_into = $2 WHERE id = $1",
        args![one, two],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let size = PageSize::new(None).unwrap();
    let of = advances::of_customer(room, anna, two, size, None).await.unwrap();
    assert_eq!((of.outstanding_minor, of.page.items.len()), (6_000, 2));
    desk.books_balance().await;
    desk.at.stop().await;
}
