//! The failures that are still to come, in the order in which they were asked for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    Vendor,
    failure::{Failure, Target},
    way::Way,
};

/// Failures that are kept; one counts once however often it is repeated.
pub const FAILURES_MAX: usize = 1_000;

/// What is still to go wrong.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Vec<Failure>>);

impl Failures {
    /// Adds failures behind those that wait.
    ///
    /// # Errors
    /// When there would be too many; then none is added.
    pub(super) fn add(&self, more: Vec<Failure>) -> Result<(), String> {
        let mut waiting = self.waiting();
        if waiting.len() + more.len() > FAILURES_MAX {
            return Err(format!(
                "at most {FAILURES_MAX} failures can wait; DELETE /fail clears them"
            ));
        }
        waiting.extend(more);
        Ok(())
    }

    /// What goes wrong with the next request at this endpoint: the first failure that is for it.
    pub(super) fn take(&self, vendor: Vendor, target: Target) -> Option<Way> {
        let mut waiting = self.waiting();
        let at = waiting.iter().position(|failure| failure.is_for(vendor, target))?;
        let way = waiting[at].way.clone();
        match &mut waiting[at].times {
            None => {}
            Some(times) if *times > 1 => *times -= 1,
            Some(_) => {
                waiting.remove(at);
            }
        }
        Some(way)
    }

    pub(super) fn all(&self) -> Vec<Failure> {
        self.waiting().clone()
    }

    pub(super) fn clear(&self) {
        self.waiting().clear();
    }

    /// Every change is one push, one removal or one number, so what a panicking holder left is still sound.
    fn waiting(&self) -> MutexGuard<'_, Vec<Failure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(specs: &[&str]) -> Failures {
        let failures = Failures::default();
        failures.add(specs.iter().map(|spec| spec.parse().unwrap()).collect()).unwrap();
        failures
    }

    #[test]
    fn each_request_takes_the_first_failure_that_is_for_it() {
        let failures = failures(&["doo:500x2", "503", "relocity/token:502", "hangx*"]);
        let taken = |vendor, target| failures.take(vendor, target).map(|way| way.to_string());
        let (delivery, token) = (Target::Delivery, Target::Token);
        assert_eq!(taken(Vendor::Doo, delivery).unwrap(), "500");
        assert_eq!(taken(Vendor::ReadyCloud, delivery).unwrap(), "503");
        assert_eq!(taken(Vendor::ReadyCloud, delivery).unwrap(), "hang");
        assert_eq!(taken(Vendor::Doo, delivery).unwrap(), "500");
        assert_eq!(taken(Vendor::Doo, delivery).unwrap(), "hang");
        assert_eq!(taken(Vendor::Doo, token), None);
        assert_eq!(taken(Vendor::Relocity, token).unwrap(), "502");
        assert_eq!(taken(Vendor::Relocity, token), None);
        let left: Vec<String> = failures.all().iter().map(ToString::to_string).collect();
        assert_eq!(left, ["hangx*"]);
        failures.clear();
        assert_eq!(failures.take(Vendor::Doo, delivery), None);
    }

    #[test]
    fn there_is_a_limit_and_beyond_it_nothing_is_added() {
        let failures = failures(&["500"]);
        let many = vec!["500".parse().unwrap(); FAILURES_MAX];
        assert!(failures.add(many).unwrap_err().contains("DELETE /fail"));
        assert_eq!(failures.all().len(), 1);
    }
}
