//! The rules of entitlements: periods, what a level change does, and 10,000 random histories against a list of units.

use base::Day;
use proptest::prelude::*;
use serde_json::json;
use tiers::model::{
    Balances, Benefit, BenefitFacts, Entitlement, EntryKind, Level, OnLoss, Per, Posting, Standing, Terms,
};
use tiers::rules::{self, Change};
use uuid::Uuid;

use crate::support::day;

fn account(promised: i64, on_loss: OnLoss) -> Entitlement {
    Entitlement {
        id: Uuid::nil().into(),
        programme: Uuid::nil().into(),
        customer: Uuid::nil(),
        benefit: Uuid::from_u128(1).into(),
        level: Some("gold".to_owned()),
        on_loss,
        from: day("2026-01-01"),
        ends: day("2026-12-31"),
        until: day("2026-12-31"),
        promised,
        carried: 0,
        companions_max: 1,
        balances: Balances::default(),
        version: 1,
    }
}

fn granted(promised: i64, on_loss: OnLoss) -> Entitlement {
    let mut account = account(promised, on_loss);
    rules::settle(&mut account).unwrap();
    account
}

fn lounge() -> Benefit {
    Benefit {
        id: Uuid::from_u128(1).into(),
        facts: BenefitFacts {
            code: "lounge".to_owned(),
            zh: "贵宾厅".to_owned(),
            en: "Lounge".to_owned(),
            terms: Terms::PartnerService {
                service: "lounge".to_owned(),
            },
            need: Some("travel".to_owned()),
            unit_cost_minor: 8_000,
            settlement_minor: 10_000,
            active: true,
        },
        version: 1,
    }
}

fn level(promise: serde_json::Value) -> Level {
    serde_json::from_value(json!({
        "code": "gold", "zh": "金卡", "en": "Gold", "colour": "#d4af37",
        "qualify": { "all": [{ "measure": "spend", "at_least": 1 }] }, "benefits": [promise]
    }))
    .unwrap()
}

fn standing(since: &str) -> Standing {
    Standing {
        earned: Some("gold".to_owned()),
        level: Some("gold".to_owned()),
        since: day(since),
        review_on: None,
        grace_until: None,
        given: None,
    }
}

#[test]
fn a_period_is_the_one_the_day_is_in() {
    let since = day("2024-02-29");
    for (per, today, from, ends) in [
        (Per::Month, "2026-02-10", "2026-02-01", "2026-02-28"),
        (Per::Quarter, "2026-12-31", "2026-10-01", "2026-12-31"),
        (Per::Year, "2026-01-01", "2026-01-01", "2026-12-31"),
        (Per::MembershipYear, "2024-02-29", "2024-02-29", "2025-02-27"),
        (Per::MembershipYear, "2025-02-28", "2025-02-28", "2026-02-27"),
        (Per::MembershipYear, "2028-02-29", "2028-02-29", "2029-02-27"),
    ] {
        let span = rules::span(per, since, day(today));
        assert_eq!(
            (span.from, span.ends),
            (day(from), day(ends)),
            "{per:?} on {today}"
        );
    }
}

#[test]
fn every_day_is_in_the_period_that_is_given_for_it() {
    let since = day("2023-08-31");
    for per in [Per::Month, Per::Quarter, Per::Year, Per::MembershipYear] {
        let mut last = None;
        for n in 0..1_500 {
            let today = Day(since.0 + n);
            let span = rules::span(per, since, today);
            assert!(
                span.from <= today && today <= span.ends,
                "{per:?} on {today}: {span:?}"
            );
            if let Some(before) = last.filter(|before: &rules::Span| before.from != span.from) {
                assert_eq!(
                    span.from.0,
                    before.ends.0 + 1,
                    "{per:?} on {today}: no day is left out"
                );
            }
            last = Some(span);
        }
    }
}

#[test]
fn a_lost_level_takes_the_days_that_are_left_or_nothing() {
    // 1 July 2026: 181 of 365 days are over.
    let today = day("2026-07-01");
    for (on_loss, new, stays) in [
        (OnLoss::Keep, None, 12),
        (OnLoss::Keep, Some(2), 12),
        (OnLoss::ProRata, None, 6),
        (OnLoss::ProRata, Some(2), 6),
        (OnLoss::ProRata, Some(8), 8),
        (OnLoss::ProRata, Some(20), 20),
    ] {
        let before = granted(12, on_loss);
        assert_eq!(
            rules::promised_now(&before, new, today),
            stays,
            "{on_loss:?} {new:?}"
        );
    }
    let on = |text: &str| rules::promised_now(&granted(12, OnLoss::ProRata), None, day(text));
    assert_eq!(
        (on("2026-01-01"), on("2026-12-31")),
        (0, 12),
        "in the customer's favour"
    );
}

