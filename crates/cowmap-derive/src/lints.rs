//! Which lints the generated code allows: those that the struct does.
//!
//! More would be less: where users forbid a lint, allowing it is an error.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Meta};

/// The attributes that allow what is allowed or expected at the struct or its fields, which the
/// generated code names, and to name what is deprecated if one of them is.
pub(crate) fn allowed_in(input: &DeriveInput) -> TokenStream {
    let fields = match &input.data {
        Data::Struct(data) => Some(data.fields.iter()),
        Data::Enum(_) | Data::Union(_) => None,
    };
    let of_fields = fields.into_iter().flatten().flat_map(|field| &field.attrs);
    input.attrs.iter().chain(of_fields).filter_map(allowed_by).collect()
}

fn allowed_by(attribute: &Attribute) -> Option<TokenStream> {
    let path = attribute.path();
    if path.is_ident("deprecated") {
        return Some(quote!(#[allow(deprecated)]));
    }
    let Meta::List(list) = &attribute.meta else { return None };
    let lints = &list.tokens;
    // What is expected may not come up in the generated code.
    (path.is_ident("allow") || path.is_ident("expect")).then(|| quote!(#[allow(#lints)]))
}
