//! Requests between their dispatch and their first attempt.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use transload_domain::{DeliveryKey, Digest, Request};

/// A bounded cache of requests, so that a first attempt does not read again what was just written. The oldest goes
/// first; what is gone is read from the ledger.
#[derive(Debug)]
pub(super) struct Requests {
    bytes_max: usize,
    bytes: usize,
    next: u64,
    by_key: HashMap<DeliveryKey, (u64, Ready)>,
    by_age: BTreeMap<u64, DeliveryKey>,
}

/// A request and the digest of the plugin that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) request: Arc<Request>,
    pub(super) plugin: Digest,
}

impl Requests {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, bytes: 0, next: 0, by_key: HashMap::new(), by_age: BTreeMap::new() }
    }

    pub(super) fn insert(&mut self, key: DeliveryKey, ready: Ready) {
        self.take(&key);
        self.bytes += size(&ready.request);
        self.by_key.insert(key, (self.next, ready));
        self.by_age.insert(self.next, key);
        self.next += 1;
        while self.bytes > self.bytes_max {
            let Some((_, oldest)) = self.by_age.first_key_value() else { return };
            let oldest = *oldest;
            self.take(&oldest);
        }
    }

    pub(super) fn take(&mut self, key: &DeliveryKey) -> Option<Ready> {
        let (age, ready) = self.by_key.remove(key)?;
        self.by_age.remove(&age);
        self.bytes -= size(&ready.request);
        Some(ready)
    }
}

/// Bytes that a request holds, and some for its place in the cache.
fn size(request: &Request) -> usize {
    let headers: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    request.body.len() + request.path.len() + headers + 256
}

#[cfg(test)]
mod tests {
    use transload_domain::{EventNo, HookNo, Method, Part, WebhookId};

    use super::*;

    fn key(event: u64) -> DeliveryKey {
        let webhook = WebhookId::from_random([1; 16]);
        DeliveryKey { event: EventNo(event), webhook, hook: HookNo(0), part: Part(0) }
    }

    fn ready(bytes: usize) -> Ready {
        let request = Request {
            method: Method::Post,
            path: String::new(),
            headers: vec![],
            body: vec![0; bytes],
        };
        Ready { request: Arc::new(request), plugin: Digest([0; 32]) }
    }

    #[test]
    fn the_oldest_goes_when_there_is_too_much() {
        let mut requests = Requests::new(3_000);
        for event in 1..=3 {
            requests.insert(key(event), ready(1_000));
        }
        assert_eq!(requests.take(&key(1)), None);
        assert!(requests.take(&key(3)).is_some());
        assert!(requests.take(&key(2)).is_some());
        assert_eq!((requests.bytes, requests.by_age.len()), (0, 0));
        requests.insert(key(4), ready(5_000));
        assert_eq!(requests.take(&key(4)), None, "one that is larger than all is not kept");
    }
}
