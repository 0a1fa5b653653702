//! What customers agreed to, and whether they may be contacted. Asking needs `customers.read`, recording
//! what a customer said `customers.write`, and deciding on the policy `customers.settings`.

use base::{Cursor, Error, Page, PageSize, Result, check_version};
use jiff::Timestamp;
use platform::events::{self, Event};
use platform::{Caller, Permission, Platform, Tx, firm, ids};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{found, hold};
use crate::model::{
    Channel, ContactPolicy, ContactPreferences, CustomerId, NewStatements, QuietHours, Statement,
};
use crate::rules::consent::{MayContact, MayContactFacts, may_contact as answer};
use crate::rules::edit::as_changed_unsaid;
use crate::store::consents;
use crate::store::edit::erased;
use crate::store::erasure::erased_at;

/// Everything a customer said about being contacted, the newest first.
pub async fn history(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Statement>> {
    caller.require(Permission::CustomersRead)?;
    let after = cursor.map(Cursor::key).transpose()?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let rows = consents::history(&mut tx, customer, after, size.rows() + 1).await?;
    Page::cut(rows, size, consents::history_key)
}

/// Records what a customer said. What was recorded already with the same time is not recorded again.
/// Gives what is new.
///
/// Errors: see [`NewStatements::checked`].
pub async fn say(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    said: NewStatements,
) -> Result<Vec<Statement>> {
    caller.require(Permission::CustomersWrite)?;
    let clock = &platform.clock;
    let now = clock.now();
    let mut tx = platform.db.write().await?;
    // Two who record the same statement wait for each other.
    hold(&mut tx, caller, customer).await?;
    let (_, policy) = consents::policy(&mut tx).await?;
    let (said, at) = said.checked(&policy, now)?;
    // The database keeps microseconds.
    let micro = |at: Timestamp| platform::db::timestamp(platform::db::micros(at));
    let (at, expires_at) = (micro(at), said.expires_at.map(micro));
    let known = consents::said_at(&mut tx, customer, at).await?;
    let is_known = |purpose: &str, channel: Channel| {
        known.iter().any(|earlier| {
            (earlier.purpose.as_str(), earlier.channel) == (purpose, channel)
                && (earlier.given, earlier.expires_at) == (said.given, expires_at)
                && earlier.source == said.source
        })
    };
    let mut new = Vec::new();
    for purpose in &said.purposes {
        for channel in &said.channels {
            if !is_known(purpose, *channel) {
                new.push(Statement {
                    id: ids::new(clock),
                    purpose: purpose.clone(),
                    channel: *channel,
                    given: said.given,
                    source: said.source.clone(),
                    at,
                    expires_at,
                    recorded_at: now,
                });
            }
        }
    }
    if new.is_empty() {
        return Ok(new);
    }
    consents::insert(&mut tx, customer, caller.actor().user(), &new).await?;
    let event = Event {
        actor: caller.actor(),
        kind: if said.given {
            "consent.given"
        } else {
            "consent.withdrawn"
        },
        subject_kind: "customer",
        subject: customer.uuid(),
        customer: Some(customer.uuid()),
        payload: &json!({
            "purposes": said.purposes,
            "channels": said.channels,
            "at": at,
            "expires_at": expires_at,
        }),
    };
    events::record(&mut tx, clock, &event).await?;
    tx.commit().await?;
    Ok(new)
}

/// Whether a customer may be contacted, with the facts that decide it. `at` is now unless said.
///
/// Errors: `purpose_unknown`; `customer_erased`: nobody contacts one of whom nothing is known.
pub async fn may_contact(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    (purpose, channel): (&str, Channel),
    at: Option<Timestamp>,
) -> Result<(MayContact, MayContactFacts)> {
    caller.require(Permission::CustomersRead)?;
    let at = at.unwrap_or_else(|| platform.clock.now());
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    facts_and_answer(&mut tx, customer, (purpose, channel), at).await
}

/// The same within a transaction, for use cases that are about to contact someone.
pub async fn facts_and_answer(
    tx: &mut Tx,
    customer: CustomerId,
    (purpose, channel): (&str, Channel),
    at: Timestamp,
) -> Result<(MayContact, MayContactFacts)> {
    if erased_at(tx, customer).await?.is_some() {
        return Err(erased());
    }
    let (policy_version, policy) = consents::policy(tx).await?;
    let (_, wanted) = consents::preferences(tx, customer).await?;
    let facts = MayContactFacts {
        at,
        channel,
        purpose: policy.purpose(purpose)?.clone(),
        policy_version,
        statements: consents::deciding(tx, customer, purpose, channel, at).await?,
        quiet_hours: wanted.quiet_hours.or(policy.quiet_hours),
        zone: match wanted.zone {
            Some(zone) => zone,
            None => firm::load(tx).await?.zone,
        },
    };
    let zone = firm::time_zone(&facts.zone)?;
    Ok((answer(&facts, &zone), facts))
}

/// How a customer wants to be contacted: what was said, and what holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferred {
    /// The version of what was said; 0 where nothing was.
    pub version: i64,
    /// What the customer said.
    pub said: ContactPreferences,
    /// What holds, with the firm's where the customer said nothing.
    pub quiet_hours: Option<QuietHours>,
    /// Likewise.
    pub zone: String,
    /// Likewise.
    pub language: String,
    /// Likewise.
    pub channel: Channel,
}

