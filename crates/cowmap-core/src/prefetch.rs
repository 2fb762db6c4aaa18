//! Asking for a cache line before it is needed.

#[cfg(all(target_arch = "x86_64", not(miri)))]
use core::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};

/// Hints that the line at `address` will be read at once. Never faults, whatever the address.
#[inline(always)]
pub(crate) fn soon(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch reads nothing as far as the program can tell; SSE is part of x86-64.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(any(not(target_arch = "x86_64"), miri))]
    let _ = address;
}

/// Hints that the line at `address` will be read after some thousand others, so that it need not
/// come nearer than the second cache, which has more lines under way at once. Never faults,
/// whatever the address.
#[inline(always)]
pub(crate) fn later(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: as in `soon`.
    unsafe {
        _mm_prefetch::<_MM_HINT_T1>(address.cast());
    }
    #[cfg(any(not(target_arch = "x86_64"), miri))]
    let _ = address;
}
