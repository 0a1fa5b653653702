//! What the record of two customers who are one becomes, and what it becomes again when that was wrong. Pure.

use base::{Day, Error, Result};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::Known;
use crate::model::{Choices, Conflict, CustomerId, LifeEvent, LifeEventId, LifeEventKind, Side};
use crate::references::{OnMerge, References};

/// The fields of the record itself.
const FIELDS: [&str; 9] = [
    "name",
    "brand",
    "region",
    "segment",
    "since",
    "organisation",
    "referred_by",
    "branch",
    "owner",
];

/// What happens once in a life: of two that differ, one is right.
const ONCE: [LifeEventKind; 2] = [LifeEventKind::Birthday, LifeEventKind::Founding];

/// What the survivor's record becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Fields {
    /// All that is known of the survivor then.
    pub after: Known,
    /// The fields of which both have a value, and not the same.
    pub conflicts: Vec<Conflict>,
    /// The fields of which only the merged customer has a value.
    pub filled: Vec<String>,
}

/// Decides on the fields of the record: the survivor's where it has one, unless the other's was chosen; else
/// the other's. Neither can be its own organisation, nor have brought itself.
pub fn fields(
    (survivor_id, survivor): (CustomerId, &Known),
    (merged_id, merged): (CustomerId, &Known),
    choices: &Choices,
) -> Fields {
    let mut decided = Decider {
        choices,
        conflicts: Vec::new(),
        filled: Vec::new(),
    };
    let other = |id: Option<CustomerId>| id.filter(|id| *id != survivor_id && *id != merged_id);
    let day = |known: &Known| known.since.map(Day);
    let after = Known {
        kind: survivor.kind,
        name: decided.field("name", survivor.name.clone(), merged.name.clone()),
        brand: decided.field("brand", survivor.brand.clone(), merged.brand.clone()),
        region: decided.field("region", survivor.region.clone(), merged.region.clone()),
        segment: decided.field("segment", survivor.segment.clone(), merged.segment.clone()),
        since: decided
            .field("since", day(survivor), day(merged))
            .map(|day| day.0),
        organisation: decided.field(
            "organisation",
            other(survivor.organisation),
            other(merged.organisation),
        ),
        referred_by: decided.field(
            "referred_by",
            other(survivor.referred_by),
            other(merged.referred_by),
        ),
        branch: decided.field("branch", survivor.branch, merged.branch),
        owner: decided.field("owner", survivor.owner, merged.owner),
    };
    Fields {
        after,
        conflicts: decided.conflicts,
        filled: decided.filled,
    }
}

struct Decider<'a> {
    choices: &'a Choices,
    conflicts: Vec<Conflict>,
    filled: Vec<String>,
}

impl Decider<'_> {
    fn field<T: PartialEq + Serialize>(
        &mut self,
        name: &str,
        survivors: Option<T>,
        mergeds: Option<T>,
    ) -> Option<T> {
        match (survivors, mergeds) {
            (Some(one), Some(other)) if one != other => {
                self.conflicts.push(Conflict {
                    field: name.to_owned(),
                    survivor: value(&one),
                    merged: value(&other),
                });
                Some(match chosen(self.choices, name) {
                    Side::Survivor => one,
                    Side::Merged => other,
                })
            }
            (None, Some(other)) => {
                self.filled.push(name.to_owned());
                Some(other)
            }
            (one, _) => one,
        }
    }
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

fn chosen(choices: &Choices, field: &str) -> Side {
    choices.get(field).copied().unwrap_or(Side::Survivor)
}

/// Whether every choice is on something that can be chosen. Error: `field_unknown` at the choice.
pub fn check_choices(choices: &Choices, references: &References) -> Result<()> {
    let is_known = |field: &str| {
        FIELDS.contains(&field)
            || ONCE.iter().any(|kind| kind.name() == field)
            || references.all().iter().any(|reference| match reference.on_merge {
                OnMerge::MoveByKey(keyed) => keyed
                    .value
                    .is_some_and(|value| value.is_named(field, keyed.key.is_some())),
                _ => false,
            })
    };
    match choices.keys().find(|field| !is_known(field)) {
        None => Ok(()),
        Some(field) => {
            let message = "there is no such field to be chosen; the preview names those there are";
            Err(Error::invalid("field_unknown", message).at(&format!("fields.{field}")))
        }
    }
}

