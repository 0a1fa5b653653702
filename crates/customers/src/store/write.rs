//! Writing many customers at once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use base::{Error, Result};
use jiff::Timestamp;
use platform::access::{BranchId, UserId};
use platform::clock::Clock;
use platform::crypto::Keyring;
use platform::db::{Bulk, Value, list};
use platform::imports::Seen;
use platform::{Scope, Tx, args, firm, ids};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::IDS_PER_STATEMENT;
use super::erasure::erased_among;
use super::read::ids_by_external;
use super::{consents, duplicates, life_events, merges, names, record};
use crate::identities::store::NewIdentity;
use crate::identities::{self, IdentityKind};
use crate::model::{CustomerId, CustomerKind, NewCustomer, Record};
use crate::rules::{Known, name_key};

const COLUMNS: &[&str] = &[
    "id",
    "external_id",
    "kind",
    "name",
    "name_key",
    "brand",
    "region",
    "segment",
    "since",
    "organisation_id",
    "referred_by",
    "branch_id",
    "owner_id",
    "generated",
    "created_at",
    "updated_at",
];

const INSERT: Bulk = Bulk {
    table: "customers",
    columns: COLUMNS,
    on_conflict: "",
};

/// Of rows that are held already: each comes with all that is known of it.
const UPDATE: Bulk = Bulk {
    table: "customers",
    columns: COLUMNS,
    on_conflict: "ON CONFLICT (external_id) DO UPDATE SET kind = excluded.kind, name = excluded.name, \
        name_key = excluded.name_key, brand = excluded.brand, region = excluded.region, \
        segment = excluded.segment, since = excluded.since, \
        organisation_id = excluded.organisation_id, referred_by = excluded.referred_by, \
        branch_id = excluded.branch_id, owner_id = excluded.owner_id, \
        version = customers.version + 1, updated_at = excluded.updated_at",
};

const ENSURE: Bulk = Bulk {
    table: "customers",
    columns: COLUMNS,
    on_conflict: "ON CONFLICT (external_id) DO NOTHING",
};

fn row(id: CustomerId, external_id: &str, known: &Known, generated: bool, now: Timestamp) -> Vec<Value> {
    args![
        id.uuid(),
        external_id,
        known.kind.name(),
        known.name.as_ref(),
        known.name.as_deref().map(name_key),
        known.brand.as_ref(),
        known.region.as_ref(),
        known.segment.as_ref(),
        known.since,
        known.organisation.map(CustomerId::uuid),
        known.referred_by.map(CustomerId::uuid),
        known.branch.map(BranchId::uuid),
        known.owner.map(UserId::uuid),
        generated,
        now,
        now,
    ]
}

