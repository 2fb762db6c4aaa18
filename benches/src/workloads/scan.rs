//! Visiting every entry.

use super::Workload;
use super::racers::{Place, line_up};
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, Tally, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;

pub(super) const WORKLOAD: Workload = Workload {
    name: "scan",
    title: "Scans",
    about: "One pass over all keys and values by the map's own iterator.",
    reference: MapId::Hashbrown,
    unit: "ns an entry",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[10_000, 100_000, 1_000_000], &[1_000_000]) {
            let sizes =
                if settings.quick { settings.few(nominal) } else { settings.doubling(nominal) };
            for size in sizes {
                let place = Place { workload: "scan", family, nominal, size };
                let settings = settings.clone();
                jobs.push(Job::new(place.title(), 1 + size as u64 / 20_000, move |results| {
                    measure(&settings, place, results)
                }));
            }
        }
    }
    jobs
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let present = Population::new(place.family, place.size).present;
    let mut racers = line_up(&settings.choose(everybody()), &present);
    let times = (200_000 / place.size).max(1);
    let rounds = settings.rounds(place.size);
    let costs = interleave(
        &mut racers,
        rounds,
        |racer| racer.id,
        |racer, _| {
            let mut tally = Tally::default();
            if place.size < 300_000 {
                racer.map.scan();
            }
            let (nanos, ()) = time(|| {
                for _ in 0..times {
                    tally = tally.and(racer.map.scan());
                }
            });
            Lap { cost: nanos / (times * place.size) as f64, tally }
        },
    )?;
    place.record(results, "scan", &racers, costs);
    Ok(())
}
