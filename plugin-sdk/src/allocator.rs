//! Memory for a module whose every call has a fresh instance.
//!
//! The host throws a module's memory away after each call, so nothing needs to be freed, and what makes a call dear
//! is asking the host for more memory. So blocks are cut one after the other from an arena that is part of the
//! module's own memory; only the last block can grow, shrink or be freed in place, which is what a body that is
//! being written needs. When the arena is used up, the module's memory grows by as much as is needed.

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr::null_mut,
};

/// Bytes of the arena. An order of 2 KB needs some 16 KiB. The host clears the whole of it before each call, so more
/// than is usual would cost every call; a larger event grows the memory instead.
const ARENA_BYTES: usize = 128 << 10;
/// Bytes of a page of WebAssembly memory.
const PAGE_BYTES: usize = 64 << 10;
/// The least that the memory grows by, in pages: growing costs about as much as a small transform.
const GROW_PAGES_MIN: usize = 16;

#[global_allocator]
static BUMP: Bump = Bump { arena: UnsafeCell::new([0; ARENA_BYTES]), at: UnsafeCell::new(0..0) };

#[repr(C, align(16))]
struct Bump {
    arena: UnsafeCell<[u8; ARENA_BYTES]>,
    /// Addresses of what is free.
    at: UnsafeCell<std::ops::Range<usize>>,
}

// SAFETY: a module has one thread.
unsafe impl Sync for Bump {}

impl Bump {
    #[expect(clippy::mut_from_ref, reason = "one thread, and no borrow outlives a method")]
    fn free(&self) -> &mut std::ops::Range<usize> {
        // SAFETY: a module has one thread, and none of the methods that borrow the range calls another while it
        // holds the borrow.
        let free = unsafe { &mut *self.at.get() };
        if free.end == 0 {
            let arena = self.arena.get() as usize;
            *free = arena..arena + ARENA_BYTES;
        }
        free
    }

    /// Makes at least `bytes` free at the end of the memory. What is left of the former range is given up, unless
    /// the new pages follow it.
    #[cold]
    fn grow(free: &mut std::ops::Range<usize>, bytes: usize) -> bool {
        let pages = bytes.div_ceil(PAGE_BYTES).max(GROW_PAGES_MIN);
        let mut before = core::arch::wasm32::memory_grow::<0>(pages);
        let mut got = pages;
        if before == usize::MAX && pages == GROW_PAGES_MIN {
            got = bytes.div_ceil(PAGE_BYTES);
            before = core::arch::wasm32::memory_grow::<0>(got);
        }
        if before == usize::MAX {
            return false;
        }
        let start = before * PAGE_BYTES;
        // The last page of a 4 GiB memory ends beyond what an address can say; a host never grants that much.
        let Some(end) = start.checked_add(got * PAGE_BYTES) else { return false };
        *free = if free.end == start { free.start..end } else { start..end };
        true
    }
}

// SAFETY: a block lies within the arena or within pages that were grown, is aligned as asked, and overlaps no other
// block, since the free range begins behind every block that was given out and not taken back.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let free = self.free();
        loop {
            let start = free.start.next_multiple_of(layout.align());
            match start.checked_add(layout.size()) {
                Some(end) if end <= free.end => {
                    free.start = end;
                    return start as *mut u8;
                }
                Some(_) if Self::grow(free, layout.size() + layout.align()) => {}
                _ => return null_mut(),
            }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let free = self.free();
        if block as usize + layout.size() == free.start {
            free.start = block as usize;
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the block is this long. It may have been used before, so it is cleared.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let free = self.free();
        let is_last = block as usize + layout.size() == free.start;
        if is_last {
            let end = block as usize + size;
            if end <= free.end {
                free.start = end;
                return block;
            }
        } else if size <= layout.size() {
            return block;
        }
        // SAFETY: a layout of the old alignment and of a size that the caller promises to be valid.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both blocks are at least this long, and a new block overlaps no other.
            unsafe { block.copy_to_nonoverlapping(new, layout.size().min(size)) };
        }
        new
    }
}
