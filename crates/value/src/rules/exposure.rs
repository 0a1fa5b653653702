//! What hangs on a person: who would take what along. Pure.
//!
//! On a person hang the organisations the person is a contact of, everything that stands below them, and
//! the person's own custom. Each customer counts once for one person, over however many ways it is
//! reached; two people may both have the same customer hanging on them.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use base::{Error, Result};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who stands below whom.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy(HashMap<Uuid, Vec<Uuid>>);

impl FromIterator<(Uuid, Uuid)> for Hierarchy {
    /// From pairs of a customer and the organisation right above it.
    fn from_iter<I: IntoIterator<Item = (Uuid, Uuid)>>(pairs: I) -> Self {
        let mut below: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for (customer, above) in pairs {
            below.entry(above).or_default().push(customer);
        }
        Self(below)
    }
}

impl Hierarchy {
    /// These and everything below them, each once. A cycle, which a file may have brought, ends.
    pub fn reach(&self, from: impl IntoIterator<Item = Uuid>) -> BTreeSet<Uuid> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<Uuid> = from.into_iter().collect();
        while let Some(customer) = next.pop() {
            if reached.insert(customer)
                && let Some(below) = self.0.get(&customer)
            {
                next.extend(below);
            }
        }
        reached
    }
}

/// What customers bring, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stake {
    /// Money of the last twelve months.
    pub revenue_minor: i64,
    /// Money expected within 36 months, discounted.
    pub clv_minor: i64,
}

impl std::ops::Add for Stake {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            revenue_minor: self.revenue_minor.saturating_add(other.revenue_minor),
            clv_minor: self.clv_minor.saturating_add(other.clv_minor),
        }
    }
}

/// What a list of persons is sorted by, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExposureSort {
    /// The money expected of what hangs on them.
    #[default]
    #[serde(rename = "clv_36m")]
    Clv,
    /// The money of the last twelve months.
    #[serde(rename = "revenue_12m")]
    Revenue,
    /// How many customers hang on them.
    Customers,
    /// Their own influence, where it is greatest.
    Influence,
}

impl FromStr for ExposureSort {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "clv_36m" => Ok(Self::Clv),
            "revenue_12m" => Ok(Self::Revenue),
            "customers" => Ok(Self::Customers),
            "influence" => Ok(Self::Influence),
            _ => {
                let message = "this list is sorted by clv_36m, revenue_12m, customers or influence";
                Err(Error::invalid("sort_unknown", message).at("sort"))
            }
        }
    }
}

/// Where a person stands in a list.
pub type SortKey = (i64, i64, i64, Uuid);

/// What hangs on a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// Who.
    pub person: Uuid,
    /// How many customers, whether they bring something or not.
    pub customers: usize,
    /// What they bring together.
    pub stake: Stake,
}

/// What hangs on each person who is tied to organisations, the most first. `ties` are pairs of a person and
/// an organisation.
pub fn exposures(
    ties: impl IntoIterator<Item = (Uuid, Uuid)>,
    hierarchy: &Hierarchy,
    stakes: &HashMap<Uuid, Stake>,
) -> Vec<Exposure> {
    let mut organisations: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (person, organisation) in ties {
        organisations.entry(person).or_default().push(organisation);
    }
    let mut exposures: Vec<_> = organisations
        .into_iter()
        .map(|(person, organisations)| {
            let reached = hierarchy.reach(organisations);
            // Whoever is a member already counts as one; a contact who is no customer brings nothing itself.
            let own = stakes.get(&person).filter(|_| !reached.contains(&person));
            let brought = reached.iter().filter_map(|customer| stakes.get(customer));
            Exposure {
                person,
                customers: reached.len() + usize::from(own.is_some()),
                stake: brought
                    .chain(own)
                    .fold(Stake::default(), |sum, stake| sum + *stake),
            }
        })
        .collect();
    exposures.sort_by_key(|exposure| std::cmp::Reverse(sort_key(exposure, ExposureSort::Clv, 0)));
    exposures
}

