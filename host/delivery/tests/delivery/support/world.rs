//! A host in a test.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use prometheus_client::{encoding::text, registry::Registry};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use transload_delivery::{
    Backlog, BacklogLimits, Health, Metrics, Problem, Transformer, Troubles,
    run::{self, LoopError, Options, Parts},
};
use transload_domain::{
    Attempt, Clock, Content, Delivery, DeliveryKey, Event, EventNo, Head, HookNo, Part, Status,
    Webhook, Wish,
};
use transload_store::{Change, Key, Ledger, Memory, Query, Record, Shard};

use super::{Dice, Doors, Network, Plugins, Time, values::profile};

/// A loop and all that it works with.
pub(crate) struct World {
    pub(crate) time: Time,
    pub(crate) ledger: Arc<Doors>,
    pub(crate) plugins: Arc<Plugins>,
    /// What runs the plugins.
    pub(crate) transformer: Arc<dyn Transformer>,
    pub(crate) network: Arc<Network>,
    pub(crate) health: Arc<Health>,
    pub(crate) backlog: Arc<Backlog>,
    pub(crate) troubles: Arc<Troubles>,
    metrics: Mutex<Registry>,
    hosts: JoinSet<Result<(), LoopError>>,
    stop: CancellationToken,
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl World {
    /// A world without a host, with the plugin `acme` loaded.
    pub(crate) fn new() -> Self {
        let time = Time::new();
        let ledger = Arc::new(Memory::new(Arc::new(time.clone())));
        Self::over(time, ledger)
    }

    /// The same over this ledger.
    pub(crate) fn over(time: Time, ledger: Arc<dyn Ledger>) -> Self {
        let ledger = Arc::new(Doors::new(ledger));
        let backlog = Backlog::new(Arc::clone(&ledger) as _, Shard(0), BacklogLimits::default());
        let plugins = Arc::new(Plugins::new());
        plugins.load(profile("acme"));
        Self {
            network: Arc::new(Network::new(time.clone())),
            time,
            ledger,
            transformer: Arc::clone(&plugins) as _,
            plugins,
            health: Arc::default(),
            backlog: Arc::new(backlog),
            troubles: Arc::default(),
            metrics: Mutex::default(),
            hosts: JoinSet::new(),
            stop: CancellationToken::new(),
        }
    }

    /// A world with a host that leads.
    pub(crate) fn with_host() -> Self {
        let mut world = Self::new();
        world.start("one");
        world
    }

    /// Starts a host.
    pub(crate) fn start(&mut self, host: &str) {
        self.start_as(Options::new(host));
    }

    pub(crate) fn start_as(&mut self, options: Options) {
        let parts = self.parts(Arc::clone(&self.network));
        self.hosts.spawn(run::run(parts, options, self.stop.clone()));
    }

    /// Starts a host after the others were asked to stop.
    pub(crate) fn start_anew(&mut self, host: &str) {
        self.stop = CancellationToken::new();
        self.start(host);
    }

    /// Starts a host with a network of its own.
    pub(crate) fn start_with(&mut self, host: &str, network: &Arc<Network>) {
        let parts = self.parts(Arc::clone(network));
        self.hosts.spawn(run::run(parts, Options::new(host), self.stop.clone()));
    }

    fn parts(&self, network: Arc<Network>) -> Parts {
        Parts {
            ledger: Arc::clone(&self.ledger) as Arc<dyn Ledger>,
            transformer: Arc::clone(&self.transformer),
            sender: network,
            clock: Arc::new(self.time.clone()),
            timer: Arc::new(self.time.clone()),
            random: Arc::new(Dice::default()),
            backlog: Arc::clone(&self.backlog),
            health: Arc::clone(&self.health),
            troubles: Arc::clone(&self.troubles),
            metrics: Metrics::register(&mut self.metrics.lock().unwrap()),
        }
    }

    /// What the hosts have counted under this name, all together.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        let mut told = String::new();
        text::encode(&mut told, &self.metrics.lock().unwrap()).unwrap();
        let counts = told.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        counts.map(|count| count.parse::<u64>().unwrap()).sum()
    }

    /// Kills the hosts, wherever they are.
    pub(crate) async fn kill(&mut self) {
        self.hosts.shutdown().await;
    }

    /// Asks the hosts to stop.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    /// How the next host ended.
    pub(crate) async fn ended(&mut self) -> Result<(), LoopError> {
        let ended = tokio::time::timeout(seconds(10), self.hosts.join_next()).await;
        ended.expect("the host ends").expect("there is a host").expect("it did not panic")
    }

    pub(crate) fn hosts(&self) -> usize {
        self.hosts.len()
    }

    pub(crate) async fn put(&self, webhook: Webhook) {
        let change = Change::Webhook(webhook);
        self.ledger.configure(Shard::default(), change, None).await.unwrap();
    }

    pub(crate) async fn remove(&self, webhook: &Webhook) {
        let change = Change::RemoveWebhook(webhook.organization.clone(), webhook.id);
        self.ledger.configure(Shard::default(), change, None).await.unwrap();
    }

    pub(crate) async fn post(&self, event: Event) -> EventNo {
        self.ledger.accept(Shard::default(), vec![event]).await.unwrap()[0].no
    }

    /// The first delivery of an event for a webhook's first hook.
    pub(crate) fn key(&self, no: EventNo, webhook: &Webhook) -> DeliveryKey {
        DeliveryKey { event: no, webhook: webhook.id, hook: HookNo(0), part: Part(0) }
    }

