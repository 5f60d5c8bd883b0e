//! How much waits.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use transload_domain::Organization;
use transload_store::{Ledger, Shard};

/// Events that may wait for their dispatch before new ones are refused. At the pace of one machine that is a minute
/// or two of work; each costs its bytes on disk.
pub const BACKLOG_EVENTS_MAX: u64 = 200_000;
/// Open deliveries that may wait before new events are refused. Each costs the host some 200 bytes of memory.
pub const BACKLOG_DELIVERIES_MAX: u64 = 4_000_000;
/// Percentage of the backlog that one organization may fill while the others have nothing waiting. With half of it,
/// one whose vendor is dead keeps much, and many such organizations still leave room.
pub const BACKLOG_SHARE: u8 = 50;

/// How much may wait before new events are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacklogLimits {
    /// Events that were accepted and not dispatched.
    pub events: u64,
    /// Deliveries that are open.
    pub deliveries: u64,
    /// Percentage of either that one organization may fill while the others have nothing waiting: 1 to 100. See
    /// [`Backlog::admits`].
    pub share: u8,
}

impl Default for BacklogLimits {
    fn default() -> Self {
        Self {
            events: BACKLOG_EVENTS_MAX,
            deliveries: BACKLOG_DELIVERIES_MAX,
            share: BACKLOG_SHARE,
        }
    }
}

/// How much waits: the events as the ledger counts them, the open deliveries as the loop does. Read by those who
/// decide whether to accept more.
pub struct Backlog {
    ledger: Arc<dyn Ledger>,
    shard: Shard,
    limits: BacklogLimits,
    deliveries: AtomicU64,
    /// The open deliveries of each organization that had some since the lead began.
    organizations: RwLock<HashMap<Organization, Arc<AtomicU64>>>,
}

/// Why new events are to be refused for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// What waits.
    pub what: Waiting,
    /// Whose limit it is.
    pub whose: Whose,
    /// How much of it waits: of the organization, or of all.
    pub waiting: u64,
}

/// What may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Events that are not dispatched.
    Events,
    /// Open deliveries.
    Deliveries,
}

/// Whose limit there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One organization's share.
    Organization,
    /// What the host holds for all.
    Host,
}

impl Backlog {
    /// What waits in this shard.
    pub fn new(ledger: Arc<dyn Ledger>, shard: Shard, limits: BacklogLimits) -> Self {
        let (deliveries, organizations) = (AtomicU64::new(0), RwLock::default());
        Self { ledger, shard, limits, deliveries, organizations }
    }

    /// Whether an organization may add to what waits. It may while it has less waiting than there is room left for all
    /// (with a share of a half; more or less with another). So one alone fills its share of the whole, several share
    /// what there is, and whoever has little waiting is never refused because of others.
    ///
    /// Callers that ask at the same time may together go beyond the limit by what they then post.
    ///
    /// # Errors
    /// What is full.
    pub fn admits(&self, organization: &Organization) -> Result<(), Full> {
        let of_organization = self.deliveries_of(organization);
        self.room(Waiting::Deliveries, self.limits.deliveries, self.deliveries(), of_organization)?;
        let of_organization = self.ledger.undispatched_of(self.shard, organization);
        self.room(Waiting::Events, self.limits.events, self.events(), of_organization)
    }

    /// Whether a replay may let more of an organization's deliveries go out again: while it could have twice as many open.
    /// So a replay fills half of what the organization may at the most, and its new events are not refused because of its
    /// own replay.
    pub fn admits_replay(&self, organization: &Organization) -> bool {
        let (all, own) = (self.deliveries(), self.deliveries_of(organization));
        let (all, twice) = (all.saturating_add(own), own.saturating_mul(2));
        self.admits(organization).is_ok()
            && self.room(Waiting::Deliveries, self.limits.deliveries, all, twice).is_ok()
    }

    fn room(&self, what: Waiting, limit: u64, all: u64, own: u64) -> Result<(), Full> {
        let free = limit.saturating_sub(all);
        let share = u128::from(self.limits.share.clamp(1, 100));
        if free == 0 {
            return Err(Full { what, whose: Whose::Host, waiting: all });
        }
        if u128::from(own) * (100 - share) >= u128::from(free) * share {
            return Err(Full { what, whose: Whose::Organization, waiting: own });
        }
        Ok(())
    }

