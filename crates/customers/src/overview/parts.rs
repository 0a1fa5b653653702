//! This room's parts of a customer's page.

use std::collections::BTreeSet;

use base::{Day, Page, PageSize, Result};
use jiff::Timestamp;
use platform::access::directory::{BranchLink, UserLink};
use platform::events::EventRow;
use platform::{Permission, Tx, firm};
use serde::Serialize;
use utoipa::ToSchema;

use super::part::{Asked, OverviewPart, Parts};
use crate::app;
use crate::identities::{self, Identity};
use crate::model::{
    Channel, Contact, CustomValue, CustomerKind, CustomerLink, CustomerRow, LifeEvent, Note, Purpose,
    QuietHours, Subscription,
};
use crate::rules::consent::{ContactReason, MayContactFacts, may_contact};
use crate::rules::life_event::{Occurrence, occurrences};
use crate::rules::record_schema::{Completeness, completeness};
use crate::store::{self, consents, holdings, life_events, record};

/// How many identities a page shows.
const IDENTITIES: u32 = 20;
/// How many contacts and subscriptions.
const HOLDINGS: u32 = 10;
/// How many events.
const EVENTS: u32 = 10;
/// How many notes.
const NOTES: u32 = 5;
/// How far a page looks ahead for days of the customer's life.
const AHEAD_DAYS: i32 = 60;

/// Adds this room's parts.
#[must_use]
pub fn with_parts<R>(parts: Parts<R>) -> Parts<R> {
    parts
        .with(|_| RecordPart)
        .with(|_| ConsentsPart)
        .with(|_| TimelinePart)
        .with(|_| IdentitiesPart)
        .with(|_| SubscriptionsPart)
        .with(|_| NotesPart)
        .with(|_| LifeEventsPart)
        .with(|_| ContactsPart)
}

/// The record, how complete it is, and what the firm's own fields say.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewRecord {
    /// What a list shows.
    #[serde(flatten)]
    row: CustomerRow,
    /// The organisation a person belongs to.
    organisation: Option<CustomerLink>,
    /// Who brought this customer.
    referred_by: Option<CustomerLink>,
    /// The branch that looks after the customer.
    branch: Option<BranchLink>,
    /// The customer manager.
    owner: Option<UserLink>,
    /// The tags, in order.
    tags: BTreeSet<String>,
    /// The firm's own fields.
    custom_fields: Vec<CustomValue>,
    /// How complete the record is.
    completeness: Completeness,
    /// Made by the generator, no real customer.
    generated: bool,
    /// Goes up with every change of the record itself.
    version: i64,
}

struct RecordPart;

impl OverviewPart for RecordPart {
    type Body = OverviewRecord;
    const NAME: &'static str = "record";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewRecord> {
        let id = asked.about.id;
        let core = store::overview::core(tx, asked.caller.scope(), id).await?;
        let core = core.ok_or(base::Error::NotFound { what: "customer" })?;
        let (_, schema) = record::schema(tx).await?;
        let mut has = record::things(tx, id).await?;
        let values = record::values(tx, id).await?;
        let custom_fields = schema.shown(&values);
        has.extend(values.into_keys().map(|field| format!("custom.{field}")));
        Ok(OverviewRecord {
            tags: record::tags(tx, id).await?,
            completeness: completeness(&schema, core.row.kind, &has),
            custom_fields,
            row: core.row,
            organisation: core.organisation,
            referred_by: core.referred_by,
            branch: core.branch,
            owner: core.owner,
            generated: core.generated,
            version: core.version,
        })
    }
}

/// What a customer is known by now.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewIdentities {
    /// Those that are active, the newest first, at most 20; in part where the caller lacks `customers.personal`.
    items: Vec<Identity>,
}

struct IdentitiesPart;

impl OverviewPart for IdentitiesPart {
    type Body = OverviewIdentities;
    const NAME: &'static str = "identities";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewIdentities> {
        let cipher = asked.platform.keys.cipher(tx).await?;
        let items = identities::store::active(tx, &cipher, asked.about.id, IDENTITIES).await?;
        let shown = |identity| identities::app::shown(&asked.caller, identity);
        Ok(OverviewIdentities {
            items: items.into_iter().map(shown).collect(),
        })
    }
}

/// The people who matter inside an organisation.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewContacts {
    /// As the list of contacts begins, at most 10.
    items: Vec<Contact>,
    /// Where the list goes on.
    next_cursor: Option<String>,
}

struct ContactsPart;

impl OverviewPart for ContactsPart {
    type Body = OverviewContacts;
    const NAME: &'static str = "contacts";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewContacts> {
        let rows = match asked.about.kind {
            CustomerKind::Person => Vec::new(),
            CustomerKind::Organisation => {
                holdings::contacts(tx, asked.caller.scope(), asked.about.id, None, HOLDINGS + 1).await?
            }
        };
        let Page { items, next_cursor } =
            Page::cut(rows, PageSize::new(Some(HOLDINGS))?, holdings::contact_key)?;
        Ok(OverviewContacts { items, next_cursor })
    }
}

/// What a customer holds.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewSubscriptions {
    /// As the list of subscriptions begins, at most 10.
    items: Vec<Subscription>,
    /// Where the list goes on.
    next_cursor: Option<String>,
}

struct SubscriptionsPart;

impl OverviewPart for SubscriptionsPart {
    type Body = OverviewSubscriptions;
    const NAME: &'static str = "subscriptions";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewSubscriptions> {
        let rows = holdings::subscriptions(tx, asked.about.id, None, HOLDINGS + 1).await?;
        let page = Page::cut(rows, PageSize::new(Some(HOLDINGS))?, holdings::subscription_key)?;
        let Page { items, next_cursor } = page.map(|held| app::holdings::shown(&asked.caller, held));
        Ok(OverviewSubscriptions { items, next_cursor })
    }
}

