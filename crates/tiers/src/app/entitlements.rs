//! What a customer has by its level: opened when it is first asked for or when the level changes, granted, carried over,
//! taken back and ended by rule.

use base::{Cursor, Day, Error, Page, PageSize, Result};
use customers::store::{as_one, resolve};
use platform::events::{self, Actor, Event};
use platform::{Caller, Permission, Tx, ids};
use serde_json::{Value, json};
use uuid::Uuid;

use super::choices::{self, Group};
use super::{NO_PROGRAMME, TiersRoom};
use crate::model::{
    Benefit, BenefitId, Chosen, Entitlement, EntitlementId, Entry, EntryKind, Level, Posting, Programme,
    ProgrammeId, Promise, Standing, Version, VersionState,
};
use crate::rules::{self, Change, Due};
use crate::store::entitlements::Entering;
use crate::store::{benefits, decisions, entitlements, programmes};

/// Entitlements are looked at for so many days after their period: as long as something of it may be carried over.
const DAYS_LOOKED_BACK: i32 = 366;

/// A customer in a programme, with what the programme promises.
pub(crate) struct Holder {
    pub(crate) programme: Programme,
    version: Option<Version>,
    customer: Uuid,
    /// With all who were merged into it.
    ids: Vec<Uuid>,
    pub(crate) catalogue: Vec<Benefit>,
    pub(crate) today: Day,
}

/// How a customer stands, with what follows from it.
pub(super) struct Stands<'a> {
    pub(super) level: Option<&'a Level>,
    due: Vec<Due>,
    pub(super) standing: Option<Standing>,
    pub(super) chosen: Vec<Chosen>,
}

impl Holder {
    /// Of the customer that was not merged.
    pub(crate) async fn read(
        room: &TiersRoom,
        tx: &mut Tx,
        (programme, customer): (ProgrammeId, Uuid),
    ) -> Result<Self> {
        let programme = programmes::find(tx, programme).await?.ok_or(NO_PROGRAMME)?;
        Ok(Self {
            version: programmes::version_in(tx, programme.id, VersionState::Effective).await?,
            programme,
            customer,
            ids: as_one(tx, customer).await?,
            catalogue: benefits::all(tx).await?,
            today: room.today(tx).await?,
        })
    }

    fn since(&self) -> Day {
        Day(self.today.0 - DAYS_LOOKED_BACK)
    }

    pub(crate) fn ids(&self) -> &[Uuid] {
        &self.ids
    }

    pub(crate) fn benefit(&self, code: &str) -> Option<&Benefit> {
        self.catalogue.iter().find(|benefit| benefit.facts.code == code)
    }

    pub(super) fn code_of(&self, id: BenefitId) -> &str {
        let benefit = self.catalogue.iter().find(|benefit| benefit.id == id);
        benefit.map_or("", |benefit| benefit.facts.code.as_str())
    }

