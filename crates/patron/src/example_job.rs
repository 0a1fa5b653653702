//! Puts the example firm into an empty database, as a job: in steps of whole customers, each with its
//! checkpoint in the same transaction, so that a killed process goes on where it was. Queues the first
//! value run, and the search for duplicates, when everybody is there.

use std::collections::HashMap;

use base::{Currency, Error, Result};
use customers::{CustomerId, NewContact, NewCustomer, NewSubscription, Statement};
use jiff::Timestamp;
use platform::events::{self, Actor, Event};
use platform::firm::{self, Firm};
use platform::jobs::JobRun;
use platform::{Platform, Scope, Tx, ids};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tiers::model::{Document, ProgrammeFacts};
use uuid::Uuid;
use value::app::runs;
use value::model::Line;

use crate::example_firm::{
    AS_OF_DEFAULT, ExampleFirm, FIRM_NAME, GeneratedConsent, GeneratedCustomer, SOURCE, ZONE,
};

/// The kind of the job.
pub(crate) const KIND: &str = server::EXAMPLE_FIRM;

/// What the example's programme of levels is called.
const PROGRAMME: &str = "metals";
/// Customers put in by one transaction.
const CUSTOMERS_PER_STEP: usize = 500;

/// Which firm. What the job is queued with.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ExampleInput {
    /// How many customers.
    pub(crate) customers: u64,
    /// Which of the possible firms.
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Loaded {
    customers: u64,
    lines: u64,
    run_queued: bool,
}

/// The job's handler.
pub(crate) async fn perform(job: JobRun) -> Result<serde_json::Value> {
    let platform = job.platform().clone();
    let input: ExampleInput = job.input()?;
    let example = ExampleFirm::new(input.customers, input.seed, AS_OF_DEFAULT)?;
    let mut loaded: Loaded = job.checkpoint()?.unwrap_or_default();
    let mut customers = example
        .customers()
        .skip(usize::try_from(loaded.customers).unwrap_or(usize::MAX))
        .peekable();
    while customers.peek().is_some() {
        job.check()?;
        job.progress("loading", loaded.customers, Some(input.customers));
        let mut step: Vec<GeneratedCustomer> = customers.by_ref().take(CUSTOMERS_PER_STEP).collect();
        // An organisation's contacts are its first members, who come right after it: keep them together.
        while let Some(member) = customers.next_if(|next| next.organisation.is_some()) {
            step.push(member);
        }
        let mut tx = platform.db.write().await?;
        if loaded.customers == 0 {
            claim(&platform, &mut tx, job.actor(), &the_firm()).await?;
        }
        loaded.lines += load(&platform, &mut tx, &step).await?;
        loaded.customers += step.len() as u64;
        job.save_checkpoint(&mut tx, &loaded).await?;
        tx.commit().await?;
    }
    if !loaded.run_queued {
        let mut tx = platform.db.write().await?;
        let payload = json!({ "customers": loaded.customers, "lines": loaded.lines, "seed": input.seed });
        let event = Event {
            actor: job.actor(),
            kind: "example_firm.loaded",
            subject_kind: "job",
            subject: job.id().uuid(),
            customer: None,
            payload: &payload,
        };
        events::record(&mut tx, &platform.clock, &event).await?;
        let document = programme()?;
        tiers::app::publish::begin_with(&platform, &mut tx, job.actor(), &programme_facts(), &document)
            .await?;
        runs::queue(&platform, &mut tx, job.actor(), runs::RunRequest::default()).await?;
        customers::app::duplicates::queue(&platform, &mut tx, job.actor()).await?;
        loaded.run_queued = true;
        job.save_checkpoint(&mut tx, &loaded).await?;
        tx.commit().await?;
        platform.jobs.wake();
    }
    Ok(json!({ "customers": loaded.customers, "transactions": loaded.lines }))
}

fn programme_facts() -> ProgrammeFacts {
    ProgrammeFacts {
        code: PROGRAMME.to_owned(),
        zh: "银金钻会员计划".to_owned(),
        en: "Silver, gold, diamond".to_owned(),
        brands: Vec::new(),
        kinds: Vec::new(),
    }
}

/// Levels by a year's spend, the place among all and years as a customer; kept by less than earns them.
fn programme() -> Result<Document> {
    let spend =
        |major: i64| json!({ "measure": "spend", "at_least": major * Currency::CNY.minor_per_major() });
    let top =
        |per_mille: i64| json!({ "measure": "percentile", "figure": "clv_36m", "top_per_mille": per_mille });
    let document = json!({
        "schema": 1,
        "levels": [
            { "code": "silver", "zh": "银卡", "en": "Silver", "colour": "#c0c0c0",
              "qualify": { "any": [spend(3_000), { "measure": "tenure_months", "at_least": 120 }] },
              "keep": { "any": [spend(2_400), { "measure": "tenure_months", "at_least": 120 }] } },
            { "code": "gold", "zh": "金卡", "en": "Gold", "colour": "#d4af37",
              "qualify": { "any": [spend(12_000), top(50)] }, "keep": { "any": [spend(10_000), top(80)] } },
            { "code": "diamond", "zh": "钻石卡", "en": "Diamond", "colour": "#b9f2ff",
              "qualify": { "any": [spend(60_000), top(5)] }, "keep": { "any": [spend(50_000), top(8)] } }
        ],
        "period": { "kind": "rolling_months", "months": 12 },
        "downgrade": { "kind": "grace", "days": 60 },
        "landing": "one_level",
        "notice_days": 30,
        "effective_on": AS_OF_DEFAULT
    });
    serde_json::from_value(document).map_err(Error::internal)
}

