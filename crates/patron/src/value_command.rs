//! `patron value`: the value engine for analysts, from file to file.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is what talks to the terminal"
)]

mod summary;

use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use base::{Currency, Day, Error, Result};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use platform::tabular::Encoding;
use value::engine::referrals::read_referrals;
use value::engine::settings::{ModelChoice, ValueSettings};
use value::engine::source::{LedgerSource, Mapping};
use value::engine::{Progress, RunRequest, Stage};

/// The commands of `patron value`.
#[derive(Subcommand)]
pub(crate) enum ValueCommand {
    /// Computes every customer's value from a file of transactions.
    Run(Box<RunArguments>),
    /// Compares the profiles of two runs: who moved class, and how much value moved.
    Compare(CompareArguments),
}

#[derive(Args)]
pub(crate) struct RunArguments {
    /// The transactions: a CSV with a header, or Parquet (several files are read in order).
    #[arg(long, required = true, num_args = 1..)]
    transactions: Vec<PathBuf>,
    /// How the CSV files are written: utf-8, gb18030 (also for GBK), big5, windows-1252, utf-16le or utf-16be
    /// [default: found out, which big5 and windows-1252 cannot be].
    #[arg(long, value_parser = parse_encoding)]
    encoding: Option<Encoding>,
    /// The column of the customer's id (guessed from its name where not given).
    #[arg(long)]
    customer: Option<String>,
    /// The column of the day or time (guessed).
    #[arg(long)]
    at: Option<String>,
    /// The column of the amount in major units, negative for money given back (guessed).
    #[arg(long)]
    amount: Option<String>,
    /// The column of the cost in major units (guessed).
    #[arg(long)]
    cost: Option<String>,
    /// The column of the line's id in its source: a repeated id counts once.
    #[arg(long)]
    external_id: Option<String>,
    /// The column that holds the id of the line that this line takes back.
    #[arg(long)]
    reverses: Option<String>,
    /// The last day that counts, such as 1997-09-30.
    #[arg(long, value_parser = parse_day)]
    as_of: Day,
    /// bg_nbd, mbg_nbd, pareto_nbd, or auto: the one of these that predicts held-out weeks best; sbg for contracts
    /// that are renewed or not.
    #[arg(long, value_parser = parse_model)]
    model: Option<ModelChoice>,
    /// Months between renewals: 1, 3, 6 or 12; for sbg [default: 1].
    #[arg(long)]
    renewal_months: Option<u32>,
    /// Where the profiles go: one row of figures per customer, Parquet.
    #[arg(long)]
    out: PathBuf,
    /// Where the report goes, JSON.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Where malformed rows go, with the reason, CSV.
    #[arg(long)]
    rejects: Option<PathBuf>,
    /// Where the customer aggregates go, Parquet.
    #[arg(long)]
    aggregates: Option<PathBuf>,
    /// Who brought whom: a CSV with the columns customer and referrer.
    #[arg(long)]
    referrals: Option<PathBuf>,
    /// The currency of the amounts [default: what --config says, CNY where it says nothing; USD without it].
    #[arg(long, value_parser = parse_currency)]
    currency: Option<Currency>,
    /// The time zone whose days count, such as Asia/Shanghai [default: UTC].
    #[arg(long)]
    zone: Option<String>,
    /// Stop when more of the rows than this are malformed, such as 1% [default: 1%].
    #[arg(long, value_parser = parse_share)]
    max_rejected: Option<f64>,
    /// Weeks held out to test the models [default: a third of the history, 4 to 26].
    #[arg(long)]
    holdout_weeks: Option<u32>,
    /// Months of the leaky bucket's periods: 1, 3, 6 or 12 [default: the longest that fits twice].
    #[arg(long)]
    period_months: Option<u32>,
    /// Settings as JSON; what is also given as an option, the option decides.
    #[arg(long)]
    config: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct CompareArguments {
    /// The profiles of the earlier run.
    before: PathBuf,
    /// The profiles of the later run.
    after: PathBuf,
}

fn parse_day(text: &str) -> std::result::Result<Day, String> {
    Day::parse(text).map_err(|error| error.to_string())
}

fn parse_model(text: &str) -> std::result::Result<ModelChoice, String> {
    ModelChoice::parse(text).map_err(|error| error.to_string())
}

fn parse_currency(text: &str) -> std::result::Result<Currency, String> {
    Currency::parse(text).map_err(|error| error.to_string())
}

fn parse_encoding(text: &str) -> std::result::Result<Encoding, String> {
    let named = |encoding: &Encoding| encoding.name().eq_ignore_ascii_case(text.trim());
    Encoding::ALL
        .into_iter()
        .find(named)
        .ok_or_else(|| format!("expected one of {}", Encoding::ALL.map(Encoding::name).join(", ")))
}

/// Reads `1%` or `0.01`.
fn parse_share(text: &str) -> std::result::Result<f64, String> {
    let (number, unit) = match text.trim().strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text.trim(), 1.0),
    };
    match number.trim().parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&(share / unit)) => Ok(share / unit),
        _ => Err("expected a share such as 1% or 0.01".to_owned()),
    }
}

