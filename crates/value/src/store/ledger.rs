//! The ledger's lines, and which files of the columnar copy hold which of them.

use base::Result;
use futures::stream::{BoxStream, StreamExt as _};
use jiff::Timestamp;
use platform::db::{Bulk, Tx, Value, timestamp};
use platform::{Scope, args};
use uuid::Uuid;

use crate::model::{Line, RecordedLine};

/// Appends lines; those whose source and external id are in the ledger already are passed over.
/// Says how many were new.
pub async fn append(tx: &mut Tx, lines: &[Line], recorded_at: Timestamp) -> Result<u64> {
    const LINES: Bulk = Bulk {
        table: "transactions",
        columns: &[
            "customer_id",
            "at",
            "amount_minor",
            "cost_minor",
            "kind",
            "product",
            "channel",
            "source",
            "external_id",
            "reverses",
            "recorded_at",
        ],
        on_conflict: "ON CONFLICT (source, external_id) DO NOTHING",
    };
    let rows: Vec<_> = lines.iter().map(|line| values(line, recorded_at)).collect();
    LINES.insert(tx, rows).await
}

fn values(line: &Line, recorded_at: Timestamp) -> Vec<Value> {
    args![
        line.customer,
        line.at,
        line.amount_minor,
        line.cost_minor,
        line.kind.as_str(),
        line.product.as_deref(),
        line.channel.as_deref(),
        line.source.as_str(),
        line.external_id.as_str(),
        line.reverses.as_deref(),
        recorded_at,
    ]
}

/// What makes a line the same line when it comes again.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct KnownLine {
    /// Its id in its source.
    pub external_id: String,
    /// Whose; none for a customer who is not there yet.
    pub customer_id: Option<Uuid>,
    /// When, microseconds.
    pub at: i64,
    /// How much.
    pub amount_minor: i64,
    /// See [`Line`]; likewise below. None: not known, or not said this time.
    pub cost_minor: Option<i64>,
    /// What kind.
    pub kind: Option<String>,
    /// What was bought.
    pub product: Option<String>,
    /// Where.
    pub channel: Option<String>,
    /// What it takes back.
    pub reverses: Option<String>,
}

impl KnownLine {
    /// Whether a line that comes again under the same id says nothing else. What it leaves out it does
    /// not deny: a file may come with fewer columns than the one before.
    pub fn is_confirmed_by(&self, said: &Self) -> bool {
        fn fits<T: PartialEq>(known: &Option<T>, said: &Option<T>) -> bool {
            said.is_none() || known == said
        }
        (self.customer_id, self.at, self.amount_minor) == (said.customer_id, said.at, said.amount_minor)
            && fits(&self.cost_minor, &said.cost_minor)
            && fits(&self.kind, &said.kind)
            && fits(&self.product, &said.product)
            && fits(&self.channel, &said.channel)
            && fits(&self.reverses, &said.reverses)
    }
}

/// Those of these external ids of a source that are in the ledger already.
pub async fn known(tx: &mut Tx, source: &str, external_ids: &[&str]) -> Result<Vec<KnownLine>> {
    let sql = format!(
        "SELECT external_id, customer_id, at, amount_minor, cost_minor, kind, product, channel, reverses \
         FROM transactions WHERE source = $1 AND external_id{}",
        tx.dialect().in_texts(2)
    );
    tx.all(
        sqlx::AssertSqlSafe(sql),
        args![source, platform::db::list(external_ids)],
    )
    .await
}

/// The number of the last line. Waits for whoever is writing, so that no
/// line with a smaller number can appear afterwards.
pub async fn watermark(tx: &mut Tx) -> Result<i64> {
    tx.wait_for_writers("transactions").await?;
    let (last,): (i64,) = tx
        .one("SELECT coalesce(max(seq), 0) FROM transactions", [])
        .await?;
    Ok(last)
}

/// The number of the last line that is there now; others with smaller numbers may still come.
pub async fn newest(tx: &mut Tx) -> Result<i64> {
    let (last,): (i64,) = tx
        .one("SELECT coalesce(max(seq), 0) FROM transactions", [])
        .await?;
    Ok(last)
}

/// Whether there is any line.
pub async fn is_empty(tx: &mut Tx) -> Result<bool> {
    let any: Option<(i64,)> = tx.optional("SELECT seq FROM transactions LIMIT 1", []).await?;
    Ok(any.is_none())
}

/// Source and external id of every line that another one takes back, whether it is there or not.
pub async fn reversed(tx: &mut Tx) -> Result<Vec<(String, String)>> {
    tx.allow_minutes(30).await?;
    tx.all(
        "SELECT DISTINCT source, reverses FROM transactions WHERE reverses IS NOT NULL",
        [],
    )
    .await
}

/// How many lines there are after number `after` up to `until`, and what they add up to, as the database counts.
pub async fn sums_between(tx: &mut Tx, after: i64, until: i64) -> Result<(i64, i64)> {
    tx.allow_minutes(30).await?;
    tx.one(
        "SELECT count(*), CAST(coalesce(sum(amount_minor), 0) AS BIGINT) FROM transactions \
         WHERE seq > $1 AND seq <= $2",
        args![after, until],
    )
    .await
}

