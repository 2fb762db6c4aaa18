//! Lookups while another thread clones and drops handles of the same map.

use super::Workload;
use super::racers::{Place, line_up, warm_up, with_snapshots};
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::{Population, STREAM, window};

pub(super) const WORKLOAD: Workload = Workload {
    name: "beside",
    title: "Lookups while another thread takes snapshots",
    about: "Random hits through one handle, alone, and while a second thread clones and drops that \
            handle without pause. A lookup that reads a cache line which `clone` writes would \
            wait for that thread at every step.",
    reference: MapId::Imbl,
    unit: "ns a lookup",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[10_000, 1_000_000], &[1_000_000]) {
            let place = Place { workload: "beside", family, nominal, size: nominal };
            let settings = settings.clone();
            jobs.push(Job::new(place.title(), 10 + nominal as u64 / 30_000, move |results| {
                measure(&settings, place, results)
            }));
        }
    }
    jobs
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let peers = with_snapshots(settings.choose(everybody()));
    let racers = line_up(&peers, &population.present);
    let hits = population.hits(STREAM, 7);
    let length = if settings.quick { STREAM / 32 } else { STREAM / 8 };
    let mut laps: Vec<(usize, bool)> =
        (0..racers.len()).flat_map(|racer| [(racer, false), (racer, true)]).collect();
    let rounds = settings.rounds(place.size);
    let costs = interleave(
        &mut laps,
        rounds,
        |lap| racers[lap.0].id,
        |&mut (racer, beside), round| {
            let map = &racers[racer].map;
            warm_up(settings, &**map, &hits, (round, length));
            let queries = window(&hits, round, length);
            let (nanos, tally) = if beside {
                let (nanos, tally, _clones) = map.hits_beside_clones(queries);
                (nanos, tally)
            } else {
                time(|| map.hits(queries))
            };
            Lap { cost: nanos / queries.len() as f64, tally }
        },
    )?;
    for (&(racer, beside), costs) in laps.iter().zip(costs) {
        let variant = if beside { "hit|beside clones" } else { "hit|alone" };
        results.add(&place.point(variant), racers[racer].id, costs);
    }
    Ok(())
}
