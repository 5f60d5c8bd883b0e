//! A replay is a job with progress, of one organization.

use serde_json::json;
use transload_delivery::BACKLOG_DELIVERIES_MAX;
use transload_domain::{Progress, Replay, ReplayId, Selection, Status, Timestamp};
use transload_store::{Change, Entry, Ledger, Shard};
use uuid::Uuid;

use crate::testing::{Host, get, post_json, subscribe, webhook};

#[tokio::test]
async fn a_replay_is_kept_and_told_to_the_lead() {
    let host = Host::new().await;
    let id = subscribe(&host, &webhook()).await;
    let asked = json!({
        "webhook": id.to_string(), "statuses": ["delivered", "dead", "dead"],
        "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00+01:00",
        "out_of_order": true,
    });
    let answer = host.send(post_json("/v1/replays", &asked)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let path = format!("/v1/replays/{}", answer.json["id"].as_str().unwrap());
    assert_eq!(answer.headers["location"], path);
    let expected = json!({
        "id": answer.json["id"], "webhook": id.to_string(), "statuses": ["delivered", "dead"],
        "from": "2026-01-01T00:00:00.000000Z", "to": "2026-01-01T23:00:00.000000Z",
        "created_at": "2026-01-02T03:04:05.000006Z", "state": "running", "seen": 0, "moved": 0,
        "skipped": 0, "out_of_order": true, "waits_because": null, "finished_at": null, "error": null,
    });
    assert_eq!(answer.json, expected);
    assert_eq!(host.send(get(&path)).await.json, expected);
    host.backlog.open(usize::try_from(BACKLOG_DELIVERIES_MAX).unwrap());
    let waits = host.send(get(&path)).await.json["waits_because"].clone();
    assert!(waits.as_str().is_some_and(|why| why.contains("goes on when fewer are")), "{waits}");
    let told = host.told().await.into_iter().find_map(|entry| match entry {
        Entry::Replay(replay) => Some(replay.selection.clone()),
        _ => None,
    });
    let (from, to) = (1_767_225_600_000_000, 1_767_308_400_000_000);
    let selection = Selection {
        webhook: Some(id),
        statuses: vec![Status::Delivered, Status::Dead],
        from: Some(Timestamp::from_micros(from)),
        to: Some(Timestamp::from_micros(to)),
        out_of_order: true,
    };
    assert_eq!(told, Some(selection));
}

#[tokio::test]
async fn dead_letters_are_meant_where_nothing_is_said() {
    let host = Host::new().await;
    let answer = host.send(post_json("/v1/replays", &json!({}))).await;
    assert_eq!(answer.json["statuses"], json!(["dead"]), "{}", answer.text);
    assert_eq!(answer.json["webhook"], json!(null));
    assert_eq!(answer.json["out_of_order"], json!(false));
}

#[tokio::test]
async fn progress_is_shown_and_lists_are_newest_first() {
    let host = Host::new().await;
    let mut ids = Vec::new();
    for (at, progress, state) in [
        (3, Progress { seen: 9, moved: 4, ..Progress::default() }, "running"),
        (2, Progress { finished_at: Some(Timestamp::EPOCH), ..Progress::default() }, "finished"),
        (
            1,
            Progress {
                finished_at: Some(Timestamp::EPOCH),
                error: Some("the store is gone".into()),
                ..Progress::default()
            },
            "failed",
        ),
    ] {
        let replay = Replay {
            id: ReplayId::from_random([at; 16]),
            organization: transload_domain::Organization::new("acme").unwrap(),
            selection: Selection {
                webhook: None,
                statuses: vec![Status::Dead],
                from: None,
                to: None,
                out_of_order: false,
            },
            created_at: Timestamp::from_micros(i64::from(at)),
            progress,
        };
        let id = replay.id;
        host.ledger.configure(Shard(0), Change::Replay(replay), Some(0)).await.unwrap();
        let shown = host.send(get(&format!("/v1/replays/{id}"))).await;
        assert_eq!(shown.json["state"], state, "{}", shown.text);
        ids.push(json!(id.to_string()));
    }
    let first = host.send(get("/v1/replays?limit=2")).await;
    let next = first.json["next"].as_str().unwrap();
    let rest = host.send(get(&format!("/v1/replays?limit=2&cursor={next}"))).await;
    let listed = |answer: &crate::testing::Answer| -> Vec<_> {
        let replays = answer.json["replays"].as_array().unwrap().iter();
        replays.map(|replay| replay["id"].clone()).collect()
    };
    assert_eq!([listed(&first), listed(&rest)].concat(), ids);
    assert_eq!(rest.json["next"], json!(null));
    let other = host.key_of("other").await;
    assert_eq!(host.send_with(&other, get("/v1/replays")).await.json["replays"], json!([]));
    let path = format!("/v1/replays/{}", ids[0].as_str().unwrap());
    host.send_with(&other, get(&path)).await.is_problem(404, "not-found");
    host.send(get("/v1/replays/x")).await.is_problem(404, "not-found");
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_member() {
    let host = Host::new().await;
    let id = subscribe(&host, &webhook()).await;
    for (body, pointers) in [
        (json!({"webhook": "x"}), &["#/webhook"][..]),
        (json!({"webhook": Uuid::nil().to_string()}), &["#/webhook"]),
        (json!({"statuses": []}), &["#/statuses"]),
        (json!({"statuses": ["dead", "held"]}), &["#/statuses/1"]),
        (json!({"statuses": ["scheduled"]}), &["#/statuses/0"]),
        (json!({"from": "yesterday", "to": "2026-01-01"}), &["#/from", "#/to"]),
        (json!({"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}), &["#/to"]),
        (json!({"out_of_order": 1}), &["#/out_of_order"]),
        (json!({"organization": "other"}), &["#/organization"]),
    ] {
        let answer = host.send(post_json("/v1/replays", &body)).await;
        answer.is_problem(400, "invalid-request").points_to(pointers);
    }
    host.send(crate::testing::post_nothing("/v1/replays"))
        .await
        .is_problem(415, "unsupported-media-type");
    // Another organization's webhook is one that does not exist.
    let other = host.key_of("other").await;
    let body = json!({"webhook": id.to_string()});
    let answer = host.send_with(&other, post_json("/v1/replays", &body)).await;
    answer.points_to(&["#/webhook"]).says("there is no such webhook");
    host.ledger.break_disk();
    let answer = host.send(post_json("/v1/replays", &json!({}))).await;
    answer.is_problem(503, "store-unavailable");
}