/// Stores new customers with everything that belongs to them, in any order: those they refer to must be
/// there when the transaction is committed. Says how many customers.
///
/// An identity that an earlier customer has only goes into the history of a later one.
///
/// Errors: `already_exists` when an external id is taken, `customer_erased` when it was an erased customer's, and what is
/// wrong with an identity.
pub async fn insert_many(
    tx: &mut Tx,
    clock: &Clock,
    keys: &Keyring,
    customers: &[NewCustomer],
) -> Result<u64> {
    const SUBSCRIPTIONS: Bulk = Bulk {
        table: "subscriptions",
        columns: &[
            "id",
            "customer_id",
            "product",
            "plan",
            "number",
            "started_on",
            "ended_on",
            "term_ends_on",
            "device",
            "status",
        ],
        on_conflict: "",
    };
    const CONTACTS: Bulk = Bulk {
        table: "contacts",
        columns: &[
            "id",
            "organisation_id",
            "name",
            "role",
            "influence",
            "customer_id",
        ],
        on_conflict: "",
    };
    let now = clock.now();
    let rows: Vec<_> = customers
        .iter()
        .map(|customer| {
            let known = Known {
                kind: customer.kind,
                name: customer.name.clone(),
                brand: customer.brand.clone(),
                region: customer.region.clone(),
                segment: customer.segment.clone(),
                since: customer.since.map(|day| day.0),
                organisation: customer.organisation,
                referred_by: customer.referred_by,
                branch: customer.branch,
                owner: customer.owner,
            };
            row(
                customer.id,
                &customer.external_id,
                &known,
                customer.generated,
                now,
            )
        })
        .collect();
    let external_ids: Vec<&str> = customers
        .iter()
        .map(|customer| customer.external_id.as_str())
        .collect();
    tx.about_to_write("customers").await?;
    if !erased_among(tx, keys, &external_ids).await?.is_empty() {
        return Err(super::edit::erased());
    }
    let inserted = INSERT.insert(tx, rows).await?;
    let named = customers
        .iter()
        .map(|customer| (customer.id.uuid(), customer.name.as_deref()));
    names::index_new(tx, named).await?;
    let subscriptions: Vec<_> = customers
        .iter()
        .flat_map(|customer| {
            customer.subscriptions.iter().map(|held| {
                args![
                    held.id.uuid(),
                    customer.id.uuid(),
                    held.product.as_str(),
                    held.plan.as_ref(),
                    held.number.as_ref(),
                    held.started_on,
                    held.ended_on,
                    held.term_ends_on,
                    held.device.as_ref(),
                    held.status.name(),
                ]
            })
        })
        .collect();
    SUBSCRIPTIONS.insert(tx, subscriptions).await?;
    let contacts: Vec<_> = customers
        .iter()
        .flat_map(|customer| {
            customer.contacts.iter().map(|contact| {
                args![
                    contact.id.uuid(),
                    customer.id.uuid(),
                    contact.name.as_str(),
                    contact.role.name(),
                    i32::from(contact.influence),
                    contact.customer.map(CustomerId::uuid),
                ]
            })
        })
        .collect();
    CONTACTS.insert(tx, contacts).await?;
    let (mut days, mut said, mut tags) = (Vec::new(), Vec::new(), Vec::new());
    for customer in customers {
        let id = customer.id;
        days.extend(
            customer
                .life_events
                .iter()
                .map(|facts| (id, ids::new(clock), facts)),
        );
        said.extend(customer.consents.iter().map(|said| (id, said)));
        tags.extend(customer.tags.iter().map(|tag| (id, tag)));
    }
    life_events::insert_many(tx, &days).await?;
    consents::insert_many(tx, None, &said).await?;
    record::insert_tags(tx, &tags).await?;
    let region = identities::rules::region(firm::load(tx).await?.currency);
    let mut known_by = Vec::new();
    for customer in customers {
        for (kind, text) in [
            (IdentityKind::Phone, &customer.phone),
            (IdentityKind::Email, &customer.email),
        ] {
            let Some(text) = text else { continue };
            known_by.push(NewIdentity {
                customer: customer.id,
                kind,
                value: identities::rules::normalise(kind, text, &region)?,
                imported: true,
                active_since: now,
                ended: None,
            });
        }
    }
    let cipher = keys.cipher(tx).await?;
    identities::store::set_aside_taken(tx, &cipher, now, &mut known_by).await?;
    identities::store::insert(tx, clock, &cipher, &known_by).await?;
    Ok(inserted)
}

/// The customers of some external ids, all of them there.
#[derive(Debug, Clone, Default)]
pub struct Ensured {
    /// Their ids.
    pub ids: HashMap<String, CustomerId>,
    /// How many had to be made.
    pub created: u64,
    /// Those that are an erased customer's, of whom nothing new is said.
    pub erased: HashSet<String>,
}

/// Makes those customers that are not known yet, as people of whom nothing is known but the external id. None is made
/// again who was erased.
pub async fn ensure_many(
    tx: &mut Tx,
    clock: &Clock,
    keys: &Keyring,
    external_ids: &[&str],
) -> Result<Ensured> {
    tx.about_to_write("customers").await?;
    let erased = erased_among(tx, keys, external_ids).await?;
    let wanted = external_ids
        .iter()
        .filter(|external_id| !erased.contains(**external_id))
        .map(|external_id| (*external_id, Known::nothing()))
        .collect();
    let ensured = ensure(tx, clock, wanted).await?;
    Ok(Ensured {
        created: ensured.made.len() as u64,
        ids: ensured.ids,
        erased,
    })
}

/// The ids of some customers, all of them there, and those of them that this transaction has made, with what is known.
struct AllThere {
    ids: HashMap<String, CustomerId>,
    made: HashMap<String, Known>,
}

