//! What changed between two maps, said, applied, and merged.
//!
//! * `change.rs`: one change, as a value.
//! * `diff.rs`: the changes that turn one map into another, by the pages that the two do not share.
//! * `apply.rs`: changes made to a map, checked or not.
//! * `merge.rs`: two maps that come from one, made one again.
//! * `unchanged.rs`: what is removed or replaced if it is as it was in a snapshot.

mod apply;
mod change;
mod diff;
mod merge;
mod unchanged;

use core::ptr;

pub use apply::ApplyError;
pub use change::Change;
pub use diff::{ByEq, Diff, DiffSorted};
pub use merge::Conflict;

/// Whether what two maps have for a key is the same: by `==`, or because the page is the same one.
fn same<V: PartialEq>(one: Option<&V>, other: Option<&V>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => ptr::eq(one, other) || one == other,
        (None, None) => true,
        _ => false,
    }
}
