//! What was reserved, in the two bytes that a handle has for it.

/// How many entries were reserved, to within a five-hundredth, never less: a floating-point number
/// of 16 bits, so that handles stay small. Six bits of exponent, ten of mantissa.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Floor(u16);

impl Floor {
    pub(crate) const NONE: Floor = Floor(0);
    const MANTISSA: u32 = 10;

    /// The floor for `entries`, at most `u64::MAX` rounded down.
    pub(crate) fn of(entries: usize) -> Floor {
        let entries = entries as u64;
        let exponent = (64 - entries.leading_zeros()).saturating_sub(Self::MANTISSA);
        let mantissa = (entries >> exponent) + u64::from(entries & !(u64::MAX << exponent) != 0);
        // A mantissa that was rounded up to 2^10 says the same as the next exponent.
        let (exponent, mantissa) = if mantissa >> Self::MANTISSA == 1 {
            (exponent + 1, mantissa >> 1)
        } else {
            (exponent, mantissa)
        };
        Floor((exponent << Self::MANTISSA) as u16 | mantissa as u16)
    }

    /// The entries, rounded up.
    pub(crate) fn entries(self) -> usize {
        let mantissa = u64::from(self.0 & ((1 << Self::MANTISSA) - 1));
        let exponent = self.0 >> Self::MANTISSA;
        let entries = if mantissa.leading_zeros() < u32::from(exponent) {
            u64::MAX
        } else {
            mantissa << exponent
        };
        usize::try_from(entries).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_a_five_hundredth_above_what_was_asked_for_at_most() {
        assert_eq!(Floor::of(0), Floor::NONE);
        let powers = (0..63).flat_map(|bit| [(1_usize << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for entries in (0..5_000).chain(powers).chain([1_000_000, 3 << 40, usize::MAX / 2]) {
            let floor = Floor::of(entries).entries();
            assert!(floor >= entries && floor - entries <= entries / 500, "{entries}: {floor}");
        }
        assert!(Floor::of(usize::MAX).entries() >= usize::MAX - usize::MAX / 500);
    }
}
