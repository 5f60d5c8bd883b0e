//! The command line: what can be asked for, and the exit codes.
//!
//! Exit codes: 0 done; 1 what was asked for failed; 64 the command or the configuration is wrong (`EX_USAGE` of
//! BSD's sysexits).

mod access;
mod config;
mod delivery;
mod demo;
mod key;
mod log;
mod output;
mod plugin;
mod sandbox;
mod serve;
mod table;
mod webhook;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::config::ConfigError;

pub use config::Settings;

/// The command or the configuration is wrong.
pub const EXIT_USAGE: u8 = 64;

/// Delivers events to vendors through sandboxed WebAssembly plugins.
#[derive(Debug, Parser)]
#[command(
    name = "transload",
    version,
    about,
    max_term_width = 110,
    after_help = "\
Examples:
  transload demo                              see it work, from end to end
  transload plugin build                      build plugins into ./modules
  transload serve                             run the host
  transload key create --organization acme    make an API key
  transload delivery list --organization acme what became of its events
  transload webhook list --organization acme  who gets them, and who cannot
  transload config                            what is in force, and from where

Exit codes: 0 done, 1 failed, 64 the command or the configuration is wrong."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
    Demo(demo::Args),
    Sandbox(sandbox::Args),
    Plugin(plugin::Args),
    Delivery(delivery::Args),
    Webhook(webhook::Args),
    Key(key::Args),
    Config(Box<config::Args>),
}

/// Parses the process's arguments, runs the command and says how it ended.
pub fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => outcome(cli.command.run()),
        Err(error) => {
            // Help and version come this way too, and go to stdout. A closed pipe is nobody's fault.
            let _ = error.print();
            if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
        }
    }
}

impl Command {
    fn run(self) -> Result<ExitCode> {
        match self {
            Self::Serve(args) => args.run(),
            Self::Demo(args) => args.run(),
            Self::Sandbox(args) => args.run(),
            Self::Plugin(args) => args.run(),
            Self::Delivery(args) => args.run(),
            Self::Webhook(args) => args.run(),
            Self::Key(args) => args.run(),
            Self::Config(args) => args.run(),
        }
    }
}

/// One message for an error, and its code.
fn outcome(result: Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            output::error(sentence(&error));
            let usage = error.is::<ConfigError>() || error.is::<clap::Error>();
            if usage { ExitCode::from(EXIT_USAGE) } else { ExitCode::FAILURE }
        }
    }
}

/// The error and its causes as one sentence. A cause that its error has in its own words already is not said twice.
fn sentence(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.as_str() {
        "" => cause,
        said if said.ends_with(&cause) => said.to_owned(),
        said => format!("{said}: {cause}"),
    })
}

/// Runs a future to its end on a runtime of its own, and leaves nothing of it behind.
fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(future);
    // Whatever was cut by a second signal is not waited for.
    runtime.shutdown_background();
    result
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::config::SETTINGS;

    #[test]
    fn an_error_says_each_of_its_causes_once() {
        let cause = || std::io::Error::other("disk full");
        let plain = anyhow::Error::new(cause()).context("write the key");
        assert_eq!(sentence(&plain), "write the key: disk full");
        let repeated = anyhow::Error::new(cause()).context("the store failed: disk full");
        assert_eq!(sentence(&repeated), "the store failed: disk full");
    }

    #[test]
    fn the_command_line_is_sound_and_every_command_shows_an_example() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        let mut open = vec![command];
        while let Some(command) = open.pop() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let is_help = command.get_name() == "help";
            assert!(is_help || help.contains("Example"), "{} shows no example", command.get_name());
            open.extend(command.get_subcommands().filter(|c| c.get_name() != "help").cloned());
        }
    }

    #[test]
    fn every_setting_is_a_flag_with_a_help_text_that_names_its_default() {
        let command = Cli::command();
        let config = command.find_subcommand("config").unwrap();
        for setting in &SETTINGS {
            let flag = config.get_arguments().find(|arg| arg.get_id() == setting.key);
            let flag = flag.unwrap_or_else(|| panic!("{} is no flag", setting.key));
            assert_eq!(flag.get_long(), Some(setting.key.replace('_', "-").as_str()));
            let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
            let default = if setting.default.is_empty() { "none" } else { setting.default };
            assert!(help.contains(&format!("[default: {default}]")), "{}: {help}", setting.key);
        }
    }
}
