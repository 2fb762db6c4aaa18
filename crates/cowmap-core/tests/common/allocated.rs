//! What a piece of work asks the allocator for, and what it holds; and an allocator that gives no more
//! than so many bytes at once.

// A test binary uses a part of this, and has no outside to export to.
#![allow(dead_code, unreachable_pub)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts for each thread, and may refuse.
struct Counting;

thread_local! {
    static REQUESTS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
    /// Far from zero, because a thread may free what another one has allocated.
    static HELD: Cell<usize> = const { Cell::new(usize::MAX / 2) };
    static MOST: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Counts a request; `false` if it is refused.
fn given(size: usize) -> bool {
    // While a thread ends there is nothing to count in.
    let _ = REQUESTS.try_with(|requests| requests.set(requests.get() + 1));
    if MOST.try_with(|most| size > most.get()).unwrap_or(false) {
        return false;
    }
    let _ = BYTES.try_with(|bytes| bytes.set(bytes.get().wrapping_add(size)));
    let _ = HELD.try_with(|held| held.set(held.get().wrapping_add(size)));
    true
}

// SAFETY: what it gives is the system's, and a null pointer is what every caller must expect. Counting
// does not allocate, for the counters are constants with no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        if given(layout.size()) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = HELD.try_with(|held| held.set(held.get().wrapping_sub(layout.size())));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that `work` asks for on this thread.
pub fn allocated(work: impl FnOnce()) -> usize {
    let before = BYTES.get();
    work();
    BYTES.get().wrapping_sub(before)
}

/// How many requests `work` makes on this thread.
pub fn requests(work: impl FnOnce()) -> usize {
    let before = REQUESTS.get();
    work();
    REQUESTS.get() - before
}

/// Bytes that this thread holds, counted from any beginning.
pub fn held() -> usize {
    HELD.get()
}

/// Runs `work` while the allocator gives this thread so many bytes at once at most.
pub fn with_at_most<R>(bytes: usize, work: impl FnOnce() -> R) -> R {
    MOST.set(bytes);
    let result = work();
    MOST.set(usize::MAX);
    result
}
