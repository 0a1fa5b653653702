//! Start and stop.

use std::net::SocketAddr;
use std::time::Duration;

use base::{Error, Result};
use customers::everything::RecordParts;
use customers::overview::{Overview, Parts};
use customers::panels::PanelRoom;
use customers::references::References;
use customers::{CustomersExport, CustomersImport};
use platform::access::single_sign_on::Providers;
use platform::crypto::Keyring;
use platform::events::Sealer;
use platform::exports::Exports;
use platform::imports::Imports;
use platform::jobs::{Kinds, Runner, RunnerSettings};
use platform::migrations::{self, PLATFORM, RoomMigrations};
use platform::webhooks::{Webhooks, WebhooksSettings};
use platform::{Clock, Db, Platform, Settings, access, idempotency, installation, jobs, webhooks};
use tiers::app::TiersRoom;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use value::app::ValueRoom;
use value::{TransactionsImport, ValueExport};

use crate::accept::accept;
use crate::config::Config;
use crate::router::router;

/// The rooms' migrations, in the order of their dependence.
pub(crate) const ROOMS: [RoomMigrations; 4] = [
    PLATFORM,
    customers::MIGRATIONS,
    value::MIGRATIONS,
    tiers::MIGRATIONS,
];

const HOUSEKEEPING: Duration = Duration::from_secs(60 * 60);

/// The kinds of files that can be imported.
pub fn imports() -> Imports {
    Imports::new().with(CustomersImport).with(TransactionsImport)
}

/// The parts of a customer's page, each made from the rooms of a running program.
pub(crate) fn overview_parts() -> Parts<TiersRoom> {
    let parts = customers::overview::with_parts(Parts::default());
    let parts = value::api::with_parts(parts, |tiers: &TiersRoom| &tiers.value);
    tiers::api::with_parts(parts, |tiers| tiers)
}

/// The columns of all rooms that refer to customers.
pub fn references() -> References {
    References::default()
        .with(value::REFERENCES)
        .with(tiers::REFERENCES)
}

/// The parts of everything that is known of a customer, of all rooms.
pub fn record_parts() -> RecordParts {
    let parts = customers::everything::with_parts(RecordParts::default());
    tiers::api::with_record_parts(value::api::with_record_parts(parts))
}

/// The rooms of a running program that keep something in memory, over one database: requests and jobs share what they
/// keep. Cheap to clone.
#[derive(Clone)]
pub struct Rooms {
    pub(crate) platform: Platform,
    pub(crate) value: ValueRoom,
    pub(crate) tiers: TiersRoom,
    pub(crate) panels: PanelRoom,
    pub(crate) overview: Overview,
    pub(crate) providers: Providers,
}

impl Rooms {
    /// Opens the rooms over what [`open`] gave.
    pub fn open(platform: &Platform) -> Result<Self> {
        let value = ValueRoom::new(platform.clone());
        let tiers = TiersRoom::new(value.clone());
        let panels = PanelRoom::open(platform.clone())?;
        Ok(Self {
            platform: platform.clone(),
            overview: Overview::new(platform.clone(), &overview_parts(), &tiers, panels.clone()),
            value,
            tiers,
            panels,
            providers: Providers::open(Providers::DEADLINE)?,
        })
    }

    /// The lists that can be exported.
    pub(crate) fn exports(&self) -> Exports {
        Exports::new()
            .with(CustomersExport)
            .with(ValueExport::over(self.value.clone()))
    }

    /// The kinds of jobs the rooms can do.
    pub fn kinds(&self) -> Kinds {
        let kinds = value::jobs(customers::jobs(self.exports().jobs(imports().jobs(Kinds::new()))));
        tiers::jobs(kinds, self.tiers.clone())
    }
}

/// Opens the database for a server and brings it up to date. A SQLite file is this process's alone before
/// it is migrated. Errors: `already_served`, and what is wrong with database or folder.
pub async fn open(config: &Config) -> Result<Platform> {
    bring_up(config, connect(config).await?).await
}

/// The same for a database that is only there to be looked at; any other is left as it is (`not_a_demo`).
pub async fn open_demo(config: &Config) -> Result<Platform> {
    let db = connect(config).await?;
    installation::require_demo(&db).await?;
    let platform = bring_up(config, db).await?;
    installation::mark_demo(&platform.db, &platform.clock).await?;
    Ok(platform)
}

/// Opens a database that a server may be at work on, and changes nothing of its structure.
/// Error: `database_not_current` when it is not what this program expects.
pub async fn open_beside(config: &Config) -> Result<Platform> {
    config.check()?;
    let db = Db::open(&config.database_url()).await?;
    if !migrations::check(&db, &ROOMS).await?.0.is_empty() {
        return Err(Error::conflict(
            "database_not_current",
            "this database is new or older than this program; start the server of this version (patron serve) \
             first, which brings it up to date",
        ));
    }
    Ok(platform_over(config, db))
}

async fn connect(config: &Config) -> Result<Db> {
    config.check()?;
    let db = Db::open(&config.database_url()).await?;
    db.lock_server()?;
    Ok(db)
}

