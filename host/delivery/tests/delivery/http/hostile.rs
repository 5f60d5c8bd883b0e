//! Endpoints that lead where no vendor is. Creation refuses what it can know; a connection refuses all of them.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use transload_delivery::{
    Exchange, Sender as _,
    egress::{EgressPolicy, Resolved},
    http::{HttpOptions, HttpSender},
};
use transload_domain::{
    AttemptOutcome, Authentication, ClientAuthentication, ClientCredentials, SendFailureKind,
};

use super::{
    server::Server,
    support::{Names, answer, exchange, failure, options, vault},
};

/// What the creation of a webhook makes of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Creation {
    /// Its text is refused.
    Text,
    /// Its text is good; what its name leads to is refused.
    Name,
    /// Nothing is wrong with it yet.
    Passes,
}
use Creation::{Name, Passes, Text};

/// An endpoint, what its name leads to (one answer after the other), and what creation makes of it.
type Row = (&'static str, &'static [&'static [&'static str]], Creation);

const ROWS: [Row; 88] = [
    // IPv4 in every spelling that a URL or a resolver knows.
    ("https://127.0.0.1/", &[], Text),
    ("https://127.0.0.1:443/", &[], Text),
    ("https://127.0.0.1:22/", &[], Text),
    ("HTTPS://127.0.0.1/", &[], Text),
    ("https:127.0.0.1/", &[], Text),
    ("https:///127.0.0.1/", &[], Text),
    ("https:\\\\127.0.0.1\\", &[], Text),
    (" https://127.0.0.1/ ", &[], Text),
    ("https://12\n7.0.\t0.1/", &[], Text),
    ("https://127.1/", &[], Text),
    ("https://127.0.1/", &[], Text),
    ("https://2130706433/", &[], Text),
    ("https://0x7f000001/", &[], Text),
    ("https://0x7f.0.0.1/", &[], Text),
    ("https://0X7F.1/", &[], Text),
    ("https://0177.0.0.1/", &[], Text),
    ("https://017700000001/", &[], Text),
    ("https://127.0.0.1./", &[], Text),
    ("https://%31%32%37.0.0.1/", &[], Text),
    ("https://①②⑦.0.0.1/", &[], Text),
    ("https://１２７.0.0.1/", &[], Text),
    ("https://127。0。0。1/", &[], Text),
    ("https://127．0｡0。1/", &[], Text),
    ("https://0/", &[], Text),
    ("https://256.256.256.256/", &[], Text),
    ("https://127.0.0.1%00.example/", &[], Text),
    // Every refused network of IPv4.
    ("https://0.0.0.0/", &[], Text),
    ("https://0.1.2.3/", &[], Text),
    ("https://10.0.0.1/", &[], Text),
    ("https://100.64.0.1/", &[], Text),
    ("https://127.255.255.254/", &[], Text),
    ("https://169.254.169.254/latest/meta-data/", &[], Text),
    ("https://0xa9fea9fe/latest/meta-data/", &[], Text),
    ("https://172.16.0.1/", &[], Text),
    ("https://192.0.0.8/", &[], Text),
    ("https://192.0.2.1/", &[], Text),
    ("https://192.88.99.1/", &[], Text),
    ("https://192.168.1.1/", &[], Text),
    ("https://192.175.48.1/", &[], Text),
    ("https://198.18.0.1/", &[], Text),
    ("https://198.51.100.1/", &[], Text),
    ("https://203.0.113.1/", &[], Text),
    ("https://224.0.0.1/", &[], Text),
    ("https://240.0.0.1/", &[], Text),
    ("https://255.255.255.255/", &[], Text),
    // Every refused network of IPv6, and IPv4 inside it.
    ("https://[::]/", &[], Text),
    ("https://[::1]/", &[], Text),
    ("https://[0:0:0:0:0:0:0:1]:443/", &[], Text),
    ("https://[::ffff:127.0.0.1]/", &[], Text),
    ("https://[::ffff:7f00:1]/", &[], Text),
    ("https://[::127.0.0.1]/", &[], Text),
    ("https://[64:ff9b::127.0.0.1]/", &[], Text),
    ("https://[64:ff9b:1::a00:1]/", &[], Text),
    ("https://[2002:7f00:1::]/", &[], Text),
    ("https://[2001:0:7f00:1::]/", &[], Text),
    ("https://[2001:2::1]/", &[], Text),
    ("https://[2001:10::1]/", &[], Text),
    ("https://[100::1]/", &[], Text),
    ("https://[2001:db8::1]/", &[], Text),
    ("https://[3fff::1]/", &[], Text),
    ("https://[fc00::1]/", &[], Text),
    ("https://[fe80::1]/", &[], Text),
    ("https://[fe80::1%25eth0]/", &[], Text),
    ("https://[fec0::1]/", &[], Text),
    ("https://[ff02::1]/", &[], Text),
    ("https://[5f00::1]/", &[], Text),
    // Parts that an endpoint has not.
    ("https://me:secret@vendor.example/", &[&["127.0.0.1"]], Text),
    ("https://8.8.8.8@127.0.0.1/", &[], Text),
    ("https://vendor.example#@127.0.0.1/", &[&["127.0.0.1"]], Text),
    ("https://vendor.example:0/", &[&["127.0.0.1"]], Text),
    ("https://vendor.example:65536/", &[&["127.0.0.1"]], Text),
    ("http://vendor.example/", &[&["8.8.8.8"]], Text),
    ("ftp://vendor.example/", &[&["127.0.0.1"]], Text),
    ("file:///etc/passwd", &[], Text),
    ("gopher://vendor.example/", &[&["127.0.0.1"]], Text),
    ("ws://vendor.example/", &[&["127.0.0.1"]], Text),
    ("//127.0.0.1/", &[], Text),
    // Names that lead there.
    ("https://localhost/", &[&["127.0.0.1", "::1"]], Name),
    ("https://localhost./", &[&["127.0.0.1"]], Name),
    ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", &[&["127.0.0.1"]], Name),
    ("https://127.0.0.1.wildcard.example/", &[&["127.0.0.1"]], Name),
    ("https://metadata.example\\@8.8.8.8/", &[&["169.254.169.254"]], Name),
    ("https://inside.example/", &[&["::ffff:10.0.0.1"]], Name),
    ("https://translated.example/", &[&["64:ff9b::a00:1"]], Name),
    ("https://split.example/", &[&["8.8.8.8", "10.0.0.1"]], Name),
    ("https://split6.example/", &[&["2a00:1450:4001::1", "::1"]], Name),
    // Names that lead there later: between the check and the connection, or once they exist.
    ("https://changing.example/", &[&["8.8.8.8"], &["127.0.0.1"]], Passes),
    ("https://late.example/", &[&[], &["10.0.0.1"]], Passes),
];

