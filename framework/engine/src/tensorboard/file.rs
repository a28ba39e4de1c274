//! Creation of a new event file.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;

use super::proto::{Event, Summary, Value, What};
use super::record::record;
use crate::error::{Error, Result};

/// Checks that event files can be written into `folder`, which is created with the first one;
/// leaves nothing behind.
///
/// # Errors
/// When it or a part of its path is a file, or the folder is not writable.
pub fn check_folder(folder: &Path) -> Result<()> {
    let refused = |message: String| -> Error {
        nasfw_disk::Error::Target {
            path: folder.into(),
            message,
        }
        .into()
    };
    let is_there = |p: &&Path| p.as_os_str().is_empty() || p.exists();
    let nearest = match folder.ancestors().find(is_there) {
        Some(path) if !path.as_os_str().is_empty() => path,
        _ => Path::new("."),
    };
    if !nearest.is_dir() {
        let message = format!("{} is a file; choose another folder", nearest.display());
        return Err(refused(message));
    }
    match tempfile::tempfile_in(nearest) {
        Ok(_) => Ok(()),
        Err(e) => Err(refused(format!("{e}; choose another folder"))),
    }
}

/// An event file that grows by whole records.
#[derive(Debug)]
pub(super) struct EventFile(File);

impl EventFile {
    /// Creates a new file in `folder`, beside existing ones.
    pub(super) fn create(folder: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(folder)?;
        let secs = now_secs() as u64;
        let mut made = Self(new_file(folder, secs)?);
        made.append(0, What::FileVersion("brain.Event:2".into()))?;
        Ok(made)
    }

    /// Adds the numbers of a step.
    pub(super) fn add(&mut self, step: u64, numbers: &[(String, f64)]) -> std::io::Result<()> {
        let value = (numbers.iter()).map(|(tag, number)| Value {
            tag: tag.clone(),
            simple_value: Some(*number as f32),
        });
        let value = value.collect();
        self.append(step, What::Summary(Summary { value }))
    }

    fn append(&mut self, step: u64, what: What) -> std::io::Result<()> {
        let event = Event {
            wall_time: now_secs(),
            step: i64::try_from(step).unwrap_or(i64::MAX),
            what: Some(what),
        };
        // One write, so that a reader meets whole records.
        self.0.write_all(&record(&event.encode_to_vec()))
    }
}

/// TensorBoard reads files whose names contain `tfevents`, in the order of their names.
fn new_file(folder: &Path, secs: u64) -> std::io::Result<File> {
    let mut nth = 0;
    loop {
        let name = format!(
            "events.out.tfevents.{secs:010}.nasfw.{}.{nth}",
            std::process::id()
        );
        let path: PathBuf = folder.join(name);
        match File::options().write(true).create_new(true).open(path) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => nth += 1,
            other => return other,
        }
    }
}

fn now_secs() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}
