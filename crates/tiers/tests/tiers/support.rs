//! Programmes, customers and a runner, on a clock that stands still.

use std::time::{Duration, Instant};

use base::{Day, PageSize};
use futures::TryStreamExt as _;
use platform::access::Role;
use platform::jobs::{Job, JobState, Kinds, Runner, RunnerSettings};
use platform::migrations::RoomMigrations;
use platform::testing::{TestDb, caller};
use platform::{Caller, Clock};
use serde_json::{Value, json};
use tiers::app::{TiersRoom, of_customer, programmes, publish, simulation, watch};
use tiers::model::{Document, Programme, ProgrammeFacts, ProgrammeId, Recorded, Version};
use tiers::rules;
use tiers::store;
use uuid::Uuid;
use value::app::ValueRoom;
use value::model::Line;
use value::store::ledger;

pub(crate) const ROOMS: [RoomMigrations; 3] = [customers::MIGRATIONS, value::MIGRATIONS, tiers::MIGRATIONS];

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub(crate) fn document(json: Value) -> Document {
    serde_json::from_value(json).unwrap()
}

/// Silver from 1,000, gold from 5,000 (kept from 4,000) within six months; minor units.
pub(crate) fn metals() -> Value {
    json!({
        "schema": 1,
        "levels": [
            { "code": "silver", "zh": "银卡", "en": "Silver", "colour": "#c0c0c0",
              "qualify": { "all": [{ "measure": "spend", "at_least": 100_000 }] } },
            { "code": "gold", "zh": "金卡", "en": "Gold", "colour": "#d4af37",
              "qualify": { "all": [{ "measure": "spend", "at_least": 500_000 }] },
              "keep": { "all": [{ "measure": "spend", "at_least": 400_000 }] } }
        ],
        "period": { "kind": "rolling_months", "months": 6 },
        "downgrade": { "kind": "at_once" },
        "landing": "earned",
        "notice_days": 30,
        "effective_on": "2026-03-15"
    })
}

pub(crate) fn club() -> ProgrammeFacts {
    ProgrammeFacts {
        code: "club".to_owned(),
        zh: "会员俱乐部".to_owned(),
        en: "Club".to_owned(),
        brands: Vec::new(),
        kinds: Vec::new(),
    }
}

/// The room at noon of 15 March 2026 in Shanghai, with a runner.
pub(crate) struct At {
    pub(crate) room: TiersRoom,
    pub(crate) clock: Clock,
    pub(crate) anna: Caller,
    pub(crate) bert: Caller,
    runner: Runner,
}

impl At {
    pub(crate) async fn noon(t: &TestDb) -> Self {
        let clock = Clock::fixed("2026-03-15T04:00:00Z".parse().unwrap());
        let platform = t.with_clock(clock.clone());
        let room = TiersRoom::new(ValueRoom::new(platform));
        Self {
            runner: Self::runner(&room).await,
            room,
            clock,
            anna: caller(Role::Administrator),
            bert: caller(Role::Administrator),
        }
    }

    pub(crate) async fn stop(self) {
        self.runner.shutdown(Duration::from_secs(20)).await;
    }

    /// Stops the runner at the next step of its job, and starts another one, as another process would.
    pub(crate) async fn another_runner(&mut self) {
        let other = Self::runner(&self.room).await;
        let first = std::mem::replace(&mut self.runner, other);
        first.shutdown(Duration::from_secs(20)).await;
    }

    async fn runner(room: &TiersRoom) -> Runner {
        let kinds = tiers::jobs(value::jobs(Kinds::new()), room.clone());
        let settings = RunnerSettings {
            poll: Duration::from_millis(20),
            ..RunnerSettings::default()
        };
        Runner::start(room.platform.clone(), kinds, settings)
            .await
            .unwrap()
    }

    /// Moves the clock by whole days.
    pub(crate) fn days_later(&self, days: i64) {
        self.clock.advance(jiff::SignedDuration::from_hours(24 * days));
    }

