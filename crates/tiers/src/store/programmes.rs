//! Programmes and their versions.

use std::collections::HashMap;

use base::{Day, Error, Result};
use jiff::Timestamp;
use platform::args;
use platform::db::{Tx, timestamp};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{Document, Programme, ProgrammeFacts, ProgrammeId, Version, VersionId, VersionState};

/// A firm has fewer programmes.
pub const PROGRAMMES_MAX: u32 = 50;

#[derive(sqlx::FromRow)]
struct ProgrammeRow {
    id: Uuid,
    code: String,
    zh: String,
    en: String,
    brands: Json<Vec<String>>,
    kinds: Json<Vec<String>>,
    version: i32,
}

impl ProgrammeRow {
    const COLUMNS: &'static str = "id, code, zh, en, brands, kinds, version";
}

impl From<ProgrammeRow> for Programme {
    fn from(row: ProgrammeRow) -> Self {
        Self {
            id: row.id.into(),
            facts: ProgrammeFacts {
                code: row.code,
                zh: row.zh,
                en: row.en,
                brands: row.brands.0,
                kinds: row.kinds.0,
            },
            version: row.version.into(),
        }
    }
}

/// Every programme, by code.
pub async fn all(tx: &mut Tx) -> Result<Vec<Programme>> {
    let columns = ProgrammeRow::COLUMNS;
    let sql = format!("SELECT {columns} FROM tier_programmes ORDER BY code LIMIT $1");
    let rows: Vec<ProgrammeRow> = tx.all(AssertSqlSafe(sql), args![PROGRAMMES_MAX]).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One programme.
pub async fn find(tx: &mut Tx, id: ProgrammeId) -> Result<Option<Programme>> {
    one(tx, id, "").await
}

/// One programme, held until the transaction ends: whoever writes what follows from it comes one after the other.
pub async fn hold(tx: &mut Tx, id: ProgrammeId) -> Result<Option<Programme>> {
    let lock = tx.dialect().for_update();
    one(tx, id, lock).await
}

async fn one(tx: &mut Tx, id: ProgrammeId, lock: &str) -> Result<Option<Programme>> {
    let columns = ProgrammeRow::COLUMNS;
    let sql = format!("SELECT {columns} FROM tier_programmes WHERE id = $1{lock}");
    let row: Option<ProgrammeRow> = tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(row.map(Into::into))
}

fn texts(texts: &[String]) -> serde_json::Value {
    serde_json::Value::from(texts)
}

/// Stores a new programme.
pub async fn insert(tx: &mut Tx, id: ProgrammeId, facts: &ProgrammeFacts, at: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_programmes (id, code, zh, en, brands, kinds, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        args![
            id.uuid(),
            &facts.code,
            &facts.zh,
            &facts.en,
            texts(&facts.brands),
            texts(&facts.kinds),
            at
        ],
    )
    .await
    .map(|_| ())
}

/// Stores what a programme that is held has become.
pub async fn update(tx: &mut Tx, id: ProgrammeId, facts: &ProgrammeFacts, at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE tier_programmes SET code = $2, zh = $3, en = $4, brands = $5, kinds = $6, updated_at = $7, \
         version = version + 1 WHERE id = $1",
        args![
            id.uuid(),
            &facts.code,
            &facts.zh,
            &facts.en,
            texts(&facts.brands),
            texts(&facts.kinds),
            at
        ],
    )
    .await
    .map(|_| ())
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    id: Uuid,
    programme_id: Uuid,
    number: i32,
    state: String,
    document: String,
    revision: i32,
    edited_by: Option<Uuid>,
    published_by: Option<Uuid>,
    created_at: i64,
}

impl VersionRow {
    const COLUMNS: &'static str =
        "id, programme_id, number, state, document, revision, edited_by, published_by, created_at";

    fn version(self) -> Result<Version> {
        Ok(Version {
            id: self.id.into(),
            programme: self.programme_id.into(),
            number: self.number,
            state: self.state.parse()?,
            document: serde_json::from_str(&self.document).map_err(Error::internal)?,
            revision: self.revision.into(),
            edited_by: self.edited_by,
            published_by: self.published_by,
            created_at: timestamp(self.created_at),
        })
    }
}

/// The versions of a programme, the newest first.
pub async fn versions(
    tx: &mut Tx,
    programme: ProgrammeId,
    before: Option<i32>,
    rows: u32,
) -> Result<Vec<Version>> {
    let columns = VersionRow::COLUMNS;
    let sql = format!(
        "SELECT {columns} FROM tier_versions WHERE programme_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3"
    );
    let args = args![programme.uuid(), before.unwrap_or(i32::MAX), rows];
    let rows: Vec<VersionRow> = tx.all(AssertSqlSafe(sql), args).await?;
    rows.into_iter().map(VersionRow::version).collect()
}

