//! Which types can be keys, and how a key becomes the word that a slot stores.

use core::any::type_name;
use core::fmt;
use core::num::{NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU32, NonZeroU64, NonZeroUsize};

use crate::word::Word;

/// A type whose values can be keys: an integer, or a newtype over one.
///
/// One value of the underlying integer, [`SENTINEL`](Self::SENTINEL), marks an empty slot and
/// cannot be a key. Everything else can.
///
/// | type | sentinel |
/// |---|---|
/// | `i32`, `i64`, `isize` | `MIN` |
/// | `u32`, `u64`, `usize` | `MAX` |
/// | the `NonZero` types of these | `0`, so each of their values is usable |
///
/// The table stores [`Repr`](Self::Repr)s only, so the trait is safe to implement: a wrong
/// implementation can make a lookup miss, or panic, but never breaks memory. Each operation calls
/// [`into_repr`](Self::into_repr) once.
///
/// # Examples
///
/// ```
/// use cowmap_core::SentinelKey;
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// struct OrderId(u64);
///
/// impl SentinelKey for OrderId {
///     type Repr = u64;
///     const SENTINEL: u64 = u64::MAX;
///     fn into_repr(self) -> u64 { self.0 }
///     fn from_repr(repr: u64) -> Self { OrderId(repr) }
/// }
/// # use cowmap_core::FlatCowMap;
/// # let mut orders = FlatCowMap::new();
/// # orders.insert(OrderId(7), "seven");
/// # assert_eq!(orders.get(OrderId(7)), Some(&"seven"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key",
    label = "not a key type",
    note = "keys are `i32`, `u32`, `i64`, `u64`, `isize`, `usize`, their `NonZero` types, and newtypes over \
            these that are `SentinelKey`",
    note = "store a `u8`, `u16`, `bool` or `char` as a `u32`; for a `u128`, a string or a UUID, keep \
            a table that gives each an id of 64 bits"
)]
pub trait SentinelKey: Copy {
    /// The machine integer that is stored.
    type Repr: Repr;

    /// The value that marks an empty slot: no key may have it.
    const SENTINEL: Self::Repr;

    /// The integer of this key.
    fn into_repr(self) -> Self::Repr;

    /// The key of an integer that [`into_repr`](Self::into_repr) gave.
    ///
    /// Reading keys as strings, with the feature `serde`, passes integers from outside, too: return
    /// some key rather than panic. One whose `into_repr` differs is refused there.
    fn from_repr(repr: Self::Repr) -> Self;

    /// The key of an integer from outside, if it is known to be one's.
    #[doc(hidden)]
    fn try_from_repr(repr: Self::Repr) -> Option<Self> {
        Some(Self::from_repr(repr))
    }
}

/// The machine integers that slots can store: `i32`, `u32`, `i64`, `u64`, `isize`, `usize`.
///
/// Sealed: nothing else can implement it.
///
/// # Examples
///
/// ```
/// use cowmap_core::SentinelKey;
///
/// /// The integer that a key is stored as.
/// fn stored<K: SentinelKey>(key: K) -> K::Repr {
///     key.into_repr()
/// }
/// assert_eq!(stored(std::num::NonZeroU32::MIN), 1_u32);
/// ```
pub trait Repr: Copy + Ord + fmt::Debug + fmt::Display + sealed::Sealed {
    /// The unsigned integer of the same width, which is what a slot holds.
    #[doc(hidden)]
    type Word: Word;
    #[doc(hidden)]
    const NAME: &'static str;
    #[doc(hidden)]
    const LEAST: Self;
    #[doc(hidden)]
    const GREATEST: Self;
    #[doc(hidden)]
    fn to_word(self) -> Self::Word;
    #[doc(hidden)]
    fn from_word(word: Self::Word) -> Self;
}

pub(crate) mod sealed {
    #[cfg(feature = "serde")]
    use serde_core::{Deserializer, Serialize, de::Visitor};

    #[cfg(not(feature = "serde"))]
    pub trait Sealed {}

    /// With what it takes to read and write them as text and as integers.
    #[cfg(feature = "serde")]
    pub trait Sealed: Serialize + core::str::FromStr + TryFrom<i64> + TryFrom<u64> {
        /// Asks a deserializer for an integer of this type.
        fn visit<'de, D: Deserializer<'de>, V: Visitor<'de>>(
            deserializer: D,
            visitor: V,
        ) -> Result<V::Value, D::Error>;
    }

    macro_rules! sealed {
        ($($int:ty, $deserialize:ident);*) => {$(
            #[cfg(not(feature = "serde"))]
            impl Sealed for $int {}

            #[cfg(feature = "serde")]
            impl Sealed for $int {
                fn visit<'de, D: Deserializer<'de>, V: Visitor<'de>>(
                    deserializer: D,
                    visitor: V,
                ) -> Result<V::Value, D::Error> {
                    deserializer.$deserialize(visitor)
                }
            }
        )*};
    }

    // Those of a pointer's size as serde does, so that they can be read on another machine.
    sealed!(
        i32, deserialize_i32; u32, deserialize_u32; i64, deserialize_i64; u64, deserialize_u64;
        isize, deserialize_i64; usize, deserialize_u64
    );
}

