//! Answers that go wrong on purpose.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::combinators::BoxBody;
use hyper::body::{Frame, SizeHint};
use jiff::{SignedDuration, fmt::rfc2822::DateTimePrinter};
use tokio::time::{Interval, MissedTickBehavior, interval};
use transload_domain::Timestamp;

use super::way::{RetryAfter, Way};

/// The size of the body that is too large: 1 GiB.
pub(super) const HUGE_BYTES: u64 = 1 << 30;
/// Bytes of one part of it.
const PART_BYTES: usize = 64 << 10;
/// How long the body that drips waits between two bytes.
const DRIP_EVERY: Duration = Duration::from_secs(1);
/// What the answer that is cut promises, and how much of it comes.
const CUT_BYTES: (u64, usize) = (4_096, 1_024);
/// How long the first part of that answer has to be on its way before the connection is cut.
const CUT_AFTER: Duration = Duration::from_millis(100);
/// Where the redirect leads. Nobody follows it.
const ELSEWHERE: &str = "/elsewhere";

/// What is answered instead of the right answer; none where the right answer is to come after all.
pub(super) async fn answer(way: &Way, now: Timestamp) -> Option<Response> {
    match way {
        Way::Status { status, retry_after } => {
            let words = format!("the sandbox was told to answer {}\n", status.as_u16());
            let mut response = (*status, words).into_response();
            if let Some(value) = retry_after.and_then(|after| after.value(now)) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            Some(response)
        }
        Way::Slow(time) => {
            tokio::time::sleep(*time).await;
            None
        }
        // The vendor's own judgement refuses what they have spoilt.
        Way::RevokeToken | Way::ExpireToken | Way::InvalidClient => None,
        Way::Drip => Some(endless(Drip(every(DRIP_EVERY)))),
        Way::Huge => Some(endless(Huge { left: HUGE_BYTES })),
        Way::Redirect => {
            let location = [(header::LOCATION, HeaderValue::from_static(ELSEWHERE))];
            Some((StatusCode::TEMPORARY_REDIRECT, location).into_response())
        }
        Way::Cut => Some(endless(Cut { pause: every(CUT_AFTER), begun: false })),
        // Ends when the other side hangs up, or the sandbox stops.
        Way::Hang => std::future::pending().await,
    }
}

impl Way {
    /// The status that the other side sees; none where it sees no answer or the right one.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::Redirect => Some(StatusCode::TEMPORARY_REDIRECT),
            Self::Drip | Self::Huge | Self::Cut => Some(StatusCode::OK),
            Self::Slow(_)
            | Self::RevokeToken
            | Self::ExpireToken
            | Self::InvalidClient
            | Self::Hang => None,
        }
    }
}

impl RetryAfter {
    fn value(self, now: Timestamp) -> Option<HeaderValue> {
        let text = match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(seconds) => {
                let now = jiff::Timestamp::from_microsecond(now.as_micros()).ok()?;
                let at = now.checked_add(SignedDuration::from_secs(seconds.into())).ok()?;
                DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()?
            }
        };
        HeaderValue::from_str(&text).ok()
    }
}

fn every(time: Duration) -> Interval {
    let mut interval = interval(time);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

fn endless(
    body: impl HttpBody<Data = Bytes, Error = io::Error> + Send + Sync + 'static,
) -> Response {
    Response::new(Body::new(BoxBody::new(body)))
}

/// One byte at each tick, without end.
struct Drip(Interval);

/// Zeros.
struct Huge {
    left: u64,
}

/// The beginning of an answer, and then a broken connection.
struct Cut {
    pause: Interval,
    begun: bool,
}

type NextFrame = Poll<Option<Result<Frame<Bytes>, io::Error>>>;

impl HttpBody for Drip {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> NextFrame {
        ready!(self.0.poll_tick(context));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b".")))))
    }
}

impl HttpBody for Huge {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> NextFrame {
        static ZEROS: [u8; PART_BYTES] = [0; PART_BYTES];
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let part = usize::try_from(self.left).map_or(PART_BYTES, |left| left.min(PART_BYTES));
        self.left -= part as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&ZEROS[..part])))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl HttpBody for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> NextFrame {
        // The first tick comes at once, the second when the beginning is on its way.
        ready!(self.pause.poll_tick(context));
        if self.begun {
            return Poll::Ready(Some(Err(io::Error::other("cut on purpose"))));
        }
        self.begun = true;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'.'; CUT_BYTES.1])))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(CUT_BYTES.0)
    }
}
