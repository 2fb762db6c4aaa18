//! Snapshots of a map that many threads share, through one lock or another.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use cowmap::{CowCell, CowMap};
use parking_lot::{Mutex, RwLock};

use super::Workload;
use super::racers::Place;
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::MapId;
use crate::measure::{Lap, Mismatch, Tally, interleave, median, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;

pub(super) const WORKLOAD: Workload = Workload {
    name: "cells",
    title: "Snapshots of a shared map",
    about: "1 to 8 threads take snapshots of one map without pause and drop them, while another thread overwrites an entry and sleeps 20 µs. The median of batches of 64. *CowCell*: `snapshot` and `update`. *Mutex*: a `parking_lot::Mutex<CowMap>`, locked to \
            clone and to write. *RwLock*: the same with a read lock. *RwLock of Arc*: a \
            `parking_lot::RwLock<Arc<CowMap>>`, which the writer replaces.",
    reference: MapId::CowMap,
    unit: "ns for both",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[1_000_000], &[1_000_000]) {
            let place = Place { workload: "cells", family, nominal, size: nominal };
            let settings = settings.clone();
            jobs.push(Job::new(place.title(), 120, move |results| {
                measure(&settings, place, results)
            }));
        }
    }
    jobs
}

type Map = CowMap<i64, u64>;

/// A map behind a lock.
trait Shared: Sync {
    /// Takes so many snapshots, and drops each.
    fn snapshots(&self, times: usize);
    fn write(&self, key: i64, value: u64);
}

impl Shared for CowCell<Map> {
    fn snapshots(&self, times: usize) {
        (0..times).for_each(|_| drop(black_box(CowCell::snapshot(self))));
    }
    fn write(&self, key: i64, value: u64) {
        self.update(|map| map.insert(key, value));
    }
}

impl Shared for Mutex<Map> {
    fn snapshots(&self, times: usize) {
        (0..times).for_each(|_| drop(black_box(self.lock().clone())));
    }
    fn write(&self, key: i64, value: u64) {
        self.lock().insert(key, value);
    }
}

impl Shared for RwLock<Map> {
    fn snapshots(&self, times: usize) {
        (0..times).for_each(|_| drop(black_box(self.read().clone())));
    }
    fn write(&self, key: i64, value: u64) {
        self.write().insert(key, value);
    }
}

impl Shared for RwLock<Arc<Map>> {
    fn snapshots(&self, times: usize) {
        (0..times).for_each(|_| drop(black_box(Arc::clone(&self.read()))));
    }
    fn write(&self, key: i64, value: u64) {
        let mut map = Map::clone(&self.read());
        map.insert(key, value);
        let old = std::mem::replace(&mut *self.write(), Arc::new(map));
        drop(old);
    }
}

/// Snapshots that are timed together.
const BATCH: usize = 64;

/// Between two writes.
const PAUSE: Duration = Duration::from_micros(20);

/// The median time of a snapshot.
fn median_snapshot(map: &dyn Shared, threads: usize, keys: &[i64], length: Duration) -> f64 {
    let ended = AtomicBool::new(false);
    let taken: Vec<f64> = thread::scope(|scope| {
        let reader = || {
            let mut taken = Vec::new();
            while !ended.load(Relaxed) {
                let (nanos, ()) = time(|| map.snapshots(BATCH));
                taken.push(nanos / BATCH as f64);
            }
            taken
        };
        let readers: Vec<_> = (0..threads).map(|_| scope.spawn(reader)).collect();
        let begun = Instant::now();
        for &key in keys.iter().rev().cycle() {
            map.write(key, 2);
            thread::sleep(PAUSE);
            if begun.elapsed() > length {
                break;
            }
        }
        ended.store(true, Relaxed);
        readers.into_iter().flat_map(|it| it.join().expect("a reader panicked")).collect()
    });
    median(&taken)
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let keys = population.hits(100_000, 960);
    let map: Map = population.present.iter().map(|&key| (key, 1)).collect();
    let length = settings.budget() * 2;
    let own = || map.unshared();
    let shared: [(&str, Box<dyn Shared>); 4] = [
        ("CowCell", Box::new(CowCell::new(own()))),
        ("Mutex", Box::new(Mutex::new(own()))),
        ("RwLock", Box::new(RwLock::new(own()))),
        ("RwLock of Arc", Box::new(RwLock::new(Arc::new(own())))),
    ];
    for threads in [1, 2, 4, 8] {
        let mut ways: Vec<&(&str, Box<dyn Shared>)> = shared.iter().collect();
        let costs = interleave(
            &mut ways,
            settings.rounds(0),
            |_| MapId::CowMap,
            |way, _| {
                let cost = median_snapshot(&*way.1, threads, &keys, length);
                Lap { cost, tally: Tally::default() }
            },
        )?;
        for ((name, _), costs) in shared.iter().zip(costs) {
            let plural = if threads == 1 { "" } else { "s" };
            let variant = format!("{threads} thread{plural}|{name}");
            results.add(&place.point(&variant), MapId::CowMap, costs);
        }
    }
    Ok(())
}
