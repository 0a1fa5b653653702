//! The SQL of panels.

use base::Result;
use jiff::Timestamp;
use platform::crypto::{Cipher, Place};
use platform::db::timestamp;
use platform::{Tx, args};
use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use super::model::{Panel, PanelId, PanelSettings};

/// There are fewer panels than this.
pub(super) const PANELS_MAX: usize = 30;

/// Where secrets stand.
pub(super) const SECRET: Place = Place {
    table: "panels",
    column: "secret",
};

/// A panel with its sealed secret.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) panel: Panel,
    pub(crate) secret: Option<Vec<u8>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    settings: Json<PanelSettings>,
    secret: Option<Vec<u8>>,
    version: i32,
    created_at: i64,
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        Self {
            panel: Panel {
                id: row.id.into(),
                settings: row.settings.0,
                has_secret: row.secret.is_some(),
                version: row.version.into(),
                created_at: timestamp(row.created_at),
            },
            secret: row.secret,
        }
    }
}

/// Every panel, in the order in which a page shows them.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = tx
        .all(
            "SELECT id, settings, secret, version, created_at FROM panels ORDER BY id LIMIT $1",
            args![PANELS_MAX as i32],
        )
        .await?;
    let mut panels: Vec<Stored> = rows.into_iter().map(Stored::from).collect();
    panels.sort_by_key(|stored| (stored.panel.settings.position, stored.panel.id));
    Ok(panels)
}

/// One panel.
pub(super) async fn get(tx: &mut Tx, id: PanelId) -> Result<Option<Stored>> {
    let row: Option<Row> = tx
        .optional(
            "SELECT id, settings, secret, version, created_at FROM panels WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    Ok(row.map(Stored::from))
}

/// The same, held until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, id: PanelId) -> Result<Option<Stored>> {
    let sql = format!(
        "SELECT id, settings, secret, version, created_at FROM panels WHERE id = $1{}",
        tx.dialect().for_update()
    );
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    Ok(row.map(Stored::from))
}

/// How many there are.
pub(super) async fn count(tx: &mut Tx) -> Result<usize> {
    let (rows,): (i64,) = tx.one("SELECT count(*) FROM panels", []).await?;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

/// Stores a new one.
pub(super) async fn insert(
    tx: &mut Tx,
    id: PanelId,
    settings: Value,
    secret: Option<Vec<u8>>,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO panels (id, settings, secret, created_at) VALUES ($1, $2, $3, $4)",
        args![id.uuid(), settings, secret, now],
    )
    .await
    .map(|_| ())
}

/// Stores what one that is held has become.
pub(super) async fn update(tx: &mut Tx, id: PanelId, settings: Value, secret: Option<Vec<u8>>) -> Result<()> {
    tx.execute(
        "UPDATE panels SET settings = $2, secret = $3, version = version + 1 WHERE id = $1",
        args![id.uuid(), settings, secret],
    )
    .await
    .map(|_| ())
}

/// Forgets one with its secret.
pub(super) async fn delete(tx: &mut Tx, id: PanelId) -> Result<()> {
    tx.execute("DELETE FROM panels WHERE id = $1", args![id.uuid()])
        .await
        .map(|_| ())
}

/// Seals every secret with the newest key; says how many were sealed with an older one.
pub(crate) async fn seal_anew(tx: &mut Tx, cipher: &Cipher) -> Result<u64> {
    let sql = format!(
        "SELECT id, secret FROM panels WHERE secret IS NOT NULL ORDER BY id{}",
        tx.dialect().for_update()
    );
    let rows: Vec<(Uuid, Vec<u8>)> = tx.all(AssertSqlSafe(sql), []).await?;
    let mut sealed = 0;
    for (id, secret) in rows {
        if !cipher.is_current(&secret) {
            let anew = cipher.seal(SECRET, id, &cipher.open(SECRET, id, &secret)?)?;
            tx.execute("UPDATE panels SET secret = $2 WHERE id = $1", args![id, anew])
                .await?;
            sealed += 1;
        }
    }
    Ok(sealed)
}
