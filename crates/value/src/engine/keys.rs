//! Gives every customer of a ledger a dense number, in the order of first appearance, and sorts
//! them by their own key at the end, so that nothing depends on the order of the lines.

use std::sync::Arc;

use base::{Error, Result};
use datafusion::arrow::array::{ArrayRef, Int64Array, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// The customers seen so far.
pub(crate) enum Keys {
    Integers(IntegerKeys),
    Texts(TextKeys),
}

impl Keys {
    /// The Arrow type of a customer id in every file of the run.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Integers(_) => DataType::Int64,
            Self::Texts(_) => DataType::Utf8,
        }
    }

    /// The numbers of all customers, ordered by key: integers by value, text by bytes.
    pub(crate) fn in_order(&self) -> Vec<u32> {
        match self {
            Self::Integers(keys) => {
                let mut order: Vec<(i64, u32)> = (0..).zip(&keys.keys).map(|(i, &key)| (key, i)).collect();
                order.sort_unstable();
                order.into_iter().map(|(_, i)| i).collect()
            }
            Self::Texts(keys) => {
                // Comparing the first eight bytes as one number settles most pairs.
                let mut order: Vec<(u64, u32)> = (0..keys.ends.len() as u32)
                    .map(|i| (leading_bytes(keys.get(i)), i))
                    .collect();
                order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| keys.get(a.1).cmp(keys.get(b.1))));
                order.into_iter().map(|(_, i)| i).collect()
            }
        }
    }

    /// The ids of these customers as a column.
    pub(crate) fn column(&self, numbers: &[u32]) -> ArrayRef {
        match self {
            Self::Integers(keys) => Arc::new(Int64Array::from_iter_values(
                numbers.iter().map(|&i| keys.keys[i as usize]),
            )),
            Self::Texts(keys) => {
                let mut column = StringBuilder::with_capacity(numbers.len(), numbers.len() * 12);
                for &i in numbers {
                    column.append_value(String::from_utf8_lossy(keys.get(i)));
                }
                Arc::new(column.finish())
            }
        }
    }
}

/// Customers whose id is a whole number.
#[derive(Default)]
pub(crate) struct IntegerKeys {
    /// The numbers of the small keys, by key: ids are mostly given in sequence, and a look into a
    /// list that stays in the cache costs a fraction of a look into a hash table.
    small: Vec<u32>,
    /// All others.
    table: HashTable<(i64, u32)>,
    keys: Vec<i64>,
}

/// Stands for a key without a number; no customer has it, see [`next_number`].
const UNNUMBERED: u32 = u32::MAX;
/// The list of small keys has at most so many places per customer.
const PLACES_PER_CUSTOMER: usize = 4;
const PLACES_MIN: usize = 1 << 16;

impl IntegerKeys {
    /// The number of a customer. Errors: more customers than can be numbered.
    pub(crate) fn number(&mut self, key: i64) -> Result<u32> {
        let place = usize::try_from(key).unwrap_or(usize::MAX);
        match self.small.get(place) {
            Some(&number) if number != UNNUMBERED => Ok(number),
            _ => self.number_apart(key, place),
        }
    }

    /// The numbers of many keys. Those in the list are looked up one after the other with nothing in
    /// between, so that the machine fetches many places at once.
    pub(crate) fn numbers(&mut self, keys: &[i64]) -> Result<Vec<u32>> {
        let place = |key: i64| usize::try_from(key).unwrap_or(usize::MAX);
        let known = |&key: &i64| self.small.get(place(key)).copied().unwrap_or(UNNUMBERED);
        let mut numbers: Vec<u32> = keys.iter().map(known).collect();
        for (number, &key) in numbers.iter_mut().zip(keys) {
            if *number == UNNUMBERED {
                *number = self.number(key)?;
            }
        }
        Ok(numbers)
    }

    /// As [`IntegerKeys::number`], of a key without a place that is filled.
    fn number_apart(&mut self, key: i64, place: usize) -> Result<u32> {
        let free = match self.table.entry(
            hash_integer(key),
            |held| held.0 == key,
            |held| hash_integer(held.0),
        ) {
            // It may have come before the list was long enough for it.
            Entry::Occupied(held) => return Ok(held.get().1),
            Entry::Vacant(free) => free,
        };
        let number = next_number(self.keys.len())?;
        self.keys.push(key);
        if place < PLACES_MIN.max(PLACES_PER_CUSTOMER * self.keys.len()) {
            if place >= self.small.len() {
                self.small.resize((place + 1).next_power_of_two(), UNNUMBERED);
            }
            self.small[place] = number;
        } else {
            free.insert((key, number));
        }
        Ok(number)
    }
}

