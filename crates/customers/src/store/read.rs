//! Reading customers.

use std::collections::HashMap;

use base::{Day, Result};
use futures::stream::BoxStream;
use platform::Tx;
use platform::args;
use platform::crypto::Cipher;
use platform::db::{list, uuids};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::IDS_PER_STATEMENT;
use super::holdings::{contacts, subscriptions};
use crate::identities;
use crate::model::{CustomerDetail, CustomerId, CustomerLink, CustomerRow, CustomerSummary};

/// How many members and contacts of an organisation are shown.
const MEMBERS_MAX: u32 = 50;
const SUBSCRIPTIONS_MAX: u32 = 200;
/// So many are one customer at most when their rows are read together.
const AS_ONE_MAX: u32 = 1_000;

/// The ids of those customers that are known, by external id.
pub async fn ids_by_external(tx: &mut Tx, external_ids: &[&str]) -> Result<HashMap<String, CustomerId>> {
    let mut ids = HashMap::with_capacity(external_ids.len());
    let sql = format!(
        "SELECT external_id, id FROM customers WHERE external_id{}",
        tx.dialect().in_texts(1)
    );
    for some in external_ids.chunks(IDS_PER_STATEMENT) {
        let rows: Vec<(String, Uuid)> = tx.all(AssertSqlSafe(sql.clone()), args![list(some)]).await?;
        ids.extend(rows.into_iter().map(|(external_id, id)| (external_id, id.into())));
    }
    Ok(ids)
}

/// These customers in few words, by id.
pub async fn summaries(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, CustomerSummary>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: Uuid,
        external_id: String,
        name: Option<String>,
        kind: String,
        brand: Option<String>,
        region: Option<String>,
    }
    let mut found = HashMap::with_capacity(ids.len());
    let sql = format!(
        "SELECT id, external_id, name, kind, brand, region FROM customers WHERE id{}",
        tx.dialect().in_uuids(1)
    );
    for some in ids.chunks(IDS_PER_STATEMENT) {
        let rows: Vec<Row> = tx.all(AssertSqlSafe(sql.clone()), args![uuids(some)]).await?;
        for row in rows {
            let summary = CustomerSummary {
                id: row.id.into(),
                external_id: row.external_id,
                name: row.name,
                kind: row.kind.parse()?,
                brand: row.brand,
                region: row.region,
            };
            found.insert(row.id, summary);
        }
    }
    Ok(found)
}

/// Who brought whom: `(customer, who brought it)`, sorted by customer, each customer once.
pub fn referrals(tx: &mut Tx) -> Result<BoxStream<'_, Result<(Uuid, Uuid)>>> {
    tx.stream(
        "SELECT id, referred_by FROM customers WHERE referred_by IS NOT NULL AND merged_into IS NULL ORDER BY id",
        [],
    )
}

/// How many customers there are, those that were merged not counted.
pub async fn count(tx: &mut Tx) -> Result<u64> {
    let (rows,): (i64,) = tx
        .one(
            "SELECT (SELECT count(*) FROM customers) \
             - (SELECT count(*) FROM customers WHERE merged_into IS NOT NULL)",
            [],
        )
        .await?;
    Ok(rows.unsigned_abs())
}

/// A customer as lists have it.
#[derive(sqlx::FromRow)]
pub(crate) struct ListRow {
    id: Uuid,
    external_id: String,
    name: Option<String>,
    kind: String,
    brand: Option<String>,
    region: Option<String>,
    segment: Option<String>,
    since: Option<i32>,
}

impl ListRow {
    pub(crate) const COLUMNS: &'static str = "id, external_id, name, kind, brand, region, segment, since";

    pub(crate) fn customer(self) -> Result<CustomerRow> {
        Ok(CustomerRow {
            id: self.id.into(),
            name: self.name.unwrap_or_else(|| self.external_id.clone()),
            external_id: self.external_id,
            kind: self.kind.parse()?,
            brand: self.brand,
            region: self.region,
            segment: self.segment,
            since: self.since.map(Day),
        })
    }
}

type LinkRow = (Uuid, Option<String>, String);

