use super::*;
use crate::{HookNo, Part, Status};

fn webhook(n: u8) -> WebhookId {
    WebhookId::from_random([n; 16])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000)
}

fn head(hook: u8, event: u64, due: i64) -> Head {
    let key = DeliveryKey {
        event: EventNo(event),
        webhook: webhook(hook),
        hook: HookNo(0),
        part: Part(0),
    };
    Head::new(key, Status::Scheduled, at(due), at(0))
}

/// An agenda with these webhooks, each with this cap.
fn agenda(total: usize, caps: &[(u8, u16)]) -> Agenda {
    let mut agenda = Agenda::new(total);
    for (hook, cap) in caps {
        agenda.configure(webhook(*hook), Lane { cap: *cap, suspended: false });
    }
    agenda
}

fn take_all(agenda: &mut Agenda, now: i64) -> Vec<(u8, u64)> {
    let mut taken = Vec::new();
    while let Some(head) = agenda.next(at(now)) {
        let hook = (0..=255).find(|n| webhook(*n) == head.key.webhook).unwrap();
        taken.push((hook, head.key.event.0));
    }
    taken
}

#[test]
fn i8_webhooks_take_turns_however_long_their_queues() {
    let mut agenda = agenda(100, &[(1, 100), (2, 100), (3, 100)]);
    for event in 0..50 {
        agenda.insert(head(1, event, 0));
    }
    agenda.insert(head(2, 60, 0));
    agenda.insert(head(3, 61, 0));
    agenda.insert(head(2, 62, 0));
    let taken = take_all(&mut agenda, 1);
    assert_eq!(taken[..6], [(1, 0), (2, 60), (3, 61), (1, 1), (2, 62), (1, 2)]);
    assert_eq!(taken.len(), 53);
}

#[test]
fn i8_a_webhook_stays_within_its_cap_and_all_within_theirs() {
    for (total, cap, expected) in [(10, 2, 4), (3, 2, 3), (1, 5, 1), (10, 10, 10)] {
        let mut agenda = agenda(total, &[(1, cap), (2, cap)]);
        for event in 0..10 {
            agenda.insert(head(1, event, 0));
            agenda.insert(head(2, event, 0));
        }
        assert_eq!(take_all(&mut agenda, 1).len(), expected, "total {total}, cap {cap}");
        assert_eq!(agenda.in_flight(), expected);
    }
}

#[test]
fn a_finish_gives_the_next_its_turn() {
    let mut agenda = agenda(10, &[(1, 1)]);
    agenda.insert(head(1, 1, 0));
    agenda.insert(head(1, 2, 0));
    assert_eq!(take_all(&mut agenda, 1), [(1, 1)]);
    assert_eq!(agenda.wake_at(), None);
    agenda.finish(&head(1, 1, 0).key);
    assert_eq!(take_all(&mut agenda, 1), [(1, 2)]);
}

#[test]
fn what_is_not_due_waits_for_its_time_at_any_distance() {
    let mut agenda = agenda(10, &[(1, 10), (2, 10)]);
    let year = 365 * 86_400;
    agenda.insert(head(1, 1, 50 * year));
    agenda.insert(head(2, 2, 10));
    assert_eq!(agenda.wake_at(), Some(at(10)));
    assert_eq!(take_all(&mut agenda, 9), []);
    assert_eq!(take_all(&mut agenda, 10), [(2, 2)]);
    assert_eq!(agenda.wake_at(), Some(at(50 * year)));
    assert_eq!(take_all(&mut agenda, 50 * year), [(1, 1)]);
    assert_eq!(agenda.wake_at(), None);
}

#[test]
fn the_longest_due_goes_first_and_acceptance_breaks_the_tie() {
    let mut agenda = agenda(10, &[(1, 10)]);
    for (event, due) in [(5, 3), (9, 1), (4, 3), (7, 2)] {
        agenda.insert(head(1, event, due));
    }
    assert_eq!(take_all(&mut agenda, 3), [(1, 9), (1, 7), (1, 4), (1, 5)]);
}

