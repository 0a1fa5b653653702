//! What a cell says, as text: numbers as Excel shows them, dates as the file's numbers mean them. Pure.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

/// The digits of a number that a spreadsheet keeps.
const DIGITS: usize = 15;

/// Which numbers are dates, and from which day they count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dates {
    /// By style, whether it shows dates.
    pub(super) styles: Vec<bool>,
    /// Days are counted from 1904, as old Macintoshes did.
    pub(super) from_1904: bool,
}

/// Whether a number format shows a date or a time of the day: it has a year, month, day, hour or second in its
/// first section outside of quotes and brackets. `[h]` counts hours and is none.
pub(super) fn is_date_format(code: &str) -> bool {
    let mut characters = code.chars();
    while let Some(c) = characters.next() {
        match c {
            ';' => return false,
            '\\' | '_' | '*' => {
                characters.next();
            }
            '"' => {
                characters.by_ref().find(|c| *c == '"');
            }
            '[' => {
                let within: String = characters.by_ref().take_while(|c| *c != ']').collect();
                let within = within.to_lowercase();
                if !within.is_empty() && within.chars().all(|c| matches!(c, 'h' | 'm' | 's')) {
                    return false;
                }
            }
            // `General` has none of these but is no date either.
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' | '年' | '月' | '日' => return true,
            _ => {}
        }
    }
    false
}

/// A number as Excel shows it without any format: fifteen digits, no exponent. None when it is none.
pub(super) fn number_text(said: &str) -> Option<String> {
    let digits = said.strip_prefix('-').unwrap_or(said);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = !whole.is_empty()
        && digits.len() <= DIGITS
        && whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit());
    if is_plain {
        return Some(said.to_owned());
    }
    let number: f64 = said.parse().ok().filter(|number: &f64| number.is_finite())?;
    // Rounded to the digits there are: a computed 12.34 is stored as 12.340000000000002.
    let rounded: f64 = format!("{number:.*e}", DIGITS - 1).parse().ok()?;
    Some(format!("{}", rounded + 0.0))
}

/// Whether digits of a number may have been lost: whoever typed an id of 18 digits got another one.
pub(super) fn is_imprecise(number_text: &str) -> bool {
    let whole = number_text
        .trim_start_matches('-')
        .split('.')
        .next()
        .unwrap_or_default();
    whole.len() > DIGITS
}

/// The date (and time, where it has one) that a number means; none when there is no such day.
pub(super) fn date_text(said: &str, dates: &Dates) -> Option<String> {
    const DAY_MS: i64 = 86_400_000;
    let number: f64 = said.parse().ok()?;
    // The year 9999 ends before this.
    if !(0.0..3_000_000.0).contains(&number) {
        return None;
    }
    let ms = (number * DAY_MS as f64).round() as i64;
    let (days, ms_of_day) = (ms / DAY_MS, ms % DAY_MS);
    let first = if dates.from_1904 {
        Date::constant(1904, 1, 1)
    } else {
        match days {
            // A time without a day, and the 29 February 1900, which never was.
            0 | 60 => return None,
            1..60 => Date::constant(1899, 12, 31),
            _ => Date::constant(1899, 12, 30),
        }
    };
    let at: DateTime = first
        .to_datetime(jiff::civil::Time::midnight())
        .checked_add(SignedDuration::from_hours(24 * days))
        .ok()?
        .checked_add(SignedDuration::from_millis(ms_of_day))
        .ok()?;
    Some(match (ms_of_day, ms_of_day % 1_000) {
        (0, _) => at.date().to_string(),
        (_, 0) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        _ => at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
    })
}

/// A text with the characters that the file writes as `_x000D_`.
pub(super) fn unescaped(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let code = rest
            .get(at + 2..at + 6)
            .filter(|_| rest[at + 6..].starts_with('_'));
        let character = code
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        match character {
            Some(character) => {
                read.push_str(&rest[..at]);
                read.push(character);
                rest = &rest[at + 7..];
            }
            None => {
                read.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    read.push_str(rest);
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_dates_are_told_from_formats_of_numbers() {
        for date in [
            "yyyy-mm-dd",
            "m/d/yy h:mm",
            "[$-804]yyyy\"年\"m\"月\"",
            "h:mm AM/PM",
            "[Red]dd.mm.",
            "mm:ss",
        ] {
            assert!(is_date_format(date), "{date}");
        }
        for number in [
            "General",
            "0.00",
            "#,##0 \"yd\"",
            "[h]:mm:ss",
            "0;yyyy",
            "\\d0",
            "_d0",
            "[Red]0",
            "@",
            "¥#,##0",
        ] {
            assert!(!is_date_format(number), "{number}");
        }
    }

    #[test]
    fn numbers_are_what_excel_shows() {
        for (said, shown) in [
            ("13800138000", "13800138000"),
            ("-12.34", "-12.34"),
            ("12.340000000000002", "12.34"),
            ("0.1", "0.1"),
            ("1E3", "1000"),
            ("1.5e-3", "0.0015"),
            ("-0", "-0"),
            ("1.10101199001011E+17", "110101199001011000"),
        ] {
            assert_eq!(number_text(said).as_deref(), Some(shown), "{said}");
        }
        for none in ["", "abc", "NaN", "inf", "1e999", "1,5"] {
            assert_eq!(number_text(none), None, "{none}");
        }
        assert!(
            is_imprecise("110101199001011000") && !is_imprecise("123456789012345") && !is_imprecise("-0.5")
        );
    }

    #[test]
    fn numbers_of_dates_are_days_and_times() {
        let (from_1900, from_1904) = (
            Dates::default(),
            Dates {
                from_1904: true,
                ..Dates::default()
            },
        );
        for (said, dates, shown) in [
            ("1", &from_1900, Some("1900-01-01")),
            ("59", &from_1900, Some("1900-02-28")),
            ("60", &from_1900, None),
            ("61", &from_1900, Some("1900-03-01")),
            ("46326", &from_1900, Some("2026-10-31")),
            ("46326.34375", &from_1900, Some("2026-10-31 08:15:00")),
            ("46326.34375578704", &from_1900, Some("2026-10-31 08:15:00.500")),
            ("46325.9999999999", &from_1900, Some("2026-10-31")),
            ("0.5", &from_1900, None),
            ("-1", &from_1900, None),
            ("1e300", &from_1900, None),
            ("0", &from_1904, Some("1904-01-01")),
            ("44864", &from_1904, Some("2026-10-31")),
        ] {
            assert_eq!(date_text(said, dates).as_deref(), shown, "{said}");
        }
    }

    #[test]
    fn escaped_characters_are_read() {
        for (said, read) in [
            ("a_x000D_b", "a\rb"),
            ("_x0041__x0042_", "AB"),
            ("_x00ZZ_", "_x00ZZ_"),
            ("_x", "_x"),
            ("a_x12", "a_x12"),
            ("_x张张", "_x张张"),
            ("_xD800_", "_xD800_"),
        ] {
            assert_eq!(unescaped(said), read, "{said}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_readers(text in "\\PC{0,20}|[-0-9.eE+]{0,12}|(_x[0-9A-F]{0,5}_?|张){0,4}") {
            let _any_answers_will_do = (unescaped(&text), number_text(&text), date_text(&text, &Dates::default()));
            let _neither = is_date_format(&text);
        }
    }
}
