//! What a provider says of a person (the ID token of OpenID Connect Core, 3.1.3.7), believed only when everything about
//! it is right. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::keys::{Algorithm, Checked, Keys};

/// How far apart the clocks may be.
const LEEWAY_S: i64 = 60;
/// The longest token that is looked at.
const BYTES_MAX: usize = 64 << 10;
/// The longest subject (OpenID Connect Core, 2).
const SUBJECT_CHARS_MAX: usize = 255;

/// What is wrong about a token, in a word for the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Malformed,
    Algorithm,
    /// There is no such key: the provider may have a new one.
    KeyUnknown,
    Signature,
    Issuer,
    Audience,
    Nonce,
    Expired,
    NotYetValid,
}

impl Wrong {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::Algorithm => "token_algorithm",
            Self::KeyUnknown => "token_key_unknown",
            Self::Signature => "token_signature",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::Nonce => "token_nonce",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
        }
    }
}

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// The claims of a token that is right; `sub` is among them and is a text.
pub(super) fn verify(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Map<String, Value>, Wrong> {
    if token.len() > BYTES_MAX {
        return Err(Wrong::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Wrong::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(Wrong::Malformed)?;
    let header: Header = part(header)?;
    let algorithm = Algorithm::named(&header.alg).ok_or(Wrong::Algorithm)?;
    if header.crit.is_some() {
        return Err(Wrong::Malformed);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Wrong::Malformed)?;
    let by = (header.kid.as_deref(), algorithm);
    match keys.check(by, message.as_bytes(), &signature) {
        Checked::Right => {}
        Checked::Wrong => return Err(Wrong::Signature),
        Checked::NoKey => return Err(Wrong::KeyUnknown),
    }
    let claims: Map<String, Value> = part(payload)?;
    check(&claims, expected)?;
    Ok(claims)
}

fn part<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Wrong> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Wrong::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Wrong::Malformed)
}

fn check(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), Wrong> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(Wrong::Issuer);
    }
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let for_us = audience.contains(&expected.client_id);
    let asked_by_us = match claims.get("azp") {
        None => audience.len() == 1,
        Some(azp) => azp == expected.client_id,
    };
    if !for_us || !asked_by_us {
        return Err(Wrong::Audience);
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(Wrong::Nonce);
    }
    // Some write fractions of a second.
    let second = |name: &str| claims.get(name).map(|at| at.as_f64().map(|at| at.floor() as i64));
    let now = expected.now.as_second();
    let expires = second("exp").flatten().ok_or(Wrong::Malformed)?;
    if expires.saturating_add(LEEWAY_S) <= now {
        return Err(Wrong::Expired);
    }
    for name in ["iat", "nbf"] {
        match second(name) {
            None if name == "nbf" => {}
            None | Some(None) => return Err(Wrong::Malformed),
            Some(Some(from)) if from.saturating_sub(LEEWAY_S) > now => return Err(Wrong::NotYetValid),
            Some(Some(_)) => {}
        }
    }
    match text("sub") {
        Some(subject) if (1..=SUBJECT_CHARS_MAX).contains(&subject.chars().count()) => Ok(()),
        _ => Err(Wrong::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn checked(change: Value) -> Result<(), Wrong> {
        let mut claims = json!({
            "iss": "https://login.example.com", "aud": "patron", "sub": "7", "nonce": "n",
            "exp": 2_000, "iat": 1_000,
        });
        for (name, value) in change.as_object().unwrap() {
            if value == "absent" {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        let expected = Expected {
            issuer: "https://login.example.com",
            client_id: "patron",
            nonce: "n",
            now: at(1_500),
        };
        check(claims.as_object().unwrap(), &expected)
    }

    #[test]
    fn every_claim_is_checked() {
        let long = "x".repeat(256);
        for (change, found) in [
            (json!({}), Ok(())),
            (json!({ "aud": ["patron"] }), Ok(())),
            (json!({ "aud": ["patron", "other"], "azp": "patron" }), Ok(())),
            (json!({ "iss": "https://login.example.com/" }), Err(Wrong::Issuer)),
            (json!({ "iss": "absent" }), Err(Wrong::Issuer)),
            (json!({ "aud": "other" }), Err(Wrong::Audience)),
            (json!({ "aud": "absent" }), Err(Wrong::Audience)),
            (json!({ "aud": ["patron", "other"] }), Err(Wrong::Audience)),
            (json!({ "azp": "other" }), Err(Wrong::Audience)),
            (json!({ "azp": null }), Err(Wrong::Audience)),
            (json!({ "nonce": "m" }), Err(Wrong::Nonce)),
            (json!({ "nonce": "absent" }), Err(Wrong::Nonce)),
            (json!({ "exp": 1_441 }), Ok(())),
            (json!({ "exp": 1_440 }), Err(Wrong::Expired)),
            (json!({ "exp": "2000" }), Err(Wrong::Malformed)),
            (json!({ "exp": "absent" }), Err(Wrong::Malformed)),
            (json!({ "iat": 1_560 }), Ok(())),
            (json!({ "iat": 1_561.9 }), Err(Wrong::NotYetValid)),
            (json!({ "iat": "absent" }), Err(Wrong::Malformed)),
            (json!({ "nbf": 1_561 }), Err(Wrong::NotYetValid)),
            (json!({ "nbf": null }), Err(Wrong::Malformed)),
            (json!({ "sub": "" }), Err(Wrong::Malformed)),
            (json!({ "sub": 7 }), Err(Wrong::Malformed)),
            (json!({ "sub": long }), Err(Wrong::Malformed)),
        ] {
            assert_eq!(checked(change.clone()), found, "{change}");
        }
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        let expected = Expected {
            issuer: "",
            client_id: "",
            nonce: "",
            now: at(0),
        };
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let none = format!("{}.e30.", encode(r#"{"alg":"none"}"#));
        let hmac = format!("{}.e30.AAAA", encode(r#"{"alg":"HS256"}"#));
        let critical = format!("{}.e30.AAAA", encode(r#"{"alg":"RS256","crit":["b64"]}"#));
        let keyless = format!("{}.e30.AAAA", encode(r#"{"alg":"RS256"}"#));
        let long = "x".repeat(BYTES_MAX + 1);
        for (token, wrong) in [
            ("", Wrong::Malformed),
            ("a.b", Wrong::Malformed),
            ("a.b.c", Wrong::Malformed),
            (long.as_str(), Wrong::Malformed),
            (none.as_str(), Wrong::Algorithm),
            (hmac.as_str(), Wrong::Algorithm),
            (critical.as_str(), Wrong::Malformed),
            (keyless.as_str(), Wrong::KeyUnknown),
        ] {
            let found = verify(token, &Keys::default(), &expected);
            assert_eq!(found.unwrap_err(), wrong, "{token:.40}");
        }
    }
}
