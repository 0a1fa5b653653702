//! One customer's levels: how it stands, why, what is missing, and how that came about.

use base::{Cursor, Error, Page, PageSize, Result};
use customers::store::{as_one, resolve};
use platform::{Caller, Permission, Tx};
use uuid::Uuid;

use super::TiersRoom;
use super::decide_one::{self, Figures, One};
use crate::model::{Decision, DecisionId, Programme, ProgrammeId, Recorded, Version};
use crate::rules;
use crate::store::{decisions, programmes};

/// How a customer stands in a programme.
pub struct Member {
    /// The programme.
    pub programme: Programme,
    /// The version in force.
    pub version: Version,
    /// How it stands today and why; what is missing is as of now.
    pub decision: Decision,
    /// The decision that is in force; none for who never had a level.
    pub decided_by: Option<DecisionId>,
}

async fn found(tx: &mut Tx, caller: &Caller, customer: Uuid) -> Result<Uuid> {
    let found = resolve(tx, caller.scope(), customer.into()).await?;
    let (survivor, _) = found.ok_or(Error::NotFound { what: "customer" })?;
    Ok(survivor.uuid())
}

/// How a customer stands in every programme with a version in force. Stores nothing: where a decision would come out
/// otherwise by now, the watch makes it within a minute.
pub async fn members(room: &TiersRoom, caller: &Caller, customer: Uuid) -> Result<Vec<Member>> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let figures = room.value.published_figures().await?;
    let mut tx = room.platform.db.read().await?;
    let customer = found(&mut tx, caller, customer).await?;
    of(room, &mut tx, &figures, customer).await
}

/// The same in a transaction that is there.
pub(crate) async fn of(
    room: &TiersRoom,
    tx: &mut Tx,
    figures: &Figures,
    customer: Uuid,
) -> Result<Vec<Member>> {
    let in_force = programmes::in_force(tx).await?;
    if in_force.is_empty() {
        return Ok(Vec::new());
    }
    let Some(one) = One::read(room, tx, customer).await? else {
        return Ok(Vec::new());
    };
    let mut members = Vec::with_capacity(in_force.len());
    for (programme, version) in in_force {
        let by = (&programme, &version.document);
        let facts = one.facts(tx, figures, by).await?;
        let member = decide_one::member_of(tx, programme.id, customer).await?;
        if !facts.included
            && member
                .as_ref()
                .is_none_or(|member| member.standing.level.is_none())
        {
            continue;
        }
        let before = member.as_ref().map(|member| &member.standing);
        let outcome = rules::outcome(&facts, &version.document, before, one.today);
        let decision = match &member {
            // It would come out otherwise by now: how it stands is by the decision before.
            Some(member) if rules::changes(&outcome, &version.document, before) => {
                let made = decisions::find(tx, member.decision).await?;
                let stands = match &made {
                    Some(made) => (made.before.as_ref(), made.after.clone(), made.cause),
                    None => (None, member.standing.clone(), outcome.cause),
                };
                rules::explain(&facts, by, stands, one.today)
            }
            _ => rules::decide(&facts, by, before, one.today),
        };
        members.push(Member {
            decision,
            decided_by: member.map(|member| member.decision),
            programme,
            version,
        });
    }
    Ok(members)
}

/// Decides on a customer now, in every programme with a version in force.
///
/// Errors: there is no such customer in the caller's scope; `customer_merged`.
pub async fn decide_now(room: &TiersRoom, caller: &Caller, customer: Uuid) -> Result<Vec<Member>> {
    caller.require(Permission::TiersWrite)?;
    caller.require(Permission::CustomersRead)?;
    let figures = room.value.published_figures().await?;
    let mut tx = room.platform.db.write().await?;
    let there = customers::store::refer(&mut tx, caller.scope(), customer.into()).await?;
    there.ok_or(Error::NotFound { what: "customer" })?;
    for (programme, _) in programmes::in_force(&mut tx).await? {
        let of = (programme.id, customer);
        decide_one::decide(room, &mut tx, &figures, of, caller.actor()).await?;
    }
    let members = of(room, &mut tx, &figures, customer).await?;
    tx.commit().await?;
    Ok(members)
}

/// A decision that was stored, explained as it was made.
pub struct Explained {
    /// What was stored.
    pub recorded: Recorded,
    /// The same made again, with its reason and what was missing.
    pub decision: Decision,
}

/// The decisions on a customer and those merged into it, the newest first; of one programme where asked.
pub async fn history(
    room: &TiersRoom,
    caller: &Caller,
    customer: Uuid,
    programme: Option<ProgrammeId>,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Explained>> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let before = cursor.map(Cursor::key::<(i64, Uuid)>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let customer = found(&mut tx, caller, customer).await?;
    let ids = as_one(&mut tx, customer).await?;
    let rows = decisions::page(&mut tx, &ids, programme, before, size.rows() + 1).await?;
    let page = Page::cut(rows, size, |row| (row.at.as_microsecond(), row.id.uuid()))?;
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        let (recorded, decision) = super::decide_again(&mut tx, row.id).await?;
        items.push(Explained { recorded, decision });
    }
    Ok(Page {
        items,
        next_cursor: page.next_cursor,
    })
}
