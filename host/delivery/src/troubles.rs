//! What keeps a webhook's deliveries from going out.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use transload_domain::{Timestamp, WebhookId};

/// What keeps webhooks' deliveries from going out: written by the loop, read by the API. It holds one entry for each
/// webhook in trouble, so webhooks bound it; it is empty again when the loop begins anew.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<HashMap<WebhookId, Trouble>>);

/// What keeps a webhook's deliveries from going out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind.
    pub kind: TroubleKind,
    /// Since when.
    pub since: Timestamp,
    /// The latest failure, in words for the operator.
    pub detail: String,
    /// When one delivery is tried next, at the earliest.
    pub next_try: Timestamp,
}

/// Kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// The token endpoint refuses the webhook's credentials: somebody has to put them right.
    Credentials,
    /// The endpoint, or the token endpoint, keeps failing.
    Failing,
    /// The vendor asked to be left alone for a while (`Retry-After`).
    Paused,
}

impl Troubles {
    /// Nobody is in trouble.
    pub fn new() -> Self {
        Self::default()
    }

    /// What keeps this webhook's deliveries from going out at `now`, if anything does. A pause that is over does not.
    pub fn of(&self, webhook: WebhookId, now: Timestamp) -> Option<Trouble> {
        let trouble = self.map().get(&webhook).cloned();
        trouble.filter(|trouble| trouble.kind != TroubleKind::Paused || trouble.next_try > now)
    }

    /// Says that a webhook is in trouble.
    pub fn put(&self, webhook: WebhookId, trouble: Trouble) {
        self.map().insert(webhook, trouble);
    }

    /// Says that a webhook is in no trouble.
    pub(crate) fn clear(&self, webhook: WebhookId) {
        self.map().remove(&webhook);
    }

    /// Forgets everything.
    pub(crate) fn clear_all(&self) {
        self.map().clear();
    }

    /// Each change is one operation on the map, so what a panicking holder left behind is still sound.
    fn map(&self) -> MutexGuard<'_, HashMap<WebhookId, Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TroubleKind {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Failing => "failing",
            Self::Paused => "paused",
        }
    }
}

impl fmt::Display for TroubleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_trouble_of_each_webhook_is_told() {
        let troubles = Troubles::new();
        let [one, two] = [1, 2].map(|n| WebhookId::from_random([n; 16]));
        let trouble = |kind| Trouble {
            kind,
            since: Timestamp::EPOCH,
            detail: "no answer".into(),
            next_try: Timestamp::MAX,
        };
        troubles.put(one, trouble(TroubleKind::Failing));
        troubles.put(one, trouble(TroubleKind::Credentials));
        troubles.put(two, trouble(TroubleKind::Failing));
        let now = Timestamp::EPOCH;
        assert_eq!(troubles.of(one, now), Some(trouble(TroubleKind::Credentials)));
        troubles.clear(one);
        assert_eq!((troubles.of(one, now), troubles.of(two, now).is_some()), (None, true));
        troubles.clear_all();
        assert_eq!(troubles.of(two, now), None);
        troubles.put(one, trouble(TroubleKind::Paused));
        assert!(troubles.of(one, now).is_some());
        assert_eq!(troubles.of(one, Timestamp::MAX), None, "a pause ends by itself");
    }
}
