//! Listing, clearing and verification.

use rusqlite::Row;

use crate::cache::{Cache, digest_of};
use crate::error::Result;

/// An entry without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its kind.
    pub kind: String,
    /// Its key in hexadecimal digits.
    pub key: String,
    /// The description that it was stored with.
    pub about: String,
    /// The size of its content.
    pub bytes: u64,
    /// When it was stored, in seconds since 1970.
    pub made: i64,
    /// When it was last read or stored, in seconds since 1970.
    pub used: i64,
}

/// An entry whose content is not what was stored.
pub type Damaged = Entry;

const COLUMNS: &str = "kind, lower(hex(key)), about, bytes, made, used";

impl Cache {
    /// Lists the entries, those used most recently first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let sql = format!("SELECT {COLUMNS} FROM entries ORDER BY used DESC, rowid DESC");
        let read = || {
            let mut statement = self.db.prepare(&sql)?;
            statement.query_map([], entry)?.collect()
        };
        self.checked(read())
    }

    /// Removes all entries and gives their space back to the system; returns how many there were.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn clear(&mut self) -> Result<usize> {
        let removed = self.db.execute("DELETE FROM entries", []);
        let removed = self.checked(removed)?;
        let done = self.db.execute_batch("VACUUM");
        self.checked(done)?;
        Ok(removed)
    }

    /// Reads all entries, and removes and returns those whose content is not what was stored.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn verify(&mut self) -> Result<Vec<Damaged>> {
        let find = || {
            let sql = format!("SELECT {COLUMNS}, rowid, content, digest FROM entries");
            let mut statement = self.db.prepare(&sql)?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (content, digest): (Vec<u8>, Vec<u8>) = (row.get(7)?, row.get(8)?);
                if digest != digest_of(&content) {
                    found.push((row.get::<_, i64>(6)?, entry(row)?));
                }
            }
            Ok(found)
        };
        let found = self.checked(find())?;
        for (row, _) in &found {
            let done = (self.db).execute("DELETE FROM entries WHERE rowid = ?1", [row]);
            self.checked(done)?;
        }
        Ok(found.into_iter().map(|(_, entry)| entry).collect())
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        kind: row.get(0)?,
        key: row.get(1)?,
        about: row.get(2)?,
        bytes: row.get::<_, i64>(3)?.max(0) as u64,
        made: row.get(4)?,
        used: row.get(5)?,
    })
}
