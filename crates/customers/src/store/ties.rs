//! Who stands for which organisation, and what belongs to what: for rooms that ask what hangs on a person.

use std::collections::HashMap;

use base::{Day, Result};
use futures::stream::{BoxStream, StreamExt as _};
use platform::db::uuids;
use platform::{Tx, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::IDS_PER_STATEMENT;
use crate::model::{ContactId, ContactRole, CustomerId};

/// The most contacts that are looked at of one organisation or one person.
const TIES_MAX: u32 = 500;

/// A contact that is not over, as what ties a person to an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The contact.
    pub contact: ContactId,
    /// The organisation.
    pub organisation: CustomerId,
    /// The person's name.
    pub name: String,
    /// What the person does there.
    pub role: ContactRole,
    /// How much the person decides, 1 to 5.
    pub influence: u8,
    /// The person as a customer, if it is one.
    pub customer: Option<CustomerId>,
}

impl Tie {
    /// Who it is: the same customer is the same person in every organisation; a contact who is no customer
    /// is a person of its own.
    pub fn person(&self) -> Uuid {
        self.customer.map_or(self.contact.uuid(), CustomerId::uuid)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    name: String,
    role: String,
    influence: i32,
    customer_id: Option<Uuid>,
}

impl Row {
    const SELECT: &'static str =
        "SELECT id, organisation_id, name, role, influence, customer_id FROM contacts WHERE ";

    fn tie(self) -> Result<Tie> {
        Ok(Tie {
            contact: self.id.into(),
            organisation: self.organisation_id.into(),
            name: self.name,
            role: self.role.parse()?,
            influence: u8::try_from(self.influence).unwrap_or(1),
            customer: self.customer_id.map(CustomerId::from),
        })
    }
}

/// The ties of an organisation on a day, the most influential first.
pub async fn ties_of_organisation(tx: &mut Tx, organisation: CustomerId, on: Day) -> Result<Vec<Tie>> {
    let sql = format!(
        "{}organisation_id = $1 AND (until IS NULL OR until >= $2) ORDER BY influence DESC, id LIMIT $3",
        Row::SELECT
    );
    let rows: Vec<Row> = tx
        .all(AssertSqlSafe(sql), args![organisation.uuid(), on, TIES_MAX])
        .await?;
    rows.into_iter().map(Row::tie).collect()
}

/// The ties of people who are customers, on a day.
pub async fn ties_of_people(tx: &mut Tx, people: &[Uuid], on: Day) -> Result<Vec<Tie>> {
    let sql = format!(
        "{}customer_id{} AND (until IS NULL OR until >= $2) ORDER BY influence DESC, id LIMIT $3",
        Row::SELECT,
        tx.dialect().in_uuids(1)
    );
    let rows: Vec<Row> = tx
        .all(AssertSqlSafe(sql), args![uuids(people), on, TIES_MAX])
        .await?;
    rows.into_iter().map(Row::tie).collect()
}

/// Every tie of people with at least this influence, on a day.
pub fn ties_of_influence(tx: &mut Tx, influence: u8, on: Day) -> Result<BoxStream<'_, Result<Tie>>> {
    let sql = format!(
        "{}influence >= $1 AND (until IS NULL OR until >= $2)",
        Row::SELECT
    );
    let rows = tx.stream::<Row>(AssertSqlSafe(sql), args![i32::from(influence), on])?;
    Ok(rows.map(|row| row?.tie()).boxed())
}

/// Who belongs to what, everyone: `(customer, the organisation right above it)`.
pub fn memberships(tx: &mut Tx) -> Result<BoxStream<'_, Result<(Uuid, Uuid)>>> {
    tx.stream(
        "SELECT id, organisation_id FROM customers WHERE organisation_id IS NOT NULL AND merged_into IS NULL",
        [],
    )
}

/// Who belongs right to some organisations, at most so many.
pub async fn belonging(tx: &mut Tx, organisations: &[Uuid], most: u32) -> Result<Vec<(Uuid, Uuid)>> {
    let sql = format!(
        "SELECT id, organisation_id FROM customers WHERE organisation_id{} AND merged_into IS NULL ORDER BY id LIMIT $2",
        tx.dialect().in_uuids(1)
    );
    tx.all(AssertSqlSafe(sql), args![uuids(organisations), most])
        .await
}

/// How many subscriptions each of some customers holds that have not ended; who holds none is not among them.
pub async fn subscriptions_held(tx: &mut Tx, customers: &[Uuid]) -> Result<HashMap<Uuid, u64>> {
    let sql = format!(
        "SELECT customer_id, count(*) FROM subscriptions WHERE status <> 'ended' AND customer_id{} \
         GROUP BY customer_id",
        tx.dialect().in_uuids(1)
    );
    let mut held = HashMap::new();
    for some in customers.chunks(IDS_PER_STATEMENT) {
        let rows: Vec<(Uuid, i64)> = tx.all(AssertSqlSafe(sql.clone()), args![uuids(some)]).await?;
        held.extend(
            rows.into_iter()
                .map(|(customer, count)| (customer, count.unsigned_abs())),
        );
    }
    Ok(held)
}
