//! The SQL of identities. Values come and go sealed; they are found by their blind indexes.

use std::collections::{HashMap, HashSet};

use base::{Cursor, Error, Page, PageSize, Result};
use jiff::Timestamp;
use platform::crypto::{Cipher, Place};
use platform::db::{Bulk, Sql, Value, timestamp, uuids};
use platform::{Clock, Scope, Tx, args, ids};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::model::{EndedBecause, Found, Identity, IdentityId, IdentityKind};
use super::rules;
use crate::model::{CustomerId, Record};
use crate::store::{ListRow, ScopeColumns, ids_by_external, push_scope};

const VALUE: Place = Place {
    table: "identities",
    column: "value",
};

const INSERT: Bulk = Bulk {
    table: "identities",
    columns: &[
        "id",
        "customer_id",
        "kind",
        "value",
        "blind",
        "suffix",
        "imported",
        "active_since",
        "ended_at",
        "ended_because",
    ],
    on_conflict: "",
};

/// An identity to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewIdentity {
    pub(crate) customer: CustomerId,
    pub(crate) kind: IdentityKind,
    /// Normalised.
    pub(crate) value: String,
    pub(crate) imported: bool,
    pub(crate) active_since: Timestamp,
    pub(crate) ended: Option<(Timestamp, EndedBecause)>,
}

/// The blind index of an identity.
pub(crate) fn blind(cipher: &Cipher, kind: IdentityKind, value: &str) -> Uuid {
    cipher.blind(kind.name(), &rules::compared(kind, value))
}

/// The blind index of the end of a phone number.
fn suffix_blind(cipher: &Cipher, digits: &str) -> Option<Uuid> {
    rules::suffix(digits).map(|end| cipher.blind("phone_suffix", end))
}

/// Stores identities; gives their ids in order.
///
/// Errors: `already_exists` when one is active already.
pub(crate) async fn insert(
    tx: &mut Tx,
    clock: &Clock,
    cipher: &Cipher,
    new: &[NewIdentity],
) -> Result<Vec<IdentityId>> {
    let given: Vec<IdentityId> = new.iter().map(|_| ids::new(clock)).collect();
    let mut rows = Vec::with_capacity(new.len());
    for (id, identity) in given.iter().zip(new) {
        let suffix = match identity.kind {
            IdentityKind::Phone => suffix_blind(cipher, &identity.value),
            _ => None,
        };
        rows.push(args![
            id.uuid(),
            identity.customer.uuid(),
            identity.kind.name(),
            cipher.seal(VALUE, id.uuid(), &identity.value)?,
            blind(cipher, identity.kind, &identity.value),
            suffix,
            identity.imported,
            identity.active_since,
            identity.ended.map(|(at, _)| at),
            identity.ended.map(|(_, because)| because.name()),
        ]);
    }
    INSERT.insert(tx, rows).await?;
    Ok(given)
}

