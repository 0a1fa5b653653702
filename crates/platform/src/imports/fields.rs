//! What a cell may say: texts, days, times, amounts and choices as people write them, read into one
//! form. Pure: the firm's zone and currency come in as arguments.

use base::Day;
use base::money::{AmountError, parse_minor};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// One field of a kind of import.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in mappings and the API.
    pub name: &'static str,
    /// Whether every row must have it.
    pub required: bool,
    /// What it holds.
    pub kind: FieldKind,
    /// Column names that mean this field, folded as by [`super::rules::fold`]; its own name counts too.
    pub aliases: &'static [&'static str],
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// A text of at most so many characters.
    Text {
        /// The most characters.
        chars_max: usize,
    },
    /// A calendar day.
    Day,
    /// A moment; without an offset it is in the firm's zone.
    Time,
    /// Money in major units of the firm's currency, stored as minor units.
    Amount,
    /// One of a few words: each with what people write for it, in lower case.
    Choice(&'static [(&'static str, &'static [&'static str])]),
}

/// What a cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// Nothing, or the file has no such column.
    Empty,
    /// A text, trimmed.
    Text(String),
    /// A day.
    Day(Day),
    /// A moment, in whole microseconds.
    Time(Timestamp),
    /// Minor units.
    Amount(i64),
    /// The chosen word.
    Choice(&'static str),
}

/// Why a cell was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellProblem {
    /// Stable name: `date_malformed`.
    pub code: &'static str,
    /// For a person.
    pub message: String,
}

fn problem(code: &'static str, message: impl Into<String>) -> CellProblem {
    CellProblem {
        code,
        message: message.into(),
    }
}

/// What reading a cell needs to know of the firm.
#[derive(Debug, Clone)]
pub struct CellFacts {
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// Decimals of the currency's minor unit.
    pub minor_digits: u32,
}

/// The first year of a date that can be meant.
const YEAR_MIN: i16 = 1900;
/// The last.
const YEAR_MAX: i16 = 2199;

impl FieldKind {
    /// Reads a cell.
    ///
    /// Errors: `too_long`, `control_character`, `date_malformed`, `date_ambiguous`, `date_out_of_range`,
    /// `amount_malformed`, `amount_too_large`, `choice_unknown`.
    pub fn read(&self, cell: &str, facts: &CellFacts) -> Result<FieldValue, CellProblem> {
        let cell = cell.trim();
        if cell.is_empty() {
            return Ok(FieldValue::Empty);
        }
        match self {
            Self::Text { chars_max } => read_text(cell, *chars_max).map(FieldValue::Text),
            Self::Day => read_moment(cell).map(|moment| FieldValue::Day(Day::from_date(moment.day(facts)))),
            Self::Time => read_moment(cell)?.timestamp(facts).map(FieldValue::Time),
            Self::Amount => read_amount(cell, facts.minor_digits).map(FieldValue::Amount),
            Self::Choice(words) => read_choice(cell, words).map(FieldValue::Choice),
        }
    }
}

fn read_text(cell: &str, chars_max: usize) -> Result<String, CellProblem> {
    if cell
        .chars()
        .any(|c| base::text::is_hidden(c) && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(problem(
            "control_character",
            "the text has control characters in it",
        ));
    }
    // Fewer bytes than characters there cannot be.
    if cell.len() > chars_max && cell.chars().count() > chars_max {
        return Err(problem(
            "too_long",
            format!("the text is longer than {chars_max} characters"),
        ));
    }
    Ok(cell.to_owned())
}

/// Reads an amount as ledgers write it, with accountants' brackets for negative ones.
pub fn read_amount(cell: &str, minor_digits: u32) -> Result<i64, CellProblem> {
    let bracketed = cell
        .strip_prefix(['(', '\u{ff08}'])
        .and_then(|rest| rest.strip_suffix([')', '\u{ff09}']));
    let read = match bracketed {
        Some(within) => parse_minor(within, minor_digits).map(|minor| -minor),
        None => parse_minor(cell.trim_end_matches(['元']).trim_end(), minor_digits),
    };
    read.map_err(|e| match e {
        AmountError::NotANumber => problem("amount_malformed", e.to_string()),
        AmountError::TooLarge => problem("amount_too_large", e.to_string()),
    })
}

fn read_choice(
    cell: &str,
    words: &'static [(&'static str, &'static [&'static str])],
) -> Result<&'static str, CellProblem> {
    let said = cell.to_lowercase();
    words
        .iter()
        .find(|(word, aliases)| *word == said || aliases.contains(&said.as_str()))
        .map(|(word, _)| *word)
        .ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            problem("choice_unknown", format!("this is none of: {}", known.join(", ")))
        })
}

/// A date or time as it was written, before the zone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Civil(DateTime),
    Exact(Timestamp),
}

