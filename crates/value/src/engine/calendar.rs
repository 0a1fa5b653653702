//! Reads the many ways a file writes a day, in the firm's zone.

use base::Day;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Why a date was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DateError {
    #[error("the date is empty")]
    Empty,
    #[error("this is not a date such as 2026-01-31 or 2026-01-31 08:30:00")]
    Malformed,
    #[error("the date is not between 1900 and 9999")]
    OutOfRange,
}

impl DateError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Empty => "date_empty",
            Self::Malformed => "date_malformed",
            Self::OutOfRange => "date_out_of_range",
        }
    }
}

/// 1900-01-01.
const DAY_MIN: i32 = -25_567;
/// 9999-12-31.
const DAY_MAX: i32 = 2_932_896;

/// A day that the ledger accepts.
pub(crate) fn checked_day(day: i64) -> Result<i32, DateError> {
    match i32::try_from(day) {
        Ok(day) if (DAY_MIN..=DAY_MAX).contains(&day) => Ok(day),
        _ => Err(DateError::OutOfRange),
    }
}

/// The calendar of a zone: turns instants into days, remembering the last offset, since instants of
/// a ledger come close together.
pub(crate) struct Calendar {
    zone: TimeZone,
    /// The seconds from and to which `offset` holds.
    holds: (i64, i64),
    offset: i64,
}

impl Calendar {
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            holds: (0, 0),
            offset: 0,
        }
    }

    /// The calendar day of an instant, in seconds since 1970 UTC.
    pub(crate) fn day_of_instant(&mut self, second: i64) -> Result<i32, DateError> {
        if !(self.holds.0..self.holds.1).contains(&second) {
            let at = Timestamp::from_second(second).map_err(|_| DateError::OutOfRange)?;
            // A minute either side keeps the search right at the very moment of a change.
            self.holds = (
                self.zone
                    .preceding(
                        at.saturating_add(jiff::SignedDuration::from_secs(1))
                            .unwrap_or(at),
                    )
                    .next()
                    .map_or(i64::MIN, |change| change.timestamp().as_second()),
                self.zone
                    .following(at)
                    .next()
                    .map_or(i64::MAX, |change| change.timestamp().as_second()),
            );
            self.offset = i64::from(self.zone.to_offset(at).seconds());
        }
        checked_day((second + self.offset).div_euclid(86_400))
    }

    /// The calendar day that a text names: a date, alone or followed by a time; a time with an
    /// offset is an instant and is moved into the zone.
    pub(crate) fn day_of_text(&mut self, text: &[u8]) -> Result<i32, DateError> {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Err(DateError::Empty);
        }
        let (day, rest) = read_date(text).ok_or(DateError::Malformed)?;
        let time = rest.trim_ascii();
        if time.is_empty() {
            return checked_day(i64::from(day));
        }
        if !matches!(rest.first(), Some(b' ' | b'T' | b't')) {
            return Err(DateError::Malformed);
        }
        let time = time
            .strip_prefix(b"T")
            .or(time.strip_prefix(b"t"))
            .unwrap_or(time);
        match read_time(time).ok_or(DateError::Malformed)? {
            (_, None) => checked_day(i64::from(day)),
            (second, Some(offset)) => self.day_of_instant(i64::from(day) * 86_400 + second - offset),
        }
    }
}

/// Reads `YYYY-MM-DD`, `YYYY/M/D`, `YYYY.M.D` or `YYYYMMDD` at the start; gives the rest back.
fn read_date(text: &[u8]) -> Option<(i32, &[u8])> {
    let (year, rest) = read_number(text, 4, 4)?;
    let (month, day, rest) = match rest.first()? {
        mark @ (b'-' | b'/' | b'.') => {
            let (month, rest) = read_number(&rest[1..], 1, 2)?;
            let (day, rest) = read_number(rest.strip_prefix(&[*mark])?, 1, 2)?;
            (month, day, rest)
        }
        _ => {
            let (month, rest) = read_number(rest, 2, 2)?;
            let (day, rest) = read_number(rest, 2, 2)?;
            (month, day, rest)
        }
    };
    let date = jiff::civil::Date::new(year as i16, month as i8, day as i8).ok()?;
    Some((Day::from_date(date).0, rest))
}

