//! Processor time of this process' threads, by their names.

use std::{collections::BTreeMap, fs, time::Duration};

/// Ticks in which `/proc` counts, per second: USER_HZ, which is 100 on every architecture of today.
const TICKS_PER_SECOND: u64 = 100;

/// Processor time of the threads that run now, by their names without a number at the end; of those with one name
/// together. Empty where the system does not tell (it is Linux that does, in `/proc`).
pub fn by_thread() -> BTreeMap<String, Duration> {
    let mut times = BTreeMap::new();
    for thread in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let Ok(stat) = fs::read_to_string(thread.path().join("stat")) else { continue };
        // The name stands in parentheses and may hold some itself.
        let Some((name, rest)) = stat.rsplit_once(") ") else { continue };
        let name = name.split_once('(').map_or("", |(_, name)| name);
        let name = name.trim_end_matches(|c: char| c == '-' || c.is_ascii_digit());
        // proc(5): fields 14 and 15 of all, in user mode and in the kernel; the state is field 3.
        let fields = rest.split_ascii_whitespace().skip(11).take(2);
        let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
        *times.entry(name.to_owned()).or_default() +=
            Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND);
    }
    times
}

/// What was used between two readings, by the names of threads. Threads that have ended between them are left out.
pub fn between(
    before: &BTreeMap<String, Duration>,
    after: &BTreeMap<String, Duration>,
) -> BTreeMap<String, Duration> {
    let used = after.iter().map(|(name, time)| {
        let before = before.get(name).copied().unwrap_or_default();
        (name.clone(), time.saturating_sub(before))
    });
    used.collect()
}
