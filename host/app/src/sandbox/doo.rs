//! doo's side: an organizer's endpoints for doo's hooks, and the token endpoint in front of them.
//!
//! `POST /doo/<hook type>` with JSON and an access token, as doo's documents describe the receiver: exactly 200 means
//! that it was processed, and every answer has `message` and `description`. The token endpoint `POST
//! /doo/oauth/token` takes the client's credentials in the form and answers as doo's sample: without `token_type` and
//! without `expires_in`. doo publishes no fields of its default payloads, so a body must only be JSON.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use transload_domain::{Random, Timestamp};

use super::{
    arrival::{Arrival, Complaints},
    token::{Client, Issuer},
};

/// The hook types: those of the document, and those that doo's pages about the initial sync add.
pub(super) const HOOKS: [&str; 11] = [
    "event_created",
    "event_removed",
    "event_updated",
    "order_created",
    "order_removed",
    "order_updated",
    "order_cancelled",
    "attendee_pending",
    "attendee_validated",
    "attendee_cancelled",
    "attendee_checkin",
];

/// doo's `client_id`, which is always the same.
pub const CLIENT_ID: &str = "doo";
/// How long a token is good, though nothing in the answer says so.
const TOKEN_LIFE: Duration = Duration::from_secs(3_600);

/// An organizer with its token endpoint.
#[derive(Debug)]
pub(super) struct Doo {
    pub(super) issuer: Issuer,
}

impl Doo {
    pub(super) fn new(client_secret: &str) -> Self {
        let secret = client_secret.to_owned();
        let client = Client { id: CLIENT_ID, secret, scope: None, life: TOKEN_LIFE };
        Self { issuer: Issuer::new(client) }
    }

    /// What is wrong with a delivery.
    pub(super) fn check(&self, arrival: &Arrival, now: Timestamp) -> Complaints {
        let mut complaints = Complaints::default();
        if !HOOKS.contains(&arrival.path.as_str()) {
            let (path, known) = (&arrival.path, HOOKS.join(", "));
            let words = format_args!("there is no hook type {path:?}; there are {known}");
            complaints.add(StatusCode::NOT_FOUND, words);
            return complaints;
        }
        arrival.demand_method(&Method::POST, &mut complaints);
        self.issuer.demand_bearer(arrival, now, &mut complaints);
        arrival.demand_json(&mut complaints);
        // A webhook's settings may replace the body by any other JSON.
        arrival.json(&mut complaints);
        complaints
    }

    /// The answer's body to a delivery.
    pub(super) fn answer(complaints: &Complaints) -> Value {
        if complaints.is_empty() {
            return json!({ "message": "ok", "description": "received and processed" });
        }
        let description = complaints.words().join("; ");
        json!({ "message": "refused", "description": description })
    }

    /// Judges a request for a token, and answers it.
    pub(super) fn token(
        &self,
        arrival: &Arrival,
        refuse: bool,
        now: Timestamp,
        random: &dyn Random,
    ) -> (Complaints, Value) {
        let mut complaints = Complaints::default();
        let answer = if refuse {
            Err(self.issuer.refuse(&mut complaints))
        } else {
            self.issuer.answer(arrival, now, random, &mut complaints)
        };
        let body = match answer {
            Ok(token) => json!({
                "access_token": token,
                "message": "ok",
                "description": "an access token",
            }),
            Err(refusal) => json!({
                "error": refusal.as_str(),
                "message": "refused",
                "description": complaints.words().join("; "),
            }),
        };
        (complaints, body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        host::clock::SystemChance,
        sandbox::{
            cases::expected_requests,
            token::tests::{SECRET, asking},
        },
    };

    fn form(secret: &str) -> String {
        format!("grant_type=client_credentials&client_id=doo&client_secret={secret}")
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    fn token(doo: &Doo) -> String {
        let (_, body) = doo.token(&asking(&form(SECRET)), false, at(0), &SystemChance::new());
        body["access_token"].as_str().unwrap().to_owned()
    }

    fn post(token: &str, path: &str, body: &str) -> Arrival {
        Arrival {
            method: Method::POST,
            path: path.into(),
            headers: vec![
                ("authorization".into(), format!("Bearer {token}")),
                ("content-type".into(), "application/json".into()),
            ],
            body: body.into(),
        }
    }

    #[test]
    fn a_token_is_answered_as_in_the_documents_sample() {
        let doo = Doo::new(SECRET);
        let random = SystemChance::new();
        let (complaints, body) = doo.token(&asking(&form(SECRET)), false, at(0), &random);
        assert_eq!(complaints.status(), StatusCode::OK);
        let mut members: Vec<&String> = body.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, ["access_token", "description", "message"]);

        let (complaints, body) = doo.token(&asking(&form("guessed")), false, at(0), &random);
        assert_eq!(complaints.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(body["error"], "invalid_client");
        let (complaints, body) = doo.token(&asking(&form(SECRET)), true, at(0), &random);
        assert_eq!((complaints.status().as_u16(), &body["error"]), (401, &json!("invalid_client")));
    }

    #[test]
    fn a_delivery_is_judged_and_answered_with_message_and_description() {
        let doo = Doo::new(SECRET);
        let token = token(&doo);
        let good = |path: &str| post(&token, path, "{}");
        for hook in HOOKS {
            let complaints = doo.check(&good(hook), at(1));
            assert_eq!(complaints.status(), StatusCode::OK, "{hook}");
            assert_eq!(Doo::answer(&complaints)["message"], "ok");
        }
        let mut twice = good("order_created");
        twice.headers.push(("authorization".into(), "Bearer x".into()));
        let mut text = good("order_created");
        text.headers[1].1 = "text/plain".into();
        let cases = [
            (good("order_deleted"), 404, "no hook type \"order_deleted\"; there are event_created"),
            (Arrival { method: Method::PUT, ..good("order_created") }, 405, "must be POST"),
            (post("guessed", "order_created", "{}"), 401, "not issued here"),
            (twice, 401, "Authorization is repeated"),
            (text, 415, "must be \"application/json\""),
            (post(&token, "order_created", "{"), 400, "no JSON"),
        ];
        for (arrival, status, words) in cases {
            let complaints = doo.check(&arrival, at(1));
            let answer = Doo::answer(&complaints);
            assert_eq!(complaints.status().as_u16(), status, "{answer}");
            let said = answer["description"].as_str().unwrap();
            assert!(said.contains(words), "{said:?} does not say {words:?}");
            assert!(!said.contains("guessed"), "{said}");
        }
    }

    #[test]
    fn whatever_the_plugin_makes_is_taken() {
        let doo = Doo::new(SECRET);
        let token = token(&doo);
        let expected = expected_requests("doo");
        for hook in HOOKS {
            assert!(expected.iter().any(|case| case.hook == hook), "no case is for {hook}");
        }
        for case in expected {
            let mut arrival = post(&token, &case.hook, &case.body.to_string());
            arrival.headers.retain(|(name, _)| name != "content-type");
            arrival.headers.extend(case.headers);
            let complaints = doo.check(&arrival, at(1));
            assert_eq!(complaints.into_words(), [""; 0], "{}", case.file);
        }
    }
}
