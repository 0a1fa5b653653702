//! Many rows at once: multi-row inserts on SQLite, COPY on PostgreSQL.

use std::fmt::Write as _;

use base::{Error, Result};

use super::tx::{Conn, sqlite_args};
use super::{Tx, Value, error};

/// A bulk insert. Table and columns are the program's own names.
#[derive(Debug, Clone, Copy)]
pub struct Bulk {
    /// The table.
    pub table: &'static str,
    /// Its columns, in the order of each row's values.
    pub columns: &'static [&'static str],
    /// What to do with rows that are there already: empty (an error), or
    /// `ON CONFLICT (…) DO NOTHING` / `DO UPDATE SET …`.
    pub on_conflict: &'static str,
}

/// SQLite takes up to 32,766 arguments; a statement much longer than this gains nothing.
const SQLITE_ARGUMENTS_MAX: usize = 2_000;
const COPY_CHUNK_BYTES: usize = 1 << 20;

impl Bulk {
    /// Inserts the rows; says how many were inserted or updated.
    ///
    /// Errors: a row with another number of values than there are columns (ours), and what the
    /// database refuses.
    pub async fn insert(&self, tx: &mut Tx, rows: impl IntoIterator<Item = Vec<Value>>) -> Result<u64> {
        match &mut tx.conn {
            Conn::Sqlite(conn) => self.insert_sqlite(conn, rows.into_iter()).await,
            Conn::Postgres(conn) => self.insert_postgres(conn, rows.into_iter()).await,
        }
    }

    async fn insert_sqlite(
        &self,
        conn: &mut sqlx_sqlite::SqliteConnection,
        mut rows: impl Iterator<Item = Vec<Value>>,
    ) -> Result<u64> {
        let rows_per_statement = (SQLITE_ARGUMENTS_MAX / self.columns.len().max(1)).max(1);
        let full: sqlx::SqlStr = self.sqlite_statement(rows_per_statement);
        let mut changed = 0;
        loop {
            let mut values = Vec::with_capacity(rows_per_statement * self.columns.len());
            let mut count = 0;
            for row in rows.by_ref().take(rows_per_statement) {
                self.check_width(&row)?;
                values.extend(row);
                count += 1;
            }
            if count == 0 {
                return Ok(changed);
            }
            let sql = if count == rows_per_statement {
                full.clone()
            } else {
                self.sqlite_statement(count)
            };
            changed += sqlx::query_with(sql, sqlite_args(values)?)
                .persistent(count == rows_per_statement)
                .execute(&mut *conn)
                .await
                .map_err(error)?
                .rows_affected();
        }
    }

    fn sqlite_statement(&self, rows: usize) -> sqlx::SqlStr {
        use sqlx::SqlSafeStr as _;
        let row = format!("({})", vec!["?"; self.columns.len()].join(","));
        // A WHERE keeps SQLite from reading ON CONFLICT as a join condition is only needed after
        // SELECT; VALUES takes it as it is.
        sqlx::AssertSqlSafe(format!(
            "INSERT INTO {} ({}) VALUES {} {}",
            self.table,
            self.columns.join(","),
            vec![row; rows].join(","),
            self.on_conflict
        ))
        .into_sql_str()
    }

    async fn insert_postgres(
        &self,
        conn: &mut sqlx_postgres::PgConnection,
        rows: impl Iterator<Item = Vec<Value>>,
    ) -> Result<u64> {
        let columns = self.columns.join(",");
        if self.on_conflict.is_empty() {
            return self.copy(conn, self.table, rows).await;
        }
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return Ok(0);
        }
        // COPY knows no ON CONFLICT: the rows go to a table of this transaction first.
        let staging = format!("bulk_{}", self.table);
        let prepare = format!(
            "DROP TABLE IF EXISTS {staging}; \
             CREATE TEMP TABLE {staging} ON COMMIT DROP AS SELECT {columns} FROM {} WITH NO DATA",
            self.table
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(prepare))
            .execute(&mut *conn)
            .await
            .map_err(error)?;
        self.copy(conn, &staging, rows).await?;
        let merge = format!(
            "INSERT INTO {} ({columns}) SELECT {columns} FROM {staging} {}",
            self.table, self.on_conflict
        );
        let changed = sqlx::query(sqlx::AssertSqlSafe(merge))
            .persistent(false)
            .execute(&mut *conn)
            .await
            .map_err(error)?
            .rows_affected();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP TABLE {staging}")))
            .execute(&mut *conn)
            .await
            .map_err(error)?;
        Ok(changed)
    }

    async fn copy(
        &self,
        conn: &mut sqlx_postgres::PgConnection,
        table: &str,
        rows: impl Iterator<Item = Vec<Value>>,
    ) -> Result<u64> {
        let statement = format!("COPY {table} ({}) FROM STDIN", self.columns.join(","));
        let mut copy = conn.copy_in_raw(&statement).await.map_err(error)?;
        let mut text = String::with_capacity(COPY_CHUNK_BYTES + 4096);
        for row in rows {
            if let Err(e) = self.check_width(&row) {
                copy.abort("a row has the wrong width").await.map_err(error)?;
                return Err(e);
            }
            for (n, value) in row.iter().enumerate() {
                if n > 0 {
                    text.push('\t');
                }
                write_copy_text(&mut text, value);
            }
            text.push('\n');
            if text.len() >= COPY_CHUNK_BYTES {
                copy.send(text.as_bytes()).await.map_err(error)?;
                text.clear();
            }
        }
        copy.send(text.as_bytes()).await.map_err(error)?;
        copy.finish().await.map_err(error)
    }

    fn check_width(&self, row: &[Value]) -> Result<()> {
        if row.len() == self.columns.len() {
            Ok(())
        } else {
            Err(Error::internal(format!(
                "a row for {} has {} values for {} columns",
                self.table,
                row.len(),
                self.columns.len()
            )))
        }
    }
}

/// One value in COPY's text format.
fn write_copy_text(text: &mut String, value: &Value) {
    let written = match value {
        Value::Bool(Some(v)) => text.write_str(if *v { "t" } else { "f" }),
        Value::Int(Some(v)) => write!(text, "{v}"),
        Value::BigInt(Some(v)) => write!(text, "{v}"),
        Value::Float(Some(v)) => write!(text, "{v}"),
        Value::Text(Some(v)) => {
            escape(text, v);
            Ok(())
        }
        Value::Bytes(Some(v)) => text
            .write_str("\\\\x")
            .and_then(|()| v.iter().try_for_each(|byte| write!(text, "{byte:02x}"))),
        Value::Uuid(Some(v)) => write!(text, "{v}"),
        Value::Json(Some(v)) => {
            escape(text, &v.to_string());
            Ok(())
        }
        Value::Uuids(ids) => {
            let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            write!(text, "{{{}}}", ids.join(","))
        }
        Value::Bool(None)
        | Value::Int(None)
        | Value::BigInt(None)
        | Value::Float(None)
        | Value::Text(None)
        | Value::Bytes(None)
        | Value::Uuid(None)
        | Value::Json(None) => text.write_str("\\N"),
    };
    debug_assert!(written.is_ok(), "writing to a String cannot fail");
}

fn escape(text: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            c => text.push(c),
        }
    }
}
