//! Looking for abuse: reads what the rules look at, customer by customer, and stores what is new. Runs by itself for the rules
//! that are on, or once over a time to see what a rule would find, which stores nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use base::Result;
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use platform::Tx;
use platform::events::{self, Actor, Event};
use platform::ids;
use serde_json::json;
use uuid::Uuid;
use value::store::ledger;

use super::TiersRoom;
use crate::model::{
    AbuseRule, AbuseSettings, Act, ActKind, FindingId, Found, GivenAbove, PartnerId, Reached, Recorded,
    Refunded, UseFact,
};
use crate::rules;
use crate::store::abuse_facts::{self, Given, UseOf};
use crate::store::{abuse, partners, programmes};

/// How often everything is looked at.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How far back the first look goes.
const FIRST: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How far each look goes back behind the one before: ledger lines come late.
const OVERLAP: SignedDuration = SignedDuration::from_hours(48);
const STATEMENT_MAX: Duration = Duration::from_secs(120);
/// Findings that are stored in one transaction.
const FINDINGS_PER_STEP: usize = 200;
/// Customers whose decisions are read at once.
const CUSTOMERS_PER_STEP: usize = 1_000;

/// What rules found: how often, and what of it.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) counts: BTreeMap<AbuseRule, u64>,
    pub(super) found: Vec<Found>,
    /// So many are kept of each rule; the others are only counted.
    most_of_rule: u64,
}

impl Gathered {
    fn add(&mut self, found: Vec<Found>) {
        for one in found {
            let count = self.counts.entry(one.rule).or_default();
            *count += 1;
            if *count <= self.most_of_rule {
                self.found.push(one);
            }
        }
    }
}

/// What to look for: which rules, each from its moment on.
pub(super) struct Wanted<'a> {
    pub(super) settings: &'a AbuseSettings,
    pub(super) rules: Vec<(AbuseRule, Timestamp)>,
}

impl Wanted<'_> {
    fn since(&self, rule: AbuseRule) -> Option<Timestamp> {
        let found = self.rules.iter().find(|wanted| wanted.0 == rule);
        found.map(|wanted| wanted.1)
    }

    /// From when on something has to be known for these rules; none where none of them is wanted.
    fn known_since(&self, rules: &[AbuseRule]) -> Option<Timestamp> {
        let of = |rule: &AbuseRule| {
            let hours = rules::hours_before(*rule, self.settings);
            self.since(*rule)
                .map(|since| earlier(since, SignedDuration::from_hours(hours)))
        };
        rules.iter().filter_map(of).min()
    }
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// Looks for all that is wanted, and keeps so many of each rule.
pub(super) async fn gather(tx: &mut Tx, wanted: &Wanted<'_>, most_of_rule: u64) -> Result<Gathered> {
    tx.allow(STATEMENT_MAX).await?;
    let mut gathered = Gathered {
        most_of_rule,
        ..Gathered::default()
    };
    let by_hand = match wanted.known_since(&[AbuseRule::UnearnedLevel, AbuseRule::SameStaff]) {
        Some(since) => abuse_facts::given_since(tx, since).await?,
        None => Vec::new(),
    };
    if wanted.since(AbuseRule::UnearnedLevel).is_some() {
        levels_by_hand(tx, wanted, &by_hand, &mut gathered).await?;
    }
    uses(tx, wanted, &by_hand, &mut gathered).await?;
    refunds(tx, wanted, &mut gathered).await?;
    Ok(gathered)
}

async fn levels_by_hand(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    by_hand: &[Given],
    gathered: &mut Gathered,
) -> Result<()> {
    let Some(since) = wanted.since(AbuseRule::UnearnedLevel) else {
        return Ok(());
    };
    let in_force = programmes::in_force(tx).await?;
    let mut of: BTreeMap<Uuid, Vec<GivenAbove>> = BTreeMap::new();
    for given in by_hand {
        let Some(level) = &given.level else { continue };
        let document = in_force
            .iter()
            .find(|(programme, _)| programme.id == given.programme);
        let Some((_, version)) = document else { continue };
        // 0 stands for none.
        let place = |code: Option<&String>| {
            let levels = &version.document.levels;
            code.and_then(|code| levels.iter().position(|level| level.code == *code))
                .map_or(0, |place| place as i64 + 1)
        };
        of.entry(given.customer).or_default().push(GivenAbove {
            grant: given.id,
            programme: given.programme,
            at: given.at,
            level: level.clone(),
            earned: given.earned.clone(),
            levels_above: place(Some(level)) - place(given.earned.as_ref()),
            requested_by: given.requested_by,
            approved_by: Some(given.approved_by),
        });
    }
    for (customer, given) in of {
        let settings = &wanted.settings.unearned_level;
        gathered.add(rules::unearned_levels(customer, &given, settings, since));
    }
    Ok(())
}

