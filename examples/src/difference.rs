//! What a check finds: something is not what its model says.

use std::fmt;

/// Something that is not what its model says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference(pub String);

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Difference {}

/// Returns a [`Difference`] from the function unless both sides are equal.
macro_rules! same {
    ($found:expr, $expected:expr, $($what:tt)+) => {
        let (found, expected) = ($found, $expected);
        if found != expected {
            return Err($crate::difference::Difference(format!(
                "{}: {found:?}, expected {expected:?}",
                format_args!($($what)+)
            )));
        }
    };
}
pub(crate) use same;
