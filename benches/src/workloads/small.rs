//! Small maps: most maps are.

use super::Workload;
use super::racers::{Place, line_up, shuffled};
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::{Population, STREAM, window};

pub(super) const WORKLOAD: Workload = Workload {
    name: "small",
    title: "Small maps",
    about: "Maps of 4 to 200 entries. *build and drop*: a map grown from nothing, asked once, and \
            dropped; the cost is for one entry.",
    reference: MapId::Hashbrown,
    unit: "ns",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        let sizes = settings.sizes(&[4, 7, 12, 25, 50, 100, 200], &[4, 12, 50, 200]);
        for size in sizes.into_iter().filter(|&size| size <= 5_000) {
            let place = Place { workload: "small", family, nominal: size, size };
            let settings = settings.clone();
            jobs.push(Job::new(place.title(), 8, move |results| {
                measure(&settings, place, results)
            }));
        }
    }
    jobs
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let peers = settings.choose(everybody());
    let mut racers = line_up(&peers, &population.present);
    let rounds = settings.rounds(place.size);
    let length = if settings.quick { STREAM / 32 } else { STREAM / 8 };
    let streams = [("hit", population.hits(STREAM, 9)), ("miss", population.misses(STREAM, 10))];
    for (variant, stream) in streams {
        let costs = interleave(
            &mut racers,
            rounds,
            |racer| racer.id,
            |racer, round| {
                std::hint::black_box(racer.map.hits(&stream[..5_000]));
                let (nanos, tally) = time(|| racer.map.hits(window(&stream, round, length)));
                Lap { cost: nanos / length as f64, tally }
            },
        )?;
        place.record(results, variant, &racers, costs);
    }
    let keys = place.family.keys(0..(length / 4) as u64);
    let keys = &keys[..keys.len() / place.size * place.size];
    let mut builders = shuffled(&peers, place.size);
    let costs = interleave(
        &mut builders,
        rounds,
        |peer| peer.id,
        |peer, _| {
            let map = (peer.make)(0);
            let (nanos, tally) = time(|| map.build_many(keys, place.size));
            Lap { cost: nanos / keys.len() as f64, tally }
        },
    )?;
    for (peer, costs) in builders.iter().zip(costs) {
        results.add(&place.point("build and drop"), peer.id, costs);
    }
    Ok(())
}
