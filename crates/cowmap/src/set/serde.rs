//! Sets as sequences of serde's data model.

use core::fmt;
use core::marker::PhantomData;

use serde_core::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_core::ser::{Serialize, Serializer};

use super::CowSet;
use cowmap_core::SentinelKey;

impl<K: SentinelKey + Serialize> Serialize for CowSet<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

/// A key may come several times. The reserved key is an error that names it.
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
