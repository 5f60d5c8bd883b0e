//! How requests prove where they come from.

use axum::{body::Body, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ED25519, UnparsedPublicKey};
use transload_domain::{Authentication, Sealed, SendFailureKind};

use super::{
    server::{Arrived, Server},
    support::{answer, exchange, failure, options, signer, vault},
};

fn sealed(token: &str) -> Sealed {
    vault().seal(token.as_bytes(), [1; 12])
}

fn token(token: &str) -> Authentication {
    Authentication::Token {
        header: "Auth".into(),
        template: "Key %ACCESS_TOKEN%".into(),
        token: sealed(token),
    }
}

/// A vendor that sends the secret back wherever it can.
fn chatty(arrived: &Arrived) -> Response {
    let secret = arrived.headers.get("auth").or(arrived.headers.get("authorization")).unwrap();
    let body = format!("you sent {}", secret.to_str().unwrap());
    Response::builder().header("x-echo", secret).body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn a_token_goes_into_its_header_unchanged_and_is_not_kept() {
    let server = Server::answering(chatty).await;
    // The form of CorrigoPro's own tokens, which RFC 6750 would not allow.
    const TOKEN: &str = "eyJh<---->c2ln";
    let mut with_token = exchange(&server.url());
    with_token.authentication = token(TOKEN);
    let answer = answer(options(), with_token).await;
    assert_eq!(server.arrived()[0].headers["auth"], format!("Key {TOKEN}"));
    assert_eq!(answer.body, b"you sent Key ***");
    assert!(!format!("{answer:?}").contains(TOKEN));
    assert!(answer.headers.contains(&("x-echo".into(), "Key ***".into())));
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_is_named_and_not_shown() {
    let mut with_token = exchange("http://127.0.0.1:9/");
    with_token.authentication = token("evil\r\nX-Injected: 1");
    let (kind, detail) = failure(options(), with_token.clone()).await;
    assert_eq!(kind, SendFailureKind::Unsendable);
    assert_eq!(detail, "the request cannot be sent: the webhook's token holds control characters");
    let Authentication::Token { token, .. } = &mut with_token.authentication else { panic!() };
    token.0[20] ^= 1;
    let (kind, detail) = failure(options(), with_token).await;
    assert_eq!(kind, SendFailureKind::Unsendable);
    assert!(detail.contains("cannot be opened with this data directory's key"), "{detail}");
}

#[tokio::test]
async fn a_signed_bearer_verifies_with_the_published_key() {
    let server = Server::answering(chatty).await;
    let mut signed = exchange(&server.url());
    signed.authentication = Authentication::SignedBearer { audience: Some("Corrigo".into()) };
    let answer = answer(options(), signed).await;
    let header = server.arrived()[0].headers["authorization"].to_str().unwrap().to_owned();
    let jwt = header.strip_prefix("Bearer ").unwrap();
    assert!(!String::from_utf8(answer.body).unwrap().contains(jwt));
    let (content, signature) = jwt.rsplit_once('.').unwrap();
    let public = signer().jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
    let key = UnparsedPublicKey::new(&ED25519, URL_SAFE_NO_PAD.decode(public).unwrap());
    key.verify(content.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let claims = content.split_once('.').unwrap().1;
    let claims: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["aud"], "Corrigo");
    let webhook = exchange("x").delivery.webhook;
    assert_eq!(claims["sub"], format!("acme/{webhook}"));
}

#[tokio::test]
async fn basic_is_name_and_password_and_neither_is_kept() {
    let server = Server::answering(chatty).await;
    let mut with_password = exchange(&server.url());
    with_password.authentication =
        Authentication::Basic { username: "Aladdin".into(), password: sealed("open sesame") };
    let answer = answer(options(), with_password).await;
    let arrived = server.arrived()[0].headers["authorization"].to_str().unwrap().to_owned();
    assert_eq!(arrived, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(answer.body, b"you sent Basic ***");
}
