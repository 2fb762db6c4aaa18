//! The field that is the key, among fields that mark a type's parameters.

use syn::{Data, DeriveInput, Error, Fields, Member, Type};

use crate::shown;

/// What a newtype stores, and where.
pub(crate) struct KeyField<'a> {
    pub(crate) member: Member,
    pub(crate) ty: &'a Type,
    /// The field and the markers beside it.
    pub(crate) fields: &'a Fields,
}

/// The end of every message about a shape: what to write.
const SHAPE: &str = "`SentinelKey` can be derived for a struct with one field, and any number of `PhantomData` \
                     beside it, such as `struct Id(u64);`";

impl<'a> KeyField<'a> {
    /// Finds it, or says what is there instead.
    pub(crate) fn of(input: &'a DeriveInput) -> Result<Self, Error> {
        let name = &input.ident;
        let fields = match &input.data {
            Data::Struct(data) => &data.fields,
            Data::Enum(data) => {
                let message = format!(
                    "`{name}` is an enum; {SHAPE}. For an enum, implement `into_repr` and \
                     `from_repr` by hand"
                );
                return Err(Error::new(data.enum_token.span, message));
            }
            Data::Union(data) => {
                let message = format!("`{name}` is a union; {SHAPE}");
                return Err(Error::new(data.union_token.span, message));
            }
        };
        let mut found: Option<Self> = None;
        for (field, member) in fields.iter().zip(fields.members()) {
            if let Some(attribute) =
                field.attrs.iter().find(|attr| attr.path().is_ident("sentinel"))
            {
                let message =
                    format!("`#[sentinel(…)]` at a field; write it before `struct {name}`");
                return Err(Error::new_spanned(attribute, message));
            }
            if is_marker(&field.ty) {
                continue;
            }
            if let Some(first) = &found {
                let message = format!(
                    "a second field, of type `{}`, besides the one of type `{}`; {SHAPE}. To pack \
                     several fields into one integer, implement `into_repr` and `from_repr` by hand",
                    shown(&field.ty),
                    shown(first.ty),
                );
                return Err(Error::new_spanned(field, message));
            }
            found = Some(KeyField { member, ty: &field.ty, fields });
        }
        let found = found.ok_or_else(|| {
            Error::new(name.span(), format!("`{name}` has no integer inside; {SHAPE}"))
        })?;
        check(found.ty)?;
        Ok(found)
    }
}

/// A type without the parentheses, seen or not, around it.
pub(crate) fn bare(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// Whether a type is `PhantomData`, by the name that it goes by.
fn is_marker(ty: &Type) -> bool {
    let Type::Path(path) = bare(ty) else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "PhantomData")
}

/// Refuses types that cannot be keys whatever is in scope. A type with a name may be anybody's, so
/// the compiler judges it, at the field.
fn check(ty: &Type) -> Result<(), Error> {
    let is = match bare(ty) {
        Type::Array(_) => "an array",
        Type::FnPtr(_) => "a function",
        Type::Never(_) => "no value",
        Type::Ptr(_) => "a pointer",
        Type::Reference(_) => "a reference",
        Type::Slice(_) => "a slice",
        Type::TraitObject(_) => "a trait object",
        Type::Tuple(_) => "a tuple",
        _ => return Ok(()),
    };
    let message = format!(
        "`{}` is {is}, which a slot cannot hold as an integer; write i32, u32, i64, u64, isize, \
         usize, one of their `NonZero` types, or a newtype over these that is `SentinelKey`",
        shown(ty)
    );
    Err(Error::new_spanned(ty, message))
}
