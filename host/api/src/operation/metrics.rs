//! `GET /metrics`: Prometheus' text format.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use prometheus_client::encoding::text::encode;

use crate::{Api, access, problem::Problem};

/// What is counted and measured. Whether it takes a key is the host's choice ([`Api::metrics_need_key`]).
pub(crate) async fn metrics(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if api.metrics_need_key {
        access::authenticate(&api, &headers).await?;
    }
    let mut text = String::new();
    encode(&mut text, &api.registry).map_err(Problem::internal)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response())
}

#[cfg(test)]
mod tests {
    use crate::testing::{Host, get, order, structured};

    #[tokio::test]
    async fn counts_accepted_events_once_each() {
        let host = Host::new().await;
        host.send(structured(&order("1"))).await;
        host.send(structured(&order("1"))).await;
        let answer = host.send_bare(get("/metrics")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text.contains("transload_accepted_events_total 1\n"), "{}", answer.text);
    }

    #[tokio::test]
    async fn may_be_kept_for_those_with_a_key() {
        let host = Host::with(|api| api.metrics_need_key = true).await;
        host.send_bare(get("/metrics")).await.is_problem(401, "unauthenticated");
        assert_eq!(host.send(get("/metrics")).await.status, 200);
    }
}
