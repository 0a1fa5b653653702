//! When a day of someone's life comes round, by the sun or by the moon. Pure.
//!
//! A day that a year does not have is remembered on the last one before it: 29 February on the 28th, the
//! 30th of a moon's month of 29 days on the 29th. A day of a leap month is remembered in the leap month
//! where the year has the same one, and else in the ordinary month of its number; a day of an ordinary
//! month never in a leap month. So each comes once in every year of its calendar.

use base::{Day, Error, Result};
use icu_calendar::Date;
use icu_calendar::cal::ChineseTraditional;
use icu_calendar::types::Month;
use jiff::civil;
use serde::Serialize;
use utoipa::ToSchema;

use super::edit::text;
use crate::model::{LifeCalendar, LifeEventFacts, LifeEventKind};

/// The years of the moon's calendar that are known.
const LUNAR_YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;
/// The years that may be asked about.
const ASKED_YEARS: std::ops::RangeInclusive<i16> = 1901..=2099;
/// The longest span that may be asked about.
const SPAN_DAYS_MAX: i32 = 3_660;
const LABEL_CHARS_MAX: usize = 64;
/// 1970-01-01 as a day of the calendars' common count.
const EPOCH_RATA_DIE: i64 = 719_163;

/// Why a day is not remembered on its own date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// The year has no 29 February.
    NoLeapDay,
    /// The moon's month has 29 days only.
    NoDay30,
    /// The year has no such leap month.
    NoLeapMonth,
}

/// A day on which an event is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Occurrence {
    /// The day, by the sun.
    #[schema(value_type = String, format = Date)]
    pub on: Day,
    /// How many years after, where the year is known.
    pub years: Option<i16>,
    /// Why not on its own date; empty where it is.
    pub moved: Vec<Moved>,
}

/// The first day of a moon's month and its length; none where the year has no such month.
fn lunar_month(year: i16, month: u8, leap: bool) -> Option<(Day, u8)> {
    let month = if leap {
        Month::leap(month)
    } else {
        Month::new(month)
    };
    let first = Date::try_new(i32::from(year).into(), month, 1, ChineseTraditional::new()).ok()?;
    let day = first.to_rata_die().to_i64_date() - EPOCH_RATA_DIE;
    Some((Day(i32::try_from(day).ok()?), first.days_in_month()))
}

/// When an event is remembered in one year of its calendar, and why not on its own date.
fn in_year(facts: &LifeEventFacts, year: i16) -> Option<(Day, Vec<Moved>)> {
    let mut moved = Vec::new();
    match facts.calendar {
        LifeCalendar::Solar => {
            let (month, day) = (i8::try_from(facts.month).ok()?, i8::try_from(facts.day).ok()?);
            let date = civil::Date::new(year, month, day).ok().or_else(|| {
                moved.push(Moved::NoLeapDay);
                civil::Date::new(year, month, 28).ok()
            })?;
            Some((Day::from_date(date), moved))
        }
        LifeCalendar::Lunar => {
            let own = lunar_month(year, facts.month, facts.leap_month);
            let (first, days) = match own {
                Some(found) => found,
                None => {
                    moved.push(Moved::NoLeapMonth);
                    lunar_month(year, facts.month, false)?
                }
            };
            if facts.day > days {
                moved.push(Moved::NoDay30);
            }
            Some((Day(first.0 + i32::from(facts.day.min(days)) - 1), moved))
        }
    }
}

/// The days from `from` to `until`, both included, on which an event is remembered, in order; never before
/// it happened.
pub fn occurrences(facts: &LifeEventFacts, from: Day, until: Day) -> Vec<Occurrence> {
    // A moon's year begins in the sun's year of the same number and ends in the next.
    let years = from.date().year() - 1..=until.date().year();
    years
        .filter(|year| facts.year.is_none_or(|happened| *year >= happened))
        .filter_map(|year| {
            let (on, moved) = in_year(facts, year)?;
            (from <= on && on <= until).then(|| Occurrence {
                on,
                years: facts.year.map(|happened| year - happened),
                moved,
            })
        })
        .collect()
}

/// Whether a span may be asked about. Errors: `span_reversed`, `span_too_long`, `span_out_of_range`.
pub fn check_span(from: Day, until: Day) -> Result<()> {
    let refused = |code, message: &str| Err(Error::invalid(code, message).at("until"));
    if until < from {
        return refused("span_reversed", "the span ends before it begins");
    }
    if until.0 - from.0 > SPAN_DAYS_MAX {
        return refused("span_too_long", "a span has at most ten years");
    }
    if !ASKED_YEARS.contains(&from.date().year()) || !ASKED_YEARS.contains(&until.date().year()) {
        return refused("span_out_of_range", "the calendars are known from 1901 to 2099");
    }
    Ok(())
}

impl LifeEventFacts {
    /// The facts as they are stored.
    ///
    /// Errors: `label_missing`, `year_out_of_range`, `date_does_not_exist`, a text that cannot be.
    pub fn checked(mut self) -> Result<Self> {
        let refused = |field, code, message: &str| Err(Error::invalid(code, message).at(field));
        let label = self.label.filter(|label| !label.trim().is_empty());
        self.label = label
            .map(|label| text("label", &label, LABEL_CHARS_MAX))
            .transpose()?;
        if self.kind == LifeEventKind::Other && self.label.is_none() {
            return refused("label", "label_missing", "say in words what is remembered");
        }
        let years = match self.calendar {
            LifeCalendar::Solar => 1..=*LUNAR_YEARS.end(),
            LifeCalendar::Lunar => LUNAR_YEARS,
        };
        if self.year.is_some_and(|year| !years.contains(&year)) {
            return refused(
                "year",
                "year_out_of_range",
                "this year is not known to the calendar",
            );
        }
        let days_max = match (self.calendar, self.month) {
            (_, 0 | 13..) => 0,
            (LifeCalendar::Lunar, _) => 30,
            (LifeCalendar::Solar, _) if self.leap_month => 0,
            (LifeCalendar::Solar, 2) => 29,
            (LifeCalendar::Solar, 4 | 6 | 9 | 11) => 30,
            (LifeCalendar::Solar, _) => 31,
        };
        let exists = (1..=days_max).contains(&self.day)
            // In the year it happened the day must have been there as it is said.
            && self.year.is_none_or(|year| in_year(&self, year).is_some_and(|(_, moved)| moved.is_empty()));
        if !exists {
            return refused("day", "date_does_not_exist", "the calendar has no such date");
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