impl Moment {
    /// The day in the firm's zone.
    fn day(self, facts: &CellFacts) -> Date {
        match self {
            Self::Civil(civil) => civil.date(),
            Self::Exact(at) => facts.zone.to_datetime(at).date(),
        }
    }

    /// The moment. A clock time that the zone had twice is the first of the two; one it skipped is moved on.
    fn timestamp(self, facts: &CellFacts) -> Result<Timestamp, CellProblem> {
        match self {
            Self::Exact(at) => Ok(at),
            Self::Civil(civil) => facts
                .zone
                .to_ambiguous_timestamp(civil)
                .compatible()
                .map_err(|_| problem("date_out_of_range", "there is no such time")),
        }
    }
}

/// Reads a time as files write it (`2026-10-31`, `2026/10/31 8:15`, `20261031`, `20261031081500`,
/// `2026年10月31日 08:15`, RFC 3339, seconds or milliseconds since 1970); without an offset it is in `zone`.
pub fn read_time(cell: &str, zone: &TimeZone) -> Result<Timestamp, CellProblem> {
    let facts = CellFacts {
        zone: zone.clone(),
        minor_digits: 0,
    };
    read_moment(cell.trim())?.timestamp(&facts)
}

fn read_moment(cell: &str) -> Result<Moment, CellProblem> {
    let malformed = || {
        problem(
            "date_malformed",
            "this is not a date such as 2026-10-31 or 2026-10-31 08:15:00",
        )
    };
    if !cell.is_ascii() && !cell.contains('年') {
        return Err(malformed());
    }
    if cell.bytes().all(|b| b.is_ascii_digit()) {
        return read_digits(cell).ok_or_else(malformed).and_then(in_range);
    }
    let mut rest = Cursor(cell);
    let first = rest.number(4).ok_or_else(malformed)?;
    let separator = rest.any(&['-', '/', '.', '年']).ok_or_else(malformed)?;
    if !(YEAR_MIN..=YEAR_MAX).contains(&first.value) || first.digits != 4 {
        return Err(
            if first.digits <= 2 && separator != '年' && looks_like_day_or_month_first(cell) {
                problem(
                    "date_ambiguous",
                    "a date that begins with the day or the month can be read in two ways; write 2026-10-31",
                )
            } else if first.digits == 4 {
                problem(
                    "date_out_of_range",
                    format!("the year must be {YEAR_MIN} to {YEAR_MAX}"),
                )
            } else {
                malformed()
            },
        );
    }
    let month = rest.number(2).ok_or_else(malformed)?;
    let second = rest.any(&[if separator == '年' { '月' } else { separator }]);
    second.ok_or_else(malformed)?;
    let day = rest.number(2).ok_or_else(malformed)?;
    if separator == '年' {
        rest.any(&['日']).ok_or_else(malformed)?;
    }
    let date = Date::new(first.value, month.value as i8, day.value as i8)
        .map_err(|_| problem("date_malformed", "there is no such day in the calendar"))?;
    let (time, offset) = rest.time_and_offset().ok_or_else(malformed)?;
    let civil = date.to_datetime(time);
    in_range(match offset {
        None => Moment::Civil(civil),
        Some(offset) => Moment::Exact(offset.to_timestamp(civil).map_err(|_| malformed())?),
    })
}

fn looks_like_day_or_month_first(cell: &str) -> bool {
    cell.split(['-', '/', '.', ' '])
        .nth(2)
        .is_some_and(|year| year.len() == 4 || year.len() == 2)
}

fn in_range(moment: Moment) -> Result<Moment, CellProblem> {
    let year = match moment {
        Moment::Civil(civil) => civil.year(),
        Moment::Exact(at) => Offset::UTC.to_datetime(at).year(),
    };
    if (YEAR_MIN..=YEAR_MAX).contains(&year) {
        Ok(moment)
    } else {
        Err(problem(
            "date_out_of_range",
            format!("the year must be {YEAR_MIN} to {YEAR_MAX}"),
        ))
    }
}

/// `20261031`, `202610310815`, `20261031081500`, or seconds (10 digits) or milliseconds (13) since 1970.
fn read_digits(cell: &str) -> Option<Moment> {
    let number = |range: std::ops::Range<usize>| cell.get(range)?.parse::<i16>().ok();
    match cell.len() {
        8 | 12 | 14 => {
            let date = Date::new(number(0..4)?, number(4..6)? as i8, number(6..8)? as i8).ok()?;
            let hour = if cell.len() > 8 { number(8..10)? } else { 0 };
            let minute = if cell.len() > 8 { number(10..12)? } else { 0 };
            let second = if cell.len() > 12 { number(12..14)? } else { 0 };
            let time = Time::new(hour as i8, minute as i8, second as i8, 0).ok()?;
            Some(Moment::Civil(date.to_datetime(time)))
        }
        10 => Timestamp::from_second(cell.parse().ok()?).ok().map(Moment::Exact),
        13 => Timestamp::from_millisecond(cell.parse().ok()?)
            .ok()
            .map(Moment::Exact),
        _ => None,
    }
}

