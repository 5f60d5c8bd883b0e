//! The ledgers, from outside.

mod checks;
mod faulty;
mod journal;
mod restart;
mod rows;
mod world;

/// The checks on the ledger in memory.
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
