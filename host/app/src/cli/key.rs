//! `transload key`.

use std::{io, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};
use tokio::net::UnixStream;
use transload_api::keys;
use transload_domain::{Clock, Organization};
use transload_store::{OpenError, Shard, Sled};

use super::{Settings, block_on, output};
use crate::{
    client::{Client, Place},
    config::{Config, LogFormat},
    host::{
        clock::{SystemChance, SystemClock},
        data_dir::DataDir,
    },
};

/// How long a host that starts may hold the store before it answers on its socket.
const START_TIME: Duration = Duration::from_secs(5);
/// How often it is looked for.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Make API keys.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload key create --organization acme")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Box<Create>),
}

/// Make an API key for an organization, and print it this once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload key create --organization acme
  transload key create --organization acme --name shop --json

It works while the host runs (over <data-dir>/control.sock) and while it does
not (in the store itself). Only a hash of the key is kept.")]
struct Create {
    /// The organization that the key stands for.
    #[arg(long, value_name = "NAME", value_parser = Organization::new)]
    organization: Organization,
    /// What people call the key.
    #[arg(long, value_name = "TEXT", default_value = "")]
    name: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Command::Create(create) = self.command;
        create.run()
    }
}

impl Create {
    fn run(self) -> Result<ExitCode> {
        let config = self.settings.load()?.config;
        super::log::install(LogFormat::Text, "warn")?;
        let made = block_on(create(&config, self.organization, &self.name))?;
        if self.json {
            output::json(&made)?;
        } else {
            output::line(made["key"].as_str().unwrap_or_default());
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks the running host, or writes into the store where none runs. A host that starts has the store already and no
/// socket yet: it gets a while.
async fn create(config: &Config, organization: Organization, name: &str) -> Result<Value> {
    let data = DataDir::open(&config.data_dir)?;
    let until = tokio::time::Instant::now() + START_TIME;
    loop {
        match UnixStream::connect(data.control_socket()).await {
            Ok(_) => {
                let control = Client::new(Place::Unix(data.control_socket()));
                let wanted = json!({ "organization": organization.as_str(), "name": name });
                let made = control.call(Method::POST, "/keys", Some(&wanted)).await;
                return made.context("ask the running transload for a key");
            }
            Err(error) if is_nobody_there(&error) => {}
            Err(error) => {
                let socket = data.control_socket();
                return Err(error).with_context(|| {
                    format!("reach the running transload at {}", socket.display())
                });
            }
        }
        match write(&data, organization.clone(), name).await {
            Err(error) if is_in_use(&error) && tokio::time::Instant::now() < until => {
                tokio::time::sleep(ASK_AGAIN).await;
            }
            done => return done,
        }
    }
}

fn is_in_use(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::InUse { .. }))
}

/// No socket, or one that a killed process left behind.
fn is_nobody_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

async fn write(data: &DataDir, organization: Organization, name: &str) -> Result<Value> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (path, open_clock) = (data.path().to_owned(), Arc::clone(&clock));
    let open = move || Sled::open(&path, open_clock, None);
    let ledger = tokio::task::spawn_blocking(open).await.context("open the store")??;
    let (shard, random) = (Shard::default(), SystemChance::new());
    let made = keys::create(&ledger, shard, &*clock, &random, organization, name).await;
    ledger.shutdown().await;
    let made = made.context("write the key")?;
    Ok(json!({
        "key": made.text,
        "id": made.id,
        "organization": made.record.organization.as_str(),
        "name": made.record.name,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_waits_for_a_host_that_starts() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { data_dir: dir.path().join("data"), ..Config::defaults().unwrap() };
        let data = DataDir::open(&config.data_dir).unwrap();
        let starting = Sled::open(data.path(), Arc::new(SystemClock), None).unwrap();

        let organization = Organization::new("acme").unwrap();
        let mut creating = std::pin::pin!(create(&config, organization, "shop"));
        let early = tokio::time::timeout(3 * ASK_AGAIN, &mut creating).await;
        assert!(early.is_err(), "it did not wait: {early:?}");

        starting.shutdown().await;
        drop(starting);
        assert_eq!(creating.await.unwrap()["organization"], "acme");
    }
}
