//! Tests of a plugin on the machine at hand, without WebAssembly.
//!
//! ```no_run
//! # use transload_plugin::prelude::*;
//! # struct Acme;
//! # impl Plugin for Acme {
//! #     type Data = Json;
//! #     type Settings = NoSettings;
//! #     fn profile() -> Profile { Profile::new("acme", "1.0.0") }
//! #     fn transform(_: Event<Json>, _: Hook<NoSettings>, _: &mut State) -> Result<Outcome, Fault> {
//! #         Ok(skip("nothing to do"))
//! #     }
//! # }
//! use transload_plugin::testing;
//!
//! #[test]
//! fn the_profile_is_sound() {
//!     testing::check_profile::<Acme>();
//! }
//!
//! #[test]
//! fn every_case_comes_out_as_it_says() {
//!     testing::check_cases::<Acme>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
//! }
//! ```
//!
//! # Case files
//!
//! A case is a JSON file, `cases/<name>.json`: what goes in and what comes out. An unknown member is refused.
//!
//! | Member | Means |
//! |---|---|
//! | `description` | what it shows, for people; optional |
//! | `organization` | whose event it is; `acme` where absent |
//! | `event` | a CloudEvent in JSON form with its `data`; only `type` and `data` are required. Members that CloudEvents does not define are extension attributes |
//! | `hook` | `type`; optionally `settings`, `webhook_id`, `delivery_id`, `accepted_at` |
//! | `state` | the plugin state before, by key; a value is stored as JSON text; optional |
//! | `expect` | exactly one of `requests`, `skip` and `fault`; optionally `state` |
//! | `expect.requests[]` | `method` (the hook's where absent), `path` (none where absent), `headers` (an object, all of them), and `body` (compared as JSON) or `body_text` (compared as it is) |
//! | `expect.skip` | the reason, exactly |
//! | `expect.fault` | `{"<kind>": "<part of the reason>"}` with the kind `invalid_event`, `retry_later` or `internal` |
//! | `expect.state` | the whole plugin state afterwards; not looked at where absent |

mod case;
mod compare;
mod profile;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

pub use profile::check_profile;

use self::case::Case;
use crate::{Event, Fault, Hook, Json, Outcome, Plugin, State, StateStore, glue};

/// Runs every case file of a folder, twice, and compares what comes out with what it says.
///
/// # Panics
/// With all differences of all cases; when a file is no case; when there is no case at all.
pub fn check_cases<P: Plugin>(folder: impl AsRef<Path>) {
    let files = case_files(folder.as_ref());
    assert!(!files.is_empty(), "no case (*.json) in {}", folder.as_ref().display());
    let failed: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let differences = check_case::<P>(file);
            let name = file.file_name().unwrap_or_default().display();
            (!differences.is_empty()).then(|| format!("{name}:\n  {}", differences.join("\n  ")))
        })
        .collect();
    let (count, of) = (failed.len(), files.len());
    assert!(failed.is_empty(), "{count} of {of} cases came out otherwise\n{}", failed.join("\n"));
}

/// Runs a plugin once, through the same steps as in a module.
///
/// # Errors
/// The fault, as the host would see it.
pub fn run<P: Plugin>(
    event: Event<Json>,
    hook: Hook<Json>,
    state: &mut State,
) -> Result<Outcome, Fault> {
    glue::transform::<P>(event, hook, state)
}

/// An event to start from; set its other members as needed.
pub fn event(kind: impl Into<String>, data: &serde_json::Value) -> Event<Json> {
    Event {
        id: "1".into(),
        source: "/test".into(),
        kind: kind.into(),
        subject: None,
        time: "2026-01-02T03:04:05Z".into(),
        organization: "acme".into(),
        extensions: Vec::new(),
        data: Json::new(data.to_string()),
    }
}

/// A hook without settings to start from; set its other members as needed.
pub fn hook(kind: impl Into<String>) -> Hook<Json> {
    Hook {
        kind: kind.into(),
        webhook_id: "6f3c1f0a-2b4d-4e5f-8a6b-7c8d9e0f1a2b".into(),
        delivery_id: "c1d3d80f-a76c-852c-9261-682279a659cb".into(),
        accepted_at: "2026-01-02T03:04:05.678901Z".into(),
        settings: Json::new("{}"),
    }
}

/// Plugin state in a map. A clone is the same map, to be looked at after a run.
#[derive(Clone, Debug, Default)]
pub struct MemoryState(Rc<RefCell<BTreeMap<String, Vec<u8>>>>);

impl MemoryState {
    /// The state that is kept in this map.
    pub fn state(&self) -> State {
        State::new(self.clone())
    }

    /// All keys and values.
    pub fn entries(&self) -> BTreeMap<String, Vec<u8>> {
        self.0.borrow().clone()
    }
}

impl StateStore for MemoryState {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.borrow().get(key).cloned()
    }

    fn set(&mut self, key: &str, value: &[u8]) {
        self.0.borrow_mut().insert(key.to_owned(), value.to_vec());
    }

    fn delete(&mut self, key: &str) {
        self.0.borrow_mut().remove(key);
    }
}

fn case_files(folder: &Path) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => panic!("read the folder {}: {error}", folder.display()),
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

fn check_case<P: Plugin>(file: &Path) -> Vec<String> {
    let read = fs::read_to_string(file).map_err(|error| error.to_string());
    let case = match read.and_then(|text| Case::read(&text)) {
        Ok(case) => case,
        Err(error) => return vec![format!("this is no case: {error}")],
    };
    let profile = profile::read::<P>();
    let Some(method) = profile.method_for(&case.hook.kind, &case.event.kind) else {
        let (kind, event) = (&case.hook.kind, &case.event.kind);
        return vec![format!("the profile's hook {kind:?} does not accept events {event:?}")];
    };
    let (outcome, after) = run_case::<P>(&case);
    let mut differences = compare::outcome(&case.expect, method, &outcome);
    differences.extend(compare::state(&case.expect, &after));
    if run_case::<P>(&case) != (outcome, after) {
        differences.push("a second run came out otherwise; a transform must be pure".into());
    }
    differences
}

/// What comes out, and the state afterwards.
fn run_case<P: Plugin>(case: &Case) -> (Result<Outcome, Fault>, BTreeMap<String, Vec<u8>>) {
    let mut memory = MemoryState::default();
    for (key, value) in case.state.iter().flatten() {
        memory.set(key, value.to_string().as_bytes());
    }
    let outcome = run::<P>(case.event(), case.hook(), &mut memory.state());
    (outcome, memory.entries())
}
