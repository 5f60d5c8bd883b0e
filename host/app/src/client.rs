//! A client for HTTP on this machine: the demo's posts, the sandbox's look at published keys, and commands that
//! speak to the running process over its control socket.
//!
//! Deliveries do not go this way: their client, with its guard, lives in the delivery room.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};
use transload_api::ORGANIZATION_HEADER;

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// Time for one exchange, connecting included.
const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(30);

/// Where a server of this machine listens.
#[derive(Clone, Debug)]
pub enum Place {
    /// A TCP address.
    Tcp(SocketAddr),
    /// A unix socket.
    Unix(PathBuf),
}

/// A server on this machine, and the key to it.
#[derive(Clone, Debug)]
pub struct Client {
    place: Place,
    key: Option<String>,
    organization: Option<String>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

impl Client {
    /// A client without a key.
    pub fn new(place: Place) -> Self {
        Self { place, key: None, organization: None }
    }

    /// The same with an API key.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The same for an organization, which the private socket takes for a key.
    #[must_use]
    pub fn with_organization(self, name: &str) -> Self {
        Self { organization: Some(name.into()), ..self }
    }

    /// Sends JSON and takes the answer, whatever its status.
    ///
    /// # Errors
    /// When there is no connection or no whole answer in time.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.host())
            .header(header::CONTENT_TYPE, content_type);
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        if let Some(organization) = &self.organization {
            request = request.header(ORGANIZATION_HEADER, organization);
        }
        let request = request.body(Full::new(Bytes::from(body))).context("make the request")?;
        let exchange = async {
            match &self.place {
                Place::Tcp(address) => exchange(TcpStream::connect(address).await?, request).await,
                Place::Unix(path) => exchange(UnixStream::connect(path).await?, request).await,
            }
        };
        match tokio::time::timeout(EXCHANGE_TIME_MAX, exchange).await {
            Ok(answer) => answer.with_context(|| format!("ask {}", self.host())),
            Err(_) => bail!("{} did not answer within {EXCHANGE_TIME_MAX:?}", self.host()),
        }
    }

    /// Sends a JSON value and demands a JSON answer with a status of 2xx.
    ///
    /// # Errors
    /// As [`Client::send`], and when the status is another: the answer's own words are in the error.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let bytes = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let answer = self.send(method.clone(), path, "application/json", bytes).await?;
        answer.json().with_context(|| format!("{method} {path}"))
    }

    fn host(&self) -> String {
        match &self.place {
            Place::Tcp(address) => address.to_string(),
            Place::Unix(_) => "localhost".into(),
        }
    }
}

impl Answer {
    /// The JSON of an answer with a status of 2xx.
    ///
    /// # Errors
    /// When the status is another, or the body is no JSON.
    pub fn json(&self) -> Result<Value> {
        if !self.status.is_success() {
            bail!("{}: {}", self.status, self.words());
        }
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).context("read the answer")
    }
}

impl Answer {
    /// What a refusal says: the words of problem details (RFC 9457), and of whatever else all of it.
    fn words(&self) -> String {
        let problem: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let Some(detail) = problem["detail"].as_str() else {
            return String::from_utf8_lossy(&self.body).trim().to_owned();
        };
        let errors = problem["errors"].as_array().into_iter().flatten();
        let errors = errors.map(|error| {
            let text = |name: &str| error[name].as_str().unwrap_or_default();
            format!("{}: {}", text("pointer"), text("detail"))
        });
        // A fault that is the only one is the detail.
        let errors = errors.filter(|error| error != detail);
        errors.fold(detail.to_owned(), |said, error| format!("{said}; {error}"))
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let answer = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("read the answer: {error}"))?.to_bytes();
        Ok(Answer { status, body })
    };
    // The connection does its work only while it is polled; it ends with the exchange.
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        ended = connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error).context("the connection broke"),
        },
    }
}
