//! What an organization needs otherwise than the vendor's profile says: success, retries, suspension.

use std::time::Duration;

use transload_domain::{
    Overrides, Profile, RetryPolicy, Success, Suspend, SuspendRule,
    limits::{ATTEMPTS_MAX, FAILURES_KEPT_MAX, RETRY_STEPS_MAX},
};

use super::{
    definition::{Definition, RetryDefinition, SuccessDefinition, SuspendDefinition},
    faults::Faults,
};
use crate::{
    duration::{self, WAIT_MAX, written},
    pointer::Pointer,
};

/// Statuses of one list; there are few that anybody answers.
const STATUSES_MAX: usize = 100;
/// Failures that a suspension rule may tolerate: one less than are kept, because the one after them suspends.
const FAILURES_MAX: u32 = FAILURES_KEPT_MAX - 1;

/// The overrides; what is wrong with them is noted.
pub(super) fn resolve(
    definition: &Definition,
    profile: &Profile,
    faults: &mut Faults,
) -> Overrides {
    let success = definition.success.as_ref().and_then(|success| self::success(success, faults));
    let effective = success.as_ref().unwrap_or(&profile.success);
    let final_statuses = definition.final_statuses.as_ref();
    if let Some(statuses) = final_statuses {
        let at = faults.place("final_statuses");
        check_statuses(&at, statuses, 0, faults);
        if let Some(index) = statuses.iter().position(|status| effective.includes(*status)) {
            faults.add(at.item(index), "this status is a success");
        }
    }
    Overrides {
        success,
        final_statuses: final_statuses.cloned(),
        retry: definition.retry.as_ref().and_then(|asked| retry(asked, &profile.retry, faults)),
        suspend: definition
            .suspend
            .as_ref()
            .and_then(|asked| suspend(asked, profile.suspend, faults)),
    }
}

fn success(definition: &SuccessDefinition, faults: &mut Faults) -> Option<Success> {
    let at = faults.place("success");
    match (definition.any.as_deref(), &definition.statuses) {
        (Some("2xx"), None) => Some(Success::Any2xx),
        (None, Some(statuses)) => {
            check_statuses(&at.member("statuses"), statuses, 1, faults);
            Some(Success::Exactly(statuses.clone()))
        }
        _ => {
            faults.add(at, "success is {\"any\": \"2xx\"} or {\"statuses\": [200]}");
            None
        }
    }
}

fn check_statuses(at: &Pointer, statuses: &[u16], min: usize, faults: &mut Faults) {
    if statuses.len() < min || statuses.len() > STATUSES_MAX {
        faults.add(at.clone(), format!("there are {min} to {STATUSES_MAX} statuses"));
    } else if let Some(index) = statuses.iter().position(|status| !(200..600).contains(status)) {
        faults.add(at.item(index), "a final HTTP status is 200 to 599");
    }
}

/// The policy: what is left out is the profile's.
fn retry(
    definition: &RetryDefinition,
    profile: &RetryPolicy,
    faults: &mut Faults,
) -> Option<RetryPolicy> {
    let at = faults.place("retry");
    let max_attempts = match definition.max_attempts {
        None => Some(profile.max_attempts),
        Some(asked) => u32::try_from(asked).ok().filter(|n| (1..=ATTEMPTS_MAX).contains(n)),
    };
    if max_attempts.is_none() {
        let detail = format!("max_attempts is 1 to {ATTEMPTS_MAX}, the first attempt included");
        faults.add(at.member("max_attempts"), detail);
    }
    let jitter_percent = match definition.jitter_percent {
        None => Some(profile.jitter_percent),
        Some(asked) => u8::try_from(asked).ok().filter(|percent| *percent <= 100),
    };
    if jitter_percent.is_none() {
        faults.add(at.member("jitter_percent"), "jitter_percent is 0 to 100");
    }
    let schedule = match &definition.schedule {
        None => profile.schedule.clone(),
        Some(texts) => waits(&at.member("schedule"), texts, faults),
    };
    let empty = definition.schedule.as_ref().map_or(schedule.is_empty(), Vec::is_empty);
    if empty && max_attempts.is_some_and(|attempts| attempts > 1) {
        faults.add(at.member("schedule"), format!("there are 1 to {RETRY_STEPS_MAX} waits"));
    }
    let repeat_last = definition.repeat_last.unwrap_or(profile.repeat_last);
    Some(RetryPolicy {
        schedule,
        repeat_last,
        max_attempts: max_attempts?,
        jitter_percent: jitter_percent?,
    })
}

fn waits(at: &Pointer, texts: &[String], faults: &mut Faults) -> Vec<Duration> {
    let mut waits = Vec::new();
    if texts.len() > RETRY_STEPS_MAX {
        faults.add(at.clone(), format!("there are at most {RETRY_STEPS_MAX} waits"));
    }
    for (index, text) in texts.iter().enumerate().take(RETRY_STEPS_MAX) {
        match duration::parse(text) {
            Ok(Duration::ZERO) => faults.add(at.item(index), "a wait is longer than nothing"),
            Ok(wait) => waits.push(wait),
            Err(detail) => faults.add(at.item(index), detail),
        }
    }
    waits
}

/// The rule: what is left out is the profile's, where it has one.
fn suspend(
    definition: &SuspendDefinition,
    profile: Option<SuspendRule>,
    faults: &mut Faults,
) -> Option<Suspend> {
    let at = faults.place("suspend");
    let has_rule = definition.more_than.is_some() || definition.within.is_some();
    match definition.never {
        Some(true) if has_rule => {
            faults.add(at, "suspend is {\"never\": true}, or more_than and within");
            return None;
        }
        Some(true) => return Some(Suspend::Never),
        Some(false) | None => {}
    }
    let more_than = match definition.more_than {
        None => profile.map(|rule| rule.more_than),
        Some(asked) => u32::try_from(asked).ok(),
    };
    let more_than = more_than.filter(|failures| *failures <= FAILURES_MAX);
    if more_than.is_none() {
        let detail = format!("more_than is the failures that are tolerated, 0 to {FAILURES_MAX}");
        faults.add(at.member("more_than"), detail);
    }
    let within = match &definition.within {
        None => profile.map(|rule| rule.within).ok_or_else(|| "within is missing".to_owned()),
        Some(text) => duration::parse(text).and_then(|within| {
            let too_short = || format!("within is 1ms to {}", written(WAIT_MAX));
            if within.is_zero() { Err(too_short()) } else { Ok(within) }
        }),
    };
    if let Err(detail) = &within {
        faults.add(at.member("within"), detail.clone());
    }
    Some(Suspend::After(SuspendRule { more_than: more_than?, within: within.ok()? }))
}
