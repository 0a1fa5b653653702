//! Two records of one customer become one, and two again where that was wrong; both are in the caller's scope. Seeing
//! what was merged needs `customers.read`; merging and undoing need `customers.write` and `customers.merge`. Everything
//! in one transaction. See `docs/adr/0012-merge.md`.

use std::collections::{BTreeMap, BTreeSet};

use base::{Error, Page, PageSize, Result, check_version};
use platform::access::directory;
use platform::{Caller, Permission, Platform, Scope, Tx, ids};
use serde_json::{Value, json};
use uuid::Uuid;

use super::edit::{self, check_in_sight};
use super::hold;
use super::life_events::too_many as too_many_life_events;
use crate::identities;
use crate::model::{
    Choices, Conflict, CustomerId, LifeEventId, Merge, MergeDone, MergeId, MergePreview, MergeRecord,
    NewMerge,
};
use crate::references::{Keyed, LIFE_EVENTS, OnMerge, Reference, References};
use crate::rules::edit::check_place;
use crate::rules::record_schema::check_tag_count;
use crate::rules::{Known, merge as rules};
use crate::store;
use crate::store::life_events::LIFE_EVENTS_MAX;
use crate::store::{duplicates, merges, references as rows};

/// So many rows of one table become another customer's at once: well under a second on SQLite.
const ROWS_MAX: u32 = 50_000;
/// More values of its own a customer does not have.
const KEYS_MAX: u32 = 1_000;

const NO_CUSTOMER: Error = Error::NotFound { what: "customer" };

fn may_merge(caller: &Caller) -> Result<()> {
    caller.require(Permission::CustomersWrite)?;
    caller.require(Permission::CustomersMerge)
}

/// The two who are merged, with what is known of them.
struct Two {
    survivor: (CustomerId, Known),
    merged: (CustomerId, Known),
}

/// What a merge does to rows that refer to the two.
enum Rows {
    /// Those of the first list become the survivor's, those of the second the merged customer's.
    Moved(Vec<Uuid>, Vec<Uuid>),
    ByKey(Keyed, Vec<String>, Vec<String>),
}

/// What a merge does.
struct Plan {
    fields: rules::Fields,
    conflicts: Vec<Conflict>,
    rows: Vec<(Reference, Rows)>,
    /// How many rows are read as the survivor's from then on, by what they are.
    counts: BTreeMap<String, u64>,
}

/// Decides on everything; changes nothing.
async fn plan(tx: &mut Tx, references: &References, two: &Two, choices: &Choices) -> Result<Plan> {
    let (survivor, merged) = (two.survivor.0, two.merged.0);
    let fields = rules::fields((survivor, &two.survivor.1), (merged, &two.merged.1), choices);
    let mut conflicts = fields.conflicts.clone();
    let lives = (
        store::life_events::all(tx, survivor).await?,
        store::life_events::all(tx, merged).await?,
    );
    let days = rules::days(&lives.0, &lives.1, choices, &mut conflicts);
    if lives.0.len() + lives.1.len() - days.stay.len() - days.parked.len() > LIFE_EVENTS_MAX as usize {
        return Err(too_many_life_events());
    }
    let mut plan = Plan {
        fields,
        conflicts,
        rows: Vec::new(),
        counts: BTreeMap::new(),
    };
    for reference in references.all() {
        let count = match reference.on_merge {
            OnMerge::Move => {
                let of_days = |ids: &[LifeEventId]| ids.iter().map(|id| id.uuid()).collect();
                let (stay, parked): (BTreeSet<Uuid>, Vec<Uuid>) = if *reference == LIFE_EVENTS {
                    (
                        days.stay.iter().map(|id| id.uuid()).collect(),
                        of_days(&days.parked),
                    )
                } else {
                    // Whom the survivor itself refers to is decided with its fields.
                    ([survivor.uuid()].into(), Vec::new())
                };
                let mut moved = rows::ids(tx, reference, merged, ROWS_MAX + 1).await?;
                if moved.len() > ROWS_MAX as usize {
                    let message = format!(
                        "more than {ROWS_MAX} rows of {} refer to the merged customer; let that one survive",
                        reference.table
                    );
                    return Err(Error::conflict("merge_too_large", message));
                }
                moved.retain(|id| !stay.contains(id));
                let count = moved.len() as u64;
                plan.rows.push((*reference, Rows::Moved(moved, parked)));
                count
            }
            OnMerge::MoveByKey(keyed) => {
                let survivors = rows::by_key(tx, reference, keyed, survivor, KEYS_MAX).await?;
                let mergeds = rows::by_key(tx, reference, keyed, merged, KEYS_MAX).await?;
                let name = |key: &str| keyed.value.map(|value| value.name(key));
                let (moved, parked) = rules::keys(&survivors, &mergeds, name, choices, &mut plan.conflicts);
                if reference.table == "customer_tags" {
                    check_tag_count(survivors.len() + moved.len())?;
                }
                let count = moved.len() as u64;
                plan.rows.push((*reference, Rows::ByKey(keyed, moved, parked)));
                count
            }
            OnMerge::ReadTogether => rows::count(tx, reference, merged).await?,
            OnMerge::Stay | OnMerge::MadeAnewBy(_) | OnMerge::FollowName => 0,
        };
        if count > 0 {
            *plan.counts.entry(reference.table.to_owned()).or_default() += count;
        }
    }
    let active = identities::store::count_active(tx, survivor).await?
        + identities::store::count_active(tx, merged).await?;
    identities::app::check_active(active)?;
    Ok(plan)
}