/// A resolver for all names of the table. `last_only` leaves out what creation
/// sees of the names that change.
fn names(last_only: bool) -> Names {
    let mut names = Names::default();
    for (endpoint, answers, expected) in ROWS.iter().filter(|(.., expected)| *expected != Text) {
        let url = url::Url::parse(endpoint).unwrap();
        let seen = if last_only && *expected == Passes { &answers[1..] } else { answers };
        names.add(url.host_str().unwrap(), seen);
    }
    names
}

#[tokio::test]
async fn creation_refuses_what_it_can_know() {
    let (policy, names) = (EgressPolicy::default(), names(false));
    for (endpoint, _, expected) in ROWS {
        let resolved = policy.check_resolved(&names, endpoint).await;
        let as_text = policy.check_endpoint(endpoint);
        let found = match (as_text, &resolved) {
            (Err(text), Err(error)) => {
                assert_eq!(&text, error, "{endpoint}: both say the same");
                Text
            }
            (Ok(_), Err(_)) => Name,
            (_, Ok(_)) => Passes,
        };
        assert_eq!(found, expected, "{endpoint}: {resolved:?}");
    }
}

#[tokio::test]
async fn a_connection_is_refused_always() {
    let lookup = Arc::new(names(true));
    let strict = HttpOptions { egress: Arc::default(), lookup, ..options() };
    let sender = HttpSender::new(strict).unwrap();
    for (endpoint, ..) in ROWS {
        let outcome = sender.send(exchange(endpoint)).await;
        let AttemptOutcome::Failed(failure) = outcome else { panic!("{endpoint}: {outcome:?}") };
        let never = matches!(failure.kind, SendFailureKind::Refused | SendFailureKind::Unsendable);
        assert!(never, "{endpoint}: {failure:?}");
    }
}

#[tokio::test]
async fn a_token_endpoint_is_guarded_in_the_same_way() {
    let lookup = Arc::new(names(true));
    let strict = HttpOptions { egress: Arc::default(), lookup, ..options() };
    let sender = HttpSender::new(strict).unwrap();
    for (endpoint, ..) in ROWS {
        let authentication = Authentication::ClientCredentials(ClientCredentials {
            endpoint: endpoint.to_owned(),
            client_id: "me".into(),
            client_secret: vault().seal(b"secret", [1; 12]),
            scope: None,
            client_authentication: ClientAuthentication::Body,
            header: "Authorization".into(),
            template: "Bearer %ACCESS_TOKEN%".into(),
        });
        let exchange = Exchange { authentication, ..exchange("https://vendor.example/hook") };
        let outcome = sender.send(exchange).await;
        let AttemptOutcome::Failed(failure) = outcome else { panic!("{endpoint}: {outcome:?}") };
        let never = matches!(failure.kind, SendFailureKind::Refused | SendFailureKind::Unsendable);
        assert!(never && failure.detail.contains("token"), "{endpoint}: {failure:?}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_answer_is_checked_again_by_the_same_host() {
    let names = Arc::new(names(false));
    let policy = Arc::new(EgressPolicy::default());
    let strict = HttpOptions { egress: Arc::clone(&policy), lookup: names.clone(), ..options() };
    for (endpoint, ..) in ROWS.iter().filter(|(.., expected)| *expected == Passes) {
        assert!(policy.check_resolved(&*names, endpoint).await.is_ok(), "{endpoint}");
        let (kind, detail) = failure(strict.clone(), exchange(endpoint)).await;
        assert_eq!(kind, SendFailureKind::Refused, "{endpoint}: {detail}");
    }
}

#[tokio::test]
async fn a_name_without_an_address_is_allowed_with_a_warning() {
    let policy = EgressPolicy::default();
    let check = |names: Names| async move {
        policy.check_resolved(&names, "https://new.example/hook").await.unwrap()
    };
    let Resolved::Unknown { warning } = check(Names::default()).await else { panic!() };
    assert_eq!(
        warning,
        "the name new.example does not resolve (entity not found); nothing can be delivered there \
         until it does"
    );
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let inside = Server::answering(|_| Response::new(Body::empty())).await;
    for status in [301, 302, 303, 307, 308] {
        let location = inside.url();
        let outside = Server::answering(move |_| {
            let redirect = Response::builder().status(status).header("location", &location);
            redirect.body(Body::empty()).unwrap()
        })
        .await;
        assert_eq!(answer(options(), exchange(&outside.url())).await.status, status);
    }
    assert_eq!(inside.connections(), 0);
}
