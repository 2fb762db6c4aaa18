//! Group comparison on baseline x86-64.
//!
//! SSE2 compares 32 bits at most, so two words of 64 bits are equal where both halves are: the
//! results for the halves of four words are packed into one vector, and compared in pairs.

#[cfg(target_arch = "x86")]
use core::arch::x86::{
    __m128i, _mm_castsi128_ps, _mm_cmpeq_epi32, _mm_load_si128, _mm_movemask_epi8, _mm_movemask_ps,
    _mm_packs_epi16, _mm_packs_epi32, _mm_set1_epi32, _mm_set1_epi64x,
};
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::{
    __m128i, _mm_castsi128_ps, _mm_cmpeq_epi32, _mm_load_si128, _mm_movemask_epi8, _mm_movemask_ps,
    _mm_packs_epi16, _mm_packs_epi32, _mm_set1_epi32, _mm_set1_epi64x,
};

/// Bit `i` is set where `keys[i] == word`, for `i < lanes`.
///
/// # Safety
///
/// `keys` is valid for reads of `lanes` words, a multiple of four, and aligned to 16.
#[inline(always)]
pub(crate) unsafe fn matches_u64(keys: *const u64, lanes: usize, word: u64) -> u32 {
    let mut mask = 0;
    // SAFETY: SSE2 is enabled wherever this module is compiled; each round reads four words
    // within the caller's `lanes`.
    unsafe {
        let wanted = _mm_set1_epi64x(word.cast_signed());
        for four in (0..lanes).step_by(4) {
            let at = keys.add(four).cast::<__m128i>();
            let low = _mm_cmpeq_epi32(_mm_load_si128(at), wanted);
            let high = _mm_cmpeq_epi32(_mm_load_si128(at.add(1)), wanted);
            // Four pairs of half-words, each pair all ones where both halves are equal.
            let equal = _mm_cmpeq_epi32(_mm_packs_epi32(low, high), _mm_set1_epi32(-1));
            mask |= _mm_movemask_ps(_mm_castsi128_ps(equal)).cast_unsigned() << four;
        }
    }
    mask
}

/// Bit `i` is set where `keys[i] == word`, for `i < lanes`.
///
/// # Safety
///
/// `keys` is valid for reads of `lanes` words, a multiple of four, and aligned to 16.
#[inline(always)]
pub(crate) unsafe fn matches_u32(keys: *const u32, lanes: usize, word: u32) -> u32 {
    // SAFETY: SSE2 is enabled wherever this module is compiled; `four` is only asked for words
    // within the caller's `lanes`.
    unsafe {
        let wanted = _mm_set1_epi32(word.cast_signed());
        let four = |at: usize| _mm_cmpeq_epi32(_mm_load_si128(keys.add(at).cast()), wanted);
        if lanes == 16 {
            let low = _mm_packs_epi32(four(0), four(4));
            let high = _mm_packs_epi32(four(8), four(12));
            return _mm_movemask_epi8(_mm_packs_epi16(low, high)).cast_unsigned();
        }
        let mut mask = 0;
        for at in (0..lanes).step_by(4) {
            mask |= _mm_movemask_ps(_mm_castsi128_ps(four(at))).cast_unsigned() << at;
        }
        mask
    }
}
