//! Maps for proptest.
//!
//! The feature stands again at each public `impl`: the pages of `cowmap` show what is written
//! there.

use core::fmt::Debug;

use proptest::arbitrary::{Arbitrary, any};
use proptest::collection::{SizeRange, vec};
use proptest::prop_oneof;
use proptest::strategy::{BoxedStrategy, Just, Strategy};

use super::{Map, Step, WithSnapshots};
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::policy::Paging;

/// The parameter is how many entries there may be, less those that have equal keys.
///
/// # Examples
///
/// ```
/// use cowmap_core::CowMap;
///
/// proptest::proptest!(|(map: CowMap<u64, u8>)| {
///     assert_eq!(map.unshared(), map);
/// });
/// ```
#[cfg(feature = "proptest")]
impl<K, V, P, H> Arbitrary for Map<K, V, P, H>
where
    K: SentinelKey + Arbitrary + 'static,
    V: Arbitrary + 'static,
    P: Paging + 'static,
    H: Hashing + Default + 'static,
{
    type Parameters = SizeRange;
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with(size: SizeRange) -> BoxedStrategy<Self> {
        vec(any::<(K, V)>(), size).prop_map(Self::of_unreserved).boxed()
    }
}

/// The parameter is how many steps of its life the map has gone through.
#[cfg(feature = "proptest")]
impl<K, V, P, H> Arbitrary for WithSnapshots<K, V, P, H>
where
    K: SentinelKey + Arbitrary + 'static,
    V: Clone + Arbitrary + 'static,
    P: Paging + 'static,
    H: Hashing + Default + 'static,
{
    type Parameters = SizeRange;
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with(size: SizeRange) -> BoxedStrategy<Self> {
        vec(step::<K, V>(), size).prop_map(Self::after).boxed()
    }
}

fn step<K, V>() -> impl Strategy<Value = Step<K, V>>
where
    K: Arbitrary + Clone + Debug + 'static,
    V: Arbitrary + Clone + Debug + 'static,
{
    prop_oneof![
        5 => any::<(K, V)>().prop_map(|(key, value)| Step::Insert(key, value)),
        2 => any::<K>().prop_map(Step::Remove),
        1 => Just(()).prop_map(|()| Step::Snapshot),
    ]
}