#[test]
fn a_suspended_webhook_keeps_its_deliveries_and_gets_no_turn() {
    let mut agenda = agenda(10, &[(1, 10)]);
    agenda.insert(head(1, 1, 0));
    agenda.configure(webhook(1), Lane { cap: 10, suspended: true });
    agenda.insert(head(1, 2, 0));
    assert_eq!((take_all(&mut agenda, 9), agenda.waiting()), (vec![], 2));
    assert_eq!(agenda.wake_at(), None);
    agenda.configure(webhook(1), Lane { cap: 10, suspended: false });
    assert_eq!(take_all(&mut agenda, 9), [(1, 1), (1, 2)]);
}

#[test]
fn a_webhook_that_nobody_configured_gets_no_turn_yet() {
    let mut agenda = Agenda::new(10);
    agenda.insert(head(1, 1, 0));
    assert_eq!(take_all(&mut agenda, 9), []);
    agenda.configure(webhook(1), Lane { cap: 1, suspended: false });
    assert_eq!(take_all(&mut agenda, 9), [(1, 1)]);
}

#[test]
fn a_removed_webhook_is_forgotten_with_what_waits() {
    let mut agenda = agenda(10, &[(1, 1), (2, 1)]);
    for event in 1..=3 {
        agenda.insert(head(1, event, 0));
    }
    agenda.insert(head(2, 9, 0));
    assert_eq!(agenda.next(at(1)).unwrap().key.event, EventNo(1));
    let forgotten = agenda.remove(webhook(1));
    assert_eq!(forgotten.iter().map(|head| head.key.event.0).collect::<Vec<_>>(), [2, 3]);
    agenda.finish(&head(1, 1, 0).key);
    assert_eq!(take_all(&mut agenda, 1), [(2, 9)]);
    assert_eq!((agenda.waiting(), agenda.in_flight()), (0, 1));
}

#[test]
fn a_clock_that_goes_back_sends_nothing_early() {
    let mut agenda = agenda(1, &[(1, 10), (2, 10)]);
    agenda.insert(head(1, 1, 5));
    agenda.insert(head(2, 2, 5));
    assert!(agenda.next(at(5)).is_some());
    agenda.finish(&head(1, 1, 0).key);
    assert_eq!(agenda.next(at(4)), None);
    assert_eq!(agenda.wake_at(), Some(at(5)));
    assert!(agenda.next(at(5)).is_some());
}

/// A delivery whose event has the subject of that number.
fn ordered(hook: u8, event: u64, due: i64, subject: u64) -> Head {
    Head { order: Some(OrderKey(subject)), ..head(hook, event, due) }
}

#[test]
fn one_key_goes_out_in_the_order_of_acceptance_and_holds_up_no_other() {
    let mut agenda = agenda(10, &[(1, 10)]);
    for (event, subject) in [(3, 7), (1, 7), (2, 8), (4, 8), (5, 7)] {
        agenda.insert(ordered(1, event, 0, subject));
    }
    agenda.insert(head(1, 9, 0));
    assert_eq!(take_all(&mut agenda, 1), [(1, 1), (1, 2), (1, 9)]);
    // The first of subject 7 fails and is due later; the first of subject 8 is delivered.
    agenda.finish(&ordered(1, 1, 0, 7).key);
    agenda.insert(ordered(1, 1, 60, 7));
    agenda.finish(&ordered(1, 2, 0, 8).key);
    assert_eq!(take_all(&mut agenda, 59), [(1, 4)]);
    assert_eq!(take_all(&mut agenda, 60), [(1, 1)]);
    agenda.finish(&ordered(1, 1, 60, 7).key);
    assert_eq!(take_all(&mut agenda, 60), [(1, 3)]);
}

