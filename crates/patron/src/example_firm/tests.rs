//! The firm is consistent with itself, for any seed.

use std::collections::{HashMap, HashSet};

use customers::{LifeCalendar, LifeEventKind};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::model::{GeneratedTransaction, Story, SubscriptionStatus, TransactionKind};
use super::*;

/// Whole organisations with their members, and both sides of in-network switching.
const SMALL: u64 = 400;

fn firm(customers: u64, seed: u64) -> ExampleFirm {
    ExampleFirm::new(customers, seed, AS_OF_DEFAULT).unwrap()
}

fn all(customers: u64, seed: u64) -> Vec<GeneratedCustomer> {
    firm(customers, seed).customers().collect()
}

/// The day of a line in the firm's zone.
fn day(line: &GeneratedTransaction) -> Day {
    Day(((line.at_us / 1_000_000 + 8 * 3_600).div_euclid(86_400)) as i32)
}

fn csv_of(customers: u64, seed: u64) -> (Vec<u8>, Vec<u8>) {
    let (mut people, mut lines) = (Vec::new(), Vec::new());
    write_csv(&firm(customers, seed), &mut people, &mut lines).unwrap();
    (people, lines)
}

/// Pins the bytes: whoever changes what a seed makes changes every screenshot and every figure in the
/// documents, and should know it.
#[test]
fn the_same_seed_makes_the_same_bytes() {
    let (people, lines) = csv_of(1_000, 1);
    assert_eq!((people.clone(), lines.clone()), csv_of(1_000, 1));
    let hash = Sha256::new().chain_update(people).chain_update(lines).finalize();
    let hash: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, "5f39d0320815a21d");
}

#[test]
fn another_seed_makes_another_firm() {
    assert_ne!(all(10, 1), all(10, 2));
    assert_ne!(csv_of(10, 1), csv_of(10, 2));
}

#[test]
fn a_customer_is_the_same_in_a_small_firm_and_in_a_large_one() {
    let large = all(SMALL, 7);
    for size in [1, 21, 22, 41, 200] {
        assert_eq!(all(size, 7), large[..size as usize]);
    }
    let rest: Vec<_> = firm(SMALL, 7).customers().skip(300).collect();
    assert_eq!(rest, large[300..]);
    assert_eq!(firm(CUSTOMERS_MAX, 7).customers().nth(399).as_ref(), large.last());
}

#[test]
fn the_default_day_is_the_end_of_october_2026() {
    assert_eq!(AS_OF_DEFAULT.to_string(), "2026-10-31");
}

#[test]
fn a_firm_that_cannot_be_made_is_refused() {
    let code = |customers, as_of: &str| match ExampleFirm::new(customers, 1, Day::parse(as_of).unwrap())
        .unwrap_err()
    {
        Error::Invalid { code, .. } => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(0, "2026-10-31"), "customers_out_of_range");
    assert_eq!(code(CUSTOMERS_MAX + 1, "2026-10-31"), "customers_out_of_range");
    assert_eq!(code(1, "2017-12-31"), "as_of_out_of_range");
    assert_eq!(code(1, "2036-01-01"), "as_of_out_of_range");
    assert!(ExampleFirm::new(CUSTOMERS_MAX, 1, AS_OF_DEFAULT).is_ok());
}

#[test]
fn numbers_differ_up_to_the_largest_firm() {
    let mut seen = HashSet::new();
    for index in (0..1_000).chain(CUSTOMERS_MAX - 1_000..CUSTOMERS_MAX) {
        for slot in 0..4 {
            let number = phone_number(u64::MAX, index, slot);
            assert_eq!(number.len(), 11);
            assert!(seen.insert(number));
        }
    }
}

#[test]
fn every_story_is_told() {
    let told: HashSet<Story> = all(6_000, 1).iter().map(|customer| customer.story).collect();
    assert_eq!(told.len(), 13, "{told:?}");
}

#[test]
fn some_belong_to_organisations_some_were_brought_and_some_switched() {
    let customers = all(8_000, 2);
    let share = |holds: fn(&GeneratedCustomer) -> bool, of: fn(&GeneratedCustomer) -> bool| {
        let counted = customers.iter().filter(|customer| of(customer)).count();
        customers
            .iter()
            .filter(|customer| of(customer) && holds(customer))
            .count() as f64
            / counted as f64
    };
    let members = share(|customer| customer.organisation.is_some(), |_| true);
    assert!((0.02..0.08).contains(&members), "{members}");
    let switched = share(|customer| customer.switched_from.is_some(), |_| true);
    assert!((0.005..0.02).contains(&switched), "{switched}");
    let brought = share(
        |customer| customer.referred_by.is_some(),
        |customer| customer.since > AS_OF_DEFAULT.months_before(36),
    );
    assert!((0.18..0.28).contains(&brought), "{brought}");
}

