//! The contacts of an organisation and the subscriptions of a customer: listing needs `customers.read`,
//! adding, changing and ending `customers.write`.

use base::{Cursor, Error, Page, PageSize, Result, check_version};
use platform::events::{self, Event};
use platform::{Caller, Permission, Platform, Tx, ids};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{found, hold, refer};
use crate::model::{
    Contact, ContactChange, ContactFacts, ContactId, CustomerId, CustomerKind, Subscription,
    SubscriptionChange, SubscriptionFacts, SubscriptionId, SubscriptionStatus,
};
use crate::rules::edit::{as_changed, as_new};
use crate::store;
use crate::store::{holdings, those_there};

/// What a change of a contact or a subscription is recorded as.
struct Change<'a> {
    kind: &'static str,
    subject_kind: &'static str,
    subject: Uuid,
    customer: CustomerId,
    payload: &'a Value,
}

async fn record(tx: &mut Tx, platform: &Platform, caller: &Caller, change: Change<'_>) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind: change.kind,
        subject_kind: change.subject_kind,
        subject: change.subject,
        customer: Some(change.customer.uuid()),
        payload: change.payload,
    };
    events::record(tx, &platform.clock, &event).await
}

/// The contacts of an organisation: those without a last day first, the most influential of them first.
pub async fn contacts(
    platform: &Platform,
    caller: &Caller,
    organisation: CustomerId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Contact>> {
    caller.require(Permission::CustomersRead)?;
    let after = cursor.map(Cursor::key).transpose()?;
    let mut tx = platform.db.read().await?;
    let (organisation, _) = found(&mut tx, caller, organisation).await?;
    let rows = holdings::contacts(&mut tx, caller.scope(), organisation, after, size.rows() + 1).await?;
    Page::cut(rows, size, holdings::contact_key)
}

/// Whether the contact may stand for the customer it names.
async fn check_person(
    tx: &mut Tx,
    caller: &Caller,
    organisation: CustomerId,
    contact: ContactId,
    facts: &ContactFacts,
) -> Result<()> {
    let Some(person) = facts.customer_id else {
        return Ok(());
    };
    let refused = |code, message: &str| Err(Error::invalid(code, message).at("customer_id"));
    match store::edit::refer(tx, caller.scope(), person).await? {
        Some(CustomerKind::Person) => {}
        Some(CustomerKind::Organisation) => {
            return refused(
                "contact_not_a_person",
                "a contact is a person, not an organisation",
            );
        }
        None => return refused("customer_unknown", "there is no such customer"),
    }
    if facts.until.is_none() && holdings::stands_for(tx, organisation, person, contact).await? {
        return refused(
            "contact_exists",
            "this customer is a contact of the organisation already",
        );
    }
    Ok(())
}

/// Adds a contact to an organisation.
///
/// Errors: `not_an_organisation`; `influence_out_of_range`, `until_before_since`; `customer_unknown`,
/// `contact_not_a_person`, `contact_exists`.
pub async fn add_contact(
    platform: &Platform,
    caller: &Caller,
    organisation: CustomerId,
    said: ContactFacts,
) -> Result<Contact> {
    caller.require(Permission::CustomersWrite)?;
    let facts = said.checked()?;
    let id: ContactId = ids::new(&platform.clock);
    let mut tx = platform.db.write().await?;
    // Two who add the same person wait for each other.
    let (_, known) = hold(&mut tx, caller, organisation).await?;
    if known.kind != CustomerKind::Organisation {
        return Err(Error::conflict(
            "not_an_organisation",
            "only an organisation has contacts",
        ));
    }
    check_person(&mut tx, caller, organisation, id, &facts).await?;
    holdings::insert_contact(&mut tx, organisation, id, &facts).await?;
    let change = Change {
        kind: "contact.added",
        subject_kind: "contact",
        subject: id.uuid(),
        customer: organisation,
        payload: &as_new(&facts),
    };
    record(&mut tx, platform, caller, change).await?;
    tx.commit().await?;
    Ok(Contact {
        id,
        facts,
        version: 1,
    })
}

/// Changes a contact, or ends it with a last day. `expected` is the version the change is based on.
///
/// Errors: `version_stale`, and those of [`add_contact`].
pub async fn change_contact(
    platform: &Platform,
    caller: &Caller,
    (organisation, id): (CustomerId, ContactId),
    expected: i64,
    said: ContactChange,
) -> Result<Contact> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    hold(&mut tx, caller, organisation).await?;
    let before = holdings::hold_contact(&mut tx, organisation, id)
        .await?
        .ok_or(Error::NotFound { what: "contact" })?;
    check_version(expected, before.version)?;
    let facts = before.facts.clone().changed(said)?;
    let person = before.facts.customer_id.map(CustomerId::uuid);
    let seen = those_there(&mut tx, caller.scope(), person.as_slice()).await?;
    let hidden = before.facts.customer_id.filter(|id| !seen.contains(&id.uuid()));
    // Whom it stands for stays unsaid where that is out of scope.
    let shown = |mut contact: Contact| {
        contact.facts.customer_id = contact.facts.customer_id.filter(|id| Some(*id) != hidden);
        contact
    };
    let Some(payload) = as_changed(&before.facts, &facts) else {
        return Ok(shown(before));
    };
    if facts.customer_id != hidden || hidden.is_none() {
        check_person(&mut tx, caller, organisation, id, &facts).await?;
    }
    holdings::update_contact(&mut tx, id, &facts).await?;
    let ends = before.facts.until.is_none() && facts.until.is_some();
    let change = Change {
        kind: if ends { "contact.ended" } else { "contact.changed" },
        subject_kind: "contact",
        subject: id.uuid(),
        customer: organisation,
        payload: &payload,
    };
    record(&mut tx, platform, caller, change).await?;
    tx.commit().await?;
    Ok(shown(Contact {
        id,
        facts,
        version: before.version + 1,
    }))
}

