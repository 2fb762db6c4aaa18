//! The derive macro: what it accepts works, and what it refuses is refused where the mistake is.
#![cfg(feature = "derive")]

use std::num::NonZeroU32;

use cowmap::{CowMap, CowSet, SentinelKey};

#[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
struct Plain(u64);

#[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
#[sentinel(0)]
struct Chosen {
    id: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
struct Never(NonZeroU32);

#[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
#[sentinel(i64::MAX - 1)]
struct Nested(Chosen);

#[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
struct Generic<T>(T)
where
    T: SentinelKey;

#[test]
fn newtypes_are_keys() {
    let mut map = CowMap::from([(Plain(1), 'a')]);
    assert_eq!(map.get(Plain(1)), Some(&'a'));
    assert!(map.checked_insert(Plain(u64::MAX), 'b').is_err());

    let set = CowSet::from([Chosen { id: i64::MIN }]);
    assert!(set.iter().eq([Chosen { id: i64::MIN }]));
    assert_eq!(Chosen::SENTINEL, 0);
    assert_eq!(Nested::SENTINEL, i64::MAX - 1);
    assert_eq!(Nested::from_repr(7), Nested(Chosen { id: 7 }));

    let key = Never(NonZeroU32::MAX);
    assert!(CowSet::from([key]).iter().eq([key]));
    assert!(CowSet::from([Generic(5_u32)]).contains(Generic(5)));
}

#[test]
fn mistakes_are_reported_where_they_are() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/derive/*.rs");
}
