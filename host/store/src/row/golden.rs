//! Rows of every released shape, as files: what was written once stays readable, and what is written today is
//! what was written then. A file has one row a line, in hexadecimal, in the order of the values below.
//!
//! A new shape gets new files: run the tests with `WRITE_FIXTURES=1`, which writes what is missing and never
//! touches what is there.

use std::{fmt::Debug, fs, path::Path, time::Duration};

use serde::Serialize;
use transload_domain::{
    Answer, AskedLimits, Attempt, AttemptOutcome, Authentication, AuthenticationKind, Content,
    DeliveryKey, Digest, Event, EventNo, Example, Fault, Filter, Head, Hook, HookNo, HookType,
    Made, Method, Organization, Part, Pattern, PluginName, PluginRef, Profile, ProfileHook,
    Request, RetryPolicy, Sealed, SendFailure, SendFailureKind, Status, Success, SuspendRule,
    Timestamp, TokenHeader, Verdict, Webhook, WebhookId, WebhookLimits,
};

use super::{
    AccessRow, AttemptRow, EventRow, FormatRow, HeadRow, MadeRow, NumberRow, ProfileRow, StateRow,
    WebhookRow, decode, encode,
};
use crate::keys;

/// Compares values with the rows of a file, in both directions.
fn golden<T: PartialEq + Debug>(
    name: &str,
    values: &[T],
    write: impl Fn(&T) -> Vec<u8>,
    read: impl Fn(&[u8]) -> T,
) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rows/v1").join(name);
    let lines: String = values.iter().map(|value| hex(&write(value)) + "\n").collect();
    if !path.exists() && std::env::var_os("WRITE_FIXTURES").is_some() {
        fs::write(&path, &lines).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap();
    assert_eq!(lines, stored, "{name}: rows are written in another way than before");
    for (line, value) in stored.lines().zip(values) {
        assert_eq!(read(&unhex(line)), *value, "{name}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

/// A row without a shape in the domain.
fn plain<R: Serialize + for<'de> serde::Deserialize<'de> + PartialEq + Debug>(
    name: &str,
    rows: &[R],
) {
    golden(name, rows, |row| encode(row), |bytes| decode(bytes).unwrap());
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn delivery() -> DeliveryKey {
    let webhook = WebhookId::from_random([7; 16]);
    DeliveryKey { event: EventNo(0x1_0000), webhook, hook: HookNo(2), part: Part(3) }
}

#[test]
fn numbers_and_bytes() {
    plain("number.hex", &[NumberRow(0), NumberRow(127), NumberRow(128), NumberRow(u64::MAX)]);
    plain("state.hex", &[StateRow { revision: 300, value: vec![0, 1, 255] }]);
    plain("access.hex", &[AccessRow { revision: 1, value: b"hash".to_vec() }]);
    plain("format.hex", &[FormatRow { format: 1, made_by: "transload 0.1.0".into() }]);
}

#[test]
fn events() {
    let full = Event {
        organization: Organization::new("acme").unwrap(),
        id: "A-1".into(),
        source: "/shop".into(),
        kind: "order.created".into(),
        subject: Some("7".into()),
        time: Some("2026-11-21T20:00:00Z".into()),
        extensions: vec![("origin".into(), "corrigopro".into())],
        data: r#"{"größe":1.10}"#.into(),
        accepted_at: at(1_795_000_000_123_456),
        emulated_for: None,
    };
    let bare = Event { subject: None, time: None, extensions: vec![], ..full.clone() };
    let read = |bytes: &[u8]| Event::try_from(decode::<EventRow<'_>>(bytes).unwrap()).unwrap();
    golden("event.hex", &[full, bare], |event| encode(&EventRow::from(event)), read);
}

#[test]
fn heads() {
    let heads = Status::ALL.map(|status| Head {
        attempts: 300,
        ..Head::new(delivery(), status, at(-1), at(1_795_000_000_123_456))
    });
    let read = |bytes: &[u8]| decode::<HeadRow>(bytes).unwrap().into_head(delivery());
    golden("head.hex", &heads, |head| encode(&HeadRow::from(head)), read);
}

#[test]
fn what_was_made() {
    let text = || "why".to_owned();
    let request = |method| {
        let headers = vec![("Content-Type".into(), "application/json".into())];
        Content::Request(Request { method, path: "/1".into(), headers, body: vec![0, 127, 255] })
    };
    let faults = [
        Fault::InvalidEvent(text()),
        Fault::RetryLater(text()),
        Fault::Internal(text()),
        Fault::Panic(text()),
        Fault::Trap(text()),
        Fault::Time(Duration::from_millis(250)),
        Fault::Memory(64 << 20),
        Fault::Stack,
        Fault::Output(text()),
        Fault::State(text()),
    ];
    let name = PluginName::new("readycloud").unwrap();
    let plugin = PluginRef { name, version: "1.2.3".into(), digest: Digest([9; 32]) };
    let contents = Method::ALL.map(request).into_iter().chain(faults.map(Content::Faulted));
    let mut made: Vec<Made> =
        contents.map(|content| Made { plugin: Some(plugin.clone()), content }).collect();
    made.push(Made { plugin: None, content: Content::Blocked(text()) });
    made.push(Made { plugin: None, content: Content::Skipped(text()) });
    let read = |bytes: &[u8]| Made::try_from(decode::<MadeRow>(bytes).unwrap()).unwrap();
    golden("made.hex", &made, |made| encode(&MadeRow::from(made)), read);
}

#[test]
fn attempts() {
    let answer = Answer {
        status: 503,
        headers: vec![("Retry-After".into(), "90".into())],
        body: b"busy".to_vec(),
        cut: true,
        retry_after: Some(Duration::from_secs(90)),
        resent: false,
    };
    let retry = Verdict::Retry { at: at(9), reason: "the vendor answered 503".into() };
    let outcomes = SendFailureKind::ALL
        .map(|kind| AttemptOutcome::Failed(SendFailure { kind, detail: "in words".into() }));
    let attempt = |outcome, verdict| Attempt {
        delivery: delivery(),
        number: 2,
        started: at(1_795_000_000_123_456),
        took: Duration::from_micros(1_500_001),
        outcome,
        verdict,
    };
    let answered = AttemptOutcome::Answered(answer);
    let mut attempts =
        vec![attempt(answered.clone(), retry.clone()), attempt(answered, Verdict::Delivered)];
    attempts.extend(outcomes.map(|outcome| attempt(outcome, retry.clone())));
    let dead = Verdict::Dead { reason: "given up".into() };
    attempts.push(Attempt { verdict: dead, ..attempts[0].clone() });
    let read = |bytes: &[u8]| decode::<AttemptRow>(bytes).unwrap().into_attempt(delivery());
    golden("attempt.hex", &attempts, |attempt| encode(&AttemptRow::from(attempt)), read);
}

#[test]
fn webhooks() {
    let hook = Hook {
        no: HookNo(3),
        kind: HookType::new("orders").unwrap(),
        method: Some(Method::Patch),
        endpoint: "https://example.com".into(),
    };
    let bare = Webhook {
        id: WebhookId::from_random([7; 16]),
        organization: Organization::new("acme").unwrap(),
        name: "orders".into(),
        description: None,
        plugin: PluginName::new("readycloud").unwrap(),
        hooks: vec![Hook { method: None, ..hook.clone() }],
        hooks_made: 4,
        authentication: Authentication::None,
        settings: "{}".into(),
        filter: Filter::default(),
        limits: WebhookLimits::default(),
        signing: None,
        ordering: transload_domain::Ordering::None,
        overrides: transload_domain::Overrides::default(),
        suspended_at: None,
        suspended_because: None,
        resumed_at: None,
        created_at: at(1),
        updated_at: at(2),
    };
    let token = Authentication::Token {
        header: "Auth".into(),
        template: "%ACCESS_TOKEN%".into(),
        token: Sealed(vec![1, 2, 3]),
    };
    let full = Webhook {
        description: Some("all of them".into()),
        hooks: vec![hook],
        authentication: token,
        filter: Filter {
            types: vec![Pattern::new("order.*").unwrap()],
            sources: vec!["/shop".into()],
        },
        limits: WebhookLimits { concurrency: Some(4) },
        suspended_at: Some(at(3)),
        ..bare.clone()
    };
    let signed = Authentication::SignedBearer { audience: Some("https://example.com".into()) };
    let signed = Webhook { authentication: signed, ..bare.clone() };
    let read = |bytes: &[u8]| Webhook::try_from(decode::<WebhookRow>(bytes).unwrap()).unwrap();
    let write = |webhook: &Webhook| encode(&WebhookRow::new(300, webhook));
    golden("webhook.hex", &[bare, full, signed], write, read);
}

#[test]
fn profiles() {
    let full = Profile {
        name: PluginName::new("readycloud").unwrap(),
        version: "1.2.3".into(),
        title: "ReadyCloud".into(),
        homepage: Some("https://example.com".into()),
        hooks: vec![ProfileHook {
            kind: HookType::new("orders").unwrap(),
            events: vec![Pattern::new("order.*").unwrap()],
            method: Method::Put,
            examples: vec![Example { event_type: "order.created".into(), data: "{}".into() }],
        }],
        authentication: AuthenticationKind::ALL.to_vec(),
        token_header: TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() },
        success: Success::Exactly(vec![200]),
        final_statuses: vec![410],
        retry: RetryPolicy {
            schedule: vec![Duration::from_secs(60), Duration::from_millis(1_500)],
            repeat_last: true,
            max_attempts: 9,
            jitter_percent: 10,
        },
        suspend: Some(SuspendRule { more_than: 3, within: Duration::from_secs(21_600) }),
        suppress_echo: true,
        expect_continue: true,
        settings_schema: Some("{}".into()),
        limits: AskedLimits {
            concurrency: Some(4),
            transform_time: Some(Duration::from_millis(100)),
            memory_bytes: Some(1 << 20),
        },
    };
    let bare = Profile {
        homepage: None,
        success: Success::Any2xx,
        suspend: None,
        settings_schema: None,
        limits: AskedLimits::default(),
        ..full.clone()
    };
    let read = |bytes: &[u8]| Profile::try_from(decode::<ProfileRow>(bytes).unwrap()).unwrap();
    golden("profile.hex", &[full, bare], |profile| encode(&ProfileRow::from(profile)), read);
}

#[test]
fn every_key() {
    let (no, key) = (EventNo(0x1_0000), delivery());
    let acme = Organization::new("acme").unwrap();
    let mut all = vec![
        keys::FORMAT.to_vec(),
        keys::LAST_EVENT.to_vec(),
        keys::LAST_REVISION.to_vec(),
        keys::EPOCH.to_vec(),
        keys::event(no),
        keys::identity(&Digest([9; 32])),
        keys::by_organization(&acme, no),
        keys::undispatched(no),
        keys::head(&key),
        keys::made(&key),
        keys::attempt(&key, 2),
        keys::state(key.webhook, "k"),
        keys::state_bytes(key.webhook),
        keys::webhook(&acme, key.webhook),
        keys::profile(&Digest([9; 32])),
        keys::access("id"),
    ];
    for status in Status::ALL {
        all.extend([keys::by_status(status, &key), keys::count(key.webhook, status)]);
    }
    golden("keys.hex", &all, Clone::clone, <[u8]>::to_vec);
}

#[test]
fn what_is_no_row_is_an_error() {
    let good = encode(&NumberRow(300));
    let later = [&[2], &good[1..]].concat();
    let longer = [&good[..], &[0]].concat();
    for (bytes, reason) in [
        (&[][..], "an empty row"),
        (&later, "row version 2 is not known"),
        (&longer, "1 bytes too many"),
        (&good[..2], "Hit the end of buffer"),
    ] {
        let error = decode::<NumberRow>(bytes).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}
