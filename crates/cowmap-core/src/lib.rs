//! The slot engine of [cowmap](https://docs.rs/cowmap): copy-on-write hash tables for integer keys, with
//! all the unsafe code of the project.
//!
//! Depend on `cowmap`, which re-exports what users need from here and documents it. This page is
//! for readers of the engine: how it is laid out, and the invariants that `// SAFETY:` comments
//! cite. A hidden `check_invariants` on the map walks all that can be seen from one
//! handle; the model tests and the fuzzer call it after every operation. `check_counts` adds up what
//! several handles hold.
//!
//! # Layout
//!
//! A map is a handle on a tree. Small maps, and all flat ones, are one page.
//!
//! ```text
//!  handle { root, len, levels, floor }
//!     |
//!     v  root segment, height = levels              (none where levels = 0)
//!  [ pointers to holders | header | link link link link ... ]    2^bits links
//!      |                               |    \____/
//!      |                               |      both to one child, whose entries share fewer bits
//!      v  holder                       v  segment, height 1
//!  [ count, weight ]                [ pointers | header | link link ... ]    2^SEGMENT_BITS links
//!                                                           |
//!                                                           v  page
//!  [ pad | b(g-1) ... b1 b0 | o(g-1) ... o1 o0 | header | group 0 | group 1 | ... | group g-1 ]
//!      occupancy bits,        one overflow byte a group ^ base: aligned to 64 or more
//!      eight bytes at least
//!
//!  group:   [ key words, LANES of them | value slots, LANES of them ]
//!  link:    address of a child's base, and in its low 6 bits
//!             to a page: 58 less the binary logarithm of its number of groups
//!             to a segment: its depth
//!  header:  count, stamp, length, room, ... of a page; count, weight, stamp, ... of a segment
//! ```
//!
//! The page hash of a key is consumed from its highest bit down: `bits` bits by the root segment,
//! then as many as a segment tells apart by each one below, counted from the *depth* in the link:
//! how many bits all entries below the child share. A lookup makes one load a level, takes the
//! number of groups from the last link, and touches neither headers nor holders.
//!
//! The links of a segment are divided into *bundles*, one for each pointer to a holder. Segments
//! that share the children of a bundle share its holder, too.
//!
//! # Invariants
//!
//! Pages:
//!
//! * **P1** A page pointer leads to the groups of a live allocation that was made for the same
//!   word and value types by `Page::allocate_by`, with a header before the groups and overflow
//!   bytes before it, as many as its tag says, and before them, if groups have four slots, as many
//!   bytes of occupancy bits, eight at least; or to `EMPTY`, one group of free words behind zeros,
//!   which is never written.
//! * **P2** The words of every group are initialised, and so are the overflow bytes and the
//!   occupancy bits. A free slot's word is 0.
//! * **P3** A slot has a value exactly if its word is not 0, between any two calls and whenever user
//!   code runs, except in a page that is being filled, cleared or destroyed, of which nobody else
//!   looks at a slot.
//! * **P4** If an entry is not in its home group, the overflow byte of each group from its home to
//!   the one before it (around the end) has the entry's bit.
//! * **P5** No word is stored twice.
//! * **P6** The header's length is the number of entries, and its room what is left of what a page
//!   of its tier may hold (an ordinary one that was made under a directory of one level, fewer; one
//!   that grew as a table under a directory, none more),
//!   except while a page is being filled and not yet linked, and in a tree of which an owning
//!   iterator takes the values.
//! * **P7** Where groups have four slots, the bit of a slot in its group's byte of occupancy bits
//!   is set exactly if its word is not 0, and no other bits of these bytes are set: between any
//!   two calls and whenever user code runs, except in a page of which nobody else looks at a slot,
//!   as in P3, and for slots of which an owning iterator has taken the values, whose bits it
//!   leaves set. So what clears or destroys a page goes by the words.
//!
//! Sharing:
//!
//! * **S1** The count of a page, a segment or a holder is the sum of the weights with which it is
//!   held. A handle holds its root with 1. A segment holds each of its holders with its weight, and
//!   a holder holds each child that begins in its bundle with its own. A count is raised before
//!   anybody can let go of the weight that it is raised for, and lowered after what held is gone.
//!   Whoever takes the last weight away destroys the object.
//! * **S2** Segments that share a holder have the same children beginning in its bundle. A child
//!   belongs to the bundle of its first link. A bundle in which a child begins has a holder; others
//!   may have one.
//! * **S3** A path is owned if on each level from the root down the count of the segment is the
//!   weight that it is held with, and the count of the holder of what follows is the segment's
//!   weight. A page, segment or holder is written only by a handle that is borrowed mutably, below
//!   an owned path, or under a stamp (S4), and if its own count is the weight that it is held with.
//!   Nothing else can come to hold any of them meanwhile, because that takes a handle on the root.
//!   What is shared is never written (counts, weights and stamps are atomic).
//! * **S4** Below a root whose count is 1 and whose stamp is not void, a page with the root's stamp
//!   is owned, and so is its path. No page has a higher stamp than its root, void or not. The stamps
//!   of segments below the root are void. A segment that is copied has a void stamp before the
//!   copier lets go of it.
//!
//! The directory:
//!
//! * **D1** A child of depth `d` in a segment of depth `s` with `b` bits (`s <= d <= s + b`) has
//!   `2^(s + b - d)` links in a row that start at a multiple of their number, and is held once. All
//!   entries below it share the first `d` bits of their page hash, which are those of the links'
//!   indices on the path. `EMPTY` is held by nobody.
//! * **D2** The tag of a link is as drawn above, except that the handle's link to a root segment has 64
//!   less its bits; links of segments of height 1 lead to pages, those of higher ones to segments one
//!   lower. All pages of a map have the same height, four levels at most.
//! * **D3** A segment pointer leads to `2^bits` initialised links behind the header of a live
//!   allocation, before which is a pointer, or null, for each bundle; `bits` is `SEGMENT_BITS` except
//!   at the root.
//! * **D4** A flat map has no directory. A root page has depth 0.
//! * **D5** The handle's length is the sum of its pages' lengths, with P6's exceptions. It knows how
//!   many segments there are below the root.
//!
//! # Where what is
//!
//! From the top down; each floor calls only those below it.
//!
//! | question | file |
//! |---|---|
//! | What do users see? | `map/` |
//! | How are entries handed out safely? | `entries/` |
//! | How is a path made one's own, and how does the directory change its shape? | `tree/` |
//! | How does one page find, add, remove, copy? | `page/` |
//! | How is a group compared? | `group/` |
//! | Who owns what? | `count.rs`, `stamp.rs` |
//! | Where does a word belong, and how is a shared value cloned? | `hash.rs`, `rules.rs` |
//! | How large are pages and segments, how full may they be? | `policy.rs`, `tier.rs`, `floor.rs` |
//! | Which types are keys, and what is stored for them? | `key.rs`, `word.rs` |

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![allow(clippy::inline_always)]

