//! `GET /v1/plugins`: which plugins there are.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::view::{PluginView, only_failed};
use crate::{Api, json::Answer};

#[derive(Serialize)]
struct Plugins<'a> {
    plugins: Vec<PluginView<'a>>,
}

/// Lists the plugins that run, by name, and then the files that did not load. The plugin folder bounds the list, so
/// it has no pages.
pub(crate) async fn list(State(api): State<Api>) -> Response {
    let catalog = api.catalog();
    let running = catalog.running.values().map(|plugin| PluginView::running(plugin, &catalog));
    let failed = only_failed(&catalog).map(PluginView::failed);
    Answer(Plugins { plugins: running.chain(failed).collect() }).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Host, get};

    #[tokio::test]
    async fn lists_what_runs_and_what_did_not_load() {
        let host = Host::new().await;
        host.fail_plugin("broken.wasm", "it is no WebAssembly module");
        host.fail_plugin("acme.wasm", "the new version traps in describe");
        let answer = host.send(get("/v1/plugins")).await;
        assert_eq!(answer.status, 200);
        let plugins = answer.json["plugins"].as_array().unwrap();
        let shown: Vec<_> = plugins
            .iter()
            .map(|p| (p["name"].as_str(), p["state"].as_str().unwrap(), p["last_error"].as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                (Some("acme"), "running", Some("the new version traps in describe")),
                (Some("doo"), "running", None),
                (Some("signer"), "running", None),
                (None, "failed", Some("it is no WebAssembly module")),
            ]
        );
        assert_eq!(plugins[0]["version"], json!("1.2.3"));
    }
}