/// The part of a cell that is still to be read.
struct Cursor<'a>(&'a str);

#[derive(Clone, Copy)]
struct Number {
    value: i16,
    digits: usize,
}

impl Cursor<'_> {
    fn number(&mut self, digits_max: usize) -> Option<Number> {
        let digits = self
            .0
            .bytes()
            .take(digits_max)
            .take_while(u8::is_ascii_digit)
            .count();
        let (text, rest) = self.0.split_at(digits);
        let value = text.parse().ok()?;
        self.0 = rest;
        Some(Number { value, digits })
    }

    fn any(&mut self, of: &[char]) -> Option<char> {
        let found = self.0.chars().next().filter(|c| of.contains(c))?;
        self.0 = &self.0[found.len_utf8()..];
        Some(found)
    }

    /// Nothing, or a time with or without an offset, to the end of the cell.
    fn time_and_offset(&mut self) -> Option<(Time, Option<Offset>)> {
        if self.0.is_empty() {
            return Some((Time::midnight(), None));
        }
        if self.any(&['T', 't', ' ']).is_none() && !self.0.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.0 = self.0.trim_start();
        let hour = self.number(2)?.value;
        self.any(&[':'])?;
        let minute = self.number(2)?.value;
        let mut second = 0;
        let mut micros = 0;
        if self.any(&[':']).is_some() {
            second = self.number(2)?.value;
            if self.any(&['.', ',']).is_some() {
                let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
                let (fraction, rest) = self.0.split_at(digits);
                if !(1..=9).contains(&digits) {
                    return None;
                }
                micros = format!("{fraction:0<6}").get(..6)?.parse::<i32>().ok()?;
                self.0 = rest;
            }
        }
        let time = Time::new(hour as i8, minute as i8, second as i8, micros * 1000).ok()?;
        self.0 = self.0.trim_start();
        if self.0.is_empty() {
            return Some((time, None));
        }
        if self.any(&['Z', 'z']).is_some() {
            return self.0.is_empty().then_some((time, Some(Offset::UTC)));
        }
        let sign = match self.any(&['+', '-'])? {
            '-' => -1,
            _ => 1,
        };
        let hours = self.number(2)?;
        let _colon = self.any(&[':']);
        let minutes = if self.0.is_empty() {
            0
        } else {
            self.number(2)?.value
        };
        if !self.0.is_empty() || hours.digits != 2 || minutes > 59 {
            return None;
        }
        let seconds = sign * (i32::from(hours.value) * 3600 + i32::from(minutes) * 60);
        Some((time, Some(Offset::from_seconds(seconds).ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> CellFacts {
        CellFacts {
            zone: TimeZone::get("Asia/Shanghai").unwrap(),
            minor_digits: 2,
        }
    }

    fn time(cell: &str) -> Result<String, &'static str> {
        match FieldKind::Time.read(cell, &facts()) {
            Ok(FieldValue::Time(at)) => Ok(at.to_string()),
            Ok(other) => panic!("{other:?}"),
            Err(problem) => Err(problem.code),
        }
    }

    #[test]
    fn times_are_read_as_people_and_systems_write_them() {
        for (cell, utc) in [
            ("2026-10-31", "2026-10-30T16:00:00Z"),
            (" 2026-10-31 ", "2026-10-30T16:00:00Z"),
            ("2026/10/31", "2026-10-30T16:00:00Z"),
            ("2026/1/5", "2026-01-04T16:00:00Z"),
            ("2026.10.31", "2026-10-30T16:00:00Z"),
            ("20261031", "2026-10-30T16:00:00Z"),
            ("2026年10月31日", "2026-10-30T16:00:00Z"),
            ("2026年1月5日 8:15", "2026-01-05T00:15:00Z"),
            ("2026年1月5日8:15", "2026-01-05T00:15:00Z"),
            ("2026-10-31 08:15:00", "2026-10-31T00:15:00Z"),
            ("2026-10-31 8:15", "2026-10-31T00:15:00Z"),
            ("2026/1/5 8:15:07", "2026-01-05T00:15:07Z"),
            ("2026-10-31T08:15:00", "2026-10-31T00:15:00Z"),
            ("2026-10-31T08:15:00.5", "2026-10-31T00:15:00.5Z"),
            ("2026-10-31 08:15:00.123456789", "2026-10-31T00:15:00.123456Z"),
            ("2026-10-31T08:15:00Z", "2026-10-31T08:15:00Z"),
            ("2026-10-31T08:15:00+08:00", "2026-10-31T00:15:00Z"),
            ("2026-10-31T08:15:00-0530", "2026-10-31T13:45:00Z"),
            ("2026-10-31 08:15:00 +08", "2026-10-31T00:15:00Z"),
            ("20261031081500", "2026-10-31T00:15:00Z"),
            ("202610310815", "2026-10-31T00:15:00Z"),
            ("1793412900", "2026-10-31T02:15:00Z"),
            ("1793412900123", "2026-10-31T02:15:00.123Z"),
            // Shanghai put its clocks forward here: 02:30 did not exist.
            ("1986-05-04 02:30", "1986-05-03T18:30:00Z"),
        ] {
            assert_eq!(time(cell).as_deref(), Ok(utc), "{cell:?}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_a_reason() {
        for (cell, code) in [
            ("yesterday", "date_malformed"),
            ("2026-13-01", "date_malformed"),
            ("2026-02-29", "date_malformed"),
            ("2026-10-31 25:00", "date_malformed"),
            ("2026-10-31 08", "date_malformed"),
            ("2026-10-31 08:15:00 and more", "date_malformed"),
            ("2026-10/31", "date_malformed"),
            ("2026-10", "date_malformed"),
            ("12345", "date_malformed"),
            ("20261301", "date_malformed"),
            ("31/10/2026", "date_ambiguous"),
            ("10/31/26", "date_ambiguous"),
            ("31.10.2026", "date_ambiguous"),
            ("1026-10-31", "date_out_of_range"),
            ("9999-12-31", "date_out_of_range"),
            ("99991231", "date_out_of_range"),
            ("٢٠٢٦-١٠-٣١", "date_malformed"),
            ("1", "date_malformed"),
            ("12", "date_malformed"),
            ("-", "date_malformed"),
            ("年", "date_malformed"),
        ] {
            assert_eq!(time(cell), Err(code), "{cell:?}");
        }
    }

    #[test]
    fn a_day_with_a_time_is_the_day_in_the_firms_zone() {
        for (cell, day) in [
            ("2026-10-31", "2026-10-31"),
            ("2026-10-31 23:59", "2026-10-31"),
            ("2026-10-31T20:00:00Z", "2026-11-01"),
        ] {
            assert_eq!(
                FieldKind::Day.read(cell, &facts()),
                Ok(FieldValue::Day(Day::parse(day).unwrap())),
                "{cell}"
            );
        }
    }

    #[test]
    fn amounts_and_choices_are_read() {
        for (cell, minor) in [
            ("12.34", 1234),
            ("(12.34)", -1234),
            ("(1,000)", -100_000),
            ("\u{ff08}12.34\u{ff09}", -1234),
            ("88元", 8800),
            ("-5", -500),
        ] {
            assert_eq!(
                FieldKind::Amount.read(cell, &facts()),
                Ok(FieldValue::Amount(minor)),
                "{cell}"
            );
        }
        let code = |kind: FieldKind, cell: &str| kind.read(cell, &facts()).map_err(|p| p.code);
        assert_eq!(code(FieldKind::Amount, "abc"), Err("amount_malformed"));
        assert_eq!(code(FieldKind::Amount, "1000000000.01"), Err("amount_too_large"));
        let choice = FieldKind::Choice(&[("person", &["个人"]), ("organisation", &["单位", "org"])]);
        assert_eq!(code(choice, "ORG"), Ok(FieldValue::Choice("organisation")));
        assert_eq!(code(choice, "个人"), Ok(FieldValue::Choice("person")));
        assert_eq!(code(choice, "robot"), Err("choice_unknown"));
        assert_eq!(code(choice, " "), Ok(FieldValue::Empty));
        let text = FieldKind::Text { chars_max: 3 };
        assert_eq!(code(text, "张三丰"), Ok(FieldValue::Text("张三丰".into())));
        assert_eq!(code(text, "abcd"), Err("too_long"));
        assert_eq!(code(text, "a\0b"), Err("control_character"));
    }

    proptest::proptest! {
        #[test]
        fn no_cell_breaks_the_reader(cell in "\\PC{0,40}|[0-9TZ:/. +年月日-]{0,30}") {
            for kind in [FieldKind::Time, FieldKind::Day, FieldKind::Amount, FieldKind::Text { chars_max: 5 }] {
                let _any_answer_will_do = kind.read(&cell, &facts());
            }
        }

        #[test]
        fn every_time_is_read_back(second in -2_000_000_000_i64..7_000_000_000) {
            let at = Timestamp::from_second(second).unwrap();
            let civil = facts().zone.to_datetime(at);
            proptest::prop_assert_eq!(time(&at.to_string()), Ok(at.to_string()));
            // Beyond the years of summer time the clock face says which moment it is.
            if civil.year() > 1991 {
                proptest::prop_assert_eq!(time(&civil.strftime("%Y/%-m/%-d %-H:%M:%S").to_string()), Ok(at.to_string()));
            }
        }
    }
}