#[test]
fn a_key_waits_for_the_events_that_are_still_being_dispatched() {
    let mut agenda = agenda(10, &[(1, 10)]);
    let key = OrderKey(7);
    agenda.expect(webhook(1), key, EventNo(1));
    agenda.expect(webhook(1), key, EventNo(2));
    agenda.insert(ordered(1, 2, 0, 7));
    agenda.met(webhook(1), key, EventNo(2));
    assert_eq!(take_all(&mut agenda, 1), []);
    agenda.insert(ordered(1, 1, 0, 7));
    agenda.met(webhook(1), key, EventNo(1));
    assert_eq!(take_all(&mut agenda, 1), [(1, 1)]);
    agenda.finish(&ordered(1, 1, 0, 7).key);
    assert_eq!(take_all(&mut agenda, 1), [(1, 2)]);
}

#[test]
fn a_paused_gate_holds_all_and_a_probing_one_lets_one_at_a_time_through() {
    let mut agenda = agenda(10, &[(1, 10), (2, 1)]);
    for event in 1..=4 {
        agenda.insert(head(1, event, 0));
    }
    agenda.insert(head(2, 9, 20));
    agenda.gate(webhook(1), Gate::Paused { until: at(10) });
    assert_eq!((take_all(&mut agenda, 9), agenda.wake_at()), (vec![], Some(at(10))));
    agenda.gate(webhook(1), Gate::Probing { from: at(12) });
    assert_eq!((take_all(&mut agenda, 11), agenda.wake_at()), (vec![], Some(at(12))));
    assert_eq!(take_all(&mut agenda, 12), [(1, 1)]);
    agenda.finish(&head(1, 1, 0).key);
    agenda.gate(webhook(1), Gate::Probing { from: at(15) });
    assert_eq!(take_all(&mut agenda, 14), []);
    assert_eq!(take_all(&mut agenda, 15), [(1, 2)]);
    agenda.gate(webhook(1), Gate::Open);
    assert_eq!(take_all(&mut agenda, 15), [(1, 3), (1, 4)]);
}

#[test]
fn a_gate_outlives_a_change_of_the_webhook_and_not_its_removal() {
    let mut agenda = agenda(10, &[(1, 10)]);
    agenda.gate(webhook(1), Gate::Probing { from: at(50) });
    agenda.configure(webhook(1), Lane { cap: 2, suspended: false });
    agenda.insert(head(1, 1, 0));
    assert_eq!(take_all(&mut agenda, 49), []);
    agenda.remove(webhook(1));
    agenda.configure(webhook(1), Lane { cap: 2, suspended: false });
    agenda.insert(head(1, 1, 0));
    assert_eq!(take_all(&mut agenda, 1), [(1, 1)]);
}

#[test]
fn i8_the_last_places_are_for_webhooks_with_few_in_flight() {
    let mut agenda = agenda(16, &[(1, 16), (2, 16), (3, 16)]);
    for event in 0..40 {
        agenda.insert(head(1, event, 0));
        agenda.insert(head(2, event, 0));
    }
    assert_eq!(take_all(&mut agenda, 1).len(), 12);
    assert_eq!(agenda.wake_at(), None);
    agenda.insert(head(3, 90, 0));
    agenda.insert(head(3, 91, 0));
    assert_eq!(take_all(&mut agenda, 1), [(3, 90)]);
    // Two places become free: one is still of those that are kept, the other is not.
    agenda.finish(&head(1, 0, 0).key);
    assert_eq!(take_all(&mut agenda, 1), []);
    agenda.finish(&head(1, 1, 0).key);
    assert_eq!(take_all(&mut agenda, 1).len(), 1);
}

#[test]
fn a_delivery_can_be_taken_out_of_its_turn() {
    let mut agenda = agenda(10, &[(1, 10)]);
    agenda.insert(head(1, 1, 500));
    agenda.insert(ordered(1, 2, 500, 7));
    agenda.insert(ordered(1, 3, 0, 7));
    assert!(agenda.take_out(&head(1, 1, 500)));
    assert!(!agenda.take_out(&head(1, 1, 500)));
    assert!(agenda.take_out(&ordered(1, 2, 500, 7)));
    assert_eq!((take_all(&mut agenda, 1), agenda.waiting()), (vec![(1, 3)], 0));
}

