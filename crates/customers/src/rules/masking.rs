//! What of a phone number, an address or a document is shown to who may not see it whole. Pure; hides rather too much
//! than too little.

use serde_json::Value;

use crate::identities::IdentityKind;

/// What stands for what is left out; of no length, so that it tells none.
const HIDDEN: &str = "****";

/// The parts of events that are personal, by name.
const PERSONAL_FIELDS: [&str; 3] = ["number", "phone", "email"];

/// The end of a text, where it is long enough for the rest to stay unknown.
fn end(text: &str, shown: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    let from = if chars.len() >= 2 * shown {
        chars.len() - shown
    } else {
        chars.len()
    };
    chars[from..].iter().collect()
}

/// A number of any kind: its last four, by which people recognise it.
pub fn number(number: &str) -> String {
    format!("{HIDDEN}{}", end(number, 4))
}

/// An e-mail address: its first letter and where it is.
pub fn email(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let first = local.chars().next().filter(|_| local.chars().count() > 1);
            format!("{}{HIDDEN}@{domain}", first.map(String::from).unwrap_or_default())
        }
        None => HIDDEN.to_owned(),
    }
}

/// Whether a thing a customer is known by is personal. An id of another system is none of a person.
pub fn is_personal(kind: IdentityKind) -> bool {
    kind != IdentityKind::External
}

/// What a customer is known by.
pub fn identity(kind: IdentityKind, value: &str) -> String {
    match kind {
        IdentityKind::Phone | IdentityKind::Document | IdentityKind::Card | IdentityKind::Account => {
            number(value)
        }
        IdentityKind::Email => email(value),
        IdentityKind::Wechat | IdentityKind::Wecom => format!("{HIDDEN}{}", end(value, 2)),
        IdentityKind::External => value.to_owned(),
    }
}

/// The facts of an event, at whatever depth.
pub fn facts(facts: &mut Value) {
    match facts {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if PERSONAL_FIELDS.contains(&name.as_str()) => *text = number(text),
                    value => self::facts(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(self::facts),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_by_heart_is_recognised_and_no_more() {
        use IdentityKind::{Card, Document, Email, External, Phone, Wechat};
        for (kind, value, shown) in [
            (Phone, "+8613800137777", "****7777"),
            (Phone, "10086", "****"),
            (Document, "11010519491231002X", "****002X"),
            (Card, "6222020200112233", "****2233"),
            (Email, "zhang.wei@example.com", "z****@example.com"),
            (Email, "z@example.com", "****@example.com"),
            (Wechat, "wxid_abc", "****bc"),
            (Wechat, "abc", "****"),
            (External, "C-1", "C-1"),
        ] {
            assert_eq!(identity(kind, value), shown);
            assert_eq!(is_personal(kind), shown != value);
        }
    }

    #[test]
    fn numbers_in_events_are_found_wherever_they_are() {
        let mut event = serde_json::json!({
            "before": { "number": "13800137777", "plan": "5G" },
            "after": [{ "number": null }, { "phone": "13800137777" }]
        });
        facts(&mut event);
        let expected = serde_json::json!({
            "before": { "number": "****7777", "plan": "5G" },
            "after": [{ "number": null }, { "phone": "****7777" }]
        });
        assert_eq!(event, expected);
    }

    proptest::proptest! {
        #[test]
        fn at_least_half_stays_hidden(value in "[0-9+]{1,24}") {
            let shown = number(&value);
            let shown = shown.strip_prefix(HIDDEN).unwrap();
            proptest::prop_assert!(value.ends_with(shown) && shown.len() <= value.len() / 2);
        }
    }
}