async fn bring_up(config: &Config, db: Db) -> Result<Platform> {
    let platform = platform_over(config, db);
    migrations::apply(&platform.db, &ROOMS, &platform.clock).await?;
    installation::claim_folder(&platform.db, &platform.clock, &config.data_dir).await?;
    platform.keys.open(&platform.db, &platform.clock).await?;
    customers::app::catch_up(&platform).await?;
    Ok(platform)
}

fn platform_over(config: &Config, db: Db) -> Platform {
    let settings = Settings {
        data_dir: config.data_dir.clone(),
        public_url: config.public_url.clone(),
        upload_bytes_max: config.limits.upload_bytes_max,
    };
    let mut platform = Platform::new(db, Clock::system(), settings);
    if let Some(file) = &config.key_file {
        platform.keys = Keyring::in_file(file.clone());
    }
    platform
}

/// A server at work.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    stop: CancellationToken,
    requests: JoinHandle<()>,
    housekeeping: JoinHandle<()>,
    tiers: JoinHandle<()>,
    telling: JoinHandle<()>,
    runner: Runner,
    sealer: Sealer,
    webhooks: Webhooks,
    db: Db,
    deadline: Duration,
}

/// Takes the address. Nobody is answered before [`start`]. Error: `address_unusable`.
pub async fn listen(config: &Config) -> Result<TcpListener> {
    let unusable = |e: std::io::Error| {
        Error::invalid(
            "address_unusable",
            format!("cannot listen on {}: {e}", config.listen),
        )
        .at("listen")
    };
    TcpListener::bind(config.listen).await.map_err(unusable)
}

/// Begins to answer requests and do jobs with these rooms.
pub async fn start(config: &Config, listener: TcpListener, rooms: Rooms, kinds: Kinds) -> Result<Served> {
    let platform = rooms.platform.clone();
    let address = listener.local_addr().map_err(Error::internal)?;
    let webhooks = Webhooks::start(platform.clone(), WebhooksSettings::default())?;
    let settings = RunnerSettings {
        concurrency: config.limits.jobs_at_once,
        ..RunnerSettings::default()
    };
    let runner = Runner::start(platform.clone(), kinds, settings).await?;
    let stop = CancellationToken::new();
    let tiers = tokio::spawn(tiers::app::watch::watch(rooms.tiers.clone(), stop.clone()));
    let routes = router(rooms, &config.trusted_proxies, stop.clone());
    let requests = tokio::spawn(accept(listener, routes, config.limits, stop.clone()));
    let housekeeping = tokio::spawn(keep_house(platform.clone()));
    let telling = tokio::spawn(customers::live::tell_of_changes(platform.clone()));
    let sealer = Sealer::start(platform.clone());
    tracing::info!(%address, "listening");
    Ok(Served {
        address,
        stop,
        requests,
        housekeeping,
        tiers,
        telling,
        runner,
        sealer,
        webhooks,
        db: platform.db,
        deadline: config.limits.shutdown,
    })
}

impl Served {
    /// Stops accepting, finishes requests and brings jobs to a checkpoint within the deadline.
    pub async fn stop(self) {
        tracing::info!("stopping");
        self.stop.cancel();
        self.housekeeping.abort();
        self.telling.abort();
        let requests = async {
            if tokio::time::timeout(self.deadline, self.requests).await.is_err() {
                tracing::warn!("requests were cut off at the deadline");
            }
        };
        tokio::join!(
            requests,
            self.runner.shutdown(self.deadline),
            self.webhooks.shutdown(self.deadline),
            async {
                if tokio::time::timeout(self.deadline, self.tiers).await.is_err() {
                    tracing::warn!("looking after levels was cut off at the deadline");
                }
            }
        );
        // Last, so that what requests and jobs did is sealed too.
        self.sealer.shutdown(Duration::from_secs(5)).await;
        if tokio::time::timeout(Duration::from_secs(5), self.db.close())
            .await
            .is_err()
        {
            tracing::warn!("connections to the database were cut off");
        }
        tracing::info!("stopped");
    }
}

/// SIGTERM or SIGINT (Ctrl-C).
pub async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(e) => {
            tracing::warn!(error = %e, "SIGTERM cannot be heard; Ctrl-C still stops the server");
            let _only_signal = tokio::signal::ctrl_c().await;
        }
    }
}

/// Forgets what no longer matters, so that no table grows for ever.
async fn keep_house(platform: Platform) {
    let mut hourly = tokio::time::interval(HOUSEKEEPING);
    loop {
        hourly.tick().await;
        let kept = async {
            access::app::forget_old(&platform).await?;
            idempotency::forget_old(&platform).await?;
            jobs::forget_old(&platform).await?;
            webhooks::app::forget_old(&platform).await?;
            platform::imports::sweep(&platform).await?;
            platform::exports::sweep(&platform).await?;
            customers::attachments::sweep(&platform).await
        };
        if let Err(e) = kept.await {
            tracing::warn!(error = %e, "housekeeping failed; it is tried again in an hour");
        }
    }
}
