//! Money: integer minor units with a currency, never a float.

use crate::error::{Error, Result};

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Chinese yuan, the default of a new installation.
    pub const CNY: Self = Self(*b"CNY");
    /// US dollar.
    pub const USD: Self = Self(*b"USD");

    /// Reads a three-letter code; lower case is accepted.
    pub fn parse(text: &str) -> Result<Self> {
        let upper = text.trim().to_ascii_uppercase();
        match <[u8; 3]>::try_from(upper.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(Error::invalid(
                "currency_malformed",
                format!("{text:?} is not a currency code such as CNY"),
            )
            .at("currency")),
        }
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals the minor unit has (ISO 4217).
    pub fn minor_digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// How many minor units make one major unit.
    pub fn minor_per_major(self) -> i64 {
        10_i64.pow(self.minor_digits())
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The largest amount one line may have, in minor units: a thousand million lines of it still add up
/// without overflow.
pub const AMOUNT_MINOR_MAX: i64 = 100_000_000_000;

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Money {
    /// The amount in minor units (fen, cents).
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }
}

/// Reads a decimal amount in major units (`1234.5`, `-0.99`, `1,234.50`, `¥12`) as minor units, exactly.
///
/// A comma is only taken between full groups of three digits: `12,50` may be meant as 12.50 and is refused.
/// Digits beyond the minor unit are rounded half away from zero, as ledgers that were exported
/// through a float need it. Errors: not a number, or beyond [`AMOUNT_MINOR_MAX`].
pub fn parse_minor(text: &str, minor_digits: u32) -> Result<i64, AmountError> {
    let bytes = text
        .trim()
        .trim_start_matches(['¥', '\u{ffe5}', '$', '€'])
        .as_bytes();
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let mut minor: i64 = 0;
    let mut decimals: Option<u32> = None;
    let mut seen_digit = false;
    // Digits of the whole part since its last comma, and whether there was one.
    let mut group_digits = 0;
    let mut grouped = false;
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                seen_digit = true;
                group_digits += u32::from(decimals.is_none());
                let digit = i64::from(byte - b'0');
                match &mut decimals {
                    Some(count) if *count > minor_digits => {}
                    Some(count) if *count == minor_digits => {
                        *count += 1;
                        minor += i64::from(digit >= 5);
                    }
                    counted => {
                        if let Some(count) = counted {
                            *count += 1;
                        }
                        minor = minor
                            .checked_mul(10)
                            .and_then(|m| m.checked_add(digit))
                            .ok_or(AmountError::TooLarge)?;
                    }
                }
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            b',' if decimals.is_none()
                && (group_digits == 3 || !grouped && (1..3).contains(&group_digits)) =>
            {
                grouped = true;
                group_digits = 0;
            }
            _ => return Err(AmountError::NotANumber),
        }
    }
    if !seen_digit || grouped && group_digits != 3 {
        return Err(AmountError::NotANumber);
    }
    for _ in decimals.unwrap_or(0).min(minor_digits)..minor_digits {
        minor = minor.checked_mul(10).ok_or(AmountError::TooLarge)?;
    }
    if minor > AMOUNT_MINOR_MAX {
        return Err(AmountError::TooLarge);
    }
    Ok(if negative { -minor } else { minor })
}

/// A float amount in major units as minor units, rounded half away from zero.
pub fn minor_from_major(major: f64, minor_digits: u32) -> Result<i64, AmountError> {
    if !major.is_finite() {
        return Err(AmountError::NotANumber);
    }
    let minor = (major * 10_f64.powi(minor_digits as i32)).round();
    if minor.abs() > AMOUNT_MINOR_MAX as f64 {
        return Err(AmountError::TooLarge);
    }
    Ok(minor as i64)
}

/// Why an amount was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal number.
    #[error("the amount is not a number")]
    NotANumber,
    /// More than one line can be.
    #[error("the amount is larger than 1,000,000,000.00")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_exactly() {
        for (text, minor) in [
            ("0", 0),
            ("12", 1200),
            ("12.3", 1230),
            ("12.34", 1234),
            ("-0.99", -99),
            ("+7.00", 700),
            ("1,234.50", 123_450),
            ("-12,345,678", -1_234_567_800),
            ("123,456.7", 12_345_670),
            ("12.345", 1235),
            ("12.344999", 1234),
            ("-12.345", -1235),
            (".5", 50),
            ("¥88", 8800),
            ("\u{ffe5}88", 8800),
            (" 29.33 ", 2933),
            ("5.", 500),
            ("1000000000", AMOUNT_MINOR_MAX),
        ] {
            assert_eq!(parse_minor(text, 2), Ok(minor), "{text}");
        }
        assert_eq!(parse_minor("1234", 0), Ok(1234));
        assert_eq!(parse_minor("1.2345", 3), Ok(1235));
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in [
            "", "-", "abc", "1.2.3", "1e5", "NaN", ",5", "--1", "1 2", // no numbers
            "12,", "12,50", "1,2345", "1234,567", "1,23,456", "1,,234", "1,234,56", "1,23.4", "1.234,50",
        ] {
            assert_eq!(parse_minor(text, 2), Err(AmountError::NotANumber), "{text:?}");
        }
        for text in ["1000000000.01", "99999999999999999999999"] {
            assert_eq!(parse_minor(text, 2), Err(AmountError::TooLarge), "{text}");
        }
        assert_eq!(minor_from_major(f64::NAN, 2), Err(AmountError::NotANumber));
        assert_eq!(minor_from_major(1e300, 2), Err(AmountError::TooLarge));
    }

    proptest::proptest! {
        #[test]
        fn text_and_float_agree(minor in -100_000_000_i64..100_000_000) {
            let text = format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100);
            proptest::prop_assert_eq!(parse_minor(&text, 2), Ok(minor));
            proptest::prop_assert_eq!(minor_from_major(minor as f64 / 100.0, 2), Ok(minor));
        }
    }
}
