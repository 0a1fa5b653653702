//! What customers have, with the entries that made it so, and what they picked.

use base::{Day, Error, Result};
use customers::store::{ScopeColumns, push_scope};
use jiff::Timestamp;
use platform::db::{Bulk, Sql, Tx, timestamp, uuids};
use platform::{Scope, args};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{Balances, Chosen, Entitlement, EntitlementId, Entry, Posting, ProgrammeId, RedemptionId};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    programme_id: Uuid,
    customer_id: Uuid,
    benefit_id: Uuid,
    level: Option<String>,
    on_loss: String,
    from_on: i32,
    ends_on: i32,
    until_on: i32,
    promised: i64,
    carried: i64,
    companions_max: i32,
    granted: i64,
    available: i64,
    reserved: i64,
    redeemed: i64,
    expired: i64,
    withdrawn: i64,
    version: i32,
}

const COLUMNS: &str = "e.id, e.programme_id, e.customer_id, e.benefit_id, e.level, e.on_loss, e.from_on, e.ends_on, \
     e.until_on, e.promised, e.carried, e.companions_max, e.granted, e.available, e.reserved, e.redeemed, e.expired, \
     e.withdrawn, e.version";

impl Row {
    fn entitlement(self) -> Result<Entitlement> {
        Ok(Entitlement {
            id: self.id.into(),
            programme: self.programme_id.into(),
            customer: self.customer_id,
            benefit: self.benefit_id.into(),
            level: self.level,
            on_loss: self.on_loss.parse()?,
            from: Day(self.from_on),
            ends: Day(self.ends_on),
            until: Day(self.until_on),
            promised: self.promised,
            carried: self.carried,
            companions_max: self.companions_max,
            balances: Balances {
                granted: self.granted,
                available: self.available,
                reserved: self.reserved,
                redeemed: self.redeemed,
                expired: self.expired,
                withdrawn: self.withdrawn,
            },
            version: self.version.into(),
        })
    }
}

/// The most entitlements of one customer that are looked at: a year of 50 promises by the month.
const OF_CUSTOMER_MAX: u32 = 2_000;

/// Those of some customers who are one whose period or use ended on a day or later, the oldest first; of one programme
/// where asked.
pub async fn of_customer(
    tx: &mut Tx,
    customers: &[Uuid],
    programme: Option<ProgrammeId>,
    since: Day,
) -> Result<Vec<Entitlement>> {
    some(tx, customers, programme, since, "").await
}

/// The same, held until the transaction ends.
pub async fn hold_of_customer(
    tx: &mut Tx,
    customers: &[Uuid],
    programme: ProgrammeId,
    since: Day,
) -> Result<Vec<Entitlement>> {
    let lock = tx.dialect().for_update();
    some(tx, customers, Some(programme), since, lock).await
}

async fn some(
    tx: &mut Tx,
    customers: &[Uuid],
    programme: Option<ProgrammeId>,
    since: Day,
    lock: &'static str,
) -> Result<Vec<Entitlement>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM tier_entitlements e WHERE (e.ends_on >= ")
        .bind(since)
        .push(" OR e.until_on >= ")
        .bind(since)
        .push(") AND e.customer_id");
    sql.bind_in_uuids(tx.dialect(), uuids(customers));
    if let Some(programme) = programme {
        sql.push(" AND e.programme_id = ").bind(programme.uuid());
    }
    // Whoever holds several takes them in one order.
    sql.push(" ORDER BY e.from_on, e.id LIMIT ")
        .bind(OF_CUSTOMER_MAX)
        .push(lock);
    let rows: Vec<Row> = sql.all(tx).await?;
    rows.into_iter().map(Row::entitlement).collect()
}

/// One, for who sees its customer.
pub async fn find(tx: &mut Tx, scope: &Scope, id: EntitlementId) -> Result<Option<Entitlement>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(
            " FROM tier_entitlements e JOIN customers o ON o.id = e.customer_id \
               JOIN customers c ON c.id = coalesce(o.merged_into, o.id) WHERE e.id = ",
        )
        .bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::OF_C);
    let row = sql.all::<Row>(tx).await?.into_iter().next();
    row.map(Row::entitlement).transpose()
}

