//! A host for tests: the API over the memory ledger, two plugins, and a clock that stands still.

use std::sync::{
    Arc,
    atomic::{AtomicU8, AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, header},
};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::ServiceExt;
use transload_delivery::{
    Backlog, BacklogLimits, Health, Metrics, auth::Signer, egress::EgressPolicy,
};
use transload_domain::{
    Catalog, Clock, EventId, EventNo, FailedPlugin, Organization, Random, Timestamp, Vault,
    WebhookId,
};
use transload_store::{Memory, Shard};
use uuid::Uuid;

use self::names::Names;
use crate::{Api, Parts, admin_router, keys, router};

mod deliveries;
mod ledger;
mod names;
mod plugins;

pub(crate) use deliveries::{attempt, made};
pub(crate) use ledger::Watched;
pub(crate) use plugins::DOO_HOOKS;

/// The organization whose key [`Host::send`] uses.
pub(crate) const ACME: &str = "acme";

/// A host under test.
pub(crate) struct Host {
    pub(crate) ledger: Arc<Watched>,
    pub(crate) clock: Arc<Still>,
    pub(crate) health: Arc<Health>,
    pub(crate) backlog: Arc<Backlog>,
    pub(crate) key: String,
    catalog: watch::Sender<Arc<Catalog>>,
    router: Router,
    admin: Router,
    api: Api,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

/// A clock that shows 2026-01-02T03:04:05.000006Z.
#[derive(Debug)]
pub(crate) struct Still;

/// Different bytes for each call, the same in each test.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl Host {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A host whose API was changed before it began.
    pub(crate) async fn with(change: impl FnOnce(&mut Parts)) -> Self {
        let clock = Arc::new(Still);
        let random = Arc::new(Counting::default());
        let ledger = Arc::new(Watched::new(Memory::new(clock.clone())));
        let (catalog, receiver) = watch::channel(Arc::new(plugins::catalog()));
        let health = Arc::new(Health::new());
        let limits = BacklogLimits::default();
        let backlog = Arc::new(Backlog::new(ledger.clone(), Shard(0), limits));
        let pkcs8 = Signer::generate_pkcs8(random.as_ref());
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let mut parts = Parts {
            ledger: ledger.clone(),
            shard: Shard(0),
            clock: clock.clone(),
            random,
            vault: Arc::new(Vault::new(&[7; 32])),
            lookup: Arc::new(Names),
            egress: Arc::new(EgressPolicy::new(vec![], false)),
            catalog: receiver,
            backlog: backlog.clone(),
            health: health.clone(),
            troubles: Arc::default(),
            signer: Arc::new(Signer::from_pkcs8("https://transload.example", &pkcs8).unwrap()),
            metrics,
            registry: Arc::new(registry),
            metrics_need_key: false,
        };
        change(&mut parts);
        let api = Api::from(parts);
        let (router, admin) = (router(api.clone()), admin_router(api.clone()));
        let mut host = Self {
            ledger,
            clock,
            health,
            backlog,
            key: String::new(),
            catalog,
            router,
            admin,
            api,
        };
        host.key = host.key_of(ACME).await;
        host
    }

    /// A new key of that organization.
    pub(crate) async fn key_of(&self, organization: &str) -> String {
        let api = &self.api;
        let (ledger, clock) = (api.ledger.as_ref(), api.clock.as_ref());
        let organization = Organization::new(organization).unwrap();
        let random = api.random.as_ref();
        keys::create(ledger, api.shard, clock, random, organization, "test").await.unwrap().text
    }

    /// Puts a file that did not load beside the plugins.
    pub(crate) fn fail_plugin(&self, file: &str, reason: &str) {
        self.catalog.send_modify(|catalog| {
            let failed = FailedPlugin { file: file.into(), reason: reason.into() };
            Arc::make_mut(catalog).failed.push(failed);
        });
    }

