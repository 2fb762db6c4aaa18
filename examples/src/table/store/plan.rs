//! Which files are read when a table is opened, by their names alone.

use crate::table::Commit;

use super::header::Kind;
use super::names::Name;

/// The files of a table, by what an opening does with them.
#[derive(Debug)]
pub(super) struct Plan {
    /// The newest full checkpoint, if there is one, and the changes that follow it, in this order.
    pub(super) checkpoints: Vec<Name>,
    /// The logs after those, in this order.
    pub(super) logs: Vec<Name>,
    /// Those that are of no use beside them.
    pub(super) leftover: Vec<Name>,
}

impl Plan {
    pub(super) fn of(names: impl Iterator<Item = Name>) -> Self {
        let mut names: Vec<Name> = names.collect();
        names.sort_unstable();
        let mut checkpoints = Vec::new();
        let is_full = |name: &&Name| name.kind() == Kind::Full;
        let mut next = names.iter().filter(is_full).max();
        while let Some(&name) = next {
            checkpoints.push(name);
            let (_, at) = name.commits();
            // One that failed at the last moment may be there beside the one that was made for it.
            let follows = |name: &&Name| matches!(name, Name::Changes { from, .. } if *from == at);
            next = names.iter().filter(follows).max();
        }
        let mut plan = Plan { checkpoints, logs: Vec::new(), leftover: Vec::new() };
        for name in names {
            match name {
                Name::Log { after } if after >= plan.checkpoint() => plan.logs.push(name),
                name if plan.checkpoints.contains(&name) => {}
                name => plan.leftover.push(name),
            }
        }
        plan
    }

    /// The commit up to which checkpoints lead.
    pub(super) fn checkpoint(&self) -> Commit {
        self.checkpoints.last().map_or(Commit::from(0), |name| name.commits().1)
    }

    /// The file that must be there and is not, if there is one: the log that goes on after the last
    /// checkpoint, unless there is nothing at all.
    pub(super) fn missing(&self) -> Option<Name> {
        let first = Name::Log { after: self.checkpoint() };
        let is_new = self.checkpoints.is_empty() && self.logs.is_empty();
        (!is_new && self.logs.first() != Some(&first)).then_some(first)
    }
}
