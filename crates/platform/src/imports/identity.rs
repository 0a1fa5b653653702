//! Which rows of a file are the same row. Pure.
//!
//! A row without an external id gets one from its content and its number among the rows of the file with
//! that content, so that the same file imported again, or a longer one that begins the same way, changes
//! nothing twice, and two purchases that look alike both count.

use std::collections::HashMap;
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

/// The keys of all rows of a file: eight bytes a row while it is checked, afterwards only the repeated
/// ones are held.
#[derive(Debug, Default)]
pub(super) struct Keys {
    own: Vec<u64>,
    derived: Vec<u64>,
}

/// The keys that more than one row has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Repeated {
    keys: HashMap<u64, u32>,
    /// Rows whose own external id an earlier row has too.
    pub(super) rows: u64,
}

impl Keys {
    /// Adds a row.
    pub(super) fn add(&mut self, row: &ImportRow, identity: &Identity) {
        match row.text(identity.field) {
            Some(external_id) => self.own.push(short_hash(external_id.as_bytes())),
            None => self
                .derived
                .push(short_hash(&content(row, identity.derived_from))),
        }
    }

    /// Which of them are repeated.
    pub(super) fn repeated(mut self) -> Repeated {
        let mut repeated = Repeated::default();
        for keys in [&mut self.own, &mut self.derived] {
            keys.sort_unstable();
        }
        repeated.rows = self.own.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
        let pairs = self.own.windows(2).chain(self.derived.windows(2));
        repeated.keys = pairs
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| (pair[0], 0))
            .collect();
        repeated
    }
}

/// Numbers rows of the same content as the file is read from its beginning.
#[derive(Debug)]
pub(super) struct Numbering(HashMap<u64, u32>);

impl Numbering {
    /// Begins a file in which these keys occur more than once.
    pub(super) fn new(repeated: Repeated) -> Self {
        Self(repeated.keys)
    }

    /// Puts the derived external id into a row that has none; says whether an earlier row of the file
    /// has the external id that this row has of its own.
    pub(super) fn number(&mut self, row: &mut ImportRow, identity: &Identity) -> bool {
        match row.text(identity.field) {
            Some(external_id) => self.next(short_hash(external_id.as_bytes())) > 0,
            None => {
                let content = content(row, identity.derived_from);
                let number = self.next(short_hash(&content));
                if let Some(value) = row.values.get_mut(identity.field) {
                    *value = FieldValue::Text(format!("row-{}-{number}", stem(&content)));
                }
                false
            }
        }
    }

    fn next(&mut self, key: u64) -> u32 {
        self.0.get_mut(&key).map_or(0, |count| {
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
