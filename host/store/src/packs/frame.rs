//! Bytes as they are stored: compressed where that makes them smaller.

use lz4_flex::block;

/// The first byte of bytes that are stored as they are. None begins with 0, which marks a value in chunks.
const PLAIN: u8 = 1;
/// The first byte of bytes that LZ4 made smaller; the length of what it was made from follows.
const LZ4: u8 = 2;
/// Bytes before compressed ones.
const HEADER: usize = 1 + 4;

/// The stored form of some bytes.
pub(crate) fn encode(raw: &[u8]) -> Vec<u8> {
    let mut stored = vec![0; HEADER + block::get_maximum_output_size(raw.len())];
    let packed = block::compress_into(raw, &mut stored[HEADER..]);
    match (packed, u32::try_from(raw.len())) {
        (Ok(len), Ok(raw_len)) if HEADER + len < raw.len() => {
            stored[0] = LZ4;
            stored[1..HEADER].copy_from_slice(&raw_len.to_be_bytes());
            stored.truncate(HEADER + len);
            stored
        }
        _ => [&[PLAIN], raw].concat(),
    }
}

/// The bytes of a stored form; none where it is damaged, or stands for more than `max` bytes. No more than these are
/// ever asked for, whatever a damaged form says.
pub(crate) fn decode(stored: &[u8], max: usize) -> Option<Vec<u8>> {
    match stored.split_first()? {
        (&PLAIN, raw) => (raw.len() <= max).then(|| raw.to_vec()),
        (&LZ4, rest) => {
            let (len, packed) = rest.split_first_chunk()?;
            let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
            if len > max {
                return None;
            }
            let mut raw = vec![0; len];
            let found = block::decompress_into(packed, &mut raw).ok()?;
            (found == len).then_some(raw)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use transload_domain::Digest;

    use super::*;

    #[test]
    fn bytes_are_found_again() {
        let alike = br#"{"sku":"SKU-000001","quantity":2},"#.repeat(40);
        let unlike: Vec<u8> = (0..2_000_u64).flat_map(|n| Digest::of(&n.to_le_bytes()).0).collect();
        for raw in [&b""[..], b"x", &alike, &unlike, &[0; 70_000]] {
            let stored = encode(raw);
            assert!(stored.len() <= raw.len() + 1, "never more than a byte longer");
            assert_eq!(decode(&stored, raw.len()).as_deref(), Some(raw));
        }
        assert!(encode(&alike).len() * 5 < alike.len());
    }

    /// The shapes are those of format 4, with LZ4's own block: they never change.
    #[test]
    fn what_was_stored_is_read() {
        assert_eq!(decode(b"\x01abc", 9).as_deref(), Some(&b"abc"[..]));
        // Four letters, then a copy of 14 bytes from 4 before, then five letters.
        let stored = b"\x02\0\0\0\x17\x4aabcd\x04\0\x50cdabc";
        assert_eq!(decode(stored, 99).as_deref(), Some(&b"abcdabcdabcdabcdabcdabc"[..]));
    }

    #[test]
    fn what_is_longer_than_allowed_is_refused_before_there_is_memory_for_it() {
        let stored = encode(&[7; 5_000]);
        assert_eq!(decode(&stored, 4_999), None);
        assert_eq!(decode(&[PLAIN, 7, 7], 1), None);
        let mut bomb = stored;
        bomb[1..HEADER].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(decode(&bomb, 5_000), None);
        // A length that is less than the truth, or more, is no way around it.
        for len in [4_999_u32, 5_001] {
            bomb[1..HEADER].copy_from_slice(&len.to_be_bytes());
            assert_eq!(decode(&bomb, 9_999), None);
        }
    }

    #[test]
    fn damage_is_never_a_panic() {
        let stored = encode(&br#"{"sku":"SKU-000001","quantity":2},"#.repeat(9));
        for len in 0..stored.len() {
            assert_eq!(decode(&stored[..len], 1 << 20), None, "cut at {len}");
        }
        for at in 0..stored.len() {
            for bit in 0..8 {
                let mut damaged = stored.clone();
                damaged[at] ^= 1 << bit;
                let found = decode(&damaged, 1 << 10);
                assert!(found.is_none_or(|found| found.len() <= 1 << 10));
            }
        }
    }
}
