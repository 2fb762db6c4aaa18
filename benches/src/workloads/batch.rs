//! Looking up many keys at once.

use super::Workload;
use super::racers::{Place, line_up, warm_up};
use crate::jobs::Job;
use crate::kernels::Batch;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::{Population, STREAM, window};

pub(super) const WORKLOAD: Workload = Workload {
    name: "get-each",
    title: "Lookups in batches",
    about: "The same random hits by a plain loop of `get`, by `get_each` over the whole stream, and \
            by `get_many` over arrays of eight keys. Peers have no such operation; their plain \
            loop is above.",
    reference: MapId::CowMap,
    unit: "ns a lookup",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[100_000, 1_000_000, 10_000_000], &[1_000_000]) {
            for size in settings.doubling(nominal).into_iter().step_by(2) {
                let place = Place { workload: "get-each", family, nominal, size };
                let settings = settings.clone();
                jobs.push(Job::new(place.title(), 3 + size as u64 / 100_000, move |results| {
                    measure(&settings, place, results)
                }));
            }
        }
    }
    jobs
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let mut peers = settings.choose(everybody());
    peers.retain(|peer| {
        let none = (peer.make)(0);
        none.batch(Batch::Each, &[]).is_some()
    });
    let population = Population::new(place.family, place.size);
    let racers = line_up(&peers, &population.present);
    let hits = population.hits(STREAM, 4);
    let ways = [(Batch::Plain, "get"), (Batch::Each, "get_each"), (Batch::Many, "get_many")];
    let mut laps: Vec<_> =
        (0..racers.len()).flat_map(|racer| ways.map(|(how, name)| (racer, how, name))).collect();
    let length = if settings.quick { STREAM / 32 } else { STREAM / 8 };
    let rounds = settings.rounds(place.size);
    let costs = interleave(
        &mut laps,
        rounds,
        |lap| racers[lap.0].id,
        |&mut (racer, how, _), round| {
            let map = &racers[racer].map;
            warm_up(settings, &**map, &hits, (round, length));
            let queries = window(&hits, round, length);
            let (nanos, tally) = time(|| map.batch(how, queries));
            Lap { cost: nanos / queries.len() as f64, tally: tally.unwrap_or_default() }
        },
    )?;
    for (&(racer, _, name), costs) in laps.iter().zip(costs) {
        results.add(&place.point(name), racers[racer].id, costs);
    }
    Ok(())
}
