//! What an administrator may decide of a panel.

use base::{Error, Result};
use platform::outbound::{Reach, check_url};
use uuid::Uuid;

use super::template::{Template, Values, origin};
use crate::identities::IdentityKind;
use crate::panels::model::{PanelAuth, PanelSettings};
use crate::rules::edit::text;

/// The longest a system may take: an overview waits no longer for anything.
pub const DEADLINE_MS_MAX: u32 = 1_500;
const DEADLINE_MS_MIN: u32 = 50;
const CACHE_S_MAX: u32 = 24 * 60 * 60;
const BYTES: std::ops::RangeInclusive<u32> = 1 << 10..=1 << 20;
const FIELDS_MAX: usize = 30;
const LABEL_CHARS_MAX: usize = 64;
const POINTER_CHARS_MAX: usize = 500;
const SECRET_CHARS_MAX: usize = 2_000;
const USER_CHARS_MAX: usize = 200;

/// Headers that are the connection's, or would say who Patron's own user is.
const HEADERS_NOT_ALLOWED: [&str; 9] = [
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

impl PanelSettings {
    /// How far its calls may go.
    pub fn reach(&self) -> Reach {
        if self.allow_private {
            Reach::Private
        } else {
            Reach::Public
        }
    }
}

fn refused<T>(field: &str, code: &'static str, message: &str) -> Result<T> {
    Err(Error::invalid(code, message).at(field))
}

/// The settings as they are stored.
///
/// Errors, each at its field: `placeholder_unknown`, `placeholder_misplaced`, those of [`check_url`],
/// `auth_malformed`, `panel_fields_malformed`, `pointer_malformed`, `panel_cache_out_of_range`,
/// `panel_deadline_out_of_range`, `panel_bytes_out_of_range`, a text that cannot be.
pub fn check(mut settings: PanelSettings) -> Result<PanelSettings> {
    settings.zh = text("settings.zh", &settings.zh, LABEL_CHARS_MAX)?;
    settings.en = text("settings.en", &settings.en, LABEL_CHARS_MAX)?;
    if settings.fields.is_empty() {
        return fields_malformed();
    }
    check_asking(settings)
}

fn fields_malformed<T>() -> Result<T> {
    let message = "a panel shows 1 to 30 values";
    refused("settings.fields", "panel_fields_malformed", message)
}

/// The settings if the system can be asked with them: a panel that is only tried needs no name, and need not show
/// anything yet. Errors: those of [`check`].
pub fn check_asking(mut settings: PanelSettings) -> Result<PanelSettings> {
    settings.url = settings.url.trim().to_owned();
    check_address(&settings)?;
    check_auth(&settings.auth)?;
    if settings.fields.len() > FIELDS_MAX {
        return fields_malformed();
    }
    for field in &mut settings.fields {
        field.zh = text("settings.fields", &field.zh, LABEL_CHARS_MAX)?;
        field.en = text("settings.fields", &field.en, LABEL_CHARS_MAX)?;
        if !is_pointer(&field.pointer) {
            let message = "a place in the answer is a JSON Pointer such as /account/balance";
            return refused("settings.fields", "pointer_malformed", message);
        }
    }
    if settings.cache_s > CACHE_S_MAX {
        let message = "an answer is kept for at most a day";
        return refused("settings.cache_s", "panel_cache_out_of_range", message);
    }
    if !(DEADLINE_MS_MIN..=DEADLINE_MS_MAX).contains(&settings.deadline_ms) {
        let message = "a system may take 50 to 1,500 milliseconds";
        return refused("settings.deadline_ms", "panel_deadline_out_of_range", message);
    }
    if !BYTES.contains(&settings.bytes_max) {
        let message = "an answer may have 1,024 to 1,048,576 bytes";
        return refused("settings.bytes_max", "panel_bytes_out_of_range", message);
    }
    Ok(settings)
}

fn check_address(settings: &PanelSettings) -> Result<()> {
    let template = Template::parse(&settings.url)?;
    // Any customer's address is as good as the next: values decide neither scheme nor host.
    let someone = Values {
        id: Uuid::nil(),
        external_id: "1".to_owned(),
        identities: IdentityKind::ALL.map(|kind| (kind, "1".to_owned())).into(),
    };
    let url = template.fill(&someone).unwrap_or_default();
    check_url(&url, settings.allow_http, settings.reach()).map_err(|e| match e {
        Error::Invalid { code, message, .. } => Error::invalid(code, message).at("settings.url"),
        e => e,
    })
}

fn check_auth(auth: &PanelAuth) -> Result<()> {
    let well_formed = match auth {
        PanelAuth::None | PanelAuth::Bearer => true,
        PanelAuth::Basic { user } => {
            (1..=USER_CHARS_MAX).contains(&user.chars().count())
                && !user.chars().any(|c| c == ':' || base::text::is_hidden(c))
        }
        PanelAuth::Header { name } => {
            let lower = name.to_ascii_lowercase();
            (1..=LABEL_CHARS_MAX).contains(&name.len())
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                && !HEADERS_NOT_ALLOWED.contains(&lower.as_str())
        }
    };
    if well_formed {
        return Ok(());
    }
    let message =
        "a user has no colon, and a header is one of letters, digits and hyphens that is not HTTP's own";
    refused("settings.auth", "auth_malformed", message)
}

fn is_pointer(pointer: &str) -> bool {
    let escapes_are_known = pointer
        .split('~')
        .skip(1)
        .all(|after| after.starts_with(['0', '1']));
    pointer.chars().count() <= POINTER_CHARS_MAX
        && (pointer.is_empty() || pointer.starts_with('/'))
        && !pointer.chars().any(base::text::is_hidden)
        && escapes_are_known
}

/// Whether a secret can be sent. Error: `secret_malformed`.
pub fn check_secret(secret: &str) -> Result<()> {
    let length = secret.chars().count();
    let sendable = secret.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if (1..=SECRET_CHARS_MAX).contains(&length) && sendable && secret.trim() == secret {
        return Ok(());
    }
    let message = "a secret has 1 to 2,000 letters, digits and signs of ASCII";
    refused("secret", "secret_malformed", message)
}

/// Whether a panel is only for who may see what is personal: it shows such things, or says them to the other system.
pub fn is_personal(settings: &PanelSettings) -> bool {
    // What cannot be read any more hides rather too much.
    settings.personal || Template::parse(&settings.url).map_or(true, |template| template.says_personal())
}

/// Whether after a change someone else would get the secret, or get it in another way: then it has to be said
/// anew, so that nobody learns a secret by sending it to a system of their own.
pub fn asks_another(before: &PanelSettings, after: &PanelSettings) -> bool {
    let is_opened =
        (after.allow_http && !before.allow_http) || (after.allow_private && !before.allow_private);
    let origins = [before, after].map(|settings| origin(&settings.url).to_ascii_lowercase());
    origins[0] != origins[1] || before.auth != after.auth || is_opened
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::model::{PanelField, PanelFieldKind};

    fn settings() -> PanelSettings {
        PanelSettings {
            zh: "账务".to_owned(),
            en: "Billing".to_owned(),
            url: "https://billing.example.com/accounts/{external_id}".to_owned(),
            auth: PanelAuth::Bearer,
            fields: vec![PanelField {
                zh: "余额".to_owned(),
                en: "Balance".to_owned(),
                pointer: "/balance".to_owned(),
                kind: PanelFieldKind::Money,
                currency: None,
            }],
            cache_s: 60,
            deadline_ms: 800,
            bytes_max: 65_536,
            position: 0,
            active: true,
            personal: false,
            allow_http: false,
            allow_private: false,
        }
    }

    #[test]
    fn what_cannot_be_is_named() {
        check(settings()).unwrap();
        type Change = fn(&mut PanelSettings);
        let bad: [(Change, &str); 18] = [
            (|s| s.zh = " ".into(), "text_empty"),
            (|s| s.en = "x".repeat(65), "text_too_long"),
            (
                |s| s.url = "https://{id}.example.com/".into(),
                "placeholder_misplaced",
            ),
            (
                |s| s.url = "https://example.com/{who}".into(),
                "placeholder_unknown",
            ),
            (|s| s.url = "http://example.com/{id}".into(), "url_insecure"),
            (|s| s.url = "https://10.1.2.3/{id}".into(), "url_private"),
            (
                |s| s.url = "https://user:pass@example.com/{id}".into(),
                "url_malformed",
            ),
            (|s| s.url = String::new(), "url_malformed"),
            (
                |s| s.auth = PanelAuth::Basic { user: "a:b".into() },
                "auth_malformed",
            ),
            (
                |s| s.auth = PanelAuth::Header { name: "Host".into() },
                "auth_malformed",
            ),
            (
                |s| s.auth = PanelAuth::Header { name: "X y".into() },
                "auth_malformed",
            ),
            (|s| s.fields.clear(), "panel_fields_malformed"),
            (|s| s.fields[0].pointer = "balance".into(), "pointer_malformed"),
            (|s| s.fields[0].pointer = "/a~2".into(), "pointer_malformed"),
            (|s| s.cache_s = 86_401, "panel_cache_out_of_range"),
            (|s| s.deadline_ms = 49, "panel_deadline_out_of_range"),
            (|s| s.deadline_ms = 1_501, "panel_deadline_out_of_range"),
            (|s| s.bytes_max = 1_023, "panel_bytes_out_of_range"),
        ];
        for (n, (change, code)) in bad.into_iter().enumerate() {
            let mut changed = settings();
            change(&mut changed);
            assert_eq!(check(changed).unwrap_err().code(), code, "case {n}");
        }
        for secret in ["", " x", "a\nb", "密"] {
            assert_eq!(
                check_secret(secret).unwrap_err().code(),
                "secret_malformed",
                "{secret:?}"
            );
        }
        check_secret("a b+/=~").unwrap();
    }

    #[test]
    fn what_is_asked_by_something_personal_is_personal() {
        let with = |place: &str| {
            let mut changed = settings();
            changed.url = format!("https://billing.example.com/accounts/{place}");
            is_personal(&changed)
        };
        for (place, personal) in [
            ("{id}", false),
            ("{external_id}", false),
            ("{identity:external}", false),
            ("{identity:phone}", true),
            ("{identity:document}?also={id}", true),
            ("{id}?mail={identity:email}", true),
            ("{nobody}", true),
        ] {
            assert_eq!(with(place), personal, "{place}");
        }
        let mut said = settings();
        said.personal = true;
        assert!(is_personal(&said));
    }

    #[test]
    fn a_secret_stays_only_with_whom_it_is_for() {
        let with = |change: fn(&mut PanelSettings)| {
            let mut changed = settings();
            change(&mut changed);
            asks_another(&settings(), &changed)
        };
        assert!(!with(
            |s| s.url = "https://BILLING.example.com/other?x={id}".into()
        ));
        assert!(!with(|s| s.cache_s = 5));
        assert!(with(
            |s| s.url = "https://billing.example.com.evil.example/{id}".into()
        ));
        assert!(with(|s| s.url = "https://billing.example.com:8443/{id}".into()));
        assert!(with(|s| s.url = "http://billing.example.com/accounts/{id}".into()));
        assert!(!with(|s| s.url = "https://billing.example.com?evil/{id}".into()));
        assert!(with(|s| s.auth = PanelAuth::Header { name: "X-Key".into() }));
        assert!(with(|s| s.allow_private = true));
    }
}
