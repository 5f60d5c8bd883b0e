//! The keys of the rows: one byte for the kind, then what orders it, numbers big-endian.
//!
//! Rows that belong to an event begin with its number, so that rows written together lie together and what is
//! retired together empties whole pages.
//!
//! | Key | Value |
//! |---|---|
//! | `f` | format of the store |
//! | `F` | the format that it had, while it is brought to this one |
//! | `n` | number of the last event |
//! | `r` | the last revision that was given to anything |
//! | `l` | epoch of the last lead |
//! | `e` no | event |
//! | `i` identity | number of the event with that identity |
//! | `b` organization 0 block | which events of the block are the organization's |
//! | `v` block | which events of the block are dispatched |
//! | `z` | the first block whose events are not all dispatched |
//! | `h` delivery | head |
//! | `m` delivery | what was made |
//! | `S` status webhook block | which deliveries of the block's events are in that status |
//! | `a` delivery number | attempt |
//! | `d` delivery | (nothing: somebody asks for it again) |
//! | `g` webhook | recent failures |
//! | `j` organization 0 replay | replay |
//! | `q` organization 0 time replay | (nothing: an organization's replays) |
//! | `y` organization 0 replay | (nothing: the replay has not ended) |
//! | `k` webhook key | plugin state |
//! | `t` webhook | bytes of plugin state; it is there as long as the webhook is |
//! | `w` organization 0 webhook | webhook |
//! | `W` organization 0 webhook | number of the last event when the webhook went: deliveries of it may be kept |
//! | `p` digest | profile |
//! | `x` id | access record |
//! | `c` webhook status | number of deliveries |
//!
//! On disk, rows of the kinds `e`, `h`, `m` and `a` are kept many to a value: `L` key (a leaf: the rows from this key
//! on) and `B` key (a value that is too large for a leaf). Up to format 3 they had rows of their own there.
//! What has changed of late in rows of the kinds `S`, `b` and `c` stands in `O` number (the log of one write). Up to
//! format 4 there were no logs.
//!
//! Format 1 had, instead of `b`, `v` and `z`: `o` organization 0 no (nothing: an organization's events), and `u` no
//! (nothing: the event is not dispatched). Format 1, and format 2 at first, had instead of `S`: `s` status webhook
//! delivery (nothing).

use std::ops::Range;

use transload_domain::{
    DeliveryKey, Digest, EventNo, HookNo, Organization, Part, ReplayId, Status, Timestamp,
    WebhookId,
};
use uuid::Uuid;

pub(crate) const FORMAT: &[u8] = b"f";
pub(crate) const LAST_EVENT: &[u8] = b"n";
pub(crate) const FLOOR: &[u8] = b"z";
/// The first byte of the keys of heads.
pub(crate) const HEAD: u8 = b'h';
/// The first byte of the keys of lists of deliveries.
const LISTED: u8 = b'S';
pub(crate) const LAST_REVISION: &[u8] = b"r";
pub(crate) const EPOCH: &[u8] = b"l";

/// The first byte of the keys of leaves, on disk: of rows in packs.
pub(crate) const LEAF: u8 = b'L';
/// The first byte of the keys of values, on disk, that are too large for a leaf.
pub(crate) const APART: u8 = b'B';
/// The first byte of the keys of logs, on disk: of what has changed of late.
pub(crate) const LOG: u8 = b'O';
/// The format that a store had, as long as it is being brought to this one.
pub(crate) const FORMER: &[u8] = b"F";

/// Bytes of a delivery's key: number, webhook, hook and part.
const DELIVERY_LEN: usize = 8 + 16 + 1 + 1;

pub(crate) fn event(no: EventNo) -> Vec<u8> {
    join(b'e', &[&no.0.to_be_bytes()])
}

/// All events.
pub(crate) fn events() -> Vec<u8> {
    vec![b'e']
}

pub(crate) fn identity(identity: &Digest) -> Vec<u8> {
    join(b'i', &[&identity.0])
}