/// Puts aside, of identities to be stored, those that another customer has, in the database or before among
/// them: they only go into the history.
pub(crate) async fn set_aside_taken(
    tx: &mut Tx,
    cipher: &Cipher,
    now: Timestamp,
    new: &mut [NewIdentity],
) -> Result<()> {
    let blinds: Vec<Uuid> = new
        .iter()
        .map(|identity| blind(cipher, identity.kind, &identity.value))
        .collect();
    let sql = format!(
        "SELECT blind FROM identities WHERE ended_at IS NULL AND blind{}",
        tx.dialect().in_uuids(1)
    );
    let held: Vec<(Uuid,)> = tx.all(AssertSqlSafe(sql), args![uuids(&blinds)]).await?;
    let mut taken: HashSet<Uuid> = held.into_iter().map(|(blind,)| blind).collect();
    for (identity, blind) in new.iter_mut().zip(blinds) {
        if !taken.insert(blind) {
            identity.ended = Some((now, EndedBecause::Taken));
        }
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    value: Vec<u8>,
    imported: bool,
    active_since: i64,
    ended_at: Option<i64>,
    ended_because: Option<String>,
}

impl Row {
    const COLUMNS: &'static str = "id, kind, value, imported, active_since, ended_at, ended_because";

    fn identity(self, cipher: &Cipher) -> Result<Identity> {
        Ok(Identity {
            value: cipher.open(VALUE, self.id, &self.value)?.to_string(),
            masked: false,
            id: self.id.into(),
            kind: self.kind.parse()?,
            imported: self.imported,
            active_since: timestamp(self.active_since),
            ended_at: self.ended_at.map(timestamp),
            ended_because: self.ended_because.map(|text| text.parse()).transpose()?,
        })
    }
}

/// The identities of a customer, active and ended, the newest first.
pub async fn page(
    tx: &mut Tx,
    cipher: &Cipher,
    customer: CustomerId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Identity>> {
    let before = cursor.map(Cursor::key::<Uuid>).transpose()?;
    let sql = format!(
        "SELECT {} FROM identities WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        Row::COLUMNS
    );
    let before = before.unwrap_or(Uuid::max());
    let rows: Vec<Row> = tx
        .all(
            AssertSqlSafe(sql),
            args![customer.uuid(), before, size.rows() + 1],
        )
        .await?;
    let identities = rows
        .into_iter()
        .map(|row| row.identity(cipher))
        .collect::<Result<Vec<_>>>()?;
    Page::cut(identities, size, |identity| identity.id.uuid())
}

/// What a customer is known by now, the newest first.
pub(crate) async fn active(
    tx: &mut Tx,
    cipher: &Cipher,
    customer: CustomerId,
    max: u32,
) -> Result<Vec<Identity>> {
    let sql = format!(
        "SELECT {} FROM identities WHERE customer_id = $1 AND ended_at IS NULL ORDER BY id DESC LIMIT $2",
        Row::COLUMNS
    );
    let rows: Vec<Row> = tx.all(AssertSqlSafe(sql), args![customer.uuid(), max]).await?;
    rows.into_iter().map(|row| row.identity(cipher)).collect()
}

/// One identity of a customer, held against others until the transaction ends.
pub async fn get_for_update(
    tx: &mut Tx,
    cipher: &Cipher,
    customer: CustomerId,
    id: IdentityId,
) -> Result<Option<Identity>> {
    let sql = format!(
        "SELECT {} FROM identities WHERE customer_id = $1 AND id = $2{}",
        Row::COLUMNS,
        tx.dialect().for_update()
    );
    let row: Option<Row> = tx
        .optional(AssertSqlSafe(sql), args![customer.uuid(), id.uuid()])
        .await?;
    row.map(|row| row.identity(cipher)).transpose()
}

/// The newest active phone number and e-mail address of a customer.
pub async fn contact(
    tx: &mut Tx,
    cipher: &Cipher,
    customer: CustomerId,
) -> Result<(Option<String>, Option<String>)> {
    async fn newest(
        tx: &mut Tx,
        cipher: &Cipher,
        customer: CustomerId,
        kind: IdentityKind,
    ) -> Result<Option<String>> {
        let sql = format!(
            "SELECT {} FROM identities WHERE customer_id = $1 AND kind = $2 AND ended_at IS NULL \
             ORDER BY id DESC LIMIT 1",
            Row::COLUMNS
        );
        let row: Option<Row> = tx
            .optional(AssertSqlSafe(sql), args![customer.uuid(), kind.name()])
            .await?;
        Ok(row
            .map(|row| row.identity(cipher))
            .transpose()?
            .map(|identity| identity.value))
    }
    Ok((
        newest(tx, cipher, customer, IdentityKind::Phone).await?,
        newest(tx, cipher, customer, IdentityKind::Email).await?,
    ))
}

/// The active phone numbers of these customers.
pub(crate) async fn phones(tx: &mut Tx, cipher: &Cipher, customers: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let sql = format!(
        "SELECT customer_id, id, value FROM identities \
         WHERE kind = 'phone' AND ended_at IS NULL AND customer_id{}",
        tx.dialect().in_uuids(1)
    );
    let rows: Vec<(Uuid, Uuid, Vec<u8>)> = tx.all(AssertSqlSafe(sql), args![uuids(customers)]).await?;
    rows.into_iter()
        .map(|(customer, id, value)| Ok((customer, cipher.open(VALUE, id, &value)?.to_string())))
        .collect()
}

/// All that some customers are known by or ever were.
pub(crate) async fn values(tx: &mut Tx, cipher: &Cipher, customers: &[Uuid]) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT id, value FROM identities WHERE customer_id{}",
        tx.dialect().in_uuids(1)
    );
    let rows: Vec<(Uuid, Vec<u8>)> = tx.all(AssertSqlSafe(sql), args![uuids(customers)]).await?;
    rows.into_iter()
        .map(|(id, value)| Ok(cipher.open(VALUE, id, &value)?.to_string()))
        .collect()
}

