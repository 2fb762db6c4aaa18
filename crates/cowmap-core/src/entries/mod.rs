//! Safe handles on the entries of a tree, in words: the floor between the tree, whose functions
//! ask for promises, and the map, which turns keys into words and back and has no unsafe code.
//!
//! | question | file |
//! |---|---|
//! | How are all entries read? | `shared.rs` |
//! | How are all values lent to be changed? | `exclusive.rs` |
//! | How are entries taken out of a tree that is owned? | `owned.rs` |
//! | How are entries read on a walk? | `walked.rs` |
//! | How are those read that another tree has not? | `apart.rs` |
//! | How are entries removed by a condition? | `sieve.rs`; in steps, `step.rs` |
//! | How is the work on all entries divided among threads? | `portion.rs` |
//! | How is an entry kept that was found, or its place? | `entry.rs` |
//! | How are several values lent at once? | `disjoint.rs` |
//! | How is a lookup begun before it is finished? | `pending.rs` |
//!
//! A handle that writes has the rules of its map, by which words were hashed when it found its
//! entries: with other rules it would look for them in other pages.

mod apart;
mod disjoint;
mod entry;
mod exclusive;
mod owned;
mod pending;
#[cfg(any(test, feature = "rayon"))]
mod portion;
mod shared;
mod sieve;
mod step;
mod walked;

pub(crate) use apart::{EntriesApart, EntryApart};
pub(crate) use disjoint::values_mut;
pub(crate) use entry::{Occupied, Vacant};
pub(crate) use exclusive::EntriesMut;
pub(crate) use owned::{IntoEntries, MovedEntries};
pub(crate) use pending::Pending;
#[cfg(feature = "rayon")]
pub(crate) use portion::{ExclusivePortion, OwnedPortion, SharedPortion};
pub(crate) use shared::Entries;
pub(crate) use sieve::Sieve;
pub(crate) use step::sieve_pages;
pub(crate) use walked::Walked;
