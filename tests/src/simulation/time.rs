//! The time of a simulation: it stands still until it is moved.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use transload_delivery::run::Timer;
use transload_domain::{Clock, Timestamp};

/// Two clocks: one that only goes forward, by which vendors, plugins and the store take their time; and the one on the
/// wall, which the hosts look at, and which somebody may set.
#[derive(Clone)]
pub(super) struct Time(Arc<Mutex<Hands>>);

struct Hands {
    steady: Timestamp,
    wall: Timestamp,
    /// The wall's time when everybody last had nothing to do.
    idle: Timestamp,
    /// The latest time that the wall has ever shown.
    latest: Timestamp,
    next: u64,
    sleeping: Waiting,
    waiting: Waiting,
}

/// Who waits for which time, in the order of coming.
type Waiting = BTreeMap<(Timestamp, u64), Waker>;

/// Waits until one of the clocks shows a time.
pub(super) struct Until {
    time: Time,
    by: By,
    at: Timestamp,
    registered: Option<u64>,
}

#[derive(Clone, Copy)]
enum By {
    Steady,
    Wall,
}

impl Time {
    /// A time in the middle of 2026.
    pub(super) fn new() -> Self {
        let start = Timestamp::from_micros(1_780_000_000_000_000);
        Self(Arc::new(Mutex::new(Hands {
            steady: start,
            wall: start,
            idle: start,
            latest: start,
            next: 0,
            sleeping: Waiting::new(),
            waiting: Waiting::new(),
        })))
    }

    /// Takes so long.
    pub(super) fn sleep(&self, long: Duration) -> Until {
        let at = self.hands().steady.after(long);
        Until { time: self.clone(), by: By::Steady, at, registered: None }
    }

    /// The time of the clock that only goes forward.
    pub(super) fn steady(&self) -> Timestamp {
        self.hands().steady
    }

    /// The wall's time when everybody last had nothing to do: what was decided since then was decided at this time or
    /// later.
    pub(super) fn last_idle(&self) -> Timestamp {
        self.hands().idle
    }

    /// The latest time that the wall has ever shown: what was due then was due, also where the clock was set back since.
    pub(super) fn latest(&self) -> Timestamp {
        self.hands().latest
    }

    /// Says that nobody has anything to do at this time.
    pub(super) fn idle(&self) {
        let mut hands = self.hands();
        hands.idle = hands.wall;
    }

    /// How long it is until somebody has something to do; `None` when nobody waits for a time.
    pub(super) fn next(&self) -> Option<Duration> {
        let hands = self.hands();
        let first = |waiting: &Waiting, now: Timestamp| {
            waiting.first_key_value().map(|((at, _), _)| at.since(now))
        };
        let sleeping = first(&hands.sleeping, hands.steady);
        let waiting = first(&hands.waiting, hands.wall);
        sleeping.into_iter().chain(waiting).min()
    }

    /// Lets time pass.
    pub(super) fn advance(&self, by: Duration) {
        self.change(|hands| {
            hands.steady = hands.steady.after(by);
            hands.wall = hands.wall.after(by);
        });
    }

    /// Sets the clock on the wall.
    pub(super) fn set_forward(&self, by: Duration) {
        self.change(|hands| hands.wall = hands.wall.after(by));
    }

    /// Sets the clock on the wall back.
    pub(super) fn set_back(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.change(|hands| {
            hands.wall = Timestamp::from_micros(hands.wall.as_micros().saturating_sub(micros));
            // The time of what is decided from now on is earlier.
            hands.idle = hands.idle.min(hands.wall);
        });
    }

    /// Moves the clocks and wakes those whose time has come, in the order of their times.
    fn change(&self, change: impl FnOnce(&mut Hands)) {
        let mut hands = self.hands();
        change(&mut hands);
        hands.latest = hands.latest.max(hands.wall);
        let Hands { steady, wall, sleeping, waiting, .. } = &mut *hands;
        let mut woken = due(sleeping, *steady);
        woken.extend(due(waiting, *wall));
        drop(hands);
        for waker in woken {
            waker.wake();
        }
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn due(waiting: &mut Waiting, now: Timestamp) -> Vec<Waker> {
    let later = waiting.split_off(&(now.after(Duration::from_micros(1)), 0));
    std::mem::replace(waiting, later).into_values().collect()
}

impl Hands {
    fn of(&mut self, by: By) -> (Timestamp, &mut Waiting) {
        match by {
            By::Steady => (self.steady, &mut self.sleeping),
            By::Wall => (self.wall, &mut self.waiting),
        }
    }
}

impl Future for Until {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let time = self.time.clone();
        let mut hands = time.hands();
        let number = *self.registered.get_or_insert_with(|| {
            hands.next += 1;
            hands.next
        });
        let (now, waiting) = hands.of(self.by);
        if now >= self.at {
            waiting.remove(&(self.at, number));
            return Poll::Ready(());
        }
        waiting.insert((self.at, number), context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        if let Some(number) = self.registered {
            self.time.hands().of(self.by).1.remove(&(self.at, number));
        }
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.hands().wall
    }
}

#[async_trait]
impl Timer for Time {
    async fn wait_until(&self, at: Timestamp) {
        Until { time: self.clone(), by: By::Wall, at, registered: None }.await;
    }
}
