//! Runs the engine on small ledgers and reads back what it wrote.
#![allow(dead_code, reason = "each test file uses its part")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use base::{Currency, Day, Result};
use value::engine::profiles::ProfileRow;
use value::engine::settings::{ModelChoice, ValueSettings};
use value::engine::source::{LedgerSource, Mapping};
use value::engine::{RunRequest, RunSummary};

/// Where the real logs are.
pub(crate) fn cdnow(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/cdnow")
        .join(file)
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Settings in US dollars with one model.
pub(crate) fn settings(model: ModelChoice) -> ValueSettings {
    ValueSettings {
        currency: Currency::USD,
        model,
        ..ValueSettings::default()
    }
}

/// A run and its files.
pub(crate) struct Ran {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) summary: RunSummary,
    pub(crate) report: serde_json::Value,
    pub(crate) profiles: Vec<ProfileRow>,
}

impl Ran {
    pub(crate) fn profile(&self, customer: &str) -> &ProfileRow {
        self.profiles
            .iter()
            .find(|row| row.customer_id == customer)
            .unwrap()
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }
}

pub(crate) fn request(dir: &Path, source: LedgerSource, settings: ValueSettings, as_of: &str) -> RunRequest {
    RunRequest {
        source,
        settings,
        as_of: day(as_of),
        referrals: Vec::new(),
        profiles: dir.join("profiles.parquet"),
        report: Some(dir.join("report.json")),
        rejects: Some(dir.join("rejects.csv")),
        aggregates: Some(dir.join("aggregates.parquet")),
    }
}

pub(crate) fn go(request: &RunRequest) -> Result<RunSummary> {
    value::engine::run(request, &mut |_| ControlFlow::Continue(()))
}

pub(crate) fn run_source(source: LedgerSource, settings: ValueSettings, as_of: &str) -> Result<Ran> {
    let dir = tempfile::tempdir().unwrap();
    let request = request(dir.path(), source, settings, as_of);
    let summary = go(&request)?;
    let report = serde_json::from_slice(&std::fs::read(dir.path().join("report.json")).unwrap()).unwrap();
    let profiles = value::engine::profiles::read(&request.profiles, 1000).unwrap();
    Ok(Ran {
        profiles: profiles.map(Result::unwrap).collect::<Vec<_>>().concat(),
        dir,
        summary,
        report,
    })
}

pub(crate) fn run_file(path: &Path, settings: ValueSettings, as_of: &str) -> Result<Ran> {
    let source = LedgerSource::Csv {
        path: path.to_owned(),
        mapping: Mapping::default(),
    };
    run_source(source, settings, as_of)
}

/// Runs on the text of a CSV.
pub(crate) fn run_text(csv: impl AsRef<[u8]>, settings: ValueSettings, as_of: &str) -> Result<Ran> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("transactions.csv");
    std::fs::write(&path, csv).unwrap();
    run_file(&path, settings, as_of)
}
