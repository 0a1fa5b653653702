//! Keeps a text from being taken for a formula by the spreadsheet that opens the file, as OWASP recommends: an
//! apostrophe before it. What was written so can be read back exactly. Pure.

use std::borrow::Cow;

/// What a formula can begin with, full-width signs too.
const BEGINNINGS: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// Whether a spreadsheet may take a text for a formula. A number with its sign is none.
pub fn is_formula_like(text: &str) -> bool {
    let Some(first) = text.chars().next().filter(|first| BEGINNINGS.contains(first)) else {
        return false;
    };
    let digits = text.trim_start_matches(['-', '+']);
    let is_number = matches!(first, '+' | '-')
        && text.len() == digits.len() + 1
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    !is_number
}

/// The text as it can stand in a CSV file: no spreadsheet takes it for a formula.
pub fn defused(text: &str) -> Cow<'_, str> {
    let behind = text.trim_start_matches('\'');
    // One that has apostrophes already gets another, so that [`restored`] takes off the right one.
    if is_formula_like(text) || behind.len() < text.len() && behind.starts_with(BEGINNINGS) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What was [`defused`].
pub fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if text.trim_start_matches('\'').starts_with(BEGINNINGS) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_a_formula_is_defused() {
        for text in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "\u{ff1d}1",
            "-",
            "--1",
            "+-1",
        ] {
            assert_eq!(defused(text), format!("'{text}"), "{text:?}");
        }
        for text in [
            "-5",
            "+86,000.5",
            "张三",
            "a=1",
            "",
            "'quoted'",
            "1+1",
            "\u{202e}=1",
        ] {
            assert_eq!(defused(text), text, "{text:?}");
        }
        assert_eq!(defused("'=1"), "''=1");
    }

    proptest::proptest! {
        #[test]
        fn what_is_defused_is_restored(text in "['=+@\\-\\t0-9a,.]{0,6}|\\PC{0,12}") {
            let defused = defused(&text);
            proptest::prop_assert!(!is_formula_like(&defused));
            proptest::prop_assert_eq!(restored(&defused), text.as_str());
        }
    }
}
