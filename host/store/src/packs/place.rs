//! Where a leaf is looked for.

/// A place among the rows of a kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// At this key.
    At(&'a [u8]),
    /// At the greatest key below this one.
    Below(&'a [u8]),
}

impl Place<'_> {
    /// Whether the place, which is not before a leaf, is in it, if the leaf ends before `end`.
    pub(super) fn is_in(self, end: &[u8]) -> bool {
        match self {
            Self::At(key) => key < end,
            Self::Below(key) => key <= end,
        }
    }
}
