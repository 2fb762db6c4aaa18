//! A table in two processes: a leader, where transactions commit, and a follower that stays equal
//! by the changes of each commit.
//!
//! | question | file |
//! |---|---|
//! | What is on the wire? | `frame.rs` |
//! | What do the two say to each other? | `message.rs` |
//! | How do messages become versions? | `incoming.rs` |
//! | What does the follower's process do? | `follower.rs` |
//! | What does the leader send, and what does it check? | `leader.rs` |
//! | What is committed, and what should there be? | `writer.rs`, `sums.rs` |
//! | When is the follower killed, or cut off? | `run.rs` |
//!
//! # How it works
//!
//! A follower says which commit it has. If the leader still keeps that one, it sends the changes
//! since, which it finds by comparing two snapshots. If not, it sends the whole table. Then it
//! sends the changes of each commit as they come.
//!
//! The follower makes changes to a map of its own, a snapshot of the version before. When the
//! leader says that this was all, it publishes the map in a [`CowCell`](cowmap::CowCell). So there
//! is no moment at which anyone could read half a version, whatever happens to the process or the
//! connection.
//!
//! The leader asks now and then what the follower serves, and compares with a model: what the rows
//! of each commit add up to, counted aside of all maps.
//!
//! The follower keeps nothing on disk, and knows one leader. If a leader could be started anew,
//! commits would have to name the table, too.

pub mod follower;
pub mod frame;
pub mod incoming;
mod leader;
pub mod message;
mod run;
pub mod sums;
mod writer;

use frame::FrameError;
use incoming::IncomingError;

use crate::difference::Difference;

pub use run::{Settings, run};

pub use leader::Counts;

/// Why replication ended.
#[derive(Debug, thiserror::Error)]
pub enum ReplicationError {
    /// Something is not what the model says.
    #[error(transparent)]
    Difference(#[from] Difference),
    /// The other end sent what is no message.
    #[error("a message could not be read or written: {0}")]
    Frame(#[from] FrameError),
    /// The leader sent what makes no version.
    #[error("the leader sent what makes no version: {0}")]
    Incoming(#[from] IncomingError),
    /// The system did not let it listen, or start a follower.
    #[error("{0}: {1}")]
    System(&'static str, #[source] std::io::Error),
}
