//! redb, in memory and without durability.

use redb::backends::InMemoryBackend;
use redb::{Database, Durability, ReadableTable, TableDefinition};

use super::Table;

const ROWS: TableDefinition<'_, u64, u64> = TableDefinition::new("rows");

/// A database with one table.
pub struct Redb(Database);

impl Redb {
    /// A table with these rows.
    ///
    /// # Errors
    ///
    /// redb's.
    pub fn new(rows: impl Iterator<Item = (u64, u64)>) -> Result<Self, redb::Error> {
        let database = Database::builder().create_with_backend(InMemoryBackend::new())?;
        let writing = database.begin_write()?;
        {
            let mut table = writing.open_table(ROWS)?;
            for (key, value) in rows {
                table.insert(key, value)?;
            }
        }
        writing.commit()?;
        Ok(Redb(database))
    }

    fn write(&self, reads: [u64; 2], writes: [u64; 2], value: u64) -> Result<u64, redb::Error> {
        let mut writing = self.0.begin_write()?;
        writing.set_durability(Durability::None)?;
        let mut sum = 0;
        {
            let mut table = writing.open_table(ROWS)?;
            for key in reads {
                sum += table.get(key)?.map_or(0, |value| value.value());
            }
            for key in writes {
                table.insert(key, value)?;
            }
        }
        writing.commit()?;
        Ok(sum)
    }
}

impl Table for Redb {
    fn transaction(&self, reads: [u64; 2], writes: [u64; 2], value: u64) -> Option<u64> {
        self.write(reads, writes, value).ok()
    }
}
