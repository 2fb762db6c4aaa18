//! Copy-on-write hash maps for integer keys.

#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

pub use cowmap_core::{
    CowMap, Entry, Fixed, Flat, FlatCowMap, Hashing, IntoIter, Iter, Keys, Map, MemoryUsage,
    OccupiedEntry, Paged, Paging, Repr, ReservedKey, Seeded, SeededCowMap, SentinelKey,
    TryReserveError, VacantEntry, Values,
};
