//! What happens to a request: whose it is, what is wrong with it, what goes wrong on purpose, and what is answered.

use std::{sync::Arc, time::Instant};

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use transload_domain::{Clock, Random, limits};

use super::{
    Failure, Received, Vendor,
    arrival::{Arrival, Complaints},
    corrigopro,
    doo::Doo,
    failure::Target,
    failures::Failures,
    play,
    published::PublishedKeys,
    readycloud::ReadyCloud,
    received::Arrivals,
    relocity::Relocity,
    token,
    way::Way,
};
use crate::mask::mask;

/// Where a vendor's token endpoint is, below its name.
const TOKEN_PATH: &str = "oauth/token";

/// The vendors' sides, and all that they share.
pub(super) struct Sides {
    pub(super) readycloud: ReadyCloud,
    pub(super) doo: Doo,
    pub(super) relocity: Relocity,
    pub(super) published: PublishedKeys,
    pub(super) audience: Option<String>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) watcher: Box<dyn Fn(&Received) + Send + Sync>,
    pub(super) arrivals: Arrivals,
    pub(super) failures: Failures,
}

/// `GET /received`: what arrived, oldest first, secrets masked.
pub(super) async fn received(State(sides): State<Arc<Sides>>) -> Json<Value> {
    Json(json!({ "received": sides.arrivals.all() }))
}

/// `GET /fail`: what is still to go wrong.
pub(super) async fn failures(State(sides): State<Arc<Sides>>) -> Json<Value> {
    let failures: Vec<String> = sides.failures.all().iter().map(ToString::to_string).collect();
    Json(json!({ "failures": failures }))
}

/// `POST /fail`: adds failures, written in the body with spaces or line ends between them.
pub(super) async fn fail(State(sides): State<Arc<Sides>>, body: String) -> Response {
    let read: Result<Vec<Failure>, String> = body
        .split_whitespace()
        .map(|spec| spec.parse().map_err(|error: super::FailureError| error.to_string()))
        .collect();
    let added = match read {
        Ok(read) if read.is_empty() => Err("write failures into the body, like 500x3".to_owned()),
        Ok(read) => sides.failures.add(read),
        Err(words) => Err(words),
    };
    match added {
        Ok(()) => failures(State(sides)).await.into_response(),
        Err(words) => {
            (StatusCode::BAD_REQUEST, Json(json!({ "problems": [words] }))).into_response()
        }
    }
}

/// `DELETE /fail`: from now on nothing goes wrong.
pub(super) async fn heal(State(sides): State<Arc<Sides>>) -> StatusCode {
    sides.failures.clear();
    StatusCode::NO_CONTENT
}

/// Everything else is for a vendor.
pub(super) async fn receive(State(sides): State<Arc<Sides>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, limits::BODY_BYTES_MAX).await else {
        let words = format!("a body of at most {} bytes is read whole", limits::BODY_BYTES_MAX);
        return (StatusCode::PAYLOAD_TOO_LARGE, words).into_response();
    };
    let at = Instant::now();
    let path = parts.uri.path().to_owned();
    let addressee = addressee(&path);
    let arrival = Arrival {
        method: parts.method,
        path: addressee.as_ref().map_or_else(|| path.clone(), |to| to.path.to_owned()),
        headers: headers(&parts.headers),
        body: body.to_vec(),
    };
    let way = addressee.as_ref().and_then(|to| sides.failures.take(to.vendor, to.target));
    let (complaints, answer) = sides.judge(addressee.as_ref(), &arrival, way.as_ref()).await;
    let is_token = addressee.as_ref().is_some_and(|to| to.target == Target::Token);
    let status = match &way {
        Some(Way::Hang) => None,
        way => Some(way.as_ref().and_then(Way::status).unwrap_or(complaints.status())),
    };
    let right = (complaints.status(), Json(answer)).into_response();
    let kept = sides.arrivals.keep(Received {
        number: 0,
        vendor: addressee.map(|to| to.vendor),
        method: arrival.method.to_string(),
        path,
        headers: masked(&parts.headers),
        body: if is_token { token::shown(&body) } else { shown(&body) },
        status: status.map(|status| status.as_u16()),
        failure: way.as_ref().map(ToString::to_string),
        problems: complaints.into_words(),
        at,
    });
    (sides.watcher)(&kept);
    let played = match &way {
        Some(way) => play::answer(way, sides.clock.now()).await,
        None => None,
    };
    played.unwrap_or(right)
}

