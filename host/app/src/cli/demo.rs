//! `transload demo`.

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::{block_on, log, output, plugin::build_into};
use crate::{config::LogFormat, demo::Demo, host::signals::Signals};

/// The plugins that the demo builds.
const PACKAGES: [&str; 4] = [
    "transload-plugin-readycloud",
    "transload-plugin-corrigopro",
    "transload-plugin-doo",
    "transload-plugin-relocity",
];

/// See it work from end to end: plugins built, host and vendors' sandbox started, real events posted over HTTP.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload demo
  transload demo --stay     leave everything running, and print a curl to go on
  transload demo --json     one JSON document instead

Everything happens on this machine, on free ports and in a temporary directory.
The plugins are built from this repository; the wasm target is added through
rustup when it is missing. Exit code 1 when an event did not arrive as its vendor
demands.")]
pub(super) struct Args {
    /// Leave everything running until a signal, and print the addresses and a curl.
    #[arg(long)]
    stay: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        log::install(LogFormat::Text, "warn")?;
        let workspace = workspace()?;
        let modules = TempDir::new().context("make a directory for the modules")?;
        output::progress("building the plugins");
        let packages = PACKAGES.map(str::to_owned).to_vec();
        build_into(modules.path(), &workspace, packages, false)?;
        block_on(self.show(&workspace, modules.path()))
    }

    async fn show(&self, workspace: &Path, modules: &Path) -> Result<ExitCode> {
        let mut signals = Signals::new()?;
        let tell = |text: &str| output::progress(text);
        let mut demo = tokio::select! {
            demo = Demo::run(workspace, modules, &tell) => demo?,
            signal = signals.next() => bail!("{signal}: the demo was given up"),
        };
        if self.json {
            output::json(&demo.report)?;
        } else {
            output::progress("");
            output::line(&demo.report);
        }
        let ok = demo.report.ok;
        if self.stay {
            let invitation = demo.invitation(workspace)?;
            output::progress(format_args!(
                "\nEverything goes on running; Ctrl-C ends it.\n\n{invitation}"
            ));
            tokio::select! {
                ended = demo.ended() => ended?,
                _ = signals.next() => {}
            }
        }
        demo.stop().await?;
        Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The repository with the plugins' sources: where this program was built, or where it was started.
fn workspace() -> Result<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let here = env::current_dir().context("find the current directory")?;
    let mut places = std::iter::once(built.as_path()).chain(here.ancestors());
    match places.find(|place| place.join("plugins/readycloud/Cargo.toml").is_file()) {
        Some(place) => place.canonicalize().context("find the repository"),
        None => {
            bail!("the plugins' sources are not here; start the demo in transload's repository")
        }
    }
}
