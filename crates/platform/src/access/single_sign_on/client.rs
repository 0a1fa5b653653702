//! What is asked of a provider: what it says of itself and its keys (kept for a while in the memory of this process), and
//! what it says of a person who has signed in there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::keys::Keys;
use super::model::{IdentityProvider, IdentityProviderId, ProviderSettings};
use super::rules;
use crate::outbound::{Call, Client, Fault, Said, check_url};

/// The largest answer that is read.
const BYTES_MAX: usize = 256 << 10;

/// Why a sign-in at a provider comes to nothing: the code for whoever signs in, and more exactly for the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) reason: &'static str,
}

impl Refusal {
    pub(super) fn unreachable(reason: &'static str) -> Self {
        let code = "provider_unreachable";
        Self { code, reason }
    }

    /// What it says of itself cannot be used.
    pub(super) fn unusable(reason: &'static str) -> Self {
        let code = "provider_unusable";
        Self { code, reason }
    }

    /// It does not give what it promised for a sign-in.
    pub(super) fn refused(reason: &'static str) -> Self {
        let code = "provider_refused";
        Self { code, reason }
    }

    /// What it says of a person is not believed.
    pub(super) fn not_trusted(reason: &'static str) -> Self {
        let code = "provider_not_trusted";
        Self { code, reason }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::unreachable(match fault {
            Fault::Timeout => "timeout",
            Fault::Unreachable => "unreachable",
            Fault::NotPermitted => "address_not_permitted",
            Fault::TooLarge => "answer_too_large",
        })
    }
}

/// What a provider says of itself (OpenID Connect Discovery).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Endpoints {
    pub(super) issuer: String,
    #[serde(rename = "authorization_endpoint")]
    pub(super) authorization: String,
    #[serde(rename = "token_endpoint")]
    token: String,
    #[serde(rename = "userinfo_endpoint")]
    pub(super) userinfo: Option<String>,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether it names itself when it sends people back (RFC 9207).
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub(super) names_itself: bool,
}

impl Endpoints {
    /// Whether it takes the secret as a password (the default), not within the form.
    fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|methods| {
            let has = |name: &str| methods.iter().any(|method| method == name);
            has("client_secret_basic") || !has("client_secret_post")
        })
    }

    fn addresses(&self) -> impl Iterator<Item = &str> {
        let must = [&self.authorization, &self.token, &self.jwks_uri];
        must.into_iter().chain(&self.userinfo).map(String::as_str)
    }
}

/// A provider as it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) endpoints: Endpoints,
    pub(super) keys: Keys,
}

/// What a provider said, and when.
type Answer = (Timestamp, Arc<Found>);

/// What is known of a provider that has this version.
struct Known {
    version: i64,
    asked_at: Timestamp,
    /// Why the last question came to nothing, if it did.
    failed: Option<Refusal>,
    /// What it said when it last answered, and when; gone once it says something that cannot be used.
    said: Option<Answer>,
}

impl Known {
    fn is_fresh(&self, now: Timestamp) -> bool {
        rules::is_fresh(self.failed.is_some(), self.said.is_some(), self.asked_at, now)
    }

    /// What it said last, though it may be out of reach at the moment.
    fn found(&self, now: Timestamp) -> Result<Arc<Found>, Refusal> {
        match (&self.said, self.failed) {
            (Some((_, found)), None) => Ok(found.clone()),
            (Some((at, found)), Some(_)) if rules::may_keep(*at, now) => Ok(found.clone()),
            (_, failed) => Err(failed.unwrap_or(Refusal::unreachable("unreachable"))),
        }
    }

    /// What it said when it was asked last.
    fn found_now(&self, now: Timestamp) -> Result<Arc<Found>, Refusal> {
        self.failed.map_or_else(|| self.found(now), Err)
    }
}

/// One provider's; whoever asks holds it, so that many who come at once ask once.
type Place = Arc<tokio::sync::Mutex<Option<Known>>>;

