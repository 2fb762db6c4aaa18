//! The words of `inspect`: what is in the files of a table, and what opening it would give.

use std::fmt;

use indicatif::{BinaryBytes, HumanCount};

use crate::table::store::inspect::{Contents, FORMAT, Flaw, Inspection, Kind, Opening, Part};

/// An inspection, in words.
pub struct Words<'a> {
    /// What was found.
    pub inspection: &'a Inspection,
    /// Whether somebody has the table open.
    pub in_use: bool,
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inspection { files, opening, steady } = self.inspection;
        if self.in_use {
            writeln!(
                f,
                "The table is open at this moment. What follows is what a crash would leave."
            )?;
        }
        if !steady {
            writeln!(
                f,
                "Files came and went while they were read: what follows may not fit together."
            )?;
        }
        for found in files {
            writeln!(f, "{}", found.file)?;
            match &found.part {
                Part::Known(contents) => self.contents(f, contents)?,
                Part::Unfinished => {
                    writeln!(f, "  was never finished: an opening removes it")?;
                }
                Part::Other => writeln!(f, "  none of the table's: an opening leaves it")?,
            }
        }
        self.opening(f, opening)
    }
}

impl Words<'_> {
    fn contents(&self, f: &mut fmt::Formatter<'_>, contents: &Contents) -> fmt::Result {
        let Contents { from, to, .. } = contents;
        match contents.kind {
            Kind::Log => writeln!(f, "  log of the commits after {from}")?,
            Kind::Full => writeln!(f, "  full checkpoint: all rows after commit {to}")?,
            Kind::Changes => {
                writeln!(f, "  checkpoint of changes: after commit {from}, up to commit {to}")?;
            }
        }
        write!(f, "  ")?;
        if let Some(table) = &contents.table {
            write!(f, "table {table:?}, format {FORMAT}, ")?;
            match (contents.kind, contents.frames, contents.rows) {
                (Kind::Log, 0, _) => write!(f, "no commits, ")?,
                (Kind::Log, 1, _) => write!(f, "commit {to}, ")?,
                (Kind::Log, commits, _) => {
                    let first = u64::from(*from) + 1;
                    write!(f, "{} commits ({first} to {to}), ", HumanCount(commits))?;
                }
                (_, frames, Some(rows)) => {
                    write!(f, "{} rows in {}, ", HumanCount(rows), counted(frames, "frame"))?;
                }
                (_, frames, None) => write!(f, "{}, ", counted(frames, "whole frame"))?,
            }
        }
        write!(f, "{}, ", BinaryBytes(contents.bytes))?;
        match &contents.flaw {
            None => writeln!(f, "all checksums are right")?,
            Some(flaw) => {
                writeln!(f, "not all of it is right")?;
                self.flaw(f, contents, flaw)?;
            }
        }
        if contents.kind == Kind::Log && contents.frames > 0 {
            match contents.synced {
                Some(synced) if synced > *from => {
                    writeln!(f, "  the log itself says that commits up to {synced} were synced")?;
                }
                _ => writeln!(f, "  nothing in the log says that one of them was synced")?,
            }
        }
        if !contents.is_read {
            let what = match &self.inspection.opening.error {
                None => "newer checkpoints have what is in it: an opening removes it",
                Some(_) => "an opening does not read it",
            };
            writeln!(f, "  {what}")?;
        }
        Ok(())
    }

    fn flaw(&self, f: &mut fmt::Formatter<'_>, contents: &Contents, flaw: &Flaw) -> fmt::Result {
        let refused = "this is damage, and an opening is refused";
        match flaw {
            Flaw::Torn { offset, why } => {
                writeln!(f, "  byte {offset}: {why}")?;
                let is_cut = self.inspection.opening.recovery.cut.is_some();
                if self.in_use && is_cut {
                    writeln!(f, "  it may be written at this moment")?;
                } else if is_cut {
                    let bytes = BinaryBytes(contents.bytes - offset);
                    writeln!(
                        f,
                        "  nothing says that it was synced: a tear. An opening cuts {bytes}"
                    )?;
                } else if contents.is_read {
                    writeln!(f, "  it was synced, because there is a later log: {refused}")?;
                }
                Ok(())
            }
            Flaw::Damaged { offset, what } => {
                write!(f, "  byte {offset}: {what}")?;
                if contents.is_read { writeln!(f, "\n  {refused}") } else { writeln!(f) }
            }
            Flaw::Foreign(why) => writeln!(f, "  {why}"),
            Flaw::Unreadable(error) => writeln!(f, "  {error}"),
        }
    }

    fn opening(&self, f: &mut fmt::Formatter<'_>, opening: &Opening) -> fmt::Result {
        if let Some(error) = &opening.error {
            return writeln!(f, "opening fails\n  {error}");
        }
        let recovery = &opening.recovery;
        if opening.read.is_empty() {
            return writeln!(f, "opening makes a new table, without rows");
        }
        writeln!(f, "opening gives the table after commit {}", recovery.commit)?;
        let (logs, checkpoints): (Vec<&String>, Vec<&String>) =
            opening.read.iter().partition(|file| file.starts_with("log"));
        match &checkpoints[..] {
            [] => writeln!(f, "  no checkpoint")?,
            [_] => writeln!(f, "  up to commit {} from a full checkpoint", recovery.checkpoint)?,
            [_, changes @ ..] => writeln!(
                f,
                "  up to commit {} from a full checkpoint and {} of changes",
                recovery.checkpoint,
                changes.len()
            )?,
        }
        writeln!(
            f,
            "  then {} from {}",
            counted(recovery.replayed, "commit"),
            counted(logs.len() as u64, "log")
        )?;
        if let Some(cut) = &recovery.cut {
            let bytes = BinaryBytes(cut.bytes);
            writeln!(f, "  cuts {bytes} at the end of the last log, from byte {} on", cut.offset)?;
        }
        if !opening.removed.is_empty() {
            let files = counted(opening.removed.len() as u64, "file");
            writeln!(f, "  removes {files} of no use")?;
        }
        Ok(())
    }
}

/// A number of things.
fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", HumanCount(number), if number == 1 { "" } else { "s" })
}
