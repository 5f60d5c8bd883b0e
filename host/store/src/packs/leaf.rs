//! A leaf: some rows that follow one another, in one piece of memory.
//!
//! For each row: the length of its key (one byte), the length of its value (four bytes), the key, the value. The length
//! [`APART`] says that the value has a row of its own beside the leaf.

/// The length that stands for a value that is kept apart.
const APART: u32 = u32::MAX;
/// Bytes of a row before its key.
const LENGTHS: usize = 1 + 4;

/// Rows in the order of their keys.
#[derive(Debug, Default)]
pub(super) struct Leaf {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Where a row lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    key: u32,
    value: u32,
    end: u32,
    is_apart: bool,
}

/// The value of a row of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// It lies in the leaf.
    Here(&'a [u8]),
    /// It is large and has a row of its own.
    Apart,
}

/// Bytes that a row takes in a leaf.
pub(super) fn size((key, value): &(&[u8], Value<'_>)) -> usize {
    LENGTHS + key.len() + if let Value::Here(value) = value { value.len() } else { 0 }
}

impl Leaf {
    /// A leaf of these rows, which are in order. Keys have at most 255 bytes, values less than 4 GiB.
    pub(super) fn of(rows: &[(&[u8], Value<'_>)]) -> Self {
        let mut bytes = Vec::with_capacity(rows.iter().map(size).sum());
        for (key, value) in rows {
            let (len, value) = match value {
                Value::Here(value) => (value.len() as u32, *value),
                Value::Apart => (APART, &[][..]),
            };
            bytes.push(key.len() as u8);
            bytes.extend_from_slice(&len.to_be_bytes());
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(value);
        }
        let places = places(&bytes);
        debug_assert!(places.as_ref().is_some_and(|places| places.len() == rows.len()));
        Self { places: places.unwrap_or_default(), bytes }
    }

    /// A leaf from its bytes; none where they are damaged.
    pub(super) fn decode(bytes: Vec<u8>) -> Option<Self> {
        let leaf = Self { places: places(&bytes)?, bytes };
        let is_ordered = leaf.places.windows(2).all(|two| leaf.key(two[0]) < leaf.key(two[1]));
        is_ordered.then_some(leaf)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether all keys lie from `start` up to but not including `end`.
    pub(super) fn is_within(&self, start: &[u8], end: &[u8]) -> bool {
        let (first, last) = (self.places.first(), self.places.last());
        first.is_none_or(|first| self.key(*first) >= start)
            && last.is_none_or(|last| self.key(*last) < end)
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Option<Value<'_>> {
        let place = self.places.binary_search_by(|place| self.key(*place).cmp(key)).ok()?;
        Some(self.value(self.places[place]))
    }

    /// The rows from `start` up to but not including `end`.
    pub(super) fn range(
        &self,
        start: &[u8],
        end: &[u8],
    ) -> impl DoubleEndedIterator<Item = (&[u8], Value<'_>)> {
        let first = self.places.partition_point(|place| self.key(*place) < start);
        let behind = self.places.partition_point(|place| self.key(*place) < end);
        self.rows_of(&self.places[first..behind.max(first)])
    }

    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = (&[u8], Value<'_>)> {
        self.rows_of(&self.places)
    }

    fn rows_of<'a>(
        &'a self,
        places: &'a [Place],
    ) -> impl DoubleEndedIterator<Item = (&'a [u8], Value<'a>)> {
        places.iter().map(|place| (self.key(*place), self.value(*place)))
    }

    fn key(&self, place: Place) -> &[u8] {
        &self.bytes[place.key as usize..place.value as usize]
    }

    fn value(&self, place: Place) -> Value<'_> {
        if place.is_apart {
            return Value::Apart;
        }
        Value::Here(&self.bytes[place.value as usize..place.end as usize])
    }
}

/// The places of the rows; none where the bytes do not end with a row.
fn places(bytes: &[u8]) -> Option<Vec<Place>> {
    let (mut places, mut rest, mut at) = (Vec::new(), bytes, 0_u32);
    while let Some((&key_len, behind)) = rest.split_first() {
        let (value_len, behind) = behind.split_first_chunk()?;
        let value_len = u32::from_be_bytes(*value_len);
        let is_apart = value_len == APART;
        let value_len = if is_apart { 0 } else { value_len };
        let key = at.checked_add(LENGTHS as u32)?;
        let value = key.checked_add(u32::from(key_len))?;
        let end = value.checked_add(value_len)?;
        rest = behind.get((end - key) as usize..)?;
        places.push(Place { key, value, end, is_apart });
        at = end;
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [(&[u8], Value<'_>); 4] = [
        (b"a", Value::Here(b"1")),
        (b"b", Value::Here(b"")),
        (b"bb", Value::Apart),
        (b"d", Value::Here(b"four")),
    ];

    #[test]
    fn rows_are_found_again() {
        let leaf = Leaf::decode(Leaf::of(&ROWS).bytes().to_vec()).unwrap();
        assert!(leaf.rows().eq(ROWS));
        assert_eq!(leaf.bytes().len(), ROWS.iter().map(size).sum::<usize>());
        for (key, value) in ROWS {
            assert_eq!(leaf.get(key), Some(value));
        }
        for key in [&b""[..], b"aa", b"c", b"e"] {
            assert_eq!(leaf.get(key), None);
        }
        let keys = |start: &[u8], end: &[u8]| {
            leaf.range(start, end).map(|(key, _)| key.to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(keys(b"b", b"d"), [b"b".to_vec(), b"bb".to_vec()]);
        assert_eq!(keys(b"c", b"z"), [b"d".to_vec()]);
        assert!(keys(b"d", b"b").is_empty());
    }

    /// The shape is that of format 4: it never changes.
    #[test]
    fn a_leaf_that_was_stored_is_read() {
        let stored = b"\x01\0\0\0\x01a1\x01\0\0\0\0b\x02\xff\xff\xff\xffbb\x01\0\0\0\x04dfour";
        assert_eq!(Leaf::of(&ROWS).bytes(), stored);
        assert!(Leaf::decode(stored.to_vec()).unwrap().rows().eq(ROWS));
    }

    #[test]
    fn a_leaf_may_have_no_rows() {
        assert!(Leaf::decode(Vec::new()).unwrap().rows().next().is_none());
    }

    #[test]
    fn damaged_bytes_are_no_leaf() {
        let bytes = Leaf::of(&ROWS).bytes().to_vec();
        let borders: Vec<usize> =
            (0..=ROWS.len()).map(|n| ROWS[..n].iter().map(size).sum()).collect();
        for len in 0..bytes.len() {
            assert_eq!(Leaf::decode(bytes[..len].to_vec()).is_some(), borders.contains(&len));
        }
        let disordered = [ROWS[1], ROWS[0]];
        assert!(Leaf::decode(Leaf::of(&disordered).bytes().to_vec()).is_none());
        let twice = [ROWS[1], ROWS[1]];
        assert!(Leaf::decode(Leaf::of(&twice).bytes().to_vec()).is_none());
    }
}
