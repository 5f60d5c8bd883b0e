//! What becomes of an event and a hook after the transform.

use std::sync::Arc;

use crate::{
    Content, Delivery, DeliveryKey, Fault, Head, Made, NotRun, OrderKey, Outcome, Part, PluginName,
    PluginRef, Request, RetryPolicy, Status, Timestamp, Transformed, limits,
};

/// One event and one hook: what a delivery is made for.
#[derive(Clone, Debug)]
pub struct Making<'a> {
    /// The outcome's first delivery.
    pub key: DeliveryKey,
    /// The plugin version that ran or was to run; absent where there is none.
    pub plugin: Option<&'a PluginRef>,
    /// The delivery without bytes that is made anew, if it is one.
    pub before: Option<Head>,
    /// Where the webhook wants an order.
    pub order: Option<OrderKey>,
    /// Whether it is made on trial.
    pub emulated: bool,
    /// The time.
    pub now: Timestamp,
}

impl Making<'_> {
    /// The deliveries that a run of the transform gives. `retry` is the vendor's schedule, `random` any number,
    /// spread over its whole range.
    ///
    /// Requests are scheduled at once. A fault that would come again is a dead letter at once; a plugin that asks for
    /// time is run again by the vendor's schedule; and what the host could not run, it runs again by a schedule of
    /// its own, since that says nothing about the event. Both end.
    pub fn deliveries(
        &self,
        result: Result<Transformed, NotRun>,
        retry: &RetryPolicy,
        random: u32,
    ) -> Vec<Delivery> {
        let round = self.before.map_or(0, |head| head.round());
        let ran = match result {
            Ok(ran) => ran,
            Err(NotRun::Missing(name)) => return vec![self.missing(&NotRun::Missing(name))],
            Err(reason) => {
                let wait = limits::NOT_RUN_WAIT_MIN.saturating_mul(1_u32 << round.min(16));
                let due = Some(self.now.after(wait.min(limits::NOT_RUN_WAIT_MAX)));
                let reason = format!("{reason}; the plugin is run again");
                return vec![self.again(reason.clone(), Fault::Trap(reason), due)];
            }
        };
        // The version that ran may have replaced the one that was to run.
        let this = Making { plugin: Some(&ran.plugin), ..*self };
        match ran.result {
            Ok(Outcome::Deliver(requests)) => this.scheduled(requests),
            Ok(Outcome::Skip(reason)) => vec![this.skipped(reason)],
            Err(fault) if fault.is_worth_another_run() => {
                let due = retry.next(round + 1, self.now, None, random);
                vec![this.again(fault.to_string(), fault, due)]
            }
            Err(fault) => vec![this.dead(fault)],
        }
    }

    /// A delivery that nothing is sent for.
    pub fn skipped(&self, reason: String) -> Delivery {
        self.made(self.head(Status::Skipped, self.now), Content::Skipped(reason))
    }

    /// A delivery whose plugin is not there.
    pub fn missing(&self, reason: &NotRun) -> Delivery {
        let due = self.now.after(limits::MISSING_PLUGIN_RECHECK);
        let reason = format!("{reason}; the delivery is made when it is back");
        self.made(self.still(due), Content::Blocked(reason))
    }

    /// A delivery that is not made now, so that the event's others need not wait for it; `due` is when it has its
    /// turn.
    pub fn busy(&self, why: Busy, plugin: &PluginName, due: Timestamp) -> Delivery {
        let reason = match why {
            Busy::Overrun => format!("plugin {plugin} has more to do than it gets done"),
            Busy::Rests => format!(
                "plugin {plugin} takes too long and is held back, so that others need not wait for it"
            ),
            Busy::State => format!(
                "plugin {plugin} keeps state for this webhook and is busy with earlier events"
            ),
        };
        let reason = format!("{reason}; the delivery is made in its turn");
        self.made(self.still(due), Content::Blocked(reason))
    }

    /// A dead letter without bytes.
    pub fn dead(&self, fault: Fault) -> Delivery {
        self.made(self.still_as(Status::Dead, self.now), Content::Faulted(fault))
    }

    fn scheduled(&self, requests: Vec<Request>) -> Vec<Delivery> {
        let with_parts = (0..=u8::MAX).zip(requests);
        let one = |(part, request)| {
            let mut head = self.head(Status::Scheduled, self.now);
            head.key.part = Part(part);
            self.made(head, Content::Request(Arc::new(request)))
        };
        with_parts.map(one).collect()
    }

    /// A delivery whose transform was run once more and is to be run again at `due`; a dead letter where there is no
    /// such time, or where it was run often enough.
    fn again(&self, reason: String, at_last: Fault, due: Option<Timestamp>) -> Delivery {
        let mut head = self.still(due.unwrap_or(self.now));
        head.attempts += 1;
        if due.is_some() && head.round() < limits::TRANSFORM_RUNS_MAX {
            return self.made(head, Content::Blocked(reason));
        }
        let dead = Head { status: Status::Dead, due: self.now, ..head };
        self.made(dead, Content::Faulted(at_last))
    }

    /// The head of a delivery that is still without bytes.
    fn still(&self, due: Timestamp) -> Head {
        self.still_as(Status::Blocked, due)
    }

    /// A head that counts on from the one before it.
    fn still_as(&self, status: Status, due: Timestamp) -> Head {
        let (attempts, earlier) = self.before.map_or((0, 0), |head| (head.attempts, head.earlier));
        Head { attempts, earlier, ..self.head(status, due) }
    }

    fn head(&self, status: Status, due: Timestamp) -> Head {
        // A head's time never goes back, so that a replay knows what was moved after it was asked for.
        let at = self.before.map_or(self.now, |before| self.now.max(before.at));
        let new = Head::new(self.key, status, due, at);
        Head { order: self.order, emulated: self.emulated, ..new }
    }

    fn made(&self, head: Head, content: Content) -> Delivery {
        Delivery { head, made: Made { plugin: self.plugin.cloned(), content } }
    }
}

