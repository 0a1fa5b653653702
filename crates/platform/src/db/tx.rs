//! A transaction: what every store function works in.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::Result;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use sqlx::{Arguments as _, FromRow, SqlSafeStr, SqlStr, Transaction};
use sqlx_postgres::{PgArguments, PgRow, Postgres};
use sqlx_sqlite::{Sqlite, SqliteArguments, SqliteRow};

use super::{Args, Counted, Dialect, Value, error};
use crate::idempotency::Once;
use crate::live::{Live, LiveEvent};

/// A row that both databases can give: what `#[derive(sqlx::FromRow)]` makes, and tuples.
pub trait FromDb:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}
impl<T> FromDb for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

/// A transaction on either database.
#[derive(Debug)]
pub struct Tx {
    pub(super) conn: Conn,
    live: Live,
    after_commit: Vec<LiveEvent>,
    /// The request this transaction belongs to, if it must not be carried out twice.
    once: Option<Once>,
    /// How long a statement may take, where the database does not see to it itself.
    limit: Option<Limit>,
    counted: Arc<Counted>,
}

#[derive(Debug)]
pub(super) enum Conn {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Ends a statement of a SQLite connection that takes too long, as PostgreSQL does by itself: eight slow
/// lists would otherwise keep every reader.
#[derive(Debug)]
pub(super) struct Limit {
    most: Duration,
    until: Arc<Mutex<Instant>>,
}

/// Steps of SQLite's machine between two looks at the clock: well under a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 20_000;

impl Limit {
    /// Watches the statements of a connection until someone else does.
    pub(super) async fn watch(conn: &mut sqlx_sqlite::SqliteConnection, most: Duration) -> Result<Self> {
        let until = Arc::new(Mutex::new(Instant::now() + most));
        let watched = Arc::clone(&until);
        conn.lock_handle()
            .await
            .map_err(error)?
            .set_progress_handler(STEPS_BETWEEN_LOOKS, move || {
                Instant::now() < *watched.lock().unwrap_or_else(PoisonError::into_inner)
            });
        Ok(Self { most, until })
    }

    fn begin_statement(&self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + self.most;
    }
}

/// Runs one expression on whichever connection it is.
macro_rules! on_conn {
    ($tx:expr, $sql:expr, $args:expr, |$query:ident, $conn:ident| $run:expr) => {{
        if let Some(limit) = &$tx.limit {
            limit.begin_statement();
        }
        $tx.counted.statements.fetch_add(1, Ordering::Relaxed);
        match &mut $tx.conn {
            Conn::Sqlite(tx) => {
                let ($query, $conn) = (($sql, sqlite_args($args)?), &mut **tx);
                $run
            }
            Conn::Postgres(tx) => {
                let ($query, $conn) = (($sql, postgres_args($args)?), &mut **tx);
                $run
            }
        }
    }};
}

impl Tx {
    pub(super) fn new(
        conn: Conn,
        live: Live,
        once: Option<Once>,
        limit: Option<Limit>,
        counted: Arc<Counted>,
    ) -> Self {
        Self {
            conn,
            live,
            after_commit: Vec::new(),
            once,
            limit,
            counted,
        }
    }