/// How many lines there are: those the columnar copy holds, which it has counted, and those that came since.
pub async fn size(tx: &mut Tx) -> Result<u64> {
    let (lines,): (i64,) = tx
        .one(
            "SELECT CAST((SELECT coalesce(sum(rows), 0) FROM ledger_files) AS BIGINT) \
             + (SELECT count(*) FROM transactions \
                WHERE seq > (SELECT coalesce(max(seq_to), 0) FROM ledger_files))",
            [],
        )
        .await?;
    Ok(lines.unsigned_abs())
}

/// When the first and the last line happened. Two questions, each of which the index on `at` answers at once:
/// SQLite reads the whole index where one asks for both.
pub async fn span(tx: &mut Tx) -> Result<Option<(Timestamp, Timestamp)>> {
    let (first, last): (Option<i64>, Option<i64>) = tx
        .one(
            "SELECT (SELECT min(at) FROM transactions), (SELECT max(at) FROM transactions)",
            [],
        )
        .await?;
    Ok(first
        .zip(last)
        .map(|(first, last)| (timestamp(first), timestamp(last))))
}

#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    customer_id: Uuid,
    at: i64,
    amount_minor: i64,
    cost_minor: Option<i64>,
    kind: String,
    product: Option<String>,
    channel: Option<String>,
    source: String,
    external_id: String,
    reverses: Option<String>,
}

impl From<Row> for RecordedLine {
    fn from(row: Row) -> Self {
        Self {
            seq: row.seq,
            line: Line {
                customer: row.customer_id,
                at: timestamp(row.at),
                amount_minor: row.amount_minor,
                cost_minor: row.cost_minor,
                kind: row.kind,
                product: row.product,
                channel: row.channel,
                source: row.source,
                external_id: row.external_id,
                reverses: row.reverses,
            },
        }
    }
}

/// The lines after number `after` up to `until`, at most `limit`, in order.
pub fn lines_between(
    tx: &mut Tx,
    after: i64,
    until: i64,
    limit: u32,
) -> Result<BoxStream<'_, Result<RecordedLine>>> {
    Ok(tx
        .stream::<Row>(
            "SELECT seq, customer_id, at, amount_minor, cost_minor, kind, product, channel, source, external_id, \
             reverses FROM transactions WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
            args![after, until, limit],
        )?
        .map(|row| row.map(RecordedLine::from))
        .boxed())
}

/// One page of a customer's lines and those of all who were merged into it, newest first: those before `(at, seq)`; none
/// of a customer out of scope.
pub async fn of_customer(
    tx: &mut Tx,
    scope: &Scope,
    customer: Uuid,
    before: Option<(i64, i64)>,
    limit: u32,
) -> Result<Vec<RecordedLine>> {
    let Some((survivor, _)) = customers::store::resolve(tx, scope, customer.into()).await? else {
        return Ok(Vec::new());
    };
    let (at, seq) = before.unwrap_or((i64::MAX, i64::MAX));
    let as_one = customers::store::as_one(tx, survivor.uuid()).await?;
    let mut lines: Vec<RecordedLine> = Vec::new();
    // Each one's lines come in order from the index.
    for customer in &as_one {
        let rows: Vec<Row> = tx
            .all(
                "SELECT seq, customer_id, at, amount_minor, cost_minor, kind, product, channel, source, external_id, \
                 reverses FROM transactions WHERE customer_id = $1 AND (at, seq) < ($2, $3) \
                 ORDER BY at DESC, seq DESC LIMIT $4",
                args![*customer, at, seq, limit],
            )
            .await?;
        lines.extend(rows.into_iter().map(RecordedLine::from));
    }
    if as_one.len() > 1 {
        lines.sort_unstable_by_key(|recorded| std::cmp::Reverse((recorded.line.at, recorded.seq)));
        lines.truncate(limit as usize);
    }
    Ok(lines)
}

/// When, how much, and whether a line takes back another one: the lines of some customers from a time on.
pub fn amounts_of<'a>(
    tx: &'a mut Tx,
    customers: &[Uuid],
    from: Timestamp,
) -> Result<BoxStream<'a, Result<(i64, i64, bool)>>> {
    let sql = format!(
        "SELECT at, amount_minor, reverses IS NOT NULL FROM transactions WHERE at >= $1 AND customer_id{}",
        tx.dialect().in_uuids(2)
    );
    tx.stream(
        sqlx::AssertSqlSafe(sql),
        args![from, platform::db::uuids(customers)],
    )
}

/// What a customer did before a time and after another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Who; of one that was merged, the survivor.
    pub customer: Uuid,
    /// The last line before.
    pub last: Option<Timestamp>,
    /// How many lines in the time before.
    pub lines: i64,
    /// Whether there is any in the time after.
    pub after: bool,
}

