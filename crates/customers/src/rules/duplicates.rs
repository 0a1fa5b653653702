//! How likely two customers are one, and why. Pure.
//!
//! Each comparison adds `log2(m / u)` bits, after I. P. Fellegi and A. B. Sunter, "A Theory for Record Linkage",
//! Journal of the American Statistical Association 64 (1969), 1183–1210: `m` is how often the outcome comes up
//! among pairs that are one customer, `u` how often among pairs that are not. Levels of agreement between equal
//! and different follow W. E. Winkler, "String Comparator Metrics and Enhanced Decision Rules in the
//! Fellegi–Sunter Model of Record Linkage" (1990). What one of the two does not say adds nothing.
//!
//! `u` follows from counting: a birthday is one of some 20,000 days, the end of a number one of 10,000, a name
//! that is not rare is that of one or two in a thousand. `m` is a careful guess of how often what people write
//! down of the same customer agrees. The threshold lets through what two independent things speak for: a name
//! and a birthday, a name and the end of a number, the whole name of a firm; a name and a region are not enough,
//! nor a birthday and a region. A person decides on every pair, so a pair too many costs a look.

use std::collections::BTreeSet;

use super::name_key;
use super::names::{KeyKind, search_keys};
use crate::model::{CustomerKind, LifeCalendar, LifeEventFacts, LifeEventKind, Reason};

/// From this score on, in hundredths of a bit, two customers are likely one.
pub const LIKELY: i32 = 1_300;

/// An outcome of a comparison: how often it comes up among pairs that are one, and among others.
struct Outcome {
    compared: &'static str,
    outcome: &'static str,
    m: f64,
    u: f64,
}

impl Outcome {
    /// In hundredths of a bit.
    fn weight(&self) -> i32 {
        ((self.m / self.u).log2() * 100.0).round() as i32
    }
}

macro_rules! outcomes {
    ($($name:ident = $compared:literal $outcome:literal, $m:literal, $u:literal;)*) => {
        $(const $name: Outcome = Outcome { compared: $compared, outcome: $outcome, m: $m, u: $u };)*
    };
}

outcomes! {
    // Both are said to be known by it, and it can be that of one customer only.
    IDENTITY = "identity" "same", 0.95, 0.000_001;

    NAME_SAME = "name" "same", 0.80, 0.001_5;
    NAME_READ_SAME = "name" "same_reading", 0.08, 0.003;
    NAME_ALIKE = "name" "alike", 0.09, 0.002;
    NAME_DIFFERENT = "name" "different", 0.03, 0.993_5;

    // Firms choose names that nobody else has.
    FIRM_SAME = "name" "same", 0.80, 0.000_02;
    FIRM_READ_SAME = "name" "same_reading", 0.03, 0.000_05;
    FIRM_ALIKE = "name" "alike", 0.14, 0.000_5;
    FIRM_DIFFERENT = "name" "different", 0.03, 0.999_4;

    BIRTHDAY_SAME = "birthday" "same", 0.85, 0.000_05;
    // The year is not said on one side.
    BIRTHDAY_SAME_DAY = "birthday" "same_day", 0.05, 0.002_7;
    BIRTHDAY_ONE_PART = "birthday" "one_part_differs", 0.06, 0.005;
    BIRTHDAY_DIFFERENT = "birthday" "different", 0.04, 0.992;

    REGION_SAME = "region" "same", 0.92, 0.10;
    REGION_DIFFERENT = "region" "different", 0.08, 0.90;

    // No two customers are known by the same number, so two records of one have others.
    PHONE_SAME_LINE = "phone" "same_line", 0.10, 0.000_001;
    PHONE_NEAR = "phone" "near", 0.08, 0.000_05;
    PHONE_SAME_END = "phone" "same_end", 0.06, 0.000_2;
    PHONE_DIFFERENT = "phone" "different", 0.76, 0.999_7;
}

