//! `GET /v1/plugins/{name}`: a plugin with its profile.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use transload_domain::PluginName;

use super::view::{PluginView, only_failed};
use crate::{Api, json::Answer, path::Named, problem::Problem};

/// Shows a plugin. A file that did not load has told no name; it is found by the file's name.
pub(crate) async fn get(State(api): State<Api>, Named(name): Named) -> Result<Response, Problem> {
    let catalog = api.catalog();
    if let Some(plugin) = PluginName::new(&name).ok().and_then(|name| catalog.get(&name)) {
        return Ok(Answer(PluginView::whole(plugin, &catalog)).into_response());
    }
    let is_meant = |file: &str| file == name || file.strip_suffix(".wasm") == Some(&name);
    let failed = only_failed(&catalog).find(|failed| is_meant(&failed.file));
    let failed = failed.ok_or_else(|| Problem::not_found("plugin"))?;
    Ok(Answer(PluginView::failed(failed)).into_response())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Host, get};

    #[tokio::test]
    async fn shows_the_profile_in_the_form_that_plugins_write() {
        let host = Host::new().await;
        let answer = host.send(get("/v1/plugins/acme")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json["digest"].as_str().unwrap().len(), 64);
        let profile = &answer.json["profile"];
        assert_eq!(profile["hooks"][0]["type"], json!("orders"));
        assert_eq!(profile["hooks"][0]["events"], json!(["order.*"]));
        assert_eq!(
            profile["authentication"],
            json!({
                "kinds": ["token", "none", "basic"], "header": "Auth", "template": "%ACCESS_TOKEN%",
            })
        );
        assert_eq!(profile["success"], json!({"statuses": [200]}));
        assert_eq!(profile["retry"]["schedule"][1], json!("5m"));
        assert_eq!(profile["settings"]["type"], json!("object"));
    }

    #[tokio::test]
    async fn a_file_that_did_not_load_is_found_by_its_name() {
        let host = Host::new().await;
        host.fail_plugin("broken.wasm", "it is no WebAssembly module");
        for path in ["/v1/plugins/broken", "/v1/plugins/broken.wasm"] {
            let answer = host.send(get(path)).await;
            assert_eq!(answer.json["state"], json!("failed"), "{path}");
            assert_eq!(answer.json["last_error"], json!("it is no WebAssembly module"));
        }
        host.send(get("/v1/plugins/nobody")).await.is_problem(404, "not-found");
    }
}
