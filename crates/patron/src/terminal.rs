//! What every command that talks to a person shares: errors, the log, and waiting for a job with a bar.
#![expect(clippy::print_stderr, reason = "this is what talks to the terminal")]

use std::io::IsTerminal as _;
use std::process::{ExitCode, Termination};
use std::time::Duration;

use base::{Error, Result};
use indicatif::{ProgressBar, ProgressStyle};
use platform::jobs::{Job, JobState};
use platform::{Caller, Platform};
use tracing_subscriber::EnvFilter;

/// Turns the end of a command into its exit code: what the command says (0 where it says nothing), 1 our
/// fault, 2 bad input.
pub(crate) fn exit(done: Result<impl Termination>) -> ExitCode {
    match done {
        Ok(done) => done.report(),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if matches!(error, Error::Internal { .. }) {
                1
            } else {
                2
            })
        }
    }
}

/// Runs an asynchronous command with its log on standard error. `PATRON_LOG` says how much of it
/// (`info`, `debug`, `warn,sqlx=info` …).
pub(crate) fn run(log: &str, command: impl Future<Output = Result<impl Termination>>) -> ExitCode {
    // A statement that streams the whole ledger is not the slow statement that sqlx takes it for.
    let filter = EnvFilter::try_from_env("PATRON_LOG")
        .unwrap_or_else(|_| EnvFilter::new(format!("{log},sqlx::query=error")));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    exit(runtime.map_err(Error::internal).and_then(|runtime| {
        let done = runtime.block_on(command);
        // A computation that does not hear the signal must not keep the process beyond its deadline: its
        // job was given back already.
        runtime.shutdown_timeout(Duration::from_secs(1));
        done
    }))
}

/// Waits for a job, with a bar where somebody watches and a line per stage where nobody does.
///
/// Errors: the job failed or was cancelled.
pub(crate) async fn watch(platform: &Platform, caller: &Caller, what: &str, job: &Job) -> Result<Job> {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::no_length()
    } else {
        ProgressBar::hidden()
    };
    let mut stage = String::new();
    loop {
        let now = platform.jobs.get(&platform.db, caller, job.id).await?;
        if now.stage != stage {
            stage.clone_from(&now.stage);
            if bar.is_hidden() && !stage.is_empty() {
                eprintln!("    {what}: {stage}");
            }
        }
        if let (Some(total), Ok(style)) = (
            now.total,
            ProgressStyle::with_template("    {msg:36} {bar:30} {percent:>3} %  {elapsed}"),
        ) {
            bar.set_style(style);
            bar.set_length(total.unsigned_abs());
        }
        bar.set_message(format!("{what}: {stage}"));
        bar.set_position(now.done.unsigned_abs());
        match now.state {
            JobState::Queued | JobState::Running => tokio::time::sleep(Duration::from_millis(100)).await,
            JobState::Succeeded => {
                bar.finish_and_clear();
                return Ok(now);
            }
            JobState::Failed | JobState::Cancelled => {
                bar.finish_and_clear();
                let why = now
                    .error
                    .map_or_else(|| "it was cancelled".to_owned(), |error| error.detail);
                return Err(Error::conflict(
                    "job_failed",
                    format!("{what} did not succeed: {why}"),
                ));
            }
        }
    }
}
