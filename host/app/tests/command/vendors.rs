//! A host with doo's plugin, and the sandbox that plays doo.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use transload::sandbox::{DOO, DOO_CLIENT_ID, DOO_TOKEN, Options, Received, Sandbox};

use crate::process::{Serving, run, transload};

/// How long something may take that is to happen by itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
const SECRET: &str = "client-secret";
/// The longest exchange of the hosts here, so that a vendor that hangs costs a test a second.
const EXCHANGE: &str = "1s";

/// doo's side, and a place for hosts that deliver to it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    folder: TempDir,
    runtime: Runtime,
    key: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let modules = folder.path().join("modules");
        let (code, _, stderr) = run(&[
            "plugin",
            "build",
            "--locked",
            "-p",
            "transload-plugin-doo",
            "--manifest-dir",
            repository.to_str().unwrap(),
            "--plugin-dir",
            modules.to_str().unwrap(),
        ]);
        assert_eq!(code, 0, "{stderr}");
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(Options::new("token", SECRET))).unwrap();
        let data = folder.path().join("data");
        let arguments =
            ["key", "create", "--organization", "acme", "--data-dir", data.to_str().unwrap()];
        let (code, key, stderr) = run(&arguments);
        assert_eq!(code, 0, "{stderr}");
        Self { sandbox, folder, runtime, key: key.trim().to_owned() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A host in a process of its own, on the same store each time.
    pub(crate) fn host(&self) -> Serving {
        let path = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        let (data, modules) = (path("data"), path("modules"));
        let arguments = [
            "serve",
            "--data-dir",
            &data,
            "--plugin-dir",
            &modules,
            "--allowed-networks",
            "127.0.0.1/32",
            "--allow-http",
            "--exchange-within",
            EXCHANGE,
        ];
        Serving::of(&mut transload(&arguments))
    }

    /// Asks the host, and demands a JSON answer with a status of 2xx.
    pub(crate) fn ask(&self, host: &Serving, method: Method, path: &str, body: &Value) -> Value {
        let answer = host.send(method, path, &self.key, body);
        answer.json().unwrap_or_else(|error| panic!("{path}: {error:#}"))
    }

    /// A webhook for doo's orders from this source; its id.
    pub(crate) fn webhook(&self, host: &Serving, source: &str) -> String {
        let origin = format!("http://{}", self.sandbox.address());
        let definition = json!({
            "name": source,
            "plugin": "doo",
            "hooks": [{ "type": "order_created", "endpoint": format!("{origin}{DOO}/order_created") }],
            "authentication": {
                "grant_type": "client_credentials",
                // Webhooks with the same endpoint and credentials share a token; each of these fetches its own.
                "endpoint": format!("{origin}{DOO_TOKEN}?for={source}"),
                "credentials": { "client_id": DOO_CLIENT_ID, "client_secret": SECRET },
                "header_format": "Authorization",
                "header_value_format": "Bearer %ACCESS_TOKEN%",
            },
            "filter": { "sources": [source] },
        });
        let made = self.ask(host, Method::POST, "/v1/webhooks", &definition);
        made["id"].as_str().unwrap().to_owned()
    }

    /// Posts an order from this source; the event's id.
    pub(crate) fn order(&self, host: &Serving, source: &str, id: &str) -> String {
        let event = json!({
            "specversion": "1.0", "id": id, "source": source, "type": "order.created",
            "data": { "id": "o-1", "number": 1, "booking": { "appointment_id": "e-1", "status": "valid" } },
        });
        let accepted = self.ask(host, Method::POST, "/v1/events", &event);
        accepted["events"][0]["id"].as_str().unwrap().to_owned()
    }

    /// The event's one delivery, as soon as it was tried so often.
    pub(crate) fn tried(&self, host: &Serving, event: &str, times: usize) -> Value {
        let path = format!("/v1/deliveries?event={event}");
        wait_for(|| {
            let listed = self.ask(host, Method::GET, &path, &Value::Null);
            let id = listed["deliveries"][0]["id"].as_str()?.to_owned();
            let path = format!("/v1/deliveries/{id}");
            let delivery = self.ask(host, Method::GET, &path, &Value::Null);
            // The head is read before the attempts, so that it is what comes last here.
            (delivery["attempt_count"].as_u64()? as usize >= times).then_some(delivery)
        })
    }

    /// The event's one delivery, as soon as it is held.
    pub(crate) fn held(&self, host: &Serving, event: &str) -> Value {
        let path = format!("/v1/deliveries?event={event}&status=held");
        wait_for(|| {
            let listed = self.ask(host, Method::GET, &path, &Value::Null);
            listed["deliveries"].as_array()?.first().cloned()
        })
    }

    /// The deliveries that have arrived at doo, without requests for tokens, as soon as there are so many.
    pub(crate) fn arrived(&self, times: usize) -> Vec<Received> {
        wait_for(|| {
            let mut all = self.sandbox.received();
            all.retain(|one| one.path != DOO_TOKEN);
            (all.len() >= times).then_some(all)
        })
    }

    /// Lets these go wrong next.
    pub(crate) fn fail(&self, specs: &[&str]) {
        let failures = specs.iter().map(|spec| spec.parse().unwrap()).collect();
        self.sandbox.fail(failures).unwrap();
    }

    pub(crate) fn end(self) {
        self.runtime.block_on(self.sandbox.stop()).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "between two looks at a condition with a deadline")]
fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "it did not happen within {PATIENCE:?}");
        std::thread::sleep(LOOK_AGAIN);
    }
}
