//! A map as a sequence of pairs of a key and a value, whatever the format: for
//! `#[serde(with = "cowmap::serde_forms::pairs")]`.
//!
//! Keys are written and read by their own `Serialize` and `Deserialize`, so that they may be more
//! than integers.
//!
//! Writing and reading are O(capacity) and O(n). When reading, the last of equal keys wins, the
//! reserved key is an error that names it, and a length that the input claims makes no large
//! allocation.

use core::fmt;
use core::marker::PhantomData;

use serde_core::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_core::ser::{Serialize, Serializer};

use super::{Map, filled};
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::policy::Paging;

/// Writes a map as a sequence of pairs. O(capacity).
///
/// # Errors
///
/// Those of the serializer, and of a key or a value that cannot be written.
///
/// # Examples
///
/// ```
/// use cowmap_core::CowMap;
/// use cowmap_core::serde_forms::pairs;
///
/// let map = CowMap::from([(1_u64, "one")]);
/// let value = pairs::serialize(&map, serde_json::value::Serializer).unwrap();
/// assert_eq!(value, serde_json::json!([[1, "one"]]));
/// ```
pub fn serialize<K, V, P, H, S>(map: &Map<K, V, P, H>, serializer: S) -> Result<S::Ok, S::Error>
where
    K: SentinelKey + Serialize,
    V: Serialize,
    P: Paging,
    H: Hashing,
    S: Serializer,
{
    serializer.collect_seq(map)
}

/// Reads a map from a sequence of pairs. O(n).
///
/// # Errors
///
/// Those of the deserializer, of a key or a value that cannot be read, and the reserved key, which
/// is named.
///
/// # Examples
///
/// ```
/// use cowmap_core::CowMap;
/// use cowmap_core::serde_forms::pairs;
///
/// let input = serde_json::json!([[1, "one"], [2, "two"]]);
/// let map: CowMap<u64, String> = pairs::deserialize(input).unwrap();
/// assert_eq!(map[2], "two");
/// ```
pub fn deserialize<'de, K, V, P, H, D>(deserializer: D) -> Result<Map<K, V, P, H>, D::Error>
where
    K: SentinelKey + Deserialize<'de>,
    V: Deserialize<'de>,
    P: Paging,
    H: Hashing + Default,
    D: Deserializer<'de>,
{
    deserializer.deserialize_seq(Pairs(PhantomData))
}

/// What makes a map of pairs.
struct Pairs<M>(PhantomData<M>);

impl<'de, K, V, P, H> Visitor<'de> for Pairs<Map<K, V, P, H>>
where
    K: SentinelKey + Deserialize<'de>,
    V: Deserialize<'de>,
    P: Paging,
    H: Hashing + Default,
{
    type Value = Map<K, V, P, H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of pairs of a key and a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<Self::Value, A::Error> {
        filled(pairs.size_hint(), || pairs.next_element())
    }
}
