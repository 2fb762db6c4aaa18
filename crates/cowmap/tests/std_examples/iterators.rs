//! The pages of the iterators: how each is made, and its default.

use cowmap::{
    CowMap, CowSet, Drain, Fixed, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys, Paged,
    Values, ValuesMut, set,
};

#[test]
fn each_comes_from_its_method() {
    let mut map = CowMap::from([(1_u64, "a")]);
    let mut iter: Iter<'_, u64, &str> = map.iter();
    assert_eq!((iter.next(), iter.next()), (Some((1, &"a")), None));
    let mut keys: Keys<'_, u64, &str> = map.keys();
    assert_eq!((keys.len(), keys.next()), (1, Some(1)));
    let mut values: Values<'_, u64, &str> = map.values();
    assert_eq!((values.len(), values.next()), (1, Some(&"a")));
    let mut iter_mut: IterMut<'_, u64, &str, Paged, Fixed> = map.iter_mut();
    assert_eq!(iter_mut.next(), Some((1, &mut "a")));
    let mut values_mut: ValuesMut<'_, u64, &str, Paged, Fixed> = map.values_mut();
    assert_eq!(values_mut.next(), Some(&mut "a"));
    let mut keys: IntoKeys<u64, &str, Paged> = map.clone().into_keys();
    assert_eq!(keys.next(), Some(1));
    let mut values: IntoValues<u64, &str, Paged> = map.clone().into_values();
    assert_eq!(values.next(), Some("a"));
    let mut entries: IntoIter<u64, &str, Paged> = map.clone().into_iter();
    assert_eq!(entries.next(), Some((1, "a")));
    let mut drain: Drain<'_, u64, &str, Paged> = map.drain();
    assert_eq!(drain.next(), Some((1, "a")));
}

#[test]
fn the_default_of_each_is_empty() {
    assert_eq!(Iter::<'_, u64, u8>::default().len(), 0);
    assert_eq!(IterMut::<'_, u64, u8, Paged, Fixed>::default().len(), 0);
    assert_eq!(IntoIter::<u64, u8, Paged>::default().len(), 0);
    assert_eq!(Keys::<'_, u64, u8>::default().len(), 0);
    assert_eq!(Values::<'_, u64, u8>::default().len(), 0);
    assert_eq!(ValuesMut::<'_, u64, u8, Paged, Fixed>::default().len(), 0);
    assert_eq!(IntoKeys::<u64, u8, Paged>::default().len(), 0);
    assert_eq!(IntoValues::<u64, u8, Paged>::default().len(), 0);
    assert_eq!(set::Iter::<'_, u64>::default().len(), 0);
    assert_eq!(set::IntoIter::<u64>::default().len(), 0);
}

#[test]
fn those_of_sets_too() {
    let (mut a, b) = (CowSet::from([1_u64, 2]), CowSet::from([2, 3]));
    let mut iter: set::Iter<'_, u64> = a.iter();
    assert!(iter.next().is_some());
    let mut intersection: set::Intersection<'_, u64> = a.intersection(&b);
    assert_eq!(intersection.next(), Some(2));
    let mut difference: set::Difference<'_, u64> = a.difference(&b);
    assert_eq!(difference.next(), Some(1));
    let symmetric: set::SymmetricDifference<'_, u64> = a.symmetric_difference(&b);
    assert_eq!(symmetric.count(), 2);
    let union: set::Union<'_, u64> = a.union(&b);
    assert_eq!(union.count(), 3);
    let into_iter: set::IntoIter<u64> = a.clone().into_iter();
    assert_eq!(into_iter.len(), 2);
    let drain: set::Drain<'_, u64> = a.drain();
    assert_eq!(drain.len(), 2);
}
