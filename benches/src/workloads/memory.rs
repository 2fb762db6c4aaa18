//! Bytes an entry.

use std::env;
use std::process::Command;

use super::Workload;
use super::racers::Place;
use crate::alloc::counted;
use crate::environment::peak_resident;
use crate::jobs::Job;
use crate::keys::Family;
use crate::maps::{MapId, everybody};
use crate::measure::Mismatch;
use crate::results::Results;
use crate::settings::Settings;

pub(super) const WORKLOAD: Workload = Workload {
    name: "memory",
    title: "Memory",
    about: "Bytes an entry, counted by the allocator, as the mean over maps of 0.5, 0.6, … 1 times \
            the size at the head of the column, grown from nothing. *while building*: the most at \
            any time until then, for instance two tables while one grows into the other. \
            *reserved*: made by `with_capacity`. *peak resident*: what the kernel reports for a \
            fresh process that builds the map, less what it had before; includes what the \
            allocator adds to small blocks.",
    reference: MapId::Hashbrown,
    unit: "bytes an entry",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random, Family::Dense], &[Family::Random]) {
        for nominal in settings.sizes(&[10_000, 1_000_000], &[1_000_000]) {
            let settings = settings.clone();
            let title = format!("memory, {} keys, {nominal}", family.name());
            jobs.push(Job::new(title, 20 + nominal as u64 / 2_400, move |results| {
                measure(&settings, family, nominal, results)
            }));
        }
    }
    jobs
}

fn measure(
    settings: &Settings,
    family: Family,
    nominal: usize,
    results: &mut Results,
) -> Result<(), Mismatch> {
    let peers = settings.choose(everybody());
    for tenths in (5..=10).step_by(if settings.quick { 3 } else { 1 }) {
        let size = nominal / 10 * tenths;
        let place = Place { workload: "memory", family, nominal, size };
        let keys = family.keys(0..size as u64);
        for peer in &peers {
            let (map, grown) = counted(|| peer.holding(&keys));
            drop(map);
            let (map, reserved) = counted(|| {
                let mut map = (peer.make)(size);
                map.fill(&keys);
                map
            });
            drop(map);
            for (variant, bytes) in
                [("live", grown.live), ("while building", grown.peak), ("reserved", reserved.live)]
            {
                let cost = vec![bytes as f64 / size as f64];
                results.add(&place.point(&format!("memory|{variant}")), peer.id, cost);
            }
        }
    }
    if nominal >= 1_000_000 && !settings.quick {
        let place = Place { workload: "memory", family, nominal, size: nominal };
        for peer in &peers {
            if let Some(bytes) = resident_in_child(peer.id, family, nominal) {
                let cost = vec![bytes / nominal as f64];
                results.add(&place.point("memory|peak resident"), peer.id, cost);
            }
        }
    }
    Ok(())
}

/// Starts this program again to build one map; `None` where the kernel does not tell.
fn resident_in_child(id: MapId, family: Family, size: usize) -> Option<f64> {
    let what = format!("{}\t{}\t{size}", id.name(), family.name());
    let output =
        Command::new(env::current_exe().ok()?).arg("--resident").arg(what).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// What the child does: builds the map that `what` names and returns the bytes it took.
pub fn resident_of(what: &str) -> Option<usize> {
    let [name, family, size] = what.split('\t').collect::<Vec<_>>()[..] else {
        return None;
    };
    let family = Family::ALL.into_iter().find(|candidate| candidate.name() == family)?;
    let peer = everybody().into_iter().find(|peer| peer.id.name() == name)?;
    let keys = family.keys(0..size.parse().ok()?);
    let before = peak_resident()?;
    let map = peer.holding(&keys);
    let bytes = peak_resident()?.saturating_sub(before);
    std::hint::black_box(map.size());
    Some(bytes)
}
