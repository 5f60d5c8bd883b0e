//! The module's side of the contract: what the host calls, and what calls the host.

#![allow(missing_docs, reason = "generated from the contract, which is documented itself")]
#![allow(unreachable_pub, reason = "generated")]

use std::{marker::PhantomData, panic, sync::Once};

use self::exports::transload::plugin::plugin as contract;
use self::transload::plugin as host;
use crate::{
    Event, Fault, Hook, Json, Outcome, Plugin, Request, State, StateStore, glue, log::Level,
};

wit_bindgen::generate!({
    path: "wit",
    world: "transform",
    pub_export_macro: true,
    export_macro_name: "export_transform",
    default_bindings_module: "transload_plugin::wasm",
});

/// What the host calls, made of a [`Plugin`].
pub struct Guest<P>(PhantomData<P>);

impl<P: Plugin> contract::Guest for Guest<P> {
    fn describe() -> String {
        tell_panics();
        glue::describe::<P>()
    }

    fn transform(
        event: contract::Event,
        hook: contract::Hook,
    ) -> Result<contract::Outcome, contract::Fault> {
        tell_panics();
        let outcome = glue::transform::<P>(event.into(), hook.into(), &mut State::new(HostState));
        outcome.map(Into::into).map_err(Into::into)
    }
}

struct HostState;

impl StateStore for HostState {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        host::state::get(key)
    }

    fn set(&mut self, key: &str, value: &[u8]) {
        host::state::set(key, value);
    }

    fn delete(&mut self, key: &str) {
        host::state::delete(key);
    }
}

pub(crate) fn write_log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => host::log::Level::Debug,
        Level::Info => host::log::Level::Info,
        Level::Warn => host::log::Level::Warn,
        Level::Error => host::log::Level::Error,
    };
    host::log::write(level, message);
}

/// A panic is a bare trap for the host; this tells it text and place beforehand. The host knows such a line by its
/// first word.
fn tell_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let text = info.payload_as_str().unwrap_or("(no text)");
            let place = info.location().map(|place| format!(" at {place}")).unwrap_or_default();
            write_log(Level::Error, &format!("panic: {text}{place}"));
        }));
    });
}

impl From<contract::Event> for Event<Json> {
    fn from(event: contract::Event) -> Self {
        Self {
            id: event.id,
            source: event.source,
            kind: event.type_,
            subject: event.subject,
            time: event.time,
            organization: event.organization,
            extensions: event.extensions,
            data: Json::new(event.data),
        }
    }
}

impl From<contract::Hook> for Hook<Json> {
    fn from(hook: contract::Hook) -> Self {
        Self {
            kind: hook.type_,
            webhook_id: hook.webhook_id,
            delivery_id: hook.delivery_id,
            accepted_at: hook.accepted_at,
            settings: Json::new(hook.settings),
        }
    }
}

impl From<Outcome> for contract::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Skip(reason) => Self::Skip(reason),
            Outcome::Deliver(requests) => Self::Deliver(
                requests
                    .into_iter()
                    .map(|request| {
                        let Request { method, path, headers, body } = request;
                        let method = method.map(|method| method.as_str().to_owned());
                        host::types::Request { method, path, headers, body }
                    })
                    .collect(),
            ),
        }
    }
}

impl From<Fault> for contract::Fault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::InvalidEvent(reason) => Self::InvalidEvent(reason),
            Fault::RetryLater(reason) => Self::RetryLater(reason),
            Fault::Internal(reason) => Self::Internal(reason),
        }
    }
}
