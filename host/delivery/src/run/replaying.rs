//! Replays: sending deliveries again by query, as a job beside the traffic.
//!
//! Replays of different organizations take turns, page by page, and each waits while its organization has much open.
//!
//! A replay goes oldest first. Where a webhook is ordered, it never puts an older state over a newer one, unless it was
//! told to: what the vendor has a later state of, or is being sent one, is left out and counted.

mod kept;
mod overtaken;
mod queue;
mod walk;

use std::sync::Arc;

use tracing::{info, warn};
use transload_domain::{
    Head, Organization, Place, Progress, Replay, ReplayId, Stage, Timestamp, WebhookId, redrive,
};
use transload_store::{Error, Revision};

pub(super) use self::walk::step;
use self::{kept::Kept, overtaken::DeliveredPage, queue::Queue};
use super::{
    action::{Effect, Why},
    options::{REPLAY_DELIVERED_PAGES_PER_TURN, REPLAY_ROOM_EVERY, REPLAY_UNWRITTEN_MAX},
    term::Term,
};

/// The replays that are not finished: one goes on, the others wait for their turn. The ledger bounds how many an
/// organization has.
#[derive(Debug, Default)]
pub(super) struct Replays {
    queue: Queue,
    job: Option<Job>,
    /// What vendors have, where that matters.
    kept: Kept,
    /// Pages of that which were read in this turn.
    read_in_turn: u32,
    /// When it is looked for room again, where nobody whose turn it could be had some.
    look_at: Timestamp,
}

/// The replay that goes on, and what it waits for.
#[derive(Debug)]
struct Job {
    organization: Organization,
    id: ReplayId,
    waits_for: WaitsFor,
}

#[derive(Debug)]
enum WaitsFor {
    /// The replay as the ledger has it.
    Record,
    /// A page of its stage.
    Page(Known),
    /// A page of what the vendor has, to say which of those that a page gave are to be moved.
    Delivered(Known, Found),
    /// The settlements of what a page gave, so many still.
    Moves { known: Known, left: usize, next: Option<Vec<u8>> },
    /// The write of its progress.
    Write(Box<Replay>),
}

/// A replay at its place, as the ledger has it.
#[derive(Clone, Debug)]
struct Known {
    revision: Revision,
    replay: Arc<Replay>,
    stage: Stage,
    /// What the ledger has of the progress.
    written: Counted,
}

/// How many deliveries were looked at, and moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    seen: u64,
    moved: u64,
}

/// A step of a replay that the ledger takes part in.
#[derive(Debug)]
pub(super) enum ReplayStep {
    Read(Organization, ReplayId),
    Page { replay: Arc<Replay>, stage: Stage, cursor: Option<Vec<u8>> },
    Delivered { webhook: WebhookId, cursor: Option<Vec<u8>> },
    Write { replay: Box<Replay>, expected: Revision },
}

/// How a step ended.
#[derive(Debug)]
pub(super) enum ReplayStepped {
    Read(Result<Option<(Revision, Replay)>, Error>),
    Page(Result<Found, Error>),
    Delivered(Result<DeliveredPage, Error>),
    Written(Result<Revision, Error>),
}

/// What a page gave.
#[derive(Debug)]
pub(super) struct Found {
    /// Deliveries that were looked at.
    seen: u64,
    /// Those to be moved, and whether each has its bytes.
    take: Vec<(Head, bool)>,
    /// Where the stage goes on; none at its end.
    next: Option<Vec<u8>>,
}

impl Replays {
    /// Takes in a replay that is not finished.
    pub(super) fn add(&mut self, replay: &Replay) {
        let running = self.job.as_ref().is_some_and(|job| job.id == replay.id);
        if replay.progress.finished_at.is_none() && !running {
            self.queue.add(&replay.organization, replay.id);
            self.look_at = Timestamp::EPOCH;
        }
    }

    /// Takes in that a delivery has arrived.
    pub(super) fn delivered(&mut self, head: &Head) {
        self.kept.delivered(head);
    }

