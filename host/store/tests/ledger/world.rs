//! The words of the checks: a ledger with a clock that we move, and the things that stand in it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::mpsc, time::timeout};
use transload_domain::{
    Attempt, AttemptOutcome, Authentication, Clock, Content, Delivery, DeliveryKey, Digest, Event,
    EventNo, Fault, Filter, Head, Hook, HookNo, HookType, Made, Method, Organization, Part,
    PluginName, PluginRef, Request, SendFailure, SendFailureKind, Status, Timestamp, Verdict,
    Webhook, WebhookId, WebhookLimits, Wish,
};
use transload_store::{
    Change, Dispatch, Entry, Lead, Ledger, Page, Query, Receipt, Record, Result, Retired,
    Retirement, Settlement, Shard, StateChange, StateCheck,
};

pub(crate) const SHARD: Shard = Shard(0);
pub(crate) const LEASE: Duration = Duration::from_secs(10);
/// How long a check waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A clock that stands until it is moved.
#[derive(Default)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).expect("a check lasts less than an age");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A ledger under check.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Arc<HandClock>,
}

impl World {
    /// Accepts one event with this id and returns its number.
    pub(crate) async fn post(&self, id: &str) -> EventNo {
        self.accept(vec![event(id)]).await.expect("a new event is accepted")[0].no
    }

    pub(crate) async fn accept(&self, events: Vec<Event>) -> Result<Vec<Receipt>> {
        self.ledger.accept(SHARD, events).await
    }

    pub(crate) async fn lead(&self, host: &str) -> Lead {
        self.ledger.lead(SHARD, host, LEASE).await.expect("nobody else leads")
    }

    /// Dispatches one thing.
    pub(crate) async fn dispatch(&self, lead: &Lead, dispatch: Dispatch) -> Result<()> {
        let mut answers = self.ledger.dispatch(lead, vec![dispatch]).await;
        assert_eq!(answers.len(), 1);
        answers.remove(0)
    }

    /// Accepts an event and dispatches it into these deliveries.
    pub(crate) async fn deliver(
        &self,
        lead: &Lead,
        id: &str,
        parts: &[(WebhookId, Status)],
    ) -> Vec<Delivery> {
        let no = self.post(id).await;
        let parts = parts.iter().zip(0..);
        let made = parts.map(|((hook, status), part)| delivery(no, *hook, part, *status));
        let deliveries: Vec<Delivery> = made.collect();
        let one = Dispatch { deliveries: deliveries.clone(), ..dispatch(no) };
        self.dispatch(lead, one).await.expect("a first dispatch is taken");
        deliveries
    }

    /// Accepts one event with this id that was posted at this time.
    pub(crate) async fn post_at(&self, id: &str, micros: i64) -> EventNo {
        let accepted_at = Timestamp::from_micros(micros);
        let event = Event { accepted_at, ..event(id) };
        self.accept(vec![event]).await.expect("a new event is accepted")[0].no
    }

    /// One call of a sweep from the first event on, of whatever age.
    pub(crate) async fn retire(&self, lead: &Lead, max: usize) -> Result<Retired> {
        self.ledger.retire(lead, from_the_first(Timestamp::MAX, max)).await
    }

    pub(crate) async fn put_webhook(&self, webhook: &Webhook) -> u64 {
        let change = Change::Webhook(webhook.clone());
        self.ledger.configure(SHARD, change, None).await.expect("a webhook is taken")
    }

    /// Asks for a delivery again, or no longer.
    pub(crate) async fn redrive(&self, delivery: DeliveryKey, wanted: bool) -> Result<u64> {
        let wish = wanted.then_some(Wish::Asked { out_of_order: false });
        let change = Change::Redrive { delivery, wish };
        self.ledger.configure(SHARD, change, None).await
    }

    pub(crate) async fn page(&self, query: Query, after: Option<Vec<u8>>, limit: usize) -> Page {
        self.ledger.page(SHARD, query, after, limit).await.expect("a page can be read")
    }

    /// A whole list, read in pages of `limit`.
    pub(crate) async fn list(&self, query: Query, limit: usize) -> Vec<Record> {
        let (mut records, mut after) = (Vec::new(), None);
        loop {
            let page = self.page(query.clone(), after, limit).await;
            assert!(page.records.len() <= limit);
            records.extend(page.records);
            match page.next {
                Some(next) => after = Some(next),
                None => return records,
            }
        }
    }

    /// What is in the ledger for an outsider: to see that nothing has changed.
    pub(crate) async fn picture(&self, events: u64, hooks: &[WebhookId]) -> Vec<Record> {
        let mut picture = self.list(Query::Events(acme()), 10).await;
        picture.extend(self.list(Query::Webhooks(acme()), 10).await);
        for no in 0..=events {
            picture.extend(self.list(Query::DeliveriesByEvent(EventNo(no)), 10).await);
        }
        for hook in hooks {
            for status in Status::ALL {
                let key = transload_store::Key::Count(*hook, status);
                picture.extend(self.ledger.read(SHARD, key).await.expect("a count can be read"));
                picture.extend(self.list(Query::DeliveriesByStatus(*hook, status), 10).await);
            }
        }
        picture
    }
}

