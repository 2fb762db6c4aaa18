//! How long the steps of writers took: a histogram with 16 classes to a power of two.

use std::time::Duration;

/// Bits of a duration, after its highest one, that choose its class.
const FINE: u32 = 4;

/// A histogram of durations, exact to one part in sixteen; the largest is exact.
#[derive(Clone, Debug)]
pub struct Pauses {
    counts: Vec<u64>,
    total: u64,
    largest: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Pauses { counts: vec![0; class(u64::MAX) + 1], total: 0, largest: Duration::ZERO }
    }
}

impl Pauses {
    /// Adds one duration.
    pub fn add(&mut self, pause: Duration) {
        let nanos = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
        self.counts[class(nanos)] += 1;
        self.total += 1;
        self.largest = self.largest.max(pause);
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Pauses) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.largest = self.largest.max(other.largest);
    }

    /// A duration that `per_mille` thousandths of all do not exceed.
    pub fn quantile(&self, per_mille: u64) -> Duration {
        let wanted = (self.total * per_mille).div_ceil(1000).max(1);
        let mut below = 0;
        for (class, count) in self.counts.iter().enumerate() {
            below += count;
            if below >= wanted {
                return Duration::from_nanos(last_of(class)).min(self.largest);
            }
        }
        self.largest
    }

    /// The largest duration.
    pub fn largest(&self) -> Duration {
        self.largest
    }
}

/// The class of a duration: durations below 16 ns have one each, then each power of two has 16.
fn class(nanos: u64) -> usize {
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(FINE + 1);
    usize::try_from((u64::from(shift) << FINE) + (nanos >> shift)).expect("below a thousand")
}

/// The longest duration of a class.
fn last_of(class: usize) -> u64 {
    let class = class as u64;
    if class < 2 << FINE {
        return class;
    }
    let shift = (class >> FINE) - 1;
    let top = class - (shift << FINE);
    (top << shift) | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_is_in_a_class_that_ends_at_or_above_it() {
        let edges = (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for nanos in edges.chain(0..5000).chain([u64::MAX]) {
            let last = last_of(class(nanos));
            assert!(last >= nanos && last - nanos <= nanos / 16, "{nanos} → {last}");
            assert!(nanos == 0 || class(nanos - 1) <= class(nanos), "{nanos}");
        }
    }

    #[test]
    fn quantiles_are_those_of_what_was_added() {
        let mut pauses = Pauses::default();
        let mut others = Pauses::default();
        for micros in 1..=1000 {
            let part = if micros % 2 == 0 { &mut pauses } else { &mut others };
            part.add(Duration::from_micros(micros));
        }
        pauses.merge(&others);
        for (per_mille, micros) in [(500, 500), (990, 990), (1000, 1000)] {
            let exact = Duration::from_micros(micros);
            let quantile = pauses.quantile(per_mille);
            assert!(quantile >= exact && quantile <= exact + exact / 16, "{quantile:?}");
        }
        assert_eq!(pauses.largest(), Duration::from_millis(1));
    }

    #[test]
    fn nothing_added_is_no_pause() {
        assert_eq!(Pauses::default().quantile(500), Duration::ZERO);
    }
}
