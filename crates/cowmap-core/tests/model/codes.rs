//! Keys and values of the tests' types, each made of a small number.

use std::any::TypeId;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::marker::PhantomData;
use std::num::{NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU32, NonZeroU64, NonZeroUsize};
use std::sync::{Arc, Mutex};

use cowmap_core::{Flat, Paged, Paging, SentinelKey, Tiny};

use crate::hostile;

/// A key type. Each number gives another key.
pub(crate) trait Key: SentinelKey + Ord + Debug + 'static {
    fn from_code(code: u8) -> Self;
}

/// A value type. Numbers may give equal values.
pub(crate) trait Value: Clone + Default + PartialEq + Debug + 'static {
    fn from_code(code: u8) -> Self;
}

/// Keys: a small domain of neighbours, and the values next to both ends of the type.
macro_rules! integer_keys {
    ($($key:ty),*) => {$(
        impl Key for $key {
            fn from_code(code: u8) -> Self {
                let small = |code| <$key>::try_from(code).expect("a small number");
                match code {
                    // Around zero, or for unsigned types above it.
                    0..192 => small(code).wrapping_sub(if <$key>::MIN == 0 { 0 } else { 96 }),
                    // Near the ends, of which one is reserved.
                    192.. if code % 2 == 0 => <$key>::MAX - small(code / 2 - 95),
                    _ if <$key>::MIN == 0 => <$key>::MAX / 2 - small(code / 2),
                    _ => <$key>::MIN + small(code / 2 - 95),
                }
            }
        }
    )*};
}
integer_keys!(i32, u32, i64, u64, isize, usize);

macro_rules! non_zero_keys {
    ($($key:ty: $repr:ty),*) => {$(
        impl Key for $key {
            fn from_code(code: u8) -> Self {
                let near = <$repr>::from(code / 2);
                let key = match code {
                    0..192 => <$repr>::from(code) + 1,
                    192.. if code % 2 == 0 => <$repr>::MAX - near,
                    // The lower end of signed types; the middle of unsigned ones.
                    _ => (<$repr>::MAX / 2 + 1).wrapping_sub(near),
                };
                <$key>::new(key.cast()).expect("not zero")
            }
        }
    )*};
}

/// The same bits in the integer of a `NonZero`.
trait Cast<T> {
    fn cast(self) -> T;
}
macro_rules! casts {
    ($($from:ty: $signed:ty),*) => {$(
        impl Cast<$from> for $from {
            fn cast(self) -> $from {
                self
            }
        }
        impl Cast<$signed> for $from {
            fn cast(self) -> $signed {
                self.cast_signed()
            }
        }
    )*};
}
casts!(u32: i32, u64: i64, usize: isize);
non_zero_keys!(
    NonZeroU32: u32, NonZeroI32: u32, NonZeroU64: u64, NonZeroI64: u64, NonZeroUsize: usize, NonZeroIsize: usize
);

/// A key that collides with others under the fixed hash of maps with the policy `P` and values of 8
/// bytes.
pub(crate) struct Hostile<P>(i64, PhantomData<P>);

/// Derived, these would ask for the same of `P`.
impl<P> Clone for Hostile<P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for Hostile<P> {}
impl<P> PartialEq for Hostile<P> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<P> Eq for Hostile<P> {}
impl<P> PartialOrd for Hostile<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<P> Ord for Hostile<P> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<P> Debug for Hostile<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<P> SentinelKey for Hostile<P> {
    type Repr = i64;
    const SENTINEL: i64 = i64::MIN;
    fn into_repr(self) -> i64 {
        self.0
    }
    fn from_repr(repr: i64) -> Self {
        Hostile(repr, PhantomData)
    }
}

impl<P: Paging + 'static> Key for Hostile<P> {
    /// The lower numbers give crowded keys, more than fit into a page, the others deep ones.
    fn from_code(code: u8) -> Self {
        static MADE: Mutex<BTreeMap<TypeId, Vec<i64>>> = Mutex::new(BTreeMap::new());
        let mut made = MADE.lock().expect("making keys does not panic");
        let keys = made.entry(TypeId::of::<P>()).or_insert_with(|| {
            let (crowded, deep) = (hostile::crowded::<u64, P>(), hostile::deep::<u64, P>());
            [&crowded[..160], &deep[160..]].concat()
        });
        Self::from_repr(keys[usize::from(code)])
    }
}

/// A value with an alignment larger than a cache line.
#[derive(Clone, Default, PartialEq, Debug)]
#[repr(align(128))]
pub(crate) struct Aligned([u8; 5]);

macro_rules! values {
    ($($value:ty: $code:ident => $make:expr),*) => {$(
        impl Value for $value {
            fn from_code($code: u8) -> Self {
                $make
            }
        }
    )*};
}
values! {
    u64: code => u64::from(code),
    String: code => format!("the value {code}"),
    (): _code => (),
    Arc<str>: code => code.to_string().into(),
    Aligned: code => Aligned([code; 5])
}

#[test]
fn codes_give_different_keys_none_of_them_reserved() {
    fn check<K: Key>() {
        let keys: std::collections::BTreeSet<K> = (0..=255).map(K::from_code).collect();
        assert_eq!(keys.len(), 256);
        assert!(keys.into_iter().all(|key| key.into_repr() != K::SENTINEL));
    }
    check::<i32>();
    check::<u32>();
    check::<i64>();
    check::<u64>();
    check::<isize>();
    check::<usize>();
    check::<NonZeroI32>();
    check::<NonZeroU32>();
    check::<NonZeroI64>();
    check::<NonZeroU64>();
    check::<NonZeroIsize>();
    check::<NonZeroUsize>();
    check::<Hostile<Flat>>();
    check::<Hostile<Paged>>();
    check::<Hostile<Tiny>>();
}
