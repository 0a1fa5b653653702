//! What partners are owed.

use base::{Day, Result};
use jiff::Timestamp;
use platform::args;
use platform::db::{Tx, timestamp};
use uuid::Uuid;

use crate::model::{BenefitId, PartnerId, Redemption, RedemptionId, SettlementLine, Statement, StatementId};

/// Stores what is owed for a redemption.
pub async fn owe(
    tx: &mut Tx,
    id: Uuid,
    (partner, benefit): (PartnerId, BenefitId),
    redemption: &Redemption,
    (site, on, amount_minor): (Option<&str>, Day, i64),
) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_settlement_lines (id, partner_id, redemption_id, benefit_id, site, on_day, quantity, \
         companions, amount_minor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        args![
            id,
            partner.uuid(),
            redemption.id.uuid(),
            benefit.uuid(),
            site,
            on,
            redemption.quantity,
            redemption.companions,
            amount_minor,
        ],
    )
    .await
    .map(|_| ())
}

/// Takes back what was owed for a redemption, at the price it had then.
pub async fn take_back(tx: &mut Tx, id: Uuid, of: RedemptionId, on: Day) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_settlement_lines (id, partner_id, redemption_id, benefit_id, site, on_day, quantity, \
         companions, amount_minor) SELECT $1, partner_id, redemption_id, benefit_id, site, $3, -quantity, -companions, \
         -amount_minor FROM tier_settlement_lines WHERE redemption_id = $2 AND quantity > 0",
        args![id, of.uuid(), on],
    )
    .await
    .map(|_| ())
}

type StatementRow = (Uuid, i32, i32, i64, i64, String, i64);

const STATEMENT: &str =
    "SELECT id, from_on, until_on, lines, amount_minor, currency, closed_at FROM tier_statements";

fn statement((id, from, until, lines, amount_minor, currency, closed_at): StatementRow) -> Statement {
    Statement {
        id: Some(id.into()),
        from: Day(from),
        until: Day(until),
        lines,
        amount_minor,
        currency,
        closed_at: Some(timestamp(closed_at)),
    }
}

/// The closed statements of a partner, the newest first: those of months before a day.
pub async fn page(tx: &mut Tx, partner: PartnerId, before: Option<Day>, rows: u32) -> Result<Vec<Statement>> {
    let sql = format!("{STATEMENT} WHERE partner_id = $1 AND from_on < $2 ORDER BY from_on DESC LIMIT $3");
    let args = args![partner.uuid(), before.unwrap_or(Day(i32::MAX)), rows];
    let rows: Vec<StatementRow> = tx.all(sqlx::AssertSqlSafe(sql), args).await?;
    Ok(rows.into_iter().map(statement).collect())
}

/// The closed statement of a partner for the month that begins on a day.
pub async fn of_month(tx: &mut Tx, partner: PartnerId, from: Day) -> Result<Option<Statement>> {
    let sql = format!("{STATEMENT} WHERE partner_id = $1 AND from_on = $2");
    let row: Option<StatementRow> = tx
        .optional(sqlx::AssertSqlSafe(sql), args![partner.uuid(), from])
        .await?;
    Ok(row.map(statement))
}

/// How many lines are on no statement yet up to a day, and what they come to.
pub async fn open_until(tx: &mut Tx, partner: PartnerId, until: Day) -> Result<(i64, i64)> {
    tx.one(
        "SELECT count(*), CAST(coalesce(sum(amount_minor), 0) AS BIGINT) FROM tier_settlement_lines \
         WHERE partner_id = $1 AND statement_id IS NULL AND on_day <= $2",
        args![partner.uuid(), until],
    )
    .await
}

/// Stores a statement and puts every line up to its last day that is on none on it, of a partner that is held.
pub async fn close(
    tx: &mut Tx,
    id: StatementId,
    partner: PartnerId,
    (from, until): (Day, Day),
    currency: &str,
    (by, at): (Option<Uuid>, Timestamp),
) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_statements (id, partner_id, from_on, until_on, lines, amount_minor, currency, closed_by, \
         closed_at) VALUES ($1, $2, $3, $4, 0, 0, $5, $6, $7)",
        args![id.uuid(), partner.uuid(), from, until, currency, by, at],
    )
    .await?;
    tx.execute(
        "UPDATE tier_settlement_lines SET statement_id = $1 \
         WHERE partner_id = $2 AND statement_id IS NULL AND on_day <= $3",
        args![id.uuid(), partner.uuid(), until],
    )
    .await?;
    // Of the lines that are on it, whatever came meanwhile.
    tx.execute(
        "UPDATE tier_statements SET lines = (SELECT count(*) FROM tier_settlement_lines l WHERE l.statement_id = $1), \
         amount_minor = (SELECT CAST(coalesce(sum(l.amount_minor), 0) AS BIGINT) FROM tier_settlement_lines l \
         WHERE l.statement_id = $1) WHERE id = $1",
        args![id.uuid()],
    )
    .await
    .map(|_| ())
}

#[derive(sqlx::FromRow)]
struct LineRow {
    id: Uuid,
    redemption_id: Uuid,
    code: String,
    site: Option<String>,
    on_day: i32,
    quantity: i64,
    companions: i32,
    amount_minor: i64,
}

/// The lines of a statement, or of the one still open up to a day, the oldest first: those after an id.
pub async fn lines(
    tx: &mut Tx,
    partner: PartnerId,
    of: std::result::Result<StatementId, Day>,
    after: Option<Uuid>,
    rows: u32,
) -> Result<Vec<SettlementLine>> {
    let mut sql = platform::db::Sql::new(
        "SELECT l.id, l.redemption_id, b.code, l.site, l.on_day, l.quantity, l.companions, l.amount_minor \
         FROM tier_settlement_lines l JOIN tier_benefits b ON b.id = l.benefit_id WHERE l.partner_id = ",
    );
    sql.bind(partner.uuid())
        .push(" AND l.id > ")
        .bind(after.unwrap_or(Uuid::nil()));
    match of {
        Ok(statement) => sql.push(" AND l.statement_id = ").bind(statement.uuid()),
        Err(until) => sql
            .push(" AND l.statement_id IS NULL AND l.on_day <= ")
            .bind(until),
    };
    sql.push(" ORDER BY l.id LIMIT ").bind(rows);
    let rows: Vec<LineRow> = sql.all(tx).await?;
    Ok(rows
        .into_iter()
        .map(|row| SettlementLine {
            id: row.id,
            redemption: row.redemption_id.into(),
            benefit: row.code,
            site: row.site,
            on: Day(row.on_day),
            quantity: row.quantity,
            companions: row.companions,
            amount_minor: row.amount_minor,
        })
        .collect())
}
