//! Asking for a cache line before it is needed.

#[cfg(all(target_arch = "x86_64", not(miri)))]
use core::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};

/// When a line will be read.
#[derive(Clone, Copy)]
pub(crate) enum When {
    /// At once.
    Soon,
    /// After some thousand others, so that it need not come nearer than the second cache, which has
    /// more lines under way at once.
    Later,
}

/// Hints that the line at `address` will be read. Never faults, whatever the address.
#[inline(always)]
pub(crate) fn prefetch(address: *const u8, when: When) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch reads nothing as far as the program can tell; SSE is part of x86-64.
    unsafe {
        match when {
            When::Soon => _mm_prefetch::<_MM_HINT_T0>(address.cast()),
            When::Later => _mm_prefetch::<_MM_HINT_T1>(address.cast()),
        }
    }
    #[cfg(any(not(target_arch = "x86_64"), miri))]
    let _ = (address, when);
}