macro_rules! repr {
    ($($int:ty => $word:ty),*) => {$(
        impl Repr for $int {
            type Word = $word;
            const NAME: &'static str = stringify!($int);
            const LEAST: Self = <$int>::MIN;
            const GREATEST: Self = <$int>::MAX;
            // The widths are equal, so nothing is cut off.
            #[inline(always)]
            fn to_word(self) -> $word {
                self as $word
            }
            #[inline(always)]
            fn from_word(word: $word) -> Self {
                word as $int
            }
        }
    )*};
}

repr!(i32 => u32, u32 => u32, i64 => u64, u64 => u64);
#[cfg(target_pointer_width = "64")]
repr!(isize => u64, usize => u64);
#[cfg(not(target_pointer_width = "64"))]
repr!(isize => u32, usize => u32);

macro_rules! integer_key {
    ($($int:ty: $sentinel:ident),*) => {$(
        impl SentinelKey for $int {
            type Repr = $int;
            const SENTINEL: $int = <$int>::$sentinel;
            #[inline(always)]
            fn into_repr(self) -> $int {
                self
            }
            #[inline(always)]
            fn from_repr(repr: $int) -> Self {
                repr
            }
        }
    )*};
}

integer_key!(i32: MIN, i64: MIN, isize: MIN, u32: MAX, u64: MAX, usize: MAX);

macro_rules! non_zero_key {
    ($($non_zero:ty: $int:ty),*) => {$(
        impl SentinelKey for $non_zero {
            type Repr = $int;
            const SENTINEL: $int = 0;
            #[inline(always)]
            fn into_repr(self) -> $int {
                self.get()
            }
            #[inline(always)]
            fn from_repr(repr: $int) -> Self {
                <$non_zero>::new(repr).expect("an empty slot is never read as a key")
            }
            fn try_from_repr(repr: $int) -> Option<Self> {
                <$non_zero>::new(repr)
            }
        }
    )*};
}

non_zero_key!(
    NonZeroI32: i32, NonZeroU32: u32, NonZeroI64: i64, NonZeroU64: u64,
    NonZeroIsize: isize, NonZeroUsize: usize
);

/// The word type of a key type.
pub(crate) type WordOf<K> = <<K as SentinelKey>::Repr as Repr>::Word;

/// The word that is stored for `key`: its integer with the sentinel moved to zero.
///
/// Zero means that `key` is the sentinel.
#[inline(always)]
pub(crate) fn encode<K: SentinelKey>(key: K) -> WordOf<K> {
    key.into_repr().to_word().xor(K::SENTINEL.to_word())
}

/// The integer that a stored word stands for.
#[inline(always)]
pub(crate) fn repr_of<K: SentinelKey>(word: WordOf<K>) -> K::Repr {
    K::Repr::from_word(word.xor(K::SENTINEL.to_word()))
}

/// The key of a stored word.
#[inline(always)]
pub(crate) fn decode<K: SentinelKey>(word: WordOf<K>) -> K {
    K::from_repr(repr_of::<K>(word))
}

/// The name of a sentinel in messages: `i64::MIN`, `u32::MAX`, or a value such as `7_u64`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentinelName {
    repr: &'static str,
    value: NamedValue,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NamedValue {
    Min,
    Max,
    Word(u64),
}

impl SentinelName {
    pub(crate) fn of<K: SentinelKey>() -> Self {
        let sentinel = K::SENTINEL;
        let value = if sentinel == K::Repr::GREATEST {
            NamedValue::Max
        } else if sentinel == K::Repr::LEAST && sentinel.to_word().widen() != 0 {
            NamedValue::Min
        } else {
            NamedValue::Word(sentinel.to_word().widen())
        };
        SentinelName { repr: K::Repr::NAME, value }
    }
}

impl fmt::Display for SentinelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            NamedValue::Min => write!(f, "{}::MIN", self.repr),
            NamedValue::Max => write!(f, "{}::MAX", self.repr),
            NamedValue::Word(word) if self.repr.starts_with('i') => {
                let bits = if self.repr == "i32" { 32 } else { 64 };
                // Sign-extends the word to the width it had as a signed integer.
                let value = (word.cast_signed() << (64 - bits)) >> (64 - bits);
                write!(f, "{value}_{}", self.repr)
            }
            NamedValue::Word(word) => write!(f, "{word}_{}", self.repr),
        }
    }
}

/// Ends an operation that was given the sentinel as a key.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn reserved_key_panic<K: SentinelKey>() -> ! {
    panic!("{} cannot be used as a key (reserved as empty sentinel)", SentinelName::of::<K>())
}

/// Ends an indexing by a key that is not in the map.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn absent_key_panic<K: SentinelKey>(word: WordOf<K>) -> ! {
    panic!("no entry found for key {}", KeyName::<K>(word))
}

/// Ends an operation on several keys, of which this one came twice.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn duplicate_key_panic<K: SentinelKey>(word: WordOf<K>) -> ! {
    panic!("duplicate keys found: key {} is given twice", KeyName::<K>(word))
}

/// A key in messages: its integer, because it may not be `Debug`, and its type if that is not the
/// integer's.
pub(crate) struct KeyName<K: SentinelKey>(pub(crate) WordOf<K>);

impl<K: SentinelKey> fmt::Display for KeyName<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Word::FREE {
            write!(f, "{} (reserved as empty sentinel)", SentinelName::of::<K>())?;
        } else {
            write!(f, "{}", repr_of::<K>(self.0))?;
        }
        let name = type_name::<K>();
        // The `NonZero` types have long names, which say nothing more.
        if name == K::Repr::NAME || name.starts_with("core::") {
            return Ok(());
        }
        write!(f, " of type {name}")
    }
}
