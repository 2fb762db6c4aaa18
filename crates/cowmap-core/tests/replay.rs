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
use script::{Tally, run};

/// What a script did to maps of tiny pages, and what it did to ordinary ones.
fn on_every_map(bytes: &[u8]) -> [Tally; 2] {
    run::<u64, Tiny, Seeded>(bytes);
    run::<Box<u8>, Flat, Fixed>(bytes);
    [run::<Box<u8>, Tiny, Fixed>(bytes), run::<Box<u8>, Paged, Fixed>(bytes)]
}

/// Runs scripts on every kind of map, and checks that they reach what keys that collide make of it:
/// pages that grow as tables, deep directories, and directories that shrink.
fn check(scripts: impl Iterator<Item = Vec<u8>>) -> usize {
    let (mut tallies, mut count) = ([Tally::default(); 2], 0);
    for script in scripts {
        for (tally, of_script) in tallies.iter_mut().zip(on_every_map(&script)) {
            *tally += of_script;
        }
        count += 1;
    }
    println!("{count} scripts: {tallies:?}");
    let (least, links) = scaled((10, [256, 128]), (0, [0, 0]));
    for (tally, links) in tallies.iter().zip(links) {
        assert!(tally.large_pages >= least && tally.merges >= least, "{tally:?}");
        assert!(tally.most_links >= links, "{tally:?}");
    }
    count
}

/// The seeds, and whatever a fuzzer found and somebody added to them.
#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    // The package that is published has no fuzzer beside it.
    let Ok(files) = corpus.read_dir() else { return };
    let scripts = check(files.map(|file| {
        let file = file.expect("the directory can be read").path();
        std::fs::read(file).expect("a seed can be read")
    }));
    assert!(scripts > 10);
}

#[test]
fn scripts_at_random() {
    let mut random = Random::new(5);
    let (scripts, len) = scaled((40, 600), (if cfg!(miri) { 2 } else { 8 }, 60));
    check((0..scripts).map(|_| (0..len).map(|_| random.next_u64().to_le_bytes()[3]).collect()));
}
