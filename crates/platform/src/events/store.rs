//! The SQL of the event log and its chain.

use base::{Cursor, Page, PageSize, Result};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::log::{Actor, Event};
use super::read::{ActorName, EventFilter, EventRow};
use super::rules::{Hash, Link, Logged, Sealed, without_secrets};
use crate::args;
use crate::db::{Bulk, Sql, Tx, micros, timestamp, uuids};

pub(super) async fn insert(tx: &mut Tx, id: Uuid, at: Timestamp, event: &Event<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO events (id, at, actor, kind, subject_kind, subject_id, customer_id, payload) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            id,
            at,
            event.actor.user(),
            event.kind,
            event.subject_kind,
            event.subject,
            event.customer,
            event.payload.clone(),
        ],
    )
    .await?;
    tx.execute("INSERT INTO events_unsealed (event_id) VALUES ($1)", args![id])
        .await
        .map(|_| ())
}

/// Every field of an event `e`, its payload as text: what cannot be read as JSON must be found, not fail.
const LOGGED: &str = "e.id, e.at, e.actor, e.kind, e.subject_kind, e.subject_id, e.customer_id, \
    CAST(e.payload AS TEXT) AS payload";

#[derive(sqlx::FromRow)]
struct LoggedRow {
    id: Uuid,
    at: i64,
    actor: Option<Uuid>,
    kind: String,
    subject_kind: String,
    subject_id: Uuid,
    customer_id: Option<Uuid>,
    payload: String,
}

impl From<LoggedRow> for Logged {
    fn from(row: LoggedRow) -> Self {
        Self {
            id: row.id,
            at: row.at,
            actor: row.actor,
            kind: row.kind,
            subject_kind: row.subject_kind,
            subject: row.subject_id,
            customer: row.customer_id,
            payload: row.payload,
        }
    }
}

/// Whether any event waits to be sealed.
pub(super) async fn any_waits(tx: &mut Tx) -> Result<bool> {
    let row: Option<(Uuid,)> = tx
        .optional("SELECT event_id FROM events_unsealed LIMIT 1", [])
        .await?;
    Ok(row.is_some())
}

/// How many events wait to be sealed.
pub async fn count_waiting(tx: &mut Tx) -> Result<u64> {
    let (rows,): (i64,) = tx.one("SELECT count(*) FROM events_unsealed", []).await?;
    Ok(rows.unsigned_abs())
}

/// The oldest events that wait to be sealed.
pub(super) async fn waiting(tx: &mut Tx, max: u32) -> Result<Vec<Logged>> {
    let sql = format!(
        "SELECT {LOGGED} FROM events_unsealed w JOIN events e ON e.id = w.event_id \
         ORDER BY w.event_id LIMIT $1"
    );
    let rows: Vec<LoggedRow> = tx.all(sqlx::AssertSqlSafe(sql), args![max]).await?;
    Ok(rows.into_iter().map(Logged::from).collect())
}

/// The chain's end, held until the transaction ends. None: another server is sealing.
pub(super) async fn take_head(tx: &mut Tx) -> Result<Option<Link>> {
    let sql = format!(
        "SELECT position, hash FROM event_chain WHERE id = 1{}",
        tx.dialect().for_update_skip_locked()
    );
    Ok(tx.optional(sqlx::AssertSqlSafe(sql), []).await?.map(head_of))
}

/// The chain's end as it is noted; none when the note is gone.
pub(super) async fn head(tx: &mut Tx) -> Result<Option<Link>> {
    let sql = "SELECT position, hash FROM event_chain WHERE id = 1";
    Ok(tx.optional(sql, []).await?.map(head_of))
}

/// The place of the newest link.
pub async fn last_sealed(tx: &mut Tx) -> Result<i64> {
    Ok(head(tx).await?.map_or(0, |link| link.position))
}

/// A sealed event, as far as screens are told of it.
#[derive(Debug, sqlx::FromRow)]
pub struct Happened {
    /// Its place in the chain.
    pub position: i64,
    /// What happened.
    pub kind: String,
    /// The customer it is about.
    pub customer_id: Option<Uuid>,
}

