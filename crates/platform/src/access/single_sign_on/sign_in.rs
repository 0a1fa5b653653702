//! Signing in at a provider: sent there with a state, a nonce and the hash of a verifier; back with a code, once, in the
//! same browser, within ten minutes. What is needed to come back waits sealed in the browser's own cookie, so that whoever
//! only begins leaves nothing here. Then an ordinary session is opened; codes of a second factor are the provider's
//! matter.

use base::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::account::{Stopped, counted, enter};
use super::client::{Code, Found, Providers, Refusal};
use super::model::{IdentityProvider, IdentityProviderId};
use super::rules::{self, Person};
use super::store::{self, SECRET, Stored};
use super::token::{self, Expected, Wrong};
use crate::access::app::{self, Session, earlier, later, token_hash};
use crate::access::{UserId, rules as access_rules, store as access_store};
use crate::crypto::Place;
use crate::db::{Tx, timestamp};
use crate::events::{self, Actor, Event};
use crate::random;
use crate::state::Platform;

/// How long a sign-in at a provider may take.
pub const TIME_LEFT: SignedDuration = SignedDuration::from_mins(10);

/// What a cookie's seal is bound to; there is no such table.
const COOKIE: Place = Place {
    table: "sign_in_attempts",
    column: "cookie",
};
/// How much of a provider's id stands before what is sealed.
const ID_BYTES: usize = 16;
const COOKIE_CHARS_MAX: usize = 4_000;

/// What waits in the browser.
#[derive(Serialize, Deserialize)]
struct Attempt {
    provider: IdentityProviderId,
    state: String,
    nonce: String,
    verifier: String,
    redirect_uri: String,
    return_to: String,
    /// Microseconds since 1970.
    until: i64,
}

/// A sign-in that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where to send the browser.
    pub address: String,
    /// What the browser keeps until it is back.
    pub cookie: String,
}

/// What a browser comes back with.
#[derive(Debug, Default, Deserialize)]
pub struct Returned {
    /// What the provider gives for a person who has signed in.
    pub code: Option<String>,
    /// What was given along.
    pub state: Option<String>,
    /// Who the provider is.
    pub iss: Option<String>,
    /// Why nobody has signed in.
    pub error: Option<String>,
}

fn over(reason: &'static str) -> Refusal {
    let code = "sign_in_attempt_over";
    Refusal { code, reason }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = match refusal.code {
            "provider_unreachable" => "the identity provider does not answer",
            "provider_unusable" => "what the identity provider says of itself cannot be used",
            "provider_refused" => "the identity provider did not confirm the sign-in",
            "provider_not_trusted" => "what the identity provider says of the sign-in is not right",
            "sign_in_attempt_over" => "this sign-in is over, or began in another browser; begin again",
            "sign_in_declined" => "the identity provider did not sign anyone in",
            "sign_in_email_unverified" => "the identity provider has not verified the e-mail address",
            "sign_in_email_required" => {
                "this user decides about others or has a second factor: only a verified e-mail address that is the \
                 login links it"
            }
            "sign_in_blocked" => "this user may not sign in",
            "sign_in_no_role" => "the groups at the identity provider give no role here",
            "sign_in_login_taken" => "a user of this login is there already, and is not linked",
            "sign_in_linked_otherwise" => "this user is linked to another account of the identity provider",
            _ => "nobody is known here by this account",
        };
        let (code, message) = (refusal.code, message.to_owned());
        if code.starts_with("provider_") {
            Self::Unavailable { code, message }
        } else {
            Self::Unauthenticated { code, message }
        }
    }
}

/// Begins a sign-in that comes back to `redirect_uri` and ends at `return_to`.
///
/// Errors: there is no such active provider; `provider_unreachable`, `provider_unusable`.
pub async fn begin(
    platform: &Platform,
    providers: &Providers,
    id: IdentityProviderId,
    return_to: &str,
    redirect_uri: String,
) -> Result<Begun> {
    let now = platform.clock.now();
    let mut tx = platform.db.read().await?;
    let provider = active(&mut tx, id).await?.map(|stored| stored.provider);
    let provider = provider.ok_or(Error::NotFound {
        what: "identity provider",
    })?;
    let cipher = platform.keys.cipher(&mut tx).await?;
    drop(tx);
    let found = providers.found(&provider, now).await?;
    let attempt = Attempt {
        provider: id,
        state: random::token(),
        nonce: random::token(),
        verifier: random::token(),
        redirect_uri,
        return_to: rules::inside_only(return_to).to_owned(),
        until: later(now, TIME_LEFT).as_microsecond(),
    };
    let text = serde_json::to_string(&attempt).map_err(Error::internal)?;
    let mut cookie = id.uuid().as_bytes().to_vec();
    cookie.extend(cipher.seal(COOKIE, id.uuid(), &text)?);
    Ok(Begun {
        address: address(&provider, &found, &attempt),
        cookie: URL_SAFE_NO_PAD.encode(cookie),
    })
}

