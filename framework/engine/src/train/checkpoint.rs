//! Checkpoints of a training until its model is finished.
//!
//! ```text
//! MODEL.unfinished/checkpoint.safetensors    the complete state of the training
//! MODEL.unfinished/lock                      held by the program that trains
//! ```
//!
//! The folder MODEL itself does not exist before the model is finished, so a partial one can never
//! be taken for a model. The checkpoint is one file, replaced as a whole: [`State`] as a note in
//! JSON with a BLAKE3 hash over itself and the arrays; the arrays of
//! [`Checkpoint`](nasfw_network::fit::Checkpoint), and the best weights so far as `best/…`.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use nasfw_sdk::Metrics;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::error::{Error, Result};
use nasfw_disk::{
    self as disk, CHECKPOINT, NewFolder, is_model, started_training, unfinished_folder,
};
use nasfw_network::fit::Position;
use nasfw_network::{Weights, note_in_safetensors};

/// The format version that this program writes, and the only one it reads.
const FORMAT: u32 = 1;
/// The key of the note in the file.
const NOTE: &str = "nasfw.checkpoint";
const NEXT: &str = ".checkpoint.safetensors.next";
const LOCK: &str = "lock";

/// The note in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    format: u32,
    /// Hash of `state` and the arrays, in hexadecimal.
    blake3: String,
    /// [`State`] as JSON text, byte for byte as it was hashed.
    state: String,
}

/// The one key that every version of the note has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// The state of a training without its arrays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) origin: TrainInputs,
    /// Its key in the file is older than its name.
    #[serde(rename = "place")]
    pub(super) position: Position,
    pub(super) optimiser_steps: [i32; 2],
    /// The best result on the validation split; its weights are among the arrays.
    pub(super) best: Option<BestSoFar>,
}

/// The inputs that a training was started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrainInputs {
    pub(super) nasfw_version: String,
    pub(super) genotype: String,
    /// As TOML.
    pub(super) config: String,
    pub(super) data_fingerprint: String,
    pub(super) is_encoder_warm: bool,
    /// BLAKE3 of the teacher's weights.
    #[serde(default)]
    pub(super) teacher: Option<String>,
}

/// An epoch, counted from 1, and the reward of its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BestSoFar {
    pub(super) epoch: usize,
    pub(super) reward: f64,
    pub(super) metrics: Metrics,
}

/// The folder of an unfinished training. While this value lives, no other program can train into
/// it.
#[derive(Debug)]
pub(super) struct CheckpointFolder {
    model: PathBuf,
    folder: PathBuf,
    _lock: File,
}

/// An interrupted training, read and ready to resume.
#[derive(Debug)]
pub struct Unfinished {
    pub(super) folder: CheckpointFolder,
    pub(super) state: State,
    pub(super) arrays: Weights,
    pub(super) config: Config,
}

/// Checks that no training into `model` was started before.
///
/// # Errors
/// When one exists; the message says how to resume it.
pub fn check_not_begun(model: &Path) -> Result<()> {
    let Some(folder) = started_training(model) else {
        return Ok(());
    };
    let message = format!(
        "a training into it was started and not finished; continue with `nasfw train --resume {}`, or \
         remove {} to start over",
        model.display(),
        folder.display()
    );
    Err(wrong(model, message))
}

impl CheckpointFolder {
    /// Checks that the model can be saved to its place, before a long training ends there.
    ///
    /// # Errors
    /// When something is in the way.
    pub(super) fn check_target(&self) -> Result<()> {
        NewFolder::check_free(&self.model).map_err(|_| {
            wrong(
                &self.model,
                format!(
                    "something else is in the way; move it away so that the model can be saved here. The training \
                     is in {}",
                    self.folder.display()
                ),
            )
        })
    }

    /// Creates the folder beside `model`, and its parents.
    pub(super) fn create(model: &Path) -> Result<Self> {
        check_not_begun(model)?;
        let folder =
            unfinished_folder(model).ok_or_else(|| wrong(model, "this names no folder"))?;
        fs::create_dir_all(&folder).map_err(|e| refused(model, &folder, e))?;
        Self::lock(model, folder)
    }

    fn lock(model: &Path, folder: PathBuf) -> Result<Self> {
        let path = folder.join(LOCK);
        let lock = disk::try_lock(&path).map_err(|e| refused(model, &path, e))?;
        let lock = lock.ok_or_else(|| {
            let message = "another nasfw process is training it; wait for it, or stop it";
            wrong(model, message)
        })?;
        Ok(Self {
            model: model.into(),
            folder,
            _lock: lock,
        })
    }

