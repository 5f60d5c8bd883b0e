//! First it hurts.

use std::time::Duration;

use transload_domain::{
    DeliveryKey, Event, Organization, Progress, Random as _, Replay, ReplayId, Selection, Status,
    WebhookId,
};
use transload_store::Faults;

use super::{
    director::{Director, HOSTS},
    facts::WebhookFact,
    people,
    plugins::Kind,
    steps::Step,
    values,
    vendors::Mood,
};

/// How long calls of a host that is cut off hang, at most, on their way in and on their way back.
const HANGING_MILLIS: u64 = 90_000;

/// What the weather is like for a while.
struct Weather {
    /// Things that somebody does.
    deeds: u64,
    /// How often one is done when nobody has anything to do, in a thousand times.
    pace: u64,
    /// The longest that nothing happens.
    longest: Duration,
    /// How often a host is killed between two steps, in 100,000 times.
    killed: u64,
}

/// The troubles of one seed.
pub(super) struct Hurt {
    next_event: u64,
    next_webhook: u64,
    /// How often the clock may still be set back.
    backs: u32,
}

impl Hurt {
    pub(super) fn new() -> Self {
        Self { next_event: 0, next_webhook: 0, backs: 4 }
    }

    /// Hurts a simulation in every way, for some time.
    pub(super) async fn hurt(mut self, director: &mut Director) {
        let dice = director.scene.dice.clone();
        for _ in 0..dice.within(3..7) {
            self.add_webhook(director);
        }
        director.start(0);
        if dice.per_mille(500) {
            director.start(1);
        }
        for _ in 0..dice.within(2..6) {
            let weather = Weather::new(director);
            self.endure(&weather, director).await;
        }
    }

    async fn endure(&mut self, weather: &Weather, director: &mut Director) {
        let dice = director.scene.dice.clone();
        let mut deeds = weather.deeds;
        while deeds > 0 && !director.is_broken_off() {
            match director.step().await {
                Step::Task if dice.number() % 100_000 < weather.killed => {
                    director.kill(dice.index(HOSTS.len()));
                }
                Step::Task => {}
                Step::Idle if dice.per_mille(weather.pace) => {
                    deeds -= 1;
                    self.deed(director);
                }
                Step::Idle => director.pass(weather.longest),
            }
        }
    }

    /// Somebody does something.
    fn deed(&mut self, director: &mut Director) {
        let dice = director.scene.dice.clone();
        match dice.within(0..100) {
            0..28 => self.post(director),
            28..30 => self.try_out(director),
            30..34 => ask_again(director),
            34..36 => replay(director),
            36..40 => self.post_again(director),
            40..56 => change_mood(director),
            56..60 => suspend(director),
            60..66 => resume(director),
            66..69 => change_limits(director),
            69..70 => remove_webhook(director),
            70..72 => self.add_webhook(director),
            72..73 => remove_hook(director),
            73..81 => change_plugins(director),
            81..84 => self.set_clock(director),
            84..85 => shut_or_open_a_door(director),
            85..86 => depose(director),
            86..89 => director.kill(dice.index(HOSTS.len())),
            89..90 => stop(director),
            _ => director.start(dice.index(HOSTS.len())),
        }
    }

    fn post(&mut self, director: &mut Director) {
        let dice = &director.scene.dice;
        let count = if dice.per_mille(200) { dice.within(2..20) } else { 1 };
        let tries = if dice.per_mille(100) { 1 } else { u32::MAX };
        let numbers = self.next_event..self.next_event + count;
        let events = numbers.map(|number| self.event(director, number)).collect();
        self.next_event += count;
        let person = director.person.clone();
        director.lets(person.post(events, tries));
    }

    fn event(&self, director: &Director, number: u64) -> Event {
        values::event(director.scene.seed, number, director.scene.now())
    }

    /// Somebody tries a webhook.
    fn try_out(&mut self, director: &mut Director) {
        let Some((_, id)) = any_webhook(director) else { return };
        let facts = director.scene.facts.state();
        let Some(webhook) = facts.webhook(id).map(|fact| fact.webhook.clone()) else { return };
        drop(facts);
        let trial = values::trial(director.scene.seed, self.next_event, &webhook);
        self.next_event += 1;
        let person = director.person.clone();
        director.lets(person.post(vec![trial], u32::MAX));
    }