#[test]
fn the_ledger_shows_the_stories() {
    let customers = all(6_000, 3);
    // Revenue of the months `from..to` before the as-of day's end, of all customers with the story.
    let revenue = |story: Story, from: i32, to: i32| -> i64 {
        let (first, last) = (AS_OF_DEFAULT.months_before(to), AS_OF_DEFAULT.months_before(from));
        customers
            .iter()
            .filter(|customer| customer.story == story && customer.kind == CustomerKind::Person)
            .flat_map(|customer| &customer.transactions)
            .filter(|line| line.product != catalogue::Product::Device)
            .filter(|line| first < day(line) && day(line) <= last)
            .map(|line| line.amount_minor)
            .sum()
    };
    // The price changed at the start of the 16th month from the end.
    assert!(
        revenue(Story::DippedAtPriceChange, 10, 14) < revenue(Story::DippedAtPriceChange, 17, 21) * 7 / 10
    );
    assert!(
        revenue(Story::DippedAtPriceChange, 2, 6) > revenue(Story::DippedAtPriceChange, 10, 14) * 12 / 10
    );
    assert!(revenue(Story::LeftAtPriceChange, 0, 10) == 0 && revenue(Story::LeftAtPriceChange, 17, 20) > 0);
    // Away for the whole year before the last one.
    assert_eq!(revenue(Story::WonBack, 12, 24), 0);
    assert!(revenue(Story::WonBack, 0, 12) > 0 && revenue(Story::WonBack, 25, 36) > 0);
    assert_eq!(revenue(Story::Dormant, 0, 3), 0);
    // Per head this would mix with who came: compare those who were there all the time.
    let settled = |story: Story| -> (i64, i64) {
        customers
            .iter()
            .filter(|customer| customer.story == story && customer.kind == CustomerKind::Person)
            .filter(|customer| customer.since < AS_OF_DEFAULT.months_before(36))
            .flat_map(|customer| &customer.transactions)
            .filter(|line| line.product != catalogue::Product::Device)
            .fold((0, 0), |(early, late), line| {
                match AS_OF_DEFAULT.month().0 - day(line).month().0 {
                    24..36 => (early + line.amount_minor, late),
                    0..12 => (early, late + line.amount_minor),
                    _ => (early, late),
                }
            })
    };
    let (early, late) = settled(Story::Growing);
    assert!(late > early * 14 / 10, "{early} {late}");
    let (early, late) = settled(Story::Shrinking);
    assert!(late < early * 8 / 10, "{early} {late}");
    let (early, late) = settled(Story::Steady);
    assert!((late - early).abs() < early / 10, "{early} {late}");
}

#[test]
fn what_is_known_of_people_can_be_stored_and_is_of_every_kind() {
    let customers = all(8_000, 2);
    let days: Vec<_> = customers.iter().flat_map(|customer| &customer.days).collect();
    for facts in &days {
        assert_eq!(&(*facts).clone().checked().unwrap(), *facts);
    }
    let lunar = days
        .iter()
        .filter(|facts| facts.calendar == LifeCalendar::Lunar)
        .count();
    assert!(
        (days.len() / 5..days.len() / 2).contains(&lunar),
        "{lunar} of {}",
        days.len()
    );
    assert!(
        days.iter().any(|facts| facts.leap_month),
        "some were born in a leap month"
    );
    assert!(days.iter().any(|facts| facts.kind == LifeEventKind::Founding));
    let said: Vec<_> = customers.iter().flat_map(|customer| &customer.consents).collect();
    assert!(
        said.iter().any(|said| !said.given) && said.iter().any(|said| said.purpose == "advertising_in_ivr")
    );
    assert!(said.iter().all(|said| said.on <= AS_OF_DEFAULT));
    let held = customers.iter().flat_map(|customer| &customer.subscriptions);
    let ends: Vec<_> = held.filter_map(|held| held.term_ends_on).collect();
    let within_two_years = |day: &Day| (AS_OF_DEFAULT..=AS_OF_DEFAULT.months_before(-24)).contains(day);
    assert!(!ends.is_empty() && ends.iter().all(within_two_years));
    assert!(customers.iter().any(|customer| customer.tags.len() > 1));
}

