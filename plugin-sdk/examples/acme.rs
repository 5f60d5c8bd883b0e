//! A whole plugin: it tells Acme an order's number.

use transload_plugin::prelude::*;

#[derive(Deserialize)]
#[serde(crate = "transload_plugin::serde")]
struct Order {
    number: u64,
}

struct Acme;

impl Plugin for Acme {
    type Data = Order;
    type Settings = NoSettings;

    fn profile() -> Profile {
        Profile::new("acme", "1.0.0").hook(Hook::new("orders").on("order.*").put())
    }

    fn transform(
        event: Event<Order>,
        _: Hook<NoSettings>,
        _: &mut State,
    ) -> Result<Outcome, Fault> {
        let body = serde_json::json!({ "order_number": event.data.number });
        Ok(deliver(Request::json(&body)?.header("X-Acme-Event", &event.kind)))
    }
}

transload_plugin::export!(Acme);

/// A plugin is a library and has no `main`; this one shows what the plugin makes of an event.
fn main() -> Result<(), Fault> {
    use transload_plugin::testing::{MemoryState, event, hook, run};

    let event = event("order.created", &serde_json::json!({ "number": 7 }));
    if let Outcome::Deliver(requests) =
        run::<Acme>(event, hook("orders"), &mut MemoryState::default().state())?
    {
        for request in requests {
            println!("{:?} {}", request.headers(), String::from_utf8_lossy(request.body()));
        }
    }
    Ok(())
}
