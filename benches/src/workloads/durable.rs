//! Tables that survive: what a checkpoint, a recovery and a buffered commit cost.

use std::any::Any;
use std::fs;
use std::hint::black_box;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process;
use std::time::Duration;

use cowmap::CowMap;
use cowmap_examples::table::VersionTable;
use cowmap_examples::table::store::{Disk, DiskFile, Durability, Folder, Options, StoreError};

use super::Workload;
use super::racers::Place;
use super::tables::{lap, rows};
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::MapId;
use crate::measure::{Lap, Mismatch, Tally, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::tables::Table;

pub(super) const WORKLOAD: Workload = Workload {
    name: "durable",
    title: "A table that survives",
    about: "`VersionTable` of the examples in a folder of the file system for temporary files. \
            *checkpoint*: one after 1,000 random rows were overwritten, in one commit, and one with \
            all rows; without the time of syncs. *recovery*: opening a table that has a full \
            checkpoint, or that has nothing but a log of commits of four new rows each, beside \
            `collect` of its rows into a `CowMap`; an entry. *commits*: transactions that read two \
            random rows and write two others, with `Durability::Buffered` (synced every 20 ms) and in \
            memory; a transaction.",
    reference: MapId::CowMap,
    unit: "ns",
    plan: plan_times,
};

pub(super) const BYTES: Workload = Workload {
    name: "checkpoint-bytes",
    title: "The size of a checkpoint",
    about: "Bytes of a checkpoint after 1,000 random rows were overwritten, and of one with all rows.",
    reference: MapId::CowMap,
    unit: "bytes",
    plan: plan_bytes,
};

type Rows = VersionTable<u64, u64>;

fn plan(
    settings: &Settings,
    workload: &'static str,
    measure: fn(&Settings, Place, &mut Results) -> Result<(), Mismatch>,
) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[1_000_000], &[1_000_000]) {
            let place = Place { workload, family, nominal, size: nominal };
            let settings = settings.clone();
            jobs.push(Job::new(place.title(), 60, move |results| {
                measure(&settings, place, results)
            }));
        }
    }
    jobs
}

fn plan_times(settings: &Settings) -> Vec<Job> {
    plan(settings, "durable", |settings, place, results| {
        checkpoints(settings, place, results)?;
        recoveries(settings, place, results)?;
        commits(settings, place, results)
    })
}

fn plan_bytes(settings: &Settings) -> Vec<Job> {
    plan(settings, "checkpoint-bytes", bytes)
}

/// How many rows change between two checkpoints.
const CHANGES: usize = 1_000;

