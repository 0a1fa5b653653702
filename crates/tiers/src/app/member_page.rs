//! What stands on a customer's own page.

use std::collections::HashMap;

use base::{Day, Result};
use customers::store::{as_one, summaries};
use jiff::Timestamp;
use platform::firm::{self, Firm};
use platform::{Scope, Tx};
use uuid::Uuid;

use super::TiersRoom;
use super::entitlements::Has;
use super::{entitlements as has, of_customer};
use crate::model::{
    Benefit, BenefitId, EntitlementId, Level, Member, MemberPageTexts, Partner, ProgrammeId, Recorded,
    Redemption,
};
use crate::store::{benefits, decisions, entitlements, member, partners, programmes, redemptions};

/// So many uses are shown.
const USES: u32 = 50;
/// So many decisions are looked through for changes of a level.
const DECISIONS: u32 = 50;
/// What was used longer ago is not shown.
const DAYS_BACK: i32 = 366;

/// A use of something.
pub struct Use {
    /// The use.
    pub redemption: Redemption,
    /// Of what.
    pub benefit: Benefit,
    /// By which programme.
    pub programme: ProgrammeId,
    /// Where.
    pub partner: Option<Partner>,
}

/// A day on which a level came to be another.
pub struct LevelChange {
    /// In which programme.
    pub programme: ProgrammeId,
    /// On which day.
    pub on: Day,
    /// From which; none for none.
    pub from: Option<Level>,
    /// To which.
    pub to: Option<Level>,
}

/// What stands on the page.
pub struct MemberPage {
    /// Whose page it is.
    pub firm: Firm,
    /// The customer's name, if it is known.
    pub name: Option<String>,
    /// Until when the session holds.
    pub until: Timestamp,
    /// How it stands.
    pub levels: Vec<of_customer::Member>,
    /// What it has.
    pub has: Vec<Has>,
    /// What it used, and what is set aside for it; the newest first.
    pub uses: Vec<Use>,
    /// How its levels changed; the newest first.
    pub changes: Vec<LevelChange>,
    /// What the firm writes on the page.
    pub texts: MemberPageTexts,
}

/// What stands on a member's page. Stores nothing.
pub async fn page(room: &TiersRoom, who: Member) -> Result<MemberPage> {
    let figures = room.value.published_figures().await?;
    let mut tx = room.platform.db.read().await?;
    let tx = &mut tx;
    let ids = as_one(tx, who.customer).await?;
    // The session says who it is, and nothing is asked for anybody else.
    let mut known = summaries(tx, &Scope::of_system(), &[who.customer]).await?;
    let (has, _) = has::of(room, tx, who.customer).await?;
    Ok(MemberPage {
        firm: firm::load(tx).await?,
        name: known.remove(&who.customer).and_then(|customer| customer.name),
        until: who.until,
        levels: of_customer::of(room, tx, &figures, who.customer).await?,
        has,
        uses: uses(room, tx, &ids).await?,
        changes: changes(tx, &ids).await?,
        texts: member::texts(tx).await?.1,
    })
}

async fn uses(room: &TiersRoom, tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Use>> {
    let since = Day(room.today(tx).await?.0 - DAYS_BACK);
    let accounts = entitlements::of_customer(tx, ids, None, since).await?;
    let accounts: HashMap<EntitlementId, (ProgrammeId, BenefitId)> = accounts
        .into_iter()
        .map(|account| (account.id, (account.programme, account.benefit)))
        .collect();
    let catalogue = benefits::all(tx).await?;
    let partners = partners::all(tx).await?;
    let found = redemptions::of_customer(tx, &Scope::of_system(), ids, None, USES).await?;
    let shown = |redemption: Redemption| {
        let (programme, benefit) = accounts.get(&redemption.entitlement)?;
        let partner = partners
            .iter()
            .find(|partner| Some(partner.id) == redemption.partner);
        Some(Use {
            benefit: catalogue.iter().find(|one| one.id == *benefit)?.clone(),
            programme: *programme,
            partner: partner.cloned(),
            redemption,
        })
    };
    Ok(found.into_iter().filter_map(shown).collect())
}

async fn changes(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<LevelChange>> {
    let mut versions = HashMap::new();
    let mut changes = Vec::new();
    for made in decisions::page(tx, ids, None, None, DECISIONS).await? {
        let before = made.before.as_ref().and_then(|before| before.level.clone());
        if before == made.after.level {
            continue;
        }
        if !versions.contains_key(&made.version) {
            let version = programmes::version(tx, made.version).await?;
            let levels = version.map_or_else(Vec::new, |version| version.document.levels);
            versions.insert(made.version, levels);
        }
        changes.push(change(&made, before, &versions[&made.version]));
    }
    Ok(changes)
}

/// A level of an older version may not be among these: it is not named then.
fn change(made: &Recorded, before: Option<String>, levels: &[Level]) -> LevelChange {
    let named = |code: Option<&String>| {
        let level = levels.iter().find(|level| Some(&level.code) == code);
        level.cloned()
    };
    LevelChange {
        programme: made.programme,
        on: made.on,
        from: named(before.as_ref()),
        to: named(made.after.level.as_ref()),
    }
}
