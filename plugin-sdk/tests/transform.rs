//! One run of a plugin, natively.

use std::{
    fs,
    panic::catch_unwind,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use transload_plugin::{
    prelude::*,
    testing::{self, MemoryState},
};

/// Counts the events of each kind and tells the vendor the count.
struct Counter;

#[derive(Deserialize)]
#[serde(crate = "transload_plugin::serde")]
struct Data {
    step: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "transload_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "transload_plugin::schemars")]
struct Settings {
    #[serde(default)]
    prefix: String,
}

impl Plugin for Counter {
    type Data = Data;
    type Settings = Settings;

    fn profile() -> Profile {
        Profile::new("counter", "1.0.0").hook(Hook::new("counts").on("count.*"))
    }

    fn transform(
        event: Event<Data>,
        hook: Hook<Settings>,
        state: &mut State,
    ) -> Result<Outcome, Fault> {
        let count = state.get_json::<u32>("count")?.unwrap_or(0) + event.data.step;
        state.set_json("count", &count)?;
        match event.kind.as_str() {
            "count.none" => Ok(deliver(vec![])),
            "count.skip" => Ok(skip("nothing to tell")),
            _ => Ok(deliver(
                Request::bytes(format!("{}{count}", hook.settings.prefix))
                    .path("/counts")
                    .method(Method::Patch)
                    .header("Origin", event.extension("origin").unwrap_or("none")),
            )),
        }
    }
}

fn run(kind: &str, data: &serde_json::Value, memory: &MemoryState) -> Result<Outcome, Fault> {
    testing::run::<Counter>(
        testing::event(kind, data),
        testing::hook("counts"),
        &mut memory.state(),
    )
}

#[test]
fn what_a_plugin_remembers_is_there_in_the_next_run() {
    let memory = MemoryState::default();
    for _ in 0..3 {
        run("count.skip", &serde_json::json!({"step": 2}), &memory).unwrap();
    }
    assert_eq!(memory.entries()["count"], b"6");
    memory.state().delete("count");
    assert!(memory.entries().is_empty());
}

#[test]
fn a_state_that_is_not_what_it_should_be_is_told_with_its_key() {
    let memory = MemoryState::default();
    memory.state().set("count", b"many");
    let fault = run("count.up", &serde_json::json!({"step": 1}), &memory).unwrap_err();
    assert_eq!(fault.kind(), "internal");
    assert!(fault.reason().starts_with("read the state's \"count\": "), "{fault}");
}

#[test]
fn bad_data_is_the_events_fault_and_told_with_its_path() {
    let fault = run("count.up", &serde_json::json!({"step": -1}), &MemoryState::default());
    assert_eq!(
        fault.unwrap_err().to_string(),
        "invalid_event: data.step: invalid value: integer `-1`, expected u32 at line 1 column 10"
    );
}

#[test]
fn bad_settings_are_not_the_events_fault() {
    let mut hook = testing::hook("counts");
    hook.settings = Json::new(r#"{"prefix": 1}"#);
    let event = testing::event("count.up", &serde_json::json!({"step": 1}));
    let fault = testing::run::<Counter>(event, hook, &mut MemoryState::default().state());
    let fault = fault.unwrap_err();
    assert_eq!(fault.kind(), "internal");
    assert!(fault.reason().contains("settings.prefix: invalid type: integer `1`"), "{fault}");
}

#[test]
fn to_deliver_nothing_is_the_plugins_fault() {
    let outcome = run("count.none", &serde_json::json!({"step": 1}), &MemoryState::default());
    assert_eq!(outcome.unwrap_err().kind(), "internal");
}

const CASE: &str = r#"{
    "event": {"type": "count.up", "origin": "shop", "data": {"step": 2}},
    "hook": {"type": "counts", "settings": {"prefix": "n"}},
    "state": {"count": 3},
    "expect": {
        "requests": [{"method": "PATCH", "path": "/counts", "headers": {"Origin": "shop"}, "body_text": "n5"}],
        "state": {"count": 5}
    }
}"#;

/// What `check_cases` says about a folder with this case; nothing when all is well.
fn checked<P: Plugin>(case: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("make a folder");
    fs::write(folder.path().join("case.json"), case).expect("write the case");
    complaint::<P>(folder.path())
}

fn complaint<P: Plugin>(folder: &Path) -> Option<String> {
    let panic = catch_unwind(|| testing::check_cases::<P>(folder)).err()?;
    Some(*panic.downcast::<String>().expect("a panic with a text"))
}

#[test]
fn a_case_that_comes_out_as_it_says_passes() {
    assert_eq!(checked::<Counter>(CASE), None);
}

#[test]
fn a_case_that_comes_out_otherwise_is_told() {
    let good = CASE;
    for (from, to, complaint) in [
        ("\"n5\"", "\"n6\"", "requests[0].body_text is \"n5\" instead of \"n6\""),
        ("PATCH", "POST", "requests[0].method is \"PATCH\" instead of \"POST\""),
        ("/counts", "/", "requests[0].path is \"/counts\" instead of \"/\""),
        ("\"Origin\": \"shop\"", "", "requests[0].headers.Origin is not expected"),
        ("\"state\": {\"count\": 5}", "\"state\": {}", "state.count is not expected: 5"),
        (
            "count.up",
            "other.up",
            "the profile's hook \"counts\" does not accept events \"other.up\"",
        ),
        ("\"step\": 2", "\"step\": []", "it came out as fault: invalid_event: data.step"),
        ("count.up", "count.skip", "it came out as skip: nothing to tell"),
        ("\"hook\"", "\"hok\"", "this is no case: unknown field `hok`"),
    ] {
        let told = checked::<Counter>(&good.replace(from, to)).unwrap_or_default();
        assert!(told.contains(complaint), "{from} -> {to}: {told}");
    }
}

#[test]
fn a_folder_without_cases_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(complaint::<Counter>(folder.path()).unwrap().starts_with("no case (*.json) in "));
}

/// Not a pure transform: it counts in a static.
struct Impure;

impl Plugin for Impure {
    type Data = Json;
    type Settings = AnySettings;

    fn profile() -> Profile {
        Counter::profile()
    }

    fn transform(_: Event<Json>, _: Hook<AnySettings>, _: &mut State) -> Result<Outcome, Fault> {
        static RUNS: AtomicU32 = AtomicU32::new(5);
        let count = RUNS.fetch_add(1, Ordering::Relaxed);
        Ok(deliver(Request::bytes(count.to_string())))
    }
}

/// Any settings.
type AnySettings = serde_json::Value;

#[test]
fn i5_a_transform_that_gives_other_bytes_the_second_time_is_found() {
    let case = r#"{"event": {"type": "count.up", "data": 1}, "hook": {"type": "counts"},
                   "expect": {"requests": [{"body_text": "5"}]}}"#;
    let told = checked::<Impure>(case).unwrap();
    assert!(told.contains("a second run came out otherwise"), "{told}");
}
