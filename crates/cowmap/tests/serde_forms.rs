//! Maps with string keys and as pairs, in formats and shapes where a map of integers cannot be
//! written or cannot be read back.
#![cfg(feature = "serde")]
#![allow(clippy::large_enum_variant)] // what users may write

use std::fmt::{Debug, Display};
use std::num::{NonZeroI64, NonZeroU32};

use cowmap::serde_forms::{pairs, string_keys};
use cowmap::{CowMap, CowSet, Fixed, FlatCowMap, Paged, Seeded, SeededCowMap, SentinelKey};
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::{Deserialize, Serialize};

/// A key that serde knows nothing of.
#[derive(Clone, Copy, Debug, PartialEq)]
struct OrderId(i64);

impl SentinelKey for OrderId {
    type Repr = i64;
    const SENTINEL: i64 = 0;
    fn into_repr(self) -> i64 {
        self.0
    }
    fn from_repr(repr: i64) -> Self {
        OrderId(repr)
    }
}

/// A key type of which only even integers are keys.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Even(u32);

impl SentinelKey for Even {
    type Repr = u32;
    const SENTINEL: u32 = u32::MAX;
    fn into_repr(self) -> u32 {
        self.0 * 2
    }
    fn from_repr(repr: u32) -> Self {
        Even(repr / 2)
    }
}

/// A key that no format takes for a string.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    x: u16,
    y: u16,
}

impl SentinelKey for Place {
    type Repr = u32;
    const SENTINEL: u32 = u32::MAX;
    fn into_repr(self) -> u32 {
        u32::from(self.x) << 16 | u32::from(self.y)
    }
    fn from_repr(repr: u32) -> Self {
        Place { x: (repr >> 16) as u16, y: repr as u16 }
    }
}

/// Maps of every kind, with keys of many types, and a set, which needs no attribute.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tables {
    #[serde(with = "string_keys")]
    paged: CowMap<u64, String>,
    #[serde(with = "string_keys")]
    flat: FlatCowMap<i64, bool>,
    #[serde(with = "string_keys")]
    seeded: SeededCowMap<i32, i32>,
    #[serde(with = "string_keys")]
    sized: FlatCowMap<isize, char>,
    #[serde(with = "string_keys")]
    signs: CowMap<NonZeroI64, Vec<u8>>,
    #[serde(with = "string_keys")]
    orders: CowMap<OrderId, u8>,
    #[serde(with = "pairs")]
    paired: CowMap<u32, u8>,
    #[serde(with = "pairs")]
    places: FlatCowMap<Place, u8>,
    #[serde(with = "pairs")]
    seeded_pairs: SeededCowMap<NonZeroU32, u8>,
    set: CowSet<i64>,
}

impl PartialEq for Tables {
    fn eq(&self, other: &Self) -> bool {
        let Tables { paged, flat, seeded, sized, signs, orders, paired, places, seeded_pairs, set } =
            self;
        (paged, flat, seeded) == (&other.paged, &other.flat, &other.seeded)
            && (sized, signs, orders) == (&other.sized, &other.signs, &other.orders)
            && (paired, places, seeded_pairs) == (&other.paired, &other.places, &other.seeded_pairs)
            && set == &other.set
    }
}

fn tables() -> Tables {
    let non_zero = |key: i64| NonZeroI64::new(key).expect("not zero");
    Tables {
        paged: [(0, "zero".to_owned()), (7, "seven".to_owned()), (u64::MAX - 1, String::new())]
            .into(),
        flat: (-300..300).map(|key| (key, key % 3 == 0)).chain([(i64::MAX, true)]).collect(),
        seeded: [(i32::MIN + 1, -1), (i32::MAX, 1)].into(),
        sized: [(-1, '-'), (0, '0'), (isize::MAX, '+')].into(),
        signs: [(non_zero(i64::MIN), vec![1]), (non_zero(-1), vec![2, 3])].into(),
        orders: [(OrderId(-5), 5), (OrderId(i64::MIN), 6)].into(),
        paired: [(0, 0), (u32::MAX - 1, 1)].into(),
        places: [(Place { x: 1, y: 2 }, 3), (Place { x: 9, y: 0 }, 4)].into(),
        seeded_pairs: [(NonZeroU32::MIN, 0), (NonZeroU32::MAX, 1)].into(),
        set: [-1, 0, i64::MAX].into(),
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum External {
    Tables(Tables),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Internal {
    Nothing,
    Tables(Tables),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "content")]
enum Adjacent {
    Nothing,
    Tables(Tables),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Tables(Tables),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flattened {
    name: String,
    #[serde(flatten)]
    tables: Tables,
}

/// The map is all that the struct has besides its name: each key is a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Spread {
    name: String,
    #[serde(flatten, with = "string_keys")]
    fields: CowMap<i64, String>,
}

/// A shape within another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Nested {
    outer: Internal,
}

/// What a format does with a value: it writes it and reads it back.
trait Format {
    fn again<T: Serialize + DeserializeOwned>(value: &T) -> T;
}

fn in_plain_shapes<F: Format>() {
    let tables = tables();
    assert_eq!(F::again(&tables), tables);
    let external = External::Tables(tables);
    assert_eq!(F::again(&external), external);
}

fn in_every_shape<F: Format>() {
    in_plain_shapes::<F>();
    let tables = tables();
    let internal = Internal::Tables(tables.clone());
    assert_eq!(F::again(&internal), internal);
    let nested = Nested { outer: internal };
    assert_eq!(F::again(&nested), nested);
    let adjacent = Adjacent::Tables(tables.clone());
    assert_eq!(F::again(&adjacent), adjacent);
    let untagged = Untagged::Tables(tables.clone());
    assert_eq!(F::again(&untagged), untagged);
    let flattened = Flattened { name: "all".to_owned(), tables };
    assert_eq!(F::again(&flattened), flattened);
    let fields = [(-7, "less".to_owned()), (42, "more".to_owned())].into();
    let spread = Spread { name: "some".to_owned(), fields };
    assert_eq!(F::again(&spread), spread);
}

fn read<T: DeserializeOwned, E: Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("cannot read {}: {error}", std::any::type_name::<T>()))
}