pub(crate) fn listed_events(organization: &Organization, block: u64) -> Vec<u8> {
    join(b'b', &[organization.as_str().as_bytes(), &[0], &block.to_be_bytes()])
}

/// All blocks of an organization's events.
pub(crate) fn all_listed_events(organization: &Organization) -> Vec<u8> {
    join(b'b', &[organization.as_str().as_bytes(), &[0]])
}

/// All blocks of all organizations' events.
pub(crate) fn listed_events_of_all() -> Vec<u8> {
    vec![b'b']
}

/// The organization in the key of a block of its events.
pub(crate) fn organization_in(key: &[u8]) -> Option<Organization> {
    let end = key.iter().position(|byte| *byte == 0)?;
    Organization::new(std::str::from_utf8(key.get(1..end)?).ok()?).ok()
}

pub(crate) fn dispatched(block: u64) -> Vec<u8> {
    join(b'v', &[&block.to_be_bytes()])
}

/// All blocks of events that are dispatched.
pub(crate) fn all_dispatched() -> Vec<u8> {
    vec![b'v']
}

/// Keys of former formats that this one has no more.
pub(crate) mod first {
    #[cfg(test)]
    use super::{EventNo, Organization, join};

    /// Events by organization: organization, 0, number.
    pub(crate) const BY_ORGANIZATION: &[u8] = b"o";

    /// Deliveries by status: status, webhook, delivery.
    pub(crate) const BY_STATUS: &[u8] = b"s";

    /// Events that are not dispatched: number.
    pub(crate) const UNDISPATCHED: &[u8] = b"u";

    #[cfg(test)]
    pub(crate) fn by_organization(organization: &Organization, no: EventNo) -> Vec<u8> {
        join(b'o', &[organization.as_str().as_bytes(), &[0], &no.0.to_be_bytes()])
    }

    #[cfg(test)]
    pub(crate) fn by_status(status: super::Status, key: &super::DeliveryKey) -> Vec<u8> {
        let status = [super::status_byte(status)];
        join(b's', &[&status, key.webhook.0.as_bytes(), &super::delivery(key)])
    }

    #[cfg(test)]
    pub(crate) fn undispatched(no: EventNo) -> Vec<u8> {
        join(b'u', &[&no.0.to_be_bytes()])
    }
}

pub(crate) fn head(key: &DeliveryKey) -> Vec<u8> {
    join(HEAD, &[&delivery(key)])
}

/// The heads of all deliveries, in the order of their events.
pub(crate) fn all_heads() -> Vec<u8> {
    vec![HEAD]
}

/// The heads of an event's deliveries.
pub(crate) fn heads(event: EventNo) -> Vec<u8> {
    join(HEAD, &[&event.0.to_be_bytes()])
}

pub(crate) fn made(key: &DeliveryKey) -> Vec<u8> {
    join(b'm', &[&delivery(key)])
}

pub(crate) fn attempt(key: &DeliveryKey, number: u32) -> Vec<u8> {
    join(b'a', &[&delivery(key), &number.to_be_bytes()])
}

/// The attempts of a delivery.
pub(crate) fn attempts(key: &DeliveryKey) -> Vec<u8> {
    join(b'a', &[&delivery(key)])
}

/// The attempts of all deliveries of an event.
pub(crate) fn event_attempts(event: EventNo) -> Vec<u8> {
    join(b'a', &[&event.0.to_be_bytes()])
}

pub(crate) fn listed(status: Status, webhook: WebhookId, block: u64) -> Vec<u8> {
    join(LISTED, &[&[status_byte(status)], webhook.0.as_bytes(), &block.to_be_bytes()])
}

/// All lists of deliveries.
pub(crate) fn all_lists() -> Vec<u8> {
    vec![LISTED]
}

/// All deliveries in a status; of one webhook where it is given.
pub(crate) fn all_listed(status: Status, webhook: Option<WebhookId>) -> Vec<u8> {
    match webhook {
        Some(webhook) => join(LISTED, &[&[status_byte(status)], webhook.0.as_bytes()]),
        None => vec![LISTED, status_byte(status)],
    }
}