    /// Replaces the checkpoint; the previous one stays if this fails.
    pub(super) fn write(&self, state: &State, arrays: &Weights) -> Result<()> {
        let unwritten = |e: serde_json::Error| Error::Training(format!("checkpoint: {e}"));
        let state = serde_json::to_string(state).map_err(unwritten)?;
        let note = Note {
            format: FORMAT,
            blake3: hash(&state, arrays)?,
            state,
        };
        let note = serde_json::to_string(&note).map_err(unwritten)?;
        let bytes = arrays.to_safetensors_noted(Some((NOTE, &note)))?;
        let (path, next) = (self.folder.join(CHECKPOINT), self.folder.join(NEXT));
        disk::replace_by(&next, &path, &bytes).map_err(|e| refused(&self.model, &path, e))
    }

    /// Removes the checkpoint.
    pub(super) fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.folder).map_err(|e| refused(&self.model, &self.folder, e))
    }
}

impl Unfinished {
    /// Reads the interrupted training of `model`, and acquires the right to resume it.
    ///
    /// # Errors
    /// When there is none, it is finished, damaged, of another version, or running elsewhere; the
    /// message says what to do.
    pub fn open(model: &Path) -> Result<Self> {
        let folder =
            unfinished_folder(model).ok_or_else(|| wrong(model, "this names no folder"))?;
        let path = folder.join(CHECKPOINT);
        if is_model(model) {
            let left = if path.exists() {
                format!("; {} can be removed", folder.display())
            } else {
                String::new()
            };
            return Err(wrong(model, format!("its training is finished{left}")));
        }
        if !path.exists() {
            let message = format!(
                "there is no training to resume: {} does not exist; start one with `nasfw train --out`",
                path.display()
            );
            return Err(wrong(model, message));
        }
        let folder = CheckpointFolder::lock(model, folder)?;
        let bytes = fs::read(&path).map_err(|e| refused(model, &path, e))?;
        let (state, arrays) = read(&bytes).map_err(|reason| {
            let message = format!(
                "{}: {reason}; replace it with an intact copy, or remove {} and start again",
                path.display(),
                folder.folder.display()
            );
            wrong(model, message)
        })?;
        let config = Config::from_toml(&state.origin.config)?;
        Ok(Self {
            folder,
            state,
            arrays,
            config,
        })
    }

    /// The stored settings.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

/// State and arrays of a checkpoint's bytes, or the problem with them.
fn read(bytes: &[u8]) -> Result<(State, Weights), String> {
    let damaged = |reason: &dyn std::fmt::Display| format!("it is damaged: {reason}");
    let note = note_in_safetensors(bytes, NOTE).map_err(|e| damaged(&e))?;
    let note = note.ok_or("it is not a checkpoint of nasfw")?;
    let version: Version = serde_json::from_str(&note).map_err(|e| damaged(&e))?;
    if version.format != FORMAT {
        let format = version.format;
        return Err(format!(
            "it has format {format}, but this program reads {FORMAT}: use the version that wrote it"
        ));
    }
    let note: Note = serde_json::from_str(&note).map_err(|e| damaged(&e))?;
    let arrays = Weights::from_safetensors(bytes).map_err(|e| damaged(&e))?;
    if hash(&note.state, &arrays).map_err(|e| damaged(&e))? != note.blake3 {
        return Err(damaged(&"its hash does not match its contents"));
    }
    let state = serde_json::from_str(&note.state).map_err(|e| damaged(&e))?;
    Ok((state, arrays))
}

fn hash(state: &str, arrays: &Weights) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(state.as_bytes());
    hasher.update(&arrays.to_safetensors()?);
    Ok(hasher.finalize().to_hex().to_string())
}

fn wrong(model: &Path, message: impl Into<String>) -> Error {
    nasfw_model::Error::Model {
        model: model.into(),
        message: message.into(),
    }
    .into()
}

fn refused(model: &Path, path: &Path, e: io::Error) -> Error {
    match e.kind() {
        ErrorKind::StorageFull => disk::Error::Full {
            path: path.into(),
            then: if path.exists() {
                "continue with `nasfw train --resume`"
            } else {
                "start again; nothing was kept yet"
            },
        }
        .into(),
        _ => wrong(model, format!("{}: {e}", path.display())),
    }
}
