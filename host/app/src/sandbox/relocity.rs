//! Relocity's side: its token endpoint, and the webhook that takes work orders.
//!
//! `POST /relocity/oauth/token` takes and answers what Relocity's document shows, scope included. The document names
//! neither path nor body of the webhook, so everything below `/relocity/api/v1/` (the document's `prefix`) is taken;
//! what is demanded is what the document says of every request: a bearer token, `Accept: application/json` and
//! `Content-Type: application/json`.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use transload_domain::{Random, Timestamp};

use super::{
    arrival::{Arrival, Complaints},
    token::{Client, Issuer, Refusal},
};

/// The client's id here; Relocity assigns one to each partner.
pub const CLIENT_ID: &str = "relocity-partner";
/// The scope here; Relocity assigns one to each partner.
pub const SCOPE: &str = "work-orders";
/// Where the webhook is, below `/relocity/`.
pub(super) const PREFIX: &str = "api/v1";
/// The document's `expires_in`.
const TOKEN_LIFE: Duration = Duration::from_secs(36_000);

/// Relocity with its token endpoint.
#[derive(Debug)]
pub(super) struct Relocity {
    pub(super) issuer: Issuer,
}

impl Relocity {
    pub(super) fn new(client_secret: &str) -> Self {
        let secret = client_secret.to_owned();
        let client = Client { id: CLIENT_ID, secret, scope: Some(SCOPE), life: TOKEN_LIFE };
        Self { issuer: Issuer::new(client) }
    }

    /// What is wrong with a work order.
    pub(super) fn check(&self, arrival: &Arrival, now: Timestamp) -> Complaints {
        let mut complaints = Complaints::default();
        let below = arrival.path.strip_prefix(PREFIX);
        if !below.is_some_and(|below| below.is_empty() || below.starts_with('/')) {
            let words = "there are POST /relocity/oauth/token and POST below /relocity/api/v1";
            complaints.add(StatusCode::NOT_FOUND, words);
            return complaints;
        }
        arrival.demand_method(&Method::POST, &mut complaints);
        self.issuer.demand_bearer(arrival, now, &mut complaints);
        let (accept, json) = ("Accept", "application/json");
        arrival.demand_header(accept, json, StatusCode::NOT_ACCEPTABLE, &mut complaints);
        arrival.demand_json(&mut complaints);
        // A webhook's settings may replace the body by any other JSON.
        arrival.json(&mut complaints);
        complaints
    }

    /// The answer's body to a work order.
    pub(super) fn answer(complaints: &Complaints) -> Value {
        if complaints.is_empty() {
            return json!({ "message": "The work order was received" });
        }
        json!({ "message": complaints.words().join("; ") })
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
                "token_type": "Bearer",
                "expires_in": self.issuer.life().as_secs(),
                "access_token": token,
            }),
            Err(refusal) => {
                let words = match refusal {
                    // The document's own words.
                    Refusal::InvalidClient => "Client authentication failed".to_owned(),
                    _ => complaints.words().join("; "),
                };
                json!({ "error": refusal.as_str(), "error_description": words, "message": words })
            }
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

    const FORM: &str = "grant_type=client_credentials&client_id=relocity-partner&scope=work-orders";

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    #[test]
    fn whatever_the_plugin_makes_is_taken() {
        let relocity = Relocity::new(SECRET);
        let (_, body) = ask(&relocity, &format!("{FORM}&client_secret={SECRET}"), false);
        let token = format!("Bearer {}", body["access_token"].as_str().unwrap());
        let expected = expected_requests("relocity");
        assert!(!expected.is_empty());
        for case in expected {
            let mut headers = case.headers;
            headers.push(("Authorization".into(), token.clone()));
            let arrival = Arrival {
                method: Method::POST,
                path: "api/v1/work-orders".into(),
                headers,
                body: case.body.to_string().into_bytes(),
            };
            let complaints = relocity.check(&arrival, at(1));
            assert_eq!(complaints.into_words(), [""; 0], "{}", case.file);
        }
    }

    fn ask(relocity: &Relocity, form: &str, refuse: bool) -> (u16, Value) {
        let random = SystemChance::new();
        let (complaints, body) = relocity.token(&asking(form), refuse, at(0), &random);
        (complaints.status().as_u16(), body)
    }

    #[test]
    fn tokens_and_refusals_are_answered_as_documented() {
        let relocity = Relocity::new(SECRET);
        let good = format!("{FORM}&client_secret={SECRET}");
        let (status, body) = ask(&relocity, &good, false);
        assert_eq!(status, 200);
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(36_000)));
        assert!(body["access_token"].is_string());

        let refused = json!({
            "error": "invalid_client",
            "error_description": "Client authentication failed",
            "message": "Client authentication failed",
        });
        let guessed = format!("{FORM}&client_secret=guessed");
        assert_eq!(ask(&relocity, &guessed, false), (401, refused.clone()));
        assert_eq!(ask(&relocity, &good, true), (401, refused));

        let (status, body) = ask(&relocity, &good.replace("&scope=work-orders", ""), false);
        assert_eq!((status, &body["error"]), (400, &json!("invalid_scope")));
        assert!(body["message"].as_str().unwrap().contains("scope must be work-orders"));
    }

    #[test]
    fn a_work_order_is_judged_by_what_the_document_says() {
        let relocity = Relocity::new(SECRET);
        let (_, body) = ask(&relocity, &format!("{FORM}&client_secret={SECRET}"), false);
        let good = Arrival {
            method: Method::POST,
            path: "api/v1/work-orders".into(),
            headers: vec![
                (
                    "authorization".into(),
                    format!("Bearer {}", body["access_token"].as_str().unwrap()),
                ),
                ("accept".into(), "application/json".into()),
                ("content-type".into(), "application/json".into()),
            ],
            body: b"{}".to_vec(),
        };
        let complaints = relocity.check(&good, at(1));
        assert_eq!((complaints.status(), complaints.is_empty()), (StatusCode::OK, true));
        let without = |name: &str| {
            let mut arrival = good.clone();
            arrival.headers.retain(|(found, _)| found != name);
            arrival
        };
        let mut any = good.clone();
        any.headers[1].1 = "*/*".into();
        let cases = [
            (
                Arrival { path: "api/v2/work-orders".into(), ..good.clone() },
                404,
                "below /relocity/api/v1",
            ),
            (Arrival { path: "api/v11".into(), ..good.clone() }, 404, "below /relocity/api/v1"),
            (Arrival { method: Method::PUT, ..good.clone() }, 405, "must be POST"),
            (without("authorization"), 401, "Authorization is missing"),
            (without("accept"), 406, "Accept is missing"),
            (any, 406, "must be \"application/json\""),
            (without("content-type"), 415, "Content-Type is missing"),
            (Arrival { body: b"{".to_vec(), ..good.clone() }, 400, "no JSON"),
        ];
        for (arrival, status, words) in cases {
            let complaints = relocity.check(&arrival, at(1));
            assert_eq!(complaints.status().as_u16(), status);
            let answer = Relocity::answer(&complaints);
            let said = answer["message"].as_str().unwrap();
            assert!(said.contains(words), "{said:?} does not say {words:?}");
        }
        let late = relocity.check(&good, at(36_000));
        assert_eq!(late.into_words(), ["the access token has expired"]);
    }
}
