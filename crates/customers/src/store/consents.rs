//! What customers agreed to, how they want to be contacted, and the firm's policy.

use base::Result;
use jiff::Timestamp;
use platform::db::{Bulk, timestamp};
use platform::{Tx, args};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{Channel, ContactPolicy, ContactPreferences, CustomerId, Statement};

/// Of one purpose and channel, so many statements of one time are looked at, and so many after it.
const SAME_TIME_MAX: u32 = 20;
const AFTER_MAX: u32 = 100;
/// A policy has fewer purposes and channels than this, all of them together.
const LATEST_MAX: u32 = 500;

const COLUMNS: &str = "id, purpose, channel, given, source, at, expires_at, recorded_at";

/// Where a page of the history begins: the time of the statement before it, in microseconds, and its id.
pub(crate) type HistoryKey = (i64, Uuid);

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    purpose: String,
    channel: String,
    given: bool,
    source: String,
    at: i64,
    expires_at: Option<i64>,
    recorded_at: i64,
}

impl Row {
    fn statement(self) -> Result<Statement> {
        Ok(Statement {
            id: self.id.into(),
            purpose: self.purpose,
            channel: self.channel.parse()?,
            given: self.given,
            source: self.source,
            at: timestamp(self.at),
            expires_at: self.expires_at.map(timestamp),
            recorded_at: timestamp(self.recorded_at),
        })
    }
}

/// The key of a statement in [`history`].
pub(crate) fn history_key(said: &Statement) -> HistoryKey {
    (platform::db::micros(said.at), said.id.uuid())
}

/// Everything a customer said, the newest first.
pub(crate) async fn history(
    tx: &mut Tx,
    customer: CustomerId,
    after: Option<HistoryKey>,
    rows: u32,
) -> Result<Vec<Statement>> {
    let (at, id) = after.unwrap_or((i64::MAX, Uuid::max()));
    let sql = format!(
        "SELECT {COLUMNS} FROM consents WHERE customer_id = $1 AND (at, id) < ($2, $3) \
         ORDER BY at DESC, id DESC LIMIT $4"
    );
    let rows: Vec<Row> = tx
        .all(AssertSqlSafe(sql), args![customer.uuid(), at, id, rows])
        .await?;
    rows.into_iter().map(Row::statement).collect()
}

/// What a customer said at one time, of anything.
pub(crate) async fn said_at(tx: &mut Tx, customer: CustomerId, at: Timestamp) -> Result<Vec<Statement>> {
    let sql = format!("SELECT {COLUMNS} FROM consents WHERE customer_id = $1 AND at = $2 LIMIT 1000");
    let rows: Vec<Row> = tx.all(AssertSqlSafe(sql), args![customer.uuid(), at]).await?;
    rows.into_iter().map(Row::statement).collect()
}

/// What decides about a purpose on a channel at a time: the last that was said until then, and what was
/// said after it.
pub(crate) async fn deciding(
    tx: &mut Tx,
    customer: CustomerId,
    purpose: &str,
    channel: Channel,
    at: Timestamp,
) -> Result<Vec<Statement>> {
    let until = format!(
        "SELECT {COLUMNS} FROM consents WHERE customer_id = $1 AND purpose = $2 AND channel = $3 AND at <= $4 \
         ORDER BY at DESC, CASE WHEN given THEN 1 ELSE 0 END, recorded_at DESC, id DESC LIMIT $5"
    );
    let after = format!(
        "SELECT {COLUMNS} FROM consents WHERE customer_id = $1 AND purpose = $2 AND channel = $3 AND at > $4 \
         ORDER BY at, id LIMIT $5"
    );
    let mut rows: Vec<Row> = Vec::new();
    for (sql, most) in [(until, SAME_TIME_MAX), (after, AFTER_MAX)] {
        let asked = args![customer.uuid(), purpose, channel.name(), at, most];
        rows.extend(tx.all::<Row>(AssertSqlSafe(sql), asked).await?);
    }
    rows.into_iter().map(Row::statement).collect()
}