struct Inner {
    client: Client,
    deadline: Duration,
    known: Mutex<HashMap<IdentityProviderId, Place>>,
}

/// The way to the providers of this process. Cheap to clone.
#[derive(Clone)]
pub struct Providers(Arc<Inner>);

/// What is given for a code.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: String,
    pub(super) access_token: Option<String>,
}

/// A code, and what proves that it was given for a sign-in that began here.
pub(super) struct Code<'a> {
    pub(super) code: &'a str,
    pub(super) verifier: &'a str,
    pub(super) redirect_uri: &'a str,
}

impl Providers {
    /// How long a provider may take for each answer.
    pub const DEADLINE: Duration = Duration::from_secs(4);

    /// Ready to ask, with this deadline for each answer.
    pub fn open(deadline: Duration) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            client: Client::new()?,
            deadline,
            known: Mutex::default(),
        })))
    }

    fn place(&self, provider: &IdentityProvider) -> Place {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(provider.id).or_default().clone()
    }

    /// A provider as it was found lately, or is now.
    pub(super) async fn found(
        &self,
        provider: &IdentityProvider,
        now: Timestamp,
    ) -> Result<Arc<Found>, Refusal> {
        let place = self.place(provider);
        let mut known = place.lock().await;
        let lately = known.as_ref().filter(|known| known.version == provider.version);
        if let Some(lately) = lately.filter(|known| known.is_fresh(now)) {
            return lately.found(now);
        }
        let before = lately.and_then(|known| known.said.clone());
        known.insert(self.ask(provider, before, now).await).found(now)
    }

    /// The same where a key was not among those known; asked again only now and then.
    pub(super) async fn found_anew(
        &self,
        provider: &IdentityProvider,
        now: Timestamp,
    ) -> Result<Arc<Found>, Refusal> {
        let place = self.place(provider);
        let mut known = place.lock().await;
        let lately = known.as_ref().filter(|known| known.version == provider.version);
        if let Some(lately) = lately.filter(|known| !rules::may_ask_again(known.asked_at, now)) {
            return lately.found_now(now);
        }
        let before = lately.and_then(|known| known.said.clone());
        known.insert(self.ask(provider, before, now).await).found_now(now)
    }

    /// Asks; what was said before is kept while the provider cannot be reached.
    async fn ask(&self, provider: &IdentityProvider, before: Option<Answer>, now: Timestamp) -> Known {
        let (failed, said) = match self.look(&provider.settings).await {
            Ok(found) => (None, Some((now, Arc::new(found)))),
            Err(refusal) => {
                let is_silent = refusal.code == "provider_unreachable";
                let kept = before.filter(|(at, _)| is_silent && rules::may_keep(*at, now));
                (Some(refusal), kept)
            }
        };
        Known {
            version: provider.version,
            asked_at: now,
            failed,
            said,
        }
    }

    /// Asks a provider about itself and for its keys.
    pub(super) async fn look(&self, settings: &ProviderSettings) -> Result<Found, Refusal> {
        let endpoints = self.endpoints(settings).await?;
        let document = self.get(settings, &endpoints.jwks_uri, None).await?;
        let keys = Keys::read(&document).ok_or(Refusal::unusable("keys_malformed"))?;
        if keys.len() == 0 {
            return Err(Refusal::unusable("keys_unusable"));
        }
        Ok(Found { endpoints, keys })
    }

    /// Asks a provider about itself.
    pub(super) async fn endpoints(&self, settings: &ProviderSettings) -> Result<Endpoints, Refusal> {
        let base = settings.issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let document = self.get(settings, &url, None).await?;
        let endpoints: Endpoints =
            serde_json::from_slice(&document).map_err(|_| Refusal::unusable("discovery_malformed"))?;
        if endpoints.issuer != settings.issuer {
            return Err(Refusal::unusable("issuer_differs"));
        }
        for url in endpoints.addresses() {
            check_url(url, settings.allow_http, settings.reach())
                .map_err(|_| Refusal::unusable("address_not_permitted"))?;
        }
        Ok(endpoints)
    }

    /// What the provider gives for a code.
    pub(super) async fn redeem(
        &self,
        settings: &ProviderSettings,
        endpoints: &Endpoints,
        secret: Option<&str>,
        code: &Code<'_>,
    ) -> Result<Tokens, Refusal> {
        let (headers, form) = request_for(settings, endpoints, secret, code);
        let call = Call {
            url: &endpoints.token,
            reach: settings.reach(),
            headers,
            said: Said::Form(form),
            deadline: self.0.deadline,
        };
        let answer = self.0.client.send(call).await?;
        match answer.status {
            200 => parsed(&answer.read(BYTES_MAX).await?),
            400..=499 => Err(Refusal::refused("code_refused")),
            _ => Err(Refusal::unreachable("status")),
        }
    }

    /// What the provider says of the person besides the token, if it has more to say.
    pub(super) async fn userinfo(
        &self,
        settings: &ProviderSettings,
        endpoints: &Endpoints,
        tokens: &Tokens,
    ) -> Result<Map<String, Value>, Refusal> {
        let (Some(url), Some(token)) = (&endpoints.userinfo, &tokens.access_token) else {
            return Ok(Map::new());
        };
        parsed(&self.get(settings, url, Some(token)).await?)
    }

    async fn get(
        &self,
        settings: &ProviderSettings,
        url: &str,
        bearer: Option<&str>,
    ) -> Result<Vec<u8>, Refusal> {
        let bearer = bearer.map(|token| ("authorization", format!("Bearer {token}")));
        let call = Call {
            url,
            reach: settings.reach(),
            headers: bearer.into_iter().collect(),
            said: Said::Nothing,
            deadline: self.0.deadline,
        };
        let answer = self.0.client.send(call).await?;
        match answer.status {
            200 => Ok(answer.read(BYTES_MAX).await?.to_vec()),
            300..=399 => Err(Refusal::unusable("redirected")),
            404 | 410 => Err(Refusal::unusable("not_found")),
            _ => Err(Refusal::unreachable("status")),
        }
    }
}

