//! How a record is enriched over time: tags, notes, the administrator's fields, and how complete it is.
//! Seeing needs `customers.read`, changing `customers.write`, and deciding on the fields
//! `customers.settings`.

use std::collections::BTreeSet;

use base::{Cursor, Error, Page, PageSize, Result, check_version};
use platform::events::{self, Event};
use platform::{Caller, Permission, Platform, Tx, ids};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{found, hold, refer};
use crate::model::{
    CustomValue, CustomValues, CustomerId, NewNote, Note, NoteChange, NoteId, RecordSchema, TagChange,
};
use crate::rules::edit::as_changed_unsaid;
use crate::rules::record_schema::{Completeness, completeness as how_complete, note_text, tags_after};
use crate::store::record;

async fn tell(
    tx: &mut Tx,
    platform: &Platform,
    caller: &Caller,
    kind: &'static str,
    (customer, subject_kind, subject): (CustomerId, &'static str, Uuid),
    payload: &Value,
) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind,
        subject,
        customer: Some(customer.uuid()),
        payload,
    };
    events::record(tx, &platform.clock, &event).await
}

/// The tags of a customer, in order.
pub async fn tags(platform: &Platform, caller: &Caller, customer: CustomerId) -> Result<BTreeSet<String>> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    record::tags(&mut tx, customer).await
}

/// Puts tags on a customer and takes others off; gives those it has after.
///
/// Errors: `tags_too_many`, a text that cannot be.
pub async fn change_tags(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    said: TagChange,
) -> Result<BTreeSet<String>> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    hold(&mut tx, caller, customer).await?;
    let before = record::tags(&mut tx, customer).await?;
    let after = tags_after(before.clone(), &said)?;
    if after != before {
        let added: Vec<_> = after.difference(&before).collect();
        let removed: Vec<_> = before.difference(&after).collect();
        record::change_tags(&mut tx, customer, &added, &removed).await?;
        let about = (customer, "customer", customer.uuid());
        // The words themselves may say something of a person.
        let payload = json!({ "added": added.len(), "removed": removed.len() });
        tell(&mut tx, platform, caller, "customer.tagged", about, &payload).await?;
    }
    tx.commit().await?;
    Ok(after)
}

/// Notes about a customer: the pinned ones first, the newest first.
pub async fn notes(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Note>> {
    caller.require(Permission::CustomersRead)?;
    let after = cursor.map(Cursor::key).transpose()?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let rows = record::notes(&mut tx, customer, after, size.rows() + 1).await?;
    Page::cut(rows, size, record::note_key)
}

/// What the log says of a note: never its words, which may have to be forgotten.
fn about_note(note: &Note) -> Value {
    json!({ "pinned": note.pinned, "chars": note.text.chars().count() })
}

/// Writes a note. Errors: a text that cannot be.
pub async fn write_note(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    said: NewNote,
) -> Result<Note> {
    caller.require(Permission::CustomersWrite)?;
    let note = Note {
        id: ids::new(&platform.clock),
        text: note_text(&said.text)?,
        pinned: said.pinned,
        author: caller.actor().user(),
        written_at: platform.clock.now(),
        version: 1,
    };
    let mut tx = platform.db.write().await?;
    refer(&mut tx, caller, customer).await?;
    record::insert_note(&mut tx, customer, &note).await?;
    let about = (customer, "note", note.id.uuid());
    tell(
        &mut tx,
        platform,
        caller,
        "note.written",
        about,
        &about_note(&note),
    )
    .await?;
    tx.commit().await?;
    Ok(note)
}

async fn hold_note(tx: &mut Tx, caller: &Caller, which: (CustomerId, NoteId), expected: i64) -> Result<Note> {
    refer(tx, caller, which.0).await?;
    let held = record::hold_note(tx, which.0, which.1).await?;
    let note = held.ok_or(Error::NotFound { what: "note" })?;
    check_version(expected, note.version)?;
    Ok(note)
}

/// Changes a note; author and time stay. `expected` is the version the change is based on.
///
/// Errors: `version_stale`, a text that cannot be.
pub async fn change_note(
    platform: &Platform,
    caller: &Caller,
    which: (CustomerId, NoteId),
    expected: i64,
    said: NoteChange,
) -> Result<Note> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    let before = hold_note(&mut tx, caller, which, expected).await?;
    let text = said.text.as_deref().map(note_text).transpose()?;
    let note = Note {
        text: text.unwrap_or_else(|| before.text.clone()),
        pinned: said.pinned.unwrap_or(before.pinned),
        ..before.clone()
    };
    if note == before {
        return Ok(before);
    }
    record::update_note(&mut tx, &note).await?;
    let about = (which.0, "note", which.1.uuid());
    tell(
        &mut tx,
        platform,
        caller,
        "note.changed",
        about,
        &about_note(&note),
    )
    .await?;
    tx.commit().await?;
    Ok(Note {
        version: note.version + 1,
        ..note
    })
}

