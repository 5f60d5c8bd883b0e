//! Fetching an access token.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
};
use http_body_util::Full;
use tokio::time::timeout;
use tracing::debug;
use transload_domain::{ClientCredentials, SendFailure, SendFailureKind};

use super::{
    HttpSender,
    answer::{asked_to_wait, read_body},
    failure,
    outgoing::{AGENT, unsendable},
    secrets::Secrets,
};
use crate::auth::{
    oauth::{self, AccessToken, NoToken, TOKEN_ANSWER_BYTES_MAX, TokenRequest},
    tokens::{NotFetched, REFUSAL_TIME},
};

/// Time for one fetch: a part of the exchange's, so that there is time left for those who wait for it.
const TOKEN_TIME_MAX: Duration = Duration::from_secs(10);
/// The longest that a token endpoint is left alone because it asks for it.
const REST_MAX: Duration = Duration::from_secs(60);

/// Fetches a token with the opened client secret, within its own deadline and under the same egress policy as
/// everything.
pub(super) async fn fetch(
    sender: &HttpSender,
    client: &ClientCredentials,
    secret: &str,
) -> Result<AccessToken, NotFetched> {
    let time = TOKEN_TIME_MAX.min(sender.options.exchange_time / 2);
    let fetched = timeout(time, fetch_in_time(sender, client, secret)).await;
    let fetched = fetched.unwrap_or_else(|_| {
        let why = format!("the token endpoint did not answer within {} s", time.as_secs_f64());
        Err(at_once(no_token(SendFailureKind::Token, &why)))
    });
    sender.options.metrics.token_fetched(fetched.as_ref().err().map(|none| none.failure.kind));
    fetched
}

async fn fetch_in_time(
    sender: &HttpSender,
    client: &ClientCredentials,
    secret: &str,
) -> Result<AccessToken, NotFetched> {
    let uri = sender.endpoints.token_endpoint(&client.endpoint).map_err(at_once)?;
    let place = failure::place(&uri);
    let TokenRequest { form, authorization } = TokenRequest::new(client, secret);
    let mut secrets = Secrets::default();
    secrets.add(secret.to_owned());
    let mut request = Request::new(Full::new(Bytes::from(form)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri.clone();
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, AGENT);
    if let Some(authorization) = authorization {
        let value = HeaderValue::from_str(&authorization)
            .map_err(|_| at_once(unsendable("the client's credentials cannot be sent")))?;
        headers.insert(AUTHORIZATION, value);
        secrets.add(authorization.trim_start_matches("Basic ").to_owned());
    }
    let broken = |error: &(dyn std::error::Error + 'static)| {
        at_once(passing(&failure::describe(error, &uri)))
    };
    let answer = sender.client.send(request).await.map_err(|error| broken(&error))?;
    let status = answer.status().as_u16();
    let rest = asked_to_wait(answer.headers(), sender.options.clock.now());
    let body = read_body(answer.into_body(), TOKEN_ANSWER_BYTES_MAX).await;
    let (body, whole) = body.map_err(|error| broken(&error))?;
    let read = if whole {
        oauth::read(status, &body)
    } else {
        let why = format!("status {status}, and more than {TOKEN_ANSWER_BYTES_MAX} bytes");
        Err(NoToken::Unusable(why))
    };
    match read {
        Ok(token) => {
            debug!(endpoint = place, life = ?token.life, "an access token was fetched");
            Ok(token)
        }
        Err(NoToken::Refused(why)) => {
            let detail = secrets.mask_text(format!(
                "the token endpoint {place} refuses the webhook's credentials ({why}); correct its authentication"
            ));
            let failure = SendFailure { kind: SendFailureKind::Credentials, detail };
            Err(NotFetched { failure, rest: REFUSAL_TIME })
        }
        Err(NoToken::Unusable(why)) => {
            let why = secrets.mask_text(format!("the token endpoint {place} gave none ({why})"));
            let failure = no_token(SendFailureKind::Token, &why);
            Err(NotFetched { failure, rest: rest.unwrap_or_default().min(REST_MAX) })
        }
    }
}

/// What hinders an exchange with the token endpoint may pass; what the egress policy refuses does not.
fn passing(failure: &SendFailure) -> SendFailure {
    let kind = match failure.kind {
        kind @ (SendFailureKind::Refused | SendFailureKind::Unsendable) => kind,
        _ => SendFailureKind::Token,
    };
    no_token(kind, &failure.detail)
}

fn no_token(kind: SendFailureKind, why: &str) -> SendFailure {
    SendFailure { kind, detail: format!("no access token: {why}") }
}

/// A failure after which the next one may ask at once.
fn at_once(failure: SendFailure) -> NotFetched {
    NotFetched { failure, rest: Duration::ZERO }
}