/// How many active identities a customer has.
pub async fn count_active(tx: &mut Tx, customer: CustomerId) -> Result<u64> {
    let (count,): (i64,) = tx
        .one(
            "SELECT count(*) FROM identities WHERE customer_id = $1 AND ended_at IS NULL",
            args![customer.uuid()],
        )
        .await?;
    Ok(count.unsigned_abs())
}

/// Who has this identity now: the identity and its customer.
pub async fn holder(
    tx: &mut Tx,
    cipher: &Cipher,
    kind: IdentityKind,
    value: &str,
) -> Result<Option<(Option<IdentityId>, CustomerId)>> {
    let row: Option<(Uuid, Uuid)> = tx
        .optional(
            "SELECT id, customer_id FROM identities WHERE blind = $1 AND ended_at IS NULL",
            args![blind(cipher, kind, value)],
        )
        .await?;
    if let Some((id, customer)) = row {
        return Ok(Some((Some(id.into()), customer.into())));
    }
    if kind != IdentityKind::External {
        return Ok(None);
    }
    let row: Option<(Uuid,)> = tx
        .optional(
            "SELECT coalesce(merged_into, id) FROM customers WHERE external_id = $1",
            args![value],
        )
        .await?;
    Ok(row.map(|(customer,)| (None, customer.into())))
}

/// Ends an identity.
pub async fn end(tx: &mut Tx, id: IdentityId, at: Timestamp, because: EndedBecause) -> Result<()> {
    tx.execute(
        "UPDATE identities SET ended_at = $1, ended_because = $2 WHERE id = $3 AND ended_at IS NULL",
        args![at, because.name(), id.uuid()],
    )
    .await
    .map(|_| ())
}

/// The customer of the scope who is known by one of these now; where there are several, by the first of them. One read of
/// the indexes.
pub async fn lookup(
    tx: &mut Tx,
    scope: &Scope,
    cipher: &Cipher,
    guesses: &[(IdentityKind, String)],
) -> Result<Option<Found>> {
    #[derive(sqlx::FromRow)]
    struct FoundRow {
        found_by: String,
        #[sqlx(flatten)]
        customer: ListRow,
    }
    let external = guesses
        .iter()
        .find(|(kind, _)| *kind == IdentityKind::External)
        .map(|(_, value)| value.as_str());
    let of_customer = ScopeColumns::OF_C.beside_better(tx.dialect());
    let mut sql = Sql::new("SELECT i.kind AS found_by, ");
    sql.push(ListRow::COLUMNS_OF_C)
        .push(" FROM identities i JOIN customers c ON c.id = i.customer_id WHERE i.ended_at IS NULL AND i.blind IN (");
    // Each by itself rather than as a list, so that the index is used however large the table is said to be.
    for (n, (kind, value)) in guesses.iter().enumerate() {
        sql.push(if n == 0 { "" } else { ", " })
            .bind(blind(cipher, *kind, value));
    }
    sql.push(")");
    push_scope(&mut sql, scope, of_customer);
    sql.push(" UNION ALL SELECT 'external' AS found_by, ")
        .push(ListRow::COLUMNS_OF_C)
        .push(" FROM customers o JOIN customers c ON c.id = coalesce(o.merged_into, o.id) WHERE o.external_id = ")
        .bind(external);
    push_scope(&mut sql, scope, of_customer);
    let rows: Vec<FoundRow> = sql.all(tx).await?;
    let mut best: Option<(IdentityKind, ListRow)> = None;
    for row in rows {
        let kind: IdentityKind = row.found_by.parse()?;
        // The kinds are in the order of what they say.
        if best.as_ref().is_none_or(|(other, _)| kind < *other) {
            best = Some((kind, row.customer));
        }
    }
    best.map(|(kind, row)| {
        Ok(Found {
            customer: row.customer()?,
            kind,
        })
    })
    .transpose()
}

