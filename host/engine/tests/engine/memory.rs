//! Memory after very many calls.

use std::fs;

use crate::guests::{call, engine};

const PAGE_BYTES: u64 = 4_096;
/// Noise: what other tests of this binary, allocator and kernel do in the meantime.
const NOISE_BYTES: u64 = 24 << 20;

#[test]
fn memory_is_after_100_000_calls_where_it_was_after_1_000() {
    let engine = engine(&["echo", "counter", "panic"]);
    let run = |calls: u32| {
        for n in 0..calls {
            let guest = ["echo", "counter", "panic"][n as usize % 3];
            engine.transform_here(call(guest)).unwrap();
        }
        resident()
    };
    let early = run(1_000);
    let late = run(99_000);
    assert!(late < early + NOISE_BYTES, "{early} bytes after 1,000 calls, {late} after 100,000");
}

/// Bytes of memory that this process occupies.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * PAGE_BYTES
}
