//! What guests do wrong when they run: each is stopped, named in plain words, and leaves the others alone.

use std::time::{Duration, Instant};

use transload_domain::{Outcome, Transformed, limits};
use transload_engine::Engine;

use crate::guests::{call, engine};

/// Guest, the fault's kind, and words that tell it.
const FAULTS: [(&str, &str, &str); 21] = [
    ("endless-loop", "time", "the plugin did not end within 250 ms"),
    ("endless-host-calls", "trap", "it called the host more than 10000 times"),
    ("memory-bomb", "memory", "the plugin wanted more than 64 MiB of memory"),
    ("table-bomb", "trap", "gave up without a message"),
    ("stack-overflow", "stack", "the plugin used up its stack"),
    ("shadow-stack-overflow", "stack", "the plugin used up its stack"),
    ("panic", "panic", "the plugin panicked: boom at src/lib.rs:12:5"),
    ("silent-panic", "trap", "it gave up without a message (unreachable)"),
    ("divide-by-zero", "trap", "it divided by zero"),
    ("wild-pointer", "trap", "it touched memory that it does not have"),
    ("huge-result", "output", "MiB at once, which was not even read"),
    ("bad-pointer", "output", "out of bounds of memory"),
    ("invalid-utf8", "output", "a text that is not UTF-8"),
    ("log-invalid-utf8", "output", "a text that is not UTF-8"),
    ("empty-headers", "output", "100000 headers; 64 are allowed"),
    ("large-header", "output", "headers of 20007 bytes; 16384 are allowed"),
    ("nothing", "output", "no request at all; to send nothing, skip with a reason"),
    ("large-state", "state", "a value has 65537 bytes; it may have 65536"),
    ("refuses", "invalid_event", "the plugin refuses the event: {"),
    ("endless-loop", "time", "within 250 ms"),
    ("panic", "panic", "boom"),
];

#[tokio::test(flavor = "multi_thread")]
async fn i10_every_fault_is_named_and_touches_nobody_else() {
    let mut guests: Vec<_> = FAULTS.iter().map(|(guest, ..)| *guest).collect();
    guests.push("echo");
    let engine = engine(&guests);
    for (guest, kind, words) in FAULTS {
        let begun = Instant::now();
        let ran = engine.transform(call(guest)).await.unwrap();
        let fault = ran.result.unwrap_err();
        assert_eq!(fault.kind(), kind, "{guest}: {fault}");
        assert!(fault.to_string().contains(words), "{guest}: {fault}");
        assert!(!fault.to_string().contains("0x"), "{guest}: no addresses: {fault}");
        assert_eq!(ran.writes, [], "{guest}: a fault changes nothing");
        assert_eq!(ran.plugin.name.as_str(), guest);
        assert!(begun.elapsed() < Duration::from_secs(5), "{guest} took {:?}", begun.elapsed());
        delivers(&engine).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panics_text_is_the_fault_and_no_line_of_the_log() {
    let ran = engine(&["panic"]).transform(call("panic")).await.unwrap();
    let lines: Vec<_> = ran.log.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(lines, ["boom"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn i8_a_guest_that_never_ends_keeps_no_other_waiting() {
    let engine = engine(&["endless-loop", "echo"]);
    let (endless, others) = tokio::join!(engine.transform(call("endless-loop")), async {
        let mut count = 0_u32;
        let begun = Instant::now();
        while begun.elapsed() < limits::TRANSFORM_TIME_MAX {
            delivers(&engine).await;
            count += 1;
        }
        count
    });
    assert_eq!(endless.unwrap().result.unwrap_err().kind(), "time");
    assert!(others > 10, "{others} calls in the meantime");
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_small_host_calls_are_allowed_and_counted() {
    let ran = engine(&["many-host-calls"]).transform(call("many-host-calls")).await.unwrap();
    assert!(ran.result.is_ok(), "{:?}", ran.result);
    assert_eq!(ran.log.len(), limits::LOG_LINES_MAX);
    assert_eq!(ran.log_dropped as usize, 5_000 - limits::LOG_LINES_MAX);
}

async fn delivers(engine: &Engine) {
    let Transformed { result, .. } = engine.transform(call("echo")).await.unwrap();
    let Ok(Outcome::Deliver(requests)) = result else { panic!("{result:?}") };
    assert_eq!(requests[0].body, br#"{"n":1}"#);
}
