//! The derive macro: what it accepts works, and what it refuses is refused where the mistake is.
#![cfg(feature = "derive")]

use std::num::NonZeroU32;

use cowmap::{CowMap, CowSet, SentinelKey};

#[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
struct Plain(u64);

#[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
#[sentinel(0)]
struct Chosen {
    id: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
struct Never(NonZeroU32);

#[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
#[sentinel(i64::MAX - 1)]
struct Nested(Chosen);

#[test]
fn newtypes_are_keys() {
    let mut map = CowMap::from([(Plain(1), 'a')]);
    assert_eq!(map.get(Plain(1)), Some(&'a'));
    assert!(map.checked_insert(Plain(u64::MAX), 'b').is_err());

    let set = CowSet::from([Chosen { id: i64::MIN }]);
    assert!(set.iter().eq([Chosen { id: i64::MIN }]));
    assert_eq!(Chosen::SENTINEL, 0);
    assert_eq!(Nested::SENTINEL, i64::MAX - 1);
    assert_eq!(Nested::from_repr(7), Nested(Chosen { id: 7 }));

    let key = Never(NonZeroU32::MAX);
    assert!(CowSet::from([key]).iter().eq([key]));
}

/// Ids of one table are not those of another.
mod phantoms {
    use std::marker::PhantomData;
    use std::rc::Rc;

    use super::*;

    /// Not `Copy`, nor anything else.
    struct Users;

    #[derive(Debug, SentinelKey)]
    struct Id<T>(u64, PhantomData<T>);

    impl<T> Clone for Id<T> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<T> Copy for Id<T> {}

    #[derive(SentinelKey)]
    #[sentinel(-1)]
    struct Named<'a, T: ?Sized, U> {
        first: PhantomData<&'a T>,
        id: i32,
        second: std::marker::PhantomData<fn() -> U>,
        #[allow(unused_parens)]
        third: (PhantomData<(U, Box<T>)>),
    }

    impl<T: ?Sized, U> Clone for Named<'_, T, U> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<T: ?Sized, U> Copy for Named<'_, T, U> {}

    /// `Copy` only where `T` is, and a key then.
    #[derive(Clone, Copy, SentinelKey)]
    struct Derived<T>(PhantomData<T>, u32);

    #[test]
    fn beside_an_integer_tell_types_apart() {
        let id = |id| Id::<Users>(id, PhantomData);
        let map = CowMap::from([(id(1), "Ada"), (id(2), "Grace")]);
        assert_eq!(map[id(2)], "Grace");
        assert_eq!(map.iter_sorted().map(|(id, _)| id.0).collect::<Vec<_>>(), [1, 2]);

        let key = Named::<str, Rc<u8>>::from_repr(7);
        assert_eq!((key.id, Named::<str, Rc<u8>>::SENTINEL), (7, -1));
        let Named { first: PhantomData, second: PhantomData, third: PhantomData, .. } = key;
        assert!(CowSet::from([key]).contains(key));

        let key = Derived(PhantomData::<u8>, 7);
        assert!(CowSet::from([key]).contains(key));
    }
}

mod generics {
    use std::fmt::Debug;
    use std::marker::PhantomData;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    struct Bounded<T>(T)
    where
        T: SentinelKey;

    /// The struct does not say that its field is a key.
    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    struct Unbounded<T>(T);

    trait Table {
        type Key;
    }

    #[derive(Clone, Copy)]
    struct Users;

    impl Table for Users {
        type Key = u32;
    }

    #[derive(SentinelKey)]
    struct Row<T: Table>(T::Key);

    impl<T: Table<Key: Copy>> Clone for Row<T> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<T: Table<Key: Copy>> Copy for Row<T> {}

    /// Keys over keys with parameters, with a reserved integer of their own.
    #[derive(SentinelKey)]
    struct Tagged<'a, T>(u64, PhantomData<&'a T>);

    #[derive(SentinelKey)]
    #[sentinel(3)]
    struct Over<'a, T>(Tagged<'a, T>);

    #[derive(SentinelKey)]
    struct OverWhat<'a, T>(Tagged<'a, T>);

    #[derive(SentinelKey)]
    #[sentinel(4)]
    struct OverLifetime<'a>(Tagged<'a, u8>);

    impl<T> Copy for Tagged<'_, T> {}
    impl<T> Copy for Over<'_, T> {}
    impl<T> Copy for OverWhat<'_, T> {}
    impl Copy for OverLifetime<'_> {}

    impl<T> Clone for Tagged<'_, T> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<T> Clone for Over<'_, T> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<T> Clone for OverWhat<'_, T> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl Clone for OverLifetime<'_> {
        fn clone(&self) -> Self {
            *self
        }
    }

    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    #[sentinel(7)]
    struct Mixed<'a, 'b: 'a, T: Debug + 'static = u8, const N: usize = 3>(
        i64,
        PhantomData<(&'a T, &'b [T; N])>,
    )
    where
        [T; N]: Debug;

    #[test]
    fn keys_may_have_parameters_of_every_kind() {
        assert!(CowSet::from([Bounded(5_u32)]).contains(Bounded(5)));
        assert!(CowSet::from([Unbounded(Bounded(5_u32))]).contains(Unbounded(Bounded(5))));
        assert_eq!(Row::<Users>::SENTINEL, u32::MAX);
        assert_eq!((Over::<String>::SENTINEL, OverLifetime::SENTINEL), (3, 4));
        assert_eq!(OverWhat::<String>::SENTINEL, u64::MAX);
        assert_eq!(OverWhat::<String>::from_repr(7).into_repr(), 7);
        assert_eq!(CowSet::from([Row::<Users>(5)]).iter().next().unwrap().0, 5);
        let key: Mixed<'_, '_> = Mixed(5, PhantomData);
        assert!(CowSet::from([key]).contains(key));
        assert_eq!(Mixed::<'_, '_, u8, 3>::SENTINEL, 7);
    }
}

