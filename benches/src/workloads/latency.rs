//! Single operations, one by one: the median and the tail.

use super::Workload;
use super::racers::{Place, line_up, with_snapshots};
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, Peer, everybody};
use crate::measure::{Lap, Mismatch, Tally, interleave, percentile, without_clock};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;

pub(super) const WORKLOAD: Workload = Workload {
    name: "latency",
    title: "Single operations",
    about: "Every operation is timed alone, and what the clock itself takes is subtracted. Each \
            number is the median over the rounds of that round's percentile. *get*: random hits. \
            *overwrite*: random entries, while a snapshot is held that is renewed every 1,000 \
            writes (renewing is not timed). *remove*: all entries of a map nobody else holds, one \
            after the other; its max is the longest single removal.",
    reference: MapId::Hashbrown,
    unit: "ns",
    plan,
};

/// The percentiles of the tables, in parts of a million.
pub const PERCENTILES: [usize; 6] = [500_000, 900_000, 990_000, 999_000, 999_900, 1_000_000];

/// What a percentile is called.
pub fn percentile_name(per_million: usize) -> &'static str {
    match per_million {
        500_000 => "p50",
        900_000 => "p90",
        990_000 => "p99",
        999_000 => "p99.9",
        999_900 => "p99.99",
        _ => "max",
    }
}

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[1_000_000], &[1_000_000]) {
            let place = Place { workload: "latency", family, nominal, size: nominal };
            let settings = settings.clone();
            jobs.push(Job::new(place.title(), 40 + nominal as u64 / 10_000, move |results| {
                measure(&settings, place, results)
            }));
        }
        // A flat table is put in order as a whole: a part of its entries at a time would not show it.
        for nominal in settings.sizes(&[1_000_000, 4_000_000], &[1_000_000]) {
            let place = Place { workload: "latency", family, nominal, size: nominal };
            let settings = settings.clone();
            let title = format!("{}, removals", place.title());
            jobs.push(Job::new(title, 1 + nominal as u64 / 25_000, move |results| {
                measure_removals(&settings, place, results)
            }));
        }
    }
    jobs
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let rounds = settings.rounds(place.size);
    let operations = if settings.quick { 20_000 } else { 200_000 };
    let peers = settings.choose(everybody());
    for (variant, peers) in
        [("get", peers), ("overwrite", with_snapshots(settings.choose(everybody())))]
    {
        if !settings.wants(variant) {
            continue;
        }
        let mut racers = line_up(&peers, &population.present);
        let ids: Vec<MapId> = racers.iter().map(|racer| racer.id).collect();
        let mut order: Vec<usize> = (0..racers.len()).collect();
        let mut costs = vec![vec![Vec::new(); racers.len()]; PERCENTILES.len()];
        interleave(
            &mut order,
            rounds,
            |&racer| ids[racer],
            |&mut racer, round| {
                let keys = population.hits(operations, 600 + round as u64);
                let map = &mut racers[racer].map;
                let mut times = Vec::with_capacity(keys.len());
                let tally = if variant == "get" {
                    map.timed_hits(&keys, &mut times)
                } else {
                    map.timed_overwrites(&keys, 1_000, &mut times);
                    Tally::default()
                };
                times.sort_unstable();
                for (costs, per_million) in costs.iter_mut().zip(PERCENTILES) {
                    costs[racer].push(without_clock(percentile(&times, per_million)));
                }
                Lap { cost: 0.0, tally }
            },
        )?;
        for (per_million, costs) in PERCENTILES.into_iter().zip(costs) {
            let variant = format!("{variant}|{}", percentile_name(per_million));
            place.record(results, &variant, &racers, costs);
        }
    }
    Ok(())
}

fn measure_removals(
    settings: &Settings,
    place: Place,
    results: &mut Results,
) -> Result<(), Mismatch> {
    if !settings.wants("remove") {
        return Ok(());
    }
    let keys = Population::new(place.family, place.size).present;
    let mut peers = settings.choose(everybody());
    peers.retain(|peer| {
        matches!(peer.id, MapId::CowMap | MapId::FlatCowMap | MapId::Hashbrown | MapId::Std)
    });
    let mut costs = vec![vec![Vec::new(); peers.len()]; PERCENTILES.len()];
    let mut racers: Vec<(usize, &Peer<u64>)> = peers.iter().enumerate().collect();
    interleave(
        &mut racers,
        settings.rounds(place.size),
        |(_, peer)| peer.id,
        |(racer, peer), _| {
            let mut map = peer.holding(&keys);
            let mut times = Vec::with_capacity(keys.len());
            let mut tally = Tally::default();
            tally.add(map.timed_removals(&keys, &mut times));
            times.sort_unstable();
            for (costs, per_million) in costs.iter_mut().zip(PERCENTILES) {
                costs[*racer].push(without_clock(percentile(&times, per_million)));
            }
            Lap { cost: 0.0, tally }
        },
    )?;
    for (per_million, costs) in PERCENTILES.into_iter().zip(costs) {
        let variant = format!("remove|{}", percentile_name(per_million));
        for (peer, costs) in peers.iter().zip(costs) {
            results.add(&place.point(&variant), peer.id, costs);
        }
    }
    Ok(())
}
