//! The command line.

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
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Value(command) => value_command::execute(command),
    }
}
