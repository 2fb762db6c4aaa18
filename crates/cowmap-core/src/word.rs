//! The two unsigned integers that slots hold, and what the engine asks of them.

use core::fmt;

/// What a slot holds for a key: a `u32` or a `u64`, zero where the slot is free.
pub trait Word: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// The mark of a free slot.
    const FREE: Self;

    /// The bits in which the two differ.
    fn xor(self, other: Self) -> Self;

    /// The same number in 64 bits.
    fn widen(self) -> u64;

    /// Bit `i` is set where `keys[i] == word`, for `i < lanes`.
    ///
    /// # Safety
    ///
    /// `keys` is valid for reads of `lanes` words and aligned to 16; `lanes` is 4, 8 or 16.
    unsafe fn matches(keys: *const Self, lanes: usize, word: Self) -> u32;
}

macro_rules! word {
    ($word:ty, $matches:path) => {
        impl Word for $word {
            const FREE: Self = 0;

            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                self ^ other
            }

            #[inline(always)]
            fn widen(self) -> u64 {
                u64::from(self)
            }

            #[inline(always)]
            unsafe fn matches(keys: *const Self, lanes: usize, word: Self) -> u32 {
                // SAFETY: the caller's promise is the callee's.
                unsafe { $matches(keys, lanes, word) }
            }
        }
    };
}

word!(u32, crate::group::matches_u32);
word!(u64, crate::group::matches_u64);