    /// How the customer stands by now. Read after its entitlements are held: a decision changes both at once.
    pub(super) async fn stands(&self, tx: &mut Tx) -> Result<Stands<'_>> {
        let mut members = decisions::memberships_of(tx, self.programme.id, &[self.customer]).await?;
        let standing = members.remove(&self.customer).map(|member| member.standing);
        let chosen = entitlements::chosen(tx, &self.ids, self.programme.id, self.since()).await?;
        let code = standing.as_ref().and_then(|standing| standing.level.as_deref());
        let document = self.version.as_ref().map(|version| &version.document);
        let level = document.and_then(|document| {
            document
                .levels
                .iter()
                .find(|level| Some(level.code.as_str()) == code)
        });
        let due = match (level, document, &standing) {
            (Some(level), Some(document), Some(standing)) => {
                let by = (standing, document.effective_on);
                rules::due(level, &self.catalogue, &chosen, by, self.today)
            }
            _ => Vec::new(),
        };
        Ok(Stands {
            level,
            due,
            standing,
            chosen,
        })
    }

    /// Stores what follows from the level, and gives what the customer has, held until the transaction ends.
    pub(crate) async fn settle(
        &self,
        room: &TiersRoom,
        tx: &mut Tx,
        actor: Actor,
    ) -> Result<Vec<Entitlement>> {
        // Whoever loses a race to open one looks again.
        for _ in 0..3 {
            let accounts =
                entitlements::hold_of_customer(tx, &self.ids, self.programme.id, self.since()).await?;
            let stands = self.stands(tx).await?;
            let level = stands.level.map(|level| level.code.as_str());
            let changes = rules::plan(&accounts, level, &stands.due, self.today)?;
            if changes.is_empty() {
                return Ok(accounts);
            }
            for change in changes {
                match change {
                    Change::Adjusted { after, entered, .. } => {
                        self.adjusted(room, tx, &after, &entered, actor).await?;
                    }
                    Change::Opened { due, until, carried } => {
                        self.open(room, tx, level, (due, until, carried), actor).await?;
                    }
                }
            }
        }
        Err(Error::Unavailable {
            code: "database_busy",
            message: "the database is busy; please try again shortly".to_owned(),
        })
    }

    pub(super) async fn adjusted(
        &self,
        room: &TiersRoom,
        tx: &mut Tx,
        after: &Entitlement,
        entered: &[Posting],
        actor: Actor,
    ) -> Result<()> {
        save(room, tx, after, entered, (actor, None)).await?;
        let kind = match entered.first().map(|posting| posting.kind) {
            None => return Ok(()),
            Some(EntryKind::Granted) => "entitlement.granted",
            Some(EntryKind::CarriedOut) => "entitlement.carried_over",
            Some(EntryKind::Expired) => "entitlement.expired",
            Some(_) => "entitlement.withdrawn",
        };
        let payload = self.payload(after, entered);
        record(room, tx, kind, (after.id, self.customer), &payload, actor).await
    }

    async fn open(
        &self,
        room: &TiersRoom,
        tx: &mut Tx,
        level: Option<&str>,
        (due, until, carried): (Due, Day, i64),
        actor: Actor,
    ) -> Result<()> {
        let mut new = opened(self, level, &due, (until, carried));
        new.id = ids::new(&room.platform.clock);
        if !entitlements::insert(tx, &new).await? {
            return Ok(());
        }
        let entered = first_entries(&mut new)?;
        save(room, tx, &new, &entered, (actor, None)).await?;
        let payload = self.payload(&new, &entered);
        let of = (new.id, self.customer);
        record(room, tx, "entitlement.granted", of, &payload, actor).await
    }

    fn payload(&self, account: &Entitlement, entered: &[Posting]) -> Value {
        let entered: Vec<_> = entered
            .iter()
            .map(|posting| json!({ "kind": posting.kind, "quantity": posting.quantity }))
            .collect();
        json!({
            "programme": self.programme.facts.code, "benefit": self.code_of(account.benefit),
            "level": account.level, "from": account.from, "until": account.until, "entered": entered,
            "available": account.balances.available,
        })
    }
}

/// One that is opened, without any balance.
fn opened(holder: &Holder, level: Option<&str>, due: &Due, (until, carried): (Day, i64)) -> Entitlement {
    Entitlement {
        id: Uuid::nil().into(),
        programme: holder.programme.id,
        customer: holder.customer,
        benefit: due.benefit,
        level: level.map(str::to_owned),
        on_loss: due.promise.on_loss,
        from: due.span.from,
        ends: due.span.ends,
        until,
        promised: due.promise.quantity,
        carried,
        companions_max: due.promise.companions_max,
        balances: crate::model::Balances::default(),
        version: 1,
    }
}

/// What is entered first: what was carried over, and what is promised.
fn first_entries(new: &mut Entitlement) -> Result<Vec<Posting>> {
    let mut entered = Vec::new();
    if new.carried > 0 {
        let posting = Posting {
            kind: EntryKind::CarriedIn,
            quantity: new.carried,
        };
        rules::apply(&mut new.balances, &[posting])?;
        entered.push(posting);
    }
    entered.extend(rules::settle(new)?);
    Ok(entered)
}

/// Stores what one that is held has become.
pub(super) async fn save(
    room: &TiersRoom,
    tx: &mut Tx,
    after: &Entitlement,
    entered: &[Posting],
    (actor, redemption): (Actor, Option<crate::model::RedemptionId>),
) -> Result<()> {
    let clock = &room.platform.clock;
    let entered: Vec<_> = entered
        .iter()
        .map(|posting| (ids::new(clock), *posting))
        .collect();
    let entering = Entering {
        by: actor.user(),
        at: clock.now(),
        redemption,
    };
    entitlements::save(tx, after, &entered, entering).await
}

pub(super) async fn record(
    room: &TiersRoom,
    tx: &mut Tx,
    kind: &'static str,
    (subject, customer): (EntitlementId, Uuid),
    payload: &Value,
    actor: Actor,
) -> Result<()> {
    let event = Event {
        actor,
        kind,
        subject_kind: "entitlement",
        subject: subject.uuid(),
        customer: Some(customer),
        payload,
    };
    events::record(tx, &room.platform.clock, &event).await
}

/// Stores what follows from a level that was just decided on, in the transaction that did.
pub(super) async fn follow(
    room: &TiersRoom,
    tx: &mut Tx,
    of: (ProgrammeId, Uuid),
    actor: Actor,
) -> Result<()> {
    let holder = Holder::read(room, tx, of).await?;
    holder.settle(room, tx, actor).await.map(|_| ())
}

