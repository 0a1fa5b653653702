//! Rules by examples worked out by hand.

use base::{Day, Error};
use serde_json::{Value, json};
use tiers::model::{Cause, Facts, GivenFact, MonthFact, Period, Programme, Rule, Standing};
use tiers::rules::{
    self, Window, check_document, decide, holds, next_review, outcome, tenure_months, windows,
};
use uuid::Uuid;
use value::profile::Figure;

use crate::support::{club, day, document, metals};

fn month(text: &str) -> base::Month {
    day(&format!("{text}-01")).month()
}

fn months(of: &[(&str, i64, i32)]) -> Vec<MonthFact> {
    of.iter()
        .map(|(text, spend_minor, orders)| MonthFact {
            month: month(text),
            spend_minor: *spend_minor,
            orders: *orders,
        })
        .collect()
}

fn facts(of: &[(&str, i64, i32)]) -> Facts {
    Facts {
        included: true,
        months: months(of),
        ..Facts::default()
    }
}

fn programme() -> Programme {
    Programme {
        id: Uuid::from_u128(7).into(),
        facts: club(),
        version: 1,
    }
}

fn standing(level: Option<&str>, since: &str) -> Standing {
    Standing {
        earned: level.map(str::to_owned),
        level: level.map(str::to_owned),
        since: day(since),
        review_on: None,
        grace_until: None,
        given: None,
    }
}

#[test]
fn each_measure_counts_what_it_says() {
    let known = Facts {
        since: Some(day("2024-02-29")),
        figures: vec![(Figure::Clv36m, 90_000), (Figure::PAlive, 750_000)],
        shares: vec![(Figure::Clv36m, 1_999)],
        organisation_level: Some("gold".to_owned()),
        ..facts(&[
            ("2025-08", 9_999, 9),
            ("2025-09", 100, 1),
            ("2025-10", 300, 2),
            ("2025-11", 300, 1),
            ("2025-12", 300, 1),
            ("2026-01", 50, 1),
            ("2026-02", 150, 3),
            ("2026-03", 70, 1),
        ])
    };
    // Six complete months, September to February, and March so far. Of quarters only the last of 2025 is whole.
    for (condition, holds_at_most) in [
        (json!({ "measure": "spend" }), 1_270),
        (json!({ "measure": "orders" }), 10),
        (json!({ "measure": "monthly_spend_mean" }), 200),
        (json!({ "measure": "monthly_spend_least" }), 50),
        (json!({ "measure": "quarterly_spend_mean" }), 900),
        (json!({ "measure": "quarterly_spend_least" }), 900),
        (json!({ "measure": "tenure_months" }), 24),
        (json!({ "measure": "figure", "figure": "clv_36m" }), 90_000),
    ] {
        for (at_least, expected) in [(holds_at_most, true), (holds_at_most + 1, false)] {
            let mut condition = condition.clone();
            condition["at_least"] = json!(at_least);
            let rule: Rule = serde_json::from_value(json!({ "all": [condition] })).unwrap();
            let met = holds(&rule, &known, &document(metals()), None, day("2026-03-15"));
            assert_eq!(met, expected, "{rule:?}");
        }
    }
    for (condition, expected) in [
        (
            json!({ "measure": "figure", "figure": "p_alive", "at_least": 0.75 }),
            true,
        ),
        (
            json!({ "measure": "figure", "figure": "p_alive", "at_least": 0.751 }),
            false,
        ),
        (
            json!({ "measure": "figure", "figure": "value", "at_least": 0 }),
            false,
        ),
        (
            json!({ "measure": "percentile", "figure": "clv_36m", "top_per_mille": 200 }),
            true,
        ),
        (
            json!({ "measure": "percentile", "figure": "clv_36m", "top_per_mille": 199 }),
            false,
        ),
        (
            json!({ "measure": "percentile", "figure": "value", "top_per_mille": 1000 }),
            false,
        ),
        (
            json!({ "measure": "organisation_level", "level": "silver" }),
            true,
        ),
        (json!({ "measure": "organisation_level", "level": "gold" }), true),
        (json!({ "measure": "nomination" }), false),
    ] {
        let rule: Rule = serde_json::from_value(json!({ "any": [condition] })).unwrap();
        let met = holds(&rule, &known, &document(metals()), None, day("2026-03-15"));
        assert_eq!(met, expected, "{rule:?}");
    }
}

#[test]
fn a_month_without_spend_is_the_least_and_counts_in_the_mean() {
    let known = facts(&[("2025-12", 600, 1)]);
    let met = |measure: &str, at_least: i64| {
        let condition = json!({ "measure": measure, "at_least": at_least });
        let rule: Rule = serde_json::from_value(json!({ "all": [condition] })).unwrap();
        holds(&rule, &known, &document(metals()), None, day("2026-03-15"))
    };
    assert!(met("monthly_spend_mean", 100) && !met("monthly_spend_mean", 101));
    assert!(met("monthly_spend_least", 0) && !met("monthly_spend_least", 1));
}

