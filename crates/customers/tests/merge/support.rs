//! Customers with this and that, and all that is stored of them.

use std::time::{Duration, Instant};

use base::{Error, PageSize, Result};
use customers::app::{self, consents, edit, merges, record};
use customers::identities::{self, IdentityKind};
use customers::references::References;
use customers::{
    Choices, ContactPreferences, CustomField, CustomKind, CustomerChange, CustomerCreation, CustomerId,
    CustomerKind, LifeCalendar, LifeEventFacts, LifeEventKind, Merge, MergeId, NewMerge, Record,
    RecordSchema, store,
};
use platform::access::Role;
use platform::db::Dialect;
use platform::imports::Seen;
use platform::jobs::{Kinds, Runner, RunnerSettings};
use platform::testing::caller;
use platform::{Platform, Scope, args};

pub(crate) fn references() -> References {
    References::default()
}

async fn made(p: &Platform, external_id: &str, kind: CustomerKind, name: &str) -> CustomerId {
    let said = CustomerCreation {
        external_id: Some(external_id.to_owned()),
        kind,
        name: name.to_owned(),
        brand: None,
        region: None,
        segment: None,
        since: None,
        organisation: None,
        referred_by: None,
        branch: None,
        owner: None,
    };
    edit::create(p, &caller(Role::Analyst), said)
        .await
        .unwrap()
        .row
        .id
}

pub(crate) async fn person(p: &Platform, external_id: &str, name: &str) -> CustomerId {
    made(p, external_id, CustomerKind::Person, name).await
}

pub(crate) async fn organisation(p: &Platform, external_id: &str, name: &str) -> CustomerId {
    made(p, external_id, CustomerKind::Organisation, name).await
}

pub(crate) async fn version_of(p: &Platform, id: CustomerId) -> i64 {
    let mut tx = p.db.read().await.unwrap();
    let sql = "SELECT version FROM customers WHERE id = $1";
    let (version,): (i32,) = tx.one(sql, args![id.uuid()]).await.unwrap();
    version.into()
}

/// Says something of a customer.
pub(crate) async fn said(p: &Platform, id: CustomerId, change: impl FnOnce(&mut CustomerChange)) {
    let mut said = CustomerChange::default();
    change(&mut said);
    let version = version_of(p, id).await;
    edit::change(p, &caller(Role::Analyst), id, version, said)
        .await
        .unwrap();
}

pub(crate) fn of(
    survivor: CustomerId,
    survivor_version: i64,
    merged: CustomerId,
    merged_version: i64,
) -> NewMerge {
    NewMerge {
        survivor,
        survivor_version,
        merged,
        merged_version,
        fields: Choices::new(),
    }
}

pub(crate) async fn merged_with(
    p: &Platform,
    survivor: CustomerId,
    merged: CustomerId,
    fields: Choices,
) -> Result<Merge> {
    let said = NewMerge {
        fields,
        ..of(
            survivor,
            version_of(p, survivor).await,
            merged,
            version_of(p, merged).await,
        )
    };
    let done = merges::merge(p, &references(), &caller(Role::Analyst), said).await?;
    Ok(done.merge)
}

pub(crate) async fn undone(p: &Platform, id: MergeId) -> Result<Merge> {
    let done = merges::unmerge(p, &references(), &caller(Role::Analyst), id).await?;
    Ok(done.merge)
}

pub(crate) async fn identity(p: &Platform, id: CustomerId, phone: &str) {
    identities::app::add(p, &caller(Role::Analyst), id, IdentityKind::Phone, phone)
        .await
        .unwrap();
}

/// The external ids that a search finds.
pub(crate) async fn found(p: &Platform, search: &str) -> Vec<String> {
    let size = PageSize::new(None).unwrap();
    let page = app::list(p, &caller(Role::Viewer), Some(search), size, None)
        .await
        .unwrap();
    page.items
        .into_iter()
        .map(|found| found.customer.external_id)
        .collect()
}

pub(crate) async fn listed(p: &Platform) -> Vec<String> {
    let size = PageSize::new(None).unwrap();
    let page = app::list(p, &caller(Role::Viewer), None, size, None)
        .await
        .unwrap();
    page.items
        .into_iter()
        .map(|found| found.customer.external_id)
        .collect()
}

pub(crate) async fn notes(p: &Platform, id: CustomerId) -> Vec<String> {
    let size = PageSize::new(None).unwrap();
    let page = record::notes(p, &caller(Role::Viewer), id, size, None)
        .await
        .unwrap();
    page.items.into_iter().map(|note| note.text).collect()
}

/// Two fields of the firm's own: `size` and `hobby`.
pub(crate) async fn fields(p: &Platform) {
    let field = |name: &str, kind| CustomField {
        name: name.to_owned(),
        zh: name.to_owned(),
        en: name.to_owned(),
        required: false,
        kind,
    };
    let schema = RecordSchema {
        fields: vec![
            field("size", CustomKind::Number { min: None, max: None }),
            field("hobby", CustomKind::Text { chars_max: 20 }),
        ],
        completeness: Vec::new(),
        attachments: Default::default(),
    };
    record::decide(p, &caller(Role::Administrator), 0, schema)
        .await
        .unwrap();
}

