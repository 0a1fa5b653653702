//! One run from end to end. Blocking: call it from a thread that may be busy for a while.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base::{Day, Error, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use stats::{Histories, ScoreOptions, Scores, SpendFit};

use super::accumulate::aggregate;
use super::aggregates;
use super::basics::{Basics, History, basics};
use super::choice::{Chosen, Fitted, choose, thresholds, warnings};
use super::concentration::concentration;
use super::layout::LedgerByCustomer;
use super::models::{GAMMA_GAMMA, ModelReport, fit_spend};
use super::parallel::{both, each, in_parts};
use super::parquet_out::{ParquetFile, PartialFile};
use super::population::Population;
use super::profiles;
use super::progress::{OnProgress, Reporter, Stage};
use super::read::read;
use super::referrals::{Referral, ReferralsKnown, referral_values};
use super::rejects::Reject;
use super::report::Report;
use super::score::{Scorer, Sums, forecast_options};
use super::settings::ValueSettings;
use super::source::LedgerSource;
use super::validation::Calibration;
use super::windows::Windows;
use crate::rules::{ClassThresholds, Quintiles};

/// What a run is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRequest {
    /// The transactions.
    pub source: LedgerSource,
    /// What the firm decided.
    pub settings: ValueSettings,
    /// The as-of day, included; lines after it do not count.
    pub as_of: Day,
    /// Who brought whom.
    pub referrals: Vec<Referral>,
    /// Where the profiles go.
    pub profiles: PathBuf,
    /// Where the report goes.
    pub report: Option<PathBuf>,
    /// Where rows go that were not accepted; written also when they stop the run.
    pub rejects: Option<PathBuf>,
    /// Where the customer aggregates go, with their population beside them (`.population.json`).
    pub aggregates: Option<PathBuf>,
}

/// How a run went.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// The report, as written.
    pub report: Report,
    /// How long the stages took. Not in the report, which depends on nothing but the input.
    pub times: Vec<StageTime>,
}

/// The time of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageTime {
    /// Which.
    pub stage: Stage,
    /// How long, by the wall clock.
    pub took: Duration,
}

/// Runs from the transactions to profiles and report. Files appear when they are complete, or not at all.
///
/// Errors: settings out of range, input that cannot be read or is too malformed, sums that cannot be
/// counted exactly, files that cannot be written, and `cancelled` when progress said so.
pub fn run(request: &RunRequest, on_progress: OnProgress<'_>) -> Result<RunSummary> {
    request.settings.check()?;
    let mut reporter = Reporter::new(on_progress);
    let mut times = Times::default();
    let read = times.of(Stage::Reading, || {
        read(
            &request.source,
            &request.settings,
            request.as_of,
            request.rejects.as_deref(),
            &mut reporter,
        )
    })?;

    reporter.stage(Stage::Aggregating, None)?;
    let (made, population, aggregates) = times.of(Stage::Aggregating, || {
        let ledger = LedgerByCustomer::of(read.ledger)?;
        let settings = &request.settings;
        let windows = Windows::of(
            request.as_of,
            ledger.first_day,
            settings.period_months,
            settings.holdout_weeks,
        )?;
        let sums = ledger.sums(&windows)?;
        let mut population = Population {
            currency: settings.currency,
            zone: settings.zone.clone(),
            windows,
            customers: ledger.customers() as u64,
            transactions: ledger.lines() as u64,
            revenue_minor: sums.total,
            p0_minor: sums.p0,
            p1_minor: sums.p1,
            first_day: ledger.first_day,
            last_day: ledger.last_day,
            rejected: read.rejected,
            after_as_of: read.after_as_of,
            repeated: read.repeated,
            reversals: ledger.reversals,
            reversals_unmatched: ledger.reversals_unmatched,
            holdout_weekly: Vec::new(),
        };
        let made = aggregate(&ledger, &windows)?;
        let totals = aggregates::Totals::of(&made.batches)?;
        if totals != aggregates::Totals::of_ledger(&population) {
            return Err(Error::internal(format!(
                "the aggregates do not add up to the ledger: {totals:?}, {population:?}"
            )));
        }
        population.holdout_weekly.clone_from(&made.holdout_weekly);
        let files = match &request.aggregates {
            Some(path) => write_aggregates(path, &made.batches, &population)?,
            None => Vec::new(),
        };
        Ok((made, population, files))
    })?;
    let rejected = Rejected {
        first: read.rejects,
        by_code: read.rejects_by_code,
    };
    let summary = rest(
        request,
        &made.batches,
        &population,
        rejected,
        &mut reporter,
        times,
    )?;
    for file in aggregates {
        file.publish()?;
    }
    Ok(summary)
}