/// Whether the two can be one at all.
///
/// Errors: `merge_with_itself`, `kinds_differ`, `merge_not_sealed`.
async fn check_two(tx: &mut Tx, two: &Two) -> Result<()> {
    if two.survivor.1.kind != two.merged.1.kind {
        let message = "a person and an organisation are not one customer";
        return Err(Error::conflict("kinds_differ", message));
    }
    if merges::is_plain(tx, (two.survivor.0, two.merged.0)).await? {
        let message = "what these customers are known by is being sealed; try again when that job is done";
        return Err(Error::conflict("merge_not_sealed", message));
    }
    Ok(())
}

fn check_different(survivor: CustomerId, merged: CustomerId) -> Result<()> {
    if survivor == merged {
        let message = "a customer cannot be merged into itself";
        return Err(Error::invalid("merge_with_itself", message).at("merged"));
    }
    Ok(())
}

/// What merging two customers would do: what is to be decided, and how much moves. Changes nothing.
///
/// Errors: `customer_merged`, and those of [`merge`] that have to do with the two.
pub async fn preview(
    platform: &Platform,
    references: &References,
    caller: &Caller,
    (survivor, merged): (CustomerId, CustomerId),
) -> Result<MergePreview> {
    may_merge(caller)?;
    check_different(survivor, merged)?;
    let mut tx = platform.db.read().await?;
    let scope = caller.scope();
    let one = store::edit::read(&mut tx, scope, survivor)
        .await?
        .ok_or(NO_CUSTOMER)?;
    let other = store::edit::read(&mut tx, scope, merged)
        .await?
        .ok_or(NO_CUSTOMER)?;
    let mut shown = store::rows_by_id(&mut tx, scope, &[survivor.uuid(), merged.uuid()]).await?;
    let two = Two {
        survivor: (survivor, one.1),
        merged: (merged, other.1),
    };
    check_two(&mut tx, &two).await?;
    let plan = plan(&mut tx, references, &two, &Choices::new()).await?;
    let mut conflicts = Vec::with_capacity(plan.conflicts.len());
    for conflict in plan.conflicts {
        conflicts.push(named(&mut tx, scope, conflict).await?);
    }
    Ok(MergePreview {
        survivor: shown.remove(&survivor.uuid()).ok_or(NO_CUSTOMER)?,
        survivor_version: one.0,
        merged: shown.remove(&merged.uuid()).ok_or(NO_CUSTOMER)?,
        merged_version: other.0,
        conflicts,
        filled: plan.fields.filled,
        moves: plan.counts,
        later: references.made_anew_by(),
    })
}

/// A conflict as people are asked to decide it: whoever is referred to by name, and who is out of scope by nothing.
async fn named(tx: &mut Tx, scope: &Scope, conflict: Conflict) -> Result<Conflict> {
    let field = conflict.field.as_str();
    let survivor = name_of(tx, scope, field, conflict.survivor).await?;
    let merged = name_of(tx, scope, field, conflict.merged).await?;
    Ok(Conflict {
        survivor,
        merged,
        ..conflict
    })
}

async fn name_of(tx: &mut Tx, scope: &Scope, field: &str, value: Value) -> Result<Value> {
    if !["organisation", "referred_by", "branch", "owner"].contains(&field) {
        return Ok(value);
    }
    let id: Uuid = serde_json::from_value(value).map_err(Error::internal)?;
    let named = match field {
        "branch" => serde_json::to_value(directory::branch(tx, id.into()).await?),
        "owner" => serde_json::to_value(directory::user(tx, id.into()).await?),
        _ => serde_json::to_value(store::linked(tx, scope, Some(id)).await?),
    };
    named.map_err(Error::internal)
}

