//! What the example firm is made of. The fields are those of the import, so that a generated
//! customer can be loaded as if it came from a file.

use base::Day;
use customers::{Channel as ContactChannel, LifeEventFacts};

use super::catalogue::Product;

/// A customer with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeneratedCustomer {
    /// The firm's own number; begins with `DEMO-`, so that nobody takes it for a real one.
    pub(crate) external_id: String,
    /// Name of the person or the firm.
    pub(crate) name: String,
    /// Person or organisation.
    pub(crate) kind: CustomerKind,
    /// One of the firm's brands.
    pub(crate) brand: &'static str,
    /// The branch, as province and city.
    pub(crate) region: &'static str,
    /// The market segment.
    pub(crate) segment: &'static str,
    /// The main number; unique in the firm.
    pub(crate) phone: String,
    /// At `example.com`, where the customer gave one. Someone who switched in the network has the
    /// same one twice: that is one of the ways to find them.
    pub(crate) email: Option<String>,
    /// Customer since this day.
    pub(crate) since: Day,
    /// The organisation a person belongs to, by external id.
    pub(crate) organisation: Option<String>,
    /// The customer who brought this one, by external id.
    pub(crate) referred_by: Option<String>,
    /// What really happens to the customer: what an analysis should find out. No import field.
    pub(crate) story: Story,
    /// The customer number this person had before switching in the network. No import field.
    pub(crate) switched_from: Option<String>,
    /// What the customer holds or held, in order of start.
    pub(crate) subscriptions: Vec<GeneratedSubscription>,
    /// The people of an organisation.
    pub(crate) contacts: Vec<GeneratedContact>,
    /// The days of its life that the firm was told. No import field.
    pub(crate) days: Vec<LifeEventFacts>,
    /// What it agreed to and withdrew, in order of time. No import field.
    pub(crate) consents: Vec<GeneratedConsent>,
    /// Its tags. No import field.
    pub(crate) tags: Vec<&'static str>,
    /// The ledger lines, in order of time.
    pub(crate) transactions: Vec<GeneratedTransaction>,
}

/// A person or an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CustomerKind {
    /// A person.
    Person,
    /// A firm or an office.
    Organisation,
}

impl CustomerKind {
    /// As the import reads it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
        }
    }
}

/// What happens to a customer over the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Story {
    /// Stays as it is.
    Steady,
    /// Spends more every month.
    Growing,
    /// Spends less every month.
    Shrinking,
    /// Spends much less for half a year after the price change, and stays.
    DippedAtPriceChange,
    /// Keeps the number and stops using it.
    Dormant,
    /// Declines for months, then leaves.
    LeftAfterDecline,
    /// Leaves within months of the price change.
    LeftAtPriceChange,
    /// Follows a competitor's offer without a sign before.
    LeftForCompetitor,
    /// Leaves without any reason the firm gave: moved, graduated, died, closed down.
    LeftMovedAway,
    /// An organisation whose key person left first, or that key person.
    LeftWithKeyPerson,
    /// Gives up the number to get the offer for new customers: in-network switching.
    LeftBySwitching,
    /// The same person again, as a new customer.
    CameBySwitching,
    /// Left, and came back with a new number under the same customer number.
    WonBack,
}

impl Story {
    /// As the generated file names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Growing => "growing",
            Self::Shrinking => "shrinking",
            Self::DippedAtPriceChange => "dipped_at_price_change",
            Self::Dormant => "dormant",
            Self::LeftAfterDecline => "left_after_decline",
            Self::LeftAtPriceChange => "left_at_price_change",
            Self::LeftForCompetitor => "left_for_competitor",
            Self::LeftMovedAway => "left_moved_away",
            Self::LeftWithKeyPerson => "left_with_key_person",
            Self::LeftBySwitching => "left_by_switching",
            Self::CameBySwitching => "came_by_switching",
            Self::WonBack => "won_back",
        }
    }
}

