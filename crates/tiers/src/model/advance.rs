//! Advance refunds: the firm pays a customer back before the merchant does, and recovers it later.

use std::str::FromStr;

use base::{Currency, Day, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

base::typed_id!(
    /// A claim to an advance refund, with what became of it.
    AdvanceId
);

/// What is claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AdvanceClaim)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The source of the transaction that is to be refunded.
    pub source: String,
    /// Its id there.
    pub external_id: String,
    /// How much, minor units.
    pub amount_minor: i64,
    /// From whom it is recovered, 1 to 100 characters.
    pub merchant: String,
    /// Why it is claimed, 1 to 500 characters.
    pub reason: String,
    /// The caller's own key of this request, 1 to 100 characters: the same again changes nothing.
    pub key: String,
}

/// Up to which a level advances refunds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdvanceLimits {
    /// The code of the programme.
    pub programme: String,
    /// The code of its level.
    pub level: String,
    /// The code of the benefit that says so.
    pub benefit: String,
    /// For one claim, minor units.
    pub per_claim_minor: i64,
    /// For all that is outstanding, minor units.
    pub outstanding_minor: i64,
    /// So many days after the transaction it can be claimed, where the level has a complaint window.
    pub window_days: Option<i32>,
}

/// What was known when a claim was decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdvanceFacts {
    /// The firm's currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The transaction's amount, minor units.
    pub transaction_minor: i64,
    /// What later transactions took back of it, minor units.
    pub taken_back_minor: i64,
    /// Its day.
    #[schema(value_type = String, format = Date)]
    pub on: Day,
    /// Whether it was advanced already.
    pub advanced: bool,
    /// What the customer has outstanding, minor units.
    pub outstanding_minor: i64,
}

/// Why a claim is granted or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdvanceCause {
    /// It is within the limits.
    WithinLimits,
    /// The customer's level advances nothing.
    NotEntitled,
    /// The transaction brought nothing that could be given back.
    NothingToRefund,
    /// It was advanced already.
    AdvancedAlready,
    /// It is not of today or before.
    NotYet,
    /// It is too long ago.
    TooLate,
    /// It is more than the transaction brought.
    AboveTransaction,
    /// It is more than is advanced for one claim.
    AboveClaimLimit,
    /// It would make more outstanding than is allowed.
    AboveOutstandingLimit,
}

impl AdvanceCause {
    /// Every cause.
    pub const ALL: [Self; 9] = [
        Self::WithinLimits,
        Self::NotEntitled,
        Self::NothingToRefund,
        Self::AdvancedAlready,
        Self::NotYet,
        Self::TooLate,
        Self::AboveTransaction,
        Self::AboveClaimLimit,
        Self::AboveOutstandingLimit,
    ];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::WithinLimits => "within_limits",
            Self::NotEntitled => "not_entitled",
            Self::NothingToRefund => "nothing_to_refund",
            Self::AdvancedAlready => "advanced_already",
            Self::NotYet => "not_yet",
            Self::TooLate => "too_late",
            Self::AboveTransaction => "above_transaction",
            Self::AboveClaimLimit => "above_claim_limit",
            Self::AboveOutstandingLimit => "above_outstanding_limit",
        }
    }
}

impl FromStr for AdvanceCause {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|cause| cause.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no cause of an advance")))
    }
}

/// A decision on a claim, for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdvanceDecision)]
pub struct AdvanceDecision {
    /// Whether it is granted.
    pub granted: bool,
    /// Why.
    pub code: AdvanceCause,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// Where an advance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdvanceState {
    /// The claim was refused.
    Refused,
    /// It was granted; the customer has not been paid yet.
    Granted,
    /// The customer was paid; something is outstanding.
    Paid,
    /// Nothing is outstanding any more.
    Settled,
    /// It was granted and taken back before the customer was paid.
    Cancelled,
}

impl AdvanceState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Refused,
        Self::Granted,
        Self::Paid,
        Self::Settled,
        Self::Cancelled,
    ];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Granted => "granted",
            Self::Paid => "paid",
            Self::Settled => "settled",
            Self::Cancelled => "cancelled",
        }
    }
}

impl FromStr for AdvanceState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| {
                let message = "refused, granted, paid, settled or cancelled";
                Error::invalid("state_unknown", message).at("state")
            })
    }
}

