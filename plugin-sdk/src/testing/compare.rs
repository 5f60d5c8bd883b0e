//! Whether what came out is what a case says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::case::{Expect, ExpectedFault, ExpectedRequest};
use crate::{Fault, Outcome, Request};

/// How the outcome differs, in words; nothing when it does not.
pub(super) fn outcome(
    expect: &Expect,
    method: &str,
    outcome: &Result<Outcome, Fault>,
) -> Vec<String> {
    match (outcome, &expect.requests, &expect.skip, &expect.fault) {
        (Ok(Outcome::Deliver(got)), Some(expected), _, _) => requests(expected, method, got),
        (Ok(Outcome::Skip(got)), _, Some(expected), _) if got == expected => vec![],
        (Err(got), _, _, Some(expected)) if is(got, expected) => vec![],
        _ => vec![format!("it came out as {}", told(outcome))],
    }
}

/// How the state differs, in words; nothing when it does not or when the case does not say.
pub(super) fn state(expect: &Expect, entries: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let Some(expected) = &expect.state else { return vec![] };
    let read = |value: &Vec<u8>| serde_json::from_slice(value).unwrap_or(Value::Null);
    let got = entries.iter().map(|(key, value)| (key.clone(), read(value))).collect();
    differences(
        "state",
        &Value::Object(expected.clone().into_iter().collect()),
        &Value::Object(got),
    )
}

fn is(fault: &Fault, expected: &ExpectedFault) -> bool {
    match (fault, expected) {
        (Fault::InvalidEvent(got), ExpectedFault::InvalidEvent(part))
        | (Fault::RetryLater(got), ExpectedFault::RetryLater(part))
        | (Fault::Internal(got), ExpectedFault::Internal(part)) => got.contains(part),
        _ => false,
    }
}

fn told(outcome: &Result<Outcome, Fault>) -> String {
    match outcome {
        Ok(Outcome::Deliver(requests)) => format!("{} request(s)", requests.len()),
        Ok(Outcome::Skip(reason)) => format!("skip: {reason}"),
        Err(fault) => format!("fault: {fault}"),
    }
}

fn requests(expected: &[ExpectedRequest], method: &str, got: &[Request]) -> Vec<String> {
    if expected.len() != got.len() {
        return vec![format!("{} request(s) instead of {}", got.len(), expected.len())];
    }
    let pairs = expected.iter().zip(got).enumerate();
    pairs.flat_map(|(no, (expected, got))| request(no, expected, method, got)).collect()
}

fn request(no: usize, expected: &ExpectedRequest, method: &str, got: &Request) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: &Value, got: &Value| {
        found.extend(differences(&format!("requests[{no}].{what}"), expected, got));
    };
    let got_method = got.get_method().map_or(method, |method| method.as_str());
    compare("method", &expected.method.as_deref().unwrap_or(method).into(), &got_method.into());
    compare("path", &expected.path.clone().into(), &got.get_path().into());
    let headers = |headers: &[(String, String)]| {
        Value::Object(
            headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect(),
        )
    };
    let expected_headers: Vec<_> = expected.headers.clone().into_iter().collect();
    compare("headers", &headers(&expected_headers), &headers(got.headers()));
    let body = String::from_utf8_lossy(got.body());
    match (&expected.body, &expected.body_text) {
        (Some(expected), _) => {
            let got = serde_json::from_str(&body).unwrap_or_else(|_| body.as_ref().into());
            compare("body", &serde_json::from_str(expected.get()).unwrap_or_default(), &got);
        }
        (None, text) => compare("body_text", &text.clone().into(), &body.as_ref().into()),
    }
    found
}

/// Every place at which two values differ, each with its path.
fn differences(path: &str, expected: &Value, got: &Value) -> Vec<String> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            let missing = expected.keys().filter(|key| !got.contains_key(*key));
            let missing = missing.map(|key| format!("{path}.{key} is missing"));
            let others = got.iter().flat_map(|(key, got)| match expected.get(key) {
                Some(expected) => differences(&format!("{path}.{key}"), expected, got),
                None => vec![format!("{path}.{key} is not expected: {got}")],
            });
            missing.chain(others).collect()
        }
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
            let pairs = expected.iter().zip(got).enumerate();
            pairs.flat_map(|(no, (e, g))| differences(&format!("{path}[{no}]"), e, g)).collect()
        }
        _ if expected == got => vec![],
        _ => vec![format!("{path} is {got} instead of {expected}")],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_difference_is_told_with_its_path() {
        let expected = json!({"a": 1, "b": [1, {"c": null}], "d": [1]});
        assert_eq!(differences("body", &expected, &expected), Vec::<String>::new());
        let got = json!({"b": [2, {"c": "x"}], "d": [], "e": 0});
        assert_eq!(
            differences("body", &expected, &got),
            [
                "body.a is missing",
                "body.b[0] is 2 instead of 1",
                "body.b[1].c is \"x\" instead of null",
                "body.d is [] instead of [1]",
                "body.e is not expected: 0",
            ]
        );
    }
}
