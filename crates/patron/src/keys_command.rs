//! `patron keys`: the keys of personal data.
#![expect(clippy::print_stdout, reason = "this is what talks to the terminal")]

use base::Result;
use clap::Subcommand;

use crate::serve_command::DataArguments;

/// The commands of `patron keys`.
#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// Makes a new key the one that seals, while servers run: the last of the key file where the database does
    /// not know it yet, else a new one that is added to the file. Everything is then sealed anew by a job. Old
    /// keys stay in the file: they open old backups.
    Rotate {
        #[command(flatten)]
        data: DataArguments,
    },
}

/// Does what is asked.
pub(crate) async fn execute(command: KeysCommand) -> Result<()> {
    let KeysCommand::Rotate { data } = command;
    let platform = server::open_beside(&data.config()).await?;
    let key = customers::identities::app::rotate_keys(&platform).await?;
    println!(
        "new key:  {key}   (in {}: copy that file now)",
        platform.keys.file().display()
    );
    println!("The server seals everything anew with it; see its jobs.");
    Ok(())
}