/// What is compared of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traits {
    /// Person or organisation.
    pub kind: CustomerKind,
    /// The name.
    pub name: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The birthdays that are known.
    pub birthdays: Vec<LifeEventFacts>,
    /// The active phone numbers, normalised.
    pub phones: Vec<String>,
}

/// How two customers compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Both are said to be known by the same thing.
    pub certain: bool,
    /// The sum of the weights, in hundredths of a bit.
    pub score: i32,
    /// What it is made of.
    pub reasons: Vec<Reason>,
}

impl Comparison {
    /// Whether a person should look at the two.
    pub fn is_worth_a_look(&self) -> bool {
        self.certain || self.score >= LIKELY
    }
}

/// Compares two customers; `same_identity` where both are said to be known by the same thing.
pub fn compare(one: &Traits, other: &Traits, same_identity: bool) -> Comparison {
    let outcomes = if one.kind == other.kind {
        vec![
            same_identity.then_some(IDENTITY),
            names(one, other),
            birthdays(one, other),
            regions(one, other),
            phones(one, other),
        ]
    } else {
        // A person and an organisation are never one.
        Vec::new()
    };
    let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
    Comparison {
        certain: outcomes
            .iter()
            .any(|outcome| outcome.compared == IDENTITY.compared),
        score: outcomes.iter().map(Outcome::weight).sum(),
        reasons: outcomes
            .iter()
            .map(|outcome| Reason {
                compared: outcome.compared.to_owned(),
                outcome: outcome.outcome.to_owned(),
                weight: bits(outcome.weight()),
            })
            .collect(),
    }
}

/// Hundredths of a bit as bits.
pub fn bits(hundredths: i32) -> f64 {
    f64::from(hundredths) / 100.0
}

/// What firms have behind their names, the longest first.
const LEGAL_FORMS: [&str; 14] = [
    "股份有限公司",
    "有限责任公司",
    "集团有限公司",
    "有限公司",
    "集团",
    "公司",
    "limited",
    "gmbh",
    "corp",
    "inc",
    "ltd",
    "llc",
    "plc",
    "co",
];

/// The words of a name in one order, without what stands between them and without a firm's legal form.
fn plain(name: &str, kind: CustomerKind) -> String {
    let lower = name_key(name);
    let mut words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    if kind == CustomerKind::Organisation {
        while words.len() > 1 && words.last().is_some_and(|last| LEGAL_FORMS.contains(last)) {
            words.pop();
        }
        if let Some(last) = words.last_mut() {
            for form in LEGAL_FORMS.iter().filter(|form| !form.is_ascii()) {
                if let Some(before) = last.strip_suffix(form).filter(|before| !before.is_empty()) {
                    *last = before;
                }
            }
        }
    } else {
        words.sort_unstable();
    }
    words.concat()
}

/// How a name is read, without its first letter that says so.
fn readings(name: &str) -> BTreeSet<String> {
    let pinyin = KeyKind::Pinyin.prefix("");
    search_keys(name)
        .into_iter()
        .filter(|key| key.starts_with(&pinyin))
        .collect()
}

fn names(one: &Traits, other: &Traits) -> Option<Outcome> {
    let (a, b) = (one.name.as_deref()?, other.name.as_deref()?);
    let (plain_a, plain_b) = (plain(a, one.kind), plain(b, other.kind));
    let is_firm = one.kind == CustomerKind::Organisation;
    let chars = plain_a.chars().count().max(plain_b.chars().count());
    Some(if plain_a == plain_b {
        if is_firm { FIRM_SAME } else { NAME_SAME }
    } else if !readings(a).is_disjoint(&readings(b)) {
        if is_firm { FIRM_READ_SAME } else { NAME_READ_SAME }
    // One character of three is another person; of ten it is a slip.
    } else if chars >= 5 && strsim::osa_distance(&plain_a, &plain_b) <= (chars / 8).max(1) {
        if is_firm { FIRM_ALIKE } else { NAME_ALIKE }
    } else if is_firm {
        FIRM_DIFFERENT
    } else {
        NAME_DIFFERENT
    })
}

