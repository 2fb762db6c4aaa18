//! The first write after a snapshot: what sharing costs a writer.

use super::Workload;
use super::racers::{Place, line_up, with_snapshots};
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, Tally, interleave, median};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;

pub(super) const WORKLOAD: Workload = Workload {
    name: "first-write",
    title: "The first write after a snapshot",
    about: "Take a snapshot; overwrite one random entry, timed alone; drop the snapshot, untimed; \
            again. Each round's cost is the median over its writes. `FlatCowMap` and \
            `Arc<hashbrown>` copy the table, so that their numbers grow with the size.",
    reference: MapId::Imbl,
    unit: "ns a write",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in
            settings.sizes(&[1_000, 10_000, 100_000, 1_000_000, 10_000_000], &[100_000, 1_000_000])
        {
            for size in settings.few(nominal) {
                let place = Place { workload: "first-write", family, nominal, size };
                let settings = settings.clone();
                jobs.push(Job::new(place.title(), 25 + size as u64 / 22_000, move |results| {
                    measure(&settings, place, results)
                }));
            }
        }
    }
    jobs
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let peers = with_snapshots(settings.choose(everybody()));
    let mut racers = line_up(&peers, &population.present);
    let before: Vec<Tally> = racers.iter().map(|racer| racer.map.scan()).collect();
    let rounds = settings.rounds(place.size);
    let costs = interleave(
        &mut racers,
        rounds,
        |racer| racer.id,
        |racer, round| {
            let keys = population.hits(5_000, 100 + round as u64);
            let times = racer.map.first_writes(&keys, settings.budget());
            Lap { cost: median(&times), tally: Tally::default() }
        },
    )?;
    let after = racers.iter().map(|racer| racer.map.scan());
    if !after.eq(before.iter().copied()) || before.iter().any(|&scan| scan != before[0]) {
        return Err(Mismatch("contents differ after overwrites".into()));
    }
    place.record(results, "first write", &racers, costs);
    Ok(())
}
