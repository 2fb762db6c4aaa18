//! Tables that survive: what is there after a crash at any moment, with files that were damaged, and
//! on a disk that fails.

mod crash;
mod damage;
mod disk;
mod failing;
mod group;
mod lives;
mod reopen;
mod script;
