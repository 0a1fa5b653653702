//! The SQL of webhooks.

use base::{Cursor, Error, Page, PageSize, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::model::{Delivery, DeliveryId, DeliveryState, Endpoint, EndpointId, EndpointSettings};
use crate::args;
use crate::db::{Bulk, Sql, Tx, micros, timestamp};

#[derive(sqlx::FromRow)]
struct EndpointRow {
    id: Uuid,
    url: String,
    kinds: Json<Vec<String>>,
    active: bool,
    disabled_reason: Option<String>,
    allow_http: bool,
    previous_secret_until: Option<i64>,
    version: i32,
    created_at: i64,
}

impl From<EndpointRow> for Endpoint {
    fn from(row: EndpointRow) -> Self {
        Self {
            id: row.id.into(),
            settings: EndpointSettings {
                url: row.url,
                kinds: row.kinds.0,
                active: row.active,
                allow_http: row.allow_http,
            },
            disabled_reason: row.disabled_reason,
            previous_secret_until: row.previous_secret_until.map(timestamp),
            version: row.version,
            created_at: timestamp(row.created_at),
        }
    }
}

const ENDPOINT: &str = "SELECT id, url, kinds, active, disabled_reason, allow_http, previous_secret_until, \
    version, created_at FROM webhook_endpoints ";

/// Adds an endpoint that is told of what is sealed from now on.
pub(super) async fn insert(
    tx: &mut Tx,
    id: EndpointId,
    settings: &EndpointSettings,
    secret: Vec<u8>,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO webhook_endpoints (id, url, kinds, active, allow_http, secret, told_up_to, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, (SELECT position FROM event_chain WHERE id = 1), $7)",
        args![
            id.uuid(),
            settings.url.as_str(),
            Value::from(settings.kinds.clone()),
            settings.active,
            settings.allow_http,
            secret,
            now,
        ],
    )
    .await
    .map(|_| ())
}

pub(super) async fn count(tx: &mut Tx) -> Result<i64> {
    let (rows,): (i64,) = tx.one("SELECT count(*) FROM webhook_endpoints", []).await?;
    Ok(rows)
}

pub(super) async fn get(tx: &mut Tx, id: EndpointId) -> Result<Option<Endpoint>> {
    let sql = format!("{ENDPOINT}WHERE id = $1");
    let row: Option<EndpointRow> = tx.optional(sqlx::AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(row.map(Endpoint::from))
}

/// The same, held until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, id: EndpointId) -> Result<Option<Endpoint>> {
    let sql = format!("{ENDPOINT}WHERE id = $1{}", tx.dialect().for_update());
    let row: Option<EndpointRow> = tx.optional(sqlx::AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(row.map(Endpoint::from))
}

/// Endpoints, oldest first.
pub(super) async fn page(tx: &mut Tx, size: PageSize, cursor: Option<&str>) -> Result<Page<Endpoint>> {
    let mut sql = Sql::new(ENDPOINT);
    if let Some(cursor) = cursor {
        sql.push("WHERE id > ").bind(Cursor::key::<Uuid>(cursor)?);
    }
    sql.push(" ORDER BY id LIMIT ").bind(size.rows() + 1);
    let rows: Vec<EndpointRow> = sql.all(tx).await?;
    let endpoints = rows.into_iter().map(Endpoint::from).collect();
    Page::cut(endpoints, size, |endpoint: &Endpoint| endpoint.id)
}

/// Changes an endpoint. One that becomes active is told of what is sealed from now on.
pub(super) async fn update(tx: &mut Tx, id: EndpointId, settings: &EndpointSettings) -> Result<()> {
    tx.execute(
        "UPDATE webhook_endpoints SET url = $2, kinds = $3, allow_http = $5, version = version + 1, \
         told_up_to = CASE WHEN $4 AND NOT active THEN (SELECT position FROM event_chain WHERE id = 1) \
             ELSE told_up_to END, \
         disabled_reason = NULL, active = $4 WHERE id = $1",
        args![
            id.uuid(),
            settings.url.as_str(),
            Value::from(settings.kinds.clone()),
            settings.active,
            settings.allow_http,
        ],
    )
    .await
    .map(|_| ())
}

/// Switches an endpoint off; false when it was off already.
pub(super) async fn disable(tx: &mut Tx, id: EndpointId, reason: &str) -> Result<bool> {
    let changed = tx
        .execute(
            "UPDATE webhook_endpoints SET active = FALSE, disabled_reason = $2, version = version + 1 \
             WHERE id = $1 AND active",
            args![id.uuid(), reason],
        )
        .await?;
    Ok(changed > 0)
}

pub(super) async fn delete(tx: &mut Tx, id: EndpointId) -> Result<()> {
    tx.execute(
        "DELETE FROM webhook_deliveries WHERE endpoint_id = $1",
        args![id.uuid()],
    )
    .await?;
    tx.execute("DELETE FROM webhook_endpoints WHERE id = $1", args![id.uuid()])
        .await
        .map(|_| ())
}

/// A new secret; the one before signs too until then.
pub(super) async fn rotate(tx: &mut Tx, id: EndpointId, secret: Vec<u8>, until: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE webhook_endpoints SET previous_secret = secret, previous_secret_until = $3, secret = $2, \
         version = version + 1 WHERE id = $1",
        args![id.uuid(), secret, until],
    )
    .await
    .map(|_| ())
}