    /// Sends a request with acme's key.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.send_with(&self.key, request).await
    }

    /// Sends a request with that key.
    pub(crate) async fn send_with(&self, key: &str, mut request: Request<Body>) -> Answer {
        let value = format!("Bearer {key}").parse().unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, value);
        self.send_bare(request).await
    }

    /// Sends a request as it is.
    pub(crate) async fn send_bare(&self, request: Request<Body>) -> Answer {
        read(self.router.clone(), request).await
    }

    /// Sends a request to the private socket.
    pub(crate) async fn send_admin(&self, request: Request<Body>) -> Answer {
        read(self.admin.clone(), request).await
    }
}

async fn read(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer { status: parts.status.as_u16(), headers: parts.headers, text, json }
}

impl Answer {
    /// Demands problem details of that status and type.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, slug: &str) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.json["type"], json!(format!("/problems/{slug}")), "{}", self.text);
        assert_eq!(self.json["status"], json!(status));
        for member in ["title", "detail"] {
            assert!(self.json[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
        }
        self
    }

    /// Demands that the problem points to these places, in this order.
    #[track_caller]
    pub(crate) fn points_to(&self, pointers: &[&str]) -> &Self {
        let errors = self.json["errors"].as_array().cloned().unwrap_or_default();
        let found: Vec<_> = errors.iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, pointers, "{}", self.text);
        self
    }

    /// Demands that the problem's words have this in them.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "{words:?} is not in {}", self.text);
        self
    }
}

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_767_323_045_000_006)
    }
}

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let next = AtomicU8::new(0);
        for (byte, seed) in buffer.iter_mut().zip(count.to_be_bytes().into_iter().rev().cycle()) {
            *byte = seed ^ next.fetch_add(29, Ordering::Relaxed);
        }
    }
}

/// A GET.
pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

/// A POST of that media type.
pub(crate) fn post(path: &str, media: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(path).header(header::CONTENT_TYPE, media);
    request.body(body.into()).unwrap()
}

/// A POST of JSON.
pub(crate) fn post_json(path: &str, body: &Value) -> Request<Body> {
    post(path, "application/json", body.to_string())
}

/// Subscribes acme; the webhook's id.
pub(crate) async fn subscribe(host: &Host, definition: &Value) -> WebhookId {
    let made = host.send(post_json("/v1/webhooks", definition)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    WebhookId(Uuid::parse_str(made.json["id"].as_str().unwrap()).unwrap())
}

/// Posts an event for acme; its number and public id.
pub(crate) async fn post_event(host: &Host, id: &str) -> (EventNo, String) {
    let answer = host.send(structured(&order(id))).await;
    let id = answer.json["events"][0]["id"].as_str().unwrap().to_owned();
    (EventId(Uuid::parse_str(&id).unwrap()).no(), id)
}

/// A POST without a body.
pub(crate) fn post_nothing(path: &str) -> Request<Body> {
    Request::post(path).body(Body::empty()).unwrap()
}

/// A PATCH with a JSON merge patch.
pub(crate) fn patch(path: &str, patch: &Value) -> Request<Body> {
    let request = Request::patch(path).header(header::CONTENT_TYPE, "application/merge-patch+json");
    request.body(patch.to_string().into()).unwrap()
}

/// The same request with one more header.
pub(crate) fn with_header(
    mut request: Request<Body>,
    name: &'static str,
    value: &str,
) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

/// A POST of an event in structured mode.
pub(crate) fn structured(event: &Value) -> Request<Body> {
    post("/v1/events", "application/cloudevents+json; charset=UTF-8", event.to_string())
}

/// A POST of events in batch mode.
pub(crate) fn batch(events: &[Value]) -> Request<Body> {
    let body = Value::from(events.to_vec()).to_string();
    post("/v1/events", "application/cloudevents-batch+json", body)
}

/// An event of type `order.created` with that id.
pub(crate) fn order(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/shop", "type": "order.created",
        "data": {"number": 7, "total": "12.50 USD"},
    })
}

/// A webhook of the plugin `acme`.
pub(crate) fn webhook() -> Value {
    json!({
        "name": "Orders to Acme",
        "plugin": "acme",
        "hooks": [{"type": "orders", "endpoint": "https://vendor.example/orders"}],
    })
}