/// Something a customer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeneratedSubscription {
    /// The product.
    pub(crate) product: &'static str,
    /// The plan within it.
    pub(crate) plan: &'static str,
    /// Monthly fee in fen; for organisations what they usually pay.
    pub(crate) monthly_fee_minor: i64,
    /// The phone number, or the account number of a line.
    pub(crate) number: String,
    /// First day.
    pub(crate) started_on: Day,
    /// Last day, where it is over.
    pub(crate) ended_on: Option<Day>,
    /// Where it stands on the as-of day.
    pub(crate) status: SubscriptionStatus,
    /// The telephone that came with it.
    pub(crate) device: Option<&'static str>,
    /// The day the contract ends.
    pub(crate) term_ends_on: Option<Day>,
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SubscriptionStatus {
    /// In use.
    Active,
    /// Kept, but not used and not paid for.
    Suspended,
    /// Over.
    Ended,
}

impl SubscriptionStatus {
    /// As the record has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }
}

/// Something a customer agreed to, or withdrew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeneratedConsent {
    /// What for, as the contact rules name it.
    pub(crate) purpose: &'static str,
    /// Over which channel.
    pub(crate) channel: ContactChannel,
    /// Agreed, or else withdrew.
    pub(crate) given: bool,
    /// Where it was said.
    pub(crate) source: &'static str,
    /// When.
    pub(crate) on: Day,
}

/// A person in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeneratedContact {
    /// Name.
    pub(crate) name: String,
    /// What the person does for the relationship.
    pub(crate) role: ContactRole,
    /// 1 (none) to 5 (decides).
    pub(crate) influence: u8,
    /// The contact's own customer number, where the person is a customer too.
    pub(crate) customer: Option<String>,
}

/// A contact's part in the relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ContactRole {
    /// Signs.
    DecisionMaker,
    /// Is listened to.
    KeyPerson,
    /// Uses it.
    User,
    /// Pays the bills.
    Finance,
}

impl ContactRole {
    /// As the record has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DecisionMaker => "decision_maker",
            Self::KeyPerson => "key_person",
            Self::User => "user",
            Self::Finance => "finance",
        }
    }
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeneratedTransaction {
    /// The line's own number, unique in the firm.
    pub(crate) external_id: String,
    /// The customer's external id.
    pub(crate) customer: String,
    /// When, in microseconds since 1970 UTC; always a whole second.
    pub(crate) at_us: i64,
    /// Amount in fen; negative for what goes back to the customer.
    pub(crate) amount_minor: i64,
    /// What it cost the firm, in fen, with the sign of the amount.
    pub(crate) cost_minor: i64,
    /// What it is about.
    pub(crate) product: Product,
    /// Where it was made.
    pub(crate) channel: Channel,
    /// What kind of line it is.
    pub(crate) kind: TransactionKind,
    /// The earlier line this one takes back, by external id.
    pub(crate) reverses: Option<String>,
}

/// Where a line was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    /// The monthly billing.
    Billing,
    /// A shop of the firm.
    Counter,
    /// The app.
    App,
    /// A payment service.
    Payment,
    /// An agent's shop.
    Agent,
    /// The hotline.
    Hotline,
    /// The customer manager.
    Manager,
}

impl Channel {
    /// As the ledger names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Billing => "账务出账",
            Self::Counter => "营业厅",
            Self::App => "手机客户端",
            Self::Payment => "第三方支付",
            Self::Agent => "代理点",
            Self::Hotline => "客服热线",
            Self::Manager => "客户经理",
        }
    }
}

/// What kind of line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TransactionKind {
    /// Something bought once.
    Purchase,
    /// Money back: always reverses an earlier line.
    Refund,
    /// A single fee.
    Fee,
    /// Prepaid money.
    Recharge,
    /// A month's bill.
    Bill,
}

impl TransactionKind {
    /// As the import reads it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::Fee => "fee",
            Self::Recharge => "recharge",
            Self::Bill => "bill",
        }
    }
}
