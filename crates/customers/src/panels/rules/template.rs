//! Addresses with places for what a customer is known by. Everything that goes into a place is
//! percent-encoded, so that no value can change which system is asked or what it is asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base::{Error, Result};
use uuid::Uuid;

use crate::identities::IdentityKind;
use crate::rules::masking;

/// What goes into a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Id,
    ExternalId,
    Identity(IdentityKind),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Place(Place),
}

/// An address with places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template<'a>(Vec<Piece<'a>>);

/// What a customer is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// Its id.
    pub id: Uuid,
    /// Its id in the firm's other systems.
    pub external_id: String,
    /// The newest active identity of each kind.
    pub identities: BTreeMap<IdentityKind, String>,
}

impl<'a> Template<'a> {
    /// Reads an address. Errors, at `settings.url`: `placeholder_unknown`; `placeholder_misplaced` for one that
    /// is not closed, or stands where it would decide whom to ask.
    pub fn parse(url: &'a str) -> Result<Self> {
        let refused = |code, message: String| Err(Error::invalid(code, message).at("settings.url"));
        let misplaced = "a place such as {external_id} is closed, and stands after the host";
        let host_ends = origin(url).len();
        let (mut pieces, mut rest) = (Vec::new(), url);
        while let Some(open) = rest.find(['{', '}']) {
            let at = url.len() - rest.len() + open;
            let (before, from) = rest.split_at(open);
            let Some(close) = from.find('}').filter(|close| *close > 0 && at >= host_ends) else {
                return refused("placeholder_misplaced", misplaced.to_owned());
            };
            pieces.push(Piece::Text(before));
            let Some(place) = place(&from[1..close]) else {
                let message = format!(
                    "{} is no place: {{id}}, {{external_id}}, or {{identity:…}} with one of {}",
                    &from[..=close],
                    IdentityKind::ALL.map(IdentityKind::name).join(", ")
                );
                return refused("placeholder_unknown", message);
            };
            pieces.push(Piece::Place(place));
            rest = &from[close + 1..];
        }
        pieces.push(Piece::Text(rest));
        Ok(Self(pieces))
    }

    /// Whether it needs to be known what the customer is known by besides its ids.
    pub fn needs_identities(&self) -> bool {
        let identity = |piece: &Piece<'_>| matches!(piece, Piece::Place(Place::Identity(_)));
        self.0.iter().any(identity)
    }

    /// Whether it says something personal of the customer.
    pub fn says_personal(&self) -> bool {
        let personal = |piece: &Piece<'_>| match piece {
            Piece::Place(Place::Identity(kind)) => masking::is_personal(*kind),
            Piece::Place(Place::Id | Place::ExternalId) | Piece::Text(_) => false,
        };
        self.0.iter().any(personal)
    }

    /// The address of a customer; none where the customer has nothing for a place. What a path would take for a
    /// step up is nothing, too.
    pub fn fill(&self, values: &Values) -> Option<String> {
        let mut url = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => url.push_str(text),
                Piece::Place(place) => {
                    let id;
                    let value = match place {
                        Place::Id => {
                            id = values.id.to_string();
                            &id
                        }
                        Place::ExternalId => &values.external_id,
                        Place::Identity(kind) => values.identities.get(kind)?,
                    };
                    if matches!(value.as_str(), "" | "." | "..") {
                        return None;
                    }
                    encode(&mut url, value);
                }
            }
        }
        Some(url)
    }
}

/// The part of an address that decides whom to ask: scheme, host, port.
pub fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let length = url[host..].find(['/', '?']);
    length.map_or(url, |length| &url[..host + length])
}

fn place(name: &str) -> Option<Place> {
    match name {
        "id" => Some(Place::Id),
        "external_id" => Some(Place::ExternalId),
        _ => {
            let kind = name.strip_prefix("identity:")?.parse().ok()?;
            Some(Place::Identity(kind))
        }
    }
}

/// Adds a value, everything but letters, digits and `-._~` as `%XX` (RFC 3986).
fn encode(url: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _written = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(external_id: &str, phone: Option<&str>) -> Values {
        let phone = phone.map(|phone| (IdentityKind::Phone, phone.to_owned()));
        Values {
            id: Uuid::from_u128(7),
            external_id: external_id.to_owned(),
            identities: phone.into_iter().collect(),
        }
    }

    #[test]
    fn places_are_filled_and_encoded() {
        let template =
            Template::parse("https://crm.example.com/c/{external_id}?p={identity:phone}&i={id}").unwrap();
        assert!(template.needs_identities());
        assert_eq!(
            template
                .fill(&values("张/../三?#&", Some("+8613900000001")))
                .unwrap(),
            "https://crm.example.com/c/%E5%BC%A0%2F..%2F%E4%B8%89%3F%23%26?p=%2B8613900000001\
             &i=00000000-0000-0000-0000-000000000007"
        );
        assert_eq!(template.fill(&values("C-1", None)), None);
        for steps in ["", ".", ".."] {
            assert_eq!(template.fill(&values(steps, Some("1"))), None, "{steps:?}");
        }
        let plain = Template::parse("https://example.com/all").unwrap();
        assert!(!plain.needs_identities());
        assert_eq!(
            plain.fill(&values("C-1", None)).unwrap(),
            "https://example.com/all"
        );
    }

    #[test]
    fn a_place_cannot_decide_whom_to_ask() {
        for (url, code) in [
            ("https://{external_id}/x", "placeholder_misplaced"),
            ("https://{external_id}.example.com/x", "placeholder_misplaced"),
            ("https://example.com:{id}/x", "placeholder_misplaced"),
            ("{id}://example.com/x", "placeholder_misplaced"),
            ("https://example.com/{id", "placeholder_misplaced"),
            ("https://example.com/id}", "placeholder_misplaced"),
            ("https://example.com/{name}", "placeholder_unknown"),
            ("https://example.com/{}", "placeholder_unknown"),
            ("https://example.com/{identity:shoe}", "placeholder_unknown"),
            ("https://example.com/{{id}}", "placeholder_unknown"),
        ] {
            assert_eq!(Template::parse(url).unwrap_err().code(), code, "{url}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_value_leaves_its_place(value in "\\PC{0,30}") {
            let template = Template::parse("https://example.com/a/{external_id}/b?c={external_id}").unwrap();
            if let Some(url) = template.fill(&values(&value, None)) {
                proptest::prop_assert!(url.starts_with("https://example.com/a/"));
                proptest::prop_assert_eq!(url.matches('/').count(), 5);
                proptest::prop_assert_eq!(url.matches('?').count(), 1);
                proptest::prop_assert!(url.bytes().all(|b| b.is_ascii_graphic() && b != b'#' && b != b'&'));
            }
        }
    }
}
