//! `patron audit`: the proof that nobody altered the record of what happened.
#![expect(clippy::print_stdout, reason = "this is what talks to the terminal")]

use std::process::ExitCode;

use base::Result;
use clap::Subcommand;
use jiff::SignedDuration;
use platform::events::{self, Fault, Link};

use crate::serve_command::DataArguments;

/// The commands of `patron audit`.
#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Proves the chain of the event log, or names its first broken link and exits with 1.
    Verify {
        /// How old an event may be before it must be in the chain, in seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        unsealed_after: u32,
        /// A link that an earlier proof printed and that was kept elsewhere: whoever can write the whole
        /// database can make the whole chain anew, but not with this link in it.
        #[arg(long, value_name = "POSITION:HASH")]
        known: Option<Link>,
        #[command(flatten)]
        data: DataArguments,
    },
}

/// Does what is asked.
pub(crate) async fn execute(command: AuditCommand) -> Result<ExitCode> {
    let AuditCommand::Verify {
        unsealed_after,
        known,
        data,
    } = command;
    let platform = server::open_beside(&data.config()).await?;
    let unsealed_after = SignedDuration::from_secs(i64::from(unsealed_after));
    let mut tx = platform.db.read().await?;
    let verdict = events::verify(&mut tx, &platform.clock, unsealed_after, known).await?;
    println!("events sealed:   {}", verdict.end.position);
    println!("waiting:         {}", verdict.waiting);
    println!("last good link:  {}", verdict.end);
    Ok(match verdict.broken {
        None => {
            println!("the chain is whole");
            ExitCode::SUCCESS
        }
        Some(broken) => {
            println!("the chain is broken: {broken}");
            if broken.fault == Fault::Unsealed {
                println!("where no server was running since, start one: it seals what it finds waiting");
            }
            ExitCode::FAILURE
        }
    })
}
