//! The SQL of imports.

use base::{Cursor, Error, Page, PageSize, Result};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::model::{
    Column, DRY_RUN, IMPORT, ImportId, ImportOptions, ImportReport, ImportState, Mapping, Reject, Upload,
};
use crate::args;
use crate::db::{Bulk, Sql, Tx, list, micros, timestamp};
use crate::events::Actor;
use crate::jobs::{JobId, JobState};
use crate::tabular::Shape;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    file_name: String,
    bytes: i64,
    sha256: String,
    shape: Json<Shape>,
    sheets: Option<Json<Vec<String>>>,
    columns: Json<Vec<Column>>,
    options: Option<Json<ImportOptions>>,
    checked: bool,
    report: Option<Json<ImportReport>>,
    job_id: Option<Uuid>,
    job_kind: Option<String>,
    job_state: Option<String>,
    created_at: i64,
    file: Option<String>,
}

/// An upload with its state.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) upload: Upload,
    pub(super) state: ImportState,
    /// A job is at work on it, or about to be.
    pub(super) is_busy: bool,
    /// Its file's name among the uploads; none once it is removed.
    pub(super) file: Option<String>,
}

impl TryFrom<Row> for Found {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let job_state = row
            .job_state
            .map(|state| state.parse::<JobState>())
            .transpose()
            .map_err(Error::internal)?;
        Ok(Self {
            is_busy: job_state.is_some_and(|state| !state.is_finished()),
            state: ImportState::of(row.job_kind.as_deref().zip(job_state)),
            file: row.file,
            upload: Upload {
                id: row.id.into(),
                kind: row.kind,
                file_name: row.file_name,
                bytes: row.bytes.unsigned_abs(),
                sha256: row.sha256,
                shape: row.shape.0,
                sheets: row.sheets.map(|json| json.0).unwrap_or_default(),
                columns: row.columns.0,
                options: row.options.map(|json| json.0),
                checked: row.checked,
                report: row.report.map(|json| json.0),
                job: row.job_id.map(JobId::from),
                created_at: timestamp(row.created_at),
            },
        })
    }
}

const SELECT: &str = "SELECT i.id, i.kind, i.file_name, i.bytes, i.sha256, i.shape, i.sheets, i.columns, \
    i.options, i.checked, i.report, i.job_id, j.kind AS job_kind, j.state AS job_state, i.created_at, i.file \
    FROM imports i LEFT JOIN jobs j ON j.id = i.job_id ";

pub(super) async fn insert(tx: &mut Tx, upload: &Upload, file: &str, actor: Actor) -> Result<()> {
    tx.execute(
        "INSERT INTO imports (id, kind, file_name, bytes, sha256, shape, columns, created_by, created_at, file, \
         sheets) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        args![
            upload.id.uuid(),
            upload.kind.as_str(),
            upload.file_name.as_str(),
            i64::try_from(upload.bytes).unwrap_or(i64::MAX),
            upload.sha256.as_str(),
            json(&upload.shape)?,
            json(&upload.columns)?,
            actor.user(),
            upload.created_at,
            file,
            json(&upload.sheets)?,
        ],
    )
    .await
    .map(|_| ())
}

pub(super) async fn get(tx: &mut Tx, id: ImportId) -> Result<Option<Found>> {
    let sql = format!("{SELECT}WHERE i.id = $1");
    let row: Option<Row> = tx.optional(sqlx::AssertSqlSafe(sql), args![id.uuid()]).await?;
    row.map(Found::try_from).transpose()
}