/// Reads `HH:MM[:SS[.fraction]]` with an optional `Z` or `±HH[:]MM`: seconds of the day, offset.
fn read_time(text: &[u8]) -> Option<(i64, Option<i64>)> {
    let (hour, rest) = read_number(text, 1, 2)?;
    let (minute, mut rest) = read_number(rest.strip_prefix(b":")?, 2, 2)?;
    let mut second = 0;
    if let Some(after) = rest.strip_prefix(b":") {
        (second, rest) = read_number(after, 2, 2)?;
        if let Some(fraction) = rest.strip_prefix(b".") {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            rest = &fraction[digits..];
        }
    }
    if hour > 24 || minute > 59 || second > 60 || (hour == 24 && (minute, second) != (0, 0)) {
        return None;
    }
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    let offset = match rest.trim_ascii_start() {
        [] => None,
        b"Z" | b"z" | b"UTC" => Some(0),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let (hours, rest) = read_number(rest, 2, 2)?;
            let (minutes, rest) = match rest {
                [] => (0, rest),
                rest => read_number(rest.strip_prefix(b":").unwrap_or(rest), 2, 2)?,
            };
            if !rest.is_empty() || hours > 23 || minutes > 59 {
                return None;
            }
            let offset = i64::from(hours * 3600 + minutes * 60);
            Some(if *sign == b'-' { -offset } else { offset })
        }
        _ => return None,
    };
    Some((seconds, offset))
}

fn read_number(text: &[u8], digits_min: usize, digits_max: usize) -> Option<(i32, &[u8])> {
    let digits = text
        .iter()
        .take(digits_max)
        .take_while(|b| b.is_ascii_digit())
        .count();
    if digits < digits_min {
        return None;
    }
    let value = text[..digits].iter().fold(0, |n, b| n * 10 + i32::from(b - b'0'));
    Some((value, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: &str) -> Calendar {
        Calendar::new(TimeZone::get(zone).unwrap())
    }

    fn read(zone: &str, text: &str) -> Result<String, DateError> {
        calendar(zone)
            .day_of_text(text.as_bytes())
            .map(|day| Day(day).to_string())
    }

    #[test]
    fn the_ways_to_write_a_day() {
        for text in [
            "1997-01-18",
            "1997/1/18",
            "19970118",
            "1997.01.18",
            " 1997-01-18 ",
            "1997-01-18 23:59:59",
            "1997-01-18T00:00",
            "1997-01-18 08:30:00.123456",
        ] {
            assert_eq!(read("Asia/Shanghai", text).unwrap(), "1997-01-18", "{text}");
        }
        assert_eq!(read("UTC", "2024-02-29").unwrap(), "2024-02-29");
    }

    #[test]
    fn an_instant_falls_on_the_firms_day() {
        assert_eq!(
            read("Asia/Shanghai", "2024-02-29T16:00:00Z").unwrap(),
            "2024-03-01"
        );
        assert_eq!(
            read("Asia/Shanghai", "2024-02-29T15:59:59Z").unwrap(),
            "2024-02-29"
        );
        assert_eq!(
            read("America/New_York", "2024-03-10 04:59:59+00:00").unwrap(),
            "2024-03-09"
        );
        assert_eq!(
            read("America/New_York", "2024-03-10 05:00:00+00:00").unwrap(),
            "2024-03-10"
        );
        assert_eq!(read("UTC", "2024-03-10T00:30:00+0800").unwrap(), "2024-03-09");
    }

    #[test]
    fn what_is_not_a_day_is_refused() {
        for text in [
            "2023-02-29",
            "1997-13-01",
            "31/01/1997",
            "1997-01-18x",
            "1997-01-18 25:00",
            "NaN",
            "12",
            "1997-01-18 08:00 +9",
        ] {
            assert_eq!(read("UTC", text), Err(DateError::Malformed), "{text}");
        }
        assert_eq!(read("UTC", "  "), Err(DateError::Empty));
        assert_eq!(read("UTC", "0997-01-18"), Err(DateError::OutOfRange));
    }

    proptest::proptest! {
        #[test]
        fn remembered_offsets_change_nothing(seconds in proptest::collection::vec(0_i64..2_000_000_000, 1..200)) {
            let zone = TimeZone::get("America/New_York").unwrap();
            let mut calendar = Calendar::new(zone.clone());
            for second in seconds {
                let date = Timestamp::from_second(second).unwrap().to_zoned(zone.clone()).date();
                proptest::prop_assert_eq!(calendar.day_of_instant(second), Ok(Day::from_date(date).0));
            }
        }
    }
}
