//! Writes, for day-to-day work: churn in a map nobody shares, and writes after a snapshot.

use std::hint::black_box;
use std::time::Duration;

use cowmap_benches::keys::Family;
use cowmap_benches::maps::{MapId, everybody};
use cowmap_benches::settings::size_name;
use cowmap_benches::streams::{Population, STREAM, window};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Writes an iteration.
const WRITES: usize = 1_000;

fn overwrites(criterion: &mut Criterion) {
    for size in [1_500, 100_000, 1_000_000] {
        let population = Population::new(Family::Random, size);
        let hits = population.hits(STREAM, 1);
        let mut group = criterion.benchmark_group(format!("overwrite/{}", size_name(size)));
        group.throughput(Throughput::Elements(WRITES as u64));
        for peer in everybody() {
            group.bench_function(BenchmarkId::from_parameter(peer.id.name()), |bencher| {
                let mut map = peer.holding(&population.present);
                let mut round = 0;
                bencher.iter(|| {
                    round += 1;
                    map.fill(black_box(window(&hits, round, WRITES)));
                });
            });
        }
        group.finish();
    }
}

/// Snapshot, one random write, drop of the snapshot; the lab times the write alone.
fn after_snapshots(criterion: &mut Criterion) {
    for size in [100_000, 1_000_000] {
        let population = Population::new(Family::Random, size);
        let hits = population.hits(STREAM, 2);
        let name = format!("snapshot, write, drop/{}", size_name(size));
        let mut group = criterion.benchmark_group(name);
        for peer in everybody() {
            let copies_all = matches!(peer.id, MapId::ArcHashbrown | MapId::FlatCowMap);
            if !peer.id.has_snapshots() || copies_all {
                continue;
            }
            group.bench_function(BenchmarkId::from_parameter(peer.id.name()), |bencher| {
                let mut map = peer.holding(&population.present);
                let mut round = 0;
                bencher.iter(|| {
                    round += 1;
                    black_box(map.first_writes(window(&hits, round, 1), Duration::MAX))
                });
            });
        }
        group.finish();
    }
}

fn brief() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = brief(); targets = overwrites, after_snapshots }
criterion_main!(benches);
