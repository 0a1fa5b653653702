//! What may be given by hand, and what of it holds on a day.

use base::text::is_hidden;
use base::{Day, Error, Result};
use uuid::Uuid;

use super::measure::months_after;
use crate::model::{Document, GivenFact, Grant, GrantKind, GrantState, NewGrant};

const REASON_CHARS_MAX: usize = 500;

/// Passes if this may be asked for; `document` is the version in force.
///
/// Errors: `reason_malformed`, `dates_malformed`, `grant_too_long`, `grant_over`, `level_unknown`, `level_not_asked`.
pub fn check_grant(new: &NewGrant, document: &Document, today: Day) -> Result<()> {
    let chars = new.reason.trim().chars().count();
    if chars == 0 || new.reason.chars().count() > REASON_CHARS_MAX || new.reason.chars().any(is_hidden) {
        let message = "a reason has 1 to 500 characters";
        return Err(Error::invalid("reason_malformed", message).at("reason"));
    }
    if new.until < new.from {
        let message = "the last day is not before the first";
        return Err(Error::invalid("dates_malformed", message).at("until"));
    }
    if new.until >= months_after(new.from, 12) {
        let message = "what is given by hand holds for a year at most";
        return Err(Error::invalid("grant_too_long", message).at("until"));
    }
    if new.until < today {
        return Err(Error::invalid("grant_over", "this would be over already").at("until"));
    }
    match (new.kind, &new.level) {
        (GrantKind::Level, level) => {
            let known = level
                .as_ref()
                .is_some_and(|code| document.levels.iter().any(|level| level.code == *code));
            if !known {
                let message = "no level of the version in force has this code";
                return Err(Error::invalid("level_unknown", message).at("level"));
            }
        }
        (_, Some(_)) => {
            let message = "only what gives a level names one";
            return Err(Error::invalid("level_not_asked", message).at("level"));
        }
        (_, None) => {}
    }
    Ok(())
}

/// Passes if a person may agree to what another one asked for. Errors: `second_person_needed`, `grant_state`.
pub fn may_decide(grant: &Grant, next: GrantState, who: Uuid) -> Result<()> {
    if !grant.state.may_become(next) {
        let message = format!(
            "this is {} and cannot come to be {}",
            grant.state.name(),
            next.name()
        );
        return Err(Error::conflict("grant_state", message));
    }
    if next == GrantState::Approved && grant.requested_by == Some(who) {
        let message = "who asks for something to be given does not agree to it: a second person does";
        return Err(Error::conflict("second_person_needed", message));
    }
    Ok(())
}

/// What of the approved things given holds on a day: a suspension before any level, of levels the highest; and whether a
/// nomination holds.
pub fn given_fact(grants: &[Grant], document: &Document, today: Day) -> (Option<GivenFact>, bool) {
    let holds = |grant: &&Grant| {
        grant.state == GrantState::Approved && grant.facts.from <= today && today <= grant.facts.until
    };
    let of = |kind| {
        grants
            .iter()
            .filter(holds)
            .filter(move |grant| grant.facts.kind == kind)
    };
    let fact = |grant: &Grant| GivenFact {
        id: grant.id.uuid(),
        level: grant.facts.level.clone(),
        until: Day(grant.facts.until.0 + 1),
    };
    let nominated = of(GrantKind::Nomination).next().is_some();
    let last = |grant: &&Grant| (grant.facts.until, grant.id);
    if let Some(suspension) = of(GrantKind::Suspension).max_by_key(last) {
        return (Some(fact(suspension)), nominated);
    }
    let place = |grant: &Grant| {
        let code = grant.facts.level.as_deref();
        document
            .levels
            .iter()
            .position(|level| Some(level.code.as_str()) == code)
    };
    let level = of(GrantKind::Level)
        .filter(|grant| place(grant).is_some())
        .max_by_key(|grant| (place(grant), grant.facts.until, grant.id));
    (level.map(fact), nominated)
}
