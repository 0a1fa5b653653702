//! What a customer has by its level: opened when it is first asked for or when the level changes, granted, carried over,
//! taken back and ended by rule; and what it picks of choice groups.

use base::{Cursor, Day, Error, Page, PageSize, Result};
use customers::store::{as_one, resolve};
use platform::events::{self, Actor, Event};
use platform::{Caller, Permission, Tx, ids};
use serde_json::{Value, json};
use uuid::Uuid;

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
struct Stands<'a> {
    level: Option<&'a Level>,
    due: Vec<Due>,
    standing: Option<Standing>,
    chosen: Vec<Chosen>,
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

    fn code_of(&self, id: BenefitId) -> &str {
        let benefit = self.catalogue.iter().find(|benefit| benefit.id == id);
        benefit.map_or("", |benefit| benefit.facts.code.as_str())
    }

    /// How the customer stands by now. Read after its entitlements are held: a decision changes both at once.
    async fn stands(&self, tx: &mut Tx) -> Result<Stands<'_>> {
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

    async fn adjusted(
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
    for customer in entitlements::holders(tx, programme, customers, today).await? {
        follow(room, tx, (programme, customer), actor).await?;
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

/// A choice group with what was picked for the period under way.
pub struct Group {
    /// Of which programme.
    pub programme: ProgrammeId,
    /// The group.
    pub choice: crate::model::Choice,
    /// The codes of its benefits.
    pub of: Vec<String>,
    /// The codes of those that were picked.
    pub picked: Vec<String>,
    /// The last day of the period.
    pub ends: Day,
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
        groups.extend(groups_of(&holder, &holder.stands(tx).await?));
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

fn groups_of(holder: &Holder, stands: &Stands<'_>) -> Vec<Group> {
    let (Some(level), Some(standing)) = (stands.level, &stands.standing) else {
        return Vec::new();
    };
    let group = |choice: &crate::model::Choice| {
        let of = |promise: &&Promise| promise.choice.as_ref() == Some(&choice.code);
        let promises: Vec<&Promise> = level.benefits.iter().filter(of).collect();
        let span = rules::span(promises.first()?.per, standing.since, holder.today);
        let picked = stands
            .chosen
            .iter()
            .find(|one| (&one.level, &one.choice, one.from) == (&level.code, &choice.code, span.from));
        Some(Group {
            programme: holder.programme.id,
            choice: choice.clone(),
            of: promises.iter().map(|promise| promise.benefit.clone()).collect(),
            picked: picked.map_or_else(Vec::new, |one| one.benefits.clone()),
            ends: span.ends,
        })
    };
    level.choices.iter().filter_map(group).collect()
}

/// What a customer picks of a choice group.
pub struct Pick {
    /// Of which programme.
    pub programme: ProgrammeId,
    /// Of which group of its level.
    pub choice: String,
    /// The codes of the benefits.
    pub benefits: Vec<String>,
}

/// Picks some benefits of a choice group for the period under way, in place of those that were picked before.
///
/// Errors: there is no such customer in the caller's scope, or it is not its own; `choice_group_unknown`, `choice_invalid`,
/// `choice_used`.
pub async fn choose(room: &TiersRoom, caller: &Caller, customer: Uuid, pick: Pick) -> Result<()> {
    let mut tx = room.platform.db.write().await?;
    super::redemptions::may_redeem_for(&mut tx, caller, customer).await?;
    let holder = Holder::read(room, &mut tx, (pick.programme, customer)).await?;
    let actor = caller.actor();
    let accounts = holder.settle(room, &mut tx, actor).await?;
    let stands = holder.stands(&mut tx).await?;
    let unknown = || Error::invalid("choice_group_unknown", "the level has no such group").at("choice");
    let (level, standing) = stands.level.zip(stands.standing.as_ref()).ok_or_else(unknown)?;
    let choice = level.choices.iter().find(|choice| choice.code == pick.choice);
    let choice = choice.ok_or_else(unknown)?;
    rules::check_pick(level, choice, &pick.benefits)?;
    let of = |promise: &&Promise| promise.choice.as_ref() == Some(&choice.code);
    let promises: Vec<&Promise> = level.benefits.iter().filter(of).collect();
    let per = promises.first().ok_or_else(unknown)?.per;
    let span = rules::span(per, standing.since, holder.today);
    let of_period = |promise: &Promise| {
        let of = |account: &&Entitlement| {
            holder.code_of(account.benefit) == promise.benefit && account.from == span.from
        };
        accounts.iter().find(of)
    };
    let picked = |promise: &&&Promise| pick.benefits.contains(&promise.benefit);
    let given_up: Vec<&Entitlement> = promises
        .iter()
        .filter(|promise| !picked(promise))
        .filter_map(|promise| of_period(promise))
        .filter(|account| account.promised > 0)
        .collect();
    rules::may_swap(&given_up)?;
    let again = promises.iter().filter(picked).filter_map(|promise| {
        let account = of_period(promise).filter(|account| account.promised == 0)?;
        Some((account, promise.quantity))
    });
    for (account, promised) in given_up.iter().map(|account| (*account, 0)).chain(again) {
        let mut after = account.clone();
        after.promised = promised;
        let entered = rules::settle(&mut after)?;
        holder.adjusted(room, &mut tx, &after, &entered, actor).await?;
    }
    let chosen = Chosen {
        level: level.code.clone(),
        choice: choice.code.clone(),
        from: span.from,
        benefits: pick.benefits,
    };
    let clock = &room.platform.clock;
    let by = (actor.user(), clock.now());
    let whose = (pick.programme, customer);
    entitlements::choose(&mut tx, ids::new(clock), whose, &chosen, by).await?;
    let payload = json!({
        "programme": holder.programme.facts.code, "choice": chosen.choice, "benefits": chosen.benefits,
        "until": span.ends,
    });
    let event = Event {
        actor,
        kind: "entitlement.chosen",
        subject_kind: "tier_programme",
        subject: pick.programme.uuid(),
        customer: Some(customer),
        payload: &payload,
    };
    events::record(&mut tx, clock, &event).await?;
    holder.settle(room, &mut tx, actor).await?;
    tx.commit().await
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
