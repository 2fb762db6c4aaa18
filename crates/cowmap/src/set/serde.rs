//! Sets as sequences of serde's data model.

use core::fmt;
use core::marker::PhantomData;

use serde_core::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_core::ser::{Serialize, Serializer};

use super::CowSet;
use cowmap_core::SentinelKey;

/// # Examples
///
/// ```
/// use cowmap::{CowMap, CowSet};
///
/// assert_eq!(serde_json::to_string(&CowSet::from([7_u64])).unwrap(), "[7]");
/// assert_eq!(serde_json::to_string(&CowMap::from([(7_u64, "seven")])).unwrap(), r#"{"7":"seven"}"#);
/// ```
impl<K: SentinelKey + Serialize> Serialize for CowSet<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

/// A key may come several times. The reserved key is an error that names it.
///
/// # Examples
///
/// ```
/// use cowmap::CowSet;
///
/// let set: CowSet<u64> = serde_json::from_str("[7, 8, 7]").unwrap();
/// assert_eq!(set, CowSet::from([7, 8]));
/// let error = serde_json::from_str::<CowSet<u64>>("[18446744073709551615]").unwrap_err();
/// assert!(error.to_string().contains("u64::MAX cannot be used as a key"));
/// ```
impl<'de, K: SentinelKey + Deserialize<'de>> Deserialize<'de> for CowSet<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Keys(PhantomData))
    }
}

/// What makes a set of keys.
struct Keys<K>(PhantomData<K>);

impl<'de, K: SentinelKey + Deserialize<'de>> Visitor<'de> for Keys<K> {
    type Value = CowSet<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of keys")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut keys: A) -> Result<CowSet<K>, A::Error> {
        // Pages come with the keys: whatever length the input claims, nothing is allocated ahead.
        let mut set = CowSet::new();
        while let Some(key) = keys.next_element()? {
            set.checked_insert(key).map_err(A::Error::custom)?;
        }
        Ok(set)
    }
}
