//! What looks like abuse. Each rule takes what is known of one customer, in order of time, and tells what it finds from a
//! moment on.
//!
//! Rules that count look at a span of time up to each thing that happened, and find something when the sum rises to the
//! threshold: not again while it stays there. So what is found hangs on no more than twice the span before it, however
//! often and from whichever moment the rules are run, and it is named after what completed it.

use base::{Error, Result};
use jiff::Timestamp;
use uuid::Uuid;

use crate::model::{
    AbuseRule, AbuseSettings, Act, CountWithin, Evidence, Found, GivenAbove, Reached, RefundAfter, Travel,
    Unearned, UseFact,
};

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_MINUTE: i64 = 60_000_000;
/// Half the equator: nothing is farther away, and a bit.
const FARTHEST_KM: i64 = 20_040;
const EARTH_RADIUS_KM: f64 = 6_371.0;
const EVIDENCE_MAX: usize = 50;

/// Passes if these can be settings. Error: `abuse_settings_invalid` at the setting.
pub fn check_abuse_settings(settings: &AbuseSettings) -> Result<()> {
    let unearned = &settings.unearned_level;
    let travel = &settings.impossible_travel;
    let refund = &settings.refund_after_level;
    within("unearned_level.levels_above", unearned.levels_above, 1, 12)?;
    within("unearned_level.at_least", unearned.at_least, 1, 100)?;
    within("unearned_level.within_days", unearned.within_days, 1, 730)?;
    for (name, count) in [
        ("velocity", &settings.velocity),
        ("companions", &settings.companions),
        ("same_staff", &settings.same_staff),
    ] {
        within(&format!("{name}.at_least"), count.at_least, 2, 100)?;
        within(&format!("{name}.within_hours"), count.within_hours, 1, 2_160)?;
    }
    within(
        "impossible_travel.faster_than_kmh",
        travel.faster_than_kmh,
        100,
        2_000,
    )?;
    within("impossible_travel.at_least_km", travel.at_least_km, 1, 5_000)?;
    within(
        "refund_after_level.at_least_percent",
        refund.at_least_percent,
        1,
        100,
    )?;
    within("refund_after_level.within_days", refund.within_days, 1, 180)
}

fn within(field: &str, value: i64, least: i64, most: i64) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let message = format!("{least} to {most}");
    Err(Error::invalid("abuse_settings_invalid", message).at(field))
}

/// How many hours before what is looked for a rule has to know, so that it finds the same as if it knew everything.
pub fn hours_before(rule: AbuseRule, settings: &AbuseSettings) -> i64 {
    match rule {
        AbuseRule::UnearnedLevel => settings.unearned_level.within_days * 48,
        AbuseRule::Velocity => settings.velocity.within_hours * 2,
        AbuseRule::Companions => settings.companions.within_hours * 2,
        AbuseRule::SameStaff => settings.same_staff.within_hours * 2,
        AbuseRule::ImpossibleTravel => FARTHEST_KM / settings.impossible_travel.faster_than_kmh + 1,
        AbuseRule::RefundAfterLevel => settings.refund_after_level.within_days * 24,
    }
}

/// Where the sum of what lies in a span rises to a threshold: the places of the first and the last in it.
fn rises<T>(
    of: &[T],
    span_hours: i64,
    at_least: i64,
    known: impl Fn(&T) -> (Timestamp, i64),
) -> Vec<(usize, usize)> {
    let span = span_hours * MICROS_PER_HOUR;
    let micros = |one: &T| known(one).0.as_microsecond();
    let (mut first, mut sum, mut was_there, mut found) = (0, 0, false, Vec::new());
    for (last, one) in of.iter().enumerate() {
        sum += known(one).1;
        while micros(&of[first]) + span <= micros(one) {
            sum -= known(&of[first]).1;
            first += 1;
        }
        let is_there = sum >= at_least;
        // The one before may be out of the span itself.
        if is_there && !(was_there && first < last) {
            found.push((first, last));
        }
        was_there = is_there;
    }
    found
}