/// Customers (or lines) whose id is text, valid UTF-8.
#[derive(Default)]
pub(crate) struct TextKeys {
    table: HashTable<(u64, u32)>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl TextKeys {
    /// The number of a key, and whether it is seen for the first time.
    pub(crate) fn number(&mut self, key: &[u8]) -> Result<(u32, bool)> {
        let hash = hash_bytes(key);
        let (bytes, ends) = (&self.bytes, &self.ends);
        let same = |held: &(u64, u32)| held.0 == hash && slice(bytes, ends, held.1) == key;
        match self.table.entry(hash, same, |held| held.0) {
            Entry::Occupied(held) => Ok((held.get().1, false)),
            Entry::Vacant(free) => {
                let number = next_number(ends.len())?;
                free.insert((hash, number));
                self.bytes.extend_from_slice(key);
                self.ends.push(self.bytes.len());
                Ok((number, true))
            }
        }
    }

    /// The number of a key that was seen.
    pub(crate) fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = hash_bytes(key);
        self.table
            .find(hash, |held| held.0 == hash && self.get(held.1) == key)
            .map(|held| held.1)
    }

    fn get(&self, number: u32) -> &[u8] {
        slice(&self.bytes, &self.ends, number)
    }
}

fn slice<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let i = number as usize;
    let start = if i == 0 { 0 } else { ends[i - 1] };
    &bytes[start..ends[i]]
}

fn next_number(count: usize) -> Result<u32> {
    u32::try_from(count)
        .ok()
        .filter(|&number| number != UNNUMBERED)
        .ok_or_else(|| Error::invalid("too_many_customers", "more than 4,294,967,294 customers"))
}

fn leading_bytes(key: &[u8]) -> u64 {
    let mut first = [0; 8];
    let length = key.len().min(8);
    first[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(first)
}

/// One multiplication of 64 × 64 → 128 bits, its halves folded: mixes well enough for a table
/// whose only enemy is regular numbering.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
const MIX_LAST: u64 = 0xd1b5_4a32_d192_ed03;

fn hash_integer(key: i64) -> u64 {
    fold(key as u64 ^ MIX_LAST, MIX)
}

fn hash_bytes(key: &[u8]) -> u64 {
    let mut hash = key.len() as u64 ^ MIX_LAST;
    let mut chunks = key.chunks_exact(8);
    for chunk in &mut chunks {
        hash = fold(hash ^ leading_bytes(chunk), MIX);
    }
    fold(hash ^ leading_bytes(chunks.remainder()), MIX_LAST ^ MIX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::AsArray;
    use datafusion::arrow::datatypes::Int64Type;

    proptest::proptest! {
        #[test]
        fn text_keys_are_numbered_once_and_sorted_by_bytes(keys in proptest::collection::vec("[a-c]{0,12}", 0..200)) {
            let mut table = TextKeys::default();
            for key in &keys {
                let known = table.find(key.as_bytes());
                let (number, new) = table.number(key.as_bytes()).unwrap();
                proptest::prop_assert_eq!(known, (!new).then_some(number));
            }
            let sorted: Vec<&String> = keys.iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
            let table = Keys::Texts(table);
            let column = table.column(&table.in_order());
            let column: Vec<&str> = column.as_string::<i32>().iter().flatten().collect();
            proptest::prop_assert_eq!(column, sorted);
        }

        #[test]
        fn integer_keys_are_numbered_once_and_sorted_by_value(
            keys in proptest::collection::vec(proptest::prop_oneof![-50_i64..50, 65_000_i64..70_000, proptest::num::i64::ANY], 0..200),
        ) {
            let mut table = IntegerKeys::default();
            let mut known = std::collections::HashMap::new();
            let together = IntegerKeys::default().numbers(&keys).unwrap();
            for &key in &keys {
                let next = known.len() as u32;
                proptest::prop_assert_eq!(table.number(key).unwrap(), *known.entry(key).or_insert(next));
            }
            let one_by_one: Vec<u32> = keys.iter().map(|key| known[key]).collect();
            proptest::prop_assert_eq!(together, one_by_one);
            let sorted: Vec<i64> = keys.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
            let table = Keys::Integers(table);
            let column = table.column(&table.in_order());
            proptest::prop_assert_eq!(column.as_primitive::<Int64Type>().values().to_vec(), sorted);
        }
    }
}
