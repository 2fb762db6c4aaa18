//! The derive macro under lints that forbid as much as can be: what it generates trips none of
//! them, and allows none, because that is an error where a lint is forbidden.
#![cfg(feature = "derive")]
#![forbid(
    absolute_paths_not_starting_with_crate,
    deprecated_in_future,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    future_incompatible,
    keyword_idents,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    nonstandard_style,
    redundant_imports,
    redundant_lifetimes,
    refining_impl_trait,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::cargo,
    clippy::nursery,
    clippy::pedantic
)]
// Those of clippy's restrictions that a derived impl could be thought to break.
#![forbid(
    clippy::absolute_paths,
    clippy::arithmetic_side_effects,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::as_conversions,
    clippy::default_numeric_fallback,
    clippy::implicit_return,
    clippy::min_ident_chars,
    clippy::missing_inline_in_public_items,
    clippy::missing_trait_methods,
    clippy::mod_module_files,
    clippy::multiple_inherent_impl,
    clippy::pattern_type_mismatch,
    clippy::question_mark_used,
    clippy::renamed_function_params,
    clippy::same_name_method,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::single_call_fn,
    clippy::single_char_lifetime_names,
    clippy::std_instead_of_core,
    clippy::alloc_instead_of_core,
    clippy::unwrap_used,
    clippy::used_underscore_items
)]

use core::fmt::Debug;
use core::marker::PhantomData;

use cowmap::SentinelKey;

/// A newtype.
#[derive(Clone, Copy, Debug, SentinelKey)]
pub struct Plain(pub u64);

/// One with a name, in a path that could be shorter.
#[derive(Clone, Copy, Debug, SentinelKey)]
#[sentinel(0, crate = cowmap)]
pub struct Named {
    /// The integer, behind a name that says that nobody reads it.
    _id: i64,
    /// Says nothing.
    pub marker: PhantomData<u8>,
}

/// One with a lifetime that is used once.
#[derive(Clone, Copy, Debug, SentinelKey)]
pub struct Borrowed<'table>(u32, PhantomData<&'table str>);

/// Parameters of every kind.
#[derive(Clone, Copy, Debug, SentinelKey)]
pub struct Generic<'table, 'longer: 'table, Table: Debug, const WIDTH: usize>(
    i64,
    PhantomData<(&'table Table, &'longer [Table; WIDTH])>,
)
where
    [Table; WIDTH]: Debug;

/// A parameter in the key.
#[derive(Clone, Copy, Debug, SentinelKey)]
pub struct Inside<Key>(pub Key);

#[test]
fn keys_are_made_under_forbidden_lints() {
    assert_eq!(Plain::SENTINEL, u64::MAX);
    assert_eq!(Plain::from_repr(7).into_repr(), 7);
    assert_eq!(Named::from_repr(7).into_repr(), 7);
    assert_eq!(Borrowed::from_repr(7).into_repr(), 7);
    assert_eq!(Generic::<'_, '_, u8, 3>::from_repr(7).into_repr(), 7);
    assert_eq!(Inside::<u64>::from_repr(7).into_repr(), 7);
}
