//! The portfolio: the comparison by hand-counted strata and by simulation, and what both databases tell of a period.

use base::Day;
use platform::testing::TestDb;
use platform::{Caller, test_on_both};
use tiers::app::portfolio::{self, Asked};
use tiers::app::{giving_back, redemptions};
use tiers::model::{Frequency, NoStay, Person, Places, Portfolio, Recency, Stay, Used};
use tiers::rules::{self, Strata};

use crate::benefit_support::Firm;
use crate::support::{ROOMS, day};

fn person(standing: u32, used: bool, stayed: bool) -> Person {
    let mut lounge = Places::default();
    lounge.insert(0);
    Person {
        standing,
        recency: Recency::Days30,
        frequency: Frequency::Few,
        from_the_first_day: lounge,
        used: if used { lounge } else { Places::default() },
        stayed,
    }
}

fn add(strata: &mut Strata, standing: u32, used: bool, stayed: usize, left: usize) {
    for n in 0..stayed + left {
        strata.add(&person(standing, used, n < stayed));
    }
}

#[test]
fn users_are_compared_with_their_like() {
    let mut strata = Strata::new(1);
    // Gold: 8 of 10 users stayed and 10 of 20 others; silver: 3 of 5, and 4 of 10; who is of no level's like is left out.
    add(&mut strata, 1, true, 8, 2);
    add(&mut strata, 1, false, 10, 10);
    add(&mut strata, 2, true, 3, 2);
    add(&mut strata, 2, false, 4, 6);
    add(&mut strata, 3, true, 4, 0);
    add(&mut strata, 4, false, 0, 50);
    let stay = strata.compared(0).unwrap();
    assert_eq!((stay.users, stay.non_users, stay.users_unmatched), (15, 30, 4));
    // (10 * 0.3 + 5 * 0.2) / 15
    assert!((stay.difference - 4.0 / 15.0).abs() < 1e-6, "{stay:?}");
    let v = |x: f64, n: f64| {
        let q = (x + 1.0) / (n + 2.0);
        q * (1.0 - q) / n
    };
    let variance = (4.0 / 9.0) * (v(8.0, 10.0) + v(10.0, 20.0)) + (1.0 / 9.0) * (v(3.0, 5.0) + v(4.0, 10.0));
    assert!((stay.standard_error - variance.sqrt()).abs() < 1e-6, "{stay:?}");
    assert!((stay.low - (stay.difference - 1.96 * stay.standard_error)).abs() < 1e-5);
    // Nobody to compare with.
    let mut alone = Strata::new(1);
    add(&mut alone, 1, true, 3, 0);
    assert_eq!(alone.compared(0), None);
}

/// A world in which the benefit adds ten points to staying and users are of the kind that stays: the bare difference is far
/// off, the matched one is right, and its interval holds the truth about as often as it says.
#[test]
fn the_interval_holds_the_truth_as_often_as_it_says() {
    let mut seed = 11_u64;
    let mut chance = move |p: f64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 11) as f64 / (1_u64 << 53) as f64) < p
    };
    let (mut held, mut off) = (0, 0.0);
    for _ in 0..400 {
        let mut strata = Strata::new(1);
        let (mut bare, mut counts) = ([0.0; 2], [0.0; 2]);
        for n in 0..600 {
            let loyal = n % 2 == 0;
            let used = chance(if loyal { 0.6 } else { 0.2 });
            let stays = if loyal { 0.7 } else { 0.3 } + if used { 0.1 } else { 0.0 };
            let stayed = chance(stays);
            strata.add(&person(u32::from(loyal), used, stayed));
            bare[usize::from(used)] += f64::from(u8::from(stayed));
            counts[usize::from(used)] += 1.0;
        }
        let stay = strata.compared(0).unwrap();
        held += usize::from(stay.low <= 0.1 && 0.1 <= stay.high);
        off += bare[1] / counts[1] - bare[0] / counts[0] - 0.1;
    }
    assert!(
        off / 400.0 > 0.1,
        "the bare difference is off by more than the effect: {}",
        off / 400.0
    );
    assert!(
        (368..=396).contains(&held),
        "{held} of 400 intervals hold the truth"
    );
}

#[test]
fn what_costs_much_without_use_or_effect_is_flagged_with_its_reason() {
    let used = |users, cost_minor| Used {
        entitled: 1_000,
        users,
        units: users,
        cost_minor,
    };
    let stay = |difference: f64, standard_error: f64, users| Stay {
        users,
        non_users: 500,
        users_unmatched: 0,
        user_rate: 0.5,
        non_user_rate: 0.5 - difference,
        difference,
        standard_error,
        low: difference - 1.96 * standard_error,
        high: difference + 1.96 * standard_error,
    };
    let codes = |used: &Used, stay: Option<&Stay>| -> Vec<&str> {
        rules::flags(used, 1_000, stay)
            .iter()
            .map(|flag| flag.code)
            .collect()
    };
    assert_eq!(codes(&used(99, 100), None), ["costs_much_used_little"]);
    assert!(codes(&used(100, 100), None).is_empty(), "a tenth uses it");
    assert!(
        codes(&used(99, 99), None).is_empty(),
        "less than a tenth of the cost"
    );
    let none = stay(0.01, 0.02, 200);
    assert_eq!(codes(&used(200, 500), Some(&none)), ["costs_much_no_effect_seen"]);
    assert!(
        codes(&used(200, 500), Some(&stay(0.1, 0.02, 200))).is_empty(),
        "an effect"
    );
    assert!(
        codes(&used(200, 500), Some(&stay(0.01, 0.06, 200))).is_empty(),
        "known too little"
    );
    assert!(
        codes(&used(200, 500), Some(&stay(0.01, 0.02, 29))).is_empty(),
        "of too few"
    );
    let said = &rules::flags(&used(99, 100), 1_000, None)[0];
    assert!(said.en.contains("9.9%") && said.zh.contains("9.9%"), "{said:?}");
}