/// Why a delivery is not made at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// The plugin is asked for more than it gets done.
    Overrun,
    /// The plugin uses more time than it may.
    Rests,
    /// Earlier events of the webhook are at the plugin's state.
    State,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Digest, EventNo, HookNo, Method, WebhookId};

    const NOW: Timestamp = Timestamp::from_micros(5_000_000);

    fn key() -> DeliveryKey {
        let webhook = WebhookId::from_random([1; 16]);
        DeliveryKey { event: EventNo(1), webhook, hook: HookNo(0), part: Part(0) }
    }

    fn acme() -> PluginRef {
        let name = PluginName::new("acme").unwrap();
        PluginRef { name, version: "1.0.0".into(), digest: Digest([1; 32]) }
    }

    fn retry() -> RetryPolicy {
        RetryPolicy {
            schedule: vec![Duration::from_secs(60)],
            repeat_last: false,
            max_attempts: 2,
            jitter_percent: 0,
        }
    }

    /// A delivery whose transform ran so often already, beside 7 runs before somebody asked for it again.
    fn making(runs: u32) -> Making<'static> {
        let head = Head::new(key(), Status::Blocked, NOW, NOW);
        let before = (runs > 0).then_some(Head { attempts: runs + 7, earlier: 7, ..head });
        Making { key: key(), plugin: None, before, order: None, emulated: false, now: NOW }
    }

    fn ran(result: Result<Outcome, Fault>) -> Result<Transformed, NotRun> {
        Ok(Transformed {
            plugin: acme(),
            result,
            reads: vec![],
            writes: vec![],
            log: vec![],
            log_dropped: 0,
            took: Duration::ZERO,
        })
    }

    fn request() -> Request {
        Request { method: Method::Post, path: String::new(), headers: vec![], body: vec![] }
    }

    #[test]
    fn a_result_becomes_deliveries() {
        let later = || Fault::RetryLater("no rate yet".into());
        let lost = || Err(NotRun::State("no answer".into()));
        for (result, runs, status, runs_after, wait, words) in [
            (ran(Ok(Outcome::Deliver(vec![request()]))), 3, Status::Scheduled, 0, 0, ""),
            (ran(Ok(Outcome::Skip("not ours".into()))), 0, Status::Skipped, 0, 0, "not ours"),
            (ran(Err(Fault::Stack)), 2, Status::Dead, 2, 0, "used up its stack"),
            (ran(Err(later())), 0, Status::Blocked, 1, 60, "no rate yet"),
            (ran(Err(later())), 1, Status::Dead, 2, 0, "no rate yet"),
            (Err(NotRun::Missing(acme().name)), 4, Status::Blocked, 4, 300, "acme is not loaded"),
            (lost(), 0, Status::Blocked, 1, 5, "no answer; the plugin is run again"),
            (lost(), 3, Status::Blocked, 4, 40, "no answer"),
            (lost(), 50, Status::Blocked, 51, 300, "no answer"),
            (
                lost(),
                limits::TRANSFORM_RUNS_MAX - 1,
                Status::Dead,
                limits::TRANSFORM_RUNS_MAX,
                0,
                "no answer",
            ),
        ] {
            let made = making(runs).deliveries(result.clone(), &retry(), 0);
            let [Delivery { head, made }] = &made[..] else { panic!("{made:?}") };
            let wait = Duration::from_secs(wait);
            assert_eq!(
                (head.status, head.round(), head.due),
                (status, runs_after, NOW.after(wait)),
                "{result:?}"
            );
            let reason = made.reason().unwrap_or_default();
            assert!(reason.contains(words), "{reason}");
        }
    }

    #[test]
    fn several_requests_are_several_deliveries_in_their_order() {
        let outcome = ran(Ok(Outcome::Deliver(vec![request(), request(), request()])));
        let made = making(0).deliveries(outcome, &retry(), 0);
        let parts: Vec<u8> = made.iter().map(|delivery| delivery.head.key.part.0).collect();
        assert_eq!(parts, [0, 1, 2]);
        assert_eq!(
            made[0].head.key.id(),
            key().id(),
            "the first is the one that the plugin was told of"
        );
    }
    #[test]
    fn what_is_made_keeps_what_belongs_to_the_webhook_and_its_order() {
        let order = Some(OrderKey(9));
        let making = Making { order, emulated: true, ..making(3) };
        let acme = PluginName::new("acme").unwrap();
        let made = [
            making.busy(Busy::State, &acme, NOW),
            making.missing(&NotRun::Missing(acme.clone())),
            making.skipped(String::new()),
            making.dead(Fault::Stack),
        ];
        let ran = making.deliveries(ran(Ok(Outcome::Deliver(vec![request()]))), &retry(), 0);
        for delivery in made.iter().chain(&ran) {
            assert_eq!(
                (delivery.head.order, delivery.head.emulated),
                (order, true),
                "{delivery:?}"
            );
        }
        let counts = |delivery: &Delivery| (delivery.head.attempts, delivery.head.earlier);
        assert_eq!(counts(&made[0]), (10, 7), "a delivery that only waits was not run");
        assert_eq!(counts(&ran[0]), (0, 0), "exchanges are counted from the first");
    }
}
