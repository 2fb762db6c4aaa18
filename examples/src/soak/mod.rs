//! Random operations on many handles, with a model beside each, until time is up or something
//! differs.
//!
//! Each lane is a map that many threads write, and its snapshots, which they scan and drop. The
//! model of the map is a `std::collections::HashMap`; the model of a snapshot is what its entries
//! must add up to, which costs nothing to take.

mod lane;
mod value;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use cowmap::{CowMap, FlatCowMap, SeededCowMap};
use indicatif::HumanCount;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::difference::{Difference, same};
use crate::ending::{Ending, EndsRun};
use crate::progress::Progress;
use lane::{Family, Lane};
use value::{Tally, Tracked};

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many threads.
    pub threads: u64,
    /// How many keys each paged map can have; flat ones have a quarter.
    pub keys: i64,
    /// Where the random numbers start.
    pub seed: u64,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Counts {
    operations: AtomicU64,
    snapshots: AtomicU64,
    scans: AtomicU64,
    pages_copied: AtomicU64,
}

impl Counts {
    /// Single operations on a map, each compared with its model.
    pub fn operations(&self) -> u64 {
        self.operations.load(Relaxed)
    }

    /// Snapshots taken.
    pub fn snapshots(&self) -> u64 {
        self.snapshots.load(Relaxed)
    }

    /// Snapshots scanned and compared with their models.
    pub fn scans(&self) -> u64 {
        self.scans.load(Relaxed)
    }

    /// Pages that were copied or made in the bursts of writes that counted them.
    pub fn pages_copied(&self) -> u64 {
        self.pages_copied.load(Relaxed)
    }
}

/// A lane, whatever the types of its map.
trait Steps: Sync {
    /// Does one random thing.
    fn step(&self, rng: &mut StdRng, counts: &Counts) -> Result<(), Difference>;
    /// Drops all snapshots, and checks that the map is the model, shared with nobody.
    fn finish(&self) -> Result<(), Difference>;
}

/// Runs until the end, or until something differs.
///
/// # Errors
///
/// The first difference.
pub fn run(
    settings: Settings,
    counts: &Counts,
    ending: &Ending,
    progress: &Progress,
) -> Result<(), Difference> {
    let tally = Tally::default();
    let tally = &tally;
    let lanes = lanes(settings.keys, tally);
    let result = thread::scope(|scope| {
        let lanes = &lanes;
        let threads: Vec<_> = (0..settings.threads)
            .map(|thread| {
                let mut rng = StdRng::seed_from_u64(settings.seed.wrapping_add(thread));
                scope.spawn(move || {
                    let _stop = EndsRun(ending);
                    while !ending.has_come() {
                        let lane = &lanes[rng.random_range(0..lanes.len())];
                        lane.step(&mut rng, counts)?;
                    }
                    Ok(())
                })
            })
            .collect();
        let line = || {
            format!(
                "{} operations, {} snapshots, {} scans, {} pages copied",
                HumanCount(counts.operations()),
                HumanCount(counts.snapshots()),
                HumanCount(counts.scans()),
                HumanCount(counts.pages_copied()),
            )
        };
        progress.watch(ending, line);
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(Difference("a thread panicked".to_owned())))
        })
    });
    result?;
    lanes.iter().try_for_each(|lane| lane.finish())?;
    drop(lanes);
    same!(tally.dropped(), tally.made(), "values dropped");
    Ok(())
}

/// Every kind of map, every family of keys, values with and without a destructor.
fn lanes<'t>(keys: i64, tally: &'t Tally) -> Vec<Box<dyn Steps + 't>> {
    let few = keys / 4;
    vec![
        Box::new(Lane::<Tracked<'t>, _, _>::new(CowMap::new, Family::Dense, keys, tally)),
        Box::new(Lane::<Tracked<'t>, _, _>::new(CowMap::new, Family::Scattered, keys, tally)),
        Box::new(Lane::<u64, _, _>::new(CowMap::new, Family::Dense, keys, tally)),
        Box::new(Lane::<u64, _, _>::new(CowMap::new, Family::Shifted, keys, tally)),
        Box::new(Lane::<Tracked<'t>, _, _>::new(SeededCowMap::new, Family::Shifted, keys, tally)),
        Box::new(Lane::<u64, _, _>::new(SeededCowMap::new, Family::Dense, keys, tally)),
        Box::new(Lane::<Tracked<'t>, _, _>::new(FlatCowMap::new, Family::Dense, few, tally)),
        Box::new(Lane::<u64, _, _>::new(FlatCowMap::new, Family::Scattered, few, tally)),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn maps_and_models_agree() {
        let settings = Settings { threads: 3, keys: 2000, seed: 1 };
        let counts = Counts::default();
        let ending = Ending::after(Duration::from_millis(500));
        assert_eq!(run(settings, &counts, &ending, &Progress::hidden()), Ok(()));
        assert!(counts.operations() > 0 && counts.snapshots() > 0 && counts.scans() > 0);
    }
}
