//! Events come in in three forms, and what is wrong with one is said.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use transload_delivery::{Backlog, BacklogLimits};
use transload_domain::{Event, Organization};
use transload_store::{Dispatch, Ledger, Query, Record, Shard};

use crate::testing::{ACME, Host, batch, get, order, post, structured};

async fn stored(host: &Host) -> Vec<Event> {
    let query = Query::Events(Organization::new(ACME).unwrap());
    let page = host.ledger.page(Shard(0), query, None, 1_000).await.unwrap();
    let events = page.records.into_iter().map(|record| match record {
        Record::Event(_, event) => *event,
        other => panic!("{other:?}"),
    });
    events.collect()
}

/// Does what the loop does with events that nobody wants.
async fn dispatch_to_nobody(host: &Host) {
    let lead = host.ledger.lead(Shard(0), "loop", Duration::from_secs(90)).await.unwrap();
    let query = Query::Events(Organization::new(ACME).unwrap());
    let page = host.ledger.page(Shard(0), query, None, 1_000).await.unwrap();
    let dispatches = page.records.into_iter().map(|record| match record {
        Record::Event(event, _) => {
            Dispatch { event, replaces: None, deliveries: vec![], checks: vec![], changes: vec![] }
        }
        other => panic!("{other:?}"),
    });
    for answer in host.ledger.dispatch(&lead, dispatches.collect()).await {
        answer.unwrap();
    }
}

/// A POST in binary mode.
fn binary(headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post("/v1/events");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

const BINARY: [(&str, &str); 5] = [
    ("content-type", "application/json; charset=utf-8"),
    ("ce-specversion", "1.0"),
    ("ce-id", "A234-1234-1234"),
    ("ce-source", "/mycontext/4"),
    ("ce-type", "com.example.someevent"),
];

#[tokio::test]
async fn a_structured_event_is_stored_as_it_came() {
    let host = Host::new().await;
    // The example of the CloudEvents JSON format, with numbers and spaces that a parser would change.
    let text = r#"{
        "specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext", "subject": null,
        "id": "C234-1234-1234", "time": "2018-04-05T17:31:00Z", "comexampleextension1": "value",
        "comexampleothervalue": 5, "comexampleflag": true, "datacontenttype": "application/json",
        "data": { "appinfoA": "abc", "appinfoB": 123.4500, "big": 12345678901234567890123 }
    }"#;
    let answer = host.send(post("/v1/events", "application/cloudevents+json", text)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let accepted = &answer.json["events"][0];
    assert_eq!(accepted["event_id"], json!("C234-1234-1234"));
    assert_eq!(
        (&accepted["source"], &accepted["duplicate"]),
        (&json!("/mycontext"), &json!(false))
    );
    let events = stored(&host).await;
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(
        event.data,
        r#"{ "appinfoA": "abc", "appinfoB": 123.4500, "big": 12345678901234567890123 }"#
    );
    assert_eq!(
        (event.subject.as_deref(), event.time.as_deref()),
        (None, Some("2018-04-05T17:31:00Z"))
    );
    let extensions: Vec<_> =
        event.extensions.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        extensions,
        [
            ("comexampleextension1", "value"),
            ("comexampleflag", "true"),
            ("comexampleothervalue", "5")
        ]
    );
    assert_eq!(event.organization.as_str(), ACME);

    let shown = host.send(get(&format!("/v1/events/{}", accepted["id"].as_str().unwrap()))).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert!(shown.text.contains("123.4500, \"big\": 12345678901234567890123"), "{}", shown.text);
    assert_eq!(shown.json["accepted_at"], json!("2026-01-02T03:04:05.000006Z"));
    assert_eq!(shown.json["event"]["comexampleflag"], json!("true"));
    assert_eq!(shown.json["deliveries"], json!([]));
}

