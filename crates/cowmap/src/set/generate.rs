//! Sets for property tests: generated as their maps are.

use super::CowSet;
use cowmap_core::{CowMap, SentinelKey};

/// # Examples
///
/// ```
/// use cowmap::CowSet;
///
/// /// The property: a set is a part of itself.
/// fn contains_itself(set: CowSet<u64>) -> bool {
///     set.is_subset(&set.unshared())
/// }
/// quickcheck::quickcheck(contains_itself as fn(CowSet<u64>) -> bool);
/// ```
#[cfg(feature = "quickcheck")]
impl<K: SentinelKey + quickcheck::Arbitrary> quickcheck::Arbitrary for CowSet<K> {
    fn arbitrary(g: &mut quickcheck::Gen) -> Self {
        <CowMap<K, ()> as quickcheck::Arbitrary>::arbitrary(g).into()
    }

    fn shrink(&self) -> std::boxed::Box<dyn Iterator<Item = Self>> {
        std::boxed::Box::new(quickcheck::Arbitrary::shrink(&self.map).map(Self::from))
    }
}

/// # Examples
///
/// ```
/// use arbitrary::Unstructured;
/// use cowmap::CowSet;
///
/// let set: CowSet<u64> = Unstructured::new(&[7; 100]).arbitrary().unwrap();
/// assert!(!set.contains(u64::MAX));
/// ```
#[cfg(feature = "arbitrary")]
impl<'a, K: SentinelKey + arbitrary::Arbitrary<'a>> arbitrary::Arbitrary<'a> for CowSet<K> {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(<CowMap<K, ()> as arbitrary::Arbitrary>::arbitrary(u)?.into())
    }
}

/// The parameter is how many keys there may be, less those that are equal.
///
/// # Examples
///
/// ```
/// use cowmap::CowSet;
///
/// proptest::proptest!(|(set: CowSet<u64>)| {
///     assert_eq!(set.unshared(), set);
/// });
/// ```
#[cfg(feature = "proptest")]
impl<K> proptest::arbitrary::Arbitrary for CowSet<K>
where
    K: SentinelKey + proptest::arbitrary::Arbitrary + 'static,
{
    type Parameters = proptest::collection::SizeRange;
    type Strategy = proptest::strategy::BoxedStrategy<Self>;

    fn arbitrary_with(size: Self::Parameters) -> Self::Strategy {
        use proptest::strategy::Strategy;
        proptest::arbitrary::any_with::<CowMap<K, ()>>(size).prop_map(Self::from).boxed()
    }
}
