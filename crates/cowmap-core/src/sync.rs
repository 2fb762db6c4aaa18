//! The one place atomics come from, so that loom can put its own in.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::AtomicUsize;
#[cfg(loom)]
pub(crate) use loom::sync::atomic::AtomicUsize;

pub(crate) use core::sync::atomic::Ordering;

#[cfg(not(all(target_has_atomic = "64", not(cowmap_narrow))))]
pub(crate) use AtomicUsize as Wide;
/// The widest atomic number of the target (which `--cfg cowmap_narrow` takes for one without atomics of
/// 64 bits).
#[cfg(all(target_has_atomic = "64", not(cowmap_narrow), not(loom)))]
pub(crate) use core::sync::atomic::AtomicU64 as Wide;
#[cfg(all(target_has_atomic = "64", not(cowmap_narrow), loom))]
pub(crate) use loom::sync::atomic::AtomicU64 as Wide;

/// What is in a [`Wide`].
#[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
pub(crate) type WideNumber = u64;
#[cfg(not(all(target_has_atomic = "64", not(cowmap_narrow))))]
pub(crate) type WideNumber = usize;