/// What became of an advance, minor units: `advanced` is always the sum of the others, and none is below 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdvanceBalances {
    /// What was granted.
    pub advanced_minor: i64,
    /// What is neither recovered nor written off.
    pub outstanding_minor: i64,
    /// What the merchant gave back.
    pub recovered_minor: i64,
    /// What was given up.
    pub written_off_minor: i64,
}

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdvanceEntryKind {
    /// It was granted.
    Advanced,
    /// It was taken back before the customer was paid.
    Cancelled,
    /// The merchant gave some back.
    Recovered,
    /// Some was given up.
    WrittenOff,
}

impl AdvanceEntryKind {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Advanced => "advanced",
            Self::Cancelled => "cancelled",
            Self::Recovered => "recovered",
            Self::WrittenOff => "written_off",
        }
    }
}

impl FromStr for AdvanceEntryKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Advanced, Self::Cancelled, Self::Recovered, Self::WrittenOff]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no kind of an entry of an advance")))
    }
}

/// An entry as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdvanceEntry {
    /// Its id.
    pub id: Uuid,
    /// What.
    pub kind: AdvanceEntryKind,
    /// How much, minor units.
    pub amount_minor: i64,
    /// By which whoever entered it tells it from others.
    pub key: String,
    /// What was said of it: the merchant's reference, or why it was given up. None once the customer is erased.
    pub said: Option<String>,
    /// By whom.
    pub by: Option<Uuid>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// How a customer is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutMethod {
    /// The way the customer had paid.
    Original,
    /// To a bank account.
    BankTransfer,
    /// To an account with the firm.
    Balance,
    /// In cash.
    Cash,
}

impl PayoutMethod {
    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::BankTransfer => "bank_transfer",
            Self::Balance => "balance",
            Self::Cash => "cash",
        }
    }
}

impl FromStr for PayoutMethod {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Original, Self::BankTransfer, Self::Balance, Self::Cash]
            .into_iter()
            .find(|method| method.name() == text)
            .ok_or_else(|| Error::internal(format!("{text:?} is no way to be paid")))
    }
}

/// That a customer was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdvancePayout)]
pub struct Payout {
    /// How.
    pub method: PayoutMethod,
    /// What the payment goes by, 1 to 100 characters; none once the customer is erased.
    pub reference: Option<String>,
    /// Who recorded it.
    pub by: Option<Uuid>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A claim with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Advance {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: AdvanceId,
    /// Whose; of one that was merged, that one's.
    pub customer: Uuid,
    /// By which whoever claimed tells it from others.
    pub key: String,
    /// The source of the transaction.
    pub source: String,
    /// Its id there.
    pub external_id: String,
    /// How much was claimed, minor units.
    pub claimed_minor: i64,
    /// From whom it is recovered.
    pub merchant: String,
    /// Why it was claimed; none once the customer is erased.
    pub reason: Option<String>,
    /// Where it stands.
    pub state: AdvanceState,
    /// Why it was granted or refused.
    #[serde(skip)]
    pub cause: AdvanceCause,
    /// What was known.
    pub facts: AdvanceFacts,
    /// Which limits held; null where the level advanced nothing.
    pub limits: Option<AdvanceLimits>,
    /// The day of the decision.
    #[schema(value_type = String, format = Date)]
    pub decided_on: Day,
    /// Who claimed for the customer.
    pub claimed_by: Option<Uuid>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub claimed_at: Timestamp,
    /// That the customer was paid.
    pub payout: Option<Payout>,
    /// What became of it.
    #[serde(flatten)]
    pub balances: AdvanceBalances,
}

/// The first days of the buckets of an ageing report.
pub const AGES_DAYS: [i32; 4] = [0, 31, 61, 91];

/// What is outstanding for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgeingBucket {
    /// From so many days on.
    pub from_days: i32,
    /// Up to so many; null for all beyond.
    pub until_days: Option<i32>,
    /// How many advances.
    pub count: i64,
    /// What is outstanding of them, minor units.
    pub outstanding_minor: i64,
}

/// All advances in a currency, and how old is what is outstanding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdvanceAgeing)]
pub struct Ageing {
    /// Its code.
    pub currency: String,
    /// What came of everything that was advanced.
    #[serde(flatten)]
    pub balances: AdvanceBalances,
    /// The youngest first.
    pub buckets: Vec<AgeingBucket>,
}