/// Runs the same from customer aggregates that another engine (or an earlier run) made; the request's
/// source and as-of day are not looked at.
///
/// Errors: as [`run`], and aggregates that are not of the contract (`aggregates_malformed`).
pub fn run_from_aggregates(
    request: &RunRequest,
    aggregates: &Path,
    population: &Population,
    on_progress: OnProgress<'_>,
) -> Result<RunSummary> {
    request.settings.check()?;
    let mut reporter = Reporter::new(on_progress);
    let mut times = Times::default();
    reporter.stage(Stage::Aggregating, None)?;
    let batches = times.of(Stage::Aggregating, || read_aggregates(aggregates, population))?;
    rest(
        request,
        &batches,
        population,
        Rejected::default(),
        &mut reporter,
        times,
    )
}

fn write_aggregates(
    path: &Path,
    batches: &[RecordBatch],
    population: &Population,
) -> Result<Vec<PartialFile>> {
    let Some(first) = batches.first() else {
        return Ok(Vec::new());
    };
    let mut file = ParquetFile::create(path, &first.schema(), &[])?;
    const GROUP_BATCHES: usize = 16;
    for group in batches.chunks(GROUP_BATCHES) {
        file.write_group(group)?;
    }
    let sidecar = path.with_extension("population.json");
    Ok(vec![
        file.finish()?,
        PartialFile::of_bytes(&sidecar, &population.to_json()?)?,
    ])
}

fn read_aggregates(path: &Path, population: &Population) -> Result<Vec<RecordBatch>> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::invalid(
            "aggregates_malformed",
            format!("cannot read {}: {error}", path.display()),
        )
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let batches = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.build())
        .map_err(|error| unreadable(&error))?
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|error| unreadable(&error))?;
    // Another engine made this: nothing is computed from rows that are not the whole ledger.
    let (found, ledger) = (
        aggregates::Totals::of(&batches)?,
        aggregates::Totals::of_ledger(population),
    );
    if found != ledger {
        return Err(Error::invalid(
            "aggregates_incomplete",
            format!(
                "{} does not add up to the ledger: {found:?}, not {ledger:?}",
                path.display()
            ),
        ));
    }
    Ok(batches)
}

#[derive(Default)]
struct Rejected {
    first: Vec<Reject>,
    by_code: BTreeMap<String, u64>,
}