/// The customers of the scope who have an active phone number that ends in these digits, at least four of them; at most
/// `max`, the newest numbers first.
pub async fn by_phone_end(
    tx: &mut Tx,
    scope: &Scope,
    cipher: &Cipher,
    digits: &str,
    max: u32,
) -> Result<Vec<Uuid>> {
    /// So many numbers end in the same four digits where a firm has fifty million.
    const LOOKED_THROUGH: u32 = 5_000;
    let Some(end) = suffix_blind(cipher, digits) else {
        return Ok(Vec::new());
    };
    let mut sql = Sql::new("SELECT i.id, i.customer_id, i.value FROM identities i");
    if !scope.is_whole_firm() {
        sql.push(" JOIN customers c ON c.id = i.customer_id");
    }
    sql.push(" WHERE i.suffix = ")
        .bind(end)
        .push(" AND i.ended_at IS NULL");
    push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
    sql.push(" ORDER BY i.id DESC LIMIT ").bind(LOOKED_THROUGH);
    let mut found = Vec::new();
    for (id, customer, value) in sql.all::<(Uuid, Uuid, Vec<u8>)>(tx).await? {
        if found.len() >= max as usize {
            break;
        }
        if digits.len() == rules::SUFFIX_DIGITS || cipher.open(VALUE, id, &value)?.ends_with(digits) {
            found.push(customer);
        }
    }
    Ok(found)
}

/// What files have said before, for those who must know whom an identity will belong to: the blind index of
/// an identity to its owner, and of an owner and a kind to the identity a file has said. Nobody is zero.
pub(crate) type Notes = HashMap<u128, u128>;

/// What the records of a file change among identities.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Records that cannot be, by their place, and which identity belongs to someone else.
    pub(crate) refused: Vec<(usize, IdentityKind)>,
    /// Records that say something new.
    pub(crate) changed: HashSet<usize>,
    /// Customers of records that cannot be, and whose identity they name: the two may be one.
    pub(crate) same: Vec<(CustomerId, CustomerId)>,
    /// What comes, by its blind index: the owner's external id, kind and value.
    add: HashMap<u128, (String, IdentityKind, String)>,
    /// What goes.
    end: Vec<Uuid>,
}

impl Plan {
    pub(crate) fn refuses(&self, record: usize) -> bool {
        // In the order of the records.
        self.refused.binary_search_by_key(&record, |(n, _)| *n).is_ok()
    }
}

/// What a record says: a phone number and an e-mail address.
fn said(record: &Record) -> impl Iterator<Item = (IdentityKind, &str)> {
    [
        (IdentityKind::Phone, record.phone.as_deref()),
        (IdentityKind::Email, record.email.as_deref()),
    ]
    .into_iter()
    .filter_map(|(kind, value)| value.map(|value| (kind, value)))
}

