//! Answers in memory, within bounds: what was not asked for longest goes first. Each server has its own.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::model::{PanelId, PanelValue, ShownField};

/// So many answers are kept.
const ANSWERS_MAX: usize = 20_000;
/// So much memory they may take, by and large.
const BYTES_MAX: usize = 32 << 20;
/// What an answer takes besides its texts.
const ANSWER_BYTES: usize = 400;

/// Which answer: of this panel as it was decided, to a call of this address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) panel: PanelId,
    pub(super) version: i64,
    pub(super) url: String,
}

/// An answer as it is shown.
#[derive(Debug)]
pub(super) struct Kept {
    /// When the system gave it.
    pub(super) at: Timestamp,
    /// What is shown; none where the system does not know the customer.
    pub(super) fields: Option<Vec<ShownField>>,
}

impl Kept {
    fn bytes(&self) -> usize {
        let of_field = |field: &ShownField| {
            let value = match &field.value {
                Some(PanelValue::Text(text)) => text.len(),
                _ => 0,
            };
            field.zh.len() + field.en.len() + value + size_of::<ShownField>()
        };
        self.fields.iter().flatten().map(of_field).sum()
    }
}

struct Slot {
    kept: Arc<Kept>,
    /// Its turn to go.
    turn: u64,
    bytes: usize,
}

/// The answers.
#[derive(Default)]
pub(super) struct Cache {
    slots: HashMap<Arc<Key>, Slot>,
    turns: BTreeMap<u64, Arc<Key>>,
    next: u64,
    bytes: usize,
}

impl Cache {
    /// An answer, if it is still there.
    pub(super) fn get(&mut self, key: &Key) -> Option<Arc<Kept>> {
        let slot = self.slots.get_mut(key)?;
        let key = self.turns.remove(&slot.turn)?;
        slot.turn = self.next;
        self.turns.insert(self.next, key);
        self.next += 1;
        Some(Arc::clone(&slot.kept))
    }

    /// Keeps an answer in the place of the one before.
    pub(super) fn put(&mut self, key: Key, kept: Arc<Kept>) {
        self.remove(&key);
        let bytes = ANSWER_BYTES + key.url.len() + kept.bytes();
        let (key, turn) = (Arc::new(key), self.next);
        self.next += 1;
        self.bytes += bytes;
        self.turns.insert(turn, Arc::clone(&key));
        self.slots.insert(key, Slot { kept, turn, bytes });
        while self.slots.len() > ANSWERS_MAX || self.bytes > BYTES_MAX {
            let Some((_, oldest)) = self.turns.pop_first() else {
                break;
            };
            if let Some(slot) = self.slots.remove(&oldest) {
                self.bytes -= slot.bytes;
            }
        }
    }

    /// Forgets an answer.
    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(slot) = self.slots.remove(key) {
            self.turns.remove(&slot.turn);
            self.bytes -= slot.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::model::PanelFieldKind;

    fn key(n: usize) -> Key {
        Key {
            panel: uuid::Uuid::nil().into(),
            version: 1,
            url: n.to_string(),
        }
    }

    fn kept(chars: usize) -> Arc<Kept> {
        let field = ShownField {
            zh: String::new(),
            en: String::new(),
            kind: PanelFieldKind::Text,
            value: Some(PanelValue::Text("x".repeat(chars))),
            problem: None,
        };
        Arc::new(Kept {
            at: Timestamp::UNIX_EPOCH,
            fields: Some(vec![field]),
        })
    }

    #[test]
    fn what_was_not_asked_for_longest_goes_first() {
        let mut cache = Cache::default();
        for n in 0..ANSWERS_MAX {
            cache.put(key(n), kept(1));
        }
        assert!(cache.get(&key(0)).is_some());
        cache.put(key(ANSWERS_MAX), kept(1));
        assert!(cache.get(&key(1)).is_none());
        assert!(cache.get(&key(0)).is_some());
        assert_eq!((cache.slots.len(), cache.turns.len()), (ANSWERS_MAX, ANSWERS_MAX));
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        let mut cache = Cache::default();
        for n in 0..100 {
            cache.put(key(n), kept(1 << 20));
            cache.put(key(n), kept(1 << 20));
            assert!(cache.bytes <= BYTES_MAX);
        }
        assert!((20..=32).contains(&cache.slots.len()), "{}", cache.slots.len());
        for n in 0..100 {
            cache.remove(&key(n));
        }
        assert_eq!((cache.bytes, cache.turns.len()), (0, 0));
    }
}
