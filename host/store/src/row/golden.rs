//! Rows of every released shape, as files: what was written once stays readable, and what is written today is
//! what was written then. A file has one row a line, in hexadecimal, in the order of the values below.
//!
//! A folder holds what a store of that format may have first had: `v1` what the first release wrote, the last ones what
//! is written now. A new shape gets new files: run the tests with `WRITE_FIXTURES=1`, which writes what is missing and never
//! touches what is there.

use std::{
    fmt::Debug,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use transload_domain::{
    Answer, AskedLimits, Attempt, AttemptOutcome, Authentication, AuthenticationKind,
    ClientAuthentication, ClientCredentials, Content, DeliveryKey, Digest, Event, EventNo, Example,
    Fault, Filter, Head, Hook, HookNo, HookType, Made, Method, OrderKey, Ordering, Organization,
    Overrides, Part, Pattern, PluginName, PluginRef, Profile, ProfileHook, Progress, Replay,
    ReplayId, Request, RetryPolicy, Sealed, Selection, SendFailure, SendFailureKind, Signing,
    SigningKey, SigningScheme, Status, Success, Suspend, SuspendRule, Timestamp, TokenHeader,
    Verdict, Webhook, WebhookId, WebhookLimits, Wish,
};

use super::{
    AccessRow, AttemptRow, BlockRow, EventRow, FailuresRow, FormatRow, HeadRow, ListedRow, MadeRow,
    NumberRow, ProfileRow, ReplayRow, Row, StateRow, WebhookRow, WishRow, decode, encode,
};
use crate::keys;

/// Compares values with the rows of a file, in both directions.
fn golden<T: PartialEq + Debug>(
    name: &str,
    values: &[T],
    write: impl Fn(&T) -> Vec<u8>,
    read: impl Fn(&[u8]) -> T,
) {
    let path = fixture(name);
    let lines: String = values.iter().map(|value| hex(&write(value)) + "\n").collect();
    if !path.exists() && std::env::var_os("WRITE_FIXTURES").is_some() {
        fs::write(&path, &lines).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap();
    assert_eq!(lines, stored, "{name}: rows are written in another way than before");
    readable(name, values, read);
}

/// Compares values with the rows of a file that an older program wrote.
fn readable<T: PartialEq + Debug>(name: &str, values: &[T], read: impl Fn(&[u8]) -> T) {
    let stored = fs::read_to_string(fixture(name)).unwrap();
    assert_eq!(stored.lines().count(), values.len(), "{name}");
    for (line, value) in stored.lines().zip(values) {
        assert_eq!(read(&unhex(line)), *value, "{name}");
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rows").join(name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

/// A row without a shape in the domain.
fn plain<R: for<'a> Row<'a> + PartialEq + Debug>(name: &str, rows: &[R]) {
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
    plain("v1/number.hex", &[NumberRow(0), NumberRow(127), NumberRow(128), NumberRow(u64::MAX)]);
    plain("v1/state.hex", &[StateRow { revision: 300, value: vec![0, 1, 255] }]);
    plain("v1/access.hex", &[AccessRow { revision: 1, value: b"hash".to_vec() }]);
    plain("v1/format.hex", &[FormatRow { format: 1, made_by: "transload 0.1.0".into() }]);
    let mut failures = FailuresRow::default();
    for micros in [300, -1, 1_795_000_000_123_456] {
        failures.add(at(micros), 9);
    }
    let mut block = BlockRow::default();
    for index in [0, 9, 1_023] {
        block.insert(index);
    }
    plain("v2/block.hex", &[BlockRow::default(), block]);
    let mut listed = ListedRow::default();
    listed.insert(&delivery());
    listed.insert(&DeliveryKey { event: EventNo(0x1_00ff), ..delivery() });
    plain("v2/listed.hex", &[listed]);
    plain("v2/failures.hex", &[FailuresRow::default(), failures]);
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
    readable("v1/event.hex", &[full.clone(), bare.clone()], read);
    let emulated_for = Some(WebhookId::from_random([7; 16]));
    let emulated = Event { emulated_for, ..bare.clone() };
    golden("v2/event.hex", &[full, bare, emulated], |event| encode(&EventRow::from(event)), read);
}

#[test]
fn heads() {
    let heads = Status::ALL.map(|status| Head {
        attempts: 300,
        ..Head::new(delivery(), status, at(-1), at(1_795_000_000_123_456))
    });
    let read = |bytes: &[u8]| decode::<HeadRow>(bytes).unwrap().into_head(delivery());
    readable("v1/head.hex", &heads, read);
    let ordered = Head {
        earlier: 200,
        order: Some(OrderKey(0x0102_0304_0506_0708)),
        emulated: true,
        ..heads[1]
    };
    let heads = [&heads[..], &[ordered]].concat();
    golden("v2/head.hex", &heads, |head| encode(&HeadRow::from(head)), read);
}

#[test]
fn what_was_made() {
    let text = || "why".to_owned();
    let request = |method| {
        let headers = vec![("Content-Type".into(), "application/json".into())];
        Content::Request(Arc::new(Request {
            method,
            path: "/1".into(),
            headers,
            body: vec![0, 127, 255],
        }))
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
    golden("v1/made.hex", &made, |made| encode(&MadeRow::from(made)), read);
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
    let failed = |kind| AttemptOutcome::Failed(SendFailure { kind, detail: "in words".to_owned() });
    let first = [
        SendFailureKind::Resolve,
        SendFailureKind::Refused,
        SendFailureKind::Connect,
        SendFailureKind::Tls,
        SendFailureKind::Timeout,
        SendFailureKind::Broken,
        SendFailureKind::Unsendable,
    ];
    let attempt = |outcome, verdict| Attempt {
        delivery: delivery(),
        number: 2,
        started: at(1_795_000_000_123_456),
        took: Duration::from_micros(1_500_001),
        outcome,
        verdict,
    };
    let answered = AttemptOutcome::Answered(answer.clone());
    let mut attempts =
        vec![attempt(answered.clone(), retry.clone()), attempt(answered, Verdict::Delivered)];
    attempts.extend(first.map(|kind| attempt(failed(kind), retry.clone())));
    let dead = Verdict::Dead { reason: "given up".into() };
    attempts.push(Attempt { verdict: dead, ..attempts[0].clone() });
    let read = |bytes: &[u8]| decode::<AttemptRow>(bytes).unwrap().into_attempt(delivery());
    readable("v1/attempt.hex", &attempts, read);
    let resent = AttemptOutcome::Answered(Answer { resent: true, ..answer });
    attempts.push(attempt(resent, retry.clone()));
    attempts.extend(SendFailureKind::ALL.map(|kind| attempt(failed(kind), retry.clone())));
    golden("v2/attempt.hex", &attempts, |attempt| encode(&AttemptRow::from(attempt)), read);
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
        ordering: Ordering::None,
        overrides: Overrides::default(),
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
    let first = [bare.clone(), full, signed];
    readable("v1/webhook.hex", &first, read);
    let basic = Authentication::Basic { username: "u".into(), password: Sealed(vec![4]) };
    let client = |client_authentication, scope| {
        Authentication::ClientCredentials(ClientCredentials {
            endpoint: "https://example.com/oauth/token".into(),
            client_id: "id".into(),
            client_secret: Sealed(vec![5, 6]),
            scope,
            client_authentication,
            header: "Authorization".into(),
            template: "Bearer %ACCESS_TOKEN%".into(),
        })
    };
    let key = |scheme, until| SigningKey { scheme, secret: Sealed(vec![7, 8, 9]), until };
    let overrides = Overrides {
        success: Some(Success::Exactly(vec![200, 204])),
        final_statuses: Some(vec![422]),
        retry: Some(RetryPolicy {
            schedule: vec![Duration::from_secs(60)],
            repeat_last: false,
            max_attempts: 2,
            jitter_percent: 0,
        }),
        suspend: Some(Suspend::After(SuspendRule {
            more_than: 3,
            within: Duration::from_secs(21_600),
        })),
    };
    let second = [
        Webhook { authentication: basic, ..bare.clone() },
        Webhook {
            authentication: client(ClientAuthentication::Body, Some("orders".into())),
            hooks_made: 300,
            signing: Some(Signing {
                keys: vec![key(SigningScheme::V1, None), key(SigningScheme::V1a, Some(at(9)))],
            }),
            ordering: Ordering::Key,
            overrides,
            suspended_because: Some("it answered 410".into()),
            resumed_at: Some(at(8)),
            ..bare.clone()
        },
        Webhook {
            authentication: client(ClientAuthentication::Basic, None),
            overrides: Overrides { suspend: Some(Suspend::Never), ..Overrides::default() },
            ..bare
        },
    ];
    golden("v2/webhook.hex", &[&first[..], &second[..]].concat(), write, read);
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
        authentication: vec![
            AuthenticationKind::None,
            AuthenticationKind::Token,
            AuthenticationKind::SignedBearer,
        ],
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
    let write = |profile: &Profile| encode(&ProfileRow::from(profile));
    let later = Profile { authentication: AuthenticationKind::ALL.to_vec(), ..bare.clone() };
    golden("v1/profile.hex", &[full, bare], write, read);
    golden("v2/profile.hex", &[later], write, read);
}

#[test]
fn replays() {
    let bare = Replay {
        id: ReplayId::from_random([7; 16]),
        organization: Organization::new("acme").unwrap(),
        selection: Selection {
            webhook: None,
            statuses: vec![Status::Dead],
            from: None,
            to: None,
            out_of_order: false,
        },
        created_at: at(1_795_000_000_123_456),
        progress: Progress::default(),
    };
    let full = Replay {
        selection: Selection {
            webhook: Some(WebhookId::from_random([8; 16])),
            statuses: Status::ALL.to_vec(),
            from: Some(at(1)),
            to: Some(at(2)),
            out_of_order: false,
        },
        progress: Progress {
            seen: 300,
            moved: 200,
            skipped: 0,
            next: Some(vec![0, 255]),
            stage: 3,
            finished_at: Some(at(9)),
            error: Some("why".into()),
        },
        ..bare.clone()
    };
    let read = |bytes: &[u8]| Replay::try_from(decode::<ReplayRow>(bytes).unwrap()).unwrap();
    readable("v2/replay.hex", &[bare, full.clone()], read);
    let later = Replay {
        selection: Selection { out_of_order: true, ..full.selection },
        progress: Progress { skipped: 70_000, ..full.progress },
        ..full
    };
    golden("v3/replay.hex", &[later], |one| encode(&ReplayRow::new(300, one)), read);
}

#[test]
fn wishes() {
    let asked = |revision, out_of_order| (revision, Wish::Asked { out_of_order });
    let refused = Wish::Refused { at: at(1_795_000_000_123_456), why: "overtaken".into() };
    let all = [asked(1, false), asked(300, true), (u64::MAX, refused)];
    let read = |bytes: &[u8]| WishRow::read(bytes).unwrap();
    golden("v4/wish.hex", &all, |(revision, wish)| encode(&WishRow::new(*revision, wish)), read);
    let former = [0, 127, 128, u64::MAX].map(|revision| asked(revision, false));
    readable("v1/number.hex", &former, read);
    assert_eq!(read(&[]), asked(1, false), "what the very first wrote");
    assert!(matches!(WishRow::read(&[9, 9]), Err(crate::Error::Corrupt(_))));
    for (one, stands) in all.iter().zip([true, true, false]) {
        assert_eq!(WishRow::stands(&encode(&WishRow::new(one.0, &one.1))), stands);
    }
    assert!(WishRow::stands(&[9, 9]), "a damaged one is told of");
}

#[test]
fn every_key() {
    let (no, key) = (EventNo(0x1_0000), delivery());
    let acme = Organization::new("acme").unwrap();
    let added = [
        keys::FLOOR.to_vec(),
        keys::listed_events(&acme, 3),
        keys::dispatched(3),
        keys::listed(Status::Dead, key.webhook, 3),
        keys::redrive(&key),
        keys::failures(key.webhook),
        keys::replay(&acme, ReplayId::from_random([7; 16])),
        keys::replay_at(&acme, at(-1), ReplayId::from_random([7; 16])),
        keys::replay_at(&acme, at(1), ReplayId::from_random([7; 16])),
        keys::unfinished_replay(&acme, ReplayId::from_random([7; 16])),
    ];
    golden("v2/keys.hex", &added, Clone::clone, <[u8]>::to_vec);
    let mut all = vec![
        keys::FORMAT.to_vec(),
        keys::LAST_EVENT.to_vec(),
        keys::LAST_REVISION.to_vec(),
        keys::EPOCH.to_vec(),
        keys::event(no),
        keys::identity(&Digest([9; 32])),
        keys::first::by_organization(&acme, no),
        keys::first::undispatched(no),
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
        all.extend([keys::first::by_status(status, &key), keys::count(key.webhook, status)]);
    }
    golden("v1/keys.hex", &all, Clone::clone, <[u8]>::to_vec);
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
