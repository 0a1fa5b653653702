//! What a programme and a version may say.

use std::collections::HashSet;

use base::text::is_hidden;
use base::{Day, Error, FieldError, Result};
use customers::CustomerKind;
use value::profile::Unit;

use crate::model::{
    Condition, DOCUMENT_SCHEMA, Document, Downgrade, Level, Measure, Period, ProgrammeFacts, Rule,
};

const LEVELS_MAX: usize = 12;
const CONDITIONS_MAX: usize = 10;
pub(super) const NAME_CHARS_MAX: usize = 40;
const CODE_CHARS_MAX: usize = 32;
const BRANDS_MAX: usize = 50;
const BRAND_CHARS_MAX: usize = 100;
const NOTICE_DAYS_MAX: i32 = 365;
const GRACE_DAYS_MAX: i32 = 366;
const MONTHS_MAX: i32 = 24;
/// No sum of a customer comes near this.
pub(super) const NUMBER_MAX: i64 = 1_000_000_000_000_000;
/// 2000-01-01 and 2200-01-01.
const DAYS: std::ops::Range<i32> = 10_957..84_006;

/// Collects what is wrong, each at its field.
#[derive(Default)]
pub(super) struct Faults(Vec<FieldError>);

impl Faults {
    pub(super) fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
    }

    pub(super) fn unless(&mut self, good: bool, field: &str, message: &str) {
        if !good {
            self.add(field, message);
        }
    }

    pub(super) fn text(&mut self, text: &str, chars_max: usize, field: &str) {
        let chars = text.trim().chars().count();
        let good = chars > 0 && text.chars().count() <= chars_max && !text.chars().any(is_hidden);
        self.unless(good, field, &format!("this has 1 to {chars_max} characters"));
    }

    pub(super) fn code(&mut self, code: &str, field: &str) {
        let good = (1..=CODE_CHARS_MAX).contains(&code.len())
            && code
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-');
        let message = "a code has 1 to 32 small letters, digits, - and _";
        self.unless(good, field, message);
    }

    pub(super) fn into_result(self, code: &'static str, message: &str) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Error::Invalid {
            code,
            message: message.to_owned(),
            fields: self.0,
        })
    }
}

/// Passes if a programme can be so. Error: `programme_invalid`, with the fields at fault.
pub fn check_programme(facts: &ProgrammeFacts) -> Result<()> {
    let mut faults = Faults::default();
    faults.code(&facts.code, "code");
    faults.text(&facts.zh, NAME_CHARS_MAX, "zh");
    faults.text(&facts.en, NAME_CHARS_MAX, "en");
    faults.unless(facts.brands.len() <= BRANDS_MAX, "brands", "at most 50 brands");
    for (n, brand) in facts.brands.iter().enumerate().take(BRANDS_MAX) {
        faults.text(brand, BRAND_CHARS_MAX, &format!("brands[{n}]"));
    }
    faults.unless(
        facts.kinds.len() <= 2,
        "kinds",
        "person and organisation, each once",
    );
    for (n, kind) in facts.kinds.iter().enumerate().take(2) {
        let known = kind.parse::<CustomerKind>().is_ok();
        faults.unless(known, &format!("kinds[{n}]"), "person or organisation");
    }
    faults.into_result("programme_invalid", "the programme cannot be so: see the fields")
}

/// Passes if a version can say this. Error: `document_invalid`, with the fields at fault.
pub fn check_document(document: &Document) -> Result<()> {
    let mut faults = Faults::default();
    let promises = |level: &Level| !level.benefits.is_empty() || !level.choices.is_empty();
    let schemas = match document.levels.iter().any(promises) {
        true => DOCUMENT_SCHEMA..=DOCUMENT_SCHEMA,
        false => 1..=DOCUMENT_SCHEMA,
    };
    let good = schemas.contains(&document.schema);
    faults.unless(
        good,
        "schema",
        "the schema is 2, or 1 where no level promises anything",
    );
    let count = document.levels.len();
    faults.unless((1..=LEVELS_MAX).contains(&count), "levels", "1 to 12 levels");
    let mut codes = HashSet::new();
    for (n, level) in document.levels.iter().enumerate().take(LEVELS_MAX) {
        let at = |part: &str| format!("levels[{n}].{part}");
        faults.code(&level.code, &at("code"));
        let new = codes.insert(level.code.as_str());
        faults.unless(new, &at("code"), "another level has this code");
        faults.text(&level.zh, NAME_CHARS_MAX, &at("zh"));
        faults.text(&level.en, NAME_CHARS_MAX, &at("en"));
        faults.unless(
            is_colour(&level.colour),
            &at("colour"),
            "a colour such as #d4af37",
        );
        check_rule(&mut faults, document, &level.qualify, &at("qualify"));
        if let Some(keep) = &level.keep {
            check_rule(&mut faults, document, keep, &at("keep"));
            let message = "what keeps a level is never stricter than what earns it";
            faults.unless(implies(document, &level.qualify, keep), &at("keep"), message);
        }
    }
    check_order(&mut faults, &document.levels);
    match document.period {
        Period::RollingMonths { months } => {
            let good = (1..=MONTHS_MAX).contains(&months);
            faults.unless(good, "period.months", "1 to 24 months");
        }
        Period::CalendarYear {} | Period::MembershipYear {} => {}
    }
    if let Downgrade::Grace { days } = document.downgrade {
        let good = (1..=GRACE_DAYS_MAX).contains(&days);
        faults.unless(good, "downgrade.days", "1 to 366 days");
    }
    let notice = (0..=NOTICE_DAYS_MAX).contains(&document.notice_days);
    faults.unless(notice, "notice_days", "0 to 365 days");
    let Day(effective_on) = document.effective_on;
    faults.unless(
        DAYS.contains(&effective_on),
        "effective_on",
        "a day from 2000 to 2199",
    );
    faults.into_result("document_invalid", "the version cannot say this: see the fields")
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit()))
}

