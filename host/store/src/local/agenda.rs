//! Opening the agenda.

use std::sync::Arc;

use tokio::sync::mpsc;
use transload_domain::{EventNo, Profile, Replay, Webhook};

use super::Local;
use crate::{
    Entry, Error, Lead, Result,
    feed::{CHANNEL_MAX, Feed},
    group::{Group, Step},
    keys,
    row::{self, FailuresRow, ProfileRow, ReplayRow, WebhookRow, readable},
    rows::Rows,
    tail::Tail,
};

impl<R: Rows> Local<R> {
    /// The configuration is read in the journal's turn, together with the beginning of the tail, so that every
    /// change is either read or told. The configuration is small; deliveries and events are read beside the writes.
    pub(super) async fn open_agenda(&self, lead: &Lead) -> Result<mpsc::Receiver<Entry>> {
        let (sender, receiver) = mpsc::channel(CHANNEL_MAX);
        let (lead, reader) = (lead.clone(), sender.downgrade());
        let work = move |group: &mut Group<'_>| {
            group.leadership.fence(&lead)?;
            let (configuration, last) =
                group.atomic(|step| Ok((configuration(step)?, step.number(keys::LAST_EVENT)?)))?;
            let tail = Arc::new(Tail::new(EventNo(last), reader));
            group.leadership.follow(tail.clone())?;
            Ok((configuration, tail))
        };
        let (configuration, tail) = self.journal.submit_scanning(work).await?;
        let (rows, tracker) = (self.rows()?, self.tracker.clone());
        let undispatched = Arc::clone(&self.undispatched);
        let feed = Feed { rows, tracker, tail, sender, undispatched, configuration };
        self.tracker.spawn(feed.run());
        Ok(receiver)
    }
}

fn configuration(step: &Step<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (key, value) in step.scan(&keys::profiles())? {
        let unreadable = || Error::Corrupt("a profile's key has no digest".into());
        let digest = keys::profile_in(&key).ok_or_else(unreadable)?;
        let profile = Profile::try_from(row::decode::<ProfileRow>(&value)?)?;
        entries.push(Entry::Profile(digest, Arc::new(profile)));
    }
    for (_, value) in step.scan(&keys::webhooks())? {
        let webhook = Webhook::try_from(row::decode::<WebhookRow>(&value)?)?;
        entries.push(Entry::Webhook(Arc::new(webhook)));
    }
    for (key, value) in step.scan(&keys::all_failures())? {
        let unreadable = || Error::Corrupt("a failures' key has no webhook".into());
        let webhook = keys::webhook_in(&key).ok_or_else(unreadable)?;
        let row = row::decode::<FailuresRow>(&value).map(Some);
        if let Some(row) = readable(row, || format!("failures of webhook {webhook}"))? {
            entries.push(Entry::Failures(webhook, row.into_times()));
        }
    }
    for (key, _) in step.scan(&keys::unfinished_replays())? {
        let unreadable = || Error::Corrupt("an unfinished replay has no key".into());
        let key = keys::replay_of(&key).ok_or_else(unreadable)?;
        let row = step.row::<ReplayRow>(&key);
        let replay = row.and_then(|row| row.map(Replay::try_from).transpose());
        if let Some(replay) = readable(replay, || "a replay".to_owned())? {
            entries.push(Entry::Replay(Arc::new(replay)));
        }
    }
    Ok(entries)
}
