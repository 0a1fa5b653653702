use proptest::prelude::*;

use super::*;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn lunar(month: u8, day: u8, leap_month: bool) -> LifeEventFacts {
    LifeEventFacts {
        kind: LifeEventKind::Birthday,
        label: None,
        calendar: LifeCalendar::Lunar,
        year: None,
        month,
        day,
        leap_month,
    }
}

fn solar(year: Option<i16>, month: u8, day: u8) -> LifeEventFacts {
    LifeEventFacts {
        calendar: LifeCalendar::Solar,
        year,
        ..lunar(month, day, false)
    }
}

/// The first days of years of the moon's calendar, as the observatories published them.
const SPRING_FESTIVALS: [&str; 40] = [
    "1900-01-31",
    "1911-01-30",
    "1912-02-18",
    "1920-02-20",
    "1930-01-30",
    "1940-02-08",
    "1949-01-29",
    "1950-02-17",
    "1960-01-28",
    "1966-01-21",
    "1970-02-06",
    "1976-01-31",
    "1978-02-07",
    "1980-02-16",
    "1984-02-02",
    "1985-02-20",
    "1990-01-27",
    "1995-01-31",
    "1999-02-16",
    "2000-02-05",
    "2001-01-24",
    "2004-01-22",
    "2008-02-07",
    "2012-01-23",
    "2015-02-19",
    "2018-02-16",
    "2019-02-05",
    "2020-01-25",
    "2021-02-12",
    "2022-02-01",
    "2023-01-22",
    "2024-02-10",
    "2025-01-29",
    "2026-02-17",
    "2027-02-06",
    "2028-01-26",
    "2030-02-03",
    "2033-01-31",
    "2034-02-19",
    "2100-02-09",
];

#[test]
fn years_of_the_moon_begin_when_they_do() {
    for text in SPRING_FESTIVALS {
        let year = day(text).date().year();
        assert_eq!(lunar_month(year, 1, false).unwrap().0, day(text), "{text}");
    }
}

#[test]
fn leap_months_are_where_they_are() {
    // Every leap month of two cycles, and the one that many programs get wrong.
    let known = [
        (1900, 8),
        (1903, 5),
        (1906, 4),
        (1909, 2),
        (1911, 6),
        (1963, 4),
        (1966, 3),
        (1968, 7),
        (1971, 5),
        (1974, 4),
        (1976, 8),
        (1979, 6),
        (1982, 4),
        (1984, 10),
        (1987, 6),
        (1990, 5),
        (1993, 3),
        (1995, 8),
        (1998, 5),
        (2001, 4),
        (2004, 2),
        (2006, 7),
        (2009, 5),
        (2012, 4),
        (2014, 9),
        (2017, 6),
        (2020, 4),
        (2023, 2),
        (2025, 6),
        (2028, 5),
        (2031, 3),
        (2033, 11),
        (2036, 6),
        (2039, 5),
        (2042, 2),
    ];
    for year in 1963..=2042 {
        let leap = (1..=12).find(|month| lunar_month(year, *month, true).is_some());
        let expected = known.iter().find(|(of, _)| *of == year).map(|(_, month)| *month);
        assert_eq!(leap, expected, "{year}");
    }
    for (year, month) in known {
        assert!(lunar_month(year, month, true).is_some(), "{year} leap {month}");
    }
}

fn days(facts: &LifeEventFacts, from: &str, until: &str) -> Vec<(String, Vec<Moved>)> {
    occurrences(facts, day(from), day(until))
        .into_iter()
        .map(|occurrence| (occurrence.on.to_string(), occurrence.moved))
        .collect()
}

#[test]
fn a_day_the_year_does_not_have_is_remembered_on_the_last_before_it() {
    let leapling = days(&solar(None, 2, 29), "2023-01-01", "2024-12-31");
    assert_eq!(
        leapling,
        [
            ("2023-02-28".into(), vec![Moved::NoLeapDay]),
            ("2024-02-29".into(), vec![])
        ]
    );
    // The twelfth month of 2024 has 29 days, that of 2023 has 30.
    let new_years_eve = days(&lunar(12, 30, false), "2024-01-01", "2025-12-31");
    assert_eq!(
        new_years_eve,
        [
            ("2024-02-09".into(), vec![]),
            ("2025-01-28".into(), vec![Moved::NoDay30])
        ]
    );
}

