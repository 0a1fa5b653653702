//! Ids: UUIDv7, so that newer things sort after older ones and inserts stay at an index's end.

use uuid::{Builder, Uuid};

use crate::clock::Clock;
use crate::random;

/// A new id of any type that is a UUID: `let id: CustomerId = ids::new(&clock);`.
pub fn new<T: From<Uuid>>(clock: &Clock) -> T {
    let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    T::from(Builder::from_unix_timestamp_millis(millis, &random::bytes()).into_uuid())
}
