//! Brings the database to what this program expects, room by room, before anything else runs.
//! Never touches a database that is newer than the program or whose past was altered.

use base::{Error, Result};
use sha2::{Digest as _, Sha256};

use crate::args;
use crate::clock::Clock;
use crate::db::{Db, Tx};

/// One step of one room, for both databases.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Rising within the room.
    pub number: i32,
    /// What it does: `customers`.
    pub name: &'static str,
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}

/// The steps of one room, oldest first. Made by [`migrations!`](crate::migrations!).
#[derive(Debug, Clone, Copy)]
pub struct RoomMigrations {
    /// The room: `customers`.
    pub room: &'static str,
    /// Its steps, numbered upwards from 1.
    pub steps: &'static [Migration],
}

/// Lists a room's migrations: `migrations!("customers", (1, "0001_customers"), …)` reads
/// `migrations/sqlite/0001_customers.sql` and `migrations/postgres/0001_customers.sql` of the crate.
#[macro_export]
macro_rules! migrations {
    ($room:literal, $(($number:literal, $name:literal)),* $(,)?) => {
        $crate::migrations::RoomMigrations {
            room: $room,
            steps: &[$($crate::migrations::Migration {
                number: $number,
                name: $name,
                sqlite: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite/", $name, ".sql")),
                postgres: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres/", $name, ".sql")),
            }),*],
        }
    };
}

/// The platform's own tables; every room's come after them.
pub const PLATFORM: RoomMigrations = migrations!(
    "platform",
    (1, "0001_platform"),
    (2, "0002_imports"),
    (3, "0003_event_seals"),
    (4, "0004_webhooks"),
    (6, "0006_keys"),
    (7, "0007_access"),
    (8, "0008_tables"),
    (9, "0009_single_sign_on")
);

const RECORD: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    room TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (room, number)
)";

/// What a database needs, found out without changing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending(
    /// Steps to be applied, in order, as `room/name`.
    pub Vec<String>,
);

/// Checks the database against the program: which steps are missing. Errors when the database is
/// newer than the program (`database_newer`) or an applied step was altered (`migration_altered`).
pub async fn check(db: &Db, rooms: &[RoomMigrations]) -> Result<Pending> {
    let mut tx = db.read().await?;
    pending(&mut tx, rooms).await.map(|steps| {
        Pending(
            steps
                .iter()
                .map(|(room, step)| format!("{room}/{}", step.name))
                .collect(),
        )
    })
}

/// Applies what is missing, each step in a transaction of its own; safe while other servers start.
/// Says which steps it applied.
pub async fn apply(db: &Db, rooms: &[RoomMigrations], clock: &Clock) -> Result<Vec<String>> {
    let mut applied = Vec::new();
    loop {
        let mut tx = db.write().await?;
        tx.allow_minutes(60).await?;
        if let Some(lock) = tx.dialect().migration_lock() {
            tx.execute(lock, []).await?;
        }
        tx.execute(RECORD, []).await?;
        let steps = pending(&mut tx, rooms).await?;
        let Some((room, step)) = steps.first() else {
            tx.commit().await?;
            return Ok(applied);
        };
        let name = format!("{room}/{}", step.name);
        let sql = sql_of(&tx, step);
        tx.script(sql)
            .await
            .map_err(|e| e.while_doing(&format!("migration {name}")))?;
        tx.execute(
            "INSERT INTO schema_migrations (room, number, name, checksum, applied_at) VALUES ($1, $2, $3, $4, $5)",
            args![*room, step.number, step.name, checksum(sql), clock.now()],
        )
        .await?;
        tx.commit().await?;
        tracing::info!(migration = %name, "applied");
        applied.push(name);
    }
}

#[derive(sqlx::FromRow)]
struct Applied {
    room: String,
    number: i32,
    name: String,
    checksum: String,
}

async fn pending<'a>(tx: &mut Tx, rooms: &'a [RoomMigrations]) -> Result<Vec<(&'a str, &'a Migration)>> {
    let (known,): (i64,) = tx
        .one(tx.dialect().table_exists(), args!["schema_migrations"])
        .await?;
    let applied: Vec<Applied> = if known == 0 {
        Vec::new()
    } else {
        tx.all(
            "SELECT room, number, name, checksum FROM schema_migrations ORDER BY room, number",
            [],
        )
        .await?
    };
    for was in &applied {
        let step = rooms
            .iter()
            .filter(|room| room.room == was.room)
            .flat_map(|room| room.steps)
            .find(|step| step.number == was.number);
        let Some(step) = step else {
            return Err(Error::conflict(
                "database_newer",
                format!(
                    "this database is newer than this program: it has {}/{}, which the program does not \
                     know. Start the newer version of Patron, or restore the backup made before it.",
                    was.room, was.name
                ),
            ));
        };
        if was.checksum != checksum(sql_of(tx, step)) {
            return Err(Error::conflict(
                "migration_altered",
                format!(
                    "migration {}/{} is not the one that was applied to this database; start the version \
                     of Patron that made it, or a later release",
                    was.room, was.name
                ),
            ));
        }
    }
    Ok(rooms
        .iter()
        .flat_map(|room| room.steps.iter().map(move |step| (room.room, step)))
        .filter(|(room, step)| {
            !applied
                .iter()
                .any(|was| was.room == *room && was.number == step.number)
        })
        .collect())
}

fn sql_of(tx: &Tx, step: &Migration) -> &'static str {
    match tx.dialect() {
        crate::db::Dialect::Sqlite => step.sqlite,
        crate::db::Dialect::Postgres => step.postgres,
    }
}

fn checksum(sql: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(sql.as_bytes())
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _cannot_fail = write!(hex, "{byte:02x}");
            hex
        })
}
