//! Senders and exchanges.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use prometheus_client::registry::Registry;
use transload_delivery::{
    Exchange, Metrics, Sender as _,
    auth::Signer,
    egress::EgressPolicy,
    http::{HttpOptions, HttpSender, Lookup},
};
use transload_domain::{
    Answer, AttemptOutcome, Authentication, DeliveryKey, EventNo, HookNo, Method, Organization,
    Part, Request, SendFailure, SendFailureKind, Vault, WebhookId,
};

use crate::support::{Dice, Time};

/// A resolver that knows what a test tells it. A name that is asked for again has its next answer, as long as there
/// is one; an empty answer means that it does not resolve.
#[derive(Default)]
pub(super) struct Names(Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>);

impl Names {
    pub(super) fn with(name: &str, addresses: &[&str]) -> Self {
        let mut names = Self::default();
        names.add(name, &[addresses]);
        names
    }

    pub(super) fn add(&mut self, name: &str, answers: &[&[&str]]) {
        let parsed = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        let answers = answers.iter().map(parsed).collect();
        self.0.get_mut().unwrap().insert(name.to_owned(), answers);
    }
}

#[async_trait]
impl Lookup for Names {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        answer.filter(|answer| !answer.is_empty()).ok_or(io::ErrorKind::NotFound.into())
    }
}

pub(super) fn vault() -> Vault {
    Vault::new(&[7; 32])
}

pub(super) fn signer() -> Signer {
    let key = Signer::generate_pkcs8(&Dice::default());
    Signer::from_pkcs8("https://host.example", &key).unwrap()
}

/// What a sender of these tests works with: http to 127.0.0.0/8 is allowed, exchanges take 5 s at most.
pub(super) fn options() -> HttpOptions {
    HttpOptions {
        egress: Arc::new(EgressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], true)),
        vault: Arc::new(vault()),
        signer: Arc::new(signer()),
        clock: Arc::new(Time::new()),
        random: Arc::new(Dice::default()),
        metrics: Metrics::register(&mut Registry::default()),
        lookup: Arc::new(Names::default()),
        exchange_time: Duration::from_secs(5),
        extra_roots: vec![],
    }
}

pub(super) fn exchange(endpoint: &str) -> Exchange {
    let webhook = WebhookId::from_random([1; 16]);
    Exchange {
        delivery: DeliveryKey { event: EventNo(5), webhook, hook: HookNo(0), part: Part(0) },
        attempt: 1,
        organization: Organization::new("acme").unwrap(),
        endpoint: endpoint.to_owned(),
        request: Arc::new(Request {
            method: Method::Put,
            path: String::new(),
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: b"{\"order\":1}".to_vec(),
        }),
        authentication: Authentication::None,
        signing: None,
        expect_continue: false,
    }
}

pub(super) async fn send(options: HttpOptions, exchange: Exchange) -> AttemptOutcome {
    HttpSender::new(options).unwrap().send(exchange).await
}

pub(super) async fn answer(options: HttpOptions, exchange: Exchange) -> Answer {
    match send(options, exchange).await {
        AttemptOutcome::Answered(answer) => answer,
        AttemptOutcome::Failed(failure) => panic!("{failure:?}"),
    }
}

/// The failure's kind and words.
pub(super) async fn failure(options: HttpOptions, exchange: Exchange) -> (SendFailureKind, String) {
    match send(options, exchange).await {
        AttemptOutcome::Failed(SendFailure { kind, detail }) => (kind, detail),
        AttemptOutcome::Answered(answer) => panic!("{answer:?}"),
    }
}