/// One customer's uses, and what the staff did for it.
#[derive(Default)]
struct OfCustomer {
    uses: Vec<UseFact>,
    acts: Vec<Act>,
}

async fn uses(tx: &mut Tx, wanted: &Wanted<'_>, by_hand: &[Given], gathered: &mut Gathered) -> Result<()> {
    const RULES: [AbuseRule; 4] = [
        AbuseRule::Velocity,
        AbuseRule::ImpossibleTravel,
        AbuseRule::Companions,
        AbuseRule::SameStaff,
    ];
    let Some(since) = wanted.known_since(&RULES) else {
        return Ok(());
    };
    let partners = partners::all(tx).await?;
    let mut places: HashMap<(PartnerId, &str), (f64, f64)> = HashMap::new();
    for partner in &partners {
        for site in &partner.facts.sites {
            if let (Some(latitude), Some(longitude)) = (site.latitude, site.longitude) {
                places.insert((partner.id, site.code.as_str()), (latitude, longitude));
            }
        }
    }
    let is_partners = |user: Uuid| partners.iter().any(|partner| partner.facts.user == Some(user));
    let mut given = acts_by_hand(by_hand);
    let mut rows = abuse_facts::uses_since(tx, since)?;
    let (mut customer, mut of) = (Uuid::nil(), OfCustomer::default());
    while let Some(row) = rows.next().await {
        let UseOf {
            customer: whose,
            mut fact,
            reserved_by,
            redeemed_by,
        } = row?;
        if whose != customer {
            judge(
                wanted,
                customer,
                std::mem::take(&mut of),
                given.remove(&customer),
                gathered,
            );
            customer = whose;
        }
        fact.place = match (fact.partner, &fact.site) {
            (Some(partner), Some(site)) => places.get(&(partner.into(), site.as_str())).copied(),
            _ => None,
        };
        // A partner's key redeems for whoever comes; who set it aside for the customer is one of the staff.
        let staff = redeemed_by.filter(|user| !is_partners(*user)).or(reserved_by);
        if let Some(staff) = staff.filter(|user| !is_partners(*user)) {
            of.acts.push(Act {
                what: ActKind::Redeemed,
                id: fact.redemption,
                programme: fact.programme,
                staff,
                at: fact.at,
            });
        }
        of.uses.push(fact);
    }
    drop(rows);
    judge(wanted, customer, of, given.remove(&customer), gathered);
    for (customer, acts) in given {
        judge(wanted, customer, OfCustomer::default(), Some(acts), gathered);
    }
    Ok(())
}

fn acts_by_hand(by_hand: &[Given]) -> BTreeMap<Uuid, Vec<Act>> {
    let mut acts: BTreeMap<Uuid, Vec<Act>> = BTreeMap::new();
    for given in by_hand {
        let of = acts.entry(given.customer).or_default();
        let mut add = |what, staff| {
            of.push(Act {
                what,
                id: given.id,
                programme: given.programme,
                staff,
                at: given.at,
            });
        };
        if let Some(staff) = given.requested_by {
            add(ActKind::Requested, staff);
        }
        add(ActKind::Approved, given.approved_by);
    }
    acts
}

/// What rules say of one customer's uses and of what was done for it.
fn judge(
    wanted: &Wanted<'_>,
    customer: Uuid,
    mut of: OfCustomer,
    by_hand: Option<Vec<Act>>,
    gathered: &mut Gathered,
) {
    let settings = wanted.settings;
    if let Some(since) = wanted.since(AbuseRule::Velocity) {
        gathered.add(rules::velocity(customer, &of.uses, &settings.velocity, since));
    }
    if let Some(since) = wanted.since(AbuseRule::ImpossibleTravel) {
        gathered.add(rules::impossible_travel(
            customer,
            &of.uses,
            &settings.impossible_travel,
            since,
        ));
    }
    if let Some(since) = wanted.since(AbuseRule::Companions) {
        gathered.add(rules::companions(customer, &of.uses, &settings.companions, since));
    }
    if let Some(since) = wanted.since(AbuseRule::SameStaff) {
        of.acts.extend(by_hand.unwrap_or_default());
        of.acts.sort_by_key(|act| (act.at, act.id));
        gathered.add(rules::same_staff(customer, &of.acts, &settings.same_staff, since));
    }
}

