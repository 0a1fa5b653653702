//! Redeeming by code, the partner's way: with a key of the partner's user, what the partner serves, and nothing else. The
//! code stands for the customer, of whom nothing is told.

use base::{Error, Result};
use platform::{Caller, Permission, Scope, Tx};

use super::TiersRoom;
use super::giving_back::{Held, hold, survivor};
use super::redemptions::{Said, hash_of, use_up};
use crate::model::{Benefit, Partner, Redemption, RedemptionState};
use crate::rules;
use crate::store::redemptions::Became;
use crate::store::{benefits, entitlements, partners, redemptions};

async fn partner_of(tx: &mut Tx, caller: &Caller) -> Result<Partner> {
    caller.require(Permission::TiersRedeem)?;
    let partner = partners::of_user(tx, caller.user.id.uuid()).await?;
    partner.ok_or(Error::Forbidden {
        permission: "tiers.partner",
    })
}

const NO_CODE: Error = Error::NotFound { what: "code" };

/// What a code stands for, held until the transaction ends.
async fn by_code(tx: &mut Tx, code: &str) -> Result<Held> {
    let code = rules::code_read(code).ok_or(NO_CODE)?;
    let redemption = redemptions::by_code(tx, hash_of(&code)).await?.ok_or(NO_CODE)?;
    let held = hold(tx, &redemption).await?;
    // Another code may have been given meanwhile.
    let now = redemptions::by_code(tx, hash_of(&code)).await?;
    now.is_some().then_some(held).ok_or(NO_CODE)
}

/// Says what a code stands for, and whether the partner may redeem it now. Changes nothing.
///
/// Errors: the caller is no partner; there is no such code; those of [`rules::may_redeem`].
pub async fn verify(room: &TiersRoom, caller: &Caller, code: &str) -> Result<(Redemption, Benefit)> {
    // A counter asks this of every guest: nobody who writes waits for it.
    let mut tx = room.platform.db.read().await?;
    let partner = partner_of(&mut tx, caller).await?;
    let code = rules::code_read(code).ok_or(NO_CODE)?;
    let redemption = redemptions::by_code(&mut tx, hash_of(&code))
        .await?
        .ok_or(NO_CODE)?;
    let account = entitlements::find(&mut tx, &Scope::of_system(), redemption.entitlement).await?;
    let benefit = benefits::find(&mut tx, account.ok_or(NO_CODE)?.benefit).await?;
    let benefit = benefit.ok_or(NO_CODE)?;
    rules::may_redeem(&partner, &benefit, None, &redemption, room.platform.clock.now())?;
    Ok((redemption, benefit))
}

/// Redeems by code, once: the same request again gives the same answer.
///
/// Errors: those of [`verify`]; `key_malformed`.
pub async fn redeem(
    room: &TiersRoom,
    caller: &Caller,
    code: &str,
    site: Option<&str>,
    key: &str,
) -> Result<(Redemption, Benefit)> {
    rules::check_key(key)?;
    let mut tx = room.platform.db.write().await?;
    let partner = partner_of(&mut tx, caller).await?;
    let Held {
        redemption,
        account,
        benefit,
        programme,
    } = by_code(&mut tx, code).await?;
    let is_again = redemption.state == RedemptionState::Redeemed
        && redemption.partner == Some(partner.id)
        && redemption.redeem_key.as_deref() == Some(key);
    if is_again {
        return Ok((redemption, benefit));
    }
    rules::may_redeem(&partner, &benefit, site, &redemption, room.platform.clock.now())?;
    let became = Became {
        partner: Some(partner.id),
        site,
        redeem_key: Some(key),
        ..Became::default()
    };
    let customer = survivor(&mut tx, account.customer).await?;
    let actor = caller.actor();
    let used = use_up(room, &mut tx, account, (&redemption, &benefit), &became, actor).await?;
    let said = Said::of(&programme, &benefit, customer);
    said.record(room, &mut tx, "redemption.redeemed", &used, actor)
        .await?;
    tx.commit().await?;
    Ok((used, benefit))
}
