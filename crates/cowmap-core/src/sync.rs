//! The one place atomics come from, so that loom can put its own in.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::AtomicUsize;
#[cfg(loom)]
pub(crate) use loom::sync::atomic::AtomicUsize;

pub(crate) use core::sync::atomic::Ordering;
