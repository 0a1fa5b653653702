//! Which level a customer has.

use base::Day;
use uuid::Uuid;

use super::measure::{View, months_after, tenure_months};
use super::words;
use crate::model::{
    Cause, Decision, Document, Downgrade, Facts, Landing, Period, Programme, Reason, Recorded, Standing,
};

/// What a decision comes to; levels by their place, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The level that is earned.
    pub earned: Option<usize>,
    /// The level that counts.
    pub level: Option<usize>,
    /// Since when the earned level is that.
    pub since: Day,
    /// See [`Standing::review_on`].
    pub review_on: Option<Day>,
    /// See [`Standing::grace_until`].
    pub grace_until: Option<Day>,
    /// What was given by hand, if that is why the level is not the earned one.
    pub given: Option<Uuid>,
    /// Why.
    pub cause: Cause,
}

/// The earned part of a decision.
struct Earned {
    level: Option<usize>,
    since: Day,
    review_on: Option<Day>,
    grace_until: Option<Day>,
    cause: Cause,
}

/// The day on which a level is next reviewed, of one that began on `since`.
pub fn next_review(period: Period, since: Day, today: Day) -> Day {
    match period {
        Period::RollingMonths { months } => months_after(today, months),
        Period::CalendarYear {} => {
            let month = today.month();
            base::Month(month.0 - month.0.rem_euclid(12) + 12).first_day()
        }
        Period::MembershipYear {} => {
            let years = tenure_months(since, today).max(0) / 12;
            months_after(since, 12 * (years + 1))
        }
    }
}

/// Decides: what follows from the facts, a version and how it stood, on a day.
pub fn outcome(facts: &Facts, document: &Document, before: Option<&Standing>, today: Day) -> Outcome {
    let earned = earned(facts, document, before, today);
    let mut outcome = Outcome {
        earned: earned.level,
        level: earned.level,
        since: earned.since,
        review_on: earned.review_on,
        grace_until: earned.grace_until,
        given: None,
        cause: earned.cause,
    };
    let Some(given) = &facts.given else {
        return outcome;
    };
    match &given.level {
        None => (outcome.level, outcome.given, outcome.cause) = (None, Some(given.id), Cause::Suspended),
        Some(code) => {
            // What was given is no floor: it counts while it holds, and only where it is more.
            let place = place_of(document, code);
            if place > outcome.earned {
                (outcome.level, outcome.given, outcome.cause) = (place, Some(given.id), Cause::Given);
            }
        }
    }
    outcome
}

/// The same where nothing is waited for: where a version leads to in the end, if customers go on as they are.
pub fn settled(facts: &Facts, document: &Document, before: Option<&Standing>, today: Day) -> Outcome {
    let before = before.map(|before| Standing {
        review_on: Some(today),
        grace_until: Some(today),
        ..before.clone()
    });
    outcome(facts, document, before.as_ref(), today)
}

fn place_of(document: &Document, code: &str) -> Option<usize> {
    document.levels.iter().position(|level| level.code == code)
}

fn earned(facts: &Facts, document: &Document, before: Option<&Standing>, today: Day) -> Earned {
    let had = before.and_then(|before| before.earned.as_deref());
    let current = had.and_then(|code| place_of(document, code));
    let nothing = |cause| Earned {
        level: None,
        since: match before {
            Some(before) if before.earned.is_none() => before.since,
            _ => today,
        },
        review_on: None,
        grace_until: None,
        cause,
    };
    if !facts.included {
        return nothing(Cause::NotForCustomer);
    }
    let since = before.filter(|_| current.is_some()).map(|before| before.since);
    let view = View::new(facts, document, since, today);
    let qualified = document
        .levels
        .iter()
        .rposition(|level| view.meets(&level.qualify));
    let (Some(current), Some(before)) = (current, before) else {
        return match qualified {
            Some(level) => begun(document, level, Cause::Qualified, today),
            None if had.is_some() => nothing(Cause::LevelGone),
            None => nothing(Cause::NoLevel),
        };
    };
    if qualified > Some(current) {
        return begun(document, qualified.unwrap_or(current), Cause::Qualified, today);
    }
    let keeps = qualified == Some(current) || view.meets(document.levels[current].keep());
    let stays = |review_on, grace_until, cause| Earned {
        level: Some(current),
        since: before.since,
        review_on,
        grace_until,
        cause,
    };
    let review = next_review(document.period, before.since, today);
    // A level that was landed on holds for a period, whatever the mode.
    let held = before.review_on.filter(|on| today < *on);
    match document.downgrade {
        Downgrade::PeriodEnd {} => match before.review_on {
            // Reviewed in time, or under a mode without reviews before.
            Some(on) if today < on => stays(
                Some(on),
                None,
                if keeps {
                    Cause::Kept
                } else {
                    Cause::HeldUntilReview
                },
            ),
            None => stays(
                Some(review),
                None,
                if keeps {
                    Cause::Kept
                } else {
                    Cause::HeldUntilReview
                },
            ),
            Some(_) if keeps => stays(Some(review), None, Cause::Kept),
            Some(_) => lowered(&view, document, current, today),
        },
        _ if keeps => stays(held, None, Cause::Kept),
        Downgrade::Never {} => stays(None, None, Cause::NeverLowered),
        _ if held.is_some() => stays(held, None, Cause::HeldUntilReview),
        Downgrade::AtOnce {} => lowered(&view, document, current, today),
        Downgrade::Grace { days } => match before.grace_until {
            None => stays(None, Some(Day(today.0 + days)), Cause::GraceBegun),
            Some(until) if today < until => stays(None, Some(until), Cause::InGrace),
            Some(_) => lowered(&view, document, current, today),
        },
    }
}

