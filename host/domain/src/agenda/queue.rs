//! What waits at one webhook.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    ops::Range,
    time::Duration,
};

use crate::{DeliveryKey, EventNo, Head, HookNo, OrderKey, Part, Status, Timestamp, WebhookId};

/// The deliveries that wait at one webhook, the one that is due longest first.
///
/// Of those with the same order key only the first stands in the queue, and only while none of them is out and no
/// event before it is still being dispatched; the others stand in their line behind it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    queue: BTreeMap<(Timestamp, Place), Rest>,
    /// The order keys with one delivery that waits in the queue, and nothing else, and where it stands there. Most keys
    /// are such, and there may be millions: a line would take ten times as much.
    lone: BTreeMap<OrderKey, (Timestamp, Place)>,
    /// All other order keys.
    lines: BTreeMap<OrderKey, Line>,
    /// The ordered deliveries that are in flight or have their place kept, and how often.
    out: HashMap<Place, Out>,
}

/// Where a delivery stands among those of its webhook; the order of acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    event: EventNo,
    hook: HookNo,
    part: Part,
}

/// What a head says beside its webhook, place and due time: kept small, since there may be millions.
#[derive(Clone, Copy, Debug)]
struct Rest {
    at: Timestamp,
    order: u64,
    attempts: u32,
    earlier: u32,
    status: Status,
    ordered: bool,
    emulated: bool,
}

/// A delivery that holds those behind it. What is known to be in flight may have arrived already, and be opened again:
/// then it holds them twice, and until both have ended.
#[derive(Debug)]
struct Out {
    order: OrderKey,
    times: u32,
}

/// The deliveries with one order key.
#[derive(Debug, Default)]
struct Line {
    waiting: BTreeMap<Place, (Timestamp, Rest)>,
    /// Events that are being dispatched and may still bring deliveries, and how often each was announced.
    expected: BTreeMap<EventNo, u32>,
    /// How many different ones are out.
    out: usize,
    /// The one of `waiting` that stands in the queue.
    front: Option<(Timestamp, Place)>,
}

impl Queue {
    /// Adds a delivery; false when it was there already.
    pub(super) fn insert(&mut self, head: &Head) -> bool {
        let (place, rest) = (Place::of(&head.key), Rest::of(head));
        let Some(key) = head.order else {
            return self.queue.insert((head.due, place), rest).is_none();
        };
        if !self.lone.contains_key(&key) && !self.lines.contains_key(&key) {
            self.lone.insert(key, (head.due, place));
            return self.queue.insert((head.due, place), rest).is_none();
        }
        let fresh = self.line(key).waiting.insert(place, (head.due, rest)).is_none();
        self.line_up(key);
        fresh
    }

