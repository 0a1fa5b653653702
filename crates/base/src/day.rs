//! Days and months as small integers: what the ledger is grouped by.

use jiff::civil::Date;

use crate::error::{Error, Result};

/// A calendar day, counted from 1970-01-01 (Arrow's `Date32`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// A calendar month, counted from January of year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i32);

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

impl Day {
    /// The day of a date.
    pub fn from_date(date: Date) -> Self {
        Self((date.duration_since(EPOCH).as_hours() / 24) as i32)
    }

    /// The date of this day; the calendar's end stands for days beyond it.
    pub fn date(self) -> Date {
        EPOCH
            .checked_add(jiff::SignedDuration::from_hours(i64::from(self.0) * 24))
            .unwrap_or(if self.0 < 0 { Date::MIN } else { Date::MAX })
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Result<Self> {
        text.trim().parse::<Date>().map(Self::from_date).map_err(|_| {
            Error::invalid(
                "date_malformed",
                format!("{text:?} is not a date such as 2026-01-31"),
            )
        })
    }

    /// The month this day is in.
    pub fn month(self) -> Month {
        let date = self.date();
        Month(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }

    /// The same day of the month `months` earlier, or that month's last day where it is shorter.
    #[must_use]
    pub fn months_before(self, months: i32) -> Self {
        let date = self.date();
        let month = Month(self.month().0 - months);
        let last = month.next().first_day().0 - 1;
        Self((month.first_day().0 + i32::from(date.day()) - 1).min(last))
    }

    /// The last month that is over at the end of this day.
    pub fn last_complete_month(self) -> Month {
        let month = self.month();
        if Self(self.0 + 1).month() == month {
            Month(month.0 - 1)
        } else {
            month
        }
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.date().fmt(f)
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl Month {
    /// The first day of the month.
    pub fn first_day(self) -> Day {
        let year = self.0.div_euclid(12);
        let month = self.0.rem_euclid(12) + 1;
        Date::new(year as i16, month as i8, 1).map_or(Day(i32::MAX / 2), Day::from_date)
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

impl serde::Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn days_and_months_are_the_calendars() {
        assert_eq!(day("1970-01-01"), Day(0));
        assert_eq!(day("1997-09-30").to_string(), "1997-09-30");
        assert_eq!(day("1997-09-30").0 - day("1997-01-01").0, 272);
        assert_eq!(day("1969-12-31"), Day(-1));
        assert_eq!(day("2024-02-29").month().to_string(), "2024-02");
        assert_eq!(day("2024-02-29").months_before(12), day("2023-02-28"));
        assert_eq!(day("2024-03-31").months_before(1), day("2024-02-29"));
        assert_eq!(day("1997-09-30").last_complete_month().to_string(), "1997-09");
        assert_eq!(day("1997-09-29").last_complete_month().to_string(), "1997-08");
        assert!(Day::parse("2023-02-29").is_err());
    }

    proptest::proptest! {
        #[test]
        fn a_day_is_its_date(days in -200_000_i32..200_000) {
            proptest::prop_assert_eq!(Day::from_date(Day(days).date()), Day(days));
            proptest::prop_assert!(Day(days).month().first_day() <= Day(days));
            proptest::prop_assert!(Day(days).month().next().first_day() > Day(days));
        }
    }
}