/// What becomes of days of life.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Days {
    /// Of the merged customer: they do not become the survivor's.
    pub stay: Vec<LifeEventId>,
    /// Of the survivor: the merged customer keeps them.
    pub parked: Vec<LifeEventId>,
}

/// Decides on the days of two lives. What both remember is remembered once; of what happens once, one side's
/// is kept.
pub fn days(
    survivors: &[LifeEvent],
    mergeds: &[LifeEvent],
    choices: &Choices,
    conflicts: &mut Vec<Conflict>,
) -> Days {
    let (same, others): (Vec<&LifeEvent>, Vec<&LifeEvent>) = mergeds
        .iter()
        .partition(|day| survivors.iter().any(|known| known.facts == day.facts));
    let mut decided = Days {
        stay: same.iter().map(|day| day.id).collect(),
        parked: Vec::new(),
    };
    for kind in ONCE {
        let one: Vec<&LifeEvent> = survivors.iter().filter(|day| day.facts.kind == kind).collect();
        let other: Vec<&LifeEvent> = others
            .iter()
            .copied()
            .filter(|day| day.facts.kind == kind)
            .collect();
        if one.is_empty() || other.is_empty() {
            continue;
        }
        let facts = |days: &[&LifeEvent]| value(&days.iter().map(|day| &day.facts).collect::<Vec<_>>());
        conflicts.push(Conflict {
            field: kind.name().to_owned(),
            survivor: facts(&one),
            merged: facts(&other),
        });
        match chosen(choices, kind.name()) {
            Side::Survivor => decided.stay.extend(other.iter().map(|day| day.id)),
            Side::Merged => decided.parked.extend(one.iter().map(|day| day.id)),
        }
    }
    decided
}

/// What becomes of rows of which a customer has one for each key: those that become the survivor's, and those
/// of the survivor that the merged customer keeps.
pub fn keys(
    survivors: &BTreeMap<String, Value>,
    mergeds: &BTreeMap<String, Value>,
    name: impl Fn(&str) -> Option<String>,
    choices: &Choices,
    conflicts: &mut Vec<Conflict>,
) -> (Vec<String>, Vec<String>) {
    let (mut moved, mut parked) = (Vec::new(), Vec::new());
    for (key, other) in mergeds {
        match (survivors.get(key), name(key)) {
            (None, _) => moved.push(key.clone()),
            (Some(one), Some(field)) if one != other => {
                if chosen(choices, &field) == Side::Merged {
                    moved.push(key.clone());
                    parked.push(key.clone());
                }
                conflicts.push(Conflict {
                    field,
                    survivor: one.clone(),
                    merged: other.clone(),
                });
            }
            // The same on both sides: the survivor's stays.
            _ => {}
        }
    }
    (moved, parked)
}

/// The fields that became others: before and after.
pub fn changed_fields(before: &Known, after: &Known) -> BTreeMap<String, (Value, Value)> {
    let (before, after) = (before.said(), after.said());
    FIELDS
        .into_iter()
        .filter(|field| before[*field] != after[*field])
        .map(|field| (field.to_owned(), (before[field].clone(), after[field].clone())))
        .collect()
}

