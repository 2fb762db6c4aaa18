//! What iterators are, and what they show.

use crate::common::{Random, on_every_map};
use crate::{MANY, Numbers, numbers, sorted};
use cowmap_core::{Hashing, IntoIter, Paged, Paging};

fn sorted_iteration_is_by_key<P: Paging, H: Hashing + Default>() {
    let keys = Random::new(9).keys(500);
    let map: Numbers<P, H> = keys.iter().map(|&key| (key, key)).collect();
    let sorted_keys = sorted(keys);
    assert!(map.iter_sorted().map(|(key, _)| key).eq(sorted_keys.iter().copied()));
    assert!(map.iter_sorted().rev().map(|(_, &value)| value).eq(sorted_keys.into_iter().rev()));
    assert_eq!(map.iter_sorted().len(), 500);
}

fn iterators_show_what_is_left<P: Paging, H: Hashing + Default>() {
    let mut map = numbers::<P, H>(1);
    assert_eq!(format!("{:?}", map.iter_mut()), "[(0, 0)]");
    assert_eq!(format!("{:?}", map.values_mut()), "[0]");
    assert_eq!(format!("{:?}", map.iter_sorted()), "[(0, 0)]");
    assert_eq!(format!("{:?}", map.clone().into_iter()), "[(0, 0)]");
    assert_eq!(format!("{:?}", map.clone().into_keys()), "[0]");
    assert_eq!(format!("{:?}", map.clone().into_values()), "[0]");
    assert_eq!(format!("{:?}", map.drain()), "[(0, 0)]");
    let mut map = numbers::<P, H>(MANY);
    let mut left = map.iter_mut();
    assert_eq!(left.by_ref().take(700).count(), 700);
    assert_eq!(format!("{left:?}").matches('(').count() as i64, MANY - 700);
    let mut left = map.into_iter();
    assert_eq!(left.by_ref().take(700).count(), 700);
    assert_eq!(format!("{left:?}").matches('(').count() as i64, MANY - 700);
}

#[test]
fn default_iterators_are_empty() {
    use cowmap_core::{Fixed, IntoKeys, IntoValues, Iter, IterMut, IterSorted, ValuesMut};
    assert_eq!(Iter::<i64, u8>::default().count(), 0);
    assert_eq!(IterMut::<i64, u8, Paged, Fixed>::default().count(), 0);
    assert_eq!(ValuesMut::<i64, u8, Paged, Fixed>::default().count(), 0);
    assert_eq!(IterSorted::<i64, u8>::default().count(), 0);
    assert_eq!(IntoIter::<i64, u8, Paged>::default().count(), 0);
    assert_eq!(IntoKeys::<i64, u8, Paged>::default().count(), 0);
    assert_eq!(IntoValues::<i64, u8, Paged>::default().count(), 0);
}

#[test]
fn iterators_can_be_sent_as_their_maps_can() {
    use cowmap_core::{Drain, ExtractIf, Fixed, IntoKeys, IterMut, IterSorted, ValuesMut};
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<IterMut<'static, i64, String, Paged, Fixed>>();
    is_sync::<IterMut<'static, i64, String, Paged, Fixed>>();
    is_send::<ValuesMut<'static, i64, String, Paged, Fixed>>();
    is_send::<Drain<'static, i64, String, Paged>>();
    is_sync::<Drain<'static, i64, String, Paged>>();
    is_send::<IntoKeys<i64, String, Paged>>();
    is_send::<IterSorted<'static, i64, String>>();
    is_send::<ExtractIf<'static, i64, String, Paged, Fixed, fn(i64, &String) -> bool>>();
    is_send::<IntoIter<i64, String, Paged>>();
}

on_every_map!(sorted_iteration_is_by_key, iterators_show_what_is_left,);
