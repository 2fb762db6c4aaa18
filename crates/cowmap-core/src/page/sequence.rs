//! In which order a search visits the groups of a page.

/// The groups from a home group on, each once: every step is one longer than the one before, which
/// reaches all of a power of two (triangular probing). The first step is to the neighbour, which is
/// fetched soonest; the longer ones keep full groups from growing into runs.
#[derive(Clone, Copy)]
pub(super) struct Sequence {
    pub(super) group: usize,
    /// Groups left behind.
    pub(super) passed: usize,
    /// The number of groups less one.
    last: usize,
}

impl Sequence {
    #[inline(always)]
    pub(super) fn from(home: usize, groups: usize) -> Self {
        Sequence { group: home, passed: 0, last: groups - 1 }
    }

    /// The sequence from a home group on where it has left so many groups behind.
    #[inline(always)]
    pub(super) fn at(home: usize, passed: usize, groups: usize) -> Self {
        let last = groups - 1;
        // Fewer than 2^32 groups, so that the product needs no more than 64 bits; where it is cut off,
        // the bits that count are right.
        let steps = (passed as u64 * (passed as u64 + 1) / 2) as usize;
        Sequence { group: (home.wrapping_add(steps)) & last, passed, last }
    }

    /// Goes on to the next group; `false` where all were visited.
    #[inline(always)]
    pub(super) fn advance(&mut self) -> bool {
        if self.passed == self.last {
            return false;
        }
        self.passed += 1;
        self.group = (self.group + self.passed) & self.last;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_is_visited_once_from_every_home() {
        for groups in (0..10).map(|bits| 1 << bits) {
            for home in 0..groups {
                let mut sequence = Sequence::from(home, groups);
                let mut seen = vec![sequence.group];
                while sequence.advance() {
                    let at = Sequence::at(home, sequence.passed, groups);
                    assert_eq!((at.group, at.passed), (sequence.group, sequence.passed));
                    seen.push(sequence.group);
                }
                assert_eq!(sequence.passed, groups - 1);
                seen.sort_unstable();
                assert_eq!(seen, (0..groups).collect::<Vec<_>>());
            }
        }
    }
}
