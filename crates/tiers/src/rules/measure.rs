//! What a customer has of what a condition asks for.

use base::{Day, Month};
use value::profile::Figure;

use crate::model::{
    Condition, Document, Facts, Level, Measure, Measured, MonthFact, Period, Progress, Rule, Threshold,
};

/// Months that are counted, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first.
    pub from: Month,
    /// The last.
    pub until: Month,
}

/// A day so many months later, or that month's last day where it is shorter.
pub(super) fn months_after(day: Day, months: i32) -> Day {
    day.months_before(-months)
}

/// Whole months from one day to another.
pub fn tenure_months(since: Day, today: Day) -> i32 {
    let months = today.month().0 - since.month().0;
    if months_after(since, months) > today {
        months - 1
    } else {
        months
    }
}

/// The months that count on a day: those under way first, and those before where these count too. A rule is met where it
/// is met in either. `since` is when the level began, which a membership year begins with.
///
/// - Rolling months: so many complete months and the one under way, so that nobody loses a month's spend because a new
///   month began.
/// - Calendar year: the one under way or the one before: what was earned in a year holds through the next.
/// - Membership year: whole months from the one in which it began; the year under way or the one before, which for the
///   first is the time that earned the level. Who has no level has no such year: twelve complete months and the one under
///   way count.
pub fn windows(period: Period, since: Option<Day>, today: Day) -> (Window, Option<Window>) {
    let now = today.month();
    let rolling = |months: i32| Window {
        from: Month(now.0 - months),
        until: now,
    };
    match (period, since) {
        (Period::RollingMonths { months }, _) => (rolling(months), None),
        (Period::CalendarYear {}, _) => {
            let january = Month(now.0 - now.0.rem_euclid(12));
            let before = Window {
                from: Month(january.0 - 12),
                until: Month(january.0 - 1),
            };
            (
                Window {
                    from: january,
                    until: now,
                },
                Some(before),
            )
        }
        (Period::MembershipYear {}, None) => (rolling(12), None),
        (Period::MembershipYear {}, Some(since)) => {
            let years = tenure_months(since, today).max(0) / 12;
            let begin = Month(since.month().0 + 12 * years);
            let before = Window {
                from: Month(begin.0 - 12),
                until: if years == 0 { begin } else { Month(begin.0 - 1) },
            };
            (
                Window {
                    from: begin,
                    until: now,
                },
                Some(before),
            )
        }
    }
}

/// Of a customer on a day: the facts and the months that count.
pub(super) struct View<'a> {
    pub(super) facts: &'a Facts,
    pub(super) levels: &'a [Level],
    pub(super) today: Day,
    pub(super) windows: (Window, Option<Window>),
}

impl<'a> View<'a> {
    pub(super) fn new(facts: &'a Facts, document: &'a Document, since: Option<Day>, today: Day) -> Self {
        Self {
            facts,
            levels: &document.levels,
            today,
            windows: windows(document.period, since, today),
        }
    }

    /// Whether a rule is met.
    pub(super) fn meets(&self, rule: &Rule) -> bool {
        self.meets_in(rule, self.windows.0)
            || self.windows.1.is_some_and(|before| self.meets_in(rule, before))
    }

    fn meets_in(&self, rule: &Rule, window: Window) -> bool {
        let met = |condition: &Condition| {
            let (have, need, less_is_better) = self.measure(condition, window);
            is_met(have, need, less_is_better)
        };
        match rule {
            Rule::All(conditions) => conditions.iter().all(met),
            Rule::Any(conditions) => conditions.iter().any(met),
        }
    }

    /// How far it is to meeting a rule, in the months in which it is met, else in those under way.
    pub(super) fn progress(&self, level: &str, rule: &Rule) -> Progress {
        let window = match self.windows {
            (now, Some(before)) if !self.meets_in(rule, now) && self.meets_in(rule, before) => before,
            (now, _) => now,
        };
        Progress {
            level: level.to_owned(),
            takes_all: matches!(rule, Rule::All(_)),
            met: self.meets_in(rule, window),
            conditions: rule
                .conditions()
                .iter()
                .map(|condition| self.measured(condition, window))
                .collect(),
        }
    }

    fn measured(&self, condition: &Condition, window: Window) -> Measured {
        let (have, need, less_is_better) = self.measure(condition, window);
        let met = is_met(have, need, less_is_better);
        let missing = match have {
            _ if met => 0,
            Some(have) if less_is_better => have.saturating_sub(need),
            have => need.saturating_sub(have.unwrap_or(0)),
        };
        Measured {
            condition: condition.clone(),
            have,
            need,
            missing,
            met,
        }
    }

