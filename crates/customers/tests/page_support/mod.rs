//! Customers and pages for tests.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses its part; a test that meets an error has failed"
)]

use customers::overview::{Overview, Parts, with_parts};
use customers::panels::PanelRoom;
use customers::{CustomerId, CustomerKind, NewCustomer, store};
use platform::access::app::{branches, caller_of, roles, users};
use platform::access::{BranchChange, BranchId, Role, RoleChange, ScopeKind, UserChange};
use platform::testing::caller;
use platform::{Caller, Platform, ids};
use serde_json::{Value, json};

/// A customer with this external id: an organisation where it begins with `O`.
pub async fn customer(p: &Platform, external_id: &str, name: &str) -> CustomerId {
    let kind = if external_id.starts_with('O') {
        CustomerKind::Organisation
    } else {
        CustomerKind::Person
    };
    let new = NewCustomer {
        id: ids::new(&p.clock),
        external_id: external_id.to_owned(),
        kind,
        name: Some(name.to_owned()),
        brand: None,
        region: None,
        segment: None,
        phone: None,
        email: None,
        since: None,
        organisation: None,
        referred_by: None,
        branch: None,
        owner: None,
        generated: false,
        subscriptions: Vec::new(),
        contacts: Vec::new(),
        life_events: Vec::new(),
        consents: Vec::new(),
        tags: Vec::new(),
    };
    let mut tx = p.db.write().await.unwrap();
    let id = new.id;
    store::insert_many(&mut tx, &p.clock, &p.keys, &[new])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

/// Pages of this room's parts and the panels.
pub fn overview_of(p: &Platform) -> Overview {
    let panels = PanelRoom::open(p.clone()).unwrap();
    Overview::new(p.clone(), &with_parts(Parts::default()), &(), panels)
}

/// A page as the API shows it.
pub async fn page(overview: &Overview, role: Role, customer: CustomerId) -> Value {
    page_for(overview, &caller(role), customer).await
}

/// The same for this caller.
pub async fn page_for(overview: &Overview, who: &Caller, customer: CustomerId) -> Value {
    serde_json::to_value(overview.of(who, customer).await.unwrap()).unwrap()
}

/// A branch of the firm.
pub async fn branch(p: &Platform, code: &str) -> BranchId {
    let decided = BranchChange {
        code: code.to_owned(),
        name: code.to_owned(),
        parent_id: None,
    };
    let added = branches::add(p, &caller(Role::Administrator), decided).await;
    added.unwrap().id
}

/// A user with a role of its own that grants this, for the customers of a branch or of the whole firm.
pub async fn user(p: &Platform, login: &str, permissions: &[&str], branch_id: Option<BranchId>) -> Caller {
    let admin = caller(Role::Administrator);
    let decided = RoleChange {
        name: Some(login.to_owned()),
        permissions: Some(permissions.iter().map(|name| (*name).to_owned()).collect()),
        scope: branch_id.map_or(ScopeKind::All, |_| ScopeKind::Branch),
    };
    let role = roles::add(p, &admin, decided).await.unwrap().role.to_string();
    let decided = UserChange {
        name: login.to_owned(),
        role,
        branch_id,
        team_ids: Vec::new(),
        active: true,
    };
    let (added, _) = users::add(p, &admin, login, decided).await.unwrap();
    caller_of(p, added.user.id).await.unwrap()
}

/// No panels.
pub fn panels_none() -> Value {
    json!([])
}
