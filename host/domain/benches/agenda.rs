//! What an open delivery costs in the agenda: bytes of memory, where webhooks have no order, where each delivery has an
//! order key of its own, and where all have few.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::hint::black_box;

use transload_domain::{
    Agenda, DeliveryKey, EventNo, Head, HookNo, Lane, OrderKey, Part, Status, Timestamp, WebhookId,
};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Deliveries that wait.
const DELIVERIES: u64 = 1_000_000;
/// Webhooks that they wait at.
const WEBHOOKS: u64 = 4;

fn main() {
    // All are kept: memory that is given back would be used again, and would not show.
    let plain = figure("plain", |_| None);
    let alone = figure("ordered_alone", |event| Some(OrderKey(mixed(event))));
    let hundreds =
        figure("ordered_by_hundreds", |event| Some(OrderKey(mixed(event / WEBHOOKS / 100))));
    drop(black_box([plain, alone, hundreds]));
}

fn figure(name: &str, order: impl Fn(u64) -> Option<OrderKey>) -> Agenda {
    let before = memory();
    let mut agenda = Agenda::new(1);
    for number in 0..WEBHOOKS {
        agenda.configure(webhook(number), Lane { cap: 1, suspended: false });
    }
    for event in 0..DELIVERIES {
        let key = DeliveryKey {
            event: EventNo(event),
            webhook: webhook(event % WEBHOOKS),
            hook: HookNo(0),
            part: Part(0),
        };
        // Retries spread them: not one after the other, as they came.
        let due = Timestamp::from_micros(i64::try_from(mixed(event) >> 20).expect("44 bits"));
        let head = Head::new(key, Status::Scheduled, due, due);
        agenda.insert(Head { order: order(event), ..head });
    }
    let bytes = memory().saturating_sub(before) as f64 / DELIVERIES as f64;
    assert_eq!(agenda.waiting() as u64, DELIVERIES);
    println!("figure agenda.bytes.{name} {bytes:.0}");
    agenda
}

fn webhook(number: u64) -> WebhookId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    WebhookId::from_random(bytes)
}

/// A number that looks like a random one, and is another for each.
fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// Memory that this process holds, in bytes (resident set size).
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}
