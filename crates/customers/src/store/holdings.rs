//! What a customer holds and who matters inside an organisation: pages of them, and one at a time.

use base::{Day, Result};
use platform::db::uuids;
use platform::{Scope, Tx, args};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::scope::those_there;
use crate::model::{
    Contact, ContactFacts, ContactId, CustomerId, Subscription, SubscriptionFacts, SubscriptionId,
};

/// Where a page of contacts begins: whether the row before it was over, its influence, its id.
pub(crate) type ContactKey = (i32, i32, Uuid);
/// Where a page of subscriptions begins: the first day of the row before it, and its id.
pub(crate) type SubscriptionKey = (i32, Uuid);

#[derive(sqlx::FromRow)]
struct ContactRow {
    id: Uuid,
    name: String,
    role: String,
    influence: i32,
    customer_id: Option<Uuid>,
    since: Option<i32>,
    until: Option<i32>,
    version: i32,
}

impl ContactRow {
    const COLUMNS: &'static str = "id, name, role, influence, customer_id, since, until, version";

    fn contact(self) -> Result<Contact> {
        Ok(Contact {
            id: self.id.into(),
            facts: ContactFacts {
                name: self.name,
                role: self.role.parse()?,
                influence: u8::try_from(self.influence).unwrap_or(1),
                customer_id: self.customer_id.map(CustomerId::from),
                since: self.since.map(Day),
                until: self.until.map(Day),
            },
            version: self.version.into(),
        })
    }
}

/// The key of a contact in [`contacts`].
pub(crate) fn contact_key(contact: &Contact) -> ContactKey {
    let over = i32::from(contact.facts.until.is_some());
    (over, -i32::from(contact.facts.influence), contact.id.uuid())
}

/// Contacts of an organisation, without the customers out of scope that they stand for: those without a last day first, the most influential of them first.
pub(crate) async fn contacts(
    tx: &mut Tx,
    scope: &Scope,
    organisation: CustomerId,
    after: Option<ContactKey>,
    rows: u32,
) -> Result<Vec<Contact>> {
    let over = "CASE WHEN until IS NULL THEN 0 ELSE 1 END";
    let (over_after, influence_after, id_after) = after.unwrap_or((-1, 0, Uuid::nil()));
    let sql = format!(
        "SELECT {} FROM contacts WHERE organisation_id = $1 AND ({over}, -influence, id) > ($2, $3, $4) \
         ORDER BY {over}, -influence, id LIMIT $5",
        ContactRow::COLUMNS
    );
    let rows: Vec<ContactRow> = tx
        .all(
            AssertSqlSafe(sql),
            args![organisation.uuid(), over_after, influence_after, id_after, rows],
        )
        .await?;
    let mut contacts = rows
        .into_iter()
        .map(ContactRow::contact)
        .collect::<Result<Vec<_>>>()?;
    if !scope.is_whole_firm() {
        let people: Vec<Uuid> = contacts
            .iter()
            .filter_map(|contact| contact.facts.customer_id.map(CustomerId::uuid))
            .collect();
        let seen = those_there(tx, scope, &people).await?;
        for contact in &mut contacts {
            contact.facts.customer_id = contact.facts.customer_id.filter(|id| seen.contains(&id.uuid()));
        }
    }
    Ok(contacts)
}

/// Where people are contacts: the organisation, and what is said of the person there; in the order of their ids.
pub(crate) async fn contacts_of_people(
    tx: &mut Tx,
    people: &[Uuid],
    (after, rows): (Uuid, u32),
) -> Result<Vec<(Uuid, Contact)>> {
    #[derive(sqlx::FromRow)]
    struct Of {
        organisation_id: Uuid,
        #[sqlx(flatten)]
        row: ContactRow,
    }
    let sql = format!(
        "SELECT organisation_id, {} FROM contacts WHERE customer_id{} AND id > $2 ORDER BY id LIMIT $3",
        ContactRow::COLUMNS,
        tx.dialect().in_uuids(1)
    );
    let rows: Vec<Of> = tx
        .all(AssertSqlSafe(sql), args![uuids(people), after, rows])
        .await?;
    rows.into_iter()
        .map(|of| Ok((of.organisation_id, of.row.contact()?)))
        .collect()
}

/// One contact of an organisation, held until the transaction ends.
pub(crate) async fn hold_contact(
    tx: &mut Tx,
    organisation: CustomerId,
    id: ContactId,
) -> Result<Option<Contact>> {
    let sql = format!(
        "SELECT {} FROM contacts WHERE id = $1 AND organisation_id = $2{}",
        ContactRow::COLUMNS,
        tx.dialect().for_update()
    );
    let row: Option<ContactRow> = tx
        .optional(AssertSqlSafe(sql), args![id.uuid(), organisation.uuid()])
        .await?;
    row.map(ContactRow::contact).transpose()
}

/// Whether another contact of the organisation that is not over stands for this customer.
pub(crate) async fn stands_for(
    tx: &mut Tx,
    organisation: CustomerId,
    customer: CustomerId,
    but: ContactId,
) -> Result<bool> {
    let (count,): (i64,) = tx
        .one(
            "SELECT count(*) FROM contacts \
             WHERE organisation_id = $1 AND customer_id = $2 AND id <> $3 AND until IS NULL",
            args![organisation.uuid(), customer.uuid(), but.uuid()],
        )
        .await?;
    Ok(count > 0)
}

