//! `transload delivery`.

mod list;
mod replay;
mod retry;
mod show;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// See what was delivered and what was not, and send it again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload delivery list --organization acme --status dead
  transload delivery show --organization acme 0199d0a7-3f1e-8c2a-9a1f-5b0c7d1e2f30
  transload delivery retry --organization acme 0199d0a7-3f1e-8c2a-9a1f-5b0c7d1e2f30
  transload delivery replay --organization acme --status dead --from 2026-01-01T00:00:00Z")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(Box<list::Args>),
    Show(Box<show::Args>),
    Retry(Box<retry::Args>),
    Replay(Box<replay::Args>),
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::List(args) => args.run(),
            Command::Show(args) => args.run(),
            Command::Retry(args) => args.run(),
            Command::Replay(args) => args.run(),
        }
    }
}