/// Takes a note off the record. `expected` is the version this is based on. Error: `version_stale`.
pub async fn remove_note(
    platform: &Platform,
    caller: &Caller,
    which: (CustomerId, NoteId),
    expected: i64,
) -> Result<()> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    let note = hold_note(&mut tx, caller, which, expected).await?;
    record::delete_note(&mut tx, note.id).await?;
    let about = (which.0, "note", which.1.uuid());
    tell(
        &mut tx,
        platform,
        caller,
        "note.removed",
        about,
        &about_note(&note),
    )
    .await?;
    tx.commit().await
}

/// The administrator's fields and what makes a record complete, with the version of the decision.
pub async fn schema(platform: &Platform, caller: &Caller) -> Result<(u32, RecordSchema)> {
    caller.require(Permission::CustomersRead)?;
    record::schema(&mut platform.db.read().await?).await
}

/// Decides anew on the fields. No value is lost: those of a field that is left out are there again when it
/// comes back. `expected` is the version the decision is based on.
///
/// Errors: `version_stale`, and those of [`RecordSchema::check`].
pub async fn decide(
    platform: &Platform,
    caller: &Caller,
    expected: i64,
    schema: RecordSchema,
) -> Result<(u32, RecordSchema)> {
    caller.require(Permission::CustomersSettings)?;
    schema.check()?;
    let mut tx = platform.db.write().await?;
    let (version, before) = record::schema(&mut tx).await?;
    check_version(expected, version.into())?;
    if schema == before {
        return Ok((version, schema));
    }
    let version = version + 1;
    let stored = serde_json::to_value(&schema).map_err(Error::internal)?;
    let (user, now) = (caller.actor().user(), platform.clock.now());
    record::decide(&mut tx, version, stored, user, now)
        .await
        .map_err(|e| match e.code() {
            "already_exists" => Error::conflict("version_stale", "someone else has decided meanwhile"),
            _ => e,
        })?;
    let event = Event {
        actor: caller.actor(),
        kind: "record_schema.changed",
        subject_kind: "record_schema",
        subject: Uuid::nil(),
        customer: None,
        payload: &json!({ "version": version, "before": before, "after": schema }),
    };
    events::record(&mut tx, &platform.clock, &event).await?;
    tx.commit().await?;
    Ok((version, schema))
}

/// A customer's own fields with their values, and the version of the schema they are shown by.
pub async fn custom_fields(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
) -> Result<(u32, Vec<CustomValue>)> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let (customer, _) = found(&mut tx, caller, customer).await?;
    let (version, schema) = record::schema(&mut tx).await?;
    let stored = record::values(&mut tx, customer).await?;
    Ok((version, schema.shown(&stored)))
}

/// Says some values of a customer's own fields; null erases one.
///
/// Errors: see [`RecordSchema::changed`].
pub async fn change_custom_fields(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
    said: CustomValues,
) -> Result<(u32, Vec<CustomValue>)> {
    caller.require(Permission::CustomersWrite)?;
    let mut tx = platform.db.write().await?;
    hold(&mut tx, caller, customer).await?;
    let (version, schema) = record::schema(&mut tx).await?;
    let before = record::values(&mut tx, customer).await?;
    let after = schema.changed(before.clone(), said)?;
    // What is erased is null after.
    let erased = before.keys().map(|field| (field.clone(), Value::Null));
    let mut whole: CustomValues = erased.collect();
    whole.extend(after.clone());
    if let Some(payload) = as_changed_unsaid(&before, &whole) {
        record::change_values(&mut tx, customer, &before, &after).await?;
        let about = (customer, "customer", customer.uuid());
        tell(
            &mut tx,
            platform,
            caller,
            "customer.fields_changed",
            about,
            &payload,
        )
        .await?;
    }
    tx.commit().await?;
    Ok((version, schema.shown(&after)))
}

/// How complete a customer's record is, and what is missing.
pub async fn completeness(
    platform: &Platform,
    caller: &Caller,
    customer: CustomerId,
) -> Result<Completeness> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    let (customer, kind) = found(&mut tx, caller, customer).await?;
    let (_, schema) = record::schema(&mut tx).await?;
    let mut has = record::things(&mut tx, customer).await?;
    let values = record::values(&mut tx, customer).await?;
    has.extend(values.into_keys().map(|field| format!("custom.{field}")));
    Ok(how_complete(&schema, kind, &has))
}