/// A name is no proof of what a type is.
mod names {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    struct Uuid(u64);

    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    struct String(u32);

    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    struct Session(Uuid);

    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    struct Text(self::String);

    #[allow(non_camel_case_types)]
    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    #[sentinel(r#const::r#fn)]
    struct r#struct<r#type> {
        r#match: u64,
        r#in: std::marker::PhantomData<r#type>,
    }

    mod r#const {
        #[expect(non_upper_case_globals)]
        pub(super) const r#fn: u64 = 3;
    }

    /// Names that the generated code might use itself.
    mod shadowed {
        #![allow(dead_code, non_upper_case_globals, non_camel_case_types)]

        use ::cowmap::SentinelKey as Derived;

        mod cowmap {}
        mod core {}
        trait SentinelKey {}
        trait Copy {}
        struct PhantomData;
        const repr: u8 = 0;
        type Repr = u8;
        type u64 = u8;

        #[derive(Clone, ::core::marker::Copy, Derived)]
        pub(super) struct Key(::core::primitive::u64);
    }

    #[test]
    fn any_name_will_do() {
        assert_eq!(Session::from_repr(3), Session(Uuid(3)));
        assert_eq!(Text::SENTINEL, u32::MAX);
        assert_eq!(r#struct::<u8>::SENTINEL, 3);
        assert_eq!(r#struct::<u8>::from_repr(5).into_repr(), 5);
        assert_eq!(shadowed::Key::SENTINEL, u64::MAX);
    }
}

/// Where cowmap goes by another name.
mod elsewhere {
    use super::*;

    pub(crate) mod tables {
        pub(crate) use cowmap as keys;

        /// A trait that only looks like cowmap's.
        pub(crate) mod other {
            pub(crate) trait SentinelKey: Copy {
                type Repr;
                const SENTINEL: Self::Repr;
                fn into_repr(self) -> Self::Repr;
                fn from_repr(repr: Self::Repr) -> Self;
                #[allow(dead_code, reason = "cowmap alone calls it")]
                fn try_from_repr(repr: Self::Repr) -> Option<Self>;
            }

            impl SentinelKey for u8 {
                type Repr = u8;
                const SENTINEL: u8 = 255;
                fn into_repr(self) -> u8 {
                    self
                }
                fn from_repr(repr: u8) -> Self {
                    repr
                }
                fn try_from_repr(repr: u8) -> Option<Self> {
                    Some(repr)
                }
            }
        }
    }

    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    #[sentinel(crate = tables::keys)]
    struct Moved(u64);

    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    #[sentinel(5, crate = "crate::elsewhere::tables::keys")]
    struct Quoted(u64);

    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    #[sentinel(crate = ::cowmap)]
    #[sentinel(crate::elsewhere::RESERVED)]
    struct Apart(u64);

    const RESERVED: u64 = 6;

    #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
    #[sentinel(crate = self::tables::other, 9,)]
    struct Other<T>(u8, std::marker::PhantomData<T>);

    /// A crate that defines keys for its users by a macro.
    macro_rules! id {
        ($name:ident($int:ty)) => {
            #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
            #[sentinel(crate = $crate::elsewhere::tables::keys)]
            struct $name($int, std::marker::PhantomData<()>);
        };
    }

    id!(Made(u32));

    #[test]
    fn the_path_of_cowmap_can_be_given() {
        assert_eq!(CowMap::from([(Moved(1), 'a')])[Moved(1)], 'a');
        assert_eq!((Moved::SENTINEL, Quoted::SENTINEL, Apart::SENTINEL), (u64::MAX, 5, 6));
        use tables::other::SentinelKey as _;
        assert_eq!(<Other<u8> as tables::other::SentinelKey>::SENTINEL, 9);
        assert_eq!(Other::<u8>::from_repr(1).into_repr(), 1);
        assert_eq!(<Made as SentinelKey>::SENTINEL, u32::MAX);
    }
}

/// What the struct allows, its impl may do.
mod allowed {
    #![deny(deprecated)]

    use super::SentinelKey;

    #[derive(Clone, Copy, Debug, SentinelKey)]
    #[deprecated(note = "use another")]
    pub(crate) struct Whole(u64);

    #[derive(Clone, Copy, Debug, SentinelKey)]
    pub(crate) struct Part {
        #[deprecated]
        id: u64,
    }

    #[allow(deprecated)]
    #[derive(Clone, Copy, Debug, SentinelKey)]
    pub(crate) struct OfOld(Whole);

    /// What std derives would not pass the lints of these.
    macro_rules! copy {
        ($($name:ident)*) => {$(
            impl Copy for $name {}
            impl Clone for $name {
                fn clone(&self) -> Self {
                    *self
                }
            }
        )*};
    }

    #[expect(deprecated)]
    #[derive(SentinelKey)]
    pub(crate) struct Expected(Whole);

    #[derive(SentinelKey)]
    pub(crate) struct AtField(#[allow(deprecated)] Whole);

    copy!(Expected AtField);

    #[test]
    #[expect(deprecated)]
    fn deprecated_keys_are_keys() {
        assert_eq!(Whole::from_repr(7).into_repr(), 7);
        assert_eq!(Part::from_repr(7).into_repr(), 7);
        assert_eq!(OfOld::from_repr(7).into_repr(), 7);
        assert_eq!(Expected::from_repr(7).into_repr(), 7);
        assert_eq!(AtField::from_repr(7).into_repr(), 7);
    }
}

#[test]
fn mistakes_are_reported_where_they_are() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/derive/*.rs");
}