fn the_firm() -> Firm {
    Firm {
        name: FIRM_NAME.to_owned(),
        currency: Currency::CNY,
        zone: ZONE.to_owned(),
        generated: true,
        fixed: true,
    }
}

/// Makes this the firm of an empty database, in the transaction that puts the first customers in. Imports
/// hold the firm's facts too while they store their first rows: one of the two comes first, and the other is
/// refused.
///
/// Errors: `not_empty`.
pub(crate) async fn claim(platform: &Platform, tx: &mut Tx, actor: Actor, firm: &Firm) -> Result<()> {
    firm::load_for_update(tx, &platform.clock).await?;
    if customers::store::count(tx, &Scope::of_system()).await? > 0
        || !value::store::ledger::is_empty(tx).await?
    {
        return Err(Error::conflict(
            "not_empty",
            "there are customers or transactions already; an example is only made on an empty system",
        ));
    }
    firm::save(tx, &platform.clock, actor, firm).await
}

/// Puts customers in with everything that belongs to them; says how many ledger lines that were.
async fn load(platform: &Platform, tx: &mut Tx, step: &[GeneratedCustomer]) -> Result<u64> {
    // Who is referred to comes earlier, in this step or one before.
    let mut ids: HashMap<String, Uuid> = step
        .iter()
        .map(|customer| (customer.external_id.clone(), ids::new(&platform.clock)))
        .collect();
    let elsewhere: Vec<&str> = step
        .iter()
        .flat_map(|customer| {
            [customer.organisation.as_deref(), customer.referred_by.as_deref()]
                .into_iter()
                .chain(
                    customer
                        .contacts
                        .iter()
                        .map(|contact| contact.customer.as_deref()),
                )
        })
        .flatten()
        .filter(|external_id| !ids.contains_key(*external_id))
        .collect();
    for (external_id, id) in customers::store::ids_by_external(tx, &Scope::of_system(), &elsewhere).await? {
        ids.insert(external_id, id.uuid());
    }
    let id_of = |external_id: &str| {
        ids.get(external_id).copied().ok_or_else(|| {
            Error::internal(format!("the example firm names {external_id} before it is there"))
        })
    };
    let records = step
        .iter()
        .map(|customer| record(platform, customer, &id_of))
        .collect::<Result<Vec<_>>>()?;
    customers::store::insert_many(tx, &platform.clock, &platform.keys, &records).await?;
    let mut lines = Vec::new();
    for customer in step {
        let id = id_of(&customer.external_id)?;
        for line in &customer.transactions {
            lines.push(Line {
                customer: id,
                at: Timestamp::from_microsecond(line.at_us).map_err(Error::internal)?,
                amount_minor: line.amount_minor,
                cost_minor: Some(line.cost_minor),
                kind: line.kind.name().to_owned(),
                product: Some(line.product.name().to_owned()),
                channel: Some(line.channel.name().to_owned()),
                source: SOURCE.to_owned(),
                external_id: line.external_id.clone(),
                reverses: line.reverses.clone(),
            });
        }
    }
    value::store::ledger::append(tx, &lines, platform.clock.now()).await
}

fn record(
    platform: &Platform,
    customer: &GeneratedCustomer,
    id_of: &impl Fn(&str) -> Result<Uuid>,
) -> Result<NewCustomer> {
    let clock = &platform.clock;
    let other = |external_id: &Option<String>| -> Result<Option<CustomerId>> {
        external_id
            .as_deref()
            .map(|external_id| id_of(external_id).map(CustomerId::from))
            .transpose()
    };
    Ok(NewCustomer {
        id: id_of(&customer.external_id)?.into(),
        external_id: customer.external_id.clone(),
        kind: customer.kind.name().parse()?,
        name: Some(customer.name.clone()),
        brand: Some(customer.brand.to_owned()),
        region: Some(customer.region.to_owned()),
        segment: Some(customer.segment.to_owned()),
        phone: Some(customer.phone.clone()),
        email: customer.email.clone(),
        since: Some(customer.since),
        organisation: other(&customer.organisation)?,
        referred_by: other(&customer.referred_by)?,
        branch: None,
        owner: None,
        generated: true,
        subscriptions: customer
            .subscriptions
            .iter()
            .map(|held| {
                Ok(NewSubscription {
                    id: ids::new(clock),
                    product: held.product.to_owned(),
                    plan: Some(held.plan.to_owned()),
                    number: Some(held.number.clone()),
                    started_on: held.started_on,
                    ended_on: held.ended_on,
                    term_ends_on: held.term_ends_on,
                    device: held.device.map(str::to_owned),
                    status: held.status.name().parse()?,
                })
            })
            .collect::<Result<_>>()?,
        contacts: customer
            .contacts
            .iter()
            .map(|contact| {
                Ok(NewContact {
                    id: ids::new(clock),
                    name: contact.name.clone(),
                    role: contact.role.name().parse()?,
                    influence: contact.influence,
                    customer: other(&contact.customer)?,
                })
            })
            .collect::<Result<_>>()?,
        life_events: customer.days.clone(),
        consents: customer
            .consents
            .iter()
            .map(|said| statement(platform, said))
            .collect::<Result<_>>()?,
        tags: customer.tags.iter().map(|&tag| tag.to_owned()).collect(),
    })
}

fn statement(platform: &Platform, said: &GeneratedConsent) -> Result<Statement> {
    let at = said.on.date().in_tz(ZONE).map_err(Error::internal)?.timestamp();
    Ok(Statement {
        id: ids::new(&platform.clock),
        purpose: said.purpose.to_owned(),
        channel: said.channel,
        given: said.given,
        source: said.source.to_owned(),
        at,
        expires_at: None,
        recorded_at: platform.clock.now(),
    })
}

#[cfg(test)]
mod tests;