/// One version.
pub async fn version(tx: &mut Tx, id: VersionId) -> Result<Option<Version>> {
    let columns = VersionRow::COLUMNS;
    let sql = format!("SELECT {columns} FROM tier_versions WHERE id = $1");
    let row: Option<VersionRow> = tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    row.map(VersionRow::version).transpose()
}

/// The version of a programme that is of a state of which there is one at most.
pub async fn version_in(tx: &mut Tx, programme: ProgrammeId, state: VersionState) -> Result<Option<Version>> {
    let columns = VersionRow::COLUMNS;
    let sql = format!("SELECT {columns} FROM tier_versions WHERE programme_id = $1 AND state = $2 LIMIT 1");
    let args = args![programme.uuid(), state.name()];
    let row: Option<VersionRow> = tx.optional(AssertSqlSafe(sql), args).await?;
    row.map(VersionRow::version).transpose()
}

/// The versions in force, each with its programme.
pub async fn in_force(tx: &mut Tx) -> Result<Vec<(Programme, Version)>> {
    let columns = VersionRow::COLUMNS;
    let sql = format!("SELECT {columns} FROM tier_versions WHERE state = 'effective' LIMIT $1");
    let rows: Vec<VersionRow> = tx.all(AssertSqlSafe(sql), args![PROGRAMMES_MAX]).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut versions = rows
        .into_iter()
        .map(|row| row.version().map(|version| (version.programme, version)))
        .collect::<Result<HashMap<_, _>>>()?;
    let programmes = all(tx).await?.into_iter();
    Ok(programmes
        .filter_map(|programme| versions.remove(&programme.id).map(|version| (programme, version)))
        .collect())
}

/// Versions whose day has come, the oldest first.
pub async fn due(tx: &mut Tx, today: Day) -> Result<Vec<Version>> {
    let columns = VersionRow::COLUMNS;
    let sql = format!(
        "SELECT {columns} FROM tier_versions WHERE state = 'scheduled' AND effective_on <= $1 \
         ORDER BY effective_on, id LIMIT $2"
    );
    let rows: Vec<VersionRow> = tx.all(AssertSqlSafe(sql), args![today, PROGRAMMES_MAX]).await?;
    rows.into_iter().map(VersionRow::version).collect()
}

fn written(document: &Document) -> Result<String> {
    serde_json::to_string(document).map_err(Error::internal)
}

/// Stores a new draft; gives its number.
pub async fn insert_draft(
    tx: &mut Tx,
    (id, programme): (VersionId, ProgrammeId),
    document: &Document,
    by: Option<Uuid>,
    at: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_versions (id, programme_id, number, state, document, effective_on, edited_by, created_at) \
         SELECT $1, $2, coalesce(max(number), 0) + 1, 'draft', $3, $4, $5, $6 FROM tier_versions \
         WHERE programme_id = $2",
        args![id.uuid(), programme.uuid(), written(document)?, document.effective_on, by, at],
    )
    .await
    .map(|_| ())
}

/// Stores what a draft says now; false where it is none any more, or another revision.
pub async fn update_draft(
    tx: &mut Tx,
    id: VersionId,
    revision: i64,
    document: &Document,
    by: Option<Uuid>,
) -> Result<bool> {
    let changed = tx
        .execute(
            "UPDATE tier_versions SET document = $3, effective_on = $4, edited_by = $5, revision = revision + 1 \
             WHERE id = $1 AND revision = $2 AND state = 'draft'",
            args![id.uuid(), revision, written(document)?, document.effective_on, by],
        )
        .await?;
    Ok(changed == 1)
}

/// Puts a version from one state into another; false where it was not in that one any more.
pub async fn change_state(tx: &mut Tx, id: VersionId, from: VersionState, to: VersionState) -> Result<bool> {
    if !from.may_become(to) {
        return Err(Error::internal(format!(
            "a version cannot become {} from {}",
            to.name(),
            from.name()
        )));
    }
    let changed = tx
        .execute(
            "UPDATE tier_versions SET state = $3 WHERE id = $1 AND state = $2",
            args![id.uuid(), from.name(), to.name()],
        )
        .await?;
    Ok(changed == 1)
}

/// Notes who published a version.
pub async fn note_published(tx: &mut Tx, id: VersionId, by: Option<Uuid>, at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE tier_versions SET published_by = $2, published_at = $3 WHERE id = $1",
        args![id.uuid(), by, at],
    )
    .await
    .map(|_| ())
}