/// Where a person signs in.
fn address(provider: &IdentityProvider, found: &Found, attempt: &Attempt) -> String {
    let scopes: Vec<_> = std::iter::once("openid")
        .chain(provider.settings.scopes.iter().map(String::as_str))
        .collect();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(attempt.verifier.as_bytes()));
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.settings.client_id)
        .append_pair("redirect_uri", &attempt.redirect_uri)
        .append_pair("scope", &scopes.join(" "))
        .append_pair("state", &attempt.state)
        .append_pair("nonce", &attempt.nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let at = &found.endpoints.authorization;
    let joint = if at.contains('?') { '&' } else { '?' };
    format!("{at}{joint}{query}")
}

async fn active(tx: &mut Tx, id: IdentityProviderId) -> Result<Option<Stored>> {
    let stored = store::get(tx, id).await?;
    Ok(stored.filter(|stored| stored.provider.settings.active))
}

/// Ends a sign-in that is back, in the browser that has this cookie: a session, or why there is none. Says where the
/// console goes on too.
///
/// Errors: `too_many_attempts`, `sign_in_attempt_over`, `sign_in_declined`, `provider_unreachable`, `provider_unusable`,
/// `provider_refused`, `provider_not_trusted`, `sign_in_unknown`, `sign_in_email_unverified`,
/// `sign_in_email_required`, `sign_in_blocked`, `sign_in_no_role`, `sign_in_login_taken`, `sign_in_linked_otherwise`.
pub async fn finish(
    platform: &Platform,
    providers: &Providers,
    returned: &Returned,
    cookie: Option<&str>,
    from: &str,
) -> (Result<Session>, String) {
    let attempt = match opened(platform, cookie).await {
        Ok(Some(attempt)) => attempt,
        // Nobody here began anything, and any page can send browsers here: that is no failure of whoever is at this address.
        Ok(None) => return (Err(over("no_cookie").into()), "/".to_owned()),
        Err(error) => return (Err(error), "/".to_owned()),
    };
    let return_to = rules::inside_only(&attempt.return_to).to_owned();
    let provider = attempt.provider;
    let session = match try_to_finish(platform, providers, returned, attempt, from).await {
        Ok(session) => Ok(session),
        Err(Stopped::Broken(error)) => Err(error),
        Err(Stopped::Refused(refusal, user)) => {
            match record_refusal(platform, refusal, provider, user, from).await {
                Ok(()) => Err(refusal.into()),
                Err(error) => Err(error),
            }
        }
    };
    (session, return_to)
}