/// What decides at a time about everything the customer has said anything of: the last that was said until then of
/// each purpose and channel.
pub(crate) async fn latest(tx: &mut Tx, customer: CustomerId, at: Timestamp) -> Result<Vec<Statement>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT {COLUMNS}, row_number() OVER (PARTITION BY purpose, channel \
         ORDER BY at DESC, CASE WHEN given THEN 1 ELSE 0 END, recorded_at DESC, id DESC) AS place \
         FROM consents WHERE customer_id = $1 AND at <= $2) said WHERE place = 1 LIMIT $3"
    );
    let rows: Vec<Row> = tx
        .all(AssertSqlSafe(sql), args![customer.uuid(), at, LATEST_MAX])
        .await?;
    rows.into_iter().map(Row::statement).collect()
}

/// Stores statements of a customer.
pub(crate) async fn insert(
    tx: &mut Tx,
    customer: CustomerId,
    recorded_by: Option<Uuid>,
    statements: &[Statement],
) -> Result<()> {
    let of: Vec<_> = statements.iter().map(|said| (customer, said)).collect();
    insert_many(tx, recorded_by, &of).await
}

/// Stores statements of several.
pub(crate) async fn insert_many(
    tx: &mut Tx,
    recorded_by: Option<Uuid>,
    statements: &[(CustomerId, &Statement)],
) -> Result<()> {
    const CONSENTS: Bulk = Bulk {
        table: "consents",
        columns: &[
            "id",
            "customer_id",
            "purpose",
            "channel",
            "given",
            "source",
            "at",
            "expires_at",
            "recorded_at",
            "recorded_by",
        ],
        on_conflict: "",
    };
    let rows: Vec<_> = statements
        .iter()
        .map(|(customer, said)| {
            args![
                said.id.uuid(),
                customer.uuid(),
                said.purpose.as_str(),
                said.channel.name(),
                said.given,
                said.source.as_str(),
                said.at,
                said.expires_at,
                said.recorded_at,
                recorded_by,
            ]
        })
        .collect();
    CONSENTS.insert(tx, rows).await.map(|_| ())
}

/// How a customer wants to be contacted; version 0 where nothing was said.
pub(crate) async fn preferences(tx: &mut Tx, customer: CustomerId) -> Result<(i64, ContactPreferences)> {
    let row: Option<(i32, Json<ContactPreferences>)> = tx
        .optional(
            "SELECT version, preferences FROM contact_preferences WHERE customer_id = $1",
            args![customer.uuid()],
        )
        .await?;
    Ok(row.map_or_else(Default::default, |(version, Json(wanted))| {
        (version.into(), wanted)
    }))
}

/// Stores how a customer, who is held, wants to be contacted.
pub(crate) async fn prefer(
    tx: &mut Tx,
    customer: CustomerId,
    wanted: serde_json::Value,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO contact_preferences (customer_id, preferences, version, updated_at) VALUES ($1, $2, 1, $3) \
         ON CONFLICT (customer_id) DO UPDATE SET preferences = excluded.preferences, \
         version = contact_preferences.version + 1, updated_at = excluded.updated_at",
        args![customer.uuid(), wanted, now],
    )
    .await
    .map(|_| ())
}

/// The policy in force with its version: 0 is what Patron ships.
pub(crate) async fn policy(tx: &mut Tx) -> Result<(u32, ContactPolicy)> {
    let row: Option<(i32, Json<ContactPolicy>)> = tx
        .optional(
            "SELECT version, policy FROM contact_policies ORDER BY version DESC LIMIT 1",
            [],
        )
        .await?;
    Ok(row.map_or_else(Default::default, |(version, Json(policy))| {
        (version.unsigned_abs(), policy)
    }))
}

/// Stores a new version of the policy. Error: `already_exists` when someone was first with it.
pub(crate) async fn decide(
    tx: &mut Tx,
    version: u32,
    policy: serde_json::Value,
    decided_by: Option<Uuid>,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO contact_policies (version, policy, decided_by, decided_at) VALUES ($1, $2, $3, $4)",
        args![version as i32, policy, decided_by, now],
    )
    .await
    .map(|_| ())
}
