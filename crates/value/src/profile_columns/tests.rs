use customers::store::{Group, Grouping};
use platform::Scope;
use proptest::prelude::*;

use super::*;
use crate::group_columns::GroupColumns;

fn figures(customer: u128, seed: u64) -> ProfileFigures {
    // Few different numbers, so that many are equal; every third customer lacks the reals.
    let number = |n: u64| {
        (seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .rotate_left(n as u32 * 7)
            % 5) as i64
            - 2
    };
    let real = |n: u64| (!seed.is_multiple_of(3)).then(|| number(n).unsigned_abs() as f64 / 3.0);
    ProfileFigures {
        customer: Uuid::from_u128(customer),
        class: CLASSES[seed as usize % CLASSES.len()].to_owned(),
        loyalty: LOYALTIES[seed as usize / 7 % LOYALTIES.len()].to_owned(),
        bucket: BUCKETS[seed as usize / 3 % BUCKETS.len()].to_owned(),
        value_minor: number(1),
        clv_12m_minor: number(7),
        clv_36m_minor: i64::MAX,
        referral_value_minor: 0,
        value_at_risk_minor: number(8),
        revenue_minor: i64::MIN,
        monetary_minor: number(1),
        expected_ticket_minor: number(2),
        expected_purchases_30d: real(5),
        expected_purchases_90d: real(6),
        expected_purchases_365d: None,
        contribution_minor: number(2) * i64::from(u32::MAX),
        p_alive: real(3),
        stability: real(4),
        x: number(5),
        first_purchase: Day(number(6) as i32),
        last_purchase: Day(i32::MAX),
        recency_score: 1 + (seed % 5) as u8,
        frequency_score: 5,
        monetary_score: 1,
    }
}

fn grouping(region: Option<&str>) -> Grouping {
    Grouping {
        brand: None,
        region: region.map(str::to_owned),
        kind: "person".to_owned(),
        branch: None,
        owner: None,
    }
}

/// In steps of different sizes, one of them of nobody.
fn columns_of(all: &[ProfileFigures]) -> ProfileColumns {
    let mut columns = ProfileColumns::with_capacity(all.len());
    let (first, rest) = all.split_at(all.len() / 3);
    for step in [first, &[], rest] {
        columns.append(&encode(step.iter()).unwrap()).unwrap();
    }
    columns
}

#[test]
fn figures_stand_where_they_are_looked_for() {
    for (place, figure) in Figure::ALL.into_iter().enumerate() {
        assert_eq!(figure as usize, place);
    }
}

#[test]
fn what_is_not_a_column_is_refused() {
    let one = encode([figures(1, 5)].iter()).unwrap();
    let mut columns = ProfileColumns::default();
    assert!(columns.append(&one[1..]).is_err());
    let mut unknown_class = one.clone();
    unknown_class[16] = 200;
    assert!(ProfileColumns::default().append(&unknown_class).is_err());
    columns = ProfileColumns::default();
    columns.append(&one).unwrap();
    assert!(columns.append(&one).is_err(), "twice the same customer");
    let nameless = ProfileFigures {
        class: "E-V".to_owned(),
        ..figures(1, 5)
    };
    assert!(encode([nameless].iter()).is_err());
}

