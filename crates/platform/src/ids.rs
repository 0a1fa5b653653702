//! Ids: UUIDv7, so that newer things sort after older ones and inserts stay at an index's end. The twelve bits after the
//! milliseconds are their fraction (RFC 9562, section 6.2, method 3), so that things of one millisecond sort too.

use uuid::{Builder, Uuid};

use crate::clock::Clock;
use crate::random;

/// A new id of any type that is a UUID: `let id: CustomerId = ids::new(&clock);`.
pub fn new<T: From<Uuid>>(clock: &Clock) -> T {
    let micros = u64::try_from(clock.now().as_microsecond()).unwrap_or(0);
    let mut rest: [u8; 10] = random::bytes();
    let fraction = (micros % 1_000 * 4_096 / 1_000).to_be_bytes();
    rest[..2].copy_from_slice(&fraction[6..]);
    T::from(Builder::from_unix_timestamp_millis(micros / 1_000, &rest).into_uuid())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn ids_sort_by_the_microsecond_and_differ_within_one() {
        let at = |micros: i64| new::<Uuid>(&Clock::fixed(Timestamp::from_microsecond(micros).unwrap()));
        let times = [
            1,
            2,
            999,
            1_000,
            1_001,
            1_999,
            1_796_000_000_000_000,
            1_796_000_000_000_001,
        ];
        let ids: Vec<Uuid> = times.map(at).into();
        assert!(ids.is_sorted(), "{ids:?}");
        assert_ne!(at(5), at(5));
        assert_eq!(ids[0].get_version_num(), 7);
    }
}