/// Holds the import against others until the transaction ends; false when there is none.
pub(super) async fn lock(tx: &mut Tx, id: ImportId) -> Result<bool> {
    tx.about_to_write("imports").await?;
    let sql = format!(
        "SELECT id FROM imports WHERE id = $1{}",
        tx.dialect().for_update()
    );
    let row: Option<(Uuid,)> = tx.optional(sqlx::AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(row.is_some())
}

/// Imports, newest first.
pub(super) async fn page(tx: &mut Tx, size: PageSize, cursor: Option<&str>) -> Result<Page<Found>> {
    let mut sql = Sql::new(SELECT);
    sql.push("WHERE 1 = 1");
    if let Some(cursor) = cursor {
        let (at, id): (i64, Uuid) = Cursor::key(cursor)?;
        sql.push(" AND (i.created_at, i.id) < (")
            .bind(at)
            .push(", ")
            .bind(id)
            .push(")");
    }
    sql.push(" ORDER BY i.created_at DESC, i.id DESC LIMIT ")
        .bind(size.rows() + 1);
    let rows: Vec<Row> = sql.all(tx).await?;
    let found = rows
        .into_iter()
        .map(Found::try_from)
        .collect::<Result<Vec<_>>>()?;
    Page::cut(found, size, |found| {
        (micros(found.upload.created_at), found.upload.id.uuid())
    })
}

/// Notes the dry run that begins and what it was asked; whatever was checked before is forgotten.
pub(super) async fn begin_check(
    tx: &mut Tx,
    id: ImportId,
    job: JobId,
    options: &ImportOptions,
) -> Result<()> {
    tx.execute(
        "UPDATE imports SET job_id = $2, report = NULL, options = $3, checked = FALSE WHERE id = $1",
        args![id.uuid(), job.uuid(), json(options)?],
    )
    .await
    .map(|_| ())
}

/// Notes how else the file is to be read; what was checked and found before is forgotten.
pub(super) async fn set_shape(tx: &mut Tx, id: ImportId, shape: &Shape, columns: &[Column]) -> Result<()> {
    clear_rejects(tx, id).await?;
    tx.execute(
        "UPDATE imports SET shape = $2, columns = $3, job_id = NULL, report = NULL, options = NULL, \
         checked = FALSE WHERE id = $1",
        args![id.uuid(), json(shape)?, json(&columns)?],
    )
    .await
    .map(|_| ())
}

/// Notes that the dry run has read it all.
pub(super) async fn end_check(tx: &mut Tx, id: ImportId) -> Result<()> {
    tx.execute(
        "UPDATE imports SET checked = TRUE WHERE id = $1",
        args![id.uuid()],
    )
    .await
    .map(|_| ())
}

/// Notes the import's newest job; its report begins anew.
pub(super) async fn set_job(tx: &mut Tx, id: ImportId, job: JobId) -> Result<()> {
    tx.execute(
        "UPDATE imports SET job_id = $2, report = NULL WHERE id = $1",
        args![id.uuid(), job.uuid()],
    )
    .await
    .map(|_| ())
}

pub(super) async fn save_report(tx: &mut Tx, id: ImportId, report: &ImportReport) -> Result<()> {
    tx.execute(
        "UPDATE imports SET report = $2 WHERE id = $1",
        args![id.uuid(), json(report)?],
    )
    .await
    .map(|_| ())
}

/// A rejected row with its cells as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RejectedRow {
    pub(super) reject: Reject,
    pub(super) cells: Vec<String>,
    /// The row was too long to be kept whole; the last of the cells ends in `…`.
    pub(super) is_cut: bool,
}

/// Forgets the rejects of an earlier run.
pub(super) async fn clear_rejects(tx: &mut Tx, id: ImportId) -> Result<()> {
    tx.execute(
        "DELETE FROM import_rejects WHERE import_id = $1",
        args![id.uuid()],
    )
    .await
    .map(|_| ())
}

const REJECTS: Bulk = Bulk {
    table: "import_rejects",
    columns: &["import_id", "number", "reject", "cells", "is_cut"],
    on_conflict: "",
};

/// Adds rejects, numbered from `first_number`.
pub(super) async fn insert_rejects(
    tx: &mut Tx,
    id: ImportId,
    first_number: usize,
    rejects: &[RejectedRow],
) -> Result<()> {
    let mut rows = Vec::with_capacity(rejects.len());
    for (n, rejected) in rejects.iter().enumerate() {
        let number = i32::try_from(first_number + n).map_err(Error::internal)?;
        rows.push(args![
            id.uuid(),
            number,
            json(&rejected.reject)?,
            json(&rejected.cells)?,
            rejected.is_cut,
        ]);
    }
    REJECTS.insert(tx, rows).await.map(|_| ())
}

