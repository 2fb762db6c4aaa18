//! A hundred updates after a snapshot, and dropping that snapshot.

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
    name: "updates",
    title: "A hundred updates after a snapshot",
    about: "Take a snapshot; overwrite 100 entries, timed together; drop the snapshot, timed alone. \
            *random*: entries anywhere. *neighbouring*: 100 consecutive ids of a map of dense ids, \
            from a random one on. The update columns are for one update, the drop columns for the \
            whole drop.",
    reference: MapId::Imbl,
    unit: "ns",
    plan,
};

/// Updates after each snapshot.
const UPDATES: usize = 100;

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in [Family::Random, Family::Dense] {
        for nominal in settings.sizes(&[100_000, 1_000_000], &[1_000_000]) {
            for size in settings.few(nominal) {
                let place = Place { workload: "updates", family, nominal, size };
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
    let rounds = settings.rounds(place.size);
    let random = place.family == Family::Random;
    let costs = interleave(
        &mut racers,
        rounds,
        |racer| racer.id,
        |racer, round| {
            let seed = 300 + round as u64;
            let keys = if random {
                population.hits(400 * UPDATES, seed)
            } else {
                population.neighbours(400, UPDATES, seed)
            };
            let (updates, drops) = racer.map.updates(&keys, UPDATES, settings.budget());
            racer.also.push(median(&drops));
            Lap { cost: median(&updates), tally: Tally::default() }
        },
    )?;
    let (update, dropped) = if random {
        ("100 random updates", "drop after 100 random updates")
    } else {
        ("100 neighbouring updates", "drop after 100 neighbouring updates")
    };
    place.record(results, update, &racers, costs);
    place.record_also(results, dropped, &mut racers);
    Ok(())
}