#[test]
fn what_could_not_go_for_long_can_be_taken_away() {
    let mut agenda = agenda(10, &[(1, 10), (2, 10)]);
    agenda.configure(webhook(1), Lane { cap: 1, suspended: true });
    agenda.insert(head(1, 1, 5));
    agenda.insert(ordered(1, 2, 6, 7));
    agenda.insert(ordered(1, 3, 7, 7));
    agenda.insert(head(2, 4, 9));
    agenda.insert(Head { status: Status::Blocked, ..head(2, 5, 5) });
    agenda.insert(head(2, 6, 5));
    let before = |id: WebhookId, status: Status| {
        (id == webhook(1) || status == Status::Blocked).then_some(at(7))
    };
    assert_eq!(agenda.take_overdue(1, before).len(), 1);
    assert_eq!(agenda.take_overdue(9, before).len(), 2);
    assert_eq!((agenda.take_overdue(9, before).len(), agenda.waiting()), (0, 3));
    assert_eq!(take_all(&mut agenda, 9), [(2, 6), (2, 4)]);
}

/// Random work against a plain list that does the same slowly.
#[test]
fn agrees_with_a_list() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    for _ in 0..300 {
        let (total, cap) = (1 + random(8) as usize, 1 + random(4) as u16);
        let mut agenda = agenda(total, &[(0, cap), (1, cap), (2, cap), (3, cap)]);
        let mut list = List { total, cap: usize::from(cap), ..List::default() };
        for step in 0..300 {
            let now = at(step as i64);
            match random(8) {
                0..3 => {
                    let (hook, due) = (random(4) as u8, random(300) as i64);
                    // Webhooks 2 and 3 know three subjects; some events come late, in place of one announced.
                    let one = match (hook, list.expected.pop()) {
                        (_, Some((known, key, event))) => {
                            agenda.met(known, key, event);
                            let order = Some(key);
                            let key = DeliveryKey { webhook: known, ..head(0, event.0, 0).key };
                            Head { key, order, ..head(0, event.0, due) }
                        }
                        (2.., None) => ordered(hook, step, due, random(3)),
                        _ => head(hook, step, due),
                    };
                    list.waiting.push(one);
                    agenda.insert(one);
                }
                3 if list.expected.is_empty() => {
                    let announced = (webhook(3), OrderKey(random(3)), EventNo(step));
                    agenda.expect(announced.0, announced.1, announced.2);
                    list.expected.push(announced);
                }
                4 => {
                    let gate = match random(3) {
                        0 => Gate::Open,
                        1 => Gate::Paused { until: at(random(300) as i64) },
                        _ => Gate::Probing { from: at(random(300) as i64) },
                    };
                    agenda.gate(webhook(1), gate);
                    list.gate = gate;
                }
                5 if !list.flying.is_empty() => {
                    let done = random(list.flying.len() as u64) as usize;
                    agenda.finish(&list.flying.swap_remove(done).key);
                }
                6 if !list.waiting.is_empty() && random(4) == 0 => {
                    let gone = random(list.waiting.len() as u64) as usize;
                    assert!(agenda.take_out(&list.waiting.swap_remove(gone)));
                }
                _ => {
                    let taken = agenda.next(now);
                    let could: Vec<Head> = list.could_go(now);
                    assert_eq!(taken.is_some(), !could.is_empty(), "step {step}: {could:?}");
                    if let Some(taken) = taken {
                        let of_hook = could.iter().filter(|w| w.key.webhook == taken.key.webhook);
                        assert_eq!(of_hook.min_by_key(|w| (w.due, w.key)), Some(&taken));
                        list.waiting.retain(|w| *w != taken);
                        list.flying.push(taken);
                    }
                }
            }
            assert_eq!(agenda.waiting(), list.waiting.len());
            assert_eq!(agenda.in_flight(), list.flying.len());
        }
    }
}

