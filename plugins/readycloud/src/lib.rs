//! transload plugin for ReadyCloud: its notifications about orders and contacts, as its API document (version 2)
//! describes them. The README lists what rests on an assumption of ours.

mod address;
mod contact;
mod custom_fields;
mod format;
mod item;
mod note;
mod order;
mod packaging;
mod parcel;
mod scan;
mod webhook;

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use transload_model::{
    AcceptanceScan, Contact, ContactAddress, Order, Packaging, Subscription, Suspension,
};
use transload_plugin::prelude::*;

/// How the type of an event about a removal ends.
const REMOVED: &str = ".removed";

/// The type of the event with which transload tells that it has suspended a webhook.
const SUSPENDED: &str = "transload.webhook.suspended";

/// The document says nothing about retries, so this schedule is ours. More than three failures within six hours
/// suspend a webhook; with three attempts within a short outage, and six hours and more between the later ones, no
/// single delivery does it.
const RETRY_MINUTES: [u64; 6] = [1, 15, 6 * 60, 7 * 60, 12 * 60, 24 * 60];

/// The plugin.
pub struct ReadyCloud;

impl Plugin for ReadyCloud {
    type Data = Json;
    type Settings = NoSettings;

    fn profile() -> Profile {
        Profile::new("readycloud", env!("CARGO_PKG_VERSION"))
            .title("ReadyCloud")
            .homepage(
                "https://www.readycloud.com/static/api-doc/v2/02-apireference-v2-webhooks.html",
            )
            .hook(
                Hook::new("orders")
                    .put()
                    .on("order.*")
                    .example("order.created", include_str!("../examples/order.json")),
            )
            .hook(
                Hook::new("packaging")
                    .put()
                    .on("packaging.*")
                    .example("packaging.updated", include_str!("../examples/packaging.json")),
            )
            .hook(
                Hook::new("contact")
                    .put()
                    .on("contact.*")
                    .example("contact.updated", include_str!("../examples/contact.json")),
            )
            .hook(Hook::new("contact-address").put().on("contact_address.*").example(
                "contact_address.updated",
                include_str!("../examples/contact-address.json"),
            ))
            .hook(Hook::new("acceptance-scan").put().on("shipment.acceptance_scanned").example(
                "shipment.acceptance_scanned",
                include_str!("../examples/acceptance-scan.json"),
            ))
            .hook(
                Hook::new("webhook")
                    .put()
                    .on("webhook.*")
                    .on(SUSPENDED)
                    .example("webhook.updated", include_str!("../examples/webhook.json"))
                    .example(SUSPENDED, include_str!("../examples/suspended.json")),
            )
            .hook(
                Hook::new("order-delivered")
                    .put()
                    .on("order.delivered")
                    .example("order.delivered", include_str!("../examples/order.json")),
            )
            .authentication(Authentication::token("Auth", "%ACCESS_TOKEN%"))
            // The document counts every answer other than status code 200 as a failure.
            .success(Success::statuses([200]))
            .retry(Retry::after(RETRY_MINUTES.map(Duration::from_mins)))
            .suspend_after(3, Duration::from_hours(6))
    }

    fn transform(
        event: Event<Json>,
        hook: Hook<NoSettings>,
        _: &mut State,
    ) -> Result<Outcome, Fault> {
        if event.kind.ends_with(REMOVED) {
            return Ok(skip("ReadyCloud documents no notification about a removal"));
        }
        match hook.kind.as_str() {
            "orders" | "order-delivered" => put::<Order, order::Payload>(event),
            "packaging" => put::<Packaging, packaging::Payload>(event),
            "contact" => put::<Contact, contact::Payload>(event),
            "contact-address" => put::<ContactAddress, address::ContactPayload>(event),
            "acceptance-scan" => put::<AcceptanceScan, scan::Payload>(event),
            "webhook" if event.kind == SUSPENDED => suspended(event),
            "webhook" => put::<Subscription, webhook::Payload>(event),
            other => Err(Fault::internal(format!("this plugin has no hook type {other:?}"))),
        }
    }
}

transload_plugin::export!(ReadyCloud);

/// Reads the event as `T` and sends it as ReadyCloud's `P`.
fn put<T: DeserializeOwned, P: Serialize + TryFrom<T, Error = Fault>>(
    event: Event<Json>,
) -> Result<Outcome, Fault> {
    let payload = P::try_from(event.parse()?.data)?;
    Ok(deliver(Request::json(&payload)?))
}

/// transload has suspended a webhook.
fn suspended(event: Event<Json>) -> Result<Outcome, Fault> {
    let event: Event<Suspension> = event.parse()?;
    let payload = webhook::SuspendedPayload::new(&event.organization, event.data);
    Ok(deliver(Request::json(&payload)?))
}