/// Whether this is the key of a list of deliveries.
pub(crate) fn is_list_of_deliveries(key: &[u8]) -> bool {
    key.first() == Some(&LISTED)
}

/// Whether this is the key of a list of an organization's events.
pub(crate) fn is_list_of_events(key: &[u8]) -> bool {
    key.first() == Some(&b'b')
}

/// The webhook and the block in the key of a list.
pub(crate) fn listed_in(key: &[u8]) -> Option<(WebhookId, u64)> {
    let (webhook, block) = key.get(2..)?.split_first_chunk::<16>()?;
    Some((WebhookId(Uuid::from_bytes(*webhook)), u64::from_be_bytes(block.try_into().ok()?)))
}

/// Where the deliveries of a list are counted.
pub(crate) fn count_of_list(key: &[u8]) -> Option<Vec<u8>> {
    let (status, webhook) = (key.get(1)?, key.get(2..18)?);
    Some(join(b'c', &[webhook, &[*status]]))
}

/// The wish for a delivery.
pub(crate) fn redrive(key: &DeliveryKey) -> Vec<u8> {
    join(b'd', &[&delivery(key)])
}

pub(crate) fn redrives() -> Vec<u8> {
    vec![b'd']
}

pub(crate) fn failures(webhook: WebhookId) -> Vec<u8> {
    join(b'g', &[webhook.0.as_bytes()])
}

pub(crate) fn all_failures() -> Vec<u8> {
    vec![b'g']
}

/// The webhook in a key that ends with one.
pub(crate) fn webhook_in(key: &[u8]) -> Option<WebhookId> {
    key.last_chunk().map(|id| WebhookId(Uuid::from_bytes(*id)))
}

pub(crate) fn replay(organization: &Organization, id: ReplayId) -> Vec<u8> {
    join(b'j', &[organization.as_str().as_bytes(), &[0], id.0.as_bytes()])
}

/// A replay's place in the order of time.
pub(crate) fn replay_at(organization: &Organization, at: Timestamp, id: ReplayId) -> Vec<u8> {
    let (organization, at) = (organization.as_str().as_bytes(), in_order(at));
    join(b'q', &[organization, &[0], &at, id.0.as_bytes()])
}

pub(crate) fn organization_replays(organization: &Organization) -> Vec<u8> {
    join(b'q', &[organization.as_str().as_bytes(), &[0]])
}

pub(crate) fn unfinished_replay(organization: &Organization, id: ReplayId) -> Vec<u8> {
    join(b'y', &[organization.as_str().as_bytes(), &[0], id.0.as_bytes()])
}

pub(crate) fn unfinished_replays() -> Vec<u8> {
    vec![b'y']
}

/// The replay's own key, from that of its place in a list.
pub(crate) fn replay_of(key: &[u8]) -> Option<Vec<u8>> {
    let id: &[u8; 16] = key.last_chunk()?;
    let end = key.iter().position(|byte| *byte == 0)?;
    Some(join(b'j', &[key.get(1..end)?, &[0], id]))
}

pub(crate) fn state(webhook: WebhookId, key: &str) -> Vec<u8> {
    join(b'k', &[webhook.0.as_bytes(), key.as_bytes()])
}

/// All state of a webhook.
pub(crate) fn webhook_state(webhook: WebhookId) -> Vec<u8> {
    join(b'k', &[webhook.0.as_bytes()])
}

pub(crate) fn state_bytes(webhook: WebhookId) -> Vec<u8> {
    join(b't', &[webhook.0.as_bytes()])
}

pub(crate) fn webhook(organization: &Organization, id: WebhookId) -> Vec<u8> {
    join(b'w', &[organization.as_str().as_bytes(), &[0], id.0.as_bytes()])
}

pub(crate) fn organization_webhooks(organization: &Organization) -> Vec<u8> {
    join(b'w', &[organization.as_str().as_bytes(), &[0]])
}

