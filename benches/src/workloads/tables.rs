//! Transactions on a table of versions, and what a writer waits for while a reader scans.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use cowmap_examples::table::VersionTable;
use parking_lot::RwLock;

use super::Workload;
use super::racers::Place;
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::MapId;
use crate::measure::{Lap, Mismatch, Tally, interleave, nanos};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;
use crate::tables::{Redb, Table, Twin};

pub(super) const WORKLOAD: Workload = Workload {
    name: "tables",
    title: "Transactions on a table of versions",
    about: "`VersionTable` of the examples, a twin of it on imbl's map, and redb in memory without \
            durability. Each transaction reads two random rows and writes two others; one that meets \
            a conflict is begun anew. *pause*: the longest time that a writer of single rows waits \
            while a reader scans the table, beside a `parking_lot::RwLock<std HashMap>`, whose reader \
            holds the lock; one number a round.",
    reference: MapId::Imbl,
    unit: "ns",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[1_000_000, 10_000_000], &[1_000_000]) {
            let place = Place { workload: "tables", family, nominal, size: nominal };
            let settings = settings.clone();
            let weight = 60 + nominal as u64 / 20_000;
            jobs.push(Job::new(place.title(), weight, move |results| {
                // So many rows are there to see how long a scan stops writers.
                if place.size <= 2_000_000 {
                    transactions(&settings, place, results)?;
                }
                pauses(&settings, place, results)
            }));
        }
    }
    jobs
}

pub(super) fn rows(place: Place) -> Vec<u64> {
    // The reserved key is the largest number, which no family has.
    Population::new(place.family, place.size)
        .present
        .iter()
        .map(|&key| key.cast_unsigned())
        .collect()
}

fn transactions(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let keys = rows(place);
    let with_values = || keys.iter().map(|&key| (key, 1));
    let failed = |error| Mismatch(format!("redb: {error}"));
    let mut tables: [(MapId, Box<dyn Table>); 3] = [
        (MapId::CowMap, Box::new(VersionTable::new(with_values()))),
        (MapId::Imbl, Box::new(Twin::new(with_values()))),
        (MapId::Redb, Box::new(Redb::new(with_values()).map_err(failed)?)),
    ];
    for threads in [1, 2] {
        let costs = interleave(
            &mut tables,
            settings.rounds(place.size),
            |table| table.0,
            |(_, table), round| {
                let cost = lap(&**table, threads, &keys, round, settings.budget() * 4);
                Lap { cost, tally: Tally::default() }
            },
        )?;
        let variant = if threads == 1 { "1 thread" } else { "2 threads" };
        for ((id, _), costs) in tables.iter().zip(costs) {
            results.add(&place.point(variant), *id, costs);
        }
    }
    Ok(())
}

/// Nanoseconds a transaction.
pub(super) fn lap(
    table: &dyn Table,
    threads: usize,
    keys: &[u64],
    round: usize,
    length: Duration,
) -> f64 {
    let begun = Instant::now();
    let work = |thread: usize| {
        let mut done = 0_u64;
        let mut at = (round * 2 + thread) * 7_919;
        let mut next = || {
            // A step through the keys, which are in random order, by a prime.
            at = (at + 104_729) % keys.len();
            keys[at]
        };
        while begun.elapsed() < length {
            for _ in 0..16 {
                let (reads, writes) = ([next(), next()], [next(), next()]);
                let sum = loop {
                    if let Some(sum) = table.transaction(reads, writes, done) {
                        break sum;
                    }
                };
                black_box(sum);
                done += 1;
            }
        }
        done
    };
    let done: u64 = thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            (0..threads).map(|number| scope.spawn(move || work(number))).collect();
        threads.into_iter().map(|it| it.join().expect("a transaction panicked")).sum()
    });
    begun.elapsed().as_secs_f64() * 1e9 / done as f64
}

fn pauses(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let keys = rows(place);
    let with_values = || keys.iter().map(|&key| (key, 1));
    let table: VersionTable<u64, u64> = VersionTable::new(with_values());
    let locked: RwLock<HashMap<u64, u64>> = RwLock::new(with_values().collect());
    let mut ways = [MapId::CowMap, MapId::Std];
    let costs = interleave(
        &mut ways,
        settings.repeats.unwrap_or(if settings.quick { 3 } else { 9 }),
        |&id| id,
        |&mut id, round| {
            let longest = if id == MapId::CowMap {
                longest_pause(
                    || table.begin().scan().map(|(_, &value)| value).sum(),
                    |number| {
                        let mut transaction = table.begin();
                        transaction.put(keys[number % keys.len()], 1);
                        transaction.commit().expect("nobody else writes");
                    },
                    round,
                )
            } else {
                longest_pause(
                    || locked.read().values().sum(),
                    |number| {
                        locked.write().insert(keys[number % keys.len()], 1);
                    },
                    round,
                )
            };
            Lap { cost: longest, tally: Tally::default() }
        },
    )?;
    for (id, costs) in ways.into_iter().zip(costs) {
        results.add(&place.point("pause of a writer while a reader scans"), id, costs);
    }
    Ok(())
}

/// The longest time that a write took while another thread scanned.
fn longest_pause(scan: impl FnOnce() -> u64 + Send, write: impl Fn(usize), round: usize) -> f64 {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let ended = &ended;
        let scanner = scope.spawn(move || {
            let sum = black_box(scan());
            ended.store(true, Relaxed);
            sum
        });
        let mut longest = 0;
        let mut number = round * 1_000_003;
        while !ended.load(Relaxed) {
            let begun = Instant::now();
            write(number);
            longest = longest.max(nanos(begun.elapsed()));
            number += 104_729;
        }
        scanner.join().expect("a scan panicked");
        f64::from(longest)
    })
}