/// Makes those that are missing, with what is said of them. Sorted, so that two who make the same customers
/// wait for each other in one order. An id is known only when it is read back: another import may have
/// been first with it.
async fn ensure(tx: &mut Tx, clock: &Clock, wanted: BTreeMap<&str, Known>) -> Result<AllThere> {
    let all: Vec<&str> = wanted.keys().copied().collect();
    let mut there = AllThere {
        ids: ids_by_external(tx, &Scope::of_system(), &all).await?,
        made: HashMap::new(),
    };
    let now = clock.now();
    let missing: Vec<(&str, CustomerId, Known)> = wanted
        .into_iter()
        .filter(|(external_id, _)| !there.ids.contains_key(*external_id))
        .map(|(external_id, known)| (external_id, ids::new(clock), known))
        .collect();
    if missing.is_empty() {
        return Ok(there);
    }
    let rows: Vec<_> = missing
        .iter()
        .map(|(external_id, id, known)| row(*id, external_id, known, false, now))
        .collect();
    let inserted = ENSURE.insert(tx, rows).await?;
    if inserted == missing.len() as u64 {
        let made = missing
            .iter()
            .map(|(external_id, id, _)| ((*external_id).to_owned(), *id));
        there.ids.extend(made);
    } else {
        // Others were first with some.
        let external_ids: Vec<&str> = missing.iter().map(|(external_id, ..)| *external_id).collect();
        there
            .ids
            .extend(ids_by_external(tx, &Scope::of_system(), &external_ids).await?);
    }
    let made: Vec<_> = missing
        .into_iter()
        .filter(|(external_id, id, _)| there.ids.get(*external_id) == Some(id))
        .collect();
    names::index_new(
        tx,
        made.iter()
            .map(|(_, id, known)| (id.uuid(), known.name.as_deref())),
    )
    .await?;
    there.made = made
        .into_iter()
        .map(|(external_id, _, known)| (external_id.to_owned(), known))
        .collect();
    Ok(there)
}

/// What became of some records.
#[derive(Debug, Clone, Default)]
pub struct Upserted {
    /// The customers' ids by external id, also of those the records name.
    pub ids: HashMap<String, CustomerId>,
    /// Records of customers that were not there.
    pub created: u64,
    /// Records that changed what is known.
    pub updated: u64,
    /// Records that said nothing new.
    pub unchanged: u64,
    /// Customers made because a record names them as organisation or as who brought the customer.
    pub new_others: u64,
    /// Records of which nothing was stored, by their place, because someone else is known by this.
    pub refused: Vec<(usize, IdentityKind)>,
}

#[derive(sqlx::FromRow)]
pub(super) struct KnownRow {
    id: Uuid,
    external_id: String,
    kind: String,
    name: Option<String>,
    brand: Option<String>,
    region: Option<String>,
    segment: Option<String>,
    since: Option<i32>,
    organisation_id: Option<Uuid>,
    referred_by: Option<Uuid>,
    branch_id: Option<Uuid>,
    owner_id: Option<Uuid>,
}

impl KnownRow {
    pub(super) const COLUMNS: &'static str = "id, external_id, kind, name, brand, region, segment, \
        since, organisation_id, referred_by, branch_id, owner_id";

    pub(super) fn known(self) -> Result<(String, (CustomerId, Known))> {
        let known = Known {
            kind: self.kind.parse()?,
            name: self.name,
            brand: self.brand,
            region: self.region,
            segment: self.segment,
            since: self.since,
            organisation: self.organisation_id.map(CustomerId::from),
            referred_by: self.referred_by.map(CustomerId::from),
            branch: self.branch_id.map(BranchId::from),
            owner: self.owner_id.map(UserId::from),
        };
        Ok((self.external_id, (self.id.into(), known)))
    }
}

/// What is known of those customers that are there, held against others when `hold` is set.
async fn known(
    tx: &mut Tx,
    external_ids: &[&str],
    hold: bool,
) -> Result<HashMap<String, (CustomerId, Known)>> {
    let mut found = HashMap::with_capacity(external_ids.len());
    let sql = format!(
        "SELECT {} FROM customers WHERE external_id{} ORDER BY external_id{}",
        KnownRow::COLUMNS,
        tx.dialect().in_texts(1),
        if hold { tx.dialect().for_update() } else { "" }
    );
    for some in external_ids.chunks(IDS_PER_STATEMENT) {
        let rows: Vec<KnownRow> = tx.all(AssertSqlSafe(sql.clone()), args![list(some)]).await?;
        for row in rows {
            let (external_id, known) = row.known()?;
            found.insert(external_id, known);
        }
    }
    Ok(found)
}