/// The outcome that speaks most for the two among all pairs of what they say.
fn best<T>(one: &[T], other: &[T], compare: impl Fn(&T, &T) -> Option<Outcome>) -> Option<Outcome> {
    one.iter()
        .flat_map(|a| other.iter().filter_map(|b| compare(a, b)).collect::<Vec<_>>())
        .max_by_key(Outcome::weight)
}

fn birthdays(one: &Traits, other: &Traits) -> Option<Outcome> {
    best(&one.birthdays, &other.birthdays, |a, b| {
        // The same day by the moon is another one by the sun: which of them is meant nobody knows.
        if a.calendar != b.calendar || a.kind != LifeEventKind::Birthday || b.kind != LifeEventKind::Birthday
        {
            return None;
        }
        let leap = a.calendar == LifeCalendar::Lunar && a.leap_month != b.leap_month;
        let same_day = (a.month, a.day) == (b.month, b.day) && !leap;
        Some(match (a.year, b.year) {
            (Some(x), Some(y)) => {
                let swapped = x == y && (a.month, a.day) == (b.day, b.month);
                let same = [x == y, a.month == b.month && !leap, a.day == b.day];
                match same.into_iter().filter(|same| *same).count() {
                    3 => BIRTHDAY_SAME,
                    2 => BIRTHDAY_ONE_PART,
                    _ if swapped => BIRTHDAY_ONE_PART,
                    _ => BIRTHDAY_DIFFERENT,
                }
            }
            _ if same_day => BIRTHDAY_SAME_DAY,
            _ => BIRTHDAY_DIFFERENT,
        })
    })
}

fn regions(one: &Traits, other: &Traits) -> Option<Outcome> {
    let (a, b) = (one.region.as_deref()?, other.region.as_deref()?);
    Some(if name_key(a) == name_key(b) {
        REGION_SAME
    } else {
        REGION_DIFFERENT
    })
}

