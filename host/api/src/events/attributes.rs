//! What CloudEvents says about attributes, and what we ask beyond it.

use fluent_uri::UriRef;
use transload_domain::limits::{EVENT_ATTRIBUTE_BYTES_MAX, NAME_LEN_MAX};

use crate::{body::MediaType, time::is_rfc3339};

/// What nearly every event says; it need not be taken apart to be known.
pub(super) const JSON: &str = "application/json";

/// What is wrong with an attribute's name; `None` when nothing is.
///
/// Source: CloudEvents 1.0.2, "Attribute naming convention": lower-case ASCII letters and digits, and never `data`.
pub(super) fn fault_of_name(name: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if name == "data" {
        return Some("no attribute is named data".to_owned());
    }
    if name.is_empty() || name.len() > NAME_LEN_MAX || !name.bytes().all(allowed) {
        return Some(format!(
            "an attribute's name is 1 to {NAME_LEN_MAX} lower-case letters and digits"
        ));
    }
    None
}

/// What is wrong with an attribute's value; `None` when nothing is.
pub(super) fn fault_of_value(name: &str, value: &str) -> Option<String> {
    if value.len() > EVENT_ATTRIBUTE_BYTES_MAX {
        return Some(format!("{name} has at most {EVENT_ATTRIBUTE_BYTES_MAX} bytes"));
    }
    // CloudEvents 1.0.2, "Type system", String.
    if value.chars().any(|c| c.is_control() || is_noncharacter(c)) {
        return Some(format!("{name} must not have control characters"));
    }
    match name {
        "specversion" if value != "1.0" => {
            Some("specversion must be \"1.0\"; no other version is served".to_owned())
        }
        "id" if value.is_empty() => Some("id must not be empty".to_owned()),
        "subject" if value.is_empty() => {
            Some("subject must not be empty; leave it out instead".to_owned())
        }
        "source" if value.is_empty() || UriRef::parse(value).is_err() => Some(
            "source must be a URI reference, like /shop/orders or https://shop.example".to_owned(),
        ),
        "dataschema" if value.is_empty() || UriRef::parse(value).is_err() => {
            Some("dataschema must be a URI".to_owned())
        }
        "type" if !is_event_type(value) => Some(
            "type must be dotted lower case, like order.created: parts of letters, digits, '_' and '-'"
                .to_owned(),
        ),
        "time" if !is_rfc3339(value) => {
            Some("time must be as RFC 3339 writes it, like 2018-04-05T17:31:00Z".to_owned())
        }
        "datacontenttype" if !is_json(value) => {
            Some("datacontenttype must be application/json or end in +json".to_owned())
        }
        _ => None,
    }
}

/// Whether a type is dotted lower case.
fn is_event_type(text: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
    };
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(allowed))
}

fn is_json(datacontenttype: &str) -> bool {
    datacontenttype == JSON
        || MediaType::parse(datacontenttype).is_some_and(|media| media.is_json())
}

/// Code points that Unicode sets apart for ever: U+FDD0 to U+FDEF, and the last two of each plane.
fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_judged_by_their_attribute() {
        let long = "x".repeat(EVENT_ATTRIBUTE_BYTES_MAX + 1);
        for (name, value, good) in [
            ("specversion", "1.0", true),
            ("specversion", "0.3", false),
            ("id", "A234-1234-1234", true),
            ("id", "", false),
            ("id", long.as_str(), false),
            ("source", "/mycontext", true),
            ("source", "https://github.com/cloudevents/spec/pull", true),
            ("source", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66", true),
            ("source", "1-555-123-4567", true),
            ("source", "", false),
            ("source", "a b", false),
            ("type", "order.created", true),
            ("type", "com.github.pull_request.opened", true),
            ("type", "Order.Created", false),
            ("type", "order..created", false),
            ("type", "order.", false),
            ("type", "order.*", false),
            ("time", "2018-04-05T17:31:00Z", true),
            ("time", "yesterday", false),
            ("subject", "mynewfile.jpg", true),
            ("subject", "", false),
            ("subject", "a\nb", false),
            ("datacontenttype", "application/json", true),
            ("datacontenttype", "application/vnd.acme+json; charset=utf-8", true),
            ("datacontenttype", "text/xml", false),
            ("dataschema", "https://acme.example/order.json", true),
            ("comexampleextension1", "value", true),
            ("comexampleextension1", "", true),
            ("comexampleextension1", "\u{ffff}", false),
        ] {
            let fault = fault_of_value(name, value);
            assert_eq!(fault.is_none(), good, "{name}={value}: {fault:?}");
        }
    }

    #[test]
    fn names_are_lower_case_letters_and_digits() {
        for (name, good) in [
            ("traceparent", true),
            ("a1", true),
            ("data", false),
            ("", false),
            ("myExtension", false),
            ("my-extension", false),
            ("my_extension", false),
            ("ä", false),
        ] {
            assert_eq!(fault_of_name(name).is_none(), good, "{name}");
        }
    }
}
