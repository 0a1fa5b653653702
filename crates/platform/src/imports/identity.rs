//! Which rows of a file are the same row. Pure.
//!
//! A row without an external id gets one from its content and its number among the rows of the file with
//! that content, so that the same file imported again, or a longer one that begins the same way, changes
//! nothing twice, and two purchases that look alike both count.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};

use sha2::{Digest as _, Sha256};

use super::fields::FieldValue;
use super::kind::{Identity, ImportRow};

/// 64 bits that are equal for equal bytes (and, once in 10^19 pairs, for others): enough to find what may
/// be the same within one reading of a file; never stored.
pub(super) fn short_hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// The content of a row as the hash sees it: each value with its kind and length, so that no two
/// different rows have the same bytes.
fn content(row: &ImportRow, of: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(96);
    for &field in of {
        match row.values.get(field).unwrap_or(&FieldValue::Empty) {
            FieldValue::Empty => bytes.push(0),
            FieldValue::Text(text) => {
                bytes.push(1);
                bytes.extend((text.len() as u64).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            FieldValue::Day(day) => {
                bytes.push(2);
                bytes.extend(day.0.to_le_bytes());
            }
            FieldValue::Time(at) => {
                bytes.push(3);
                bytes.extend(at.as_microsecond().to_le_bytes());
            }
            FieldValue::Amount(minor) => {
                bytes.push(4);
                bytes.extend(minor.to_le_bytes());
            }
            FieldValue::Choice(word) => {
                bytes.push(5);
                bytes.extend((word.len() as u64).to_le_bytes());
                bytes.extend(word.as_bytes());
            }
        }
    }
    bytes
}

/// The stem of the external id of a row that has none of its own: 128 bits of SHA-256.
fn stem(content: &[u8]) -> String {
    let mut hex = String::with_capacity(32);
    for byte in Sha256::digest(content).iter().take(16) {
        let _cannot_fail = write!(hex, "{byte:02x}");
    }
    hex
}

/// The keys of all rows of a file: eight or sixteen bytes a row while it is checked, afterwards only the
/// repeated ones are held.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The external id and the whole content of each row that has an id of its own, in the file's order.
    own: Vec<(u64, u64)>,
    derived: Vec<u64>,
}

/// The keys that more than one row has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Repeated {
    /// External ids, with the content of the first row that has each.
    own: HashMap<u64, u64>,
    derived: HashMap<u64, u32>,
    /// Rows whose own external id an earlier row has too.
    pub(super) rows: u64,
    /// Those of them that say something else than the first row with that id.
    pub(super) differing: u64,
}

/// What a row is to the rows before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// The first with its external id.
    First,
    /// It says again what the first row with its external id says.
    Same,
    /// It has the external id of an earlier row and says something else.
    Differs,
}

/// The whole content of a row, as [`short_hash`].
fn content_hash(row: &ImportRow) -> u64 {
    let all: Vec<usize> = (0..row.values.len()).collect();
    short_hash(&content(row, &all))
}

impl Keys {
    /// Adds a row.
    pub(super) fn add(&mut self, row: &ImportRow, identity: &Identity) {
        match row.text(identity.field) {
            Some(external_id) => self
                .own
                .push((short_hash(external_id.as_bytes()), content_hash(row))),
            None => self
                .derived
                .push(short_hash(&content(row, identity.derived_from))),
        }
    }

    /// Which of them are repeated.
    pub(super) fn repeated(mut self) -> Repeated {
        let mut repeated = Repeated::default();
        // Stable: the first row of the file stays the first of its id.
        self.own.sort_by_key(|(key, _)| *key);
        for same_id in self.own.chunk_by(|a, b| a.0 == b.0) {
            if let [(key, first), others @ ..] = same_id
                && !others.is_empty()
            {
                repeated.own.insert(*key, *first);
                repeated.rows += others.len() as u64;
                repeated.differing += others.iter().filter(|(_, content)| content != first).count() as u64;
            }
        }
        self.derived.sort_unstable();
        let pairs = self.derived.windows(2).filter(|pair| pair[0] == pair[1]);
        repeated.derived = pairs.map(|pair| (pair[0], 0)).collect();
        repeated
    }
}

/// Tells rows apart as the file is read from its beginning.
#[derive(Debug)]
pub(super) struct Numbering {
    repeated: Repeated,
    met: HashSet<u64>,
}

impl Numbering {
    /// Begins a file in which these keys occur more than once.
    pub(super) fn new(repeated: Repeated) -> Self {
        Self {
            repeated,
            met: HashSet::new(),
        }
    }