#[derive(sqlx::FromRow)]
struct RejectRow {
    number: i32,
    reject: Json<Reject>,
    cells: Json<Vec<String>>,
    is_cut: bool,
}

/// The kept rejects after `after_number`, at most `limit`, with their numbers.
pub(super) async fn rejects(
    tx: &mut Tx,
    id: ImportId,
    after_number: i32,
    limit: u32,
) -> Result<Vec<(i32, RejectedRow)>> {
    let rows: Vec<RejectRow> = tx
        .all(
            "SELECT number, reject, cells, is_cut FROM import_rejects WHERE import_id = $1 AND number > $2 \
             ORDER BY number LIMIT $3",
            args![id.uuid(), after_number, limit],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let rejected = RejectedRow {
                reject: row.reject.0,
                cells: row.cells.0,
                is_cut: row.is_cut,
            };
            (row.number, rejected)
        })
        .collect())
}

/// Keeps the mapping for the next file of this kind and source.
pub(super) async fn remember_mapping(
    tx: &mut Tx,
    kind: &str,
    source: &str,
    mapping: &Mapping,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO import_mappings (kind, source, mapping, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, source) DO UPDATE SET mapping = excluded.mapping, updated_at = excluded.updated_at",
        args![kind, source, json(mapping)?, now],
    )
    .await
    .map(|_| ())
}

/// So many different headers are remembered.
const HEADERS_KEPT: u32 = 1_000;

/// Keeps the mapping and source for the next file of this kind with these columns.
pub(super) async fn remember_header(
    tx: &mut Tx,
    kind: &str,
    signature: &str,
    source: &str,
    mapping: &Mapping,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO import_headers (kind, signature, source, mapping, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (kind, signature) DO UPDATE SET source = excluded.source, mapping = excluded.mapping, \
         updated_at = excluded.updated_at",
        args![kind, signature, source, json(mapping)?, now],
    )
    .await?;
    tx.execute(
        "DELETE FROM import_headers WHERE updated_at < (SELECT min(updated_at) FROM \
         (SELECT updated_at FROM import_headers ORDER BY updated_at DESC LIMIT $1) AS newest)",
        args![HEADERS_KEPT],
    )
    .await
    .map(|_| ())
}

/// The source and mapping that a file of this kind with these columns was imported with last.
pub(super) async fn mapping_of_header(
    tx: &mut Tx,
    kind: &str,
    signature: &str,
) -> Result<Option<(String, Mapping)>> {
    let row: Option<(String, Json<Mapping>)> = tx
        .optional(
            "SELECT source, mapping FROM import_headers WHERE kind = $1 AND signature = $2",
            args![kind, signature],
        )
        .await?;
    Ok(row.map(|(source, Json(mapping))| (source, mapping)))
}

/// The sources of a kind with the mapping each was imported with, the newest first, at most 20.
pub(super) async fn mappings(tx: &mut Tx, kind: &str) -> Result<Vec<(String, Mapping)>> {
    let rows: Vec<(String, Json<Mapping>)> = tx
        .all(
            "SELECT source, mapping FROM import_mappings WHERE kind = $1 ORDER BY updated_at DESC LIMIT 20",
            args![kind],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|(source, Json(mapping))| (source, mapping))
        .collect())
}

/// The files of imports older than `before` that no job works on, at most 100.
pub(super) async fn old_files(tx: &mut Tx, before: Timestamp) -> Result<Vec<(ImportId, String)>> {
    let rows: Vec<(Uuid, String)> = tx
        .all(
            "SELECT i.id, i.file FROM imports i LEFT JOIN jobs j ON j.id = i.job_id \
             WHERE i.file IS NOT NULL AND i.created_at < $1 \
             AND (j.state IS NULL OR j.state NOT IN ('queued', 'running')) \
             ORDER BY i.created_at LIMIT 100",
            args![before],
        )
        .await?;
    Ok(rows.into_iter().map(|(id, file)| (id.into(), file)).collect())
}

