//! Remove one, insert one.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Workload;
use super::racers::{Place, line_up};
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;

pub(super) const WORKLOAD: Workload = Workload {
    name: "churn",
    title: "Churn",
    about: "Each step removes a random entry and inserts a new key, so that the size stays. Before \
            the clock starts, the map has seen as many steps as it has entries.",
    reference: MapId::Hashbrown,
    unit: "ns a step (one removal and one insert)",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random, Family::Dense], &[Family::Random]) {
        for nominal in settings.sizes(&[100_000, 1_000_000], &[100_000]) {
            for size in settings.doubling(nominal) {
                let place = Place { workload: "churn", family, nominal, size };
                let settings = settings.clone();
                jobs.push(Job::new(place.title(), 8 + size as u64 / 11_000, move |results| {
                    measure(&settings, place, results)
                }));
            }
        }
    }
    jobs
}

/// Removals and inserts that keep the size.
fn pairs(family: Family, mut present: Vec<i64>, count: usize) -> Vec<(i64, i64)> {
    let mut random = StdRng::seed_from_u64(6);
    let fresh = present.len() as u64..;
    fresh
        .take(count)
        .map(|index| {
            let place = random.random_range(0..present.len());
            let new = family.key(index);
            (std::mem::replace(&mut present[place], new), new)
        })
        .collect()
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let Place { family, size, .. } = place;
    let present = Population::new(family, size).present;
    let mut racers = line_up(&settings.choose(everybody()), &present);
    let rounds = settings.rounds(size);
    let length = size.clamp(20_000, if settings.quick { 50_000 } else { 200_000 });
    let pairs = pairs(family, present, size + rounds * length);
    let (first, rest) = pairs.split_at(size);
    for racer in &mut racers {
        racer.map.churn(first);
    }
    let costs = interleave(
        &mut racers,
        rounds,
        |racer| racer.id,
        |racer, round| {
            let steps = &rest[round * length..(round + 1) * length];
            let (nanos, tally) = time(|| racer.map.churn(steps));
            Lap { cost: nanos / length as f64, tally }
        },
    )?;
    let scans: Vec<_> = racers.iter().map(|racer| racer.map.scan()).collect();
    if scans.iter().any(|&scan| scan != scans[0]) {
        return Err(Mismatch(format!("contents differ after churn: {scans:?}")));
    }
    place.record(results, "churn", &racers, costs);
    Ok(())
}
