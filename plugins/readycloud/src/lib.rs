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
use transload_model::{AcceptanceScan, Contact, ContactAddress, Order, Packaging, Subscription};
use transload_plugin::prelude::*;

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
            .authentication(Authentication::token("Auth", "%ACCESS_TOKEN%"))
            // "fail to return status code 200": no other status is success.
            .success(Success::statuses([200]))
            .suspend_after(3, Duration::from_hours(6))
    }

    fn transform(
        event: Event<Json>,
        hook: Hook<NoSettings>,
        _: &mut State,
    ) -> Result<Outcome, Fault> {
        match hook.kind.as_str() {
            "orders" | "order-delivered" => put::<Order, order::Payload>(event),
            "packaging" => put::<Packaging, packaging::Payload>(event),
            "contact" => put::<Contact, contact::Payload>(event),
            "contact-address" => put::<ContactAddress, address::ContactPayload>(event),
            "acceptance-scan" => put::<AcceptanceScan, scan::Payload>(event),
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
