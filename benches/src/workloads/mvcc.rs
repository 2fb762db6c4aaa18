//! The load cowmap is for: transactions that read a snapshot and write a little.

use super::Workload;
use super::racers::{Place, line_up, with_snapshots};
use crate::jobs::Job;
use crate::kernels::Transaction;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, Tally, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;

pub(super) const WORKLOAD: Workload = Workload {
    name: "mvcc",
    title: "A mixed MVCC load",
    about: "Each transaction takes a snapshot, reads 10 random rows from it, overwrites 2 random \
            rows while it holds it, and drops it. With two threads the map is behind a \
            `parking_lot::Mutex`, locked to take the snapshot and to write, not to read.",
    reference: MapId::Imbl,
    unit: "ns a transaction",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[10_000, 100_000, 1_000_000, 5_000_000], &[1_000_000]) {
            for size in settings.few(nominal) {
                let place = Place { workload: "mvcc", family, nominal, size };
                let settings = settings.clone();
                jobs.push(Job::new(place.title(), 40 + size as u64 / 22_000, move |results| {
                    measure(&settings, place, results)
                }));
            }
        }
    }
    jobs
}

/// Transactions a lap may do at most.
const LAP: usize = 20_000;

fn transactions(population: &Population, round: usize) -> Vec<Transaction> {
    let keys = population.hits(12 * LAP, 400 + round as u64);
    let (chunks, _) = keys.as_chunks::<12>();
    let transaction =
        |&[a, b, ref reads @ ..]: &[i64; 12]| Transaction { reads: *reads, writes: [a, b] };
    chunks.iter().map(transaction).collect()
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let peers = with_snapshots(settings.choose(everybody()));
    let mut racers = line_up(&peers, &population.present);
    let rounds = settings.rounds(place.size);
    let loads: Vec<Vec<Transaction>> =
        (0..rounds).map(|round| transactions(&population, round)).collect();
    let budget = settings.budget();
    if settings.wants("1 thread") {
        let costs = interleave(
            &mut racers,
            rounds,
            |racer| racer.id,
            |racer, round| {
                let (nanos, (done, tally)) = time(|| racer.map.transactions(&loads[round], budget));
                Lap { cost: nanos / done as f64, tally }
            },
        )?;
        place.record(results, "1 thread", &racers, costs);
    }
    if settings.wants("2 threads") {
        let costs = interleave(
            &mut racers,
            rounds,
            |racer| racer.id,
            |racer, round| {
                let (done, seconds) = racer.map.shared_transactions(2, &loads[round], budget);
                Lap { cost: seconds * 1e9 / done as f64, tally: Tally::default() }
            },
        )?;
        place.record(results, "2 threads", &racers, costs);
    }
    Ok(())
}
