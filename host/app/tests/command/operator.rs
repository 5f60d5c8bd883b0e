//! An operator's day on the host's own machine: nothing but the command.

use serde_json::Value;

use crate::{
    process::{Serving, run, transload},
    vendors::World,
};

const SOURCE: &str = "/orders";

/// Runs a command for the organization, and demands that it works.
fn ask(world: &World, arguments: &[&str]) -> (String, String) {
    let data = world.data();
    let more = ["--organization", "acme", "--data-dir", data.to_str().unwrap()];
    let (code, stdout, stderr) = run(&[arguments, &more].concat());
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    (stdout, stderr)
}

fn json(world: &World, arguments: &[&str]) -> Value {
    serde_json::from_str(&ask(world, &[arguments, &["--json"]].concat()).0).unwrap()
}

/// A host with a webhook, and the webhook's id.
fn begin(world: &World) -> (Serving, String) {
    let host = world.host();
    let webhook = world.webhook(&host, SOURCE);
    (host, webhook)
}

#[test]
fn what_failed_is_found_and_sent_again_one_by_one_and_in_a_replay() {
    let world = World::new();
    let (host, webhook) = begin(&world);
    world.fail(&["500"]);
    let event = world.order(&host, SOURCE, "1");
    let delivery = world.tried(&host, &event, 1);
    let id = delivery["id"].as_str().unwrap();

    let (listed, _) = ask(&world, &["delivery", "list", "--webhook", &webhook]);
    assert!(
        listed.lines().any(|line| line.starts_with(id) && line.contains("scheduled")),
        "{listed}"
    );
    let (told, _) = ask(&world, &["delivery", "retry", id]);
    assert!(told.starts_with(&format!("{id}: ")), "{told}");
    let delivery = world.tried(&host, &event, 2);
    assert_eq!(delivery["status"], "delivered", "{delivery:#}");

    let (told, progress) = ask(&world, &["delivery", "replay", "--status", "delivered"]);
    assert!(told.contains("done; 1 of 1 deliveries"), "{told}{progress}");
    let delivery = world.tried(&host, &event, 3);
    assert_eq!(delivery["status"], "delivered", "{delivery:#}");
    let bodies: Vec<Value> = world.arrived(3).into_iter().map(|one| one.body).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
    host.signal("-TERM");
    host.end();
    world.end();
}

#[test]
fn a_webhook_is_suspended_resumed_and_tried_out() {
    let world = World::new();
    let (host, webhook) = begin(&world);
    let reason = "the vendor moves house";
    ask(&world, &["webhook", "suspend", &webhook, "--reason", reason]);
    let (listed, _) = ask(&world, &["webhook", "list"]);
    assert!(
        listed.contains(&format!(": {reason}")) && listed.contains("suspended since"),
        "{listed}"
    );
    let event = world.order(&host, SOURCE, "1");
    let delivery = world.held(&host, &event);
    assert_eq!(delivery["attempt_count"], 0, "{delivery:#}");

    let (told, _) = ask(&world, &["webhook", "resume", &webhook]);
    assert!(told.contains("active"), "{told}");
    assert_eq!(world.tried(&host, &event, 1)["status"], "delivered");

    let (_, hint) = ask(&world, &["webhook", "emulate", &webhook, "--event-type", "order.created"]);
    assert!(hint.contains("transload delivery list --organization acme --event "), "{hint}");
    let data = world.data();
    let data = data.to_str().unwrap();
    let wrong = ["webhook", "emulate", &webhook, "--event-type", "order.painted"];
    let (code, _, told) =
        run(&[&wrong[..], &["--organization", "acme", "--data-dir", data]].concat());
    assert_eq!(code, 1, "{told}");
    assert_eq!(told.matches("there are examples of order.created").count(), 1, "{told}");
    let emulated = json(&world, &["webhook", "emulate", &webhook]);
    let event = emulated["event"]["id"].as_str().unwrap();
    let delivery = world.tried(&host, event, 1);
    assert_eq!((&delivery["status"], &delivery["emulated"]), (&"delivered".into(), &true.into()));
    host.signal("-TERM");
    host.end();
    world.end();
}

#[test]
fn webhooks_are_listed_page_by_page() {
    let world = World::new();
    let (host, first) = begin(&world);
    let second = world.webhook(&host, "/more");
    let (listed, more) = ask(&world, &["webhook", "list", "--limit", "1"]);
    let cursor = more.trim().strip_prefix("there are more: --cursor ").expect(&more);
    let (rest, end) = ask(&world, &["webhook", "list", "--limit", "1", "--cursor", cursor]);
    for id in [first, second] {
        assert!(listed.contains(&id) != rest.contains(&id), "{id} in {listed}{rest}");
    }
    assert_eq!(end, "");
    host.signal("-TERM");
    host.end();
    world.end();
}

#[test]
fn who_asks_for_nobody_or_where_nobody_answers_is_told_what_to_do() {
    let (code, _, stderr) = run(&["delivery", "list"]);
    assert_eq!(code, 64, "{stderr}");
    assert!(stderr.contains("--organization") && stderr.contains("TRANSLOAD_API_KEY"), "{stderr}");

    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (code, _, stderr) =
        run(&["webhook", "list", "--organization", "acme", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("does it run?") && stderr.contains("control.sock"), "{stderr}");

    let host = Serving::start(&data);
    let listen = host.address.to_string();
    let mut command = transload(&["delivery", "list", "--listen", &listen]);
    let output = command.env("TRANSLOAD_API_KEY", "tl_wrong").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("401") && stderr.contains("transload key create"), "{stderr}");
    host.signal("-TERM");
    host.end();
}