#[test]
fn periods_are_the_months_they_say() {
    let window = |from: &str, until: &str| Window {
        from: month(from),
        until: month(until),
    };
    let rolling = Period::RollingMonths { months: 12 };
    let (year, member) = (Period::CalendarYear {}, Period::MembershipYear {});
    for (period, since, today, now, before) in [
        (rolling, None, "2026-03-15", ("2025-03", "2026-03"), None),
        (rolling, None, "2026-01-01", ("2025-01", "2026-01"), None),
        (
            year,
            None,
            "2026-03-15",
            ("2026-01", "2026-03"),
            Some(("2025-01", "2025-12")),
        ),
        (
            year,
            None,
            "2025-12-31",
            ("2025-01", "2025-12"),
            Some(("2024-01", "2024-12")),
        ),
        // Without a level there is no membership year.
        (member, None, "2026-03-15", ("2025-03", "2026-03"), None),
        // The first year, with the time that earned the level before it.
        (
            member,
            Some("2025-11-20"),
            "2026-03-15",
            ("2025-11", "2026-03"),
            Some(("2024-11", "2025-11")),
        ),
        // The day before the year is over, and the day it is.
        (
            member,
            Some("2025-03-15"),
            "2026-03-14",
            ("2025-03", "2026-03"),
            Some(("2024-03", "2025-03")),
        ),
        (
            member,
            Some("2025-03-15"),
            "2026-03-15",
            ("2026-03", "2026-03"),
            Some(("2025-03", "2026-02")),
        ),
        // A year that began on a leap day is over on the 28th.
        (
            member,
            Some("2024-02-29"),
            "2025-02-27",
            ("2024-02", "2025-02"),
            Some(("2023-02", "2024-02")),
        ),
        (
            member,
            Some("2024-02-29"),
            "2025-02-28",
            ("2025-02", "2025-02"),
            Some(("2024-02", "2025-01")),
        ),
    ] {
        let found = windows(period, since.map(day), day(today));
        let expected = (
            window(now.0, now.1),
            before.map(|(from, until)| window(from, until)),
        );
        assert_eq!(found, expected, "{period:?} since {since:?} on {today}");
    }
    for (period, since, today, review) in [
        (rolling, "2026-03-31", "2026-03-31", "2027-03-31"),
        (
            Period::RollingMonths { months: 6 },
            "2025-08-31",
            "2025-08-31",
            "2026-02-28",
        ),
        (year, "2025-05-05", "2025-05-05", "2026-01-01"),
        (member, "2024-02-29", "2024-02-29", "2025-02-28"),
        (member, "2024-02-29", "2025-02-28", "2026-02-28"),
        (member, "2024-02-29", "2027-03-01", "2028-02-29"),
    ] {
        assert_eq!(
            next_review(period, day(since), day(today)),
            day(review),
            "{period:?} {since} {today}"
        );
    }
    assert_eq!(tenure_months(day("2024-02-29"), day("2025-02-27")), 11);
    assert_eq!(tenure_months(day("2024-02-29"), day("2025-02-28")), 12);
    assert_eq!(tenure_months(day("2025-01-31"), day("2025-02-28")), 1);
}

/// A document with another downgrade and landing.
fn lowering(downgrade: Value, landing: &str) -> tiers::model::Document {
    let mut json = metals();
    json["levels"].as_array_mut().unwrap().push(json!({
        "code": "diamond", "zh": "钻石卡", "en": "Diamond", "colour": "#b9f2ff",
        "qualify": { "all": [{ "measure": "spend", "at_least": 1_000_000 }] }
    }));
    json["downgrade"] = downgrade;
    json["landing"] = json!(landing);
    document(json)
}

