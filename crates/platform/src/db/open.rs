//! Opening a database so that what is acknowledged is kept and nothing waits for ever.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use base::{Error, Result};
use sqlx::Connection as _;
use sqlx_postgres::{PgConnectOptions, PgPoolOptions};
use sqlx_sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{Db, Pools, error};
use crate::live::Live;
use crate::private;

/// How long a caller waits for a connection, and a statement for a lock.
const ACQUIRE_MAX: Duration = Duration::from_secs(10);
/// How long a statement may take unless its transaction allows more.
pub(super) const STATEMENT_MAX: Duration = Duration::from_secs(30);
const READERS_MAX: u32 = 8;
/// An idle connection is asked after so long whether it is still there.
const BELIEVED_ALIVE: Duration = Duration::from_secs(1);
const POSTGRES_CONNECTIONS_MAX: u32 = 16;

impl Db {
    /// Opens the database behind a URL: `sqlite:PATH` (made where missing) or `postgres://…`.
    pub async fn open(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            Self::open_sqlite(Path::new(path.trim_start_matches("//"))).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::open_postgres(url).await
        } else {
            Err(Error::invalid(
                "database_url_malformed",
                "the database URL is sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE",
            )
            .at("database_url"))
        }
    }

    async fn open_sqlite(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            private::folder(folder).map_err(|e| {
                Error::invalid(
                    "data_dir_unusable",
                    format!("cannot make {}: {e}", folder.display()),
                )
            })?;
        }
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let open = |path: &Path| private::writing().create(true).truncate(false).open(path);
        // SQLite gives the files beside it the permissions of the database, so that is made here.
        let lock = open(Path::new(&lock_path))
            .and_then(|lock| open(path).map(|_| lock))
            .map_err(|e| {
                Error::invalid(
                    "data_dir_unusable",
                    format!("cannot write {}: {e}", path.display()),
                )
            })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(ACQUIRE_MAX)
            .pragma("cache_size", "-65536")
            .pragma("mmap_size", "2147418112")
            .pragma("temp_store", "MEMORY");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(ACQUIRE_MAX)
            .connect_with(options.clone())
            .await
            .map_err(|e| unusable(&path.display().to_string(), &e))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .max_lifetime(None)
            .acquire_timeout(ACQUIRE_MAX)
            .connect_with(options.pragma("query_only", "1"))
            .await
            .map_err(error)?;
        Ok(Self {
            pools: Pools::Sqlite {
                readers,
                writer,
                lock: Arc::new(lock),
            },
            live: Live::default(),
            counted: Arc::default(),
        })
    }

    async fn open_postgres(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| {
                Error::invalid("database_url_malformed", "the database URL cannot be read").at("database_url")
            })?
            .application_name("patron")
            .options([
                ("statement_timeout", format!("{}s", STATEMENT_MAX.as_secs())),
                ("lock_timeout", format!("{}s", ACQUIRE_MAX.as_secs())),
                ("idle_in_transaction_session_timeout", "60s".to_owned()),
            ]);
        let place = format!("PostgreSQL at {}", options.get_host());
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS_MAX)
            .acquire_timeout(ACQUIRE_MAX)
            // One that was at work a moment ago is there; asking each time costs a round trip.
            .test_before_acquire(false)
            .before_acquire(|conn, state| {
                Box::pin(async move {
                    if state.idle_for < BELIEVED_ALIVE {
                        return Ok(true);
                    }
                    Ok(conn.ping().await.is_ok())
                })
            })
            .connect_with(options)
            .await
            .map_err(|e| unusable(&place, &e))?;
        Ok(Self {
            pools: Pools::Postgres(pool),
            live: Live::default(),
            counted: Arc::default(),
        })
    }
}

/// At start the person at the terminal needs the reason; the URL, which may hold a password, stays out.
fn unusable(place: &str, e: &sqlx::Error) -> Error {
    Error::Unavailable {
        code: "database_unavailable",
        message: format!("the database cannot be opened ({place}): {e}"),
    }
}