/// One, held until the transaction ends.
pub async fn hold(tx: &mut Tx, id: EntitlementId) -> Result<Option<Entitlement>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tier_entitlements e WHERE e.id = $1{}",
        tx.dialect().for_update()
    );
    let row: Option<Row> = tx.optional(AssertSqlSafe(sql), args![id.uuid()]).await?;
    row.map(Row::entitlement).transpose()
}

/// Customers who have something left of what could be used until before a day, each with the programme.
pub async fn over(tx: &mut Tx, today: Day, rows: u32) -> Result<Vec<(ProgrammeId, Uuid)>> {
    let rows: Vec<(Uuid, Uuid)> = tx
        .all(
            "SELECT programme_id, customer_id FROM tier_entitlements WHERE available > 0 AND until_on < $1 \
             ORDER BY until_on, id LIMIT $2",
            args![today, rows],
        )
        .await?;
    let mut found: Vec<_> = rows
        .into_iter()
        .map(|(programme, customer)| (programme.into(), customer))
        .collect();
    found.dedup();
    Ok(found)
}

/// Those of these customers who have something in a programme.
pub async fn holders(
    tx: &mut Tx,
    programme: ProgrammeId,
    customers: &[Uuid],
    today: Day,
) -> Result<Vec<Uuid>> {
    let sql = format!(
        "SELECT DISTINCT customer_id FROM tier_entitlements WHERE programme_id = $1 AND ends_on >= $2 \
         AND customer_id{} ORDER BY customer_id",
        tx.dialect().in_uuids(3)
    );
    let rows: Vec<(Uuid,)> = tx
        .all(
            AssertSqlSafe(sql),
            args![programme.uuid(), today, uuids(customers)],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Opens one without any balance; false where it is there already.
pub async fn insert(tx: &mut Tx, new: &Entitlement) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO tier_entitlements (id, programme_id, customer_id, benefit_id, level, on_loss, from_on, \
             ends_on, until_on, promised, carried, companions_max) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
            args![
                new.id.uuid(),
                new.programme.uuid(),
                new.customer,
                new.benefit.uuid(),
                new.level.as_deref(),
                new.on_loss.name(),
                new.from,
                new.ends,
                new.until,
                new.promised,
                new.carried,
                new.companions_max,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Who enters something, when, and for which use.
#[derive(Debug, Clone, Copy)]
pub struct Entering {
    /// The user; none for the program itself.
    pub by: Option<Uuid>,
    /// When.
    pub at: Timestamp,
    /// For which use.
    pub redemption: Option<RedemptionId>,
}

/// Stores what one that is held has become, with the entries that made it so, each with its id.
pub async fn save(
    tx: &mut Tx,
    after: &Entitlement,
    entered: &[(Uuid, Posting)],
    entering: Entering,
) -> Result<()> {
    const ENTRIES: Bulk = Bulk {
        table: "tier_entries",
        columns: &[
            "id",
            "entitlement_id",
            "kind",
            "debit",
            "credit",
            "quantity",
            "redemption_id",
            "actor_id",
            "at",
        ],
        on_conflict: "",
    };
    let balances = &after.balances;
    let version = i32::try_from(after.version).map_err(Error::internal)?;
    let changed = tx
        .execute(
            "UPDATE tier_entitlements SET level = $3, on_loss = $4, promised = $5, carried = $6, companions_max = $7, \
             granted = $8, available = $9, reserved = $10, redeemed = $11, expired = $12, withdrawn = $13, \
             version = version + 1 WHERE id = $1 AND version = $2",
            args![
                after.id.uuid(),
                version,
                after.level.as_deref(),
                after.on_loss.name(),
                after.promised,
                after.carried,
                after.companions_max,
                balances.granted,
                balances.available,
                balances.reserved,
                balances.redeemed,
                balances.expired,
                balances.withdrawn,
            ],
        )
        .await?;
    if changed != 1 {
        return Err(Error::internal("an entitlement was changed while it was held"));
    }
    let mut rows = Vec::with_capacity(entered.len());
    for (id, posting) in entered {
        let (debit, credit) = posting.kind.sides();
        rows.push(args![
            *id,
            after.id.uuid(),
            posting.kind.name(),
            debit,
            credit,
            posting.quantity,
            entering.redemption.map(|id| id.uuid()),
            entering.by,
            entering.at,
        ]);
    }
    ENTRIES.insert(tx, rows).await.map(|_| ())
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: Uuid,
    kind: String,
    quantity: i64,
    redemption_id: Option<Uuid>,
    actor_id: Option<Uuid>,
    at: i64,
}

/// The entries of one, the oldest first: those after an id.
pub async fn entries(tx: &mut Tx, of: EntitlementId, after: Option<Uuid>, rows: u32) -> Result<Vec<Entry>> {
    let rows: Vec<EntryRow> = tx
        .all(
            "SELECT id, kind, quantity, redemption_id, actor_id, at FROM tier_entries \
             WHERE entitlement_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            args![of.uuid(), after.unwrap_or(Uuid::nil()), rows],
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Entry {
                id: row.id,
                kind: row.kind.parse()?,
                quantity: row.quantity,
                redemption: row.redemption_id.map(Into::into),
                by: row.actor_id,
                at: timestamp(row.at),
            })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct ChoiceRow {
    programme_id: Uuid,
    level: String,
    choice: String,
    from_on: i32,
    benefits: Json<Vec<String>>,
}

impl ChoiceRow {
    fn chosen(self) -> (ProgrammeId, Chosen) {
        let chosen = Chosen {
            level: self.level,
            choice: self.choice,
            from: Day(self.from_on),
            benefits: self.benefits.0,
        };
        (self.programme_id.into(), chosen)
    }
}

/// What some customers who are one picked in a programme for periods that began on a day or later.
pub async fn chosen(
    tx: &mut Tx,
    customers: &[Uuid],
    programme: ProgrammeId,
    since: Day,
) -> Result<Vec<Chosen>> {
    let sql = format!(
        "SELECT programme_id, level, choice, from_on, benefits FROM tier_choices \
         WHERE programme_id = $1 AND from_on >= $2 \
         AND customer_id{} ORDER BY from_on, id LIMIT $4",
        tx.dialect().in_uuids(3)
    );
    let args = args![programme.uuid(), since, uuids(customers), OF_CUSTOMER_MAX];
    let rows: Vec<ChoiceRow> = tx.all(AssertSqlSafe(sql), args).await?;
    Ok(rows.into_iter().map(|row| row.chosen().1).collect())
}

/// Everything that some customers who are one ever picked, each with its programme.
pub async fn every_choice(tx: &mut Tx, customers: &[Uuid]) -> Result<Vec<(ProgrammeId, Chosen)>> {
    let sql = format!(
        "SELECT programme_id, level, choice, from_on, benefits FROM tier_choices WHERE customer_id{} \
         ORDER BY from_on, id LIMIT $2",
        tx.dialect().in_uuids(1)
    );
    let args = args![uuids(customers), OF_CUSTOMER_MAX];
    let rows: Vec<ChoiceRow> = tx.all(AssertSqlSafe(sql), args).await?;
    Ok(rows.into_iter().map(ChoiceRow::chosen).collect())
}

/// Stores what a customer picked, in place of what it picked before for the same period.
pub async fn choose(
    tx: &mut Tx,
    id: Uuid,
    (programme, customer): (ProgrammeId, Uuid),
    chosen: &Chosen,
    (by, at): (Option<Uuid>, Timestamp),
) -> Result<()> {
    tx.execute(
        "INSERT INTO tier_choices (id, programme_id, customer_id, level, choice, from_on, benefits, chosen_by, chosen_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (programme_id, customer_id, level, choice, from_on) DO UPDATE \
         SET benefits = excluded.benefits, chosen_by = excluded.chosen_by, chosen_at = excluded.chosen_at",
        args![
            id,
            programme.uuid(),
            customer,
            &chosen.level,
            &chosen.choice,
            chosen.from,
            serde_json::Value::from(chosen.benefits.as_slice()),
            by,
            at
        ],
    )
    .await
    .map(|_| ())
}
