//! Deliveries are listed newest first, filtered, in pages, and never another organization's.

use std::sync::Arc;

use serde_json::json;
use transload_delivery::{Trouble, TroubleKind, Troubles};
use transload_domain::{
    Content, Event, Fault, Organization, Status, Timestamp, Verdict, WebhookId,
};
use transload_store::{Change, Key, Ledger, Record, Shard};

use crate::testing::{ACME, Host, attempt, get, made, post_event, subscribe, webhook};

/// A host with one webhook.
async fn host() -> (Host, WebhookId) {
    let host = Host::new().await;
    let id = add_webhook(&host).await;
    (host, id)
}

async fn add_webhook(host: &Host) -> WebhookId {
    subscribe(host, &webhook()).await
}

/// All pages of a list: `event_id` and status of each delivery.
async fn all(host: &Host, query: &str, limit: usize) -> Vec<(String, String)> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..1_000 {
        let path = format!("/v1/deliveries?{query}&limit={limit}{cursor}");
        let answer = host.send(get(&path)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let page = answer.json["deliveries"].as_array().unwrap();
        assert!(page.len() <= limit);
        found.extend(page.iter().map(|delivery| {
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            (text(&delivery["event"]["event_id"]), text(&delivery["status"]))
        }));
        let Some(next) = answer.json["next"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
    panic!("the list {query} has no end");
}

#[tokio::test]
async fn lists_are_newest_first_in_pages_of_any_size() {
    let (host, first) = host().await;
    let second = add_webhook(&host).await;
    let statuses = [Status::Scheduled, Status::Delivered, Status::Dead];
    let mut events = Vec::new();
    for n in 0..12 {
        let (no, id) = post_event(&host, &n.to_string()).await;
        let mut content = vec![(first, statuses[n % 3], made(b"{}"))];
        if n % 2 == 0 {
            content.push((second, Status::Delivered, made(b"{}")));
        }
        host.dispatch(no, content).await;
        events.push(id);
    }
    let ids = |found: Vec<(String, String)>| found.into_iter().map(|f| f.0).collect::<Vec<_>>();
    for limit in [1, 2, 5, 200] {
        let every = ids(all(&host, "", limit).await);
        assert_eq!(every[..5], ["11", "10", "10", "9", "8"]);
        assert_eq!(every.len(), 18);
        let of_first = ids(all(&host, &format!("webhook={first}"), limit).await);
        assert_eq!(of_first, (0..12).rev().map(|n| n.to_string()).collect::<Vec<_>>());
        let dead = all(&host, "status=dead", limit).await;
        let expected = ["11", "8", "5", "2"].map(|n| (n.to_owned(), "dead".to_owned()));
        assert_eq!(dead, expected);
        assert_eq!(all(&host, &format!("status=dead&webhook={first}"), limit).await, expected);
        assert_eq!(all(&host, &format!("status=dead&webhook={second}"), limit).await, []);
        let of_event = all(&host, &format!("event={}", events[4]), limit).await;
        assert_eq!(of_event.len(), 2);
        let both = all(&host, &format!("event={}&webhook={second}", events[4]), limit).await;
        assert_eq!(both, [("4".to_owned(), "delivered".to_owned())]);
    }
}

#[tokio::test]
async fn a_list_can_be_of_a_time() {
    let (host, id) = host().await;
    let acme = Organization::new(ACME).unwrap();
    for hour in 0..6_i64 {
        let at = Timestamp::from_micros(hour * 3_600_000_000);
        let (event, id) = (event_at(&acme, &hour.to_string(), at), id);
        let no = host.ledger.accept(Shard(0), vec![event]).await.unwrap()[0].no;
        host.dispatch(no, vec![(id, Status::Dead, made(b"{}"))]).await;
    }
    for (query, expected) in [
        ("from=1970-01-01T02:00:00Z&to=1970-01-01T04:00:00Z", &["3", "2"][..]),
        ("from=1970-01-01T03:30:00Z", &["5", "4"]),
        ("to=1970-01-01T01:00:00Z", &["0"]),
        ("from=1970-01-02T00:00:00Z", &[]),
    ] {
        for of in [String::new(), format!("&webhook={id}"), "&status=dead".to_owned()] {
            let found = all(&host, &format!("{query}{of}"), 2).await;
            let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
            assert_eq!(ids, expected, "{query}{of}");
        }
    }
}

/// An event that was accepted at that time.
fn event_at(organization: &Organization, id: &str, at: Timestamp) -> Event {
    Event {
        organization: organization.clone(),
        id: id.into(),
        source: "/shop".into(),
        kind: "order.created".into(),
        subject: None,
        time: None,
        extensions: vec![],
        data: "{}".into(),
        accepted_at: at,
        emulated_for: None,
    }
}

#[tokio::test]
async fn what_comes_in_between_two_pages_disturbs_neither() {
    let (host, id) = host().await;
    let statuses = [Status::Delivered, Status::Delivered, Status::Dead, Status::Dead];
    for (n, status) in statuses.into_iter().enumerate() {
        let (no, _) = post_event(&host, &n.to_string()).await;
        host.dispatch(no, vec![(id, status, made(b"{}"))]).await;
    }
    for query in [format!("webhook={id}"), String::new()] {
        let first = host.send(get(&format!("/v1/deliveries?{query}&limit=2"))).await;
        let (no, _) = post_event(&host, &format!("late {query}")).await;
        host.dispatch(no, vec![(id, Status::Delivered, made(b"{}"))]).await;
        let next = first.json["next"].as_str().unwrap();
        let rest = host.send(get(&format!("/v1/deliveries?{query}&cursor={next}"))).await;
        let rest = rest.json["deliveries"].as_array().unwrap().iter();
        let rest: Vec<_> = rest.map(|delivery| delivery["event"]["event_id"].clone()).collect();
        assert!(!rest.contains(&json!(format!("late {query}"))), "{rest:?}");
        assert!(rest.ends_with(&[json!("1"), json!("0")]), "{rest:?}");
    }
}

#[tokio::test]
async fn open_deliveries_of_a_suspended_webhook_are_held() {
    let (host, id) = host().await;
    for (n, status) in
        [Status::Scheduled, Status::Blocked, Status::Delivered].into_iter().enumerate()
    {
        let (no, _) = post_event(&host, &n.to_string()).await;
        let content = match status {
            Status::Blocked => Content::Blocked("plugin acme is not loaded".into()),
            _ => made(b"{}"),
        };
        host.dispatch(no, vec![(id, status, content)]).await;
    }
    assert_eq!(all(&host, "status=held", 10).await, []);
    assert_eq!(all(&host, "status=blocked", 10).await, [("1".to_owned(), "blocked".to_owned())]);
    let key = Key::Webhook(Organization::new(ACME).unwrap(), id);
    let Some(Record::Webhook(revision, mut stored)) =
        host.ledger.read(Shard(0), key).await.unwrap()
    else {
        panic!("no webhook")
    };
    stored.suspended_at = Some(Timestamp::EPOCH);
    stored.suspended_because = Some("it failed".into());
    host.ledger.configure(Shard(0), Change::Webhook(*stored), Some(revision)).await.unwrap();
    let expected = ["1", "0"].map(|n| (n.to_owned(), "held".to_owned()));
    assert_eq!(all(&host, "status=held", 10).await, expected);
    assert_eq!(all(&host, &format!("status=held&webhook={id}"), 1).await, expected);
    assert_eq!(all(&host, "status=scheduled", 10).await, []);
    assert_eq!(all(&host, "status=delivered", 10).await.len(), 1);
    let shown = host.send(get("/v1/deliveries")).await.json;
    let waits = |n: usize| shown["deliveries"][n]["waits_for"].as_str().map(str::to_owned);
    let held = "its webhook is suspended since 1970-01-01T00:00:00.000000Z (it failed); it goes out after resume";
    assert_eq!([waits(0), waits(1), waits(2)], [None, Some(held.into()), Some(held.into())]);
}

#[tokio::test]
async fn what_waits_behind_a_trouble_of_its_webhook_says_so() {
    let troubles = Arc::<Troubles>::default();
    let host = Host::with(|parts| parts.troubles = Arc::clone(&troubles)).await;
    let id = add_webhook(&host).await;
    for (event, status) in [("1", Status::Scheduled), ("2", Status::Delivered)] {
        let (no, _) = post_event(&host, event).await;
        host.dispatch(no, vec![(id, status, made(b"{}"))]).await;
    }
    let trouble = Trouble {
        kind: TroubleKind::Paused,
        since: Timestamp::EPOCH,
        detail: "the vendor answered 503".into(),
        next_try: Timestamp::MAX,
    };
    troubles.put(id, trouble);
    let listed = host.send(get("/v1/deliveries")).await.json;
    let [delivered, open] = [0, 1].map(|n| listed["deliveries"][n].clone());
    assert_eq!(delivered["waits_for"], json!(null));
    let told = open["waits_for"].as_str().unwrap_or_default();
    assert!(told.contains("the vendor answered 503"), "{told:?}");
    let path = format!("/v1/deliveries/{}", open["id"].as_str().unwrap());
    assert_eq!(host.send(get(&path)).await.json["waits_for"], open["waits_for"]);
}

#[tokio::test]
async fn another_organization_sees_nothing_whatever_it_asks() {
    let (host, id) = host().await;
    let (no, event) = post_event(&host, "1").await;
    let heads = host.dispatch(no, vec![(id, Status::Dead, made(b"{}"))]).await;
    let (no, _) = post_event(&host, "2").await;
    host.dispatch(no, vec![(id, Status::Dead, made(b"{}"))]).await;
    let cursor = host.send(get("/v1/deliveries?limit=1")).await.json["next"].clone();
    let other = host.key_of("other").await;
    for query in ["", "?status=dead"] {
        let answer = host.send_with(&other, get(&format!("/v1/deliveries{query}"))).await;
        assert_eq!(answer.json["deliveries"], json!([]), "{query}");
    }
    let nobody = WebhookId::from_random([9; 16]);
    for query in
        [format!("webhook={id}"), format!("webhook={id}&status=dead"), format!("webhook={nobody}")]
    {
        let answer = host.send_with(&other, get(&format!("/v1/deliveries?{query}"))).await;
        answer.is_problem(404, "not-found");
    }
    let answer = host.send_with(&other, get(&format!("/v1/deliveries?event={event}"))).await;
    answer.is_problem(404, "not-found");
    let path = format!("/v1/deliveries/{}", heads[0].key.id());
    assert_eq!(host.send(get(&path)).await.status, 200);
    host.send_with(&other, get(&path)).await.is_problem(404, "not-found");
    // Nor with a cursor of the owner's list.
    let path = format!("/v1/deliveries?cursor={}", cursor.as_str().unwrap());
    assert_eq!(host.send(get(&path)).await.json["deliveries"].as_array().unwrap().len(), 1);
    host.send_with(&other, get(&path)).await.is_problem(400, "invalid-cursor");
}

#[tokio::test]
async fn deliveries_of_a_webhook_that_was_removed_are_still_seen_by_their_owner() {
    let (host, id) = host().await;
    let empty = add_webhook(&host).await;
    let (no, _) = post_event(&host, "1").await;
    host.dispatch(no, vec![(id, Status::Delivered, made(b"{}"))]).await;
    let list = |id: WebhookId| get(&format!("/v1/deliveries?webhook={id}&status=dead"));
    for id in [id, empty] {
        assert_eq!(host.send(list(id)).await.status, 200);
        let delete = axum::http::Request::delete(format!("/v1/webhooks/{id}"));
        host.send(delete.body(axum::body::Body::empty()).unwrap()).await;
    }
    assert_eq!(host.send(list(id)).await.status, 200);
    host.send(list(empty)).await.is_problem(404, "not-found");
    let other = host.key_of("other").await;
    host.send_with(&other, list(id)).await.is_problem(404, "not-found");
}

#[tokio::test]
async fn a_wrong_filter_is_told() {
    let (host, id) = host().await;
    let (no, _) = post_event(&host, "1").await;
    host.dispatch(no, vec![(id, Status::Dead, made(b"{}"))]).await;
    for n in 2..4 {
        let (no, _) = post_event(&host, &n.to_string()).await;
        host.dispatch(no, vec![(id, Status::Dead, made(b"{}"))]).await;
    }
    let next = host.send(get("/v1/deliveries?limit=1")).await.json["next"].clone();
    for (query, slug) in [
        ("status=lost".to_owned(), "invalid-request"),
        ("webhook=x".to_owned(), "invalid-request"),
        ("from=yesterday".to_owned(), "invalid-request"),
        ("to=2026-01-01".to_owned(), "invalid-request"),
        ("state=dead".to_owned(), "invalid-request"),
        ("cursor=e30".to_owned(), "invalid-cursor"),
        (format!("webhook={id}&cursor={}", next.as_str().unwrap()), "invalid-cursor"),
    ] {
        host.send(get(&format!("/v1/deliveries?{query}"))).await.is_problem(400, slug);
    }
    host.send(get("/v1/deliveries?event=x")).await.is_problem(404, "not-found");
}

#[tokio::test]
async fn a_delivery_is_shown_with_its_bytes_and_attempts() {
    let (host, id) = host().await;
    let (no, event) = post_event(&host, "1").await;
    let heads = host.dispatch(no, vec![(id, Status::Scheduled, made(b"{\"n\": 1.50}"))]).await;
    let retry = Verdict::Retry {
        at: Timestamp::from_micros(1_800_000_000_000_000),
        reason: "the vendor answered 503, not 200".into(),
    };
    host.settle(heads[0], attempt(&heads[0], 503, retry)).await;
    let answer = host.send(get(&format!("/v1/deliveries/{}", heads[0].key.id()))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let digest = answer.json["plugin"]["digest"].as_str().unwrap();
    assert_eq!(digest.len(), 64);
    let expected = json!({
        "id": heads[0].key.id().to_string(),
        "status": "scheduled",
        "attempt_count": 1,
        "earlier_attempt_count": 0,
        "in_order": false,
        "emulated": false,
        "due_at": "2027-01-15T08:00:00.000000Z",
        "updated_at": "2026-01-02T03:04:05.000006Z",
        "event": {
            "id": event, "event_id": "1", "source": "/shop", "type": "order.created", "subject": null,
        },
        "webhook": {"id": id.to_string(), "name": "Orders to Acme", "hook": "orders"},
        "plugin": {"name": "acme", "version": "1.2.3", "digest": digest},
        "reason": "the vendor answered 503, not 200",
        "waits_for": null,
        "request": {
            "method": "PUT", "endpoint": "https://vendor.example/orders", "path": "/7",
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "body": "{\"n\": 1.50}",
        },
        "attempts": [{
            "number": 1, "started_at": "1970-01-01T00:00:01.000000Z", "took_ms": 1.5,
            "answer": {
                "status": 503, "headers": [{"name": "server", "value": "vendor"}], "body": "busy",
                "body_cut": false, "retry_after_s": 9, "resent": false,
            },
            "failure": null, "verdict": "retry", "retry_at": "2027-01-15T08:00:00.000000Z",
            "reason": "the vendor answered 503, not 200",
        }],
        "retry": null,
    });
    assert_eq!(answer.json, expected);
    let listed = host.send(get("/v1/deliveries")).await;
    assert_eq!(listed.json["deliveries"][0]["reason"], expected["reason"]);
    let with_event = host.send(get(&format!("/v1/events/{event}"))).await;
    assert_eq!(with_event.json["deliveries"][0]["id"], expected["id"]);
}

#[tokio::test]
async fn a_damaged_attempt_hides_no_delivery_of_a_list() {
    let (host, id) = host().await;
    for name in ["tried", "untried"] {
        let (no, _) = post_event(&host, name).await;
        let head = host.dispatch(no, vec![(id, Status::Scheduled, made(b"{}"))]).await[0];
        if name == "tried" {
            let verdict = Verdict::Dead { reason: "given up".into() };
            host.settle(head, attempt(&head, 500, verdict)).await;
        }
    }
    host.ledger.damage_attempts();
    let all = all(&host, "", 10).await;
    let expected = [("untried", "scheduled"), ("tried", "dead")];
    assert_eq!(all, expected.map(|(event, status)| (event.to_owned(), status.to_owned())));
}

#[tokio::test]
async fn only_the_last_hundred_attempts_are_shown() {
    let (host, id) = host().await;
    let (no, _) = post_event(&host, "1").await;
    let mut head = host.dispatch(no, vec![(id, Status::Scheduled, made(b"{}"))]).await[0];
    for _ in 0..103 {
        let verdict = Verdict::Retry { at: Timestamp::EPOCH, reason: "no".into() };
        head = host.settle(head, attempt(&head, 500, verdict)).await;
    }
    let answer = host.send(get(&format!("/v1/deliveries/{}", head.key.id()))).await;
    let attempts = answer.json["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &answer.json["attempt_count"]), (100, &json!(103)));
    assert_eq!((&attempts[0]["number"], &attempts[99]["number"]), (&json!(4), &json!(103)));
}

#[tokio::test]
async fn i10_a_plugins_fault_is_shown_in_plain_words_with_its_version() {
    let (host, id) = host().await;
    let (no, _) = post_event(&host, "1").await;
    let fault = Content::Faulted(Fault::Panic("no total at src/lib.rs:9:5".into()));
    let heads = host.dispatch(no, vec![(id, Status::Dead, fault)]).await;
    for path in [format!("/v1/deliveries/{}", heads[0].key.id()), "/v1/deliveries".to_owned()] {
        let answer = host.send(get(&path)).await;
        answer
            .says("the plugin panicked: no total at src/lib.rs:9:5")
            .says("\"version\":\"1.2.3\"");
    }
    let answer = host.send(get(&format!("/v1/deliveries/{}", heads[0].key.id()))).await;
    assert_eq!((&answer.json["request"], &answer.json["attempts"]), (&json!(null), &json!([])));
}

#[tokio::test]
async fn bytes_that_are_no_text_are_shown_as_base64() {
    let (host, id) = host().await;
    let (no, _) = post_event(&host, "1").await;
    let heads = host.dispatch(no, vec![(id, Status::Scheduled, made(&[0xff, 0]))]).await;
    let answer = host.send(get(&format!("/v1/deliveries/{}", heads[0].key.id()))).await;
    assert_eq!(answer.json["request"]["body_base64"], json!("/wA="));
    assert!(answer.json["request"].get("body").is_none());
}
