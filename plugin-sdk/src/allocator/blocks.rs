//! Which addresses are in use: blocks one after the other, of which only the last can change.

use std::{alloc::Layout, ops::Range};

/// The addresses that are free, which all lie behind those in use.
#[derive(Debug)]
pub(super) struct Blocks {
    free: Range<usize>,
}

impl Blocks {
    /// No memory at all yet.
    pub(super) const NONE: Self = Self { free: 0..0 };

    /// A block's address. When what is free does not suffice, `next` is asked for a piece of memory of at least so
    /// many bytes, and told what was free before; what is left of that is given up, unless the piece follows it.
    pub(super) fn alloc(
        &mut self,
        layout: Layout,
        mut next: impl FnMut(usize, &Range<usize>) -> Option<Range<usize>>,
    ) -> Option<usize> {
        loop {
            let start = self.free.start.checked_next_multiple_of(layout.align())?;
            let end = start.checked_add(layout.size())?;
            if end <= self.free.end {
                self.free.start = end;
                return Some(start);
            }
            // Enough for the block wherever the piece begins.
            let piece = next(layout.size().checked_add(layout.align())?, &self.free)?;
            let follows = piece.start == self.free.end;
            self.free = if follows { self.free.start..piece.end } else { piece };
        }
    }

    /// Takes a block back if it is the last one.
    pub(super) fn free(&mut self, block: usize, size: usize) {
        if block + size == self.free.start {
            self.free.start = block;
        }
    }

    /// Gives a block another size where it stands, if it can have it there: the last one as far as there is room, any
    /// other only a smaller one.
    pub(super) fn resize(&mut self, block: usize, size: usize, new_size: usize) -> bool {
        if block + size != self.free.start {
            return new_size <= size;
        }
        match block.checked_add(new_size) {
            Some(end) if end <= self.free.end => {
                self.free.start = end;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    fn none(_: usize, _: &Range<usize>) -> Option<Range<usize>> {
        None
    }

    fn with(free: Range<usize>) -> Blocks {
        Blocks { free }
    }

    #[test]
    fn blocks_follow_each_other_aligned() {
        let mut blocks = with(100..200);
        assert_eq!(blocks.alloc(layout(10, 1), none), Some(100));
        assert_eq!(blocks.alloc(layout(8, 8), none), Some(112));
        assert_eq!(blocks.alloc(layout(80, 16), none), None);
        assert_eq!(blocks.alloc(layout(80, 8), none), Some(120));
        assert_eq!(blocks.alloc(layout(1, 1), none), None);
    }

    #[test]
    fn only_the_last_block_is_taken_back() {
        let mut blocks = with(100..200);
        let first = blocks.alloc(layout(10, 1), none).unwrap();
        let second = blocks.alloc(layout(10, 1), none).unwrap();
        blocks.free(first, 10);
        assert_eq!(blocks.free, 120..200);
        blocks.free(second, 10);
        assert_eq!(blocks.free, 110..200);
    }

    #[test]
    fn the_last_block_grows_and_shrinks_in_place() {
        let mut blocks = with(100..200);
        let first = blocks.alloc(layout(10, 1), none).unwrap();
        let last = blocks.alloc(layout(10, 1), none).unwrap();
        assert!(blocks.resize(last, 10, 90));
        assert!(!blocks.resize(last, 90, 91));
        assert!(blocks.resize(last, 90, 20));
        assert_eq!(blocks.free, 130..200);
        assert!(blocks.resize(first, 10, 5));
        assert!(!blocks.resize(first, 5, 6));
        assert_eq!(blocks.free, 130..200);
    }

    #[test]
    fn a_piece_that_follows_is_joined_and_another_takes_over() {
        let mut blocks = Blocks::NONE;
        let first = |bytes: usize, before: &Range<usize>| {
            assert_eq!((bytes, before), (11, &(0..0)));
            Some(100..120)
        };
        assert_eq!(blocks.alloc(layout(10, 1), first), Some(100));
        assert_eq!(blocks.alloc(layout(30, 1), |_, _| Some(120..160)), Some(110));
        assert_eq!(blocks.alloc(layout(30, 1), |_, _| Some(1000..1100)), Some(1000));
        assert_eq!(blocks.alloc(layout(usize::MAX >> 1, 1), none), None);
    }
}
