//! The sender that speaks HTTP.
//!
//! One exchange, one deadline over name, connection, headers and body. Redirects are answers like others, no proxy is
//! taken from the environment, and a connection goes only to addresses that the egress policy has checked.

mod answer;
mod client;
mod connect;
mod connection;
mod credentials;
mod failure;
mod outgoing;
mod secrets;
mod signature;
mod target;
mod token;

use std::{mem, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{HeaderMap, Request, StatusCode, header::EXPECT};
use http_body_util::Full;
use tokio::time::timeout;
use transload_domain::{
    Answer, AttemptOutcome, Authentication, ClientCredentials, Clock, Random, SendFailure,
    SendFailureKind, Vault, limits,
};

pub use self::client::NoClient;
use self::{client::Client, outgoing::Outgoing, target::Endpoints};
pub use crate::egress::{LOOKUPS_MAX, Lookup, SystemLookup};
use crate::{
    Exchange, Metrics, Sender,
    auth::{Signer, tokens::Tokens},
    egress::EgressPolicy,
};

/// What an [`HttpSender`] works with.
#[derive(Clone)]
pub struct HttpOptions {
    /// Where requests may go.
    pub egress: Arc<EgressPolicy>,
    /// What opens the secrets.
    pub vault: Arc<Vault>,
    /// What signs bearer tokens.
    pub signer: Arc<Signer>,
    /// The time, for tokens and for `Retry-After`.
    pub clock: Arc<dyn Clock>,
    /// Chance, for token ids and trace ids.
    pub random: Arc<dyn Random>,
    /// What is counted.
    pub metrics: Metrics,
    /// What resolves names.
    pub lookup: Arc<dyn Lookup>,
    /// Time for one exchange; at most what [`crate::run::Options::exchange_time`] says.
    pub exchange_time: Duration,
    /// Certificate authorities (DER) that are trusted beside the system's.
    pub extra_roots: Vec<Vec<u8>>,
}

/// The sender that speaks HTTP/1.1 and HTTP/2, over TLS with the system's certificate authorities.
pub struct HttpSender {
    options: HttpOptions,
    client: Client,
    endpoints: Endpoints,
    tokens: Tokens,
}

impl HttpSender {
    /// A sender with its own connections.
    ///
    /// # Errors
    /// When an extra root is no certificate, or TLS cannot be set up.
    pub fn new(options: HttpOptions) -> Result<Self, NoClient> {
        let client = Client::new(&options.egress, &options.lookup, &options.extra_roots)?;
        let endpoints = Endpoints::new(Arc::clone(&options.egress));
        let tokens = Tokens::new(&*options.random);
        Ok(Self { options, client, endpoints, tokens })
    }

    async fn exchange(&self, exchange: &Exchange) -> Result<Answer, SendFailure> {
        let mut outgoing = Outgoing::new(exchange, &self.endpoints, &self.options)?;
        match &exchange.authentication {
            // Apart from the rest, because what an exchange needs at most would be moved about for every one.
            Authentication::ClientCredentials(client) => {
                Box::pin(self.exchange_with_token(outgoing, client)).await
            }
            _ => {
                let headers = mem::take(&mut outgoing.headers);
                self.exchange_as_is(&outgoing, headers).await
            }
        }
    }

    /// The exchange with a fetched token, and once more where that token was refused.
    async fn exchange_with_token(
        &self,
        mut outgoing: Outgoing,
        client: &ClientCredentials,
    ) -> Result<Answer, SendFailure> {
        let secret = credentials::opened(&client.client_secret, &self.options, "client secret")?;
        let (source, clock) = (self.tokens.source(client, &secret), &*self.options.clock);
        let fetch = async || token::fetch(self, client, &secret).await;
        let token = source.token(clock, fetch).await?;
        outgoing.carry(client, &token.text)?;
        let answer = self.exchange_as_is(&outgoing, outgoing.headers.clone()).await?;
        if answer.status != StatusCode::UNAUTHORIZED.as_u16() {
            if is_success(&answer) {
                source.worked(&token);
            }
            return Ok(answer);
        }
        let Some(token) = source.renewed(&token, clock, fetch).await? else { return Ok(answer) };
        outgoing.carry(client, &token.text)?;
        let headers = mem::take(&mut outgoing.headers);
        let answer = self.exchange_as_is(&outgoing, headers).await?;
        if answer.status == StatusCode::UNAUTHORIZED.as_u16() {
            source.renewal_was_useless(&token, clock);
        } else if is_success(&answer) {
            source.worked(&token);
        }
        Ok(Answer { resent: true, ..answer })
    }

    /// RFC 9110, section 10.1.1: after 417 a client should repeat the request without the expectation.
    async fn exchange_as_is(
        &self,
        outgoing: &Outgoing,
        mut headers: HeaderMap,
    ) -> Result<Answer, SendFailure> {
        loop {
            let expects = headers.contains_key(EXPECT);
            let sent = if expects { headers.clone() } else { mem::take(&mut headers) };
            let answer = self.once(outgoing, sent).await?;
            if !expects || answer.status != StatusCode::EXPECTATION_FAILED.as_u16() {
                return Ok(answer);
            }
            headers.remove(EXPECT);
        }
    }

    async fn once(&self, outgoing: &Outgoing, headers: HeaderMap) -> Result<Answer, SendFailure> {
        let mut request = Request::new(Full::new(outgoing.body.clone()));
        *request.method_mut() = outgoing.method.clone();
        *request.uri_mut() = outgoing.uri.clone();
        *request.headers_mut() = headers;
        let response = self.client.send(request).await;
        let response = response.map_err(|error| failure::describe(&error, &outgoing.uri))?;
        answer::read(response, &outgoing.secrets, self.options.clock.now())
            .await
            .map_err(|error| failure::describe(&error, &outgoing.uri))
    }

    fn timed_out(&self) -> SendFailure {
        let time = self.options.exchange_time.as_secs_f64();
        let detail = format!("no whole answer within {time} s");
        SendFailure { kind: SendFailureKind::Timeout, detail }
    }
}

/// Another answer than this may come from before the place where tokens are looked at.
fn is_success(answer: &Answer) -> bool {
    (200..300).contains(&answer.status)
}

#[async_trait]
impl Sender for HttpSender {
    async fn send(&self, exchange: Exchange) -> AttemptOutcome {
        let outcome = timeout(self.options.exchange_time, self.exchange(&exchange)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(self.timed_out()));
        match outcome {
            Ok(answer) => AttemptOutcome::Answered(answer),
            Err(SendFailure { kind, detail }) => {
                let detail = limits::cut(&detail, limits::REASON_BYTES_MAX).to_owned();
                AttemptOutcome::Failed(SendFailure { kind, detail })
            }
        }
    }
}
