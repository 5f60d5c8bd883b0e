//! Keeping replays and their progress.

use std::sync::Arc;

use transload_domain::{Organization, Replay};

use super::configure::expect;
use crate::{Entry, Error, REPLAYS_MAX, Result, Revision, group::Step, keys, row::ReplayRow};

/// Writes a replay that begins, or its progress. Only for a job that scans.
pub(super) fn put(
    step: &mut Step<'_>,
    replay: &Replay,
    expected: Option<Revision>,
) -> Result<Revision> {
    let Replay { organization, id, created_at, .. } = replay;
    let key = keys::replay(organization, *id);
    let present = step.row::<ReplayRow>(&key)?;
    let revision = present.as_ref().map_or(0, ReplayRow::revision);
    expect(revision, expected, || format!("replay {id}"))?;
    let unfinished = keys::unfinished_replay(organization, *id);
    match &present {
        Some(row) if row.created_at() != *created_at => {
            return Err(Error::Conflict(format!("replay {id} began at another time")));
        }
        Some(_) => {}
        None => {
            make_place(step, organization)?;
            step.put_bytes(keys::replay_at(organization, *created_at, *id), Vec::new());
            step.put_bytes(unfinished.clone(), Vec::new());
            step.tell(Entry::Replay(Arc::new(replay.clone())));
        }
    }
    if replay.progress.finished_at.is_some() {
        step.remove(unfinished);
    }
    let revision = step.next_revision()?;
    step.put(key, &ReplayRow::new(revision, replay));
    Ok(revision)
}

/// Forgets the oldest replays that have ended, where there are as many as may be.
fn make_place(step: &mut Step<'_>, organization: &Organization) -> Result<()> {
    let places = step.scan(&keys::organization_replays(organization))?;
    let mut surplus = (places.len() + 1).saturating_sub(REPLAYS_MAX);
    for (place, _) in places {
        if surplus == 0 {
            break;
        }
        let unreadable = || Error::Corrupt("a replay's place has no key".into());
        let key = keys::replay_of(&place).ok_or_else(unreadable)?;
        if step.row::<ReplayRow>(&key)?.is_none_or(|row| row.is_finished()) {
            step.remove(key);
            step.remove(place);
            surplus -= 1;
        }
    }
    if surplus == 0 {
        return Ok(());
    }
    Err(Error::Limit(format!(
        "{organization} has {REPLAYS_MAX} replays under way, and no more are allowed: wait until one ends"
    )))
}