#[test]
fn json() {
    struct Json;
    impl Format for Json {
        fn again<T: Serialize + DeserializeOwned>(value: &T) -> T {
            let text = serde_json::to_string(value).unwrap();
            let tree = serde_json::to_value(value).unwrap();
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), tree);
            drop(read(serde_json::from_value::<T>(tree)));
            drop(read(serde_json::from_reader::<_, T>(text.as_bytes())));
            read(serde_json::from_str(&text))
        }
    }
    in_every_shape::<Json>();
    // As serde_json writes the map itself, so that what was written before can be read.
    let text = serde_json::to_value(tables()).unwrap();
    assert_eq!(text["seeded"], serde_json::to_value(tables().seeded).unwrap());
    assert_eq!(text["paired"].as_array().unwrap().len(), 2);
}

#[test]
fn toml() {
    struct Toml;
    impl Format for Toml {
        fn again<T: Serialize + DeserializeOwned>(value: &T) -> T {
            read(toml::from_str(&toml::to_string(value).unwrap()))
        }
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Wide {
        #[serde(with = "string_keys")]
        map: CowMap<u64, u8>,
    }
    in_every_shape::<Toml>();
    let wide = Wide { map: CowMap::from([(u64::MAX - 1, 1)]) };
    assert_eq!(toml::to_string(&wide).unwrap(), "[map]\n18446744073709551614 = 1\n");
    assert_eq!(Toml::again(&wide), wide);
}

#[test]
fn cbor() {
    struct Cbor;
    impl Format for Cbor {
        fn again<T: Serialize + DeserializeOwned>(value: &T) -> T {
            let mut bytes = Vec::new();
            ciborium::into_writer(value, &mut bytes).unwrap();
            read(ciborium::from_reader(&bytes[..]))
        }
    }
    in_every_shape::<Cbor>();
}

#[test]
fn message_pack() {
    struct Named;
    impl Format for Named {
        fn again<T: Serialize + DeserializeOwned>(value: &T) -> T {
            read(rmp_serde::from_slice(&rmp_serde::to_vec_named(value).unwrap()))
        }
    }
    in_every_shape::<Named>();

    /// Structs as arrays.
    struct Compact;
    impl Format for Compact {
        fn again<T: Serialize + DeserializeOwned>(value: &T) -> T {
            read(rmp_serde::from_slice(&rmp_serde::to_vec(value).unwrap()))
        }
    }
    in_plain_shapes::<Compact>();

    /// As if people read it.
    struct Text;
    impl Format for Text {
        fn again<T: Serialize + DeserializeOwned>(value: &T) -> T {
            let mut bytes = Vec::new();
            let mut writer =
                rmp_serde::Serializer::new(&mut bytes).with_struct_map().with_human_readable();
            value.serialize(&mut writer).unwrap();
            let mut reader = rmp_serde::Deserializer::new(&bytes[..]).with_human_readable();
            read(T::deserialize(&mut reader))
        }
    }
    in_every_shape::<Text>();
}

/// It does not tell types, so only shapes that need not be guessed can be read.
#[test]
fn postcard() {
    struct Postcard;
    impl Format for Postcard {
        fn again<T: Serialize + DeserializeOwned>(value: &T) -> T {
            read(postcard::from_bytes(&postcard::to_stdvec(value).unwrap()))
        }
    }
    in_plain_shapes::<Postcard>();
    // Binary formats are as without the attribute.
    #[derive(Serialize)]
    struct Strings(#[serde(with = "string_keys")] CowMap<i32, u8>);
    #[derive(Serialize)]
    struct Plain(CowMap<i32, u8>);
    let map = CowMap::from([(-300, 1), (2, 2)]);
    let strings = postcard::to_stdvec(&Strings(map.clone())).unwrap();
    assert_eq!(strings, postcard::to_stdvec(&Plain(map)).unwrap());
}

/// Reads a map with string keys of JSON.
fn from_json<K: SentinelKey>(text: &str) -> Result<CowMap<K, u8>, String> {
    string_keys::deserialize(&mut serde_json::Deserializer::from_str(text))
        .map_err(|error| error.to_string())
}

#[track_caller]
fn refuses<K: SentinelKey + Debug>(text: &str, why: &str) {
    let error = from_json::<K>(text).unwrap_err();
    assert!(error.contains(why), "{error}");
}

#[test]
fn a_wrong_key_is_an_error_that_names_it() {
    refuses::<u64>(
        r#"{"1":1,"18446744073709551615":2}"#,
        "u64::MAX cannot be used as a key (reserved as empty sentinel)",
    );
    refuses::<NonZeroI64>(r#"{"0":1}"#, "0_i64 cannot be used as a key");
    refuses::<OrderId>(r#"{"0":1}"#, "0_i64 cannot be used as a key");
    let expected =
        r#"invalid value: string "seven", expected an integer of type i32, or a string of one"#;
    refuses::<i32>(r#"{"seven":1}"#, expected);
    refuses::<i32>(r#"{"2147483648":1}"#, r#"string "2147483648""#);
    refuses::<u32>(r#"{"-1":1}"#, r#"string "-1""#);
    refuses::<u32>(r#"{"":1}"#, r#"string """#);
    refuses::<u32>(r#"{" 1":1}"#, r#"string " 1""#);
    assert_eq!(from_json(r#"{"6":1}"#), Ok(CowMap::from([(Even(3), 1)])));
    refuses::<Even>(r#"{"7":1}"#, "7 is not a key of type serde_forms::Even");
    refuses::<u32>("[]", "expected a map");

    let pairs = |text: &str| -> Result<CowMap<u64, u8>, serde_json::Error> {
        pairs::deserialize(&mut serde_json::Deserializer::from_str(text))
    };
    let error = pairs("[[18446744073709551615,1]]").unwrap_err().to_string();
    assert!(error.contains("u64::MAX cannot be used as a key"), "{error}");
    let error = pairs("{}").unwrap_err().to_string();
    assert!(error.contains("expected a sequence of pairs of a key and a value"), "{error}");
    assert!(pairs("[[1]]").is_err());

    // Integers of other types, in a format that has them as keys.
    let cbor = |key: i64| {
        let mut bytes = Vec::new();
        ciborium::into_writer(&CowMap::from([(key, 1_u8)]), &mut bytes).unwrap();
        bytes
    };
    #[derive(Debug, Deserialize)]
    struct Small(#[serde(with = "string_keys")] CowMap<u32, u8>);
    assert_eq!(ciborium::from_reader::<Small, _>(&cbor(7)[..]).unwrap().0.len(), 1);
    let error = ciborium::from_reader::<Small, _>(&cbor(u32::MAX.into())[..]).unwrap_err();
    assert!(error.to_string().contains("u32::MAX cannot be used as a key"), "{error}");
    for key in [-1, 1 << 40] {
        assert!(ciborium::from_reader::<Small, _>(&cbor(key)[..]).is_err());
        let entries = MapDeserializer::<_, Error>::new([(key, 0_u8)].into_iter());
        let error = string_keys::deserialize::<u32, u8, Paged, Fixed, _>(entries).unwrap_err();
        let wrong = format!("invalid value: integer `{key}`, expected an integer of type u32");
        assert!(error.to_string().contains(&wrong), "{error}");
    }
}

#[test]
fn strings_and_integers_are_read_and_the_last_of_equal_keys_wins() {
    let map = from_json::<i64>(r#"{"-1":1,"2":2,"-1":3}"#);
    assert_eq!(map, Ok(CowMap::from([(-1, 3), (2, 2)])));

    // Where serde has kept the input, keys of both kinds may stand side by side.
    #[derive(Clone)]
    enum Key {
        Text(&'static str),
        Integer(i64),
    }
    impl<'de> IntoDeserializer<'de, Error> for Key {
        type Deserializer = Self;
        fn into_deserializer(self) -> Self {
            self
        }
    }
    impl<'de> Deserializer<'de> for Key {
        type Error = Error;
        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self {
                Key::Text(text) => visitor.visit_borrowed_str(text),
                Key::Integer(integer) => visitor.visit_i64(integer),
            }
        }
        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
            option unit unit_struct newtype_struct seq tuple tuple_struct map struct enum
            identifier ignored_any
        }
    }
    let entries =
        [(Key::Text("-5"), 1), (Key::Integer(6), 2), (Key::Integer(-5), 3), (Key::Text("6"), 4)];
    let map = string_keys::deserialize(MapDeserializer::new(entries.into_iter()));
    assert_eq!(map, Ok(CowMap::from([(-5_i32, 3_u8), (6, 4)])));

    let pairs: CowMap<u64, u8> =
        pairs::deserialize(serde_json::json!([[1, 1], [2, 2], [1, 3]])).unwrap();
    assert_eq!(pairs, CowMap::from([(1, 3), (2, 2)]));
}

/// What an input with few bytes says of its length is not believed.
#[test]
fn a_claimed_length_makes_no_large_allocation() {
    /// Says that it goes on for ever.
    struct Boasts<T>(std::vec::IntoIter<T>);
    impl<T> Iterator for Boasts<T> {
        type Item = T;
        fn next(&mut self) -> Option<T> {
            self.0.next()
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            (usize::MAX / 2, Some(usize::MAX / 2))
        }
    }
    let map = MapDeserializer::<_, Error>::new(Boasts(vec![(1_u64, 2_u64)].into_iter()));
    let flat: FlatCowMap<u64, u64> = string_keys::deserialize(map).unwrap();
    assert_eq!((flat.len(), flat.get(1)), (1, Some(&2)));
    assert!(flat.memory_usage().total <= 256 * 1024, "{:?}", flat.memory_usage());

    let empty = SeqDeserializer::<_, Error>::new(Boasts(Vec::<u64>::new().into_iter()));
    let flat: FlatCowMap<u64, u64> = pairs::deserialize(empty).unwrap();
    assert!(flat.memory_usage().total <= 256 * 1024, "{:?}", flat.memory_usage());

    // MessagePack: a map, or an array, of 2^32 - 1 entries, none of which is there.
    #[derive(Debug, Deserialize)]
    struct Strings(
        #[serde(with = "string_keys")]
        #[expect(dead_code)]
        FlatCowMap<u64, u64>,
    );
    #[derive(Debug, Deserialize)]
    struct Pairs(
        #[serde(with = "pairs")]
        #[expect(dead_code)]
        FlatCowMap<u64, u64>,
    );
    assert!(rmp_serde::from_slice::<Strings>(&[0xdf, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(rmp_serde::from_slice::<Pairs>(&[0xdd, 0xff, 0xff, 0xff, 0xff]).is_err());
}

/// A secret is not written: what is read is hashed with another.
#[test]
fn seeded_maps_are_read_with_a_secret_of_their_own() {
    let map: SeededCowMap<u64, u8> = [(1, 1)].into();
    let value = string_keys::serialize(&map, serde_json::value::Serializer).unwrap();
    let again: cowmap::Map<u64, u8, cowmap::Flat, Seeded> =
        string_keys::deserialize(value).unwrap();
    assert_eq!(again.get(1), Some(&1));
}

/// A crate that imports everything from `cowmap` still finds serde by its plain name.
mod glob_import {
    #[allow(unused_imports, reason = "what is shown")]
    use cowmap::*;
    use serde::Deserialize;

    #[test]
    fn leaves_the_name_of_serde_alone() {
        #[derive(Deserialize)]
        struct Table(CowMap<u64, u64>);
        assert_eq!(serde_json::from_str::<Table>("{\"1\":2}").unwrap().0[1], 2);
    }
}

/// A sentinel of one's own leaves an integer that the inner key type has none for.
#[cfg(feature = "derive")]
#[test]
fn an_integer_without_a_key_is_refused() {
    use cowmap::SentinelKey;
    use std::num::NonZeroU64;

    #[derive(SentinelKey, Clone, Copy, Debug, PartialEq)]
    #[sentinel(7)]
    struct Id(NonZeroU64);

    let read = |text: &str| {
        let mut input = serde_json::Deserializer::from_str(text);
        string_keys::deserialize::<Id, bool, _, _, _>(&mut input)
    };
    let map: cowmap::CowMap<Id, bool> = read("{\"3\":true}").unwrap();
    assert_eq!(map.len(), 1);
    let error = read("{\"0\":true}").map(|map: cowmap::CowMap<Id, bool>| map).unwrap_err();
    assert!(error.to_string().contains("0 is not a key of type"), "{error}");
    assert!(read("{\"7\":true}").map(|map: cowmap::CowMap<Id, bool>| map).is_err());
}
