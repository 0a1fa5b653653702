//! Who a person of a provider is here, and their session: linked before, found by a login now, or made anew where that is
//! wanted. One transaction.

use base::{Error, Result};
use serde_json::{Value, json};

use super::client::Refusal;
use super::model::IdentityProvider;
use super::rules::{self, Person};
use super::store;
use crate::access::app::{self, Session};
use crate::access::{
    Permission, Role, User, UserId, UserRecord, password, rules as access_rules, store as access_store,
};
use crate::db::Tx;
use crate::events::{self, Actor, Event};
use crate::ids;
use crate::state::Platform;

/// Why nobody is signed in.
pub(super) enum Stopped {
    /// The sign-in is refused; of whom, where that is known.
    Refused(Refusal, Option<UserId>),
    /// Something else failed.
    Broken(Error),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal, None)
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

pub(super) fn refused(code: &'static str, user: Option<UserId>) -> Stopped {
    Stopped::Refused(Refusal { code, reason: code }, user)
}

/// What is counted when sign-ins fail: where they come from.
pub(super) fn counted(from: &str) -> (String, i32) {
    (format!("address:{from}"), access_rules::FAILURES_FREE_PER_ADDRESS)
}

/// Opens the session of a person who is who they say.
pub(super) async fn enter(
    platform: &Platform,
    provider: &IdentityProvider,
    person: &Person,
    from: &str,
) -> Result<Session, Stopped> {
    let mut tx = platform.db.write().await?;
    require_unchanged(&mut tx, provider).await?;
    let user = match known(platform, &mut tx, provider, person).await? {
        Some(user) => user,
        None => welcome(platform, &mut tx, provider, person).await?,
    };
    admit(platform, &mut tx, provider, person, user).await?;
    access_store::take_failure_back(&mut tx, &counted(from).0).await?;
    let session = app::open_session(platform, &mut tx, user, Some(from)).await?;
    let actor = session.caller.actor();
    record(
        platform,
        &mut tx,
        actor,
        "user.signed_in",
        user,
        json!({ "provider": provider.id }),
    )
    .await?;
    tx.commit().await?;
    Ok(session)
}

/// What was proved was proved of the provider as it was: one that was changed meanwhile may be someone else.
async fn require_unchanged(tx: &mut Tx, provider: &IdentityProvider) -> Result<(), Stopped> {
    let held = store::hold(tx, provider.id).await?;
    if held.is_some_and(|held| held.provider.version == provider.version) {
        return Ok(());
    }
    let (code, reason) = ("sign_in_attempt_over", "provider_changed");
    Err(Refusal { code, reason }.into())
}

/// Who the person is here: by the link, or found by a login now and linked.
async fn known(
    platform: &Platform,
    tx: &mut Tx,
    provider: &IdentityProvider,
    person: &Person,
) -> Result<Option<UserId>, Stopped> {
    let now = platform.clock.now();
    if let Some(user) = store::linked(tx, provider.id, &person.subject).await? {
        store::used(tx, provider.id, &person.subject, now).await?;
        return Ok(Some(user));
    }
    for login in rules::logins_to_find(&provider.settings, person) {
        let Some(found) = access_store::by_login(tx, &login).await? else {
            continue;
        };
        let user = found.user.id;
        if !found.active {
            return Err(refused("sign_in_blocked", Some(user)));
        }
        if person.email.as_ref() != Some(&login) && needs_sure_link(tx, user).await? {
            return Err(refused("sign_in_email_required", Some(user)));
        }
        link(platform, tx, provider, person, user).await?;
        return Ok(Some(user));
    }
    Ok(None)
}

/// Whether a user name at a provider is too little to become this user: one who has a second factor, or decides about
/// users.
async fn needs_sure_link(tx: &mut Tx, user: UserId) -> Result<bool> {
    let (has_second_factor, _) = access_store::second_factors::status(tx, user).await?;
    let caller = access_store::callers::of_user(tx, user).await?;
    Ok(has_second_factor || caller.is_some_and(|caller| caller.is_granted(Permission::UsersManage)))
}

async fn link(
    platform: &Platform,
    tx: &mut Tx,
    provider: &IdentityProvider,
    person: &Person,
    user: UserId,
) -> Result<(), Stopped> {
    if !store::link(tx, provider.id, &person.subject, user, platform.clock.now()).await? {
        return Err(refused("sign_in_linked_otherwise", Some(user)));
    }
    let payload = json!({ "provider": provider.id });
    record(platform, tx, Actor::System, "user.linked", user, payload).await?;
    Ok(())
}

