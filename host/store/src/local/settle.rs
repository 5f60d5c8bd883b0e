//! Writing an attempt and the head after it.

use super::{Local, delivery, failures};
use crate::{
    Error, Lead, Result, Settlement,
    group::{Group, Step},
    keys,
    row::{self, AttemptRow, MadeRow},
    rows::Rows,
};
use transload_domain::{Attempt, Made, Status};

impl<R: Rows> Local<R> {
    pub(super) async fn write_settlement(&self, lead: &Lead, settlement: Settlement) -> Result<()> {
        let lead = lead.clone();
        // An answer may have some KiB: its row is made before its turn comes.
        let row =
            settlement.attempt.as_ref().map(|attempt| row::encode(&AttemptRow::from(attempt)));
        let work = move |group: &mut Group<'_>| {
            group.leadership.fence(&lead)?;
            group.atomic(|step| settle(step, &settlement, row))
        };
        self.journal.submit(work).await
    }
}

fn settle(
    step: &mut Step<'_>,
    settlement: &Settlement,
    attempt_row: Option<Vec<u8>>,
) -> Result<()> {
    let Settlement { before, after, attempt, made, failure } = settlement;
    if before.key != after.key {
        return Err(conflict(settlement, "the heads are of two deliveries"));
    }
    delivery::expect_head(step, before)?;
    if let Some(made) = made {
        replace_made(step, settlement, made)?;
    }
    if after.status == Status::Scheduled
        && before.status != Status::Scheduled
        && !delivery::has_bytes(step, &after.key)?
    {
        return Err(conflict(settlement, "it has no bytes, so it cannot be scheduled"));
    }
    if let Some((attempt, row)) = attempt.as_ref().zip(attempt_row) {
        insert_attempt(step, settlement, attempt, row)?;
    }
    if settlement.grants() {
        delivery::grant(step, &after.key)?;
    }
    if let Some(failure) = failure {
        failures::add(step, failure)?;
    }
    delivery::replace_head(step, before, after)
}

fn replace_made(step: &mut Step<'_>, settlement: &Settlement, made: &Made) -> Result<()> {
    let key = &settlement.before.key;
    if delivery::has_bytes(step, key)? {
        return Err(conflict(settlement, "it has its bytes, which never change"));
    }
    step.put(keys::made(key), &MadeRow::from(made));
    Ok(())
}

fn insert_attempt(
    step: &mut Step<'_>,
    settlement: &Settlement,
    attempt: &Attempt,
    row: Vec<u8>,
) -> Result<()> {
    let Settlement { before, after, .. } = settlement;
    let next = before.attempts.checked_add(1);
    if attempt.delivery != before.key
        || Some(attempt.number) != next
        || Some(after.attempts) != next
    {
        return Err(conflict(settlement, "the attempt is not the one that comes next"));
    }
    let key = keys::attempt(&attempt.delivery, attempt.number);
    if step.has(&key)? {
        return Err(conflict(settlement, "this attempt was settled before"));
    }
    step.put_bytes(key, row);
    Ok(())
}

fn conflict(settlement: &Settlement, what: &str) -> Error {
    Error::Conflict(format!("delivery {}: {what}", settlement.before.key.id()))
}