#[test]
fn what_is_set_aside_when_the_level_is_lost_is_withdrawn_when_it_comes_back() {
    let today = day("2026-07-01");
    let mut account = granted(12, OnLoss::ProRata);
    rules::reserve(&mut account, 10, 1, today).unwrap();
    let lost = rules::plan(&[account], None, &[], today).unwrap();
    let [Change::Adjusted { after, entered, .. }] = lost.as_slice() else {
        panic!("{lost:?}")
    };
    let withdrawn = |quantity| Posting {
        kind: EntryKind::Withdrawn,
        quantity,
    };
    assert_eq!((after.promised, entered.as_slice()), (6, &[withdrawn(2)][..]));
    assert_eq!(
        rules::plan(std::slice::from_ref(after), None, &[], today).unwrap(),
        []
    );
    let mut after = after.clone();
    let entered = rules::release(&mut after, 10, today).unwrap();
    assert_eq!(entered[1..], [withdrawn(4)]);
    assert_eq!((after.balances.available, after.balances.withdrawn), (6, 6));
}

#[test]
fn what_is_given_back_has_the_day_it_had() {
    let mut account = granted(3, OnLoss::Keep);
    let used = |account: &mut Entitlement| {
        rules::reserve(account, 1, 0, day("2026-12-31")).unwrap();
        let posting = Posting {
            kind: EntryKind::Redeemed,
            quantity: 1,
        };
        rules::apply(&mut account.balances, &[posting]).unwrap();
    };
    used(&mut account);
    used(&mut account);
    rules::reverse(&mut account, 1, day("2026-12-31")).unwrap();
    assert_eq!(
        (account.balances.available, account.until),
        (2, day("2026-12-31"))
    );
    rules::reverse(&mut account, 1, day("2027-01-01")).unwrap();
    assert_eq!((account.balances.available, account.balances.expired), (0, 3));
    let late = rules::reserve(&mut account, 1, 0, day("2027-01-01")).unwrap_err();
    assert_eq!(late.code(), "entitlement_over");
}

#[test]
fn a_new_period_carries_over_to_the_cap_whether_anybody_asked_before_or_not() {
    let level = level(json!({ "benefit": "lounge", "quantity": 4, "per": "month", "carry_over_max": 2 }));
    let due = |since: &str, version: &str, today: &str| {
        let by = (&standing(since), day(version));
        rules::due(&level, &[lounge()], &[], by, day(today))
    };
    let opened = |accounts: &[Entitlement], due: &[rules::Due]| {
        let changes = rules::plan(accounts, Some("gold"), due, day("2026-04-02")).unwrap();
        let carried = changes.iter().find_map(|change| match change {
            Change::Opened { carried, .. } => Some(*carried),
            Change::Adjusted { .. } => None,
        });
        (carried.unwrap(), changes)
    };
    let now = due("2026-01-05", "2026-01-01", "2026-04-02");
    assert_eq!(opened(&[], &now).0, 2, "nobody asked in March");
    let since_march = due("2026-03-10", "2026-01-01", "2026-04-02");
    assert_eq!(
        opened(&[], &since_march).0,
        0,
        "the level was not held all of March"
    );
    let new_version = due("2026-01-05", "2026-03-15", "2026-04-02");
    assert_eq!(
        opened(&[], &new_version).0,
        0,
        "the version did not promise it all of March"
    );
    let mut march = granted(4, OnLoss::Keep);
    (march.from, march.ends, march.until) = (day("2026-03-01"), day("2026-03-31"), day("2026-03-31"));
    rules::reserve(&mut march, 1, 0, day("2026-03-20")).unwrap();
    let (carried, changes) = opened(std::slice::from_ref(&march), &now);
    assert_eq!(carried, 2);
    let Change::Adjusted { after, .. } = &changes[0] else {
        panic!("{changes:?}")
    };
    let balances = after.balances;
    assert_eq!(
        (balances.withdrawn, balances.expired, balances.reserved),
        (2, 1, 1)
    );
}

#[test]
fn a_code_is_read_as_people_type_and_scanners_scan() {
    let (code, qr) = rules::code_of([7; 12]);
    assert_eq!(rules::code_read(&qr).as_ref(), Some(&code));
    let typed = format!(" {}-{} ", &code[..6].to_lowercase(), &code[6..]);
    assert_eq!(rules::code_read(&typed).as_ref(), Some(&code));
    for wrong in ["", "PATRON:", "ABC", "0123456789AB", "ÄÄÄÄÄÄ"] {
        assert_eq!(rules::code_read(wrong), None, "{wrong:?}");
    }
}

#[test]
fn an_amount_is_settled_as_it_is_and_a_service_for_each_who_came() {
    let mut benefit = lounge();
    assert_eq!(rules::settlement_minor(&benefit, 1, 2), 30_000);
    benefit.facts.terms = Terms::Amount {};
    assert_eq!(rules::settlement_minor(&benefit, 12_345, 0), 12_345);
}

/// What may happen to an entitlement.
#[derive(Debug, Clone)]
enum Step {
    Reserve(i64),
    /// Of those that are set aside, the one of this place.
    Release(usize),
    Redeem(usize),
    /// Of those that were used.
    Reverse(usize),
    /// So many are promised from now on.
    Promise(i64),
    Days(i32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_i64..6).prop_map(Step::Reserve),
        2 => (0_usize..4).prop_map(Step::Release),
        3 => (0_usize..4).prop_map(Step::Redeem),
        2 => (0_usize..4).prop_map(Step::Reverse),
        2 => (0_i64..20).prop_map(Step::Promise),
        1 => (0_i32..90).prop_map(Step::Days),
    ]
}

