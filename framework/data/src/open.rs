//! The way from a configuration to a source.

use nasfw_sdk::LabelKind;

use crate::config::DataConfig;
use crate::error::DataError;
use crate::sample::Source;
use crate::{generator, readers};

/// Opens the data set that `config` describes, with the labels that the task needs.
///
/// Called once at the start of a run. Lists, names and annotations are checked and every file is
/// read once for the fingerprint; images and maps are decoded and checked only when they are
/// [read](crate::Dataset::read), so call [`check`](crate::check) to know that a whole set is sound.
///
/// # Errors
/// When a setting is out of range, the folder's layout is unknown or incomplete, or the set does
/// not have these labels.
pub fn open(config: &DataConfig, labels: LabelKind) -> Result<Source, DataError> {
    config.validate()?;
    match &config.path {
        None => Ok(generator::open(&config.generator, labels)),
        Some(root) => readers::open_folder(root, config, labels),
    }
}
