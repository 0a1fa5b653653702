//! When a contract falls due, and where it stands: calendar arithmetic on a customer's first and last payment,
//! which is all that the customer aggregates say about contracts.
//!
//! Renewal k falls due k periods after the first payment, on the same day of the month or the month's last
//! where it is shorter. Counting from the first payment, a bill of the 31st is due on the 28th of February
//! and on the 31st of March.

use base::Day;

/// The lengths of a period that a firm may choose, in months.
pub(crate) const RENEWAL_MONTHS: [u32; 4] = [1, 3, 6, 12];

/// A period, and how exactly payments keep to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    months: i32,
    /// A payment so many days before a period counts for that period.
    early_days: i32,
    /// So many days after falling due an unpaid renewal is taken as refused.
    grace_days: i32,
}

/// Where a contract stands at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Paid up.
    Running,
    /// The next renewal is due, and not paid.
    Due,
    /// The grace passed without payment.
    Left,
}

impl State {
    /// The name in explanations.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Due => "due",
            Self::Left => "left",
        }
    }
}

/// A contract as the payments show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// How often it was renewed: the last period that was paid, periods passed over in between included.
    pub renewals: u32,
    /// How many renewals somebody who began on the same day has decided by now, whatever the decision.
    pub decided: u32,
    pub state: State,
    /// When the period of the last payment began.
    pub paid_from: Day,
    /// When the next renewal falls due, or fell.
    pub next_due: Day,
    /// When the one after it does.
    pub after_next_due: Day,
}

impl Terms {
    /// Of a number of months that the settings allow. A tenth of a period early, half a period late: 3 and
    /// 15 days of a month, 37 and 183 of a year.
    pub(crate) fn of(renewal_months: u32) -> Self {
        let days = f64::from(renewal_months) * 365.25 / 12.0;
        Self {
            months: renewal_months as i32,
            early_days: (0.1 * days).round() as i32,
            grace_days: (0.5 * days).round() as i32,
        }
    }

    pub(crate) fn early_days(self) -> i32 {
        self.early_days
    }

    pub(crate) fn grace_days(self) -> i32 {
        self.grace_days
    }

    /// The mean length of a period in days.
    pub(crate) fn period_days(self) -> f64 {
        f64::from(self.months) * 365.25 / 12.0
    }

    /// When renewal `k` falls due; the first payment for `k` = 0.
    fn due(self, first: Day, k: u32) -> Day {
        first.months_before(-(k as i32) * self.months)
    }

    /// How many whole periods lie between two days.
    fn whole_periods(self, first: Day, until: Day) -> u32 {
        if until <= first {
            return 0;
        }
        let guess = ((until.month().0 - first.month().0) / self.months) as u32;
        if self.due(first, guess) > until { guess - 1 } else { guess }
    }

    /// What a first and a last payment say at the end of `as_of`.
    pub(crate) fn facts(self, first: Day, last: Day, as_of: Day) -> Facts {
        let renewals = self.whole_periods(first, Day(last.0 + self.early_days));
        let decided = self.whole_periods(first, Day(as_of.0 - self.grace_days));
        let next_due = self.due(first, renewals + 1);
        let state = if as_of < next_due {
            State::Running
        } else if renewals >= decided {
            State::Due
        } else {
            State::Left
        };
        Facts {
            renewals,
            decided,
            state,
            paid_from: self.due(first, renewals),
            next_due,
            after_next_due: self.due(first, renewals + 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn facts(months: u32, first: &str, last: &str, as_of: &str) -> (u32, u32, State, String) {
        let facts = Terms::of(months).facts(day(first), day(last), day(as_of));
        (facts.renewals, facts.decided, facts.state, facts.next_due.to_string())
    }

    #[test]
    fn a_bill_of_the_31st_is_due_on_the_last_day_of_shorter_months() {
        for (last, renewals, due) in [
            ("2024-01-31", 0, "2024-02-29"),
            ("2024-02-29", 1, "2024-03-31"),
            ("2024-03-31", 2, "2024-04-30"),
            ("2024-04-30", 3, "2024-05-31"),
            // paid on the first of the next month, it is for the month before
            ("2024-05-01", 3, "2024-05-31"),
        ] {
            let facts = Terms::of(1).facts(day("2024-01-31"), day(last), day(last));
            assert_eq!((facts.renewals, facts.next_due), (renewals, day(due)), "{last}");
        }
    }

    #[test]
    fn a_payment_a_little_early_counts_for_the_period_to_come() {
        assert_eq!(facts(1, "2024-01-10", "2024-02-07", "2024-02-08"), (1, 0, State::Running, "2024-03-10".into()));
        assert_eq!(facts(1, "2024-01-10", "2024-02-06", "2024-02-08"), (0, 0, State::Running, "2024-02-10".into()));
        // within a year: 37 days
        assert_eq!(facts(12, "2023-03-01", "2024-01-24", "2024-02-01").0, 1);
        assert_eq!(facts(12, "2023-03-01", "2024-01-23", "2024-02-01").0, 0);
    }

    #[test]
    fn an_unpaid_renewal_is_open_for_half_a_period_and_then_a_loss() {
        for (as_of, decided, state) in [
            ("2024-04-09", 2, State::Running),
            ("2024-04-10", 2, State::Due),
            ("2024-04-24", 2, State::Due),
            ("2024-04-25", 3, State::Left),
        ] {
            let found = facts(1, "2024-01-10", "2024-03-12", as_of);
            assert_eq!(found, (2, decided, state, "2024-04-10".into()), "{as_of}");
        }
    }

    #[test]
    fn whether_a_renewal_is_decided_does_not_depend_on_the_decision() {
        for paid in ["2024-01-10", "2024-02-10", "2024-03-10", "2024-04-10"] {
            assert_eq!(facts(1, "2024-01-10", paid, "2024-04-12").1, 2, "{paid}");
        }
    }

    #[test]
    fn a_leap_day_has_its_anniversary_on_the_28th() {
        assert_eq!(facts(12, "2024-02-29", "2024-02-29", "2025-02-27").2, State::Running);
        assert_eq!(facts(12, "2024-02-29", "2024-02-29", "2025-02-28"), (0, 0, State::Due, "2025-02-28".into()));
        assert_eq!(facts(12, "2024-02-29", "2028-02-29", "2028-03-01").0, 4);
    }

    proptest::proptest! {
        #[test]
        fn whole_periods_are_those_whose_end_has_come(first in -20_000_i32..40_000, days in 0_i32..20_000, which in 0_usize..4) {
            let terms = Terms::of(RENEWAL_MONTHS[which]);
            let (first, until) = (Day(first), Day(first + days));
            let periods = terms.whole_periods(first, until);
            proptest::prop_assert!(terms.due(first, periods) <= until);
            proptest::prop_assert!(terms.due(first, periods + 1) > until);
        }
    }
}
