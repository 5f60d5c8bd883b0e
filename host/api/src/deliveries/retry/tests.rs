//! A delivery is asked for again, in words, and never against its order.

use serde_json::{Value, json};
use transload_delivery::{Trouble, TroubleKind};
use transload_domain::{
    Content, Delivery, DeliveryKey, Fault, Head, Made, OrderKey, Organization, Status, Timestamp,
    WebhookId, Wish,
};
use transload_store::{Change, Entry, Key, Ledger as _, LedgerExt, Record, Shard};

use crate::testing::{
    ACME, Answer, Host, get, made, post_event, post_json, post_nothing, subscribe, webhook,
};

/// A host with one webhook.
async fn host() -> (Host, WebhookId) {
    let host = Host::new().await;
    let id = subscribe(&host, &webhook()).await;
    (host, id)
}

async fn delivery(host: &Host, id: WebhookId, event: &str, status: Status, made: Content) -> Head {
    let (no, _) = post_event(host, event).await;
    host.dispatch(no, vec![(id, status, made)]).await[0]
}

async fn in_order(host: &Host, id: WebhookId, event: &str, subject: &str, status: Status) -> Head {
    let (no, _) = post_event(host, event).await;
    let order = Some(OrderKey::of_subject(subject));
    host.dispatch_in_order(no, order, vec![(id, status, made(b"{}"))]).await[0]
}

async fn retry(host: &Host, head: Head) -> Answer {
    host.send(post_nothing(&format!("/v1/deliveries/{}/retry", head.key.id()))).await
}

/// The deliveries that the lead is to move.
async fn wishes(host: &Host) -> Vec<DeliveryKey> {
    let told = host.told().await.into_iter();
    let wishes = told.filter_map(|entry| match entry {
        Entry::Redrive(key) => Some(key),
        _ => None,
    });
    wishes.collect()
}

#[tokio::test]
async fn a_wish_is_kept_and_says_what_happens() {
    let (host, id) = host().await;
    let fault = || Content::Faulted(Fault::Panic("no total".into()));
    let blocked = || Content::Blocked("plugin acme is not loaded".into());
    let mut heads = Vec::new();
    for (status, content, words) in [
        (Status::Dead, made(b"{}"), "the retry schedule begins anew"),
        (Status::Dead, fault(), "transformed again, by the version of the plugin that runs now"),
        (Status::Skipped, Content::Skipped("not ours".into()), "transformed again"),
        (Status::Delivered, made(b"{}"), "though the vendor has them"),
        (Status::Scheduled, made(b"{}"), "tried at once"),
        (Status::Blocked, blocked(), "plugin is run again at once"),
    ] {
        let head = delivery(&host, id, &heads.len().to_string(), status, content).await;
        let answer = retry(&host, head).await;
        assert_eq!((answer.status, &answer.json["status"]), (202, &json!(status.as_str())));
        answer.says(words);
        heads.push(head.key);
    }
    let mut kept = wishes(&host).await;
    kept.sort_unstable();
    assert_eq!(kept, heads);
    host.send(post_nothing(&format!("/v1/webhooks/{id}/suspend"))).await;
    let held =
        retry(&host, delivery(&host, id, "held", Status::Scheduled, made(b"{}")).await).await;
    assert_eq!((held.status, &held.json["status"]), (202, &json!("held")));
    held.says("goes out after resume");
}

#[tokio::test]
async fn an_old_state_is_not_put_over_a_new_one_unless_that_is_meant() {
    let (host, id) = host().await;
    let dead = in_order(&host, id, "1", "order 7", Status::Dead).await;
    let other = in_order(&host, id, "2", "order 8", Status::Delivered).await;
    assert_eq!(retry(&host, dead).await.status, 202);
    assert_eq!(retry(&host, other).await.status, 202);
    let later = in_order(&host, id, "3", "order 7", Status::Delivered).await;
    let answer = retry(&host, dead).await;
    answer.is_problem(409, "conflict").says(&later.key.id().to_string()).says("out_of_order");
    let path = format!("/v1/deliveries/{}/retry", dead.key.id());
    let meant = host.send(post_json(&path, &json!({"out_of_order": true}))).await;
    assert_eq!(meant.status, 202, "{}", meant.text);
    assert_eq!(retry(&host, later).await.status, 202);
}

#[tokio::test]
async fn what_became_of_asking_is_shown_with_the_delivery() {
    let (host, id) = host().await;
    let dead = in_order(&host, id, "1", "order 7", Status::Dead).await;
    let path = format!("/v1/deliveries/{}", dead.key.id());
    let shown = async || host.send(get(&path)).await.json["retry"].clone();
    assert_eq!(shown().await, Value::Null);
    let meant = post_json(&format!("{path}/retry"), &json!({"out_of_order": true}));
    assert_eq!(host.send(meant).await.status, 202);
    assert_eq!(shown().await, json!({"state": "asked"}));
    let kept = host.ledger.read(Shard(0), Key::Redrive(dead.key)).await.unwrap();
    let Some(Record::Redrive(revision, Wish::Asked { out_of_order: true })) = kept else {
        panic!("{kept:?}");
    };
    let at = Timestamp::from_micros(1_536_055_928_000_000);
    let wish = Some(Wish::Refused { at, why: "a later state has arrived".into() });
    let change = Change::Redrive { delivery: dead.key, wish };
    host.ledger.configure(Shard(0), change, Some(revision)).await.unwrap();
    let expected = json!({
        "state": "refused", "refused_at": "2018-09-04T10:12:08.000000Z", "detail": "a later state has arrived",
    });
    assert_eq!(shown().await, expected);
    assert_eq!(retry(&host, dead).await.status, 202);
    assert_eq!(shown().await, json!({"state": "asked"}));
}

