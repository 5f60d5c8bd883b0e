//! The judgement at the end, when nothing is left to do: the store holds what happened, and all of it.

use std::collections::BTreeSet;

use transload_domain::{AttemptOutcome, Content, DeliveryKey, EventNo, Made, Status, Verdict};
use transload_store::{Key, Ledger, LedgerExt as _, Query, Record, Shard};

use super::{
    effects::digest,
    facts::{DeliveryFact, Promise, State, name},
    plugins::{self, Kind},
    scene::Scene,
};

const SHARD: Shard = Shard(0);
/// Attempts of one delivery that a simulation can come to.
const ATTEMPTS_MAX: usize = 1_000;

/// Judges a simulation that has come to its end.
pub(super) async fn judge(scene: &Scene) {
    let store = scene.store.inner();
    events(scene, store).await;
    deliveries(scene, store).await;
    counters(scene, store).await;
    sets(&mut scene.facts.state());
}

/// I1: every event that was acknowledged is there, as it was posted.
async fn events(scene: &Scene, store: &impl Ledger) {
    let known: Vec<_> = {
        let facts = scene.facts.state();
        let kept = facts.events.iter().filter(|(_, fact)| !fact.retired);
        kept.map(|(no, fact)| (*no, fact.event.clone(), fact.acknowledged)).collect()
    };
    for (no, event, acknowledged) in known {
        let is_there = match store.event(SHARD, no).await {
            Ok(Some(stored)) => stored.content() == event.content(),
            Ok(None) | Err(_) => false,
        };
        if !is_there {
            let which = if acknowledged { "acknowledged" } else { "accepted" };
            let words = format!("event {} was {which}, and is lost or changed", no.0);
            scene.facts.state().broken(Promise::I1, words);
        }
    }
}

/// Every delivery is in the store as it was last written, with its bytes and its attempts.
async fn deliveries(scene: &Scene, store: &impl Ledger) {
    let keys: Vec<DeliveryKey> = scene.facts.state().deliveries.keys().copied().collect();
    for key in keys {
        let head = store.head(SHARD, key).await;
        let made = store.made(SHARD, key).await;
        let query = Query::Attempts(key);
        let attempts = store.page(SHARD, query, None, ATTEMPTS_MAX).await;
        let mut facts = scene.facts.state();
        let Some(fact) = facts.deliveries.get(&key) else { continue };
        let (Ok(Some(head)), Ok(Some(made)), Ok(attempts)) = (head, made, attempts) else {
            facts.broken(Promise::I1, format!("delivery {} cannot be read", name(&key)));
            continue;
        };
        let mut broken = Vec::new();
        if head != fact.head {
            broken.push((Promise::I1, "stands otherwise than it was written"));
        }
        if bytes_of(&made) != fact.request {
            broken.push((Promise::I5, "has other bytes than were made"));
        }
        broken.extend(as_the_vendor_saw_it(fact, &attempts.records));
        broken.extend(has_ended(fact, &made, &attempts.records));
        for (promise, words) in broken {
            facts.broken(promise, format!("delivery {} {words}", name(&key)));
        }
    }
}

fn bytes_of(made: &Made) -> Option<transload_domain::Digest> {
    match &made.content {
        Content::Request(request) => Some(digest(request)),
        _ => None,
    }
}

/// I6 and I7: the attempts are numbered without a hole, and a success was one.
fn as_the_vendor_saw_it(
    fact: &DeliveryFact,
    attempts: &[Record],
) -> Option<(Promise, &'static str)> {
    fact.request?;
    let numbers: Vec<u32> = attempts.iter().filter_map(attempt).map(|a| a.number).collect();
    if numbers != (1..=fact.head.attempts).collect::<Vec<_>>() {
        return Some((Promise::I7, "has attempts with holes or repeats"));
    }
    if fact.settled != numbers.iter().copied().collect::<BTreeSet<_>>() {
        return Some((Promise::I7, "has attempts that were not settled"));
    }
    let succeeded = |outcome: &AttemptOutcome| matches!(outcome, AttemptOutcome::Answered(answer) if (200..300).contains(&answer.status));
    let was_taken = fact.answers.get(&fact.head.attempts);
    let was_taken = was_taken.is_some_and(|answers| answers.iter().any(succeeded));
    (fact.head.status == Status::Delivered && !was_taken)
        .then_some((Promise::I6, "is delivered, and its vendor has not said so"))
}

