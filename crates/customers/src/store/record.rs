//! Tags, notes, the administrator's fields and the schema of them, and what a record has at all.

use std::collections::BTreeSet;

use base::Result;
use jiff::Timestamp;
use platform::db::{Bulk, list, timestamp};
use platform::{Tx, args};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{CustomValues, CustomerId, Note, NoteId, RecordSchema};

/// A customer has fewer tags and values than this.
const OF_A_CUSTOMER_MAX: u32 = 1_000;

/// The tags of a customer.
pub(crate) async fn tags(tx: &mut Tx, customer: CustomerId) -> Result<BTreeSet<String>> {
    let rows: Vec<(String,)> = tx
        .all(
            "SELECT tag FROM customer_tags WHERE customer_id = $1 LIMIT $2",
            args![customer.uuid(), OF_A_CUSTOMER_MAX],
        )
        .await?;
    Ok(rows.into_iter().map(|(tag,)| tag).collect())
}

/// Puts tags on customers who do not have them.
pub(crate) async fn insert_tags(tx: &mut Tx, tags: &[(CustomerId, &String)]) -> Result<()> {
    const TAGS: Bulk = Bulk {
        table: "customer_tags",
        columns: &["customer_id", "tag"],
        on_conflict: "",
    };
    let rows: Vec<_> = tags
        .iter()
        .map(|(customer, tag)| args![customer.uuid(), tag.as_str()])
        .collect();
    TAGS.insert(tx, rows).await.map(|_| ())
}

/// Puts tags on a customer and takes others off.
pub(crate) async fn change_tags(
    tx: &mut Tx,
    customer: CustomerId,
    added: &[&String],
    removed: &[&String],
) -> Result<()> {
    let added: Vec<_> = added.iter().map(|tag| (customer, *tag)).collect();
    insert_tags(tx, &added).await?;
    let sql = format!(
        "DELETE FROM customer_tags WHERE customer_id = $1 AND tag{}",
        tx.dialect().in_texts(2)
    );
    tx.execute(AssertSqlSafe(sql), args![customer.uuid(), list(removed)])
        .await
        .map(|_| ())
}

/// Where a page of notes begins: whether the note before it is not pinned, and its id.
pub(crate) type NoteKey = (bool, Uuid);

#[derive(sqlx::FromRow)]
struct NoteRow {
    id: Uuid,
    text: String,
    pinned: bool,
    author: Option<Uuid>,
    written_at: i64,
    version: i32,
}

impl From<NoteRow> for Note {
    fn from(row: NoteRow) -> Self {
        Self {
            id: row.id.into(),
            text: row.text,
            pinned: row.pinned,
            author: row.author,
            written_at: timestamp(row.written_at),
            version: row.version.into(),
        }
    }
}

/// The key of a note in [`notes`].
pub(crate) fn note_key(note: &Note) -> NoteKey {
    (note.pinned, note.id.uuid())
}

/// Notes about a customer: the pinned ones first, the newest first.
pub(crate) async fn notes(
    tx: &mut Tx,
    customer: CustomerId,
    after: Option<NoteKey>,
    rows: u32,
) -> Result<Vec<Note>> {
    let (pinned, id) = after.unwrap_or((true, Uuid::max()));
    let rows: Vec<NoteRow> = tx
        .all(
            "SELECT id, text, pinned, author, written_at, version FROM notes \
             WHERE customer_id = $1 AND (pinned, id) < ($2, $3) ORDER BY pinned DESC, id DESC LIMIT $4",
            args![customer.uuid(), pinned, id, rows],
        )
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One note about a customer, held until the transaction ends.
pub(crate) async fn hold_note(tx: &mut Tx, customer: CustomerId, id: NoteId) -> Result<Option<Note>> {
    let sql = format!(
        "SELECT id, text, pinned, author, written_at, version FROM notes WHERE id = $1 AND customer_id = $2{}",
        tx.dialect().for_update()
    );
    let row: Option<NoteRow> = tx
        .optional(AssertSqlSafe(sql), args![id.uuid(), customer.uuid()])
        .await?;
    Ok(row.map(Into::into))
}

/// Stores a new note.
pub(crate) async fn insert_note(tx: &mut Tx, customer: CustomerId, note: &Note) -> Result<()> {
    tx.execute(
        "INSERT INTO notes (id, customer_id, text, pinned, author, written_at) VALUES ($1, $2, $3, $4, $5, $6)",
        args![
            note.id.uuid(),
            customer.uuid(),
            note.text.as_str(),
            note.pinned,
            note.author,
            note.written_at,
        ],
    )
    .await
    .map(|_| ())
}

/// Stores what a note that is held has become.
pub(crate) async fn update_note(tx: &mut Tx, note: &Note) -> Result<()> {
    tx.execute(
        "UPDATE notes SET text = $2, pinned = $3, version = version + 1 WHERE id = $1",
        args![note.id.uuid(), note.text.as_str(), note.pinned],
    )
    .await
    .map(|_| ())
}

/// Forgets a note.
pub(crate) async fn delete_note(tx: &mut Tx, id: NoteId) -> Result<()> {
    tx.execute("DELETE FROM notes WHERE id = $1", args![id.uuid()])
        .await
        .map(|_| ())
}

/// The schema in force with its version: 0 is what Patron ships.
pub(crate) async fn schema(tx: &mut Tx) -> Result<(u32, RecordSchema)> {
    let row: Option<(i32, Json<RecordSchema>)> = tx
        .optional(
            "SELECT version, schema FROM record_schemas ORDER BY version DESC LIMIT 1",
            [],
        )
        .await?;
    Ok(row.map_or_else(Default::default, |(version, Json(schema))| {
        (version.unsigned_abs(), schema)
    }))
}

/// Stores a new version of the schema. Error: `already_exists` when someone was first with it.
pub(crate) async fn decide(
    tx: &mut Tx,
    version: u32,
    schema: serde_json::Value,
    decided_by: Option<Uuid>,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO record_schemas (version, schema, decided_by, decided_at) VALUES ($1, $2, $3, $4)",
        args![version as i32, schema, decided_by, now],
    )
    .await
    .map(|_| ())
}

