//! Group comparison where the build enables AVX2: 256 bits of keys an instruction.

#[cfg(target_arch = "x86")]
use core::arch::x86 as arch;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64 as arch;

use arch::{
    __m256i, _mm_castsi128_ps, _mm_cmpeq_epi32, _mm_loadu_si128, _mm_movemask_ps, _mm_set1_epi32,
    _mm256_castsi256_pd, _mm256_castsi256_ps, _mm256_cmpeq_epi32, _mm256_cmpeq_epi64,
    _mm256_loadu_si256, _mm256_movemask_pd, _mm256_movemask_ps, _mm256_set1_epi32,
    _mm256_set1_epi64x,
};

/// Bit `i` is set where `keys[i] == word`, for `i < lanes`.
///
/// # Safety
///
/// `keys` is valid for reads of `lanes` words, a multiple of four.
#[inline(always)]
pub(crate) unsafe fn matches_u64(keys: *const u64, lanes: usize, word: u64) -> u32 {
    let mut mask = 0;
    // SAFETY: AVX2 is enabled wherever this module is compiled; each round reads four words
    // within the caller's `lanes`.
    unsafe {
        let wanted = _mm256_set1_epi64x(word.cast_signed());
        for at in (0..lanes).step_by(4) {
            let keys = _mm256_loadu_si256(keys.add(at).cast::<__m256i>());
            let equal = _mm256_castsi256_pd(_mm256_cmpeq_epi64(keys, wanted));
            mask |= _mm256_movemask_pd(equal).cast_unsigned() << at;
        }
    }
    mask
}

/// Bit `i` is set where `keys[i] == word`, for `i < lanes`.
///
/// # Safety
///
/// `keys` is valid for reads of `lanes` words: 4 or a multiple of 8.
#[inline(always)]
pub(crate) unsafe fn matches_u32(keys: *const u32, lanes: usize, word: u32) -> u32 {
    // SAFETY: AVX2 is enabled wherever this module is compiled; what is read is within the
    // caller's `lanes`.
    unsafe {
        if lanes == 4 {
            let keys = _mm_loadu_si128(keys.cast());
            let equal = _mm_cmpeq_epi32(keys, _mm_set1_epi32(word.cast_signed()));
            return _mm_movemask_ps(_mm_castsi128_ps(equal)).cast_unsigned();
        }
        let wanted = _mm256_set1_epi32(word.cast_signed());
        let mut mask = 0;
        for at in (0..lanes).step_by(8) {
            let keys = _mm256_loadu_si256(keys.add(at).cast::<__m256i>());
            let equal = _mm256_castsi256_ps(_mm256_cmpeq_epi32(keys, wanted));
            mask |= _mm256_movemask_ps(equal).cast_unsigned() << at;
        }
        mask
    }
}