/// What these customers, and those merged into them, did in `before` and before it, and in `after`; one for each row of the
/// record, so a survivor may come several times.
pub async fn activity_of(
    tx: &mut Tx,
    customers: &[Uuid],
    before: std::ops::Range<Timestamp>,
    after: std::ops::Range<Timestamp>,
) -> Result<Vec<Activity>> {
    let ids = tx.dialect().in_uuids(5);
    let sql = format!(
        "SELECT coalesce(o.merged_into, o.id), \
         (SELECT max(t.at) FROM transactions t WHERE t.customer_id = o.id AND t.at < $2), \
         (SELECT count(*) FROM transactions t WHERE t.customer_id = o.id AND t.at >= $1 AND t.at < $2), \
         (SELECT count(*) FROM transactions t WHERE t.customer_id = o.id AND t.at >= $3 AND t.at < $4) \
         FROM customers o WHERE o.id{ids} OR o.merged_into{ids}"
    );
    let args = args![
        before.start,
        before.end,
        after.start,
        after.end,
        platform::db::uuids(customers)
    ];
    let rows: Vec<(Uuid, Option<i64>, i64, i64)> = tx.all(sqlx::AssertSqlSafe(sql), args).await?;
    Ok(rows
        .into_iter()
        .map(|(customer, last, lines, later)| Activity {
            customer,
            last: last.map(timestamp),
            lines,
            after: later > 0,
        })
        .collect())
}

/// A line that took money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBack {
    /// Whose; of one that was merged, the survivor's.
    pub customer: Uuid,
    /// When.
    pub at: Timestamp,
    /// How much, above 0.
    pub amount_minor: i64,
    /// The line's number.
    pub seq: i64,
}

/// The lines that took back others from a time on, by customer and time; those of customers who were erased left out.
pub fn taken_back_since(tx: &mut Tx, since: Timestamp) -> Result<BoxStream<'_, Result<TakenBack>>> {
    Ok(tx
        .stream::<(Uuid, i64, i64, i64)>(
            "SELECT coalesce(o.merged_into, o.id) AS survivor, t.at, t.amount_minor, t.seq FROM transactions t \
             JOIN customers o ON o.id = t.customer_id WHERE t.reverses IS NOT NULL AND t.amount_minor < 0 \
             AND t.at >= $1 AND o.erased_at IS NULL ORDER BY survivor, t.at, t.seq",
            args![since],
        )?
        .map(|row| {
            row.map(|(customer, at, amount_minor, seq)| TakenBack {
                customer,
                at: timestamp(at),
                amount_minor: -amount_minor,
                seq,
            })
        })
        .boxed())
}

/// Whose lines came after number `after`, up to the last that nobody can put one before any more; of at most so many
/// lines. Gives the number of the last of them too.
pub async fn customers_since(tx: &mut Tx, after: i64, lines_max: u32) -> Result<(i64, Vec<Uuid>)> {
    let until = watermark(tx).await?;
    let rows: Vec<(i64, Uuid)> = tx
        .all(
            "SELECT seq, customer_id FROM transactions WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
            args![after, until, lines_max],
        )
        .await?;
    let last = rows.last().map_or(after, |(seq, _)| *seq);
    let mut customers: Vec<Uuid> = rows.into_iter().map(|(_, customer)| customer).collect();
    customers.sort_unstable();
    customers.dedup();
    Ok((last, customers))
}

/// A file of the columnar copy.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LedgerFile {
    /// Below the ledger's folder.
    pub path: String,
    /// The month (UTC) of its lines, as `base::Month` counts.
    pub month: i32,
    /// How many lines it holds.
    pub rows: i64,
    /// Their sum.
    pub amount_minor: i64,
    /// The number up to which lines were copied when it was written.
    pub seq_to: i64,
}

/// Every file of the copy, by month.
pub async fn files(tx: &mut Tx) -> Result<Vec<LedgerFile>> {
    tx.all(
        "SELECT path, month, rows, amount_minor, seq_to FROM ledger_files ORDER BY month, path",
        [],
    )
    .await
}

/// The number up to which lines are copied; nobody else can add to the list until the transaction ends.
pub async fn copied_to(tx: &mut Tx) -> Result<i64> {
    tx.wait_for_writers("ledger_files").await?;
    let (last,): (i64,) = tx
        .one("SELECT coalesce(max(seq_to), 0) FROM ledger_files", [])
        .await?;
    Ok(last)
}

/// Puts files in the copy's list in place of others, in one step. False when those were not in the list
/// any more: then do not commit.
pub async fn replace_files(tx: &mut Tx, gone: &[LedgerFile], new: &[LedgerFile]) -> Result<bool> {
    let mut deleted = 0;
    for file in gone {
        deleted += tx
            .execute("DELETE FROM ledger_files WHERE path = $1", args![&file.path])
            .await?;
    }
    for file in new {
        tx.execute(
            "INSERT INTO ledger_files (path, month, rows, amount_minor, seq_to) VALUES ($1, $2, $3, $4, $5)",
            args![&file.path, file.month, file.rows, file.amount_minor, file.seq_to],
        )
        .await?;
    }
    Ok(deleted == gone.len() as u64)
}