#[derive(Default)]
struct List {
    total: usize,
    cap: usize,
    gate: Gate,
    waiting: Vec<Head>,
    flying: Vec<Head>,
    expected: Vec<(WebhookId, OrderKey, EventNo)>,
}

impl List {
    fn could_go(&self, now: Timestamp) -> Vec<Head> {
        if self.flying.len() >= self.total {
            return Vec::new();
        }
        self.waiting.iter().filter(|head| self.may_go(head, now)).copied().collect()
    }

    fn may_go(&self, head: &Head, now: Timestamp) -> bool {
        let hook = head.key.webhook;
        let (opens, cap) = match self.gate {
            Gate::Paused { until } if hook == webhook(1) => (until, self.cap),
            Gate::Probing { from } if hook == webhook(1) => (from, 1),
            _ => (at(0), self.cap),
        };
        let busy = self.flying.iter().filter(|f| f.key.webhook == hook).count();
        let same = |other: &&Head| {
            other.key.webhook == hook && other.order.is_some() && other.order == head.order
        };
        let in_order = !self.flying.iter().any(|other| same(&other))
            && !self.waiting.iter().filter(same).any(|other| other.key < head.key)
            && !self.expected.iter().any(|(webhook, key, event)| {
                *webhook == hook && Some(*key) == head.order && *event < head.key.event
            });
        head.due <= now && opens <= now && busy < cap && in_order
    }
}

#[test]
fn a_webhooks_open_deliveries_are_those_that_wait_and_those_in_flight() {
    let mut agenda = agenda(10, &[(1, 2), (2, 2)]);
    for event in 0..5 {
        agenda.insert(head(1, event, i64::try_from(event).unwrap()));
    }
    agenda.insert(head(2, 9, 0));
    assert_eq!(agenda.take_changed(), [webhook(1), webhook(2)]);
    let open = |agenda: &Agenda| [1, 2].map(|n| agenda.open_of(webhook(n)));
    assert_eq!(open(&agenda), [5, 1]);
    let taken = take_all(&mut agenda, 0);
    assert_eq!((taken.len(), open(&agenda)), (2, [5, 1]), "in flight is open");
    assert_eq!(agenda.take_changed(), []);
    for (hook, event) in taken {
        agenda.finish(&head(hook, event, 0).key);
    }
    assert_eq!(open(&agenda), [4, 0]);
    assert!(agenda.take_out(&head(1, 4, 4)));
    let overdue = agenda.take_overdue(9, |_, _| Some(at(2)));
    assert_eq!((overdue.len(), open(&agenda)), (1, [2, 0]));
    assert_eq!(take_all(&mut agenda, 2).len(), 1);
    // Of a webhook that is gone, what is in flight is told to the end.
    assert_eq!(agenda.remove(webhook(1)).len(), 1);
    assert_eq!((agenda.take_changed().len(), open(&agenda)), (2, [1, 0]));
    agenda.finish(&head(1, 2, 2).key);
    assert_eq!((agenda.take_changed(), open(&agenda)), (vec![webhook(1)], [0, 0]));
    assert!(!agenda.lanes.contains_key(&webhook(1)), "and then it is forgotten");
}