/// The headers and the form of the request for tokens.
fn request_for(
    settings: &ProviderSettings,
    endpoints: &Endpoints,
    secret: Option<&str>,
    code: &Code<'_>,
) -> (Vec<(&'static str, String)>, String) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code.code)
        .append_pair("redirect_uri", code.redirect_uri)
        .append_pair("code_verifier", code.verifier);
    let mut headers = Vec::new();
    match secret {
        Some(secret) if endpoints.takes_basic() => {
            headers.push(("authorization", basic(&settings.client_id, secret)));
        }
        Some(secret) => {
            form.append_pair("client_id", &settings.client_id)
                .append_pair("client_secret", secret);
        }
        None => {
            form.append_pair("client_id", &settings.client_id);
        }
    }
    (headers, form.finish())
}

fn parsed<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(answer).map_err(|_| Refusal::refused("answer_malformed"))
}

/// Client and secret as RFC 6749, 2.3.1 writes them: each encoded as in a form first.
fn basic(client_id: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client_id), encoded(secret));
    format!("Basic {}", STANDARD.encode(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_goes_where_the_provider_takes_it() {
        assert_eq!(basic("pat:ron", "a b&c"), "Basic cGF0JTNBcm9uOmErYiUyNmM=");
        let takes_basic = |methods: Option<&[&str]>| {
            let document = serde_json::json!({
                "issuer": "", "authorization_endpoint": "", "token_endpoint": "", "jwks_uri": "",
                "token_endpoint_auth_methods_supported": methods,
            });
            serde_json::from_value::<Endpoints>(document)
                .unwrap()
                .takes_basic()
        };
        assert!(takes_basic(None));
        assert!(takes_basic(Some(&["client_secret_post", "client_secret_basic"])));
        assert!(takes_basic(Some(&["private_key_jwt"])));
        assert!(!takes_basic(Some(&["client_secret_post"])));
    }
}