/// Makes two customers one. Everything that referred to the merged one refers to the survivor; the merged one's
/// ids go on resolving.
///
/// Errors: `merge_with_itself`, `customer_merged`, `version_stale`, `kinds_differ`, `field_unknown`,
/// `merge_not_sealed`; `merge_too_large`, `identities_too_many`, `tags_too_many`, `life_events_too_many`;
/// `hierarchy_cycle`, `hierarchy_too_deep` where organisations stand between the two.
pub async fn merge(
    platform: &Platform,
    references: &References,
    caller: &Caller,
    said: NewMerge,
) -> Result<MergeDone> {
    may_merge(caller)?;
    let (survivor, merged) = (said.survivor, said.merged);
    check_different(survivor, merged)?;
    rules::check_choices(&said.fields, references)?;
    let mut tx = platform.db.write().await?;
    let two = hold_two(&mut tx, caller, &said).await?;
    check_two(&mut tx, &two).await?;
    let plan = plan(&mut tx, references, &two, &said.fields).await?;
    let (before, after) = (&two.survivor.1, &plan.fields.after);
    let mut record = MergeRecord {
        fields: rules::changed_fields(before, after),
        ..MergeRecord::default()
    };
    let now = platform.clock.now();
    for (reference, rows) in plan.rows {
        let (moved, parked) = match rows {
            Rows::Moved(moved, parked) => {
                rows::point(&mut tx, &reference, &moved, (merged, survivor)).await?;
                rows::point(&mut tx, &reference, &parked, (survivor, merged)).await?;
                (texts(&moved), texts(&parked))
            }
            Rows::ByKey(keyed, moved, parked) => {
                let (mine, theirs) = ((&parked[..], survivor), (&moved[..], merged));
                rows::exchange(&mut tx, &reference, keyed, mine, theirs).await?;
                (moved, parked)
            }
        };
        if !moved.is_empty() {
            record.moved.insert(reference.name(), moved);
        }
        if !parked.is_empty() {
            record.parked.insert(reference.name(), parked);
        }
    }
    let name = two.merged.1.name.as_deref();
    merges::set_survivor(&mut tx, merged, name, Some(survivor), now).await?;
    let version = store::edit::update(&mut tx, survivor, (before, after), now).await?;
    check_hierarchy(&mut tx, survivor, after).await?;
    let id: MergeId = ids::new(&platform.clock);
    let by = caller.actor().user();
    let cipher = platform.keys.cipher(&mut tx).await?;
    let new = merges::NewMerge {
        id,
        survivor,
        survivor_version: version,
        merged,
        moved: &plan.counts,
        record: &record,
        at: now,
        by,
    };
    merges::insert(&mut tx, &cipher, &new).await?;
    duplicates::merged(&mut tx, (survivor, merged), id, now, by).await?;
    let fields: Vec<&String> = record.fields.keys().collect();
    let payload = json!({ "merge": id, "merged": merged, "moved": plan.counts, "fields": fields });
    edit::record(&mut tx, platform, caller, "customer.merged", survivor, &payload).await?;
    let payload = json!({ "merge": id, "survivor": survivor });
    edit::record(
        &mut tx,
        platform,
        caller,
        "customer.merged_into",
        merged,
        &payload,
    )
    .await?;
    let merge = merges::get(&mut tx, caller.scope(), id)
        .await?
        .ok_or_else(|| Error::internal("the merge just made is gone"))?;
    tx.commit().await?;
    Ok(MergeDone {
        merge,
        later: references.made_anew_by(),
    })
}

/// What is known of both, while nobody else stores a reference to them.
async fn hold_two(tx: &mut Tx, caller: &Caller, said: &NewMerge) -> Result<Two> {
    merges::be_alone(tx).await?;
    let one = hold(tx, caller, said.survivor).await?;
    let other = hold(tx, caller, said.merged).await?;
    check_version(said.survivor_version, one.0)?;
    check_version(said.merged_version, other.0)?;
    Ok(Two {
        survivor: (said.survivor, one.1),
        merged: (said.merged, other.1),
    })
}

fn texts(ids: &[Uuid]) -> Vec<String> {
    ids.iter().map(Uuid::to_string).collect()
}

fn uuids(texts: &[String]) -> Result<Vec<Uuid>> {
    texts
        .iter()
        .map(|text| Uuid::parse_str(text).map_err(Error::internal))
        .collect()
}

/// Whether what stands above a customer is still a hierarchy.
async fn check_hierarchy(tx: &mut Tx, customer: CustomerId, known: &Known) -> Result<()> {
    let Some(organisation) = known.organisation else {
        return Ok(());
    };
    let above = store::edit::hold_chain(tx, organisation).await?;
    let below = store::edit::levels_below(tx, customer).await?;
    check_place(customer, &above, below)
}

