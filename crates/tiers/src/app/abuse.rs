//! What is looked for, what it would find, and what becomes of what was found. A suspension waits for a second person like
//! any other (see [`super::grants`]); a use is given back as anybody gives one back (see [`super::giving_back`]).

use base::{Cursor, Day, Error, Page, PageSize, Result, check_version};
use customers::CustomerSummary;
use jiff::{SignedDuration, Timestamp};
use platform::events::{self, Event};
use platform::{Caller, Permission, Tx};
use serde_json::json;
use uuid::Uuid;

use super::abuse_look::{Wanted, gather};
use super::{TiersRoom, giving_back, grants};
use crate::model::{
    AbuseRule, AbuseSettings, Finding, FindingId, FindingState, Found, GrantKind, NewGrant, RedemptionId,
};
use crate::rules;
use crate::store::abuse::{self, Decided, Filter};

const NO_FINDING: Error = Error::NotFound { what: "finding" };
/// How far back a trial may go.
const TRIAL_DAYS_MAX: i64 = 366;
/// Examples shown of each rule.
const EXAMPLES_MAX: u64 = 20;

async fn current(tx: &mut Tx) -> Result<(i64, AbuseSettings)> {
    Ok(abuse::settings(tx).await?.unwrap_or_default())
}

/// What is looked for; version 0 is what Patron ships, with every rule off.
pub async fn settings(room: &TiersRoom, caller: &Caller) -> Result<(i64, AbuseSettings)> {
    caller.require(Permission::TiersReview)?;
    current(&mut room.platform.db.read().await?).await
}

/// Decides anew what is looked for. Errors: the caller does not see the whole firm; `abuse_settings_invalid`;
/// `version_stale`.
pub async fn change_settings(
    room: &TiersRoom,
    caller: &Caller,
    expected: i64,
    settings: AbuseSettings,
) -> Result<(i64, AbuseSettings)> {
    caller.require_whole_firm(Permission::TiersReview)?;
    rules::check_abuse_settings(&settings)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    let (version, before) = current(&mut tx).await?;
    check_version(expected, version)?;
    let (by, now) = (caller.actor().user(), platform.clock.now());
    abuse::add_settings(&mut tx, version + 1, &settings, by, now)
        .await
        .map_err(|e| match e.code() {
            // Someone else was first.
            "already_exists" => check_version(version, version + 1).err().unwrap_or(e),
            _ => e,
        })?;
    let payload = json!({ "version": version + 1, "before": before, "after": settings });
    let event = Event {
        actor: caller.actor(),
        kind: "tier_abuse_settings.changed",
        subject_kind: "tier_abuse_settings",
        subject: Uuid::nil(),
        customer: None,
        payload: &payload,
    };
    events::record(&mut tx, &platform.clock, &event).await?;
    tx.commit().await?;
    Ok((version + 1, settings))
}

/// What a rule would find.
pub struct Tried {
    /// Which rule.
    pub rule: AbuseRule,
    /// How often.
    pub findings: u64,
    /// At most 20 of them.
    pub examples: Vec<Found>,
}

/// What every rule would find by these settings from a moment on, whether it is on or not. Stores nothing.
///
/// Errors: the caller does not see the whole firm; `abuse_settings_invalid`; `since_malformed`.
pub async fn try_out(
    room: &TiersRoom,
    caller: &Caller,
    settings: &AbuseSettings,
    since: Timestamp,
) -> Result<Vec<Tried>> {
    caller.require_whole_firm(Permission::TiersReview)?;
    caller.require(Permission::CustomersRead)?;
    rules::check_abuse_settings(settings)?;
    let now = room.platform.clock.now();
    let earliest = now.checked_sub(SignedDuration::from_hours(TRIAL_DAYS_MAX * 24));
    if since > now || earliest.is_ok_and(|earliest| since < earliest) {
        let message = "within the last 366 days";
        return Err(Error::invalid("since_malformed", message).at("since"));
    }
    let wanted = Wanted {
        settings,
        rules: AbuseRule::ALL.into_iter().map(|rule| (rule, since)).collect(),
    };
    let mut tx = room.platform.db.read().await?;
    let gathered = gather(&mut tx, &wanted, EXAMPLES_MAX).await?;
    let mut tried: Vec<Tried> = AbuseRule::ALL
        .into_iter()
        .map(|rule| Tried {
            rule,
            findings: gathered.counts.get(&rule).copied().unwrap_or_default(),
            examples: Vec::new(),
        })
        .collect();
    for found in gathered.found {
        if let Some(of) = tried.iter_mut().find(|of| of.rule == found.rule) {
            of.examples.push(found);
        }
    }
    Ok(tried)
}

