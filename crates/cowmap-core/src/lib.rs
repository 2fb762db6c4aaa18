//! The slot engine of [cowmap](https://docs.rs/cowmap): copy-on-write hash tables for integer keys, with
//! all the unsafe code of the project.
//!
//! Depend on `cowmap`, which re-exports what users need from here and documents it. This page is
//! for readers of the engine: how it is laid out, and the invariants that every `// SAFETY:`
//! comment cites. A hidden `check_invariants` on the map walks all that can be seen from one
//! handle; the model tests and the fuzzer call it after every operation.
//!
//! # Layout
//!
//! A map is a handle on a tree. Small maps, and all flat ones, are one page.
//!
//! ```text
//!  handle { root, len, shape, levels, floor }
//!     |
//!     v  root segment, height = levels          (none where levels = 0)
//!  [header | link link link link …]              2^bits links
//!              |    \____/
//!              |      both to one child, whose entries share fewer bits
//!              v  segment, height 1
//!  [header | link link …]                        2^SEGMENT_BITS links
//!              |
//!              v  page
//!  [pad | o(g-1) … o1 o0 | header | group 0 | group 1 | … | group g-1]
//!         one overflow byte a group ^ base: aligned to 64 or more
//!
//!  group:   [ key words, LANES of them | value slots, LANES of them ]
//!  link:    address of a child's base, and in its low 6 bits
//!             to a page: 58 less the binary logarithm of its number of groups
//!             to a segment: its depth
//!  header:  count, length, room, … of a page; count, weight, … of a segment
//! ```
//!
//! The page hash of a key is consumed from its highest bit down: `bits` bits by the root segment,
//! then as many as a segment tells apart by each one below, counted from the *depth* in the link:
//! how many bits all entries below the child share. A lookup makes one load a level, takes the
//! number of groups from the last link, and touches no header.
//!
//! # Invariants
//!
//! Pages:
//!
//! * **P1** A page pointer leads to the groups of a live allocation that was made for the same word
//!   and value types by `Page::allocate`, with a header before the groups and overflow bytes before
//!   it, as many as its tag says; or to `EMPTY`, one group of free words with an overflow byte of 0
//!   but without a header, which is never written.
//! * **P2** The words of every group are initialised, and so are the overflow bytes. A free slot's
//!   word is 0.
//! * **P3** A slot has a value exactly if its word is not 0, between any two calls and whenever user
//!   code runs, except in a page that is being destroyed, of which nobody looks at a slot again.
//! * **P4** If an entry is not in its home group, the overflow byte of each group from its home to
//!   the one before it (around the end) has the entry's bit.
//! * **P5** No word is stored twice.
//! * **P6** The header's length is the number of entries, and its room what is left of what a page
//!   of its tier may hold (an ordinary one that was made under a directory of one level, fewer),
//!   except while a page is being filled and not yet linked, and in a tree of which an owning
//!   iterator takes the values.
//!
//! Sharing:
//!
//! * **S1** The count of a page or segment is the sum of the weights of its holders: 1 for a handle
//!   that has it as its root, a segment's weight for a segment that links to it. A count is raised
//!   before the holder that it is raised for exists, and lowered after that holder is gone; whoever
//!   lowers it to 0 destroys the object.
//! * **S2** A page or segment is written only by a handle that is borrowed mutably, after it was
//!   established from the root downward that each object on the path, and the object itself, has a
//!   count equal to its holder's weight. Nothing else can come to hold any of them meanwhile, for
//!   that takes a holder. What is shared is never written (counts and weights are atomic).
//!
//! The directory:
//!
//! * **D1** A child of depth `d` in a segment of depth `s` with `b` bits (`s <= d <= s + b`) has
//!   `2^(s + b - d)` links in a row that start at a multiple of their number, and is held once. All
//!   entries below it share the first `d` bits of their page hash, which are those of the links'
//!   indices on the path. `EMPTY` is held by nobody.
//! * **D2** The tag of a link is as drawn above, except that the handle's link to a root segment has 64
//!   less its bits; links of segments of height 1 lead to pages, those of higher ones to segments one
//!   lower. All pages of a map have the same height, three levels at most.
//! * **D3** A segment pointer leads to `2^bits` initialised links behind the header of a live
//!   allocation; `bits` is `SEGMENT_BITS` except at the root, where the handle knows it too.
//! * **D4** A flat map has no directory. A root page has depth 0.
//! * **D5** The handle's length is the sum of its pages' lengths, with P6's exceptions.
//!
//! # Where what is
//!
//! | question | file |
//! |---|---|
//! | Which types are keys, and what is stored for them? | `key.rs`, `word.rs` |
//! | Where does a word belong? | `hash.rs`, `rules.rs` |
//! | How large is a page, how full may it be? | `capacity.rs`, `paging.rs`, `page/geometry.rs` |
//! | How is a group compared? | `group/` |
//! | How does one page find, add, remove? | `page/probe.rs` |
//! | How is a page copied, grown, split? | `page/copy.rs` |
//! | Who owns what? | `count.rs` |
//! | How is a path made one's own? | `directory/write.rs` |
//! | How does the directory change its shape? | `directory/split.rs`, `directory/merge.rs` |
//! | In what order are entries visited? | `order.rs`, `page/slots.rs`, `directory/pages.rs` |
//! | How are entries lent, taken and sieved? | `entries/`, `page/slot.rs` |
//! | What do users see? | `map/` |

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![allow(clippy::inline_always)]

extern crate alloc;

mod capacity;
mod count;
mod directory;
mod entries;
mod error;
mod group;
mod hash;
mod key;
#[forbid(unsafe_code)]
mod map;
#[cfg(doctest)]
mod misuse;
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
#[cfg(any(feature = "arbitrary", feature = "proptest", feature = "quickcheck"))]
pub use map::WithSnapshots;
pub use map::{
    CowMap, Drain, Entry, ExtractIf, FlatCowMap, GetEach, IntoIter, IntoKeys, IntoValues, Iter,
    IterMut, IterSorted, Keys, Map, OccupiedEntry, SeededCowMap, VacantEntry, Values, ValuesMut,
};
#[cfg(feature = "rayon")]
pub use map::{IntoParIter, ParIter, ParIterMut};
#[doc(hidden)]
pub use paging::Tiny;
pub use paging::{Flat, Paged, Paging};