/// The external ids that records name besides their own, and what kind each must be.
fn others<'a>(records: &[&'a Record]) -> BTreeMap<&'a str, CustomerKind> {
    let mut others = BTreeMap::new();
    for record in records {
        if let Some(referrer) = &record.referred_by {
            others.entry(referrer.as_str()).or_insert(CustomerKind::Person);
        }
        if let Some(organisation) = &record.organisation {
            others.insert(organisation.as_str(), CustomerKind::Organisation);
        }
    }
    others
}

fn own_ids<'a>(records: &[&'a Record]) -> Vec<&'a str> {
    let mut ids: Vec<&str> = records.iter().map(|record| record.external_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The records as those of the customers they are about by now: what is said under the id of a merged customer is
/// said of its survivor, and only fills what is missing there, so that the file that brought the duplicate does not
/// take the place of what was decided.
async fn of_survivors<'a>(tx: &mut Tx, records: &'a [Record]) -> Result<Cow<'a, [Record]>> {
    let named: BTreeSet<&String> = records
        .iter()
        .flat_map(|record| {
            [
                Some(&record.external_id),
                record.organisation.as_ref(),
                record.referred_by.as_ref(),
            ]
        })
        .flatten()
        .collect();
    let survivors = merges::survivors_by_external(tx, list(named)).await?;
    if survivors.is_empty() {
        return Ok(Cow::Borrowed(records));
    }
    let mut records = records.to_vec();
    for record in &mut records {
        if let Some(survivor) = survivors.get(&record.external_id) {
            record.external_id.clone_from(survivor);
            record.fills_only = true;
        }
        for other in [&mut record.organisation, &mut record.referred_by] {
            if let Some(survivor) = other.as_ref().and_then(|id| survivors.get(id)) {
                *other = Some(survivor.clone());
            }
        }
    }
    Ok(Cow::Owned(records))
}

/// What is known of a customer after a record of it. Nobody is its own organisation or has brought itself, as
/// records say that come from before a merge.
fn enriched(id: CustomerId, before: &Known, record: &Record, ids: &HashMap<String, CustomerId>) -> Known {
    let mut after = before.clone().enriched(record, ids);
    if after.organisation == Some(id) {
        after.organisation = before.organisation;
    }
    if after.referred_by == Some(id) {
        after.referred_by = before.referred_by;
    }
    after
}