/// Decides what records change: an identity nobody has becomes the customer's and ends what a file said
/// before; one the customer has is nothing new; one of somebody else refuses the record. The notes hold what
/// earlier records did that the database does not know yet.
pub(crate) async fn plan(
    tx: &mut Tx,
    cipher: &Cipher,
    records: &[Record],
    notes: &mut Notes,
) -> Result<Plan> {
    let mut plan = Plan::default();
    let blinds: HashSet<Uuid> = records
        .iter()
        .flat_map(said)
        .map(|(kind, value)| blind(cipher, kind, value))
        .collect();
    if blinds.is_empty() {
        return Ok(plan);
    }
    let external_ids: Vec<&str> = records.iter().map(|record| record.external_id.as_str()).collect();
    let known = ids_by_external(tx, &Scope::of_system(), &external_ids).await?;
    // One who is not there yet has no id to be told by.
    let owner_of = |external_id: &str| match known.get(external_id) {
        Some(id) => id.uuid().as_u128(),
        None => cipher.blind("owner", external_id).as_u128(),
    };
    let slot_of =
        |kind: IdentityKind, owner: u128| cipher.blind(kind.name(), &format!("owner {owner}")).as_u128();
    // Two plain reads and no join: while a table fills for the first time, the database does not know yet how
    // large it is and would join it the slow way.
    let sql = format!(
        "SELECT blind, customer_id FROM identities WHERE ended_at IS NULL AND blind{}",
        tx.dialect().in_uuids(1)
    );
    let holders: Vec<(Uuid, Uuid)> = tx.all(AssertSqlSafe(sql), args![uuids(blinds)]).await?;
    let holders: HashMap<u128, u128> = holders
        .into_iter()
        .map(|(blind, customer)| (blind.as_u128(), customer.as_u128()))
        .collect();
    let mut slots = HashMap::new();
    let mut stored = HashMap::new();
    if !known.is_empty() {
        let sql = format!(
            "SELECT customer_id, kind, id, blind FROM identities WHERE ended_at IS NULL AND imported \
             AND kind IN ('phone', 'email') AND customer_id{}",
            tx.dialect().in_uuids(1)
        );
        let owners = uuids(known.values().map(|id| id.uuid()));
        let rows: Vec<(Uuid, String, Uuid, Uuid)> = tx.all(AssertSqlSafe(sql), args![owners]).await?;
        for (customer, kind, id, blind) in rows {
            slots.insert(slot_of(kind.parse()?, customer.as_u128()), blind.as_u128());
            stored.insert(blind.as_u128(), id);
        }
    }
    for (n, record) in records.iter().enumerate() {
        let owner = owner_of(&record.external_id);
        let holder = |notes: &Notes, key: u128| {
            let holder = notes.get(&key).or_else(|| holders.get(&key)).copied();
            holder.unwrap_or_default()
        };
        let keys: Vec<(IdentityKind, &str, u128)> = said(record)
            .map(|(kind, value)| (kind, value, blind(cipher, kind, value).as_u128()))
            .collect();
        let taken = keys.iter().find(|(_, _, key)| {
            let holder = holder(notes, *key);
            holder != 0 && holder != owner
        });
        if let Some((kind, _, key)) = taken {
            plan.refused.push((n, *kind));
            if let (Some(known), Some(holder)) = (known.get(&record.external_id), holders.get(key)) {
                plan.same.push((*known, Uuid::from_u128(*holder).into()));
            }
            continue;
        }
        for (kind, value, key) in keys {
            if holder(notes, key) == owner {
                continue;
            }
            plan.changed.insert(n);
            let slot = slot_of(kind, owner);
            // What was said under the id of a merged customer takes nobody's place.
            if record.fills_only {
                notes.insert(key, owner);
                plan.add
                    .insert(key, (record.external_id.clone(), kind, value.to_owned()));
                continue;
            }
            if let Some(before) = notes.get(&slot).or_else(|| slots.get(&slot)).copied() {
                notes.insert(before, 0);
                if plan.add.remove(&before).is_none() {
                    plan.end.extend(stored.get(&before));
                }
            }
            notes.insert(key, owner);
            notes.insert(slot, key);
            plan.add
                .insert(key, (record.external_id.clone(), kind, value.to_owned()));
        }
    }
    Ok(plan)
}