/// Every unit by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Available,
    Reserved(usize),
    Redeemed(usize),
    Expired,
    Withdrawn,
}

#[derive(Default)]
struct Model {
    units: Vec<Unit>,
    promised: i64,
    uses: usize,
}

impl Model {
    fn count(&self, of: impl Fn(&Unit) -> bool) -> i64 {
        i64::try_from(self.units.iter().filter(|unit| of(unit)).count()).unwrap()
    }

    fn put(&mut self, from: Unit, to: Unit, most: i64) {
        let some = self.units.iter_mut().filter(|unit| **unit == from);
        for unit in some.take(usize::try_from(most).unwrap()) {
            *unit = to;
        }
    }

    fn settle(&mut self, over: bool) {
        let held = self.count(|unit| *unit != Unit::Withdrawn);
        for _ in held..self.promised {
            self.units.push(Unit::Available);
        }
        self.put(Unit::Available, Unit::Withdrawn, (held - self.promised).max(0));
        if over {
            self.put(Unit::Available, Unit::Expired, i64::MAX);
        }
    }

    fn balances(&self) -> Balances {
        Balances {
            granted: i64::try_from(self.units.len()).unwrap(),
            available: self.count(|unit| *unit == Unit::Available),
            reserved: self.count(|unit| matches!(unit, Unit::Reserved(_))),
            redeemed: self.count(|unit| matches!(unit, Unit::Redeemed(_))),
            expired: self.count(|unit| *unit == Unit::Expired),
            withdrawn: self.count(|unit| *unit == Unit::Withdrawn),
        }
    }
}

fn sums(entered: &[Posting]) -> Balances {
    let mut balances = Balances::default();
    rules::apply(&mut balances, entered).unwrap();
    balances
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn ten_thousand_histories_come_to_what_a_list_of_units_comes_to(steps in prop::collection::vec(step(), 1..40)) {
        let mut account = account(5, OnLoss::Keep);
        let mut model = Model { promised: 5, ..Model::default() };
        let mut entered = rules::settle(&mut account).unwrap();
        model.settle(false);
        let mut today = account.from;
        for step in steps {
            let over = today > account.until;
            match step {
                Step::Reserve(quantity) => {
                    let done = rules::reserve(&mut account, quantity, 0, today);
                    let possible = !over && model.balances().available >= quantity;
                    prop_assert_eq!(done.is_ok(), possible);
                    if let Ok(postings) = done {
                        entered.extend(postings);
                        model.put(Unit::Available, Unit::Reserved(model.uses), quantity);
                        model.uses += 1;
                    }
                }
                Step::Release(n) | Step::Redeem(n) | Step::Reverse(n) => {
                    let of = |unit: &Unit| match (&step, *unit) {
                        (Step::Reverse(_), Unit::Redeemed(id)) | (Step::Release(_) | Step::Redeem(_), Unit::Reserved(id)) => Some(id),
                        _ => None,
                    };
                    let mut ids: Vec<_> = model.units.iter().filter_map(of).collect();
                    ids.sort_unstable();
                    ids.dedup();
                    let Some(id) = ids.get(n).copied() else { continue };
                    let from = if matches!(step, Step::Reverse(_)) { Unit::Redeemed(id) } else { Unit::Reserved(id) };
                    let quantity = model.count(|unit| *unit == from);
                    match step {
                        Step::Redeem(_) => {
                            let posting = Posting { kind: EntryKind::Redeemed, quantity };
                            rules::apply(&mut account.balances, &[posting]).unwrap();
                            entered.push(posting);
                            model.put(from, Unit::Redeemed(id), quantity);
                        }
                        Step::Release(_) => {
                            entered.extend(rules::release(&mut account, quantity, today).unwrap());
                            model.put(from, Unit::Available, quantity);
                            model.settle(over);
                        }
                        _ => {
                            entered.extend(rules::reverse(&mut account, quantity, today).unwrap());
                            model.put(from, Unit::Available, quantity);
                            model.settle(over);
                        }
                    }
                }
                Step::Promise(promised) => {
                    account.promised = promised;
                    model.promised = promised;
                    entered.extend(rules::settle(&mut account).unwrap());
                    entered.extend(rules::expire(&mut account, today).unwrap());
                    model.settle(over);
                }
                Step::Days(days) => {
                    today = Day(today.0 + days);
                    entered.extend(rules::expire(&mut account, today).unwrap());
                    if today > account.until {
                        model.put(Unit::Available, Unit::Expired, i64::MAX);
                    }
                }
            }
            prop_assert!(rules::conserved(&account.balances), "{account:?}");
            prop_assert_eq!(account.balances, model.balances());
            prop_assert_eq!(account.balances, sums(&entered), "the entries say the same");
        }
    }
}
