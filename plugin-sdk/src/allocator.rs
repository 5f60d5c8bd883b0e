//! Memory for a module whose every call has a fresh instance.
//!
//! The host throws a module's memory away after each call, so nothing needs to be freed, and what makes a call dear
//! is to ask the host for more memory, and to have more than is used: all of it is cleared before each call. So blocks
//! are cut one after the other from a small arena in the module's own memory, then from what is left of its last page,
//! and only then is there more memory to ask for.

mod blocks;

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ops::Range,
    ptr::null_mut,
};

use self::blocks::Blocks;

/// Bytes of the arena. An order of 2 KB needs some 8 KiB. What is left of the module's last page, up to 64 KiB, comes
/// on top.
const ARENA_BYTES: usize = 32 << 10;
/// Bytes of a page of WebAssembly memory.
const PAGE_BYTES: usize = 64 << 10;
/// The least that the memory grows by, in pages: to grow once costs about as much as a small transform.
const GROW_PAGES_MIN: usize = 16;

#[global_allocator]
static BUMP: Bump =
    Bump { arena: UnsafeCell::new([0; ARENA_BYTES]), blocks: UnsafeCell::new(Blocks::NONE) };

#[repr(C, align(16))]
struct Bump {
    arena: UnsafeCell<[u8; ARENA_BYTES]>,
    blocks: UnsafeCell<Blocks>,
}

// SAFETY: a module has one thread.
unsafe impl Sync for Bump {}

unsafe extern "C" {
    /// The end of the module's static data, known to the linker. It has an address and no content.
    static __heap_base: u8;
}

impl Bump {
    #[expect(clippy::mut_from_ref, reason = "one thread, and no borrow outlives a method")]
    fn blocks(&self) -> &mut Blocks {
        // SAFETY: a module has one thread, and none of the methods below calls another while it holds the borrow.
        unsafe { &mut *self.blocks.get() }
    }

    /// The next piece of memory with at least `bytes`: the arena, then the rest of the last page, then new pages.
    #[cold]
    fn next_piece(&self, bytes: usize, before: &Range<usize>) -> Option<Range<usize>> {
        let arena = self.arena.get() as usize;
        let arena = arena..arena + ARENA_BYTES;
        let memory_end = core::arch::wasm32::memory_size::<0>() * PAGE_BYTES;
        let rest = &raw const __heap_base as usize..memory_end;
        if *before == (0..0) && bytes <= arena.len() {
            return Some(arena);
        }
        if before.end <= rest.start && bytes <= rest.len() {
            return Some(rest);
        }
        grow(bytes.div_ceil(PAGE_BYTES).max(GROW_PAGES_MIN))
            .or_else(|| grow(bytes.div_ceil(PAGE_BYTES)))
    }
}

fn grow(pages: usize) -> Option<Range<usize>> {
    let before = core::arch::wasm32::memory_grow::<0>(pages);
    let start = before.checked_mul(PAGE_BYTES)?;
    Some(start..start.checked_add(pages * PAGE_BYTES)?)
}

// SAFETY: `Blocks` gives out ranges of the pieces that were handed to it, aligned as asked, none of which overlaps
// another that is in use; the pieces are the arena, memory behind the static data, and pages that were grown.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let next = |bytes, before: &Range<usize>| self.next_piece(bytes, before);
        self.blocks().alloc(layout, next).map_or(null_mut(), |block| block as *mut u8)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.blocks().free(block as usize, layout.size());
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if self.blocks().resize(block as usize, layout.size(), size) {
            return block;
        }
        // SAFETY: the alignment is that of the old block, and the caller promises that the size is valid with it.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both blocks are at least this long, and a new block overlaps none that is in use.
            unsafe { block.copy_to_nonoverlapping(new, layout.size().min(size)) };
        }
        new
    }
}