/// The same for those of many who have something already; the others' are opened when they are asked for.
pub(super) async fn follow_holders(
    room: &TiersRoom,
    tx: &mut Tx,
    programme: ProgrammeId,
    customers: &[Uuid],
    actor: Actor,
) -> Result<()> {
    let today = room.today(tx).await?;
    let holders = entitlements::holders(tx, programme, customers, today).await?;
    let Some(first) = holders.first() else {
        return Ok(());
    };
    let mut holder = Holder::read(room, tx, (programme, *first)).await?;
    for customer in holders {
        holder.customer = customer;
        holder.ids = as_one(tx, customer).await?;
        holder.settle(room, tx, actor).await?;
    }
    Ok(())
}

/// Ends what is over, or carries it into the next period, each customer in a transaction of its own.
pub(crate) async fn end_those_over(room: &TiersRoom, most: u32) -> Result<()> {
    let db = &room.platform.db;
    let mut tx = db.read().await?;
    let today = room.today(&mut tx).await?;
    let over = entitlements::over(&mut tx, today, most).await?;
    drop(tx);
    for (programme, customer) in over {
        let mut tx = db.write().await?;
        tx.about_to_write("customers").await?;
        let scope = platform::Scope::of_system();
        let Some((survivor, _)) = resolve(&mut tx, &scope, customer.into()).await? else {
            continue;
        };
        follow(room, &mut tx, (programme, survivor.uuid()), Actor::System).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// What a customer has of a benefit today.
pub struct Has {
    /// By which programme.
    pub programme: Programme,
    /// Of what.
    pub benefit: Benefit,
    /// What the level promises; none where that was lost.
    pub promise: Option<Promise>,
    /// The entitlement as it follows from the level; of one that is not opened yet the id is none.
    pub entitlement: Option<Entitlement>,
}

/// What a customer has in every programme with a version in force, and what it may pick. Stores nothing.
pub async fn of_customer(
    room: &TiersRoom,
    caller: &Caller,
    customer: Uuid,
) -> Result<(Vec<Has>, Vec<Group>)> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let mut tx = room.platform.db.read().await?;
    let found = resolve(&mut tx, caller.scope(), customer.into()).await?;
    let (survivor, _) = found.ok_or(Error::NotFound { what: "customer" })?;
    of(room, &mut tx, survivor.uuid()).await
}

/// The same in a transaction that is there, of one that was not merged.
pub(super) async fn of(room: &TiersRoom, tx: &mut Tx, customer: Uuid) -> Result<(Vec<Has>, Vec<Group>)> {
    let (mut all, mut groups) = (Vec::new(), Vec::new());
    for (programme, _) in programmes::in_force(tx).await? {
        let holder = Holder::read(room, tx, (programme.id, customer)).await?;
        all.extend(shown(tx, &holder).await?);
        groups.extend(choices::groups_of(&holder, &holder.stands(tx).await?));
    }
    Ok((all, groups))
}

async fn shown(tx: &mut Tx, holder: &Holder) -> Result<Vec<Has>> {
    let programme = holder.programme.id;
    let mut accounts = entitlements::of_customer(tx, &holder.ids, Some(programme), holder.since()).await?;
    let stands = holder.stands(tx).await?;
    let level = stands.level.map(|level| level.code.as_str());
    for change in rules::plan(&accounts, level, &stands.due, holder.today)? {
        match change {
            Change::Adjusted { n, after, .. } => accounts[n] = after,
            Change::Opened { due, until, carried } => {
                let mut new = opened(holder, level, &due, (until, carried));
                first_entries(&mut new)?;
                accounts.push(new);
            }
        }
    }
    let promises = stands.level.map_or(&[][..], |level| &level.benefits);
    let promise_of = |benefit: &Benefit| {
        let of = promises
            .iter()
            .find(|promise| promise.benefit == benefit.facts.code);
        of.cloned()
    };
    let mut all = Vec::new();
    for benefit in &holder.catalogue {
        let has = |entitlement| Has {
            programme: holder.programme.clone(),
            benefit: benefit.clone(),
            promise: promise_of(benefit),
            entitlement,
        };
        if benefit.facts.terms.is_counted() {
            let live = accounts
                .iter()
                .filter(|account| account.benefit == benefit.id && account.until >= holder.today);
            all.extend(live.map(|account| has(Some(account.clone()))));
        } else if benefit.facts.active && promise_of(benefit).is_some() {
            all.push(has(None));
        }
    }
    Ok(all)
}

/// The entries of an entitlement, the oldest first.
pub async fn entries(
    room: &TiersRoom,
    caller: &Caller,
    id: EntitlementId,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Entry>> {
    caller.require(Permission::TiersRead)?;
    caller.require(Permission::CustomersRead)?;
    let after = cursor.map(Cursor::key::<Uuid>).transpose()?;
    let mut tx = room.platform.db.read().await?;
    let found = entitlements::find(&mut tx, caller.scope(), id).await?;
    found.ok_or(Error::NotFound { what: "entitlement" })?;
    let rows = entitlements::entries(&mut tx, id, after, size.rows() + 1).await?;
    Page::cut(rows, size, |entry| entry.id)
}