/// Does what is asked: 0 done, 1 our fault, 2 bad input.
pub(crate) fn execute(command: ValueCommand) -> ExitCode {
    let done = match command {
        ValueCommand::Run(arguments) => run(&arguments),
        ValueCommand::Compare(arguments) => compare(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
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

fn run(arguments: &RunArguments) -> Result<()> {
    // Removed when the run is over.
    let copies = tempfile::tempdir().map_err(Error::internal)?;
    let request = request(arguments, copies.path())?;
    let bar = Bar::new();
    let mut on_progress = |progress: Progress| {
        bar.show(progress);
        ControlFlow::Continue(())
    };
    let summary = value::engine::run(&request, &mut on_progress);
    bar.finish();
    let summary = summary?;
    print!("{}", summary::in_words(&summary, arguments));
    Ok(())
}

fn compare(arguments: &CompareArguments) -> Result<()> {
    let comparison = value::engine::compare::compare(&arguments.before, &arguments.after)?;
    print!("{}", summary::comparison(&comparison));
    Ok(())
}

/// The file, or where it is CSV and not written in UTF-8, a copy that is: the engine reads nothing else.
fn in_utf8(path: &Path, encoding: Option<Encoding>, copies: &Path, of: &str) -> Result<PathBuf> {
    let copy = copies.join(of);
    let copied = platform::tabular::copy_as_utf8(path, encoding, &copy)?;
    Ok(if copied { copy } else { path.to_owned() })
}

fn request(arguments: &RunArguments, copies: &Path) -> Result<RunRequest> {
    let mut settings = match &arguments.config {
        Some(path) => read_settings(path)?,
        None => ValueSettings {
            currency: Currency::USD,
            ..ValueSettings::default()
        },
    };
    if let Some(currency) = arguments.currency {
        settings.currency = currency;
    }
    if let Some(zone) = &arguments.zone {
        settings.zone.clone_from(zone);
    }
    if let Some(model) = arguments.model {
        settings.model = model;
    }
    if let Some(share) = arguments.max_rejected {
        settings.max_rejected_share = share;
    }
    if let Some(months) = arguments.renewal_months {
        settings.renewal_months = months;
    }
    settings.holdout_weeks = arguments.holdout_weeks.or(settings.holdout_weeks);
    settings.period_months = arguments.period_months.or(settings.period_months);
    Ok(RunRequest {
        source: source(arguments, copies)?,
        settings,
        as_of: arguments.as_of,
        referrals: match &arguments.referrals {
            Some(path) => read_referrals(&in_utf8(path, arguments.encoding, copies, "referrals.csv")?)?,
            None => Vec::new(),
        },
        profiles: arguments.out.clone(),
        report: arguments.report.clone(),
        rejects: arguments.rejects.clone(),
        aggregates: arguments.aggregates.clone(),
    })
}

fn source(arguments: &RunArguments, copies: &Path) -> Result<LedgerSource> {
    let mapping = Mapping {
        customer: arguments.customer.clone(),
        at: arguments.at.clone(),
        amount: arguments.amount.clone(),
        cost: arguments.cost.clone(),
        external_id: arguments.external_id.clone(),
        reverses: arguments.reverses.clone(),
        reversed: None,
        counted_as: Vec::new(),
        unit: value::engine::source::AmountUnit::Major,
    };
    let is_parquet = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
    };
    let paths = &arguments.transactions;
    if paths.iter().all(is_parquet) {
        return Ok(LedgerSource::Parquet {
            paths: paths.clone(),
            mapping,
        });
    }
    match paths.as_slice() {
        [path] => Ok(LedgerSource::Csv {
            path: in_utf8(path, arguments.encoding, copies, "transactions.csv")?,
            mapping,
        }),
        _ => Err(Error::invalid(
            "transactions_mixed",
            "several files of transactions must all be Parquet",
        )),
    }
}

fn read_settings(path: &Path) -> Result<ValueSettings> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::invalid(
            "settings_unreadable",
            format!("cannot read {}: {error}", path.display()),
        )
    };
    let text = std::fs::read(path).map_err(|error| unreadable(&error))?;
    serde_json::from_slice(&text).map_err(|error| unreadable(&error))
}

/// A progress bar where somebody watches; nothing where the output goes to a file.
struct Bar(Option<ProgressBar>);

impl Bar {
    fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::no_length();
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(Some(bar))
    }

    fn show(&self, progress: Progress) {
        let Some(bar) = &self.0 else { return };
        let name = match progress.stage {
            Stage::Reading => "Reading transactions",
            Stage::Aggregating => "Adding up customers",
            Stage::Fitting => "Fitting models",
            Stage::Validating => "Testing on held-out weeks",
            Stage::Scoring => "Scoring customers",
            Stage::Reporting => "Writing the report",
        };
        if bar.message() != name {
            let template = match progress.total {
                Some(_) => "{spinner} {msg:26} {bar:30} {percent:>3} %  {elapsed}",
                None => "{spinner} {msg:26} {elapsed}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(name);
        }
        if let Some(total) = progress.total {
            if bar.length() != Some(total) {
                bar.set_length(total);
                if let Ok(style) =
                    ProgressStyle::with_template("{spinner} {msg:26} {bar:30} {percent:>3} %  {elapsed}")
                {
                    bar.set_style(style);
                }
            }
            bar.set_position(progress.done);
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
