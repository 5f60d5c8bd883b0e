//! `transload config`, and the flags of all commands that read the configuration.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;

use super::output;
use crate::config::{ConfigError, Configuration, Sources};

/// Print each setting in force and where it comes from.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload config
  TRANSLOAD_LISTEN=0.0.0.0:8080 transload config --json

Settings come from defaults, then transload.toml, then TRANSLOAD_* variables
(TRANSLOAD_DATA_DIR for data_dir), then flags; the later wins.
transload.example.toml explains each. A wrong value or an unknown key is one
message and exit code 64.")]
pub(super) struct Args {
    #[command(flatten)]
    settings: Settings,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let configuration = self.settings.load()?;
        if let Some(notice) = configuration.notice() {
            output::progress(notice);
        }
        if self.json {
            output::json(&configuration.in_force)?;
            return Ok(ExitCode::SUCCESS);
        }
        let width = |of: fn(&crate::config::InForce) -> usize| {
            configuration.in_force.iter().map(of).max().unwrap_or(0)
        };
        let (keys, values) = (width(|one| one.key.len()), width(|one| one.value.len()));
        for one in &configuration.in_force {
            output::line(format_args!("{:keys$}  {:values$}  {}", one.key, one.value, one.source));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The settings as flags. They are read as text here and judged where all layers are.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// The configuration file [default: transload.toml, where there is one] [env: TRANSLOAD_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the store, the keys and the control socket are [default: data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Where the plugins' .wasm files are [default: modules]
    #[arg(long, value_name = "DIR")]
    plugin_dir: Option<String>,
    /// Where the HTTP API listens [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The issuer of the tokens that this host signs; none is the address it listens on [default: none]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Networks that deliveries may go to although they are not public, such as 10.0.0.0/8,127.0.0.1/32
    /// [default: none]
    #[arg(long, value_name = "NETWORKS")]
    allowed_networks: Option<String>,
    /// Allow plain http, and only into an allowed network [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    allow_http: Option<String>,
    /// Threads that run plugins; 0 is one for each core [default: 0]
    #[arg(long, value_name = "NUMBER")]
    plugin_threads: Option<String>,
    /// Exchanges with vendors at the same time, over all webhooks [default: 256]
    #[arg(long, value_name = "NUMBER")]
    concurrency: Option<String>,
    /// How long one exchange with a vendor may take, at most 30s [default: 30s]
    #[arg(long, value_name = "TIME")]
    exchange_within: Option<String>,
    /// Connections to the API at the same time [default: 1024]
    #[arg(long, value_name = "NUMBER")]
    connections_max: Option<String>,
    /// Events that may wait for their dispatch before new ones get 429 [default: 200000]
    #[arg(long, value_name = "NUMBER")]
    backlog_events: Option<String>,
    /// Open deliveries that may wait before new events get 429 [default: 4000000]
    #[arg(long, value_name = "NUMBER")]
    backlog_deliveries: Option<String>,
    /// Percentage of the backlog that one organization may fill alone [default: 50]
    #[arg(long, value_name = "NUMBER")]
    backlog_share: Option<String>,
    /// How long events are kept whose deliveries are all closed, such as 12h or 30d [default: 30d]
    #[arg(long, value_name = "TIME")]
    retention_age: Option<String>,
    /// Disk space of the store above which closed events go early, such as 20GiB; none is no limit [default: none]
    #[arg(long, value_name = "SIZE")]
    retention_size: Option<String>,
    /// How long a delivery that was due and could not go stays open before it is dead [default: 30d]
    #[arg(long, value_name = "TIME")]
    retention_open_age: Option<String>,
    /// Whether /metrics answers without a key [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    public_metrics: Option<String>,
    /// How long what is in flight may take at shutdown, such as 500ms, 40s or 2m [default: 40s]
    #[arg(long, value_name = "TIME")]
    stop_within: Option<String>,
    /// What log lines look like: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    log: Option<String>,
    /// Which log lines are written, such as warn or transload=debug [default: info]
    #[arg(long, value_name = "FILTER")]
    log_filter: Option<String>,
}

impl Settings {
    /// Reads and checks all layers, with these flags on top.
    ///
    /// # Errors
    /// When something is wrong with any layer.
    pub fn load(self) -> Result<Configuration, ConfigError> {
        let flags = [
            ("data_dir", self.data_dir),
            ("plugin_dir", self.plugin_dir),
            ("listen", self.listen),
            ("issuer", self.issuer),
            ("allowed_networks", self.allowed_networks),
            ("allow_http", self.allow_http),
            ("plugin_threads", self.plugin_threads),
            ("concurrency", self.concurrency),
            ("exchange_within", self.exchange_within),
            ("connections_max", self.connections_max),
            ("backlog_events", self.backlog_events),
            ("backlog_deliveries", self.backlog_deliveries),
            ("backlog_share", self.backlog_share),
            ("retention_age", self.retention_age),
            ("retention_size", self.retention_size),
            ("retention_open_age", self.retention_open_age),
            ("public_metrics", self.public_metrics),
            ("stop_within", self.stop_within),
            ("log", self.log),
            ("log_filter", self.log_filter),
        ];
        let flags = flags.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        // A variable that is no UTF-8 cannot be a setting of ours.
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let environment = std::env::vars_os().filter_map(utf8).collect();
        Configuration::load(&Sources { file: self.config, environment, flags })
    }
}
