//! Comparing all keys of a group at once.
//!
//! Each backend answers the same two questions (which of 4, 8 or 16 words equal a given one) with
//! the vector instructions the build enables; [`portable`] serves every target and is what the
//! others are tested against.

#![allow(clippy::inline_always)]

#[cfg_attr(
    any(
        all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2"),
        all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
    ),
    allow(dead_code)
)]
mod portable;

#[cfg(all(
    any(target_arch = "x86", target_arch = "x86_64"),
    target_feature = "sse2",
    not(target_feature = "avx2"),
    not(miri)
))]
mod sse2;
#[cfg(all(
    any(target_arch = "x86", target_arch = "x86_64"),
    target_feature = "sse2",
    not(target_feature = "avx2"),
    not(miri)
))]
use sse2 as backend;

#[cfg(all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "avx2", not(miri)))]
mod avx2;
#[cfg(all(
    any(target_arch = "x86", target_arch = "x86_64"),
    target_feature = "avx2",
    not(miri)
))]
use avx2 as backend;

#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little", not(miri)))]
mod neon;
#[cfg(all(
    target_arch = "aarch64",
    target_feature = "neon",
    target_endian = "little",
    not(miri)
))]
use neon as backend;

#[cfg(any(
    miri,
    not(any(
        all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2"),
        all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
    ))
))]
use portable as backend;

pub(crate) use backend::{matches_u32, matches_u64};

#[cfg(test)]
mod tests {
    use super::{backend, portable};
    use crate::word::Word;

    /// Every set of lanes that can match, and near misses in each half of a word.
    fn agrees<W: Word>(
        lanes: usize,
        word: W,
        near: &[W],
        backend: unsafe fn(*const W, usize, W) -> u32,
        portable: unsafe fn(*const W, usize, W) -> u32,
    ) {
        #[repr(align(16))]
        struct Keys<W>([W; 16]);
        let mut keys = Keys([W::FREE; 16]);
        for chosen in 0_u32..1 << lanes {
            for &other in near {
                for (lane, key) in keys.0.iter_mut().enumerate() {
                    *key = if chosen >> lane & 1 == 1 { word } else { other };
                }
                // SAFETY: `keys` holds 16 words, as many as any `lanes` asks for, and is aligned.
                let (got, want) = unsafe {
                    (backend(keys.0.as_ptr(), lanes, word), portable(keys.0.as_ptr(), lanes, word))
                };
                assert_eq!(want, chosen, "portable, {lanes} lanes of {word:?} among {other:?}");
                assert_eq!(got, want, "{lanes} lanes of {word:?} among {other:?}");
            }
        }
    }

    #[test]
    fn the_backend_agrees_with_the_portable_one() {
        for word in [1_u64, 0x8000_0000_0000_0000, 0x0123_4567_89ab_cdef, u64::MAX, 0] {
            let near = [word ^ 1, word ^ 1 << 63, word ^ 1 << 32, word ^ 1 << 31, !word];
            for lanes in [4, 8] {
                agrees(lanes, word, &near, backend::matches_u64, portable::matches_u64);
            }
        }
        for word in [1_u32, 0x8000_0000, 0x89ab_cdef, u32::MAX, 0] {
            let near = [word ^ 1, word ^ 1 << 31, word ^ 1 << 16, !word];
            for lanes in [4, 8] {
                agrees(lanes, word, &near, backend::matches_u32, portable::matches_u32);
            }
        }
        let sixteen: &[u32] = if cfg!(miri) { &[7] } else { &[7, 0, u32::MAX] };
        for &word in sixteen {
            agrees(16, word, &[!word], backend::matches_u32, portable::matches_u32);
            let word = u64::from(word) << 16;
            agrees(16, word, &[!word], backend::matches_u64, portable::matches_u64);
        }
    }
}
