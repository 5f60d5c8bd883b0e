//! `transload plugin`: the tools of a plugin's author.

mod build;
mod check;
mod event_file;
mod run;

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context, Result};
use clap::Subcommand;
use transload_engine::{Engine, EngineOptions};

use crate::host::clock::SystemClock;

pub(super) use build::build_into;

/// Build, check and try plugins.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload plugin build
  transload plugin check modules
  transload plugin run modules/acme.wasm --event cases/order.json")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(Box<build::Args>),
    Check(check::Args),
    Run(run::Args),
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Build(args) => args.run(),
            Command::Check(args) => args.run(),
            Command::Run(args) => args.run(),
        }
    }
}

/// An engine with one thread, for one command. Nothing is cached: a tool leaves no files behind.
fn engine() -> Result<Engine> {
    let options =
        EngineOptions { cache_dir: None, threads: 1, clock: Arc::new(SystemClock), memory: None };
    Engine::new(options).context("start the plugin engine")
}
