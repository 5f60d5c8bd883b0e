//! Sending again what was sent, or was not, by query.

use uuid::Uuid;

use crate::{Head, Organization, ReplayId, Status, Timestamp, WebhookId};

/// A job that makes deliveries go out again. Its progress is in the ledger, so that it survives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Its id.
    pub id: ReplayId,
    /// Whose deliveries.
    pub organization: Organization,
    /// Which deliveries.
    pub selection: Selection,
    /// When it was asked for. Deliveries that moved after it are left alone, so that none is moved twice.
    pub created_at: Timestamp,
    /// How far it is.
    pub progress: Progress,
}

/// Which deliveries are to go out again: those to which all of it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Of this webhook; of all of the organization where absent.
    pub webhook: Option<WebhookId>,
    /// In one of these statuses, which are closed ones; at least one.
    pub statuses: Vec<Status>,
    /// Whose event was accepted at this time or later.
    pub from: Option<Timestamp>,
    /// Whose event was accepted before this time.
    pub to: Option<Timestamp>,
    /// Also those that go out in order and whose vendor has a later state of the same subject already. They are left out
    /// otherwise: what is sent last is what the vendor keeps.
    pub out_of_order: bool,
}

/// How far a replay is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Deliveries that were looked at.
    pub seen: u64,
    /// Deliveries that go out again.
    pub moved: u64,
    /// Deliveries that were left out because their vendor has, or may have, a later state of the same subject.
    pub skipped: u64,
    /// Where it goes on: a [`Place`] as bytes. Absent before the first page and after the last.
    pub next: Option<Vec<u8>>,
    /// How many stages (a webhook's deliveries in one status) are behind it.
    pub stage: u32,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it ended before its end.
    pub error: Option<String>,
}

/// One webhook's deliveries in one status: what a replay looks at in one go. Its order is the order of the stages, so
/// that a replay knows where it is though webhooks come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stage {
    /// Whose deliveries.
    pub webhook: WebhookId,
    /// In which status.
    pub status: Status,
}

/// Where a replay goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In which stage.
    pub stage: Stage,
    /// The ledger's cursor within it; none at its beginning.
    pub cursor: Option<Vec<u8>>,
}

impl Replay {
    /// The stage behind `after`, or the first; `webhooks` are the organization's, in the order of their ids.
    pub fn next_stage(
        &self,
        after: Option<Stage>,
        webhooks: impl IntoIterator<Item = WebhookId>,
    ) -> Option<Stage> {
        let mine = |webhook: &WebhookId| self.selection.webhook.is_none_or(|it| it == *webhook);
        let closed =
            |status: &Status| !status.is_open() && self.selection.statuses.contains(status);
        let stages = webhooks.into_iter().filter(mine).flat_map(|webhook| {
            let statuses = Status::ALL.into_iter().filter(closed);
            statuses.map(move |status| Stage { webhook, status })
        });
        stages.into_iter().find(|stage| after.is_none_or(|after| *stage > after))
    }

    /// Whether a delivery is to be moved, as far as its head tells: it is still as it was when the replay was asked
    /// for.
    pub fn takes(&self, stage: Stage, head: &Head) -> bool {
        head.status == stage.status && head.at <= self.created_at
    }

    /// The head of a delivery that it has moved, which it does not take once more: that is later than the replay, also
    /// where the clock was set back since it was asked for.
    pub fn moved(&self, head: Head) -> Head {
        let behind = Timestamp::from_micros(self.created_at.as_micros().saturating_add(1));
        Head { at: head.at.max(behind), ..head }
    }
}

impl Selection {
    /// Whether the time at which an event was accepted matters.
    pub fn has_times(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// Whether the event was accepted at a time that is asked for.
    pub fn includes(&self, accepted_at: Timestamp) -> bool {
        self.from.is_none_or(|from| accepted_at >= from)
            && self.to.is_none_or(|to| accepted_at < to)
    }
}

impl Place {
    /// The place as bytes, for [`Progress::next`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.stage.webhook.0.as_bytes().to_vec();
        bytes.push(Status::ALL.iter().position(|s| *s == self.stage.status).unwrap_or(0) as u8);
        if let Some(cursor) = &self.cursor {
            bytes.push(1);
            bytes.extend_from_slice(cursor);
        }
        bytes
    }

