//! A change as an enum of serde's data model, whose variants are `added`, `removed` and `updated`.
//!
//! It is written by hand, because serde's derive is no dependency.

use core::fmt;
use core::marker::PhantomData;

use serde_core::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde_core::ser::{Serialize, SerializeStructVariant, Serializer};

use crate::error::ReservedKey;
use crate::key::{SentinelKey, encode};
use crate::map::Change;
use crate::word::Word;

const VARIANTS: &[&str] = &["added", "removed", "updated"];
const UPDATED: usize = 2;

/// The fields of a variant.
const fn fields(variant: usize) -> &'static [&'static str] {
    if variant == UPDATED { &["key", "old", "new"] } else { &["key", "value"] }
}

/// An enum whose variants have fields: in JSON `{"added":{"key":1,"value":"a"}}`,
/// `{"removed":{"key":1,"value":"a"}}` and `{"updated":{"key":1,"old":"a","new":"b"}}`. The change
/// may lend its values or own them.
///
/// # Examples
///
/// ```
/// use cowmap_core::{Change, CowMap};
///
/// let (old, new) = (CowMap::new(), CowMap::from([(1_u64, "one")]));
/// let changes: Vec<_> = old.diff(&new).collect();
/// let text = serde_json::to_string(&changes)?;
/// assert_eq!(text, r#"[{"added":{"key":1,"value":"one"}}]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[cfg(feature = "serde")]
impl<K: Serialize, T: Serialize> Serialize for Change<K, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (index, key, values) = match self {
            Change::Added { key, value } => (0, key, [Some(value), None]),
            Change::Removed { key, value } => (1, key, [Some(value), None]),
            Change::Updated { key, old, new } => (UPDATED, key, [Some(old), Some(new)]),
        };
        let names = fields(index);
        // There are three variants.
        let (variant, number) = (VARIANTS[index], index as u32);
        let mut fields =
            serializer.serialize_struct_variant("Change", number, variant, names.len())?;
        fields.serialize_field(names[0], key)?;
        for (name, value) in names[1..].iter().zip(values.into_iter().flatten()) {
            fields.serialize_field(name, value)?;
        }
        fields.end()
    }
}

/// The reserved key is an error that names it, as in a map: no change can have it.
///
/// # Examples
///
/// ```
/// use cowmap_core::Change;
///
/// let text = r#"{"updated":{"key":1,"old":"a","new":"b"}}"#;
/// let change: Change<u64, char> = serde_json::from_str(text)?;
/// assert_eq!(change, Change::Updated { key: 1, old: 'a', new: 'b' });
///
/// let text = r#"{"removed":{"key":-9223372036854775808,"value":"a"}}"#;
/// let error = serde_json::from_str::<Change<i64, char>>(text).unwrap_err();
/// assert!(error.to_string().contains("i64::MIN cannot be used as a key"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[cfg(feature = "serde")]
impl<'de, K, T> Deserialize<'de> for Change<K, T>
where
    K: SentinelKey + Deserialize<'de>,
    T: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum("Change", VARIANTS, Variants(PhantomData))
    }
}

/// What makes a change.
struct Variants<K, T>(PhantomData<(K, T)>);

impl<'de, K, T> Visitor<'de> for Variants<K, T>
where
    K: SentinelKey + Deserialize<'de>,
    T: Deserialize<'de>,
{
    type Value = Change<K, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a change: added, removed or updated")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variants: A) -> Result<Self::Value, A::Error> {
        let (index, content) = variants.variant_seed(Name { names: VARIANTS, others: false })?;
        content.struct_variant(fields(index), Fields { index, marker: PhantomData })
    }
}

/// What makes a change of the fields of a variant.
struct Fields<K, T> {
    index: usize,
    marker: PhantomData<(K, T)>,
}

impl<K: SentinelKey, T> Fields<K, T> {
    /// The change of this variant with these fields: the key, and one or two values.
    fn change<E: Error>(&self, key: Option<K>, values: [Option<T>; 2]) -> Result<Change<K, T>, E> {
        let names = fields(self.index);
        let key = key.ok_or_else(|| E::missing_field(names[0]))?;
        if encode(key) == Word::FREE {
            return Err(E::custom(ReservedKey::new::<K>(())));
        }
        let [value, new] = values;
        let value = value.ok_or_else(|| E::missing_field(names[1]))?;
        Ok(match self.index {
            0 => Change::Added { key, value },
            1 => Change::Removed { key, value },
            _ => {
                let new = new.ok_or_else(|| E::missing_field(names[2]))?;
                Change::Updated { key, old: value, new }
            }
        })
    }
}

impl<'de, K, T> Visitor<'de> for Fields<K, T>
where
    K: SentinelKey + Deserialize<'de>,
    T: Deserialize<'de>,
{
    type Value = Change<K, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the fields of a change that is {}", VARIANTS[self.index])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let key = seq.next_element()?;
        let value = if key.is_some() { seq.next_element()? } else { None };
        let two = self.index == UPDATED && value.is_some();
        let new = if two { seq.next_element()? } else { None };
        self.change(key, [value, new])
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let names = fields(self.index);
        let (mut key, mut values) = (None, [None, None]);
        while let Some(field) = map.next_key_seed(Name { names, others: true })? {
            let again = match field {
                0 => key.replace(map.next_value()?).is_some(),
                1 | 2 => values[field - 1].replace(map.next_value()?).is_some(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    false
                }
            };
            if again {
                return Err(A::Error::duplicate_field(names[field]));
            }
        }
        self.change(key, values)
    }
}

/// What makes the index of a name.
#[derive(Clone, Copy)]
struct Name {
    names: &'static [&'static str],
    /// Whether there may be other names, as there may be other fields. They have the index behind the
    /// last.
    others: bool,
}

impl Name {
    fn index<E: Error>(self, found: Option<usize>, other: Unexpected<'_>) -> Result<usize, E> {
        match found {
            Some(index) => Ok(index),
            None if self.others => Ok(self.names.len()),
            None => match other {
                Unexpected::Str(name) => Err(E::unknown_variant(name, self.names)),
                other => Err(E::invalid_value(other, &self)),
            },
        }
    }
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of")?;
        self.names.iter().try_for_each(|name| write!(f, " `{name}`"))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<usize, E> {
        let found = usize::try_from(number).ok().filter(|&index| index < self.names.len());
        self.index(found, Unexpected::Unsigned(number))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let found = self.names.iter().position(|&known| known == name);
        self.index(found, Unexpected::Str(name))
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<usize, E> {
        let found = self.names.iter().position(|known| known.as_bytes() == name);
        self.index(found, Unexpected::Bytes(name))
    }
}
