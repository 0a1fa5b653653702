//! Advance refunds by rule: what is granted and why, and that the books hold whatever happens.

use base::{Currency, Day};
use proptest::prelude::*;
use serde_json::json;
use tiers::model::{
    AdvanceBalances, AdvanceCause, AdvanceEntryKind, AdvanceFacts, AdvanceLimits, Benefit, Chosen, Level,
    Standing, Terms,
};
use tiers::rules::advances::{apply, conserved, decide, limits};
use uuid::Uuid;

use crate::benefit_support::facts as benefit_facts;
use crate::support::day;

fn known() -> AdvanceFacts {
    AdvanceFacts {
        currency: Currency::CNY,
        transaction_minor: 60_000,
        taken_back_minor: 10_000,
        on: day("2026-03-01"),
        advanced: false,
        outstanding_minor: 70_000,
    }
}

fn gold() -> AdvanceLimits {
    AdvanceLimits {
        programme: "club".to_owned(),
        level: "gold".to_owned(),
        benefit: "advance".to_owned(),
        per_claim_minor: 40_000,
        outstanding_minor: 100_000,
        window_days: Some(30),
    }
}

#[test]
fn each_refusal_says_why_in_both_languages() {
    let today = day("2026-03-15");
    let cases: [(AdvanceFacts, Option<AdvanceLimits>, i64, AdvanceCause, &str, &str); 9] = [
        (
            known(),
            Some(gold()),
            30_000,
            AdvanceCause::WithinLimits,
            "予以赔付",
            "advanced",
        ),
        (
            known(),
            None,
            1,
            AdvanceCause::NotEntitled,
            "不享有",
            "no refunds",
        ),
        (
            AdvanceFacts {
                advanced: true,
                ..known()
            },
            Some(gold()),
            1,
            AdvanceCause::AdvancedAlready,
            "已先行赔付",
            "already",
        ),
        (
            AdvanceFacts {
                taken_back_minor: 60_000,
                ..known()
            },
            Some(gold()),
            1,
            AdvanceCause::NothingToRefund,
            "没有可退金额",
            "nothing left",
        ),
        (
            AdvanceFacts {
                on: day("2026-03-16"),
                ..known()
            },
            Some(gold()),
            1,
            AdvanceCause::NotYet,
            "2026-03-16",
            "2026-03-16",
        ),
        (
            AdvanceFacts {
                on: day("2026-02-12"),
                ..known()
            },
            Some(gold()),
            1,
            AdvanceCause::TooLate,
            "30天",
            "30 days",
        ),
        (
            known(),
            Some(AdvanceLimits {
                per_claim_minor: 90_000,
                ..gold()
            }),
            50_001,
            AdvanceCause::AboveTransaction,
            "500.00元",
            "500.00 CNY",
        ),
        (
            known(),
            Some(gold()),
            40_001,
            AdvanceCause::AboveClaimLimit,
            "400.00元",
            "400.00 CNY",
        ),
        (
            known(),
            Some(gold()),
            30_001,
            AdvanceCause::AboveOutstandingLimit,
            "300.00元",
            "300.00 CNY",
        ),
    ];
    for (facts, limits, claimed, cause, zh, en) in cases {
        let decided = decide(&facts, limits.as_ref(), claimed, today);
        assert_eq!(decided.code, cause);
        assert_eq!(decided.granted, cause == AdvanceCause::WithinLimits);
        assert!(decided.zh.contains(zh), "{}", decided.zh);
        assert!(decided.en.contains(en), "{}", decided.en);
    }
    // The last day of the window counts.
    let last = AdvanceFacts {
        on: day("2026-02-13"),
        ..known()
    };
    assert!(decide(&last, Some(&gold()), 1, today).granted);
}