/// The events sealed after a place, at most so many.
pub async fn sealed_after(tx: &mut Tx, place: i64, max: u32) -> Result<Vec<Happened>> {
    tx.all(
        "SELECT s.position, e.kind, e.customer_id FROM event_seals s JOIN events e ON e.id = s.event_id \
         WHERE s.position > $1 ORDER BY s.position LIMIT $2",
        args![place, max],
    )
    .await
}

fn head_of((position, hash): (i64, Option<Vec<u8>>)) -> Link {
    let hash = match hash {
        None => Link::genesis().hash,
        // Whoever wrote something else there is found by the proof, not by a sealer that stands still.
        Some(bytes) => Hash(bytes.try_into().unwrap_or_default()),
    };
    Link { position, hash }
}

const SEALS: Bulk = Bulk {
    table: "event_seals",
    columns: &["position", "event_id", "hash"],
    on_conflict: "",
};

/// Puts links at the end of the chain.
pub(super) async fn append(tx: &mut Tx, links: &[(Link, Uuid)]) -> Result<()> {
    let Some((head, _)) = links.last() else {
        return Ok(());
    };
    let rows: Vec<_> = links
        .iter()
        .map(|(link, event)| args![link.position, *event, link.hash.0.to_vec()])
        .collect();
    SEALS.insert(tx, rows).await?;
    let sql = format!(
        "DELETE FROM events_unsealed WHERE event_id{}",
        tx.dialect().in_uuids(1)
    );
    let ids = uuids(links.iter().map(|(_, event)| event));
    tx.execute(sqlx::AssertSqlSafe(sql), vec![ids]).await?;
    tx.execute(
        "UPDATE event_chain SET position = $1, hash = $2 WHERE id = 1",
        args![head.position, head.hash.0.to_vec()],
    )
    .await
    .map(|_| ())
}

#[derive(sqlx::FromRow)]
struct SealedRow {
    position: i64,
    event_id: Uuid,
    hash: Vec<u8>,
    id: Option<Uuid>,
    at: Option<i64>,
    actor: Option<Uuid>,
    kind: Option<String>,
    subject_kind: Option<String>,
    subject_id: Option<Uuid>,
    customer_id: Option<Uuid>,
    payload: Option<String>,
}

/// The chain after a position, each link with its event as it is now.
pub(super) async fn chain_after(tx: &mut Tx, position: i64, max: u32) -> Result<Vec<Sealed>> {
    let sql = format!(
        "SELECT s.position, s.event_id, s.hash, {LOGGED} \
         FROM event_seals s LEFT JOIN events e ON e.id = s.event_id \
         WHERE s.position > $1 ORDER BY s.position LIMIT $2"
    );
    let rows: Vec<SealedRow> = tx.all(sqlx::AssertSqlSafe(sql), args![position, max]).await?;
    Ok(rows.into_iter().map(Sealed::from).collect())
}

impl From<SealedRow> for Sealed {
    fn from(row: SealedRow) -> Self {
        let event = || {
            Some(Logged {
                id: row.id?,
                at: row.at?,
                actor: row.actor,
                kind: row.kind?,
                subject_kind: row.subject_kind?,
                subject: row.subject_id?,
                customer: row.customer_id,
                payload: row.payload?,
            })
        };
        Self {
            position: row.position,
            event_id: row.event_id,
            event: event(),
            hash: row.hash,
        }
    }
}

/// An event that waited to be sealed and is gone.
pub(super) async fn waiting_without_event(tx: &mut Tx) -> Result<Option<Uuid>> {
    let row: Option<(Uuid,)> = tx
        .optional(
            "SELECT w.event_id FROM events_unsealed w LEFT JOIN events e ON e.id = w.event_id \
             WHERE e.id IS NULL ORDER BY w.event_id LIMIT 1",
            [],
        )
        .await?;
    Ok(row.map(|(id,)| id))
}

/// The oldest event before `before` that is in no chain.
pub(super) async fn unsealed_before(tx: &mut Tx, before: Timestamp) -> Result<Option<Uuid>> {
    let row: Option<(Uuid,)> = tx
        .optional(
            "SELECT e.id FROM events e WHERE e.at < $1 \
             AND NOT EXISTS (SELECT 1 FROM event_seals s WHERE s.event_id = e.id) \
             ORDER BY e.at, e.id LIMIT 1",
            args![before],
        )
        .await?;
    Ok(row.map(|(id,)| id))
}