/// Levels by hand far above what was earned, again and again.
pub fn unearned_levels(
    customer: Uuid,
    given: &[GivenAbove],
    settings: &Unearned,
    since: Timestamp,
) -> Vec<Found> {
    let far: Vec<GivenAbove> = given
        .iter()
        .filter(|given| given.levels_above >= settings.levels_above)
        .cloned()
        .collect();
    let places = rises(&far, settings.within_days * 24, settings.at_least, |given| {
        (given.at, 1)
    });
    let found = |(first, last): (usize, usize)| Found {
        rule: AbuseRule::UnearnedLevel,
        customer,
        programme: far[last].programme,
        key: far[last].grant.to_string(),
        at: far[last].at,
        evidence: Evidence::UnearnedLevel {
            given: far[first..=last].to_vec(),
        },
    };
    places
        .into_iter()
        .map(found)
        .filter(|found| found.at >= since)
        .collect()
}

fn found_of_use(rule: AbuseRule, customer: Uuid, last: &UseFact, evidence: Evidence) -> Found {
    Found {
        rule,
        customer,
        programme: last.programme,
        key: last.redemption.to_string(),
        at: last.at,
        evidence,
    }
}

/// Many uses in a short time. Uses that were given back count: they were made.
pub fn velocity(customer: Uuid, uses: &[UseFact], settings: &CountWithin, since: Timestamp) -> Vec<Found> {
    let places = rises(uses, settings.within_hours, settings.at_least, |of| (of.at, 1));
    let found = |(first, last): (usize, usize)| {
        let uses_of = uses[first..=last].to_vec();
        let evidence = Evidence::Velocity { uses: uses_of };
        found_of_use(AbuseRule::Velocity, customer, &uses[last], evidence)
    };
    places
        .into_iter()
        .map(found)
        .filter(|found| found.at >= since)
        .collect()
}

/// Many who came along.
pub fn companions(customer: Uuid, uses: &[UseFact], settings: &CountWithin, since: Timestamp) -> Vec<Found> {
    let with: Vec<UseFact> = uses.iter().filter(|of| of.companions > 0).cloned().collect();
    let count = |of: &UseFact| i64::from(of.companions);
    let places = rises(&with, settings.within_hours, settings.at_least, |of| {
        (of.at, count(of))
    });
    let found = |(first, last): (usize, usize)| {
        let evidence = Evidence::Companions {
            companions: with[first..=last].iter().map(count).sum(),
            uses: with[first..=last].to_vec(),
        };
        found_of_use(AbuseRule::Companions, customer, &with[last], evidence)
    };
    places
        .into_iter()
        .map(found)
        .filter(|found| found.at >= since)
        .collect()
}

/// Uses at two sites between which nobody travels so fast. Each use is compared with the one before of which the place is
/// known.
pub fn impossible_travel(
    customer: Uuid,
    uses: &[UseFact],
    settings: &Travel,
    since: Timestamp,
) -> Vec<Found> {
    let placed: Vec<(&UseFact, (f64, f64))> = uses
        .iter()
        .filter_map(|of| of.place.map(|place| (of, place)))
        .collect();
    let found = placed.windows(2).filter_map(|pair| {
        let [(first, from), (second, to)] = pair else {
            return None;
        };
        let distance_km = distance_km(*from, *to);
        let micros = second.at.as_microsecond() - first.at.as_microsecond();
        let minutes = micros / MICROS_PER_MINUTE;
        let speed_kmh = distance_km / (minutes.max(1) as f64 / 60.0);
        let is_journey = distance_km >= settings.at_least_km as f64;
        if !is_journey || speed_kmh <= settings.faster_than_kmh as f64 {
            return None;
        }
        let evidence = Evidence::ImpossibleTravel {
            first: (*first).clone(),
            second: (*second).clone(),
            distance_km: distance_km.round() as i64,
            minutes,
            speed_kmh: speed_kmh.round() as i64,
        };
        Some(found_of_use(
            AbuseRule::ImpossibleTravel,
            customer,
            second,
            evidence,
        ))
    });
    found.filter(|found| found.at >= since).collect()
}

