//! One call: instantiate, call, judge.

use std::time::Duration;

use jiff::{Timestamp as Time, fmt::temporal::DateTimePrinter};
use transload_domain::{
    Call, Event, Fault, HookContext, Method, NoState, NotRun, PluginRef, Timestamp, Transformed,
    limits,
};
use wasmtime::{
    Error, Store, UpdateDeadline,
    component::{Component, ComponentExportIndex, Instance, InstancePre},
};

use super::{
    abi::{self, PLUGIN},
    fault,
    guest::{Guest, Stop},
    outcome,
};
use crate::{runtime::Runtime, ticker::ticks};

/// A compiled plugin, linked and ready to be instantiated.
pub(crate) struct Code {
    pre: InstancePre<Guest>,
    describe: ComponentExportIndex,
    transform: ComponentExportIndex,
}

/// What one call may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) time: Duration,
    pub(crate) memory: u64,
}

impl Grant {
    /// For `describe`.
    pub(crate) const DESCRIBE: Self =
        Self { time: limits::DESCRIBE_TIME_MAX, memory: limits::MEMORY_BYTES_MAX as u64 };
}

impl Code {
    /// Links a component. The error says what does not fit.
    pub(crate) fn link(runtime: &Runtime, component: &Component) -> Result<Self, Error> {
        let missing = |what: &str| Error::msg(format!("it does not export {what}"));
        let export = |parent: Option<&ComponentExportIndex>, name: &str| {
            let (_, index) = component.get_export(parent, name)?;
            Some(index)
        };
        let plugin = export(None, PLUGIN).ok_or_else(|| missing(PLUGIN))?;
        let function = |name: &str| {
            export(Some(&plugin), name).ok_or_else(|| missing(&format!("{PLUGIN}#{name}")))
        };
        let (describe, transform) = (function("describe")?, function("transform")?);
        let pre = runtime.linker.instantiate_pre(component)?;
        Ok(Self { pre, describe, transform })
    }

    /// Runs `describe` and returns its text. A component whose functions have other types than the contract's is
    /// found out here too.
    pub(crate) fn describe(&self) -> Result<String, Fault> {
        self.describe_within(Grant::DESCRIBE.memory)
    }

