//! Migration of runs of earlier programs to the current format.

use std::path::Path;

use rusqlite::Connection;

use super::format::{ARTIFACTS, FORMAT, PENDING, ROUND, TRIALS};
use super::{artifact, hash_chain};

/// Migrates a database of format `version` to the current one, wholly or not at all.
pub(super) fn migrate(run: &Path, db: &mut Connection, version: i64) -> rusqlite::Result<()> {
    let tx = db.transaction()?;
    if version < 2 {
        tx.execute_batch(PENDING)?;
        tx.execute_batch(ROUND)?;
        tx.execute_batch(hash_chain::TABLES)?;
        hash_artifacts(run, &tx)?;
        let sql = "SELECT value FROM meta WHERE key = 'config'";
        let config: String = tx.query_row(sql, [], |row| row.get(0))?;
        let sql = "UPDATE meta SET value = ?1 WHERE key = 'config'";
        tx.execute(sql, [one_at_a_time(&config)])?;
        let mut trials = tx.prepare("SELECT id FROM trials ORDER BY id")?;
        let ids = trials.query_map([], |row| row.get(0))?;
        for id in ids.collect::<rusqlite::Result<Vec<i64>>>()? {
            hash_chain::add_link(&tx, id)?;
        }
    }
    if version < 3 {
        // The same columns, one of which may be NULL now; hashes are of values and stay.
        remake(&tx, "trials", TRIALS)?;
        remake(&tx, "pending", PENDING)?;
    }
    hash_chain::reseal(&tx)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.commit()
}

/// Creates a table anew by `sql`, with its rows.
fn remake(db: &Connection, table: &str, sql: &str) -> rusqlite::Result<()> {
    db.execute_batch(&format!("ALTER TABLE {table} RENAME TO earlier"))?;
    db.execute_batch(sql)?;
    db.execute_batch(&format!(
        "INSERT INTO {table} SELECT * FROM earlier; DROP TABLE earlier;"
    ))
}

/// Records the present hashes of artifacts; a missing or unreadable file gets one that never
/// matches.
fn hash_artifacts(run: &Path, db: &Connection) -> rusqlite::Result<()> {
    let mut before = db.prepare("SELECT name, bytes FROM artifacts")?;
    let rows = before.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let noted: Vec<(String, i64)> = rows.collect::<rusqlite::Result<_>>()?;
    db.execute_batch("DROP TABLE artifacts")?;
    db.execute_batch(ARTIFACTS)?;
    for (name, bytes) in noted {
        let content = artifact::path_of(run, &name).map(std::fs::read);
        let hash = match content {
            Ok(Ok(content)) => artifact::hash(&content),
            _ => String::new(),
        };
        let sql = "INSERT INTO artifacts VALUES (?1, ?2, ?3)";
        db.execute(sql, (name, bytes, hash))?;
    }
    Ok(())
}

/// Sets `round = 1`: before there were rounds, every proposal came after the previous outcome, and
/// the run must continue like that whatever the default has become.
fn one_at_a_time(config: &str) -> String {
    config.replacen("[run]\n", "[run]\nround = 1\n", 1)
}
