//! Group comparison on aarch64: compare, narrow each lane to a byte-wide flag, gather the flags.

use core::arch::aarch64::{
    vaddv_u8, vaddv_u16, vand_u8, vand_u16, vandq_u8, vceqq_u32, vceqq_u64, vcombine_u8,
    vcombine_u16, vcombine_u32, vdupq_n_u32, vdupq_n_u64, vget_high_u8, vget_low_u8, vld1_u8,
    vld1_u16, vld1q_u8, vld1q_u32, vld1q_u64, vmovn_u16, vmovn_u32, vmovn_u64,
};

const LANE_BITS_U16: [u16; 4] = [1, 2, 4, 8];
const LANE_BITS_U8: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

/// Bit `i` is set where `keys[i] == word`, for `i < lanes`.
///
/// # Safety
///
/// `keys` is valid for reads of `lanes` words, a multiple of four.
#[inline(always)]
pub(crate) unsafe fn matches_u64(keys: *const u64, lanes: usize, word: u64) -> u32 {
    let mut mask = 0;
    for at in (0..lanes).step_by(4) {
        // SAFETY: four words from `keys + at` on are within the caller's `lanes`; the array of
        // lane bits holds four; NEON is enabled where this module is compiled.
        mask |= unsafe {
            let wanted = vdupq_n_u64(word);
            let low = vceqq_u64(vld1q_u64(keys.add(at)), wanted);
            let high = vceqq_u64(vld1q_u64(keys.add(at + 2)), wanted);
            let flags = vmovn_u32(vcombine_u32(vmovn_u64(low), vmovn_u64(high)));
            u32::from(vaddv_u16(vand_u16(flags, vld1_u16(LANE_BITS_U16.as_ptr())))) << at
        };
    }
    mask
}

/// Bit `i` is set where `keys[i] == word`, for `i < lanes`.
///
/// # Safety
///
/// `keys` is valid for reads of `lanes` words: 4, 8 or 16.
#[inline(always)]
pub(crate) unsafe fn matches_u32(keys: *const u32, lanes: usize, word: u32) -> u32 {
    // SAFETY: each branch reads as many words as its `lanes` says; the arrays of lane bits hold
    // as many as are loaded from them; NEON is enabled where this module is compiled.
    unsafe {
        let wanted = vdupq_n_u32(word);
        let four = |at: usize| vmovn_u32(vceqq_u32(vld1q_u32(keys.add(at)), wanted));
        let eight = |at: usize| vmovn_u16(vcombine_u16(four(at), four(at + 4)));
        match lanes {
            4 => u32::from(vaddv_u16(vand_u16(four(0), vld1_u16(LANE_BITS_U16.as_ptr())))),
            8 => u32::from(vaddv_u8(vand_u8(eight(0), vld1_u8(LANE_BITS_U8.as_ptr())))),
            _ => {
                let flags =
                    vandq_u8(vcombine_u8(eight(0), eight(8)), vld1q_u8(LANE_BITS_U8.as_ptr()));
                // Each half sums to its own mask; a whole sum would overflow a byte.
                let low = vaddv_u8(vget_low_u8(flags));
                let high = vaddv_u8(vget_high_u8(flags));
                u32::from(low) | u32::from(high) << 8
            }
        }
    }
}