/// Whom a request is for.
struct Addressee<'a> {
    vendor: Vendor,
    target: Target,
    /// What is left of the path, without a leading `/`.
    path: &'a str,
}

fn addressee(path: &str) -> Option<Addressee<'_>> {
    let path = path.strip_prefix('/')?;
    let (name, rest) = path.split_once('/').unwrap_or((path, ""));
    let vendor = Vendor::parse(name)?;
    let is_token = vendor.issues_tokens() && rest == TOKEN_PATH;
    let target = if is_token { Target::Token } else { Target::Delivery };
    Some(Addressee { vendor, target, path: rest })
}

impl Sides {
    /// What is wrong with the request, and what its vendor answers.
    async fn judge(
        &self,
        to: Option<&Addressee<'_>>,
        arrival: &Arrival,
        way: Option<&Way>,
    ) -> (Complaints, Value) {
        let now = self.clock.now();
        let Some(to) = to else {
            let mut complaints = Complaints::default();
            let words = format_args!(
                "nobody is at {}; there are PUT /readycloud/<entity>, POST /corrigopro, \
                 POST /doo/<hook type>, POST below /relocity/api/v1, POST /doo/oauth/token, \
                 POST /relocity/oauth/token, GET /received and /fail",
                arrival.path
            );
            complaints.add(StatusCode::NOT_FOUND, words);
            return with_problems(complaints);
        };
        let refuse = way == Some(&Way::InvalidClient);
        let random = &*self.random;
        match (to.vendor, to.target) {
            (Vendor::ReadyCloud, _) => with_problems(self.readycloud.check(arrival)),
            (Vendor::CorrigoPro, _) => {
                let jwks = self.published.for_token(corrigopro::bearer(arrival)).await;
                let (jwks, audience) = (jwks.as_ref(), self.audience.as_deref());
                with_problems(corrigopro::check(
                    arrival,
                    corrigopro::Demands { jwks, audience, now },
                ))
            }
            (Vendor::Doo, Target::Token) => self.doo.token(arrival, refuse, now, random),
            (Vendor::Relocity, Target::Token) => self.relocity.token(arrival, refuse, now, random),
            (Vendor::Doo, Target::Delivery) => {
                spoil(&self.doo.issuer, way);
                let complaints = self.doo.check(arrival, now);
                let answer = Doo::answer(&complaints);
                (complaints, answer)
            }
            (Vendor::Relocity, Target::Delivery) => {
                spoil(&self.relocity.issuer, way);
                let complaints = self.relocity.check(arrival, now);
                let answer = Relocity::answer(&complaints);
                (complaints, answer)
            }
        }
    }
}

fn spoil(issuer: &token::Issuer, way: Option<&Way>) {
    match way {
        Some(Way::RevokeToken) => issuer.revoke_all(),
        Some(Way::ExpireToken) => issuer.expire_all(),
        _ => {}
    }
}

fn with_problems(complaints: Complaints) -> (Complaints, Value) {
    let answer = json!({ "problems": complaints.words() });
    (complaints, answer)
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn masked(all: &HeaderMap) -> Vec<(String, String)> {
    let mask = |(name, value): (String, String)| {
        let value = mask(&name, &value);
        (name, value)
    };
    headers(all).into_iter().map(mask).collect()
}

fn shown(body: &[u8]) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}