    fn post_again(&mut self, director: &mut Director) {
        if self.next_event == 0 {
            return;
        }
        let number = director.scene.dice.within(0..self.next_event);
        let person = director.person.clone();
        if director.scene.dice.per_mille(300) {
            director.lets(person.post_otherwise(number));
        } else {
            let event = self.event(director, number);
            director.lets(person.post(vec![event], u32::MAX));
        }
    }

    fn add_webhook(&mut self, director: &mut Director) {
        let scene = &director.scene;
        let webhook = values::webhook(&scene.dice, self.next_webhook, scene.now());
        self.next_webhook += 1;
        let person = director.person.clone();
        director.lets(person.put(webhook));
    }

    fn set_clock(&mut self, director: &Director) {
        let scene = &director.scene;
        let dice = &scene.dice;
        scene.disturb();
        match dice.within(0..10) {
            0 => scene.set_forward(Duration::from_secs(dice.within(60..7_200))),
            1..4 if self.backs > 0 => {
                self.backs -= 1;
                scene.time.set_back(dice.millis(1..4_000));
            }
            _ => scene.set_forward(dice.millis(1..30_000)),
        }
        scene.facts.state().note(&format!("the clock is set to {}", scene.now().as_micros()));
    }
}

impl Weather {
    /// Some weather. The store and the ways to it are as it says from now on.
    fn new(director: &Director) -> Self {
        let scene = &director.scene;
        let dice = &scene.dice;
        let is_stormy = dice.per_mille(600);
        let rate = |most: u16| {
            if is_stormy { u16::try_from(dice.within(0..u64::from(most))).unwrap_or(0) } else { 0 }
        };
        let faults = Faults { before_per_mille: rate(25), after_per_mille: rate(25) };
        scene.store.set(faults);
        scene.shelf.give_up(if is_stormy { dice.within(0..60) } else { 0 });
        let slow = *dice.pick(&[0, 0, 5, 300]);
        for host in director.hosts.iter().flatten() {
            host.door.slow(slow);
        }
        director.person.door.slow(slow);
        scene.disturb();
        scene.facts.state().note(&format!("weather: {faults:?}, slow {slow}"));
        let (pace, longest) = *dice.pick(&[(300, 200), (60, 5_000), (15, 120_000)]);
        Self {
            deeds: dice.within(10..60),
            pace,
            longest: Duration::from_millis(longest),
            killed: if is_stormy { dice.within(0..300) } else { 0 },
        }
    }
}

/// One of the webhooks that are there, but for the well-behaved one.
fn any_webhook(director: &Director) -> Option<(Organization, WebhookId)> {
    let facts = director.scene.facts.state();
    let is_there = |fact: &&WebhookFact| {
        !fact.removed && fact.webhook.id != values::webhook_id(values::HEALTHY)
    };
    let all: Vec<_> = facts.webhooks.values().filter(is_there).collect();
    let fact = all.get(director.scene.dice.index(all.len().max(1)))?;
    Some((fact.webhook.organization.clone(), fact.webhook.id))
}

fn change_mood(director: &Director) {
    let dice = &director.scene.dice;
    let Some((_, webhook)) = any_webhook(director) else { return };
    let moods = [
        Mood::Well,
        Mood::Well,
        Mood::Mixed,
        Mood::Mixed,
        Mood::Mixed,
        Mood::Answers(500),
        Mood::Answers(404),
        Mood::Answers(410),
        Mood::Answers(422),
        Mood::Busy,
        Mood::Hangs,
        Mood::Cuts,
        Mood::Down,
        Mood::Locked,
    ];
    let mood = *dice.pick(&moods);
    let name = &webhook.to_string()[..4];
    director.scene.facts.state().note(&format!("the vendor of {name} is now {mood:?}"));
    director.scene.vendors.set(webhook, mood);
}

fn suspend(director: &mut Director) {
    let Some((organization, id)) = any_webhook(director) else { return };
    let person = director.person.clone();
    director.lets(person.change(organization, id, |webhook, now| {
        webhook.suspended_at.get_or_insert(now);
        webhook.suspended_because.get_or_insert_with(|| "by hand".to_owned());
    }));
}

