//! Decides on one customer, from the ledger's lines as they are now.

use std::sync::Arc;

use base::{Day, Error, Result};
use customers::store::{Basics, as_one, basics_of};
use futures::StreamExt as _;
use jiff::Timestamp;
use platform::events::{self, Actor, Event};
use platform::{Tx, firm, ids};
use serde_json::json;
use uuid::Uuid;
use value::facts::Monthly;
use value::model::Run;
use value::profile_columns::ProfileColumns;
use value::store::ledger;

use super::known::{self, Wanted, is_for, month_facts};
use super::{NO_PROGRAMME, TiersRoom, entitlements};
use crate::model::{
    Decision, DecisionId, Document, Facts, MonthFact, Programme, ProgrammeId, Recorded, Standing, Version,
    VersionState,
};
use crate::rules;
use crate::store::decisions::Membership;
use crate::store::{decisions, grants, programmes};

/// The published run and its figures, where they are at hand.
pub(crate) type Figures = Option<(Run, Arc<ProfileColumns>)>;

/// A customer as decisions in any programme know it.
pub(crate) struct One {
    pub(crate) basics: Basics,
    pub(crate) today: Day,
    months: Vec<MonthFact>,
}

impl One {
    /// Reads a customer; none of one that was merged or is not there.
    pub(crate) async fn read(room: &TiersRoom, tx: &mut Tx, customer: Uuid) -> Result<Option<Self>> {
        let Some(basics) = basics_of(tx, customer.into()).await? else {
            return Ok(None);
        };
        let zone = firm::load(tx).await?.time_zone()?;
        let today = room.today(tx).await?;
        let ids = as_one(tx, customer).await?;
        let months = known::months(today);
        let begin = months.start().first_day().date().to_zoned(zone.clone());
        let begin = begin.map_or(Timestamp::MIN, |begin| begin.timestamp());
        let mut monthly = Monthly::new(&zone, months);
        let mut lines = ledger::amounts_of(tx, &ids, begin)?;
        while let Some(line) = lines.next().await {
            let (at, amount_minor, takes_back) = line?;
            monthly.add(customer, at, amount_minor, takes_back);
        }
        drop(lines);
        Ok(Some(Self {
            basics,
            today,
            months: month_facts(&monthly.sums()),
        }))
    }

    /// What is known of the customer for a programme.
    pub(crate) async fn facts(
        &self,
        tx: &mut Tx,
        figures: &Figures,
        (programme, document): (&Programme, &Document),
    ) -> Result<Facts> {
        let wanted = Wanted::of([document]);
        let mut facts = Facts {
            included: is_for(&programme.facts, &self.basics),
            since: self.basics.since,
            ..Facts::default()
        };
        let given = grants::approved_for(tx, programme.id, &[self.basics.id]).await?;
        (facts.given, facts.nominated) = rules::given_fact(&given, document, self.today);
        if wanted.organisations
            && let Some(organisation) = self.basics.organisation
        {
            let mut of = decisions::memberships_of(tx, programme.id, &[organisation]).await?;
            facts.organisation_level = of.remove(&organisation).and_then(|member| member.standing.level);
        }
        if facts.included {
            facts.months.clone_from(&self.months);
            if let Some((run, columns)) = figures
                && let Some(row) = columns.row_of(self.basics.id)
            {
                facts.run = Some(run.id.uuid());
                wanted.figures(&mut facts, columns, row);
            }
        }
        Ok(facts)
    }
}

/// Decides on a customer in a programme and stores what changed, in the caller's transaction. None where no version is in
/// force, or the customer is not there or was merged.
pub(crate) async fn decide(
    room: &TiersRoom,
    tx: &mut Tx,
    figures: &Figures,
    (programme, customer): (ProgrammeId, Uuid),
    actor: Actor,
) -> Result<Option<Decision>> {
    tx.about_to_write("customers").await?;
    let programme = programmes::hold(tx, programme).await?.ok_or(NO_PROGRAMME)?;
    let Some(version) = programmes::version_in(tx, programme.id, VersionState::Effective).await? else {
        return Ok(None);
    };
    let Some(one) = One::read(room, tx, customer).await? else {
        return Ok(None);
    };
    let facts = one.facts(tx, figures, (&programme, &version.document)).await?;
    let mut members = decisions::memberships_of(tx, programme.id, &[customer]).await?;
    let before = members.remove(&customer).map(|member| member.standing);
    let by = (&programme, &version.document);
    let decision = rules::decide(&facts, by, before.as_ref(), one.today);
    let outcome = rules::outcome(&facts, &version.document, before.as_ref(), one.today);
    if rules::changes(&outcome, &version.document, before.as_ref()) {
        let recorded = Recorded {
            id: ids::new(&room.platform.clock),
            programme: programme.id,
            version: version.id,
            customer,
            on: one.today,
            at: room.platform.clock.now(),
            facts,
            before,
            after: decision.standing.clone(),
            cause: decision.reason.code,
        };
        decisions::record(tx, std::slice::from_ref(&recorded)).await?;
        record_event(room, tx, (&programme, &version), &recorded, &decision, actor).await?;
        entitlements::follow(room, tx, (programme.id, customer), actor).await?;
    }
    Ok(Some(decision))
}

async fn record_event(
    room: &TiersRoom,
    tx: &mut Tx,
    (programme, version): (&Programme, &Version),
    recorded: &Recorded,
    decision: &Decision,
    actor: Actor,
) -> Result<()> {
    let level = |standing: &Standing| standing.level.clone();
    let payload = json!({
        "programme": programme.facts.code, "version": version.number,
        "from": recorded.before.as_ref().and_then(level), "to": recorded.after.level,
        "review_on": recorded.after.review_on, "grace_until": recorded.after.grace_until,
        "reason": decision.reason, "decision": recorded.id,
    });
    let event = Event {
        actor,
        kind: "tier.changed",
        subject_kind: "tier_programme",
        subject: programme.id.uuid(),
        customer: Some(recorded.customer),
        payload: &payload,
    };
    events::record(tx, &room.platform.clock, &event).await
}

/// Makes a stored decision again from what was stored with it. Errors: there is none of this id.
pub async fn decide_again(tx: &mut Tx, id: DecisionId) -> Result<(Recorded, Decision)> {
    let missing = || Error::NotFound { what: "decision" };
    let recorded = decisions::find(tx, id).await?.ok_or_else(missing)?;
    let programme = programmes::find(tx, recorded.programme)
        .await?
        .ok_or(NO_PROGRAMME)?;
    let version = programmes::version(tx, recorded.version)
        .await?
        .ok_or_else(missing)?;
    let decision = rules::replay(&recorded, &programme, &version.document);
    Ok((recorded, decision))
}

/// How a customer stands in the programmes of versions in force, by programme.
pub(crate) async fn member_of(
    tx: &mut Tx,
    programme: ProgrammeId,
    customer: Uuid,
) -> Result<Option<Membership>> {
    let mut members = decisions::memberships_of(tx, programme, &[customer]).await?;
    Ok(members.remove(&customer))
}
