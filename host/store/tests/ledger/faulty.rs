//! The ledger that fails by a seed.

use std::sync::Arc;

use transload_store::{Error, Faults, Faulty, Ledger, LedgerExt, Memory};

use crate::world::{HandClock, SHARD, event};

async fn accepted(seed: u64, faults: Faults) -> (Vec<bool>, usize) {
    let ledger = Faulty::new(Memory::new(Arc::new(HandClock::default())), seed, faults);
    let (mut answers, mut stored) = (Vec::new(), 0);
    for id in 0..200 {
        let event = event(&id.to_string());
        let identity = event.identity();
        let answer = ledger.accept(SHARD, vec![event]).await;
        assert!(matches!(answer, Ok(_) | Err(Error::Unavailable(_))));
        answers.push(answer.is_ok());
        stored += usize::from(ledger.inner().event_by(SHARD, identity).await.unwrap().is_some());
    }
    (answers, stored)
}

#[tokio::test]
async fn a_fault_comes_before_or_after_the_effect_by_its_seed() {
    let count = |answers: &[bool]| answers.iter().filter(|ok| **ok).count();
    let before = Faults { before_per_mille: 300, after_per_mille: 0 };
    let (answers, stored) = accepted(7, before).await;
    assert!((100..180).contains(&count(&answers)));
    assert_eq!(stored, count(&answers), "what failed before has no effect");
    assert_eq!(accepted(7, before).await.0, answers, "the same seed");
    assert_ne!(accepted(8, before).await.0, answers, "another seed");

    let after = Faults { before_per_mille: 0, after_per_mille: 300 };
    let (answers, stored) = accepted(7, after).await;
    assert!((100..180).contains(&count(&answers)));
    assert_eq!(stored, 200, "what failed after has its effect");
    assert_eq!(accepted(7, Faults::default()).await, (vec![true; 200], 200));
}
