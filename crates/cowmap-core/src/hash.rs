//! Where a word belongs: two bijective mixes by multiplication, of which the *high* bits choose.
//!
//! The **place** decides the group inside a page and uses every bit of the word. The **page hash**
//! decides the page and ignores the lowest bits of the word, so that nearby ids share a page
//! and a transaction that touches neighbouring rows copies few pages.
//!
//! Multiplying by an odd number and taking the high bits is multiplicative (Fibonacci) hashing
//! (Knuth, *The Art of Computer Programming* 3, 6.4); with random multipliers it is the
//! multiply-shift scheme of Dietzfelbinger, Hagerup, Katajainen and Penttonen (1997).

use core::fmt;

use crate::capacity::index;

/// How a map hashes its words. Sealed: [`Fixed`] and [`Seeded`] are all there is.
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

/// The hash of a word that chooses its group inside a page, and its bit in overflow bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place(pub(crate) u64);

impl Place {
    /// The group where the search for this word starts, in a page of the tier with this tag.
    #[inline(always)]
    pub(crate) fn home(self, tag: u8) -> usize {
        index(tag, self.0)
    }

    /// The bit that stands for this word in the overflow byte of a group it passed.
    #[inline(always)]
    pub(crate) fn overflow_bit(self) -> u8 {
        1 << (self.0 >> 32 & 7)
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

/// The word with its high half folded into its low half, which is bijective: without it, ids that
/// differ in their highest bits only (`i << 48`) would meet few of a multiplier's bits.
#[inline(always)]
fn fold(word: u64) -> u64 {
    word ^ word >> 32
}

/// The hash that is the same for every map, in every run and on every machine.
///
/// Iteration order is therefore the same in every run, and whoever chooses the keys can choose
/// ones that collide: such keys are slow, never wrong. [`Seeded`] is for keys chosen by strangers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fixed;

/// Found by search: of some thousand random odd numbers the one whose worst family of keys (strides
/// of all powers of two and many other numbers, composite, byte-swapped, floating-point and time-stamped ids) takes the
/// fewest groups, 1.4 times those of random keys. The golden ratio takes 5 times as many for multiples of 112.
const PLACE_MULTIPLIER: u64 = 0xcd2d_8ec7_d41e_5801;
/// From the fractional bits of pi; passed the same families of keys in pages, where it is 1.44 times.
const PAGE_MULTIPLIER: u64 = 0xa409_3822_299f_31d1;

impl sealed::Sealed for Fixed {}
impl Hashing for Fixed {
    #[inline(always)]
    fn place(&self, word: u64) -> Place {
        Place(fold(word).wrapping_mul(PLACE_MULTIPLIER))
    }

    #[inline(always)]
    fn page(&self, word: u64, neighbours: u32) -> PageHash {
        PageHash((fold(word) >> neighbours).wrapping_mul(PAGE_MULTIPLIER))
    }

    /// Needs no second multiplication: neighbours go to different groups by their lowest bits, and each
    /// block of neighbours is moved elsewhere by bits of the page hash that the directory does not
    /// use. Two windows of them with an exclusive or, because blocks that share a page are those of a
    /// lattice, and one window alone, being linear in the word, can pile them up (counted: up to 4.5 times the
    /// groups of random keys; with two 1.4 times).
    #[inline(always)]
    fn place_in_page(&self, word: u64, page: PageHash) -> Place {
        Place(page.0.rotate_left(20) ^ page.0.rotate_left(37) ^ word << 59)
    }
}

/// A hash with a secret, for keys chosen by strangers.
///
/// Each map draws its own secret; its clones share it. Two random odd multipliers each for the
/// page and the place, with a fold between: the last multiplication is 2-universal whatever went
/// before, and the first keeps arithmetic progressions from meeting an unlucky multiplier.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seeded {
    scatter: u64,
    place: u64,
    page: u64,
}

impl Seeded {
    /// The hash of the given secret. The same secret gives the same order of iteration. Secrets that differ
    /// in a bit give unrelated hashes, but one that can be guessed is no secret.
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

/// A number of which each bit depends on each bit of `number`: the finaliser of SplitMix64 (Steele, Lea and
/// Flood 2014).
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
