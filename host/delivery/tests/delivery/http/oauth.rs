//! Access tokens that are fetched from the vendor.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{body::Body, response::Response};
use prometheus_client::registry::Registry;
use tokio::{sync::Barrier, task::JoinSet};
use transload_delivery::{
    Exchange, Metrics, Sender as _,
    auth::{oauth::TOKEN_ANSWER_BYTES_MAX, tokens::REFUSAL_TIME},
    http::{HttpOptions, HttpSender},
};
use transload_domain::{
    Answer, AttemptOutcome, Authentication, ClientAuthentication, ClientCredentials, SendFailure,
    SendFailureKind,
};

use super::{
    server::{Arrived, Server},
    support::{exchange, options, vault},
};
use crate::support::Time;

const SECRET: &str = "c1ient:s&cret";

/// A vendor with a token endpoint: `/token` issues the tokens "<t1>", "<t2>" and so on, of which only the last is
/// good, until it is revoked; `/hook` answers 401 to every other.
struct Vendor {
    server: Server,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    issued: usize,
    /// Which token is good.
    good: Option<usize>,
    /// Nobody is let in, whatever token they show.
    closed: bool,
    /// What the token endpoint says instead of a token, next.
    tokens: VecDeque<Response>,
    /// Where so many requests with the first token wait for each other.
    meeting: Option<Arc<Barrier>>,
}

