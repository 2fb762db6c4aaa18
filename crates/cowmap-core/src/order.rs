//! Bit-reversed counting: the order in which iteration visits groups and pages.
//!
//! Inserting one map's iteration into another that grows is quadratic if iteration follows the order of
//! the hash: what is inserted piles up in one place after another. Counting with the bits
//! reversed spreads every prefix of the sequence evenly.

/// The lowest `bits` bits of `number`, reversed.
#[inline(always)]
pub(crate) fn reversed(number: u64, bits: u32) -> u64 {
    if bits == 0 { 0 } else { number.reverse_bits() >> (64 - bits) }
}

/// The numbers below `count` in bit-reversed order.
#[derive(Clone, Debug)]
pub(crate) struct BitReversed {
    next: u64,
    bits: u32,
    count: usize,
}

impl BitReversed {
    pub(crate) fn below(count: usize) -> Self {
        BitReversed { next: 0, bits: count.next_power_of_two().trailing_zeros(), count }
    }

    /// The number that comes `steps` after the next one, if it is one of the sequence.
    #[inline(always)]
    pub(crate) fn ahead(&self, steps: u64) -> Option<usize> {
        let number = reversed(self.next + steps, self.bits);
        (self.next + steps < 1 << self.bits && number < self.count as u64)
            .then_some(number as usize)
    }
}

impl Iterator for BitReversed {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.next < 1 << self.bits {
            let number = self.ahead(0);
            self.next += 1;
            if number.is_some() {
                return number;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_once() {
        for count in (0..200).chain([1023, 1024, 1536, 6144]) {
            let mut seen: Vec<usize> = BitReversed::below(count).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn they_come_with_their_bits_reversed() {
        assert!(BitReversed::below(8).eq([0, 4, 2, 6, 1, 5, 3, 7]));
        assert!(BitReversed::below(6).eq([0, 4, 2, 1, 5, 3]));
    }
}
