//! Bit-reversed counting: the order in which iteration visits groups and pages.
//!
//! Inserting one map's iteration into another that grows is quadratic if iteration follows the
//! order of the hash: what is inserted piles up in one place after another. Counting with the bits
//! reversed spreads every prefix of the sequence evenly.

/// The lowest `bits` bits of `number`, reversed.
#[inline(always)]
pub(crate) fn reversed(number: u64, bits: u32) -> u64 {
    if bits == 0 { 0 } else { number.reverse_bits() >> (64 - bits) }
}

#[cfg(test)]
mod tests {
    use super::reversed;

    #[test]
    fn every_number_comes_once() {
        for bits in 0..10 {
            let mut seen: Vec<u64> = (0..1 << bits).map(|number| reversed(number, bits)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..1 << bits).collect::<Vec<_>>());
        }
    }

    #[test]
    fn they_come_with_their_bits_reversed() {
        let order: Vec<u64> = (0..8).map(|number| reversed(number, 3)).collect();
        assert_eq!(order, [0, 4, 2, 6, 1, 5, 3, 7]);
    }
}
