//! What is shown of an answer. A value that is not what it was said to be is left out and named; the others come.

use base::{Currency, Day};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::panels::model::{PanelField, PanelFieldKind, PanelValue, ShownField};

/// So much of a text is shown.
const TEXT_CHARS_MAX: usize = 500;
const LINK_CHARS_MAX: usize = 2_000;
/// Amounts beyond this cannot be counted exactly everywhere.
const MINOR_MAX: i64 = 1 << 53;

/// The fields with their values in an answer. `currency` and `zone` are the firm's.
pub fn read(fields: &[PanelField], answer: &Value, currency: Currency, zone: &TimeZone) -> Vec<ShownField> {
    let shown = fields.iter().map(|field| {
        let found = answer.pointer(&field.pointer).filter(|value| !value.is_null());
        let value = found.and_then(|found| value(field, found, currency, zone));
        let problem = match (found, &value) {
            (None, _) => Some("panel_field_missing"),
            (Some(_), None) => Some("panel_field_unreadable"),
            (Some(_), Some(_)) => None,
        };
        ShownField {
            zh: field.zh.clone(),
            en: field.en.clone(),
            kind: field.kind,
            value,
            problem,
        }
    });
    shown.collect()
}

fn value(field: &PanelField, found: &Value, currency: Currency, zone: &TimeZone) -> Option<PanelValue> {
    match field.kind {
        PanelFieldKind::Text => text(found).map(PanelValue::Text),
        PanelFieldKind::Number => number(found),
        PanelFieldKind::Money => money(found, field.currency.unwrap_or(currency)),
        PanelFieldKind::Date => day(found, zone).map(|day| PanelValue::Text(day.to_string())),
        PanelFieldKind::Link => link(found).map(PanelValue::Text),
    }
}

fn text(found: &Value) -> Option<String> {
    let text = match found {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    let mut shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(TEXT_CHARS_MAX)
        .collect();
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        shown.push('…');
    }
    Some(shown)
}

fn number(found: &Value) -> Option<PanelValue> {
    let (whole, real) = match found {
        Value::Number(number) => (number.as_i64(), number.as_f64()),
        Value::String(text) => (text.trim().parse().ok(), text.trim().parse().ok()),
        _ => return None,
    };
    let real = real.filter(|real: &f64| real.is_finite()).map(PanelValue::Real);
    whole.map(PanelValue::Whole).or(real)
}

/// An amount in major units, as a number or a text, or `{"minor", "currency"}`.
fn money(found: &Value, currency: Currency) -> Option<PanelValue> {
    let (minor, currency) = match found {
        Value::Object(parts) => {
            let minor = parts.get("minor")?.as_i64()?;
            let currency = Currency::parse(parts.get("currency")?.as_str()?).ok()?;
            (minor, currency)
        }
        Value::Number(number) => (minor(&number.to_string(), currency)?, currency),
        Value::String(text) => (minor(text, currency)?, currency),
        _ => return None,
    };
    let counted = (-MINOR_MAX..=MINOR_MAX).contains(&minor);
    counted.then_some(PanelValue::Money { minor, currency })
}

fn minor(text: &str, currency: Currency) -> Option<i64> {
    base::money::parse_minor(text, currency.minor_digits()).ok()
}

fn day(found: &Value, zone: &TimeZone) -> Option<Day> {
    let text = found.as_str()?.trim();
    match Day::parse(text) {
        // A date is also read from the front of a moment, whose day depends on the zone.
        Ok(day) if text.len() <= 10 => Some(day),
        _ => {
            let moment: Timestamp = text.parse().ok()?;
            Some(Day::from_date(zone.to_datetime(moment).date()))
        }
    }
}