    /// When a replay that waits for room is to be looked at, where one does.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        (self.job.is_none() && self.queue.has_others()).then_some(self.look_at)
    }
}

impl Term {
    /// Begins the next turn of a replay, when none goes on: of one whose organization has room for what it moves.
    pub(super) fn begin_replay(&mut self, now: Timestamp) {
        if self.replays.job.is_some() || now < self.replays.look_at {
            return;
        }
        self.replays.read_in_turn = 0;
        match self.replays.queue.next(|organization| self.backlog.admits_replay(organization)) {
            Some((organization, id)) => self.read_replay(organization, id),
            None => self.replays.look_at = now.after(REPLAY_ROOM_EVERY),
        }
    }

    fn read_replay(&mut self, organization: Organization, id: ReplayId) {
        let step = ReplayStep::Read(organization.clone(), id);
        self.replays.job = Some(Job { organization, id, waits_for: WaitsFor::Record });
        self.effects.push(Effect::Replay(step));
    }

    /// A step of the replay has ended.
    pub(super) fn replay_stepped(&mut self, stepped: ReplayStepped, now: Timestamp) {
        let Some(Job { organization, id, waits_for }) = self.replays.job.take() else { return };
        match (stepped, waits_for) {
            (ReplayStepped::Read(Ok(Some((revision, replay)))), WaitsFor::Record)
                if replay.progress.finished_at.is_none() =>
            {
                let written = Counted::of(&replay);
                self.go_on_replaying(revision, replay, written, now);
            }
            // Somebody ended it, or it is gone.
            (ReplayStepped::Read(Ok(_)), WaitsFor::Record) => {
                self.replays.kept.forget(&organization);
            }
            (ReplayStepped::Page(Ok(found)), WaitsFor::Page(known)) => {
                self.judge_page(known, found, now);
            }
            (ReplayStepped::Delivered(Ok(page)), WaitsFor::Delivered(known, found)) => {
                self.replays.read_in_turn += 1;
                let (webhook, backlog) = (known.stage.webhook, &self.backlog);
                let admits = |one: &Organization| backlog.admits_replay(one);
                if let Some(delivered) = self.replays.kept.of(&organization, webhook, admits) {
                    delivered.take_in(page);
                }
                self.judge_page(known, found, now);
            }
            (
                ReplayStepped::Page(Err(Error::Cursor))
                | ReplayStepped::Delivered(Err(Error::Cursor)),
                WaitsFor::Page(known) | WaitsFor::Delivered(known, _),
            ) => self.fail_replay(&known, Error::Cursor.to_string(), now),
            (
                ReplayStepped::Page(Err(Error::Corrupt(what)))
                | ReplayStepped::Delivered(Err(Error::Corrupt(what))),
                WaitsFor::Page(known) | WaitsFor::Delivered(known, _),
            ) => self.fail_replay(&known, what, now),
            (ReplayStepped::Written(Ok(revision)), WaitsFor::Write(replay)) => {
                if replay.progress.finished_at.is_some() {
                    let Progress { seen, moved, skipped, error, .. } = &replay.progress;
                    info!(replay = %id, seen, moved, skipped, ?error, "the replay has ended");
                    self.replays.kept.forget(&organization);
                } else if self.replays.queue.has_others()
                    || !self.backlog.admits_replay(&organization)
                {
                    self.replays.queue.end(Some(id));
                } else {
                    let written = Counted::of(&replay);
                    self.go_on_replaying(revision, *replay, written, now);
                }
            }
            // Somebody changed it: its progress stays as they wrote it.
            (ReplayStepped::Written(Err(Error::Conflict(_))), WaitsFor::Write(_)) => {
                self.read_replay(organization, id);
            }
            (
                ReplayStepped::Read(Err(Error::Corrupt(what)))
                | ReplayStepped::Written(Err(Error::Corrupt(what) | Error::NotFound(what))),
                _,
            ) => self.tell_damage(format!("replay {id} cannot go on: {what}")),
            (
                ReplayStepped::Read(Err(error))
                | ReplayStepped::Page(Err(error))
                | ReplayStepped::Delivered(Err(error))
                | ReplayStepped::Written(Err(error)),
                _,
            ) => self.resign(error),
            (stepped, waits_for) => {
                // Each step ends once, and only the job that waits for it asks for it.
                debug_assert!(false, "{stepped:?} while the replay waits for {waits_for:?}");
            }
        }
    }

