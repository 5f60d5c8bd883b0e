//! Each way in which a vendor can fail, and what the delivery's record says about it afterwards.

use http::Method;
use serde_json::Value;

use crate::{process::run, vendors::World};

/// What goes wrong; the delivery's status after its first attempt; what the record must say.
const WAYS: [(&[&str], &str, &[&str]); 15] = [
    (&["500"], "scheduled", &["the vendor answered 500, not 200", "told to answer 500"]),
    (&["204"], "scheduled", &["the vendor answered 204, not 200"]),
    (&["429:30"], "scheduled", &["answered 429, not 200"]),
    (&["503:date+30"], "scheduled", &["answered 503, not 200"]),
    (&["slow:100ms"], "delivered", &["answered 200"]),
    (&["slow:10s"], "scheduled", &["within 1 s", "(timeout)"]),
    (&["hang"], "scheduled", &["within 1 s", "(timeout)"]),
    (&["drip"], "scheduled", &["within 1 s", "(timeout)"]),
    (&["huge"], "delivered", &["answered 200"]),
    (&["redirect"], "scheduled", &["the vendor answered 307, not 200; redirects are not followed"]),
    (&["cut"], "scheduled", &["the exchange with 127.0.0.1:", "broke off", "(broken)"]),
    (&["revoke-token"], "delivered", &["answered 200", "sent twice with a new access token"]),
    (&["expire-token"], "delivered", &["answered 200", "sent twice with a new access token"]),
    (&["doo/token:503"], "scheduled", &["token endpoint", "503", "(token)"]),
    (&["invalid-client"], "scheduled", &["invalid_client", "(credentials)"]),
];

#[test]
fn every_failure_is_on_the_delivery_in_words_that_an_operator_understands() {
    let world = World::new();
    let host = world.host();
    let data = world.data();
    let data = data.to_str().unwrap();
    let mut wrong = Vec::new();
    for (specs, status, words) in WAYS {
        let source = format!("/{}", specs.join("/"));
        let webhook = world.webhook(&host, &source);
        world.fail(specs);
        let event = world.order(&host, &source, "1");
        let delivery = world.tried(&host, &event, 1);
        let id = delivery["id"].as_str().unwrap();
        let (code, shown, stderr) =
            run(&["delivery", "show", "--organization", "acme", "--data-dir", data, id]);
        assert_eq!(code, 0, "{stderr}");
        println!("--- {}\n{shown}", specs.join(" "));
        if delivery["status"] != status {
            wrong.push(format!("{specs:?}: {} and not {status}", delivery["status"]));
        }
        let missing = words.iter().filter(|words| !shown.contains(**words));
        wrong.extend(missing.map(|words| format!("{specs:?}: {words:?} is not in {shown}")));
        check_more(specs, &delivery);
        assert_eq!(world.sandbox.failures(), [], "{specs:?}");
        // Its later attempts would meet the next failures.
        world.ask(&host, Method::DELETE, &format!("/v1/webhooks/{webhook}"), &Value::Null);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        world.sandbox.received().iter().all(|one| one.path != "/elsewhere"),
        "a redirect was followed"
    );
    host.signal("-TERM");
    assert_eq!(host.end().0, Some(0));
    world.end();
}

fn check_more(specs: &[&str], delivery: &Value) {
    let answer = &delivery["attempts"][0]["answer"];
    match specs {
        ["429:30"] => assert_eq!(answer["retry_after_s"], 30),
        ["503:date+30"] => {
            let asked = answer["retry_after_s"].as_u64().unwrap();
            assert!((25..=30).contains(&asked), "{asked}");
        }
        ["huge"] => assert_eq!(answer["body_cut"], true),
        ["slow:100ms"] => assert!(delivery["attempts"][0]["took_ms"].as_f64().unwrap() >= 100.0),
        _ => {}
    }
}