    /// What there is, what it takes, and whether less is better.
    fn measure(&self, condition: &Condition, window: Window) -> (Option<i64>, i64, bool) {
        let have = self.have(condition.measure(), window);
        match condition.threshold() {
            Threshold::AtLeast(need) => (have, need, false),
            Threshold::Above(most) => (have, most, true),
            Threshold::Place => {
                let asked = match condition {
                    Condition::OrganisationLevel(asked) => self.place(&asked.level),
                    _ => None,
                };
                (have, asked.unwrap_or(i64::MAX), false)
            }
        }
    }

    /// The place of a level, 1 for the lowest.
    fn place(&self, code: &str) -> Option<i64> {
        let place = self.levels.iter().position(|level| level.code == code)?;
        i64::try_from(place + 1).ok()
    }

    fn have(&self, measure: Measure, window: Window) -> Option<i64> {
        let complete = Window {
            from: window.from,
            until: window.until.min(Month(self.today.month().0 - 1)),
        };
        match measure {
            Measure::Spend => Some(sum(self.within(window), |month| month.spend_minor)),
            Measure::Orders => Some(sum(self.within(window), |month| i64::from(month.orders)).max(0)),
            Measure::MonthlySpendMean => self.parts(complete, 1).map(|parts| parts.mean),
            Measure::MonthlySpendLeast => self.parts(complete, 1).map(|parts| parts.least),
            Measure::QuarterlySpendMean => self.parts(complete, 3).map(|parts| parts.mean),
            Measure::QuarterlySpendLeast => self.parts(complete, 3).map(|parts| parts.least),
            Measure::TenureMonths => {
                let since = self.facts.since?;
                Some(i64::from(tenure_months(since, self.today)))
            }
            Measure::Figure(figure) => of_figure(&self.facts.figures, figure),
            Measure::Percentile(figure) => of_figure(&self.facts.shares, figure),
            Measure::OrganisationLevel => self
                .facts
                .organisation_level
                .as_deref()
                .and_then(|code| self.place(code)),
            Measure::Nomination => Some(i64::from(self.facts.nominated)),
        }
    }

    fn within(&self, window: Window) -> impl Iterator<Item = &'a MonthFact> {
        let months = &self.facts.months;
        let begin = months.partition_point(|month| month.month < window.from);
        let end = months.partition_point(|month| month.month <= window.until);
        months[begin..end.max(begin)].iter()
    }

    /// Mean and least of the calendar months or quarters that lie whole within a window; none where none does.
    fn parts(&self, window: Window, months: i32) -> Option<Parts> {
        let first = (window.from.0 + months - 1).div_euclid(months);
        let end = (window.until.0 + 1).div_euclid(months);
        let count = end - first;
        if count <= 0 {
            return None;
        }
        let whole = Window {
            from: Month(first * months),
            until: Month(end * months - 1),
        };
        let (mut total, mut least, mut met) = (0_i64, i64::MAX, 0);
        let mut month = self.within(whole).peekable();
        while let Some(first) = month.next() {
            let part = first.month.0.div_euclid(months);
            let mut spend = first.spend_minor;
            while let Some(next) = month.next_if(|next| next.month.0.div_euclid(months) == part) {
                spend = spend.saturating_add(next.spend_minor);
            }
            total = total.saturating_add(spend);
            least = least.min(spend);
            met += 1;
        }
        if met < count {
            least = least.min(0);
        }
        Some(Parts {
            // Rounded down: a mean is at least a whole number exactly where this is.
            mean: total.div_euclid(i64::from(count)),
            least,
        })
    }
}

struct Parts {
    mean: i64,
    least: i64,
}

fn is_met(have: Option<i64>, need: i64, less_is_better: bool) -> bool {
    have.is_some_and(|have| {
        if less_is_better {
            have <= need
        } else {
            have >= need
        }
    })
}

fn sum<'a>(months: impl Iterator<Item = &'a MonthFact>, of: impl Fn(&MonthFact) -> i64) -> i64 {
    months.fold(0_i64, |sum, month| sum.saturating_add(of(month)))
}

fn of_figure(known: &[(Figure, i64)], figure: Figure) -> Option<i64> {
    known
        .iter()
        .find(|(of, _)| *of == figure)
        .map(|(_, value)| *value)
}

/// Whether a customer meets a rule of a document on a day; `since` is when its level began.
pub fn holds(rule: &Rule, facts: &Facts, document: &Document, since: Option<Day>, today: Day) -> bool {
    View::new(facts, document, since, today).meets(rule)
}
