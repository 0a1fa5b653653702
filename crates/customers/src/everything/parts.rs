//! This room's parts: the record, and the event log, which knows of no customers.

use base::Result;
use futures::future::BoxFuture;
use platform::events::{self, EventFilter};
use platform::{Scope, Tx};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::pages::{ROWS, by_cursor, by_key, each_page, largest};
use super::part::{About, Items, RecordPart, RecordParts, document};
use crate::attachments::{self, Attachment};
use crate::identities;
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

/// What is added to a thing of someone: of whom of those who are one it is.
#[derive(Serialize)]
struct Of<T: Serialize> {
    customer: Uuid,
    #[serde(flatten)]
    thing: T,
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
    let mut brought = Vec::new();
    each_page(
        tx,
        |tx, after: Option<Uuid>| {
            let (scope, ids) = (about.scope.clone(), about.as_one.clone());
            Box::pin(async move {
                let place = (after.unwrap_or_default(), ROWS);
                let some = store::brought_by(tx, &scope, &ids, place).await?;
                Ok(by_key(some, |link| link.id.uuid()))
            })
        },
        |link| {
            brought.push(link);
            Ok(())
        },
    )
    .await?;
    document(&json!({ "records": records, "brought": brought }))
}

async fn the_identities(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let cipher = about.platform.keys.cipher(tx).await?;
    let mut items = Items::default();
    for customer in about.as_one.iter().copied() {
        each_page(
            tx,
            |tx, after: Option<String>| {
                let cipher = cipher.clone();
                Box::pin(async move {
                    let page =
                        identities::store::page(tx, &cipher, customer.into(), largest()?, after.as_deref());
                    Ok(by_cursor(page.await?))
                })
            },
            |thing| items.push(&Of { customer, thing }),
        )
        .await?;
    }
    Ok(items.finish())
}

/// The contacts of an organisation, and where a person is one.
async fn the_contacts(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    for customer in about.as_one.iter().copied() {
        each_page(
            tx,
            |tx, after| {
                let scope = about.scope.clone();
                Box::pin(async move {
                    let some = holdings::contacts(tx, &scope, customer.into(), after, ROWS).await?;
                    Ok(by_key(some, holdings::contact_key))
                })
            },
            |thing| items.push(&Of { customer, thing }),
        )
        .await?;
    }
    each_page(
        tx,
        |tx, after: Option<Uuid>| {
            let ids = about.as_one.clone();
            Box::pin(async move {
                let place = (after.unwrap_or_default(), ROWS);
                let some = holdings::contacts_of_people(tx, &ids, place).await?;
                Ok(by_key(some, |(_, contact)| contact.id.uuid()))
            })
        },
        |(organisation, contact)| items.push(&json!({ "organisation": organisation, "contact": contact })),
    )
    .await?;
    Ok(items.finish())
}

async fn the_subscriptions(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    for customer in about.as_one.iter().copied() {
        each_page(
            tx,
            |tx, after| {
                Box::pin(async move {
                    let some = holdings::subscriptions(tx, customer.into(), after, ROWS).await?;
                    Ok(by_key(some, holdings::subscription_key))
                })
            },
            |thing| items.push(&Of { customer, thing }),
        )
        .await?;
    }
    Ok(items.finish())
}

async fn the_consents(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    for customer in about.as_one.iter().copied() {
        each_page(
            tx,
            |tx, after| {
                Box::pin(async move {
                    let some = consents::history(tx, customer.into(), after, ROWS).await?;
                    Ok(by_key(some, consents::history_key))
                })
            },
            |thing| items.push(&Of { customer, thing }),
        )
        .await?;
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
    for customer in about.as_one.iter().copied() {
        each_page(
            tx,
            |tx, after| {
                Box::pin(async move {
                    let some = record::notes(tx, customer.into(), after, ROWS).await?;
                    Ok(by_key(some, record::note_key))
                })
            },
            |thing| items.push(&Of { customer, thing }),
        )
        .await?;
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
    for (customer, thing) in attached(tx, about).await? {
        items.push(&Of { customer, thing })?;
    }
    Ok(items.finish())
}

/// All attachments, each with whose it is.
pub(super) async fn attached(tx: &mut Tx, about: &About) -> Result<Vec<(Uuid, Attachment)>> {
    let mut all = Vec::new();
    for customer in about.as_one.iter().copied() {
        each_page(
            tx,
            |tx, after: Option<String>| {
                Box::pin(async move {
                    let page = attachments::store::page(tx, customer.into(), largest()?, after.as_deref());
                    Ok(by_cursor(page.await?))
                })
            },
            |attachment| {
                all.push((customer, attachment));
                Ok(())
            },
        )
        .await?;
    }
    Ok(all)
}

async fn the_merges(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    let survivor = about.customer;
    each_page(
        tx,
        |tx, after: Option<String>| {
            Box::pin(async move {
                let scope = Scope::of_system();
                let page = merges::page(tx, &scope, Some(survivor), largest()?, after.as_deref());
                Ok(by_cursor(page.await?))
            })
        },
        |thing| {
            items.push(&Of {
                customer: survivor.uuid(),
                thing,
            })
        },
    )
    .await?;
    Ok(items.finish())
}

async fn the_duplicates(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    each_page(
        tx,
        |tx, after: Option<Uuid>| {
            let ids = about.as_one.clone();
            Box::pin(async move {
                let some = duplicates::pairs_of(tx, &ids, (after.unwrap_or_default(), ROWS)).await?;
                Ok(by_key(some, |(pair, ..)| *pair))
            })
        },
        |(_, id, other, state, found_at)| {
            items.push(&json!({ "customer": id, "other": other, "state": state, "found_at": found_at }))
        },
    )
    .await?;
    Ok(items.finish())
}

async fn the_timeline(tx: &mut Tx, about: &About) -> Result<Vec<u8>> {
    let mut items = Items::default();
    each_page(
        tx,
        |tx, after: Option<String>| {
            let filter = EventFilter {
                customers: about.as_one.clone(),
                ..EventFilter::default()
            };
            Box::pin(async move {
                let page = events::page(tx, &filter, largest()?, after.as_deref()).await?;
                Ok(by_cursor(page))
            })
        },
        |event| items.push(&event),
    )
    .await?;
    Ok(items.finish())
}
