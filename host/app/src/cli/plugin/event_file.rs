//! An event from a file: a CloudEvent in JSON form, or a plugin's case with its hook, settings and state.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use transload_domain::{Event, Organization, StateSource, Timestamp, limits};

/// Bytes of an event file: an event, and as much again for a case's other parts.
const FILE_BYTES_MAX: u64 = 2 * limits::EVENT_BYTES_MAX as u64;
/// Whose event it is where the file does not say.
const ORGANIZATION: &str = "acme";

/// What an event file holds.
#[derive(Debug)]
pub(super) struct EventFile {
    pub(super) event: Event,
    /// A case's hook type.
    pub(super) hook: Option<String>,
    /// A case's settings, JSON text.
    pub(super) settings: Option<String>,
    /// A case's plugin state.
    pub(super) state: FileState,
}

/// Plugin state as a case gives it: each value as JSON text, at revision 1.
#[derive(Clone, Debug, Default)]
pub(super) struct FileState(BTreeMap<String, Vec<u8>>);

impl StateSource for FileState {
    fn get(&self, key: &str) -> Result<Option<(u64, Vec<u8>)>, String> {
        Ok(self.0.get(key).map(|value| (1, value.clone())))
    }
}

/// A case. What it expects is for `cargo test`; here it is only run.
#[derive(Deserialize)]
struct Case {
    organization: Option<String>,
    event: CloudEvent,
    hook: CaseHook,
    #[serde(default)]
    state: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct CaseHook {
    r#type: String,
    settings: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct CloudEvent {
    id: Option<String>,
    source: Option<String>,
    r#type: String,
    subject: Option<String>,
    time: Option<String>,
    data: Box<RawValue>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

/// Attributes of CloudEvents that say nothing to a plugin.
const NOT_EXTENSIONS: [&str; 3] = ["specversion", "datacontenttype", "dataschema"];

impl EventFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or is neither a CloudEvent nor a case.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let size = fs::metadata(path).with_context(|| format!("read {name}"))?.len();
        if size > FILE_BYTES_MAX {
            bail!("{name} has {size} bytes; an event file has at most {FILE_BYTES_MAX}");
        }
        let text = fs::read_to_string(path).with_context(|| format!("read {name}"))?;
        Self::parse(&text).with_context(|| format!("read {name} as an event or a case"))
    }

    fn parse(text: &str) -> Result<Self> {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
        if !members.contains_key("event") {
            let event = event(serde_json::from_str(text)?, None)?;
            return Ok(Self { event, hook: None, settings: None, state: FileState::default() });
        }
        let case: Case = serde_json::from_str(text)?;
        let state =
            case.state.into_iter().map(|(key, value)| (key, value.to_string().into_bytes()));
        Ok(Self {
            event: event(case.event, case.organization.as_deref())?,
            hook: Some(case.hook.r#type),
            settings: case.hook.settings.map(|settings| settings.get().to_owned()),
            state: FileState(state.collect()),
        })
    }
}

fn event(found: CloudEvent, organization: Option<&str>) -> Result<Event> {
    let mut extensions = Vec::new();
    for (name, value) in found.others {
        if NOT_EXTENSIONS.contains(&name.as_str()) {
            continue;
        }
        let text = match value {
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => bail!("the extension attribute {name} must be a string, a number or a boolean"),
        };
        extensions.push((name, text));
    }
    Ok(Event {
        organization: Organization::new(organization.unwrap_or(ORGANIZATION))?,
        id: found.id.unwrap_or_else(|| "1".into()),
        source: found.source.unwrap_or_else(|| "/plugin-run".into()),
        kind: found.r#type,
        subject: found.subject,
        time: found.time,
        extensions,
        data: found.data.get().to_owned(),
        accepted_at: Timestamp::EPOCH,
        emulated_for: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_keeps_its_datas_digits_and_its_extensions() {
        let text = r#"{ "specversion": "1.0", "id": "7", "source": "/s", "type": "order.created",
                        "origin": "acme", "priority": 3, "data": { "total": 1.10 } }"#;
        let file = EventFile::parse(text).unwrap();
        assert_eq!(file.event.data, r#"{ "total": 1.10 }"#);
        let extensions = [("origin".into(), "acme".into()), ("priority".into(), "3".into())];
        assert_eq!(file.event.extensions, extensions);
        assert!(file.hook.is_none());
    }

    #[test]
    fn a_case_brings_hook_settings_and_state() {
        let text = r#"{ "organization": "b", "event": { "type": "a.b", "data": 1 },
                        "hook": { "type": "h", "settings": { "x": 1.0 } }, "state": { "k": [1] },
                        "expect": { "skip": "x" } }"#;
        let file = EventFile::parse(text).unwrap();
        assert_eq!(file.event.organization.as_str(), "b");
        assert_eq!(file.hook.as_deref(), Some("h"));
        assert_eq!(file.settings.as_deref(), Some(r#"{ "x": 1.0 }"#));
        assert_eq!(file.state.get("k").unwrap(), Some((1, b"[1]".to_vec())));
        assert_eq!(file.state.get("other").unwrap(), None);
    }

    #[test]
    fn what_is_neither_says_what_is_missing() {
        for (text, words) in [
            ("[]", "expected a map"),
            (r#"{ "type": "a.b" }"#, "missing field `data`"),
            (r#"{ "event": { "type": "a.b", "data": 1 } }"#, "missing field `hook`"),
            (r#"{ "type": "a.b", "data": 1, "x": [] }"#, "extension attribute x"),
        ] {
            let error = format!("{:#}", EventFile::parse(text).unwrap_err());
            assert!(error.contains(words), "{error:?} does not say {words:?}");
        }
    }
}
