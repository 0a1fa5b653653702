//! Making and changing one customer. Needs `customers.write`.

use base::{Error, Result, check_version};
use platform::access::directory;
use platform::events::{self, Event};
use platform::{Caller, Permission, Platform, Tx, ids};
use serde_json::Value;

use super::{get, hold};
use crate::model::{CustomerChange, CustomerCreation, CustomerDetail, CustomerId, CustomerKind, NewCustomer};
use crate::rules::Known;
use crate::rules::edit::{as_changed, as_new, check_place, external_id};
use crate::store;

/// Makes a customer by hand.
///
/// Errors: `external_id_taken`, and those of [`change`].
pub async fn create(platform: &Platform, caller: &Caller, said: CustomerCreation) -> Result<CustomerDetail> {
    caller.require(Permission::CustomersWrite)?;
    let clock = &platform.clock;
    let id: CustomerId = ids::new(clock);
    let external_id = match &said.external_id {
        Some(said) => external_id(said)?,
        None => id.to_string(),
    };
    let (branch, owner) = caller.place_of_new();
    let change = CustomerChange {
        name: Some(Some(said.name)),
        brand: Some(said.brand),
        region: Some(said.region),
        segment: Some(said.segment),
        since: Some(said.since),
        organisation: Some(said.organisation),
        referred_by: Some(said.referred_by),
        branch: Some(said.branch.or(branch)),
        owner: Some(said.owner.or(owner)),
    };
    let nothing = Known {
        kind: said.kind,
        ..Known::nothing()
    };
    let known = nothing.clone().changed(&change)?;
    if known.name.is_none() {
        return Err(Error::invalid("text_empty", "a customer made by hand has a name").at("name"));
    }
    let mut tx = platform.db.write().await?;
    check_references(&mut tx, caller, id, &nothing, &known).await?;
    let customer = NewCustomer {
        id,
        external_id,
        kind: known.kind,
        name: known.name.clone(),
        brand: known.brand.clone(),
        region: known.region.clone(),
        segment: known.segment.clone(),
        phone: None,
        email: None,
        since: known.since.map(base::Day),
        organisation: known.organisation,
        referred_by: known.referred_by,
        branch: known.branch,
        owner: known.owner,
        generated: false,
        subscriptions: Vec::new(),
        contacts: Vec::new(),
        life_events: Vec::new(),
        consents: Vec::new(),
        tags: Vec::new(),
    };
    store::insert_many(&mut tx, clock, &platform.keys, &[customer])
        .await
        .map_err(|e| match e.code() {
            "already_exists" => Error::conflict("external_id_taken", "another customer has this external id"),
            _ => e,
        })?;
    record(
        &mut tx,
        platform,
        caller,
        "customer.created",
        id,
        &as_new(&known.said()),
    )
    .await?;
    tx.commit().await?;
    get(platform, caller, id).await
}

/// Changes what is said of a customer. `expected` is the version the change is based on. A change that
/// says nothing new leaves version and log as they are.
///
/// Errors: `version_stale`; a text that cannot be; `organisation_unknown`, `not_an_organisation`,
/// `refers_to_itself`, `hierarchy_cycle`, `hierarchy_too_deep`; `referrer_unknown`; `branch_unknown`,
/// `owner_unknown`, `out_of_scope`.
pub async fn change(
    platform: &Platform,
    caller: &Caller,
    id: CustomerId,
    expected: i64,
    said: CustomerChange,
) -> Result<CustomerDetail> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    let (version, before) = hold(&mut tx, caller, id).await?;
    check_version(expected, version)?;
    let after = before.clone().changed(&said)?;
    check_references(&mut tx, caller, id, &before, &after).await?;
    if let Some(payload) = as_changed(&before.said(), &after.said()) {
        store::edit::update(&mut tx, id, (&before, &after), platform.clock.now()).await?;
        record(&mut tx, platform, caller, "customer.changed", id, &payload).await?;
    }
    tx.commit().await?;
    get(platform, caller, id).await
}

/// Whoever is newly referred to must be there, and the hierarchy must stay one.
async fn check_references(
    tx: &mut Tx,
    caller: &Caller,
    id: CustomerId,
    before: &Known,
    after: &Known,
) -> Result<()> {
    check_keepers(tx, caller, before, after).await?;
    if let Some(organisation) = after.organisation
        && after.organisation != before.organisation
    {
        match store::edit::refer(tx, caller.scope(), organisation).await? {
            Some(CustomerKind::Organisation) => {}
            Some(CustomerKind::Person) => {
                let message = "a person is no organisation that others belong to";
                return Err(Error::invalid("not_an_organisation", message).at("organisation"));
            }
            None => {
                let message = "there is no such organisation";
                return Err(Error::invalid("organisation_unknown", message).at("organisation"));
            }
        }
        let above = store::edit::hold_chain(tx, organisation).await?;
        let below = store::edit::levels_below(tx, id).await?;
        check_place(id, &above, below)?;
    }
    if let Some(referrer) = after.referred_by
        && after.referred_by != before.referred_by
    {
        if referrer == id {
            let message = "a customer cannot have brought itself";
            return Err(Error::invalid("refers_to_itself", message).at("referred_by"));
        }
        if store::edit::refer(tx, caller.scope(), referrer).await?.is_none() {
            let message = "there is no such customer";
            return Err(Error::invalid("referrer_unknown", message).at("referred_by"));
        }
    }
    Ok(())
}

/// The branch and the customer manager must be there, and nobody puts a customer where it is out of the own sight.
async fn check_keepers(tx: &mut Tx, caller: &Caller, before: &Known, after: &Known) -> Result<()> {
    if let Some(branch) = after.branch
        && after.branch != before.branch
        && directory::branch(tx, branch).await?.is_none()
    {
        return Err(Error::invalid("branch_unknown", "there is no such branch").at("branch"));
    }
    if let Some(owner) = after.owner
        && after.owner != before.owner
        && directory::user(tx, owner).await?.is_none()
    {
        return Err(Error::invalid("owner_unknown", "there is no such user").at("owner"));
    }
    check_in_sight(caller, after)
}

/// Passes if the caller sees a customer of whom this is known. Error: `out_of_scope`.
pub(super) fn check_in_sight(caller: &Caller, known: &Known) -> Result<()> {
    if !caller.scope().lets_through(known.branch, known.owner) {
        let message = "a customer cannot be put where you would not see it yourself";
        let field = caller.scope().decided_by().unwrap_or("branch");
        return Err(Error::invalid("out_of_scope", message).at(field));
    }
    Ok(())
}

/// Records an event of a customer.
pub(crate) async fn record(
    tx: &mut Tx,
    platform: &Platform,
    caller: &Caller,
    kind: &'static str,
    customer: CustomerId,
    payload: &Value,
) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "customer",
        subject: customer.uuid(),
        customer: Some(customer.uuid()),
        payload,
    };
    events::record(tx, &platform.clock, &event).await
}