/// What the survivor's record becomes when a merge is undone: what it was before, but for the fields that
/// someone has said anew since.
///
/// Errors: a record that does not fit, which is our fault.
pub fn restored(now: &Known, changed: &BTreeMap<String, (Value, Value)>) -> Result<Known> {
    let said = now.said();
    let mut known = now.clone();
    for (field, (before, after)) in changed {
        if said[field.as_str()] != *after {
            continue;
        }
        match field.as_str() {
            "name" => known.name = read(before)?,
            "brand" => known.brand = read(before)?,
            "region" => known.region = read(before)?,
            "segment" => known.segment = read(before)?,
            "since" => known.since = read::<Option<Day>>(before)?.map(|day| day.0),
            "organisation" => known.organisation = read(before)?,
            "referred_by" => known.referred_by = read(before)?,
            "branch" => known.branch = read(before)?,
            "owner" => known.owner = read(before)?,
            other => {
                return Err(Error::internal(format!(
                    "a merge changed {other}, which is no field"
                )));
            }
        }
    }
    Ok(known)
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T> {
    serde_json::from_value(value.clone()).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::access::{BranchId, UserId};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn id(n: u128) -> CustomerId {
        Uuid::from_u128(n).into()
    }

    fn known() -> impl Strategy<Value = Known> {
        let word = || proptest::option::of(proptest::sample::select(vec!["a", "b"]));
        // 1 and 2 are those who are merged.
        let other = || proptest::option::of(1..5_u128);
        let keeper = || proptest::option::of((1..4_u128).prop_map(Uuid::from_u128));
        let keepers = (keeper(), keeper());
        (
            word(),
            word(),
            proptest::option::of(0..2_i32),
            other(),
            other(),
            keepers,
        )
            .prop_map(
                |(name, region, since, organisation, referred_by, (branch, owner))| Known {
                    name: name.map(str::to_owned),
                    region: region.map(str::to_owned),
                    since,
                    organisation: organisation.map(id),
                    referred_by: referred_by.map(id),
                    branch: branch.map(BranchId::from),
                    owner: owner.map(UserId::from),
                    ..Known::nothing()
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_restored_is_what_was(one in known(), other in known(), merged in any::<bool>()) {
            let side = if merged { Side::Merged } else { Side::Survivor };
            let choices: Choices = FIELDS.into_iter().map(|field| (field.to_owned(), side)).collect();
            let fields = fields((id(1), &one), (id(2), &other), &choices);
            let after = fields.after;
            for refers in [after.organisation, after.referred_by] {
                prop_assert!(refers != Some(id(1)) && refers != Some(id(2)));
            }
            let (first, second) = if merged { (&other, &one) } else { (&one, &other) };
            prop_assert_eq!(&after.name, first.name.as_ref().map_or(&second.name, |_| &first.name));
            let changed = changed_fields(&one, &after);
            prop_assert_eq!(restored(&after, &changed).unwrap(), one);
            // What someone has said since stays.
            let said = Known { region: Some("c".to_owned()), ..after.clone() };
            let kept = restored(&said, &changed).unwrap();
            prop_assert_eq!(kept.region.as_deref(), Some("c"));
        }
    }

    #[test]
    fn what_both_remember_is_remembered_once_and_what_happens_once_is_decided() {
        let event = |n: u128, kind, month| LifeEvent {
            id: Uuid::from_u128(n).into(),
            facts: crate::model::LifeEventFacts {
                kind,
                label: None,
                calendar: crate::model::LifeCalendar::Solar,
                year: None,
                month,
                day: 1,
                leap_month: false,
            },
            version: 1,
        };
        let one = [
            event(1, LifeEventKind::Birthday, 3),
            event(2, LifeEventKind::Wedding, 5),
        ];
        let other = [
            event(3, LifeEventKind::Birthday, 4),
            event(4, LifeEventKind::Wedding, 5),
            event(5, LifeEventKind::Wedding, 6),
        ];
        let mut conflicts = Vec::new();
        let kept = days(&one, &other, &Choices::new(), &mut conflicts);
        let ids = |days: &[LifeEventId]| days.iter().map(|id| id.uuid().as_u128()).collect::<Vec<_>>();
        assert_eq!((ids(&kept.stay), ids(&kept.parked)), (vec![4, 3], vec![]));
        assert_eq!(conflicts.len(), 1);
        let choices = Choices::from([("birthday".to_owned(), Side::Merged)]);
        let taken = days(&one, &other, &choices, &mut conflicts);
        assert_eq!((ids(&taken.stay), ids(&taken.parked)), (vec![4], vec![1]));
    }
}