/// What is needed to call an endpoint.
pub(super) struct Target {
    pub(super) url: String,
    /// The secrets that are valid now, the newest first.
    pub(super) secrets: Vec<Vec<u8>>,
}

/// An active endpoint's address and valid secrets.
pub(super) async fn target(tx: &mut Tx, id: EndpointId, now: Timestamp) -> Result<Option<Target>> {
    let row: Option<(String, Vec<u8>, Option<Vec<u8>>)> = tx
        .optional(
            "SELECT url, secret, CASE WHEN previous_secret_until > $2 THEN previous_secret END \
             FROM webhook_endpoints WHERE id = $1 AND active",
            args![id.uuid(), now],
        )
        .await?;
    Ok(row.map(|(url, secret, previous)| Target {
        url,
        secrets: [Some(secret), previous].into_iter().flatten().collect(),
    }))
}

/// Active endpoints for which deliveries are still to be made.
pub(super) async fn behind(tx: &mut Tx) -> Result<Vec<EndpointId>> {
    let rows: Vec<(Uuid,)> = tx
        .all(
            "SELECT w.id FROM webhook_endpoints w JOIN event_chain c ON c.id = 1 AND w.told_up_to < c.position \
             WHERE w.active ORDER BY w.id",
            [],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id.into()).collect())
}