#[tokio::test]
async fn a_binary_event_has_its_attributes_in_headers() {
    let host = Host::new().await;
    let mut headers = BINARY.to_vec();
    headers.push(("ce-subject", "Euro%20%E2%82%AC"));
    headers.push(("ce-origin", "acme"));
    let answer = host.send(binary(&headers, " {\"a\": 1}\n")).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let events = stored(&host).await;
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(event.data, "{\"a\": 1}");
    assert_eq!(event.subject.as_deref(), Some("Euro \u{20ac}"));
    assert_eq!(event.extensions, [("origin".to_owned(), "acme".to_owned())]);
}

#[tokio::test]
async fn the_same_event_in_another_form_is_a_duplicate() {
    let host = Host::new().await;
    host.send(binary(&BINARY, "{\"a\":1}")).await;
    let same = json!({
        "specversion": "1.0", "id": "A234-1234-1234", "source": "/mycontext/4",
        "type": "com.example.someevent", "data": {"a": 1},
    });
    for request in [structured(&same), batch(&[same.clone(), same])] {
        let answer = host.send(request).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        for event in answer.json["events"].as_array().unwrap() {
            assert_eq!(event["duplicate"], json!(true));
        }
    }
    assert_eq!(stored(&host).await.len(), 1);
}

#[tokio::test]
async fn an_event_may_have_no_data_and_data_may_be_base64_of_json() {
    let host = Host::new().await;
    let mut bare = order("1");
    bare.as_object_mut().unwrap().remove("data");
    let mut coded = bare.clone();
    coded["id"] = json!("2");
    coded["data_base64"] = json!("eyJhIjogMX0=");
    let answer = host.send(batch(&[bare, coded])).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let no_body = host.send(binary(&BINARY[1..], Body::empty())).await;
    assert_eq!(no_body.status, 202, "{}", no_body.text);
    let data: Vec<_> = stored(&host).await.into_iter().rev().map(|event| event.data).collect();
    assert_eq!(data, ["null", "{\"a\": 1}", "null"]);
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order_and_may_be_empty() {
    let host = Host::new().await;
    let events: Vec<Value> = (0..50).map(|n| order(&n.to_string())).collect();
    let answer = host.send(batch(&events)).await;
    let ids = answer.json["events"].as_array().unwrap().iter();
    let ids: Vec<_> = ids.map(|event| event["event_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
    let answer = host.send(batch(&[])).await;
    assert_eq!((answer.status, answer.json), (202, json!({"events": []})));
}

#[tokio::test]
async fn an_invalid_event_is_refused_with_its_places_and_nothing_is_stored() {
    let host = Host::new().await;
    let with = |member: &str, value: Value| {
        let mut event = order("1");
        event[member] = value;
        event
    };
    for (event, pointers) in [
        (json!({}), &["#/specversion", "#/id", "#/source", "#/type"][..]),
        (json!([]), &["#"]),
        (with("specversion", json!("0.3")), &["#/specversion"]),
        (with("type", json!("Order.Created")), &["#/type"]),
        (with("type", json!(5.5)), &["#/type"]),
        (with("id", json!("")), &["#/id"]),
        (with("source", json!("a b")), &["#/source"]),
        (with("time", json!("yesterday")), &["#/time"]),
        (with("datacontenttype", json!("text/xml")), &["#/datacontenttype"]),
        (with("myExt", json!("x")), &["#/myExt"]),
        (with("ext", json!({"a": 1})), &["#/ext"]),
        (with("ext", json!("x".repeat(2_000))), &["#/ext"]),
        (with("data_base64", json!("AAAA")), &["#/data_base64", "#/data_base64"]),
        (with("data_base64", json!("%")), &["#/data_base64"]),
    ] {
        let answer = host.send(structured(&event)).await;
        answer.is_problem(400, "invalid-event").points_to(pointers);
    }
    assert_eq!(stored(&host).await, []);
}

#[tokio::test]
async fn text_that_is_no_sound_json_is_refused() {
    let host = Host::new().await;
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let wrap = |data: &str| {
        format!(r#"{{"specversion":"1.0","id":"1","source":"/s","type":"a.b","data":{data}}}"#)
    };
    for (body, pointer) in [
        ("".to_owned(), "#"),
        ("{".to_owned(), "#"),
        ("not json".to_owned(), "#"),
        (wrap("{\"a\":1,}"), "#"),
        (wrap("\"\\ud800\""), "#/data"),
        (wrap("1e999"), "#/data"),
        (wrap(&deep), "#/data"),
        (
            r#"{"id":"1","id":"2","specversion":"1.0","source":"/s","type":"a.b"}"#.to_owned(),
            "#/id",
        ),
    ] {
        let answer = host.send(post("/v1/events", "application/cloudevents+json", body)).await;
        answer.is_problem(400, "invalid-event").points_to(&[pointer]);
    }
    let invalid_utf8 = host.send(binary(&BINARY, vec![b'"', 0xff, b'"'])).await;
    invalid_utf8.is_problem(400, "invalid-event").points_to(&["#/data"]);
    let many: serde_json::Map<String, Value> =
        (0..500).map(|n| (format!("x{n}"), json!("y"))).collect();
    host.send(structured(&Value::Object(many))).await.is_problem(400, "invalid-event");
    assert_eq!(stored(&host).await, []);
}

#[tokio::test]
async fn one_bad_event_keeps_its_whole_batch_out() {
    let host = Host::new().await;
    let mut events: Vec<Value> = (0..5).map(|n| order(&n.to_string())).collect();
    events[3]["type"] = json!("NO");
    events[4].as_object_mut().unwrap().remove("id");
    let answer = host.send(batch(&events)).await;
    answer.is_problem(400, "invalid-event").points_to(&["#/3/type", "#/4/id"]);
    let not_a_list = post("/v1/events", "application/cloudevents-batch+json", "{}");
    host.send(not_a_list).await.is_problem(400, "invalid-event").points_to(&["#"]);
    assert_eq!(stored(&host).await, []);
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let host = Host::new().await;
    let mut large = order("1");
    large["data"] = json!("x".repeat(1 << 20));
    host.send(structured(&large)).await.is_problem(413, "too-large");
    host.send(batch(&[large])).await.is_problem(413, "too-large").says("#/0");
    let many: Vec<Value> = (0..1_001).map(|n| order(&n.to_string())).collect();
    host.send(batch(&many)).await.is_problem(413, "too-large").says("1001");
    let nine_megabytes =
        post("/v1/events", "application/cloudevents-batch+json", " ".repeat(9 << 20));
    host.send(nine_megabytes).await.is_problem(413, "too-large");
    // Where the length is announced, the body is not waited for: this one never comes.
    let announced = binary(
        &[("content-type", "application/cloudevents+json"), ("content-length", "9000000")],
        Body::new(NeverComes),
    );
    host.send(announced).await.is_problem(413, "too-large");
    assert_eq!(stored(&host).await, []);
}

/// A body of which nothing arrives.
struct NeverComes;

impl axum::body::HttpBody for NeverComes {
    type Data = axum::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn a_wrong_content_type_is_refused() {
    let host = Host::new().await;
    for media in [
        "text/plain",
        "application/cloudevents+xml",
        "application/cloudevents+json; charset=latin1",
        "application/json",
        "nonsense",
    ] {
        let request = post("/v1/events", media, order("1").to_string());
        host.send(request).await.is_problem(415, "unsupported-media-type");
    }
    let none = Request::post("/v1/events").body(Body::from("{}")).unwrap();
    host.send(none).await.is_problem(415, "unsupported-media-type");
    let mut xml = BINARY;
    xml[0] = ("content-type", "text/xml");
    host.send(binary(&xml, "<a/>")).await.is_problem(415, "unsupported-media-type");
    assert_eq!(stored(&host).await, []);
}

#[tokio::test]
async fn i2_a_repeated_event_changes_nothing_and_says_duplicate() {
    let host = Host::new().await;
    let first = host.send(structured(&order("1"))).await;
    let again = host.send(structured(&order("1"))).await;
    assert_eq!(again.status, 202);
    assert_eq!(again.json["events"][0]["duplicate"], json!(true));
    assert_eq!(again.json["events"][0]["id"], first.json["events"][0]["id"]);
    assert_eq!(stored(&host).await.len(), 1);
    assert_eq!(host.backlog.events(), 1, "a duplicate does not wait");
}

#[tokio::test]
async fn i2_the_same_id_with_other_content_is_refused_and_nothing_of_its_batch_is_stored() {
    let host = Host::new().await;
    host.send(structured(&order("1"))).await;
    let mut other = order("1");
    other["data"]["total"] = json!("0.01 USD");
    let answer = host.send(structured(&other)).await;
    answer.is_problem(409, "event-differs").points_to(&["#"]);
    let answer = host.send(batch(&[order("2"), other])).await;
    answer.is_problem(409, "event-differs").points_to(&["#/1"]);
    assert_eq!(stored(&host).await.len(), 1);
}

#[tokio::test]
async fn two_organizations_may_use_the_same_id() {
    let host = Host::new().await;
    let other = host.key_of("other").await;
    host.send(structured(&order("1"))).await;
    let answer = host.send_with(&other, structured(&order("1"))).await;
    assert_eq!(answer.json["events"][0]["duplicate"], json!(false));
}

#[tokio::test]
async fn i1_a_202_comes_only_after_the_ledger_has_answered() {
    let host = std::sync::Arc::new(Host::new().await);
    host.ledger.hold_answers();
    let tasks = TaskTracker::new();
    let sender = host.clone();
    let answer = tasks.spawn(async move { sender.send(structured(&order("1"))).await });
    host.ledger.accepting().await;
    assert!(!answer.is_finished(), "answered before the event was on disk");
    host.ledger.let_one_answer();
    assert_eq!(answer.await.unwrap().status, 202);
    assert_eq!(stored(&host).await.len(), 1);
}

#[tokio::test]
async fn i1_a_disk_that_refuses_writes_acknowledges_nothing() {
    let host = Host::new().await;
    host.health.turned(transload_domain::Clock::now(host.clock.as_ref()));
    host.ledger.break_disk();
    for request in [structured(&order("1")), batch(&[order("2"), order("3")])] {
        let answer = host.send(request).await;
        answer.is_problem(503, "store-unavailable");
        assert!(answer.headers.contains_key("retry-after"));
        assert!(!answer.text.contains("no space"), "the reason is for the log: {}", answer.text);
    }
    assert_eq!(stored(&host).await, []);
    assert_eq!(host.backlog.events(), 0);
    assert_eq!(host.send_bare(get("/health/ready")).await.status, 503);
}

#[tokio::test]
async fn a_full_backlog_refuses_events_and_says_when_to_come_back() {
    let limits = BacklogLimits { events: 1, ..BacklogLimits::default() };
    let host = Host::with(|api| {
        api.backlog = Arc::new(Backlog::new(api.ledger.clone(), api.shard, limits));
    })
    .await;
    assert_eq!(host.send(structured(&order("1"))).await.status, 202);
    let answer = host.send(structured(&order("2"))).await;
    answer.is_problem(429, "backlog-full");
    let seconds: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(stored(&host).await.len(), 1);
    dispatch_to_nobody(&host).await;
    assert_eq!(host.send(structured(&order("2"))).await.status, 202);
}

#[tokio::test]
async fn i8_a_flood_of_one_organizations_events_leaves_room_for_another() {
    let limits = BacklogLimits { events: 4, ..BacklogLimits::default() };
    let host = Host::with(|api| {
        api.backlog = Arc::new(Backlog::new(api.ledger.clone(), api.shard, limits));
    })
    .await;
    for id in ["1", "2"] {
        assert_eq!(host.send(structured(&order(id))).await.status, 202);
    }
    let refused = host.send(structured(&order("3"))).await;
    refused.is_problem(429, "backlog-full").says("2 events of this organization wait");
    let other = host.key_of("other").await;
    assert_eq!(host.send_with(&other, structured(&order("1"))).await.status, 202);
    let metrics = host.send_bare(get("/metrics")).await.text;
    assert!(
        metrics.contains("backlog_refusals_total{limit=\"organization_events\"} 1"),
        "{metrics}"
    );
}
