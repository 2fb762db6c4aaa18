//! Cloning and dropping a handle.

use std::hint::black_box;
use std::sync::Arc;

use super::Workload;
use super::racers::{Place, line_up, with_snapshots};
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, Tally, interleave, time};
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;

pub(super) const WORKLOAD: Workload = Workload {
    name: "handles",
    title: "Taking a snapshot and dropping it",
    about: "Clone a handle and drop the clone, with no write between, beside the same with a bare \
            `Arc<u64>`.",
    reference: MapId::Arc,
    unit: "ns for both",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        let sizes = settings.sizes(&[1_000, 10_000_000], &[1_000, 1_000_000]);
        let weight = 5 + sizes.iter().sum::<usize>() as u64 / 20_000;
        let settings = settings.clone();
        jobs.push(Job::new("handles".into(), weight, move |results| {
            measure(&settings, family, &sizes, results)
        }));
    }
    jobs
}

/// Handles cloned and dropped in a lap.
const TIMES: usize = 200_000;

struct Handle {
    id: MapId,
    nominal: usize,
    clone_and_drop: Box<dyn Fn(usize)>,
}

fn measure(
    settings: &Settings,
    family: Family,
    sizes: &[usize],
    results: &mut Results,
) -> Result<(), Mismatch> {
    let mut handles = Vec::new();
    for &nominal in sizes {
        let keys = Population::new(family, nominal).present;
        for racer in line_up(&with_snapshots(settings.choose(everybody())), &keys) {
            let clone_and_drop = Box::new(move |times| racer.map.clone_and_drop(times));
            handles.push(Handle { id: racer.id, nominal, clone_and_drop });
        }
        let arc = Arc::new(7_u64);
        let clone_and_drop = Box::new(move |times| {
            for _ in 0..times {
                drop(black_box(Arc::clone(black_box(&arc))));
            }
        });
        handles.push(Handle { id: MapId::Arc, nominal, clone_and_drop });
    }
    let rounds = settings.rounds(0).max(5);
    let costs = interleave(
        &mut handles,
        rounds,
        |handle| handle.id,
        |handle, _| {
            (handle.clone_and_drop)(1_000);
            let (nanos, ()) = time(|| (handle.clone_and_drop)(TIMES));
            Lap { cost: nanos / TIMES as f64, tally: Tally::default() }
        },
    )?;
    for (handle, costs) in handles.iter().zip(costs) {
        let nominal = handle.nominal;
        let place = Place { workload: "handles", family, nominal, size: nominal };
        results.add(&place.point("clone + drop"), handle.id, costs);
    }
    Ok(())
}
