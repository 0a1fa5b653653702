//! The SQL of the job queue.

use base::{Cursor, Error, Page, PageSize, Result};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::JobFilter;
use super::model::{Job, JobError, JobId, JobState, NewJob, Subject};
use crate::args;
use crate::db::{Sql, Tx, micros, timestamp};
use crate::events::Actor;

/// How often a job is begun before it is given up.
pub(super) const ATTEMPTS_MAX: i32 = 3;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    state: String,
    subject_kind: Option<String>,
    subject_id: Option<Uuid>,
    result: Option<Json<Value>>,
    error_code: Option<String>,
    error_detail: Option<String>,
    stage: String,
    done: i64,
    total: Option<i64>,
    attempts: i32,
    created_at: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
}

impl TryFrom<Row> for Job {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let state: JobState = row.state.parse().map_err(Error::internal)?;
        Ok(Self {
            id: row.id.into(),
            kind: row.kind,
            state,
            stage: row.stage,
            done: row.done,
            total: row.total,
            message: (row.attempts > 1 && !state.is_finished()).then(|| {
                format!(
                    "taken up again after an interruption (attempt {} of {ATTEMPTS_MAX})",
                    row.attempts
                )
            }),
            error: row.error_code.map(|code| JobError {
                code,
                detail: row.error_detail.unwrap_or_default(),
            }),
            result: row.result.map(|json| json.0),
            subject: row
                .subject_kind
                .zip(row.subject_id)
                .map(|(kind, id)| Subject { kind, id }),
            created_at: timestamp(row.created_at),
            started_at: row.started_at.map(timestamp),
            finished_at: row.finished_at.map(timestamp),
        })
    }
}

/// Queues a job; false when its unique key is taken.
pub(super) async fn insert(tx: &mut Tx, id: JobId, new: &NewJob<'_>, now: Timestamp) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO jobs (id, kind, state, subject_kind, subject_id, unique_key, created_by, input, \
             not_before, created_at) VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8, $8) \
             ON CONFLICT DO NOTHING",
            args![
                id.uuid(),
                new.kind,
                new.subject.map(|(kind, _)| kind),
                new.subject.map(|(_, id)| id),
                new.unique.map(|unique| unique.key),
                new.actor.user(),
                new.input.clone(),
                now,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub(super) async fn get(tx: &mut Tx, id: JobId) -> Result<Option<Job>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT id, kind, state, subject_kind, subject_id, result, error_code, error_detail, stage, done, \
             total, attempts, created_at, started_at, finished_at FROM jobs WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    row.map(Job::try_from).transpose()
}

/// Who asked for a job.
pub(super) async fn asked_by(tx: &mut Tx, id: JobId) -> Result<Option<Uuid>> {
    let row: Option<(Option<Uuid>,)> = tx
        .optional("SELECT created_by FROM jobs WHERE id = $1", args![id.uuid()])
        .await?;
    Ok(row.and_then(|(user,)| user))
}

/// One page of jobs, newest first; only those that `asked_by` has asked for, where given.
pub(super) async fn list(
    tx: &mut Tx,
    filter: &JobFilter,
    asked_by: Option<Uuid>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Job>> {
    let mut sql = Sql::new(
        "SELECT id, kind, state, subject_kind, subject_id, result, error_code, error_detail, stage, done, \
         total, attempts, created_at, started_at, finished_at FROM jobs WHERE 1 = 1",
    );
    if let Some(state) = filter.state {
        sql.push(" AND state = ").bind(state.name());
    }
    if let Some(kind) = &filter.kind {
        sql.push(" AND kind = ").bind(kind);
    }
    if let Some(user) = asked_by {
        sql.push(" AND created_by = ").bind(user);
    }
    if let Some(cursor) = cursor {
        let (at, id): (i64, Uuid) = Cursor::key(cursor)?;
        sql.push(" AND (created_at, id) < (")
            .bind(at)
            .push(", ")
            .bind(id)
            .push(")");
    }
    sql.push(" ORDER BY created_at DESC, id DESC LIMIT ")
        .bind(size.rows() + 1);
    let rows: Vec<Row> = sql.all(tx).await?;
    let jobs = rows.into_iter().map(Job::try_from).collect::<Result<Vec<_>>>()?;
    Page::cut(jobs, size, |job| (micros(job.created_at), job.id.uuid()))
}

/// The job that has been at work longest, or waits longest.
pub async fn at_work(tx: &mut Tx) -> Result<Option<Job>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT id, kind, state, subject_kind, subject_id, result, error_code, error_detail, stage, done, \
             total, attempts, created_at, started_at, finished_at FROM jobs \
             WHERE state IN ('queued', 'running') ORDER BY created_at, id LIMIT 1",
            [],
        )
        .await?;
    row.map(Job::try_from).transpose()
}

/// Removes jobs that were over before a time, but not the newest of a thing: the state of an import or a run
/// is read off it.
pub(super) async fn delete_finished(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    tx.execute(
        "DELETE FROM jobs WHERE finished_at < $1 AND (subject_id IS NULL OR EXISTS ( \
             SELECT 1 FROM jobs newer WHERE newer.subject_id = jobs.subject_id \
             AND newer.subject_kind = jobs.subject_kind \
             AND (newer.created_at, newer.id) > (jobs.created_at, jobs.id)))",
        args![before],
    )
    .await
}

/// How many jobs there are in each state, for metrics.
pub async fn counts(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    tx.all(
        "SELECT state, count(*) FROM jobs GROUP BY state ORDER BY state",
        [],
    )
    .await
}

