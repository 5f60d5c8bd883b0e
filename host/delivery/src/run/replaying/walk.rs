//! What a replay reads and writes in the ledger.

use transload_domain::{
    Content, Delivery, Event, EventNo, Head, Organization, Replay, ReplayId, Stage, Status,
    Timestamp, WebhookId, limits::CLOCK_SLACK,
};
use transload_store::{Change, Error, Key, Ledger, LedgerExt, Query, Record, Revision, Shard};

use super::{Found, ReplayStep, ReplayStepped, overtaken::DeliveredPage};
use crate::run::options::{REPLAY_DELIVERED_PAGE, REPLAY_PAGE};

/// Brings a step about.
pub(in crate::run) async fn step(
    ledger: &dyn Ledger,
    shard: Shard,
    step: ReplayStep,
) -> ReplayStepped {
    match step {
        ReplayStep::Read(organization, id) => {
            ReplayStepped::Read(read(ledger, shard, organization, id).await)
        }
        ReplayStep::Page { replay, stage, cursor } => {
            ReplayStepped::Page(page(ledger, shard, &replay, stage, cursor).await)
        }
        ReplayStep::Delivered { webhook, cursor } => {
            ReplayStepped::Delivered(delivered(ledger, shard, webhook, cursor).await)
        }
        ReplayStep::Write { replay, expected } => {
            let change = Change::Replay(*replay);
            ReplayStepped::Written(ledger.configure(shard, change, Some(expected)).await)
        }
    }
}

async fn read(
    ledger: &dyn Ledger,
    shard: Shard,
    organization: Organization,
    id: ReplayId,
) -> Result<Option<(Revision, Replay)>, Error> {
    match ledger.read(shard, Key::Replay(organization, id)).await? {
        Some(Record::Replay(revision, replay)) => Ok(Some((revision, *replay))),
        Some(_) => Err(Error::Corrupt("the record is no replay".into())),
        None => Ok(None),
    }
}

/// Reads a page of a stage, oldest event first, and finds what is to be moved.
async fn page(
    ledger: &dyn Ledger,
    shard: Shard,
    replay: &Replay,
    stage: Stage,
    cursor: Option<Vec<u8>>,
) -> Result<Found, Error> {
    let first = match replay.selection.from {
        Some(from) if cursor.is_none() => first_since(ledger, shard, stage, from).await?,
        _ => EventNo(0),
    };
    let query = Query::DeliveriesSince(stage.webhook, stage.status, first);
    let page = match ledger.page(shard, query.clone(), cursor.clone(), REPLAY_PAGE).await {
        // A former version has left it, which went the other way: the stage begins anew, and nothing moves twice.
        Err(Error::Cursor) if cursor.is_some() => {
            ledger.page(shard, query, None, REPLAY_PAGE).await?
        }
        page => page?,
    };
    let mut found = Found { seen: 0, take: Vec::new(), next: page.next };
    let mut latest: Option<(EventNo, Option<Event>)> = None;
    for record in page.records {
        let Record::Delivery(delivery) = record else { continue };
        let Delivery { head, made } = *delivery;
        found.seen += 1;
        if !replay.takes(stage, &head) {
            continue;
        }
        if replay.selection.has_times() {
            let no = head.key.event;
            if latest.as_ref().is_none_or(|(known, _)| *known != no) {
                latest = Some((no, ledger.event(shard, no).await?));
            }
            let Some((_, Some(event))) = &latest else { continue };
            if !replay.selection.includes(event.accepted_at) {
                // Oldest first: whatever follows was accepted behind this one, unless the clock was set back.
                let end = replay.selection.to.map(|to| to.after(CLOCK_SLACK));
                if end.is_some_and(|end| event.accepted_at >= end) {
                    found.next = None;
                    return Ok(found);
                }
                continue;
            }
        }
        found.take.push((head, matches!(made.content, Content::Request(_))));
    }
    Ok(found)
}

/// An event before which a stage has none that was accepted at this time or later. Events are numbered as they are
/// accepted, so that it is found by halves; clocks that were set back are allowed for.
async fn first_since(
    ledger: &dyn Ledger,
    shard: Shard,
    stage: Stage,
    from: Timestamp,
) -> Result<EventNo, Error> {
    let end = |query| async { Ok::<_, Error>(ledger.page(shard, query, None, 1).await?.records) };
    let oldest = end(Query::DeliveriesSince(stage.webhook, stage.status, EventNo(0))).await?;
    let newest = end(Query::DeliveriesByStatus(stage.webhook, stage.status)).await?;
    let no = |records: &[Record]| match records.first() {
        Some(Record::Delivery(delivery)) => delivery.head.key.event,
        _ => EventNo(0),
    };
    let (mut before, mut behind) = (no(&oldest), no(&newest));
    let from = from.before(CLOCK_SLACK);
    while before < behind {
        let middle = EventNo(before.0 + (behind.0 - before.0) / 2);
        match ledger.event(shard, middle).await? {
            Some(event) if event.accepted_at >= from => behind = middle,
            Some(_) => before = EventNo(middle.0 + 1),
            // It is forgotten, and says nothing: the older half stays in.
            None => behind = middle,
        }
    }
    Ok(before)
}

/// Reads a page of what was delivered, newest first.
async fn delivered(
    ledger: &dyn Ledger,
    shard: Shard,
    webhook: WebhookId,
    cursor: Option<Vec<u8>>,
) -> Result<DeliveredPage, Error> {
    let query = Query::DeliveriesByStatus(webhook, Status::Delivered);
    let page = ledger.page(shard, query, cursor, REPLAY_DELIVERED_PAGE).await?;
    let of = |head: Head| (head.key.event, head.order);
    let found = page.records.into_iter().filter_map(|record| match record {
        Record::Delivery(delivery) => Some(of(delivery.head)),
        _ => None,
    });
    Ok(DeliveredPage { found: found.collect(), next: page.next })
}
