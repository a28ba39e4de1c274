//! Detection of changes to a run's record.
//!
//! Every trial has a link: a hash over the previous link and everything recorded of the trial. The
//! seal is a hash over the last link and everything else: settings, state, current round,
//! artifacts. Both are written in the same transaction as the data that they cover. They reveal
//! damage and mistakes; whoever can write the file can write new hashes as well.

use blake3::Hasher;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Params};

/// The tables for it.
pub(super) const TABLES: &str = "
CREATE TABLE links (
    id   INTEGER PRIMARY KEY, -- the trial's
    link BLOB NOT NULL        -- BLAKE3 of the link before and the trial
) STRICT;
CREATE TABLE seal (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seal BLOB NOT NULL        -- BLAKE3 of the last link and all that is no trial
) STRICT;
";

/// The queries that the seal covers, each with a fixed order.
const SEALED: [&str; 6] = [
    "SELECT id, link FROM links ORDER BY id DESC LIMIT 1",
    "SELECT key, value FROM meta ORDER BY key",
    "SELECT controller, schedule, next_trial FROM state",
    "SELECT name, bytes, blake3 FROM artifacts ORDER BY name",
    "SELECT id, choices, log_prob, evaluation FROM pending ORDER BY id",
    "SELECT schedule FROM round",
];

/// A hash as stored.
pub(super) type Link = [u8; 32];

/// Adds the link of a trial that is already in the table.
pub(super) fn add_link(db: &Connection, id: i64) -> rusqlite::Result<()> {
    let before = stored_link(db, id - 1)?.unwrap_or_default();
    let link = link(db, id, &before)?;
    db.execute("INSERT INTO links VALUES (?1, ?2)", (id, &link[..]))?;
    Ok(())
}

/// Renews the seal.
pub(super) fn reseal(db: &Connection) -> rusqlite::Result<()> {
    let seal = seal(db)?;
    db.execute("INSERT OR REPLACE INTO seal VALUES (1, ?1)", [&seal[..]])?;
    Ok(())
}

/// The expected link of a trial after the previous link, which is empty for the first.
pub(super) fn link(db: &Connection, id: i64, before: &[u8]) -> rusqlite::Result<Link> {
    let mut hash = Hasher::new();
    hash.update(before);
    let sql = "SELECT * FROM trials WHERE id = ?1";
    absorb(&mut hash, db, sql, [id])?;
    Ok(*hash.finalize().as_bytes())
}

/// The expected seal.
pub(super) fn seal(db: &Connection) -> rusqlite::Result<Link> {
    let mut hash = Hasher::new();
    for sql in SEALED {
        absorb(&mut hash, db, sql, [])?;
    }
    Ok(*hash.finalize().as_bytes())
}

/// The stored link of a trial.
pub(super) fn stored_link(db: &Connection, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut statement = db.prepare_cached("SELECT link FROM links WHERE id = ?1")?;
    statement.query_row([id], |row| row.get(0)).optional()
}

/// Hashes every value of every row with its type and length, and the number of rows.
fn absorb(
    hash: &mut Hasher,
    db: &Connection,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(params)?;
    let mut count = 0_u64;
    while let Some(row) = rows.next()? {
        count += 1;
        for column in 0..columns {
            let mut add = |kind: u8, bytes: &[u8]| {
                let length = bytes.len() as u64;
                hash.update(&[kind]).update(&length.to_le_bytes());
                hash.update(bytes);
            };
            match row.get_ref(column)? {
                ValueRef::Null => add(0, &[]),
                ValueRef::Integer(value) => add(1, &value.to_le_bytes()),
                ValueRef::Real(value) => add(2, &value.to_bits().to_le_bytes()),
                ValueRef::Text(bytes) => add(3, bytes),
                ValueRef::Blob(bytes) => add(4, bytes),
            }
        }
    }
    hash.update(&count.to_le_bytes());
    Ok(())
}
