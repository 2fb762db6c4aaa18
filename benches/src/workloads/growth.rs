//! The slowest insert while a map grows.

use super::Workload;
use super::latency::{PERCENTILES, percentile_name};
use super::racers::Place;
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, Peer, everybody};
use crate::measure::{Mismatch, percentile, without_clock};
use crate::results::{Results, Series};
use crate::settings::Settings;

pub(super) const WORKLOAD: Workload = Workload {
    name: "growth",
    title: "The slowest insert while a map grows",
    about: "Every single insert is timed while the map grows from nothing, three times over; each \
            insert counts with the least of its three times, so that what the machine did \
            meanwhile drops out and what the map does at that insert stays. *alone*: nobody \
            else holds the map. *snapshot held*: a snapshot is held all the while and renewed \
            eight times on the way.",
    reference: MapId::Hashbrown,
    unit: "ns an insert",
    plan,
};

/// Identical runs.
const RUNS: usize = 3;

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random], &[Family::Random]) {
        for nominal in settings.sizes(&[10_000_000], &[200_000]) {
            let place = Place { workload: "growth", family, nominal, size: nominal };
            let peers = settings.choose(everybody());
            let alone = peers.iter().map(|peer| peer.id);
            let held = peers.iter().map(|peer| peer.id).filter(|id| id.has_snapshots());
            for (id, held) in alone.map(|id| (id, false)).chain(held.map(|id| (id, true))) {
                let how = if held { ", snapshot held" } else { "" };
                let title = format!("{}, {}{how}", place.title(), id.name());
                let work = move |results: &mut Results| -> Result<(), Mismatch> {
                    measure(place, id, held, results)
                };
                jobs.push(Job::new(title, 1 + nominal as u64 / 130_000, work));
            }
        }
    }
    jobs
}

fn measure(place: Place, id: MapId, held: bool, results: &mut Results) -> Result<(), Mismatch> {
    let keys = place.family.keys(0..place.size as u64);
    let Some(peer) = everybody().into_iter().find(|peer| peer.id == id) else {
        return Ok(());
    };
    let fastest = fastest(&peer, &keys, held.then_some(place.size / 8))?;
    let how = if held { "snapshot held" } else { "alone" };
    if id.has_snapshots() || id == MapId::Hashbrown {
        results.series.push(slowest_of_each_stretch(&fastest, id, how));
    }
    let mut sorted = fastest;
    sorted.sort_unstable();
    for per_million in PERCENTILES {
        let variant = format!("{how}|{}", percentile_name(per_million));
        let cost = without_clock(percentile(&sorted, per_million));
        results.add(&place.point(&variant), id, vec![cost]);
    }
    Ok(())
}

/// The least of three times for every insert.
fn fastest(peer: &Peer<u64>, keys: &[i64], renew: Option<usize>) -> Result<Vec<u32>, Mismatch> {
    let mut fastest = vec![u32::MAX; keys.len()];
    for _ in 0..RUNS {
        let mut map = (peer.make)(0);
        map.timed_inserts(keys, renew, &mut fastest);
        if map.size() != keys.len() {
            return Err(Mismatch(format!("{} lost keys while growing", peer.id.name())));
        }
    }
    Ok(fastest)
}

/// The line of the chart: the slowest insert of each two-hundredth of the way.
fn slowest_of_each_stretch(fastest: &[u32], id: MapId, how: &str) -> Series {
    let stretch = (fastest.len() / 200).max(1);
    let points = fastest
        .chunks(stretch)
        .enumerate()
        .map(|(index, times)| {
            let slowest = times.iter().copied().max().unwrap_or(0);
            ((index * stretch + stretch / 2) as f64, without_clock(f64::from(slowest)).max(1.0))
        })
        .collect();
    Series { chart: format!("growth, {how}"), map: id, points }
}
