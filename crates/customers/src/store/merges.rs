//! What was merged. The record of what moved and of what was overwritten is sealed.

use std::collections::{BTreeMap, HashMap};

use base::{Cursor, Error, Page, PageSize, Result};
use jiff::Timestamp;
use platform::crypto::{Cipher, Place};
use platform::db::{Sql, Value, timestamp, uuids};
use platform::{Scope, Tx, args};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use super::names;
use super::scope::push_scope_of_both;
use crate::model::{CustomerId, Merge, MergeId, MergeRecord};

const RECORD: Place = Place {
    table: "customer_merges",
    column: "record",
};

/// Waits until nobody else merges, and until nobody writes customers or is about to refer to one; then nobody begins
/// to until the transaction ends. The first statement of a transaction that merges, so that it waits with nothing in
/// its hands.
pub(crate) async fn be_alone(tx: &mut Tx) -> Result<()> {
    if let Some(lock) = tx.dialect().merge_lock() {
        tx.execute(lock, []).await?;
    }
    tx.wait_for_writers("customers").await
}

/// Whether something of one of these customers stands in clear, which a job is about to seal.
pub(crate) async fn is_plain(tx: &mut Tx, (one, other): (CustomerId, CustomerId)) -> Result<bool> {
    let (count,): (i64,) = tx
        .one(
            "SELECT count(*) FROM customers WHERE id IN ($1, $2) AND (phone IS NOT NULL OR email IS NOT NULL)",
            args![one.uuid(), other.uuid()],
        )
        .await?;
    Ok(count > 0)
}

/// Says that a customer is merged into another one, or (none) into nobody any more. Its name is found then by
/// its keys no longer, or again.
pub(crate) async fn set_survivor(
    tx: &mut Tx,
    merged: CustomerId,
    name: Option<&str>,
    survivor: Option<CustomerId>,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE customers SET merged_into = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        args![merged.uuid(), survivor.map(CustomerId::uuid), now],
    )
    .await?;
    let name = name.map(str::to_owned);
    let names = if survivor.is_some() {
        (name, None)
    } else {
        (None, name)
    };
    names::rename(tx, &HashMap::from([(merged.uuid(), names)])).await
}

/// A merge to be stored.
#[derive(Debug)]
pub(crate) struct NewMerge<'a> {
    pub(crate) id: MergeId,
    pub(crate) survivor: CustomerId,
    pub(crate) survivor_version: i64,
    pub(crate) merged: CustomerId,
    pub(crate) moved: &'a BTreeMap<String, u64>,
    pub(crate) record: &'a MergeRecord,
    pub(crate) at: Timestamp,
    pub(crate) by: Option<Uuid>,
}

/// Stores what was merged.
pub(crate) async fn insert(tx: &mut Tx, cipher: &Cipher, new: &NewMerge<'_>) -> Result<()> {
    let record = serde_json::to_string(new.record).map_err(Error::internal)?;
    let fields: Vec<&String> = new.record.fields.keys().collect();
    tx.execute(
        "INSERT INTO customer_merges \
         (id, survivor_id, survivor_version, merged_id, moved, fields, record, merged_at, merged_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        args![
            new.id.uuid(),
            new.survivor.uuid(),
            new.survivor_version,
            new.merged.uuid(),
            serde_json::to_value(new.moved).map_err(Error::internal)?,
            serde_json::to_value(fields).map_err(Error::internal)?,
            cipher.seal(RECORD, new.id.uuid(), &record)?,
            new.at,
            new.by,
        ],
    )
    .await
    .map(|_| ())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    survivor_id: Uuid,
    merged_id: Uuid,
    fields: Json<Vec<String>>,
    moved: Json<BTreeMap<String, u64>>,
    merged_at: i64,
    merged_by: Option<Uuid>,
    undone_at: Option<i64>,
    undone_by: Option<Uuid>,
}

impl Row {
    /// Merges of whom the caller sees both: the conditions follow.
    const SELECT: &'static str = "SELECT m.id, m.survivor_id, m.merged_id, m.fields, m.moved, m.merged_at, \
        m.merged_by, m.undone_at, m.undone_by FROM customer_merges m JOIN customers a ON a.id = m.survivor_id \
        JOIN customers b ON b.id = m.merged_id WHERE ";

    fn merge(self) -> Merge {
        Merge {
            id: self.id.into(),
            survivor: self.survivor_id.into(),
            merged: self.merged_id.into(),
            fields: self.fields.0,
            moved: self.moved.0,
            merged_at: timestamp(self.merged_at),
            merged_by: self.merged_by,
            undone_at: self.undone_at.map(timestamp),
            undone_by: self.undone_by,
        }
    }
}

/// One merge of two who are both in the scope.
pub(crate) async fn get(tx: &mut Tx, scope: &Scope, id: MergeId) -> Result<Option<Merge>> {
    let mut sql = Sql::new(Row::SELECT);
    sql.push("m.id = ").bind(id.uuid());
    push_scope_of_both(&mut sql, scope, tx.dialect());
    let row = sql.all::<Row>(tx).await?.into_iter().next();
    Ok(row.map(Row::merge))
}