async fn refunds(tx: &mut Tx, wanted: &Wanted<'_>, gathered: &mut Gathered) -> Result<()> {
    let rule = AbuseRule::RefundAfterLevel;
    let (Some(since), Some(known)) = (wanted.since(rule), wanted.known_since(&[rule])) else {
        return Ok(());
    };
    let mut refunds: BTreeMap<Uuid, Vec<Refunded>> = BTreeMap::new();
    let mut rows = ledger::taken_back_since(tx, known)?;
    while let Some(row) = rows.next().await {
        let row = row?;
        refunds.entry(row.customer).or_default().push(Refunded {
            seq: row.seq,
            at: row.at,
            amount_minor: row.amount_minor,
        });
    }
    drop(rows);
    let customers: Vec<Uuid> = refunds.keys().copied().collect();
    for some in customers.chunks(CUSTOMERS_PER_STEP) {
        let mut reached: BTreeMap<Uuid, Vec<Reached>> = BTreeMap::new();
        for (customer, recorded) in abuse_facts::reached_since(tx, some, known).await? {
            let refunds = refunds.get(&customer).cloned().unwrap_or_default();
            if let Some(of) = of_level(recorded, refunds) {
                reached.entry(customer).or_default().push(of);
            }
        }
        for (customer, reached) in reached {
            let settings = &wanted.settings.refund_after_level;
            gathered.add(rules::refunds_after_level(customer, &reached, settings, since));
        }
    }
    Ok(())
}

/// A level that was reached, with what its decision knew of the twelve months before and the one under way.
fn of_level(recorded: Recorded, refunds: Vec<Refunded>) -> Option<Reached> {
    let from = base::Month(recorded.on.month().0 - 12);
    let months = recorded.facts.months.iter().filter(|month| month.month >= from);
    Some(Reached {
        decision: recorded.id.uuid(),
        programme: recorded.programme,
        at: recorded.at,
        level: recorded.after.earned?,
        spend_minor: months.map(|month| month.spend_minor).sum(),
        refunds,
    })
}

/// Looks where an hour went by since the last time and some rule is on. Says how many new findings there are.
pub async fn look_if_due(room: &TiersRoom) -> Result<u64> {
    let now = room.platform.clock.now();
    let mut tx = room.platform.db.read().await?;
    let looked_at = abuse::looked_at(&mut tx).await?;
    if looked_at.is_some_and(|at| earlier(now, EVERY) < at) {
        return Ok(0);
    }
    let Some((version, settings)) = abuse::settings(&mut tx).await? else {
        return Ok(0);
    };
    let since = looked_at.map_or(earlier(now, FIRST), |at| earlier(at, OVERLAP));
    let late = |rule: AbuseRule| match rule {
        // What is given by hand stands at the day it was asked for, and may be agreed to long after.
        AbuseRule::UnearnedLevel | AbuseRule::SameStaff => earlier(
            since,
            SignedDuration::from_hours(rules::hours_before(rule, &settings)),
        ),
        _ => since,
    };
    let wanted = Wanted {
        rules: settings
            .rules_on()
            .into_iter()
            .map(|rule| (rule, late(rule)))
            .collect(),
        settings: &settings,
    };
    if wanted.rules.is_empty() {
        return Ok(0);
    }
    let gathered = gather(&mut tx, &wanted, u64::MAX).await?;
    drop(tx);
    let stored = store(room, version, &gathered.found).await?;
    let mut tx = room.platform.db.write().await?;
    abuse::looked(&mut tx, now).await?;
    tx.commit().await?;
    Ok(stored)
}

/// Stores what is new of it, each with its event.
async fn store(room: &TiersRoom, version: i64, found: &[Found]) -> Result<u64> {
    let platform = &room.platform;
    let mut stored = 0;
    for some in found.chunks(FINDINGS_PER_STEP) {
        let mut tx = platform.db.write().await?;
        for one in some {
            let id: FindingId = ids::new(&platform.clock);
            if !abuse::insert(&mut tx, id, one, (version, platform.clock.now())).await? {
                continue;
            }
            stored += 1;
            let payload = json!({ "rule": one.rule, "programme": one.programme, "at": one.at });
            let event = Event {
                actor: Actor::System,
                kind: "tier_finding.found",
                subject_kind: "tier_finding",
                subject: id.uuid(),
                customer: Some(one.customer),
                payload: &payload,
            };
            events::record(&mut tx, &platform.clock, &event).await?;
        }
        tx.commit().await?;
    }
    Ok(stored)
}
