//! Whether what a plugin returned can be sent.

use transload_domain::{Fault, Method, Outcome, Request, limits};

use super::abi;

/// Headers that belong to the connection or to the sender (RFC 9110, sections 7.2, 7.6.1, 8.6 and 10.1.1).
const NOT_THE_PLUGINS: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Bytes that a guest may hand over in one call: the largest outcome that is allowed, and room for the records
/// around it. More is refused before it is copied.
pub(super) const LIFTED_BYTES_MAX: usize = limits::REQUESTS_MAX
    * (limits::BODY_BYTES_MAX + limits::HEADER_BYTES_MAX + limits::PATH_BYTES_MAX + (64 << 10));

/// Checks an outcome and fills in the hook's method where a request names none.
pub(super) fn check(outcome: abi::Outcome, method: Method) -> Result<Outcome, Fault> {
    match outcome {
        abi::Outcome::Skip(reason) => Ok(Outcome::Skip(shortened(reason))),
        abi::Outcome::Deliver(requests) => {
            let count = requests.len();
            if count == 0 {
                return wrong("no request at all; to send nothing, skip with a reason");
            }
            if count > limits::REQUESTS_MAX {
                return wrong(format!("{count} requests; {} are allowed", limits::REQUESTS_MAX));
            }
            let checked = requests.into_iter().enumerate().map(|(at, request)| {
                check_request(request, method).map_err(|text| match count {
                    1 => Fault::Output(text),
                    _ => Fault::Output(format!("request {} of {count}: {text}", at + 1)),
                })
            });
            Ok(Outcome::Deliver(checked.collect::<Result<_, _>>()?))
        }
    }
}

/// The plugin's own word for why it made nothing.
pub(super) fn refusal(fault: abi::Fault) -> Fault {
    match fault {
        abi::Fault::InvalidEvent(text) => Fault::InvalidEvent(shortened(text)),
        abi::Fault::RetryLater(text) => Fault::RetryLater(shortened(text)),
        abi::Fault::Internal(text) => Fault::Internal(shortened(text)),
    }
}

fn wrong(text: impl Into<String>) -> Result<Outcome, Fault> {
    Err(Fault::Output(text.into()))
}

fn shortened(mut text: String) -> String {
    text.truncate(limits::cut(&text, limits::REASON_BYTES_MAX).len());
    text
}

fn check_request(request: abi::Request, method: Method) -> Result<Request, String> {
    let abi::Request { method: named, path, headers, body } = request;
    let method = match named {
        None => method,
        Some(name) => Method::parse(&name).ok_or_else(|| {
            format!("the method {}; POST, PUT, PATCH and DELETE are possible", quoted(&name))
        })?,
    };
    let path = path.unwrap_or_default();
    check_path(&path)?;
    check_headers(&headers)?;
    if body.len() > limits::BODY_BYTES_MAX {
        return Err(format!(
            "a body of {} bytes; {} are allowed",
            body.len(),
            limits::BODY_BYTES_MAX
        ));
    }
    Ok(Request { method, path, headers, body })
}

fn check_path(path: &str) -> Result<(), String> {
    if path.len() > limits::PATH_BYTES_MAX {
        return Err(format!(
            "a path of {} bytes; {} are allowed",
            path.len(),
            limits::PATH_BYTES_MAX
        ));
    }
    let problem = if !path.is_empty() && !path.starts_with(['/', '?']) {
        "it must begin with '/' or '?', because it is appended to the hook's endpoint"
    } else if path.chars().any(|c| !c.is_ascii_graphic() || c == '#') {
        "it may only have visible ASCII characters and no '#'; percent-encode the others"
    } else if has_dot_segment(path) {
        "it may have no '.' or '..' segment, because those would leave the hook's endpoint"
    } else {
        return Ok(());
    };
    Err(format!("the path {}; {problem}", quoted(path)))
}

fn has_dot_segment(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let mut segments = path.split(['/', '\\']);
    segments.any(|segment| {
        matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
    })
}

fn check_headers(headers: &[(String, String)]) -> Result<(), String> {
    if headers.len() > limits::HEADERS_MAX {
        return Err(format!("{} headers; {} are allowed", headers.len(), limits::HEADERS_MAX));
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > limits::HEADER_BYTES_MAX {
        return Err(format!("headers of {bytes} bytes; {} are allowed", limits::HEADER_BYTES_MAX));
    }
    headers.iter().try_for_each(|(name, value)| check_header(name, value))
}

fn check_header(name: &str, value: &str) -> Result<(), String> {
    if !is_header_name(name) {
        let text = "is no header name: letters, digits and !#$%&'*+-.^_`|~ make one";
        return Err(format!("{} {text}", quoted(name)));
    }
    if NOT_THE_PLUGINS.iter().any(|taken| name.eq_ignore_ascii_case(taken)) {
        return Err(format!("the header {name}, which is the sender's to set; leave it out"));
    }
    if !is_header_value(value) {
        let text = "with a character that is neither visible ASCII, space nor tab";
        return Err(format!("the header {name} {text}"));
    }
    Ok(())
}

/// Whether a text is a header's name: a token of RFC 9110, section 5.6.2.
pub(crate) fn is_header_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(allowed)
}

