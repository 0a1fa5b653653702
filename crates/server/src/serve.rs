//! Start and stop.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use base::{Error, Result};
use customers::CustomersImport;
use platform::imports::Imports;
use platform::jobs::{Kinds, Runner, RunnerSettings};
use platform::migrations::{self, PLATFORM, RoomMigrations};
use platform::{Clock, Db, Platform, Settings, access, idempotency, jobs};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use value::TransactionsImport;

use crate::config::Config;
use crate::router::router;

/// The rooms' migrations, in the order of their dependence.
pub(crate) const ROOMS: [RoomMigrations; 3] = [PLATFORM, customers::MIGRATIONS, value::MIGRATIONS];

const HOUSEKEEPING: Duration = Duration::from_secs(60 * 60);

/// The kinds of files that can be imported.
pub fn imports() -> Imports {
    Imports::new().with(CustomersImport).with(TransactionsImport)
}

/// The kinds of jobs the rooms can do.
pub fn kinds() -> Kinds {
    value::jobs(imports().jobs(Kinds::new()))
}

/// Opens the database and brings it up to date: what every command needs.
pub async fn open(config: &Config) -> Result<Platform> {
    config.check()?;
    let db = Db::open(&config.database_url()).await?;
    let clock = Clock::system();
    migrations::apply(&db, &ROOMS, &clock).await?;
    Ok(Platform::new(
        db,
        clock,
        Settings {
            data_dir: config.data_dir.clone(),
            public_url: config.public_url.clone(),
            upload_bytes_max: config.limits.upload_bytes_max,
        },
    ))
}

/// A server at work.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    stop: CancellationToken,
    requests: JoinHandle<std::io::Result<()>>,
    housekeeping: JoinHandle<()>,
    runner: Runner,
    db: Db,
    deadline: Duration,
}

/// Begins to answer requests and do jobs. Errors: `already_served`, `address_unusable`.
pub async fn start(config: &Config, platform: Platform, kinds: Kinds) -> Result<Served> {
    platform.db.lock_server()?;
    let unusable = |e: std::io::Error| {
        Error::invalid(
            "address_unusable",
            format!("cannot listen on {}: {e}", config.listen),
        )
        .at("listen")
    };
    let listener = TcpListener::bind(config.listen).await.map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    let settings = RunnerSettings {
        concurrency: config.limits.jobs_at_once,
        ..RunnerSettings::default()
    };
    let runner = Runner::start(platform.clone(), kinds, settings).await?;
    let stop = CancellationToken::new();
    let service = router(&platform, stop.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let stopped = stop.clone().cancelled_owned();
    let requests = tokio::spawn(async move {
        axum::serve(listener, service)
            .with_graceful_shutdown(stopped)
            .await
    });
    let housekeeping = tokio::spawn(keep_house(platform.clone()));
    tracing::info!(%address, "listening");
    Ok(Served {
        address,
        stop,
        requests,
        housekeeping,
        runner,
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
        let requests = async {
            if tokio::time::timeout(self.deadline, self.requests).await.is_err() {
                tracing::warn!("requests were cut off at the deadline");
            }
        };
        tokio::join!(requests, self.runner.shutdown(self.deadline));
        if tokio::time::timeout(Duration::from_secs(5), self.db.close())
            .await
            .is_err()
        {
            tracing::warn!("connections to the database were cut off");
        }
        tracing::info!("stopped");
    }
}

/// Serves until `until` is over.
pub async fn serve(
    config: &Config,
    platform: Platform,
    kinds: Kinds,
    until: impl Future<Output = ()>,
) -> Result<()> {
    let served = start(config, platform, kinds).await?;
    until.await;
    served.stop().await;
    Ok(())
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
            jobs::forget_old(&platform).await
        };
        if let Err(e) = kept.await {
            tracing::warn!(error = %e, "housekeeping failed; it is tried again in an hour");
        }
    }
}
