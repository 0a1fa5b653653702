//! What holds whatever the facts are.

use base::{Day, Month};
use proptest::prelude::*;
use serde_json::{Value, json};
use tiers::model::{Document, Facts, MonthFact, Programme, Recorded, Standing};
use tiers::rules::{self, check_document, holds, outcome, replay};
use uuid::Uuid;

use crate::support::club;

const LEVELS: [&str; 4] = ["tin", "silver", "gold", "diamond"];

/// Documents of four levels whose rules ask for more and more, kept by less.
fn documents() -> impl Strategy<Value = Document> {
    let period = prop_oneof![
        (1..25).prop_map(|months| json!({ "kind": "rolling_months", "months": months })),
        Just(json!({ "kind": "calendar_year" })),
        Just(json!({ "kind": "membership_year" })),
    ];
    let downgrade = prop_oneof![
        Just(json!({ "kind": "never" })),
        Just(json!({ "kind": "at_once" })),
        Just(json!({ "kind": "period_end" })),
        (1..120).prop_map(|days| json!({ "kind": "grace", "days": days })),
    ];
    let landing = prop_oneof![Just("one_level"), Just("earned")];
    let measure = prop_oneof![
        Just("spend"),
        Just("orders"),
        Just("monthly_spend_mean"),
        Just("monthly_spend_least"),
        Just("quarterly_spend_mean"),
        Just("quarterly_spend_least"),
    ];
    let steps = proptest::collection::vec(1_i64..400, 4);
    let levels = (measure, steps, 0_i64..100, any::<bool>());
    (period, downgrade, landing, levels).prop_map(
        |(period, downgrade, landing, (measure, steps, less, also))| {
            let mut asks = 0;
            let levels: Vec<Value> = LEVELS
                .iter()
                .zip(steps)
                .map(|(code, step)| {
                    asks += step;
                    let rule = |at_least: i64| {
                        let mut conditions = vec![json!({ "measure": measure, "at_least": at_least })];
                        if also {
                            conditions.push(json!({ "measure": "orders", "at_least": 1 }));
                        }
                        json!({ "all": conditions })
                    };
                    json!({
                        "code": code, "zh": code, "en": code, "colour": "#000000",
                        "qualify": rule(asks), "keep": rule((asks - less).max(0))
                    })
                })
                .collect();
            let json = json!({
                "schema": 1, "levels": levels, "period": period, "downgrade": downgrade, "landing": landing,
                "notice_days": 0, "effective_on": "2026-01-01"
            });
            serde_json::from_value(json).unwrap()
        },
    )
}

const TODAY: Day = Day(20_500);

fn known() -> impl Strategy<Value = Facts> {
    let now = TODAY.month().0;
    proptest::collection::btree_map(now - 25..=now, (-50_i64..500, 0..5), 0..26).prop_map(|months| Facts {
        included: true,
        months: months
            .into_iter()
            .map(|(month, (spend_minor, orders))| MonthFact {
                month: Month(month),
                spend_minor,
                orders,
            })
            .collect(),
        ..Facts::default()
    })
}

fn standings() -> impl Strategy<Value = Option<Standing>> {
    let days = (
        0..800,
        proptest::option::of(-40..400),
        proptest::option::of(-40..120),
    );
    let level = proptest::option::of(0..LEVELS.len());
    proptest::option::of((level, days).prop_map(|(level, (ago, review, grace))| {
        let level = level.map(|level| LEVELS[level].to_owned());
        Standing {
            earned: level.clone(),
            level,
            since: Day(TODAY.0 - ago),
            review_on: review.map(|days| Day(TODAY.0 + days)),
            grace_until: grace.map(|days| Day(TODAY.0 + days)),
            given: None,
        }
    }))
}

fn place(document: &Document, standing: Option<&Standing>) -> Option<usize> {
    let code = standing?.earned.as_ref()?;
    document.levels.iter().position(|level| level.code == *code)
}