/// Stores what records say: new customers are made, known ones enriched, one after the other where two
/// records are of the same customer. Whoever else stores some of them in this moment waits, or is waited
/// for. A record with an identity of someone else is refused as a whole; the two may be one, and are noted so.
pub async fn upsert_many(tx: &mut Tx, clock: &Clock, keys: &Keyring, records: &[Record]) -> Result<Upserted> {
    tx.about_to_write("customers").await?;
    let records = &*of_survivors(tx, records).await?;
    let cipher = keys.cipher(tx).await?;
    let plan = identities::store::plan(tx, &cipher, records, &mut HashMap::new()).await?;
    let kept = kept(records, &plan);
    let mut wanted: BTreeMap<&str, Known> = others(&kept)
        .into_iter()
        .map(|(external_id, kind)| {
            (
                external_id,
                Known {
                    kind,
                    ..Known::nothing()
                },
            )
        })
        .collect();
    // Those whom a record names get their references below, when all are there.
    let nobody = HashMap::new();
    let mut first: HashSet<&str> = HashSet::with_capacity(records.len());
    for record in &kept {
        if first.insert(&record.external_id) {
            let known = wanted
                .remove(record.external_id.as_str())
                .unwrap_or_else(Known::nothing);
            wanted.insert(&record.external_id, known.enriched(record, &nobody));
        }
    }
    let there = ensure(tx, clock, wanted).await?;
    let mut own = own_ids(&kept);
    own.retain(|external_id| !there.made.contains_key(*external_id));
    let mut known = known(tx, &own, true).await?;
    for (external_id, of_made) in &there.made {
        if let Some(id) = there.ids.get(external_id) {
            known.insert(external_id.clone(), (*id, of_made.clone()));
        }
    }
    let mut done = Upserted {
        new_others: there.made.len() as u64,
        ids: there.ids,
        refused: plan.refused.clone(),
        ..Upserted::default()
    };
    let mut changed: BTreeSet<&str> = BTreeSet::new();
    let mut met: HashSet<&str> = HashSet::new();
    let mut renamed: HashMap<Uuid, (Option<String>, Option<String>)> = HashMap::new();
    for (n, record) in records.iter().enumerate().filter(|(n, _)| !plan.refuses(*n)) {
        let external_id = record.external_id.as_str();
        let Some((id, before)) = known.get_mut(external_id) else {
            return Err(Error::internal(format!(
                "the customer {external_id} was there and is gone"
            )));
        };
        let after = enriched(*id, before, record, &done.ids);
        let is_made = there.made.contains_key(external_id);
        let is_changed = after != *before || plan.changed.contains(&n);
        // Who is made in this moment was written with all that the record says but for whom it refers to.
        let is_to_be_written = after != *before || is_changed && !is_made;
        if is_made && met.insert(external_id) {
            done.created += 1;
            done.new_others -= 1;
        } else if is_changed {
            done.updated += 1;
        } else {
            done.unchanged += 1;
        }
        if after.name != before.name {
            let (_, last) = renamed
                .entry(id.uuid())
                .or_insert_with(|| (before.name.clone(), None));
            last.clone_from(&after.name);
        }
        if is_to_be_written {
            changed.insert(external_id);
            *before = after;
        }
    }
    let now = clock.now();
    let rows: Vec<_> = changed
        .iter()
        .filter_map(|external_id| known.get(*external_id).map(|found| (*external_id, found)))
        .map(|(external_id, (id, known))| row(*id, external_id, known, false, now))
        .collect();
    UPDATE.insert(tx, rows).await?;
    names::rename(tx, &renamed).await?;
    if !plan.same.is_empty() {
        let pairs: Vec<_> = plan
            .same
            .iter()
            .map(|(one, other)| (one.uuid(), other.uuid()))
            .collect();
        let found = crate::duplicates::certain(tx, &cipher, &pairs).await?;
        duplicates::store(tx, clock, &found).await?;
    }
    identities::store::apply(tx, clock, &cipher, plan, &done.ids).await?;
    Ok(done)
}

/// The records that are not refused.
fn kept<'a>(records: &'a [Record], plan: &identities::store::Plan) -> Vec<&'a Record> {
    let all = records.iter().enumerate();
    all.filter(|(n, _)| !plan.refuses(*n))
        .map(|(_, record)| record)
        .collect()
}

/// What [`upsert_many`] would do, after what was previewed before with the same `seen`.
pub async fn preview_many(
    tx: &mut Tx,
    keys: &Keyring,
    records: &[Record],
    seen: &mut Seen,
) -> Result<Upserted> {
    let records = &*of_survivors(tx, records).await?;
    let cipher = keys.cipher(tx).await?;
    let plan = identities::store::plan(tx, &cipher, records, seen.notes()).await?;
    let kept = kept(records, &plan);
    let own = own_ids(&kept);
    let known = known(tx, &own, false).await?;
    let others: Vec<&str> = others(&kept).into_keys().collect();
    let mut done = Upserted {
        ids: ids_by_external(tx, &Scope::of_system(), &others).await?,
        refused: plan.refused.clone(),
        ..Upserted::default()
    };
    for other in others {
        if !done.ids.contains_key(other) {
            // A stranger gets an id that stands for it: having one is a change.
            done.ids.insert(other.to_owned(), Uuid::nil().into());
            if own.binary_search(&other).is_err() && seen.first_time(other) {
                done.new_others += 1;
            }
        }
    }
    for (n, record) in records.iter().enumerate().filter(|(n, _)| !plan.refuses(*n)) {
        match known.get(&record.external_id) {
            // Named by an earlier row, it is there as a stranger by now.
            None if seen.first_time(&record.external_id) => done.created += 1,
            None => done.updated += 1,
            Some(_) if plan.changed.contains(&n) => done.updated += 1,
            Some((id, before)) if enriched(*id, before, record, &done.ids) == *before => done.unchanged += 1,
            Some(_) => done.updated += 1,
        }
    }
    Ok(done)
}