/// A level that begins today.
fn begun(document: &Document, level: usize, cause: Cause, today: Day) -> Earned {
    let reviewed = matches!(document.downgrade, Downgrade::PeriodEnd {}) || cause == Cause::Landed;
    Earned {
        level: Some(level),
        since: today,
        review_on: reviewed.then(|| next_review(document.period, today, today)),
        grace_until: None,
        cause,
    }
}

/// Down to what is earned below, or by one level.
fn lowered(view: &View<'_>, document: &Document, current: usize, today: Day) -> Earned {
    let below = &document.levels[..current];
    let earned = below
        .iter()
        .rposition(|level| view.meets(&level.qualify) || view.meets(level.keep()));
    let next = current.checked_sub(1);
    match document.landing {
        Landing::OneLevel if next > earned => begun(document, next.unwrap_or_default(), Cause::Landed, today),
        _ => match earned {
            Some(level) => begun(document, level, Cause::Lowered, today),
            None => Earned {
                level: None,
                since: today,
                review_on: None,
                grace_until: None,
                cause: Cause::Lowered,
            },
        },
    }
}

/// Whether a decision leaves anything otherwise than it stood. Who had no level and has none is no change.
pub fn changes(outcome: &Outcome, document: &Document, before: Option<&Standing>) -> bool {
    let code = |place: Option<usize>| {
        place
            .and_then(|place| document.levels.get(place))
            .map(|level| &level.code)
    };
    match before {
        None => outcome.earned.is_some() || outcome.level.is_some() || outcome.given.is_some(),
        Some(before) => {
            before.earned.as_ref() != code(outcome.earned)
                || before.level.as_ref() != code(outcome.level)
                || before.since != outcome.since
                || before.review_on != outcome.review_on
                || before.grace_until != outcome.grace_until
                || before.given != outcome.given
        }
    }
}

/// How it stands by a decision.
pub fn standing(outcome: &Outcome, document: &Document) -> Standing {
    let code = |place: Option<usize>| {
        place
            .and_then(|place| document.levels.get(place))
            .map(|level| level.code.clone())
    };
    Standing {
        earned: code(outcome.earned),
        level: code(outcome.level),
        since: outcome.since,
        review_on: outcome.review_on,
        grace_until: outcome.grace_until,
        given: outcome.given,
    }
}

/// Decides and explains: why, what is missing to the next level, and what to keep the earned one.
pub fn decide(facts: &Facts, by: (&Programme, &Document), before: Option<&Standing>, today: Day) -> Decision {
    let outcome = outcome(facts, by.1, before, today);
    let standing = standing(&outcome, by.1);
    explain(facts, by, (before, standing, outcome.cause), today)
}

/// Explains how a customer stands, by which cause and after what, with what is missing on a day.
pub fn explain(
    facts: &Facts,
    (programme, document): (&Programme, &Document),
    (before, standing, cause): (Option<&Standing>, Standing, Cause),
    today: Day,
) -> Decision {
    let earned = standing
        .earned
        .as_deref()
        .and_then(|code| place_of(document, code));
    let view = View::new(facts, document, earned.map(|_| standing.since), today);
    let next = earned.map_or(0, |place| place + 1);
    let next = document.levels.get(next).filter(|_| facts.included);
    let kept = earned.and_then(|place| document.levels.get(place));
    let (zh, en) = words::sentence(cause, &standing, before, (programme, document), facts);
    Decision {
        reason: Reason { code: cause, zh, en },
        to_next: next.map(|level| view.progress(&level.code, &level.qualify)),
        to_keep: kept.map(|level| view.progress(&level.code, level.keep())),
        standing,
    }
}

/// Makes a stored decision again, by the version it names.
pub fn replay(recorded: &Recorded, programme: &Programme, document: &Document) -> Decision {
    decide(
        &recorded.facts,
        (programme, document),
        recorded.before.as_ref(),
        recorded.on,
    )
}
