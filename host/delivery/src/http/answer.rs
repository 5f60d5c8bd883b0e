//! Reading an answer, and no more of it than is wanted.

use std::time::{Duration, UNIX_EPOCH};

use http::header::{RETRY_AFTER, SET_COOKIE};
use reqwest::Response;
use transload_domain::{Answer, Timestamp, limits};

use super::secrets::Secrets;

/// Bytes kept of one header's value.
const HEADER_VALUE_KEPT_MAX: usize = 1_024;

/// Reads the answer: at most [`limits::ANSWER_BYTES_READ_MAX`] of its body, then the rest is left and the connection
/// closed. What is kept is shorter still, and free of the request's secrets.
pub(super) async fn read(
    mut response: Response,
    secrets: &Secrets,
    now: Timestamp,
) -> reqwest::Result<Answer> {
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after(value, now));
    let status = response.status().as_u16();
    let headers = kept_headers(&response, secrets);
    let mut body = Vec::new();
    while body.len() < limits::ANSWER_BYTES_READ_MAX {
        let Some(chunk) = response.chunk().await? else { break };
        let room = limits::ANSWER_BYTES_READ_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    let mut body = secrets.mask(body);
    let cut = body.len() > limits::ANSWER_BYTES_KEPT_MAX;
    body.truncate(limits::ANSWER_BYTES_KEPT_MAX);
    Ok(Answer { status, headers, body, cut, retry_after, resent: false })
}

fn kept_headers(response: &Response, secrets: &Secrets) -> Vec<(String, String)> {
    let shown = response.headers().iter().filter(|(name, _)| *name != SET_COOKIE);
    let kept = shown.take(limits::ANSWER_HEADERS_MAX).map(|(name, value)| {
        let value = secrets.mask_text(&String::from_utf8_lossy(value.as_bytes()));
        (name.to_string(), limits::cut(&value, HEADER_VALUE_KEPT_MAX).to_owned())
    });
    kept.collect()
}

/// How long the vendor asks to wait. RFC 9110, section 10.2.3: seconds, or a date.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large to read is longer than every bound.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let at = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::EPOCH.after(at).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        // 1994-11-06T08:49:37Z, the RFC's own example.
        let noon = Timestamp::EPOCH.after(Duration::from_secs(784_111_777));
        for (value, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, noon).map(|wait| wait.as_secs()), expected, "{value:?}");
        }
    }
}
