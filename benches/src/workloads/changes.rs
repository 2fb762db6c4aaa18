//! What changed between two snapshots, and merging.

use std::hint::black_box;

use cowmap::{Change, CowMap};
use imbl::OrdMap;

use super::Workload;
use super::racers::Place;
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::MapId;
use crate::measure::{Lap, Mismatch, Tally, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;

pub(super) const WORKLOAD: Workload = Workload {
    name: "changes",
    title: "What changed between two snapshots",
    about: "A snapshot is kept while 1, 100 or 10,000 random entries are overwritten; then `diff` \
            finds them. *entry by entry*: each map's entries are looked up in the other one. \
            *caches evicted*: 128 MiB were read before. *apply*: 10,000 changes of a `diff` are made \
            to a clone of the snapshot, beside the same inserts by hand, in the diff's order and in \
            random order. *merge*: 100 changes on each side, beside a `diff` of one side that is \
            applied to a clone of the other.",
    reference: MapId::CowMap,
    unit: "ns",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[1_000_000, 10_000_000], &[1_000_000]) {
            for size in settings.few(nominal) {
                let place = Place { workload: "changes", family, nominal, size };
                let settings = settings.clone();
                jobs.push(Job::new(place.title(), 80 + size as u64 / 5_000, move |results| {
                    measure(&settings, place, results)
                }));
            }
        }
    }
    jobs
}

type Map = CowMap<i64, u64>;

/// One way to do what others do in another way.
struct Way<'a> {
    variant: String,
    id: MapId,
    /// Before the clock starts.
    prepare: fn(),
    /// How often in a lap.
    times: usize,
    /// Returns a number that all ways have in common.
    run: Box<dyn FnMut() -> u64 + 'a>,
}

impl<'a> Way<'a> {
    fn new(variant: String, times: usize, run: impl FnMut() -> u64 + 'a) -> Self {
        Way { variant, id: MapId::CowMap, prepare: || {}, times, run: Box::new(run) }
    }
}

/// Measures ways in turn.
fn compare(
    settings: &Settings,
    place: Place,
    results: &mut Results,
    mut ways: Vec<Way<'_>>,
) -> Result<(), Mismatch> {
    let costs = interleave(
        &mut ways,
        settings.rounds(place.size),
        |way| way.id,
        |way, _| {
            let (mut cost, mut sum) = (0.0, 0);
            for _ in 0..way.times {
                (way.prepare)();
                let (nanos, found) = time(&mut way.run);
                (cost, sum) = (cost + nanos, found);
            }
            Lap { cost: cost / way.times as f64, tally: Tally { found: 1, sum } }
        },
    )?;
    for (way, costs) in ways.iter().zip(costs) {
        results.add(&place.point(&way.variant), way.id, costs);
    }
    Ok(())
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let old: Map = population.present.iter().map(|&key| (key, 1)).collect();
    let old_ordered: OrdMap<i64, u64> =
        population.present.iter().map(|&key| (key, 1_u64)).collect();
    for (changes, times, name) in
        [(1, 2_000, "1 change"), (100, 200, "100 changes"), (10_000, 3, "10,000 changes")]
    {
        let keys = distinct(population.hits(changes, 900 + changes as u64));
        let (mut new, mut new_ordered) = (old.clone(), old_ordered.clone());
        for &key in &keys {
            new.insert(key, 2);
            new_ordered.insert(key, 2);
        }
        let variant = |way: &str| format!("diff after {name}|{way}");
        let diff = || black_box(&old).diff(black_box(&new)).count() as u64;
        let by_entry = || by_entry(black_box(&old), black_box(&new));
        let mut ways = vec![
            Way::new(variant("diff"), times, diff),
            Way::new(variant("entry by entry"), 1, by_entry),
            Way {
                id: MapId::OrdMap,
                ..Way::new(variant("diff"), times.min(200), || {
                    black_box(&old_ordered).diff(black_box(&new_ordered)).count() as u64
                })
            },
        ];
        if changes <= 100 {
            let variant = |way: &str| format!("diff after {name}, caches evicted|{way}");
            for (way, times) in [("diff", 9), ("entry by entry", 1)] {
                let run: Box<dyn FnMut() -> u64> =
                    if times == 1 { Box::new(by_entry) } else { Box::new(diff) };
                ways.push(Way { prepare: evict, ..Way::new(variant(way), times, run) });
            }
        }
        compare(settings, place, results, ways)?;
        if changes > 100 {
            compare(settings, place, results, applying(&old, &new, &keys))?;
        }
    }
    compare(settings, place, results, merging(&old, &population))
}

/// Making changes.
fn applying<'a>(old: &'a Map, new: &Map, random_order: &'a [i64]) -> Vec<Way<'a>> {
    let changes: Vec<Change<i64, u64>> = old.diff(new).map(Change::cloned).collect();
    let same_order: Vec<i64> = changes.iter().map(Change::key).collect();
    let insert = move |keys: &[i64]| {
        let mut map = old.clone();
        for &key in keys {
            map.insert(key, 2);
        }
        black_box(map).len() as u64
    };
    vec![
        Way::new("10,000 changes|apply".into(), 5, move || {
            let mut map = old.clone();
            map.apply(changes.iter().copied());
            black_box(map).len() as u64
        }),
        Way::new("10,000 changes|same order".into(), 5, move || insert(&same_order)),
        Way::new("10,000 changes|by hand".into(), 5, move || insert(random_order)),
    ]
}

/// Merging two lines of changes.
fn merging<'a>(base: &'a Map, population: &Population) -> Vec<Way<'a>> {
    let side = |seed, value| {
        let mut map = base.clone();
        for key in population.hits(100, seed) {
            map.insert(key, value);
        }
        map
    };
    let (ours, theirs) = (side(950, 3), side(951, 4));
    let (our, their) = (ours.clone(), theirs.clone());
    let digest = |map: Map| map.values().take(1_000).sum::<u64>() + map.len() as u64;
    let wanted = digest(base.merge(&ours, &theirs, |_, conflict| conflict.theirs.copied()));
    let by_hand = move || {
        let mut map = our.clone();
        map.apply(base.diff(&their).map(Change::cloned));
        black_box(map)
    };
    assert_eq!(digest(by_hand()), wanted, "merging by hand gives the same map");
    vec![
        Way::new("100 changes on each side|merge".into(), 200, move || {
            let merged = base.merge(&ours, &theirs, |_, conflict| conflict.theirs.copied());
            black_box(merged).len() as u64
        }),
        Way::new("100 changes on each side|by hand".into(), 200, move || by_hand().len() as u64),
    ]
}

/// The number of changes, found by looking up the entries of each map in the other one.
fn by_entry(old: &Map, new: &Map) -> u64 {
    let updated = new.iter().filter(|&(key, value)| old.get(key) != Some(value)).count();
    let removed = old.keys().filter(|&key| !new.contains_key(key)).count();
    (updated + removed) as u64
}

fn distinct(keys: Vec<i64>) -> Vec<i64> {
    let mut seen = std::collections::HashSet::new();
    keys.into_iter().filter(|&key| seen.insert(key)).collect()
}

/// Pushes everything else out of the caches.
fn evict() {
    use std::cell::RefCell;
    thread_local! {
        static MEMORY: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    }
    MEMORY.with_borrow_mut(|memory| {
        memory.resize(128 << 20 >> 3, 1);
        // A word of each line, written so that no line is shared.
        memory.iter_mut().step_by(8).for_each(|word| *word = word.wrapping_add(1));
        black_box(memory);
    });
}
