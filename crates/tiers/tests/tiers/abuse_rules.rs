//! Each rule finds its case and passes by the near miss.

use jiff::{SignedDuration, Timestamp};
use tiers::model::{
    AbuseSettings, Act, ActKind, CountWithin, Evidence, Found, GivenAbove, Reached, RefundAfter, Refunded,
    Travel, Unearned, UseFact,
};
use tiers::rules;
use uuid::Uuid;

const ONE: Uuid = Uuid::from_u128(1);
const SHANGHAI: (f64, f64) = (31.1443, 121.8083);
const BEIJING: (f64, f64) = (40.0799, 116.6031);
const HONGQIAO: (f64, f64) = (31.1979, 121.3363);

fn at(minutes: i64) -> Timestamp {
    let begin: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    begin.checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

fn used(n: u128, minutes: i64) -> UseFact {
    UseFact {
        redemption: Uuid::from_u128(n),
        programme: Uuid::from_u128(7).into(),
        benefit: "lounge".to_owned(),
        at: at(minutes),
        quantity: 1,
        companions: 0,
        partner: None,
        site: None,
        place: None,
    }
}

fn count(at_least: i64, within_hours: i64) -> CountWithin {
    CountWithin {
        on: true,
        at_least,
        within_hours,
    }
}

fn keys(found: &[Found]) -> Vec<u128> {
    found
        .iter()
        .map(|one| one.key.parse::<Uuid>().unwrap().as_u128())
        .collect()
}

#[test]
fn many_uses_are_found_when_they_rise_to_the_threshold_and_once() {
    let hourly: Vec<UseFact> = (0..6).map(|n| used(n, n as i64 * 60)).collect();
    let find = |uses: &[UseFact], since| rules::velocity(ONE, uses, &count(3, 4), since);
    assert_eq!(
        keys(&find(&hourly, at(0))),
        [2],
        "the third of three within four hours, and no more while it goes on"
    );
    let Evidence::Velocity { uses } = &find(&hourly, at(0))[0].evidence else {
        panic!()
    };
    assert_eq!(uses, &hourly[0..3]);
    // Near misses: two of them; three in exactly the span and not within it.
    assert!(find(&hourly[..2], at(0)).is_empty());
    let apart = [used(1, 0), used(2, 120), used(3, 240)];
    assert!(find(&apart, at(0)).is_empty());
    assert_eq!(keys(&find(&[used(1, 0), used(2, 120), used(3, 239)], at(0))), [3]);
    // After it fell below it rises again.
    let twice = [
        used(1, 0),
        used(2, 1),
        used(3, 2),
        used(4, 600),
        used(5, 601),
        used(6, 602),
    ];
    assert_eq!(keys(&find(&twice, at(0))), [3, 6]);
    assert_eq!(keys(&find(&twice, at(10))), [6], "from a moment on");
}

/// Uses at arbitrary times: whoever knows twice the span before a moment finds from it on what whoever knows everything
/// finds.
#[test]
fn what_is_found_does_not_hang_on_where_the_history_begins() {
    let mut seed = 7_u64;
    let mut next = |n: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    for _ in 0..300 {
        let mut minutes = 0;
        let all: Vec<UseFact> = (0..60)
            .map(|n| {
                minutes += next(120) as i64;
                UseFact {
                    companions: next(4) as i32,
                    ..used(n, minutes)
                }
            })
            .collect();
        let settings = count(2 + next(6) as i64, 1 + next(6) as i64);
        let since = next(3_600) as i64;
        let known: Vec<UseFact> = all
            .iter()
            .filter(|of| of.at >= at(since - settings.within_hours * 120))
            .cloned()
            .collect();
        for rule in [rules::velocity, rules::companions] {
            let whole = rule(ONE, &all, &settings, at(since));
            assert_eq!(
                keys(&rule(ONE, &known, &settings, at(since))),
                keys(&whole),
                "{settings:?} {since}"
            );
        }
    }
}

#[test]
fn travel_is_impossible_only_where_it_is_too_fast_and_far() {
    let settings = Travel {
        on: true,
        faster_than_kmh: 900,
        at_least_km: 50,
    };
    let visit = |n, minutes, place| UseFact {
        place: Some(place),
        ..used(n, minutes)
    };
    let find = |uses: &[UseFact]| rules::impossible_travel(ONE, uses, &settings, at(0));
    // Pudong and Beijing Capital are 1,098 km apart.
    let found = find(&[visit(1, 0, SHANGHAI), visit(2, 60, BEIJING)]);
    assert_eq!(keys(&found), [2]);
    let Evidence::ImpossibleTravel {
        distance_km,
        minutes,
        speed_kmh,
        ..
    } = found[0].evidence
    else {
        panic!()
    };
    assert!((1_090..=1_110).contains(&distance_km), "{distance_km}");
    assert_eq!((minutes, speed_kmh), (60, distance_km));
    // A flight of an hour and a half; the other airport of the town at once; a place that is not known.
    assert!(find(&[visit(1, 0, SHANGHAI), visit(2, 90, BEIJING)]).is_empty());
    assert!(find(&[visit(1, 0, SHANGHAI), visit(2, 1, HONGQIAO)]).is_empty());
    assert!(find(&[visit(1, 0, SHANGHAI), used(2, 30)]).is_empty());
    // In the same minute, with a use of unknown place between them.
    let found = find(&[visit(1, 0, SHANGHAI), used(2, 0), visit(3, 0, BEIJING)]);
    assert_eq!(keys(&found), [3]);
}

#[test]
fn companions_are_added_up() {
    let with = |n, minutes, companions| UseFact {
        companions,
        ..used(n, minutes)
    };
    let find = |uses: &[UseFact]| rules::companions(ONE, uses, &count(6, 24), at(0));
    assert!(find(&[with(1, 0, 3), with(2, 60, 2)]).is_empty(), "five");
    let found = find(&[with(1, 0, 3), used(2, 10), with(3, 60, 3)]);
    assert_eq!(keys(&found), [3]);
    let Evidence::Companions { companions, uses } = &found[0].evidence else {
        panic!()
    };
    assert_eq!((*companions, uses.len()), (6, 2));
    // One that is enough by itself, again after the first is out of the span.
    assert_eq!(keys(&find(&[with(1, 0, 9), with(2, 24 * 60, 9)])), [1, 2]);
}

#[test]
fn levels_by_hand_count_where_they_are_far_above_and_again() {
    let given = |n, days: i64, levels_above| GivenAbove {
        grant: Uuid::from_u128(n),
        programme: Uuid::from_u128(7).into(),
        at: at(days * 24 * 60),
        level: "gold".to_owned(),
        earned: None,
        levels_above,
        requested_by: None,
        approved_by: None,
    };
    let settings = Unearned {
        on: true,
        levels_above: 2,
        at_least: 2,
        within_days: 365,
    };
    let find = |given: &[GivenAbove]| rules::unearned_levels(ONE, given, &settings, at(0));
    assert_eq!(keys(&find(&[given(1, 0, 2), given(2, 364, 3)])), [2]);
    assert!(find(&[given(1, 0, 2)]).is_empty(), "once");
    assert!(
        find(&[given(1, 0, 2), given(2, 10, 1)]).is_empty(),
        "one level above"
    );
    assert!(
        find(&[given(1, 0, 2), given(2, 365, 2)]).is_empty(),
        "a year apart"
    );
    let once = Unearned {
        at_least: 1,
        ..settings
    };
    let found = rules::unearned_levels(
        ONE,
        &[given(1, 0, 2), given(2, 10, 2), given(3, 400, 2)],
        &once,
        at(0),
    );
    assert_eq!(
        keys(&found),
        [1, 3],
        "the second is of the same time as the first"
    );
}

#[test]
fn the_same_hands_at_the_same_customer() {
    let act = |n, minutes, staff, what| Act {
        what,
        id: Uuid::from_u128(n),
        programme: Uuid::from_u128(7).into(),
        staff: Uuid::from_u128(staff),
        at: at(minutes),
    };
    let find = |acts: &[Act]| rules::same_staff(ONE, acts, &count(3, 24), at(0));
    use ActKind::{Approved, Redeemed, Requested};
    let found = find(&[
        act(1, 0, 100, Redeemed),
        act(2, 10, 100, Requested),
        act(3, 20, 100, Approved),
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].key,
        format!("{}/{}", Uuid::from_u128(100), Uuid::from_u128(3))
    );
    // Three acts of two.
    assert!(
        find(&[
            act(1, 0, 100, Redeemed),
            act(2, 10, 101, Redeemed),
            act(3, 20, 100, Redeemed)
        ])
        .is_empty()
    );
}

#[test]
fn money_taken_back_after_a_level_was_reached() {
    let settings = RefundAfter {
        on: true,
        at_least_percent: 30,
        within_days: 30,
    };
    let reached = |refunds: &[(i64, i64)]| Reached {
        decision: Uuid::from_u128(5),
        programme: Uuid::from_u128(7).into(),
        at: at(60),
        level: "gold".to_owned(),
        spend_minor: 1_000,
        refunds: refunds
            .iter()
            .enumerate()
            .map(|(seq, (minutes, amount_minor))| Refunded {
                seq: seq as i64,
                at: at(*minutes),
                amount_minor: *amount_minor,
            })
            .collect(),
    };
    let find =
        |refunds: &[(i64, i64)]| rules::refunds_after_level(ONE, &[reached(refunds)], &settings, at(0));
    let found = find(&[(100, 200), (200, 100), (300, 400)]);
    assert_eq!(
        (keys(&found), found[0].at),
        (vec![5], at(200)),
        "when it came to 30 %"
    );
    let Evidence::RefundAfterLevel {
        refunded_minor,
        refunds,
        ..
    } = &found[0].evidence
    else {
        panic!()
    };
    assert_eq!((*refunded_minor, refunds.len()), (300, 2));
    assert!(find(&[(100, 299)]).is_empty(), "a bit less");
    assert!(find(&[(59, 300)]).is_empty(), "before it was reached");
    assert!(find(&[(60 + 30 * 24 * 60, 300)]).is_empty(), "after thirty days");
}

#[test]
fn settings_are_refused_at_the_field() {
    let good = AbuseSettings::default();
    assert!(rules::check_abuse_settings(&good).is_ok());
    assert!(
        good.rules_on().is_empty(),
        "nothing is looked for until the firm says so"
    );
    let mut wrong = good;
    wrong.velocity.at_least = 1;
    let refused = rules::check_abuse_settings(&wrong).unwrap_err();
    assert_eq!(refused.code(), "abuse_settings_invalid");
    assert!(
        format!("{refused:?}").contains("velocity.at_least"),
        "{refused:?}"
    );
    let mut wrong = good;
    wrong.impossible_travel.faster_than_kmh = 0;
    assert!(
        rules::check_abuse_settings(&wrong).is_err(),
        "nothing is divided by it"
    );
}
