//! How the cost of writing falls as more and more of the map is no longer shared.

use super::Workload;
use super::racers::{Place, line_up, with_snapshots};
use crate::jobs::Job;
use crate::kernels::KTH_WRITES;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, Tally, interleave, median};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;

pub(super) const WORKLOAD: Workload = Workload {
    name: "kth-write",
    title: "The k-th write after a snapshot",
    about: "Take a snapshot, overwrite 1,000 random entries one after the other, and time the first, \
            the second, the fifth, … of them alone: the more is no longer shared, the cheaper.",
    reference: MapId::Imbl,
    unit: "ns a write",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[1_000_000], &[1_000_000]) {
            let place = Place { workload: "kth-write", family, nominal, size: nominal };
            let settings = settings.clone();
            jobs.push(Job::new(place.title(), 20 + nominal as u64 / 30_000, move |results| {
                measure(&settings, place, results)
            }));
        }
    }
    jobs
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let peers = with_snapshots(settings.choose(everybody()));
    let mut racers = line_up(&peers, &population.present);
    let rounds = settings.rounds(place.size);
    let mut costs = vec![vec![Vec::new(); racers.len()]; KTH_WRITES.len()];
    let mut order: Vec<usize> = (0..racers.len()).collect();
    let ids: Vec<MapId> = racers.iter().map(|racer| racer.id).collect();
    interleave(
        &mut order,
        rounds,
        |&racer| ids[racer],
        |&mut racer, round| {
            let keys = population.hits(100_000, 200 + round as u64);
            let times = racers[racer].map.kth_writes(&keys, 4 * settings.budget());
            for (costs, times) in costs.iter_mut().zip(times) {
                costs[racer].push(median(&times));
            }
            Lap { cost: 0.0, tally: Tally::default() }
        },
    )?;
    for (k, costs) in KTH_WRITES.iter().zip(costs) {
        place.record(results, &format!("the k-th write|k = {k}"), &racers, costs);
    }
    Ok(())
}
