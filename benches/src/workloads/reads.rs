//! Lookups: hits, misses and mixes, and hits that wait for each other.

use super::Workload;
use super::racers::{Place, line_up, warm_up};
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::{Population, STREAM, window};

pub(super) const WORKLOAD: Workload = Workload {
    name: "reads",
    title: "Lookups",
    about: "Queries come from streams of two million keys in random order. *hit*: all are in the \
            map, and lookups do not wait for each other. *miss*: none is in the map. *mixed*: one \
            half each, so that the caller's own branch on the answer is mispredicted too. \
            *dependent*: all are in the map, and the address of each lookup depends on the value \
            found before it. Each number is the mean over a doubling of the size, from 0.7 to 1.4 \
            times the size at the head of the column. papaya holds one guard for a whole run of \
            lookups, as its documentation advises.",
    reference: MapId::Hashbrown,
    unit: "ns a lookup",
    plan,
};

const FAMILIES: [Family; 4] = [Family::Random, Family::Dense, Family::Strided, Family::Snowflake];

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&FAMILIES, &FAMILIES[..2]) {
        let sizes = if family == Family::Random {
            settings.sizes(
                &[1_000, 10_000, 100_000, 1_000_000, 10_000_000],
                &[1_000, 10_000, 100_000, 1_000_000],
            )
        } else {
            settings.sizes(&[100_000, 1_000_000], &[100_000])
        };
        for nominal in sizes {
            for size in settings.doubling(nominal) {
                let place = Place { workload: "reads", family, nominal, size };
                let weight = 20 + size as u64 / 10_000;
                let settings = settings.clone();
                jobs.push(Job::new(place.title(), weight, move |results| {
                    measure(&settings, place, results)
                }));
            }
        }
    }
    jobs
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let Place { family, size, .. } = place;
    let population = Population::new(family, size);
    let mut racers = line_up(&settings.choose(everybody()), &population.present);
    let rounds = settings.rounds(size);
    let length = if settings.quick { STREAM / 32 } else { STREAM / 8 };
    let hits = population.hits(STREAM, 1);
    let streams = [
        ("hit", &hits, length, false),
        ("miss", &population.misses(STREAM, 2), length, false),
        ("mixed", &population.mixed(STREAM, 3), length, false),
        ("dependent", &hits, if size < 300_000 { length } else { length / 4 }, true),
    ];
    for (variant, stream, length, dependent) in streams {
        if !settings.wants(variant) {
            continue;
        }
        let costs = interleave(
            &mut racers,
            rounds,
            |racer| racer.id,
            |racer, round| {
                warm_up(settings, &*racer.map, stream, (round, length));
                let queries = window(stream, round, length);
                let (nanos, tally) = time(|| {
                    if dependent { racer.map.dependent(queries) } else { racer.map.hits(queries) }
                });
                Lap { cost: nanos / queries.len() as f64, tally }
            },
        )?;
        place.record(results, variant, &racers, costs);
    }
    Ok(())
}
