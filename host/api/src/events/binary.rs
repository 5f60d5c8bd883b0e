//! An event whose attributes are HTTP headers and whose data is the body: CloudEvents' binary mode.

use axum::http::{HeaderMap, HeaderValue, header};
use percent_encoding::percent_decode;

use super::draft::Draft;
use crate::pointer::Pointer;

/// What the headers of attributes begin with.
const PREFIX: &str = "ce-";

/// Whether there is any attribute among the headers.
pub(super) fn is_meant(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name.as_str().starts_with(PREFIX))
}

/// Reads the event. `content-type` is its `datacontenttype`.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Draft {
    let mut draft = Draft::new(Pointer::root());
    for (header, value) in headers {
        let Some(name) = header.as_str().strip_prefix(PREFIX) else { continue };
        match (name, decode(value)) {
            ("datacontenttype", _) => {
                draft.fault(name, "in binary mode the content-type header says it");
            }
            (_, Some(text)) => draft.attribute(name, text),
            (_, None) => draft.fault(name, format!("header {header} is not percent-encoded UTF-8")),
        }
    }
    if let Some(Ok(media)) = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str) {
        draft.attribute("datacontenttype", media.to_owned());
    }
    match std::str::from_utf8(body) {
        Ok("") => {}
        Ok(text) => draft.data("data", text),
        Err(error) => draft.fault("data", format!("the body is not UTF-8: {error}")),
    }
    draft
}

/// A header's value as text: without the quotes of a quoted string, percent-decoded once
/// (CloudEvents 1.0.2, HTTP protocol binding, section 3.1.3.2).
fn decode(value: &HeaderValue) -> Option<String> {
    let bytes = value.as_bytes();
    let inner = bytes.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let plain = match inner {
        Some(quoted) => unquote(quoted),
        None => bytes.to_vec(),
    };
    let decoded: Vec<u8> = percent_decode(&plain).collect();
    String::from_utf8(decoded).ok()
}

/// What a quoted string stands for: `\x` is `x` (RFC 9110, section 5.6.4).
fn unquote(quoted: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter();
    while let Some(byte) = bytes.next() {
        plain.push(if *byte == b'\\' { *bytes.next().unwrap_or(byte) } else { *byte });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first three are the binding's own examples.
    #[test]
    fn values_are_decoded_as_the_binding_says() {
        for (header, expected) in [
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", Some("Euro \u{20ac} \u{1f600}")),
            ("%c3%a4", Some("\u{e4}")),
            ("plain", Some("plain")),
            ("\"quoted \\\"x\\\" %25\"", Some("quoted \"x\" %")),
            ("100%", Some("100%")),
            ("%ff", None),
        ] {
            let value = HeaderValue::from_str(header).unwrap();
            assert_eq!(decode(&value).as_deref(), expected, "{header}");
        }
    }
}
