//! transload plugin for CorrigoPro Direct: its notifications about work orders, one for each action. The README has
//! the table of actions and lists what rests on an assumption of ours.

mod action;
mod body;
mod examples;
mod header;
mod notification;
mod settings;
mod value;

use std::time::Duration;

use transload_model::WorkOrderEvent;
use transload_plugin::prelude::*;

use action::Action;
use notification::Notification;
pub use settings::Settings;

/// The plugin.
pub struct CorrigoPro;

impl Plugin for CorrigoPro {
    type Data = Json;
    type Settings = Settings;

    fn profile() -> Profile {
        let minutes = [5, 10, 20, 40, 60].map(Duration::from_mins);
        let notifications = Hook::new("notifications").on("work_order.*").post();
        Profile::new("corrigopro", env!("CARGO_PKG_VERSION"))
            .title("CorrigoPro Direct")
            .homepage("https://developer.corrigopro.com/docs/event-notifications")
            .hook(examples::add_to(notifications))
            .authentication(Authentication::signed_bearer())
            .success(Success::any_2xx())
            .retry(Retry::after(minutes).repeat_last(200))
            .suppress_echo()
            .expect_continue()
    }

    fn transform(
        event: Event<Json>,
        hook: Hook<Settings>,
        _: &mut State,
    ) -> Result<Outcome, Fault> {
        let Some(action) = Action::of(&event.kind) else {
            return Ok(skip(format!("CorrigoPro has no action for {:?}", event.kind)));
        };
        let event: Event<WorkOrderEvent> = event.parse()?;
        let notification = Notification::new(action, event, &hook)?;
        let request = Request::json(&notification)?
            .header("Content-Type", "application/json; charset=utf-8")
            .header("Event-Type", action.name());
        Ok(deliver(request))
    }
}

transload_plugin::export!(CorrigoPro);
