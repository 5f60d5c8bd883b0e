//! Scripted vendors, and one host's way to them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use transload_delivery::{Exchange, Sender};
use transload_domain::{
    Answer, AttemptOutcome, Clock as _, SendFailure, SendFailureKind, Webhook, WebhookId, limits,
};

use super::{exchanges::Times, facts::Facts, plugins::Kind, time::Time};
use crate::dice::Dice;

/// How a vendor is at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mood {
    /// It takes everything and says so.
    #[default]
    Well,
    /// Everything happens, good and bad.
    Mixed,
    /// It answers everything with this status.
    Answers(u16),
    /// It asks for time, by `Retry-After`.
    Busy,
    /// It does not answer.
    Hangs,
    /// It takes everything, and its answers are lost.
    Cuts,
    /// Nobody listens.
    Down,
    /// Its token endpoint refuses the credentials.
    Locked,
}

/// Every vendor of a simulation.
pub(super) struct Vendors {
    time: Time,
    dice: Arc<Dice>,
    facts: Arc<Facts>,
    moods: Mutex<BTreeMap<WebhookId, Mood>>,
    /// The webhook whose vendor is always well.
    healthy: WebhookId,
}

/// One host's way to the vendors.
pub(super) struct Line {
    pub(super) host: String,
    pub(super) vendors: Arc<Vendors>,
}

/// What a vendor does with one request.
#[derive(Clone, Copy)]
enum Does {
    Answer {
        status: u16,
        retry_after: Option<Duration>,
    },
    /// It takes the request; what the host learns is this.
    Takes(SendFailureKind),
    /// It does not get it; what the host learns is this.
    Misses(SendFailureKind),
}

/// An exchange under way; it ends when this is dropped, also by a crash.
struct Ongoing<'a> {
    facts: &'a Facts,
    number: u64,
}

impl Drop for Ongoing<'_> {
    fn drop(&mut self) {
        self.facts.state().exchange_ends(self.number);
    }
}

/// Whether an exchange failed by its vendor's fault, as the vendor counts for a suspension.
pub(super) fn has_failed(webhook: &Webhook, outcome: &AttemptOutcome) -> bool {
    let success = webhook.overrides.success.clone();
    let success = success.or_else(|| Kind::of(&webhook.plugin).map(Kind::success));
    match outcome {
        AttemptOutcome::Answered(answer) => success.is_some_and(|s| !s.includes(answer.status)),
        AttemptOutcome::Failed(failure) => matches!(
            failure.kind,
            SendFailureKind::Resolve
                | SendFailureKind::Connect
                | SendFailureKind::Tls
                | SendFailureKind::Timeout
                | SendFailureKind::Broken
        ),
    }
}

/// Whether an exchange shows that the vendor is down, overloaded, or does not know the host.
pub(super) fn is_down(outcome: &AttemptOutcome) -> bool {
    match outcome {
        AttemptOutcome::Answered(answer) => {
            matches!(answer.status, 408 | 425 | 429 | 500..=599)
        }
        AttemptOutcome::Failed(failure) => failure.kind != SendFailureKind::Unsendable,
    }
}

impl Vendors {
    pub(super) fn new(
        time: &Time,
        dice: &Arc<Dice>,
        facts: &Arc<Facts>,
        healthy: WebhookId,
    ) -> Self {
        Self {
            time: time.clone(),
            dice: Arc::clone(dice),
            facts: Arc::clone(facts),
            moods: Mutex::default(),
            healthy,
        }
    }

    pub(super) fn set(&self, webhook: WebhookId, mood: Mood) {
        if webhook != self.healthy {
            self.moods().insert(webhook, mood);
        }
    }

    /// Every vendor is well again.
    pub(super) fn heal(&self) {
        self.moods().clear();
    }

    fn moods(&self) -> MutexGuard<'_, BTreeMap<WebhookId, Mood>> {
        self.moods.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the vendor does with a request now, and how long that takes.
    fn does(&self, webhook: WebhookId) -> (Does, Duration) {
        let answer = |status| Does::Answer { status, retry_after: None };
        let mood = self.moods().get(&webhook).copied().unwrap_or_default();
        let quick = self.dice.millis(1..200);
        match mood {
            Mood::Well => (answer(200), quick),
            Mood::Answers(status) => (answer(status), quick),
            Mood::Busy => {
                let status = *self.dice.pick(&[429, 503]);
                let wait = Duration::from_secs(self.dice.within(0..120));
                (Does::Answer { status, retry_after: Some(wait) }, quick)
            }
            Mood::Hangs if self.dice.per_mille(500) => {
                (Does::Takes(SendFailureKind::Timeout), limits::EXCHANGE_TIME_MAX)
            }
            Mood::Hangs => (Does::Misses(SendFailureKind::Timeout), limits::EXCHANGE_TIME_MAX),
            Mood::Cuts => (Does::Takes(SendFailureKind::Broken), quick),
            Mood::Down => (Does::Misses(SendFailureKind::Connect), quick),
            Mood::Locked => (Does::Misses(SendFailureKind::Credentials), quick),
            Mood::Mixed => self.mixed(),
        }
    }

    fn mixed(&self) -> (Does, Duration) {
        let answer = |status| Does::Answer { status, retry_after: None };
        let does = match self.dice.within(0..10) {
            0 => answer(*self.dice.pick(&[500, 502, 503, 400, 401, 404, 302, 408, 425])),
            1 => answer(*self.dice.pick(&[201, 204, 422])),
            2 => Does::Answer { status: 429, retry_after: Some(self.dice.millis(0..60_000)) },
            3 => Does::Takes(SendFailureKind::Broken),
            4 => Does::Misses(*self.dice.pick(&[
                SendFailureKind::Resolve,
                SendFailureKind::Connect,
                SendFailureKind::Tls,
                SendFailureKind::Token,
            ])),
            _ => answer(200),
        };
        (does, self.dice.millis(1..8_000))
    }
}

#[async_trait]
impl Sender for Line {
    async fn send(&self, exchange: Exchange) -> AttemptOutcome {
        let Vendors { time, facts, healthy, .. } = &*self.vendors;
        let webhook = exchange.delivery.webhook;
        let times = Times { decided: time.last_idle(), now: time.now(), latest: time.latest() };
        let number = facts.state().exchange_begins(&self.host, &exchange, times);
        let _ongoing = Ongoing { facts, number };
        let (does, takes) = self.vendors.does(webhook);
        time.sleep(takes / 2).await;
        if !matches!(does, Does::Misses(_)) {
            facts.state().arrived(&exchange, webhook == *healthy, time.steady());
        }
        time.sleep(takes / 2).await;
        let outcome = match does {
            Does::Answer { status, retry_after } => AttemptOutcome::Answered(Answer {
                status,
                headers: vec![],
                body: vec![],
                cut: false,
                retry_after,
                resent: false,
            }),
            Does::Takes(kind) | Does::Misses(kind) => {
                let detail = format!("a failure of the simulation: {kind}");
                AttemptOutcome::Failed(SendFailure { kind, detail })
            }
        };
        facts.state().answered(&exchange, &outcome, time.now());
        outcome
    }
}