/// Makes one customer two again: what moved goes back as it is now, what the survivor had before it has again
/// unless someone has said something else since, and what was added since stays with the survivor. One that was
/// undone stays as it is.
///
/// Errors: `merge_not_last` where a later merge is in the way; `out_of_scope` where the caller would not see the survivor
/// as it was before; `hierarchy_cycle`, `hierarchy_too_deep` where
/// organisations were moved between the two since.
pub async fn unmerge(
    platform: &Platform,
    references: &References,
    caller: &Caller,
    id: MergeId,
) -> Result<MergeDone> {
    may_merge(caller)?;
    let mut tx = platform.db.write().await?;
    merges::be_alone(&mut tx).await?;
    let scope = caller.scope();
    let done = merges::get(&mut tx, scope, id)
        .await?
        .ok_or(Error::NotFound { what: "merge" })?;
    let later = references.made_anew_by();
    if done.undone_at.is_some() {
        return Ok(MergeDone { merge: done, later });
    }
    if let Some(later) = merges::in_the_way(&mut tx, id).await? {
        let message = format!("the survivor took part in a later merge; undo the merge {later} first");
        return Err(Error::conflict("merge_not_last", message));
    }
    let (survivor, merged) = (done.survivor, done.merged);
    let (_, now_known) = hold(&mut tx, caller, survivor).await?;
    let theirs = store::edit::hold_merged(&mut tx, scope, merged)
        .await?
        .ok_or(NO_CUSTOMER)?;
    let cipher = platform.keys.cipher(&mut tx).await?;
    let record = merges::record(&mut tx, &cipher, id).await?;
    let none = Vec::new();
    for reference in references.all() {
        let name = reference.name();
        let moved = record.moved.get(&name).unwrap_or(&none);
        let parked = record.parked.get(&name).unwrap_or(&none);
        match reference.on_merge {
            OnMerge::Move => {
                rows::point(&mut tx, reference, &uuids(moved)?, (survivor, merged)).await?;
                rows::point(&mut tx, reference, &uuids(parked)?, (merged, survivor)).await?;
            }
            OnMerge::MoveByKey(keyed) => {
                let (mine, theirs) = ((&moved[..], survivor), (&parked[..], merged));
                rows::exchange(&mut tx, reference, keyed, mine, theirs).await?;
            }
            OnMerge::ReadTogether | OnMerge::Stay | OnMerge::MadeAnewBy(_) | OnMerge::FollowName => {}
        }
    }
    let now = platform.clock.now();
    merges::set_survivor(&mut tx, merged, theirs.name.as_deref(), None, now).await?;
    let mut before = rules::restored(&now_known, &record.fields)?;
    before.organisation = stands_for(&mut tx, before.organisation).await?;
    before.referred_by = stands_for(&mut tx, before.referred_by).await?;
    check_in_sight(caller, &before)?;
    store::edit::update(&mut tx, survivor, (&now_known, &before), now).await?;
    check_hierarchy(&mut tx, survivor, &before).await?;
    check_hierarchy(&mut tx, merged, &theirs).await?;
    merges::undo(&mut tx, id, now, caller.actor().user()).await?;
    duplicates::unmerged(&mut tx, id).await?;
    let payload = json!({ "merge": id, "merged": merged });
    edit::record(&mut tx, platform, caller, "customer.unmerged", survivor, &payload).await?;
    let payload = json!({ "merge": id, "survivor": survivor });
    edit::record(
        &mut tx,
        platform,
        caller,
        "customer.unmerged_from",
        merged,
        &payload,
    )
    .await?;
    let merge = merges::get(&mut tx, scope, id)
        .await?
        .ok_or_else(|| Error::internal("the merge just undone is gone"))?;
    tx.commit().await?;
    Ok(MergeDone { merge, later })
}

/// Whom the survivor referred to may have been merged since.
async fn stands_for(tx: &mut Tx, customer: Option<CustomerId>) -> Result<Option<CustomerId>> {
    match customer {
        Some(customer) => {
            let found = store::resolve(tx, &Scope::of_system(), customer).await?;
            Ok(found.map(|(id, _)| id))
        }
        None => Ok(None),
    }
}

/// What was merged, the newest first; of one customer, on either side, where one is given.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    customer: Option<CustomerId>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Merge>> {
    caller.require(Permission::CustomersRead)?;
    let mut tx = platform.db.read().await?;
    merges::page(&mut tx, caller.scope(), customer, size, cursor).await
}
