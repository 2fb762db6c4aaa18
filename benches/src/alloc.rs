//! The allocator: one that counts, for bytes an entry, and how to bring it to rest.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// The system's allocator, which counts while it is told to. Switched off, it costs the timed
/// loops one predicted branch an allocation.
pub struct Counting;

static ON: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// What was allocated, in bytes asked for.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Still allocated at the end.
    pub live: usize,
    /// The most at any time.
    pub peak: usize,
}

/// Runs `work`, which must be the only thing that allocates meanwhile, and returns what it made
/// and how much memory it left allocated.
pub fn counted<R>(work: impl FnOnce() -> R) -> (R, Usage) {
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    ON.store(true, Relaxed);
    let result = work();
    ON.store(false, Relaxed);
    (result, Usage { live: LIVE.load(Relaxed), peak: PEAK.load(Relaxed) })
}

/// Gives freed memory back to the system, so that what comes next neither pays for tidying up
/// after what came before nor finds its pages ready. Does nothing where the allocator is not
/// glibc's.
pub fn settle() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn malloc_trim(keep: usize) -> i32;
        }
        // SAFETY: glibc's `int malloc_trim(size_t)` may be called at any time from any thread and
        // touches no block in use.
        unsafe { malloc_trim(0) };
    }
}

fn grew(bytes: usize) {
    if ON.load(Relaxed) {
        let live = LIVE.fetch_add(bytes, Relaxed).wrapping_add(bytes);
        // A block from before the count that is freed within it takes `LIVE` below zero; the
        // peak ignores what has wrapped.
        if live < usize::MAX / 2 {
            PEAK.fetch_max(live, Relaxed);
        }
    }
}

fn shrank(bytes: usize) {
    if ON.load(Relaxed) {
        LIVE.fetch_sub(bytes, Relaxed);
    }
}

// SAFETY: every call is passed to `System` with the arguments unchanged, and what `System`
// returns is returned; the counting touches only atomics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grew(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grew(layout.size());
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grew(size);
        shrank(layout.size());
        // SAFETY: the caller keeps the contract of `realloc`; `block` came from `System`.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        shrank(layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`; `block` came from `System`.
        unsafe { System.dealloc(block, layout) }
    }
}
