//! Up to which limits refunds are advanced to a customer: those of the levels it has, the most generous of them.

use base::{Day, Result};
use platform::Tx;
use uuid::Uuid;

use crate::model::AdvanceLimits;
use crate::rules::advances as rules;
use crate::store::{benefits, decisions, entitlements, programmes};

/// What was picked of choice groups is looked for so many days back: the longest period.
const DAYS_LOOKED_BACK: i32 = 366;

/// Of a customer, the first of those who are one; none where its levels promise none.
pub(super) async fn of(tx: &mut Tx, customers: &[Uuid], today: Day) -> Result<Option<AdvanceLimits>> {
    let Some(customer) = customers.first() else {
        return Ok(None);
    };
    let catalogue = benefits::all(tx).await?;
    let mut all = Vec::new();
    for (programme, version) in programmes::in_force(tx).await? {
        let mut members = decisions::memberships_of(tx, programme.id, &[*customer]).await?;
        let Some(standing) = members.remove(customer).map(|member| member.standing) else {
            continue;
        };
        let level = version
            .document
            .levels
            .iter()
            .find(|level| Some(&level.code) == standing.level.as_ref());
        let Some(level) = level else {
            continue;
        };
        let since = Day(today.0 - DAYS_LOOKED_BACK);
        let chosen = entitlements::chosen(tx, customers, programme.id, since).await?;
        let by = (&standing, chosen.as_slice());
        all.extend(rules::limits(&programme.facts.code, level, &catalogue, by, today));
    }
    Ok(all.into_iter().max_by_key(rules::generosity))
}
