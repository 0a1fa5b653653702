//! Programmes and the drafts of their versions.

use base::{Cursor, Error, Page, PageSize, Result, check_version};
use platform::events::{self, Event};
use platform::{Caller, Permission, Tx, ids};
use serde_json::{Value, json};

use super::{NO_PROGRAMME, NO_VERSION, TiersRoom};
use crate::model::{Document, Programme, ProgrammeFacts, ProgrammeId, Version, VersionId, VersionState};
use crate::rules;
use crate::store::{benefits, decisions, programmes};

/// A programme with what is in force.
pub struct Shown {
    /// The programme.
    pub programme: Programme,
    /// The version in force.
    pub in_force: Option<Version>,
    /// The version that will be.
    pub scheduled: Option<Version>,
    /// How many customers have each level; not told to who does not see the whole firm.
    pub counts: Option<Vec<(String, u64)>>,
}

/// Every programme, by code; a firm has at most 50.
pub async fn list(room: &TiersRoom, caller: &Caller) -> Result<Vec<Programme>> {
    caller.require(Permission::TiersRead)?;
    programmes::all(&mut room.platform.db.read().await?).await
}

/// One programme.
pub async fn get(room: &TiersRoom, caller: &Caller, id: ProgrammeId) -> Result<Shown> {
    caller.require(Permission::TiersRead)?;
    let mut tx = room.platform.db.read().await?;
    let programme = programmes::find(&mut tx, id).await?.ok_or(NO_PROGRAMME)?;
    let counts = match caller.scope().is_whole_firm() {
        true => Some(decisions::counts(&mut tx, id).await?),
        false => None,
    };
    Ok(Shown {
        in_force: programmes::version_in(&mut tx, id, VersionState::Effective).await?,
        scheduled: programmes::version_in(&mut tx, id, VersionState::Scheduled).await?,
        programme,
        counts,
    })
}

/// Makes a programme. Errors: `programme_invalid`; `code_taken`; `too_many_programmes`.
pub async fn create(room: &TiersRoom, caller: &Caller, facts: ProgrammeFacts) -> Result<Programme> {
    caller.require(Permission::TiersWrite)?;
    rules::check_programme(&facts)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    if programmes::all(&mut tx).await?.len() >= programmes::PROGRAMMES_MAX as usize {
        return Err(Error::conflict(
            "too_many_programmes",
            "a firm has at most 50 programmes",
        ));
    }
    let id: ProgrammeId = ids::new(&platform.clock);
    programmes::insert(&mut tx, id, &facts, platform.clock.now())
        .await
        .map_err(code_taken)?;
    record(
        room,
        &mut tx,
        caller,
        "tier_programme.created",
        id,
        json!({ "after": facts }),
    )
    .await?;
    tx.commit().await?;
    Ok(Programme {
        id,
        facts,
        version: 1,
    })
}

fn code_taken(e: Error) -> Error {
    match e.code() {
        "already_exists" => Error::conflict("code_taken", "another programme has this code"),
        _ => e,
    }
}

/// Decides anew what a programme is called and whom it is for. Errors: `version_stale`, and those of [`create`].
pub async fn change(
    room: &TiersRoom,
    caller: &Caller,
    id: ProgrammeId,
    expected: i64,
    facts: ProgrammeFacts,
) -> Result<Programme> {
    caller.require(Permission::TiersWrite)?;
    rules::check_programme(&facts)?;
    let mut tx = room.platform.db.write().await?;
    let before = programmes::hold(&mut tx, id).await?.ok_or(NO_PROGRAMME)?;
    check_version(expected, before.version)?;
    let in_force = programmes::version_in(&mut tx, id, VersionState::Effective).await?;
    let whom = |facts: &ProgrammeFacts| (facts.brands.clone(), facts.kinds.clone());
    if in_force.is_some() && whom(&facts) != whom(&before.facts) {
        // Nobody loses a level unseen: whom a programme in force is for is not changed behind the simulation's back.
        caller.require_whole_firm(Permission::TiersPublish)?;
    }
    programmes::update(&mut tx, id, &facts, room.platform.clock.now())
        .await
        .map_err(code_taken)?;
    let payload = json!({ "before": before.facts, "after": facts });
    record(room, &mut tx, caller, "tier_programme.changed", id, payload).await?;
    tx.commit().await?;
    Ok(Programme {
        id,
        facts,
        version: before.version + 1,
    })
}

