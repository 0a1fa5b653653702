//! Reading customers.

use std::collections::HashMap;

use base::{Day, Result};
use futures::stream::BoxStream;
use jiff::Timestamp;
use platform::access::directory;
use platform::args;
use platform::crypto::Cipher;
use platform::db::{Sql, list, timestamp, uuids};
use platform::{Scope, Tx};
use uuid::Uuid;

use super::IDS_PER_STATEMENT;
use super::holdings::{contacts, subscriptions};
use super::scope::{ScopeColumns, push_scope};
use crate::identities;
use crate::model::{CustomerDetail, CustomerId, CustomerKind, CustomerLink, CustomerRow, CustomerSummary};

/// How many members and contacts of an organisation are shown.
const MEMBERS_MAX: u32 = 50;
const SUBSCRIPTIONS_MAX: u32 = 200;
/// So many of those who are one customer are read at a time; no more are shown with the moment each was made.
const AS_ONE_MAX: u32 = 1_000;

/// The ids of those customers that are known, by external id.
pub async fn ids_by_external(
    tx: &mut Tx,
    scope: &Scope,
    external_ids: &[&str],
) -> Result<HashMap<String, CustomerId>> {
    let mut ids = HashMap::with_capacity(external_ids.len());
    for some in external_ids.chunks(IDS_PER_STATEMENT) {
        let mut sql = Sql::new("SELECT external_id, id FROM customers WHERE external_id");
        sql.bind_in_texts(tx.dialect(), list(some));
        push_scope(&mut sql, scope, ScopeColumns::PLAIN.beside_better(tx.dialect()));
        let rows: Vec<(String, Uuid)> = sql.all(tx).await?;
        ids.extend(rows.into_iter().map(|(external_id, id)| (external_id, id.into())));
    }
    Ok(ids)
}

/// These customers in few words, by id.
pub async fn summaries(tx: &mut Tx, scope: &Scope, ids: &[Uuid]) -> Result<HashMap<Uuid, CustomerSummary>> {
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
    for some in ids.chunks(IDS_PER_STATEMENT) {
        let mut sql = Sql::new("SELECT id, external_id, name, kind, brand, region FROM customers WHERE id");
        sql.bind_in_uuids(tx.dialect(), uuids(some));
        push_scope(&mut sql, scope, ScopeColumns::PLAIN.beside_better(tx.dialect()));
        let rows: Vec<Row> = sql.all(tx).await?;
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
pub fn referrals<'a>(tx: &'a mut Tx, scope: &Scope) -> Result<BoxStream<'a, Result<(Uuid, Uuid)>>> {
    let mut sql = Sql::new(
        "SELECT id, referred_by FROM customers WHERE referred_by IS NOT NULL AND merged_into IS NULL",
    );
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    sql.push(" ORDER BY id");
    sql.stream(tx)
}

/// Whom these customers have brought, of those in the scope, in the order of their ids.
pub(crate) async fn brought_by(
    tx: &mut Tx,
    scope: &Scope,
    customers: &[Uuid],
    (after, rows): (Uuid, u32),
) -> Result<Vec<CustomerLink>> {
    let mut sql =
        Sql::new("SELECT id, name, external_id FROM customers WHERE merged_into IS NULL AND referred_by");
    sql.bind_in_uuids(tx.dialect(), uuids(customers));
    push_scope(&mut sql, scope, ScopeColumns::PLAIN.beside_better(tx.dialect()));
    sql.push(" AND id > ").bind(after);
    sql.push(" ORDER BY id LIMIT ").bind(rows);
    let rows: Vec<LinkRow> = sql.all(tx).await?;
    Ok(rows.into_iter().map(link).collect())
}

/// What of a customer's record rules about customers ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basics {
    /// Who.
    pub id: Uuid,
    /// Person or organisation.
    pub kind: CustomerKind,
    /// Its brand.
    pub brand: Option<String>,
    /// Since when.
    pub since: Option<Day>,
    /// The organisation it belongs to.
    pub organisation: Option<Uuid>,
}

type BasicsRow = (Uuid, String, Option<String>, Option<i32>, Option<Uuid>);

