//! Simulates the delivery loop by seeds, and says which promises were broken.

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use transload_tests::{
    figure,
    simulation::{Counts, simulate},
};

/// Violations that are printed of one seed; the first is the one to look at.
const VIOLATIONS_PRINTED_MAX: usize = 5;

/// Drives the real delivery loop through a simulated world: first it hurts, then it heals, then it is judged.
#[derive(Parser)]
#[command(
    after_help = "Example: cargo run --release -p transload-tests --bin simulate -- --seeds 300\n\
                  What a seed did: add --seeds 1 --from SEED --trace"
)]
struct Options {
    /// How many seeds are simulated.
    #[arg(long, default_value_t = 300)]
    seeds: u64,
    /// The first seed; each next one is greater by one.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Print every step.
    #[arg(long)]
    trace: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let last = options.from.saturating_add(options.seeds);
    println!("simulate: seeds {}..{last}", options.from);
    let (mut all, mut violations) = (Counts::default(), 0);
    let began = Instant::now();
    for seed in options.from..last {
        let report = simulate(seed, options.trace)?;
        for violation in report.violations.iter().take(VIOLATIONS_PRINTED_MAX) {
            println!("seed {seed}: {violation}");
        }
        violations += report.violations.len();
        all += report.counts;
    }
    let took = began.elapsed().as_secs_f64();
    println!("{all:#?}");
    figure("simulate.seeds", options.seeds);
    figure("simulate.violations", violations);
    figure("simulate.steps_per_second", format!("{:.0}", all.steps as f64 / took.max(1e-9)));
    Ok(if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