#[test]
fn a_level_is_lowered_as_the_programme_says() {
    let at_once = lowering(json!({ "kind": "at_once" }), "earned");
    let soft = lowering(json!({ "kind": "at_once" }), "one_level");
    let never = lowering(json!({ "kind": "never" }), "earned");
    let at_end = lowering(json!({ "kind": "period_end" }), "earned");
    let grace = lowering(json!({ "kind": "grace", "days": 30 }), "earned");
    let today = day("2026-03-15");
    let poor = facts(&[("2026-01", 150_000, 1)]);
    let diamond = standing(Some("diamond"), "2025-06-01");
    let of = |document: &tiers::model::Document, facts: &Facts, before: &Standing, today: Day| {
        let decided = outcome(facts, document, Some(before), today);
        (rules::standing(&decided, document), decided.cause)
    };

    let (after, cause) = of(&at_once, &poor, &diamond, today);
    assert_eq!(
        (after.level.as_deref(), after.since, cause),
        (Some("silver"), today, Cause::Lowered)
    );

    // One level down, and that holds for a period whatever it is worth.
    let (landed, cause) = of(&soft, &poor, &diamond, today);
    assert_eq!((landed.level.as_deref(), cause), (Some("gold"), Cause::Landed));
    assert_eq!(landed.review_on, Some(day("2026-09-15")));
    let (held, cause) = of(&soft, &poor, &landed, day("2026-09-14"));
    assert_eq!((held, cause), (landed.clone(), Cause::HeldUntilReview));
    let nothing = facts(&[]);
    let (down, cause) = of(&soft, &nothing, &landed, day("2026-09-15"));
    assert_eq!((down.level.as_deref(), cause), (Some("silver"), Cause::Landed));
    let (out, cause) = of(&soft, &nothing, &down, down.review_on.unwrap());
    assert_eq!((out.level, out.earned, cause), (None, None, Cause::Lowered));

    let (after, cause) = of(&never, &nothing, &diamond, today);
    assert_eq!((after, cause), (diamond.clone(), Cause::NeverLowered));

    let reviewed = Standing {
        review_on: Some(day("2026-06-01")),
        ..diamond.clone()
    };
    let (after, cause) = of(&at_end, &poor, &reviewed, day("2026-05-31"));
    assert_eq!((after, cause), (reviewed.clone(), Cause::HeldUntilReview));
    let (after, cause) = of(&at_end, &poor, &reviewed, day("2026-06-01"));
    assert_eq!((after.level.as_deref(), cause), (Some("silver"), Cause::Lowered));
    assert_eq!(after.review_on, Some(day("2026-12-01")));
    let rich = facts(&[("2026-04", 2_000_000, 1)]);
    let (after, cause) = of(&at_end, &rich, &reviewed, day("2026-06-01"));
    assert_eq!(
        (after.since, after.review_on, cause),
        (diamond.since, Some(day("2026-12-01")), Cause::Kept)
    );

    let (warned, cause) = of(&grace, &poor, &diamond, today);
    assert_eq!(
        (warned.grace_until, cause),
        (Some(day("2026-04-14")), Cause::GraceBegun)
    );
    assert_eq!(warned.level.as_deref(), Some("diamond"));
    let (after, cause) = of(&grace, &poor, &warned, day("2026-04-13"));
    assert_eq!((after, cause), (warned.clone(), Cause::InGrace));
    let (after, cause) = of(&grace, &poor, &warned, day("2026-04-14"));
    assert_eq!(
        (after.level.as_deref(), after.grace_until, cause),
        (Some("silver"), None, Cause::Lowered)
    );
    let (after, cause) = of(&grace, &rich, &warned, day("2026-04-13"));
    assert_eq!((after, cause), (diamond, Cause::Kept));
}

#[test]
fn upgrades_come_at_once_and_keeping_takes_less_than_earning() {
    let metals = document(metals());
    let today = day("2026-03-15");
    let enough_to_keep = facts(&[("2026-02", 450_000, 1)]);
    let first = outcome(&enough_to_keep, &metals, None, today);
    assert_eq!((first.level, first.cause), (Some(0), Cause::Qualified));
    let gold = standing(Some("gold"), "2025-12-01");
    let kept = outcome(&enough_to_keep, &metals, Some(&gold), today);
    assert_eq!(
        (kept.level, kept.since, kept.cause),
        (Some(1), gold.since, Cause::Kept)
    );
    assert!(!rules::changes(&kept, &metals, Some(&gold)));
    let silver = standing(Some("silver"), "2025-12-01");
    let up = outcome(&facts(&[("2026-03", 500_000, 1)]), &metals, Some(&silver), today);
    assert_eq!((up.level, up.since, up.cause), (Some(1), today, Cause::Qualified));
    let elsewhere = Facts {
        included: false,
        ..facts(&[("2026-03", 500_000, 1)])
    };
    let out = outcome(&elsewhere, &metals, Some(&gold), today);
    assert_eq!((out.level, out.cause), (None, Cause::NotForCustomer));
}

#[test]
fn what_is_given_by_hand_is_no_floor() {
    let metals = document(metals());
    let today = day("2026-03-15");
    let given = |level: Option<&str>| Facts {
        given: Some(GivenFact {
            id: Uuid::from_u128(9),
            level: level.map(str::to_owned),
            until: day("2026-04-01"),
        }),
        ..facts(&[("2026-03", 100_000, 1)])
    };
    let gold = outcome(&given(Some("gold")), &metals, None, today);
    assert_eq!(
        (gold.level, gold.earned, gold.cause),
        (Some(1), Some(0), Cause::Given)
    );
    let silver = outcome(&given(Some("silver")), &metals, None, today);
    assert_eq!(
        (silver.level, silver.given, silver.cause),
        (Some(0), None, Cause::Qualified)
    );
    let suspended = outcome(&given(None), &metals, None, today);
    assert_eq!(
        (suspended.level, suspended.earned, suspended.cause),
        (None, Some(0), Cause::Suspended)
    );
    let before = rules::standing(&gold, &metals);
    let after = outcome(&facts(&[("2026-03", 100_000, 1)]), &metals, Some(&before), today);
    assert_eq!(
        (after.level, after.earned, after.cause),
        (Some(0), Some(0), Cause::Kept)
    );
}

