//! `#[derive(SentinelKey)]`, for newtypes over integers as keys of [cowmap](https://docs.rs/cowmap).
//!
//! Use it through cowmap's feature `derive`, which documents it.

#![forbid(unsafe_code)]

mod arguments;
mod field;
mod lints;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Fields, Generics, Path, Type, TypeParam, parse_macro_input};

use arguments::Arguments;
use field::KeyField;

// Documented where cowmap re-exports it.
#[allow(missing_docs)]
#[proc_macro_derive(SentinelKey, attributes(sentinel))]
pub fn derive_sentinel_key(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implementation(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn implementation(input: &DeriveInput) -> Result<TokenStream, Error> {
    let Arguments { sentinel, cowmap } = Arguments::of(&input.attrs)?;
    let KeyField { member, ty, fields } = KeyField::of(input)?;
    let name = &input.ident;
    // What the compiler finds wrong with the struct or with its field's type, it shows there. But
    // the code is a macro's, which users' lints leave alone.
    let at = |span| Span::mixed_site().located_at(span);
    let (outside, inside) = (at(name.span()), at(ty.span()));
    let cowmap = cowmap.map_or_else(|| quote_spanned!(inside=> ::cowmap), Path::into_token_stream);
    let key = quote_spanned!(inside=> #cowmap::SentinelKey);
    let inner = quote_spanned!(inside=> <#ty as #key>);
    let repr = quote_spanned!(inside=> #inner::Repr);
    let conditions = conditions(&input.generics, ty, &key, sentinel.is_some(), outside);
    let sentinel = match sentinel {
        Some(value) => quote_spanned!(at(value.span())=> #value),
        None => quote_spanned!(inside=> #inner::SENTINEL),
    };
    // The struct around a key of the field's type.
    let around = |inner: TokenStream| {
        let values = fields.members().map(|field| {
            if field == member {
                inner.clone()
            } else {
                quote_spanned!(outside=> ::core::marker::PhantomData)
            }
        });
        if let Fields::Named(_) = fields {
            let names = fields.members();
            quote_spanned!(outside=> Self { #(#names: #values),* })
        } else {
            quote_spanned!(outside=> Self(#(#values),*))
        }
    };
    let made = around(quote_spanned!(inside=> #inner::from_repr(__repr)));
    let made_of_key = around(quote_spanned!(inside=> __key));
    let functions = quote_spanned! {inside=>
        #[inline]
        fn into_repr(self) -> Self::Repr {
            #inner::into_repr(self.#member)
        }
        #[inline]
        fn from_repr(__repr: Self::Repr) -> Self {
            #made
        }
        #[doc(hidden)]
        fn try_from_repr(__repr: Self::Repr) -> ::core::option::Option<Self> {
            #inner::try_from_repr(__repr).map(|__key| #made_of_key)
        }
    };
    let allowed = lints::allowed_in(input);
    let (parameters, arguments, _) = input.generics.split_for_impl();
    Ok(quote_spanned! {outside=>
        #[automatically_derived]
        #allowed
        impl #parameters #cowmap::SentinelKey for #name #arguments #conditions {
            type Repr = #repr;
            const SENTINEL: Self::Repr = #sentinel;
            #functions
        }
    })
}

/// The struct's own conditions, and what a key must be besides: `Copy`, under whatever conditions
/// the struct is, and over a key. The compiler names the one that does not hold, and finds nothing
/// else wrong.
fn conditions(
    generics: &Generics,
    ty: &Type,
    key: &TokenStream,
    chosen: bool,
    span: Span,
) -> TokenStream {
    let own = generics.where_clause.as_ref().map(|clause| clause.predicates.iter());
    let own = own.into_iter().flatten();
    let copy = quote_spanned!(span=> Self: ::core::marker::Copy);
    // Under a condition on a type that depends on parameters, the compiler does not look which
    // integer is in it, so that it would not take the one that is chosen to be reserved.
    let known = !generics.params.is_empty() && chosen && !is_parameter(ty, generics);
    let inside = (!known).then(|| quote_spanned!(ty.span()=> #ty: #key));
    quote_spanned!(span=> where #(#own,)* #copy, #inside)
}

/// Whether only a parameter tells which type it is: `T`, `T::Key` or `<T as Table>::Key`.
fn is_parameter(ty: &Type, generics: &Generics) -> bool {
    let Type::Path(path) = field::bare(ty) else { return false };
    let first = path.path.segments.first();
    let is_first = |param: &TypeParam| first.is_some_and(|first| first.ident == param.ident);
    path.qself.is_some() || generics.type_params().any(is_first)
}

/// A piece of code in messages, as people write it.
fn shown(code: &impl ToTokens) -> String {
    let code = code.to_token_stream().to_string();
    code.replace(" :: ", "::").replace(":: ", "::").replace("& ", "&").replace(" ,", ",")
}