/// A webhook that is gone.
pub(crate) fn gone(organization: &Organization, id: WebhookId) -> Vec<u8> {
    join(b'W', &[organization.as_str().as_bytes(), &[0], id.0.as_bytes()])
}

pub(crate) fn organization_gone(organization: &Organization) -> Vec<u8> {
    join(b'W', &[organization.as_str().as_bytes(), &[0]])
}

pub(crate) fn all_gone() -> Vec<u8> {
    vec![b'W']
}

pub(crate) fn webhooks() -> Vec<u8> {
    vec![b'w']
}

pub(crate) fn profile(digest: &Digest) -> Vec<u8> {
    join(b'p', &[&digest.0])
}

pub(crate) fn profiles() -> Vec<u8> {
    vec![b'p']
}

/// The digest in a profile's key.
pub(crate) fn profile_in(key: &[u8]) -> Option<Digest> {
    key.get(1..)?.try_into().ok().map(Digest)
}

pub(crate) fn access(id: &str) -> Vec<u8> {
    join(b'x', &[id.as_bytes()])
}

pub(crate) fn all_access() -> Vec<u8> {
    vec![b'x']
}

pub(crate) fn count(webhook: WebhookId, status: Status) -> Vec<u8> {
    join(b'c', &[webhook.0.as_bytes(), &[status_byte(status)]])
}

/// The counts of a webhook.
pub(crate) fn counts(webhook: WebhookId) -> Vec<u8> {
    join(b'c', &[webhook.0.as_bytes()])
}

pub(crate) fn all_counts() -> Vec<u8> {
    vec![b'c']
}

/// The webhook in the key of a count.
pub(crate) fn counted_in(key: &[u8]) -> Option<WebhookId> {
    let (webhook, _) = key.get(1..)?.split_first_chunk::<16>()?;
    Some(WebhookId(Uuid::from_bytes(*webhook)))
}

/// The kinds of rows that a store on disk keeps in packs, and how many bytes of them are a good piece: rows that are
/// written once are the better compressed the more they are, and heads are written again.
pub(crate) const PACKED: [(u8, usize); 4] =
    [(b'a', 8 << 10), (b'e', 8 << 10), (HEAD, 4 << 10), (b'm', 8 << 10)];

/// How many bytes of rows of a kind are a good piece.
pub(crate) fn good_piece(kind: u8) -> usize {
    let found = PACKED.iter().find(|(packed, _)| *packed == kind);
    found.map_or(4 << 10, |(_, bytes)| *bytes)
}

/// The kind of this key, where it is one that is kept in packs.
pub(crate) fn packed_kind(key: &[u8]) -> Option<u8> {
    let kind = *key.first()?;
    PACKED.iter().any(|(packed, _)| *packed == kind).then_some(kind)
}

/// The kinds of rows that a store on disk keeps in memory and in logs as long as they change: lists and counts. What
/// they tell can be found out from events and heads, so that they can be made anew.
pub(crate) const OVERLAID: [u8; 3] = [LISTED, b'b', b'c'];

/// Whether the row of this key is kept in memory and in logs as long as it changes.
pub(crate) fn is_overlaid(key: &[u8]) -> bool {
    key.first().is_some_and(|kind| OVERLAID.contains(kind))
}

/// What the write of this number changed.
pub(crate) fn log(number: u64) -> Vec<u8> {
    join(LOG, &[&number.to_be_bytes()])
}

pub(crate) fn logs() -> Vec<u8> {
    vec![LOG]
}

/// What the row of a key is about, for people.
pub(crate) fn in_words(key: &[u8]) -> String {
    let what = match key.first() {
        Some(&b'a') => "the attempts",
        Some(&b'e') => "the row",
        Some(&HEAD) => "the heads",
        Some(&b'm') => "the requests",
        _ => return format!("a row with a key of {} bytes", key.len()),
    };
    let no = key.get(1..9).and_then(number_in);
    no.map_or_else(|| what.to_owned(), |no| format!("{what} of event {}", no.0))
}