/// What a customer holds, the newest first.
pub async fn subscriptions(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Subscription>> {
    caller.require(Permission::CustomersRead)?;
    let after = cursor.map(Cursor::key).transpose()?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let rows = holdings::subscriptions(&mut tx, customer, after, size.rows() + 1).await?;
    let page = Page::cut(rows, size, holdings::subscription_key)?;
    Ok(page.map(|held| shown(caller, held)))
}

/// A subscription as the caller may see it.
pub(crate) fn shown(caller: &Caller, held: Subscription) -> Subscription {
    if caller.may(Permission::CustomersPersonal) {
        held
    } else {
        held.masked()
    }
}

/// A subscription with its number in clear, for once, to who sees personal data in part only; the log says who saw
/// which.
pub async fn reveal_subscription(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    id: SubscriptionId,
) -> Result<Subscription> {
    caller.require(Permission::CustomersRead)?;
    caller.require(Permission::CustomersReveal)?;
    let mut tx = platform.db.write().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let held = holdings::hold_subscription(&mut tx, customer, id)
        .await?
        .ok_or(Error::NotFound { what: "subscription" })?;
    let change = Change {
        kind: "subscription.revealed",
        subject_kind: "subscription",
        subject: id.uuid(),
        customer,
        payload: &json!({}),
    };
    record(&mut tx, platform, caller, change).await?;
    tx.commit().await?;
    Ok(held)
}

/// Adds something a customer holds.
///
/// Errors: a text that cannot be; `end_before_start`, `end_day_missing`, `status_not_ended`.
pub async fn add_subscription(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    said: SubscriptionFacts,
) -> Result<Subscription> {
    caller.require(Permission::CustomersWrite)?;
    let facts = said.checked()?;
    let id: SubscriptionId = ids::new(&platform.clock);
    let mut tx = platform.db.write().await?;
    refer(&mut tx, caller, customer).await?;
    holdings::insert_subscription(&mut tx, customer, id, &facts).await?;
    let change = Change {
        kind: "subscription.added",
        subject_kind: "subscription",
        subject: id.uuid(),
        customer,
        payload: &as_new(&facts),
    };
    record(&mut tx, platform, caller, change).await?;
    tx.commit().await?;
    let added = Subscription {
        id,
        facts,
        version: 1,
    };
    Ok(shown(caller, added))
}

/// Changes a subscription, or ends it. `expected` is the version the change is based on.
///
/// Errors: `version_stale`, and those of [`add_subscription`].
pub async fn change_subscription(
    platform: &Platform,
    caller: &Caller,
    (customer, id): (CustomerId, SubscriptionId),
    expected: i64,
    said: SubscriptionChange,
) -> Result<Subscription> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    refer(&mut tx, caller, customer).await?;
    let before = holdings::hold_subscription(&mut tx, customer, id)
        .await?
        .ok_or(Error::NotFound { what: "subscription" })?;
    check_version(expected, before.version)?;
    let facts = before.facts.clone().changed(said)?;
    let Some(payload) = as_changed(&before.facts, &facts) else {
        return Ok(shown(caller, before));
    };
    holdings::update_subscription(&mut tx, id, &facts).await?;
    let over = SubscriptionStatus::Ended;
    let ends = before.facts.status != over && facts.status == over;
    let change = Change {
        kind: if ends {
            "subscription.ended"
        } else {
            "subscription.changed"
        },
        subject_kind: "subscription",
        subject: id.uuid(),
        customer,
        payload: &payload,
    };
    record(&mut tx, platform, caller, change).await?;
    tx.commit().await?;
    let changed = Subscription {
        id,
        facts,
        version: before.version + 1,
    };
    Ok(shown(caller, changed))
}
