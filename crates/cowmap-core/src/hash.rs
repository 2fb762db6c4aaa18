//! Where a word belongs: mixes by multiplication, of which the *high* bits choose.
//!
//! The **place** decides the group inside a page and uses every bit of the word. The **page hash**
//! decides the page and ignores the lowest bits of the word, so that nearby ids share a page
//! and a transaction that touches neighbouring rows copies few pages.
//!
//! Multiplying by an odd number and taking the high bits is multiplicative (Fibonacci) hashing
//! (Knuth, *The Art of Computer Programming* 3, 6.4); with random multipliers it is the
//! multiply-shift scheme of Dietzfelbinger, Hagerup, Katajainen and Penttonen (1997).

use core::fmt;

use crate::tier::index;

/// How a map hashes its words. Sealed: [`Fixed`] and [`Seeded`] are all there is.
///
/// # Examples
///
/// ```
/// use cowmap_core::{Fixed, Hashing, Map, Paged, Seeded};
///
/// /// The sum of the values of a map, however it is hashed.
/// fn sum<H: Hashing>(map: &Map<u64, u64, Paged, H>) -> u64 {
///     map.values().sum()
/// }
/// assert_eq!(sum(&Map::<_, _, _, Fixed>::from([(1, 10), (2, 20)])), 30);
/// assert_eq!(sum(&Map::<_, _, _, Seeded>::from([(1, 10)])), 10);
/// ```
pub trait Hashing: Clone + Send + Sync + sealed::Sealed {
    /// The hash whose high bits choose the group in the one page of a flat map.
    #[doc(hidden)]
    fn place(&self, word: u64) -> Place;

    /// The hash whose high bits choose the page, where words that differ in the `neighbours` lowest
    /// bits only share one.
    #[doc(hidden)]
    fn page(&self, word: u64, neighbours: u32) -> PageHash;

    /// The hash whose high bits choose the group within the page that `page` chose.
    #[doc(hidden)]
    fn place_in_page(&self, word: u64, page: PageHash) -> Place;
}

/// How the engine hashes words: a [`Hashing`] under the policies of a map.
pub(crate) trait WordHash {
    /// The page hash; of no meaning where there is one page.
    fn page(&self, word: u64) -> PageHash;

    /// The place of a word with this page hash.
    fn place_at(&self, word: u64, page: PageHash) -> Place;

    /// The place of a word.
    #[inline(always)]
    fn place(&self, word: u64) -> Place {
        self.place_at(word, self.page(word))
    }
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// The hash of a word that decides its place inside a page: its high bits choose the group, and some
/// just below them the bit in overflow bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place(pub(crate) u64);

impl Place {
    /// The group where the search for this word starts, in a page of the tier with this tag.
    #[inline(always)]
    pub(crate) fn home(self, tag: u8) -> usize {
        index(tag, self.0)
    }

    /// The number, modulo 8, of the bit that stands for this word in the overflow byte of a group it
    /// passed, in a page of the tier with this tag: what is left of the hash anyway when the group is
    /// known.
    #[inline(always)]
    pub(crate) fn overflow_bit(self, tag: u8) -> u32 {
        (self.0 >> (tag & 63)) as u32
    }
}

/// The hash of a word that chooses its page: the directory consumes it from the top bit down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageHash(pub(crate) u64);

impl PageHash {
    /// Bit `depth`, counted from the top: which half of a page that is split at `depth` it is in.
    #[inline(always)]
    pub(crate) fn bit(self, depth: u32) -> bool {
        self.0 << depth >> 63 == 1
    }
}

/// Both halves of the product of 128 bits, the upper one turned by half its width.
///
/// The lower half alone, which is multiplicative hashing, is linear in the word: words in a
/// lattice, such as composite ids, pile up however the multiplier is chosen. The upper half, which
/// is the integer part where the lower is the fraction, breaks that; for small dense ids it stays
/// below the bits that choose, so that they spread as evenly as by the lower half alone. (Folded
/// multiplication is what wyhash and foldhash do.)
#[inline(always)]
fn folded_product(word: u64, multiplier: u64) -> u64 {
    let product = u128::from(word) * u128::from(multiplier);
    product as u64 ^ ((product >> 64) as u64).rotate_left(32)
}

/// The word with its high half folded into its low half, which is bijective: without it, words that
/// differ in their highest bits only would meet few of a multiplier's bits.
#[inline(always)]
fn fold(word: u64) -> u64 {
    word ^ word >> 32
}

/// The hash that is the same for every map, in every run and on every machine.
///
/// Iteration order is therefore the same in every run, and whoever chooses the keys can choose
/// ones that collide: such keys are slow, never wrong. [`Seeded`] is for keys chosen by strangers.
///
/// # Examples
///
/// ```
/// use cowmap_core::{CowMap, Fixed, Map, Paged};
///
/// let map: CowMap<u64, char> = Map::<u64, char, Paged, Fixed>::new();
/// assert!(map.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fixed;

/// Found by search: of 1.4 million random odd numbers the one whose worst family of keys (powers of
/// two and many other numbers apart, composite, byte-swapped, floating-point, textual and
/// time-stamped ids, pointers, at eight sizes) takes the fewest groups: 1.21 times those of random
/// keys, when overflow bits still came from elsewhere; 1.17 since.
const PLACE_MULTIPLIER: u64 = 0xb1ef_4ba6_ef9a_ab2f;
/// One of the best of the thousands that were tried: the worst family, for hits and misses in maps
/// whose pages split, takes 1.19 times the groups of random keys.
const PAGE_MULTIPLIER: u64 = 0x2d57_fe00_2233_bec5;

impl sealed::Sealed for Fixed {}
impl Hashing for Fixed {
    #[inline(always)]
    fn place(&self, word: u64) -> Place {
        Place(folded_product(word, PLACE_MULTIPLIER))
    }

