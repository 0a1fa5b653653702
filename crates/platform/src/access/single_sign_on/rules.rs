//! What a provider may be, who a person is by what it says of them, and where a sign-in may end. Pure.

use base::{Error, Result};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::model::{GroupRoles, ProviderSettings};
use crate::access::Role;
use crate::access::rules::{check_name, normalise_login};
use crate::outbound::check_url;

const NAME_CHARS_MAX: usize = 64;
const CLIENT_ID_CHARS_MAX: usize = 255;
const SECRET_CHARS_MAX: usize = 2_000;
const SCOPES_MAX: usize = 20;
const SCOPE_CHARS_MAX: usize = 100;
const CLAIM_CHARS_MAX: usize = 100;
const GROUP_CHARS_MAX: usize = 200;
const GROUP_ROLES_MAX: usize = 50;
/// How many groups of a person are looked at.
const GROUPS_MAX: usize = 1_000;
/// The longest name of a user.
const USER_NAME_CHARS_MAX: usize = 200;
const RETURN_CHARS_MAX: usize = 500;

/// For how long what a provider said of itself is believed.
const FRESH_S: i64 = 600;
/// For how long one that failed is not asked again.
const FAILED_S: i64 = 5;
/// The same where what it said before still does.
const FAILED_KEPT_S: i64 = 30;
/// For how long what a provider said of itself does while it cannot be reached.
const KEPT_S: i64 = 3_600;
/// How often it may be asked for keys again because one was not among them.
const KEYS_AGAIN_S: i64 = 30;

fn refused<T>(field: &str, code: &'static str, message: &str) -> Result<T> {
    Err(Error::invalid(code, message).at(field))
}

/// The settings as they are stored.
///
/// Errors, each at its field: `name_malformed`, those of [`check_url`], `client_id_malformed`, `scopes_malformed`,
/// `groups_malformed`, `role_unknown`.
pub(super) fn check(mut settings: ProviderSettings) -> Result<ProviderSettings> {
    settings.zh = check_name(&settings.zh, "settings.zh", NAME_CHARS_MAX)?;
    settings.en = check_name(&settings.en, "settings.en", NAME_CHARS_MAX)?;
    settings.issuer = settings.issuer.trim().to_owned();
    check_issuer(&settings)?;
    settings.client_id = settings.client_id.trim().to_owned();
    if !is_plain(&settings.client_id, CLIENT_ID_CHARS_MAX) {
        let message = "a client ID has 1 to 255 characters";
        return refused("settings.client_id", "client_id_malformed", message);
    }
    settings.scopes.retain(|scope| scope != "openid");
    settings.scopes.dedup();
    let is_scope = |scope: &String| {
        let printable = |b: u8| b.is_ascii_graphic() && !b"\"\\".contains(&b);
        (1..=SCOPE_CHARS_MAX).contains(&scope.len()) && scope.bytes().all(printable)
    };
    if settings.scopes.len() > SCOPES_MAX || !settings.scopes.iter().all(is_scope) {
        let message = "at most 20 scopes, each a word";
        return refused("settings.scopes", "scopes_malformed", message);
    }
    if let Some(new) = &settings.new_users {
        role_at(&new.role, "settings.new_users.role")?;
    }
    if let Some(groups) = &settings.groups {
        check_groups(groups)?;
    }
    Ok(settings)
}

fn is_plain(text: &str, chars_max: usize) -> bool {
    (1..=chars_max).contains(&text.chars().count()) && !text.chars().any(base::text::is_hidden)
}

fn check_issuer(settings: &ProviderSettings) -> Result<()> {
    if settings.issuer.contains('?') {
        let message = "an issuer has no question in its address";
        return refused("settings.issuer", "url_malformed", message);
    }
    check_url(&settings.issuer, settings.allow_http, settings.reach()).map_err(|e| match e {
        Error::Invalid { code, message, .. } => Error::invalid(code, message).at("settings.issuer"),
        e => e,
    })
}

