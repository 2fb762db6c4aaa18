//! What a map brings along when it asks its tree for something: how words are hashed under its policies, and
//! how a shared value is cloned.

use core::marker::PhantomData;

use crate::hash::{Hashing, PageHash, Place, sealed};
use crate::paging::Paging;

/// How a write hashes words and clones values that are shared.
pub(crate) trait Rules<V>: Hashing {
    fn clone_value(&self, value: &V) -> V;
}

/// The rules of a read.
pub(crate) struct Reading<'a, P, H>(&'a H, PhantomData<P>);

/// The rules of an ordinary write: shared values are cloned.
pub(crate) struct Cloning<'a, P, H>(&'a H, PhantomData<P>);

/// The rules of filling a map that is shared with nobody yet, which asks for no `V: Clone`.
pub(crate) struct Building<'a, P, H>(&'a H, PhantomData<P>);

impl<V: Clone, P: Paging, H: Hashing> Rules<V> for Cloning<'_, P, H> {
    #[inline(always)]
    fn clone_value(&self, value: &V) -> V {
        value.clone()
    }
}

impl<V, P: Paging, H: Hashing> Rules<V> for Building<'_, P, H> {
    fn clone_value(&self, _: &V) -> V {
        unreachable!("a map that is being built is shared with nobody")
    }
}

macro_rules! hashes_as_its_map {
    ($rules:ident) => {
        impl<'a, P: Paging, H: Hashing> $rules<'a, P, H> {
            #[inline(always)]
            pub(crate) fn by(hash: &'a H) -> Self {
                $rules(hash, PhantomData)
            }
        }

        impl<P, H> Clone for $rules<'_, P, H> {
            fn clone(&self) -> Self {
                $rules(self.0, PhantomData)
            }
        }

        impl<P, H> sealed::Sealed for $rules<'_, P, H> {}
        impl<P: Paging, H: Hashing> Hashing for $rules<'_, P, H> {
            #[inline(always)]
            fn place(&self, word: u64) -> Place {
                let place = self.0.place(word);
                if P::PAGED { place.within(self.0.page(word)) } else { place }
            }

            #[inline(always)]
            fn page(&self, word: u64) -> PageHash {
                self.0.page(word)
            }
        }
    };
}

hashes_as_its_map!(Reading);
hashes_as_its_map!(Cloning);
hashes_as_its_map!(Building);