#[derive(sqlx::FromRow)]
struct ShownRow {
    id: Uuid,
    at: i64,
    actor: Option<Uuid>,
    actor_name: Option<String>,
    kind: String,
    subject_kind: String,
    subject_id: Uuid,
    customer_id: Option<Uuid>,
    payload: sqlx::types::Json<Value>,
    position: Option<i64>,
}

impl From<ShownRow> for EventRow {
    fn from(row: ShownRow) -> Self {
        Self {
            id: row.id,
            at: timestamp(row.at),
            actor: row.actor.map(|id| ActorName {
                id,
                name: row.actor_name,
            }),
            kind: row.kind,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            customer_id: row.customer_id,
            payload: without_secrets(row.payload.0),
            position: row.position,
        }
    }
}

/// Every shown column of an event `e`.
const SHOWN: &str = "SELECT e.id, e.at, e.actor, u.name AS actor_name, e.kind, e.subject_kind, e.subject_id, \
    e.customer_id, e.payload, s.position \
    FROM events e LEFT JOIN users u ON u.id = e.actor LEFT JOIN event_seals s ON s.event_id = e.id WHERE ";

/// One event as it is shown.
pub(crate) async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<EventRow>> {
    let mut sql = Sql::new(SHOWN);
    sql.push("e.id = ").bind(id);
    let rows: Vec<ShownRow> = sql.all(tx).await?;
    Ok(rows.into_iter().next().map(EventRow::from))
}

/// The events of one kind at exactly these moments.
pub(super) async fn at_moments(tx: &mut Tx, kind: &str, moments: &[Timestamp]) -> Result<Vec<EventRow>> {
    if moments.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(SHOWN);
    sql.push("e.kind = ").bind(kind).push(" AND e.at IN (");
    for (n, at) in moments.iter().enumerate() {
        sql.push(if n == 0 { "" } else { ", " }).bind(*at);
    }
    sql.push(")");
    let rows: Vec<ShownRow> = sql.all(tx).await?;
    Ok(rows.into_iter().map(EventRow::from).collect())
}

/// Events, newest first.
pub(super) async fn page(
    tx: &mut Tx,
    filter: &EventFilter,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<EventRow>> {
    let mut sql = Sql::new(SHOWN);
    sql.push("TRUE");
    match filter.actor {
        Some(Actor::User(id)) => {
            sql.push(" AND e.actor = ").bind(id);
        }
        Some(Actor::System) => {
            sql.push(" AND e.actor IS NULL");
        }
        None => {}
    }
    if let Some(kind) = &filter.kind {
        sql.push(" AND e.kind = ").bind(kind);
    }
    if let Some(kind) = &filter.subject_kind {
        sql.push(" AND e.subject_kind = ").bind(kind);
    }
    if let Some(subject) = filter.subject {
        sql.push(" AND e.subject_id = ").bind(subject);
    }
    match filter.customers[..] {
        [] => {}
        [one] => {
            sql.push(" AND e.customer_id = ").bind(one);
        }
        ref several => {
            sql.push(" AND e.customer_id")
                .bind_in_uuids(tx.dialect(), uuids(several));
        }
    }
    if let Some(from) = filter.from {
        sql.push(" AND e.at >= ").bind(from);
    }
    if let Some(until) = filter.until {
        sql.push(" AND e.at < ").bind(until);
    }
    if let Some(cursor) = cursor {
        let (at, id): (i64, Uuid) = Cursor::key(cursor)?;
        sql.push(" AND (e.at, e.id) < (")
            .bind(at)
            .push(", ")
            .bind(id)
            .push(")");
    }
    sql.push(" ORDER BY e.at DESC, e.id DESC LIMIT ")
        .bind(size.rows() + 1);
    let rows: Vec<ShownRow> = sql.all(tx).await?;
    let events = rows.into_iter().map(EventRow::from).collect();
    Page::cut(events, size, |event| (micros(event.at), event.id))
}