/// Stores a new contact.
pub(crate) async fn insert_contact(
    tx: &mut Tx,
    organisation: CustomerId,
    id: ContactId,
    facts: &ContactFacts,
) -> Result<()> {
    tx.execute(
        "INSERT INTO contacts (id, organisation_id, name, role, influence, customer_id, since, until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            id.uuid(),
            organisation.uuid(),
            facts.name.as_str(),
            facts.role.name(),
            i32::from(facts.influence),
            facts.customer_id.map(CustomerId::uuid),
            facts.since,
            facts.until,
        ],
    )
    .await
    .map(|_| ())
}

/// Stores what a contact that is held has become.
pub(crate) async fn update_contact(tx: &mut Tx, id: ContactId, facts: &ContactFacts) -> Result<()> {
    tx.execute(
        "UPDATE contacts SET name = $2, role = $3, influence = $4, customer_id = $5, since = $6, until = $7, \
         version = version + 1 WHERE id = $1",
        args![
            id.uuid(),
            facts.name.as_str(),
            facts.role.name(),
            i32::from(facts.influence),
            facts.customer_id.map(CustomerId::uuid),
            facts.since,
            facts.until,
        ],
    )
    .await
    .map(|_| ())
}

#[derive(sqlx::FromRow)]
struct SubscriptionRow {
    id: Uuid,
    product: String,
    plan: Option<String>,
    number: Option<String>,
    device: Option<String>,
    started_on: i32,
    term_ends_on: Option<i32>,
    ended_on: Option<i32>,
    status: String,
    version: i32,
}

impl SubscriptionRow {
    const COLUMNS: &'static str =
        "id, product, plan, number, device, started_on, term_ends_on, ended_on, status, version";

    fn subscription(self) -> Result<Subscription> {
        Ok(Subscription {
            id: self.id.into(),
            facts: SubscriptionFacts {
                product: self.product,
                plan: self.plan,
                number: self.number,
                device: self.device,
                started_on: Day(self.started_on),
                term_ends_on: self.term_ends_on.map(Day),
                ended_on: self.ended_on.map(Day),
                status: self.status.parse()?,
            },
            version: self.version.into(),
        })
    }
}

/// The key of a subscription in [`subscriptions`].
pub(crate) fn subscription_key(held: &Subscription) -> SubscriptionKey {
    (held.facts.started_on.0, held.id.uuid())
}

/// What a customer holds, the newest first.
pub(crate) async fn subscriptions(
    tx: &mut Tx,
    customer: CustomerId,
    after: Option<SubscriptionKey>,
    rows: u32,
) -> Result<Vec<Subscription>> {
    let (started_after, id_after) = after.unwrap_or((i32::MAX, Uuid::max()));
    let sql = format!(
        "SELECT {} FROM subscriptions WHERE customer_id = $1 AND (started_on, id) < ($2, $3) \
         ORDER BY started_on DESC, id DESC LIMIT $4",
        SubscriptionRow::COLUMNS
    );
    let rows: Vec<SubscriptionRow> = tx
        .all(
            AssertSqlSafe(sql),
            args![customer.uuid(), started_after, id_after, rows],
        )
        .await?;
    rows.into_iter().map(SubscriptionRow::subscription).collect()
}

/// One subscription of a customer, held until the transaction ends.
pub(crate) async fn hold_subscription(
    tx: &mut Tx,
    customer: CustomerId,
    id: SubscriptionId,
) -> Result<Option<Subscription>> {
    let sql = format!(
        "SELECT {} FROM subscriptions WHERE id = $1 AND customer_id = $2{}",
        SubscriptionRow::COLUMNS,
        tx.dialect().for_update()
    );
    let row: Option<SubscriptionRow> = tx
        .optional(AssertSqlSafe(sql), args![id.uuid(), customer.uuid()])
        .await?;
    row.map(SubscriptionRow::subscription).transpose()
}

/// Stores a new subscription.
pub(crate) async fn insert_subscription(
    tx: &mut Tx,
    customer: CustomerId,
    id: SubscriptionId,
    facts: &SubscriptionFacts,
) -> Result<()> {
    tx.execute(
        "INSERT INTO subscriptions (id, customer_id, product, plan, number, device, started_on, term_ends_on, \
         ended_on, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        args![
            id.uuid(),
            customer.uuid(),
            facts.product.as_str(),
            facts.plan.as_ref(),
            facts.number.as_ref(),
            facts.device.as_ref(),
            facts.started_on,
            facts.term_ends_on,
            facts.ended_on,
            facts.status.name(),
        ],
    )
    .await
    .map(|_| ())
}

/// Stores what a subscription that is held has become.
pub(crate) async fn update_subscription(
    tx: &mut Tx,
    id: SubscriptionId,
    facts: &SubscriptionFacts,
) -> Result<()> {
    tx.execute(
        "UPDATE subscriptions SET product = $2, plan = $3, number = $4, device = $5, started_on = $6, \
         term_ends_on = $7, ended_on = $8, status = $9, version = version + 1 WHERE id = $1",
        args![
            id.uuid(),
            facts.product.as_str(),
            facts.plan.as_ref(),
            facts.number.as_ref(),
            facts.device.as_ref(),
            facts.started_on,
            facts.term_ends_on,
            facts.ended_on,
            facts.status.name(),
        ],
    )
    .await
    .map(|_| ())
}