/// Makes a user of a person whom nobody knows here, where that is wanted.
async fn welcome(
    platform: &Platform,
    tx: &mut Tx,
    provider: &IdentityProvider,
    person: &Person,
) -> Result<UserId, Stopped> {
    let settings = &provider.settings;
    let (Some(new), Some(login)) = (&settings.new_users, rules::login_of_new(person)) else {
        let by_email = settings.link_by_email || settings.new_users.is_some();
        let no_login = settings.new_users.is_some() && person.username.is_some();
        let code = if no_login || (by_email && person.email_unverified) {
            "sign_in_email_unverified"
        } else {
            "sign_in_unknown"
        };
        return Err(refused(code, None));
    };
    let role = match &settings.groups {
        Some(groups) => rules::role_of(groups, person).ok_or_else(|| refused("sign_in_no_role", None))?,
        None => new.role.parse()?,
    };
    require_role(tx, role, None).await?;
    let user = User {
        id: ids::new(&platform.clock),
        login: login.to_owned(),
        name: person.name.clone().unwrap_or_else(|| login.to_owned()),
        role,
    };
    match app::insert(platform, tx, &user, new.branch_id, password::NOBODY).await {
        Err(error) if error.code() == "login_taken" => return Err(refused("sign_in_login_taken", None)),
        inserted => inserted?,
    }
    access_store::set_password(tx, user.id, password::NOBODY, None).await?;
    let added = record_of(tx, user.id).await?;
    let payload = json!({ "before": null, "after": added, "provider": provider.id });
    record(platform, tx, Actor::System, "user.added", user.id, payload).await?;
    link(platform, tx, provider, person, user.id).await?;
    Ok(user.id)
}

/// Lets a user in who may sign in, in the role that their groups give.
async fn admit(
    platform: &Platform,
    tx: &mut Tx,
    provider: &IdentityProvider,
    person: &Person,
    user: UserId,
) -> Result<(), Stopped> {
    let others = match &provider.settings.groups {
        Some(_) => access_store::users::hold_other_administrators(tx, user).await?,
        None => 0,
    };
    access_store::users::hold(tx, user).await?;
    let before = record_of(tx, user).await?;
    if !before.active {
        return Err(refused("sign_in_blocked", Some(user)));
    }
    let mut role = before.user.role;
    if let Some(groups) = &provider.settings.groups {
        let theirs = rules::role_of(groups, person);
        let theirs = theirs.ok_or_else(|| refused("sign_in_no_role", Some(user)))?;
        // The last administrator stays one, whatever the groups say.
        if role != Role::Administrator || others > 0 {
            role = theirs;
        }
    }
    require_role(tx, role, Some(user)).await?;
    if role != before.user.role {
        let changed = User {
            role,
            ..before.user.clone()
        };
        access_store::users::update(tx, &changed, before.branch_id, true).await?;
        let after = record_of(tx, user).await?;
        let payload = json!({ "before": before, "after": after, "provider": provider.id });
        record(platform, tx, Actor::System, "user.changed", user, payload).await?;
    }
    let credentials = access_store::by_id(tx, user).await?;
    if credentials.is_some_and(|credentials| credentials.one_time_until.is_some()) {
        // Nobody waits for the one-time password any more.
        access_store::set_password(tx, user, password::NOBODY, None).await?;
    }
    Ok(())
}

async fn require_role(tx: &mut Tx, role: Role, user: Option<UserId>) -> Result<(), Stopped> {
    match access_store::roles::hold(tx, role).await? {
        Some(_) => Ok(()),
        None => Err(refused("sign_in_no_role", user)),
    }
}

async fn record_of(tx: &mut Tx, user: UserId) -> Result<UserRecord> {
    access_store::users::find(tx, user)
        .await?
        .ok_or_else(|| Error::internal(format!("the user {user} signs in and is not there")))
}

async fn record(
    platform: &Platform,
    tx: &mut Tx,
    actor: Actor,
    kind: &'static str,
    user: UserId,
    payload: Value,
) -> Result<()> {
    let event = Event {
        actor,
        kind,
        subject_kind: "user",
        subject: user.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await
}
