//! This room's parts of everything that is known of a customer, and of what goes with its erasure.

use base::{Day, Result};
use customers::everything::{About, Items, RecordPart, RecordParts};
use futures::future::BoxFuture;
use platform::{Scope, Tx};
use serde_json::json;
use uuid::Uuid;

use crate::store::{decisions, entitlements, grants, member, of_customers, redemptions};

/// How many rows are read at once.
const ROWS: u32 = 500;

/// Adds this room's parts.
#[must_use]
pub fn with_record_parts(parts: RecordParts) -> RecordParts {
    parts
        .with(Levels)
        .with(Decisions)
        .with(Notices)
        .with(Grants)
        .with(Entitlements)
        .with(Choices)
        .with(MemberLinks)
}

/// How the customer stands.
struct Levels;

impl RecordPart for Levels {
    fn name(&self) -> &'static str {
        "levels"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["tier_memberships"]
    }

    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let mut items = Items::default();
            for member in decisions::members(tx, &about.as_one).await? {
                items.push(
                    &json!({ "programme": member.programme, "customer": member.customer,
                    "standing": member.standing, "decision": member.decision }),
                )?;
            }
            Ok(items.finish())
        })
    }

    fn erase<'a>(&'a self, tx: &'a mut Tx, customers: &'a [Uuid]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(of_customers::delete(tx, "tier_memberships", customers))
    }
}

/// Why it does. What was decided stays when a customer is erased: sums by month that say nothing of a person.
struct Decisions;

impl RecordPart for Decisions {
    fn name(&self) -> &'static str {
        "level_decisions"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["tier_decisions"]
    }

    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let mut items = Items::default();
            let mut before = None;
            loop {
                let some = decisions::page(tx, &about.as_one, None, before, ROWS).await?;
                before = some.last().map(|last| (last.at.as_microsecond(), last.id.uuid()));
                let ended = some.len() < ROWS as usize;
                for one in some {
                    items.push(&json!({ "programme": one.programme, "version": one.version, "customer": one.customer,
                        "on": one.on, "at": one.at, "facts": one.facts, "before": one.before, "after": one.after,
                        "cause": one.cause }))?;
                }
                if ended {
                    return Ok(items.finish());
                }
            }
        })
    }
}

/// What it is to be told, and what drafts would change for it.
struct Notices;

impl RecordPart for Notices {
    fn name(&self) -> &'static str {
        "level_notices"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["tier_notices", "tier_moves"]
    }

    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let mut items = Items::default();
            for (version, customer, from, to, due_on) in of_customers::notices(tx, &about.as_one).await? {
                items.push(&json!({ "version": version, "customer": customer, "from": from, "to": to, "due_on": due_on }))?;
            }
            for (version, customer, from, to) in of_customers::moves(tx, &about.as_one).await? {
                items.push(&json!({ "draft": version, "customer": customer, "from": from, "to": to }))?;
            }
            Ok(items.finish())
        })
    }

    fn erase<'a>(&'a self, tx: &'a mut Tx, customers: &'a [Uuid]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let notices = of_customers::delete(tx, "tier_notices", customers).await?;
            Ok(notices + of_customers::delete(tx, "tier_moves", customers).await?)
        })
    }
}

/// What it was given by hand.
struct Grants;

impl RecordPart for Grants {
    fn name(&self) -> &'static str {
        "levels_by_hand"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["tier_grants"]
    }

    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let mut items = Items::default();
            for customer in &about.as_one {
                let filter = grants::Filter {
                    customer: Some(*customer),
                    ..grants::Filter::default()
                };
                let mut after = None;
                loop {
                    let some = grants::page(tx, &Scope::of_system(), &filter, after, ROWS).await?;
                    after = some.last().map(|last| (last.facts.until.0, last.id.uuid()));
                    let ended = some.len() < ROWS as usize;
                    for grant in some {
                        items.push(&grant)?;
                    }
                    if ended {
                        break;
                    }
                }
            }
            Ok(items.finish())
        })
    }

    fn erase<'a>(&'a self, tx: &'a mut Tx, customers: &'a [Uuid]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(grants::forget(tx, customers))
    }
}

/// What it has by its levels, with each use of it. When a customer is erased only what people wrote about it goes: what was
/// granted and used is the firm's books.
struct Entitlements;

impl RecordPart for Entitlements {
    fn name(&self) -> &'static str {
        "entitlements"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["tier_entitlements"]
    }

    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let mut items = Items::default();
            let begin = Day(i32::MIN);
            for account in entitlements::of_customer(tx, &about.as_one, None, begin).await? {
                items.push(&json!({ "entitlement": account }))?;
            }
            let mut before = None;
            loop {
                let scope = Scope::of_system();
                let some = redemptions::of_customer(tx, &scope, &about.as_one, before, ROWS).await?;
                before = some.last().map(|last| last.id.uuid());
                let ended = some.len() < ROWS as usize;
                for one in some {
                    items.push(&json!({ "redemption": one }))?;
                }
                if ended {
                    return Ok(items.finish());
                }
            }
        })
    }

    fn erase<'a>(&'a self, tx: &'a mut Tx, customers: &'a [Uuid]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(redemptions::forget(tx, customers))
    }
}

/// What it picked of choice groups.
struct Choices;

impl RecordPart for Choices {
    fn name(&self) -> &'static str {
        "entitlement_choices"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["tier_choices"]
    }

    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let mut items = Items::default();
            for (programme, chosen) in entitlements::every_choice(tx, &about.as_one).await? {
                items.push(
                    &json!({ "programme": programme, "level": chosen.level, "choice": chosen.choice,
                    "from": chosen.from, "benefits": chosen.benefits }),
                )?;
            }
            Ok(items.finish())
        })
    }

    fn erase<'a>(&'a self, tx: &'a mut Tx, customers: &'a [Uuid]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(of_customers::delete(tx, "tier_choices", customers))
    }
}

/// The links to its own page that it was given. What opens them is kept as hashes only, and told to nobody.
struct MemberLinks;

impl RecordPart for MemberLinks {
    fn name(&self) -> &'static str {
        "member_links"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["tier_member_links"]
    }

    fn read<'a>(&'a self, tx: &'a mut Tx, about: &'a About) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let mut items = Items::default();
            for link in member::links(tx, &about.as_one).await? {
                items.push(&json!({ "customer": link.customer, "made_at": link.made_at,
                    "expires_at": link.expires_at, "opened_at": link.opened_at }))?;
            }
            Ok(items.finish())
        })
    }

    fn erase<'a>(&'a self, tx: &'a mut Tx, customers: &'a [Uuid]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(of_customers::delete(tx, "tier_member_links", customers))
    }
}
