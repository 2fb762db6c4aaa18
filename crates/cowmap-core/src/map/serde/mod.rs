//! Maps as maps of serde's data model, and two other forms in modules of their own; changes as enums.
//!
//! `cowmap` documents when to use which.

// The feature stands again at each public `impl`: the pages of `cowmap` show what is written there.

mod change;
pub mod pairs;
pub mod string_keys;

use core::fmt;
use core::marker::PhantomData;
use core::mem::size_of;

use serde_core::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_core::ser::{Serialize, Serializer};

use super::Map;
use crate::error::ReservedKey;
use crate::hash::Hashing;
use crate::key::{SentinelKey, encode};
use crate::policy::Paging;

#[cfg(feature = "serde")]
impl<K, V, P, H> Serialize for Map<K, V, P, H>
where
    K: SentinelKey + Serialize,
    V: Serialize,
    P: Paging,
    H: Hashing,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

/// The last of equal keys wins. The reserved key is an error that names it.
#[cfg(feature = "serde")]
impl<'de, K, V, P, H> Deserialize<'de> for Map<K, V, P, H>
where
    K: SentinelKey + Deserialize<'de>,
    V: Deserialize<'de>,
    P: Paging,
    H: Hashing + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// What makes a map of entries.
struct Entries<M>(PhantomData<M>);

/// Room for this many bytes of entries may be made before they have come: a length in the input
/// proves nothing.
const MOST_BYTES_AHEAD: usize = 64 * 1024;

impl<'de, K, V, P, H> Visitor<'de> for Entries<Map<K, V, P, H>>
where
    K: SentinelKey + Deserialize<'de>,
    V: Deserialize<'de>,
    P: Paging,
    H: Hashing + Default,
{
    type Value = Map<K, V, P, H>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        filled(entries.size_hint(), || entries.next_entry())
    }
}

/// A map of the entries that `next` gives, of which the input claims to have so many.
fn filled<K, V, P, H, E>(
    claimed: Option<usize>,
    mut next: impl FnMut() -> Result<Option<(K, V)>, E>,
) -> Result<Map<K, V, P, H>, E>
where
    K: SentinelKey,
    P: Paging,
    H: Hashing + Default,
    E: Error,
{
    // What the input claims decides nothing but how much room is made at first.
    let most = MOST_BYTES_AHEAD / size_of::<(K::Repr, V)>();
    let ahead = claimed.unwrap_or(0).min(most);
    let (mut map, mut failed) = (Map::default(), None);
    let entries = core::iter::from_fn(|| match next() {
        Ok(entry) => entry.map(|(key, value)| (encode(key), value)),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let filled = map.fill_until_reserved(entries, (ahead, None));
    filled.map_err(|_| E::custom(ReservedKey::new::<K>(())))?;
    failed.map_or(Ok(map), Err)
}