pub(crate) fn day(kind: LifeEventKind, year: Option<i16>, month: u8, day: u8) -> LifeEventFacts {
    LifeEventFacts {
        kind,
        label: None,
        calendar: LifeCalendar::Solar,
        year,
        month,
        day,
        leap_month: false,
    }
}

pub(crate) fn founded(year: i16) -> LifeEventFacts {
    day(LifeEventKind::Founding, Some(year), 5, 1)
}

pub(crate) async fn prefers(p: &Platform, id: CustomerId, language: &str) {
    let wanted = ContactPreferences {
        quiet_hours: None,
        zone: None,
        language: Some(language.to_owned()),
        channel: None,
    };
    let analyst = caller(Role::Analyst);
    let version = consents::preferences(p, &analyst, id).await.unwrap().version;
    consents::prefer(p, &analyst, id, version, wanted).await.unwrap();
}

pub(crate) async fn language(p: &Platform, id: CustomerId) -> Option<String> {
    let preferred = consents::preferences(p, &caller(Role::Viewer), id).await.unwrap();
    preferred.said.language
}

pub(crate) async fn upsert(p: &Platform, records: &[Record]) -> store::Upserted {
    loop {
        let mut tx = p.db.write().await.unwrap();
        match store::upsert_many(&mut tx, &p.clock, &p.keys, records).await {
            // As the import does.
            Err(Error::Unavailable { .. }) => {}
            done => {
                let done = done.unwrap();
                tx.commit().await.unwrap();
                return done;
            }
        }
    }
}

pub(crate) async fn preview(p: &Platform, records: &[Record]) -> store::Upserted {
    let mut tx = p.db.read().await.unwrap();
    store::preview_many(&mut tx, &p.keys, records, &mut Seen::default())
        .await
        .unwrap()
}

pub(crate) async fn ids(p: &Platform, external_ids: &[&str]) -> Vec<CustomerId> {
    let mut tx = p.db.read().await.unwrap();
    let ids = store::ids_by_external(&mut tx, &Scope::of_system(), external_ids)
        .await
        .unwrap();
    external_ids.iter().map(|external_id| ids[*external_id]).collect()
}

/// Runs what is queued until so many jobs have succeeded.
pub(crate) async fn jobs_done(p: &Platform, count: i64) {
    let settings = RunnerSettings {
        poll: Duration::from_millis(50),
        ..RunnerSettings::default()
    };
    let runner = Runner::start(p.clone(), customers::jobs(Kinds::new()), settings)
        .await
        .unwrap();
    let begun = Instant::now();
    loop {
        let mut tx = p.db.read().await.unwrap();
        let sql = "SELECT count(*) FROM jobs WHERE state = 'succeeded'";
        let (done,): (i64,) = tx.one(sql, []).await.unwrap();
        if done == count {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    runner.shutdown(Duration::from_secs(5)).await;
}

/// Every row of this room's tables as a text, but for what a merge may leave: versions and times of customers,
/// the merges themselves, and pairs. Two of these are the same where nothing else has changed.
pub(crate) async fn everything(p: &Platform) -> Vec<String> {
    const TABLES: [&str; 11] = [
        "customers",
        "subscriptions",
        "contacts",
        "identities",
        "search_keys",
        "life_events",
        "customer_tags",
        "notes",
        "custom_values",
        "consents",
        "contact_preferences",
    ];
    let mut tx = p.db.read().await.unwrap();
    let mut all = Vec::new();
    for table in TABLES {
        let except = |column: &str| table == "customers" && ["version", "updated_at"].contains(&column);
        let sql = match tx.dialect() {
            Dialect::Sqlite => {
                let sql = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
                let columns: Vec<(String,)> = tx.all(sqlx::AssertSqlSafe(sql), []).await.unwrap();
                let quoted: Vec<String> = columns
                    .into_iter()
                    .filter(|(name,)| !except(name))
                    .map(|(name,)| format!("'{name}=' || quote({name})"))
                    .collect();
                format!("SELECT {} FROM {table}", quoted.join(" || ' ' || "))
            }
            Dialect::Postgres if table == "customers" => {
                format!("SELECT CAST(to_jsonb(t) - 'version' - 'updated_at' AS TEXT) FROM {table} t")
            }
            Dialect::Postgres => format!("SELECT CAST(to_jsonb(t) AS TEXT) FROM {table} t"),
        };
        let rows: Vec<(String,)> = tx.all(sqlx::AssertSqlSafe(sql), []).await.unwrap();
        all.extend(rows.into_iter().map(|(row,)| format!("{table} {row}")));
    }
    all.sort();
    all
}