/// What a merge moved and overwrote.
pub(crate) async fn record(tx: &mut Tx, cipher: &Cipher, id: MergeId) -> Result<MergeRecord> {
    let (sealed,): (Vec<u8>,) = tx
        .one(
            "SELECT record FROM customer_merges WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    serde_json::from_str(&cipher.open(RECORD, id.uuid(), &sealed)?).map_err(Error::internal)
}

/// The merge that must be undone before this one: the newest later one of the same survivor, or the one that
/// merged the survivor itself.
pub(crate) async fn in_the_way(tx: &mut Tx, id: MergeId) -> Result<Option<MergeId>> {
    let row: Option<(Uuid,)> = tx
        .optional(
            "SELECT later.id FROM customer_merges m JOIN customer_merges later \
             ON later.undone_at IS NULL AND later.merged_id = m.survivor_id WHERE m.id = $1",
            args![id.uuid()],
        )
        .await?;
    if let Some((later,)) = row {
        return Ok(Some(later.into()));
    }
    let row: Option<(Uuid,)> = tx
        .optional(
            "SELECT later.id FROM customer_merges m JOIN customer_merges later \
             ON later.undone_at IS NULL AND later.survivor_id = m.survivor_id \
             AND later.survivor_version > m.survivor_version \
             WHERE m.id = $1 ORDER BY later.survivor_version DESC LIMIT 1",
            args![id.uuid()],
        )
        .await?;
    Ok(row.map(|(later,)| later.into()))
}

/// Says that a merge is undone.
pub(crate) async fn undo(tx: &mut Tx, id: MergeId, now: Timestamp, by: Option<Uuid>) -> Result<()> {
    tx.execute(
        "UPDATE customer_merges SET undone_at = $2, undone_by = $3 WHERE id = $1",
        args![id.uuid(), now, by],
    )
    .await
    .map(|_| ())
}

/// Merges of two who are both in the scope, the newest first; those of one customer, on either side, where one is given.
pub(crate) async fn page(
    tx: &mut Tx,
    scope: &Scope,
    customer: Option<CustomerId>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Merge>> {
    let before = cursor.map(Cursor::key::<Uuid>).transpose()?;
    let mut sql = Sql::new(Row::SELECT);
    sql.push("m.id < ").bind(before.unwrap_or(Uuid::max()));
    if let Some(customer) = customer {
        sql.push(" AND (m.survivor_id = ")
            .bind(customer.uuid())
            .push(" OR m.merged_id = ")
            .bind(customer.uuid())
            .push(")");
    }
    push_scope_of_both(&mut sql, scope, tx.dialect());
    sql.push(" ORDER BY m.id DESC LIMIT ").bind(size.rows() + 1);
    let rows: Vec<Row> = sql.all(tx).await?;
    let merges = rows.into_iter().map(Row::merge).collect();
    Page::cut(merges, size, |merge| merge.id.uuid())
}

/// Which of these external ids are those of merged customers, and the external ids of their survivors.
pub(crate) async fn survivors_by_external(
    tx: &mut Tx,
    external_ids: Value,
) -> Result<BTreeMap<String, String>> {
    // Where nobody was merged yet, nothing is looked up.
    let any: Option<(Uuid,)> = tx
        .optional(
            "SELECT id FROM customers WHERE merged_into IS NOT NULL LIMIT 1",
            [],
        )
        .await?;
    if any.is_none() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT c.external_id, s.external_id FROM customers c JOIN customers s ON s.id = c.merged_into \
         WHERE c.external_id{}",
        tx.dialect().in_texts(1)
    );
    let rows: Vec<(String, String)> = tx.all(AssertSqlSafe(sql), vec![external_ids]).await?;
    Ok(rows.into_iter().collect())
}

/// Forgets which values the merges of some customers took the place of: they can be undone no more.
pub(crate) async fn forget_records(tx: &mut Tx, cipher: &Cipher, customers: &[Uuid]) -> Result<()> {
    let among = tx.dialect().in_uuids(1);
    let sql = format!("SELECT id FROM customer_merges WHERE survivor_id{among} OR merged_id{among}");
    let rows: Vec<(Uuid,)> = tx.all(AssertSqlSafe(sql), args![uuids(customers)]).await?;
    let nothing = serde_json::to_string(&MergeRecord::default()).map_err(Error::internal)?;
    for (id,) in rows {
        tx.execute(
            "UPDATE customer_merges SET record = $2 WHERE id = $1",
            args![id, cipher.seal(RECORD, id, &nothing)?],
        )
        .await?;
    }
    Ok(())
}

/// Seals anew what older keys have sealed, among the `max` merges after `after`: the last one looked at, if
/// there was one, and how many were sealed.
pub(crate) async fn seal_anew(
    tx: &mut Tx,
    cipher: &Cipher,
    after: Uuid,
    max: u32,
) -> Result<(Option<Uuid>, u64)> {
    let mut sql = Sql::new("SELECT id, record FROM customer_merges WHERE id > ");
    sql.bind(after).push(" ORDER BY id LIMIT ").bind(max);
    let lock = tx.dialect().for_update();
    sql.push(lock);
    let rows: Vec<(Uuid, Vec<u8>)> = sql.all(tx).await?;
    let last = rows.last().map(|(id, _)| *id);
    let mut sealed = 0;
    for (id, record) in rows {
        if !cipher.is_current(&record) {
            let anew = cipher.seal(RECORD, id, &cipher.open(RECORD, id, &record)?)?;
            tx.execute(
                "UPDATE customer_merges SET record = $1 WHERE id = $2",
                args![anew, id],
            )
            .await?;
            sealed += 1;
        }
    }
    Ok((last, sealed))
}
