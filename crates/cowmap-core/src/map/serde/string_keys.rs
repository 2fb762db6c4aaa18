//! A map whose keys are strings of their integers, such as `"42"` and `"-7"`: for
//! `#[serde(with = "cowmap::serde_forms::string_keys")]`.
//!
//! Keys are written as strings in formats that people read, such as JSON and TOML, which then read
//! both strings and integers. In binary formats keys are integers, as without the attribute; both
//! are read where serde has kept the input before it knew the types.
//!
//! The integer is that of [`SentinelKey::into_repr`]. The key type needs neither `Serialize` nor
//! `Deserialize`, and has no say if it has them. For reading, [`SentinelKey::from_repr`] gets
//! integers that anybody may have written. If some of them are no keys of yours, it must not panic;
//! let it return a key with another integer, and reading fails with an error that names the wrong
//! one.
//!
//! Writing and reading are O(capacity) and O(n). When reading, the last of equal keys wins, the
//! reserved key is an error that names it, and a length that the input claims makes no large
//! allocation.

use core::any::type_name;
use core::fmt;
use core::marker::PhantomData;

use serde_core::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde_core::ser::{Serialize, Serializer};

use super::{Map, filled};
use crate::error::ReservedKey;
use crate::hash::Hashing;
use crate::key::{Repr, SentinelKey, sealed::Sealed};
use crate::policy::Paging;

/// Writes a map whose keys are strings if the format is one that people read, and integers if not.
/// O(capacity).
///
/// # Errors
///
/// Those of the serializer, and of a value that cannot be written.
///
/// # Examples
///
/// ```
/// use cowmap_core::CowMap;
/// use cowmap_core::serde_forms::string_keys;
///
/// let map = CowMap::from([(-1_i64, true)]);
/// let value = string_keys::serialize(&map, serde_json::value::Serializer).unwrap();
/// assert_eq!(value, serde_json::json!({"-1": true}));
/// ```
pub fn serialize<K, V, P, H, S>(map: &Map<K, V, P, H>, serializer: S) -> Result<S::Ok, S::Error>
where
    K: SentinelKey,
    V: Serialize,
    P: Paging,
    H: Hashing,
    S: Serializer,
{
    let written = if serializer.is_human_readable() { Written::Text } else { Written::Integer };
    serializer.collect_map(map.iter().map(|(key, value)| (written(key.into_repr()), value)))
}

/// Reads a map whose keys are strings of integers, or integers. O(n).
///
/// # Errors
///
/// Those of the deserializer and of a value that cannot be read. A key that is no integer of the
/// key's type, or the reserved one, is named.
///
/// # Examples
///
/// ```
/// use cowmap_core::CowMap;
/// use cowmap_core::serde_forms::string_keys;
///
/// let read = |input| string_keys::deserialize::<u64, bool, _, _, _>(input);
/// let map: CowMap<u64, bool> = read(serde_json::json!({"1": true})).unwrap();
/// assert_eq!(map, CowMap::from([(1, true)]));
///
/// let wrong: Result<CowMap<u64, bool>, _> = read(serde_json::json!({"one": true}));
/// assert!(wrong.unwrap_err().to_string().contains("\"one\""));
/// ```
pub fn deserialize<'de, K, V, P, H, D>(deserializer: D) -> Result<Map<K, V, P, H>, D::Error>
where
    K: SentinelKey,
    V: Deserialize<'de>,
    P: Paging,
    H: Hashing + Default,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(Entries(PhantomData))
}

/// A key's integer, and how it is written.
enum Written<R> {
    Text(R),
    Integer(R),
}

impl<R: Repr> Serialize for Written<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Written::Text(repr) => serializer.collect_str(repr),
            Written::Integer(repr) => repr.serialize(serializer),
        }
    }
}

/// A key that was a string or an integer.
struct Read<K>(K);

impl<'de, K: SentinelKey> Deserialize<'de> for Read<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = KeyVisitor(PhantomData);
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(key)
        } else {
            // The format may not tell what comes.
            K::Repr::visit(deserializer, key)
        }
    }
}

struct KeyVisitor<K>(PhantomData<K>);

impl<K: SentinelKey> KeyVisitor<K> {
    /// The key of an integer that was read, or which one was wrong.
    fn key<E: Error>(&self, read: Option<K::Repr>, wrong: Unexpected<'_>) -> Result<Read<K>, E> {
        let repr = read.ok_or_else(|| E::invalid_value(wrong, self))?;
        if repr == K::SENTINEL {
            return Err(E::custom(ReservedKey::new::<K>(())));
        }
        match K::try_from_repr(repr) {
            Some(key) if key.into_repr() == repr => Ok(Read(key)),
            _ => Err(E::custom(format_args!("{repr} is not a key of type {}", type_name::<K>()))),
        }
    }
}

impl<'de, K: SentinelKey> Visitor<'de> for KeyVisitor<K> {
    type Value = Read<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer of type {}, or a string of one", K::Repr::NAME)
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<Read<K>, E> {
        self.key(integer.try_into().ok(), Unexpected::Signed(integer))
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<Read<K>, E> {
        self.key(integer.try_into().ok(), Unexpected::Unsigned(integer))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Read<K>, E> {
        self.key(text.parse().ok(), Unexpected::Str(text))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inside: D) -> Result<Read<K>, D::Error> {
        Read::deserialize(inside)
    }
}

/// What makes a map of entries with such keys.
struct Entries<M>(PhantomData<M>);

impl<'de, K, V, P, H> Visitor<'de> for Entries<Map<K, V, P, H>>
where
    K: SentinelKey,
    V: Deserialize<'de>,
    P: Paging,
    H: Hashing + Default,
{
    type Value = Map<K, V, P, H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        filled(entries.size_hint(), || {
            Ok(entries.next_entry()?.map(|(Read(key), value)| (key, value)))
        })
    }
}
