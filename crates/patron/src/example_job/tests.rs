//! The example firm does not mix with a real one, in whichever order the two come.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

use std::time::{Duration, Instant};

use platform::access::Role;
use platform::events;
use platform::http::StoredFile;
use platform::imports::{self, Import, ImportOptions, ImportStart};
use platform::jobs::{Job, JobState, Kinds, NewJob, Runner, RunnerSettings};
use platform::testing::{TestDb, caller};
use platform::{Scope, firm, test_on_both};

use super::*;

const ROOMS: [platform::migrations::RoomMigrations; 3] =
    [customers::MIGRATIONS, value::MIGRATIONS, tiers::MIGRATIONS];

fn kinds(t: &TestDb) -> Kinds {
    crate::serve_command::kinds(&server::Rooms::open(&t.platform).unwrap())
}

async fn runner(t: &TestDb) -> Runner {
    let settings = RunnerSettings {
        poll: Duration::from_millis(50),
        ..RunnerSettings::default()
    };
    Runner::start(t.platform.clone(), kinds(t), settings)
        .await
        .unwrap()
}

async fn over(t: &TestDb, job: &Job) -> Job {
    let begun = Instant::now();
    loop {
        let now = t
            .platform
            .jobs
            .get(&t.platform.db, &caller(Role::Viewer), job.id)
            .await
            .unwrap();
        if now.state.is_finished() {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{now:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn queue_example(t: &TestDb) -> Job {
    let p = &t.platform;
    let input = ExampleInput {
        customers: 50,
        seed: 1,
    };
    let new = NewJob {
        kind: KIND,
        subject: None,
        input: serde_json::to_value(input).unwrap(),
        unique: None,
        actor: caller(Role::Analyst).actor(),
    };
    let mut tx = p.db.write().await.unwrap();
    let job = p.jobs.enqueue(&mut tx, &p.clock, new).await.unwrap();
    tx.commit().await.unwrap();
    job
}

async fn upload(t: &TestDb) -> Result<Import> {
    let path = t.folder().join("customers.csv");
    std::fs::write(&path, "external_id,name\nC1,Ann\n").unwrap();
    let file = StoredFile::copy_of(&t.platform, &path).await.unwrap();
    imports::app::add(
        &t.platform,
        &server::imports(),
        &caller(Role::Analyst),
        "customers",
        file,
    )
    .await
}

async fn checked(t: &TestDb) -> Import {
    let import = upload(t).await.unwrap();
    let options = ImportOptions {
        mapping: import.suggested_mapping.clone(),
        source: "crm".to_owned(),
        currency: None,
        zone: None,
        reject_limit_percent: None,
    };
    let analyst = caller(Role::Analyst);
    let check = imports::app::start_dry_run(&t.platform, &server::imports(), &analyst, import.id, options)
        .await
        .unwrap();
    assert_eq!(over(t, &check).await.state, JobState::Succeeded);
    import
}

async fn start(t: &TestDb, import: &Import) -> Result<Job> {
    let how = ImportStart::default();
    imports::app::start(
        &t.platform,
        &server::imports(),
        &caller(Role::Analyst),
        import.id,
        how,
    )
    .await
}

async fn code(t: &TestDb, job: &Job) -> String {
    over(t, job).await.error.unwrap().code
}

async fn firm_and_customers(t: &TestDb) -> (Firm, u64) {
    let mut tx = t.platform.db.read().await.unwrap();
    let firm = firm::load(&mut tx).await.unwrap();
    (
        firm,
        customers::store::count(&mut tx, &Scope::of_system())
            .await
            .unwrap(),
    )
}

test_on_both!(an_example_queued_before_an_import_finds_the_firm_taken, ROOMS);
async fn an_example_queued_before_an_import_finds_the_firm_taken(t: &TestDb) {
    let first = runner(t).await;
    let import = checked(t).await;
    first.shutdown(Duration::from_secs(5)).await;
    // The import is first in the queue, and at this moment there is nothing yet.
    let importing = start(t, &import).await.unwrap();
    let example = queue_example(t).await;
    let one_at_a_time = RunnerSettings {
        concurrency: 1,
        poll: Duration::from_millis(50),
        ..RunnerSettings::default()
    };
    let runner = Runner::start(t.platform.clone(), kinds(t), one_at_a_time)
        .await
        .unwrap();
    assert_eq!(over(t, &importing).await.state, JobState::Succeeded);
    assert_eq!(code(t, &example).await, "not_empty");
    assert_eq!(firm_and_customers(t).await, (Firm::default(), 1));
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(the_example_takes_no_import, ROOMS);
async fn the_example_takes_no_import(t: &TestDb) {
    let runner = runner(t).await;
    let import = checked(t).await;
    let example = queue_example(t).await;
    let done = over(t, &example).await;
    assert_eq!(done.state, JobState::Succeeded, "{done:#?}");
    let (firm, customers) = firm_and_customers(t).await;
    assert!(firm.generated && customers >= 50);
    assert_eq!(start(t, &import).await.unwrap_err().code(), "firm_generated");
    assert_eq!(upload(t).await.unwrap_err().code(), "firm_generated");
    assert_eq!(firm_and_customers(t).await, (firm, customers));

    let mut tx = t.platform.db.read().await.unwrap();
    let told = events::of_subject(&mut tx, "firm", firm::SUBJECT, 10)
        .await
        .unwrap();
    assert_eq!((told.len(), told[0].kind.as_str()), (1, "firm.changed"));
    assert_eq!(told[0].payload["generated"], true);
    let in_force = tiers::store::programmes::in_force(&mut tx).await.unwrap();
    assert_eq!((in_force.len(), in_force[0].1.document.levels.len()), (1, 3));
    drop(tx);
    levels_follow_the_first_run(t, in_force[0].0.id).await;
    runner.shutdown(Duration::from_secs(20)).await;
}

/// Once value has been computed, customers have levels.
async fn levels_follow_the_first_run(t: &TestDb, programme: tiers::model::ProgrammeId) {
    let room = tiers::app::TiersRoom::new(value::app::ValueRoom::new(t.platform.clone()));
    let begun = Instant::now();
    loop {
        tiers::app::watch::step(&room).await.unwrap();
        let mut tx = t.platform.db.read().await.unwrap();
        let run = value::store::runs::published(&mut tx).await.unwrap();
        let counts = tiers::store::decisions::counts(&mut tx, programme).await.unwrap();
        let customers: u64 = counts.iter().map(|(_, customers)| customers).sum();
        if run.is_some() && customers > 0 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{counts:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
