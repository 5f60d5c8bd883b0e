//! How answers show bytes that went out and came back.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use transload_domain::{
    Answer, Attempt, AttemptOutcome, Content, Delivery, SendFailure, Verdict, Webhook,
};

use crate::time::Rfc3339;

/// What the vendor is to receive: the same on every attempt. The authentication's header is not in it; it is made
/// anew for each attempt and kept nowhere.
#[derive(Serialize)]
pub(super) struct RequestView<'a> {
    method: &'static str,
    /// The hook's endpoint as it is now; `null` when the webhook was removed.
    endpoint: Option<&'a str>,
    /// Appended to the endpoint.
    path: &'a str,
    headers: Vec<HeaderView<'a>>,
    #[serde(flatten)]
    body: BodyView<'a>,
}

/// One try, and what came of it.
#[derive(Serialize)]
pub(super) struct AttemptView {
    number: u32,
    started_at: Rfc3339,
    took_ms: f64,
    answer: Option<AnswerView>,
    failure: Option<FailureView>,
    verdict: &'static str,
    retry_at: Option<Rfc3339>,
    /// Why it was not a success.
    reason: Option<String>,
}

#[derive(Serialize)]
struct HeaderView<'a> {
    name: &'a str,
    value: &'a str,
}

/// Text as `body`, other bytes as `body_base64`.
#[derive(Serialize)]
enum BodyView<'a> {
    #[serde(rename = "body")]
    Text(&'a str),
    #[serde(rename = "body_base64")]
    Bytes(String),
}

#[derive(Serialize)]
struct AnswerView {
    status: u16,
    headers: Vec<OwnedHeader>,
    #[serde(flatten)]
    body: OwnedBody,
    /// Whether the body was longer than what is kept of it.
    body_cut: bool,
    /// How long the vendor asked to wait.
    retry_after_s: Option<u64>,
    /// Whether this is the answer to the second request of the attempt: the first was answered with 401, and a new
    /// access token was fetched.
    resent: bool,
}

#[derive(Serialize)]
struct OwnedHeader {
    name: String,
    value: String,
}

#[derive(Serialize)]
enum OwnedBody {
    #[serde(rename = "body")]
    Text(String),
    #[serde(rename = "body_base64")]
    Bytes(String),
}

#[derive(Serialize)]
struct FailureView {
    kind: &'static str,
    detail: String,
}

impl<'a> RequestView<'a> {
    /// The request of a delivery that has its bytes.
    pub(super) fn of(delivery: &'a Delivery, webhook: Option<&'a Webhook>) -> Option<Self> {
        let Content::Request(request) = &delivery.made.content else { return None };
        let hook = webhook.and_then(|webhook| webhook.hook(delivery.head.key.hook));
        let headers = request.headers.iter();
        Some(Self {
            method: request.method.as_str(),
            endpoint: hook.map(|hook| hook.endpoint.as_str()),
            path: &request.path,
            headers: headers.map(|(name, value)| HeaderView { name, value }).collect(),
            body: match std::str::from_utf8(&request.body) {
                Ok(text) => BodyView::Text(text),
                Err(_) => BodyView::Bytes(STANDARD.encode(&request.body)),
            },
        })
    }
}

impl AttemptView {
    /// Of an attempt, whose answer moves into it.
    pub(super) fn of(attempt: Attempt) -> Self {
        let (answer, failure) = match attempt.outcome {
            AttemptOutcome::Answered(answer) => (Some(AnswerView::of(answer)), None),
            AttemptOutcome::Failed(failure) => (None, Some(FailureView::of(failure))),
        };
        let (verdict, retry_at, reason) = match attempt.verdict {
            Verdict::Delivered => ("delivered", None, None),
            Verdict::Retry { at, reason } => ("retry", Some(Rfc3339(at)), Some(reason)),
            Verdict::Dead { reason } => ("dead", None, Some(reason)),
        };
        Self {
            number: attempt.number,
            started_at: Rfc3339(attempt.started),
            took_ms: attempt.took.as_secs_f64() * 1_000.0,
            answer,
            failure,
            verdict,
            retry_at,
            reason,
        }
    }
}

impl AnswerView {
    fn of(answer: Answer) -> Self {
        let headers = answer.headers.into_iter();
        Self {
            status: answer.status,
            headers: headers.map(|(name, value)| OwnedHeader { name, value }).collect(),
            body: match String::from_utf8(answer.body) {
                Ok(text) => OwnedBody::Text(text),
                Err(error) => OwnedBody::Bytes(STANDARD.encode(error.as_bytes())),
            },
            body_cut: answer.cut,
            retry_after_s: answer.retry_after.map(|wait| wait.as_secs()),
            resent: answer.resent,
        }
    }
}

impl FailureView {
    fn of(failure: SendFailure) -> Self {
        Self { kind: failure.kind.as_str(), detail: failure.detail }
    }
}