/// Whether a customer may be contacted now for one purpose over one channel.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewChannel {
    /// The channel.
    channel: Channel,
    /// Whether the customer may be contacted.
    allowed: bool,
    /// Why, or why not.
    reasons: Vec<ContactReason>,
    /// Where it is not allowed: when it is next, by what is known now.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// Since when what the customer said last holds.
    #[schema(value_type = Option<String>, format = DateTime)]
    said_at: Option<Timestamp>,
    /// Until when it holds, where it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Whether a customer may be contacted now for one purpose.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewPurpose {
    /// The purpose, as the policy names it.
    purpose: String,
    /// Over each channel that the purpose may use at all.
    channels: Vec<OverviewChannel>,
}

/// How a customer may be contacted now.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewConsents {
    /// For each purpose of the policy.
    purposes: Vec<OverviewPurpose>,
    /// The quiet hours that hold for the customer.
    quiet_hours: Option<QuietHours>,
    /// The zone of the customer's clock.
    zone: String,
    /// The language.
    language: String,
    /// The channel to take first.
    channel: Channel,
}

struct ConsentsPart;

impl OverviewPart for ConsentsPart {
    type Body = OverviewConsents;
    const NAME: &'static str = "consents";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewConsents> {
        let (id, at) = (asked.about.id, asked.about.now);
        let (policy_version, policy) = consents::policy(tx).await?;
        let (_, wanted) = consents::preferences(tx, id).await?;
        let said = consents::latest(tx, id, at).await?;
        let quiet_hours = wanted.quiet_hours.or(policy.quiet_hours);
        let zone = wanted.zone.unwrap_or_else(|| asked.about.firm.zone.clone());
        let time_zone = firm::time_zone(&zone)?;
        let of_channel = |purpose: &Purpose, channel: Channel| {
            let latest = said
                .iter()
                .find(|said| said.channel == channel && said.purpose == purpose.name);
            let facts = MayContactFacts {
                at,
                channel,
                purpose: purpose.clone(),
                policy_version,
                statements: latest.cloned().into_iter().collect(),
                quiet_hours,
                zone: zone.clone(),
            };
            let answer = may_contact(&facts, &time_zone);
            OverviewChannel {
                channel,
                allowed: answer.allowed,
                reasons: answer.reasons,
                next_at: answer.next_at,
                said_at: latest.map(|said| said.at),
                expires_at: latest.and_then(|said| said.expires_at),
            }
        };
        let of_purpose = |purpose: &Purpose| OverviewPurpose {
            purpose: purpose.name.clone(),
            channels: purpose
                .channels
                .iter()
                .map(|channel| of_channel(purpose, *channel))
                .collect(),
        };
        Ok(OverviewConsents {
            purposes: policy.purposes.iter().map(of_purpose).collect(),
            quiet_hours,
            language: wanted.language.unwrap_or(policy.language),
            channel: wanted.channel.unwrap_or(policy.channel),
            zone,
        })
    }
}

/// What happened last.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewTimeline {
    /// As the timeline begins, at most 10.
    items: Vec<EventRow>,
    /// Where it goes on.
    next_cursor: Option<String>,
}

struct TimelinePart;

impl OverviewPart for TimelinePart {
    type Body = OverviewTimeline;
    const NAME: &'static str = "timeline";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewTimeline> {
        let size = PageSize::new(Some(EVENTS))?;
        let page = app::timeline::of(tx, &asked.caller, (asked.about.id, None), size, None).await?;
        let Page { items, next_cursor } = page;
        Ok(OverviewTimeline { items, next_cursor })
    }
}

/// A day of a customer's life that comes round soon.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewLifeEvent {
    /// What is remembered.
    #[serde(flatten)]
    event: LifeEvent,
    /// When next.
    next: Occurrence,
}

/// The days of a customer's life that come round within 60 days.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewLifeEvents {
    /// The first to come first.
    items: Vec<OverviewLifeEvent>,
}

struct LifeEventsPart;

impl OverviewPart for LifeEventsPart {
    type Body = OverviewLifeEvents;
    const NAME: &'static str = "life_events";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewLifeEvents> {
        let zone = asked.about.firm.time_zone()?;
        let today = Day::from_date(zone.to_datetime(asked.about.now).date());
        let ahead = Day(today.0 + AHEAD_DAYS);
        let events = life_events::all(tx, asked.about.id).await?;
        let mut items: Vec<_> = events
            .into_iter()
            .filter_map(|event| {
                let next = occurrences(&event.facts, today, ahead).into_iter().next()?;
                Some(OverviewLifeEvent { event, next })
            })
            .collect();
        items.sort_by_key(|coming| coming.next.on);
        Ok(OverviewLifeEvents { items })
    }
}

/// What was written down.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewNotes {
    /// As the list of notes begins, at most 5: the pinned ones first, the newest first.
    items: Vec<Note>,
    /// Where the list goes on.
    next_cursor: Option<String>,
}

struct NotesPart;

impl OverviewPart for NotesPart {
    type Body = OverviewNotes;
    const NAME: &'static str = "notes";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewNotes> {
        let rows = record::notes(tx, asked.about.id, None, NOTES + 1).await?;
        let Page { items, next_cursor } = Page::cut(rows, PageSize::new(Some(NOTES))?, record::note_key)?;
        Ok(OverviewNotes { items, next_cursor })
    }
}
