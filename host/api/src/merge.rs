//! JSON merge patch (RFC 7396), on the text that came in: what a patch leaves alone keeps every digit.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::raw::{Members, trim};

/// Levels of a patch. As deep as JSON is read anywhere here.
const DEPTH_MAX: usize = 128;
/// Members of one object; bodies are bounded, so this only says that there is an end.
const MEMBERS_MAX: usize = 100_000;

/// The document after the patch.
///
/// # Errors
/// When one of them is no sound JSON, or the patch is too deep.
pub(crate) fn merge(target: &str, patch: &str) -> Result<String, serde_json::Error> {
    merged(Some(target), patch, DEPTH_MAX)
}

fn merged(target: Option<&str>, patch: &str, levels: usize) -> Result<String, serde_json::Error> {
    let Some(changes) = members(patch)? else { return Ok(trim(patch).to_owned()) };
    let Some(levels) = levels.checked_sub(1) else {
        return Err(serde::de::Error::custom(format_args!("deeper than {DEPTH_MAX} levels")));
    };
    let target = target.map(members).transpose()?.flatten().unwrap_or(Members(Vec::new()));
    let mut places = HashMap::new();
    let mut document: Vec<(String, Option<String>)> = Vec::new();
    for (name, value) in target.0 {
        places.insert(name.clone(), document.len());
        document.push((name, Some(value.get().to_owned())));
    }
    for (name, value) in changes.0 {
        let place = *places.entry(name.clone()).or_insert_with(|| {
            document.push((name, None));
            document.len() - 1
        });
        let old = document[place].1.take();
        if value.get() != "null" {
            document[place].1 = Some(merged(old.as_deref(), value.get(), levels)?);
        }
    }
    let mut text = String::from("{");
    for (name, value) in &document {
        let Some(value) = value else { continue };
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&serde_json::to_string(name)?);
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    Ok(text)
}

/// The members of an object; `None` of anything else.
fn members(text: &str) -> Result<Option<Members<'_, MEMBERS_MAX>>, serde_json::Error> {
    if trim(text).starts_with('{') {
        serde_json::from_str(text).map(Some)
    } else {
        serde_json::from_str::<&RawValue>(text).map(|_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7396, appendix A, and numbers that a double would change.
    #[test]
    fn patches_as_the_rfc_says() {
        for (target, patch, expected) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
            (r#"{"a":{"n":1.50,"m":2}}"#, r#"{"a":{"m":3.00}}"#, r#"{"a":{"n":1.50,"m":3.00}}"#),
            (r#"{"a":1}"#, r#"{"a":2, "a":3}"#, r#"{"a":3}"#),
            (r#"{"\u0061":1}"#, r#"{"a": null , "b\"" : 2}"#, r#"{"b\"":2}"#),
        ] {
            assert_eq!(merge(target, patch).unwrap(), expected, "{target} {patch}");
        }
    }

    #[test]
    fn deep_patches_are_an_error_and_no_overflow() {
        let deep = |levels: usize| "{\"a\":".repeat(levels) + "1" + &"}".repeat(levels);
        assert!(merge("{}", &deep(DEPTH_MAX)).is_ok());
        for levels in [DEPTH_MAX + 1, 30_000] {
            assert!(merge("{}", &deep(levels)).is_err());
        }
    }
}
