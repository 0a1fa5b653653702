//! The SQL of exports.

use base::{Cursor, Error, Page, PageSize, Result};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use super::kind::ExportFilter;
use super::model::{Export, ExportId};
use crate::access::UserId;
use crate::args;
use crate::db::{Sql, Tx, micros, timestamp};
use crate::forgetting::Words;
use crate::jobs::JobState;

/// So many exports are looked at in one step. A filter may have a megabyte.
const FILTERS_AT_ONCE: u32 = 50;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    format: String,
    filter: Json<ExportFilter>,
    job_id: Uuid,
    job_state: Option<String>,
    created_at: i64,
    rows: Option<i64>,
    bytes: Option<i64>,
    expires_at: i64,
    removed: bool,
}

impl TryFrom<Row> for Export {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let state = match row.job_state {
            Some(state) => state.parse().map_err(Error::internal)?,
            // Its job was over long ago.
            None if row.rows.is_some() => JobState::Succeeded,
            None => JobState::Failed,
        };
        Ok(Self {
            id: row.id.into(),
            kind: row.kind,
            format: row.format.parse()?,
            filter: row.filter.0,
            state,
            job_id: row.job_id.into(),
            rows: row.rows.map(i64::unsigned_abs),
            bytes: row.bytes.map(i64::unsigned_abs),
            created_at: timestamp(row.created_at),
            expires_at: timestamp(row.expires_at),
            removed: row.removed,
        })
    }
}

const SELECT: &str = "SELECT e.id, e.kind, e.format, e.filter, e.job_id, j.state AS job_state, e.created_at, \
    e.rows, e.bytes, e.expires_at, e.removed FROM exports e LEFT JOIN jobs j ON j.id = e.job_id ";

pub(super) async fn insert(tx: &mut Tx, export: &Export, by: UserId) -> Result<()> {
    tx.execute(
        "INSERT INTO exports (id, kind, format, filter, job_id, created_by, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            export.id.uuid(),
            export.kind.as_str(),
            export.format.name(),
            serde_json::to_value(&export.filter).map_err(Error::internal)?,
            export.job_id.uuid(),
            by.uuid(),
            export.created_at,
            export.expires_at,
        ],
    )
    .await
    .map(|_| ())
}

/// An export of this user.
pub(super) async fn get(tx: &mut Tx, id: ExportId, by: UserId) -> Result<Option<Export>> {
    let sql = format!("{SELECT}WHERE e.id = $1 AND e.created_by = $2");
    let args = args![id.uuid(), by.uuid()];
    let row: Option<Row> = tx.optional(sqlx::AssertSqlSafe(sql), args).await?;
    row.map(Export::try_from).transpose()
}

/// The exports of a user, newest first.
pub(super) async fn page(
    tx: &mut Tx,
    by: UserId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Export>> {
    let mut sql = Sql::new(SELECT);
    sql.push("WHERE e.created_by = ").bind(by.uuid());
    if let Some(cursor) = cursor {
        let (at, id): (i64, Uuid) = Cursor::key(cursor)?;
        sql.push(" AND (e.created_at, e.id) < (")
            .bind(at)
            .push(", ")
            .bind(id)
            .push(")");
    }
    sql.push(" ORDER BY e.created_at DESC, e.id DESC LIMIT ")
        .bind(size.rows() + 1);
    let rows: Vec<Row> = sql.all(tx).await?;
    let exports = rows
        .into_iter()
        .map(Export::try_from)
        .collect::<Result<Vec<_>>>()?;
    Page::cut(exports, size, |export| {
        (micros(export.created_at), export.id.uuid())
    })
}

/// Withdraws every list that was exported or is being exported: the files go with the next sweep. What a list was
/// filtered by is forgotten where it has one of these words. Says how many were withdrawn.
pub(crate) async fn withdraw(tx: &mut Tx, words: &Words, now: Timestamp) -> Result<u64> {
    forget_filters(tx, words).await?;
    let withdrawn = tx
        .execute(
            "UPDATE exports SET expires_at = $1 WHERE NOT removed AND rows IS NOT NULL AND expires_at > $1",
            args![now],
        )
        .await?;
    // One that is being written finds out when it is done.
    let stopped = tx
        .execute(
            "UPDATE exports SET removed = TRUE WHERE NOT removed AND rows IS NULL",
            [],
        )
        .await?;
    Ok(withdrawn + stopped)
}

/// Forgets what lists were filtered by where it has one of these words, looking at so many exports at a time.
async fn forget_filters(tx: &mut Tx, words: &Words) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let filters: Vec<(Uuid, Json<ExportFilter>)> = tx
            .all(
                "SELECT id, filter FROM exports WHERE id > $1 ORDER BY id LIMIT $2",
                args![after, FILTERS_AT_ONCE],
            )
            .await?;
        let Some((last, _)) = filters.last() else {
            return Ok(());
        };
        after = *last;
        for (id, Json(filter)) in filters {
            if filter.values().any(|value| words.are_in(value)) {
                tx.execute(
                    "UPDATE exports SET filter = $2 WHERE id = $1",
                    args![id, serde_json::json!({})],
                )
                .await?;
            }
        }
    }
}

/// Notes that the file is whole, and until when it stays; false where it was withdrawn meanwhile.
pub(super) async fn finish(
    tx: &mut Tx,
    id: ExportId,
    rows: u64,
    bytes: u64,
    expires_at: Timestamp,
) -> Result<bool> {
    let (rows, bytes) = (i64::try_from(rows), i64::try_from(bytes));
    tx.execute(
        "UPDATE exports SET rows = $2, bytes = $3, expires_at = $4 WHERE id = $1 AND NOT removed",
        args![
            id.uuid(),
            rows.map_err(Error::internal)?,
            bytes.map_err(Error::internal)?,
            expires_at,
        ],
    )
    .await
    .map(|done| done == 1)
}

/// Exports whose files are due to be removed and that no job writes, the oldest 100.
pub(super) async fn expired(tx: &mut Tx, now: Timestamp) -> Result<Vec<ExportId>> {
    let rows: Vec<(Uuid,)> = tx
        .all(
            "SELECT e.id FROM exports e LEFT JOIN jobs j ON j.id = e.job_id \
             WHERE e.expires_at <= $1 AND NOT e.removed AND (j.state IS NULL OR j.state NOT IN ('queued', 'running')) \
             ORDER BY e.expires_at LIMIT 100",
            args![now],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id.into()).collect())
}

/// Notes that the file is removed.
pub(super) async fn forget_file(tx: &mut Tx, id: ExportId) -> Result<()> {
    tx.execute(
        "UPDATE exports SET removed = TRUE WHERE id = $1",
        args![id.uuid()],
    )
    .await
    .map(|_| ())
}

/// Forgets exports whose files were removed before a time.
pub(super) async fn delete_old(tx: &mut Tx, before: Timestamp) -> Result<()> {
    tx.execute(
        "DELETE FROM exports WHERE removed AND expires_at < $1",
        args![before],
    )
    .await
    .map(|_| ())
}
