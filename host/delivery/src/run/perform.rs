//! Bringing effects about.

use std::sync::Arc;

use transload_domain::{DeliveryKey, Wish};
use transload_store::{Change, Dispatch, Error, Key, Lead, LedgerExt, Record, Settlement, Shard};

use super::{
    Options, Parts,
    action::{Action, Effect, Flight, Run, Why, Wished},
    replaying, retiring, transform,
};
use crate::{
    Exchange,
    order::{Other, delivered_later},
};

/// Brings an effect about, and says what came of it.
pub(super) async fn perform(
    parts: Arc<Parts>,
    options: Arc<Options>,
    lead: Arc<Lead>,
    effect: Effect,
) -> Action {
    let ledger = &parts.ledger;
    match effect {
        Effect::Run(one) => run(parts, options.shard, one).await,
        Effect::Send(flight, exchange) => send(parts, flight, exchange).await,
        Effect::Settle(why, settlement) => {
            settle(parts, options.shard, lead, why, settlement).await
        }
        Effect::Dispatch { plans, dispatches } => {
            let answers = dispatch(&parts, &lead, dispatches).await;
            Action::Dispatched { plans, answers }
        }
        Effect::ReadMade(head) => {
            let made = match ledger.read(options.shard, Key::Made(head.key)).await {
                Ok(Some(Record::Made(made))) => Ok(Some(*made)),
                other => absent(other),
            };
            Action::ReadMade { head, made }
        }
        Effect::ReadEvent(head) => {
            let event = match ledger.read(options.shard, Key::Event(head.key.event)).await {
                Ok(Some(Record::Event(_, event))) => Ok(Some(*event)),
                other => absent(other),
            };
            Action::ReadEvent { head, event }
        }
        Effect::ReadHead(key) => {
            let head = match ledger.read(options.shard, Key::Head(key)).await {
                Ok(Some(Record::Head(head))) => Ok(Some(head)),
                other => absent(other),
            };
            Action::ReadHead { key, head }
        }
        Effect::Suspend(webhook, change) => {
            let result = ledger.configure(options.shard, *change, None).await.map(|_| ());
            Action::Suspended { webhook, result }
        }
        Effect::ReadDelivery(key) => {
            Action::ReadDelivery { key, delivery: wished_delivery(&parts, &options, key).await }
        }
        Effect::EndWish { delivery, wish, refused } => {
            let change = Change::Redrive { delivery, wish: refused };
            let result = ledger.configure(options.shard, change, wish).await.map(|_| ());
            Action::WishEnded { key: delivery, result }
        }
        Effect::Replay(step) => {
            Action::Replay(replaying::step(ledger.as_ref(), options.shard, step).await)
        }
        Effect::Sweep(sweep) => {
            Action::Swept(retiring::step(ledger.as_ref(), options.shard, &lead, sweep).await)
        }
        Effect::Renew => {
            Action::Renewed(ledger.lead(options.shard, &options.host, options.lease).await)
        }
    }
}

/// Runs the transforms of one webhook for one event.
pub(super) async fn run(parts: Arc<Parts>, shard: Shard, run: Run) -> Action {
    Action::Ran(transform::run(&parts, shard, run).await)
}

/// Makes an exchange.
pub(super) async fn send(parts: Arc<Parts>, flight: Flight, exchange: Box<Exchange>) -> Action {
    let outcome = parts.sender.send(*exchange).await;
    Action::Sent { flight, outcome }
}

/// Writes what became of a delivery.
pub(super) async fn settle(
    parts: Arc<Parts>,
    shard: Shard,
    lead: Arc<Lead>,
    why: Why,
    mut settlement: Box<Settlement>,
) -> Action {
    let Settlement { before, after, .. } = *settlement;
    if let Some(made) = settlement.made.as_mut().filter(|made| made.plugin.is_none()) {
        // Which plugin made nothing of it stays known, where one did.
        let former = parts.ledger.made(shard, before.key).await;
        made.plugin = former.ok().flatten().and_then(|former| former.plugin);
    }
    let result = parts.ledger.settle(&lead, *settlement).await;
    Action::Settled { why, before, after, result }
}

/// A delivery and whether somebody still asks for it: the ledger may tell of a wish that was granted just before. And
/// whether the vendor has a later state of what it tells.
async fn wished_delivery(
    parts: &Parts,
    options: &Options,
    key: DeliveryKey,
) -> Result<Wished, Error> {
    let ledger = &parts.ledger;
    let (wish, out_of_order) = match ledger.read(options.shard, Key::Redrive(key)).await {
        Ok(Some(Record::Redrive(wish, Wish::Asked { out_of_order }))) => (wish, out_of_order),
        Ok(None | Some(Record::Redrive(_, Wish::Refused { .. }))) => return Ok(Wished::NoLonger),
        Ok(Some(_)) => return Ok(Wished::Damaged(None, "the wish is another record".into())),
        Err(Error::Corrupt(what)) => return Ok(Wished::Damaged(None, what)),
        Err(error) => return Err(error),
    };
    let damaged = |error| match error {
        Error::Corrupt(what) => Ok(Wished::Damaged(Some(wish), what)),
        error => Err(error),
    };
    let delivery = match ledger.delivery(options.shard, key.id()).await {
        Ok(Some(delivery)) => Box::new(delivery),
        Ok(None) => return Ok(Wished::Gone(wish)),
        Err(error) => return damaged(error),
    };
    let later = if out_of_order || delivery.head.status.is_open() {
        Ok(Other::None)
    } else {
        delivered_later(ledger.as_ref(), options.shard, &delivery.head).await
    };
    match later {
        Ok(later) => Ok(Wished::Found { wish, delivery, out_of_order, why_not: later.why_not() }),
        Err(error) => damaged(error),
    }
}

/// One answer for each dispatch, whatever the ledger does.
async fn dispatch(parts: &Parts, lead: &Lead, dispatches: Vec<Dispatch>) -> Vec<Result<(), Error>> {
    let count = dispatches.len();
    let mut answers = parts.ledger.dispatch(lead, dispatches).await;
    answers.resize_with(count, || Err(Error::Unavailable("a dispatch was not answered".into())));
    answers
}

/// Nothing was found, or something of another kind.
fn absent<T>(read: Result<Option<Record>, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(None) => Ok(None),
        Ok(Some(_)) => Err(Error::Corrupt("a record is of another kind than its key".into())),
        Err(error) => Err(error),
    }
}
