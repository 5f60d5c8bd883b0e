//! The HTTP sender against a bare client that sends the same bytes to the same receiver over kept connections.
//!
//! Receiver and client share this machine and its cores: what is compared is the work for one exchange on both sides.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use axum::{Router, body::Bytes};
use http::{Method, Request as HttpRequest, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use prometheus_client::registry::Registry;
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::{net::TcpListener, task::JoinSet};
use transload_delivery::{
    Exchange, Metrics, Sender as _,
    auth::Signer,
    egress::EgressPolicy,
    http::{HttpOptions, HttpSender, SystemLookup},
};
use transload_domain::{
    AttemptOutcome, Authentication, Clock, DeliveryKey, EventNo, HookNo, Organization, Part,
    Random, Request, Signing, SigningKey, SigningScheme, Timestamp, Vault, WebhookId, limits,
};

/// Requests of one run.
const REQUESTS: u64 = 30_000;
/// Callers at the same time.
const CALLERS: usize = 64;
/// Runs of each kind, of which the median counts; they take turns, so that a slow moment meets all.
const RUNS: usize = 5;
/// Bytes of a body: about what an order of ReadyCloud has.
const BODY_BYTES: usize = 2_500;
const TOKEN: &str = "a3f7f07de894cd3c2f7f50248ccbd4";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(compare());
}

async fn compare() {
    let mut server = JoinSet::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}/hook", listener.local_addr().expect("its address"));
    let app = Router::new().fallback(async |body: Bytes| {
        assert_eq!(body.len(), BODY_BYTES);
        "{\"ok\":true}"
    });
    server.spawn(async move { axum::serve(listener, app).await });

    let mut runs: [Vec<f64>; 3] = Default::default();
    for run in 0..=RUNS {
        let measured =
            [bare(&endpoint).await, ours(&endpoint, None).await, ours(&endpoint, signing()).await];
        // The first run warms everything up.
        if run > 0 {
            eprintln!("run {run}: bare, ours, ours signed: {measured:.0?} requests/s");
            runs.iter_mut().zip(measured).for_each(|(runs, rate)| runs.push(rate));
        }
    }
    let [bare, ours, signed] = runs;
    // A ratio is taken of runs that follow each other, so that a slow moment of the machine is in both.
    let over_bare = |runs: &[f64]| median(runs.iter().zip(&bare).map(|(ours, bare)| ours / bare));
    println!("figure send.over_bare {:.3}", over_bare(&ours));
    println!("figure send.signed_over_bare {:.3}", over_bare(&signed));
    println!("figure send.per_second {:.0}", median(ours.iter().copied()));
    println!("figure send.bare_per_second {:.0}", median(bare.iter().copied()));
}

/// Requests per second of a client that only sends.
async fn bare(endpoint: &str) -> f64 {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let body = bytes::Bytes::from(vec![b'x'; BODY_BYTES]);
    let endpoint: http::Uri = endpoint.parse().expect("a URI");
    rate(move || {
        let (client, body) = (client.clone(), body.clone());
        let request = HttpRequest::builder()
            .method(Method::PUT)
            .uri(endpoint.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("auth", TOKEN)
            .body(Full::new(body))
            .expect("a request");
        async move {
            let answer = client.request(request).await.expect("an answer");
            assert_eq!(answer.status(), 200);
            answer.into_body().collect().await.expect("a body");
        }
    })
    .await
}

/// Requests per second of the sender: endpoint checked, secret opened, request built, answer kept.
async fn ours(endpoint: &str, signing: Option<Signing>) -> f64 {
    let key = Signer::generate_pkcs8(&Chance(SystemRandom::new()));
    let sender = HttpSender::new(HttpOptions {
        egress: Arc::new(EgressPolicy::new(vec!["127.0.0.0/8".parse().expect("a net")], true)),
        vault: Arc::new(vault()),
        signer: Arc::new(Signer::from_pkcs8("https://host.example", &key).expect("a key")),
        clock: Arc::new(RealClock),
        random: Arc::new(Chance(SystemRandom::new())),
        metrics: Metrics::register(&mut Registry::default()),
        lookup: Arc::new(SystemLookup::default()),
        exchange_time: limits::EXCHANGE_TIME_MAX,
        extra_roots: vec![],
    });
    let sender = Arc::new(sender.expect("a sender"));
    let webhook = WebhookId::from_random([1; 16]);
    let exchange = Exchange {
        delivery: DeliveryKey { event: EventNo(1), webhook, hook: HookNo(0), part: Part(0) },
        attempt: 1,
        organization: Organization::new("acme").expect("a name"),
        endpoint: endpoint.to_owned(),
        request: Arc::new(Request {
            method: transload_domain::Method::Put,
            path: String::new(),
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: vec![b'x'; BODY_BYTES],
        }),
        authentication: Authentication::Token {
            header: "Auth".into(),
            template: "%ACCESS_TOKEN%".into(),
            token: vault().seal(TOKEN.as_bytes(), [1; 12]),
        },
        signing,
        expect_continue: false,
    };
    rate(move || {
        let (sender, exchange) = (Arc::clone(&sender), exchange.clone());
        async move {
            let outcome = sender.send(exchange).await;
            assert!(matches!(outcome, AttemptOutcome::Answered(answer) if answer.status == 200));
        }
    })
    .await
}

fn signing() -> Option<Signing> {
    let secret = vault().seal(&[9; 32], [2; 12]);
    Some(Signing { keys: vec![SigningKey { scheme: SigningScheme::V1, secret, until: None }] })
}

fn vault() -> Vault {
    Vault::new(&[7; 32])
}

/// How often a second the work is done, by so many at a time.
async fn rate<F: Future<Output = ()> + Send>(
    work: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (work, done) = (work.clone(), Arc::clone(&done));
        callers.spawn(async move {
            while done.fetch_add(1, Ordering::Relaxed) < REQUESTS {
                work().await;
            }
        });
    }
    callers.join_all().await;
    let took: Duration = began.elapsed();
    REQUESTS as f64 / took.as_secs_f64()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "a bench runs in real time")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH.after(since)
    }
}

struct Chance(SystemRandom);

impl Random for Chance {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.fill(buffer).expect("the system's chance");
    }
}