/// Imports uploaded before a time whose rejected rows are still there, with their reports; the oldest 100.
pub(super) async fn old_rejects(
    tx: &mut Tx,
    before: Timestamp,
) -> Result<Vec<(ImportId, Option<ImportReport>)>> {
    let rows: Vec<(Uuid, Option<Json<ImportReport>>)> = tx
        .all(
            "SELECT i.id, i.report FROM imports i LEFT JOIN jobs j ON j.id = i.job_id \
             WHERE i.created_at < $1 AND (j.state IS NULL OR j.state NOT IN ('queued', 'running')) \
             AND EXISTS (SELECT 1 FROM import_rejects r WHERE r.import_id = i.id) \
             ORDER BY i.created_at LIMIT 100",
            args![before],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, report)| (id.into(), report.map(|json| json.0)))
        .collect())
}

/// Passes if no import is at work or waits for its turn, and keeps everyone from beginning one until the transaction
/// ends: what it has read it would write after a forgetting. Error: `import_in_progress`.
pub(crate) async fn check_none_at_work(tx: &mut Tx) -> Result<()> {
    tx.wait_for_writers("imports").await?;
    let (at_work,): (i64,) = tx
        .one(
            "SELECT count(*) FROM jobs WHERE kind IN ($1, $2) AND state IN ('queued', 'running')",
            args![IMPORT, DRY_RUN],
        )
        .await?;
    if at_work == 0 {
        return Ok(());
    }
    let message = "a file is being imported or checked; try again when that is done, or stop it";
    Err(Error::conflict("import_in_progress", message))
}

/// Forgets every rejected row, also in reports. Says how many rows.
pub(crate) async fn forget(tx: &mut Tx) -> Result<u64> {
    let forgotten = tx.execute("DELETE FROM import_rejects", []).await?;
    let mut after = Uuid::nil();
    loop {
        let some: Vec<(Uuid, Json<ImportReport>)> = tx
            .all(
                "SELECT id, report FROM imports WHERE report IS NOT NULL AND id > $1 ORDER BY id LIMIT 100",
                args![after],
            )
            .await?;
        let Some((last, _)) = some.last() else { break };
        after = *last;
        for (id, Json(mut report)) in some {
            if !report.rejects.is_empty() {
                report.rejects.clear();
                save_report(tx, id.into(), &report).await?;
            }
        }
    }
    // How far a job came says what it rejected too; one that is over goes on no more.
    tx.execute(
        "UPDATE jobs SET checkpoint = NULL WHERE kind = $1 AND checkpoint IS NOT NULL \
         AND state IN ('succeeded', 'failed', 'cancelled')",
        args![IMPORT],
    )
    .await?;
    Ok(forgotten)
}

/// Which of these files belong to an import.
pub(super) async fn known_files(tx: &mut Tx, files: &[String]) -> Result<Vec<String>> {
    let sql = format!("SELECT file FROM imports WHERE file{}", tx.dialect().in_texts(1));
    let rows: Vec<(String,)> = tx.all(sqlx::AssertSqlSafe(sql), args![list(files)]).await?;
    Ok(rows.into_iter().map(|(file,)| file).collect())
}

/// Notes that the file is removed. What was shown of its columns, to say what they mean, is forgotten with it.
pub(super) async fn forget_file(tx: &mut Tx, id: ImportId) -> Result<()> {
    let sql = "SELECT columns FROM imports WHERE id = $1";
    let Some((Json(mut columns),)) = tx.optional::<(Json<Vec<Column>>,)>(sql, args![id.uuid()]).await? else {
        return Ok(());
    };
    for column in &mut columns {
        column.samples.clear();
    }
    tx.execute(
        "UPDATE imports SET file = NULL, columns = $2 WHERE id = $1",
        args![id.uuid(), json(&columns)?],
    )
    .await
    .map(|_| ())
}

fn json<T: serde::Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(Error::internal)
}
