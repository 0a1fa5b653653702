//! A circuit breaker: a system that does not answer is asked no more for a while, then by one call that tries
//! whether it is back, and rests longer each time it is not. So a dead system costs nothing after a few failures.

use jiff::{SignedDuration, Timestamp};

/// So many failures in a row end the asking.
pub const FAILURES_MAX: u32 = 5;
/// The first rest.
pub const OPEN_MIN: SignedDuration = SignedDuration::from_secs(5);
/// The longest.
pub const OPEN_MAX: SignedDuration = SignedDuration::from_mins(5);
/// A trying call that nothing was heard of for so long is given up, and another may try.
pub const PROBE_MAX: SignedDuration = SignedDuration::from_secs(10);

/// Whether a system is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// It is, after so many failures in a row.
    Closed {
        /// How many.
        failures: u32,
    },
    /// It rests.
    Open {
        /// Since then.
        since: Timestamp,
        /// For so long.
        rest: SignedDuration,
    },
    /// One call is trying whether it is back.
    HalfOpen {
        /// Since then.
        since: Timestamp,
        /// How long it has rested before.
        rest: SignedDuration,
    },
}

/// What a call was let through as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// One of many.
    Ordinary,
    /// The one that tries; begun then.
    Probe(Timestamp),
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

/// Whether so long has passed; also where the clock was set back, which must not make a rest longer.
fn is_over(since: Timestamp, most: SignedDuration, now: Timestamp) -> bool {
    now < since || now.duration_since(since) >= most
}

impl Breaker {
    /// Lets a call through, or not.
    #[must_use]
    pub fn admit(self, now: Timestamp) -> (Self, Option<Admission>) {
        let probe = |rest| (Self::HalfOpen { since: now, rest }, Some(Admission::Probe(now)));
        match self {
            Self::Closed { .. } => (self, Some(Admission::Ordinary)),
            Self::Open { since, rest } if is_over(since, rest, now) => probe(rest),
            Self::HalfOpen { since, rest } if is_over(since, PROBE_MAX, now) => probe(rest),
            Self::Open { .. } | Self::HalfOpen { .. } => (self, None),
        }
    }

    /// What became of a call that was let through. Of calls from before a rest only the trying one counts.
    #[must_use]
    pub fn heard(self, admission: Admission, answered: bool, now: Timestamp) -> Self {
        match (self, admission) {
            (Self::Closed { .. }, _) if answered => Self::default(),
            (Self::Closed { failures }, _) if failures + 1 >= FAILURES_MAX => Self::Open {
                since: now,
                rest: OPEN_MIN,
            },
            (Self::Closed { failures }, _) => Self::Closed {
                failures: failures + 1,
            },
            (Self::HalfOpen { since, .. }, Admission::Probe(begun)) if since == begun && answered => {
                Self::default()
            }
            (Self::HalfOpen { since, rest }, Admission::Probe(begun)) if since == begun => Self::Open {
                since: now,
                rest: (rest * 2).min(OPEN_MAX),
            },
            (resting, _) => resting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + ms).unwrap()
    }

    /// Asks once and hears how it ended, if it was let through.
    fn ask(breaker: Breaker, answered: bool, now: Timestamp) -> (Breaker, bool) {
        match breaker.admit(now) {
            (breaker, Some(admission)) => (breaker.heard(admission, answered, now), true),
            (breaker, None) => (breaker, false),
        }
    }

