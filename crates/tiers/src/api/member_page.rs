//! What a customer is told on its own page: nothing that the firm reckons of it, and nothing of anybody else.

use base::{Currency, Day};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::of_customer::LevelShown;
use crate::app::entitlements::Has;
use crate::app::member::{LevelChange, MemberPage, Use};
use crate::app::of_customer;
use crate::model::{
    Cause, Condition, Measured, MemberPageTexts, Per, ProgrammeId, Progress, RedemptionId, RedemptionState,
    Terms,
};
use crate::rules;

/// What is measured, as far as a customer is told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MemberMeasure {
    Spend,
    Orders,
    MonthlySpendMean,
    MonthlySpendLeast,
    QuarterlySpendMean,
    QuarterlySpendLeast,
    TenureMonths,
    /// Something the customer is told no more of than whether it is met.
    Other,
}

impl From<&Condition> for MemberMeasure {
    fn from(condition: &Condition) -> Self {
        match condition {
            Condition::Spend(_) => Self::Spend,
            Condition::Orders(_) => Self::Orders,
            Condition::MonthlySpendMean(_) => Self::MonthlySpendMean,
            Condition::MonthlySpendLeast(_) => Self::MonthlySpendLeast,
            Condition::QuarterlySpendMean(_) => Self::QuarterlySpendMean,
            Condition::QuarterlySpendLeast(_) => Self::QuarterlySpendLeast,
            Condition::TenureMonths(_) => Self::TenureMonths,
            Condition::Figure(_)
            | Condition::Percentile(_)
            | Condition::OrganisationLevel(_)
            | Condition::Nomination {} => Self::Other,
        }
    }
}

/// How far the customer is with a condition.
#[derive(Debug, Serialize, ToSchema)]
struct MemberCondition {
    /// What is measured.
    measure: MemberMeasure,
    /// What the customer has, minor units where it is money; null where it is not told.
    have: Option<i64>,
    /// What it takes; null where it is not told.
    need: Option<i64>,
    /// Whether it is met.
    met: bool,
}

impl From<&Measured> for MemberCondition {
    fn from(measured: &Measured) -> Self {
        let told = rules::is_told(&measured.condition);
        Self {
            measure: (&measured.condition).into(),
            have: measured.have.filter(|_| told),
            need: told.then_some(measured.need),
            met: measured.met,
        }
    }
}

/// How far it is to a level.
#[derive(Debug, Serialize, ToSchema)]
struct MemberProgress {
    /// The level.
    level: LevelShown,
    /// Whether it takes all of the conditions or any of them.
    takes_all: bool,
    /// Whether it is reached.
    met: bool,
    /// The conditions.
    conditions: Vec<MemberCondition>,
}

/// How the customer stands in a programme.
#[derive(Debug, Serialize, ToSchema)]
struct MemberLevel {
    /// The programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// Its name in Chinese.
    zh: String,
    /// Its name in English.
    en: String,
    /// The level; null for none.
    level: Option<LevelShown>,
    /// Why it is that.
    cause: Cause,
    /// Since when the earned level is that.
    #[schema(value_type = String, format = Date)]
    since: Day,
    /// The level holds until this day at least.
    #[schema(value_type = Option<String>, format = Date)]
    review_on: Option<Day>,
    /// What keeps the level is lacking; it is lowered on this day unless that changes.
    #[schema(value_type = Option<String>, format = Date)]
    grace_until: Option<Day>,
    /// How far it is to the next level.
    to_next: Option<MemberProgress>,
    /// How far it is to keeping the level.
    to_keep: Option<MemberProgress>,
}

impl From<of_customer::Member> for MemberLevel {
    fn from(member: of_customer::Member) -> Self {
        let levels = member.version.document.levels;
        let shown = |code: &str| {
            let level = levels.iter().find(|level| level.code == code);
            level.map(LevelShown::from)
        };
        let progress = |progress: &Progress| {
            Some(MemberProgress {
                level: shown(&progress.level)?,
                takes_all: progress.takes_all,
                met: progress.met,
                conditions: progress.conditions.iter().map(Into::into).collect(),
            })
        };
        let decision = &member.decision;
        Self {
            programme: member.programme.id,
            zh: member.programme.facts.zh,
            en: member.programme.facts.en,
            level: decision.standing.level.as_deref().and_then(shown),
            cause: decision.reason.code,
            since: decision.standing.since,
            review_on: decision.standing.review_on,
            grace_until: decision.standing.grace_until,
            to_next: decision.to_next.as_ref().and_then(progress),
            to_keep: decision.to_keep.as_ref().and_then(progress),
        }
    }
}

/// What the customer has of a benefit.
#[derive(Debug, Serialize, ToSchema)]
struct MemberBenefit {
    /// By which programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// Its code.
    code: String,
    /// Its name in Chinese.
    zh: String,
    /// Its name in English.
    en: String,
    /// What kind of thing it is.
    kind: &'static str,
    /// Of a discount: 1,000 for ten per cent.
    basis_points: Option<i32>,
    /// Of a window for complaints: how many days.
    days: Option<i32>,
    /// Of what is used up: how many can be used, or how much in minor units.
    available: Option<i64>,
    /// How many are set aside for codes.
    reserved: Option<i64>,
    /// How many were used.
    redeemed: Option<i64>,
    /// In which period the level gives it.
    per: Option<Per>,
    /// The last day on which it can be used.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Day>,
    /// So many others may come along.
    companions_max: i32,
    /// Whether the customer can give itself a code for it.
    has_codes: bool,
}