    /// When the first is due.
    pub(super) fn first_due(&self) -> Option<Timestamp> {
        self.queue.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes the first, if it is due.
    pub(super) fn take_due(&mut self, webhook: WebhookId, now: Timestamp) -> Option<Head> {
        let first = self.queue.first_entry().filter(|first| first.key().0 <= now)?;
        let ((due, place), rest) = first.remove_entry();
        let head = rest.head(webhook, place, due);
        if let Some(key) = head.order {
            self.leave_line(key, place);
            self.hold(&head);
        }
        Some(head)
    }

    /// Says that a delivery that was taken or held is so once less.
    pub(super) fn finish(&mut self, key: &DeliveryKey) {
        let Entry::Occupied(mut out) = self.out.entry(Place::of(key)) else { return };
        out.get_mut().times -= 1;
        if out.get().times > 0 {
            return;
        }
        let Out { order, .. } = out.remove();
        if let Some(line) = self.lines.get_mut(&order) {
            line.out = line.out.saturating_sub(1);
        }
        self.line_up(order);
    }

    /// Keeps the place of a delivery that does not wait now: those behind it in its line wait until it is finished, as
    /// often as it was held.
    pub(super) fn hold(&mut self, head: &Head) {
        let Some(order) = head.order else { return };
        let out = self.out.entry(Place::of(&head.key)).or_insert(Out { order, times: 0 });
        out.times += 1;
        if out.times == 1 {
            self.line(order).out += 1;
        }
        self.line_up(order);
    }

    /// The last delivery of a later event with the same key that is out.
    pub(super) fn overtaken_by(&self, head: &Head) -> Option<DeliveryKey> {
        let DeliveryKey { event, webhook, .. } = head.key;
        let same = self.out.iter().filter(|(_, out)| Some(out.order) == head.order);
        let last = same.map(|(place, _)| *place).filter(|place| place.event > event).max()?;
        Some(DeliveryKey { event: last.event, webhook, hook: last.hook, part: last.part })
    }

    /// Removes a delivery that waits; false when it does not.
    pub(super) fn take_out(&mut self, head: &Head) -> bool {
        let place = Place::of(&head.key);
        match head.order {
            None => self.queue.remove(&(head.due, place)).is_some(),
            Some(key) => {
                let there = self.leave_line(key, place);
                self.line_up(key);
                there
            }
        }
    }

    /// Moves those that are due and stand behind one that was accepted later to the due time of that one. Returns them
    /// as they were, with the due time of each.
    pub(super) fn order_by_acceptance(
        &mut self,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Vec<(Head, Timestamp)> {
        let due = || self.queue.range(..=(now, Place::MAX));
        let mut latest = None;
        let is_behind = |place: Place| {
            let behind = latest.is_some_and(|latest| place < latest);
            latest = latest.max(Some(place));
            behind
        };
        let mut late: Vec<(Place, Head)> = due()
            .map(|((due, place), rest)| (*place, rest.head(webhook, *place, *due)))
            .scan(is_behind, |is_behind, (place, head)| Some((is_behind(place), place, head)))
            .filter_map(|(behind, place, head)| behind.then_some((place, head)))
            .collect();
        late.sort_unstable_by_key(|(place, _)| *place);
        // The first in the queue that was accepted later; those of a later place have theirs no earlier.
        let mut rest = due().map(|((due, place), _)| (*due, *place)).peekable();
        let mut moved = Vec::with_capacity(late.len());
        for (place, head) in late {
            while rest.peek().is_some_and(|(_, other)| *other <= place) {
                rest.next();
            }
            if let Some((due, _)) = rest.peek() {
                moved.push((head, *due));
            }
        }
        for (head, due) in &moved {
            self.take_out(head);
            self.insert(&Head { due: *due, ..*head });
        }
        moved
    }

    /// Removes deliveries that were due before the time that `before` names for their status, at most `max`.
    pub(super) fn take_overdue(
        &mut self,
        webhook: WebhookId,
        max: usize,
        before: impl Fn(Status) -> Option<Timestamp>,
    ) -> Vec<Head> {
        let (blocked, scheduled) = (before(Status::Blocked), before(Status::Scheduled));
        let Some(latest) = blocked.max(scheduled) else { return Vec::new() };
        let is_overdue = |due: Timestamp, rest: &Rest| {
            let before = if rest.status == Status::Blocked { blocked } else { scheduled };
            before.is_some_and(|before| due < before)
        };
        let all = Timestamp::from_micros(i64::MIN)..latest;
        self.take_some(webhook, max, all, is_overdue)
    }

    /// Removes deliveries without bytes that are due later than that, at most `max`.
    pub(super) fn take_blocked(
        &mut self,
        webhook: WebhookId,
        max: usize,
        later_than: Timestamp,
    ) -> Vec<Head> {
        let first = later_than.after(Duration::from_micros(1));
        let is_blocked = |due, rest: &Rest| due >= first && rest.status == Status::Blocked;
        self.take_some(webhook, max, first..Timestamp::MAX, is_blocked)
    }

    /// Removes deliveries that are meant, at most `max`; all that are meant are due within `range`.
    fn take_some(
        &mut self,
        webhook: WebhookId,
        max: usize,
        range: Range<Timestamp>,
        is_meant: impl Fn(Timestamp, &Rest) -> bool,
    ) -> Vec<Head> {
        let first = Place { event: EventNo(0), hook: HookNo(0), part: Part(0) };
        let in_queue = self.queue.range((range.start, first)..(range.end, first));
        let is_alone = |rest: &Rest| !rest.ordered || self.lone.contains_key(&OrderKey(rest.order));
        let in_queue = in_queue.filter(|((due, _), rest)| is_alone(rest) && is_meant(*due, rest));
        let in_lines = self.lines.values().flat_map(|line| &line.waiting);
        let in_lines = in_lines.filter(|(_, (due, rest))| is_meant(*due, rest));
        let all = in_queue
            .map(|((due, place), rest)| rest.head(webhook, *place, *due))
            .chain(in_lines.map(|(place, (due, rest))| rest.head(webhook, *place, *due)));
        let taken: Vec<Head> = all.take(max).collect();
        for head in &taken {
            self.take_out(head);
        }
        taken
    }

    /// Removes all.
    pub(super) fn take_all(&mut self, webhook: WebhookId) -> Vec<Head> {
        let in_queue = std::mem::take(&mut self.queue).into_iter();
        let lone = std::mem::take(&mut self.lone);
        let mut all: Vec<Head> = in_queue
            .filter(|(_, rest)| !rest.ordered || lone.contains_key(&OrderKey(rest.order)))
            .map(|((due, place), rest)| rest.head(webhook, place, due))
            .collect();
        for line in self.lines.values_mut() {
            line.front = None;
            let in_line = std::mem::take(&mut line.waiting).into_iter();
            all.extend(in_line.map(|(place, (due, rest))| rest.head(webhook, place, due)));
        }
        self.lines.retain(|_, line| line.out > 0 || !line.expected.is_empty());
        all
    }

    /// Announces that an event that is being dispatched may bring deliveries with this key.
    pub(super) fn expect(&mut self, key: OrderKey, event: EventNo) {
        *self.line(key).expected.entry(event).or_default() += 1;
        self.line_up(key);
    }

    /// Takes an announcement back: the event was dispatched, or will not be by this lead.
    pub(super) fn met(&mut self, key: OrderKey, event: EventNo) {
        let Some(line) = self.lines.get_mut(&key) else { return };
        if let Some(times) = line.expected.get_mut(&event) {
            *times -= 1;
            if *times == 0 {
                line.expected.remove(&event);
            }
        }
        self.line_up(key);
    }

    /// Whether nothing waits, is out in order, or is expected.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.lines.is_empty()
    }

    /// The line of an order key, made one if the key has only a lone delivery or nothing. It is to be lined up.
    fn line(&mut self, key: OrderKey) -> &mut Line {
        let line = self.lines.entry(key).or_default();
        if let Some(front) = self.lone.remove(&key)
            && let Some(rest) = self.queue.get(&front)
        {
            line.waiting.insert(front.1, (front.0, *rest));
            line.front = Some(front);
        }
        line
    }

    /// Removes a delivery from its line, and from the queue if it is the line's front; false when it does not wait.
    fn leave_line(&mut self, key: OrderKey, place: Place) -> bool {
        if self.lone.get(&key).is_some_and(|(_, lone)| *lone == place) {
            return self.lone.remove(&key).is_some_and(|front| {
                self.queue.remove(&front);
                true
            });
        }
        let Some(line) = self.lines.get_mut(&key) else { return false };
        let there = line.waiting.remove(&place).is_some();
        if let Some(front) = line.front.take_if(|(_, front)| *front == place) {
            self.queue.remove(&front);
        }
        there
    }

    /// Puts the delivery in the queue that is to stand there for its line, and forgets a line that is used up or has
    /// only a lone delivery left.
    fn line_up(&mut self, key: OrderKey) {
        let Some(line) = self.lines.get_mut(&key) else { return };
        let first =
            line.waiting.first_key_value().map(|(place, (due, rest))| (*due, *place, *rest));
        let awaited = line.expected.first_key_value().map(|(event, _)| *event);
        let may_go = |(_, place, _): &(Timestamp, Place, Rest)| {
            line.out == 0 && awaited.is_none_or(|event| place.event <= event)
        };
        let wanted = first.filter(may_go);
        let front = wanted.map(|(due, place, _)| (due, place));
        if line.front != front {
            if let Some(left) = std::mem::replace(&mut line.front, front) {
                self.queue.remove(&left);
            }
            if let Some((due, place, rest)) = wanted {
                self.queue.insert((due, place), rest);
            }
        }
        if line.waiting.len() <= 1 && line.expected.is_empty() && line.out == 0 {
            let lone = self.lines.remove(&key).and_then(|line| line.front);
            self.lone.extend(lone.map(|front| (key, front)));
        }
    }
}

impl Place {
    const MAX: Self = Self { event: EventNo(u64::MAX), hook: HookNo(u8::MAX), part: Part(u8::MAX) };

    fn of(key: &DeliveryKey) -> Self {
        Self { event: key.event, hook: key.hook, part: key.part }
    }
}

impl Rest {
    fn of(head: &Head) -> Self {
        Self {
            at: head.at,
            order: head.order.map_or(0, |key| key.0),
            attempts: head.attempts,
            earlier: head.earlier,
            status: head.status,
            ordered: head.order.is_some(),
            emulated: head.emulated,
        }
    }

    fn head(&self, webhook: WebhookId, place: Place, due: Timestamp) -> Head {
        let Place { event, hook, part } = place;
        Head {
            key: DeliveryKey { event, webhook, hook, part },
            status: self.status,
            attempts: self.attempts,
            earlier: self.earlier,
            due,
            at: self.at,
            order: self.ordered.then_some(OrderKey(self.order)),
            emulated: self.emulated,
        }
    }
}
