//! The ledgers, from outside.

// `cfg(test)` tells clippy what it does not see in a folder: that the helpers are tests too.
#[cfg(test)]
mod checks;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod faulty;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod world;

/// The checks on the ledger in memory.
#[cfg(test)]
mod memory {
    use std::sync::Arc;

    use transload_store::Memory;

    use crate::{
        checks::conformance,
        world::{HandClock, World},
    };

    async fn world<F: Future<Output = ()>>(check: impl FnOnce(World) -> F) {
        let clock = Arc::new(HandClock::default());
        let ledger = Arc::new(Memory::new(clock.clone()));
        check(World { ledger: ledger.clone(), clock }).await;
        ledger.shutdown().await;
    }

    conformance!(super::memory::world);
}

/// The checks on the ledger on disk.
#[cfg(test)]
mod sled {
    use std::sync::Arc;

    use transload_store::Sled;

    use crate::{
        checks::conformance,
        world::{HandClock, World},
    };

    async fn world<F: Future<Output = ()>>(check: impl FnOnce(World) -> F) {
        let place = tempfile::tempdir().unwrap();
        let clock = Arc::new(HandClock::default());
        let ledger = Arc::new(Sled::open(place.path(), clock.clone(), None).unwrap());
        check(World { ledger: ledger.clone(), clock }).await;
        ledger.shutdown().await;
    }

    conformance!(super::sled::world);
}