/// What a list is sorted by, the largest first; where two are even, on whom more hangs. `influence` is the person's
/// greatest.
pub fn sort_key(exposure: &Exposure, sort: ExposureSort, influence: u8) -> SortKey {
    let Stake {
        revenue_minor,
        clv_minor,
    } = exposure.stake;
    let first = match sort {
        ExposureSort::Clv => clv_minor,
        ExposureSort::Revenue => revenue_minor,
        ExposureSort::Customers => i64::try_from(exposure.customers).unwrap_or(i64::MAX),
        ExposureSort::Influence => influence.into(),
    };
    (first, clv_minor, revenue_minor, exposure.person)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(n: u8) -> Uuid {
        Uuid::from_u128(u128::from(n))
    }

    fn stakes(of: impl IntoIterator<Item = (u8, i64)>) -> HashMap<Uuid, Stake> {
        let stake = |minor| Stake {
            revenue_minor: minor,
            clv_minor: 3 * minor,
        };
        of.into_iter().map(|(n, minor)| (id(n), stake(minor))).collect()
    }

    #[test]
    fn a_key_person_takes_the_group_and_the_own_custom_along_once() {
        // 1 owns 2, of which 10 and 11 are members; 10 is a contact of both and a member of one.
        let hierarchy = [(2, 1), (10, 2), (11, 2)].map(|(n, above)| (id(n), id(above)));
        let stakes = stakes([(1, 100), (2, 20), (10, 5), (11, 7), (12, 1)]);
        let ties = [(10, 1), (10, 2), (12, 2), (99, 2)].map(|(person, of)| (id(person), id(of)));
        let found = exposures(ties, &hierarchy.into_iter().collect(), &stakes);
        let found: Vec<_> = found
            .iter()
            .map(|exposure| (exposure.person, exposure.customers, exposure.stake.revenue_minor))
            .collect();
        assert_eq!(found, [(id(10), 4, 132), (id(12), 4, 33), (id(99), 3, 32)]);
    }

    proptest! {
        #[test]
        fn each_customer_counts_once(
            above in proptest::collection::vec((0_u8..20, 0_u8..20), 0..30),
            ties in proptest::collection::vec((0_u8..25, 0_u8..20), 1..20),
            brings in proptest::collection::hash_map(0_u8..25, -100_i64..1_000, 0..25),
            again in 0_usize..20,
        ) {
            let hierarchy: Hierarchy = above.iter().map(|(n, m)| (id(*n), id(*m))).collect();
            let stakes = stakes(brings.clone());
            let ties: Vec<_> = ties.into_iter().map(|(person, of)| (id(person), id(of))).collect();
            let found = exposures(ties.clone(), &hierarchy, &stakes);
            for exposure in &found {
                // The slow way: add whoever stands below until nobody is added, however the pairs go round.
                let mut set: BTreeSet<Uuid> =
                    ties.iter().filter(|(person, _)| *person == exposure.person).map(|(_, of)| *of).collect();
                loop {
                    let more: Vec<_> = above.iter().filter(|(n, m)| set.contains(&id(*m)) && !set.contains(&id(*n))).collect();
                    if more.is_empty() { break }
                    set.extend(more.into_iter().map(|(n, _)| id(*n)));
                }
                if stakes.contains_key(&exposure.person) { set.insert(exposure.person); }
                let sum: i64 = set.iter().filter_map(|one| stakes.get(one)).map(|stake| stake.revenue_minor).sum();
                prop_assert_eq!(exposure.stake.revenue_minor, sum);
                prop_assert_eq!(exposure.stake.clv_minor, 3 * sum);
                prop_assert_eq!(exposure.customers, set.len());
            }
            let key = |exposure: &Exposure| sort_key(exposure, ExposureSort::Clv, 0);
            prop_assert!(found.windows(2).all(|pair| key(&pair[0]) > key(&pair[1])));
            // A tie said twice, or in another order, changes nothing.
            let mut more = ties.clone();
            more.push(ties[again % ties.len()]);
            more.reverse();
            prop_assert_eq!(exposures(more, &hierarchy, &stakes), found);
        }
    }
}
