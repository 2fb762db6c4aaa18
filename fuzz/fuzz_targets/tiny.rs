//! Maps whose pages are one group: they split, merge and reach every level all the time.
#![no_main]

#[path = "../../crates/cowmap-core/tests/common/script.rs"]
#[allow(dead_code)]
mod script;

use cowmap_core::{Fixed, Tiny};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    script::run::<Box<u8>, Tiny, Fixed>(bytes);
});
