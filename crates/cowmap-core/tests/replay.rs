//! The fuzzer's corpus, and scripts at random, on every kind of map: without a fuzzer, by the same
//! interpreter.

#[path = "common/random.rs"]
#[allow(dead_code, unreachable_pub)]
mod random;
#[path = "common/scale.rs"]
#[allow(unreachable_pub)]
mod scale;
#[path = "common/script.rs"]
#[allow(unreachable_pub)]
mod script;

use std::path::Path;

use cowmap_core::{Fixed, Flat, Paged, Seeded, Tiny};
use random::Random;
use scale::scaled;
use script::run;

fn on_every_map(bytes: &[u8]) -> usize {
    run::<Box<u8>, Tiny, Fixed>(bytes)
        + run::<u64, Tiny, Seeded>(bytes)
        + run::<Box<u8>, Flat, Fixed>(bytes)
        + run::<Box<u8>, Paged, Fixed>(bytes)
}

/// The seeds, and whatever a fuzzer found and somebody added to them.
#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    // The package that is published has no fuzzer beside it.
    let Ok(files) = corpus.read_dir() else { return };
    let (mut scripts, mut operations) = (0, 0);
    for file in files {
        let file = file.expect("the directory can be read").path();
        operations += on_every_map(&std::fs::read(file).expect("a seed can be read"));
        scripts += 1;
    }
    println!("{scripts} scripts, {operations} operations");
    assert!(scripts > 10);
}

#[test]
fn scripts_at_random() {
    let mut random = Random::new(5);
    let (scripts, len) = scaled((40, 600), (if cfg!(miri) { 2 } else { 8 }, 60));
    let mut operations = 0;
    for _ in 0..scripts {
        let script: Vec<u8> = (0..len).map(|_| random.next_u64().to_le_bytes()[3]).collect();
        operations += on_every_map(&script);
    }
    println!("{operations} operations");
}
