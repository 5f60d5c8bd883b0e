//! Which events a webhook wants, what it may take of the host, and in which order its deliveries go out.

use transload_domain::{
    Filter, Ordering, Pattern, WebhookLimits, limits::CONCURRENCY_PER_WEBHOOK_MAX,
};

use super::{
    definition::{FilterDefinition, LimitsDefinition},
    faults::Faults,
};

/// Types, and sources, of one filter.
const FILTER_ITEMS_MAX: usize = 100;
/// Bytes of one of them.
const FILTER_ITEM_BYTES_MAX: usize = 1_024;

pub(super) fn filter(definition: Option<&FilterDefinition>, faults: &mut Faults) -> Filter {
    let Some(definition) = definition else { return Filter::default() };
    let at = faults.place("filter");
    for (member, items) in [("types", &definition.types), ("sources", &definition.sources)] {
        let too_long = items.iter().any(|item| item.len() > FILTER_ITEM_BYTES_MAX);
        if items.len() > FILTER_ITEMS_MAX || too_long {
            let detail = format!(
                "at most {FILTER_ITEMS_MAX} {member} of at most {FILTER_ITEM_BYTES_MAX} bytes each"
            );
            faults.add(at.member(member), detail);
            return Filter::default();
        }
    }
    let mut types = Vec::new();
    for (index, text) in definition.types.iter().enumerate() {
        match Pattern::new(text) {
            Ok(pattern) => types.push(pattern),
            Err(error) => faults.add(at.member("types").item(index), error.to_string()),
        }
    }
    Filter { types, sources: definition.sources.clone() }
}

pub(super) fn limits(definition: Option<&LimitsDefinition>, faults: &mut Faults) -> WebhookLimits {
    let Some(asked) = definition.and_then(|limits| limits.concurrency) else {
        return WebhookLimits::default();
    };
    let granted = u16::try_from(asked).ok();
    let granted = granted.filter(|n| (1..=CONCURRENCY_PER_WEBHOOK_MAX).contains(n));
    if granted.is_none() {
        let at = faults.place("limits").member("concurrency");
        faults.add(at, format!("concurrency is 1 to {CONCURRENCY_PER_WEBHOOK_MAX}"));
    }
    WebhookLimits { concurrency: granted }
}

pub(super) fn ordering(name: Option<&str>, faults: &mut Faults) -> Ordering {
    let Some(name) = name else { return Ordering::default() };
    Ordering::parse(name).unwrap_or_else(|| {
        let known = Ordering::ALL.map(Ordering::as_str).join(" or ");
        faults.member("ordering", format!("ordering is {known}"));
        Ordering::default()
    })
}
