//! What is decided about single sign-on. A provider vouches for everyone here, so whoever names one, or changes one,
//! must be allowed everything that anyone is (`users.manage`, the whole firm, and every other permission).

use base::{Error, Result, check_version};
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Providers, Refusal};
use super::model::{
    IdentityProvider, IdentityProviderId, ProviderLink, ProviderSettings, ProviderTest, SignInPolicy,
    SignInPolicyChange,
};
use super::rules;
use super::store::{self, PROVIDERS_MAX, SECRET, Stored};
use crate::access::app::users::{grants_no_more, may_decide};
use crate::access::store as access_store;
use crate::access::{Caller, Permission, UserId};
use crate::db::Tx;
use crate::events::{self, Event};
use crate::ids;
use crate::state::Platform;

/// Every provider, the oldest first.
pub async fn list(platform: &Platform, caller: &Caller) -> Result<Vec<IdentityProvider>> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let stored = store::all(&mut platform.db.read().await?).await?;
    Ok(stored.into_iter().map(|stored| stored.provider).collect())
}

/// One provider.
pub async fn get(platform: &Platform, caller: &Caller, id: IdentityProviderId) -> Result<IdentityProvider> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let mut tx = platform.db.read().await?;
    Ok(found(store::get(&mut tx, id).await?)?.provider)
}

/// Those with whom anyone can sign in now, for whoever is at the door.
pub async fn at_the_door(platform: &Platform) -> Result<(Vec<IdentityProvider>, SignInPolicy)> {
    let mut tx = platform.db.read().await?;
    let policy = store::policy(&mut tx).await?;
    let stored = store::all(&mut tx).await?;
    let active = stored.into_iter().map(|stored| stored.provider);
    Ok((
        active.filter(|provider| provider.settings.active).collect(),
        policy,
    ))
}

fn require_everything(caller: &Caller) -> Result<()> {
    caller.require_whole_firm(Permission::UsersManage)?;
    grants_no_more(caller, &Permission::ALL.map(Permission::name))
}

/// Adds a provider. Errors: `forbidden`, those of [`rules::check`], `secret_malformed`, `role_unknown`,
/// `branch_unknown`, `providers_too_many`.
pub async fn add(
    platform: &Platform,
    caller: &Caller,
    settings: ProviderSettings,
    secret: Option<&str>,
) -> Result<IdentityProvider> {
    require_everything(caller)?;
    let settings = rules::check(settings)?;
    let id: IdentityProviderId = ids::new(&platform.clock);
    let mut tx = platform.db.write().await?;
    check_places(&mut tx, &settings).await?;
    if store::count(&mut tx).await? >= PROVIDERS_MAX {
        let message = format!("there are {PROVIDERS_MAX} providers already; remove one first");
        return Err(Error::conflict("providers_too_many", message));
    }
    let secret = match secret {
        Some(secret) => Some(seal(platform, &mut tx, id, secret).await?),
        None => None,
    };
    store::insert(&mut tx, id, as_json(&settings)?, secret, platform.clock.now()).await?;
    let payload = json!({ "after": settings });
    record(platform, &mut tx, caller, "identity_provider.added", id, &payload).await?;
    let added = found(store::get(&mut tx, id).await?)?;
    tx.commit().await?;
    Ok(added.provider)
}

