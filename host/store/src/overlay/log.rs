//! A log: what one write changed, in one value.
//!
//! First the newest block of lists of deliveries of which the base has rows, and that of lists of events (eight bytes
//! each). Then for each row, in the order of the keys: the length of its key (two bytes), 0 where it is removed or else 1 and the
//! length of its value (four bytes), the key, the value. All of it is compressed like a leaf.

use super::Blocks;
use crate::{packs::frame, rows::Batch};

/// Bytes that a log can have at all, so that a damaged length asks for no memory beyond it. A group of writes has some
/// 8 MiB, and the lists in it are the smaller part.
const LOG_BYTES_LIMIT: usize = 64 << 20;

/// The bytes of a log of these changes, over a base that then has rows of no newer blocks than these.
pub(super) fn encode(blocks: Blocks, changes: &Batch) -> Vec<u8> {
    let size = |(key, value): &(Vec<u8>, Option<Vec<u8>>)| {
        2 + 1 + key.len() + value.as_ref().map_or(0, |value| 4 + value.len())
    };
    let mut bytes = Vec::with_capacity(16 + changes.iter().map(size).sum::<usize>());
    for block in blocks.as_numbers() {
        bytes.extend_from_slice(&block.to_be_bytes());
    }
    for (key, value) in changes {
        // Keys have some hundred bytes, and values far less than 4 GiB.
        bytes.extend_from_slice(&(key.len() as u16).to_be_bytes());
        bytes.push(u8::from(value.is_some()));
        if let Some(value) = value {
            bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
        }
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(value.as_deref().unwrap_or_default());
    }
    bytes
}

/// The blocks and the changes of a log; none where it is damaged.
pub(super) fn decode(bytes: &[u8]) -> Option<(Blocks, Batch)> {
    let (deliveries, bytes) = bytes.split_first_chunk()?;
    let (events, mut bytes) = bytes.split_first_chunk()?;
    let blocks = Blocks::of_numbers([deliveries, events].map(|block| u64::from_be_bytes(*block)));
    let mut changes = Batch::new();
    while !bytes.is_empty() {
        let (key_len, rest) = bytes.split_first_chunk()?;
        let (is_there, rest) = rest.split_first()?;
        let (value_len, rest) = match is_there {
            0 => (None, rest),
            1 => rest
                .split_first_chunk()
                .map(|(len, rest)| (Some(u32::from_be_bytes(*len)), rest))?,
            _ => return None,
        };
        let (key, rest) = rest.split_at_checked(u16::from_be_bytes(*key_len).into())?;
        let (value, rest) = rest.split_at_checked(value_len.unwrap_or(0) as usize)?;
        changes.push((key.to_vec(), value_len.map(|_| value.to_vec())));
        bytes = rest;
    }
    Some((blocks, changes))
}

/// A log as it is stored.
pub(super) fn pack(log: &[u8]) -> Vec<u8> {
    frame::encode(log)
}

/// A log from its stored form; none where that is damaged.
pub(super) fn unpack(stored: &[u8]) -> Option<Vec<u8>> {
    frame::decode(stored, LOG_BYTES_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes() -> Batch {
        vec![
            (b"b1".to_vec(), Some(b"one".to_vec())),
            (b"c".to_vec(), None),
            (b"c2".to_vec(), Some(Vec::new())),
        ]
    }

    fn blocks() -> Blocks {
        Blocks::of_numbers([7, 0x0102])
    }

    /// The shape is that of format 5: it never changes.
    #[test]
    fn a_log_that_was_stored_is_read() {
        let stored = b"\x01\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\x01\x02\
            \0\x02\x01\0\0\0\x03b1one\0\x01\0c\0\x02\x01\0\0\0\0c2";
        assert_eq!(pack(&encode(blocks(), &changes())), stored);
        assert_eq!(decode(&unpack(stored).unwrap()), Some((blocks(), changes())));
    }

    #[test]
    fn damaged_bytes_are_no_log() {
        let of = |n: usize| encode(blocks(), &changes()[..n].to_vec());
        let (bytes, borders) = (of(3), [0, 1, 2, 3].map(|n| of(n).len()));
        for len in 0..bytes.len() {
            assert_eq!(decode(&bytes[..len]).is_some(), borders.contains(&len), "cut at {len}");
        }
        let neither = [&of(0)[..], b"\0\x01\x02c"].concat();
        assert_eq!(decode(&neither), None, "neither there nor removed");
        assert_eq!(unpack(b"\xee"), None);
    }
}