/// Whether a text can be a header's value as every receiver understands it.
pub(crate) fn is_header_value(value: &str) -> bool {
    value.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
}

/// A text from a guest, short and without control characters.
fn quoted(text: &str) -> String {
    format!("{:?}", limits::cut(text, 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> abi::Request {
        abi::Request { method: None, path: None, headers: vec![], body: b"{}".to_vec() }
    }

    fn header(name: &str, value: &str) -> abi::Request {
        abi::Request { headers: vec![(name.into(), value.into())], ..request() }
    }

    fn path(path: &str) -> abi::Request {
        abi::Request { path: Some(path.into()), ..request() }
    }

    fn method(name: &str) -> abi::Request {
        abi::Request { method: Some(name.into()), ..request() }
    }

    fn many_headers(count: usize, bytes: usize) -> abi::Request {
        let headers = (0..count).map(|n| (format!("X-{n}"), "v".repeat(bytes))).collect();
        abi::Request { headers, ..request() }
    }

    #[test]
    fn takes_what_can_be_sent() {
        for (given, expected) in [
            (request(), (Method::Put, "")),
            (method("DELETE"), (Method::Delete, "")),
            (path("/orders/7?x=%20..&y=/../z"), (Method::Put, "/orders/7?x=%20..&y=/../z")),
            (path("?a=b"), (Method::Put, "?a=b")),
            (header("X-Event", "tab\tand ~"), (Method::Put, "")),
            (header("Content-Type", ""), (Method::Put, "")),
        ] {
            let made = check_request(given, Method::Put).unwrap();
            assert_eq!((made.method, made.path.as_str()), expected);
        }
    }

    #[test]
    fn refuses_in_plain_words_what_cannot() {
        for (given, words) in [
            (method("GET"), "the method \"GET\"; POST, PUT, PATCH and DELETE are possible"),
            (method("put"), "the method \"put\"; POST, PUT"),
            (path("orders"), "the path \"orders\"; it must begin with '/' or '?'"),
            (path("/a b"), "percent-encode"),
            (path("/ä"), "percent-encode"),
            (path("/a\r\nHost: x"), "percent-encode"),
            (path("/a#b"), "percent-encode"),
            (path("/../admin"), "would leave the hook's endpoint"),
            (path("/x/%2E%2e/admin"), "would leave the hook's endpoint"),
            (path("/x\\..\\admin"), "would leave the hook's endpoint"),
            (path(&"/".repeat(3_000)), "a path of 3000 bytes; 2048 are allowed"),
            (header("", "x"), "\"\" is no header name"),
            (header("X Y", "x"), "\"X Y\" is no header name"),
            (header("X-A", "a\r\nX-B: b"), "the header X-A with a character"),
            (header("X-A", "ä"), "the header X-A with a character"),
            (header("Content-Length", "2"), "the header Content-Length, which is the sender's"),
            (header("hOST", "x"), "which is the sender's"),
            (header("Transfer-Encoding", "chunked"), "which is the sender's"),
            (many_headers(65, 1), "65 headers; 64 are allowed"),
            (many_headers(20, 1_000), "bytes; 16384 are allowed"),
            (
                abi::Request { body: vec![0; limits::BODY_BYTES_MAX + 1], ..request() },
                "a body of 1048577 bytes; 1048576 are allowed",
            ),
        ] {
            let refused = check_request(given, Method::Put).unwrap_err();
            assert!(refused.contains(words), "{refused:?} should say {words:?}");
        }
    }

    #[test]
    fn an_outcome_has_one_to_sixteen_requests() {
        let deliver = |count| {
            let requests = (0..count).map(|_| request()).collect();
            check(abi::Outcome::Deliver(requests), Method::Post)
        };
        assert!(deliver(1).is_ok());
        assert!(deliver(limits::REQUESTS_MAX).is_ok());
        let fault = deliver(0).unwrap_err().to_string();
        assert!(fault.contains("to send nothing, skip with a reason"), "{fault}");
        let fault = deliver(limits::REQUESTS_MAX + 1).unwrap_err().to_string();
        assert!(fault.contains("17 requests; 16 are allowed"), "{fault}");
    }

    #[test]
    fn says_which_request_is_wrong() {
        let outcome = abi::Outcome::Deliver(vec![request(), method("GET")]);
        let fault = check(outcome, Method::Post).unwrap_err().to_string();
        assert!(fault.contains("request 2 of 2: the method"), "{fault}");
    }
}
