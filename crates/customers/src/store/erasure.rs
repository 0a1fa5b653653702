//! What becomes of the rows of a customer who is erased: most go, some lose what is personal in them, and what was
//! brought and refused stays. See `docs/adr/0014-personal-data-of-one-customer.md`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use base::Result;
use jiff::Timestamp;
use platform::crypto::{Cipher, Keyring};
use platform::db::{Bulk, timestamp, uuids};
use platform::{Tx, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::IDS_PER_STATEMENT;
use crate::identities;
use crate::model::CustomerId;
use crate::rules::erasure::{is_reserved, pseudonym};

/// Since when a customer is erased; none where it is not, or not there.
pub(crate) async fn erased_at(tx: &mut Tx, id: CustomerId) -> Result<Option<Timestamp>> {
    let sql = "SELECT erased_at FROM customers WHERE id = $1";
    let row: Option<(Option<i64>,)> = tx.optional(sql, args![id.uuid()]).await?;
    Ok(row.and_then(|(at,)| at).map(timestamp))
}

fn blind(cipher: &Cipher, external_id: &str) -> Uuid {
    cipher.blind("erased_external_id", external_id)
}

/// Those of these external ids by which an erased customer was known, or is or could be now: nothing is to be stored
/// under them.
pub async fn erased_among(tx: &mut Tx, keys: &Keyring, external_ids: &[&str]) -> Result<HashSet<String>> {
    let any: Option<(Uuid,)> = tx
        .optional("SELECT blind FROM erased_external_ids LIMIT 1", [])
        .await?;
    let reserved = external_ids.iter().filter(|id| is_reserved(id));
    let mut erased: HashSet<String> = reserved.map(|id| (*id).to_owned()).collect();
    if any.is_none() {
        return Ok(erased);
    }
    let cipher = keys.cipher(tx).await?;
    let sql = format!(
        "SELECT blind FROM erased_external_ids WHERE blind{}",
        tx.dialect().in_uuids(1)
    );
    for some in external_ids.chunks(IDS_PER_STATEMENT) {
        let blinds: Vec<Uuid> = some.iter().map(|id| blind(&cipher, id)).collect();
        let rows: Vec<(Uuid,)> = tx.all(AssertSqlSafe(sql.clone()), args![uuids(&blinds)]).await?;
        let known: HashSet<Uuid> = rows.into_iter().map(|(blind,)| blind).collect();
        let found = some
            .iter()
            .zip(&blinds)
            .filter(|(_, blind)| known.contains(blind));
        erased.extend(found.map(|(id, _)| (*id).to_owned()));
    }
    Ok(erased)
}

/// The words by which these customers are recognised: external ids, names, what they are known by, numbers.
pub(crate) async fn words(tx: &mut Tx, cipher: &Cipher, ids: &[Uuid]) -> Result<BTreeSet<String>> {
    let among = tx.dialect().in_uuids(1);
    let mut words = BTreeSet::new();
    let sql = format!("SELECT external_id, name, phone, email FROM customers WHERE id{among}");
    type Of = (String, Option<String>, Option<String>, Option<String>);
    let rows: Vec<Of> = tx.all(AssertSqlSafe(sql), args![uuids(ids)]).await?;
    for (external_id, name, phone, email) in rows {
        words.insert(external_id);
        words.extend([name, phone, email].into_iter().flatten());
    }
    for sql in [
        format!("SELECT number FROM subscriptions WHERE number IS NOT NULL AND customer_id{among}"),
        format!("SELECT name FROM contacts WHERE customer_id{among}"),
    ] {
        let rows: Vec<(String,)> = tx.all(AssertSqlSafe(sql), args![uuids(ids)]).await?;
        words.extend(rows.into_iter().map(|(word,)| word));
    }
    words.extend(identities::store::values(tx, cipher, ids).await?);
    Ok(words)
}

/// Tables whose rows of a customer go.
const GONE: [&str; 7] = [
    "identities",
    "search_keys",
    "life_events",
    "notes",
    "customer_tags",
    "custom_values",
    "contact_preferences",
];

/// Erases what is personal of these customers, a survivor and those merged into it; says how many rows of what.
/// Attachments, whose files go with them, are the caller's.
pub(crate) async fn erase(
    tx: &mut Tx,
    cipher: &Cipher,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<BTreeMap<String, u64>> {
    let among = tx.dialect().in_uuids(1);
    let mut counts = BTreeMap::new();
    for table in GONE {
        let sql = format!("DELETE FROM {table} WHERE customer_id{among}");
        let gone = tx.execute(AssertSqlSafe(sql), args![uuids(ids)]).await?;
        // The keys of a search follow from the name.
        if gone > 0 && table != "search_keys" {
            counts.insert(table.to_owned(), gone);
        }
    }
    for (what, sql) in [
        (
            "contacts",
            format!("DELETE FROM contacts WHERE organisation_id{among}"),
        ),
        (
            "subscription_numbers",
            format!(
                "UPDATE subscriptions SET number = NULL, device = NULL, version = version + 1 \
                 WHERE customer_id{among} AND (number IS NOT NULL OR device IS NOT NULL)"
            ),
        ),
        (
            "consent_sources",
            // That consent was refused stays, and when: nobody is to ask again. Where it was said goes.
            format!("UPDATE consents SET source = 'erased' WHERE customer_id{among}"),
        ),
        (
            "duplicates",
            format!("DELETE FROM duplicates WHERE customer_a{among} OR customer_b{among}"),
        ),
    ] {
        let rows = tx.execute(AssertSqlSafe(sql), args![uuids(ids)]).await?;
        if rows > 0 {
            counts.insert(what.to_owned(), rows);
        }
    }
    super::merges::forget_records(tx, cipher, ids).await?;
    let mut renamed = 0;
    for id in ids {
        renamed += rename(tx, (*id).into(), now).await?;
    }
    remember(tx, cipher, ids).await?;
    if renamed > 0 {
        counts.insert("contact_names".to_owned(), renamed);
    }
    counts.insert("customers".to_owned(), ids.len() as u64);
    Ok(counts)
}

/// Gives a customer the name of an erased one, here and where it is a contact; says in how many places of the latter.
async fn rename(tx: &mut Tx, id: CustomerId, now: Timestamp) -> Result<u64> {
    let pseudonym = pseudonym(id);
    tx.execute(
        "UPDATE customers SET external_id = $2, name = NULL, name_key = NULL, phone = NULL, email = NULL, \
         erased_at = $3, updated_at = $3, version = version + 1 WHERE id = $1",
        args![id.uuid(), &pseudonym, now],
    )
    .await?;
    tx.execute(
        "UPDATE contacts SET name = $2, version = version + 1 WHERE customer_id = $1",
        args![id.uuid(), &pseudonym],
    )
    .await
}

/// Notes the external ids that customers have now, so that no file makes them anew.
async fn remember(tx: &mut Tx, cipher: &Cipher, ids: &[Uuid]) -> Result<()> {
    let named: Vec<(String, Uuid)> = ids.iter().map(|id| (pseudonym((*id).into()), *id)).collect();
    remember_these(tx, cipher, &named).await
}

/// Notes the external ids that customers have before they are erased.
pub(crate) async fn remember_own(tx: &mut Tx, cipher: &Cipher, ids: &[Uuid]) -> Result<()> {
    let sql = format!(
        "SELECT external_id, id FROM customers WHERE id{}",
        tx.dialect().in_uuids(1)
    );
    let named: Vec<(String, Uuid)> = tx.all(AssertSqlSafe(sql), args![uuids(ids)]).await?;
    remember_these(tx, cipher, &named).await
}

async fn remember_these(tx: &mut Tx, cipher: &Cipher, named: &[(String, Uuid)]) -> Result<()> {
    const ERASED: Bulk = Bulk {
        table: "erased_external_ids",
        columns: &["blind", "customer_id"],
        on_conflict: "ON CONFLICT (blind) DO NOTHING",
    };
    let rows: Vec<_> = named
        .iter()
        .map(|(external_id, id)| args![blind(cipher, external_id), *id])
        .collect();
    ERASED.insert(tx, rows).await.map(|_| ())
}
