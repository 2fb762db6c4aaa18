//! What a map brings along when it asks its tree for something: how words are hashed under its
//! policies, and how a shared value is cloned.

use core::marker::PhantomData;

use crate::hash::{Hashing, PageHash, Place, WordHash};
use crate::policy::Locality;

/// How a write hashes words and clones values that are shared.
pub(crate) trait Rules<V>: WordHash {
    fn clone_value(&self, value: &V) -> V;
}

/// The rules of a read from a map with the locality `L`.
pub(crate) struct Reading<'a, L, H>(&'a H, PhantomData<L>);

/// The rules of an ordinary write: shared values are cloned.
pub(crate) struct Cloning<'a, L, H>(&'a H, PhantomData<L>);

/// The rules of filling a map that is shared with nobody yet, which asks for no `V: Clone`.
pub(crate) struct Building<'a, L, H>(&'a H, PhantomData<L>);

impl<V: Clone, L: Locality, H: Hashing> Rules<V> for Cloning<'_, L, H> {
    #[inline(always)]
    fn clone_value(&self, value: &V) -> V {
        value.clone()
    }
}

impl<V, L: Locality, H: Hashing> Rules<V> for Building<'_, L, H> {
    fn clone_value(&self, _: &V) -> V {
        unreachable!("a map that is being built is shared with nobody")
    }
}

macro_rules! hashes_as_its_map {
    ($rules:ident) => {
        impl<'a, L: Locality, H: Hashing> $rules<'a, L, H> {
            #[inline(always)]
            pub(crate) fn by(hash: &'a H) -> Self {
                $rules(hash, PhantomData)
            }
        }

        impl<L: Locality, H: Hashing> WordHash for $rules<'_, L, H> {
            #[inline(always)]
            fn page(&self, word: u64) -> PageHash {
                if L::PAGED { self.0.page(word, L::NEIGHBOUR_BITS) } else { PageHash(0) }
            }

            #[inline(always)]
            fn place_at(&self, word: u64, page: PageHash) -> Place {
                if L::PAGED { self.0.place_in_page(word, page) } else { self.0.place(word) }
            }
        }
    };
}

hashes_as_its_map!(Reading);
hashes_as_its_map!(Cloning);
hashes_as_its_map!(Building);