    /// The deliveries of an event.
    pub(crate) async fn deliveries(&self, no: EventNo) -> Vec<Delivery> {
        let query = Query::DeliveriesByEvent(no);
        let page = self.ledger.page(Shard::default(), query, None, 100).await.unwrap();
        let delivery = |record| match record {
            Record::Delivery(delivery) => *delivery,
            other => panic!("{other:?}"),
        };
        page.records.into_iter().map(delivery).collect()
    }

    pub(crate) async fn attempts(&self, key: DeliveryKey) -> Vec<Attempt> {
        let query = Query::Attempts(key);
        let page = self.ledger.page(Shard::default(), query, None, 1_000).await.unwrap();
        let attempt = |record| match record {
            Record::Attempt(attempt) => *attempt,
            other => panic!("{other:?}"),
        };
        page.records.into_iter().map(attempt).collect()
    }

    pub(crate) async fn status(&self, key: DeliveryKey) -> Option<Status> {
        match self.ledger.read(Shard::default(), Key::Head(key)).await.unwrap() {
            Some(Record::Head(head)) => Some(head.status),
            _ => None,
        }
    }

    pub(crate) async fn content(&self, key: DeliveryKey) -> Option<Content> {
        match self.ledger.read(Shard::default(), Key::Made(key)).await.unwrap() {
            Some(Record::Made(made)) => Some(made.content),
            _ => None,
        }
    }

    pub(crate) async fn head(&self, key: DeliveryKey) -> Head {
        match self.ledger.read(Shard::default(), Key::Head(key)).await.unwrap() {
            Some(Record::Head(head)) => head,
            other => panic!("{other:?}"),
        }
    }

    /// A webhook as the ledger has it.
    pub(crate) async fn stored(&self, webhook: &Webhook) -> Webhook {
        let key = Key::Webhook(webhook.organization.clone(), webhook.id);
        match self.ledger.read(Shard::default(), key).await.unwrap() {
            Some(Record::Webhook(_, webhook)) => *webhook,
            other => panic!("{other:?}"),
        }
    }

    /// Resumes a webhook as a person does.
    pub(crate) async fn resume(&self, webhook: &Webhook) {
        let mut webhook = self.stored(webhook).await;
        webhook.suspended_at = None;
        webhook.suspended_because = None;
        webhook.resumed_at = Some(self.time.now());
        self.put(webhook).await;
    }

    /// Waits until a webhook is suspended; why it is.
    pub(crate) async fn until_suspended(&self, webhook: &Webhook) -> String {
        self.until_true("the webhook is suspended", async || {
            self.stored(webhook).await.suspended_at.is_some()
        })
        .await;
        self.stored(webhook).await.suspended_because.unwrap()
    }

    /// Asks for a delivery again.
    pub(crate) async fn ask_for(&self, key: DeliveryKey) {
        self.wish(key, Wish::Asked { out_of_order: false }).await;
    }

    /// Asks for a delivery again, whatever its vendor has.
    pub(crate) async fn insist_on(&self, key: DeliveryKey) {
        self.wish(key, Wish::Asked { out_of_order: true }).await;
    }

    async fn wish(&self, delivery: DeliveryKey, wish: Wish) {
        let change = Change::Redrive { delivery, wish: Some(wish) };
        self.ledger.configure(Shard::default(), change, None).await.unwrap();
    }

    /// Whether somebody asks for a delivery.
    pub(crate) async fn is_asked_for(&self, key: DeliveryKey) -> bool {
        matches!(self.kept_wish(key).await, Some(Wish::Asked { .. }))
    }

    /// Waits until a wish is refused; why it is.
    pub(crate) async fn until_refused(&self, key: DeliveryKey) -> String {
        let refused = async || matches!(self.kept_wish(key).await, Some(Wish::Refused { .. }));
        self.until_true("the wish is refused", refused).await;
        match self.kept_wish(key).await {
            Some(Wish::Refused { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    }

    async fn kept_wish(&self, key: DeliveryKey) -> Option<Wish> {
        match self.ledger.read(Shard::default(), Key::Redrive(key)).await.unwrap() {
            Some(Record::Redrive(_, wish)) => Some(wish),
            other => {
                assert_eq!(other, None);
                None
            }
        }
    }

    /// Lets time pass in steps, with all that can be done after each.
    pub(crate) async fn pass(&self, step: Duration, times: u64) {
        for _ in 0..times {
            self.quiet().await;
            self.time.advance(step);
        }
        self.quiet().await;
    }

    pub(crate) fn problems(&self) -> Vec<Problem> {
        self.health.problems(self.time.now())
    }

    /// Waits until this delivery has this status.
    pub(crate) async fn until(&self, key: DeliveryKey, status: Status) {
        self.until_true(&format!("{status} is reached"), async || {
            self.status(key).await == Some(status)
        })
        .await;
    }

    /// Waits until so many exchanges were begun.
    pub(crate) async fn until_sent(&self, count: usize) {
        let what = format!("{count} exchanges");
        self.until_true(&what, async || self.network.count() >= count).await;
        assert_eq!(self.network.count(), count);
    }

    /// Waits for a condition, with a deadline.
    pub(crate) async fn until_true(&self, what: &str, mut condition: impl AsyncFnMut() -> bool) {
        let wait = async {
            while !condition().await {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(seconds(10), wait).await.is_err() {
            panic!("waited in vain until {what}; sent: {:#?}", self.network.sent());
        }
    }

    /// Lets everybody do all that can be done at this time. Tests have one thread, so that whoever is ready runs
    /// when the test yields; what runs on another thread is waited for by its result instead.
    pub(crate) async fn quiet(&self) {
        self.turns(500).await;
    }

    /// Lets everybody have so many turns.
    pub(crate) async fn turns(&self, turns: u64) {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }
}
