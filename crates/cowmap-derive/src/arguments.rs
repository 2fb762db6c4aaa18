//! What stands in `#[sentinel(…)]`: the integer that is reserved, and where cowmap is.

use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Expr, Ident, LitStr, Path, Token};

use crate::shown;

/// The arguments of all `#[sentinel(…)]` of a struct.
pub(crate) struct Arguments {
    /// The reserved integer, unless it is the field's.
    pub(crate) sentinel: Option<Expr>,
    /// Where cowmap is, unless it is where its name says.
    pub(crate) cowmap: Option<Path>,
}

/// The end of every message about arguments: what to write.
const ARGUMENTS: &str = "write the integer that is reserved, as in `#[sentinel(0)]`, or where cowmap is, as in \
                         `#[sentinel(crate = my::cowmap)]`, or both";

enum Argument {
    Sentinel(Expr),
    Crate(Path),
}

impl Arguments {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self, Error> {
        let (mut sentinel, mut cowmap) = (None, None);
        for attribute in attributes.iter().filter(|attr| attr.path().is_ident("sentinel")) {
            let parse = Punctuated::<Argument, Token![,]>::parse_terminated;
            let arguments = attribute
                .parse_args_with(parse)
                .map_err(|error| Error::new(error.span(), format!("{error}; {ARGUMENTS}")))?;
            if arguments.is_empty() {
                let message = format!("no argument; {ARGUMENTS}");
                return Err(Error::new_spanned(attribute, message));
            }
            for argument in arguments {
                match argument {
                    Argument::Sentinel(value) => set(&mut sentinel, value, "reserved integer")?,
                    Argument::Crate(path) => set(&mut cowmap, path, "path of cowmap")?,
                }
            }
        }
        Ok(Arguments { sentinel, cowmap })
    }
}

/// Keeps an argument, of which there may be one.
fn set<T: ToTokens>(place: &mut Option<T>, value: T, what: &str) -> Result<(), Error> {
    match place {
        None => {
            *place = Some(value);
            Ok(())
        }
        Some(first) => {
            let (first, second) = (shown(first), shown(&value));
            let message =
                format!("a second {what}, `{second}`, after `{first}`; remove one of them");
            Err(Error::new_spanned(value, message))
        }
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self, Error> {
        let is_assignment = input.peek2(Token![=]) && !input.peek2(Token![==]);
        if is_assignment && input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            let path = if input.peek(LitStr) {
                input.parse::<LitStr>()?.parse_with(Path::parse_mod_style)
            } else {
                input.call(Path::parse_mod_style)
            };
            let no_path = |error: Error| {
                Error::new(error.span(), format!("what follows `crate =` is no path: {error}"))
            };
            return path.map(Argument::Crate).map_err(no_path);
        }
        if is_assignment && input.peek(Ident) {
            let name: Ident = input.parse()?;
            return Err(Error::new(name.span(), format!("`{name}` is no argument")));
        }
        input.parse().map(Argument::Sentinel)
    }
}
