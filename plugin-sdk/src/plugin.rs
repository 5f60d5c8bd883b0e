//! What a plugin is.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Event, EventData, Fault, Hook, Outcome, State, profile::Profile};

/// A vendor's plugin: what the vendor is like, and how an event becomes the vendor's requests.
pub trait Plugin {
    /// What the events' data is read into: any type that serde can read, or [`Json`](crate::Json) where it depends
    /// on the event's type or on the hook.
    type Data: EventData;

    /// What a webhook can set. Its JSON Schema becomes part of the profile, so that the API can check settings when
    /// a webhook is made; [`NoSettings`](crate::NoSettings) where there is nothing to set.
    type Settings: DeserializeOwned + JsonSchema;

    /// What the vendor is like. The host asks once for each load.
    fn profile() -> Profile;

    /// Makes the vendor's requests from an event. It is pure: the same inputs give the same outcome.
    ///
    /// # Errors
    /// A [`Fault`] says why nothing can be made and whether running again later could help. After a fault no change
    /// of the state is kept.
    fn transform(
        event: Event<Self::Data>,
        hook: Hook<Self::Settings>,
        state: &mut State,
    ) -> Result<Outcome, Fault>;
}

/// Makes a type that implements [`Plugin`] the plugin of this module. Once for each crate.
///
/// On other targets than `wasm32` it only checks that the type is a plugin.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        const _: () = {
            const fn is_plugin<P: $crate::Plugin>() {}
            is_plugin::<$plugin>();
        };

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Guest = $crate::wasm::Guest<$plugin>;
    $crate::wasm::export_transform!(Guest with_types_in $crate::wasm);
        };
    };
}
