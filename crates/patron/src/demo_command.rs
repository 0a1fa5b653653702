//! `patron demo`: a firm to look at. Fills an empty database once, computes its value, serves the console.
#![expect(clippy::print_stdout, reason = "this is what talks to the terminal")]

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use base::{Currency, Error, Result};
use clap::{Args, ValueEnum};
use platform::firm::Firm;
use platform::http::StoredFile;
use platform::imports::{self, ImportOptions, ImportStart, Mapping};
use platform::jobs::Job;
use platform::{Caller, Platform, Scope};
use value::app::runs;

use crate::example_firm::{AS_OF_DEFAULT, ExampleFirm, write_csv};
use crate::example_job;
use crate::serve_command::{ServeArguments, administrator, kinds, show_sign_in};
use crate::terminal::watch;

/// Which firm to look at.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DemoFirm {
    /// A generated telecom operator.
    Example,
    /// The real log of an online shop: CDNOW, 23,570 customers of 1997.
    Cdnow,
}

#[derive(Args)]
pub(crate) struct DemoArguments {
    /// Which firm.
    #[arg(long, value_enum, default_value = "example")]
    firm: DemoFirm,
    /// How many customers the example firm has.
    #[arg(long, default_value_t = 20_000)]
    customers: u64,
    /// The same seed makes the same firm.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes the example firm as customers.csv and transactions.csv into this folder, and nothing else.
    #[arg(long)]
    csv: Option<PathBuf>,
    /// The log of the firm cdnow.
    #[arg(long, default_value = "examples/cdnow/cdnow_master.csv")]
    log: PathBuf,
    #[command(flatten)]
    serve: ServeArguments,
}

/// Does it.
pub(crate) async fn demo(arguments: DemoArguments) -> Result<()> {
    if let Some(folder) = &arguments.csv {
        return write_files(&arguments, folder);
    }
    let config = arguments.serve.config();
    let platform = server::open_demo(&config).await?;
    let listener = server::listen(&config).await?;
    let (caller, password) = administrator(&platform).await?;
    let rooms = server::Rooms::open(&platform)?;
    let kinds = kinds(&rooms);
    let served = server::start(&config, listener, rooms, kinds).await?;
    let address = config
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{}", served.address));
    let filled = tokio::select! {
        filled = fill(&platform, &caller, &arguments) => filled,
        () = server::terminated() => {
            served.stop().await;
            println!("stopped; the same command goes on from here");
            return Ok(());
        }
    };
    if let Err(error) = filled {
        served.stop().await;
        return Err(error);
    }
    show_sign_in(&address, &password);
    server::terminated().await;
    served.stop().await;
    Ok(())
}

fn write_files(arguments: &DemoArguments, folder: &Path) -> Result<()> {
    let example = ExampleFirm::new(arguments.customers, arguments.seed, AS_OF_DEFAULT)?;
    let create = |name: &str| {
        std::fs::create_dir_all(folder)
            .and_then(|()| File::create(folder.join(name)))
            .map(BufWriter::new)
            .map_err(|e| {
                Error::invalid(
                    "file_not_writable",
                    format!("{}: {e}", folder.join(name).display()),
                )
            })
    };
    let lines = write_csv(&example, create("customers.csv")?, create("transactions.csv")?)
        .map_err(Error::internal)?;
    println!(
        "{} customers and {lines} transactions in {}",
        arguments.customers,
        folder.display()
    );
    Ok(())
}

/// Brings the firm in where the database is empty, and computes its value where that was not done.
async fn fill(platform: &Platform, caller: &Caller, arguments: &DemoArguments) -> Result<()> {
    let mut tx = platform.db.read().await?;
    let is_empty = value::store::ledger::is_empty(&mut tx).await?
        && customers::store::count(&mut tx, &Scope::of_system()).await? == 0;
    let at_work = platform::jobs::at_work(&mut tx).await?;
    drop(tx);
    if let Some(job) = at_work {
        watch(platform, caller, &job.kind.clone(), &job).await?;
    } else if is_empty {
        match arguments.firm {
            DemoFirm::Example => {
                let job = queue_example(platform, caller, arguments).await?;
                watch(platform, caller, "example firm", &job).await?;
            }
            DemoFirm::Cdnow => import_cdnow(platform, caller, &arguments.log).await?,
        }
    }
    let mut tx = platform.db.write().await?;
    let job = match platform::jobs::at_work(&mut tx).await? {
        Some(job) => Some(job),
        None if value::store::runs::published(&mut tx).await?.is_none() => Some(
            runs::queue(platform, &mut tx, caller.actor(), runs::RunRequest::default())
                .await?
                .1,
        ),
        None => None,
    };
    tx.commit().await?;
    platform.jobs.wake();
    if let Some(job) = job {
        watch(platform, caller, "value", &job).await?;
    }
    Ok(())
}

async fn queue_example(platform: &Platform, caller: &Caller, arguments: &DemoArguments) -> Result<Job> {
    // What cannot be made is refused before anything is.
    ExampleFirm::new(arguments.customers, arguments.seed, AS_OF_DEFAULT)?;
    let new = server::example_firm_job(arguments.customers, arguments.seed, caller.actor());
    let mut tx = platform.db.write().await?;
    let job = platform.jobs.enqueue(&mut tx, &platform.clock, new).await?;
    tx.commit().await?;
    platform.jobs.wake();
    Ok(job)
}

/// The way a firm's own file comes in: upload, mapping, import.
async fn import_cdnow(platform: &Platform, caller: &Caller, log: &Path) -> Result<()> {
    let mut tx = platform.db.write().await?;
    let cdnow = Firm {
        name: "CDNOW (1997–1998)".to_owned(),
        currency: Currency::USD,
        zone: "UTC".to_owned(),
        ..Firm::default()
    };
    example_job::claim(platform, &mut tx, caller.actor(), &cdnow).await?;
    tx.commit().await?;
    let kinds = server::imports();
    let file = StoredFile::copy_of(platform, log).await?;
    let import = imports::app::add(platform, &kinds, caller, "transactions", file).await?;
    let column = |field: &str, column: &str| (field.to_owned(), column.to_owned());
    let mapping: Mapping = [
        column("customer", "customer_id"),
        column("at", "date"),
        column("amount", "amount"),
    ]
    .into_iter()
    .collect();
    let options = ImportOptions {
        mapping,
        source: "cdnow".to_owned(),
        currency: None,
        zone: None,
        reject_limit_percent: None,
    };
    let check = imports::app::start_dry_run(platform, &kinds, caller, import.id, options).await?;
    watch(platform, caller, "check", &check).await?;
    let job = imports::app::start(platform, &kinds, caller, import.id, ImportStart::default()).await?;
    watch(platform, caller, "import", &job).await.map(|_| ())
}
