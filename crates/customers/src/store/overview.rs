//! Reading a customer for its page: few statements.

use base::Result;
use platform::{Tx, args};
use uuid::Uuid;

use super::read::ListRow;
use crate::model::{CustomerId, CustomerKind, CustomerLink, CustomerRow};

/// The external id and kind of a customer, if it is there. Every page begins with this.
pub(crate) async fn customer(tx: &mut Tx, id: CustomerId) -> Result<Option<(String, CustomerKind)>> {
    let row: Option<(String, String)> = tx
        .optional(
            "SELECT external_id, kind FROM customers WHERE id = $1",
            args![id.uuid()],
        )
        .await?;
    row.map(|(external_id, kind)| Ok((external_id, kind.parse()?)))
        .transpose()
}

/// The record itself with those it names.
pub(crate) struct Core {
    pub(crate) row: CustomerRow,
    pub(crate) organisation: Option<CustomerLink>,
    pub(crate) referred_by: Option<CustomerLink>,
    pub(crate) generated: bool,
    pub(crate) version: i64,
}

/// The record of a customer, in one read.
pub(crate) async fn core(tx: &mut Tx, id: CustomerId) -> Result<Option<Core>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        #[sqlx(flatten)]
        row: ListRow,
        organisation_id: Option<Uuid>,
        organisation_name: Option<String>,
        referred_by: Option<Uuid>,
        referrer_name: Option<String>,
        generated: bool,
        version: i32,
    }
    let found: Option<Row> = tx
        .optional(
            "SELECT c.id, c.external_id, c.name, c.kind, c.brand, c.region, c.segment, c.since, \
             c.organisation_id, coalesce(o.name, o.external_id) AS organisation_name, \
             c.referred_by, coalesce(r.name, r.external_id) AS referrer_name, c.generated, c.version \
             FROM customers c LEFT JOIN customers o ON o.id = c.organisation_id \
             LEFT JOIN customers r ON r.id = c.referred_by WHERE c.id = $1",
            args![id.uuid()],
        )
        .await?;
    let link = |id: Option<Uuid>, name: Option<String>| {
        let (id, name) = id.zip(name)?;
        Some(CustomerLink { id: id.into(), name })
    };
    found
        .map(|found| {
            Ok(Core {
                row: found.row.customer()?,
                organisation: link(found.organisation_id, found.organisation_name),
                referred_by: link(found.referred_by, found.referrer_name),
                generated: found.generated,
                version: found.version.into(),
            })
        })
        .transpose()
}
