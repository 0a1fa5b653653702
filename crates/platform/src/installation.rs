//! What keeps a database and a data folder together, and a database that is only there to be looked at from
//! one that a firm works with.

use std::io::Write as _;
use std::path::Path;

use base::{Error, Result};
use sqlx::types::Json;
use uuid::Uuid;

use crate::args;
use crate::clock::Clock;
use crate::db::{Db, Tx};
use crate::ids;
use crate::private;

const ID: &str = "installation";
const DEMO: &str = "demo";
/// The file in the data folder that says which database it belongs to.
const MARKER: &str = "installation";

/// Makes sure that the data folder is the one this database was first served with: uploads, the ledger's
/// columns and the runs' files are there and nowhere else. The first server of a new database marks its folder.
///
/// Errors: `data_dir_foreign` when the folder belongs to another database or to none while the database has
/// one, `data_dir_unusable`.
pub async fn claim_folder(db: &Db, clock: &Clock, folder: &Path) -> Result<()> {
    let marker = folder.join(MARKER);
    let mut tx = db.write().await?;
    let fresh: Uuid = ids::new(clock);
    // A second server of a new database waits here until the first has marked its folder.
    let is_new = put_once(&mut tx, clock, ID, serde_json::json!(fresh)).await?;
    let (Json(id),): (Json<Uuid>,) = tx
        .one("SELECT value FROM settings WHERE key = $1", args![ID])
        .await?;
    let foreign = |what: &str| {
        Error::conflict(
            "data_dir_foreign",
            format!(
                "the data folder {} {what}. Every server of a database needs the one folder it was first served \
                 with, shared between them. To take this folder all the same (what was uploaded and computed \
                 elsewhere is then missing), put the line {id} into {}",
                folder.display(),
                marker.display()
            ),
        )
    };
    match std::fs::read_to_string(&marker) {
        Ok(text) if text.trim() == id.to_string() => {}
        Ok(_) => return Err(foreign("belongs to another database")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && is_new => {
            write_marker(&marker, id).map_err(|e| unusable(&marker, &e))?;
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(foreign("is not the one of this database"));
        }
        Err(e) => return Err(unusable(&marker, &e)),
    }
    tx.commit().await
}

fn write_marker(marker: &Path, id: Uuid) -> std::io::Result<()> {
    let mut file = private::writing().create_new(true).open(marker)?;
    writeln!(file, "{id}")?;
    file.sync_all()
}

fn unusable(marker: &Path, e: &std::io::Error) -> Error {
    Error::invalid(
        "data_dir_unusable",
        format!("{} cannot be read or written: {e}", marker.display()),
    )
    .at("data_dir")
}

/// Passes for a database that was made to be looked at, or that nobody has worked with yet: the demo gives
/// its administrator a new password and fills it. Works before the migrations too. Error: `not_a_demo`.
pub async fn require_demo(db: &Db) -> Result<()> {
    let mut tx = db.read().await?;
    if !has_table(&mut tx, "users").await? {
        return Ok(());
    }
    let (users,): (i64,) = tx.one("SELECT count(*) FROM users", []).await?;
    let mut marked = 0_i64;
    if has_table(&mut tx, "settings").await? {
        (marked,) = tx
            .one("SELECT count(*) FROM settings WHERE key = $1", args![DEMO])
            .await?;
    }
    if users > 0 && marked == 0 {
        return Err(Error::conflict(
            "not_a_demo",
            "this database was not made by `patron demo` and is left as it is; give the demo a folder of its own \
             (--data-dir) and no DATABASE_URL, or serve this one with `patron serve`",
        ));
    }
    Ok(())
}

/// Remembers that this database is only there to be looked at.
pub async fn mark_demo(db: &Db, clock: &Clock) -> Result<()> {
    let mut tx = db.write().await?;
    put_once(&mut tx, clock, DEMO, serde_json::json!(true)).await?;
    tx.commit().await
}

/// Stores a fact that never changes; false when it was there.
async fn put_once(tx: &mut Tx, clock: &Clock, key: &str, value: serde_json::Value) -> Result<bool> {
    let stored = tx
        .execute(
            "INSERT INTO settings (key, value, version, updated_at) VALUES ($1, $2, 1, $3) \
             ON CONFLICT (key) DO NOTHING",
            args![key, value, clock.now()],
        )
        .await?;
    Ok(stored == 1)
}

async fn has_table(tx: &mut Tx, name: &str) -> Result<bool> {
    let (count,): (i64,) = tx.one(tx.dialect().table_exists(), args![name]).await?;
    Ok(count > 0)
}
