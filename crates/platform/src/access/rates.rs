//! How often each API key was used lately, in the memory of this process: several servers allow each as
//! much.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::model::ApiKeyId;
use super::rules::Bucket;

/// Keys are forgotten when there are this many: a key that is not used has a full bucket anyway.
const KEYS_MAX: usize = 10_000;

/// The keys' buckets. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct KeyRates(Arc<Mutex<HashMap<ApiKeyId, Bucket>>>);

impl KeyRates {
    /// Counts a call; or says how many seconds to wait.
    pub(super) fn take(&self, key: ApiKeyId, per_minute: i32, now: Timestamp) -> Result<(), u32> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEYS_MAX && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        buckets
            .entry(key)
            .or_insert_with(|| Bucket::full(per_minute, now))
            .take(now)
    }
}
