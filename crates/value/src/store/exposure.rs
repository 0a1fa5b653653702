//! What customers bring in the published run, for what hangs on a person.

use std::collections::HashMap;

use base::Result;
use futures::TryStreamExt as _;
use platform::args;
use platform::db::{Tx, uuids};
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::rules::exposure::Stake;

const IDS_PER_STATEMENT: usize = 5_000;

/// Of the details of a profile, what a year is made of.
#[derive(Deserialize)]
struct Year {
    last_6m_minor: i64,
    previous_6m_minor: i64,
}

type Row = (Uuid, i64, Json<Year>);

fn stake((customer, clv_minor, Json(year)): Row) -> (Uuid, Stake) {
    let revenue_minor = year.last_6m_minor.saturating_add(year.previous_6m_minor);
    (
        customer,
        Stake {
            revenue_minor,
            clv_minor,
        },
    )
}

/// What these customers bring; one without a profile brings nothing and is not among them.
pub(crate) async fn stakes(tx: &mut Tx, customers: &[Uuid]) -> Result<HashMap<Uuid, Stake>> {
    let sql = format!(
        "SELECT customer_id, clv_36m_minor, detail FROM value_profiles WHERE customer_id{}",
        tx.dialect().in_uuids(1)
    );
    let mut found = HashMap::with_capacity(customers.len());
    for some in customers.chunks(IDS_PER_STATEMENT) {
        let rows: Vec<Row> = tx.all(AssertSqlSafe(sql.clone()), args![uuids(some)]).await?;
        found.extend(rows.into_iter().map(stake));
    }
    Ok(found)
}

/// What everyone brings who belongs to an organisation, is one, or is a contact of one.
pub(crate) async fn stakes_of_organisations(tx: &mut Tx) -> Result<HashMap<Uuid, Stake>> {
    let rows = tx.stream::<Row>(
        "SELECT p.customer_id, p.clv_36m_minor, p.detail FROM value_profiles p \
         JOIN customers c ON c.id = p.customer_id \
         WHERE c.organisation_id IS NOT NULL OR c.kind = 'organisation' \
         OR c.id IN (SELECT customer_id FROM contacts WHERE customer_id IS NOT NULL)",
        [],
    )?;
    rows.map_ok(stake).try_collect().await
}