    pub(crate) async fn over(&self, queued: &Job) -> Job {
        let p = &self.room.platform;
        let begun = Instant::now();
        loop {
            let now = p.jobs.get(&p.db, &self.anna, queued.id).await.unwrap();
            if now.state.is_finished() {
                assert_eq!(now.state, JobState::Succeeded, "{now:#?}");
                return now;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "{now:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Looks after levels as the server does every ten seconds, and waits for what that began.
    pub(crate) async fn look(&self) {
        watch::step(&self.room).await.unwrap();
        self.quiet_of_tiers().await;
    }

    async fn quiet_of_tiers(&self) {
        let p = &self.room.platform;
        let filter = platform::jobs::JobFilter {
            state: None,
            kind: Some(tiers::app::decide_all::JOB_KIND.to_owned()),
        };
        let begun = Instant::now();
        loop {
            let size = PageSize::new(Some(5)).unwrap();
            let jobs = p.jobs.list(&p.db, &self.anna, &filter, size, None).await.unwrap();
            if jobs.items.iter().all(|job| job.state.is_finished()) {
                for job in &jobs.items {
                    assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
                }
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "{jobs:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn simulated(&self, version: &Version) {
        let job = simulation::start(&self.room, &self.anna, version.id, None)
            .await
            .unwrap();
        self.over(&job).await;
    }

    /// A programme with this version in force from today on, and everybody decided on by it.
    pub(crate) async fn in_force(&self, facts: ProgrammeFacts, version: Value) -> Programme {
        let programme = programmes::create(&self.room, &self.anna, facts).await.unwrap();
        self.put_in_force(programme.id, version).await;
        programme
    }

    pub(crate) async fn put_in_force(&self, programme: ProgrammeId, version: Value) -> Version {
        let draft = programmes::draft(&self.room, &self.anna, programme, document(version))
            .await
            .unwrap();
        self.simulated(&draft).await;
        let published = publish::publish(&self.room, &self.bert, draft.id, draft.revision)
            .await
            .unwrap();
        self.look().await;
        published
    }

    /// The level and the earned level that a customer stands at.
    pub(crate) async fn stands(
        &self,
        programme: ProgrammeId,
        customer: Uuid,
    ) -> (Option<String>, Option<String>) {
        let mut tx = self.room.platform.db.read().await.unwrap();
        let mut members = store::decisions::memberships_of(&mut tx, programme, &[customer])
            .await
            .unwrap();
        members.remove(&customer).map_or((None, None), |member| {
            (member.standing.level, member.standing.earned)
        })
    }

    pub(crate) async fn level(&self, programme: ProgrammeId, customer: Uuid) -> Option<String> {
        self.stands(programme, customer).await.0
    }

    /// Every stored decision, oldest first; each made again comes to the same.
    pub(crate) async fn replayed(&self, programme: &Programme) -> Vec<Recorded> {
        let mut tx = self.room.platform.db.read().await.unwrap();
        let all: Vec<Recorded> = store::decisions::everything(&mut tx, programme.id)
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        for recorded in &all {
            let version = store::programmes::version(&mut tx, recorded.version)
                .await
                .unwrap()
                .unwrap();
            let again = rules::replay(recorded, programme, &version.document);
            assert_eq!(
                (&again.standing, again.reason.code),
                (&recorded.after, recorded.cause),
                "{recorded:#?}"
            );
        }
        all
    }

    pub(crate) async fn members(&self, customer: Uuid) -> Vec<of_customer::Member> {
        of_customer::members(&self.room, &self.anna, customer)
            .await
            .unwrap()
    }

    /// How many events there are of a kind; of a customer where one is named.
    pub(crate) async fn events(&self, kind: &str, customer: Option<Uuid>) -> usize {
        let filter = platform::events::EventFilter {
            customers: customer.into_iter().collect(),
            kind: Some(kind.to_owned()),
            ..platform::events::EventFilter::default()
        };
        let mut tx = self.room.platform.db.read().await.unwrap();
        let size = PageSize::new(Some(200)).unwrap();
        platform::events::page(&mut tx, &filter, size, None)
            .await
            .unwrap()
            .items
            .len()
    }

    /// Customers by external id, made where they are not there yet.
    pub(crate) async fn customers<const N: usize>(&self, names: [&str; N]) -> [Uuid; N] {
        let p = &self.room.platform;
        let mut tx = p.db.write().await.unwrap();
        let made = customers::store::ensure_many(&mut tx, &p.clock, &p.keys, &names)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        names.map(|name| made.ids[name].uuid())
    }

    pub(crate) async fn bought(&self, customer: Uuid, id: &str, at: &str, amount_minor: i64) {
        self.lines(&[line(customer, id, at, amount_minor)]).await;
    }

    pub(crate) async fn lines(&self, lines: &[Line]) {
        let p = &self.room.platform;
        let mut tx = p.db.write().await.unwrap();
        let new = ledger::append(&mut tx, lines, p.clock.now()).await.unwrap();
        assert_eq!(new, lines.len() as u64);
        tx.commit().await.unwrap();
    }
}

pub(crate) fn line(customer: Uuid, id: &str, at: &str, amount_minor: i64) -> Line {
    Line {
        customer,
        at: at.parse().unwrap(),
        amount_minor,
        cost_minor: None,
        kind: "purchase".to_owned(),
        product: None,
        channel: None,
        source: "shop".to_owned(),
        external_id: id.to_owned(),
        reverses: None,
    }
}