#[test]
fn who_switched_in_the_network_can_be_known_again() {
    let customers = all(8_000, 2);
    let by_number: HashMap<_, _> = customers
        .iter()
        .map(|customer| (customer.external_id.as_str(), customer))
        .collect();
    let mut with_birthday = 0;
    for customer in &customers {
        if let Some(before) = &customer.switched_from {
            let before = by_number[before.as_str()];
            assert_eq!((&before.name, &before.days), (&customer.name, &customer.days));
            with_birthday += usize::from(!customer.days.is_empty());
        }
    }
    assert!(with_birthday > 20, "{with_birthday}");
}

#[test]
fn a_ledger_has_ten_to_fourteen_lines_per_year_of_a_customer_of_the_mass() {
    let (mut lines, mut days) = (0, 0);
    for customer in all(4_000, 5) {
        if customer.kind == CustomerKind::Person
            && let (Some(first), Some(last)) = (customer.transactions.first(), customer.transactions.last())
        {
            lines += customer.transactions.len();
            days += day(last).0 - day(first).0 + 1;
        }
    }
    let yearly = lines as f64 / (f64::from(days) / 365.25);
    assert!((10.0..=14.0).contains(&yearly), "{yearly}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_reference_points_to_an_earlier_customer(seed: u64) {
        let mut earlier: HashMap<String, GeneratedCustomer> = HashMap::new();
        for customer in all(SMALL, seed) {
            if let Some(by) = &customer.referred_by {
                let by = &earlier[by];
                prop_assert!(by.since < customer.since);
            }
            if let Some(organisation) = &customer.organisation {
                let organisation = &earlier[organisation];
                prop_assert_eq!(organisation.kind, CustomerKind::Organisation);
                prop_assert_eq!(organisation.region, customer.region);
            }
            if let Some(before) = &customer.switched_from {
                let before = &earlier[before];
                prop_assert_eq!(before.story, Story::LeftBySwitching);
                prop_assert_eq!(customer.story, Story::CameBySwitching);
                prop_assert_eq!(&before.name, &customer.name);
                prop_assert_eq!(&before.email, &customer.email);
                let ended = before.subscriptions.iter().filter_map(|held| held.ended_on).max().unwrap();
                prop_assert!((1..=15).contains(&(customer.since.0 - ended.0)));
            }
            prop_assert_eq!(customer.switched_from.is_some(), customer.story == Story::CameBySwitching);
            prop_assert!(earlier.insert(customer.external_id.clone(), customer).is_none());
        }
    }

    #[test]
    fn contacts_who_are_customers_are_members(seed: u64) {
        let customers = all(SMALL, seed);
        let by_id: HashMap<&str, &GeneratedCustomer> =
            customers.iter().map(|customer| (customer.external_id.as_str(), customer)).collect();
        for customer in &customers {
            prop_assert_eq!(customer.contacts.is_empty(), customer.kind == CustomerKind::Person);
            for contact in &customer.contacts {
                prop_assert!((1..=5).contains(&contact.influence));
                if let Some(id) = &contact.customer {
                    let member = by_id[id.as_str()];
                    prop_assert_eq!(&member.name, &contact.name);
                    prop_assert_eq!(member.organisation.as_ref(), Some(&customer.external_id));
                }
            }
            if customer.kind == CustomerKind::Organisation {
                for role in [ContactRole::DecisionMaker, ContactRole::KeyPerson, ContactRole::Finance] {
                    prop_assert_eq!(customer.contacts.iter().filter(|contact| contact.role == role).count(), 1);
                }
            }
            if customer.kind == CustomerKind::Organisation && customer.story == Story::LeftWithKeyPerson {
                let key = customer.contacts.iter().find(|contact| contact.role == ContactRole::KeyPerson).unwrap();
                let key = by_id[key.customer.as_deref().unwrap()];
                prop_assert!(key.subscriptions[0].ended_on.unwrap() < customer.subscriptions[0].ended_on.unwrap());
            }
        }
    }

    #[test]
    fn numbers_and_line_numbers_are_unique(seed: u64) {
        let (mut numbers, mut lines) = (HashSet::new(), HashSet::new());
        for customer in all(SMALL, seed) {
            let phones: Vec<&str> = customer.subscriptions.iter().map(|held| held.number.as_str()).collect();
            if customer.kind == CustomerKind::Person {
                prop_assert!(phones.contains(&customer.phone.as_str()));
            } else {
                prop_assert!(numbers.insert(customer.phone.clone()));
            }
            for held in &customer.subscriptions {
                prop_assert!(numbers.insert(held.number.clone()), "{} twice", held.number);
            }
            for line in &customer.transactions {
                prop_assert_eq!(&line.customer, &customer.external_id);
                prop_assert!(lines.insert(line.external_id.clone()));
            }
        }
    }

    #[test]
    fn a_line_is_within_the_history_and_a_subscription(seed: u64) {
        let first_day = firm(1, seed).setting.first_day();
        for customer in all(SMALL, seed) {
            let spells: Vec<(Day, Day)> = customer
                .subscriptions
                .iter()
                .map(|held| (held.started_on, held.ended_on.unwrap_or(AS_OF_DEFAULT)))
                .collect();
            prop_assert_eq!(customer.since, spells.iter().map(|(from, _)| *from).min().unwrap());
            prop_assert!(customer.transactions.is_sorted_by_key(|line| line.at_us));
            for line in &customer.transactions {
                let day = day(line);
                prop_assert!(first_day <= day && day <= AS_OF_DEFAULT && customer.since <= day);
                // The last bill is written in the first days of the month after the end.
                let within = spells.iter().any(|(from, to)| {
                    let last = if line.kind == TransactionKind::Bill { Day(to.month().next().first_day().0 + 4) } else { *to };
                    *from <= day && day <= last
                });
                prop_assert!(within, "{line:?} of {spells:?}");
            }
        }
    }

    #[test]
    fn a_subscription_that_is_over_says_so(seed: u64) {
        for customer in all(SMALL, seed) {
            for held in &customer.subscriptions {
                prop_assert_eq!(held.ended_on.is_some(), held.status == SubscriptionStatus::Ended);
                prop_assert!(held.ended_on.is_none_or(|ended| held.started_on <= ended && ended <= AS_OF_DEFAULT));
                prop_assert!(held.started_on <= AS_OF_DEFAULT);
                prop_assert!(held.monthly_fee_minor > 0);
            }
        }
    }

    #[test]
    fn a_reversal_takes_back_a_whole_earlier_line_once(seed: u64) {
        let mut reversals = 0;
        for customer in all(SMALL, seed) {
            let mut open: HashMap<&str, &GeneratedTransaction> = HashMap::new();
            for line in &customer.transactions {
                prop_assert_eq!(line.kind == TransactionKind::Refund, line.reverses.is_some());
                prop_assert_eq!(line.amount_minor < 0, line.reverses.is_some());
                prop_assert!(line.amount_minor != 0 && line.cost_minor.signum() == line.amount_minor.signum());
                prop_assert!(line.cost_minor.abs() < line.amount_minor.abs());
                if let Some(reversed) = &line.reverses {
                    let reversed = open.remove(reversed.as_str()).unwrap();
                    prop_assert_eq!(line.amount_minor, -reversed.amount_minor);
                    prop_assert_eq!(line.cost_minor, -reversed.cost_minor);
                    prop_assert_eq!(line.product, reversed.product);
                    prop_assert!(reversed.at_us < line.at_us);
                    reversals += 1;
                } else {
                    open.insert(&line.external_id, line);
                }
            }
        }
        prop_assert!(reversals > 0);
    }

    #[test]
    fn any_day_is_an_as_of_day(seed: u64, days in 17_532_i32..24_100) {
        let as_of = Day(days);
        for customer in ExampleFirm::new(120, seed, as_of).unwrap().customers() {
            prop_assert!(customer.since <= as_of);
            for line in &customer.transactions {
                prop_assert!(customer.since <= day(line) && day(line) <= as_of);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn a_fifth_of_the_customers_brings_most_of_the_revenue(seed: u64) {
        let mut revenue: Vec<i64> = all(4_000, seed)
            .iter()
            .map(|customer| customer.transactions.iter().map(|line| line.amount_minor).sum())
            .collect();
        revenue.sort_unstable_by_key(|amount| -amount);
        let top: i64 = revenue[..revenue.len() / 5].iter().sum();
        let share = top as f64 / revenue.iter().sum::<i64>() as f64;
        prop_assert!((0.6..=0.9).contains(&share), "{share}");
    }
}
