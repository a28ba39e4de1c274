//! Runs of earlier programs, brought to the present format.

use rusqlite::Connection;

use super::format::{FORMAT, ROUNDS};

/// Brings a database of format `version` to the present one, wholly or not at all.
pub(super) fn migrate(db: &mut Connection, version: i64) -> rusqlite::Result<()> {
    let tx = db.transaction()?;
    if version < 2 {
        tx.execute_batch(ROUNDS)?;
        let sql = "SELECT value FROM meta WHERE key = 'config'";
        let config: String = tx.query_row(sql, [], |row| row.get(0))?;
        let sql = "UPDATE meta SET value = ?1 WHERE key = 'config'";
        tx.execute(sql, [one_at_a_time(&config)])?;
    }
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.commit()
}

/// Before there were rounds, every proposal came after the outcome of the one before: the run goes on
/// like that, whatever the default has become.
fn one_at_a_time(config: &str) -> String {
    config.replacen("[run]\n", "[run]\nround = 1\n", 1)
}
