//! CorrigoPro's side: a company's one notification URL.
//!
//! `POST /corrigopro` with the headers of CorrigoPro Direct's sample: JSON in UTF-8, `Expect: 100-continue`,
//! `Event-Type` equal to the body's `Header.Action`, and a bearer token. The vendor has published no algorithm for
//! that token; this host signs its own (EdDSA), so it is checked against the keys that this host publishes.

mod shapes;

use http::{Method, StatusCode};
use serde_json::Value;
use transload_domain::Timestamp;

use super::{
    arrival::{Arrival, Complaints},
    jwt::Token,
    shape::check_members,
};

/// What is demanded of a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demands<'a> {
    /// The keys that the host publishes; without them the signature is not checked.
    pub(super) jwks: Option<&'a Value>,
    /// The audience, where one is demanded.
    pub(super) audience: Option<&'a str>,
    /// The time now.
    pub(super) now: Timestamp,
}

/// The bearer token in the request, where there is one.
pub(super) fn bearer(arrival: &Arrival) -> Option<&str> {
    arrival.header("Authorization").next()?.strip_prefix("Bearer ")
}

/// What is wrong with the request.
pub(super) fn check(arrival: &Arrival, demands: Demands<'_>) -> Complaints {
    let mut complaints = Complaints::default();
    if !arrival.path.is_empty() {
        let words = "there is one URL for all notifications, /corrigopro";
        complaints.add(StatusCode::NOT_FOUND, words);
        return complaints;
    }
    arrival.demand_method(&Method::POST, &mut complaints);
    check_token(arrival, demands, &mut complaints);
    let (kind, json) = ("Content-Type", "application/json; charset=utf-8");
    arrival.demand_header(kind, json, StatusCode::UNSUPPORTED_MEDIA_TYPE, &mut complaints);
    arrival.demand_header("Expect", "100-continue", StatusCode::BAD_REQUEST, &mut complaints);
    let event = arrival.single_header("Event-Type", StatusCode::BAD_REQUEST, &mut complaints);
    if let Some(body) = arrival.json(&mut complaints) {
        check_body(&body, event, &mut complaints);
    }
    complaints
}

fn check_token(arrival: &Arrival, demands: Demands<'_>, complaints: &mut Complaints) {
    let unauthorized = StatusCode::UNAUTHORIZED;
    let Some(value) = arrival.single_header("Authorization", unauthorized, complaints) else {
        return;
    };
    let Some(token) = value.strip_prefix("Bearer ") else {
        return complaints.add(unauthorized, "Authorization must be \"Bearer \" and a token");
    };
    let checked = Token::parse(token).and_then(|token| {
        demands.jwks.map_or(Ok(()), |jwks| token.verify(jwks))?;
        token.check_claims(demands.now, demands.audience)
    });
    if let Err(words) = checked {
        complaints.add(unauthorized, words);
    }
}

fn check_body(body: &Value, event: Option<&str>, complaints: &mut Complaints) {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let Some(object) = body.as_object() else {
        return complaints.add(unprocessable, "the body must be an object");
    };
    let action = body.pointer("/Header/Action").and_then(Value::as_str).unwrap_or_default();
    if event.is_some_and(|event| event != action) {
        let words = format_args!("Event-Type is {event:?} and #/Header/Action is {action:?}");
        complaints.add(unprocessable, words);
    }
    let mut faults = Vec::new();
    match shapes::ACTIONS.iter().find(|(name, _)| *name == action) {
        Some((_, members)) => {
            check_members(&[shapes::NOTIFICATION, members], object, "#", &mut faults);
        }
        None => faults
            .push(format!("#/Header/Action is {action:?}, which is no action with a known body")),
    }
    for fault in faults {
        complaints.add(unprocessable, fault);
    }
}

#[cfg(test)]
mod tests;
