//! Requests that are signed by Standard Webhooks.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    hmac,
    signature::{ED25519, UnparsedPublicKey},
};
use transload_delivery::{
    Exchange, Sender as _,
    auth::standard_webhooks::{parse_secret, public_key_text},
    http::{HttpOptions, HttpSender},
};
use transload_domain::{
    Authentication, SendFailureKind, Signing, SigningKey, SigningScheme, Timestamp,
};

use super::{
    server::{Arrived, Server},
    support::{exchange, failure, options, vault},
};
use crate::support::Time;

const SHARED: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OLD: &str = "whsec_b2xkIHNlY3JldCBvbGQgc2VjcmV0IG9sZCBzZWNyZXQ=";
const PRIVATE: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

fn key(text: &str, until: Option<Timestamp>) -> SigningKey {
    let (scheme, secret) = parse_secret(text).unwrap();
    SigningKey { scheme, secret: vault().seal(&secret, [3; 12]), until }
}

fn signed(endpoint: &str, keys: Vec<SigningKey>) -> Exchange {
    Exchange { signing: Some(Signing { keys }), ..exchange(endpoint) }
}

/// Whether a receiver that knows only this secret (or its public half) takes the request for ours.
fn verifies(arrived: &Arrived, secret: &str) -> bool {
    let header = |name: &str| arrived.headers[name].to_str().unwrap();
    let body = str::from_utf8(&arrived.body).unwrap();
    let content = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
    let (scheme, secret) = parse_secret(secret).unwrap();
    header("webhook-signature").split(' ').any(|signature| {
        let (named, signature) = signature.split_once(',').unwrap();
        let signature = STANDARD.decode(signature).unwrap();
        named == scheme.as_str()
            && match scheme {
                SigningScheme::V1 => {
                    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
                    hmac::verify(&key, content.as_bytes(), &signature).is_ok()
                }
                SigningScheme::V1a => {
                    let public = public_key_text(&secret).unwrap();
                    let public = STANDARD.decode(public.strip_prefix("whpk_").unwrap()).unwrap();
                    let key = UnparsedPublicKey::new(&ED25519, public);
                    key.verify(content.as_bytes(), &signature).is_ok()
                }
            }
    })
}

async fn server() -> Server {
    Server::answering(|_| Response::new(Body::empty())).await
}

#[tokio::test]
async fn a_signed_request_verifies_and_keeps_its_authentication() {
    let server = server().await;
    let mut exchange = signed(&server.url(), vec![key(SHARED, None), key(PRIVATE, None)]);
    exchange.authentication =
        Authentication::Basic { username: "me".into(), password: vault().seal(b"secret", [1; 12]) };
    super::support::answer(options(), exchange.clone()).await;
    let arrived = &server.arrived()[0];
    assert!(verifies(arrived, SHARED) && verifies(arrived, PRIVATE));
    assert!(!verifies(arrived, OLD));
    assert_eq!(arrived.headers["webhook-id"], exchange.delivery.id().to_string());
    assert_eq!(arrived.headers["authorization"], "Basic bWU6c2VjcmV0");
}

#[tokio::test]
async fn an_old_key_signs_until_its_overlap_is_over() {
    let (server, time) = (server().await, Time::new());
    let until = transload_domain::Clock::now(&time).after(Duration::from_secs(60));
    let exchange = signed(&server.url(), vec![key(SHARED, None), key(OLD, Some(until))]);
    let options = HttpOptions { clock: Arc::new(time.clone()), ..options() };
    let sender = HttpSender::new(options).unwrap();
    sender.send(exchange.clone()).await;
    time.advance(Duration::from_secs(60));
    sender.send(exchange).await;
    let arrived = server.arrived();
    assert!(verifies(&arrived[0], SHARED) && verifies(&arrived[0], OLD));
    assert!(verifies(&arrived[1], SHARED) && !verifies(&arrived[1], OLD));
    // The id is the delivery's, the timestamp the attempt's.
    assert_eq!(arrived[0].headers["webhook-id"], arrived[1].headers["webhook-id"]);
    let at = |n: usize| arrived[n].headers["webhook-timestamp"].to_str().unwrap().to_owned();
    assert_eq!((&*at(0), &*at(1)), ("1000000", "1000060"));
}

#[tokio::test]
async fn a_plugin_does_not_vouch_for_a_delivery() {
    let server = server().await;
    let mut exchange = signed(&server.url(), vec![key(SHARED, None)]);
    let headers = &mut Arc::make_mut(&mut exchange.request).headers;
    for name in ["Webhook-Id", "webhook-timestamp", "webhook-signature", "webhook-signature"] {
        headers.push((name.into(), "forged".into()));
    }
    super::support::answer(options(), exchange).await;
    let arrived = &server.arrived()[0];
    assert!(verifies(arrived, SHARED));
    let all = arrived.headers.iter().filter(|(name, _)| name.as_str().starts_with("webhook-"));
    assert_eq!(all.count(), 3);
}

#[tokio::test]
async fn keys_that_cannot_sign_are_named_and_not_shown() {
    let gone = key(SHARED, Some(Timestamp::EPOCH));
    let mut damaged = key(SHARED, None);
    damaged.secret.0[20] ^= 1;
    let short = SigningKey {
        scheme: SigningScheme::V1a,
        secret: vault().seal(b"too short", [1; 12]),
        until: None,
    };
    for (key, words) in [
        (gone, "no signing key that is still good"),
        (damaged, "cannot be opened with this data directory's key"),
        (short, "its webhook's signing key is unusable: an Ed25519 private key has 32 bytes"),
    ] {
        let (kind, detail) = failure(options(), signed("http://127.0.0.1:9/", vec![key])).await;
        assert_eq!(kind, SendFailureKind::Unsendable);
        assert!(detail.contains(words), "{detail}");
    }
}