/// What is stored in a customer's own fields, also of fields that the schema has no more.
pub(crate) async fn values(tx: &mut Tx, customer: CustomerId) -> Result<CustomValues> {
    let rows: Vec<(String, Json<serde_json::Value>)> = tx
        .all(
            "SELECT field, value FROM custom_values WHERE customer_id = $1 LIMIT $2",
            args![customer.uuid(), OF_A_CUSTOMER_MAX],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|(field, Json(value))| (field, value))
        .collect())
}

/// Stores the difference between what is stored in a customer's own fields and what shall be.
pub(crate) async fn change_values(
    tx: &mut Tx,
    customer: CustomerId,
    before: &CustomValues,
    after: &CustomValues,
) -> Result<()> {
    for field in before.keys().filter(|field| !after.contains_key(*field)) {
        tx.execute(
            "DELETE FROM custom_values WHERE customer_id = $1 AND field = $2",
            args![customer.uuid(), field.as_str()],
        )
        .await?;
    }
    for (field, value) in after
        .iter()
        .filter(|(field, value)| before.get(*field) != Some(*value))
    {
        tx.execute(
            "INSERT INTO custom_values (customer_id, field, value) VALUES ($1, $2, $3) \
             ON CONFLICT (customer_id, field) DO UPDATE SET value = excluded.value",
            args![customer.uuid(), field.as_str(), value.clone()],
        )
        .await?;
    }
    Ok(())
}

/// Which of the things that completeness counts a customer has, apart from the administrator's fields.
pub(crate) async fn things(tx: &mut Tx, customer: CustomerId) -> Result<BTreeSet<String>> {
    let rows: Vec<(String,)> = tx
        .all(
            "SELECT 'name' AS thing FROM customers WHERE id = $1 AND name IS NOT NULL \
             UNION SELECT 'brand' FROM customers WHERE id = $1 AND brand IS NOT NULL \
             UNION SELECT 'region' FROM customers WHERE id = $1 AND region IS NOT NULL \
             UNION SELECT 'segment' FROM customers WHERE id = $1 AND segment IS NOT NULL \
             UNION SELECT kind FROM identities WHERE customer_id = $1 AND ended_at IS NULL \
                 AND kind IN ('phone', 'email') \
             UNION SELECT 'since' FROM customers WHERE id = $1 AND since IS NOT NULL \
             UNION SELECT 'organisation' FROM customers WHERE id = $1 AND organisation_id IS NOT NULL \
             UNION SELECT kind FROM life_events WHERE customer_id = $1 AND kind IN ('birthday', 'founding') \
             UNION SELECT 'consent' FROM consents WHERE customer_id = $1 \
             UNION SELECT 'preferences' FROM contact_preferences WHERE customer_id = $1 \
             UNION SELECT 'contact' FROM contacts WHERE organisation_id = $1 AND until IS NULL \
             UNION SELECT 'subscription' FROM subscriptions WHERE customer_id = $1",
            args![customer.uuid()],
        )
        .await?;
    Ok(rows.into_iter().map(|(thing,)| thing).collect())
}