    /// Puts the derived external id into a row that has none; says what the row is to those before it.
    pub(super) fn number(&mut self, row: &mut ImportRow, identity: &Identity) -> Repeat {
        match row.text(identity.field) {
            Some(external_id) => {
                let key = short_hash(external_id.as_bytes());
                match self.repeated.own.get(&key) {
                    Some(_) if self.met.insert(key) => Repeat::First,
                    Some(first) if *first == content_hash(row) => Repeat::Same,
                    Some(_) => Repeat::Differs,
                    None => Repeat::First,
                }
            }
            None => {
                let content = content(row, identity.derived_from);
                let number = self.next(short_hash(&content));
                if let Some(value) = row.values.get_mut(identity.field) {
                    *value = FieldValue::Text(format!("row-{}-{number}", stem(&content)));
                }
                Repeat::First
            }
        }
    }

    fn next(&mut self, key: u64) -> u32 {
        self.repeated.derived.get_mut(&key).map_or(0, |count| {
            let number = *count;
            *count += 1;
            number
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity {
        field: 0,
        derived_from: &[1, 2],
    };

    fn row(external_id: Option<&str>, customer: &str, minor: i64) -> ImportRow {
        ImportRow {
            line: 2,
            values: vec![
                external_id.map_or(FieldValue::Empty, |id| FieldValue::Text(id.to_owned())),
                FieldValue::Text(customer.to_owned()),
                FieldValue::Amount(minor),
            ],
        }
    }

    fn ids(rows: &[ImportRow]) -> Vec<String> {
        let mut keys = Keys::default();
        rows.iter().for_each(|row| keys.add(row, &IDENTITY));
        let mut numbering = Numbering::new(keys.repeated());
        rows.iter()
            .cloned()
            .map(|mut row| {
                numbering.number(&mut row, &IDENTITY);
                row.text(0).unwrap().to_owned()
            })
            .collect()
    }

    #[test]
    fn rows_that_look_alike_are_told_apart_and_a_longer_file_keeps_their_ids() {
        let month = [
            row(None, "C1", 100),
            row(None, "C2", 100),
            row(None, "C1", 100),
            row(Some("T7"), "C1", 100),
        ];
        let ids_of_month = ids(&month);
        assert_ne!(ids_of_month[0], ids_of_month[2]);
        assert!(ids_of_month[0].ends_with("-0") && ids_of_month[2].ends_with("-1"));
        assert_eq!(ids_of_month[3], "T7");
        let year = [&month[..], &[row(None, "C1", 100), row(None, "C1", 101)]].concat();
        let ids_of_year = ids(&year);
        assert_eq!(ids_of_year[..4], ids_of_month[..]);
        assert_eq!(
            ids_of_year.iter().collect::<std::collections::HashSet<_>>().len(),
            6
        );
    }

    #[test]
    fn a_repeated_id_is_told_by_what_its_row_says() {
        let rows = [
            row(Some("T1"), "C1", 100),
            row(Some("T2"), "C1", 100),
            row(Some("T1"), "C1", 200),
            row(Some("T1"), "C1", 100),
            row(None, "C1", 100),
            row(Some("T1"), "C1", 200),
        ];
        let mut keys = Keys::default();
        rows.iter().for_each(|row| keys.add(row, &IDENTITY));
        let repeated = keys.repeated();
        assert_eq!((repeated.rows, repeated.differing), (3, 2));
        let mut numbering = Numbering::new(repeated);
        let told: Vec<_> = rows
            .into_iter()
            .map(|mut row| numbering.number(&mut row, &IDENTITY))
            .collect();
        use Repeat::{Differs, First, Same};
        assert_eq!(told, [First, First, Differs, Same, First, Differs]);
    }

    #[test]
    fn the_derived_id_is_the_same_in_every_version() {
        // Stored ledgers hold these: a change here would double every re-imported file.
        assert_eq!(
            ids(&[row(None, "C1", 100)]),
            ["row-2b83faf7d81fb824595c6a0605545aab-0"]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_two_rows_of_a_file_get_the_same_id(rows in proptest::collection::vec(("[ab]{1,2}", 0_i64..3), 0..60)) {
            let rows: Vec<_> = rows.iter().map(|(customer, minor)| row(None, customer, *minor)).collect();
            let ids = ids(&rows);
            let distinct: std::collections::HashSet<_> = ids.iter().collect();
            proptest::prop_assert_eq!(distinct.len(), ids.len());
        }
    }
}
