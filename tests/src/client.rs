//! A company's own system: it posts events and asks what became of them.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client as Http, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

/// A client of one server on this machine, with one API key. Connections are kept.
#[derive(Clone)]
pub struct Client {
    http: Http<HttpConnector, Full<Bytes>>,
    base: String,
    key: String,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Client {
    /// A client of the server at this address (`http://127.0.0.1:8080`).
    pub fn new(base: &str, key: &str) -> Self {
        let http = Http::builder(TokioExecutor::new()).build_http();
        Self { http, base: base.trim_end_matches('/').to_owned(), key: key.to_owned() }
    }

    /// The same key for the server at another address.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), ..self.clone() }
    }

    /// Sends a request to a path of the server.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if !self.key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.key));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.http.request(request.body(Full::new(body.into()))?).await?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.context("read the answer")?.to_bytes();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// GETs a path.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// DELETEs a path.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(Method::DELETE, path, &[], Bytes::new()).await
    }

    /// POSTs a body with a content type.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn post(
        &self,
        path: &str,
        kind: &str,
        body: impl Into<Bytes>,
    ) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, &[("content-type", kind)], body).await
    }

    /// Posts one event in structured mode.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn event(&self, event: &Value) -> anyhow::Result<Answer> {
        self.post("/v1/events", "application/cloudevents+json", event.to_string()).await
    }

    /// Registers a webhook with one hook and returns it as it was answered.
    ///
    /// # Errors
    /// When it is not taken.
    pub async fn webhook(&self, plugin: &str, hook: &str, endpoint: &str) -> anyhow::Result<Value> {
        let definition = json!({
            "name": format!("{plugin} {hook}"),
            "plugin": plugin,
            "hooks": [{ "type": hook, "endpoint": endpoint }],
        });
        let answer = self.post("/v1/webhooks", "application/json", definition.to_string()).await?;
        ensure!(answer.status == 201, "the webhook was not taken: {}", answer.text());
        answer.json()
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("no JSON: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