fn basics((id, kind, brand, since, organisation): BasicsRow) -> Result<Basics> {
    Ok(Basics {
        id,
        kind: kind.parse()?,
        brand,
        since: since.map(Day),
        organisation,
    })
}

/// Everybody's basics by id, those who were merged or erased left out. Shows nobody: for what the program decides by itself.
pub fn basics_of_everybody(tx: &mut Tx) -> Result<BoxStream<'_, Result<Basics>>> {
    use futures::StreamExt as _;
    let rows = tx.stream::<BasicsRow>(
        "SELECT id, kind, brand, since, organisation_id FROM customers \
         WHERE merged_into IS NULL AND erased_at IS NULL ORDER BY id",
        [],
    )?;
    Ok(rows.map(|row| row.and_then(basics)).boxed())
}

/// One customer's basics, unless it was merged or erased.
pub async fn basics_of(tx: &mut Tx, id: CustomerId) -> Result<Option<Basics>> {
    let row: Option<BasicsRow> = tx
        .optional(
            "SELECT id, kind, brand, since, organisation_id FROM customers \
             WHERE id = $1 AND merged_into IS NULL AND erased_at IS NULL",
            args![id.uuid()],
        )
        .await?;
    row.map(basics).transpose()
}

/// How many customers there are, those that were merged not counted.
pub async fn count(tx: &mut Tx, scope: &Scope) -> Result<u64> {
    let sql = if scope.is_whole_firm() {
        // Each count from an index of its own.
        Sql::new(
            "SELECT (SELECT count(*) FROM customers) \
             - (SELECT count(*) FROM customers WHERE merged_into IS NOT NULL)",
        )
    } else {
        let mut sql = Sql::new("SELECT count(*) FROM customers WHERE merged_into IS NULL");
        push_scope(&mut sql, scope, ScopeColumns::PLAIN);
        sql
    };
    let rows: Vec<(i64,)> = sql.all(tx).await?;
    Ok(rows.first().map_or(0, |(rows,)| rows.unsigned_abs()))
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
    /// The same of `FROM customers c`.
    pub(crate) const COLUMNS_OF_C: &'static str =
        "c.id, c.external_id, c.name, c.kind, c.brand, c.region, c.segment, c.since";
    pub(super) const SELECT_FROM: &'static str =
        "SELECT id, external_id, name, kind, brand, region, segment, since FROM ";

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

/// The customer of the scope that an id stands for, if there is one, and what kind of customer it is: of one that was
/// merged, its survivor.
pub async fn resolve(
    tx: &mut Tx,
    scope: &Scope,
    id: CustomerId,
) -> Result<Option<(CustomerId, CustomerKind)>> {
    let mut sql = Sql::new(
        "SELECT c.id, c.kind FROM customers o JOIN customers c ON c.id = coalesce(o.merged_into, o.id) \
         WHERE o.id = ",
    );
    sql.bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
    let row = sql.all::<(Uuid, String)>(tx).await?.into_iter().next();
    row.map(|(id, kind)| Ok((id.into(), kind.parse()?))).transpose()
}

/// A customer and all that were merged into it: whose rows are read as its own where they keep the customer
/// they were said of.
pub async fn as_one(tx: &mut Tx, survivor: Uuid) -> Result<Vec<Uuid>> {
    let mut ids = vec![survivor];
    let mut after = Uuid::nil();
    loop {
        let some: Vec<(Uuid,)> = tx
            .all(
                "SELECT id FROM customers WHERE merged_into = $1 AND id > $2 ORDER BY id LIMIT $3",
                args![survivor, after, AS_ONE_MAX],
            )
            .await?;
        ids.extend(some.iter().map(|(id,)| *id));
        match some.last() {
            Some((last,)) if some.len() == AS_ONE_MAX as usize => after = *last,
            _ => return Ok(ids),
        }
    }
}

/// The same, each with the moment at which it was made.
pub(crate) async fn together(tx: &mut Tx, survivor: CustomerId) -> Result<Vec<(Uuid, Timestamp)>> {
    let rows: Vec<(Uuid, i64)> = tx
        .all(
            "SELECT id, created_at FROM customers WHERE id = $1 OR merged_into = $1 \
             ORDER BY (merged_into IS NULL) DESC, id LIMIT $2",
            args![survivor.uuid(), AS_ONE_MAX],
        )
        .await?;
    Ok(rows.into_iter().map(|(id, at)| (id, timestamp(at))).collect())
}

/// Every customer that was merged, and its survivor.
pub fn merged(tx: &mut Tx) -> Result<BoxStream<'_, Result<(Uuid, Uuid)>>> {
    tx.stream(
        "SELECT id, merged_into FROM customers WHERE merged_into IS NOT NULL ORDER BY id",
        [],
    )
}

