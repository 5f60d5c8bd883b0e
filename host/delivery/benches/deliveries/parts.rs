//! What the loop works with in a bench: a plugin and a vendor that answer at once, and the real time.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use prometheus_client::registry::Registry;
use tokio::sync::{oneshot, watch};
use transload_delivery::{
    Backlog, BacklogLimits, Exchange, Health, Metrics, Sender, Transformer, Troubles,
    run::{Parts, TokioTimer},
};
use transload_domain::{
    Answer, AskedLimits, AttemptOutcome, Authentication, AuthenticationKind, Call, Catalog, Clock,
    Digest, Event, Filter, Hook, HookNo, HookType, LoadedPlugin, Method, NotRun, Ordering,
    Organization, Outcome, Overrides, Pattern, PluginName, PluginRef, Profile, ProfileHook, Random,
    Request, RetryPolicy, Success, Timestamp, TokenHeader, Transformed, Webhook, WebhookId,
    WebhookLimits,
};
use transload_store::{Shard, Sled};

/// Bytes of an event's data and of a request's body, about those of a small order.
const BODY: usize = 2_000;

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "a bench runs in real time")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH.after(since)
    }
}

/// The same number always: what is measured does not depend on chance.
struct NoChance;

impl Random for NoChance {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

pub(crate) fn now() -> Timestamp {
    RealClock.now()
}

pub(crate) fn in_a_year() -> Timestamp {
    now().after(Duration::from_secs(365 * 86_400))
}

/// A plugin that sends an event's data on.
struct Plugins(watch::Sender<Arc<Catalog>>);

#[async_trait]
impl Transformer for Plugins {
    fn catalog(&self) -> watch::Receiver<Arc<Catalog>> {
        self.0.subscribe()
    }

    async fn transform(&self, call: Call) -> Result<Transformed, NotRun> {
        let request = Request {
            method: call.hook.method,
            path: String::new(),
            headers: vec![("content-type".into(), "application/json".into())],
            body: call.event.data.clone().into_bytes(),
        };
        Ok(Transformed {
            plugin: plugin().reference.clone(),
            result: Ok(Outcome::Deliver(vec![request])),
            reads: vec![],
            writes: vec![],
            log: vec![],
            log_dropped: 0,
            took: Duration::ZERO,
        })
    }
}

/// A vendor that takes everything at once.
#[derive(Default)]
pub(crate) struct Vendor {
    count: watch::Sender<usize>,
    expected: Mutex<HashMap<Vec<u8>, oneshot::Sender<Instant>>>,
}

impl Vendor {
    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until so many requests have come.
    pub(crate) async fn wait_for(&self, count: usize) {
        // The sender lives as long as `self`, so that waiting cannot fail.
        let _ = self.count.subscribe().wait_for(|come| *come >= count).await;
    }

    /// When the request for this event comes.
    pub(crate) fn expect(&self, event: &Event) -> oneshot::Receiver<Instant> {
        let (sender, receiver) = oneshot::channel();
        let data = event.data.clone().into_bytes();
        self.expected.lock().expect("nobody panics").insert(data, sender);
        receiver
    }
}

#[async_trait]
impl Sender for Vendor {
    async fn send(&self, exchange: Exchange) -> AttemptOutcome {
        let mut expected = self.expected.lock().expect("nobody panics");
        if let Some(waits) = (!expected.is_empty()).then(|| expected.remove(&exchange.request.body))
        {
            waits.map(|waits| waits.send(Instant::now()));
        }
        drop(expected);
        self.count.send_modify(|count| *count += 1);
        AttemptOutcome::Answered(Answer {
            status: 200,
            headers: vec![],
            body: vec![],
            cut: false,
            retry_after: None,
            resent: false,
        })
    }
}

pub(crate) fn parts(ledger: &Arc<Sled>, sender: Arc<dyn Sender>) -> Parts {
    let mut catalog = Catalog::default();
    catalog.running.insert(plugin().reference.name.clone(), Arc::clone(plugin()));
    let clock = Arc::new(RealClock);
    Parts {
        ledger: Arc::clone(ledger) as _,
        transformer: Arc::new(Plugins(watch::Sender::new(Arc::new(catalog)))),
        sender,
        clock: Arc::clone(&clock) as _,
        timer: Arc::new(TokioTimer(clock)),
        random: Arc::new(NoChance),
        backlog: Arc::new(Backlog::new(
            Arc::clone(ledger) as _,
            Shard::default(),
            BacklogLimits::default(),
        )),
        health: Arc::new(Health::new()),
        troubles: Arc::new(Troubles::new()),
        metrics: Metrics::register(&mut Registry::default()),
    }
}

pub(crate) fn plugin() -> &'static Arc<LoadedPlugin> {
    static PLUGIN: LazyLock<Arc<LoadedPlugin>> = LazyLock::new(|| {
        let profile = profile();
        Arc::new(LoadedPlugin {
            reference: PluginRef {
                name: profile.name.clone(),
                version: profile.version.clone(),
                digest: Digest([1; 32]),
            },
            profile,
            file: "bench.wasm".into(),
            bytes: 1,
            loaded_at: Timestamp::EPOCH,
        })
    });
    &PLUGIN
}

