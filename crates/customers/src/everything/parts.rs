//! This room's parts: the record, and the event log, which knows of no customers.

use base::{Page, PageSize, Result};
use futures::future::BoxFuture;
use platform::events::{self, EventFilter};
use platform::{Scope, Tx};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::part::{About, Items, RecordPart, RecordParts, document};
use crate::attachments;
use crate::identities;
use crate::model::CustomerId;
use crate::store::{self, consents, duplicates, holdings, life_events, merges, record};

/// Tables that say nothing of a customer which its record does not say: they follow from it.
pub const FOLLOWS: &[&str] = &["search_keys", "customer_group_changes", "erased_external_ids"];

/// Adds the parts of this room.
#[must_use]
pub fn with_parts(parts: RecordParts) -> RecordParts {
    parts
        .with(Part("record", &["customers"], |tx, about| {
            Box::pin(the_record(tx, about))
        }))
        .with(Part("identities", &["identities"], |tx, about| {
            Box::pin(the_identities(tx, about))
        }))
        .with(Part("contacts", &["contacts"], |tx, about| {
            Box::pin(the_contacts(tx, about))
        }))
        .with(Part("subscriptions", &["subscriptions"], |tx, about| {
            Box::pin(the_subscriptions(tx, about))
        }))
        .with(Part("consents", &["consents"], |tx, about| {
            Box::pin(the_consents(tx, about))
        }))
        .with(Part("preferences", &["contact_preferences"], |tx, about| {
            Box::pin(the_preferences(tx, about))
        }))
        .with(Part("life_events", &["life_events"], |tx, about| {
            Box::pin(the_days(tx, about))
        }))
        .with(Part("notes", &["notes"], |tx, about| {
            Box::pin(the_notes(tx, about))
        }))
        .with(Part("tags", &["customer_tags"], |tx, about| {
            Box::pin(the_tags(tx, about))
        }))
        .with(Part("custom_fields", &["custom_values"], |tx, about| {
            Box::pin(the_values(tx, about))
        }))
        .with(Part("attachments", &["attachments"], |tx, about| {
            Box::pin(the_attachments(tx, about))
        }))
        .with(Part("merges", &["customer_merges"], |tx, about| {
            Box::pin(the_merges(tx, about))
        }))
        .with(Part("duplicates", &["duplicates"], |tx, about| {
            Box::pin(the_duplicates(tx, about))
        }))
        .with(Part("timeline", &["events"], |tx, about| {
            Box::pin(the_timeline(tx, about))
        }))
}

type Read = for<'a> fn(&'a mut Tx, &'a About) -> BoxFuture<'a, Result<Vec<u8>>>;

/// Its name, its tables, how it is read.
struct Part(&'static str, &'static [&'static str], Read);

impl RecordPart for Part {
    fn name(&self) -> &'static str {
        self.0
    }

    fn tables(&self) -> &'static [&'static str] {
        self.1
    }

    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>> {
        self.2(tx, about)
    }
}

fn largest() -> Result<PageSize> {
    PageSize::new(Some(PageSize::MAX))
}

/// What is added to a thing of someone: of whom of those who are one it is.
#[derive(Serialize)]
struct Of<T: Serialize> {
    customer: Uuid,
    #[serde(flatten)]
    thing: T,
}

/// Adds a page to a list; says where the next one begins.
fn add<T: Serialize>(items: &mut Items, customer: Uuid, page: Page<T>) -> Result<Option<String>> {
    for thing in page.items {
        items.push(&Of { customer, thing })?;
    }
    Ok(page.next_cursor)
}

/// The record of the customer and of those who were merged into it, and whom they brought.
async fn the_record(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let cipher = about.platform.keys.cipher(tx).await?;
    let mut records = Vec::with_capacity(about.as_one.len());
    for id in &about.as_one {
        // Those who are one are read as one, whatever the scope says of each.
        let detail = store::detail(tx, &about.scope, &cipher, (*id).into()).await?;
        let detail = match detail {
            Some(detail) => Some(detail),
            None => store::detail(tx, &Scope::of_system(), &cipher, (*id).into()).await?,
        };
        records.extend(detail);
    }
    let brought = store::brought_by(tx, &about.scope, &about.as_one).await?;
    document(&json!({ "records": records, "brought": brought }))
}