fn link((id, name, external_id): LinkRow) -> CustomerLink {
    CustomerLink {
        id: id.into(),
        name: name.unwrap_or(external_id),
    }
}

/// The customer that an id stands for, if there is one: of one that was merged, its survivor.
pub async fn resolve(tx: &mut Tx, id: CustomerId) -> Result<Option<CustomerId>> {
    let row: Option<(Uuid,)> = tx
        .optional(
            "SELECT coalesce(merged_into, id) FROM customers WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    Ok(row.map(|(id,)| id.into()))
}

/// A customer and all that were merged into it: whose rows are read as its own where they keep the customer
/// they were said of.
pub async fn as_one(tx: &mut Tx, survivor: Uuid) -> Result<Vec<Uuid>> {
    let merged: Vec<(Uuid,)> = tx
        .all(
            "SELECT id FROM customers WHERE merged_into = $1 ORDER BY id LIMIT $2",
            args![survivor, AS_ONE_MAX],
        )
        .await?;
    Ok([survivor]
        .into_iter()
        .chain(merged.into_iter().map(|(id,)| id))
        .collect())
}

/// Every customer that was merged, and its survivor.
pub fn merged(tx: &mut Tx) -> Result<BoxStream<'_, Result<(Uuid, Uuid)>>> {
    tx.stream(
        "SELECT id, merged_into FROM customers WHERE merged_into IS NOT NULL ORDER BY id",
        [],
    )
}

/// These customers as lists have them, by id.
pub(crate) async fn rows_by_id(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, CustomerRow>> {
    let sql = format!(
        "SELECT {} FROM customers WHERE id{}",
        ListRow::COLUMNS,
        tx.dialect().in_uuids(1)
    );
    let rows: Vec<ListRow> = tx.all(AssertSqlSafe(sql), args![uuids(ids)]).await?;
    rows.into_iter()
        .map(|row| Ok((row.id, row.customer()?)))
        .collect()
}

/// Everything about one customer. Until a job has sealed what an earlier version left in clear, that is shown.
pub async fn detail(tx: &mut Tx, cipher: &Cipher, id: CustomerId) -> Result<Option<CustomerDetail>> {
    #[derive(sqlx::FromRow)]
    struct More {
        phone: Option<String>,
        email: Option<String>,
        organisation_id: Option<Uuid>,
        referred_by: Option<Uuid>,
        generated: bool,
        version: i32,
    }
    let sql = format!("SELECT {} FROM customers WHERE id = $1", ListRow::COLUMNS);
    let Some(row) = tx
        .optional::<ListRow>(AssertSqlSafe(sql), args![id.uuid()])
        .await?
    else {
        return Ok(None);
    };
    let more: More = tx
        .one(
            "SELECT phone, email, organisation_id, referred_by, generated, version FROM customers \
             WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    let (phone, email) = identities::store::contact(tx, cipher, id).await?;
    let organisation = linked(tx, more.organisation_id).await?;
    let referred_by = linked(tx, more.referred_by).await?;
    let members: Vec<LinkRow> = tx
        .all(
            "SELECT id, name, external_id FROM customers WHERE organisation_id = $1 AND merged_into IS NULL \
             ORDER BY id LIMIT $2",
            args![id.uuid(), MEMBERS_MAX],
        )
        .await?;
    Ok(Some(CustomerDetail {
        row: row.customer()?,
        phone: phone.or(more.phone),
        email: email.or(more.email),
        organisation,
        referred_by,
        members: members.into_iter().map(link).collect(),
        subscriptions: subscriptions(tx, id, None, SUBSCRIPTIONS_MAX).await?,
        contacts: contacts(tx, id, None, MEMBERS_MAX).await?,
        generated: more.generated,
        version: more.version.into(),
    }))
}

async fn linked(tx: &mut Tx, id: Option<Uuid>) -> Result<Option<CustomerLink>> {
    let Some(id) = id else { return Ok(None) };
    let row: Option<LinkRow> = tx
        .optional(
            "SELECT id, name, external_id FROM customers WHERE id = $1",
            args![id],
        )
        .await?;
    Ok(row.map(link))
}