#[tokio::test]
async fn a_delivery_in_order_does_not_overtake() {
    let (host, id) = host().await;
    let first = in_order(&host, id, "1", "order 7", Status::Scheduled).await;
    let behind = in_order(&host, id, "2", "order 7", Status::Scheduled).await;
    let free = in_order(&host, id, "3", "order 8", Status::Scheduled).await;
    let answer = retry(&host, behind).await;
    answer
        .is_problem(409, "conflict")
        .says(&first.key.id().to_string())
        .says("retry that one first");
    for head in [first, free] {
        assert_eq!(retry(&host, head).await.status, 202);
    }
    let shown = async |key: DeliveryKey| {
        let shown = host.send(get(&format!("/v1/deliveries/{}", key.id()))).await;
        shown.json["waits_for"].as_str().map(str::to_owned)
    };
    let waits = shown(behind.key).await.unwrap();
    assert!(waits.contains(&first.key.id().to_string()), "{waits}");
    assert_eq!((shown(first.key).await, shown(free.key).await), (None, None));
    assert!(!wishes(&host).await.contains(&behind.key));
}

#[tokio::test]
async fn what_goes_nowhere_is_refused_in_words() {
    let (host, id) = host().await;
    let dead = delivery(&host, id, "1", Status::Dead, made(b"{}")).await;
    let hooks = json!({"hooks": [{"type": "shared", "endpoint": "https://vendor.example/"}]});
    host.send(crate::testing::patch(&format!("/v1/webhooks/{id}"), &hooks)).await;
    retry(&host, dead).await.is_problem(409, "conflict").says("its hook was removed");
    let delete = axum::http::Request::delete(format!("/v1/webhooks/{id}"));
    host.send(delete.body(axum::body::Body::empty()).unwrap()).await;
    retry(&host, dead).await.is_problem(409, "conflict").says("its webhook was removed");
    let path = format!("/v1/deliveries/{}/retry", dead.key.id());
    let wrong: Value = json!({"force": true});
    let answer = host.send(post_json(&path, &wrong)).await;
    answer.is_problem(400, "invalid-request").points_to(&["#/force"]);
    assert_eq!(wishes(&host).await, []);
}

#[tokio::test]
async fn nobody_asks_for_what_is_not_theirs_and_nothing_is_promised_that_is_not_kept() {
    let (host, id) = host().await;
    let dead = delivery(&host, id, "1", Status::Dead, made(b"{}")).await;
    let path = format!("/v1/deliveries/{}/retry", dead.key.id());
    let other = host.key_of("other").await;
    host.send_with(&other, post_nothing(&path)).await.is_problem(404, "not-found");
    host.send(post_nothing("/v1/deliveries/x/retry")).await.is_problem(404, "not-found");
    host.ledger.break_disk();
    host.send(post_nothing(&path)).await.is_problem(503, "store-unavailable");
}

#[tokio::test]
async fn behind_a_gate_it_says_what_it_waits_for() {
    let (host, id) = host().await;
    let acme = Organization::new(ACME).unwrap();
    let (_, webhook) = host.ledger.webhook(Shard(0), &acme, id).await.unwrap().unwrap();
    let key = DeliveryKey {
        event: transload_domain::EventNo(1),
        webhook: webhook.id,
        hook: transload_domain::HookNo(0),
        part: transload_domain::Part(0),
    };
    let next_try = Timestamp::from_micros(1_536_055_928_000_000);
    for (status, kind, expected) in [
        (
            Status::Scheduled,
            TroubleKind::Paused,
            "it no longer waits for its own time; but all of its webhook's deliveries wait until \
             2018-09-04T10:12:08.000000Z: the vendor answered 429; resume the webhook to try at once",
        ),
        (
            Status::Blocked,
            TroubleKind::Failing,
            "its plugin is run again, without waiting for its own time; but its webhook is in trouble (the vendor \
             answered 429), so that one delivery at a time is tried, the next not before \
             2018-09-04T10:12:08.000000Z; resume the webhook to try at once",
        ),
    ] {
        let head = Head::new(key, status, next_try, next_try);
        let delivery = Delivery { head, made: Made { plugin: None, content: made(b"{}") } };
        let detail = "the vendor answered 429".to_owned();
        let trouble = Trouble { kind, since: Timestamp::EPOCH, detail, next_try };
        assert_eq!(super::what_happens(&delivery, &webhook, Some(&trouble)), expected);
        assert!(!super::what_happens(&delivery, &webhook, None).contains("trouble"));
    }
}