/// What was found of customers the caller sees, the newest first.
pub async fn list(
    room: &TiersRoom,
    caller: &Caller,
    filter: Filter,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<(Finding, CustomerSummary)>> {
    caller.require(Permission::TiersReview)?;
    caller.require(Permission::CustomersRead)?;
    let before = cursor.map(Cursor::key::<Uuid>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let rows = abuse::page(&mut tx, caller.scope(), &filter, before, size.rows() + 1).await?;
    let page = Page::cut(rows, size, |finding| finding.id.uuid())?;
    let ids: Vec<Uuid> = page.items.iter().map(|finding| finding.customer).collect();
    let names = customers::store::summaries(&mut tx, caller.scope(), &ids).await?;
    Ok(Page {
        items: page
            .items
            .into_iter()
            .filter_map(|finding| names.get(&finding.customer).cloned().map(|name| (finding, name)))
            .collect(),
        next_cursor: page.next_cursor,
    })
}

/// What is to become of a finding.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// It was no abuse.
    Dismiss,
    /// A warning was given.
    Warn,
    /// The customer's level in the programme is to be suspended until a day.
    Suspend(Day),
    /// A use that the evidence names is given back.
    Reverse(RedemptionId),
}

impl Action {
    fn leads_to(self) -> (FindingState, &'static str) {
        match self {
            Self::Dismiss => (FindingState::Dismissed, "tier_finding.dismissed"),
            Self::Warn => (FindingState::Warned, "tier_finding.warned"),
            Self::Suspend(_) => (FindingState::Suspended, "tier_finding.suspended"),
            Self::Reverse(_) => (FindingState::Reversed, "tier_finding.reversed"),
        }
    }
}

/// Decides on a finding, and does what follows from it, in one transaction.
///
/// Errors: there is none in the caller's scope; `version_stale`; `reason_malformed`; `finding_state`; those of
/// [`grants::request`]; `redemption_not_in_evidence`, and those of [`giving_back::reverse`].
pub async fn decide(
    room: &TiersRoom,
    caller: &Caller,
    (id, expected): (FindingId, i64),
    action: Action,
    reason: &str,
) -> Result<Finding> {
    caller.require(Permission::TiersReview)?;
    caller.require(Permission::CustomersRead)?;
    rules::check_reason(reason)?;
    let platform = &room.platform;
    let mut tx = platform.db.write().await?;
    tx.about_to_write("customers").await?;
    let finding = abuse::hold(&mut tx, caller.scope(), id)
        .await?
        .ok_or(NO_FINDING)?;
    check_version(expected, finding.version)?;
    let (next, kind) = action.leads_to();
    if !finding.state.may_become(next) {
        let message = format!(
            "this is {} and cannot come to be {}",
            finding.state.name(),
            next.name()
        );
        return Err(Error::conflict("finding_state", message));
    }
    let mut grant = None;
    match action {
        Action::Dismiss | Action::Warn => {}
        Action::Suspend(until) => {
            let asked = NewGrant {
                programme: finding.programme,
                kind: GrantKind::Suspension,
                level: None,
                reason: reason.to_owned(),
                from: room.today(&mut tx).await?,
                until,
            };
            let asked = grants::request_in(room, &mut tx, caller, finding.customer, asked).await?;
            grant = Some(asked.id.uuid());
        }
        Action::Reverse(redemption) => {
            if !rules::uses_in(&finding.evidence).contains(&redemption.uuid()) {
                let message = "the evidence does not name this use";
                return Err(Error::invalid("redemption_not_in_evidence", message).at("redemption"));
            }
            giving_back::reverse_in(room, &mut tx, caller, redemption, reason).await?;
        }
    }
    let decided = Decided {
        state: next,
        reason,
        grant,
        by: caller.actor().user(),
        at: platform.clock.now(),
    };
    abuse::decide(&mut tx, id, &decided).await?;
    let after = abuse::hold(&mut tx, caller.scope(), id)
        .await?
        .ok_or(NO_FINDING)?;
    // The log keeps no free text (ADR 14).
    let payload =
        json!({ "rule": after.rule, "programme": after.programme, "at": after.at, "grant": after.grant });
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "tier_finding",
        subject: id.uuid(),
        customer: Some(after.customer),
        payload: &payload,
    };
    events::record(&mut tx, &platform.clock, &event).await?;
    tx.commit().await?;
    Ok(after)
}