proptest! {
    #[test]
    fn reals_keep_their_order_and_every_bit(a in proptest::num::f64::NORMAL | proptest::num::f64::ZERO, b: f64) {
        prop_assume!(!b.is_nan());
        prop_assert_eq!(ordered(a).cmp(&ordered(b)), (a + 0.0).partial_cmp(&b).unwrap());
        prop_assert_eq!(real(ordered(a)).to_bits(), (a + 0.0).to_bits());
    }

    #[test]
    fn pages_and_counts_are_those_of_a_sorted_list(
        seeds in prop::collection::vec(any::<u64>(), 0..5_000),
        figure in 0..Figure::ALL.len(),
        descending: bool,
        size in 1_usize..400,
        classes in prop::sample::subsequence(CLASSES.to_vec(), 0..3),
        buckets in prop::sample::subsequence(BUCKETS.to_vec(), 0..4),
        regions in prop::sample::subsequence(vec!["north", "south", "east"], 0..3),
        bounds in prop::collection::vec((0..Figure::ALL.len(), prop::option::of(-2.0..2.0), prop::option::of(-2.0..2.0)), 0..3),
    ) {
        let all: Vec<ProfileFigures> = seeds.iter().zip(1_u128..).map(|(seed, id)| figures(id * 3, *seed)).collect();
        let columns = columns_of(&all);
        let owned = |names: Vec<&str>| -> Vec<String> { names.into_iter().map(str::to_owned).collect() };
        let (classes, buckets) = (owned(classes), owned(buckets));
        let ranges: Vec<Range> = bounds
            .into_iter()
            .map(|(figure, low, high)| Range { figure: Figure::ALL[figure], low, high })
            .collect();
        let selection = Selection::new(&classes, &[], &buckets, &ranges);
        // Two of seven have no region, one of them no record.
        let region_of = |seed: u64| ["north", "south", "east", "north", "north"].get(seed as usize % 7).copied();
        let mut groups = GroupColumns::new(all.len());
        for (seed, row) in seeds.iter().zip(0..).filter(|(seed, _)| **seed % 7 != 6) {
            groups.set(row, grouping(None));
            groups.set(row, grouping(region_of(*seed)));
        }
        let group = Group { regions: owned(regions.clone()), ..Group::default() };
        let members = groups.members(&Scope::of_system(), &group);
        let members = (!regions.is_empty()).then_some(&members);
        let order = Order { figure: Figure::ALL[figure], descending };

        let within = |p: &ProfileFigures, range: &Range| {
            let key = range.figure.key_of(p);
            let number = if range.figure.unit() == Unit::Real { real(key) } else { key as f64 };
            !(range.figure.unit() == Unit::Real && number < 0.0)
                && range.low.is_none_or(|low| number >= low)
                && range.high.is_none_or(|high| number <= high)
        };
        let mut expected: Vec<&ProfileFigures> = all
            .iter()
            .filter(|p| {
                let region = region_of(seeds[columns.row_of(p.customer).unwrap() as usize]);
                regions.is_empty() || region.is_some_and(|region| regions.contains(&region))
            })
            .filter(|p| classes.is_empty() || classes.contains(&p.class))
            .filter(|p| buckets.is_empty() || buckets.contains(&p.bucket))
            .filter(|p| ranges.iter().all(|range| within(p, range)))
            .collect();
        expected.sort_by_key(|p| (order.figure.key_of(p), p.customer));
        if descending {
            expected.reverse();
        }

        prop_assert_eq!(columns.count(&selection, members), expected.len());
        let rows: Vec<u32> = (0..u32::try_from(all.len()).unwrap()).collect();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = columns.page(&selection, members, order, after, size);
            prop_assert_eq!(&columns.scan((&selection, members), order, after, size), &page);
            let walked = columns.walk((&selection, members), order, after, size, all.len());
            prop_assert_eq!(walked.as_ref(), Some(&page));
            if let Some(short) = columns.walk((&selection, members), order, after, size, all.len() / 3) {
                prop_assert_eq!(&short, &page);
            }
            if members.is_none() {
                prop_assert_eq!(&columns.page_among(&rows, &selection, order, after, size), &page);
            }
            found.extend(page.iter().map(|row| columns.profile(*row)));
            let Some(last) = page.last().filter(|_| page.len() == size) else { break };
            after = Some(After { key: columns.key(order.figure, *last), customer: columns.customer(*last) });
        }
        prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        for p in &all {
            let row = columns.row_of(p.customer).unwrap();
            prop_assert_eq!(&columns.profile(row), p);
        }
        prop_assert_eq!(columns.row_of(Uuid::from_u128(1)), None);
        // Every other one, with strangers among them, backwards.
        let some: Vec<u32> = rows.iter().copied().filter(|row| seeds[*row as usize].is_multiple_of(2)).collect();
        let mut ids: Vec<Uuid> = some.iter().map(|row| columns.customer(*row)).collect();
        ids.extend(seeds.iter().map(|seed| Uuid::from_u128(u128::from(seed % 20_000) * 3 + 1)));
        ids.reverse();
        prop_assert_eq!(columns.rows_of(ids), some);
    }
}
