//! The tables, their version, and opening a database.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{database_error, database_path, hash_chain, is_run, run_error};
use crate::error::Result;
use nasfw_disk::Folder;

/// The version of the tables that this program writes, and the only one it reads.
pub const FORMAT: i64 = 5;

/// Application id of nasfw databases: "nasf" in ASCII.
const APPLICATION_ID: i64 = 0x6e61_7366;

const TABLES: &str = "
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE state (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    controller BLOB NOT NULL,
    schedule   BLOB NOT NULL,
    next_trial INTEGER NOT NULL
) STRICT;
CREATE TABLE trials (
    id                    INTEGER PRIMARY KEY,
    genotype              TEXT NOT NULL,
    choices               TEXT NOT NULL, -- JSON: one index per decision, in sampling order
    log_prob              REAL,          -- natural logarithm; NULL without a policy
    repeat                INTEGER NOT NULL, -- earlier trials with the same network
    status                TEXT NOT NULL CHECK (status IN ('complete', 'stopped', 'failed')),
    stage_rewards         TEXT NOT NULL, -- JSON: one number per completed stage
    reward                REAL,          -- as reported to the controller; NULL if it failed
    metrics               TEXT NOT NULL, -- JSON: name to number
    params                INTEGER NOT NULL,
    params_with_aux       INTEGER NOT NULL,
    macs                  INTEGER NOT NULL,
    peak_activation_bytes INTEGER NOT NULL,
    output_stride         INTEGER NOT NULL,
    seconds               REAL NOT NULL,
    reason                TEXT           -- of a stop or failure; NULL if it is complete
) STRICT;
CREATE TABLE artifacts (
    name   TEXT PRIMARY KEY, -- path below artifacts/, with forward slashes
    bytes  INTEGER NOT NULL,
    blake3 TEXT NOT NULL     -- 64 hexadecimal digits
) STRICT;
CREATE TABLE pending ( -- the proposals of the current round
    id         INTEGER PRIMARY KEY, -- the trial that it will be
    choices    TEXT NOT NULL,       -- JSON: one index per decision, in sampling order
    log_prob   REAL,                -- natural logarithm; NULL without a policy
    repeat     INTEGER NOT NULL,    -- earlier trials with the same network
    evaluation TEXT                 -- JSON: its result, not learned from yet; NULL until it is known
) STRICT;
CREATE TABLE round (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    schedule BLOB NOT NULL        -- when the round was proposed
) STRICT;
";

fn make_tables(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(TABLES)?;
    db.execute_batch(hash_chain::TABLES)
}

/// An in-memory database with the tables of the current format.
pub(super) fn empty() -> rusqlite::Result<Connection> {
    let db = Connection::open_in_memory()?;
    make_tables(&db)?;
    Ok(db)
}

/// The definitions of a database's tables as text, in an order independent of their creation.
pub(super) fn tables(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_master \
               ORDER BY 1";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// Creates the database of a new run. It is in one file when this returns.
pub(super) fn create(run: &Path, meta: &[(&str, &str)]) -> Result<()> {
    let make = || -> rusqlite::Result<()> {
        let mut db = Connection::open(database_path(run))?;
        db.pragma_update(None, "synchronous", "FULL")?;
        let tx = db.transaction()?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", FORMAT)?;
        make_tables(&tx)?;
        for (key, value) in meta {
            tx.execute("INSERT INTO meta VALUES (?1, ?2)", [key, value])?;
        }
        hash_chain::reseal(&tx)?;
        tx.commit()?;
        db.close().map_err(|(_, e)| e)
    };
    make().map_err(|e| database_error(run, e))
}

/// Opens the database for the single writer: write-ahead log, every commit durable.
pub(super) fn open(run: &Path) -> Result<Connection> {
    check_exists(run)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(database_path(run), flags)
        .map_err(|e| database_error(run, e))?;
    check_version(run, &db)?;
    let prepare = || -> rusqlite::Result<String> {
        db.busy_timeout(Duration::from_secs(10))?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
    };
    match prepare().map_err(|e| database_error(run, e))? {
        ok if ok == "ok" => Ok(db),
        damage => Err(run_error(run, format!("run.db is damaged: {damage}"))),
    }
}

/// Opens the database for reading, while another process writes or on a read-only medium.
pub(super) fn open_to_read(run: &Path) -> Result<Connection> {
    check_exists(run)?;
    let path = database_path(run);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let usual = Connection::open_with_flags(&path, flags)
        .map_err(|e| database_error(run, e))
        .and_then(|db| check_version(run, &db).map(|()| db));
    let db = match usual {
        // A write-ahead log needs a file of shared memory beside it, which a read-only medium
        // refuses; where nothing can write, nothing changes, and the log is not needed.
        Err(crate::Error::Database { .. }) if !run.join("run.db-wal").exists() => {
            let uri = format!("file:{}?immutable=1", percent_encode(&path));
            let db = Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
                .map_err(|e| database_error(run, e))?;
            check_version(run, &db)?;
            db
        }
        other => other?,
    };
    db.busy_timeout(Duration::from_secs(10))
        .map_err(|e| database_error(run, e))?;
    Ok(db)
}

fn check_exists(run: &Path) -> Result<()> {
    if is_run(run) {
        return Ok(());
    }
    let message = match Folder::at(run) {
        Folder::Model => {
            "this is a model, not a run; use it with `nasfw report`, `eval`, `predict` or `export`"
                .into()
        }
        Folder::Unfinished { resume } => {
            format!("this is an unfinished training, not a run; {resume}")
        }
        _ if run.is_file() => "this is a file; expected a run folder".into(),
        _ if run.exists() => "this folder has no run.db, so it is not a run".into(),
        _ => "no such run; start one with `nasfw run`".to_owned(),
    };
    Err(run_error(run, message))
}

/// Refuses a database that this program cannot read.
fn check_version(run: &Path, db: &Connection) -> Result<()> {
    let read = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pair = read("application_id").and_then(|id| Ok((id, read("user_version")?)));
    let (id, version) = pair.map_err(|e| database_error(run, e))?;
    if id != APPLICATION_ID {
        return Err(run_error(run, "run.db was not created by nasfw"));
    }
    let whose = match version {
        FORMAT => return Ok(()),
        1..FORMAT => "an earlier",
        v if v > FORMAT => "a newer",
        _ => {
            return Err(run_error(
                run,
                format!("run.db has the unknown format {version}"),
            ));
        }
    };
    let message = format!(
        "created by {whose} nasfw (format {version}; this program reads {FORMAT}); use the version that created it"
    );
    Err(run_error(run, message))
}

fn percent_encode(path: &Path) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || "/._-:\\".contains(c);
    let encode = |c: char| {
        if keep(c) {
            c.to_string()
        } else {
            let mut bytes = [0; 4];
            let utf8 = c.encode_utf8(&mut bytes).bytes();
            utf8.map(|b| format!("%{b:02x}")).collect()
        }
    };
    path.to_string_lossy().chars().map(encode).collect()
}
