//! Whether a customer may be contacted for a purpose on a channel at a moment, why, and when next if not
//! then. The one place that answers it; pure, so that every answer can be replayed from its facts.

use base::{Error, Result};
use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::edit::text;
use crate::model::{
    Channel, ContactPolicy, ContactPreferences, Need, NewStatements, Purpose, QuietHours, Statement,
};

/// Everything an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MayContactFacts {
    /// The moment asked about.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The channel asked about.
    pub channel: Channel,
    /// The purpose, as the policy has it.
    pub purpose: Purpose,
    /// The version of the policy.
    pub policy_version: u32,
    /// What the customer said of this purpose on this channel.
    pub statements: Vec<Statement>,
    /// The quiet hours that hold for the customer.
    pub quiet_hours: Option<QuietHours>,
    /// The zone of the customer's clock.
    pub zone: String,
}

/// Why an answer is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactReason {
    /// The purpose needs nothing of the customer.
    NothingNeeded,
    /// The purpose is allowed until the customer withdraws, and the customer has not.
    NotWithdrawn,
    /// The customer agreed.
    ConsentGiven,
    /// The purpose does not use this channel at all.
    ChannelNotForPurpose,
    /// The purpose needs consent, and there is none.
    NoConsent,
    /// The customer withdrew.
    ConsentWithdrawn,
    /// The customer agreed, but not for so long.
    ConsentExpired,
    /// Nobody is disturbed at this hour.
    QuietHours,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MayContact {
    /// Whether the customer may be contacted.
    pub allowed: bool,
    /// Why, or why not: each that counts.
    pub reasons: Vec<ContactReason>,
    /// Where it is not allowed: the first moment after at which it is, by what is known now.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
}

/// Whether the customer may be contacted. `zone` is the one the facts name.
///
/// A statement holds from its time until the next one; of two of the same time a withdrawal wins. Quiet
/// hours only delay: they never refuse what consent allows, and never allow what it refuses.
pub fn may_contact(facts: &MayContactFacts, zone: &TimeZone) -> MayContact {
    let (permitted, why) = permission(facts, facts.at);
    let quiet = quiet(facts).filter(|hours| is_quiet(*hours, facts.at, zone));
    let mut reasons = vec![why];
    if quiet.is_some() {
        reasons.push(ContactReason::QuietHours);
    }
    let allowed = permitted && quiet.is_none();
    MayContact {
        allowed,
        reasons,
        next_at: if allowed { None } else { next(facts, zone) },
    }
}

/// What consent alone says at a moment.
fn permission(facts: &MayContactFacts, at: Timestamp) -> (bool, ContactReason) {
    if !facts.purpose.channels.contains(&facts.channel) {
        return (false, ContactReason::ChannelNotForPurpose);
    }
    let latest = facts
        .statements
        .iter()
        .filter(|said| said.at <= at)
        .max_by_key(|said| (said.at, !said.given, said.recorded_at, said.id));
    match (facts.purpose.needs, latest) {
        (Need::Nothing, _) => (true, ContactReason::NothingNeeded),
        (_, Some(said)) if !said.given => (false, ContactReason::ConsentWithdrawn),
        (Need::NoWithdrawal, _) => (true, ContactReason::NotWithdrawn),
        (Need::Consent, None) => (false, ContactReason::NoConsent),
        (Need::Consent, Some(said)) if said.expires_at.is_some_and(|end| end <= at) => {
            (false, ContactReason::ConsentExpired)
        }
        (Need::Consent, Some(_)) => (true, ContactReason::ConsentGiven),
    }
}

/// The quiet hours, where the purpose keeps them on this channel.
fn quiet(facts: &MayContactFacts) -> Option<QuietHours> {
    let kept = facts.purpose.quiet_on.contains(&facts.channel);
    facts.quiet_hours.filter(|_| kept)
}

fn within(hours: QuietHours, time: Time) -> bool {
    if hours.from <= hours.until {
        hours.from <= time && time < hours.until
    } else {
        hours.from <= time || time < hours.until
    }
}

fn is_quiet(hours: QuietHours, at: Timestamp, zone: &TimeZone) -> bool {
    within(hours, zone.to_datetime(at).time())
}

/// The first moment after, at which contact is allowed. Permission begins with a statement, and disturbing
/// with the end of quiet hours, so that only these moments need to be looked at.
fn next(facts: &MayContactFacts, zone: &TimeZone) -> Option<Timestamp> {
    let begins = facts.statements.iter().map(|said| said.at);
    let mut moments: Vec<Timestamp> = begins
        .filter(|moment| *moment > facts.at)
        .chain([facts.at])
        .collect();
    if let Some(hours) = quiet(facts) {
        let ends: Vec<_> = moments
            .iter()
            .filter_map(|moment| end_of_quiet(hours, *moment, zone))
            .collect();
        moments.extend(ends);
    }
    moments
        .into_iter()
        .filter(|moment| {
            let disturbs = quiet(facts).is_some_and(|hours| is_quiet(hours, *moment, zone));
            *moment > facts.at && permission(facts, *moment).0 && !disturbs
        })
        .min()
}

/// The first moment from `at` on that is not quiet, if `at` is. Where the clock jumps over the end, the
/// moment of the jump is it; where it shows the end twice, the first time that has not passed.
fn end_of_quiet(hours: QuietHours, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    if !is_quiet(hours, at, zone) {
        return None;
    }
    let today = zone.to_datetime(at).date();
    // A day on which the clock jumps over all that is not quiet has no end.
    let mut day = today;
    for _ in 0..3 {
        let moments = moments_of(day.to_datetime(hours.until), zone);
        let end = moments
            .into_iter()
            .flatten()
            .find(|moment| *moment > at && !is_quiet(hours, *moment, zone));
        if end.is_some() {
            return end;
        }
        day = day.tomorrow().ok()?;
    }
    None
}

