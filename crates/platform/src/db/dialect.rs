//! Everything in which the two databases differ, apart from their migrations and bulk loading.

use std::time::Duration;

/// How PostgreSQL begins a transaction that only reads, with a bound on its statements in the same message.
pub(super) fn postgres_begin_read(most: Option<Duration>) -> String {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    match most {
        None => begin.to_owned(),
        Some(most) => format!(
            "{begin}; SET LOCAL statement_timeout = '{}ms'",
            most.as_millis().max(1)
        ),
    }
}

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite: one writer at a time.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// The clause that locks selected rows until the transaction ends. SQLite needs none: a write
    /// transaction has the whole database.
    pub fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// The same, leaving out rows that someone else has locked.
    pub fn for_update_skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// `IN (…)` over a [`super::list`] of texts bound as `$n`.
    pub fn in_texts(self, n: u32) -> String {
        match self {
            Self::Sqlite => format!(" IN (SELECT value FROM json_each(${n}))"),
            Self::Postgres => format!(" IN (SELECT jsonb_array_elements_text(${n}::text::jsonb))"),
        }
    }

    /// `IN (…)` over [`super::uuids`] bound as `$n`.
    pub fn in_uuids(self, n: u32) -> String {
        match self {
            Self::Sqlite => format!(" IN (SELECT unhex(value) FROM json_each(${n}))"),
            Self::Postgres => format!(" = ANY (${n})"),
        }
    }

    /// A `CREATE TABLE` made while running, written with PostgreSQL's types.
    pub fn ddl(self, sql: &str) -> String {
        match self {
            Self::Sqlite => sql
                .replace("UUID", "BLOB")
                .replace("JSONB", "TEXT")
                .replace("DOUBLE PRECISION", "REAL")
                .replace("BIGINT", "INTEGER"),
            Self::Postgres => sql.to_owned(),
        }
    }

    /// Waits until nobody has uncommitted rows in a table. On SQLite whoever holds the write
    /// transaction is alone already.
    pub(super) fn wait_for_writers(self, table: &'static str) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("LOCK TABLE {table} IN SHARE MODE")),
        }
    }

    pub(super) fn about_to_write(self, table: &'static str) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("LOCK TABLE {table} IN ROW EXCLUSIVE MODE")),
        }
    }

    pub(super) fn allow(self, most: Duration) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!(
                "SELECT set_config('statement_timeout', '{ms}ms', true), \
                 set_config('lock_timeout', '{ms}ms', true)",
                ms = most.as_millis()
            )),
        }
    }

    /// Waits until no other server migrates; held to the end of the transaction.
    pub(crate) fn migration_lock(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(7234981230)"),
        }
    }

    /// Waits until no other server makes a key of personal data; held to the end of the transaction.
    pub(crate) fn key_lock(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(7234981231)"),
        }
    }

    /// Waits until nobody else merges customers; held to the end of the transaction.
    pub fn merge_lock(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(7234981232)"),
        }
    }

    /// Whether a table of this name (`$1`) exists: one row, one number.
    pub(crate) fn table_exists(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1",
            Self::Postgres => {
                "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1"
            }
        }
    }
}
