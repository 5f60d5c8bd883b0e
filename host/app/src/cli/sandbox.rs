//! `transload sandbox`.

use std::{net::SocketAddr, process::ExitCode};

use anyhow::Result;

use super::{block_on, log, output};
use crate::{
    config::LogFormat,
    host::{clock::SystemChance, signals::Signals},
    sandbox::{
        CORRIGOPRO, DOO, DOO_CLIENT_ID, DOO_TOKEN, Failure, Options, READYCLOUD, RELOCITY,
        RELOCITY_CLIENT_ID, RELOCITY_SCOPE, RELOCITY_TOKEN, Received, Sandbox, Vendor, new_token,
    },
};

/// Play the vendors' side on this machine: strict checks of what arrives, faults in words, failures on demand.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload sandbox --token a3f7f07de894cd3c2f7f50248ccbd4 --host 127.0.0.1:8080
  transload sandbox --fail 500x3                  the next three answers are 500
  transload sandbox --fail doo:revoke-token       doo takes its tokens back once
  transload sandbox --fail relocity/token:503x2   Relocity's token endpoint is down
  curl localhost:8090/received
  curl localhost:8090/fail -d 'doo:429:30x2 slow:2s'
  curl localhost:8090/fail -X DELETE

Endpoints:
  PUT  /readycloud/<entity>      orders, packaging, contact, contact-address,
                                 acceptance-scan, webhook, order-delivered
  POST /corrigopro               every notification
  POST /doo/<hook type>          event_created ... order_cancelled, attendee_...
  POST /doo/oauth/token          client_id doo
  POST /relocity/api/v1/...      work orders
  POST /relocity/oauth/token     client_id relocity-partner, scope work-orders
  GET  /received                 what arrived, secrets masked
  GET, POST, DELETE /fail        what is still to go wrong

Failures: --fail [<vendor>[/token]:]<way>[x<times>]
  500x3           the next three answers are 500; any status from 201 to 599
  429:30x2        two answers of 429 with Retry-After: 30
  503:date+30     503 with Retry-After as a date 30 s from now
  slow:2s         the right answer, two seconds late
  revoke-token    every access token is taken back: 401 (doo, relocity)
  expire-token    every access token has expired: 401 (doo, relocity)
  invalid-client  the token endpoint refuses the client (doo, relocity)
  drip            200, and a body of one byte a second without end
  huge            200, and a body of 1 GiB
  redirect        307 to another place
  cut             the connection is cut in the middle of the answer
  hang            no answer at all
A vendor is readycloud, corrigopro, doo or relocity; without one, a failure is
for whichever is asked next. `/token` is for its token endpoint. x* never ends.
Each request takes the first failure that is for it.

A host delivers here only when it allows it:
--allowed-networks 127.0.0.1/32 --allow-http.")]
pub(super) struct Args {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// ReadyCloud's webhook token; a new one is made and printed where none is given.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// The client secret of doo's and Relocity's token endpoints; a new one is made and printed where none is given.
    #[arg(long, value_name = "SECRET")]
    client_secret: Option<String>,
    /// The transload host whose published keys verify CorrigoPro's bearer tokens; without it their signature is
    /// not checked.
    #[arg(long, value_name = "ADDRESS")]
    host: Option<SocketAddr>,
    /// The audience that CorrigoPro's bearer tokens must be for.
    #[arg(long, value_name = "TEXT")]
    audience: Option<String>,
    /// Something that is to go wrong, such as 500x3 or doo:slow:2s; may be given more than once.
    #[arg(long, value_name = "FAILURE")]
    fail: Vec<Failure>,
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
        let chance = SystemChance::new();
        let made = |given: &Option<String>| given.clone().unwrap_or_else(|| new_token(&chance));
        let (token, client_secret) = (made(&self.token), made(&self.client_secret));
        let options = Options {
            listen: self.listen,
            host: self.host,
            audience: self.audience.clone(),
            failures: self.fail.clone(),
            watcher: Box::new(if self.json { print_json } else { print }),
            ..Options::new(&token, &client_secret)
        };
        let sandbox = Sandbox::start(options).await?;
        self.introduce(sandbox.address(), &token, &client_secret);
        signals.next().await;
        sandbox.stop().await
    }

    /// Says where the vendors are, and with what they are to be spoken to.
    fn introduce(&self, address: SocketAddr, token: &str, client_secret: &str) {
        output::progress(format_args!("ReadyCloud  PUT  http://{address}{READYCLOUD}/<entity>"));
        if self.token.is_none() {
            output::progress(format_args!("            its webhook token is {token}"));
        }
        output::progress(format_args!("CorrigoPro  POST http://{address}{CORRIGOPRO}"));
        if self.host.is_none() {
            output::progress("            the signature of its tokens is not checked (no --host)");
        }
        output::progress(format_args!("doo         POST http://{address}{DOO}/<hook type>"));
        output::progress(format_args!("            tokens http://{address}{DOO_TOKEN}"));
        output::progress(format_args!("            client_id {DOO_CLIENT_ID}"));
        output::progress(format_args!("Relocity    POST http://{address}{RELOCITY}/..."));
        output::progress(format_args!("            tokens http://{address}{RELOCITY_TOKEN}"));
        output::progress(format_args!(
            "            client_id {RELOCITY_CLIENT_ID}, scope {RELOCITY_SCOPE}"
        ));
        if self.client_secret.is_none() {
            output::progress(format_args!("            both clients' secret is {client_secret}"));
        }
        for failure in &self.fail {
            output::progress(format_args!("fails       {failure}"));
        }
        output::progress(format_args!("arrivals    GET  http://{address}/received"));
    }
}

fn print(received: &Received) {
    let Received { number, vendor, method, path, status, failure, .. } = received;
    let vendor = vendor.map_or("nobody", Vendor::as_str);
    let status = status.map_or_else(|| "no answer".into(), |status| status.to_string());
    let purpose = failure.as_ref().map(|failure| format!(" (told to: {failure})"));
    let purpose = purpose.unwrap_or_default();
    output::line(format_args!("{number} {vendor}: {method} {path} -> {status}{purpose}"));
    for problem in &received.problems {
        output::line(format_args!("    {problem}"));
    }
}

fn print_json(received: &Received) {
    // Strings, numbers and JSON values always become JSON.
    output::line(serde_json::to_string(received).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};

    use super::*;
    use crate::sandbox::WAYS;

    #[test]
    fn the_help_shows_every_way_to_fail() {
        let help =
            Args::augment_args(Command::new("sandbox")).get_after_help().unwrap().to_string();
        for (example, words) in WAYS {
            let line = format!("  {example:15} {words}");
            assert!(help.lines().any(|found| found == line), "{line:?} is not in the help");
        }
    }
}