/// The moments at which a clock shows a time: one, the two of an hour that comes twice, or the jump over it.
fn moments_of(shown: DateTime, zone: &TimeZone) -> [Option<Timestamp>; 2] {
    match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } => [offset.to_timestamp(shown).ok(), None],
        AmbiguousOffset::Fold { before, after } => {
            [before.to_timestamp(shown).ok(), after.to_timestamp(shown).ok()]
        }
        AmbiguousOffset::Gap { before, .. } => {
            let later = before.to_timestamp(shown).ok();
            let jump = later.and_then(|later| {
                let at_or_before = later.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?;
                zone.preceding(at_or_before).next().map(|jump| jump.timestamp())
            });
            [jump, None]
        }
    }
}

/// What a statement may be about at once.
const PURPOSES_AT_ONCE_MAX: usize = 20;
const PURPOSES_MAX: usize = 50;
const WORD_CHARS_MAX: usize = 64;
const LANGUAGE_CHARS_MAX: usize = 35;
const SOURCE_CHARS_MAX: usize = 200;

fn check_hours(hours: Option<QuietHours>) -> Result<()> {
    if hours.is_some_and(|hours| hours.from == hours.until) {
        let message = "quiet hours end at another time than they begin";
        return Err(Error::invalid("quiet_hours_empty", message).at("quiet_hours"));
    }
    Ok(())
}

impl ContactPolicy {
    /// A purpose by its name. Error: `purpose_unknown`.
    pub fn purpose(&self, name: &str) -> Result<&Purpose> {
        let found = self.purposes.iter().find(|purpose| purpose.name == name);
        found.ok_or_else(|| {
            let names: Vec<_> = self
                .purposes
                .iter()
                .map(|purpose| purpose.name.as_str())
                .collect();
            let message = format!("{name:?} is no purpose: {}", names.join(", "));
            Error::invalid("purpose_unknown", message).at("purpose")
        })
    }

    /// Whether it can be a policy.
    ///
    /// Errors: `purposes_too_many`, `purpose_name_malformed`, `purpose_twice`, `quiet_hours_empty`, a text
    /// that cannot be.
    pub fn check(&self) -> Result<()> {
        let refused = |code, message: &str| Err(Error::invalid(code, message).at("purposes"));
        if self.purposes.len() > PURPOSES_MAX {
            return refused("purposes_too_many", "a policy has at most 50 purposes");
        }
        for (n, purpose) in self.purposes.iter().enumerate() {
            let name = &purpose.name;
            let well_formed = (1..=WORD_CHARS_MAX).contains(&name.len())
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !well_formed {
                let message = "a purpose is named by lower case letters, digits and underscores";
                return refused("purpose_name_malformed", message);
            }
            if self.purposes[..n].iter().any(|earlier| earlier.name == *name) {
                return refused("purpose_twice", "two purposes have the same name");
            }
        }
        text("language", &self.language, LANGUAGE_CHARS_MAX)?;
        check_hours(self.quiet_hours)
    }
}

impl NewStatements {
    /// The statement as it is recorded `now`: with its time, each purpose and channel once.
    ///
    /// Errors: `purposes_missing`, `channels_missing`, `purposes_too_many`, `purpose_unknown`,
    /// `at_in_future`, `expires_before_at`, `withdrawal_expires`, a text that cannot be.
    pub fn checked(mut self, policy: &ContactPolicy, now: Timestamp) -> Result<(Self, Timestamp)> {
        let refused = |field, code, message: &str| Err(Error::invalid(code, message).at(field));
        self.purposes.sort_unstable();
        self.purposes.dedup();
        self.channels.sort_unstable();
        self.channels.dedup();
        if self.purposes.is_empty() {
            return refused("purposes", "purposes_missing", "say what for");
        }
        if self.channels.is_empty() {
            return refused("channels", "channels_missing", "say over which channels");
        }
        if self.purposes.len() > PURPOSES_AT_ONCE_MAX {
            return refused("purposes", "purposes_too_many", "at most 20 purposes at once");
        }
        for purpose in &self.purposes {
            policy.purpose(purpose)?;
        }
        self.source = text("source", &self.source, SOURCE_CHARS_MAX)?;
        let at = self.at.unwrap_or(now);
        if at > now {
            return refused("at", "at_in_future", "nobody has said yet what is to come");
        }
        match self.expires_at {
            Some(_) if !self.given => {
                let message = "a withdrawal holds until the customer agrees again";
                refused("expires_at", "withdrawal_expires", message)
            }
            Some(end) if end <= at => refused(
                "expires_at",
                "expires_before_at",
                "the agreement ends before it begins",
            ),
            _ => Ok((self, at)),
        }
    }
}

impl ContactPreferences {
    /// Whether a customer can want this. Whether the zone exists is checked by the caller.
    ///
    /// Errors: `quiet_hours_empty`, a text that cannot be.
    pub fn check(&self) -> Result<()> {
        if let Some(language) = &self.language {
            text("language", language, LANGUAGE_CHARS_MAX)?;
        }
        check_hours(self.quiet_hours)
    }
}

#[cfg(test)]
mod tests;
