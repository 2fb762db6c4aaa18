//! The bytes of a past.

use cowmap::{CowMap, History, MemoryUsage, Retention};

use super::Workload;
use super::racers::Place;
use crate::alloc::counted;
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::MapId;
use crate::measure::Mismatch;
use crate::results::Results;
use crate::settings::Settings;
use crate::streams::Population;

pub(super) const WORKLOAD: Workload = Workload {
    name: "history",
    title: "A past of 100 versions",
    about: "A `History` keeps 100 versions of a map, with 100 random entries overwritten between each \
            two. Bytes by `MemoryUsage::of`, beside 100 full copies.",
    reference: MapId::CowMap,
    unit: "bytes",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[1_000_000], &[1_000_000]) {
            for size in settings.few(nominal) {
                let place = Place { workload: "history", family, nominal, size };
                jobs.push(Job::new(place.title(), 10, move |results| measure(place, results)));
            }
        }
    }
    jobs
}

const VERSIONS: u64 = 100;

fn measure(place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let population = Population::new(place.family, place.size);
    let (map, grown) = counted(|| -> CowMap<i64, u64> {
        population.present.iter().map(|&key| (key, 1)).collect()
    });
    let mut newest = map.clone();
    let mut history = History::new(Retention::last(VERSIONS as usize));
    let keys = population.hits(100 * VERSIONS as usize, 970);
    for (version, keys) in (1..).zip(keys.chunks(100)) {
        for &key in keys {
            newest.insert(key, version);
        }
        let recorded = history.record(version.into(), newest.clone());
        assert!(recorded.is_ok(), "versions ascend");
    }
    drop((map, newest));
    assert_eq!(history.len() as u64, VERSIONS);
    let bytes = MemoryUsage::of(&[&history]).total as f64;
    results.add(&place.point("100 versions|History"), MapId::CowMap, vec![bytes]);
    let copies = VERSIONS as f64 * grown.live as f64;
    results.add(&place.point("100 versions|full copies"), MapId::CowMap, vec![copies]);
    Ok(())
}
