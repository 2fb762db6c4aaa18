//! Maps for arbitrary, and so for cargo-fuzz.
//!
//! The feature stands again at each public `impl`: the pages of `cowmap` show what is written
//! there.

use alloc::vec::Vec;

use arbitrary::{Arbitrary, Result, Unstructured};

use super::{Map, Step, WithSnapshots};
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::policy::Paging;

/// Never has the reserved key.
///
/// # Examples
///
/// ```
/// use arbitrary::Unstructured;
/// use cowmap_core::CowMap;
///
/// let mut bytes = Unstructured::new(&[7; 100]);
/// let map: CowMap<u64, u8> = bytes.arbitrary().unwrap();
/// assert!(!map.contains_key(u64::MAX));
/// ```
#[cfg(feature = "arbitrary")]
impl<'a, K, V, P, H> Arbitrary<'a> for Map<K, V, P, H>
where
    K: SentinelKey + Arbitrary<'a>,
    V: Arbitrary<'a>,
    P: Paging,
    H: Hashing + Default,
{
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let entries: Vec<(K, V)> = u.arbitrary()?;
        Ok(Self::of_unreserved(entries))
    }

    fn arbitrary_take_rest(u: Unstructured<'a>) -> Result<Self> {
        Ok(Self::of_unreserved(Vec::<(K, V)>::arbitrary_take_rest(u)?))
    }
}

#[cfg(feature = "arbitrary")]
impl<'a, K, V, P, H> Arbitrary<'a> for WithSnapshots<K, V, P, H>
where
    K: SentinelKey + Arbitrary<'a>,
    V: Clone + Arbitrary<'a>,
    P: Paging,
    H: Hashing + Default,
{
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let steps: Vec<Step<K, V>> = u.arbitrary()?;
        Ok(Self::after(steps))
    }

    fn arbitrary_take_rest(u: Unstructured<'a>) -> Result<Self> {
        Ok(Self::after(Vec::<Step<K, V>>::arbitrary_take_rest(u)?))
    }
}

impl<'a, K: Arbitrary<'a>, V: Arbitrary<'a>> Arbitrary<'a> for Step<K, V> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=7)? {
            0 => Step::Snapshot,
            1 | 2 => Step::Remove(u.arbitrary()?),
            _ => Step::Insert(u.arbitrary()?, u.arbitrary()?),
        })
    }
}
