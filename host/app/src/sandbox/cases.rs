//! The plugins' own cases, so that what a plugin makes and what the sandbox demands cannot drift apart.

use std::{fs, path::Path};

use serde_json::Value;

/// A request that a case expects.
pub(super) struct Expected {
    /// The case's file.
    pub(super) file: String,
    /// The hook's type.
    pub(super) hook: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
}

/// Every request with a JSON body that this plugin's cases expect.
pub(super) fn expected_requests(plugin: &str) -> Vec<Expected> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins").join(plugin).join("cases");
    let mut expected = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let requests = case.pointer("/expect/requests").and_then(Value::as_array);
        for request in requests.into_iter().flatten() {
            let headers = request["headers"].as_object().unwrap().iter();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            expected.push(Expected {
                file: path.file_name().unwrap().to_string_lossy().into_owned(),
                hook: text(&case["hook"]["type"]),
                headers: headers.map(|(name, value)| (name.clone(), text(value))).collect(),
                body: request["body"].clone(),
            });
        }
    }
    expected
}
