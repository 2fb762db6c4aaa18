//! Maps on the starting line, and what the workloads have in common.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::alloc::settle;
use crate::kernels::Contestant;
use crate::keys::Family;
use crate::maps::{MapId, Peer};
use crate::results::{Point, Results};
use crate::settings::{Settings, size_name};
use crate::streams::window;
use crate::values::Value;

/// A map that takes part in a race.
pub(super) struct Racer<V: Value> {
    pub(super) id: MapId,
    pub(super) map: Box<dyn Contestant<V>>,
    /// A second cost of each round, where a lap measures two.
    pub(super) also: Vec<f64>,
}

/// Lines up `peers`, each holding `keys`, in an order that differs from size to size, so that
/// none always gets the freshest memory.
pub(super) fn line_up<V: Value>(peers: &[Peer<V>], keys: &[i64]) -> Vec<Racer<V>> {
    let racers = shuffled(peers, keys.len())
        .into_iter()
        .map(|peer| {
            settle();
            Racer { id: peer.id, map: peer.holding(keys), also: Vec::new() }
        })
        .collect();
    settle();
    racers
}

/// The peers in an order that depends on `seed`.
pub(super) fn shuffled<V: Value>(peers: &[Peer<V>], seed: usize) -> Vec<&Peer<V>> {
    let mut order: Vec<&Peer<V>> = peers.iter().collect();
    order.shuffle(&mut StdRng::seed_from_u64(seed as u64));
    order
}

/// Those of the peers that have snapshots.
pub(super) fn with_snapshots<V: Value>(mut peers: Vec<Peer<V>>) -> Vec<Peer<V>> {
    peers.retain(|peer| peer.id.has_snapshots());
    peers
}

/// Brings back untimed what the others have pushed out of the caches: as many lookups as touch
/// most of the map, from the part of the stream that follows the timed window, unless that takes
/// too long. A map far beyond the caches only gets its page tables warm.
pub(super) fn warm_up<V: Value>(
    settings: &Settings,
    map: &dyn Contestant<V>,
    stream: &[i64],
    (round, length): (usize, usize),
) {
    let limit = Duration::from_millis(if settings.quick { 15 } else { 30 });
    const SLICE: usize = 1 << 13;
    let size = map.size();
    let count = if size < 3_000_000 { 2 * size } else { 8 * SLICE };
    let count = count.min(stream.len() - length);
    let started = Instant::now();
    let after = (round + 1) * length / SLICE;
    for slice in 0..count.div_ceil(SLICE) {
        black_box(map.hits(window(stream, after + slice, SLICE)));
        if started.elapsed() > limit {
            break;
        }
    }
}

/// Where a workload is measured: all but the variant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) workload: &'static str,
    pub(super) family: Family,
    pub(super) nominal: usize,
    pub(super) size: usize,
}

impl Place {
    pub(super) fn title(&self) -> String {
        let Place { workload, family, nominal, size } = self;
        format!("{workload}, {} keys, {} ({size})", family.name(), size_name(*nominal))
    }

    pub(super) fn point(&self, variant: &str) -> Point {
        Point {
            workload: self.workload.into(),
            variant: variant.into(),
            keys: self.family.name().into(),
            nominal: self.nominal,
            size: self.size,
        }
    }

    /// Adds the costs of all racers.
    pub(super) fn record<V: Value>(
        &self,
        results: &mut Results,
        variant: &str,
        racers: &[Racer<V>],
        costs: Vec<Vec<f64>>,
    ) {
        for (racer, costs) in racers.iter().zip(costs) {
            results.add(&self.point(variant), racer.id, costs);
        }
    }

    /// Adds the second costs of all racers and forgets them.
    pub(super) fn record_also<V: Value>(
        &self,
        results: &mut Results,
        variant: &str,
        racers: &mut [Racer<V>],
    ) {
        for racer in racers {
            results.add(&self.point(variant), racer.id, std::mem::take(&mut racer.also));
        }
    }
}
