//! Customers and pages for tests.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses its part; a test that meets an error has failed"
)]

use customers::overview::Overview;
use customers::{CustomerId, CustomerKind, NewCustomer, store};
use platform::access::Role;
use platform::testing::caller;
use platform::{Platform, ids};
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
        generated: false,
        subscriptions: Vec::new(),
        contacts: Vec::new(),
    };
    let mut tx = p.db.write().await.unwrap();
    let id = new.id;
    store::insert_many(&mut tx, &p.clock, &p.keys, &[new])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

/// A page as the API shows it.
pub async fn page(overview: &Overview, role: Role, customer: CustomerId) -> Value {
    serde_json::to_value(overview.of(&caller(role), customer).await.unwrap()).unwrap()
}

/// No panels.
pub fn panels_none() -> Value {
    json!([])
}
