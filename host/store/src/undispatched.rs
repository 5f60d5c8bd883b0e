//! How many events wait for their dispatch.

use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use transload_domain::Organization;

use crate::{Result, rows::Rows, waiting};

/// How many events wait for their dispatch, in all and of each organization. The journal writes it, anybody reads it.
#[derive(Debug, Default)]
pub(crate) struct Undispatched {
    all: AtomicU64,
    organizations: RwLock<HashMap<Organization, u64>>,
}

/// How many more wait.
#[derive(Debug, Default)]
pub(crate) struct Change {
    all: i64,
    organizations: HashMap<Organization, i64>,
}

impl Undispatched {
    /// As the rows have it.
    pub(crate) fn count(rows: &impl Rows) -> Result<Self> {
        let all = AtomicU64::new(waiting::count(rows)?);
        let organizations = RwLock::new(waiting::count_by_organization(rows)?);
        Ok(Self { all, organizations })
    }

    pub(crate) fn all(&self) -> u64 {
        self.all.load(Relaxed)
    }

    pub(crate) fn of(&self, organization: &Organization) -> u64 {
        let organizations = self.organizations.read().unwrap_or_else(PoisonError::into_inner);
        organizations.get(organization).copied().unwrap_or(0)
    }

    /// Of how many organizations some wait.
    pub(crate) fn organizations(&self) -> usize {
        self.organizations.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes in what has been written. Only the journal does.
    pub(crate) fn change(&self, change: Change) {
        // A negative change wraps into a subtraction.
        self.all.fetch_add(change.all.cast_unsigned(), Relaxed);
        if change.organizations.is_empty() {
            return;
        }
        let mut organizations = self.organizations.write().unwrap_or_else(PoisonError::into_inner);
        for (organization, change) in change.organizations {
            let before = organizations.get(&organization).copied().unwrap_or(0);
            match before.saturating_add_signed(change) {
                0 => organizations.remove(&organization),
                after => organizations.insert(organization, after),
            };
        }
    }
}

impl Change {
    pub(crate) fn add(&mut self, organization: Option<&Organization>, change: i64) {
        self.all += change;
        let Some(organization) = organization else { return };
        match self.organizations.get_mut(organization) {
            Some(count) => *count += change,
            None => {
                self.organizations.insert(organization.clone(), change);
            }
        }
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.all += other.all;
        for (organization, change) in other.organizations {
            *self.organizations.entry(organization).or_default() += change;
        }
    }
}