pub(crate) fn acme() -> Organization {
    Organization::new("acme").expect("a good name")
}

pub(crate) fn event(id: &str) -> Event {
    Event {
        organization: acme(),
        id: id.to_owned(),
        source: "/shop".into(),
        kind: "order.created".into(),
        subject: Some("order 7".into()),
        time: Some("2026-11-21T20:00:00Z".into()),
        extensions: vec![("origin".into(), "corrigopro".into())],
        data: format!(r#"{{"id":"{id}"}}"#),
        accepted_at: Timestamp::from_micros(5),
        emulated_for: None,
    }
}

pub(crate) fn hook(n: u8) -> WebhookId {
    WebhookId::from_random([n; 16])
}

pub(crate) fn webhook(id: WebhookId) -> Webhook {
    Webhook {
        id,
        organization: acme(),
        name: "orders".into(),
        description: None,
        plugin: PluginName::new("readycloud").expect("a good name"),
        hooks: vec![Hook {
            no: HookNo(0),
            kind: HookType::new("orders").expect("a good name"),
            method: None,
            endpoint: "https://example.com/hook".into(),
        }],
        hooks_made: 1,
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
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH,
    }
}

pub(crate) fn key(event: EventNo, webhook: WebhookId, part: u8) -> DeliveryKey {
    DeliveryKey { event, webhook, hook: HookNo(0), part: Part(part) }
}

pub(crate) fn plugin() -> PluginRef {
    let name = PluginName::new("readycloud").expect("a good name");
    PluginRef { name, version: "1.0.0".into(), digest: Digest::of(b"module") }
}

pub(crate) fn request(body: &[u8]) -> Request {
    Request {
        method: Method::Put,
        path: "/orders/7".into(),
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: body.to_vec(),
    }
}

/// A delivery with content that fits its status.
pub(crate) fn delivery(event: EventNo, webhook: WebhookId, part: u8, status: Status) -> Delivery {
    let content = match status {
        Status::Scheduled | Status::Delivered => Content::Request(Arc::new(request(b"{}"))),
        Status::Blocked => Content::Blocked("the plugin is not loaded".into()),
        Status::Skipped => Content::Skipped("nothing to say".into()),
        Status::Dead => Content::Faulted(Fault::InvalidEvent("no order".into())),
    };
    let (due, at) = (Timestamp::from_micros(100), Timestamp::from_micros(10));
    let head = Head::new(key(event, webhook, part), status, due, at);
    Delivery { head, made: Made { plugin: Some(plugin()), content } }
}

/// A first dispatch without deliveries.
pub(crate) fn dispatch(event: EventNo) -> Dispatch {
    Dispatch { event, replaces: None, deliveries: vec![], checks: vec![], changes: vec![] }
}

pub(crate) fn check(webhook: WebhookId, key: &str, revision: u64) -> StateCheck {
    StateCheck { webhook, key: key.to_owned(), revision }
}

pub(crate) fn change(webhook: WebhookId, key: &str, value: Option<&[u8]>) -> StateChange {
    StateChange { webhook, key: key.to_owned(), value: value.map(<[u8]>::to_vec) }
}

/// The settlement of the next attempt, which ends in this status.
pub(crate) fn settlement(before: Head, status: Status) -> Settlement {
    let number = before.attempts + 1;
    let at = Timestamp::from_micros(1_000 + i64::from(number));
    let verdict = match status {
        Status::Delivered => Verdict::Delivered,
        Status::Dead => Verdict::Dead { reason: "given up".into() },
        _ => Verdict::Retry { at, reason: "no answer".into() },
    };
    let kind = SendFailureKind::Timeout;
    let attempt = Attempt {
        delivery: before.key,
        number,
        started: Timestamp::from_micros(999),
        took: Duration::from_micros(1_234_567),
        outcome: AttemptOutcome::Failed(SendFailure { kind, detail: "no answer".into() }),
        verdict,
    };
    let after = Head { status, attempts: number, due: at, at, ..before };
    Settlement { before, after, attempt: Some(attempt), made: None, failure: None }
}

/// What is older than this, from the first event on.
pub(crate) fn from_the_first(accepted_before: Timestamp, max: usize) -> Retirement {
    Retirement { from: EventNo(0), accepted_before, max }
}

/// The next entry of an agenda; `None` at its end.
pub(crate) async fn next(agenda: &mut mpsc::Receiver<Entry>) -> Option<Entry> {
    timeout(PATIENCE, agenda.recv()).await.expect("an agenda goes on or ends")
}

/// All entries up to `Current`.
pub(crate) async fn until_current(agenda: &mut mpsc::Receiver<Entry>) -> Vec<Entry> {
    let mut told = Vec::new();
    loop {
        match next(agenda).await.expect("an agenda comes to `Current`") {
            Entry::Current => return told,
            entry => told.push(entry),
        }
    }
}

/// The numbers of the next events.
pub(crate) async fn next_events(agenda: &mut mpsc::Receiver<Entry>, count: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        match next(agenda).await.expect("more events come") {
            Entry::Event(no, _) => numbers.push(no.0),
            other => panic!("an event was to come, not {other:?}"),
        }
    }
    numbers
}