async fn the_identities(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let cipher = about.platform.keys.cipher(tx).await?;
    let mut items = Items::default();
    for id in &about.as_one {
        let mut cursor: Option<String> = None;
        loop {
            let customer = CustomerId::from(*id);
            let page = identities::store::page(tx, &cipher, customer, largest()?, cursor.as_deref()).await?;
            cursor = add(&mut items, *id, page)?;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(items.finish())
}

/// The contacts of an organisation, and where a person is one.
async fn the_contacts(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    let rows = PageSize::MAX;
    for id in &about.as_one {
        let mut after = None;
        loop {
            let some = holdings::contacts(tx, &about.scope, (*id).into(), after, rows).await?;
            after = some.last().map(holdings::contact_key);
            let ended = some.len() < rows as usize;
            for thing in some {
                items.push(&Of { customer: *id, thing })?;
            }
            if ended {
                break;
            }
        }
    }
    for (organisation, contact) in holdings::contacts_of_people(tx, &about.as_one).await? {
        items.push(&json!({ "organisation": organisation, "contact": contact }))?;
    }
    Ok(items.finish())
}

async fn the_subscriptions(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    let rows = PageSize::MAX;
    for id in &about.as_one {
        let mut after = None;
        loop {
            let some = holdings::subscriptions(tx, (*id).into(), after, rows).await?;
            after = some.last().map(holdings::subscription_key);
            let ended = some.len() < rows as usize;
            for thing in some {
                items.push(&Of { customer: *id, thing })?;
            }
            if ended {
                break;
            }
        }
    }
    Ok(items.finish())
}

async fn the_consents(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    let rows = PageSize::MAX;
    for id in &about.as_one {
        let mut after = None;
        loop {
            let some = consents::history(tx, (*id).into(), after, rows).await?;
            after = some.last().map(consents::history_key);
            let ended = some.len() < rows as usize;
            for thing in some {
                items.push(&Of { customer: *id, thing })?;
            }
            if ended {
                break;
            }
        }
    }
    Ok(items.finish())
}

async fn the_preferences(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    for id in &about.as_one {
        let (version, thing) = consents::preferences(tx, (*id).into()).await?;
        if version > 0 {
            items.push(&Of { customer: *id, thing })?;
        }
    }
    Ok(items.finish())
}

async fn the_days(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    for id in &about.as_one {
        for thing in life_events::all(tx, (*id).into()).await? {
            items.push(&json!({ "customer": id, "id": thing.id, "facts": thing.facts }))?;
        }
    }
    Ok(items.finish())
}

async fn the_notes(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    let rows = PageSize::MAX;
    for id in &about.as_one {
        let mut after = None;
        loop {
            let some = record::notes(tx, (*id).into(), after, rows).await?;
            after = some.last().map(record::note_key);
            let ended = some.len() < rows as usize;
            for thing in some {
                items.push(&Of { customer: *id, thing })?;
            }
            if ended {
                break;
            }
        }
    }
    Ok(items.finish())
}

async fn the_tags(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    for id in &about.as_one {
        for tag in record::tags(tx, (*id).into()).await? {
            items.push(&json!({ "customer": id, "tag": tag }))?;
        }
    }
    Ok(items.finish())
}

async fn the_values(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    for id in &about.as_one {
        for (field, value) in record::values(tx, (*id).into()).await? {
            items.push(&json!({ "customer": id, "field": field, "value": value }))?;
        }
    }
    Ok(items.finish())
}

/// Which files there are; the files stand beside it.
async fn the_attachments(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    for id in &about.as_one {
        let page = attachments::store::page(tx, (*id).into(), largest()?, None).await?;
        add(&mut items, *id, page)?;
    }
    Ok(items.finish())
}

async fn the_merges(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    let mut cursor: Option<String> = None;
    loop {
        let customer = Some(about.customer);
        let page = merges::page(tx, &Scope::of_system(), customer, largest()?, cursor.as_deref()).await?;
        cursor = add(&mut items, about.customer.uuid(), page)?;
        if cursor.is_none() {
            return Ok(items.finish());
        }
    }
}

async fn the_duplicates(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    for (id, other, state, found_at) in duplicates::pairs_of(tx, &about.as_one).await? {
        items.push(&json!({ "customer": id, "other": other, "state": state, "found_at": found_at }))?;
    }
    Ok(items.finish())
}

async fn the_timeline(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    let filter = EventFilter {
        customers: about.as_one.clone(),
        ..EventFilter::default()
    };
    let mut cursor: Option<String> = None;
    loop {
        let page = events::page(tx, &filter, largest()?, cursor.as_deref()).await?;
        for event in page.items {
            items.push(&event)?;
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(items.finish());
        }
    }
}