fn resume(director: &mut Director) {
    let Some((organization, id)) = any_webhook(director) else { return };
    let person = director.person.clone();
    director.lets(person.change(organization, id, people::resume));
}

fn change_limits(director: &mut Director) {
    let Some((organization, id)) = any_webhook(director) else { return };
    let dice = &director.scene.dice;
    let concurrency = Some(*dice.pick(&[1, 3, 8]));
    let moves = dice.per_mille(300);
    let person = director.person.clone();
    director.lets(person.change(organization, id, move |webhook, _| {
        webhook.limits.concurrency = concurrency;
        if moves {
            webhook.hooks.iter_mut().for_each(|hook| hook.endpoint.push('x'));
        }
    }));
}

/// Somebody asks for a delivery again, whatever has become of it; or some do, one shortly after the other.
fn ask_again(director: &mut Director) {
    let keys: Vec<DeliveryKey> = director.scene.facts.state().deliveries.keys().copied().collect();
    let dice = director.scene.dice.clone();
    let Some(key) = keys.get(dice.index(keys.len().max(1))) else { return };
    // Several people may have the same idea.
    for _ in 0..*dice.pick(&[1, 1, 2, 3]) {
        let person = director.person.clone();
        director.lets(person.ask_for(*key));
    }
}

/// Somebody asks for many deliveries again.
fn replay(director: &mut Director) {
    let Some((organization, webhook)) = any_webhook(director) else { return };
    let scene = &director.scene;
    let mut id = [0; 16];
    scene.dice.fill(&mut id);
    let statuses: &[&[Status]] =
        &[&[Status::Dead], &[Status::Dead, Status::Skipped], &[Status::Delivered]];
    let selection = Selection {
        webhook: scene.dice.per_mille(700).then_some(webhook),
        statuses: scene.dice.pick(statuses).to_vec(),
        from: None,
        to: None,
        out_of_order: scene.dice.per_mille(200),
    };
    let replay = Replay {
        id: ReplayId::from_random(id),
        organization,
        selection,
        created_at: scene.now(),
        progress: Progress::default(),
    };
    let person = director.person.clone();
    director.lets(person.replay(replay));
}

fn remove_webhook(director: &mut Director) {
    let Some((organization, id)) = any_webhook(director) else { return };
    let person = director.person.clone();
    director.lets(person.remove(organization, id));
}

fn remove_hook(director: &mut Director) {
    let Some((organization, id)) = any_webhook(director) else { return };
    let person = director.person.clone();
    director.lets(person.change(organization, id, |webhook, _| {
        if webhook.hooks.len() > 1 {
            webhook.hooks.pop();
        }
    }));
}

fn change_plugins(director: &Director) {
    let Director { scene, .. } = director;
    let kind = *scene.dice.pick(&Kind::ALL);
    match scene.dice.within(0..10) {
        0..4 => scene.shelf.replace(kind),
        4..7 if kind != Kind::Plain => scene.shelf.remove(kind),
        _ => scene.shelf.put_back(kind),
    }
    scene.facts.state().note(&format!("plugin {} changes on the shelf", kind.name()));
    director.look();
}

fn shut_or_open_a_door(director: &Director) {
    let dice = &director.scene.dice;
    if let Some(host) = &director.hosts[dice.index(HOSTS.len())] {
        director.scene.disturb();
        host.door.shut(!host.door.is_shut());
        director.scene.facts.state().note(&format!("a door is shut: {}", host.door.is_shut()));
    }
}

/// The lease runs out while calls of a host hang: another host can take the lead before they arrive.
fn depose(director: &mut Director) {
    (0..HOSTS.len()).for_each(|which| director.start(which));
    let scene = &director.scene;
    if let Some(host) = &director.hosts[scene.dice.index(HOSTS.len())] {
        host.door.slow(HANGING_MILLIS);
    }
    if scene.dice.per_mille(500) {
        scene.set_forward(scene.lease);
    }
    scene.disturb();
    scene.facts.state().note("the calls of a host hang");
}

fn stop(director: &Director) {
    if let Some(host) = &director.hosts[director.scene.dice.index(HOSTS.len())] {
        director.scene.disturb();
        director.scene.facts.state().note("a host is asked to stop");
        host.ask_to_stop();
    }
}