/// I9: it has ended, and where it is dead it says why.
fn has_ended(
    fact: &DeliveryFact,
    made: &Made,
    attempts: &[Record],
) -> Option<(Promise, &'static str)> {
    let last = attempts.last().and_then(attempt).map(|attempt| &attempt.verdict);
    let reason = match last {
        Some(Verdict::Dead { reason }) => !reason.is_empty(),
        _ => made.reason().is_some_and(|reason| !reason.is_empty()),
    };
    match fact.head.status {
        Status::Blocked | Status::Scheduled => Some((Promise::I9, "is still open")),
        Status::Dead | Status::Skipped if !reason => Some((Promise::I9, "ended without a reason")),
        Status::Delivered | Status::Dead | Status::Skipped => None,
    }
}

fn attempt(record: &Record) -> Option<&transload_domain::Attempt> {
    match record {
        Record::Attempt(attempt) => Some(attempt),
        _ => None,
    }
}

/// I4: every counter stands at the last number that it gave.
async fn counters(scene: &Scene, store: &impl Ledger) {
    let webhooks: Vec<_> = {
        let facts = scene.facts.state();
        let counters = facts
            .webhooks
            .values()
            .filter(|fact| !fact.removed && Kind::of(&fact.webhook.plugin) == Some(Kind::Counter));
        counters.map(|fact| fact.webhook.id).collect()
    };
    for webhook in webhooks {
        let key = Key::State(webhook, plugins::COUNTER.to_owned());
        let stands = match store.read(SHARD, key).await {
            Ok(Some(Record::State(_, value))) => plugins::number(&value),
            _ => None,
        };
        let mut facts = scene.facts.state();
        let given = facts.counters.get(&webhook).copied();
        if stands != given {
            let words = format!("the counter of {webhook} stands at {stands:?} and gave {given:?}");
            facts.broken(Promise::I4, words);
        }
    }
}

/// I1 and I3: each event has one set of deliveries for each hook that wanted it, and none for others.
fn sets(facts: &mut State) {
    let mut broken = Vec::new();
    for (no, event) in facts.events.iter().filter(|(_, fact)| !fact.retired) {
        let there = event.webhooks.iter().filter_map(|id| facts.webhook(*id));
        for webhook in there.filter(|fact| fact.steady).map(|fact| &fact.webhook) {
            for hook in &webhook.hooks {
                let set: Vec<&DeliveryFact> =
                    facts.set(*no, webhook.id, hook.no).map(|(_, fact)| fact).collect();
                let is_wanted = plugins::accepts(webhook, hook, &event.event);
                broken.extend(set_is_broken(*no, is_wanted, &set).map(|(promise, words)| {
                    (promise, format!("{words}: webhook {}, hook {}", webhook.id, hook.kind))
                }));
            }
        }
    }
    for (promise, words) in broken {
        facts.broken(promise, words);
    }
}

fn set_is_broken(no: EventNo, is_wanted: bool, set: &[&DeliveryFact]) -> Option<(Promise, String)> {
    let is_whole = set.iter().enumerate().all(|(at, one)| usize::from(one.head.key.part.0) == at);
    // What might be wanted by a plugin that is missing is kept until the plugin is back and says otherwise.
    let is_empty = set.iter().all(|one| one.request.is_none());
    match (is_wanted, set) {
        (true, []) => Some((Promise::I1, format!("event {} was wanted and not delivered", no.0))),
        (false, _) if !is_empty => Some((Promise::I3, format!("event {} was not wanted", no.0))),
        _ if !is_whole => Some((Promise::I3, format!("event {} has holes in its set", no.0))),
        _ => None,
    }
}
