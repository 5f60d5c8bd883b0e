//! transload plugin for doo: its notifications about events, orders and attendees. The README lists what rests on an
//! assumption of ours, the default bodies first of all.

mod attendee;
mod event;
mod hook_type;
mod ids;
mod order;
mod settings;

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use transload_model::{Appointment, Attendee, Order};
use transload_plugin::prelude::*;
use transload_template::Values;

pub use hook_type::HookType;
use hook_type::Subject;
use ids::Ids;
pub use settings::Settings;

/// After so many failures doo puts a notification aside.
const FAILURES_MAX: u32 = 10;
/// doo says that a notification is sent again, and not when. These are the waits of Standard Webhooks, nine between ten
/// attempts.
const RETRY_SECONDS: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// The plugin.
pub struct Doo;

impl Plugin for Doo {
    type Data = Json;
    type Settings = Settings;

    fn profile() -> Profile {
        let profile = Profile::new("doo", env!("CARGO_PKG_VERSION"))
            .title("doo")
            .homepage("https://viovendi.atlassian.net/wiki/spaces/API/pages/892718/Webhooks")
            // Without an `authentication` doo sends no token.
            .authentication(
                Authentication::client_credentials("Authorization", "Bearer %ACCESS_TOKEN%")
                    .or(Authentication::none()),
            )
            // Status 200 means received and processed, anything else means failure.
            .success(Success::statuses([200]))
            .retry(Retry::after(RETRY_SECONDS.map(Duration::from_secs)).max_attempts(FAILURES_MAX));
        HookType::ALL.into_iter().map(HookType::described).fold(profile, Profile::hook)
    }

    fn transform(
        event: Event<Json>,
        hook: Hook<Settings>,
        _: &mut State,
    ) -> Result<Outcome, Fault> {
        let Some(kind) = HookType::of(&hook.kind) else {
            return Err(Fault::internal(format!("this plugin has no hook type {:?}", hook.kind)));
        };
        let subject = kind.subject();
        let event_id = Ids::read(&event)?.event_id(subject);
        if let Some(reason) = hook.settings.leaves_out(event_id.as_deref()) {
            return Ok(skip(reason));
        }
        if subject == Subject::Order && event_id.is_none() {
            return Ok(skip(
                "data.booking is missing: the order is for no event, and doo's orders are",
            ));
        }
        let body = match hook.settings.bodies.get(&kind) {
            Some(template) => {
                let values = Values::new(&event, &hook)?;
                template.fill(&values.place("EVENT_ID", subject.place_of_event_id()))?.into_bytes()
            }
            None => default_body(subject, event)?,
        };
        Ok(deliver(Request::bytes(body).header("Content-Type", "application/json")))
    }
}

transload_plugin::export!(Doo);

/// What is sent where the webhook's settings have no body for the hook's type.
fn default_body(subject: Subject, event: Event<Json>) -> Result<Vec<u8>, Fault> {
    match subject {
        Subject::Event => written::<Appointment, event::Payload>(event),
        Subject::Order => written::<Order, order::Payload>(event),
        Subject::Attendee => written::<Attendee, attendee::Payload>(event),
    }
}

/// Reads the event as `T` and writes it as doo's `P`.
fn written<T: DeserializeOwned, P: Serialize + From<T>>(
    event: Event<Json>,
) -> Result<Vec<u8>, Fault> {
    let payload = P::from(event.parse()?.data);
    Ok(serde_json::to_vec(&payload)?)
}