pub(super) async fn request_cancel(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE jobs SET cancel_requested = TRUE, \
         finished_at = CASE WHEN state = 'queued' THEN $2 ELSE finished_at END, \
         state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END \
         WHERE id = $1 AND state IN ('queued', 'running')",
        args![id.uuid(), now],
    )
    .await
    .map(|_| ())
}

/// A job that a runner has just taken.
#[derive(sqlx::FromRow)]
pub(super) struct Taken {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) input: Json<Value>,
    pub(super) checkpoint: Option<Json<Value>>,
    pub(super) created_by: Option<Uuid>,
    pub(super) attempts: i32,
    pub(super) stage: String,
    pub(super) done: i64,
    pub(super) total: Option<i64>,
    pub(super) cancel_requested: bool,
}

impl Taken {
    pub(super) fn actor(&self) -> Actor {
        self.created_by.into()
    }
}

/// Takes the oldest job that waits or whose lease has run out, under a new lease.
pub(super) async fn take(
    tx: &mut Tx,
    lease: Uuid,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Option<Taken>> {
    let sql = format!(
        "UPDATE jobs SET state = 'running', lease = $1, lease_until = $2, attempts = attempts + 1, \
         started_at = COALESCE(started_at, $3) \
         WHERE id = (SELECT id FROM jobs \
             WHERE state = 'queued' AND not_before <= $3 OR state = 'running' AND lease_until < $3 \
             ORDER BY created_at, id LIMIT 1{}) \
         RETURNING id, kind, input, checkpoint, created_by, attempts, stage, done, total, cancel_requested",
        tx.dialect().for_update_skip_locked()
    );
    tx.optional(sqlx::AssertSqlSafe(sql), args![lease, lease_until, now])
        .await
}

/// Lets the leases of a process that is known to be dead run out now.
pub(super) async fn expire_leases(tx: &mut Tx) -> Result<u64> {
    tx.execute("UPDATE jobs SET lease_until = 0 WHERE state = 'running'", [])
        .await
}

/// Keeps the lease and stores the progress. None: the lease is someone else's; else whether
/// cancellation was asked for.
pub(super) async fn beat(
    tx: &mut Tx,
    id: JobId,
    lease: Uuid,
    lease_until: Timestamp,
    (stage, done, total): (&str, i64, Option<i64>),
) -> Result<Option<bool>> {
    let row: Option<(bool,)> = tx
        .optional(
            "UPDATE jobs SET lease_until = $3, stage = $4, done = $5, total = $6 \
             WHERE id = $1 AND lease = $2 AND state = 'running' RETURNING cancel_requested",
            args![id.uuid(), lease, lease_until, stage, done, total],
        )
        .await?;
    Ok(row.map(|(cancel,)| cancel))
}

/// Stores the checkpoint; false when the lease is someone else's. A job that gets on may be interrupted as
/// often as it likes: only attempts without a step forward are counted.
pub(super) async fn save_checkpoint(
    tx: &mut Tx,
    id: JobId,
    lease: Uuid,
    checkpoint: Value,
    (stage, done, total): (&str, i64, Option<i64>),
) -> Result<bool> {
    let saved = tx
        .execute(
            "UPDATE jobs SET checkpoint = $3, stage = $4, done = $5, total = $6, attempts = 1 \
             WHERE id = $1 AND lease = $2 AND state = 'running'",
            args![id.uuid(), lease, checkpoint, stage, done, total],
        )
        .await?;
    Ok(saved == 1)
}

/// Keeps the job's row until the transaction ends; false when the lease is someone else's.
pub(super) async fn hold(tx: &mut Tx, id: JobId, lease: Uuid) -> Result<bool> {
    let sql = format!(
        "SELECT attempts FROM jobs WHERE id = $1 AND lease = $2 AND state = 'running'{}",
        tx.dialect().for_update()
    );
    let held: Option<(i32,)> = tx
        .optional(sqlx::AssertSqlSafe(sql), args![id.uuid(), lease])
        .await?;
    Ok(held.is_some())
}

/// How a run of a job ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Succeeded(Value),
    Failed {
        code: String,
        detail: String,
    },
    Cancelled,
    /// Stopped by shutdown: queued again, and the attempt does not count.
    Released,
    /// Something it depends on did not answer: queued again for later, and the attempt counts.
    Later(Timestamp),
}

/// Stores how it ended; false when the lease is someone else's.
pub(super) async fn finish(
    tx: &mut Tx,
    id: JobId,
    lease: Uuid,
    outcome: &Outcome,
    (stage, done, total): (&str, i64, Option<i64>),
    now: Timestamp,
) -> Result<bool> {
    let (state, result, error, not_before, attempt_back) = match outcome {
        Outcome::Succeeded(result) => ("succeeded", Some(result.clone()), None, now, 0),
        Outcome::Failed { code, detail } => ("failed", None, Some((code, detail)), now, 0),
        Outcome::Cancelled => ("cancelled", None, None, now, 0),
        Outcome::Released => ("queued", None, None, now, 1),
        Outcome::Later(at) => ("queued", None, None, *at, 0),
    };
    let finished_at = (state != "queued").then_some(now);
    let saved = tx
        .execute(
            "UPDATE jobs SET state = $3, result = $4, error_code = $5, error_detail = $6, not_before = $7, \
             finished_at = $8, attempts = attempts - $9, stage = $10, done = $11, total = $12, \
             lease = NULL, lease_until = NULL \
             WHERE id = $1 AND lease = $2 AND state = 'running'",
            args![
                id.uuid(),
                lease,
                state,
                result,
                error.map(|(code, _)| code.as_str()),
                error.map(|(_, detail)| detail.as_str()),
                not_before,
                finished_at,
                attempt_back,
                stage,
                done,
                total,
            ],
        )
        .await?;
    Ok(saved == 1)
}
