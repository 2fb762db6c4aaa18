//! What leader and follower say to each other.
//!
//! A follower opens two connections. On one it says what it has, and gets versions. On the other it
//! says what it serves, as often as the leader asks.

use cowmap::Change;
use serde::{Deserialize, Serialize};

use super::sums::Sums;
use crate::ids::RowId;
use crate::table::Commit;

/// How many rows or changes are in one message.
pub(super) const PART: usize = 1000;

/// A message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Follower: send me versions. This is the last one that I have.
    Follow {
        /// Its commit.
        have: Option<Commit>,
    },
    /// Leader: a whole version begins, whatever you have.
    Whole {
        /// Its commit.
        commit: Commit,
    },
    /// Leader: rows of the whole version.
    Rows(Vec<(RowId, i64)>),
    /// Leader: the changes from the version that you have to a newer one begin.
    Changes {
        /// The commit that you have.
        from: Commit,
        /// The commit that they lead to.
        to: Commit,
    },
    /// Leader: some of the changes.
    Changed(Vec<Change<RowId, i64>>),
    /// Leader: that was all of the version.
    Publish {
        /// How many rows it has.
        rows: u64,
    },
    /// Leader: there is nothing new, but I am still there.
    Idle,
    /// Follower: ask me on this connection what I serve.
    Ask,
    /// Leader: which version do you serve?
    WhatDoYouServe,
    /// Follower: this one, which I have added up just now; or none yet.
    Serving(Option<(Commit, Sums)>),
}
