//! Then it heals, and time passes until nothing is left to do.

use std::time::Duration;

use transload_domain::{Organization, WebhookId};
use transload_store::Faults;

use super::{
    director::{Director, HOSTS},
    facts::{self, Promise},
    host::Host,
    people,
    plugins::Kind,
    steps::Step,
};

/// How long everything may take to end once nothing is wrong any more.
const HEALING_TIME_MAX: Duration = Duration::from_secs(20 * 24 * 3_600);
/// How long a simulation is watched after everything has ended.
const REST: Duration = Duration::from_secs(1_800);
/// The longest time that passes at once.
const PAUSE_MAX: Duration = Duration::from_secs(3_600);

/// Heals everything, and waits until everything has ended.
pub(super) async fn heal(director: &mut Director) {
    director.scene.facts.state().note("it heals");
    mend(director);
    let begun = director.scene.time.steady();
    while !director.is_broken_off() {
        if director.step().await == Step::Task {
            continue;
        }
        // One that was asked to stop has stopped since.
        if director.hosts.iter().flatten().all(Host::is_over) {
            director.start(0);
        }
        if director.people.is_empty() {
            if is_over(director) {
                return rest(director).await;
            }
            resume_all(director);
        }
        if director.scene.time.steady().since(begun) > HEALING_TIME_MAX {
            return report_what_is_left(director);
        }
        director.pass(PAUSE_MAX);
    }
}

fn mend(director: &mut Director) {
    let scene = director.scene.clone();
    scene.store.set(Faults::default());
    scene.shelf.give_up(0);
    for kind in Kind::ALL {
        scene.shelf.put_back(kind);
    }
    scene.vendors.heal();
    director.person.door.slow(0);
    for host in director.hosts.iter().flatten() {
        host.door.slow(0);
        host.door.shut(false);
    }
    director.look();
    if director.hosts.iter().flatten().all(Host::is_over) || scene.dice.per_mille(300) {
        for which in 0..HOSTS.len() {
            director.start(which);
        }
    }
}

fn is_over(director: &Director) -> bool {
    let facts = director.scene.facts.state();
    let replayed = facts.replays.values().all(|replay| replay.finished);
    facts.open.is_empty() && facts.undispatched.is_empty() && facts.wishes.is_empty() && replayed
}

/// Somebody resumes every webhook that is suspended.
fn resume_all(director: &mut Director) {
    let suspended: Vec<(Organization, WebhookId)> = {
        let facts = director.scene.facts.state();
        let there = facts.webhooks.values().filter(|fact| !fact.removed);
        let webhooks = there.map(|fact| &fact.webhook).filter(|w| w.suspended_at.is_some());
        webhooks.map(|webhook| (webhook.organization.clone(), webhook.id)).collect()
    };
    for (organization, id) in suspended {
        let person = director.person.clone();
        director.lets(person.change(organization, id, people::resume));
    }
}

/// Watches for a while whether really nothing happens any more.
async fn rest(director: &mut Director) {
    let until = director.scene.time.steady().after(REST);
    while director.scene.time.steady() < until && !director.is_broken_off() {
        if director.step().await == Step::Idle {
            director.pass(REST);
        }
    }
}

fn report_what_is_left(director: &mut Director) {
    let mut facts = director.scene.facts.state();
    let open: Vec<String> = facts.open.iter().take(5).map(facts::name).collect();
    let wishes: Vec<String> = facts.wishes.iter().take(5).map(facts::name).collect();
    let words = format!(
        "{} deliveries are still open ({}), {} events are not dispatched, {} wishes ({}) and {} replays are left",
        facts.open.len(),
        open.join(", "),
        facts.undispatched.len(),
        facts.wishes.len(),
        wishes.join(", "),
        facts.replays.values().filter(|replay| !replay.finished).count(),
    );
    facts.broken(Promise::I9, words);
}