/// Does what was decided. The ids of the customers are known by now.
pub(crate) async fn apply(
    tx: &mut Tx,
    clock: &Clock,
    cipher: &Cipher,
    plan: Plan,
    customers: &HashMap<String, CustomerId>,
) -> Result<()> {
    let now = clock.now();
    if !plan.end.is_empty() {
        let sql = format!(
            "UPDATE identities SET ended_at = $2, ended_because = 'replaced' WHERE ended_at IS NULL AND id{}",
            tx.dialect().in_uuids(1)
        );
        tx.execute(AssertSqlSafe(sql), args![uuids(plan.end), now])
            .await?;
    }
    // In one order, so that two imports of the same identities wait for each other rather than both.
    let mut add: Vec<_> = plan.add.into_iter().collect();
    add.sort_unstable_by_key(|(blind, _)| *blind);
    let mut new = Vec::with_capacity(add.len());
    for (_, (external_id, kind, value)) in add {
        let customer = *customers
            .get(&external_id)
            .ok_or_else(|| Error::internal(format!("the customer {external_id} was there and is gone")))?;
        new.push(NewIdentity {
            customer,
            kind,
            value,
            imported: true,
            active_since: now,
            ended: None,
        });
    }
    match insert(tx, clock, cipher, &new).await {
        // Someone else was first in this moment: whoever tries again finds it taken.
        Err(Error::Conflict { .. }) => Err(Error::Unavailable {
            code: "database_busy",
            message: "an identity was taken in this moment; please try again".to_owned(),
        }),
        done => done.map(|_| ()),
    }
}

/// A customer whose phone number or e-mail address stands in clear, as versions before 0003 had it.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct NotSealed {
    pub(crate) id: Uuid,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) created_at: i64,
}

/// The first customers of whom something stands in clear, held until the transaction ends.
pub(crate) async fn not_sealed(tx: &mut Tx, max: u32) -> Result<Vec<NotSealed>> {
    let sql = format!(
        "SELECT id, phone, email, created_at FROM customers WHERE phone IS NOT NULL OR email IS NOT NULL \
         ORDER BY id LIMIT $1{}",
        tx.dialect().for_update()
    );
    tx.all(AssertSqlSafe(sql), args![max]).await
}

/// Empties what has been moved.
pub(crate) async fn forget_plain(tx: &mut Tx, customers: &[Uuid]) -> Result<()> {
    let sql = format!(
        "UPDATE customers SET phone = NULL, email = NULL WHERE id{}",
        tx.dialect().in_uuids(1)
    );
    tx.execute(AssertSqlSafe(sql), args![uuids(customers)])
        .await
        .map(|_| ())
}

/// Whether a customer has an active identity of this kind that a file said.
pub(crate) async fn has_imported(tx: &mut Tx, customer: CustomerId, kind: IdentityKind) -> Result<bool> {
    let (count,): (i64,) = tx
        .one(
            "SELECT count(*) FROM identities WHERE customer_id = $1 AND kind = $2 AND ended_at IS NULL \
             AND imported",
            args![customer.uuid(), kind.name()],
        )
        .await?;
    Ok(count > 0)
}

/// Seals anew what older keys have sealed, among the `max` identities after `after`: the last one looked at,
/// if there was one, and how many were sealed.
pub(crate) async fn seal_anew(
    tx: &mut Tx,
    cipher: &Cipher,
    after: Uuid,
    max: u32,
) -> Result<(Option<Uuid>, u64)> {
    let sql = format!(
        "SELECT id, value FROM identities WHERE id > $1 ORDER BY id LIMIT $2{}",
        tx.dialect().for_update()
    );
    let rows: Vec<(Uuid, Vec<u8>)> = tx.all(AssertSqlSafe(sql), args![after, max]).await?;
    let last = rows.last().map(|(id, _)| *id);
    let mut sealed = 0;
    for (id, value) in rows {
        if !cipher.is_current(&value) {
            let anew: Value = cipher.seal(VALUE, id, &cipher.open(VALUE, id, &value)?)?.into();
            tx.execute(
                "UPDATE identities SET value = $1 WHERE id = $2",
                vec![anew, id.into()],
            )
            .await?;
            sealed += 1;
        }
    }
    Ok((last, sealed))
}
