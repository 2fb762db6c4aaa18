//! The file that commits are written to.

use std::sync::Arc;

use crate::table::Commit;

use super::disk::{Disk, DiskFile};
use super::error::StoreError;
use super::frame::Chain;
use super::header::{Header, Kind};
use super::names::Name;

/// A log that is written. Whoever has it may: nobody else does.
pub(crate) struct LogFile {
    disk: Arc<dyn Disk>,
    file: Box<dyn DiskFile>,
    name: Name,
    /// The name of the table.
    table: String,
    chain: Chain,
    /// The checksum of its header.
    header_sum: u32,
    length: u64,
}

/// The file that follows: it has a header, and not its name yet.
pub(crate) struct NextLog(LogFile);

impl LogFile {
    /// Makes the file for the commits after one, and makes it last. It continues a file with this
    /// checksum.
    pub(super) fn create(
        disk: Arc<dyn Disk>,
        table: String,
        after: Commit,
        before: u32,
    ) -> Result<Self, StoreError> {
        Self::prepare(disk, table, after, before)?.finish()
    }

    /// Goes on in a file that was read: what was found whole in it ends here.
    pub(super) fn go_on(
        disk: Arc<dyn Disk>,
        table: String,
        after: Commit,
        (header_sum, chain, length): (u32, Chain, u64),
    ) -> Result<Self, StoreError> {
        let name = Name::Log { after };
        let path = disk.path(&name.file());
        let file = disk.open(&name.file()).map_err(StoreError::io("opening", path))?;
        Ok(LogFile { disk, file, name, table, chain, header_sum, length })
    }

    /// Ends the file here, and writes what was read behind `from` once more, so that it is on the disk:
    /// after a sync that failed, a system may have it in memory alone, and take it for written.
    pub(super) fn settle(&mut self, from: u64, read: &[u8]) -> Result<(), StoreError> {
        self.file.cut(self.length).map_err(self.io("cutting"))?;
        self.file.write_at(from, read).map_err(self.io("writing"))?;
        self.file.sync().map_err(self.io("syncing"))
    }

    /// Whether it has the commits after this one.
    pub(crate) fn begins_after(&self, commit: Commit) -> bool {
        self.name == Name::Log { after: commit }
    }

    /// The checksum of its header.
    pub(crate) fn header_sum(&self) -> u32 {
        self.header_sum
    }

    /// How many bytes it has.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Writes commits with their bytes, and returns when they are on the disk. All up to `synced` were
    /// before.
    pub(crate) fn append(
        &mut self,
        commits: &[(Commit, Vec<u8>)],
        synced: Commit,
    ) -> Result<(), StoreError> {
        if commits.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for (commit, payload) in commits {
            self.chain.push(&mut bytes, (*commit).into(), synced.into(), payload);
        }
        self.file.write_at(self.length, &bytes).map_err(self.io("writing"))?;
        self.length += bytes.len() as u64;
        self.file.sync().map_err(self.io("syncing"))
    }

    /// Makes a file for the commits after one, beside this one, which stays in use. If that fails,
    /// there is none with its name.
    pub(crate) fn prepare_next(&self, after: Commit) -> Result<NextLog, StoreError> {
        Self::prepare(Arc::clone(&self.disk), self.table.clone(), after, self.chain.last())
    }

    /// Goes on in the next file. If that fails, it is not known which of the two will be there.
    pub(crate) fn go_on_in(&mut self, next: NextLog) -> Result<(), StoreError> {
        *self = next.finish()?;
        Ok(())
    }

    fn prepare(
        disk: Arc<dyn Disk>,
        table: String,
        after: Commit,
        before: u32,
    ) -> Result<NextLog, StoreError> {
        let name = Name::Log { after };
        let unfinished = name.unfinished();
        let path = || disk.path(&unfinished);
        let header = Header::new(&table, Kind::Log, (after, after), (before, 0));
        let (bytes, header_sum) = header.encode();
        let chain = Chain::new(header.salt, header_sum);
        let mut file = disk.create(&unfinished).map_err(StoreError::io("creating", path()))?;
        let written = file.write_at(0, &bytes).map_err(StoreError::io("writing", path()));
        let synced = written.and_then(|()| file.sync().map_err(StoreError::io("syncing", path())));
        if let Err(error) = synced {
            // The next opening removes it, too.
            let _ = disk.remove(&unfinished);
            return Err(error);
        }
        let length = bytes.len() as u64;
        Ok(NextLog(LogFile { disk, file, name, table, chain, header_sum, length }))
    }

    fn io(&self, doing: &'static str) -> impl FnOnce(std::io::Error) -> StoreError + use<> {
        StoreError::io(doing, self.disk.path(&self.name.file()))
    }
}

impl NextLog {
    fn finish(self) -> Result<LogFile, StoreError> {
        let log = self.0;
        finish(&*log.disk, log.name)?;
        Ok(log)
    }
}

/// Gives a file that was written and synced its name, which lasts.
pub(super) fn finish(disk: &dyn Disk, name: Name) -> Result<(), StoreError> {
    let path = disk.path(&name.file());
    let renamed = disk.rename(&name.unfinished(), &name.file());
    renamed.map_err(StoreError::io("renaming", path.clone()))?;
    disk.sync().map_err(StoreError::io("syncing the folder of", path))
}