    /// The lower half of a product is enough: a lattice of words fills pages unevenly, which split
    /// as they fill.
    #[inline(always)]
    fn page(&self, word: u64, neighbours: u32) -> PageHash {
        PageHash((word >> neighbours).wrapping_mul(PAGE_MULTIPLIER))
    }

    /// The lower half of a product is enough here: with the page hash mixed in nothing is a lattice
    /// any more, while neighbours, which share a page hash, spread as evenly as a
    /// multiplication spreads numbers in a row. The multiplier is that of the page hash, so that a lookup
    /// has one constant less.
    #[inline(always)]
    fn place_in_page(&self, word: u64, page: PageHash) -> Place {
        Place((page.0 ^ word).wrapping_mul(PAGE_MULTIPLIER))
    }
}

/// A hash with a secret, for keys chosen by strangers.
///
/// Each map draws its own secret; its clones share it. Two random odd multipliers each for the
/// page and the place, with a fold between: the last multiplication is 2-universal whatever went
/// before, and the first keeps arithmetic progressions from meeting an unlucky multiplier.
///
/// # Examples
///
/// ```
/// use cowmap_core::{Flat, Map, Seeded};
///
/// // A flat map with a secret, which has no alias.
/// let map = Map::<u64, char, Flat, Seeded>::from([(1, 'a')]);
/// assert_eq!(map[1], 'a');
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seeded {
    scatter: u64,
    place: u64,
    page: u64,
}

impl Seeded {
    /// The hash of the given secret. The same secret gives the same order of iteration. Secrets
    /// that differ in a bit give unrelated hashes, but one that can be guessed is no secret.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::Seeded;
    ///
    /// assert_eq!(Seeded::with_secret([3, 1, 4]), Seeded::with_secret([3, 1, 4]));
    /// assert_ne!(Seeded::with_secret([3, 1, 4]), Seeded::with_secret([3, 1, 5]));
    /// ```
    pub const fn with_secret(secret: [u64; 3]) -> Self {
        let mut state = secret[0] ^ secret[1].rotate_left(21) ^ secret[2].rotate_left(42);
        let mut multipliers = [0; 3];
        let mut number = 0;
        while number < 3 {
            state = state.wrapping_add(secret[number]);
            multipliers[number] = diffuse(state.wrapping_add(number as u64)) | 1;
            number += 1;
        }
        Seeded { scatter: multipliers[0], place: multipliers[1], page: multipliers[2] }
    }

    /// The hash of a secret drawn from the system's randomness.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::Seeded;
    ///
    /// assert_ne!(Seeded::random(), Seeded::random());
    /// ```
    #[cfg(feature = "std")]
    pub fn random() -> Self {
        use std::hash::BuildHasher;
        // Each state is keyed from the system's randomness; its hash of a number is a keyed
        // pseudo-random function of it, which does not give the key away.
        let state = std::hash::RandomState::new();
        Self::with_secret([0_u64, 1, 2].map(|number| state.hash_one(number)))
    }
}

#[cfg(feature = "std")]
impl Default for Seeded {
    fn default() -> Self {
        Self::random()
    }
}

/// A number of which each bit depends on each bit of `number`: the finaliser of SplitMix64 (Steele,
/// Lea and Flood 2014).
const fn diffuse(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

impl fmt::Debug for Seeded {
    /// Does not show the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seeded").finish_non_exhaustive()
    }
}

impl sealed::Sealed for Seeded {}
impl Hashing for Seeded {
    #[inline(always)]
    fn place(&self, word: u64) -> Place {
        Place(fold(fold(word).wrapping_mul(self.scatter)).wrapping_mul(self.place))
    }

    #[inline(always)]
    fn page(&self, word: u64, neighbours: u32) -> PageHash {
        let scattered = (fold(word) >> neighbours).wrapping_mul(self.scatter);
        PageHash(fold(scattered).wrapping_mul(self.page))
    }

    #[inline(always)]
    fn place_in_page(&self, word: u64, page: PageHash) -> Place {
        Place(self.place(word).0 ^ page.0.rotate_left(24))
    }
}
