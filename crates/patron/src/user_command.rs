//! `patron user`: the first user, and the way back in.
#![expect(clippy::print_stdout, reason = "this is what talks to the terminal")]

use base::Result;
use clap::Subcommand;
use platform::access::{self, Role};

use crate::serve_command::DataArguments;

/// The commands of `patron user`.
#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Adds a user and prints a one-time password.
    Add {
        /// What the user signs in with.
        login: String,
        /// The name to show; the login where not given.
        #[arg(long)]
        name: Option<String>,
        /// administrator, analyst or viewer.
        #[arg(long, default_value = "viewer")]
        role: String,
        #[command(flatten)]
        data: DataArguments,
    },
    /// Prints a new one-time password and ends the user's sessions.
    ResetPassword {
        /// What the user signs in with.
        login: String,
        #[command(flatten)]
        data: DataArguments,
    },
}

/// Does what is asked.
pub(crate) async fn execute(command: UserCommand) -> Result<()> {
    let (user, password) = match command {
        UserCommand::Add {
            login,
            name,
            role,
            data,
        } => {
            let role: Role = role.parse()?;
            let platform = server::open_beside(&data.config()).await?;
            access::app::add_user(&platform, &login, name.as_deref().unwrap_or(&login), role).await?
        }
        UserCommand::ResetPassword { login, data } => {
            let platform = server::open_beside(&data.config()).await?;
            access::app::reset_password(&platform, &login).await?
        }
    };
    println!("login:    {}", user.login);
    println!("password: {password}   (once, within 24 hours)");
    Ok(())
}