    /// The place that these bytes are; `None` when they are none. A replay that begins anew moves nothing twice.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (webhook, rest) = bytes.split_first_chunk::<16>()?;
        let (status, rest) = rest.split_first()?;
        let status = *Status::ALL.get(usize::from(*status))?;
        let stage = Stage { webhook: WebhookId(Uuid::from_bytes(*webhook)), status };
        let cursor = rest.split_first().map(|(_, cursor)| cursor.to_vec());
        Some(Self { stage, cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(webhook: Option<WebhookId>, statuses: Vec<Status>) -> Replay {
        Replay {
            id: ReplayId::from_random([9; 16]),
            organization: Organization::new("acme").unwrap(),
            selection: Selection { webhook, statuses, from: None, to: None, out_of_order: false },
            created_at: Timestamp::from_micros(100),
            progress: Progress::default(),
        }
    }

    /// The stages one after the other, each with the webhooks that there are by then.
    fn stages(replay: &Replay, webhooks: &[&[u8]]) -> Vec<(u8, Status)> {
        let ids = |of: &[u8]| of.iter().map(|n| WebhookId(Uuid::from_bytes([*n; 16]))).collect();
        let (mut found, mut at) = (Vec::new(), None);
        for step in 0.. {
            let now: Vec<WebhookId> = ids(webhooks[step.min(webhooks.len() - 1)]);
            at = replay.next_stage(at, now);
            let Some(stage) = at else { break };
            found.push((stage.webhook.0.as_bytes()[0], stage.status));
        }
        found
    }

    #[test]
    fn each_webhook_and_status_is_a_stage() {
        use Status::{Blocked, Dead, Delivered};
        let all = replay(None, vec![Dead, Delivered, Blocked]);
        let expected = [(1, Delivered), (1, Dead), (2, Delivered), (2, Dead)];
        assert_eq!(stages(&all, &[&[1, 2]]), expected, "open ones are not for a replay");
        let two = replay(Some(WebhookId(Uuid::from_bytes([2; 16]))), vec![Dead]);
        assert_eq!(stages(&two, &[&[1, 2, 3]]), [(2, Dead)]);
        assert_eq!(stages(&two, &[&[1]]), []);
    }

    #[test]
    fn stages_are_neither_skipped_nor_repeated_when_webhooks_come_and_go() {
        let dead = replay(None, vec![Status::Dead]);
        let found = stages(&dead, &[&[1, 3, 5], &[1, 2, 3, 5], &[2, 3, 5], &[4, 5], &[5]]);
        let webhooks: Vec<u8> = found.iter().map(|(webhook, _)| *webhook).collect();
        assert_eq!(webhooks, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_moved_after_the_wish_is_left_alone() {
        let webhook = WebhookId::from_random([1; 16]);
        let stage = Stage { webhook, status: Status::Dead };
        let key = crate::DeliveryKey {
            event: crate::EventNo(1),
            webhook,
            hook: crate::HookNo(0),
            part: crate::Part(0),
        };
        let at = Timestamp::from_micros;
        for (status, when, takes) in [
            (Status::Dead, at(100), true),
            (Status::Dead, at(101), false),
            (Status::Scheduled, at(99), false),
        ] {
            let head = Head::new(key, status, at(0), when);
            let replay = replay(None, vec![Status::Dead]);
            assert_eq!(replay.takes(stage, &head), takes, "{head:?}");
            assert!(!replay.takes(stage, &replay.moved(head)), "{head:?}");
        }
    }

    #[test]
    fn times_are_from_and_up_to() {
        let at = Timestamp::from_micros;
        let selection = Selection {
            webhook: None,
            statuses: vec![Status::Dead],
            from: Some(at(10)),
            to: Some(at(20)),
            out_of_order: false,
        };
        let included: Vec<i64> = (8..22).filter(|micros| selection.includes(at(*micros))).collect();
        assert_eq!((included.first(), included.last(), included.len()), (Some(&10), Some(&19), 10));
    }

    #[test]
    fn a_place_survives_as_bytes() {
        let stage = Stage { webhook: WebhookId::from_random([7; 16]), status: Status::Dead };
        for cursor in [None, Some(vec![]), Some(vec![1, 2, 3])] {
            let place = Place { stage, cursor };
            assert_eq!(Place::from_bytes(&place.to_bytes()), Some(place));
        }
        for bytes in [&[][..], &[1; 16], &[99; 17]] {
            assert_eq!(Place::from_bytes(bytes), None, "{bytes:?}");
        }
    }
}