fn role_at(role: &str, field: &str) -> Result<Role> {
    role.parse()
        .map_err(|_| Error::invalid("role_unknown", "there is no such role").at(field))
}

fn check_groups(groups: &GroupRoles) -> Result<()> {
    let well_formed = is_plain(&groups.claim, CLAIM_CHARS_MAX)
        && (1..=GROUP_ROLES_MAX).contains(&groups.roles.len())
        && groups
            .roles
            .iter()
            .all(|one| is_plain(&one.group, GROUP_CHARS_MAX));
    if !well_formed {
        let message = "say what the groups are called and the roles of 1 to 50 groups";
        return refused("settings.groups", "groups_malformed", message);
    }
    for one in &groups.roles {
        role_at(&one.role, "settings.groups")?;
    }
    Ok(())
}

/// The roles that the settings give.
pub(super) fn roles_given(settings: &ProviderSettings) -> impl Iterator<Item = (Role, &'static str)> {
    let new = settings
        .new_users
        .iter()
        .map(|new| (&new.role, "settings.new_users.role"));
    let groups = settings.groups.iter().flat_map(|groups| &groups.roles);
    new.chain(groups.map(|one| (&one.role, "settings.groups")))
        .filter_map(|(role, field)| Some((role.parse().ok()?, field)))
        .collect::<Vec<_>>()
        .into_iter()
}

/// A client secret that a provider can have given. Error: `secret_malformed`.
pub(super) fn check_secret(secret: &str) -> Result<()> {
    if is_plain(secret, SECRET_CHARS_MAX) {
        return Ok(());
    }
    refused("secret", "secret_malformed", "a secret has 1 to 2,000 characters")
}

/// Whether, after the change, somebody else would get the secret.
pub(super) fn asks_another(before: &ProviderSettings, after: &ProviderSettings) -> bool {
    names_others(before, after) || (after.allow_http && !before.allow_http)
}

/// Whether, after the change, the same subject may be another person.
pub(super) fn names_others(before: &ProviderSettings, after: &ProviderSettings) -> bool {
    before.issuer != after.issuer || before.client_id != after.client_id
}

/// Where a sign-in ends: at an address of the console, whatever was asked for.
pub(super) fn inside_only(path: &str) -> &str {
    let inside = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/api/")
        && !path.starts_with("/sign-in")
        && path.chars().count() <= RETURN_CHARS_MAX
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if inside { path } else { "/" }
}

/// A person as the provider describes them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Person {
    pub(super) subject: String,
    /// The login by which the provider knows them, as a login here is written.
    pub(super) username: Option<String>,
    /// The e-mail address, as a login here is written; only one that the provider has verified.
    pub(super) email: Option<String>,
    /// There is an address that the provider has not verified.
    pub(super) email_unverified: bool,
    pub(super) name: Option<String>,
    pub(super) groups: Vec<String>,
}

/// Who somebody is. Of two that say different things of the same, the first is believed.
pub(super) fn person(said: &[&Map<String, Value>], groups_claim: Option<&str>) -> Person {
    let claim = |name: &str| said.iter().find_map(|claims| claims.get(name));
    let text = |name: &str| claim(name).and_then(Value::as_str).map(str::trim);
    let as_login = |text: Option<&str>| text.and_then(said_login);
    // Who vouches for the address must be who says it.
    let with_email = said.iter().find(|claims| claims.contains_key("email"));
    let address = with_email
        .and_then(|claims| claims.get("email"))
        .and_then(Value::as_str);
    let verified = match with_email.and_then(|claims| claims.get("email_verified")) {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(verified)) => verified == "true",
        _ => false,
    };
    let groups = match groups_claim.and_then(claim) {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(group)) => vec![group.as_str()],
        _ => Vec::new(),
    };
    Person {
        subject: claim("sub")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        username: as_login(text("preferred_username")),
        email: as_login(address).filter(|_| verified),
        email_unverified: address.is_some() && !verified,
        name: text("name").and_then(|name| {
            let short: String = name.chars().take(USER_NAME_CHARS_MAX).collect();
            check_name(&short, "name", USER_NAME_CHARS_MAX).ok()
        }),
        groups: groups.into_iter().take(GROUPS_MAX).map(str::to_owned).collect(),
    }
}

