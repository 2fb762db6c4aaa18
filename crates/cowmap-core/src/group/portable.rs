//! Group comparison without vector instructions: a branch-free loop over the words.

macro_rules! matches {
    ($name:ident, $word:ty) => {
        /// Bit `i` is set where `keys[i] == word`, for `i < lanes`.
        ///
        /// # Safety
        ///
        /// `keys` is valid for reads of `lanes` words.
        #[inline(always)]
        pub(crate) unsafe fn $name(keys: *const $word, lanes: usize, word: $word) -> u32 {
            let mut mask = 0;
            for lane in 0..lanes {
                // SAFETY: `lane < lanes`, so the caller vouches for this read.
                let key = unsafe { keys.add(lane).read() };
                mask |= u32::from(key == word) << lane;
            }
            mask
        }
    };
}

matches!(matches_u32, u32);
matches!(matches_u64, u64);