    /// Goes on where the replay is, or at the first stage where it has not begun; behind stages whose webhook is gone.
    /// A host that is to stop leaves it to the next.
    fn go_on_replaying(
        &mut self,
        revision: Revision,
        mut replay: Replay,
        written: Counted,
        now: Timestamp,
    ) {
        if !self.may_begin() {
            return;
        }
        let place = replay.progress.next.as_deref().and_then(Place::from_bytes);
        let after = place.as_ref().map(|place| place.stage);
        let place = place
            .filter(|place| self.rules.webhook(place.stage.webhook).is_some())
            .or_else(|| Some(Place { stage: self.next_stage(&replay, after)?, cursor: None }));
        let Some(Place { stage, cursor }) = place else {
            replay.progress.error = self.why_nothing(&replay);
            return self.finish_replay(revision, replay, now);
        };
        let replay = Arc::new(replay);
        let known = Known { revision, replay: Arc::clone(&replay), stage, written };
        self.wait_for(&replay, WaitsFor::Page(known));
        self.effects.push(Effect::Replay(ReplayStep::Page { replay, stage, cursor }));
    }

    fn next_stage(&self, replay: &Replay, after: Option<Stage>) -> Option<Stage> {
        replay.next_stage(after, self.rules.webhooks_of(&replay.organization))
    }

    fn why_nothing(&self, replay: &Replay) -> Option<String> {
        let webhook = replay.selection.webhook?;
        self.rules.webhook(webhook).is_none().then(|| format!("webhook {webhook} is gone"))
    }

    /// Finds out what the vendor has, as far back as what a page gave, and then moves that.
    fn judge_page(&mut self, known: Known, found: Found, now: Timestamp) {
        let ordered = |(head, _): &&(Head, bool)| head.order.is_some();
        let oldest = found.take.iter().find(ordered).map(|(head, _)| head.key.event);
        if let Some(oldest) = oldest.filter(|_| !known.replay.selection.out_of_order) {
            let (webhook, backlog) = (known.stage.webhook, &self.backlog);
            let admits = |one: &Organization| backlog.admits_replay(one);
            let Some(delivered) = self.replays.kept.of(&known.replay.organization, webhook, admits)
            else {
                return self.yield_turn(&known);
            };
            if delivered.must_read_on(oldest) {
                let has_read = self.replays.read_in_turn >= REPLAY_DELIVERED_PAGES_PER_TURN;
                if has_read && self.replays.queue.has_others() {
                    return self.yield_turn(&known);
                }
                let cursor = delivered.cursor.clone();
                self.wait_for(&known.replay.clone(), WaitsFor::Delivered(known, found));
                let step = ReplayStep::Delivered { webhook, cursor };
                return self.effects.push(Effect::Replay(step));
            }
            delivered.used();
        }
        self.move_page(known, found, now);
    }

    /// Lets others go on before what a page gave is moved: it is read again.
    fn yield_turn(&mut self, known: &Known) {
        if Counted::of(&known.replay) == known.written {
            self.replays.queue.end(Some(known.replay.id));
        } else {
            self.write_replay(known.revision, Replay::clone(&known.replay));
        }
    }