#[test]
fn a_leap_month_comes_back_where_there_is_one() {
    // Born in leap June 2025: the ordinary June until a year has leap June again, in 2036.
    let born = LifeEventFacts {
        year: Some(2025),
        ..lunar(6, 1, true)
    };
    let found = occurrences(&born, day("2025-01-01"), day("2026-12-31"));
    assert_eq!(
        found,
        [
            Occurrence {
                on: day("2025-07-25"),
                years: Some(0),
                moved: vec![]
            },
            Occurrence {
                on: day("2026-07-14"),
                years: Some(1),
                moved: vec![Moved::NoLeapMonth]
            },
        ]
    );
    assert_eq!(
        days(&born, "2036-01-01", "2036-12-31"),
        [("2036-07-23".into(), vec![])]
    );
    // The ordinary June of 2025 is the first of the two.
    assert_eq!(
        days(&lunar(6, 1, false), "2025-01-01", "2025-12-31"),
        [("2025-06-25".into(), vec![])]
    );
}

#[test]
fn festivals_fall_where_calendars_print_them() {
    for (month, of, on) in [
        (1, 15, "2026-03-03"), // 元宵
        (5, 5, "2026-06-19"),  // 端午
        (8, 15, "2026-09-25"), // 中秋
        (9, 9, "2026-10-18"),  // 重阳
        (8, 15, "2025-10-06"),
        (5, 5, "2024-06-10"),
    ] {
        let year = &on[..4];
        let found = days(
            &lunar(month, of, false),
            &format!("{year}-01-01"),
            &format!("{year}-12-31"),
        );
        assert_eq!(found, [(on.to_owned(), vec![])]);
    }
}

#[test]
fn dates_that_do_not_exist_are_refused() {
    let code = |facts: LifeEventFacts| facts.checked().map(|_| ()).unwrap_err().code();
    for facts in [
        solar(None, 2, 30),
        solar(Some(2023), 2, 29),
        solar(None, 13, 1),
        solar(None, 4, 31),
        lunar(1, 31, false),
        lunar(0, 1, false),
        LifeEventFacts {
            leap_month: true,
            ..solar(None, 6, 1)
        },
        LifeEventFacts {
            year: Some(2024),
            ..lunar(6, 1, true)
        },
        LifeEventFacts {
            year: Some(2024),
            ..lunar(12, 30, false)
        },
    ] {
        assert_eq!(code(facts), "date_does_not_exist");
    }
    assert_eq!(
        code(LifeEventFacts {
            year: Some(1899),
            ..lunar(1, 1, false)
        }),
        "year_out_of_range"
    );
    assert_eq!(
        code(LifeEventFacts {
            kind: LifeEventKind::Other,
            ..solar(None, 1, 1)
        }),
        "label_missing"
    );
    assert!(
        solar(Some(1669), 5, 1).checked().is_ok(),
        "firms are older than calendars"
    );
    assert_eq!(
        check_span(day("2026-01-02"), day("2026-01-01"))
            .unwrap_err()
            .code(),
        "span_reversed"
    );
    assert_eq!(
        check_span(day("2026-01-01"), day("2046-01-01"))
            .unwrap_err()
            .code(),
        "span_too_long"
    );
    assert_eq!(
        check_span(day("1899-01-01"), day("1901-01-01"))
            .unwrap_err()
            .code(),
        "span_out_of_range"
    );
}

proptest! {
    #[test]
    fn every_year_has_it_once(month in 1_u8..=12, of in 1_u8..=30, leap: bool, year in 1902_i16..2099) {
        let facts = lunar(month, of, leap);
        let year_of = |year| lunar_month(year, 1, false).unwrap().0;
        let (from, until) = (year_of(year), Day(year_of(year + 1).0 - 1));
        let found = occurrences(&facts, from, until);
        prop_assert_eq!(found.len(), 1, "{:?}", found);
        let on = Date::from_rata_die(
            icu_calendar::types::RataDie::new(i64::from(found[0].on.0) + EPOCH_RATA_DIE),
            ChineseTraditional::new(),
        );
        prop_assert_eq!(on.month().number(), month);
        prop_assert_eq!(on.day_of_month().0 == of, !found[0].moved.contains(&Moved::NoDay30));
        prop_assert_eq!(on.month().to_input().is_leap(), leap && !found[0].moved.contains(&Moved::NoLeapMonth));
    }

    #[test]
    fn a_span_is_the_sum_of_its_parts(
        month in 1_u8..=12, of in 1_u8..=28, by_moon: bool, from in 0_i32..30_000, first in 0_i32..1_000, then in 1_i32..1_000,
    ) {
        let facts = if by_moon { lunar(month, of, false) } else { solar(None, month, of) };
        let whole = occurrences(&facts, Day(from), Day(from + first + then));
        let mut parts = occurrences(&facts, Day(from), Day(from + first));
        parts.extend(occurrences(&facts, Day(from + first + 1), Day(from + first + then)));
        prop_assert_eq!(whole, parts);
    }
}
