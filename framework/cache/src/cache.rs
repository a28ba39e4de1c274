//! Opening, reading and writing, and eviction of what exceeds the limit.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::error::{Error, Result};
use crate::key::Key;

/// The version of the tables.
const FORMAT: i64 = 1;

/// The longest wait for another program's write.
const PATIENCE: Duration = Duration::from_secs(30);

/// The share of the limit that is left after eviction, so that not every write evicts.
const KEPT_SHARE: f64 = 0.9;

/// Results kept by content in one file.
#[derive(Debug)]
pub struct Cache {
    pub(crate) db: Connection,
    path: PathBuf,
    limit_bytes: u64,
}

impl Cache {
    /// Opens the same cache once more.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn reopened(&self) -> Result<Self> {
        Self::open(&self.path, self.limit_bytes)
    }

    /// Opens the cache in the file at `path`, which is created with its folder where missing. Its
    /// contents are limited to `limit_bytes`; the file is a little larger.
    ///
    /// # Errors
    /// When the file cannot be created or read, is no cache, or has another format.
    pub fn open(path: &Path, limit_bytes: u64) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| Error::Folder {
                path: path.into(),
                source,
            })?;
        }
        let found = prepare(path).map_err(|source| Error::Database {
            path: path.into(),
            source,
        })?;
        let db = found.map_err(|found| Error::Format {
            path: path.into(),
            found,
            expected: FORMAT,
        })?;
        Ok(Self {
            db,
            path: path.into(),
            limit_bytes,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the content of kind `kind` under `key`; `None` when there is none, or it is damaged.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn get(&self, kind: &str, key: &Key) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT content, digest FROM entries WHERE kind = ?1 AND key = ?2";
        let row = self.db.query_row(sql, params![kind, key.bytes()], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        let Some((content, digest)) = self.checked(row.optional())? else {
            return Ok(None);
        };
        if digest != digest_of(&content) {
            return Ok(None);
        }
        // If another program holds the file, the entry only looks a little older than it is.
        let sql = "UPDATE entries SET used = ?1 WHERE kind = ?2 AND key = ?3";
        let _ = self.db.execute(sql, params![now(), kind, key.bytes()]);
        Ok(Some(content))
    }

    /// Stores content under a key, in place of what was there. `about` is shown in lists. Content
    /// larger than the limit is not stored.
    ///
    /// # Errors
    /// When the file cannot be written; what was there before is kept.
    pub fn put(&mut self, kind: &str, key: &Key, about: &str, content: &[u8]) -> Result<()> {
        if content.len() as u64 > self.limit_bytes {
            return Ok(());
        }
        let done = insert(&mut self.db, self.limit_bytes, kind, key, about, content);
        self.checked(done)
    }

    pub(crate) fn checked<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|source| Error::Database {
            path: self.path.clone(),
            source,
        })
    }
}

pub(crate) fn digest_of(content: &[u8]) -> [u8; 32] {
    blake3::hash(content).into()
}

/// Opens the file and creates its tables where it is new; returns its format where that is another.
fn prepare(path: &Path) -> rusqlite::Result<std::result::Result<Connection, i64>> {
    let mut db = Connection::open(path)?;
    db.busy_timeout(PATIENCE)?;
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let is_empty: bool = tx.query_row("SELECT count(*) = 0 FROM sqlite_master", [], |row| {
        row.get(0)
    })?;
    if found == 0 && is_empty {
        tx.execute_batch(
            "CREATE TABLE entries (
                kind TEXT NOT NULL, key BLOB NOT NULL, about TEXT NOT NULL, content BLOB NOT NULL,
                digest BLOB NOT NULL, bytes INTEGER NOT NULL, made INTEGER NOT NULL,
                used INTEGER NOT NULL);
             CREATE UNIQUE INDEX entries_key ON entries (kind, key);
             CREATE INDEX entries_used ON entries (used, bytes);",
        )?;
        tx.pragma_update(None, "user_version", FORMAT)?;
    } else if found != FORMAT {
        return Ok(Err(found));
    }
    tx.commit()?;
    // Readers and a writer do not wait for each other. Where the file system cannot do that, SQLite
    // stays with its older journal, which is slower only.
    db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    // After a power cut the last entries may be missing, which costs computing them again.
    db.pragma_update(None, "synchronous", "normal")?;
    Ok(Ok(db))
}

fn insert(
    db: &mut Connection,
    limit_bytes: u64,
    kind: &str,
    key: &Key,
    about: &str,
    content: &[u8],
) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute(
        "INSERT OR REPLACE INTO entries (kind, key, about, content, digest, bytes, made, used)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        params![
            kind,
            key.bytes(),
            about,
            content,
            digest_of(content).as_slice(),
            content.len() as i64,
            now()
        ],
    )?;
    evict(&tx, limit_bytes, key)?;
    tx.commit()
}

/// Removes the entries used least recently, but for the newest one.
fn evict(tx: &rusqlite::Transaction<'_>, limit_bytes: u64, newest: &Key) -> rusqlite::Result<()> {
    let total: i64 = tx.query_row("SELECT total(bytes) FROM entries", [], |row| {
        row.get::<_, f64>(0).map(|total| total as i64)
    })?;
    if total as u64 <= limit_bytes {
        return Ok(());
    }
    let mut excess = total - (limit_bytes as f64 * KEPT_SHARE) as i64;
    let mut oldest =
        tx.prepare("SELECT rowid, bytes FROM entries WHERE key != ?1 ORDER BY used, rowid")?;
    let mut rows = oldest.query(params![newest.bytes()])?;
    let mut gone = Vec::new();
    while excess > 0 {
        let Some(row) = rows.next()? else { break };
        gone.push(row.get::<_, i64>(0)?);
        excess -= row.get::<_, i64>(1)?;
    }
    for row in gone {
        tx.execute("DELETE FROM entries WHERE rowid = ?1", [row])?;
    }
    Ok(())
}

/// Seconds since 1970. It decides only which entries go first.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}