fn phones(one: &Traits, other: &Traits) -> Option<Outcome> {
    best(&one.phones, &other.phones, |a, b| {
        let end = |phone: &str, digits: usize| {
            phone
                .len()
                .checked_sub(digits)
                .map(|from| phone[from..].to_owned())
        };
        let same_end = |digits| end(a, digits).is_some_and(|tail| Some(tail) == end(b, digits));
        Some(if same_end(8) {
            PHONE_SAME_LINE
        } else if a.len() >= 8 && b.len() >= 8 && strsim::osa_distance(a, b) <= 1 {
            PHONE_NEAR
        } else if same_end(4) {
            PHONE_SAME_END
        } else {
            PHONE_DIFFERENT
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Traits {
        Traits {
            kind: CustomerKind::Person,
            name: Some(name.to_owned()),
            region: None,
            birthdays: Vec::new(),
            phones: Vec::new(),
        }
    }

    fn firm(name: &str) -> Traits {
        Traits {
            kind: CustomerKind::Organisation,
            ..person(name)
        }
    }

    fn born(traits: Traits, year: Option<i16>, month: u8, day: u8) -> Traits {
        Traits {
            birthdays: vec![LifeEventFacts {
                kind: LifeEventKind::Birthday,
                label: None,
                calendar: LifeCalendar::Solar,
                year,
                month,
                day,
                leap_month: false,
            }],
            ..traits
        }
    }

    fn of(traits: Traits, region: &str, phone: &str) -> Traits {
        Traits {
            region: Some(region.to_owned()).filter(|region| !region.is_empty()),
            phones: Some(phone.to_owned())
                .filter(|phone| !phone.is_empty())
                .into_iter()
                .collect(),
            ..traits
        }
    }

    fn outcomes(one: &Traits, other: &Traits) -> Vec<String> {
        compare(one, other, false)
            .reasons
            .into_iter()
            .map(|reason| format!("{} {}", reason.compared, reason.outcome))
            .collect()
    }

    #[test]
    fn two_independent_things_are_worth_a_look_and_one_is_not() {
        let zhang = || person("张伟");
        for (one, other, looked_at) in [
            (zhang(), zhang(), false),
            (of(zhang(), "北京", ""), of(zhang(), "北京", ""), false),
            (
                born(zhang(), Some(1990), 3, 7),
                born(zhang(), Some(1990), 3, 7),
                true,
            ),
            (
                born(zhang(), Some(1990), 3, 7),
                born(zhang(), Some(1991), 8, 9),
                false,
            ),
            (
                born(person("张炜"), Some(1990), 3, 7),
                born(zhang(), Some(1990), 3, 7),
                true,
            ),
            (
                of(born(person("李娜"), Some(1990), 3, 7), "北京", ""),
                of(born(zhang(), Some(1990), 3, 7), "北京", ""),
                false,
            ),
            (
                of(zhang(), "", "+8613900001234"),
                of(zhang(), "", "+8613811111234"),
                true,
            ),
            (
                of(person("李娜"), "", "+8613900001234"),
                of(zhang(), "", "+8613811111234"),
                false,
            ),
            (firm("华东物流有限公司"), firm("华东物流"), true),
            (firm("华东物流有限公司"), firm("华西物流有限公司"), false),
            (firm("Acme Tools Ltd."), firm("ACME Tools, Inc"), true),
            (firm("张伟"), zhang(), false),
        ] {
            let compared = compare(&one, &other, false);
            assert_eq!(
                compared.is_worth_a_look(),
                looked_at,
                "{one:?} {other:?} {compared:?}"
            );
        }
    }

    #[test]
    fn every_comparison_has_its_outcome() {
        let case = |one: Traits, other: Traits, expected: &str| {
            assert_eq!(outcomes(&one, &other).join(", "), expected, "{one:?} {other:?}");
        };
        case(person("张伟"), person("张炜"), "name same_reading");
        case(person("San Zhang"), person("zhang  san"), "name same");
        case(person("Katherine"), person("Catherine"), "name alike");
        case(person("张三"), person("张四"), "name different");
        let zhang = || person("张三");
        let birthday = |year, month, day| born(zhang(), year, month, day);
        let same = "name same, birthday";
        case(
            birthday(Some(1990), 3, 7),
            birthday(None, 3, 7),
            &format!("{same} same_day"),
        );
        case(
            birthday(Some(1990), 3, 7),
            birthday(Some(1990), 7, 3),
            &format!("{same} one_part_differs"),
        );
        case(
            birthday(Some(1990), 3, 7),
            birthday(Some(1980), 3, 7),
            &format!("{same} one_part_differs"),
        );
        case(
            birthday(Some(1990), 3, 7),
            birthday(Some(1981), 4, 7),
            &format!("{same} different"),
        );
        let phone = |phone| of(zhang(), "", phone);
        for (one, other, outcome) in [
            ("+8613912345678", "+85213912345678", "same_line"),
            ("+8613912345678", "+8613912345687", "near"),
            ("+8613912345678", "+8613912345679", "near"),
            ("+8613912345678", "+8615899995678", "same_end"),
            ("+8613912345678", "+8615899990000", "different"),
        ] {
            case(phone(one), phone(other), &format!("name same, phone {outcome}"));
        }
        case(
            of(zhang(), "北京", ""),
            of(zhang(), "上海", ""),
            "name same, region different",
        );
    }

    #[test]
    fn the_same_identity_is_certain() {
        let compared = compare(&person("张三"), &person("李四"), true);
        assert!(compared.certain && compared.is_worth_a_look());
        assert!(!compare(&person("张三"), &firm("张三"), true).certain);
    }

    proptest::proptest! {
        #[test]
        fn the_order_of_the_two_does_not_matter(a in "\\PC{0,12}|[张李王][伟娜炜]", b in "\\PC{0,12}|[张李王][伟娜炜]",
            x in "\\+?[0-9]{0,14}", y in "\\+?[0-9]{0,14}") {
            let (one, other) = (of(person(&a), "北京", &x), of(person(&b), "", &y));
            proptest::prop_assert_eq!(compare(&one, &other, false), compare(&other, &one, false));
        }
    }
}