fn rest(
    request: &RunRequest,
    batches: &[RecordBatch],
    population: &Population,
    rejected: Rejected,
    reporter: &mut Reporter<'_>,
    mut times: Times,
) -> Result<RunSummary> {
    let settings = &request.settings;
    reporter.stage(Stage::Fitting, None)?;
    let (basics, histories, mut chosen, spend) = times.of(Stage::Fitting, || {
        let basics = basics(batches, population, settings)?;
        let (calibration, histories) = both(
            || Calibration::of(batches, population),
            || {
                Histories::new(&basics.x, &basics.t_x, &basics.t)
                    .map_err(|error| Error::internal(error).while_doing("fitting"))
            },
        )?;
        let (spend, chosen) = both(
            || fit_spend(&basics),
            || choose(batches, population, settings, &histories, calibration, reporter),
        )?;
        Ok((basics, histories, chosen, spend))
    })?;
    if let Some(spend) = &spend {
        chosen.reports.insert(GAMMA_GAMMA, ModelReport::of_spend(spend));
    }

    reporter.stage(Stage::Validating, None)?;
    let (validation, scores) = times.of(Stage::Validating, || {
        let months = population.windows.periods.map(|periods| periods.months);
        let options = forecast_options(settings, months)?;
        both(
            || chosen.validate(),
            || {
                scores(
                    &chosen,
                    spend.as_ref(),
                    &histories,
                    &basics,
                    batches,
                    population,
                    &options,
                )
            },
        )
    })?;
    drop(histories);

    reporter.stage(Stage::Scoring, Some(population.customers))?;
    let scored = times.of(Stage::Scoring, || {
        let (referral, referrals_ignored) = match &scores {
            Some(scores) if !request.referrals.is_empty() => {
                let clv_36m: Vec<f64> = scores
                    .iter()
                    .flat_map(|part| part.clv[1].expected.iter().copied())
                    .collect();
                referral_values(batches, &clv_36m, &request.referrals, settings.referral_share)?
            }
            _ => (Vec::new(), 0),
        };
        let mut descending = basics.contribution_minor.clone();
        descending.sort_unstable_by(|a, b| b.cmp(a));
        let thresholds = thresholds(settings, &descending, basics.classed_stability.clone());
        let Some(first) = batches.first() else {
            return Err(Error::internal("a ledger without customers"));
        };
        let id_type = first.schema().field(0).data_type().clone();
        let (recency, (frequency, monetary)) = both(
            || Ok(Quintiles::of(basics.last_day.clone())),
            || {
                both(
                    || Ok(Quintiles::of(basics.purchase_days.clone())),
                    || Ok(Quintiles::of(basics.net_minor.clone())),
                )
            },
        )?;
        let scorer = Scorer {
            settings,
            population,
            basics: &basics,
            thresholds,
            referral: &referral,
            recency,
            frequency,
            monetary,
            history: History::of(population),
            schema: profiles::schema_while_made(id_type.clone(), settings.currency),
        };
        let mut sums = Sums::new(population);
        let file = write_profiles(
            ParquetFile::create(
                &request.profiles,
                &profiles::schema(id_type, settings.currency),
                &profiles::REPETITIVE,
            )?,
            &scorer,
            batches,
            scores.as_deref(),
            &mut sums,
            reporter,
        )?;
        Ok(Scored {
            file,
            sums,
            thresholds,
            concentration: concentration(&descending),
            referrals_ignored,
        })
    })?;

    reporter.stage(Stage::Reporting, None)?;
    let (file, report) = times.of(Stage::Reporting, || {
        let Scored {
            file,
            sums,
            thresholds,
            concentration,
            referrals_ignored,
        } = scored;
        let warnings = warnings(population, settings, &basics, &chosen, referrals_ignored);
        let payback = sums.cohorts.payback_months(settings.acquisition_cost_minor);
        let leaky_bucket = match population.windows.periods {
            Some(periods) => Some(sums.bucket.bucket(
                periods,
                (population.p0_minor, population.p1_minor),
                settings.acquisition_cost_minor,
                payback,
            )?),
            None => None,
        };
        let report = Report {
            version: 1,
            as_of: population.windows.as_of,
            currency: population.currency,
            zone: population.zone.clone(),
            period_months: population.windows.periods.map(|periods| periods.months),
            customers: population.customers,
            transactions: population.transactions,
            rejected: population.rejected,
            rejected_by_code: rejected.by_code,
            rejects: rejected.first,
            after_as_of: population.after_as_of,
            repeated: population.repeated,
            reversed: population.reversals,
            referrals: ReferralsKnown::of(&request.referrals),
            first_day: population.first_day,
            last_day: population.last_day,
            revenue_minor: population.revenue_minor,
            contribution_basis: basics.basis,
            model: chosen.model,
            models: chosen.reports,
            classes: sums.class_rows()?,
            class_thresholds: thresholds.into(),
            loyalty: sums.loyalty_rows()?,
            leaky_bucket,
            concentration,
            cohorts: sums.cohorts.cohorts()?,
            totals: sums.totals(population.windows.periods.is_some())?,
            value_at_risk: sums.value_at_risk()?,
            validation,
            warnings,
            settings: settings.clone(),
        };
        Ok((file, report))
    })?;
    let report_file = match &request.report {
        Some(path) => Some(PartialFile::of_bytes(path, &report.to_json()?)?),
        None => None,
    };
    file.publish()?;
    if let Some(report_file) = report_file {
        report_file.publish()?;
    }
    Ok(RunSummary {
        report,
        times: times.0,
    })
}

