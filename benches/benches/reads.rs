//! Lookups, for day-to-day work: `cargo bench -p cowmap-benches --bench reads -- hit/100k`.
//!
//! One size, no doubling, no interleaving: good for seeing what a change does, not for claims.
//! Those are the lab's.

use std::hint::black_box;
use std::time::Duration;

use cowmap_benches::keys::Family;
use cowmap_benches::maps::{MapId, everybody};
use cowmap_benches::settings::size_name;
use cowmap_benches::streams::{Population, STREAM, window};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Lookups an iteration.
const LOOKUPS: usize = 1 << 16;

fn reads(criterion: &mut Criterion) {
    for size in [1_500, 100_000, 1_000_000] {
        let population = Population::new(Family::Random, size);
        let hits = population.hits(STREAM, 1);
        let misses = population.misses(STREAM, 2);
        for (name, stream, dependent) in
            [("hit", &hits, false), ("miss", &misses, false), ("dependent", &hits, true)]
        {
            let mut group = criterion.benchmark_group(format!("{name}/{}", size_name(size)));
            group.throughput(Throughput::Elements(LOOKUPS as u64));
            for peer in everybody() {
                group.bench_function(BenchmarkId::from_parameter(peer.id.name()), |bencher| {
                    let map = peer.holding(&population.present);
                    let mut round = 0;
                    bencher.iter(|| {
                        round += 1;
                        let queries = window(stream, round, LOOKUPS);
                        black_box(if dependent {
                            map.dependent(queries)
                        } else {
                            map.hits(queries)
                        })
                    });
                });
            }
            group.finish();
        }
    }
}

/// Every family of keys, for the maps whose hash is their own: no family may stand out.
fn families(criterion: &mut Criterion) {
    for family in Family::ALL {
        let population = Population::new(family, 100_000);
        let hits = population.hits(STREAM, 3);
        let mut group = criterion.benchmark_group(format!("family/{}", family.name()));
        group.throughput(Throughput::Elements(LOOKUPS as u64));
        for peer in everybody() {
            let ours = matches!(peer.id, MapId::CowMap | MapId::FlatCowMap | MapId::SeededCowMap);
            if !ours && peer.id != MapId::Hashbrown {
                continue;
            }
            group.bench_function(BenchmarkId::from_parameter(peer.id.name()), |bencher| {
                let map = peer.holding(&population.present);
                let mut round = 0;
                bencher.iter(|| {
                    round += 1;
                    black_box(map.hits(window(&hits, round, LOOKUPS)))
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

criterion_group! { name = benches; config = brief(); targets = reads, families }
criterion_main!(benches);