    /// Which of the two databases this is.
    pub fn dialect(&self) -> Dialect {
        match self.conn {
            Conn::Sqlite(_) => Dialect::Sqlite,
            Conn::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Every row. The SQL bounds how many there can be.
    pub async fn all<R: FromDb>(&mut self, sql: impl SqlSafeStr, args: impl Into<Args>) -> Result<Vec<R>> {
        let (sql, args) = (sql.into_sql_str(), args.into());
        on_conn!(self, sql, args, |query, conn| {
            sqlx::query_as_with(query.0, query.1)
                .fetch_all(conn)
                .await
                .map_err(error)
        })
    }

    /// The row, if there is one.
    pub async fn optional<R: FromDb>(
        &mut self,
        sql: impl SqlSafeStr,
        args: impl Into<Args>,
    ) -> Result<Option<R>> {
        let (sql, args) = (sql.into_sql_str(), args.into());
        on_conn!(self, sql, args, |query, conn| {
            sqlx::query_as_with(query.0, query.1)
                .fetch_optional(conn)
                .await
                .map_err(error)
        })
    }

    /// The row that is always there (a count, an insert that returns). None there is our fault.
    pub async fn one<R: FromDb>(&mut self, sql: impl SqlSafeStr, args: impl Into<Args>) -> Result<R> {
        let (sql, args) = (sql.into_sql_str(), args.into());
        on_conn!(self, sql, args, |query, conn| {
            sqlx::query_as_with(query.0, query.1)
                .fetch_one(conn)
                .await
                .map_err(error)
        })
    }

    /// Changes rows; says how many.
    pub async fn execute(&mut self, sql: impl SqlSafeStr, args: impl Into<Args>) -> Result<u64> {
        let (sql, args) = (sql.into_sql_str(), args.into());
        on_conn!(self, sql, args, |query, conn| {
            sqlx::query_with(query.0, query.1)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
                .map_err(error)
        })
    }

    /// Rows as they come, for results too large to hold. Read it to its end or drop the transaction.
    pub fn stream<R: FromDb>(
        &mut self,
        sql: impl SqlSafeStr,
        args: impl Into<Args>,
    ) -> Result<BoxStream<'_, Result<R>>> {
        let (sql, args) = (sql.into_sql_str(), args.into());
        Ok(on_conn!(self, sql, args, |query, conn| {
            sqlx::query_as_with(query.0, query.1)
                .fetch(conn)
                .map(|row| row.map_err(error))
                .boxed()
        }))
    }

    /// Runs several statements without arguments: migrations.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.conn {
            Conn::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(|_| ()),
            Conn::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(|_| ()),
        }
        .map_err(error)
    }

    /// Lets the statements of this transaction take and wait longer than a request may. For jobs.
    pub async fn allow_minutes(&mut self, minutes: u32) -> Result<()> {
        self.allow(Duration::from_secs(u64::from(minutes) * 60)).await
    }

    /// Lets a statement of this transaction take so long, and no longer (`database_timeout`). A writer of
    /// SQLite is never ended.
    pub async fn allow(&mut self, most: Duration) -> Result<()> {
        if let Some(limit) = &mut self.limit {
            limit.most = most;
        }
        if let Some(sql) = self.dialect().allow(most) {
            self.execute(sqlx::AssertSqlSafe(sql), []).await?;
        }
        Ok(())
    }

    /// Does not wait for the disk when this transaction is committed: if the machine goes down in the next moments,
    /// it may be gone, as a whole and with those after it that did not wait either. The next commit that waits
    /// makes it durable too. For the steps of a job that says it is done with one that waits. On SQLite every commit
    /// waits.
    pub async fn commit_may_be_late(&mut self) -> Result<()> {
        if self.dialect() == Dialect::Postgres {
            self.execute("SET LOCAL synchronous_commit = off", []).await?;
        }
        Ok(())
    }

    /// Waits until nobody else has uncommitted rows in this table, and keeps new ones out until the
    /// transaction ends: afterwards no row with a smaller sequence number can appear. Keep it short.
    pub async fn wait_for_writers(&mut self, table: &'static str) -> Result<()> {
        if let Some(sql) = self.dialect().wait_for_writers(table) {
            self.execute(sqlx::AssertSqlSafe(sql), []).await?;
        }
        Ok(())
    }

    /// Keeps whoever waits for the writers of a table (see [`Tx::wait_for_writers`]) waiting from here on, before
    /// the first row is written: what is read from now on stays so for them.
    pub async fn about_to_write(&mut self, table: &'static str) -> Result<()> {
        if let Some(sql) = self.dialect().about_to_write(table) {
            self.execute(sqlx::AssertSqlSafe(sql), []).await?;
        }
        Ok(())
    }

    /// Tells open screens once the transaction is committed, and not at all if it is not.
    pub fn after_commit(&mut self, event: LiveEvent) {
        self.after_commit.push(event);
    }

    /// Makes the changes durable. Within a request that carries an idempotency key this fails, and
    /// nothing is changed, when the request was carried out before.
    pub async fn commit(mut self) -> Result<()> {
        if let Some(once) = self.once.take() {
            once.claim(&mut self).await?;
        }
        match self.conn {
            Conn::Sqlite(tx) => tx.commit().await,
            Conn::Postgres(tx) => tx.commit().await,
        }
        .map_err(error)?;
        for event in self.after_commit {
            self.live.send(event);
        }
        Ok(())
    }

