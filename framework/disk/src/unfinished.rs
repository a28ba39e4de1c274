//! One folder, whole or not at all.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::paths::{beside, parent, sync_folder};

/// A folder being filled beside its final place. Dropping it removes it with its contents.
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    is_in_place: bool,
}

impl Unfinished {
    /// Makes one for `target`, whose parent exists.
    ///
    /// # Errors
    /// When it cannot be created there, or `target` has no file name.
    pub fn create(target: &Path) -> io::Result<Self> {
        let first = beside(target).ok_or(ErrorKind::InvalidFilename)?;
        let mut path = first.clone();
        // Process ids repeat, on other machines and after a crash: an existing folder is not ours.
        for nth in 1_u32.. {
            match fs::create_dir(&path) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                    let mut name = first.as_os_str().to_owned();
                    name.push(format!("-{nth}"));
                    path = name.into();
                }
                Err(e) => return Err(e),
                Ok(()) => break,
            }
        }
        Ok(Self {
            path,
            is_in_place: false,
        })
    }

    /// Path of the folder while it is being filled.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it to `target`, over an empty folder.
    ///
    /// # Errors
    /// When something is there, or it cannot be moved.
    pub fn finish(mut self, target: &Path) -> io::Result<()> {
        sync_folder(&self.path);
        // Some systems rename onto nothing only.
        if target.is_dir() {
            fs::remove_dir(target)?;
        }
        fs::rename(&self.path, target)?;
        self.is_in_place = true;
        sync_folder(parent(target));
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_in_place {
            // The earlier error is the one to report.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn what_another_left_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("it");
        let others = beside(&target).unwrap();
        fs::create_dir(&others).unwrap();
        fs::write(others.join("theirs"), "").unwrap();
        drop(Unfinished::create(&target).unwrap());
        let ours = Unfinished::create(&target).unwrap();
        fs::write(ours.path().join("ours"), "").unwrap();
        ours.finish(&target).unwrap();
        assert!(others.join("theirs").exists() && target.join("ours").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