#[test]
fn the_most_generous_promise_counts_and_a_choice_only_where_it_was_picked() {
    let terms = |per_claim_minor, outstanding_minor| Terms::AdvanceLimits {
        per_claim_minor,
        outstanding_minor,
    };
    let mut off = benefit_facts("off", terms(90_000, 900_000));
    off.active = false;
    let catalogue: Vec<Benefit> = [
        benefit_facts("small", terms(10_000, 20_000)),
        benefit_facts("large", terms(20_000, 50_000)),
        benefit_facts("picked", terms(30_000, 60_000)),
        off,
        benefit_facts("window", Terms::ComplaintWindow { days: 45 }),
    ]
    .into_iter()
    .map(|facts| Benefit {
        id: Uuid::new_v4().into(),
        facts,
        version: 1,
    })
    .collect();
    let level: Level = serde_json::from_value(json!({
        "code": "gold", "zh": "金卡", "en": "Gold", "colour": "#d4af37",
        "qualify": { "all": [{ "measure": "spend", "at_least": 1 }] },
        "benefits": [
            { "benefit": "small", "per": "year" }, { "benefit": "large", "per": "year" },
            { "benefit": "off", "per": "year" }, { "benefit": "window", "per": "year" },
            { "benefit": "picked", "per": "year", "choice": "care" }
        ],
        "choices": [{ "code": "care", "zh": "关爱", "en": "Care", "pick": 1 }]
    }))
    .unwrap();
    let standing = Standing {
        earned: Some("gold".to_owned()),
        level: Some("gold".to_owned()),
        since: day("2026-02-01"),
        review_on: None,
        grace_until: None,
        given: None,
    };
    let of = |chosen: &[Chosen]| {
        limits("club", &level, &catalogue, (&standing, chosen), day("2026-03-15")).unwrap()
    };
    let given = of(&[]);
    assert_eq!(
        (given.benefit.as_str(), given.per_claim_minor, given.window_days),
        ("large", 20_000, Some(45))
    );
    let chosen = Chosen {
        level: "gold".to_owned(),
        choice: "care".to_owned(),
        from: day("2026-01-01"),
        benefits: vec!["picked".to_owned()],
    };
    assert_eq!(of(&[chosen]).benefit, "picked");
}

const KINDS: [AdvanceEntryKind; 4] = [
    AdvanceEntryKind::Advanced,
    AdvanceEntryKind::Cancelled,
    AdvanceEntryKind::Recovered,
    AdvanceEntryKind::WrittenOff,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_was_advanced_is_recovered_outstanding_or_written_off(
        history in proptest::collection::vec((0_usize..4, -5_i64..100), 0..40),
    ) {
        let mut balances = AdvanceBalances::default();
        // Advanced, cancelled, recovered, written off: what a simple sum says of each.
        let mut sums = [0_i64; 4];
        for (kind, amount) in history {
            let before = balances;
            let left = sums[0] - sums[1] - sums[2] - sums[3];
            let possible = amount > 0 && (kind == 0 || amount <= left);
            match apply(&mut balances, KINDS[kind], amount) {
                Ok(()) => {
                    prop_assert!(possible);
                    sums[kind] += amount;
                }
                Err(e) => {
                    prop_assert!(!possible, "{e}");
                    prop_assert_eq!(before, balances, "what is refused changes nothing");
                }
            }
            prop_assert!(conserved(&balances));
            prop_assert_eq!(balances.advanced_minor, sums[0] - sums[1]);
            prop_assert_eq!(balances.recovered_minor, sums[2]);
            prop_assert_eq!(balances.written_off_minor, sums[3]);
        }
    }

    #[test]
    fn nothing_is_granted_beyond_a_limit_and_less_is_granted_where_more_was(
        amounts in (0_i64..2_000, 0_i64..1_000, 0_i64..3_000, 1_i64..2_500),
        most in (0_i64..2_000, 0_i64..4_000, proptest::option::of(1_i32..60)),
        (advanced, ago) in (any::<bool>(), -3_i32..90),
    ) {
        let today = Day(20_500);
        let (transaction_minor, taken_back_minor, outstanding_minor, claimed) = amounts;
        let (per_claim_minor, outstanding_max, window_days) = most;
        let facts = AdvanceFacts {
            currency: Currency::CNY,
            transaction_minor,
            taken_back_minor,
            on: Day(today.0 - ago),
            advanced,
            outstanding_minor,
        };
        let limits = AdvanceLimits {
            per_claim_minor,
            outstanding_minor: outstanding_max,
            window_days,
            ..gold()
        };
        let decided = decide(&facts, Some(&limits), claimed, today);
        let good = !advanced
            && ago >= 0
            && window_days.is_none_or(|days| ago <= days)
            && claimed <= transaction_minor - taken_back_minor
            && claimed <= per_claim_minor
            && claimed + outstanding_minor <= outstanding_max;
        prop_assert_eq!(decided.granted, good, "{:?}", &decided);
        if good && claimed > 1 {
            prop_assert!(decide(&facts, Some(&limits), claimed - 1, today).granted);
        }
        // Through the form in which they are stored.
        let facts: AdvanceFacts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
        let limits: AdvanceLimits = serde_json::from_str(&serde_json::to_string(&limits).unwrap()).unwrap();
        prop_assert_eq!(decide(&facts, Some(&limits), claimed, today), decided);
    }
}