/// A level above that asks for the very same as the one below would leave that one empty.
fn check_order(faults: &mut Faults, levels: &[Level]) {
    for (n, pair) in levels.windows(2).enumerate() {
        let same = pair[0].qualify == pair[1].qualify;
        let message = "this asks for the same as the level below";
        faults.unless(!same, &format!("levels[{}].qualify", n + 1), message);
    }
}

fn check_rule(faults: &mut Faults, document: &Document, rule: &Rule, at: &str) {
    let conditions = rule.conditions();
    let good = (1..=CONDITIONS_MAX).contains(&conditions.len());
    faults.unless(good, at, "1 to 10 conditions");
    for (n, condition) in conditions.iter().enumerate().take(CONDITIONS_MAX) {
        check_condition(faults, document, condition, &format!("{at}[{n}]"));
    }
}

fn check_condition(faults: &mut Faults, document: &Document, condition: &Condition, at: &str) {
    match condition {
        Condition::Figure(asked) => {
            let day = asked.figure.unit() == Unit::Day;
            faults.unless(!day, &format!("{at}.figure"), "levels are not earned by a day");
            let good = asked.at_least.is_finite() && asked.at_least.abs() <= NUMBER_MAX as f64;
            faults.unless(good, &format!("{at}.at_least"), "a number");
        }
        Condition::Percentile(asked) => {
            let day = asked.figure.unit() == Unit::Day;
            faults.unless(!day, &format!("{at}.figure"), "levels are not earned by a day");
            let good = (1..=1_000).contains(&asked.top_per_mille);
            faults.unless(good, &format!("{at}.top_per_mille"), "1 to 1,000 of a thousand");
        }
        Condition::OrganisationLevel(asked) => {
            let known = document.levels.iter().any(|level| level.code == asked.level);
            faults.unless(
                known,
                &format!("{at}.level"),
                "no level of this version has this code",
            );
        }
        Condition::Nomination {} => {}
        Condition::Spend(asked)
        | Condition::Orders(asked)
        | Condition::MonthlySpendMean(asked)
        | Condition::MonthlySpendLeast(asked)
        | Condition::QuarterlySpendMean(asked)
        | Condition::QuarterlySpendLeast(asked)
        | Condition::TenureMonths(asked) => {
            let good = (0..=NUMBER_MAX).contains(&asked.at_least);
            faults.unless(good, &format!("{at}.at_least"), "a number that is not below 0");
        }
    }
}

/// Whether whoever meets the first rule surely meets the second.
fn implies(document: &Document, first: &Rule, second: &Rule) -> bool {
    let of = |a: &Condition, b: &Condition| condition_implies(document, a, b);
    match (first, second) {
        (Rule::All(a), Rule::All(b)) => b.iter().all(|b| a.iter().any(|a| of(a, b))),
        (Rule::All(a), Rule::Any(b)) => b.iter().any(|b| a.iter().any(|a| of(a, b))),
        (Rule::Any(a), Rule::Any(b)) => a.iter().all(|a| b.iter().any(|b| of(a, b))),
        (Rule::Any(a), Rule::All(b)) => a.iter().all(|a| b.iter().all(|b| of(a, b))),
    }
}

fn condition_implies(document: &Document, a: &Condition, b: &Condition) -> bool {
    let place = |code: &str| document.levels.iter().position(|level| level.code == code);
    match (a, b) {
        (Condition::Percentile(a), Condition::Percentile(b)) => {
            a.figure == b.figure && a.top_per_mille <= b.top_per_mille
        }
        (Condition::Figure(a), Condition::Figure(b)) => a.figure == b.figure && a.at_least >= b.at_least,
        (Condition::OrganisationLevel(a), Condition::OrganisationLevel(b)) => {
            place(&a.level) >= place(&b.level)
        }
        (Condition::Nomination {}, Condition::Nomination {}) => true,
        _ => {
            let same = a.measure() == b.measure();
            // A mean is at least the least of its parts.
            let stronger = matches!(
                (a.measure(), b.measure()),
                (Measure::MonthlySpendLeast, Measure::MonthlySpendMean)
                    | (Measure::QuarterlySpendLeast, Measure::QuarterlySpendMean)
            );
            (same || stronger) && number(a).zip(number(b)).is_some_and(|(a, b)| a >= b)
        }
    }
}

fn number(condition: &Condition) -> Option<i64> {
    match condition {
        Condition::Spend(asked)
        | Condition::Orders(asked)
        | Condition::MonthlySpendMean(asked)
        | Condition::MonthlySpendLeast(asked)
        | Condition::QuarterlySpendMean(asked)
        | Condition::QuarterlySpendLeast(asked)
        | Condition::TenureMonths(asked) => Some(asked.at_least),
        _ => None,
    }
}