/// Deliveries of a key come and go in every way, alone and in company; whatever it was, the next goes as it should.
#[test]
fn an_order_key_is_as_good_alone_as_in_company() {
    let mut agenda = agenda(9, &[(1, 9)]);
    let one = |event, due| ordered(1, event, due, 7);
    agenda.insert(one(2, 5));
    assert_eq!(take_all(&mut agenda, 4), [], "it is not due");
    assert!(!agenda.take_out(&one(3, 5)), "another than the one that waits");
    agenda.insert(one(1, 5));
    assert_eq!(take_all(&mut agenda, 5), [(1, 1)]);
    agenda.finish(&one(1, 5).key);
    assert!(agenda.take_out(&one(2, 5)), "alone again");
    agenda.insert(one(3, 5));
    agenda.expect(webhook(1), OrderKey(7), EventNo(2));
    assert_eq!(take_all(&mut agenda, 5), [], "an earlier one is expected");
    agenda.met(webhook(1), OrderKey(7), EventNo(2));
    agenda.keep_place(&one(1, 5));
    assert_eq!(take_all(&mut agenda, 5), [], "an earlier one keeps its place");
    agenda.give_back(&one(1, 5).key);
    agenda.insert(one(2, 5));
    assert_eq!(take_all(&mut agenda, 5), [(1, 2)]);
    agenda.keep_place(&one(2, 5));
    agenda.finish(&one(2, 5).key);
    assert_eq!(take_all(&mut agenda, 5), [], "its place is kept beyond its flight");
    agenda.give_back(&one(2, 5).key);
    agenda.insert(Head { status: Status::Blocked, ..ordered(1, 4, 5, 8) });
    let blocked = agenda.take_overdue(9, |_, status| (status == Status::Blocked).then_some(at(9)));
    assert_eq!(blocked.iter().map(|head| head.key.event.0).collect::<Vec<_>>(), [4]);
    assert_eq!(agenda.remove(webhook(1)), [one(3, 5)]);
    agenda.configure(webhook(1), Lane { cap: 9, suspended: false });
    assert_eq!((agenda.waiting(), agenda.next(at(9))), (0, None));
    agenda.insert(one(3, 5));
    assert_eq!(agenda.next(at(5)), Some(one(3, 5)), "it leaves nothing behind");
}

#[test]
fn what_was_held_goes_in_the_order_of_acceptance_as_far_as_it_is_due() {
    let mut agenda = agenda(100, &[(1, 100)]);
    for (event, due) in [(1, 60), (2, 10), (3, 90), (4, 20), (5, 30), (6, 15), (7, 500), (8, 40)] {
        let order = matches!(event, 5 | 6).then_some(OrderKey(1));
        agenda.insert(Head { order, ..head(1, event, due) });
    }
    let moved = agenda.order_by_acceptance(webhook(1), at(100));
    // Behind the fifth, whose key it has, the sixth does not stand in the queue.
    let moved: Vec<(u64, Timestamp)> =
        moved.iter().map(|(head, due)| (head.key.event.0, *due)).collect();
    assert_eq!(moved, [(1, at(10)), (3, at(20))]);
    let mut order = Vec::new();
    while let Some(head) = agenda.next(at(100)) {
        agenda.finish(&head.key);
        order.push(head.key.event.0);
    }
    assert_eq!(order, [1, 2, 3, 4, 5, 6, 8], "what is not yet due keeps its time");
    assert_eq!(agenda.order_by_acceptance(webhook(1), at(100)), []);
    assert_eq!(take_all(&mut agenda, 500), [(1, 7)]);
}

#[test]
fn deliveries_without_bytes_are_taken_some_at_a_time() {
    let mut agenda = agenda(9, &[(1, 9), (2, 9)]);
    let blocked = |head: Head| Head { status: Status::Blocked, ..head };
    for event in 0..5 {
        agenda.insert(blocked(head(1, event, 10)));
    }
    agenda.insert(head(1, 5, 10));
    agenda.insert(blocked(head(1, 6, 3)));
    agenda.insert(blocked(head(2, 7, 10)));
    // Alone with its key, and behind another with the same.
    agenda.insert(blocked(ordered(1, 8, 10, 1)));
    agenda.insert(ordered(1, 9, 10, 2));
    agenda.insert(blocked(ordered(1, 10, 10, 2)));
    let taken = |agenda: &mut Agenda| agenda.take_blocked(webhook(1), 3, at(3)).len();
    assert_eq!([taken(&mut agenda), taken(&mut agenda), taken(&mut agenda)], [3, 3, 1]);
    assert_eq!((agenda.waiting(), agenda.open_of(webhook(1))), (4, 3));
    assert_eq!(take_all(&mut agenda, 9), [(1, 6)], "it was due before");
}
