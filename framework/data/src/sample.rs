//! Data sets: samples that can be read one by one.

use std::sync::Arc;

use nasfw_sdk::{DataInfo, Label, Size};

use crate::error::DataError;

/// An RGB image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its size.
    pub size: Size,
    /// `height * width * 3` values, row-major, the first row at the top.
    pub pixels: Vec<u8>,
}

/// One image with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The image.
    pub image: Image,
    /// Its label: a map of the image's size, or points in the image's pixels.
    pub label: Label,
}

/// A set that can be read sample by sample, from several threads at once.
pub trait Dataset: Send + Sync {
    /// Number of samples.
    fn len(&self) -> usize;

    /// True when there is no sample at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of a sample in messages: its file name or the generator's index.
    fn name(&self, index: usize) -> String;

    /// Reads and checks one sample; the same index always gives the same sample.
    ///
    /// # Errors
    /// When `index` is not below `len`, or when the sample's files are missing, damaged or do not
    /// fit each other.
    fn read(&self, index: usize) -> Result<Sample, DataError>;
}

/// Training and validation splits of one source.
#[derive(Clone)]
pub struct Source {
    /// Names and symmetries of the classes or joints.
    pub info: DataInfo,
    /// The samples that networks learn from; a search splits them further with
    /// [`meta_split`](crate::meta_split).
    pub train: Arc<dyn Dataset>,
    /// The official validation split, which a search never looks at.
    pub val: Arc<dyn Dataset>,
    /// One line for people: format, counts, classes or joints.
    pub description: String,
    /// 64 hexadecimal digits over all names and contents (or the generator's settings): it changes
    /// exactly when the data does, and not when the folder moves.
    pub fingerprint: String,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("info", &self.info)
            .field("train", &self.train.len())
            .field("val", &self.val.len())
            .field("description", &self.description)
            .field("fingerprint", &self.fingerprint)
            .finish()
    }
}
