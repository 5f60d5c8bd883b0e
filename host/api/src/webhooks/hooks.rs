//! Where each kind of the vendor's notifications goes.

use std::collections::BTreeSet;

use transload_domain::{
    Hook, HookNo, HookType, LoadedPlugin, Method, Webhook,
    limits::{ENDPOINT_BYTES_MAX, HOOKS_MAX},
};

use super::{definition::HookDefinition, faults::Faults};
use crate::{Api, pointer::Pointer};

/// The hook types, as far as they are ones.
pub(super) fn types(definitions: &[HookDefinition], faults: &mut Faults) -> Vec<HookType> {
    if definitions.is_empty() || definitions.len() > HOOKS_MAX {
        faults.member("hooks", format!("a webhook has 1 to {HOOKS_MAX} hooks"));
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut kinds = Vec::new();
    for (index, definition) in definitions.iter().enumerate() {
        let at = faults.place("hooks").item(index).member("type");
        match HookType::new(&definition.r#type) {
            Ok(kind) if seen.insert(kind.clone()) => kinds.push(kind),
            Ok(kind) => faults.add(at, format!("there is a hook of type {kind} already")),
            Err(error) => faults.add(at, error.to_string()),
        }
    }
    kinds
}

/// The hooks, as far as they are sound, and how many numbers were given in all. `plugin` says which types there are,
/// where it is known. A hook whose type `former` has keeps its number; another gets a new one, so that no delivery of
/// a hook that is gone is taken for one of a hook that came.
pub(super) fn resolve(
    api: &Api,
    definitions: &[HookDefinition],
    plugin: Option<&LoadedPlugin>,
    former: Option<&Webhook>,
    faults: &mut Faults,
) -> (Vec<Hook>, u16) {
    let mut hooks = Vec::new();
    let mut made = former.map_or(0, |former| former.hooks_made);
    if definitions.len() > HOOKS_MAX {
        // Said once already.
        return (hooks, made);
    }
    for (index, definition) in definitions.iter().enumerate() {
        let at = faults.place("hooks").item(index);
        let method = checked(api, definition, plugin, &at, faults);
        let Ok(kind) = HookType::new(&definition.r#type) else { continue };
        let known = former.and_then(|former| former.hooks.iter().find(|hook| hook.kind == kind));
        let no = known.map(|hook| hook.no).or_else(|| {
            let no = u8::try_from(made).ok()?;
            made += 1;
            Some(HookNo(no))
        });
        match no {
            Some(no) => {
                hooks.push(Hook { no, kind, method, endpoint: definition.endpoint.clone() });
            }
            None => {
                let detail = "this webhook's hooks were changed too often to get another one; make \
                              a new webhook for it";
                faults.add(at, detail);
            }
        }
    }
    (hooks, made)
}

/// Notes what is wrong with one hook, and gives its method.
fn checked(
    api: &Api,
    definition: &HookDefinition,
    plugin: Option<&LoadedPlugin>,
    at: &Pointer,
    faults: &mut Faults,
) -> Option<Method> {
    if let (Ok(kind), Some(plugin)) = (HookType::new(&definition.r#type), plugin)
        && plugin.profile.hook(&kind).is_none()
    {
        let known = plugin.profile.hooks.iter().map(|hook| hook.kind.as_str());
        let known = known.collect::<Vec<_>>().join(", ");
        let detail = format!("plugin {} has the hook types {known}", plugin.reference.name);
        faults.add(at.member("type"), detail);
    }
    let method = definition.method.as_deref().map(Method::parse);
    if method == Some(None) {
        let known = Method::ALL.map(Method::as_str).join(", ");
        faults.add(at.member("method"), format!("method must be one of {known}"));
    }
    if definition.endpoint.len() > ENDPOINT_BYTES_MAX {
        let detail = format!("endpoint has at most {ENDPOINT_BYTES_MAX} bytes");
        faults.add(at.member("endpoint"), detail);
    } else if let Err(error) = api.egress.check_endpoint(&definition.endpoint) {
        faults.add(at.member("endpoint"), error.to_string());
    }
    method.flatten()
}