#[test]
fn a_decision_says_why_and_what_is_missing() {
    let metals = document(metals());
    let decision = decide(
        &facts(&[("2026-02", 120_000, 3)]),
        (&programme(), &metals),
        None,
        day("2026-03-15"),
    );
    assert_eq!(decision.standing.level.as_deref(), Some("silver"));
    assert_eq!(decision.reason.zh, "已达到银卡条件，自2026年3月15日起为银卡。");
    assert_eq!(
        decision.reason.en,
        "Meets what Silver asks for and has been Silver since 2026-03-15."
    );
    let next = decision.to_next.unwrap();
    assert_eq!((next.level.as_str(), next.met), ("gold", false));
    let spend = &next.conditions[0];
    assert_eq!(
        (spend.have, spend.need, spend.missing),
        (Some(120_000), 500_000, 380_000)
    );
    let keep = decision.to_keep.unwrap();
    assert_eq!(
        (keep.level.as_str(), keep.met, keep.conditions[0].missing),
        ("silver", true, 0)
    );
}

#[test]
fn a_document_that_cannot_be_is_refused_at_its_fields() {
    check_document(&document(metals())).unwrap();
    let at = |change: &dyn Fn(&mut Value)| {
        let mut json = metals();
        change(&mut json);
        match check_document(&document(json)) {
            Err(Error::Invalid { code, fields, .. }) => {
                assert_eq!(code, "document_invalid");
                fields
                    .into_iter()
                    .map(|field| field.field)
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            other => panic!("{other:?}"),
        }
    };
    let spend = |at_least: i64| json!({ "all": [{ "measure": "spend", "at_least": at_least }] });
    for (change, field) in [
        (
            &(|d: &mut Value| d["schema"] = json!(3)) as &dyn Fn(&mut Value),
            "schema",
        ),
        (&|d| d["levels"] = json!([]), "levels"),
        (&|d| d["levels"][1]["code"] = json!("silver"), "levels[1].code"),
        (&|d| d["levels"][0]["code"] = json!("Silver!"), "levels[0].code"),
        (&|d| d["levels"][0]["zh"] = json!(" "), "levels[0].zh"),
        (&|d| d["levels"][0]["en"] = json!("a\u{202e}b"), "levels[0].en"),
        (&|d| d["levels"][0]["colour"] = json!("gold"), "levels[0].colour"),
        (&|d| d["levels"][1]["keep"] = spend(500_001), "levels[1].keep"),
        (
            &|d| d["levels"][1]["keep"] = json!({ "all": [{ "measure": "orders", "at_least": 1 }] }),
            "levels[1].keep",
        ),
        (
            &|d| d["levels"][0]["qualify"] = json!({ "all": [] }),
            "levels[0].qualify",
        ),
        (
            &|d| d["levels"][1]["qualify"] = spend(100_000),
            "levels[1].keep levels[1].qualify",
        ),
        (
            &|d| d["levels"][0]["qualify"] = spend(-1),
            "levels[0].qualify[0].at_least",
        ),
        (
            &|d| {
                d["levels"][0]["qualify"] =
                    json!({ "any": [{ "measure": "organisation_level", "level": "tin" }] });
            },
            "levels[0].qualify[0].level",
        ),
        (
            &|d| {
                d["levels"][0]["qualify"] =
                    json!({ "any": [{ "measure": "figure", "figure": "last_purchase", "at_least": 1 }] });
            },
            "levels[0].qualify[0].figure",
        ),
        (
            &|d| d["period"] = json!({ "kind": "rolling_months", "months": 25 }),
            "period.months",
        ),
        (
            &|d| d["downgrade"] = json!({ "kind": "grace", "days": 0 }),
            "downgrade.days",
        ),
        (&|d| d["notice_days"] = json!(-1), "notice_days"),
        (&|d| d["effective_on"] = json!("1999-12-31"), "effective_on"),
    ] {
        assert_eq!(at(change), field);
    }
    for unknown in [
        json!({ "all": [{ "measure": "spend", "at_least": 1, "at_most": 2 }] }),
        json!({ "all": [{ "measure": "luck", "at_least": 1 }] }),
        json!({ "some": [] }),
    ] {
        assert!(
            serde_json::from_value::<Rule>(unknown.clone()).is_err(),
            "{unknown}"
        );
    }
}