impl From<Has> for MemberBenefit {
    fn from(has: Has) -> Self {
        let facts = has.benefit.facts;
        let account = has.entitlement;
        let balances = account.as_ref().map(|account| account.balances);
        let (basis_points, days) = match facts.terms {
            Terms::Discount { basis_points } => (Some(basis_points), None),
            Terms::ComplaintWindow { days } => (None, Some(days)),
            _ => (None, None),
        };
        let available = balances.map(|balances| balances.available);
        Self {
            programme: has.programme.id,
            code: facts.code,
            zh: facts.zh,
            en: facts.en,
            kind: facts.terms.kind(),
            basis_points,
            days,
            available,
            reserved: balances.map(|balances| balances.reserved),
            redeemed: balances.map(|balances| balances.redeemed),
            per: has
                .promise
                .map(|promise| promise.per)
                .filter(|_| account.is_some()),
            until: account.as_ref().map(|account| account.until),
            companions_max: account.map_or(0, |account| account.companions_max),
            has_codes: facts.active && rules::has_codes(&facts.terms) && available > Some(0),
        }
    }
}

/// A use of something, or what is set aside.
#[derive(Debug, Serialize, ToSchema)]
struct MemberUse {
    /// The use.
    #[schema(value_type = Uuid)]
    id: RedemptionId,
    /// By which programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// Of which benefit.
    benefit: String,
    /// Its name in Chinese.
    zh: String,
    /// Its name in English.
    en: String,
    /// What kind of thing it is.
    kind: &'static str,
    /// How many, or how much in minor units.
    quantity: i64,
    /// So many others come along.
    companions: i32,
    /// Where it stands.
    state: RedemptionState,
    /// When it was set aside.
    #[schema(value_type = String, format = DateTime)]
    reserved_at: Timestamp,
    /// Until when its code can be used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was used.
    #[schema(value_type = Option<String>, format = DateTime)]
    redeemed_at: Option<Timestamp>,
    /// Where, in Chinese.
    partner_zh: Option<String>,
    /// Where, in English.
    partner_en: Option<String>,
}

impl From<Use> for MemberUse {
    fn from(of: Use) -> Self {
        let (redemption, facts) = (of.redemption, of.benefit.facts);
        let (partner_zh, partner_en) = of
            .partner
            .map(|partner| (partner.facts.zh, partner.facts.en))
            .unzip();
        Self {
            id: redemption.id,
            programme: of.programme,
            benefit: facts.code,
            zh: facts.zh,
            en: facts.en,
            kind: facts.terms.kind(),
            quantity: redemption.quantity,
            companions: redemption.companions,
            state: redemption.state,
            reserved_at: redemption.reserved_at,
            expires_at: redemption.expires_at,
            redeemed_at: redemption.redeemed_at,
            partner_zh,
            partner_en,
        }
    }
}

/// A day on which a level came to be another.
#[derive(Debug, Serialize, ToSchema)]
struct MemberLevelChange {
    /// In which programme.
    #[schema(value_type = Uuid)]
    programme: ProgrammeId,
    /// On which day.
    #[schema(value_type = String, format = Date)]
    on: Day,
    /// From which; null for none.
    from: Option<LevelShown>,
    /// To which; null for none.
    to: Option<LevelShown>,
}

impl From<LevelChange> for MemberLevelChange {
    fn from(change: LevelChange) -> Self {
        Self {
            programme: change.programme,
            on: change.on,
            from: change.from.as_ref().map(Into::into),
            to: change.to.as_ref().map(Into::into),
        }
    }
}

/// What stands on a customer's own page.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberOverview {
    /// The firm's name; empty until someone gives one.
    firm: String,
    /// The currency of all money on the page.
    #[schema(value_type = String)]
    currency: Currency,
    /// The customer's name, if it is known.
    name: Option<String>,
    /// Until when the page can be used.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// How the customer stands, by programme.
    levels: Vec<MemberLevel>,
    /// What it has.
    benefits: Vec<MemberBenefit>,
    /// The last 50 uses and what is set aside, the newest first.
    uses: Vec<MemberUse>,
    /// How its levels changed, the newest first.
    changes: Vec<MemberLevelChange>,
    /// What the firm writes.
    texts: MemberPageTexts,
}

impl From<MemberPage> for MemberOverview {
    fn from(page: MemberPage) -> Self {
        Self {
            firm: page.firm.name,
            currency: page.firm.currency,
            name: page.name,
            until: page.until,
            levels: page.levels.into_iter().map(Into::into).collect(),
            benefits: page.has.into_iter().map(Into::into).collect(),
            uses: page.uses.into_iter().map(Into::into).collect(),
            changes: page.changes.into_iter().map(Into::into).collect(),
            texts: page.texts,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use serde_json::{Value, json};

    use super::*;

    fn told(condition: &Value) -> Value {
        let measured = Measured {
            condition: serde_json::from_value(condition.clone()).unwrap(),
            have: Some(4_711),
            need: 8_888,
            missing: 4_177,
            met: false,
        };
        serde_json::to_value(MemberCondition::from(&measured)).unwrap()
    }

    #[test]
    fn a_customer_is_told_what_it_did_and_not_what_the_firm_reckons() {
        let spend = json!({ "measure": "spend", "at_least": 8_888 });
        assert_eq!(
            told(&spend),
            json!({ "measure": "spend", "have": 4_711, "need": 8_888, "met": false })
        );
        for hidden in [
            json!({ "measure": "figure", "figure": "clv_36m", "at_least": 88 }),
            json!({ "measure": "percentile", "figure": "clv_36m", "top_per_mille": 200 }),
            json!({ "measure": "organisation_level", "level": "gold" }),
            json!({ "measure": "nomination" }),
        ] {
            assert_eq!(
                told(&hidden),
                json!({ "measure": "other", "have": null, "need": null, "met": false })
            );
        }
    }
}
