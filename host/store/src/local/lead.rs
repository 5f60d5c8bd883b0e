//! Taking the lead.

use std::time::Duration;

use super::Local;
use crate::{Error, Lead, Result, Shard, keys, row::NumberRow, rows::Rows};

impl<R: Rows> Local<R> {
    pub(super) async fn take_lead(&self, host: &str, lease: Duration) -> Result<Lead> {
        let (now, host) = (self.clock.now(), host.to_owned());
        let until = now.after(lease);
        let work = move |group: &mut crate::group::Group<'_>| {
            if let Some(lead) = group.leadership.renew(&host, until) {
                return Ok(lead);
            }
            if let Some(other) = group.leadership.other(&host, now) {
                return Err(Error::Taken(other.to_owned()));
            }
            let epoch = group.atomic(|step| {
                let epoch = step.number(keys::EPOCH)? + 1;
                step.put(keys::EPOCH.to_vec(), &NumberRow(epoch));
                Ok(epoch)
            })?;
            let lead = Lead { shard: Shard(0), host, epoch, until };
            group.leadership.replace(lead.clone());
            Ok(lead)
        };
        self.journal.submit(work).await
    }
}