proptest! {
    #[test]
    fn who_spends_more_has_no_lower_level(
        document in documents(), facts in known(), before in standings(), month in 0_usize..26, more in 1_i64..1_000,
    ) {
        check_document(&document).unwrap();
        let less = outcome(&facts, &document, before.as_ref(), TODAY);
        let mut richer = facts;
        if let Some(month) = richer.months.get_mut(month) {
            month.spend_minor += more;
            month.orders += 1;
        }
        let richer = outcome(&richer, &document, before.as_ref(), TODAY);
        prop_assert!(richer.level >= less.level, "{less:?} {richer:?}");
    }

    #[test]
    fn a_stored_decision_comes_to_the_same_again(document in documents(), facts in known(), before in standings()) {
        let programme = Programme { id: Uuid::nil().into(), facts: club(), version: 1 };
        let made = rules::decide(&facts, (&programme, &document), before.as_ref(), TODAY);
        let recorded = Recorded {
            id: Uuid::nil().into(),
            programme: programme.id,
            version: Uuid::nil().into(),
            customer: Uuid::nil(),
            on: TODAY,
            at: jiff::Timestamp::UNIX_EPOCH,
            // Through the form in which they are stored.
            facts: serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap(),
            before: before.map(|before| serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap()),
            after: made.standing.clone(),
            cause: made.reason.code,
        };
        let stored: Document = serde_json::from_str(&serde_json::to_string(&document).unwrap()).unwrap();
        prop_assert_eq!(replay(&recorded, &programme, &stored), made);
    }

    #[test]
    fn what_earns_a_level_keeps_it(document in documents(), facts in known(), before in standings()) {
        let since = before.map(|before| before.since);
        for level in &document.levels {
            if holds(&level.qualify, &facts, &document, since, TODAY) {
                prop_assert!(holds(level.keep(), &facts, &document, since, TODAY), "{}", level.code);
            }
        }
    }

    #[test]
    fn a_level_goes_down_only_as_the_programme_says(
        document in documents(), facts in known(), before in standings(),
    ) {
        let had = place(&document, before.as_ref());
        let decided = outcome(&facts, &document, before.as_ref(), TODAY);
        let lower = decided.earned < had;
        let json = serde_json::to_value(document.downgrade).unwrap();
        let before = before.unwrap_or(Standing {
            earned: None, level: None, since: TODAY, review_on: None, grace_until: None, given: None,
        });
        if lower {
            let keep = had.map(|had| document.levels[had].keep());
            let since = had.map(|_| before.since);
            prop_assert!(!keep.is_some_and(|keep| holds(keep, &facts, &document, since, TODAY)), "kept, and lowered");
            prop_assert!(json["kind"] != "never");
            if document.landing == tiers::model::Landing::OneLevel {
                prop_assert_eq!(decided.earned, had.and_then(|had| had.checked_sub(1)));
            }
            match json["kind"].as_str().unwrap() {
                "grace" => prop_assert!(before.grace_until.is_some_and(|until| until <= TODAY)),
                "period_end" => prop_assert!(before.review_on.is_some_and(|on| on <= TODAY)),
                _ => {}
            }
        }
        if let Some(until) = decided.grace_until {
            prop_assert_eq!(&json["kind"], "grace");
            let days = i32::try_from(json["days"].as_i64().unwrap()).unwrap();
            let begun = before.grace_until.is_none() && until == Day(TODAY.0 + days);
            prop_assert!(begun || (before.grace_until == Some(until) && until > TODAY));
        }
    }

    #[test]
    fn deciding_twice_on_one_day_changes_nothing_more(
        document in documents(), facts in known(), before in standings(),
    ) {
        let once = outcome(&facts, &document, before.as_ref(), TODAY);
        let stands = rules::standing(&once, &document);
        let twice = outcome(&facts, &document, Some(&stands), TODAY);
        // A membership year begins with the level, so that other months count once it has begun.
        let level_began = once.since == TODAY && document.period == tiers::model::Period::MembershipYear {};
        if rules::changes(&once, &document, before.as_ref()) && !level_began {
            prop_assert!(!rules::changes(&twice, &document, Some(&stands)), "{once:?} {twice:?}");
        }
    }
}
