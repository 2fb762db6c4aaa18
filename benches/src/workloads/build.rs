//! Filling a map, and dropping it.

use super::Workload;
use super::racers::{Place, shuffled};
use crate::alloc::settle;
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, Peer, everybody};
use crate::measure::{Lap, Mismatch, Tally, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::{Population, pick};

pub(super) const WORKLOAD: Workload = Workload {
    name: "build",
    title: "Building and dropping a map",
    about: "*from nothing*: a new map grows by inserts. *reserved*: made by `with_capacity`, then \
            filled (imbl and rpds have no such thing). *drop*: the map that was grown is dropped. \
            Freed memory goes back to the system before each map is made, so that all of them \
            start alike. A round nobody counts goes first.",
    reference: MapId::Hashbrown,
    unit: "ns an entry (of a drop, for the whole map)",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random, Family::Dense], &[Family::Random]) {
        let sizes = if family == Family::Random {
            settings.sizes(&[10_000, 100_000, 1_000_000, 10_000_000], &[1_000_000])
        } else {
            settings.sizes(&[1_000_000], &[1_000_000])
        };
        for nominal in sizes {
            // Ten million are built at one size only: it takes minutes.
            let one = settings.quick || nominal > 3_000_000;
            let sizes = if one { settings.few(nominal) } else { settings.doubling(nominal) };
            for size in sizes {
                let place = Place { workload: "build", family, nominal, size };
                let settings = settings.clone();
                let weight = (size * rounds(&settings, size)) as u64 / 14_000;
                jobs.push(Job::new(place.title(), weight, move |results| {
                    measure(&settings, place, results)
                }));
            }
        }
    }
    jobs
}

/// How often each map is built, the round nobody counts included.
fn rounds(settings: &Settings, size: usize) -> usize {
    1 + settings.repeats.unwrap_or(settings.rounds(size).min(match size {
        0..300_000 => 7,
        300_000..3_000_000 => 5,
        _ => 2,
    }))
}

struct Builder<'a> {
    peer: &'a Peer<u64>,
    drops: Vec<f64>,
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let keys = Population::new(place.family, place.size).present;
    let asked = pick(&keys, 1_000, 5);
    let peers = settings.choose(everybody());
    let mut builders: Vec<Builder<'_>> = shuffled(&peers, place.size)
        .into_iter()
        .map(|peer| Builder { peer, drops: Vec::new() })
        .collect();
    let rounds = rounds(settings, place.size);
    // Small maps are built several times a lap.
    let times = (200_000 / place.size).max(1);
    for (variant, capacity) in [("from nothing", 0), ("reserved", place.size)] {
        if !settings.wants(variant) {
            continue;
        }
        let costs = interleave(
            &mut builders,
            rounds,
            |builder| builder.peer.id,
            |builder, _| {
                let (mut built, mut dropped, mut tally) = (0.0, 0.0, Tally::default());
                for _ in 0..times {
                    settle();
                    let (nanos, map) = time(|| {
                        let mut map = (builder.peer.make)(capacity);
                        map.fill(&keys);
                        map
                    });
                    built += nanos;
                    let found = map.hits(&asked);
                    tally = Tally { found: map.size() as u64, sum: found.sum };
                    dropped += time(|| drop(map)).0;
                }

                if capacity == 0 {
                    builder.drops.push(dropped / times as f64);
                }
                Lap { cost: built / (times * place.size) as f64, tally }
            },
        )?;
        for (builder, mut costs) in builders.iter_mut().zip(costs) {
            costs.remove(0);
            results.add(&place.point(variant), builder.peer.id, costs);
        }
    }
    for mut builder in builders {
        if builder.drops.is_empty() {
            continue;
        }
        builder.drops.remove(0);
        results.add(&place.point("drop"), builder.peer.id, builder.drops);
    }
    Ok(())
}
