//! `transload sandbox`.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use anyhow::Result;

use super::{block_on, log, output};
use crate::{
    config::LogFormat,
    host::{
        clock::{SystemChance, SystemClock},
        signals::Signals,
    },
    sandbox::{CORRIGOPRO, Options, READYCLOUD, Received, Sandbox, new_token},
};

/// Play the vendors' side on this machine: strict checks of what arrives, faults in words.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload sandbox --token a3f7f07de894cd3c2f7f50248ccbd4 --host 127.0.0.1:8080
  curl localhost:8090/received

Endpoints:
  PUT  /readycloud/<entity>   orders, packaging, contact, contact-address,
                              acceptance-scan, webhook, order-delivered
  POST /corrigopro            every notification
  GET  /received              what arrived, secrets masked

A host delivers here only when it allows it:
--allowed-networks 127.0.0.1/32 --allow-http.")]
pub(super) struct Args {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// ReadyCloud's webhook token; a new one is made and printed where none is given.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The transload host whose published keys verify CorrigoPro's bearer tokens; without it their signature is
    /// not checked.
    #[arg(long, value_name = "ADDRESS")]
    host: Option<SocketAddr>,
    /// The audience that CorrigoPro's bearer tokens must be for.
    #[arg(long, value_name = "TEXT")]
    audience: Option<String>,
    /// Print each arrival as one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        log::install(LogFormat::Text, "warn")?;
        block_on(self.serve())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn serve(self) -> Result<()> {
        let mut signals = Signals::new()?;
        let given = self.token.is_some();
        let token = self.token.unwrap_or_else(|| new_token(&SystemChance::new()));
        let sandbox = Sandbox::start(Options {
            listen: self.listen,
            token: token.clone(),
            host: self.host,
            audience: self.audience,
            clock: Arc::new(SystemClock),
            watcher: Box::new(if self.json { print_json } else { print }),
        });
        let sandbox = sandbox.await?;
        let address = sandbox.address();
        output::progress(format_args!("ReadyCloud  PUT  http://{address}{READYCLOUD}/<entity>"));
        if !given {
            output::progress(format_args!("            its webhook token is {token}"));
        }
        output::progress(format_args!("CorrigoPro  POST http://{address}{CORRIGOPRO}"));
        if self.host.is_none() {
            output::progress("            the signature of its tokens is not checked (no --host)");
        }
        output::progress(format_args!("arrivals    GET  http://{address}/received"));
        signals.next().await;
        sandbox.stop().await
    }
}

fn print(received: &Received) {
    let Received { number, vendor, method, path, status, .. } = received;
    let vendor = vendor.unwrap_or("nobody");
    output::line(format_args!("{number} {vendor}: {method} {path} -> {status}"));
    for problem in &received.problems {
        output::line(format_args!("    {problem}"));
    }
}

fn print_json(received: &Received) {
    // Strings, numbers and JSON values always become JSON.
    output::line(serde_json::to_string(received).unwrap_or_default());
}