    /// Gives the changes up now, rather than when the connection is next used.
    pub async fn rollback(self) -> Result<()> {
        match self.conn {
            Conn::Sqlite(tx) => tx.rollback().await,
            Conn::Postgres(tx) => tx.rollback().await,
        }
        .map_err(error)
    }
}

#[cfg(feature = "testing")]
impl super::Db {
    /// Runs a statement that PostgreSQL refuses within a transaction: making a database.
    pub(crate) async fn outside_transaction(&self, sql: &str) -> Result<()> {
        if let super::Pools::Postgres(pool) = &self.pools {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
                .execute(pool)
                .await
                .map_err(error)?;
        }
        Ok(())
    }
}

/// Binds every value to one database's arguments.
macro_rules! bind_all {
    ($arguments:expr, $args:expr, $uuids:expr) => {{
        let mut arguments = $arguments;
        for value in $args {
            match value {
                Value::Bool(v) => arguments.add(v),
                Value::Int(v) => arguments.add(v),
                Value::BigInt(v) => arguments.add(v),
                Value::Float(v) => arguments.add(v),
                Value::Text(v) => arguments.add(v),
                Value::Bytes(v) => arguments.add(v),
                Value::Uuid(v) => arguments.add(v),
                Value::Json(v) => arguments.add(v.map(sqlx::types::Json)),
                Value::Uuids(v) => arguments.add($uuids(v)),
            }
            .map_err(|e| error(sqlx::Error::Encode(e)))?;
        }
        Ok(arguments)
    }};
}

pub(super) fn sqlite_args(args: impl IntoIterator<Item = Value>) -> Result<SqliteArguments> {
    // SQLite has no arrays.
    let text = |ids: Vec<uuid::Uuid>| {
        let hex = |id: &uuid::Uuid| format!("\"{}\"", id.simple());
        format!("[{}]", ids.iter().map(hex).collect::<Vec<_>>().join(","))
    };
    bind_all!(SqliteArguments::default(), args, text)
}

fn postgres_args(args: Args) -> Result<PgArguments> {
    bind_all!(
        PgArguments::default(),
        args,
        std::convert::identity::<Vec<uuid::Uuid>>
    )
}

/// SQL put together from parts: text that the program wrote and values that came from outside.
#[derive(Debug, Default)]
pub struct Sql {
    text: String,
    args: Args,
}

impl Sql {
    /// Begins with a piece of SQL.
    pub fn new(text: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            args: Args::new(),
        }
    }

    /// Adds a piece of SQL the program wrote.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a placeholder for a value.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.args.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.args.len().to_string());
        self
    }

    /// Adds `IN (…)` over [`super::uuids`].
    pub fn bind_in_uuids(&mut self, dialect: Dialect, ids: Value) -> &mut Self {
        self.args.push(ids);
        self.text
            .push_str(&dialect.in_uuids(u32::try_from(self.args.len()).unwrap_or(u32::MAX)));
        self
    }

    /// Adds `IN (…)` over a [`super::list`] of texts.
    pub fn bind_in_texts(&mut self, dialect: Dialect, texts: Value) -> &mut Self {
        self.args.push(texts);
        self.text
            .push_str(&dialect.in_texts(u32::try_from(self.args.len()).unwrap_or(u32::MAX)));
        self
    }

    /// Runs it: rows as they come.
    pub fn stream<R: FromDb>(self, tx: &mut Tx) -> Result<BoxStream<'_, Result<R>>> {
        tx.stream(self.safe_text(), self.args)
    }

    /// Runs it: every row.
    pub async fn all<R: FromDb>(self, tx: &mut Tx) -> Result<Vec<R>> {
        tx.all(self.safe_text(), self.args).await
    }

    fn safe_text(&self) -> SqlStr {
        // Only static text and placeholder numbers went in: push takes nothing else.
        sqlx::AssertSqlSafe(self.text.clone()).into_sql_str()
    }
}
