//! Who leads, in this process. Another process cannot hold the store, so a store that is opened has no lead, and
//! the first one gets a new epoch.

use std::sync::Arc;

use transload_domain::Timestamp;

use crate::{Error, Lead, Result, tail::Tail};

/// The present lead, if there is one, and where its agenda reads what is new.
#[derive(Default)]
pub(crate) struct Leadership {
    lead: Option<Lead>,
    tail: Option<Arc<Tail>>,
}

impl Leadership {
    /// The lead that this host already has and may keep: it still has its agenda, or has not asked for it yet.
    pub(crate) fn renew(&mut self, host: &str, until: Timestamp) -> Option<Lead> {
        let resigned = self.tail.as_ref().is_some_and(|tail| tail.is_abandoned());
        let lead = self.lead.as_mut().filter(|lead| lead.host == host && !resigned)?;
        lead.until = lead.until.max(until);
        Some(lead.clone())
    }

    /// The host whose lease still lasts, where it is another.
    pub(crate) fn other(&self, host: &str, now: Timestamp) -> Option<&str> {
        let lead = self.lead.as_ref()?;
        (lead.host != host && lead.until > now).then_some(&*lead.host)
    }

    /// A new lead. The old one's agenda ends.
    pub(crate) fn replace(&mut self, lead: Lead) {
        self.close();
        self.lead = Some(lead);
    }

    /// Refuses all but the present lead.
    pub(crate) fn fence(&self, lead: &Lead) -> Result<()> {
        match &self.lead {
            Some(present) if present.epoch == lead.epoch && present.shard == lead.shard => Ok(()),
            _ => Err(Error::Fenced),
        }
    }

    /// Remembers where the present lead's agenda reads.
    pub(crate) fn follow(&mut self, tail: Arc<Tail>) -> Result<()> {
        match &self.tail {
            Some(old) if old.is_abandoned() => Err(Error::Fenced),
            Some(_) => Err(Error::Conflict("this lead has its agenda already".into())),
            None => {
                self.tail = Some(tail);
                Ok(())
            }
        }
    }

    /// Where the present lead's agenda reads.
    pub(crate) fn tail(&self) -> Option<&Tail> {
        self.tail.as_deref()
    }

    fn close(&mut self) {
        if let Some(tail) = self.tail.take() {
            tail.close();
        }
    }
}

impl Drop for Leadership {
    fn drop(&mut self) {
        self.close();
    }
}
