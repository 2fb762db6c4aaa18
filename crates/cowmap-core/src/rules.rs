//! What a write brings along: how words are hashed, and how a shared value is cloned.

use crate::hash::{Hashing, PageHash, Place, sealed};

/// How a write hashes words and clones values that are shared.
pub(crate) trait Rules<V>: Hashing {
    fn clone_value(&self, value: &V) -> V;
}

/// The rules of an ordinary write: shared values are cloned.
pub(crate) struct Cloning<'a, H>(pub(crate) &'a H);

/// The rules of filling a map that is shared with nobody yet, which asks for no `V: Clone`.
pub(crate) struct Building<'a, H>(pub(crate) &'a H);

impl<V: Clone, H: Hashing> Rules<V> for Cloning<'_, H> {
    #[inline(always)]
    fn clone_value(&self, value: &V) -> V {
        value.clone()
    }
}

impl<V, H: Hashing> Rules<V> for Building<'_, H> {
    fn clone_value(&self, _: &V) -> V {
        unreachable!("a map that is being built is shared with nobody")
    }
}

macro_rules! hashes_as_its_map {
    ($rules:ident) => {
        impl<H> Clone for $rules<'_, H> {
            fn clone(&self) -> Self {
                $rules(self.0)
            }
        }

        impl<H: Hashing> sealed::Sealed for $rules<'_, H> {}
        impl<H: Hashing> Hashing for $rules<'_, H> {
            #[inline(always)]
            fn place(&self, word: u64) -> Place {
                self.0.place(word)
            }

            #[inline(always)]
            fn page(&self, word: u64) -> PageHash {
                self.0.page(word)
            }
        }
    };
}

hashes_as_its_map!(Cloning);
hashes_as_its_map!(Building);
