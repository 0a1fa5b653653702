//! Where events may be sent, who is told of what, how a message is signed, and when it is tried again. Pure.

use base::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use super::model::EndpointSettings;
use crate::outbound::{Reach, check_url};

/// The most kinds an endpoint may name.
const KINDS_MAX: usize = 100;

/// Whether an administrator may decide so. Errors: those of [`check_url`], `kinds_malformed`.
pub(super) fn check(settings: &EndpointSettings) -> Result<()> {
    check_url(&settings.url, settings.allow_http, Reach::Private)?;
    let well_formed = |kind: &String| {
        let name = kind.strip_suffix(".*").unwrap_or(kind);
        kind == "*"
            || (!name.is_empty()
                && name.len() <= 100
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.')))
    };
    if settings.kinds.is_empty()
        || settings.kinds.len() > KINDS_MAX
        || !settings.kinds.iter().all(well_formed)
    {
        let message = format!("name 1 to {KINDS_MAX} kinds, such as customer.imported, customer.* or *");
        return Err(Error::invalid("kinds_malformed", message).at("kinds"));
    }
    Ok(())
}

/// Whether an endpoint that asked for these kinds is told of this one.
pub(super) fn wants(kinds: &[String], kind: &str) -> bool {
    kinds.iter().any(|wanted| match wanted.strip_suffix('*') {
        Some(family) => kind.starts_with(family),
        None => wanted == kind,
    })
}

/// A secret as its receiver gets it.
pub(super) fn shown(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// The `webhook-signature` of a message: one signature for each secret that is valid now.
pub(super) fn signature(secrets: &[Vec<u8>], id: &str, at_s: i64, body: &str) -> Result<String> {
    let mut signatures = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
        mac.update(format!("{id}.{at_s}.{body}").as_bytes());
        signatures.push(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    }
    Ok(signatures.join(" "))
}

/// How long after each failed try the next one follows: about a day in all.
const WAITS_S: [i64; 9] = [
    5,
    60,
    5 * 60,
    30 * 60,
    2 * 3600,
    3 * 3600,
    5 * 3600,
    6 * 3600,
    8 * 3600,
];

/// When to try again after so many tries; none: given up.
pub(super) fn next_try(attempts: i32, now: Timestamp) -> Option<Timestamp> {
    let after = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let wait = SignedDuration::from_secs(*WAITS_S.get(after)?);
    now.checked_add(wait).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, kinds: &[&str]) -> EndpointSettings {
        EndpointSettings {
            url: url.to_owned(),
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            active: true,
            allow_http: false,
        }
    }

    #[test]
    fn addresses_are_safe_or_allowed() {
        for good in [
            "https://crm.example.com/hooks?key=1",
            "http://localhost:9000/x",
            "http://127.3.2.1/",
            "http://[::1]:80/",
        ] {
            check(&settings(good, &["*"])).unwrap();
        }
        for (bad, code) in [
            ("http://example.com/", "url_insecure"),
            ("http://127.0.0.1.example.com/", "url_insecure"),
            ("http://localhost.example.com/", "url_insecure"),
            ("ftp://example.com/", "url_malformed"),
            ("file:///etc/passwd", "url_malformed"),
            ("/hooks", "url_malformed"),
            ("example.com", "url_malformed"),
            ("https://user:password@example.com/", "url_malformed"),
            ("https://example.com/#x", "url_malformed"),
            ("https://exa mple.com/", "url_malformed"),
            ("https://", "url_malformed"),
            ("", "url_malformed"),
            (
                &format!("https://example.com/{}", "x".repeat(2_000)),
                "url_malformed",
            ),
        ] {
            assert_eq!(check(&settings(bad, &["*"])).unwrap_err().code(), code, "{bad}");
        }
        let mut allowed = settings("http://crm.example.com/", &["*"]);
        allowed.allow_http = true;
        check(&allowed).unwrap();
    }

    #[test]
    fn kinds_are_names_or_families() {
        for bad in [
            &[][..],
            &[""],
            &["Customer"],
            &["a*"],
            &["customer.imported", "x y"],
            &["件"],
        ] {
            let refused = check(&settings("https://example.com/", bad)).unwrap_err();
            assert_eq!(refused.code(), "kinds_malformed", "{bad:?}");
        }
        let wanted = ["customer.*".to_owned(), "run.finished".to_owned()];
        assert!(wants(&wanted, "customer.imported"));
        assert!(wants(&wanted, "run.finished"));
        assert!(!wants(&wanted, "run.started"));
        assert!(!wants(&wanted, "customers.imported"));
        assert!(wants(&["*".to_owned()], "anything.at_all"));
    }

    #[test]
    fn a_day_of_tries_and_then_none() {
        let begun = Timestamp::UNIX_EPOCH;
        let (mut now, mut tries) = (begun, 1);
        while let Some(next) = next_try(tries, now) {
            assert!(next > now);
            (now, tries) = (next, tries + 1);
        }
        assert_eq!(tries, 10);
        let hours = now.duration_since(begun).as_hours();
        assert!((22..=26).contains(&hours), "{hours} hours");
    }

    #[test]
    fn the_signature_is_the_specifications() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let reference = standardwebhooks::Webhook::new(&shown(&secret)).unwrap();
        let (id, at, body) = (
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        let ours = signature(&[secret], id, at, body).unwrap();
        assert_eq!(ours, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(ours, reference.sign(id, at, body.as_bytes()).unwrap());
        let both = signature(&[vec![1; 32], vec![2; 32]], id, at, body).unwrap();
        assert_eq!(both.split(' ').count(), 2);
    }
}
