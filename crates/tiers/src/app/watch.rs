//! What goes on by itself: a ledger line that earns a level raises it within a minute; a version comes into force on its
//! day; what was given by hand, set aside or not used in time ends by itself; everybody is decided on after each value
//! run and on each new day.

use std::time::Duration;

use base::Result;
use platform::events::Actor;
use tokio_util::sync::CancellationToken;
use value::model::RunState;
use value::store::{ledger, runs};

use super::programmes::held_version;
use super::{TiersRoom, decide_all, decide_one, entitlements, giving_back, grants, publish};
use crate::store::{programmes, watch};

const EVERY: Duration = Duration::from_secs(10);
/// Lines looked at in one step.
const LINES_PER_STEP: u32 = 5_000;
/// Where more lines came than this, everybody is decided on at once rather than one after the other.
const LINES_ONE_BY_ONE_MAX: i64 = 50_000;
const GRANTS_PER_STEP: u32 = 500;
const ENTITLEMENTS_PER_STEP: u32 = 500;

/// Looks every ten seconds, until told to stop.
pub async fn watch(room: TiersRoom, stop: CancellationToken) {
    loop {
        if let Err(e) = step(&room).await {
            tracing::warn!(error = %e, "levels could not be looked after; it is tried again in a moment");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// One look at everything.
pub async fn step(room: &TiersRoom) -> Result<()> {
    put_due_in_force(room).await?;
    grants::end_those_over(room, GRANTS_PER_STEP).await?;
    giving_back::lapse_those_over(room, ENTITLEMENTS_PER_STEP).await?;
    entitlements::end_those_over(room, ENTITLEMENTS_PER_STEP).await?;
    let mut tx = room.platform.db.read().await?;
    let in_force = programmes::in_force(&mut tx).await?;
    drop(tx);
    if in_force.is_empty() {
        return Ok(());
    }
    decide_all_if_new(room).await?;
    let programmes: Vec<_> = in_force.into_iter().map(|(programme, _)| programme.id).collect();
    while lines(room, &programmes).await? {}
    Ok(())
}

async fn put_due_in_force(room: &TiersRoom) -> Result<()> {
    let mut tx = room.platform.db.read().await?;
    let today = room.today(&mut tx).await?;
    let due = programmes::due(&mut tx, today).await?;
    drop(tx);
    for version in due {
        let mut tx = room.platform.db.write().await?;
        let version = held_version(&mut tx, version.id).await?;
        // Another server may have been first.
        if version.state == crate::model::VersionState::Scheduled {
            publish::put_in_force(&room.platform, &mut tx, &version, Actor::System).await?;
            decide_all::queue_again(&room.platform, &mut tx, Actor::System).await?;
            tx.commit().await?;
            room.platform.jobs.wake();
        }
    }
    Ok(())
}

/// Has everybody decided on where there is another run or another day than last time.
async fn decide_all_if_new(room: &TiersRoom) -> Result<()> {
    let mut tx = room.platform.db.read().await?;
    let watched = watch::read(&mut tx).await?;
    let today = room.today(&mut tx).await?;
    let run = runs::published_id(&mut tx).await?.map(|run| run.uuid());
    if watched.decided_on == Some(today) && watched.run == run {
        return Ok(());
    }
    // A value run that is at work reads the same ledger and is followed by this anyway.
    let newest = runs::page(&mut tx, None, 1).await?;
    if newest
        .iter()
        .any(|run| matches!(run.state, RunState::Queued | RunState::Running))
    {
        return Ok(());
    }
    drop(tx);
    let mut tx = room.platform.db.write().await?;
    decide_all::queue_again(&room.platform, &mut tx, Actor::System).await?;
    tx.commit().await?;
    room.platform.jobs.wake();
    Ok(())
}

/// Decides on those whose lines came since; true where there may be more.
async fn lines(room: &TiersRoom, programmes: &[crate::model::ProgrammeId]) -> Result<bool> {
    let db = &room.platform.db;
    let mut tx = db.read().await?;
    let newest = ledger::newest(&mut tx).await?;
    let watched = watch::read(&mut tx).await?;
    drop(tx);
    // Where everybody is about to be decided on, these lines are among what that reads.
    if newest <= watched.seq || watched.decided_on.is_none() {
        return Ok(false);
    }
    let mut tx = db.write().await?;
    if newest - watched.seq > LINES_ONE_BY_ONE_MAX {
        // The job says how far it has read.
        let now = watch::hold(&mut tx).await?;
        let again = watch::Watched {
            decided_on: None,
            ..now
        };
        watch::save(&mut tx, again).await?;
        tx.commit().await?;
        return Ok(false);
    }
    let (last, customers) = ledger::customers_since(&mut tx, watched.seq, LINES_PER_STEP).await?;
    tx.rollback().await?;
    let figures = room.value.published_figures().await?;
    let mut tx = db.read().await?;
    let customers = survivors(&mut tx, customers).await?;
    drop(tx);
    for customer in customers {
        for programme in programmes {
            let mut tx = db.write().await?;
            let of = (*programme, customer);
            decide_one::decide(room, &mut tx, &figures, of, Actor::System).await?;
            tx.commit().await?;
        }
    }
    let mut tx = db.write().await?;
    let now = watch::hold(&mut tx).await?;
    // Where another server was further meanwhile, it stays so.
    let seq = last.max(now.seq);
    watch::save(&mut tx, watch::Watched { seq, ..now }).await?;
    tx.commit().await?;
    Ok(last > watched.seq)
}

/// Those who stand for these customers, each once.
async fn survivors(tx: &mut platform::Tx, customers: Vec<uuid::Uuid>) -> Result<Vec<uuid::Uuid>> {
    let scope = platform::Scope::of_system();
    let mut found = Vec::with_capacity(customers.len());
    for customer in customers {
        let survivor = customers::store::resolve(tx, &scope, customer.into()).await?;
        found.extend(survivor.map(|(survivor, _)| survivor.uuid()));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
