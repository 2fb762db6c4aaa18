//! Clocks, medians, and the interleaving of competitors.

use std::error::Error;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::maps::MapId;

/// What a loop has seen: equal for every map, or the run is void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many entries were found.
    pub found: u64,
    /// The wrapping sum of their digests.
    pub sum: u64,
}

impl Tally {
    /// Counts one found entry.
    #[inline]
    pub fn add(&mut self, digest: u64) {
        self.found += 1;
        self.sum = self.sum.wrapping_add(digest);
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Tally) -> Tally {
        Tally { found: self.found + other.found, sum: self.sum.wrapping_add(other.sum) }
    }
}

/// Two maps gave different answers.
#[derive(Debug)]
pub struct Mismatch(pub String);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrong answers: {}", self.0)
    }
}

impl Error for Mismatch {}

/// Nanoseconds, saturating at 4.29 s.
#[inline]
pub fn nanos(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos()).unwrap_or(u32::MAX)
}

/// Runs `work` and returns what it took in nanoseconds.
pub fn time<R>(work: impl FnOnce() -> R) -> (f64, R) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64() * 1e9, result)
}

/// What two readings of the clock with nothing between them are apart, in nanoseconds: the
/// share of the clock in every single operation that is timed, to be subtracted.
pub fn clock_overhead() -> f64 {
    static OVERHEAD: OnceLock<f64> = OnceLock::new();
    *OVERHEAD.get_or_init(|| {
        let readings: Vec<f64> = (0..100_001)
            .map(|_| {
                let start = Instant::now();
                f64::from(nanos(start.elapsed()))
            })
            .collect();
        median(&readings)
    })
}

/// The time of a single operation without the clock's own.
pub fn without_clock(nanos: f64) -> f64 {
    (nanos - clock_overhead()).max(0.0)
}

/// The middle value (of an even number, the mean of the two middle ones).
///
/// # Panics
///
/// If there is no value.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// The value that `per_million` out of a million lie at or below.
pub fn percentile(sorted: &[u32], per_million: usize) -> f64 {
    let rank = (sorted.len() * per_million).div_ceil(1_000_000).max(1);
    f64::from(sorted[rank - 1])
}

/// One competitor's share of a round.
pub struct Lap {
    /// Nanoseconds (or bytes) for each operation.
    pub cost: f64,
    /// What it saw, compared between the maps of the round.
    pub tally: Tally,
}

/// Runs every competitor once a round, each round in another order, so that none always
/// follows the same other, and returns each one's cost of every round.
///
/// # Errors
///
/// If two maps saw different things in the same round.
pub fn interleave<C>(
    competitors: &mut [C],
    rounds: usize,
    id: impl Fn(&C) -> MapId,
    mut lap: impl FnMut(&mut C, usize) -> Lap,
) -> Result<Vec<Vec<f64>>, Mismatch> {
    let count = competitors.len();
    let mut costs = vec![Vec::with_capacity(rounds); count];
    let mut order: Vec<usize> = (0..count).collect();
    let mut random = StdRng::seed_from_u64(0);
    for round in 0..rounds {
        let mut seen: Option<(Tally, MapId)> = None;
        order.shuffle(&mut random);
        for &next in &order {
            let competitor = &mut competitors[next];
            let Lap { cost, tally } = lap(competitor, round);
            costs[next].push(cost);
            let this = id(competitor);
            match seen {
                None => seen = Some((tally, this)),
                Some((expected, first)) if tally != expected => {
                    return Err(Mismatch(format!(
                        "{} saw {tally:?}, {} saw {expected:?}",
                        this.name(),
                        first.name()
                    )));
                }
                Some(_) => {}
            }
        }
    }
    Ok(costs)
}

#[cfg(test)]
mod tests {
    use super::{Lap, Tally, interleave, median, percentile};
    use crate::maps::MapId;

    #[test]
    fn the_median_is_the_middle_value() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let sorted: Vec<u32> = (1..=1_000).collect();
        assert!((percentile(&sorted, 500_000) - 500.0).abs() < 1e-9);
        assert!((percentile(&sorted, 999_900) - 1_000.0).abs() < 1e-9);
        assert!((percentile(&sorted, 1_000_000) - 1_000.0).abs() < 1e-9);
    }

    #[test]
    fn every_competitor_runs_once_a_round_and_a_wrong_answer_ends_the_run() {
        let mut maps = [(MapId::Hashbrown, 0_usize), (MapId::Imbl, 0), (MapId::Std, 0)];
        let costs = interleave(
            &mut maps,
            5,
            |map| map.0,
            |map, _| {
                map.1 += 1;
                Lap { cost: 1.0, tally: Tally::default() }
            },
        );
        assert_eq!(costs.map(|costs| costs.len()).ok(), Some(3));
        assert_eq!(maps.map(|map| map.1), [5; 3]);
        let wrong = interleave(
            &mut maps,
            1,
            |map| map.0,
            |map, _| Lap {
                cost: 1.0,
                tally: Tally { found: u64::from(map.0 == MapId::Std), sum: 0 },
            },
        );
        assert!(wrong.is_err());
    }
}