    /// Settles what a page gave, all at once: a page is small.
    fn move_page(&mut self, mut known: Known, found: Found, now: Timestamp) {
        let Found { seen, mut take, next } = found;
        let all = take.len();
        if !known.replay.selection.out_of_order {
            let organization = &known.replay.organization;
            take.retain(|(head, _)| !self.is_overtaken(organization, head));
        }
        let progress = &mut Arc::make_mut(&mut known.replay).progress;
        progress.seen += seen;
        progress.skipped += (all - take.len()) as u64;
        let left = take.len();
        let replay = Arc::clone(&known.replay);
        self.wait_for(&replay, WaitsFor::Moves { known, left, next });
        for (before, has_bytes) in take {
            let after = replay.moved(redrive(&before, has_bytes, now));
            self.open_again(Why::Replay, before, after);
        }
        self.end_page(now);
    }

    /// Whether the vendor has, may have, or is just being sent a later state of what this delivery tells.
    fn is_overtaken(&self, organization: &Organization, head: &Head) -> bool {
        let known = self.replays.kept.known_of(organization);
        head.order.is_some()
            && (known.is_none_or(|delivered| delivered.may_have_later(head))
                || self.agenda.overtaken_by(head).is_some())
    }

    /// A delivery was moved, or was not as it was found any more.
    pub(super) fn replayed(&mut self, moved: bool, now: Timestamp) {
        let job = self.replays.job.as_mut();
        let Some(WaitsFor::Moves { known, left, .. }) = job.map(|job| &mut job.waits_for) else {
            return;
        };
        *left -= 1;
        if moved {
            Arc::make_mut(&mut known.replay).progress.moved += 1;
            self.metrics.replayed();
        }
        self.end_page(now);
    }

    /// Writes the progress, once all of a page is settled; where nothing was found, only now and then.
    fn end_page(&mut self, now: Timestamp) {
        let Some(Job { waits_for: WaitsFor::Moves { known, left: 0, next }, .. }) =
            &self.replays.job
        else {
            return;
        };
        let (mut replay, stage) = (Replay::clone(&known.replay), known.stage);
        let (revision, written) = (known.revision, known.written);
        let place = match next {
            Some(cursor) => Some(Place { stage, cursor: Some(cursor.clone()) }),
            None => {
                replay.progress.stage += 1;
                self.next_stage(&replay, Some(stage)).map(|stage| Place { stage, cursor: None })
            }
        };
        match place {
            Some(place) => {
                replay.progress.next = Some(place.to_bytes());
                if Counted::of(&replay).is_worth_a_write(written) {
                    self.write_replay(revision, replay);
                } else {
                    self.replays.job = None;
                    self.go_on_replaying(revision, replay, written, now);
                }
            }
            None => self.finish_replay(revision, replay, now),
        }
    }

    fn fail_replay(&mut self, known: &Known, error: String, now: Timestamp) {
        warn!(replay = %known.replay.id, %error, "the replay cannot go on");
        let mut replay = Replay::clone(&known.replay);
        replay.progress.error = Some(error);
        self.finish_replay(known.revision, replay, now);
    }

    fn finish_replay(&mut self, revision: Revision, mut replay: Replay, now: Timestamp) {
        replay.progress.next = None;
        replay.progress.finished_at = Some(now);
        self.write_replay(revision, replay);
    }

    fn write_replay(&mut self, expected: Revision, replay: Replay) {
        let replay = Box::new(replay);
        self.wait_for(&replay.clone(), WaitsFor::Write(replay.clone()));
        self.effects.push(Effect::Replay(ReplayStep::Write { replay, expected }));
    }

    fn wait_for(&mut self, replay: &Replay, waits_for: WaitsFor) {
        let (organization, id) = (replay.organization.clone(), replay.id);
        self.replays.job = Some(Job { organization, id, waits_for });
    }
}

impl Counted {
    fn of(replay: &Replay) -> Self {
        Self { seen: replay.progress.seen, moved: replay.progress.moved }
    }

    fn is_worth_a_write(self, written: Self) -> bool {
        self.moved > written.moved || self.seen - written.seen >= REPLAY_UNWRITTEN_MAX
    }
}