extern crate alloc;

mod count;
mod entries;
mod error;
mod floor;
mod group;
mod hash;
mod key;
#[forbid(unsafe_code)]
mod map;
#[cfg(doctest)]
mod misuse;
mod order;
mod page;
mod policy;
mod prefetch;
mod rules;
mod stamp;
mod sync;
mod tier;
mod tree;
mod word;

pub use error::{ReservedKey, TryReserveError};
pub use hash::{Fixed, Hashing, Seeded};
pub use key::{Repr, SentinelKey};
pub use map::Footprint;
#[cfg(any(feature = "arbitrary", feature = "proptest", feature = "quickcheck"))]
pub use map::WithSnapshots;
#[cfg(feature = "serde")]
pub use map::serde as serde_forms;
pub use map::{ApplyError, ByEq, Change, Conflict, Diff, DiffSorted};
pub use map::{
    CowMap, Drain, Entry, ExtractIf, FlatCowMap, GetEach, IntoIter, IntoKeys, IntoUnsharedEntries,
    IntoValues, Iter, IterMut, IterSorted, Keys, Map, OccupiedEntry, RetainCursor, SeededCowMap,
    VacantEntry, Values, ValuesMut,
};
#[cfg(feature = "rayon")]
pub use map::{IntoParIter, ParIter, ParIterMut, ParKeys, ParValues, ParValuesMut};
#[doc(hidden)]
pub use policy::Tiny;
pub use policy::{Flat, Paged, Paging};
pub use tree::MemoryUsage;

/// How the facade's types tell their handles, which closes [`Footprint`] to all others.
#[doc(hidden)]
pub mod footprint {
    pub use crate::map::{Handles, Sealed};
}