struct Scored {
    file: PartialFile,
    sums: Sums,
    thresholds: ClassThresholds,
    concentration: Option<super::concentration::Concentration>,
    referrals_ignored: u64,
}

/// The scores of the customers of each batch; none where no model could be fitted.
fn scores(
    chosen: &Chosen,
    spend: Option<&SpendFit>,
    histories: &Histories,
    basics: &Basics,
    batches: &[RecordBatch],
    population: &Population,
    options: &ScoreOptions,
) -> Result<Option<Vec<Scores>>> {
    let scoring = |error: stats::Error| Error::internal(error).while_doing("scoring");
    let mut end = 0;
    let parts: Vec<Range<usize>> = batches
        .iter()
        .map(|batch| {
            end += batch.num_rows();
            end - batch.num_rows()..end
        })
        .collect();
    let of_parts = |score: &(dyn Fn(Range<usize>) -> std::result::Result<Scores, stats::Error> + Sync)| {
        let scored = in_parts(&parts, |parts| {
            parts
                .iter()
                .map(|part| score(part.clone()).map_err(scoring))
                .collect::<Result<Vec<_>>>()
        })?;
        Ok(Some(scored.into_iter().flatten().collect()))
    };
    match (&chosen.fitted, spend) {
        (Some(Fitted::Purchases(fit)), Some(spend)) => {
            let scorer = stats::Scorer::new(histories, fit, spend, options).map_err(scoring)?;
            of_parts(&|part| scorer.score(part.start, &basics.m[part]))
        }
        (Some(Fitted::Contracts(fit)), Some(spend)) => {
            let contracts = fit.contracts(batches, population.windows.as_of)?;
            let model = fit.model();
            of_parts(&|part| {
                let (x, m) = (&basics.x[part.clone()], &basics.m[part.clone()]);
                model.score(&contracts[part], x, m, spend, options)
            })
        }
        _ => Ok(None),
    }
}

/// Computes and writes group after group of profiles, both on all cores.
fn write_profiles(
    mut file: ParquetFile,
    scorer: &Scorer<'_>,
    batches: &[RecordBatch],
    scores: Option<&[Scores]>,
    sums: &mut Sums,
    reporter: &mut Reporter<'_>,
) -> Result<PartialFile> {
    /// Batches of a group: their profiles are held at once.
    const GROUP_BATCHES: usize = 8;
    let mut from = 0;
    let mut of_batches = Vec::with_capacity(batches.len());
    for (i, batch) in batches.iter().enumerate() {
        of_batches.push((from, batch, scores.map(|scores| &scores[i])));
        from += batch.num_rows();
    }
    for group in of_batches.chunks(GROUP_BATCHES) {
        let made = each(group.to_vec(), |(from, batch, scores)| {
            let mut sums = Sums::new(scorer.population);
            let profiles = scorer.profiles(batch, from, scores, &mut sums)?;
            Ok((profiles, sums))
        })?;
        let mut profiles = Vec::with_capacity(made.len());
        for (batch, of_batch) in made {
            profiles.push(batch);
            sums.merge(of_batch);
        }
        file.write_group(&profiles)?;
        reporter.done(group.last().map_or(0, |(from, batch, _)| from + batch.num_rows()) as u64)?;
    }
    file.finish()
}

/// Measures the stages; the only place of the engine that looks at a clock, and only for the summary.
#[derive(Default)]
struct Times(Vec<StageTime>);

impl Times {
    fn of<T>(&mut self, stage: Stage, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let result = work();
        self.0.push(StageTime {
            stage,
            took: start.elapsed(),
        });
        result
    }
}
