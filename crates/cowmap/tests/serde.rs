//! Maps and sets in serde's data model.
#![cfg(feature = "serde")]

use cowmap::{CowMap, CowSet, FlatCowMap};

#[test]
fn maps_are_maps_and_sets_are_sequences() {
    assert_eq!(serde_json::to_string(&CowMap::from([(1_u64, "one")])).unwrap(), r#"{"1":"one"}"#);
    assert_eq!(serde_json::to_string(&CowSet::from([7_i32])).unwrap(), "[7]");
    let map: CowMap<i64, i64> = (-500..500).map(|id| (id, id * 3)).collect();
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<CowMap<i64, i64>>(&text).unwrap(), map);
    assert_eq!(serde_json::from_str::<FlatCowMap<i64, i64>>(&text).unwrap().len(), 1000);
    let set: CowSet<i64> = map.keys().collect();
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<CowSet<i64>>(&text).unwrap(), set);
}

#[test]
fn the_last_of_equal_keys_wins() {
    let map: CowMap<u64, u8> = serde_json::from_str(r#"{"1":1,"2":2,"1":3}"#).unwrap();
    assert_eq!(map, CowMap::from([(1, 3), (2, 2)]));
    let set: CowSet<u64> = serde_json::from_str("[1,2,1]").unwrap();
    assert_eq!(set.len(), 2);
}

#[test]
fn the_reserved_key_is_an_error_that_names_it() {
    let reserved = "u64::MAX cannot be used as a key (reserved as empty sentinel)";
    let error = serde_json::from_str::<CowMap<u64, u8>>(r#"{"1":1,"18446744073709551615":2}"#);
    assert!(error.unwrap_err().to_string().contains(reserved));
    let error = serde_json::from_str::<CowSet<u64>>("[1,18446744073709551615]");
    assert!(error.unwrap_err().to_string().contains(reserved));
    assert!(serde_json::from_str::<CowMap<u64, u8>>("[]").is_err());
    assert!(serde_json::from_str::<CowSet<u64>>("{}").is_err());
}

/// What an input with few bytes says of its length is not believed.
#[test]
fn a_claimed_length_makes_no_large_allocation() {
    use serde_core::de::Deserialize;
    use serde_core::de::value::{Error, MapDeserializer};

    /// Says that it goes on for ever.
    struct Boasts(std::vec::IntoIter<(u64, u64)>);
    impl Iterator for Boasts {
        type Item = (u64, u64);
        fn next(&mut self) -> Option<(u64, u64)> {
            self.0.next()
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            (usize::MAX / 2, Some(usize::MAX / 2))
        }
    }
    let input = || MapDeserializer::<_, Error>::new(Boasts(vec![(1, 2)].into_iter()));
    let flat = FlatCowMap::<u64, u64>::deserialize(input()).unwrap();
    assert_eq!((flat.len(), flat.get(1)), (1, Some(&2)));
    assert!(flat.memory_usage().total <= 256 * 1024, "{:?}", flat.memory_usage());
    let paged = CowMap::<u64, u64>::deserialize(input()).unwrap();
    assert!(paged.memory_usage().total <= 4096);
}

/// A length that the input claims, or that it has while keys are equal, is no floor.
#[test]
fn what_is_read_is_no_reservation() {
    let pairs: Vec<(u64, u64)> = (0..3_000).map(|id| (id, id)).collect();
    let bytes = postcard::to_stdvec(&FlatCowMap::from_iter(pairs)).unwrap();
    let mut map: FlatCowMap<u64, u64> = postcard::from_bytes(&bytes).unwrap();
    let mut few: FlatCowMap<u64, u64> = map.iter().map(|(key, &value)| (key, value)).collect();
    assert_eq!(map.memory_usage().total, few.memory_usage().total);
    (2..3_000).for_each(|id| assert_eq!(map.remove(id), few.remove(id)));
    assert_eq!(map.memory_usage().total, few.memory_usage().total);

    // The input of a map of 3,000 pairs with one key.
    let mut equal = postcard::to_stdvec(&3_000_u64).unwrap();
    (0..3_000).for_each(|_| equal.extend([7, 8]));
    let map: FlatCowMap<u64, u64> = postcard::from_bytes(&equal).unwrap();
    assert_eq!((map.len(), map[7]), (1, 8));
    assert!(map.capacity() < 100, "{}", map.capacity());

    #[derive(serde::Deserialize)]
    struct Pairs(#[serde(with = "cowmap::serde_forms::pairs")] FlatCowMap<u64, u64>);
    let map = postcard::from_bytes::<Pairs>(&equal).unwrap().0;
    assert!(map.len() == 1 && map.capacity() < 100, "{}", map.capacity());
    #[derive(serde::Deserialize)]
    struct Strings(#[serde(with = "cowmap::serde_forms::string_keys")] FlatCowMap<u64, u64>);
    let map = postcard::from_bytes::<Strings>(&equal).unwrap().0;
    assert!(map.len() == 1 && map.capacity() < 100, "{}", map.capacity());
}
