//! What became of the benefits over a time: who had them, who used them, what they cost, and whether who used them stayed.

use base::Day;
use serde::Serialize;
use utoipa::ToSchema;

use super::BenefitId;

/// Benefits of the catalogue, by their place in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places([u64; 4]);

impl Places {
    /// So many can be told apart.
    pub const MAX: usize = 256;

    /// Adds one. Those beyond [`Places::MAX`] are not kept.
    pub fn insert(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    /// Whether it is among them.
    pub fn contains(&self, place: usize) -> bool {
        self.0
            .get(place / 64)
            .is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    /// Those of either.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How long before the period a customer's last ledger line was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recency {
    /// 1 to 30 days.
    Days30,
    /// 31 to 90.
    Days90,
    /// 91 to 180.
    Days180,
    /// 181 to 365.
    Days365,
    /// Longer.
    Longer,
    /// There was none.
    Never,
}

/// How many ledger lines a customer had in the 365 days before the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    /// None.
    None,
    /// 1.
    One,
    /// 2 or 3.
    Few,
    /// 4 to 11.
    Some,
    /// 12 and more.
    Many,
}

/// A customer as the comparison knows it. Who is compared with whom: those of the same standing, recency and frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Which levels of which programmes it had on the first day: the same number for the same levels.
    pub standing: u32,
    /// How long ago it had bought.
    pub recency: Recency,
    /// How often.
    pub frequency: Frequency,
    /// What it was entitled to on the first day.
    pub from_the_first_day: Places,
    /// What it used in the period.
    pub used: Places,
    /// Whether it has a ledger line in the days after the period.
    pub stayed: bool,
}

/// What uses of a benefit come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Customers who had it at some time of the period.
    pub entitled: i64,
    /// Customers who used it.
    pub users: i64,
    /// How many, or how much in minor units.
    pub units: i64,
    /// What that cost, minor units.
    pub cost_minor: i64,
}

/// Whether who used a benefit stayed more often than who could have and did not. A comparison, no proof.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(as = PortfolioStay)]
pub struct Stay {
    /// Users who are compared: those of whose like there is a non-user.
    pub users: i64,
    /// Non-users who are compared.
    pub non_users: i64,
    /// Users of whose like there is no non-user; they are left out.
    pub users_unmatched: i64,
    /// The share of the users that stayed.
    pub user_rate: f64,
    /// The share of the non-users, weighted as users are.
    pub non_user_rate: f64,
    /// The one less the other.
    pub difference: f64,
    /// The standard error of the difference.
    pub standard_error: f64,
    /// Where the difference lies with 95 % confidence, from.
    pub low: f64,
    /// To.
    pub high: f64,
}

/// Why there is no comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PortfolioNoStay)]
#[serde(rename_all = "snake_case")]
pub enum NoStay {
    /// The days after the period are not over.
    NotOver,
    /// Nobody used it who could be compared with a non-user.
    NobodyToCompare,
    /// It is not used up, so nobody can be said to have used it.
    NotCounted,
}

/// A name for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PortfolioSentence)]
pub struct Sentence {
    /// The stable name.
    pub code: &'static str,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// A benefit over the period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = PortfolioBenefit)]
pub struct BenefitUse {
    /// Which.
    #[schema(value_type = Uuid)]
    pub id: BenefitId,
    /// Its code.
    pub code: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Its kind, `partner_service`.
    pub kind: &'static str,
    /// Customers who had it at some time of the period: a level they had promised it, or it was theirs already.
    pub entitled: i64,
    /// Customers who used it and did not give it back; null of what is not used up. Likewise below.
    pub users: Option<i64>,
    /// How many they used, or how much in minor units.
    pub units: Option<i64>,
    /// What that cost, minor units: what partners are owed, and the unit cost of what was used at none.
    pub cost_minor: Option<i64>,
    /// The cost for each user, rounded down.
    pub cost_per_user_minor: Option<i64>,
    /// How customers value it, as surveys say; null as long as none asks.
    pub perceived_value: Option<f64>,
    /// Whether who used it stayed more often.
    pub stay: Option<Stay>,
    /// Why that is not said.
    pub no_stay: Option<NoStay>,
    /// What stands out.
    pub flags: Vec<Sentence>,
}

/// Every benefit of the catalogue over a period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Portfolio {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: Day,
    /// The last.
    #[schema(value_type = String, format = Date)]
    pub until: Day,
    /// In so many days after the last one a customer has to have a ledger line to have stayed.
    pub stay_days: i32,
    /// The currency of all money.
    pub currency: String,
    /// What all uses cost, minor units.
    pub cost_minor: i64,
    /// What the comparison is, and is not.
    pub reading: Sentence,
    /// The benefits, by code.
    pub items: Vec<BenefitUse>,
}