    #[test]
    fn a_dead_system_rests_longer_and_longer_and_comes_back() {
        let mut breaker = Breaker::default();
        for n in 0..i64::from(FAILURES_MAX) {
            let asked;
            (breaker, asked) = ask(breaker, false, at(n));
            assert!(asked);
        }
        assert!(!ask(breaker, true, at(4_000)).1);
        let (breaker, asked) = ask(breaker, false, at(5_004));
        assert!(asked, "it is tried after 5 s");
        assert!(!ask(breaker, true, at(15_003)).1, "then rests for 10 s");
        let (breaker, _) = ask(breaker, true, at(15_004));
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn an_answer_in_between_begins_the_count_anew() {
        let mut breaker = Breaker::default();
        for n in 0..100 {
            (breaker, _) = ask(breaker, n % i64::from(FAILURES_MAX) == 0, at(n));
            assert!(matches!(breaker, Breaker::Closed { .. }), "{n}");
        }
    }

    #[test]
    fn one_call_tries_and_only_it_counts() {
        let open = Breaker::Open {
            since: at(0),
            rest: OPEN_MIN,
        };
        let (half, probe) = open.admit(at(5_000));
        let probe = probe.unwrap();
        assert_eq!(half.admit(at(5_001)).1, None);
        // What was begun before the rest comes late.
        assert_eq!(half.heard(Admission::Ordinary, true, at(5_002)), half);
        assert_eq!(half.heard(Admission::Ordinary, false, at(5_002)), half);
        // The trying call is lost: another tries, and the lost one no longer counts.
        let (again, second) = half.admit(at(15_000));
        assert!(second.is_some());
        assert_eq!(again.heard(probe, true, at(15_001)), again);
        assert_eq!(again.heard(second.unwrap(), true, at(15_001)), Breaker::default());
    }

    #[test]
    fn a_clock_set_back_does_not_lengthen_a_rest() {
        let open = Breaker::Open {
            since: at(0),
            rest: OPEN_MAX,
        };
        assert!(open.admit(at(-3_600_000)).1.is_some());
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Wait(i64),
        Ask,
        Hear(usize, bool),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (1_i64..400_000).prop_map(Step::Wait),
            Just(Step::Ask),
            (0_usize..8, any::<bool>()).prop_map(|(which, answered)| Step::Hear(which, answered)),
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        /// Whatever comes in whichever order: nothing is let through during a rest, one at a time tries, rests are
        /// within their bounds, and after the longest rest somebody is let through again.
        #[test]
        fn it_never_asks_what_rests_and_never_gives_up_for_ever(steps in steps()) {
            let (mut breaker, mut now, mut at_work) = (Breaker::default(), 0, Vec::new());
            for step in steps {
                match step {
                    Step::Wait(ms) => now += ms,
                    Step::Ask => {
                        let before = breaker;
                        let admitted;
                        (breaker, admitted) = breaker.admit(at(now));
                        match before {
                            Breaker::Closed { .. } => prop_assert_eq!(admitted, Some(Admission::Ordinary)),
                            Breaker::Open { since, rest } => {
                                prop_assert_eq!(admitted.is_some(), at(now).duration_since(since) >= rest);
                            }
                            Breaker::HalfOpen { since, .. } => {
                                prop_assert_eq!(admitted.is_some(), at(now).duration_since(since) >= PROBE_MAX);
                            }
                        }
                        at_work.extend(admitted);
                    }
                    Step::Hear(which, answered) if !at_work.is_empty() => {
                        let admission = at_work.swap_remove(which % at_work.len());
                        breaker = breaker.heard(admission, answered, at(now));
                    }
                    Step::Hear(..) => {}
                }
                match breaker {
                    Breaker::Closed { failures } => prop_assert!(failures < FAILURES_MAX),
                    Breaker::Open { rest, .. } | Breaker::HalfOpen { rest, .. } => {
                        prop_assert!((OPEN_MIN..=OPEN_MAX).contains(&rest));
                    }
                }
            }
            let later = at(now + OPEN_MAX.as_millis() as i64);
            prop_assert!(breaker.admit(later).1.is_some());
        }

        /// However often it is asked, a system that never answers is called a bounded number of times an hour.
        #[test]
        fn a_dead_system_costs_next_to_nothing(every_ms in 200_i64..20_000) {
            let (mut breaker, mut calls) = (Breaker::default(), 0);
            for n in 0..3_600_000 / every_ms {
                let asked;
                (breaker, asked) = ask(breaker, false, at(n * every_ms));
                calls += u32::from(asked);
            }
            prop_assert!(calls <= FAILURES_MAX + 20, "{} calls", calls);
        }

        /// A system that answers is never kept from being asked.
        #[test]
        fn a_living_system_is_always_asked(waits in prop::collection::vec(0_i64..100_000, 0..100)) {
            let (mut breaker, mut now) = (Breaker::default(), 0);
            for wait in waits {
                now += wait;
                let asked;
                (breaker, asked) = ask(breaker, true, at(now));
                prop_assert!(asked);
            }
        }
    }
}