/// The versions of a programme, the newest first.
pub async fn versions(
    room: &TiersRoom,
    caller: &Caller,
    id: ProgrammeId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Version>> {
    caller.require(Permission::TiersRead)?;
    let before = cursor.map(Cursor::key::<i32>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    programmes::find(&mut tx, id).await?.ok_or(NO_PROGRAMME)?;
    let rows = programmes::versions(&mut tx, id, before, size.rows() + 1).await?;
    Page::cut(rows, size, |version| version.number)
}

/// One version.
pub async fn version(room: &TiersRoom, caller: &Caller, id: VersionId) -> Result<Version> {
    caller.require(Permission::TiersRead)?;
    let mut tx = room.platform.db.read().await?;
    programmes::version(&mut tx, id).await?.ok_or(NO_VERSION)
}

/// Begins a draft. Errors: `document_invalid`, `promises_invalid`, with the fields at fault.
pub async fn draft(
    room: &TiersRoom,
    caller: &Caller,
    programme: ProgrammeId,
    document: Document,
) -> Result<Version> {
    caller.require(Permission::TiersWrite)?;
    rules::check_document(&document)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    programmes::hold(&mut tx, programme).await?.ok_or(NO_PROGRAMME)?;
    rules::check_promises(&document, &benefits::all(&mut tx).await?)?;
    let id: VersionId = ids::new(&platform.clock);
    let by = caller.actor().user();
    programmes::insert_draft(&mut tx, (id, programme), &document, by, platform.clock.now()).await?;
    let version = programmes::version(&mut tx, id).await?.ok_or(NO_VERSION)?;
    let payload = json!({ "version": version.number, "document": version.document });
    record(
        room,
        &mut tx,
        caller,
        "tier_programme.drafted",
        programme,
        payload,
    )
    .await?;
    tx.commit().await?;
    Ok(version)
}

/// Changes a draft. Errors: `document_invalid`, `promises_invalid`; `version_stale`; `not_a_draft`.
pub async fn change_draft(
    room: &TiersRoom,
    caller: &Caller,
    id: VersionId,
    expected: i64,
    document: Document,
) -> Result<Version> {
    caller.require(Permission::TiersWrite)?;
    rules::check_document(&document)?;
    let mut tx = room.platform.db.write().await?;
    let before = held_version(&mut tx, id).await?;
    check_version(expected, before.revision)?;
    if before.state != VersionState::Draft {
        return Err(not_a_draft());
    }
    rules::check_promises(&document, &benefits::all(&mut tx).await?)?;
    if before.document != document {
        let by = caller.actor().user();
        if !programmes::update_draft(&mut tx, id, expected, &document, by).await? {
            return Err(not_a_draft());
        }
        let payload = json!({
            "version": before.number, "before": before.document, "after": document,
        });
        let programme = before.programme;
        record(
            room,
            &mut tx,
            caller,
            "tier_programme.draft_changed",
            programme,
            payload,
        )
        .await?;
    }
    let version = programmes::version(&mut tx, id).await?.ok_or(NO_VERSION)?;
    tx.commit().await?;
    Ok(version)
}

/// A version whose programme is held until the transaction ends.
pub(crate) async fn held_version(tx: &mut Tx, id: VersionId) -> Result<Version> {
    let version = programmes::version(tx, id).await?.ok_or(NO_VERSION)?;
    programmes::hold(tx, version.programme)
        .await?
        .ok_or(NO_PROGRAMME)?;
    programmes::version(tx, id).await?.ok_or(NO_VERSION)
}

pub(crate) fn not_a_draft() -> Error {
    Error::conflict("not_a_draft", "this version was published; begin a new draft")
}

pub(crate) async fn record(
    room: &TiersRoom,
    tx: &mut Tx,
    caller: &Caller,
    kind: &'static str,
    programme: ProgrammeId,
    payload: Value,
) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "tier_programme",
        subject: programme.uuid(),
        customer: None,
        payload: &payload,
    };
    events::record(tx, &room.platform.clock, &event).await
}