/// Changes a provider that has this version still. The secret stays where none is said, unless after the change someone
/// else would get it; who is whom there is forgotten where another issuer or client says so from now on.
///
/// Errors: `version_stale`, `secret_required`, and those of [`add`].
pub async fn change(
    platform: &Platform,
    caller: &Caller,
    id: IdentityProviderId,
    expected: i64,
    (settings, secret): (ProviderSettings, Option<&str>),
) -> Result<IdentityProvider> {
    require_everything(caller)?;
    let settings = rules::check(settings)?;
    let mut tx = platform.db.write().await?;
    let before = hold(&mut tx, id, expected).await?;
    check_places(&mut tx, &settings).await?;
    if settings == before.provider.settings && secret.is_none() {
        return Ok(before.provider);
    }
    let sealed = match (secret, before.secret) {
        (Some(secret), _) => Some(seal(platform, &mut tx, id, secret).await?),
        (None, Some(_)) if rules::asks_another(&before.provider.settings, &settings) => {
            let message = "say the secret: someone else would get it from now on";
            return Err(Error::invalid("secret_required", message).at("secret"));
        }
        (None, secret) => secret,
    };
    store::update(&mut tx, id, as_json(&settings)?, sealed).await?;
    let links_removed = if rules::names_others(&before.provider.settings, &settings) {
        store::unlink_all(&mut tx, id).await?
    } else {
        0
    };
    let payload = json!({
        "before": before.provider.settings,
        "after": settings,
        "secret_changed": secret.is_some(),
        "links_removed": links_removed,
    });
    record(
        platform,
        &mut tx,
        caller,
        "identity_provider.changed",
        id,
        &payload,
    )
    .await?;
    let after = found(store::get(&mut tx, id).await?)?;
    tx.commit().await?;
    Ok(after.provider)
}

/// Removes a provider with its secret, and who is whom there. Error: `version_stale`.
pub async fn remove(
    platform: &Platform,
    caller: &Caller,
    id: IdentityProviderId,
    expected: i64,
) -> Result<()> {
    require_everything(caller)?;
    let mut tx = platform.db.write().await?;
    let before = hold(&mut tx, id, expected).await?;
    store::delete(&mut tx, id).await?;
    let payload = json!({ "before": before.provider.settings });
    record(
        platform,
        &mut tx,
        caller,
        "identity_provider.removed",
        id,
        &payload,
    )
    .await?;
    tx.commit().await
}

/// Asks a provider about itself now, and says what it said.
pub async fn test(
    platform: &Platform,
    providers: &Providers,
    caller: &Caller,
    id: IdentityProviderId,
) -> Result<ProviderTest> {
    require_everything(caller)?;
    let provider = get(platform, caller, id).await?;
    let begun = platform.clock.now();
    let looked = providers.look(&provider.settings).await;
    let took_ms = platform.clock.now().duration_since(begun).as_millis();
    let took_ms = i64::try_from(took_ms).unwrap_or(i64::MAX);
    Ok(match looked {
        Ok(found) => ProviderTest {
            code: None,
            reason: None,
            has_userinfo: found.endpoints.userinfo.is_some(),
            keys: found.keys.len(),
            algorithms: found.keys.algorithms(),
            issuer: Some(found.endpoints.issuer),
            authorization_endpoint: Some(found.endpoints.authorization),
            took_ms,
        },
        Err(Refusal { code, reason }) => ProviderTest {
            code: Some(code),
            reason: Some(reason),
            issuer: None,
            authorization_endpoint: None,
            has_userinfo: false,
            keys: 0,
            algorithms: Vec::new(),
            took_ms,
        },
    })
}

/// Roles and branch of the settings must be there.
async fn check_places(tx: &mut Tx, settings: &ProviderSettings) -> Result<()> {
    for (role, field) in rules::roles_given(settings) {
        if access_store::roles::hold(tx, role).await?.is_none() {
            return Err(Error::invalid("role_unknown", "there is no such role").at(field));
        }
    }
    let branch = settings.new_users.as_ref().and_then(|new| new.branch_id);
    if let Some(branch) = branch
        && access_store::branches::find(tx, branch).await?.is_none()
    {
        let unknown = Error::invalid("branch_unknown", "there is no such branch");
        return Err(unknown.at("settings.new_users.branch_id"));
    }
    Ok(())
}

async fn seal(platform: &Platform, tx: &mut Tx, id: IdentityProviderId, secret: &str) -> Result<Vec<u8>> {
    rules::check_secret(secret)?;
    let cipher = platform.keys.cipher(tx).await?;
    cipher.seal(SECRET, id.uuid(), secret)
}

fn as_json(settings: &ProviderSettings) -> Result<Value> {
    serde_json::to_value(settings).map_err(Error::internal)
}