/// These customers of the scope as lists have them, by id.
pub(crate) async fn rows_by_id(
    tx: &mut Tx,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, CustomerRow>> {
    let mut sql = Sql::new(ListRow::SELECT_FROM);
    sql.push("customers WHERE id")
        .bind_in_uuids(tx.dialect(), uuids(ids));
    push_scope(&mut sql, scope, ScopeColumns::PLAIN.beside_better(tx.dialect()));
    let rows: Vec<ListRow> = sql.all(tx).await?;
    rows.into_iter()
        .map(|row| Ok((row.id, row.customer()?)))
        .collect()
}

/// Everything about one customer. Of other customers it has to do with, those in scope. Until a job has sealed
/// what an earlier version left in clear, that is shown.
pub async fn detail(
    tx: &mut Tx,
    scope: &Scope,
    cipher: &Cipher,
    id: CustomerId,
) -> Result<Option<CustomerDetail>> {
    #[derive(sqlx::FromRow)]
    struct More {
        phone: Option<String>,
        email: Option<String>,
        organisation_id: Option<Uuid>,
        referred_by: Option<Uuid>,
        branch_id: Option<Uuid>,
        owner_id: Option<Uuid>,
        generated: bool,
        erased_at: Option<i64>,
        version: i32,
    }
    let mut sql = Sql::new(ListRow::SELECT_FROM);
    sql.push("customers WHERE id = ").bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    let Some(row) = sql.all::<ListRow>(tx).await?.into_iter().next() else {
        return Ok(None);
    };
    let more: More = tx
        .one(
            "SELECT phone, email, organisation_id, referred_by, branch_id, owner_id, generated, erased_at, version \
             FROM customers \
             WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    let (phone, email) = identities::store::contact(tx, cipher, id).await?;
    let organisation = linked(tx, scope, more.organisation_id).await?;
    let referred_by = linked(tx, scope, more.referred_by).await?;
    let mut sql = Sql::new(
        "SELECT id, name, external_id FROM customers WHERE merged_into IS NULL AND organisation_id = ",
    );
    sql.bind(id.uuid());
    push_scope(&mut sql, scope, ScopeColumns::PLAIN.beside_better(tx.dialect()));
    sql.push(" ORDER BY id LIMIT ").bind(MEMBERS_MAX);
    let members: Vec<LinkRow> = sql.all(tx).await?;
    let branch = match more.branch_id {
        Some(branch) => directory::branch(tx, branch.into()).await?,
        None => None,
    };
    let owner = match more.owner_id {
        Some(owner) => directory::user(tx, owner.into()).await?,
        None => None,
    };
    Ok(Some(CustomerDetail {
        row: row.customer()?,
        phone: phone.or(more.phone),
        email: email.or(more.email),
        masked: false,
        organisation,
        referred_by,
        branch,
        owner,
        members: members.into_iter().map(link).collect(),
        subscriptions: subscriptions(tx, id, None, SUBSCRIPTIONS_MAX).await?,
        contacts: contacts(tx, scope, id, None, MEMBERS_MAX).await?,
        generated: more.generated,
        erased_at: more.erased_at.map(timestamp),
        version: more.version.into(),
    }))
}

/// A customer of the scope in a word, if it is there.
pub(crate) async fn linked(tx: &mut Tx, scope: &Scope, id: Option<Uuid>) -> Result<Option<CustomerLink>> {
    let Some(id) = id else { return Ok(None) };
    let mut sql = Sql::new("SELECT id, name, external_id FROM customers WHERE id = ");
    sql.bind(id);
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    Ok(sql.all::<LinkRow>(tx).await?.into_iter().next().map(link))
}