/// Whether the row of this key may have more than a few bytes.
pub(crate) fn may_be_large(key: &[u8]) -> bool {
    matches!(
        key.first(),
        Some(
            &(b'e'
                | b'm'
                | b'a'
                | b'g'
                | b'j'
                | b'k'
                | b'w'
                | b'p'
                | b'x'
                | LISTED
                | LEAF
                | APART
                | LOG)
        )
    )
}

/// Whether the row of this key is written once, and never again before it is removed.
pub(crate) fn is_written_once(key: &[u8]) -> bool {
    matches!(key.first(), Some(&(b'e' | b'a' | LOG)))
}

/// The event's number at the end of a key.
pub(crate) fn number_in(key: &[u8]) -> Option<EventNo> {
    let no = key.last_chunk()?;
    Some(EventNo(u64::from_be_bytes(*no)))
}

/// The delivery's key at the end of a key.
pub(crate) fn delivery_in(key: &[u8]) -> Option<DeliveryKey> {
    let bytes: &[u8; DELIVERY_LEN] = key.last_chunk()?;
    let (no, rest) = bytes.split_first_chunk::<8>()?;
    let (webhook, rest) = rest.split_first_chunk::<16>()?;
    let [hook, part] = rest else { return None };
    Some(DeliveryKey {
        event: EventNo(u64::from_be_bytes(*no)),
        webhook: WebhookId(Uuid::from_bytes(*webhook)),
        hook: HookNo(*hook),
        part: Part(*part),
    })
}

/// All keys that begin with this prefix. A prefix is never all `0xff`.
pub(crate) fn under(prefix: &[u8]) -> Range<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    prefix.to_vec()..end
}

/// The first key behind this one.
pub(crate) fn behind(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// A time whose bytes lie in the order of time.
fn in_order(at: Timestamp) -> [u8; 8] {
    (at.as_micros() ^ i64::MIN).to_be_bytes()
}

fn delivery(key: &DeliveryKey) -> [u8; DELIVERY_LEN] {
    let mut bytes = [0; DELIVERY_LEN];
    bytes[..8].copy_from_slice(&key.event.0.to_be_bytes());
    bytes[8..24].copy_from_slice(key.webhook.0.as_bytes());
    bytes[24] = key.hook.0;
    bytes[25] = key.part.0;
    bytes
}

/// A status as it stands in keys and rows: these numbers never change.
pub(crate) fn status_byte(status: Status) -> u8 {
    match status {
        Status::Blocked => 0,
        Status::Scheduled => 1,
        Status::Delivered => 2,
        Status::Skipped => 3,
        Status::Dead => 4,
    }
}

fn join(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(kind);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_found_again_in_its_keys() {
        let webhook = WebhookId::from_random([9; 16]);
        let key =
            DeliveryKey { event: EventNo(0x0102_0304), webhook, hook: HookNo(5), part: Part(6) };
        for row in [head(&key), made(&key), first::by_status(Status::Dead, &key)] {
            assert_eq!(delivery_in(&row), Some(key));
        }
        let row = listed(Status::Dead, webhook, 7);
        assert_eq!(listed_in(&row), Some((webhook, 7)));
        assert_eq!(number_in(&event(EventNo(77))), Some(EventNo(77)));
        assert_eq!(delivery_in(b"h"), None);
    }

    #[test]
    fn numbers_lie_in_their_order() {
        assert!(event(EventNo(255)) < event(EventNo(256)));
        assert!(heads(EventNo(1)) < heads(EventNo(256)));
    }

    #[test]
    fn a_range_ends_before_the_next_prefix() {
        for (prefix, end) in
            [(&b"a"[..], &b"b"[..]), (b"a\xff", b"b"), (b"a\x01\xff\xff", b"a\x02")]
        {
            assert_eq!(under(prefix), prefix.to_vec()..end.to_vec());
        }
    }
}
