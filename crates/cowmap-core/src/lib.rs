//! The slot engine of [cowmap](https://docs.rs/cowmap): copy-on-write hash tables for integer keys, with
//! all the unsafe code of the project.
//!
//! Depend on `cowmap`, which re-exports what users need from here.

#![cfg_attr(not(feature = "std"), no_std)]
#![allow(clippy::inline_always)]

extern crate alloc;

mod capacity;
mod count;
mod directory;
mod error;
mod group;
mod hash;
mod key;
mod map;
mod order;
mod page;
mod paging;
mod prefetch;
mod rules;
mod sync;
mod word;

pub use directory::MemoryUsage;
pub use error::{ReservedKey, TryReserveError};
pub use hash::{Fixed, Hashing, Seeded};
pub use key::{Repr, SentinelKey};
pub use map::{
    CowMap, Entry, FlatCowMap, IntoIter, Iter, Keys, Map, OccupiedEntry, SeededCowMap, VacantEntry,
    Values,
};
#[doc(hidden)]
pub use paging::Tiny;
pub use paging::{Flat, Paged, Paging};
