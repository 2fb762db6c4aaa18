//! Maps that are one table.
#![no_main]

#[path = "../../crates/cowmap-core/tests/common/script.rs"]
#[allow(dead_code)]
mod script;

use cowmap_core::{Fixed, Flat};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    script::run::<Box<u8>, Flat, Fixed>(bytes);
});
