//! Which facts a version asks for, and how they are put together from what was read.

use std::ops::RangeInclusive;

use base::{Day, Month};
use customers::store::Basics;
use value::facts::MonthOfCustomer;
use value::profile::Figure;
use value::profile_columns::ProfileColumns;

use crate::model::{Condition, Document, Facts, Measure, MonthFact, ProgrammeFacts};

/// Complete months that are read: no period reaches further back.
const MONTHS_BACK: i32 = 25;

/// The months that any period of a day counts.
pub(crate) fn months(today: Day) -> RangeInclusive<Month> {
    let now = today.month();
    Month(now.0 - MONTHS_BACK)..=now
}

/// What versions ask for besides what months brought.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    figures: Vec<Figure>,
    shares: Vec<Figure>,
    /// Whether levels of organisations matter.
    pub(crate) organisations: bool,
}

impl Wanted {
    pub(crate) fn of<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Self {
        let mut wanted = Self::default();
        let rules = documents
            .into_iter()
            .flat_map(|document| &document.levels)
            .flat_map(|level| [&level.qualify, level.keep()]);
        for condition in rules.flat_map(|rule| rule.conditions()) {
            match condition.measure() {
                Measure::Figure(figure) => wanted.figures.push(figure),
                Measure::Percentile(figure) => wanted.shares.push(figure),
                Measure::OrganisationLevel => wanted.organisations = true,
                _ => debug_assert!(!matches!(condition, Condition::Figure(_))),
            }
        }
        for list in [&mut wanted.figures, &mut wanted.shares] {
            list.sort_unstable();
            list.dedup();
        }
        wanted
    }

    /// The figures of a row of the published run.
    pub(crate) fn figures(&self, facts: &mut Facts, columns: &ProfileColumns, row: u32) {
        let known = |figure: &Figure| columns.whole(*figure, row).map(|value| (*figure, value));
        facts.figures = self.figures.iter().filter_map(known).collect();
        let share = |figure: &Figure| {
            // Who does not have a figure has no place by it.
            columns.whole(*figure, row)?;
            Some((*figure, i64::from(columns.share_above(*figure, row))))
        };
        facts.shares = self.shares.iter().filter_map(share).collect();
    }
}

/// Whether a programme is for a customer.
pub(crate) fn is_for(programme: &ProgrammeFacts, customer: &Basics) -> bool {
    let brand = programme.brands.is_empty()
        || customer
            .brand
            .as_ref()
            .is_some_and(|brand| programme.brands.contains(brand));
    let kind = programme.kinds.is_empty() || programme.kinds.iter().any(|kind| kind == customer.kind.name());
    brand && kind
}

/// What months brought, as facts.
pub(crate) fn month_facts(months: &[MonthOfCustomer]) -> Vec<MonthFact> {
    months
        .iter()
        .map(|month| MonthFact {
            month: month.month,
            spend_minor: month.spend_minor,
            orders: month.orders,
        })
        .collect()
}
