//! `#[derive(SentinelKey)]`, for newtypes over integers as keys of [cowmap](https://docs.rs/cowmap).
//!
//! Use it through cowmap's feature `derive`, which documents it.

#![forbid(unsafe_code)]

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, Field, Fields, Member, Type, parse_macro_input,
};

// Documented where cowmap re-exports it.
#[allow(missing_docs)]
#[proc_macro_derive(SentinelKey, attributes(sentinel))]
pub fn derive_sentinel_key(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implementation(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// The end of every message about a shape: what to write.
const SHAPE: &str =
    "`SentinelKey` can be derived for a struct with one field, such as `struct Id(u64);`";

fn implementation(input: &DeriveInput) -> Result<TokenStream, Error> {
    let field = only_field(input)?;
    check_type(&field.ty)?;
    let member = field.ident.clone().map_or_else(|| Member::Unnamed(0.into()), Member::Named);
    let (name, ty) = (&input.ident, &field.ty);
    // Whatever is wrong with the field's type is reported at it.
    let inner = quote_spanned!(ty.span()=> <#ty as ::cowmap::SentinelKey>);
    let repr = quote_spanned!(ty.span()=> <#ty as ::cowmap::SentinelKey>::Repr);
    let sentinel = match sentinel(&input.attrs)? {
        Some(value) => quote_spanned!(value.span()=> #value),
        None => quote_spanned!(ty.span()=> #inner::SENTINEL),
    };
    let made = match &field.ident {
        Some(member) => quote_spanned!(name.span()=> #name { #member: #inner::from_repr(repr) }),
        None => quote_spanned!(name.span()=> #name(#inner::from_repr(repr))),
    };
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    Ok(quote_spanned! {name.span()=>
        #[automatically_derived]
        impl #generics ::cowmap::SentinelKey for #name #arguments #conditions {
            type Repr = #repr;
            const SENTINEL: Self::Repr = #sentinel;
            #[inline]
            fn into_repr(self) -> Self::Repr {
                #inner::into_repr(self.#member)
            }
            #[inline]
            fn from_repr(repr: Self::Repr) -> Self {
                #made
            }
        }
    })
}

/// The field of a newtype.
fn only_field(input: &DeriveInput) -> Result<&Field, Error> {
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => {
            let message = format!("an enum cannot be a key; {SHAPE}");
            return Err(Error::new(data.enum_token.span, message));
        }
        Data::Union(data) => {
            let message = format!("a union cannot be a key; {SHAPE}");
            return Err(Error::new(data.union_token.span, message));
        }
    };
    let fields = match fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unnamed(fields) => &fields.unnamed,
        Fields::Unit => {
            return Err(Error::new(input.ident.span(), format!("no integer inside; {SHAPE}")));
        }
    };
    let mut each = fields.iter();
    match (each.next(), each.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Error::new(input.ident.span(), format!("no integer inside; {SHAPE}"))),
        (_, Some(second)) => {
            let message = format!(
                "a second field; {SHAPE}. To pack several fields into one integer, implement \
                 `into_repr` and `from_repr` by hand"
            );
            Err(Error::new_spanned(second, message))
        }
    }
}

/// Types that are often tried. Whatever else is no key type, the compiler reports at the field.
const NO_KEYS: &[&str] = &[
    "String", "str", "bool", "char", "f32", "f64", "i8", "u8", "i16", "u16", "i128", "u128", "Vec",
    "Uuid",
];

/// Refuses types that cannot be keys, where that can be seen.
fn check_type(ty: &Type) -> Result<(), Error> {
    let refused = match ty {
        Type::Path(path) => {
            let last = path.path.segments.last();
            last.is_some_and(|last| NO_KEYS.iter().any(|name| last.ident == name))
        }
        Type::Array(_) | Type::Ptr(_) | Type::Reference(_) | Type::Slice(_) | Type::Tuple(_) => {
            true
        }
        _ => false,
    };
    if !refused {
        return Ok(());
    }
    let message = "no integer that a slot can hold; write i32, u32, i64, u64, isize, usize, one of their `NonZero` \
                   types, or a newtype over these that is `SentinelKey`";
    Err(Error::new_spanned(ty, message))
}

/// The value in `#[sentinel(value)]`, if there is one.
fn sentinel(attributes: &[Attribute]) -> Result<Option<Expr>, Error> {
    let mut value = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("sentinel")) {
        if value.is_some() {
            return Err(Error::new_spanned(
                attribute,
                "a second `#[sentinel(…)]`; one value is reserved",
            ));
        }
        let parsed = attribute.parse_args().map_err(|error| {
            let message = "write the integer that is reserved: `#[sentinel(0)]`";
            let mut errors = Error::new_spanned(attribute, message);
            errors.combine(error);
            errors
        })?;
        value = Some(parsed);
    }
    Ok(value)
}
