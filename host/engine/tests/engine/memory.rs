//! Memory after very many calls.

use std::{fs, process::Command};

use crate::guests::{call, engine};

const PAGE_BYTES: u64 = 4_096;
/// Noise: what allocator and kernel do in the meantime. 99,000 calls that leave 50 bytes each are over it.
const NOISE_BYTES: u64 = 4 << 20;
/// Set in the child: a process in which no other test runs, so that all of its memory is this test's.
const CHILD: &str = "TRANSLOAD_TEST_MEMORY";

#[test]
fn memory_is_after_100_000_calls_where_it_was_after_1_000() {
    if std::env::var_os(CHILD).is_some() {
        return memory_stays();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("memory::memory_is_after_100_000_calls_where_it_was_after_1_000")
        .env(CHILD, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("1 passed"), "the child ran the test: {told}");
}

fn memory_stays() {
    let engine = engine(&["echo", "counter", "panic", "memory-bomb"]);
    let run = |calls: u32| {
        for n in 0..calls {
            let guest = match n % 1_000 {
                0 => "memory-bomb",
                n => ["echo", "counter", "panic"][n as usize % 3],
            };
            engine.transform_here(call(guest)).unwrap();
        }
        resident()
    };
    let early = run(1_000);
    let late = run(99_000);
    println!("{early} bytes after 1,000 calls, {late} after 100,000");
    assert!(late < early + NOISE_BYTES, "{early} bytes after 1,000 calls, {late} after 100,000");
}

/// Bytes of memory that this process occupies.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * PAGE_BYTES
}
