//! The command line.

mod audit_command;
mod demo_command;
mod example_firm;
mod example_job;
mod keys_command;
mod serve_command;
mod terminal;
mod user_command;
mod value_command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

// Half of a value run is filling and freeing columns; this allocator does it in less time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Patron: know what every customer is worth, and keep the ones who matter.
#[derive(Parser)]
#[command(name = "patron", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What customers are worth, computed from files without a database.
    #[command(subcommand)]
    Value(value_command::ValueCommand),
    /// The server with the console.
    Serve(serve_command::ServeArguments),
    /// A firm to look at, with the console.
    Demo(Box<demo_command::DemoArguments>),
    /// Users and their passwords.
    #[command(subcommand)]
    User(user_command::UserCommand),
    /// The record of what happened.
    #[command(subcommand)]
    Audit(audit_command::AuditCommand),
    /// The keys of personal data.
    #[command(subcommand)]
    Keys(keys_command::KeysCommand),
    /// Prints the OpenAPI document.
    Openapi,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Value(command) => value_command::execute(command),
        Command::Serve(arguments) => terminal::run("info", serve_command::serve(arguments)),
        Command::Demo(arguments) => terminal::run("warn", demo_command::demo(*arguments)),
        Command::User(command) => terminal::run("warn", user_command::execute(command)),
        Command::Audit(command) => terminal::run("warn", audit_command::execute(command)),
        Command::Keys(command) => terminal::run("warn", keys_command::execute(command)),
        Command::Openapi => print_openapi(),
    }
}

#[expect(clippy::print_stdout, reason = "this is what talks to the terminal")]
fn print_openapi() -> ExitCode {
    print!("{}", server::openapi());
    ExitCode::SUCCESS
}
