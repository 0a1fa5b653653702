//! Publishing a draft: a second person, a simulation of just this draft, and notice to those who lose by it. It comes
//! into force on its day, and everybody is decided on by it.

use base::{Day, Error, Result, check_version};
use platform::events::{self, Actor, Event};
use platform::{Caller, Permission, Platform, Tx, ids};
use serde_json::json;
use value::store::runs;

use super::programmes::{held_version, not_a_draft, record};
use super::{TiersRoom, decide_all};
use crate::model::{Document, ProgrammeFacts, ProgrammeId, Version, VersionId, VersionState};
use crate::rules;
use crate::store::{programmes, simulations, watch};

/// Publishes a draft.
///
/// Errors: `version_stale`; `not_a_draft`; `second_person_needed`; `simulation_missing`; `simulation_stale` where draft,
/// version in force or published run are others than it was made from; `version_scheduled` where another one waits
/// for its day; `effective_in_past`; `notice_too_short`.
pub async fn publish(room: &TiersRoom, caller: &Caller, id: VersionId, expected: i64) -> Result<Version> {
    caller.require_whole_firm(Permission::TiersPublish)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    let version = held_version(&mut tx, id).await?;
    check_version(expected, version.revision)?;
    if version.state != VersionState::Draft {
        return Err(not_a_draft());
    }
    if version.edited_by == caller.actor().user() {
        let message = "who changed the draft last does not publish it: a second person does";
        return Err(Error::conflict("second_person_needed", message));
    }
    let programme = version.programme;
    if programmes::version_in(&mut tx, programme, VersionState::Scheduled)
        .await?
        .is_some()
    {
        let message = "another version of this programme waits for its day";
        return Err(Error::conflict("version_scheduled", message));
    }
    let simulation = simulations::of_version(&mut tx, id).await?.ok_or_else(|| {
        Error::conflict(
            "simulation_missing",
            "simulate the draft first: nobody is to lose a level unseen",
        )
    })?;
    let against = programmes::version_in(&mut tx, programme, VersionState::Effective).await?;
    let run = runs::published_id(&mut tx).await?.map(|run| run.uuid());
    let made_from = (simulation.revision, simulation.against, simulation.run);
    if made_from != (version.revision, against.map(|against| against.id), run) {
        let message =
            "draft, version in force or value run changed since it was simulated: simulate it again";
        return Err(Error::conflict("simulation_stale", message));
    }
    let today = room.today(&mut tx).await?;
    let document = &version.document;
    if document.effective_on < today {
        let message = format!(
            "the version would hold from {} on, which is over",
            document.effective_on
        );
        return Err(Error::invalid("effective_in_past", message).at("effective_on"));
    }
    let due_on = Day(document.effective_on.0 - document.notice_days);
    let losers = simulation.result.lose.customers;
    if losers > 0 && due_on < today {
        let message = format!(
            "{losers} customers lose a level and are told {} days ahead: it holds from {} on at the earliest",
            document.notice_days,
            Day(today.0 + document.notice_days)
        );
        return Err(Error::invalid("notice_too_short", message).at("effective_on"));
    }
    let now = platform.clock.now();
    change(&mut tx, id, VersionState::Draft, VersionState::Scheduled).await?;
    programmes::note_published(&mut tx, id, caller.actor().user(), now).await?;
    let notices = simulations::plan_notices(&mut tx, simulation.id, id, due_on, now).await?;
    let payload = json!({
        "version": version.number, "effective_on": document.effective_on, "notices": notices, "due_on": due_on,
        "edited_by": version.edited_by,
    });
    record(
        room,
        &mut tx,
        caller,
        "tier_programme.published",
        programme,
        payload,
    )
    .await?;
    if document.effective_on <= today {
        put_in_force(platform, &mut tx, &version, caller.actor()).await?;
        decide_all::queue_again(platform, &mut tx, caller.actor()).await?;
    }
    let version = programmes::version(&mut tx, id).await?.ok_or(super::NO_VERSION)?;
    tx.commit().await?;
    platform.jobs.wake();
    Ok(version)
}

async fn change(tx: &mut Tx, id: VersionId, from: VersionState, to: VersionState) -> Result<()> {
    if programmes::change_state(tx, id, from, to).await? {
        return Ok(());
    }
    Err(Error::conflict(
        "version_stale",
        "someone else has changed this meanwhile; read it again",
    ))
}

/// Puts a scheduled version in the place of the one in force, in a transaction that holds the programme, and notes that
/// everybody is to be decided on by it.
pub(crate) async fn put_in_force(
    platform: &Platform,
    tx: &mut Tx,
    version: &Version,
    actor: Actor,
) -> Result<()> {
    let programme = version.programme;
    if let Some(old) = programmes::version_in(tx, programme, VersionState::Effective).await? {
        change(tx, old.id, VersionState::Effective, VersionState::Retired).await?;
    }
    change(tx, version.id, VersionState::Scheduled, VersionState::Effective).await?;
    let payload = json!({ "version": version.number });
    let event = Event {
        actor,
        kind: "tier_programme.in_force",
        subject_kind: "tier_programme",
        subject: programme.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await?;
    let watched = watch::hold(tx).await?;
    let again = watch::Watched {
        decided_on: None,
        ..watched
    };
    watch::save(tx, again).await
}

/// Makes a programme with a first version in force, in the transaction that makes the firm it belongs to: nobody stands
/// anywhere yet, so nobody loses and nobody is to be told. For the example firm.
pub async fn begin_with(
    platform: &Platform,
    tx: &mut Tx,
    actor: Actor,
    facts: &ProgrammeFacts,
    document: &Document,
) -> Result<ProgrammeId> {
    rules::check_programme(facts)?;
    rules::check_document(document)?;
    let now = platform.clock.now();
    let (programme, id): (ProgrammeId, VersionId) = (ids::new(&platform.clock), ids::new(&platform.clock));
    programmes::insert(tx, programme, facts, now).await?;
    programmes::insert_draft(tx, (id, programme), document, actor.user(), now).await?;
    change(tx, id, VersionState::Draft, VersionState::Scheduled).await?;
    programmes::note_published(tx, id, None, now).await?;
    let payload = json!({ "after": facts, "document": document });
    let event = Event {
        actor,
        kind: "tier_programme.created",
        subject_kind: "tier_programme",
        subject: programme.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &platform.clock, &event).await?;
    let version = programmes::version(tx, id).await?.ok_or(super::NO_VERSION)?;
    put_in_force(platform, tx, &version, actor).await?;
    Ok(programme)
}
