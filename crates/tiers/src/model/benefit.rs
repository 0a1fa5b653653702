//! The catalogue of benefits, and what a level promises of it.

use std::str::FromStr;

use base::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

base::typed_id!(
    /// A benefit of the catalogue.
    BenefitId
);

/// What kind of thing a benefit is, with what that kind needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BenefitTerms)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Terms {
    /// So many times.
    Count {},
    /// So much money, minor units.
    Amount {},
    /// Off the price.
    Discount {
        /// 1,000 for ten per cent.
        basis_points: i32,
    },
    /// How soon and where one is served.
    ServiceStandard {
        /// What other systems call the standard.
        sla: String,
        /// The queue of the hotline.
        queue: String,
    },
    /// So many days in which one may complain.
    ComplaintWindow {
        /// 1 to 3,650.
        days: i32,
    },
    /// Up to which the firm refunds in advance.
    AdvanceLimits {
        /// For one claim, minor units.
        per_claim_minor: i64,
        /// For all that is outstanding, minor units.
        outstanding_minor: i64,
    },
    /// So many times at a partner: lounge, medical, rescue, golf.
    PartnerService {
        /// What the partners call it.
        service: String,
    },
    /// So many gifts.
    Gift {},
}

impl Terms {
    /// Its name in the API.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Count {} => "count",
            Self::Amount {} => "amount",
            Self::Discount { .. } => "discount",
            Self::ServiceStandard { .. } => "service_standard",
            Self::ComplaintWindow { .. } => "complaint_window",
            Self::AdvanceLimits { .. } => "advance_limits",
            Self::PartnerService { .. } => "partner_service",
            Self::Gift {} => "gift",
        }
    }

    /// Whether it is used up; what is not holds as long as the level.
    pub fn is_counted(&self) -> bool {
        matches!(
            self,
            Self::Count {} | Self::Amount {} | Self::PartnerService { .. } | Self::Gift {}
        )
    }
}

/// What is decided about a benefit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BenefitFacts {
    /// What programmes call it, unique and never changed: `lounge`.
    pub code: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// What it is; its kind is never changed.
    pub terms: Terms,
    /// What need it answers, so that a customer may choose by it: `health`, `travel`, `family`.
    #[serde(default)]
    pub need: Option<String>,
    /// What one costs the firm, minor units.
    pub unit_cost_minor: i64,
    /// What a partner is owed for one, minor units.
    pub settlement_minor: i64,
    /// Whether it is given; what customers have stays theirs.
    pub active: bool,
}

/// A benefit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Benefit {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: BenefitId,
    /// What is decided about it.
    #[serde(flatten)]
    pub facts: BenefitFacts,
    /// Goes up with every change.
    pub version: i64,
}

/// What a level promises of a benefit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierPromise)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// The benefit's code.
    pub benefit: String,
    /// How many, or how much in minor units, in a period; 0 for what is not used up.
    #[serde(default)]
    pub quantity: i64,
    /// In which period.
    pub per: Per,
    /// So many that were not used go into the next period; 0 to the quantity.
    #[serde(default)]
    pub carry_over_max: i64,
    /// So many others may come along.
    #[serde(default)]
    pub companions_max: i32,
    /// So many days it can be used from when it was granted; to the end of its period where not said.
    #[serde(default)]
    pub validity_days: Option<i32>,
    /// What becomes of it when the level is lost.
    #[serde(default)]
    pub on_loss: OnLoss,
    /// The choice group it is part of: it is given to who picks it.
    #[serde(default)]
    pub choice: Option<String>,
}

/// The period of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierPromisePeriod)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
    /// A year from the day on which the level began.
    MembershipYear,
}

/// What becomes of what a level gave when it is lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierOnLoss)]
#[serde(rename_all = "snake_case")]
pub enum OnLoss {
    /// It stays until its period ends.
    #[default]
    Keep,
    /// The share of the days that are left is withdrawn.
    ProRata,
}

impl OnLoss {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::ProRata => "pro_rata",
        }
    }
}

impl FromStr for OnLoss {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Keep, Self::ProRata]
            .into_iter()
            .find(|rule| rule.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no rule for a level that is lost")))
    }
}

/// A choice group of a level: so many of its benefits are picked for each period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TierChoice)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What other systems call it, unique in the level.
    pub code: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// How many are picked.
    pub pick: u32,
}