async fn preferred(tx: &mut Tx, customer: CustomerId) -> Result<Preferred> {
    let (version, said) = consents::preferences(tx, customer).await?;
    let (_, policy) = consents::policy(tx).await?;
    let zone = match &said.zone {
        Some(zone) => zone.clone(),
        None => firm::load(tx).await?.zone,
    };
    Ok(Preferred {
        version,
        quiet_hours: said.quiet_hours.or(policy.quiet_hours),
        zone,
        language: said.language.clone().unwrap_or(policy.language),
        channel: said.channel.unwrap_or(policy.channel),
        said,
    })
}

/// How a customer wants to be contacted.
pub async fn preferences(platform: &Platform, caller: &Caller, customer: CustomerId) -> Result<Preferred> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    preferred(&mut tx, customer).await
}

/// Records how a customer wants to be contacted. `expected` is the version this is based on.
///
/// Errors: `version_stale`, `quiet_hours_empty`, `zone_unknown`, a text that cannot be.
pub async fn prefer(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    expected: i64,
    wanted: ContactPreferences,
) -> Result<Preferred> {
    caller.require(Permission::CustomersWrite)?;
    wanted.check()?;
    if let Some(zone) = &wanted.zone {
        firm::time_zone(zone)?;
    }
    let mut tx = platform.db.write().await?;
    hold(&mut tx, caller, customer).await?;
    let (version, before) = consents::preferences(&mut tx, customer).await?;
    check_version(expected, version)?;
    if wanted != before {
        consents::prefer(&mut tx, customer, as_json(&wanted)?, platform.clock.now()).await?;
        let event = Event {
            actor: caller.actor(),
            kind: "contact_preferences.changed",
            subject_kind: "customer",
            subject: customer.uuid(),
            customer: Some(customer.uuid()),
            payload: &as_changed_unsaid(&before, &wanted).unwrap_or_default(),
        };
        events::record(&mut tx, &platform.clock, &event).await?;
    }
    let now = preferred(&mut tx, customer).await?;
    tx.commit().await?;
    Ok(now)
}

fn as_json(of: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(of).map_err(Error::internal)
}

/// The firm's policy in force, with its version.
pub async fn policy(platform: &Platform, caller: &Caller) -> Result<(u32, ContactPolicy)> {
    caller.require(Permission::CustomersRead)?;
    consents::policy(&mut platform.db.read().await?).await
}

/// Decides on a new policy. `expected` is the version the decision is based on.
///
/// Errors: `version_stale`, and those of [`ContactPolicy::check`].
pub async fn decide(
    platform: &Platform,
    caller: &Caller,
    expected: i64,
    policy: ContactPolicy,
) -> Result<(u32, ContactPolicy)> {
    caller.require(Permission::CustomersSettings)?;
    policy.check()?;
    let mut tx = platform.db.write().await?;
    let (version, before) = consents::policy(&mut tx).await?;
    check_version(expected, version.into())?;
    if policy == before {
        return Ok((version, policy));
    }
    let version = version + 1;
    let now = platform.clock.now();
    consents::decide(&mut tx, version, as_json(&policy)?, caller.actor().user(), now)
        .await
        .map_err(|e| match e.code() {
            "already_exists" => Error::conflict("version_stale", "someone else has decided meanwhile"),
            _ => e,
        })?;
    let event = Event {
        actor: caller.actor(),
        kind: "contact_policy.changed",
        subject_kind: "contact_policy",
        subject: Uuid::nil(),
        customer: None,
        payload: &json!({ "version": version, "before": before, "after": policy }),
    };
    events::record(&mut tx, &platform.clock, &event).await?;
    tx.commit().await?;
    Ok((version, policy))
}
