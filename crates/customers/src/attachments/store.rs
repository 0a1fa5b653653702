//! The SQL of attachments. Whoever calls has found the customer in the caller's scope.

use base::{Cursor, Page, PageSize, Result};
use platform::crypto::{Cipher, FileKey, Place};
use platform::db::{timestamp, uuids};
use platform::{Tx, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{Attachment, AttachmentId};
use crate::model::CustomerId;

const FILE_KEY: Place = Place {
    table: "attachments",
    column: "file_key",
};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    media_type: String,
    bytes: i64,
    added_by: Option<Uuid>,
    added_by_name: Option<String>,
    added_at: i64,
}

const SELECT: &str = "SELECT a.id, a.name, a.media_type, a.bytes, a.added_by, u.name AS added_by_name, a.added_at \
    FROM attachments a LEFT JOIN users u ON u.id = a.added_by ";

impl From<Row> for Attachment {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            media_type: row.media_type,
            bytes: row.bytes.unsigned_abs(),
            added_by: row.added_by,
            added_by_name: row.added_by_name,
            added_at: timestamp(row.added_at),
        }
    }
}

/// Those of a customer, the newest first.
pub(crate) async fn page(
    tx: &mut Tx,
    customer: CustomerId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Attachment>> {
    let before = cursor
        .map(Cursor::key::<Uuid>)
        .transpose()?
        .unwrap_or(Uuid::max());
    let sql = format!("{SELECT}WHERE a.customer_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3");
    let rows: Vec<Row> = tx
        .all(
            AssertSqlSafe(sql),
            args![customer.uuid(), before, size.rows() + 1],
        )
        .await?;
    let attachments = rows.into_iter().map(Attachment::from).collect();
    Page::cut(attachments, size, |attachment: &Attachment| attachment.id.uuid())
}

/// How many a customer has.
pub(crate) async fn count(tx: &mut Tx, customer: CustomerId) -> Result<u64> {
    let sql = "SELECT count(*) FROM attachments WHERE customer_id = $1";
    let (count,): (i64,) = tx.one(sql, args![customer.uuid()]).await?;
    Ok(count.unsigned_abs())
}

/// One of a customer.
pub(crate) async fn get(tx: &mut Tx, customer: CustomerId, id: AttachmentId) -> Result<Option<Attachment>> {
    let sql = format!("{SELECT}WHERE a.id = $1 AND a.customer_id = $2");
    let row: Option<Row> = tx
        .optional(AssertSqlSafe(sql), args![id.uuid(), customer.uuid()])
        .await?;
    Ok(row.map(Attachment::from))
}

/// The key of the file of one that is there.
pub(crate) async fn key(tx: &mut Tx, cipher: &Cipher, id: AttachmentId) -> Result<FileKey> {
    let sql = "SELECT file_key FROM attachments WHERE id = $1";
    let (sealed,): (Vec<u8>,) = tx.one(sql, args![id.uuid()]).await?;
    FileKey::from_text(&cipher.open(FILE_KEY, id.uuid(), &sealed)?)
}

/// Stores a new one.
pub(crate) async fn insert(
    tx: &mut Tx,
    cipher: &Cipher,
    customer: CustomerId,
    (new, key): (&Attachment, &FileKey),
) -> Result<()> {
    tx.execute(
        "INSERT INTO attachments (id, customer_id, name, media_type, bytes, file_key, added_by, added_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            new.id.uuid(),
            customer.uuid(),
            new.name.as_str(),
            new.media_type.as_str(),
            i64::try_from(new.bytes).unwrap_or(i64::MAX),
            cipher.seal(FILE_KEY, new.id.uuid(), &key.to_text())?,
            new.added_by,
            new.added_at,
        ],
    )
    .await
    .map(|_| ())
}

/// Forgets one with the key of its file; false where it is gone already.
pub(crate) async fn delete(tx: &mut Tx, customer: CustomerId, id: AttachmentId) -> Result<bool> {
    let sql = "DELETE FROM attachments WHERE id = $1 AND customer_id = $2";
    tx.execute(sql, args![id.uuid(), customer.uuid()])
        .await
        .map(|gone| gone == 1)
}

/// Forgets all of some customers; says which there were.
pub(crate) async fn delete_all(tx: &mut Tx, customers: &[Uuid]) -> Result<Vec<AttachmentId>> {
    let among = tx.dialect().in_uuids(1);
    let select = format!("SELECT id FROM attachments WHERE customer_id{among}");
    let rows: Vec<(Uuid,)> = tx.all(AssertSqlSafe(select), args![uuids(customers)]).await?;
    let delete = format!("DELETE FROM attachments WHERE customer_id{among}");
    tx.execute(AssertSqlSafe(delete), args![uuids(customers)]).await?;
    Ok(rows.into_iter().map(|(id,)| id.into()).collect())
}

/// Which of these are there.
pub(crate) async fn known(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let sql = format!("SELECT id FROM attachments WHERE id{}", tx.dialect().in_uuids(1));
    let rows: Vec<(Uuid,)> = tx.all(AssertSqlSafe(sql), args![uuids(ids)]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Seals anew the keys that older keys have sealed, among the `max` attachments after `after`: the last one looked
/// at, if there was one, and how many were sealed.
pub(crate) async fn seal_anew(
    tx: &mut Tx,
    cipher: &Cipher,
    after: Uuid,
    max: u32,
) -> Result<(Option<Uuid>, u64)> {
    let sql = format!(
        "SELECT id, file_key FROM attachments WHERE id > $1 ORDER BY id LIMIT $2{}",
        tx.dialect().for_update()
    );
    let rows: Vec<(Uuid, Vec<u8>)> = tx.all(AssertSqlSafe(sql), args![after, max]).await?;
    let last = rows.last().map(|(id, _)| *id);
    let mut sealed = 0;
    for (id, key) in rows {
        if !cipher.is_current(&key) {
            let anew = cipher.seal(FILE_KEY, id, &cipher.open(FILE_KEY, id, &key)?)?;
            tx.execute(
                "UPDATE attachments SET file_key = $1 WHERE id = $2",
                args![anew, id],
            )
            .await?;
            sealed += 1;
        }
    }
    Ok((last, sealed))
}
