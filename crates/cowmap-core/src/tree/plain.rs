//! Trees of words that are their own page hashes, for tests that choose where words are.

use super::Tree;
use crate::hash::{PageHash, Place, WordHash};
use crate::policy::Paging;
use crate::rules::Rules;

/// The page hash of a word is the word.
pub(super) struct Plain;

impl WordHash for Plain {
    fn page(&self, word: u64) -> PageHash {
        PageHash(word)
    }
    fn place_at(&self, word: u64, _: PageHash) -> Place {
        Place(word.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

impl Rules<u64> for Plain {
    fn clone_value(&self, value: &u64) -> u64 {
        *value
    }
}

pub(super) fn tree_of<P: Paging>(words: impl Iterator<Item = u64>) -> Tree<u64, u64, P> {
    let mut tree = Tree::new();
    for word in words {
        tree.insert(&Plain, word, word).expect("there is memory");
    }
    tree.check(&Plain);
    tree
}

/// Words that are spread, below a prefix.
pub(super) fn spread(count: u64, prefix: u64, bits: u32) -> impl Iterator<Item = u64> {
    (1..=count).map(move |number| prefix | number.wrapping_mul(0xd134_2543_de82_ef95) >> bits | 1)
}