/// A folder that is removed at the end, and does not sync.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cowmap-lab-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&path);
        Temporary(path)
    }

    fn open(&self, durability: Durability) -> Result<Rows, Mismatch> {
        let folder = Folder::new(&self.0).map_err(|error| Mismatch(error.to_string()))?;
        let options = Options::new().durability(durability).checkpoint_from(None);
        options.open_on(Unsynced(folder)).map_err(failed)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn failed(error: StoreError) -> Mismatch {
    Mismatch(error.to_string())
}

/// Writes rows, in one commit.
fn put(table: &Rows, keys: impl Iterator<Item = u64>, value: u64) {
    let mut transaction = table.begin();
    keys.for_each(|key| transaction.put(key, value));
    transaction.commit().expect("nobody else writes, and the disk does not fail");
}

/// Random keys, others in each round.
fn chosen(keys: &[u64], round: usize) -> impl Iterator<Item = u64> {
    // A step through the keys, which are in random order, by a prime.
    (0..CHANGES).map(move |step| keys[(round * CHANGES + step) * 104_729 % keys.len()])
}

fn checkpoints(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let keys = rows(place);
    let folder = Temporary::new("checkpoint");
    let table = folder.open(Durability::Buffered)?;
    put(&table, keys.iter().copied(), 1);
    table.checkpoint_full().map_err(failed)?;
    let mut ways = [false, true];
    let costs = interleave(
        &mut ways,
        settings.rounds(place.size),
        |_| MapId::CowMap,
        |&mut full, round| {
            put(&table, chosen(&keys, round), round as u64 + 2);
            let (nanos, made) =
                time(|| if full { table.checkpoint_full() } else { table.checkpoint() });
            let made = made.expect("the disk does not fail").expect("something was committed");
            // The rows changed after the last one, which may be a full one.
            assert_eq!(made.full, full);
            assert!(full || made.rows <= CHANGES as u64);
            Lap { cost: nanos, tally: Tally::default() }
        },
    )?;
    for (full, costs) in ways.into_iter().zip(costs) {
        let way = if full { "all rows" } else { "1,000 changes" };
        results.add(&place.point(&format!("checkpoint|{way}")), MapId::CowMap, costs);
    }
    Ok(())
}

fn bytes(_: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let keys = rows(place);
    let folder = Temporary::new("bytes");
    let table = folder.open(Durability::Buffered)?;
    put(&table, keys.iter().copied(), 1);
    let full = table.checkpoint_full().map_err(failed)?;
    put(&table, chosen(&keys, 0), 2);
    let changes = table.checkpoint().map_err(failed)?;
    for (way, made) in [("all rows", full), ("1,000 changes", changes)] {
        let made = made.expect("something was committed");
        let bytes = vec![made.bytes as f64];
        results.add(&place.point(&format!("checkpoint|{way}")), MapId::CowMap, bytes);
    }
    Ok(())
}

/// How many rows each commit of a log has.
const ROWS_A_COMMIT: usize = 4;

fn recoveries(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let keys = rows(place);
    let (checkpoint, log) = (Temporary::new("recovery"), Temporary::new("log"));
    let table = checkpoint.open(Durability::Buffered)?;
    put(&table, keys.iter().copied(), 1);
    table.checkpoint_full().map_err(failed)?;
    drop(table);
    let table = log.open(Durability::Buffered)?;
    for keys in keys.chunks(ROWS_A_COMMIT) {
        put(&table, keys.iter().copied(), 1);
    }
    drop(table);

    let mut ways = [("checkpoint", Some(&checkpoint)), ("log", Some(&log)), ("collect", None)];
    let costs = interleave(
        &mut ways,
        settings.rounds(place.size),
        |_| MapId::CowMap,
        |&mut (_, folder), _| {
            let (nanos, len) = match folder {
                Some(folder) => {
                    let (nanos, table) = time(|| folder.open(Durability::Sync));
                    (nanos, table.expect("the disk does not fail").snapshot().len())
                }
                None => {
                    let (nanos, map) = time(|| -> CowMap<u64, u64> {
                        black_box(keys.iter().map(|&key| (key, 1)).collect())
                    });
                    (nanos, map.len())
                }
            };
            assert_eq!(len, keys.len());
            Lap { cost: nanos / keys.len() as f64, tally: Tally::default() }
        },
    )?;
    let [checkpoint, log, collect] = costs.try_into().expect("there are three ways");
    for (what, costs) in [("checkpoint", checkpoint), ("log", log)] {
        let point = |way| place.point(&format!("recovery from a {what}|{way}"));
        results.add(&point("open"), MapId::CowMap, costs);
        results.add(&point("collect"), MapId::CowMap, collect.clone());
    }
    Ok(())
}

fn commits(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let keys = rows(place);
    let folder = Temporary::new("commits");
    // This one syncs.
    let buffered: Rows =
        Options::new().durability(Durability::Buffered).open(&folder.0).map_err(failed)?;
    put(&buffered, keys.iter().copied(), 1);
    let memory: Rows = VersionTable::new(keys.iter().map(|&key| (key, 1)));
    let mut ways: [(&str, &dyn Table); 2] = [("buffered", &buffered), ("in memory", &memory)];
    for threads in [1, 2] {
        let costs = interleave(
            &mut ways,
            settings.rounds(place.size),
            |_| MapId::CowMap,
            |(_, table), round| {
                let length = settings.budget().max(Duration::from_millis(25)) * 4;
                let cost = lap(*table, threads, &keys, round, length);
                Lap { cost, tally: Tally::default() }
            },
        )?;
        let variant = if threads == 1 { "commits, 1 thread" } else { "commits, 2 threads" };
        for ((way, _), costs) in ways.iter().zip(costs) {
            results.add(&place.point(&format!("{variant}|{way}")), MapId::CowMap, costs);
        }
    }
    Ok(())
}

/// A folder whose syncs do nothing.
struct Unsynced(Folder);

impl Disk for Unsynced {
    fn lock(&self) -> io::Result<Box<dyn Any + Send + Sync>> {
        self.0.lock()
    }
    fn names(&self) -> io::Result<Vec<String>> {
        self.0.names()
    }
    fn read(&self, name: &str) -> io::Result<Box<dyn Read>> {
        self.0.read(name)
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(UnsyncedFile(self.0.open(name)?)))
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(UnsyncedFile(self.0.create(name)?)))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }
}

struct UnsyncedFile(Box<dyn DiskFile>);

impl DiskFile for UnsyncedFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(at, bytes)
    }
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.cut(length)
    }
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