    /// The same within so much memory, in bytes.
    pub(crate) fn describe_within(&self, memory: u64) -> Result<String, Fault> {
        let mut store = self.store(Guest::new(Box::new(NoState), memory), Grant::DESCRIBE);
        let told = self.instantiate(&mut store).and_then(|instance| {
            instance
                .get_typed_func::<_, (Result<abi::Outcome, abi::Fault>,)>(
                    &mut store,
                    &self.transform,
                )
                .map(|_: abi::Transform<'_>| ())?;
            let describe: abi::Describe = instance.get_typed_func(&mut store, self.describe)?;
            describe.call(&mut store, ())
        });
        told.map(|(text,)| text).map_err(|error| {
            match fault::name(&error, store.data_mut(), Grant::DESCRIBE.time) {
                Stop::Fault(fault) => fault,
                Stop::NotRun(other) => Fault::Trap(other.to_string()),
            }
        })
    }

    /// Runs a transform in a fresh instance.
    pub(crate) fn transform(
        &self,
        plugin: &PluginRef,
        call: Call,
        grant: Grant,
    ) -> Result<Transformed, NotRun> {
        let Call { event, hook, state, .. } = call;
        let mut store = self.store(Guest::new(state, grant.memory), grant);
        let returned = self
            .instantiate(&mut store)
            .and_then(|instance| self.enter(instance, &mut store, &event, &hook));
        finish(plugin, returned, store.data_mut(), hook.method, grant)
    }

    /// Runs transforms one after the other in the same instance, so that each finds what the earlier ones left. That
    /// is no way to run a plugin; it shows what a fresh instance costs.
    pub(crate) fn transform_in_one_instance(
        &self,
        plugin: &PluginRef,
        calls: Vec<Call>,
        grant: Grant,
    ) -> Result<Vec<Transformed>, NotRun> {
        let mut store = self.store(Guest::new(Box::new(NoState), grant.memory), grant);
        let mut instance = None;
        let mut all = Vec::with_capacity(calls.len());
        for call in calls {
            let Call { event, hook, state, .. } = call;
            *store.data_mut() = Guest::new(state, grant.memory);
            store.set_epoch_deadline(ticks(grant.time));
            let entered = match instance {
                Some(instance) => Ok(instance),
                None => self.instantiate(&mut store),
            };
            let returned = entered.and_then(|entered| {
                instance = Some(entered);
                self.enter(entered, &mut store, &event, &hook)
            });
            all.push(finish(plugin, returned, store.data_mut(), hook.method, grant)?);
        }
        Ok(all)
    }

    fn enter(
        &self,
        instance: Instance,
        store: &mut Store<Guest>,
        event: &Event,
        hook: &HookContext,
    ) -> Result<Returned, Error> {
        let texts = Texts::new(event, hook);
        let transform: abi::Transform<'_> = instance.get_typed_func(&mut *store, self.transform)?;
        let (returned,) = transform.call(&mut *store, texts.arguments(event, hook))?;
        Ok(returned)
    }

    fn store(&self, guest: Guest, grant: Grant) -> Store<Guest> {
        let mut store = Store::new(self.pre.engine(), guest);
        store.limiter(|guest| &mut guest.memory);
        store.set_hostcall_fuel(outcome::LIFTED_BYTES_MAX);
        store.epoch_deadline_callback(move |store| {
            // Ticks pass for a thread that waits, too. What the guest has not used itself is still its own.
            let left = grant.time.saturating_sub(store.data().meter.own());
            Ok(if left.is_zero() {
                UpdateDeadline::Interrupt
            } else {
                UpdateDeadline::Continue(ticks(left))
            })
        });
        store.set_epoch_deadline(ticks(grant.time));
        store
    }

    fn instantiate(&self, store: &mut Store<Guest>) -> Result<Instance, Error> {
        let instance = self.pre.instantiate(&mut *store);
        instance.map_err(|error| fault::NoInstance::unless_guests(error, store.data()))
    }
}

/// What a guest's function returned.
type Returned = Result<abi::Outcome, abi::Fault>;

/// Judges what came back and takes what the call left on the host's side.
fn finish(
    plugin: &PluginRef,
    returned: Result<Returned, Error>,
    guest: &mut Guest,
    method: Method,
    grant: Grant,
) -> Result<Transformed, NotRun> {
    let result = match returned {
        Ok(Ok(made)) => outcome::check(made, method),
        Ok(Err(fault)) => Err(outcome::refusal(fault)),
        Err(error) => match fault::name(&error, guest, grant.time) {
            Stop::Fault(fault) => Err(fault),
            Stop::NotRun(why) => return Err(why),
        },
    };
    let (log, log_dropped) = guest.log.take();
    let (reads, mut writes) = guest.state.take();
    if result.is_err() {
        writes.clear();
    }
    let (plugin, took) = (plugin.clone(), guest.meter.held());
    Ok(Transformed { plugin, result, reads, writes, log, log_dropped, took })
}

/// Texts that an event's and a hook's records need and that their nouns hold in another form.
struct Texts {
    webhook: String,
    delivery: String,
    accepted_at: String,
}

impl Texts {
    fn new(event: &Event, hook: &HookContext) -> Self {
        Self {
            webhook: hook.webhook.to_string(),
            delivery: hook.delivery.to_string(),
            accepted_at: rfc3339(event.accepted_at),
        }
    }

    fn arguments<'a>(
        &'a self,
        event: &'a Event,
        hook: &'a HookContext,
    ) -> (abi::Event<'a>, abi::Hook<'a>) {
        let event = abi::Event {
            id: &event.id,
            source: &event.source,
            kind: &event.kind,
            subject: event.subject.as_deref(),
            time: event.time.as_deref().unwrap_or(&self.accepted_at),
            organization: event.organization.as_str(),
            extensions: &event.extensions,
            data: &event.data,
        };
        let hook = abi::Hook {
            kind: hook.kind.as_str(),
            webhook: &self.webhook,
            delivery: &self.delivery,
            accepted_at: &self.accepted_at,
            settings: &hook.settings,
        };
        (event, hook)
    }
}

/// RFC 3339, UTC, with microseconds.
fn rfc3339(time: Timestamp) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
    // A time beyond the year 9999 is no time that anybody meant.
    let time = Time::from_microsecond(time.as_micros()).unwrap_or(Time::MAX);
    PRINTER.timestamp_to_string(&time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_six_digits() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_700_000_000_123_400, "2023-11-14T22:13:20.123400Z"),
        ] {
            assert_eq!(rfc3339(Timestamp::from_micros(micros)), text);
        }
        assert_eq!(rfc3339(Timestamp::MAX), "9999-12-30T22:00:00.999999Z");
    }
}