/// What a provider says, as a login here is written; none where other letters than A–Z would have to become small for it
/// (the Kelvin sign would be a k), so that no two of its names are one here.
fn said_login(text: &str) -> Option<String> {
    let login = normalise_login(text).ok()?;
    (login == text.trim().to_ascii_lowercase()).then_some(login)
}

/// By which logins the first sign-in looks for a user, the surest first.
pub(super) fn logins_to_find(settings: &ProviderSettings, person: &Person) -> Vec<String> {
    let email = person.email.iter().filter(|_| settings.link_by_email);
    let username = person.username.iter().filter(|_| settings.link_by_username);
    email.chain(username).cloned().collect()
}

/// The login of a new user: the verified address, or a user name that does not look like an address.
pub(super) fn login_of_new(person: &Person) -> Option<&str> {
    let username = person.username.as_deref().filter(|name| !name.contains('@'));
    person.email.as_deref().or(username)
}

/// The role that a person's groups give: that of the first group of the settings they are in.
pub(super) fn role_of(groups: &GroupRoles, person: &Person) -> Option<Role> {
    let first = groups
        .roles
        .iter()
        .find(|one| person.groups.contains(&one.group))?;
    first.role.parse().ok()
}

/// Whether what was found out about a provider when it was last asked still holds.
pub(super) fn is_fresh(failed: bool, is_kept: bool, asked_at: Timestamp, now: Timestamp) -> bool {
    let most = match (failed, is_kept) {
        (false, _) => FRESH_S,
        (true, true) => FAILED_KEPT_S,
        (true, false) => FAILED_S,
    };
    now.duration_since(asked_at).as_secs() < most
}

/// Whether what a provider said at that time does while it cannot be reached.
pub(super) fn may_keep(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).as_secs() < KEPT_S
}

