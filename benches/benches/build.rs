//! Building maps, for day-to-day work, and what a reservation alone costs.

use std::hint::black_box;
use std::time::Duration;

use cowmap_benches::keys::Family;
use cowmap_benches::maps::{MapId, everybody};
use cowmap_benches::settings::size_name;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// `with_capacity(1e6)` and drop, with nothing inserted.
fn reservations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("with_capacity/1M");
    for peer in everybody() {
        if matches!(peer.id, MapId::Imbl | MapId::Rpds) {
            continue;
        }
        group.bench_function(BenchmarkId::from_parameter(peer.id.name()), |bencher| {
            bencher.iter(|| black_box((peer.make)(black_box(1_000_000))));
        });
    }
    group.finish();
}

fn builds(criterion: &mut Criterion) {
    for size in [1_500, 100_000, 1_000_000] {
        let keys = Family::Random.keys(0..size as u64);
        for (name, capacity) in [("from nothing", 0), ("reserved", size)] {
            let mut group = criterion.benchmark_group(format!("build {name}/{}", size_name(size)));
            group.throughput(Throughput::Elements(size as u64));
            for peer in everybody() {
                group.bench_function(BenchmarkId::from_parameter(peer.id.name()), |bencher| {
                    bencher.iter_batched(
                        || (),
                        |()| {
                            let mut map = (peer.make)(capacity);
                            map.fill(&keys);
                            map
                        },
                        BatchSize::PerIteration,
                    );
                });
            }
            group.finish();
        }
    }
}

/// Every family of keys, for the maps whose hash is their own.
fn families(criterion: &mut Criterion) {
    for family in Family::ALL {
        let keys = family.keys(0..100_000);
        let mut group = criterion.benchmark_group(format!("build family/{}", family.name()));
        group.throughput(Throughput::Elements(keys.len() as u64));
        for peer in everybody() {
            let ours = matches!(peer.id, MapId::CowMap | MapId::FlatCowMap | MapId::SeededCowMap);
            if !ours && peer.id != MapId::Hashbrown {
                continue;
            }
            group.bench_function(BenchmarkId::from_parameter(peer.id.name()), |bencher| {
                bencher.iter_with_large_drop(|| peer.holding(&keys));
            });
        }
        group.finish();
    }
}

fn brief() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = brief(); targets = reservations, builds, families }
criterion_main!(benches);
