//! Which days a run looks at, all of them counted from the as-of day and the ledger's first day.

use base::{Day, Error, Month, Result};

/// How many complete months the series of a customer has.
pub const MONTHS: usize = 24;

/// The days between two ends, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

impl Span {
    /// Whether a day is within.
    pub fn contains(self, day: i32) -> bool {
        (self.from.0..=self.to.0).contains(&day)
    }
}

/// The two equal periods of the leaky bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Periods {
    /// Their length.
    pub months: u32,
    /// The earlier one.
    pub p0: Span,
    /// The later one; ends on the as-of day.
    pub p1: Span,
}

/// The weeks held out for validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Holdout {
    /// How many.
    pub weeks: u32,
    /// The last day the calibration sees.
    pub calibration_end: Day,
}

/// All windows of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Windows {
    /// The as-of day, included.
    pub as_of: Day,
    /// The leaky bucket's periods; none where the ledger is shorter than two months.
    pub periods: Option<Periods>,
    /// The held-out weeks; none where the ledger is too short.
    pub holdout: Option<Holdout>,
}

/// The shortest history that can be split into calibration and hold-out by itself.
const HISTORY_WEEKS_MIN: i32 = 12;

impl Windows {
    /// The windows of a run at `as_of` over a ledger that begins on `ledger_first`.
    ///
    /// Errors: a period or hold-out that was asked for but is longer than the ledger.
    pub fn of(
        as_of: Day,
        ledger_first: Day,
        period_months: Option<u32>,
        holdout_weeks: Option<u32>,
    ) -> Result<Self> {
        let fits = |months: u32| months_back(as_of, 2 * months).0 + 1 >= ledger_first.0;
        let months = match period_months {
            Some(months) if !fits(months) => {
                return Err(Error::invalid(
                    "period_too_long",
                    format!("two periods of {months} months do not fit between {ledger_first} and {as_of}"),
                )
                .at("period_months"));
            }
            Some(months) => Some(months),
            None => [12, 6, 3, 1].into_iter().find(|&months| fits(months)),
        };
        let span_weeks = (as_of.0 - ledger_first.0) / 7;
        let weeks = match holdout_weeks {
            Some(weeks) if weeks as i32 >= span_weeks => {
                return Err(Error::invalid(
                    "holdout_too_long",
                    format!("{weeks} weeks cannot be held out of a history of {span_weeks} weeks"),
                )
                .at("holdout_weeks"));
            }
            Some(weeks) => Some(weeks),
            None if span_weeks < HISTORY_WEEKS_MIN => None,
            None => Some((span_weeks / 3).clamp(4, 26) as u32),
        };
        Ok(Self {
            as_of,
            periods: months.map(|months| Periods::of(as_of, months)),
            holdout: weeks.map(|weeks| Holdout {
                weeks,
                calibration_end: Day(as_of.0 - 7 * weeks as i32),
            }),
        })
    }

    /// The last 12 months up to the as-of day.
    pub fn last_12m(&self) -> Span {
        between(months_back(self.as_of, 12), self.as_of)
    }

    /// The last 6 months up to the as-of day.
    pub fn last_6m(&self) -> Span {
        between(months_back(self.as_of, 6), self.as_of)
    }

    /// The 6 months before the last 6.
    pub fn previous_6m(&self) -> Span {
        between(months_back(self.as_of, 12), months_back(self.as_of, 6))
    }

    /// The oldest of the complete months of the series.
    pub fn first_month(&self) -> Month {
        Month(self.last_month().0 - (MONTHS as i32 - 1))
    }

    /// The newest complete month of the series.
    pub fn last_month(&self) -> Month {
        self.as_of.last_complete_month()
    }
}

/// The months of all days of a ledger, looked up instead of computed: it is asked for every
/// customer and every line's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MonthTable {
    first_day: i32,
    months: Vec<i32>,
}

impl MonthTable {
    /// The months of the days of a span.
    pub(crate) fn of(span: Span) -> Self {
        Self {
            first_day: span.from.0,
            months: (span.from.0..=span.to.0).map(|day| Day(day).month().0).collect(),
        }
    }

    /// The month of any day.
    pub(crate) fn month(&self, day: i32) -> Month {
        let known = usize::try_from(day - self.first_day)
            .ok()
            .and_then(|offset| self.months.get(offset));
        known.map_or_else(|| Day(day).month(), |&month| Month(month))
    }
}

impl Periods {
    fn of(as_of: Day, months: u32) -> Self {
        let middle = months_back(as_of, months);
        Self {
            months,
            p0: between(months_back(as_of, 2 * months), middle),
            p1: between(middle, as_of),
        }
    }
}

/// The days after `before` up to `last`.
fn between(before: Day, last: Day) -> Span {
    Span {
        from: Day(before.0 + 1),
        to: last,
    }
}

/// The same day `months` earlier; the end of a month stays the end of a month, so that a run at a
/// month's end looks at whole months.
pub fn months_back(day: Day, months: u32) -> Day {
    let month = day.month();
    let next = month.next().first_day();
    if day.0 + 1 == next.0 {
        Day(Month(month.0 - months as i32).next().first_day().0 - 1)
    } else {
        day.months_before(months as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn the_cdnow_windows() {
        let windows = Windows::of(day("1997-09-30"), day("1997-01-01"), None, None).unwrap();
        let periods = windows.periods.unwrap();
        assert_eq!(periods.months, 3);
        assert_eq!(
            periods.p0,
            Span {
                from: day("1997-04-01"),
                to: day("1997-06-30")
            }
        );
        assert_eq!(
            periods.p1,
            Span {
                from: day("1997-07-01"),
                to: day("1997-09-30")
            }
        );
        assert_eq!(
            windows.holdout.unwrap(),
            Holdout {
                weeks: 12,
                calibration_end: day("1997-07-08")
            }
        );
        assert_eq!(windows.first_month().to_string(), "1995-10");
        assert_eq!(windows.last_month().to_string(), "1997-09");
    }

    #[test]
    fn month_ends_stay_month_ends() {
        assert_eq!(months_back(day("2025-02-28"), 12), day("2024-02-29"));
        assert_eq!(months_back(day("2024-02-29"), 1), day("2024-01-31"));
        assert_eq!(months_back(day("2024-02-28"), 1), day("2024-01-28"));
        assert_eq!(months_back(day("2024-03-30"), 1), day("2024-02-29"));
    }

    #[test]
    fn a_short_ledger_has_fewer_windows() {
        let windows = Windows::of(day("2024-01-20"), day("2024-01-01"), None, None).unwrap();
        assert_eq!((windows.periods, windows.holdout), (None, None));
        for (period, holdout, code) in [
            (Some(12), None, "period_too_long"),
            (None, Some(9), "holdout_too_long"),
        ] {
            let error = Windows::of(day("2024-01-20"), day("2024-01-01"), period, holdout).unwrap_err();
            assert_eq!(error.code(), code);
        }
    }
}
