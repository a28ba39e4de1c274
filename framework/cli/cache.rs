//! `nasfw cache`: results kept for later runs.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use nasfw::cache::{Cache, Entry, LIMIT_BYTES, PLACE_VARIABLE, user_file};
use serde::Serialize;

use crate::exit::{Failure, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what is kept, by kind and origin
    List {
        /// Print JSON, one object per entry
        #[arg(long)]
        json: bool,
    },
    /// Remove everything that is kept
    Clear,
    /// Check that every entry is what was stored; damaged ones are removed
    Verify,
}

/// Whether a search uses the cache.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct CacheArgs {
    /// Compute everything again, and keep nothing: neither read nor write the user's cache
    #[arg(long)]
    no_cache: bool,
}

impl CacheArgs {
    /// The user's cache, unless it is turned off or cannot be opened, which is said.
    pub(crate) fn open(self) -> Option<Cache> {
        let file = user_file().filter(|_| !self.no_cache)?;
        match Cache::open(&file, LIMIT_BYTES) {
            Ok(cache) => Some(cache),
            Err(e) => {
                say(&format!("note: continuing without the cache: {e}"));
                None
            }
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let file = user_file().ok_or_else(|| {
        Failure::Input(format!(
            "there is no cache: {PLACE_VARIABLE} is `off`, or the system names no cache folder; set \
             {PLACE_VARIABLE} to the path of a file"
        ))
    })?;
    let mut out = io::stdout().lock();
    if !file.exists() {
        let nothing = matches!(args.command, Command::List { json: true });
        if !nothing {
            writeln!(out, "nothing is kept in {}", file.display())?;
        }
        return Ok(());
    }
    let mut cache = open(file)?;
    match args.command {
        Command::List { json: true } => {
            for entry in cache.entries().map_err(failed)? {
                writeln!(
                    out,
                    "{}",
                    serde_json::to_string(&Line::new(&entry)).map_err(io::Error::from)?
                )?;
            }
        }
        Command::List { json: false } => list(&mut out, &cache)?,
        Command::Clear => {
            let removed = cache.clear().map_err(failed)?;
            writeln!(
                out,
                "removed {removed} entries from {}",
                cache.path().display()
            )?;
        }
        Command::Verify => {
            let all = cache.entries().map_err(failed)?.len();
            let damaged = cache.verify().map_err(failed)?;
            if !damaged.is_empty() {
                let what: Vec<String> = damaged
                    .iter()
                    .map(|e| format!("{} {}", e.kind, e.key))
                    .collect();
                return Err(Failure::Failed(format!(
                    "{} of {all} entries were damaged, and are removed: {}",
                    damaged.len(),
                    what.join(", ")
                )));
            }
            writeln!(
                out,
                "{}: all {all} entries are as stored",
                cache.path().display()
            )?;
        }
    }
    out.flush()?;
    Ok(())
}

fn open(file: PathBuf) -> Result<Cache, Failure> {
    Cache::open(&file, LIMIT_BYTES).map_err(failed)
}

fn failed(error: nasfw::cache::Error) -> Failure {
    Failure::Failed(error.to_string())
}

/// An entry as JSON.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'a str,
    key: &'a str,
    about: &'a str,
    bytes: u64,
    made_unix_secs: i64,
    used_unix_secs: i64,
}

impl<'a> Line<'a> {
    fn new(entry: &'a Entry) -> Self {
        Self {
            kind: &entry.kind,
            key: &entry.key,
            about: &entry.about,
            bytes: entry.bytes,
            made_unix_secs: entry.made,
            used_unix_secs: entry.used,
        }
    }
}

/// Prints a line per kind and origin, those used last first.
fn list(out: &mut dyn Write, cache: &Cache) -> Result<(), Failure> {
    let entries = cache.entries().map_err(failed)?;
    let mut groups: Vec<(&Entry, usize, u64)> = Vec::new();
    for entry in &entries {
        let same = |e: &Entry| (&e.kind, &e.about) == (&entry.kind, &entry.about);
        match groups.iter_mut().find(|(first, ..)| same(first)) {
            Some((_, count, bytes)) => {
                *count += 1;
                *bytes += entry.bytes;
            }
            None => groups.push((entry, 1, entry.bytes)),
        }
    }
    let bytes: u64 = entries.iter().map(|e| e.bytes).sum();
    writeln!(
        out,
        "{}: {} entries, {:.1} of at most {:.0} MiB",
        cache.path().display(),
        entries.len(),
        mib(bytes),
        mib(LIMIT_BYTES)
    )?;
    for (entry, count, bytes) in groups {
        writeln!(
            out,
            "{count:>7} {:<10} {:>8.1} MiB  used {}  {}",
            entry.kind,
            mib(bytes),
            ago(entry.used),
            entry.about
        )?;
    }
    Ok(())
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The time since a moment, in words.
fn ago(moment: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now
        .map_or(0, |now| now.as_secs() as i64)
        .saturating_sub(moment);
    match seconds {
        ..60 => "just now".into(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}
