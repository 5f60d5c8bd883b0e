//! `transload serve`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use super::{Settings, block_on, log, sentence};
use crate::{
    config::{Config, LogFormat},
    host::{Host, files, signals::Signals},
};

/// Run the host: the HTTP API, the plugins and the delivery loop.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload serve
  transload serve --listen 0.0.0.0:8080 --data-dir /var/lib/transload --log json
  transload serve --allowed-networks 127.0.0.1/32 --allow-http
                                        (so that it delivers to `transload sandbox`)

Each setting is a key in transload.toml and a variable TRANSLOAD_<KEY>, too;
`transload config` prints what is in force.

SIGTERM or SIGINT stops it in order: it accepts no more, finishes what is in
flight within --stop-within, flushes, and ends with 0. A second signal cuts.
When its delivery loop or its store fails for good, it ends with 1.")]
pub(super) struct Args {
    #[command(flatten)]
    settings: Settings,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let configuration = self.settings.load()?;
        let notice = configuration.notice();
        let config = configuration.config;
        let format = config.log;
        log::install(format, &config.log_filter)?;
        if let Some(notice) = notice {
            tracing::info!("{notice}");
        }
        match block_on(serve(config)) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            // Where the log is for machines, the last line is too.
            Err(error) if format == LogFormat::Json => {
                tracing::error!("{}", sentence(&error));
                Ok(ExitCode::FAILURE)
            }
            Err(error) => Err(error),
        }
    }
}

async fn serve(config: Config) -> Result<()> {
    files::raise(&config);
    let mut signals = Signals::new()?;
    let host = tokio::select! {
        host = Host::start(config) => host?,
        signal = signals.next() => {
            tracing::info!("{signal}: the start is given up");
            return Ok(());
        }
    };
    live(host, &mut signals).await
}

/// Until a signal or the host's own end, and then through its stop.
async fn live(mut host: Host, signals: &mut Signals) -> Result<()> {
    let ended = tokio::select! {
        ended = host.ended() => ended,
        signal = signals.next() => {
            tracing::info!("{signal}: stops; a second signal cuts");
            Ok(())
        }
    };
    tokio::select! {
        stopped = host.stop() => ended.and(stopped),
        signal = signals.next() => {
            bail!("{signal}: cut before everything in flight was finished; what is open is delivered after the next start")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::outcome, host::mined::Mine};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_dead_loop_ends_the_process_with_a_code_that_is_not_zero() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: dir.path().join("data"),
            plugin_dir: dir.path().join("modules"),
            listen: ([127, 0, 0, 1], 0).into(),
            ..Config::defaults().unwrap()
        };
        let mine = Mine::default();
        mine.arm();
        let host = Host::with_parts(config, |parts| mine.lay(parts)).await.unwrap();
        let ended = live(host, &mut Signals::new().unwrap()).await;
        let error = ended.unwrap_err();
        assert!(error.to_string().contains("delivery loop panicked"), "{error:#}");
        let code = format!("{:?}", outcome(Err(error)));
        assert_eq!(code, format!("{:?}", ExitCode::FAILURE));
    }
}
