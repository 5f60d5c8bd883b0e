//! All that a simulation is played with.

use std::{io, sync::Arc, time::Duration};

use transload_delivery::run::Retention;
use transload_domain::Clock as _;
use transload_store::{Faults, Faulty};

use super::{
    engine::Shelf,
    facts::Facts,
    host::LEASES,
    ledger::{Door, Store, Watched},
    time::Time,
    values,
    vendors::Vendors,
};
use crate::dice::{Dice, mix};

const HOUR: Duration = Duration::from_secs(3_600);

/// The time, the store, the plugins and the vendors. Hosts come and go; this stays.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) seed: u64,
    pub(super) time: Time,
    pub(super) dice: Arc<Dice>,
    pub(super) facts: Arc<Facts>,
    pub(super) store: Arc<Store>,
    pub(super) shelf: Arc<Shelf>,
    pub(super) vendors: Arc<Vendors>,
    pub(super) lease: Duration,
    pub(super) retention: Retention,
}

impl Scene {
    /// # Errors
    /// When the thread that reads plugin state cannot be started.
    pub(super) fn new(seed: u64, printed: bool) -> io::Result<Self> {
        let (time, facts) = (Time::new(), Arc::new(Facts::new(printed)));
        let dice = Arc::new(Dice::new(mix(seed)));
        let watched = Watched::new(Arc::clone(&facts), time.clone());
        let shelf = Arc::new(Shelf::new(&time, &dice, &facts)?);
        let healthy = values::webhook_id(values::HEALTHY);
        let vendors = Arc::new(Vendors::new(&time, &dice, &facts, healthy));
        Ok(Self {
            seed,
            store: Arc::new(Faulty::new(watched, mix(!seed), Faults::default())),
            lease: *dice.pick(&LEASES),
            retention: Retention {
                age: *dice.pick(&[HOUR, 6 * HOUR, 30 * 24 * HOUR]),
                size: *dice.pick(&[None, None, Some(50_000)]),
                open_age: *dice.pick(&[12 * HOUR, 30 * 24 * HOUR]),
            },
            time,
            dice,
            facts,
            shelf,
            vendors,
        })
    }

    /// A way to the store.
    pub(super) fn door(&self) -> Door {
        Door::new(&self.store, &self.time, &self.dice, &self.facts)
    }

    /// Something happens that excuses a host for being slow.
    pub(super) fn disturb(&self) {
        self.facts.state().disturbed = self.time.steady();
    }

    /// Sets the clock on the wall forward.
    pub(super) fn set_forward(&self, by: Duration) {
        let mut facts = self.facts.state();
        facts.set_forward = facts.moment();
        drop(facts);
        self.time.set_forward(by);
    }

    /// The wall's time.
    pub(super) fn now(&self) -> transload_domain::Timestamp {
        self.time.now()
    }
}