async fn of(firm: &Firm, from: &str, until: &str, stay_days: i32) -> Portfolio {
    let asked = Asked {
        from: day(from),
        until: day(until),
        stay_days,
    };
    portfolio::read(&firm.at.room, &firm.at.anna, asked)
        .await
        .unwrap()
}

test_on_both!(who_had_used_paid_and_stayed, ROOMS);
async fn who_had_used_paid_and_stayed(t: &TestDb) {
    let firm = Firm::new(t).await;
    let (room, anna) = (&firm.at.room, &firm.at.anna);
    let names = ["A", "B", "C", "D", "E", "F"];
    let mut gold = Vec::new();
    for name in names {
        gold.push(firm.gold(name).await);
    }
    // On the next day: A and B use the lounge, A at a partner and with one along; C's use is given back.
    firm.at.days_later(1);
    let (airport, _) = firm.partner("airport", &["lounge"]).await;
    let mut at_airport = firm.wanted("lounge", 2, "a");
    at_airport.companions = 1;
    let where_to = Some((airport.id, Some("t1".to_owned())));
    redemptions::redeem(room, anna, gold[0], &at_airport, where_to)
        .await
        .unwrap();
    firm.redeem(gold[1], &firm.wanted("lounge", 1, "b"))
        .await
        .unwrap();
    let back = firm
        .redeem(gold[2], &firm.wanted("lounge", 1, "c"))
        .await
        .unwrap();
    giving_back::reverse(room, anna, back.id, "误操作").await.unwrap();
    firm.redeem(gold[3], &firm.wanted("wash", 1, "d")).await.unwrap();

    let now = of(&firm, "2026-03-16", "2026-03-20", 10).await;
    let item =
        |told: &Portfolio, code: &str| told.items.iter().find(|item| item.code == code).cloned().unwrap();
    let lounge = item(&now, "lounge");
    // 2 and 1 along at 100.00 each for the partner, and 50.00 for the one at none.
    assert_eq!(
        (lounge.entitled, lounge.users, lounge.units),
        (6, Some(2), Some(3))
    );
    assert_eq!(
        (lounge.cost_minor, lounge.cost_per_user_minor),
        (Some(35_000), Some(17_500))
    );
    assert_eq!((lounge.stay, lounge.no_stay), (None, Some(NoStay::NotOver)));
    assert_eq!(lounge.perceived_value, None);
    let window = item(&now, "window");
    assert_eq!(
        (window.entitled, window.users, window.no_stay),
        (6, None, Some(NoStay::NotCounted))
    );
    assert_eq!(item(&now, "spa").entitled, 0, "nobody has picked it");
    assert_eq!(now.cost_minor, 40_000);

    // Within ten days after it A, C and D buy; B does so a day too late.
    firm.at.days_later(30);
    for (n, at) in [
        (0, "2026-03-21T00:00:00Z"),
        (2, "2026-03-30T15:59:00Z"),
        (3, "2026-03-25T04:00:00Z"),
    ] {
        firm.at.bought(gold[n], &format!("later {n}"), at, 100).await;
    }
    firm.at
        .bought(gold[1], "too late", "2026-03-30T16:00:00Z", 100)
        .await;
    let then = of(&firm, "2026-03-16", "2026-03-20", 10).await;
    let stay = item(&then, "lounge").stay.unwrap();
    assert_eq!((stay.users, stay.non_users, stay.users_unmatched), (2, 4, 0));
    assert!(
        (stay.user_rate - 0.5).abs() < 1e-9 && (stay.non_user_rate - 0.5).abs() < 1e-9,
        "{stay:?}"
    );
    assert!(then.reading.zh.contains("不能证明") && then.reading.en.contains("no proof"));
    assert_eq!(
        item(&then, "lounge").cost_minor,
        Some(35_000),
        "what it cost stays so"
    );
    // Before anybody had a level nobody was entitled.
    let before = of(&firm, "2026-01-01", "2026-01-31", 10).await;
    assert!(before.items.iter().all(|item| item.entitled == 0), "{before:#?}");

    let asked = Asked {
        from: day("2026-03-16"),
        until: day("2026-03-20"),
        stay_days: 10,
    };
    let (name, csv) = portfolio::csv(room, anna, asked).await.unwrap();
    assert_eq!(
        (name.as_str(), csv.lines().count()),
        ("portfolio-2026-03-16-2026-03-20.csv", 6)
    );
    assert!(
        csv.contains("\r\nlounge,partner_service,6,2,3,35000,17500,CNY,,2,4,0,0.5,0.5,0,"),
        "{csv}"
    );
    for (asked, code) in [
        (
            Asked {
                until: Day(asked.from.0 - 1),
                ..asked
            },
            "period_malformed",
        ),
        (
            Asked {
                until: Day(asked.from.0 + 366),
                ..asked
            },
            "period_malformed",
        ),
        (
            Asked {
                stay_days: 0,
                ..asked
            },
            "stay_days_malformed",
        ),
    ] {
        assert_eq!(portfolio::read(room, anna, asked).await.unwrap_err().code(), code);
    }
    let viewer: Caller = platform::testing::caller(platform::access::Role::Viewer);
    assert!(
        portfolio::read(room, &viewer, asked).await.is_ok(),
        "who sees levels of the whole firm sees this"
    );
    firm.at.stop().await;
}