/// How far two places are apart on a sphere, in kilometres (haversine; within 0.6 % of the earth's).
fn distance_km((lat_a, lon_a): (f64, f64), (lat_b, lon_b): (f64, f64)) -> f64 {
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let h = half(lat_b - lat_a) + lat_a.to_radians().cos() * lat_b.to_radians().cos() * half(lon_b - lon_a);
    2.0 * EARTH_RADIUS_KM * h.sqrt().min(1.0).asin()
}

/// One of the staff who redeems for the same customer, or has something given to it, again and again.
pub fn same_staff(customer: Uuid, acts: &[Act], settings: &CountWithin, since: Timestamp) -> Vec<Found> {
    let mut all: Vec<Uuid> = acts.iter().map(|act| act.staff).collect();
    all.sort_unstable();
    all.dedup();
    let of_one = |staff: Uuid| {
        let own: Vec<Act> = acts.iter().filter(|act| act.staff == staff).cloned().collect();
        let places = rises(&own, settings.within_hours, settings.at_least, |act| (act.at, 1));
        let found = |(first, last): (usize, usize)| Found {
            rule: AbuseRule::SameStaff,
            customer,
            programme: own[last].programme,
            key: format!("{staff}/{}", own[last].id),
            at: own[last].at,
            evidence: Evidence::SameStaff {
                acts: own[first..=last].to_vec(),
            },
        };
        places.into_iter().map(found).collect::<Vec<_>>()
    };
    all.into_iter()
        .flat_map(of_one)
        .filter(|found| found.at >= since)
        .collect()
}

/// Money taken back soon after a level was reached by it.
pub fn refunds_after_level(
    customer: Uuid,
    reached: &[Reached],
    settings: &RefundAfter,
    since: Timestamp,
) -> Vec<Found> {
    let found = reached.iter().filter_map(|reached| {
        let begun = reached.at.as_microsecond();
        let until = begun + settings.within_days * 24 * MICROS_PER_HOUR;
        let soon = |at: Timestamp| (begun..until).contains(&at.as_microsecond());
        let (mut refunded_minor, mut refunds) = (0, Vec::new());
        for refund in reached.refunds.iter().filter(|refund| soon(refund.at)) {
            refunded_minor += refund.amount_minor;
            if refunds.len() < EVIDENCE_MAX {
                refunds.push(refund.clone());
            }
            let of = i128::from(reached.spend_minor) * i128::from(settings.at_least_percent);
            if reached.spend_minor > 0 && i128::from(refunded_minor) * 100 >= of {
                return Some(Found {
                    rule: AbuseRule::RefundAfterLevel,
                    customer,
                    programme: reached.programme,
                    key: reached.decision.to_string(),
                    at: refund.at,
                    evidence: Evidence::RefundAfterLevel {
                        decision: reached.decision,
                        level: reached.level.clone(),
                        spend_minor: reached.spend_minor,
                        refunded_minor,
                        refunds,
                    },
                });
            }
        }
        None
    });
    found.filter(|found| found.at >= since).collect()
}

/// The uses that evidence names.
pub fn uses_in(evidence: &Evidence) -> Vec<Uuid> {
    use crate::model::ActKind;
    match evidence {
        Evidence::Velocity { uses } | Evidence::Companions { uses, .. } => {
            uses.iter().map(|of| of.redemption).collect()
        }
        Evidence::ImpossibleTravel { first, second, .. } => vec![first.redemption, second.redemption],
        Evidence::SameStaff { acts } => {
            let redeemed = acts.iter().filter(|act| act.what == ActKind::Redeemed);
            redeemed.map(|act| act.id).collect()
        }
        Evidence::UnearnedLevel { .. } | Evidence::RefundAfterLevel { .. } => Vec::new(),
    }
}