fn found(stored: Option<Stored>) -> Result<Stored> {
    stored.ok_or(Error::NotFound {
        what: "identity provider",
    })
}

/// Holds a provider that has this version until the transaction ends.
async fn hold(tx: &mut Tx, id: IdentityProviderId, expected: i64) -> Result<Stored> {
    let stored = found(store::hold(tx, id).await?)?;
    check_version(expected, stored.provider.version)?;
    Ok(stored)
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    caller: &Caller,
    kind: &'static str,
    id: IdentityProviderId,
    payload: &Value,
) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "identity_provider",
        subject: id.uuid(),
        customer: None,
        payload,
    };
    events::record(tx, &platform.clock, &event).await
}

/// Who the caller is at which providers.
pub async fn my_links(platform: &Platform, caller: &Caller) -> Result<Vec<ProviderLink>> {
    store::links_of(&mut platform.db.read().await?, caller.user.id).await
}

/// Who a user is at which providers.
pub async fn links_of(platform: &Platform, caller: &Caller, user: UserId) -> Result<Vec<ProviderLink>> {
    caller.require(Permission::AccessRead)?;
    store::links_of(&mut platform.db.read().await?, user).await
}

/// Forgets who a user is at a provider; the next sign-in there finds the user anew, or nobody. Error: `forbidden` where
/// the user's role grants what the caller's does not.
pub async fn unlink(
    platform: &Platform,
    caller: &Caller,
    user: UserId,
    provider: IdentityProviderId,
) -> Result<()> {
    caller.require_whole_firm(Permission::UsersManage)?;
    let mut tx = platform.db.write().await?;
    let of = access_store::users::find(&mut tx, user)
        .await?
        .ok_or(Error::NotFound { what: "user" })?;
    may_decide(&mut tx, caller, of.user.role).await?;
    if !store::unlink(&mut tx, provider, user).await? {
        return Err(Error::NotFound {
            what: "identity provider",
        });
    }
    let payload = json!({ "provider": provider });
    let event = Event {
        actor: caller.actor(),
        kind: "user.unlinked",
        subject_kind: "user",
        subject: user.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(&mut tx, &platform.clock, &event).await?;
    tx.commit().await
}

/// How people may sign in.
pub async fn policy(platform: &Platform, caller: &Caller) -> Result<SignInPolicy> {
    caller.require_whole_firm(Permission::UsersManage)?;
    store::policy(&mut platform.db.read().await?).await
}

/// Decides how people may sign in. Errors: `version_stale`, `forbidden`.
pub async fn decide_policy(
    platform: &Platform,
    caller: &Caller,
    seen: i64,
    decided: SignInPolicyChange,
) -> Result<SignInPolicy> {
    require_everything(caller)?;
    let mut tx = platform.db.write().await?;
    let before = store::policy(&mut tx).await?;
    check_version(seen, before.version)?;
    if !store::set_policy(&mut tx, decided, seen, platform.clock.now()).await? {
        check_version(seen, store::policy(&mut tx).await?.version)?;
    }
    let payload = json!({
        "before": { "only_single_sign_on": before.only_single_sign_on },
        "after": decided,
    });
    let event = Event {
        actor: caller.actor(),
        kind: "sign_in_policy.changed",
        subject_kind: "sign_in_policy",
        // There is one.
        subject: Uuid::nil(),
        customer: None,
        payload: &payload,
    };
    events::record(&mut tx, &platform.clock, &event).await?;
    let after = store::policy(&mut tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Whether a user who has the right password is sent to a provider all the same. Who may decide about users never is:
/// somebody must get in when no provider answers.
pub(in super::super) async fn refuses_password(tx: &mut Tx, user: UserId) -> Result<bool> {
    if !store::policy(tx).await?.only_single_sign_on {
        return Ok(false);
    }
    let is_active = |stored: &Stored| stored.provider.settings.active;
    if !store::all(tx).await?.iter().any(is_active) {
        return Ok(false);
    }
    let caller = access_store::callers::of_user(tx, user).await?;
    Ok(!caller.is_some_and(|caller| caller.is_granted(Permission::UsersManage)))
}
