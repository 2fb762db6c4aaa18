//! What several tests share: every kind of map, random numbers, values that count, panics caught.

// Each test binary uses its part of this, and a test binary has no outside to export to.
#![allow(dead_code, unreachable_pub, unused_imports, unused_macros)]

pub mod counted;
pub mod panics;
pub mod random;
pub mod scale;
pub mod tracked;

pub use counted::{Counted, Counts};
pub use random::Random;

/// Makes tests of generic functions `fn name<P: Paging, H: Hashing + Default>()`: one on each kind
/// of map.
macro_rules! on_every_map {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use cowmap_core::{Fixed, Flat, Paged, Seeded, Tiny};

            #[test]
            fn flat() {
                super::$name::<Flat, Fixed>();
            }

            #[test]
            fn paged() {
                super::$name::<Paged, Fixed>();
            }

            #[test]
            fn seeded() {
                super::$name::<Paged, Seeded>();
            }

            #[test]
            fn tiny_pages() {
                super::$name::<Tiny, Fixed>();
            }

            #[test]
            fn tiny_pages_seeded() {
                super::$name::<Tiny, Seeded>();
            }
        }
    )*};
}
pub(crate) use on_every_map;