/// An address a browser can safely be sent to.
fn link(found: &Value) -> Option<String> {
    let text = found.as_str()?.trim();
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let opens = lower.starts_with("https://") || lower.starts_with("http://");
    let plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    (opens && plain && text.chars().count() <= LINK_CHARS_MAX).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(kind: PanelFieldKind, found: Value) -> Option<Value> {
        let field = PanelField {
            zh: "值".to_owned(),
            en: "Value".to_owned(),
            pointer: "/a/0".to_owned(),
            kind,
            currency: None,
        };
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let fields = read(&[field], &json!({ "a": [found] }), Currency::CNY, &zone);
        let [shown] = fields.as_slice() else {
            panic!("not one value")
        };
        let value = shown
            .value
            .as_ref()
            .map(|value| serde_json::to_value(value).unwrap());
        assert_eq!(value.is_some(), shown.problem.is_none());
        value
    }

    #[test]
    fn values_are_read_as_what_they_are_said_to_be() {
        use PanelFieldKind::{Date, Link, Money, Number, Text};
        for (kind, found, expected) in [
            (Text, json!("gold"), json!("gold")),
            (Text, json!(12.5), json!("12.5")),
            (Text, json!(true), json!("true")),
            (Text, json!("a\nb\u{0}"), json!("a b ")),
            (Number, json!(12.5), json!(12.5)),
            (Number, json!("-3"), json!(-3)),
            (Money, json!(12.34), json!({ "minor": 1234, "currency": "CNY" })),
            (
                Money,
                json!("1,234.5"),
                json!({ "minor": 123_450, "currency": "CNY" }),
            ),
            (
                Money,
                json!({ "minor": 5, "currency": "usd" }),
                json!({ "minor": 5, "currency": "USD" }),
            ),
            (Date, json!("2026-01-31"), json!("2026-01-31")),
            (Date, json!("2026-01-31T23:00:00Z"), json!("2026-02-01")),
            (
                Link,
                json!("HTTPS://crm.example.com/1"),
                json!("HTTPS://crm.example.com/1"),
            ),
        ] {
            assert_eq!(shown(kind, found.clone()), Some(expected), "{kind:?} {found}");
        }
        for (kind, found) in [
            (Text, json!({ "deep": 1 })),
            (Number, json!("many")),
            (Number, json!("NaN")),
            (Number, json!([1])),
            (Money, json!("12,5")),
            (Money, json!({ "minor": "5", "currency": "USD" })),
            (Date, json!("yesterday")),
            (Date, json!(20_260_131)),
            (Link, json!("javascript:alert(1)")),
            (Link, json!("//evil.example/")),
            (Link, json!("https://a b/")),
        ] {
            assert_eq!(shown(kind, found.clone()), None, "{kind:?} {found}");
        }
        assert_eq!(
            shown(Text, json!("x".repeat(501))).unwrap(),
            json!("x".repeat(500) + "…")
        );
    }

    #[test]
    fn what_is_not_there_is_missing_and_the_rest_comes() {
        let field = |pointer: &str| PanelField {
            zh: "值".to_owned(),
            en: "Value".to_owned(),
            pointer: pointer.to_owned(),
            kind: PanelFieldKind::Text,
            currency: None,
        };
        let answer = json!({ "a/b": "x", "none": null, "wrong": [] });
        let fields = ["/a~1b", "/none", "/nothing/at/all", "/wrong"].map(field);
        let problems: Vec<_> = read(&fields, &answer, Currency::CNY, &TimeZone::UTC)
            .into_iter()
            .map(|shown| shown.problem)
            .collect();
        let missing = Some("panel_field_missing");
        assert_eq!(problems, [None, missing, missing, Some("panel_field_unreadable")]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_shown_or_named_and_never_fails(found in "\\PC{0,40}") {
            use PanelFieldKind::{Date, Link, Money, Number, Text};
            for kind in [Text, Number, Money, Date, Link] {
                let value = shown(kind, json!(found));
                if let (Link, Some(Value::String(link))) = (kind, value) {
                    proptest::prop_assert!(link.to_ascii_lowercase().starts_with("http"));
                }
            }
        }
    }
}
