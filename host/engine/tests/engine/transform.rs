//! What comes out of a call, and what a call may see.

use transload_domain::{
    Call, Method, NotRun, Outcome, Request, StateRead, StateSource, StateWrite, Transformed,
};

use crate::guests::{call, call_with, engine, event};

/// A store with one key.
struct One(Option<(u64, Vec<u8>)>);

impl StateSource for One {
    fn get(&self, key: &str) -> Result<Option<(u64, Vec<u8>)>, String> {
        assert_eq!(key, "n");
        Ok(self.0.clone())
    }
}

struct Broken;

impl StateSource for Broken {
    fn get(&self, _key: &str) -> Result<Option<(u64, Vec<u8>)>, String> {
        Err("no answer".into())
    }
}

/// A store that answers late, though within reason.
struct Slow;

impl StateSource for Slow {
    fn get(&self, _key: &str) -> Result<Option<(u64, Vec<u8>)>, String> {
        let never = std::sync::mpsc::channel::<()>();
        let late = transload_domain::limits::TRANSFORM_TIME_MAX * 2;
        let _timeout = never.1.recv_timeout(late);
        Ok(None)
    }
}

#[tokio::test]
async fn an_event_becomes_a_request() {
    let Transformed { result, reads, writes, log, .. } =
        engine(&["echo"]).transform(call("echo")).await.unwrap();
    let request = Request {
        method: Method::Put,
        path: String::new(),
        headers: vec![],
        body: br#"{"n":1}"#.to_vec(),
    };
    assert_eq!(result, Ok(Outcome::Deliver(vec![request])));
    assert_eq!((reads, writes, log), (vec![], vec![], vec![]));
}

#[tokio::test]
async fn i4_what_was_read_and_changed_of_the_state_is_told() {
    let engine = engine(&["counter"]);
    let run = |stored| call_with("counter", event("{}"), One(stored));
    for (stored, revision, body, after) in
        [(None, 0, &b""[..], 1), (Some((7, b"ab".to_vec())), 7, b"ab", 3)]
    {
        let ran = engine.transform(run(stored)).await.unwrap();
        let Ok(Outcome::Deliver(requests)) = ran.result else { panic!("{:?}", ran.result) };
        assert_eq!(requests[0].body, body);
        assert_eq!(ran.reads, [StateRead { key: "n".into(), revision }]);
        let [StateWrite { key, value: Some(value) }] = &ran.writes[..] else { panic!() };
        assert_eq!((key.as_str(), value.len()), ("n", after));
    }
}

#[tokio::test]
async fn nothing_of_one_call_is_left_for_the_next() {
    let engine = engine(&["leaves-traces"]);
    let calls = || (0..20).map(|_| call("leaves-traces"));
    let told = |ran: Transformed| match ran.result {
        Ok(Outcome::Deliver(requests)) => requests[0].body[0],
        other => panic!("{other:?}"),
    };
    let in_one = engine.transform_in_one_instance(calls().collect()).unwrap();
    let counted: Vec<u8> = in_one.into_iter().map(told).collect();
    assert_eq!(counted, (1..=20).collect::<Vec<u8>>(), "this guest would tell");
    for call in calls() {
        assert_eq!(told(engine.transform(call).await.unwrap()), 1);
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_nobodys_fault() {
    let call = call_with("counter", event("{}"), Broken);
    let refused = engine(&["counter"]).transform(call).await;
    assert_eq!(refused, Err(NotRun::State("no answer".into())));
}

#[tokio::test]
async fn time_in_which_the_store_keeps_a_plugin_waiting_is_not_the_plugins() {
    let call = call_with("counter", event("{}"), Slow);
    let ran = engine(&["counter"]).transform(call).await.unwrap();
    assert!(ran.result.is_ok(), "{:?}", ran.result);
}

#[tokio::test]
async fn a_large_event_fits() {
    let data = format!("\"{}\"", "x".repeat(50_000));
    let call: Call = call_with("echo", event(&data), transload_domain::NoState);
    let ran = engine(&["echo"]).transform(call).await.unwrap();
    let Ok(Outcome::Deliver(requests)) = ran.result else { panic!("{:?}", ran.result) };
    assert_eq!(requests[0].body, data.as_bytes());
}

#[tokio::test]
async fn a_plugin_that_is_not_there_is_missing() {
    let refused = engine(&["echo"]).transform(call("other")).await;
    assert!(matches!(refused, Err(NotRun::Missing(name)) if name.as_str() == "other"));
}