/// What waited in the browser, if it was put there by us.
async fn opened(platform: &Platform, cookie: Option<&str>) -> Result<Option<Attempt>> {
    let bytes = cookie
        .filter(|cookie| cookie.len() <= COOKIE_CHARS_MAX)
        .and_then(|cookie| URL_SAFE_NO_PAD.decode(cookie).ok());
    let Some((id, sealed)) = bytes
        .as_deref()
        .and_then(|bytes| bytes.split_first_chunk::<ID_BYTES>())
    else {
        return Ok(None);
    };
    let cipher = platform.keys.cipher(&mut platform.db.read().await?).await?;
    let text = cipher.open(COOKIE, Uuid::from_bytes(*id), sealed).ok();
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

async fn record_refusal(
    platform: &Platform,
    refusal: Refusal,
    provider: IdentityProviderId,
    user: Option<UserId>,
    from: &str,
) -> Result<()> {
    let payload = json!({
        "address": from,
        "provider": provider,
        "code": refusal.code,
        "reason": refusal.reason,
    });
    let mut tx = platform.db.write().await?;
    let failed = Event {
        actor: Actor::System,
        kind: "user.sign_in_failed",
        subject_kind: "user",
        subject: user.map_or(Uuid::nil(), UserId::uuid),
        customer: None,
        payload: &payload,
    };
    events::record(&mut tx, &platform.clock, &failed).await?;
    tx.commit().await
}

async fn try_to_finish(
    platform: &Platform,
    providers: &Providers,
    returned: &Returned,
    attempt: Attempt,
    from: &str,
) -> Result<Session, Stopped> {
    begin_to_finish(platform, returned, &attempt, from).await?;
    let mut tx = platform.db.read().await?;
    let Some(stored) = active(&mut tx, attempt.provider).await? else {
        return Err(over("provider_gone").into());
    };
    let secret = match &stored.secret {
        None => None,
        Some(sealed) => {
            let cipher = platform.keys.cipher(&mut tx).await?;
            Some(cipher.open(SECRET, stored.provider.id.uuid(), sealed)?)
        }
    };
    // No connection is held while another system is asked.
    drop(tx);
    let provider = &stored.provider;
    let secret = secret.as_deref().map(String::as_str);
    let person = prove(platform, providers, (provider, secret), returned, &attempt).await?;
    enter(platform, provider, &person, from).await
}

/// Counts the attempt and uses its state up, before anything is asked of anyone.
async fn begin_to_finish(
    platform: &Platform,
    returned: &Returned,
    attempt: &Attempt,
    from: &str,
) -> Result<(), Stopped> {
    let now = platform.clock.now();
    let mut tx = platform.db.write().await?;
    let (subject, free) = counted(from);
    app::refuse_if_too_many(&mut tx, &subject, free, now).await?;
    let forgotten = earlier(now, access_rules::FAILURES_FORGOTTEN_S);
    access_store::count_failure(&mut tx, &subject, now, forgotten).await?;
    let state = token_hash(&attempt.state);
    let is_same = returned.state.as_deref().map(token_hash) == Some(state);
    let until = timestamp(attempt.until);
    let checked = if !is_same {
        Err(over("state_differs"))
    } else if until <= now {
        Err(over("too_late"))
    } else if !store::use_state(&mut tx, &state, until).await? {
        Err(over("state_used"))
    } else {
        Ok(())
    };
    tx.commit().await?;
    Ok(checked?)
}

/// Who has signed in at the provider, by all that it says.
async fn prove(
    platform: &Platform,
    providers: &Providers,
    (provider, secret): (&IdentityProvider, Option<&str>),
    returned: &Returned,
    attempt: &Attempt,
) -> Result<Person, Refusal> {
    let settings = &provider.settings;
    let mut found = providers.found(provider, platform.clock.now()).await?;
    let named = match &returned.iss {
        None => !found.endpoints.names_itself,
        Some(issuer) => *issuer == settings.issuer,
    };
    if !named {
        return Err(Refusal::not_trusted("issuer_of_answer"));
    }
    if let Some(error) = &returned.error {
        let code = "sign_in_declined";
        return Err(Refusal {
            code,
            reason: declined(error),
        });
    }
    let code = Code {
        code: returned.code.as_deref().unwrap_or_default(),
        verifier: &attempt.verifier,
        redirect_uri: &attempt.redirect_uri,
    };
    let tokens = providers
        .redeem(settings, &found.endpoints, secret, &code)
        .await?;
    let expected = Expected {
        issuer: &settings.issuer,
        client_id: &settings.client_id,
        nonce: &attempt.nonce,
        now: platform.clock.now(),
    };
    let mut claims = token::verify(&tokens.id_token, &found.keys, &expected);
    if claims.as_ref().err() == Some(&Wrong::KeyUnknown) {
        found = providers.found_anew(provider, platform.clock.now()).await?;
        claims = token::verify(&tokens.id_token, &found.keys, &expected);
    }
    let claims = claims.map_err(|wrong| Refusal::not_trusted(wrong.name()))?;
    let more = providers.userinfo(settings, &found.endpoints, &tokens).await?;
    if !more.is_empty() && more.get("sub") != claims.get("sub") {
        return Err(Refusal::not_trusted("userinfo_subject"));
    }
    let groups = settings.groups.as_ref().map(|groups| groups.claim.as_str());
    Ok(rules::person(&[&claims, &more], groups))
}

/// Why nobody has signed in, as far as the standards have a word for it.
fn declined(error: &str) -> &'static str {
    const KNOWN: [&str; 12] = [
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "invalid_request",
        "invalid_scope",
        "login_required",
        "registration_not_supported",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
    ];
    KNOWN.into_iter().find(|known| *known == error).unwrap_or("other")
}
