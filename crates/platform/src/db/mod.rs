//! The database: SQLite in one file, or PostgreSQL. One SQL text serves both: `$1` placeholders,
//! `RETURNING`, `ON CONFLICT`, row values. What differs is in [`dialect`] and nowhere else.
//!
//! A store function takes `&mut Tx` and runs SQL with [`Tx::all`], [`Tx::optional`], [`Tx::one`],
//! [`Tx::execute`]. A use case opens one transaction with [`Db::write`] or [`Db::read`].
//!
//! Columns that mean the same on both: UUID (`BLOB` / `UUID`), time as microseconds UTC
//! (`INTEGER` / `BIGINT`), day as days since 1970 (`INTEGER`), money as minor units
//! (`INTEGER` / `BIGINT`), JSON (`TEXT` / `JSONB`), flag (`BOOLEAN`), figure (`REAL` / `DOUBLE PRECISION`).

mod bulk;
pub mod dialect;
mod error;
mod open;
mod tx;
mod value;

pub use bulk::Bulk;
pub use dialect::Dialect;
pub use error::convert as error;
pub use tx::{FromDb, Sql, Tx};
pub use value::{Args, Value, like_containing, list, micros, timestamp, uuids};

use std::fs::{File, TryLockError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{Error, Result};
use sqlx_postgres::PgPool;
use sqlx_sqlite::SqlitePool;

use crate::idempotency::Once;
use crate::live::Live;

/// An open database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
    live: Live,
    counted: Arc<Counted>,
}

#[derive(Clone, Debug)]
enum Pools {
    /// One connection writes, so that writers queue here instead of failing busy; many read.
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
        /// A lock file beside the database, for the one server it may have.
        lock: Arc<File>,
    },
    Postgres(PgPool),
}

/// What this process has asked of the database since it was opened.
#[derive(Debug, Default)]
struct Counted {
    transactions: AtomicU64,
    statements: AtomicU64,
}

/// How much this process has asked of the database since it was opened, apart from bulk loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Transactions begun.
    pub transactions: u64,
    /// Statements run in them.
    pub statements: u64,
}

/// How many connections a pool has, and how many of them are in use.
#[derive(Debug, Clone, Copy)]
pub struct PoolUse {
    /// Which pool: `readers`, `writer`, `postgres`.
    pub pool: &'static str,
    /// Connections open.
    pub open: u32,
    /// Connections doing nothing.
    pub idle: u32,
}

impl Db {
    /// Begins a transaction that only reads: one snapshot, and a write in it fails.
    pub async fn read(&self) -> Result<Tx> {
        self.begin_read(None).await
    }

    /// The same, whose statements may take so long and no longer (`database_timeout`): whoever waits for them no
    /// more leaves nothing behind that keeps a connection.
    pub async fn read_within(&self, most: Duration) -> Result<Tx> {
        self.begin_read(Some(most)).await
    }

    async fn begin_read(&self, most: Option<Duration>) -> Result<Tx> {
        let (conn, limit) = match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let mut conn = readers.begin().await.map_err(error)?;
                let limit = tx::Limit::watch(&mut conn, most.unwrap_or(open::STATEMENT_MAX)).await?;
                (tx::Conn::Sqlite(conn), Some(limit))
            }
            Pools::Postgres(pool) => {
                let begin = dialect::postgres_begin_read(most);
                let conn = pool.begin_with(sqlx::AssertSqlSafe(begin)).await.map_err(error)?;
                (tx::Conn::Postgres(conn), None)
            }
        };
        Ok(self.begun(conn, None, limit))
    }

    fn begun(&self, conn: tx::Conn, once: Option<Once>, limit: Option<tx::Limit>) -> Tx {
        self.counted.transactions.fetch_add(1, Ordering::Relaxed);
        Tx::new(conn, self.live.clone(), once, limit, Arc::clone(&self.counted))
    }

    /// Begins a transaction that may write. Dropped without [`Tx::commit`], it changes nothing.
    ///
    /// On SQLite there is one writer at a time: keep the transaction short (well under a second) and
    /// do long work in steps, or everyone's sign-in waits.
    pub async fn write(&self) -> Result<Tx> {
        let conn = match &self.pools {
            Pools::Sqlite { writer, .. } => {
                tx::Conn::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await.map_err(error)?)
            }
            Pools::Postgres(pool) => tx::Conn::Postgres(pool.begin().await.map_err(error)?),
        };
        Ok(self.begun(conn, Once::current(), None))
    }

    /// Which of the two databases this is.
    pub fn dialect(&self) -> Dialect {
        match self.pools {
            Pools::Sqlite { .. } => Dialect::Sqlite,
            Pools::Postgres(_) => Dialect::Postgres,
        }
    }

    /// The hub for live events of this process.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Makes this process the only server of a SQLite file, until it ends however it ends. PostgreSQL
    /// takes several servers. Error: `already_served`.
    pub fn lock_server(&self) -> Result<()> {
        let Pools::Sqlite { lock, .. } = &self.pools else {
            return Ok(());
        };
        lock.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => Error::conflict(
                "already_served",
                "another Patron is serving this database file; stop it first, or use PostgreSQL for several",
            ),
            TryLockError::Error(e) => Error::internal(format!("locking the database: {e}")),
        })
    }

    /// How much this process has asked of the database, for metrics.
    pub fn asked(&self) -> Asked {
        Asked {
            transactions: self.counted.transactions.load(Ordering::Relaxed),
            statements: self.counted.statements.load(Ordering::Relaxed),
        }
    }

    /// The state of the connection pools, for metrics.
    pub fn pools(&self) -> Vec<PoolUse> {
        fn of<D: sqlx::Database>(pool: &'static str, of: &sqlx::Pool<D>) -> PoolUse {
            PoolUse {
                pool,
                open: of.size(),
                idle: u32::try_from(of.num_idle()).unwrap_or(u32::MAX),
            }
        }
        match &self.pools {
            Pools::Sqlite { readers, writer, .. } => vec![of("readers", readers), of("writer", writer)],
            Pools::Postgres(pool) => vec![of("postgres", pool)],
        }
    }

    /// Waits for running transactions and closes every connection.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { readers, writer, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}