impl Vendor {
    async fn new() -> Self {
        let script = Arc::<Mutex<Script>>::default();
        let shared = Arc::clone(&script);
        let server = Server::serving(move |arrived| answer(arrived, Arc::clone(&shared))).await;
        Self { server, script }
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// The token endpoint says this once, in place of a token.
    fn says(&self, status: u16, body: &str) {
        let answer = Response::builder().status(status).body(Body::from(body.to_owned()));
        self.script().tokens.push_back(answer.unwrap());
    }

    fn credentials(&self) -> ClientCredentials {
        ClientCredentials {
            endpoint: format!("http://{}/token", self.server.address),
            client_id: "doo".into(),
            client_secret: vault().seal(SECRET.as_bytes(), [1; 12]),
            scope: None,
            client_authentication: ClientAuthentication::Body,
            header: "Authorization".into(),
            template: "Bearer %ACCESS_TOKEN%".into(),
        }
    }

    fn exchange(&self) -> Exchange {
        self.exchange_with(self.credentials())
    }

    fn exchange_with(&self, credentials: ClientCredentials) -> Exchange {
        Exchange {
            authentication: Authentication::ClientCredentials(credentials),
            ..exchange(&self.server.url())
        }
    }

    fn arrived(&self, path: &str) -> Vec<Arrived> {
        self.server.arrived().into_iter().filter(|arrived| arrived.path == path).collect()
    }

    fn fetches(&self) -> usize {
        self.arrived("/token").len()
    }
}

async fn answer(arrived: Arrived, script: Arc<Mutex<Script>>) -> Response {
    let (answer, meeting) = {
        let mut script = script.lock().unwrap();
        if arrived.path == "/token" {
            (token(&mut script), None)
        } else {
            let shown = arrived.headers.get("authorization").map(|value| value.to_str().unwrap());
            let good = script.good.map(|number| format!("Bearer <t{number}>"));
            let good = !script.closed && good.as_deref() == shown;
            let status = if good { 200 } else { 401 };
            let first = shown == Some("Bearer <t1>");
            let body = Body::from(format!("you sent {}", shown.unwrap_or("nothing")));
            let answer = Response::builder().status(status).body(body).unwrap();
            (answer, script.meeting.clone().filter(|_| first))
        }
    };
    if let Some(meeting) = meeting {
        meeting.wait().await;
    }
    answer
}

fn token(script: &mut Script) -> Response {
    script.tokens.pop_front().unwrap_or_else(|| {
        script.issued += 1;
        script.good = Some(script.issued);
        let token = format!(r#"{{"access_token":"<t{}>","token_type":"bearer"}}"#, script.issued);
        Response::new(Body::from(token))
    })
}

fn answered(outcome: AttemptOutcome) -> Answer {
    let AttemptOutcome::Answered(answer) = outcome else { panic!("{outcome:?}") };
    answer
}

fn failed(outcome: AttemptOutcome) -> (SendFailureKind, String) {
    let AttemptOutcome::Failed(SendFailure { kind, detail }) = outcome else {
        panic!("{outcome:?}")
    };
    (kind, detail)
}

fn sender() -> HttpSender {
    HttpSender::new(options()).unwrap()
}

fn form(arrived: &Arrived) -> HashMap<String, String> {
    url::form_urlencoded::parse(&arrived.body).into_owned().collect()
}

#[tokio::test]
async fn webhooks_with_the_same_credentials_share_a_token_and_each_fetch_is_counted() {
    let mut registry = Registry::default();
    let counted = HttpOptions { metrics: Metrics::register(&mut registry), ..options() };
    let (vendor, sender) = (Vendor::new().await, HttpSender::new(counted).unwrap());
    // Each webhook has sealed the secret for itself.
    for nonce in 1..=3 {
        let client_secret = vault().seal(SECRET.as_bytes(), [nonce; 12]);
        let credentials = ClientCredentials { client_secret, ..vendor.credentials() };
        let answer = answered(sender.send(vendor.exchange_with(credentials)).await);
        assert_eq!((answer.status, answer.resent), (200, false));
    }
    assert_eq!(vendor.fetches(), 1);
    vendor.says(401, r#"{"error":"invalid_client"}"#);
    let another = vault().seal(b"another", [4; 12]);
    let credentials = ClientCredentials { client_secret: another, ..vendor.credentials() };
    let (kind, _) = failed(sender.send(vendor.exchange_with(credentials)).await);
    assert_eq!((kind, vendor.fetches()), (SendFailureKind::Credentials, 2));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for result in ["fetched", "credentials"] {
        let line = format!("transload_token_fetches_total{{result=\"{result}\"}} 1");
        assert!(text.contains(&line), "{text}");
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_and_goes_into_its_header_unchanged() {
    let (vendor, sender) = (Vendor::new().await, sender());
    let credentials = ClientCredentials { scope: Some("a b".into()), ..vendor.credentials() };
    for _ in 0..3 {
        let answer = answered(sender.send(vendor.exchange_with(credentials.clone())).await);
        assert_eq!((answer.status, answer.resent), (200, false));
        assert_eq!(answer.body, b"you sent Bearer <t1>", "shorter than what is masked");
    }
    let [fetch] = &vendor.arrived("/token")[..] else { panic!("more than one fetch") };
    assert_eq!(fetch.method, "POST");
    assert_eq!(fetch.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(fetch.headers["accept"], "application/json");
    assert!(!fetch.headers.contains_key("authorization"));
    let expected = [
        ("grant_type", "client_credentials"),
        ("client_id", "doo"),
        ("client_secret", SECRET),
        ("scope", "a b"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(form(fetch), HashMap::from(expected));
}

#[tokio::test]
async fn the_client_proves_itself_by_basic_where_it_is_asked_to() {
    let vendor = Vendor::new().await;
    let credentials = ClientCredentials {
        client_authentication: ClientAuthentication::Basic,
        ..vendor.credentials()
    };
    let answer = answered(sender().send(vendor.exchange_with(credentials)).await);
    assert_eq!(answer.status, 200);
    let fetch = &vendor.arrived("/token")[0];
    // RFC 6749, section 2.3.1: doo:c1ient%3As%26cret
    assert_eq!(fetch.headers["authorization"], "Basic ZG9vOmMxaWVudCUzQXMlMjZjcmV0");
    assert_eq!(&fetch.body[..], b"grant_type=client_credentials");
}

#[tokio::test]
async fn header_and_template_are_the_vendors() {
    let vendor = Vendor::new().await;
    vendor.says(200, r#"{"access_token":"e30<---->c2lnbmF0dXJl"}"#);
    vendor.says(200, r#"{"access_token":"e30<---->c2lnbmF0dXJl"}"#);
    let credentials = ClientCredentials {
        header: "X-Token".into(),
        template: "token=%ACCESS_TOKEN%;v=1".into(),
        ..vendor.credentials()
    };
    sender().send(vendor.exchange_with(credentials)).await;
    let shown = &vendor.arrived("/hook")[0].headers["x-token"];
    assert_eq!(shown, "token=e30<---->c2lnbmF0dXJl;v=1");
}

#[tokio::test]
async fn a_token_is_not_kept_with_the_answer() {
    let vendor = Vendor::new().await;
    vendor.says(200, r#"{"access_token":"a-long-token"}"#);
    vendor.says(200, r#"{"access_token":"another-token"}"#);
    let answer = answered(sender().send(vendor.exchange()).await);
    assert_eq!((answer.status, answer.resent), (401, true));
    assert_eq!(answer.body, b"you sent Bearer ***");
}

#[tokio::test]
async fn a_token_revoked_under_100_deliveries_costs_one_fetch_and_no_delivery() {
    let (vendor, sender) = (Vendor::new().await, Arc::new(sender()));
    answered(sender.send(vendor.exchange()).await);
    assert_eq!(vendor.fetches(), 1);
    // All of them have arrived with the old token before any is answered.
    vendor.script().good = None;
    vendor.script().meeting = Some(Arc::new(Barrier::new(100)));
    let mut deliveries = JoinSet::new();
    for _ in 0..100 {
        let (sender, exchange) = (Arc::clone(&sender), vendor.exchange());
        deliveries.spawn(async move { answered(sender.send(exchange).await) });
    }
    for answer in deliveries.join_all().await {
        assert_eq!((answer.status, answer.resent), (200, true));
    }
    assert_eq!((vendor.fetches(), vendor.arrived("/hook").len()), (2, 201));
}

#[tokio::test]
async fn a_vendor_that_always_says_401_does_not_cost_a_token_each_time() {
    let (vendor, sender) = (Vendor::new().await, sender());
    vendor.script().closed = true;
    let first = answered(sender.send(vendor.exchange()).await);
    assert_eq!((first.status, first.resent, vendor.fetches()), (401, true, 2));
    for _ in 0..5 {
        let answer = answered(sender.send(vendor.exchange()).await);
        assert_eq!((answer.status, answer.resent), (401, false));
    }
    assert_eq!(vendor.fetches(), 2);
}

#[tokio::test]
async fn one_delivery_that_is_always_refused_costs_no_other_its_renewal() {
    let (vendor, sender) = (Vendor::new().await, sender());
    vendor.script().closed = true;
    let refused = answered(sender.send(vendor.exchange()).await);
    assert_eq!((refused.status, refused.resent, vendor.fetches()), (401, true, 2));
    vendor.script().closed = false;
    assert_eq!(answered(sender.send(vendor.exchange()).await).status, 200);
    vendor.script().good = None;
    let answer = answered(sender.send(vendor.exchange()).await);
    assert_eq!((answer.status, answer.resent, vendor.fetches()), (200, true, 3));
}

#[tokio::test]
async fn credentials_that_are_refused_are_a_configuration_error_and_not_hammered() {
    let (vendor, time) = (Vendor::new().await, Time::new());
    let with_time = HttpOptions { clock: Arc::new(time.clone()), ..options() };
    let sender = HttpSender::new(with_time).unwrap();
    let description = format!("no client with {SECRET}");
    vendor
        .says(401, &format!(r#"{{"error":"invalid_client","error_description":"{description}"}}"#));
    for _ in 0..5 {
        let (kind, detail) = failed(sender.send(vendor.exchange()).await);
        assert_eq!(kind, SendFailureKind::Credentials);
        let place = vendor.server.address;
        assert_eq!(
            detail,
            format!(
                "the token endpoint {place} refuses the webhook's credentials (status 401, invalid_client: \
                 no client with ***); correct its authentication"
            )
        );
    }
    assert_eq!((vendor.fetches(), vendor.arrived("/hook").len()), (1, 0));
    // Who has corrected them is asked at once; who has not, after a while.
    let corrected = ClientCredentials {
        client_secret: vault().seal(b"right", [2; 12]),
        ..vendor.credentials()
    };
    assert_eq!(answered(sender.send(vendor.exchange_with(corrected)).await).status, 200);
    time.advance(REFUSAL_TIME);
    assert_eq!(answered(sender.send(vendor.exchange()).await).status, 200);
}

#[tokio::test]
async fn an_endpoint_that_is_not_well_is_asked_again() {
    let (vendor, sender) = (Vendor::new().await, sender());
    for (status, body, words) in [
        (500, "", "gave none (status 500)"),
        (200, "<html>", "gave none (its answer is not JSON with an access_token)"),
        (307, "", "gave none (status 307, and a redirect is not followed)"),
        (200, &*"x".repeat(TOKEN_ANSWER_BYTES_MAX + 1), "more than 65536 bytes"),
    ] {
        vendor.says(status, body);
        let (kind, detail) = failed(sender.send(vendor.exchange()).await);
        assert_eq!(kind, SendFailureKind::Token);
        assert!(detail.starts_with("no access token: the token endpoint 127.0.0.1:"), "{detail}");
        assert!(detail.contains(words), "{detail}");
    }
    assert_eq!(answered(sender.send(vendor.exchange()).await).status, 200);
    assert_eq!(vendor.fetches(), 5);
}

#[tokio::test]
async fn an_endpoint_that_asks_for_time_is_left_alone_for_it() {
    let (vendor, time) = (Vendor::new().await, Time::new());
    let with_time = HttpOptions { clock: Arc::new(time.clone()), ..options() };
    let sender = HttpSender::new(with_time).unwrap();
    let busy = Response::builder().status(429).header("retry-after", "30").body(Body::empty());
    vendor.script().tokens.push_back(busy.unwrap());
    for _ in 0..5 {
        assert_eq!(failed(sender.send(vendor.exchange()).await).0, SendFailureKind::Token);
    }
    assert_eq!(vendor.fetches(), 1);
    time.advance(Duration::from_secs(30));
    assert_eq!(answered(sender.send(vendor.exchange()).await).status, 200);
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_talked_to_is_an_outage() {
    let vendor = Vendor::new().await;
    let silent = Server::raw(b"", b"", false).await;
    let broken = Server::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx", b"", true).await;
    let closed = Server::raw(b"", b"", true).await;
    let closed_url = closed.url();
    closed.close().await;
    let short = HttpOptions { exchange_time: Duration::from_millis(400), ..options() };
    let sender = HttpSender::new(short).unwrap();
    for (endpoint, words) in [
        (silent.url(), "no access token: the token endpoint did not answer within 0.2 s"),
        (broken.url(), "broke off"),
        (closed_url, "no access token: connection refused by "),
        ("http://nowhere.example/token".into(), "does not resolve"),
    ] {
        let credentials = ClientCredentials { endpoint, ..vendor.credentials() };
        let (kind, detail) = failed(sender.send(vendor.exchange_with(credentials)).await);
        assert_eq!(kind, SendFailureKind::Token, "{detail}");
        assert!(detail.contains(words), "{detail}");
    }
    assert!(vendor.server.arrived().is_empty());
}
