//! A snapshot from the moment it is taken to the end of its drop, with writes between.

use super::Workload;
use super::racers::{Place, Racer, line_up, warm_up, with_snapshots};
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, Tally, interleave, median};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::{Population, STREAM, window};

pub(super) const WORKLOAD: Workload = Workload {
    name: "cycle",
    title: "Snapshot, writes, drop",
    about: "What a snapshot costs in all: take it, overwrite 1, 10 or 100 random entries, drop it. \
            The writes copy what they share with the snapshot, and the drop frees the originals. \
            All of that is timed together, over thousands of cycles in a row. *drop after 1 \
            write*: the drop alone, the median of single drops. `FlatCowMap` and `Arc<hashbrown>` \
            copy the whole table in every cycle, so they take part at 10k only.",
    reference: MapId::Imbl,
    unit: "ns",
    plan,
};

/// Overwrites in a cycle, what `--ops` calls that, and what the tables call it.
const CYCLES: [(usize, &str, &str); 3] = [
    (1, "1 write", "snapshot + 1 write + drop"),
    (10, "10 writes", "snapshot + 10 writes + drop"),
    (100, "100 writes", "snapshot + 100 writes + drop"),
];

/// The keys of at least so many cycles are drawn before the clock starts. A lap takes an eighth
/// of them at most.
const DRAWN: usize = 100_000;

/// Up to this size, maps that copy the whole table take part.
const TABLE: usize = 20_000;

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in
            settings.sizes(&[10_000, 100_000, 1_000_000, 5_000_000], &[100_000, 1_000_000])
        {
            for size in settings.few(nominal) {
                let place = Place { workload: "cycle", family, nominal, size };
                let settings = settings.clone();
                jobs.push(Job::new(place.title(), 140 + size as u64 / 16_000, move |results| {
                    measure(&settings, place, results)
                }));
            }
        }
    }
    jobs
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let mut peers = with_snapshots(settings.choose(everybody()));
    peers.retain(|peer| place.size <= TABLE || !copies_the_table(peer.id));
    let mut racers = line_up(&peers, &population.present);
    let before = contents(&racers);
    for (writes, operation, variant) in CYCLES {
        if settings.wants(operation) {
            let keys = population.hits(STREAM.max(DRAWN * writes), 600 + writes as u64);
            let costs = laps(settings, place, &mut racers, &keys, |racer, round, keys| {
                let length = keys.len() / 8;
                racer.map.cycles(window(keys, round + 4, length), writes, settings.budget() / 8);
                racer.map.cycles(window(keys, round, length), writes, settings.budget())
            })?;
            place.record(results, variant, &racers, costs);
        }
    }
    if settings.wants("drop") {
        let keys = population.hits(STREAM, 700);
        let costs = laps(settings, place, &mut racers, &keys, |racer, round, keys| {
            let keys = window(keys, round, keys.len() / 8);
            let (_, drops) = racer.map.updates(keys, 1, settings.budget());
            median(&drops)
        })?;
        place.record(results, "drop after 1 write", &racers, costs);
    }
    if contents(&racers) != before || before.iter().any(|&scan| scan != before[0]) {
        return Err(Mismatch("contents differ after overwrites".into()));
    }
    Ok(())
}

/// Every map does a lap over `keys` in each round, after lookups that bring it back into the
/// caches.
fn laps(
    settings: &Settings,
    place: Place,
    racers: &mut [Racer<u64>],
    keys: &[i64],
    lap: impl Fn(&mut Racer<u64>, usize, &[i64]) -> f64,
) -> Result<Vec<Vec<f64>>, Mismatch> {
    interleave(
        racers,
        settings.rounds(place.size),
        |racer| racer.id,
        |racer, round| {
            warm_up(settings, &*racer.map, keys, (round, keys.len() / 8));
            Lap { cost: lap(racer, round, keys), tally: Tally::default() }
        },
    )
}

/// Whether the first write after a snapshot copies all entries.
fn copies_the_table(id: MapId) -> bool {
    matches!(id, MapId::FlatCowMap | MapId::ArcHashbrown)
}

fn contents(racers: &[Racer<u64>]) -> Vec<Tally> {
    racers.iter().map(|racer| racer.map.scan()).collect()
}