/// The place up to which an endpoint has deliveries, and the kinds it wants, held until the transaction ends.
/// None: it is not active, or another server is at it.
pub(super) async fn take_place(tx: &mut Tx, id: EndpointId) -> Result<Option<(i64, Vec<String>)>> {
    let sql = format!(
        "SELECT told_up_to, kinds FROM webhook_endpoints WHERE id = $1 AND active{}",
        tx.dialect().for_update_skip_locked()
    );
    let row: Option<(i64, Json<Vec<String>>)> =
        tx.optional(sqlx::AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(row.map(|(place, kinds)| (place, kinds.0)))
}

/// An event in the chain, as far as deciding who is told of it needs it.
#[derive(sqlx::FromRow)]
pub(super) struct InChain {
    pub(super) position: i64,
    pub(super) id: Uuid,
    pub(super) at: i64,
    pub(super) kind: String,
}

pub(super) async fn sealed_after(tx: &mut Tx, place: i64, max: u32) -> Result<Vec<InChain>> {
    tx.all(
        "SELECT s.position, e.id, e.at, e.kind FROM event_seals s JOIN events e ON e.id = s.event_id \
         WHERE s.position > $1 ORDER BY s.position LIMIT $2",
        args![place, max],
    )
    .await
}

const DELIVERIES: Bulk = Bulk {
    table: "webhook_deliveries",
    columns: &[
        "id",
        "endpoint_id",
        "event_id",
        "kind",
        "state",
        "next_at",
        "event_at",
        "attempts",
    ],
    on_conflict: "ON CONFLICT (endpoint_id, event_id) DO NOTHING",
};

/// Makes deliveries of these events, and notes how far the endpoint is told.
pub(super) async fn tell(
    tx: &mut Tx,
    endpoint: EndpointId,
    deliveries: Vec<(DeliveryId, &InChain)>,
    place: i64,
    now: Timestamp,
) -> Result<()> {
    if !deliveries.is_empty() {
        let row = |(id, event): (DeliveryId, &InChain)| {
            args![
                id.uuid(),
                endpoint.uuid(),
                event.id,
                event.kind.as_str(),
                DeliveryState::Pending.name(),
                now,
                event.at,
                0,
            ]
        };
        let rows: Vec<_> = deliveries.into_iter().map(row).collect();
        DELIVERIES.insert(tx, rows).await?;
    }
    tx.execute(
        "UPDATE webhook_endpoints SET told_up_to = $2 WHERE id = $1",
        args![endpoint.uuid(), place],
    )
    .await
    .map(|_| ())
}

/// Active endpoints with deliveries that are due, who waits longest first.
pub(super) async fn due(tx: &mut Tx, now: Timestamp) -> Result<Vec<EndpointId>> {
    let rows: Vec<(Uuid,)> = tx
        .all(
            "SELECT id FROM (SELECT w.id, (SELECT min(d.next_at) FROM webhook_deliveries d \
                 WHERE d.endpoint_id = w.id AND d.state = 'pending') AS due_at \
                 FROM webhook_endpoints w WHERE w.active) waiting \
             WHERE due_at <= $1 ORDER BY due_at, id",
            args![now],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id.into()).collect())
}

/// A delivery that this process is to send.
#[derive(sqlx::FromRow)]
pub(super) struct Taken {
    pub(super) id: Uuid,
    pub(super) event_id: Uuid,
    pub(super) attempts: i32,
}

/// Takes due deliveries of an endpoint; unless their end is stored, they are due again at `again_at`.
pub(super) async fn take(
    tx: &mut Tx,
    endpoint: EndpointId,
    now: Timestamp,
    again_at: Timestamp,
    max: u32,
) -> Result<Vec<Taken>> {
    let sql = format!(
        "UPDATE webhook_deliveries SET next_at = $3 WHERE id IN (SELECT id FROM webhook_deliveries \
             WHERE endpoint_id = $1 AND state = 'pending' AND next_at <= $2 \
             ORDER BY next_at, event_at, id LIMIT $4{}) \
         RETURNING id, event_id, attempts",
        tx.dialect().for_update_skip_locked()
    );
    tx.all(
        sqlx::AssertSqlSafe(sql),
        args![endpoint.uuid(), now, again_at, max],
    )
    .await
}

/// How a try ended.
pub(super) struct Tried {
    pub(super) status: Option<i32>,
    pub(super) error: Option<&'static str>,
    pub(super) state: DeliveryState,
    pub(super) next_at: Option<Timestamp>,
}

/// Stores how a try ended, unless the delivery was stored or replayed meanwhile.
pub(super) async fn store_try(tx: &mut Tx, taken: &Taken, tried: &Tried, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE webhook_deliveries SET state = $3, next_at = $4, attempts = attempts + 1, last_at = $5, \
         last_status = $6, last_error = $7 WHERE id = $1 AND attempts = $2 AND state = 'pending'",
        args![
            taken.id,
            taken.attempts,
            tried.state.name(),
            tried.next_at,
            now,
            tried.status,
            tried.error,
        ],
    )
    .await
    .map(|_| ())
}

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    id: Uuid,
    event_id: Uuid,
    kind: String,
    event_at: i64,
    state: String,
    attempts: i32,
    next_at: Option<i64>,
    last_at: Option<i64>,
    last_status: Option<i32>,
    last_error: Option<String>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = Error;

    fn try_from(row: DeliveryRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            event_id: row.event_id,
            kind: row.kind,
            event_at: timestamp(row.event_at),
            state: row.state.parse().map_err(Error::internal)?,
            attempts: row.attempts,
            next_at: row.next_at.map(timestamp),
            last_at: row.last_at.map(timestamp),
            last_status: row.last_status,
            last_error: row.last_error,
        })
    }
}

