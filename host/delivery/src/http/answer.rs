//! Reading an answer, and no more of it than is wanted.

use std::time::{Duration, UNIX_EPOCH};

use http::{
    HeaderMap, Response,
    header::{RETRY_AFTER, SET_COOKIE},
};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use transload_domain::{Answer, Timestamp, limits};

use super::secrets::Secrets;

/// Bytes kept of one header's value.
const HEADER_VALUE_KEPT_MAX: usize = 1_024;

/// Reads the answer: at most [`limits::ANSWER_BYTES_READ_MAX`] of its body, then the rest is left and the connection
/// closed. What is kept is shorter still, and free of the request's secrets.
pub(super) async fn read(
    response: Response<Incoming>,
    secrets: &Secrets,
    now: Timestamp,
) -> Result<Answer, hyper::Error> {
    let retry_after = asked_to_wait(response.headers(), now);
    let status = response.status().as_u16();
    let headers = kept_headers(response.headers(), secrets);
    let (body, _) = read_body(response.into_body(), limits::ANSWER_BYTES_READ_MAX).await?;
    let mut body = secrets.mask(body);
    let cut = body.len() > limits::ANSWER_BYTES_KEPT_MAX;
    body.truncate(limits::ANSWER_BYTES_KEPT_MAX);
    Ok(Answer { status, headers, body, cut, retry_after, resent: false })
}

/// At most so many bytes of a body, and whether that is all of it.
pub(super) async fn read_body(
    mut body: Incoming,
    bytes_max: usize,
) -> Result<(Vec<u8>, bool), hyper::Error> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let room = bytes_max - read.len();
        if data.len() > room {
            read.extend_from_slice(&data[..room]);
            return Ok((read, false));
        }
        read.extend_from_slice(&data);
    }
    Ok((read, true))
}

/// How long an answer's headers ask to wait.
pub(super) fn asked_to_wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok().and_then(|value| retry_after(value, now))
}

fn kept_headers(headers: &HeaderMap, secrets: &Secrets) -> Vec<(String, String)> {
    let shown = headers.iter().filter(|(name, _)| *name != SET_COOKIE);
    let kept = shown.take(limits::ANSWER_HEADERS_MAX).map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let mut value = secrets.mask_text(value.into_owned());
        value.truncate(limits::cut(&value, HEADER_VALUE_KEPT_MAX).len());
        (name.as_str().to_owned(), value)
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
