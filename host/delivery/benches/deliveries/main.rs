//! What the loop carries: deliveries per second and the time from a 202 to the exchange, with few and with many
//! webhooks, and with little and with much waiting; and what that takes of memory.
//!
//! The ledger is on sled; the plugin and the vendor answer at once, so that the loop and the store are measured and
//! nothing else. Each case runs in a process of its own, because memory is measured too.
//!
//! With the argument `hang` only the case of the endpoint that hangs is measured.

mod case;
mod hang;
mod parts;

use std::process::{Command, Stdio};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use case::{Case, Measured, Step};

/// Runs of each case, of which the median counts; the cases take turns.
const RUNS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match Step::from_arguments(&arguments) {
        Some(step) => step.run(),
        None if arguments.iter().any(|argument| argument == "hang") => hang::compare(),
        None => {
            compare();
            hang::compare();
        }
    }
}

fn compare() {
    let cases = [(4, 1_000), (10_000, 1_000), (4, 1_000_000), (4, 100_000)];
    let stores = cases.map(|(webhooks, waiting)| {
        let directory = tempfile::tempdir().expect("a directory for the bench");
        let case = Case { webhooks, waiting, directory: directory.path().to_owned() };
        in_own_process(&Step::Prepare(case.clone()));
        (directory, case)
    });
    let mut runs: [Vec<Measured>; 4] = Default::default();
    for run in 0..RUNS {
        for ((_, case), runs) in stores.iter().zip(&mut runs) {
            let text = in_own_process(&Step::Measure(case.clone(), run));
            let measured = text.lines().find_map(Measured::parse);
            let measured = measured.unwrap_or_else(|| panic!("{case}: {text}"));
            eprintln!("{case}: {measured}");
            runs.push(measured);
        }
    }
    let [small, many_webhooks, much_waiting, in_between] = runs.map(Measured::median);

    for (name, measured) in [("4", &small), ("10k", &many_webhooks), ("1m_waiting", &much_waiting)]
    {
        figure(&format!("deliveries.{name}.per_second"), measured.per_second);
        figure(&format!("deliveries.{name}.cpu_us"), measured.cpu_us);
        figure(&format!("deliveries.{name}.p50_us"), measured.p50_us);
        figure(&format!("deliveries.{name}.p99_us"), measured.p99_us);
        figure(&format!("deliveries.{name}.ready_ms"), measured.ready_ms);
    }
    figure("webhooks.10k_over_4", many_webhooks.per_second / small.per_second);
    figure("backlog.1m_over_1k", much_waiting.per_second / small.per_second);
    figure("memory.rest_mib", small.rest_mib);
    figure("memory.100k_waiting_mib", in_between.ready_mib);
    figure("memory.1m_waiting_mib", much_waiting.ready_mib);
    figure("memory.10k_webhooks_mib", many_webhooks.ready_mib);
}

/// Takes a step in a process of its own; what it printed.
fn in_own_process(step: &Step) -> String {
    let program = std::env::current_exe().expect("the bench knows its own file");
    let mut command = Command::new(program);
    command.args(step.arguments()).stderr(Stdio::inherit());
    let output = command.output().expect("the bench can start itself");
    assert!(output.status.success(), "{step:?} ended with {}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn figure(name: &str, value: f64) {
    let digits = if value < 10.0 { 3 } else { 0 };
    println!("figure {name} {value:.digits$}");
}