const DELIVERY: &str = "SELECT id, event_id, kind, event_at, state, attempts, next_at, last_at, last_status, \
    last_error FROM webhook_deliveries WHERE endpoint_id = ";

/// An endpoint's deliveries, the newest events first.
pub(super) async fn deliveries(
    tx: &mut Tx,
    endpoint: EndpointId,
    state: Option<DeliveryState>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Delivery>> {
    let mut sql = Sql::new(DELIVERY);
    sql.bind(endpoint.uuid());
    if let Some(state) = state {
        sql.push(" AND state = ").bind(state.name());
    }
    if let Some(cursor) = cursor {
        let (at, id): (i64, Uuid) = Cursor::key(cursor)?;
        sql.push(" AND (event_at, id) < (")
            .bind(at)
            .push(", ")
            .bind(id)
            .push(")");
    }
    sql.push(" ORDER BY event_at DESC, id DESC LIMIT ")
        .bind(size.rows() + 1);
    let rows: Vec<DeliveryRow> = sql.all(tx).await?;
    let deliveries = rows
        .into_iter()
        .map(Delivery::try_from)
        .collect::<Result<Vec<_>>>()?;
    Page::cut(deliveries, size, |delivery| {
        (micros(delivery.event_at), delivery.id)
    })
}

pub(super) async fn delivery(tx: &mut Tx, endpoint: EndpointId, id: DeliveryId) -> Result<Option<Delivery>> {
    let mut sql = Sql::new(DELIVERY);
    sql.bind(endpoint.uuid()).push(" AND id = ").bind(id.uuid());
    let rows: Vec<DeliveryRow> = sql.all(tx).await?;
    rows.into_iter().next().map(Delivery::try_from).transpose()
}

/// Sends one delivery again, from the first try on.
pub(super) async fn replay(tx: &mut Tx, id: DeliveryId, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_at = $2 WHERE id = $1",
        args![id.uuid(), now],
    )
    .await
    .map(|_| ())
}

/// Sends every delivery since then again, and makes those that were missed; says how many were there.
pub(super) async fn replay_since(
    tx: &mut Tx,
    endpoint: EndpointId,
    since: Timestamp,
    now: Timestamp,
) -> Result<u64> {
    let again = tx
        .execute(
            "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_at = $3 \
             WHERE endpoint_id = $1 AND event_at >= $2",
            args![endpoint.uuid(), since, now],
        )
        .await?;
    let (first,): (Option<i64>,) = tx
        .one(
            "SELECT min(s.position) FROM events e JOIN event_seals s ON s.event_id = e.id WHERE e.at >= $1",
            args![since],
        )
        .await?;
    if let Some(first) = first {
        tx.execute(
            "UPDATE webhook_endpoints SET told_up_to = $2 WHERE id = $1 AND told_up_to > $2",
            args![endpoint.uuid(), first - 1],
        )
        .await?;
    }
    Ok(again)
}

/// Removes deliveries that were over long ago.
pub(super) async fn forget_old(tx: &mut Tx, now: Timestamp, kept: SignedDuration) -> Result<()> {
    let before = now.saturating_sub(kept).unwrap_or(Timestamp::MIN);
    tx.execute(
        "DELETE FROM webhook_deliveries WHERE state <> 'pending' AND event_at < $1",
        args![before],
    )
    .await
    .map(|_| ())
}
