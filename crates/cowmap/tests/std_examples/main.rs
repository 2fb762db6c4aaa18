//! What the examples of std's `HashMap`, `Entry` and `HashSet` pages show, shown here with keys by
//! value: one test for each method that is stable there, under its name.
#![cfg(feature = "std")]
#![allow(clippy::explicit_iter_loop)] // what is shown is the method

/// Makes each example a test on every kind of map, which it calls `Map`.
macro_rules! examples {
    ($($(#[$doc:meta])* fn $name:ident() $body:block)*) => {
        mod paged {
            use super::*;
            use cowmap::CowMap as Map;
            $($(#[$doc])* #[test] fn $name() $body)*
        }
        mod flat {
            use super::*;
            use cowmap::FlatCowMap as Map;
            $($(#[$doc])* #[test] fn $name() $body)*
        }
        mod seeded {
            use super::*;
            use cowmap::SeededCowMap as Map;
            $($(#[$doc])* #[test] fn $name() $body)*
        }
    };
}

mod entry;
mod iterators;
mod map;
mod set;

/// The items in order, for what comes in none.
fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}
