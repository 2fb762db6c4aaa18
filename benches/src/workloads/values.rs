//! Values of other sizes, and values that own memory.

use std::sync::Arc;

use super::Workload;
use super::racers::{Place, Racer, line_up, warm_up};
use crate::alloc::{counted, settle};
use crate::jobs::{Job, Work};
use crate::keys::Family;
use crate::maps::{MapId, main_peers};
use crate::measure::{Lap, Mismatch, Tally, interleave, median, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::{Population, STREAM, window};
use crate::values::Value;

pub(super) const WORKLOAD: Workload = Workload {
    name: "values",
    title: "Values of other kinds",
    about: "Values of 0, 8, 32 and 128 bytes, `String`s, and `Arc`s. Ratios are against hashbrown + \
            foldhash, and those of the first write against imbl + foldhash. Bytes are those the \
            map asked the allocator for, strings and `Arc`s with it.",
    reference: MapId::Hashbrown,
    unit: "ns (bytes where it says so)",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[100_000, 1_000_000], &[100_000]) {
            let place = Place { workload: "values", family, nominal, size: nominal };
            let mut add = |name: &str, work: Work| {
                let title = format!("{}, {name}", place.title());
                jobs.push(Job { title, weight: 8 + nominal as u64 / 7_000, work });
            };
            add(<()>::NAME, job::<()>(settings, place));
            add(u64::NAME, job::<u64>(settings, place));
            add(<[u64; 4]>::NAME, job::<[u64; 4]>(settings, place));
            add(<[u64; 16]>::NAME, job::<[u64; 16]>(settings, place));
            add(String::NAME, job::<String>(settings, place));
            add(Arc::<[u64; 8]>::NAME, job::<Arc<[u64; 8]>>(settings, place));
        }
    }
    jobs
}

fn job<V: Value>(settings: &Settings, place: Place) -> Work {
    let settings = settings.clone();
    Box::new(move |results| measure::<V>(&settings, place, results))
}

fn measure<V: Value>(
    settings: &Settings,
    place: Place,
    results: &mut Results,
) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let peers = settings.choose(main_peers::<V>());
    let rounds = settings.rounds(place.size);
    let length = if settings.quick { STREAM / 32 } else { STREAM / 8 };
    let stream = population.hits(STREAM, 11);
    let variant = |operation: &str| format!("{operation}|{}", V::NAME);

    for peer in &peers {
        let (map, usage) = counted(|| peer.holding(&population.present));
        drop(map);
        let bytes = usage.live as f64 / place.size as f64;
        results.add(&place.point(&variant("bytes an entry")), peer.id, vec![bytes]);
    }
    let mut racers = line_up(&peers, &population.present);
    let costs = interleave(
        &mut racers,
        rounds,
        |racer| racer.id,
        |racer, round| {
            warm_up(settings, &*racer.map, &stream, (round, length));
            let (nanos, tally) = time(|| racer.map.hits(window(&stream, round, length)));
            Lap { cost: nanos / length as f64, tally }
        },
    )?;
    place.record(results, &variant("hit"), &racers, costs);
    let costs = interleave(
        &mut racers,
        rounds,
        |racer| racer.id,
        |racer, _| {
            let (nanos, tally) = time(|| racer.map.scan());
            Lap { cost: nanos / place.size as f64, tally }
        },
    )?;
    place.record(results, &variant("scan"), &racers, costs);
    let mut sharers: Vec<Racer<V>> =
        racers.into_iter().filter(|racer| racer.id.has_snapshots()).collect();
    let costs = interleave(
        &mut sharers,
        rounds,
        |racer| racer.id,
        |racer, round| {
            let keys = population.hits(5_000, 500 + round as u64);
            let times = racer.map.first_writes(&keys, settings.budget());
            Lap { cost: median(&times), tally: Tally::default() }
        },
    )?;
    place.record(results, &variant("first write"), &sharers, costs);
    drop(sharers);
    let mut builders: Vec<_> = peers.iter().collect();
    let costs = interleave(
        &mut builders,
        rounds.min(5),
        |peer| peer.id,
        |peer, _| {
            settle();
            let (nanos, map) = time(|| peer.holding(&population.present));
            let tally = map.hits(&stream[..1_000]);
            Lap { cost: nanos / place.size as f64, tally }
        },
    )?;
    for (peer, costs) in builders.iter().zip(costs) {
        results.add(&place.point(&variant("build from nothing")), peer.id, costs);
    }
    Ok(())
}
