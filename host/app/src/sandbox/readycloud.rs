//! ReadyCloud's side: the endpoint that a subscriber of its API v2 webhooks runs.
//!
//! `PUT /readycloud/<entity>` with `Auth: <token>` and `Content-Type: application/json`, as its document shows
//! them; the body has exactly the members of the document's samples. Where ReadyCloud has published no payload
//! (`contact`, `contact-address`, `webhook`, `order-delivered`), the shape is that of the same thing in its API.

mod shapes;

use http::{Method, StatusCode};

use super::{
    arrival::{Arrival, Complaints},
    shape::Shape,
};

/// The entities that a webhook can be for, and what each one's payload must look like.
const ENTITIES: [(&str, &Shape); 7] = [
    ("orders", &shapes::ORDER),
    ("order-delivered", &shapes::ORDER),
    ("packaging", &shapes::PACKAGING),
    ("contact", &shapes::CONTACT),
    ("contact-address", &shapes::CONTACT_ADDRESS),
    ("acceptance-scan", &shapes::ACCEPTANCE_SCAN),
    ("webhook", &shapes::WEBHOOK),
];

/// A subscriber with its token.
#[derive(Debug)]
pub(super) struct ReadyCloud {
    token: String,
}

impl ReadyCloud {
    pub(super) fn new(token: &str) -> Self {
        Self { token: token.to_owned() }
    }

    /// What is wrong with the request.
    pub(super) fn check(&self, arrival: &Arrival) -> Complaints {
        let mut complaints = Complaints::default();
        let Some((_, shape)) = ENTITIES.iter().find(|(entity, _)| *entity == arrival.path) else {
            let known = ENTITIES.map(|(entity, _)| entity).join(", ");
            let words = format_args!("there is no entity {:?}; there are {known}", arrival.path);
            complaints.add(StatusCode::NOT_FOUND, words);
            return complaints;
        };
        arrival.demand_method(&Method::PUT, &mut complaints);
        self.check_token(arrival, &mut complaints);
        arrival.demand_json(&mut complaints);
        if let Some(body) = arrival.json(&mut complaints) {
            let mut faults = Vec::new();
            shape.check(&body, "#", &mut faults);
            for fault in faults {
                complaints.add(StatusCode::UNPROCESSABLE_ENTITY, fault);
            }
        }
        complaints
    }

    /// The token is never repeated in a complaint.
    fn check_token(&self, arrival: &Arrival, complaints: &mut Complaints) {
        let unauthorized = StatusCode::UNAUTHORIZED;
        if let Some(found) = arrival.single_header("Auth", unauthorized, complaints)
            && found != self.token
        {
            complaints.add(unauthorized, "Auth is not the webhook's token");
        }
    }
}

#[cfg(test)]
mod tests;