    /// Events that were accepted, by whichever host and before whichever restart, and not dispatched.
    pub fn events(&self) -> u64 {
        self.ledger.undispatched(self.shard)
    }

    /// Deliveries that are open, as far as the loop of this host has learned of them.
    pub fn deliveries(&self) -> u64 {
        self.deliveries.load(Relaxed)
    }

    /// The same, of one organization.
    pub fn deliveries_of(&self, organization: &Organization) -> u64 {
        let organizations = self.organizations.read().unwrap_or_else(PoisonError::into_inner);
        organizations.get(organization).map_or(0, |count| count.load(Relaxed))
    }

    /// Open deliveries of the organization that has most. It looks at all: for metrics only.
    pub fn most_deliveries(&self) -> u64 {
        let organizations = self.organizations.read().unwrap_or_else(PoisonError::into_inner);
        organizations.values().map(|count| count.load(Relaxed)).max().unwrap_or(0)
    }

    /// Says how many deliveries are open.
    pub fn open(&self, deliveries: usize) {
        self.deliveries.store(deliveries as u64, Relaxed);
    }

    /// Begins to count anew: a lead has learned of nothing yet.
    pub(crate) fn begin(&self) {
        self.open(0);
        self.organizations.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Where an organization's open deliveries are counted.
    pub(crate) fn count_of(&self, organization: &Organization) -> Arc<AtomicU64> {
        let mut organizations = self.organizations.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(organizations.entry(organization.clone()).or_default())
    }
}

impl Full {
    /// Its name in metrics.
    pub fn as_str(&self) -> &'static str {
        match (self.whose, self.what) {
            (Whose::Organization, Waiting::Events) => "organization_events",
            (Whose::Organization, Waiting::Deliveries) => "organization_deliveries",
            (Whose::Host, Waiting::Events) => "host_events",
            (Whose::Host, Waiting::Deliveries) => "host_deliveries",
        }
    }
}

impl fmt::Debug for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, deliveries) = (self.events(), self.deliveries());
        f.debug_struct("Backlog")
            .field("events", &events)
            .field("deliveries", &deliveries)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use transload_domain::{Clock, Timestamp};
    use transload_store::Memory;

    use super::*;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::EPOCH
        }
    }

    /// How many deliveries each of these organizations may have, when one after the other posts until it is refused.
    fn filled(limit: u64, share: u8, organizations: u8) -> Vec<u64> {
        filled_while(limit, share, organizations, |backlog, one| backlog.admits(one).is_ok())
    }

    fn filled_while(
        limit: u64,
        share: u8,
        organizations: u8,
        admits: impl Fn(&Backlog, &Organization) -> bool,
    ) -> Vec<u64> {
        let limits = BacklogLimits { deliveries: limit, share, ..BacklogLimits::default() };
        let ledger = Arc::new(Memory::new(Arc::new(Still)));
        let backlog = Backlog::new(ledger, Shard(0), limits);
        let fill = |n: u8| {
            let organization = Organization::new(&format!("o{n}")).unwrap();
            let count = backlog.count_of(&organization);
            while admits(&backlog, &organization) {
                count.fetch_add(1, Relaxed);
                backlog.open(usize::try_from(backlog.deliveries()).unwrap() + 1);
            }
            backlog.deliveries_of(&organization)
        };
        (0..organizations).map(fill).collect()
    }

    #[test]
    fn i8_an_organization_that_fills_its_share_leaves_room_for_others() {
        assert_eq!(filled(1_000, 50, 5), [500, 250, 125, 63, 31]);
        assert_eq!(filled(1_000, 80, 3), [800, 160, 32]);
        assert_eq!(filled(1_000, 100, 2), [1_000, 0], "where one may take all, it does");
        assert_eq!(filled(1, 50, 2), [1, 0], "however small it is, one has room");
    }

    #[test]
    fn i8_a_replay_leaves_half_of_the_room_to_its_organizations_new_events() {
        let replayed = |share| filled_while(1_000, share, 3, Backlog::admits_replay);
        assert_eq!(replayed(50), [250, 188, 141]);
        assert_eq!(replayed(100), [500, 250, 125]);
    }
}
