//! Which columns of the database refer to customers, and what becomes of them when two customers are merged.
//! Every room lists its own; the server puts the lists together. Holds no SQL and decides nothing: a column
//! that nobody lists fails a test over the whole schema.

use std::sync::Arc;

/// A column that refers to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The table.
    pub table: &'static str,
    /// The column. A foreign key of it is `DEFERRABLE INITIALLY DEFERRED`.
    pub column: &'static str,
    /// What becomes of its rows.
    pub on_merge: OnMerge,
}

impl Reference {
    /// Its name: `table.column`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }
}

/// What becomes of the rows that refer to a customer who is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnMerge {
    /// They refer to the survivor from then on. The table has a column `id` of UUIDs.
    Move,
    /// A customer has one row for each key. What the survivor has none of moves; where both have one, one of
    /// the two is the survivor's, and the merged customer keeps the other for an undoing.
    MoveByKey(Keyed),
    /// They stay with the customer they were said of, and are read as the survivor's: see
    /// [`crate::store::as_one`].
    ReadTogether,
    /// They name whom they were said of, and stay as they are.
    Stay,
    /// They stay until the next job of this name makes them anew, which takes both for one.
    MadeAnewBy(&'static str),
    /// They follow from the customer's name and are written with it.
    FollowName,
}

/// Rows of which a customer has one for each key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyed {
    /// The column of the key, a text; none where a customer has one row at all.
    pub key: Option<&'static str>,
    /// What two rows may differ in; none where a row is no more than its key.
    pub value: Option<KeyedValue>,
}

/// What rows of the same key may differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyedValue {
    /// The column, of JSON.
    pub column: &'static str,
    /// What whoever merges calls it; followed by a dot and the key, where there is one.
    pub field: &'static str,
}

impl KeyedValue {
    /// What whoever merges calls the value of this key.
    pub fn name(&self, key: &str) -> String {
        if key.is_empty() {
            self.field.to_owned()
        } else {
            format!("{}.{key}", self.field)
        }
    }

    /// Whether this is what the value of some key is called.
    pub fn is_named(&self, field: &str, has_keys: bool) -> bool {
        match field.strip_prefix(self.field) {
            Some("") => !has_keys,
            Some(rest) => has_keys && rest.len() > 1 && rest.starts_with('.'),
            None => false,
        }
    }
}

/// The references of all rooms. Cheap to clone.
#[derive(Debug, Clone)]
pub struct References(Arc<[Reference]>);

impl Default for References {
    /// Those of this room.
    fn default() -> Self {
        Self(OWN.into())
    }
}

impl References {
    /// Adds those of a room.
    #[must_use]
    pub fn with(self, room: &[Reference]) -> Self {
        Self(self.0.iter().chain(room).copied().collect())
    }

    /// All of them.
    pub fn all(&self) -> &[Reference] {
        &self.0
    }

    /// The jobs that make something anew and take both customers for one only then.
    pub fn made_anew_by(&self) -> Vec<&'static str> {
        let mut jobs: Vec<_> = self
            .all()
            .iter()
            .filter_map(|reference| match reference.on_merge {
                OnMerge::MadeAnewBy(job) => Some(job),
                _ => None,
            })
            .collect();
        jobs.sort_unstable();
        jobs.dedup();
        jobs
    }
}

const fn reference(table: &'static str, column: &'static str, on_merge: OnMerge) -> Reference {
    Reference {
        table,
        column,
        on_merge,
    }
}

/// Which days of a customer's life are the same on both sides is decided one by one.
pub(crate) const LIFE_EVENTS: Reference = reference("life_events", "customer_id", OnMerge::Move);

/// Those of this room, and of the event log, which knows of no customers.
const OWN: &[Reference] = &[
    reference("customers", "organisation_id", OnMerge::Move),
    reference("customers", "referred_by", OnMerge::Move),
    reference("customers", "merged_into", OnMerge::Move),
    reference("subscriptions", "customer_id", OnMerge::Move),
    reference("contacts", "organisation_id", OnMerge::Move),
    reference("contacts", "customer_id", OnMerge::Move),
    reference("identities", "customer_id", OnMerge::Move),
    LIFE_EVENTS,
    reference("notes", "customer_id", OnMerge::Move),
    reference("attachments", "customer_id", OnMerge::Move),
    reference("consents", "customer_id", OnMerge::Move),
    reference(
        "customer_tags",
        "customer_id",
        OnMerge::MoveByKey(Keyed {
            key: Some("tag"),
            value: None,
        }),
    ),
    reference(
        "custom_values",
        "customer_id",
        OnMerge::MoveByKey(Keyed {
            key: Some("field"),
            value: Some(KeyedValue {
                column: "value",
                field: "custom",
            }),
        }),
    ),
    reference(
        "contact_preferences",
        "customer_id",
        OnMerge::MoveByKey(Keyed {
            key: None,
            value: Some(KeyedValue {
                column: "preferences",
                field: "preferences",
            }),
        }),
    ),
    reference("search_keys", "customer_id", OnMerge::FollowName),
    reference("customer_group_changes", "customer_id", OnMerge::Stay),
    reference("events", "customer_id", OnMerge::ReadTogether),
    reference("customer_merges", "survivor_id", OnMerge::Stay),
    reference("customer_merges", "merged_id", OnMerge::Stay),
    reference("duplicates", "customer_a", OnMerge::Stay),
    reference("duplicates", "customer_b", OnMerge::Stay),
    reference("erased_external_ids", "customer_id", OnMerge::Stay),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_called_by_its_key() {
        let custom = KeyedValue {
            column: "value",
            field: "custom",
        };
        assert_eq!(custom.name("size"), "custom.size");
        assert!(custom.is_named("custom.size", true));
        for no in ["custom", "custom.", "customs.size", "size"] {
            assert!(!custom.is_named(no, true), "{no}");
        }
        assert_eq!(custom.name(""), "custom");
        assert!(custom.is_named("custom", false) && !custom.is_named("custom.size", false));
    }

    #[test]
    fn every_column_is_listed_once() {
        let mut names: Vec<_> = References::default().all().iter().map(Reference::name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
