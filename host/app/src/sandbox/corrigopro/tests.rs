use std::time::Duration;

use serde_json::json;

use super::*;
use crate::sandbox::{
    cases::expected_requests,
    jwt::tests::{at, signer},
};

fn accepted() -> Value {
    json!({
        "Header": {
            "WorkOrderId": 42, "BranchId": 492_042,
            "Sender": { "Name": "Jon Snow", "Phone": "+12025550141", "Type": "CorrigoPro" },
            "Action": "Accepted", "ActionDate": "2018-09-04T10:12:08.1671613Z", "ApiVersion": "1.1",
            "MessageId": "c1d3d80f-a76c-452c-9261-682279a659cb"
        },
        "Status": "Accepted", "Comment": null
    })
}

fn post(body: &Value) -> Arrival {
    let token = signer(1).bearer(Some("corrigo"), "w", at(1000), Duration::from_secs(300), [0; 16]);
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("authorization", &format!("Bearer {token}")),
        ("expect", "100-continue"),
        ("event-type", "Accepted"),
    ];
    Arrival {
        method: Method::POST,
        path: String::new(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: body.to_string().into_bytes(),
    }
}

fn answer(arrival: &Arrival) -> (u16, String) {
    let jwks = signer(1).jwks();
    let demands = Demands { jwks: Some(&jwks), audience: Some("corrigo"), now: at(1001) };
    let complaints = check(arrival, demands);
    (complaints.status().as_u16(), complaints.into_words().join("; "))
}

/// The notification with one header set to another value, or taken away.
fn with_header(name: &str, value: Option<&str>) -> Arrival {
    let mut arrival = post(&accepted());
    arrival.headers.retain(|(found, _)| found != name);
    arrival.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    arrival
}

#[test]
fn the_documents_notification_is_taken() {
    assert_eq!(answer(&post(&accepted())), (200, String::new()));
}

#[test]
fn whatever_is_wrong_with_the_head_is_refused_in_words() {
    let other = signer(2).bearer(Some("corrigo"), "w", at(1000), Duration::from_secs(300), [0; 16]);
    let late = signer(1).bearer(Some("corrigo"), "w", at(1), Duration::from_secs(300), [0; 16]);
    let aimed = signer(1).bearer(Some("else"), "w", at(1000), Duration::from_secs(300), [0; 16]);
    let bearer = |token: &str| with_header("authorization", Some(&format!("Bearer {token}")));
    let good = post(&accepted());
    let cases = [
        (
            Arrival { method: Method::PUT, ..good.clone() },
            405,
            "the method is PUT and must be POST",
        ),
        (Arrival { path: "x".into(), ..good.clone() }, 404, "one URL"),
        (with_header("authorization", None), 401, "Authorization is missing"),
        (with_header("authorization", Some("Basic eDp5")), 401, "must be \"Bearer \""),
        (bearer(&other), 401, "not published"),
        (bearer(&late), 401, "expired"),
        (bearer(&aimed), 401, "must be \"corrigo\""),
        (bearer("no.token"), 401, "2 parts"),
        (with_header("content-type", Some("application/json")), 415, "charset=utf-8"),
        (with_header("expect", None), 400, "Expect is missing"),
        (with_header("event-type", None), 400, "Event-Type is missing"),
        (with_header("event-type", Some("Rejected")), 422, "#/Header/Action is \"Accepted\""),
        (Arrival { body: vec![], ..good }, 400, "the body is no JSON"),
    ];
    for (arrival, status, words) in cases {
        let (found, said) = answer(&arrival);
        assert_eq!(found, status, "{said}");
        assert!(said.contains(words), "{said:?} does not say {words:?}");
    }
}

#[test]
fn whatever_is_wrong_with_the_body_is_refused_with_its_pointer() {
    let cases = [
        ("/Header/BranchId", None, "#/Header/BranchId is missing"),
        ("/Header/WorkOrderId", Some(json!("42")), "#/Header/WorkOrderId is \"42\""),
        ("/Header/ActionDate", Some(json!("2018-09-04T10:12:08Z")), "seven fraction digits"),
        ("/Header/MessageId", Some(json!("C1D3")), "a UUID in lower case"),
        ("/Header/ApiVersion", Some(json!(1.1)), "#/Header/ApiVersion is 1.1"),
        ("/Header/Sender", Some(json!({ "Name": "x" })), "#/Header/Sender/Phone is missing"),
        ("/Header/Extra", Some(json!(1)), "#/Header/Extra is no member"),
        ("/Header/Action", Some(json!("Danced")), "\"Danced\", which is no action"),
        ("/Header", None, "Event-Type is"),
        ("/Status", Some(json!("New")), "#/Status is \"New\" and must be one of Accepted"),
        ("/status", Some(json!("Accepted")), "#/status is no member"),
    ];
    for (pointer, value, words) in cases {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut body = accepted();
        let object = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => object.insert(name.into(), value),
            None => object.remove(name),
        };
        let (status, said) = answer(&post(&body));
        assert_eq!(status, 422, "{pointer}: {said}");
        assert!(said.contains(words), "{said:?} does not say {words:?}");
    }
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    assert_eq!(answer(&post(&json!([]))), (422, "the body must be an object".into()));
}

#[test]
fn whatever_the_plugin_makes_is_taken() {
    let expected = expected_requests("corrigopro");
    let missing = shapes::ACTIONS
        .iter()
        .map(|(action, _)| *action)
        .filter(|action| !expected.iter().any(|case| case.body["Header"]["Action"] == *action));
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0], "no case makes these");
    let mut refused = Vec::new();
    for case in expected {
        let mut arrival = post(&case.body);
        arrival.headers.retain(|(name, _)| name != "event-type" && name != "content-type");
        arrival.headers.extend(case.headers);
        let (status, said) = answer(&arrival);
        if status != 200 {
            refused.push(format!("{}: {said}", case.file));
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}