/// Whether a provider may be asked for its keys again.
pub(super) fn may_ask_again(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).as_secs() >= KEYS_AGAIN_S
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::single_sign_on::model::GroupRole;

    fn settings(change: Value) -> Result<ProviderSettings> {
        let mut settings = json!({
            "zh": "公司账号", "en": "Company account", "issuer": "https://login.example.com", "client_id": "patron",
        });
        for (name, value) in change.as_object().unwrap() {
            settings[name] = value.clone();
        }
        check(serde_json::from_value(settings).unwrap())
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let role = |role: &str| json!({ "role": role, "branch_id": null });
        let groups = |roles: Value| json!({ "groups": { "claim": "groups", "roles": roles } });
        for (change, code) in [
            (json!({}), "good"),
            (json!({ "zh": " " }), "name_malformed"),
            (json!({ "issuer": "http://login.example.com" }), "url_insecure"),
            (
                json!({ "issuer": "http://login.example.com", "allow_http": true }),
                "good",
            ),
            (json!({ "issuer": "https://10.0.0.1" }), "url_private"),
            (
                json!({ "issuer": "https://10.0.0.1", "allow_private": true }),
                "good",
            ),
            (
                json!({ "issuer": "https://login.example.com?a=b" }),
                "url_malformed",
            ),
            (json!({ "issuer": "login" }), "url_malformed"),
            (json!({ "client_id": "" }), "client_id_malformed"),
            (json!({ "client_id": "a\nb" }), "client_id_malformed"),
            (json!({ "scopes": ["openid", "groups"] }), "good"),
            (json!({ "scopes": ["two words"] }), "scopes_malformed"),
            (json!({ "scopes": vec!["x"; 1] }), "good"),
            (json!({ "new_users": role("viewer") }), "good"),
            (json!({ "new_users": role("boss") }), "role_unknown"),
            (groups(json!([])), "groups_malformed"),
            (
                groups(json!([{ "group": "", "role": "viewer" }])),
                "groups_malformed",
            ),
            (groups(json!([{ "group": "a", "role": "boss" }])), "role_unknown"),
            (groups(json!([{ "group": "a", "role": "viewer" }])), "good"),
        ] {
            let found = settings(change.clone());
            let found = found.as_ref().map_or_else(Error::code, |_| "good");
            assert_eq!(found, code, "{change}");
        }
        let scopes = settings(json!({ "scopes": ["openid", "groups"] }))
            .unwrap()
            .scopes;
        assert_eq!(scopes, ["groups"], "openid is always asked for");
    }

    #[test]
    fn a_sign_in_ends_inside() {
        for inside in ["/", "/customers?q=a&b=%2F%2F", "/value/report#x"] {
            assert_eq!(inside_only(inside), inside);
        }
        let long = format!("/{}", "x".repeat(500));
        for outside in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nset-cookie: x",
            "/api/v1/session",
            "/sign-in?next=/",
            long.as_str(),
        ] {
            assert_eq!(inside_only(outside), "/", "{outside}");
        }
    }

    #[test]
    fn an_address_counts_only_where_who_says_it_vouches_for_it() {
        let email = |token: Value, userinfo: Value| {
            let said = [token, userinfo];
            let said: Vec<_> = said.iter().map(|one| one.as_object().unwrap()).collect();
            let person = person(&said, None);
            (person.email, person.email_unverified)
        };
        let anna = Some("anna@example.com".to_owned());
        let good = json!({ "email": "Anna@example.com", "email_verified": true });
        let bad = json!({ "email": "eve@example.com", "email_verified": false });
        assert_eq!(email(good.clone(), json!({})), (anna.clone(), false));
        assert_eq!(email(json!({}), good.clone()), (anna.clone(), false));
        assert_eq!(email(good.clone(), bad.clone()), (anna, false));
        assert_eq!(email(bad, good), (None, true));
        let said_nothing = json!({ "email": "eve@example.com" });
        assert_eq!(
            email(said_nothing, json!({ "email_verified": true })),
            (None, true)
        );
        assert_eq!(email(json!({}), json!({})), (None, false));
    }

    #[test]
    fn a_name_becomes_no_other_name() {
        let of = |claims: Value| {
            let person = person(&[claims.as_object().unwrap()], None);
            (login_of_new(&person).map(str::to_owned), person.username)
        };
        let named = |username: &str| of(json!({ "preferred_username": username }));
        let both = |login: &str| (Some(login.to_owned()), Some(login.to_owned()));
        assert_eq!(named(" Kim "), both("kim"));
        assert_eq!(named("李娜"), both("李娜"));
        assert_eq!(named("\u{212a}im"), (None, None), "the Kelvin sign is no k");
        assert_eq!(named("Élodie"), (None, None));
        // A user name that looks like an address is nobody's proof of it.
        let boss = Some("boss@example.com".to_owned());
        assert_eq!(named("boss@example.com"), (None, boss.clone()));
        let mail = |verified: bool| {
            let claims = json!({
                "preferred_username": "anna", "email": "Boss@example.com", "email_verified": verified,
            });
            of(claims).0
        };
        assert_eq!(mail(true), boss);
        assert_eq!(mail(false).as_deref(), Some("anna"));
    }

    #[test]
    fn the_first_group_of_the_settings_decides() {
        let role = |group: &str, role: &str| GroupRole {
            group: group.to_owned(),
            role: role.to_owned(),
        };
        let groups = GroupRoles {
            claim: "groups".to_owned(),
            roles: vec![role("leads", "analyst"), role("staff", "viewer")],
        };
        let of = |claim: Value| {
            let claims = json!({ "sub": "1", "groups": claim });
            role_of(&groups, &person(&[claims.as_object().unwrap()], Some("groups")))
        };
        assert_eq!(of(json!(["staff", "leads"])), Some(Role::Analyst));
        assert_eq!(of(json!("staff")), Some(Role::Viewer));
        assert_eq!(of(json!(["Staff"])), None);
        assert_eq!(of(json!({ "staff": true })), None);
        assert_eq!(of(json!(null)), None);
    }
}
