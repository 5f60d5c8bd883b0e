//! `GET /health/live` and `GET /health/ready`.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{Api, json::Answer};

#[derive(Serialize)]
struct HealthView {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

/// Says that the process answers.
pub(crate) async fn live() -> Response {
    Answer(HealthView { status: "live", problems: Vec::new() }).into_response()
}

/// Says whether deliveries go out: 503 with the reasons when the loop is dead or the store refuses writes.
pub(crate) async fn ready(State(api): State<Api>) -> Response {
    let problems = api.health.problems(api.clock.now());
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let (code, status) = match problems.is_empty() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    };
    (code, Answer(HealthView { status, problems })).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use transload_domain::Clock;

    use crate::testing::{Host, get};

    #[tokio::test]
    async fn tells_without_a_key_what_keeps_deliveries_from_going_out() {
        let host = Host::new().await;
        assert_eq!(host.send_bare(get("/health/live")).await.status, 200);
        let before = host.send_bare(get("/health/ready")).await;
        assert_eq!((before.status, before.json["status"].clone()), (503, json!("not ready")));
        host.health.turned(host.clock.now());
        let answer = host.send_bare(get("/health/ready")).await;
        assert_eq!((answer.status, answer.json), (200, json!({"status": "ready"})));
        host.health.store_failed("the disk is full");
        let answer = host.send_bare(get("/health/ready")).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.json["problems"], json!(["the store refuses work: the disk is full"]));
    }
}