fn profile() -> Profile {
    Profile {
        name: PluginName::new("bench").expect("a name"),
        version: "1.0.0".into(),
        title: "bench".into(),
        homepage: None,
        hooks: vec![ProfileHook {
            kind: HookType::new("orders").expect("a hook type"),
            events: vec![Pattern::new("order.*").expect("a pattern")],
            method: Method::Post,
            examples: vec![],
        }],
        authentication: vec![AuthenticationKind::None],
        token_header: TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() },
        success: Success::Any2xx,
        final_statuses: vec![],
        retry: RetryPolicy::standard(),
        suspend: None,
        suppress_echo: false,
        expect_continue: false,
        settings_schema: None,
        limits: AskedLimits::default(),
    }
}

pub(crate) fn webhook_id(number: usize) -> WebhookId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&(number as u64).to_be_bytes());
    WebhookId::from_random(bytes)
}

fn organization(number: usize) -> Organization {
    Organization::new(&format!("o{number}")).expect("a name")
}

pub(crate) fn webhook(number: usize) -> Webhook {
    Webhook {
        id: webhook_id(number),
        organization: organization(number),
        name: format!("webhook {number}"),
        description: None,
        plugin: plugin().reference.name.clone(),
        hooks: vec![Hook {
            no: HookNo(0),
            kind: HookType::new("orders").expect("a hook type"),
            method: None,
            endpoint: format!("https://vendor{number}.example/hook"),
        }],
        hooks_made: 1,
        authentication: Authentication::None,
        signing: None,
        settings: "{}".into(),
        filter: Filter::default(),
        limits: WebhookLimits::default(),
        ordering: Ordering::None,
        overrides: Overrides::default(),
        suspended_at: None,
        suspended_because: None,
        resumed_at: None,
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH,
    }
}

/// An event of a webhook's organization.
pub(crate) fn event(webhook: usize, name: &str, number: usize) -> Event {
    let id = format!("{name}-{number}");
    let mut data = format!("{{\"id\":{id:?},\"text\":\"");
    data.extend(std::iter::repeat_n('x', BODY - data.len() - 2));
    data.push_str("\"}");
    Event {
        organization: organization(webhook),
        id,
        source: "/bench".into(),
        kind: "order.created".into(),
        subject: None,
        time: None,
        extensions: vec![],
        data,
        accepted_at: now(),
        emulated_for: None,
    }
}

/// Memory that this process holds, in MiB (resident set size).
pub(crate) fn memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1_024.0
}

/// The processor's time of this process so far, of all its threads that live.
pub(crate) fn cpu_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    // A thread may have ended meanwhile.
    let texts = tasks.flat_map(|task| std::fs::read_to_string(task.path().join("schedstat")));
    let nanos =
        texts.flat_map(|text| text.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()));
    Duration::from_nanos(nanos.sum())
}
