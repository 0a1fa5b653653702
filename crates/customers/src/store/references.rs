//! The rows that refer to a customer, of whatever table, as the rooms list them (`crate::references`).

use std::collections::BTreeMap;

use base::Result;
use platform::db::{list, uuids};
use platform::{Tx, args};
use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use super::IDS_PER_STATEMENT;
use crate::model::CustomerId;
use crate::references::{Keyed, Reference};

/// How many rows refer to a customer.
pub(crate) async fn count(tx: &mut Tx, reference: &Reference, customer: CustomerId) -> Result<u64> {
    let Reference { table, column, .. } = reference;
    let sql = format!("SELECT count(*) FROM {table} WHERE {column} = $1");
    let (count,): (i64,) = tx.one(AssertSqlSafe(sql), args![customer.uuid()]).await?;
    Ok(count.unsigned_abs())
}

/// The ids of the rows that refer to a customer, at most `max`.
pub(crate) async fn ids(
    tx: &mut Tx,
    reference: &Reference,
    customer: CustomerId,
    max: u32,
) -> Result<Vec<Uuid>> {
    let Reference { table, column, .. } = reference;
    let sql = format!("SELECT id FROM {table} WHERE {column} = $1 ORDER BY id LIMIT $2");
    let rows: Vec<(Uuid,)> = tx.all(AssertSqlSafe(sql), args![customer.uuid(), max]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Makes those of these rows that refer to one customer refer to another one; says how many.
pub(crate) async fn point(
    tx: &mut Tx,
    reference: &Reference,
    rows: &[Uuid],
    (from, to): (CustomerId, CustomerId),
) -> Result<u64> {
    let Reference { table, column, .. } = reference;
    let sql = format!(
        "UPDATE {table} SET {column} = $1 WHERE {column} = $2 AND id{}",
        tx.dialect().in_uuids(3)
    );
    let mut pointed = 0;
    for some in rows.chunks(IDS_PER_STATEMENT) {
        pointed += tx
            .execute(
                AssertSqlSafe(sql.clone()),
                args![to.uuid(), from.uuid(), uuids(some)],
            )
            .await?;
    }
    Ok(pointed)
}

/// The rows of a customer by their keys, with what they say; an empty key where a customer has one row at all.
pub(crate) async fn by_key(
    tx: &mut Tx,
    reference: &Reference,
    keyed: Keyed,
    customer: CustomerId,
    max: u32,
) -> Result<BTreeMap<String, Value>> {
    let Reference { table, column, .. } = reference;
    let key = keyed.key.unwrap_or("CAST('' AS TEXT)");
    match keyed.value {
        None => {
            let sql = format!("SELECT {key} FROM {table} WHERE {column} = $1 LIMIT $2");
            let rows: Vec<(String,)> = tx.all(AssertSqlSafe(sql), args![customer.uuid(), max]).await?;
            Ok(rows.into_iter().map(|(key,)| (key, Value::Null)).collect())
        }
        Some(value) => {
            let value = value.column;
            let sql = format!("SELECT {key}, {value} FROM {table} WHERE {column} = $1 LIMIT $2");
            let rows: Vec<(String, Json<Value>)> =
                tx.all(AssertSqlSafe(sql), args![customer.uuid(), max]).await?;
            Ok(rows.into_iter().map(|(key, Json(value))| (key, value)).collect())
        }
    }
}

/// Makes the rows of these keys refer to another customer, who has none of them; says how many.
async fn point_keys(
    tx: &mut Tx,
    reference: &Reference,
    keyed: Keyed,
    keys: &[String],
    (from, to): (Uuid, Uuid),
) -> Result<u64> {
    if keys.is_empty() {
        return Ok(0);
    }
    let Reference { table, column, .. } = reference;
    let mut sql = format!("UPDATE {table} SET {column} = $1 WHERE {column} = $2");
    let mut args = args![to, from];
    if let Some(key) = keyed.key {
        sql.push_str(&format!(" AND {key}{}", tx.dialect().in_texts(3)));
        args.push(list(keys));
    }
    tx.execute(AssertSqlSafe(sql), args).await
}

/// Gives the rows of some keys to one customer and those of others to the other, who may have one of the same
/// key each: by way of nobody, which a key that is checked at the end allows.
pub(crate) async fn exchange(
    tx: &mut Tx,
    reference: &Reference,
    keyed: Keyed,
    (mine, me): (&[String], CustomerId),
    (theirs, they): (&[String], CustomerId),
) -> Result<u64> {
    let (me, they, nobody) = (me.uuid(), they.uuid(), Uuid::nil());
    point_keys(tx, reference, keyed, mine, (me, nobody)).await?;
    let came = point_keys(tx, reference, keyed, theirs, (they, me)).await?;
    point_keys(tx, reference, keyed, mine, (nobody, they)).await?;
    Ok(came)
}
