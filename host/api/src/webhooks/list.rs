//! `GET /v1/webhooks`: an organization's webhooks.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use transload_domain::Webhook;
use transload_store::{Query, Record};

use super::{resolve::News, view::WebhookView};
use crate::{
    Api,
    access::Caller,
    json::Answer,
    page::{self, PageParams, Params},
    problem::Problem,
};

#[derive(Serialize)]
struct Webhooks<'a> {
    webhooks: Vec<WebhookView<'a>>,
    next: Option<String>,
}

/// Lists webhooks, without their tokens.
pub(crate) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Params(params): Params<PageParams>,
) -> Result<Response, Problem> {
    let (limit, after) = params.read()?;
    let query = Query::Webhooks(caller.organization.clone());
    let found = api.ledger.page(api.shard, query, after, limit).await?;
    let webhooks: Vec<Webhook> = found
        .records
        .into_iter()
        .filter_map(|record| match record {
            Record::Webhook(_, webhook) if webhook.organization == caller.organization => {
                Some(*webhook)
            }
            _ => None,
        })
        .collect();
    let nothing = News::default();
    let views = webhooks.iter().map(|webhook| WebhookView::new(&api, webhook, &nothing));
    let next = found.next.map(page::encode);
    Ok(Answer(Webhooks { webhooks: views.collect(), next }).into_response())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Host, get, post_json, webhook};

    #[tokio::test]
    async fn pages_hold_each_webhook_once_and_only_ones_own() {
        let host = Host::new().await;
        for n in 0..5 {
            let mut definition = webhook();
            definition["name"] = json!(format!("w{n}"));
            assert_eq!(host.send(post_json("/v1/webhooks", &definition)).await.status, 201);
        }
        let (mut names, mut path) = (Vec::new(), "/v1/webhooks?limit=2".to_owned());
        loop {
            let answer = host.send(get(&path)).await;
            let page = answer.json["webhooks"].as_array().unwrap();
            assert!(page.len() <= 2);
            names.extend(page.iter().map(|w| w["name"].as_str().unwrap().to_owned()));
            let Some(next) = answer.json["next"].as_str() else { break };
            path = format!("/v1/webhooks?limit=2&cursor={next}");
        }
        names.sort();
        assert_eq!(names, ["w0", "w1", "w2", "w3", "w4"]);
        let other = host.key_of("other").await;
        let answer = host.send_with(&other, get("/v1/webhooks")).await;
        assert_eq!(answer.json, json!({"webhooks": [], "next": null}));
    }

    #[tokio::test]
    async fn a_bad_limit_cursor_or_parameter_is_told() {
        let host = Host::new().await;
        for (query, slug) in [
            ("limit=0", "invalid-request"),
            ("limit=201", "invalid-request"),
            ("limit=x", "invalid-request"),
            ("page=2", "invalid-request"),
            ("cursor=!", "invalid-cursor"),
            ("cursor=AAAA", "invalid-cursor"),
        ] {
            let answer = host.send(get(&format!("/v1/webhooks?{query}"))).await;
            answer.is_problem(400, slug);
        }
    }
}
