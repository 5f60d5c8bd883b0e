//! transload plugin for Relocity: work orders. Relocity publishes how a request is authenticated and which headers it
//! has; path and body are assumptions of ours, which a webhook's settings can replace. The README has the list.

mod notification;
mod settings;

use transload_model::WorkOrderEvent;
use transload_plugin::prelude::*;
use transload_template::Values;

use notification::Notification;
pub use settings::Settings;

/// The plugin.
pub struct Relocity;

impl Plugin for Relocity {
    type Data = Json;
    type Settings = Settings;

    fn profile() -> Profile {
        Profile::new("relocity", env!("CARGO_PKG_VERSION"))
            .title("Relocity")
            .homepage("https://webhook-docs.relocity.com/view/metadata/Szmh4Htj")
            .hook(
                Hook::new("work_order")
                    .post()
                    .on("work_order.*")
                    .example("work_order.created", include_str!("../examples/created.json"))
                    .example("work_order.accepted", include_str!("../examples/accepted.json")),
            )
            // The document demands it of each request.
            .authentication(Authentication::client_credentials(
                "Authorization",
                "Bearer %ACCESS_TOKEN%",
            ))
            // Nothing is published about answers and retries, so the host's defaults hold.
            .success(Success::any_2xx())
    }

    fn transform(
        event: Event<Json>,
        hook: Hook<Settings>,
        _: &mut State,
    ) -> Result<Outcome, Fault> {
        let Settings { path, body } = &hook.settings;
        let values = Values::new(&event, &hook)?.place("WORK_ORDER_ID", "/work_order_id");
        let path = path.as_ref().map(|path| path.fill(&values)).transpose()?;
        let body = match body {
            Some(template) => template.fill(&values)?.into_bytes(),
            None => default_body(event, &hook)?,
        };
        let request = Request::bytes(body)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json");
        Ok(deliver(match path {
            Some(path) => request.path(path),
            None => request,
        }))
    }
}

transload_plugin::export!(Relocity);

/// What is sent where the webhook's settings have no body.
fn default_body(event: Event<Json>, hook: &Hook<Settings>) -> Result<Vec<u8>, Fault> {
    let event: Event<WorkOrderEvent> = event.parse()?;
    Ok(serde_json::to_vec(&Notification::new(event, &hook.delivery_id))?)
}
