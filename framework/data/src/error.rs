//! Errors of data sets.

use std::path::PathBuf;

use nasfw_sdk::{LabelKind, Size};

use crate::format::{Format, LAYOUTS, formats_with};

/// An error in a data set: the file, the fault, and the fix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The samples cannot be grouped as `data.group` says.
    #[error("data.group = `{group}`: {problem}")]
    Group {
        /// The setting.
        group: String,
        /// The problem, and the sample that has it.
        problem: String,
    },
    /// A value of the `data` table is out of its range.
    #[error("data.{name} is {value}: use {expected}")]
    Setting {
        /// The setting's name within the table.
        name: &'static str,
        /// Its value.
        value: String,
        /// The values allowed.
        expected: &'static str,
    },

    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason given by the operating system.
        source: std::io::Error,
    },

    /// A file stands in place of a folder.
    #[error("{} is a file, not a folder", path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },

    /// A folder or file that the format needs is not there.
    #[error("{} is missing: {needed}", path.display())]
    Missing {
        /// Its path.
        path: PathBuf,
        /// The thing that should be there, and its purpose.
        needed: String,
    },

    /// The folder's layout is none that is known.
    #[error("{} fits no known format. It holds: {found}; {}", path.display(), LAYOUTS)]
    UnknownLayout {
        /// The folder.
        path: PathBuf,
        /// Its content.
        found: String,
    },

    /// The set does not have the labels that the task needs.
    #[error(
        "{} ({format}) has no {}: {}",
        path.display(), kind_name(*wanted), formats_with(*wanted)
    )]
    NoLabels {
        /// The data set's folder.
        path: PathBuf,
        /// Its format.
        format: Format,
        /// The kind that the task needs.
        wanted: LabelKind,
    },

    /// There is nothing to read.
    #[error("{} has no samples: {needed}", path.display())]
    Empty {
        /// The folder, split list or annotation file.
        path: PathBuf,
        /// The content it should have.
        needed: String,
    },

    /// An image has no label file.
    #[error(
        "{} has no label: {} should exist{}",
        image.display(), label.display(), and_named(others)
    )]
    Unpaired {
        /// The image.
        image: PathBuf,
        /// The path at which its label should be.
        label: PathBuf,
        /// The names of the other images that lack theirs.
        others: Vec<String>,
    },

    /// A split list names a file that is not there.
    #[error(
        "{}:{line} names `{name}`{}, but there is no {}; remove the line or add the file",
        list.display(), nearest_hint(nearest.as_deref()), expected.display()
    )]
    ListedMissing {
        /// The list.
        list: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// The name on that line.
        name: String,
        /// The file it stands for.
        expected: PathBuf,
        /// The closest name that is there, if any is close.
        nearest: Option<String>,
    },

    /// A name or id occurs twice where it must be unique.
    #[error("{} has {what} `{name}` twice; each must be unique", path.display())]
    Duplicate {
        /// The folder or file.
        path: PathBuf,
        /// The kind of name, such as "class".
        what: &'static str,
        /// The name.
        name: String,
    },

    /// A file is damaged or of another kind than its name says.
    #[error("{} cannot be decoded: {reason}; it should be an intact {expected}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// The reason given by the decoder.
        reason: String,
        /// The kind of file it should be.
        expected: &'static str,
    },

    /// An image is larger than is reasonable.
    #[error(
        "{} has {size} pixels, more than the {} megapixels allowed",
        path.display(), limit / 1_000_000
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        size: Size,
        /// The most pixels allowed.
        limit: u64,
    },

    /// A PNG has pixels of the wrong kind.
    #[error("{} has {found} pixels; it should have {expected}", path.display())]
    PixelKind {
        /// The file.
        path: PathBuf,
        /// The kind found.
        found: String,
        /// The kind needed.
        expected: &'static str,
    },

    /// Image and label differ in size.
    #[error(
        "{} is {label_size} pixels, but its image {} is {image_size}; both must be of the same \
         size",
        label.display(), image.display()
    )]
    SizeMismatch {
        /// The image.
        image: PathBuf,
        /// Its size.
        image_size: Size,
        /// The label.
        label: PathBuf,
        /// Its size.
        label_size: Size,
    },

    /// A mask holds a value that is no class.
    #[error(
        "{}: value {value} in column {x}, row {y} is no class: allowed are 0 to {} and {ignore} \
         (ignored)",
        path.display(), classes.saturating_sub(1)
    )]
    ClassRange {
        /// The mask.
        path: PathBuf,
        /// Column of the first such pixel.
        x: usize,
        /// Row of the first such pixel.
        y: usize,
        /// Its value.
        value: u8,
        /// Number of classes.
        classes: usize,
        /// The ignore value.
        ignore: u8,
    },

    /// A label carries no information.
    #[error("{}: {nothing}; fix the label or remove the sample from the set", path.display())]
    NothingLabelled {
        /// The map, annotation file or data set.
        path: PathBuf,
        /// The reason: what is all invalid.
        nothing: String,
    },

    /// A text file does not parse.
    #[error("{}:{line}:{column}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The fault.
        reason: String,
    },

    /// An annotation contradicts itself or the rest of its file.
    #[error("{}: annotation {annotation}: {found}; {expected}", path.display())]
    Annotation {
        /// The annotation file.
        path: PathBuf,
        /// The annotation's id.
        annotation: u64,
        /// The fault.
        found: String,
        /// The fix.
        expected: String,
    },

    /// Training and validation split contradict each other.
    #[error("{} and {} disagree: {what}", first.display(), second.display())]
    Disagree {
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// The subject of the disagreement.
        what: String,
    },

    /// A sample of a task's own data cannot be read.
    #[error("sample {index} of the task's own data: {source}")]
    OfTask {
        /// Its index.
        index: usize,
        /// The task's reason.
        source: nasfw_sdk::Error,
    },

    /// Several things are wrong.
    #[error("{}", listed(problems))]
    Several {
        /// All of them; at least two.
        problems: Vec<DataError>,
    },

    /// A sample was asked for that does not exist.
    #[error("there is no sample {index}: the set has {len}, counted from 0")]
    NoSample {
        /// The index asked for.
        index: usize,
        /// The set's length.
        len: usize,
    },
}

impl DataError {
    /// Joins errors into one; `None` of none.
    pub fn several(mut problems: Vec<DataError>) -> Option<Self> {
        match problems.len() {
            0 | 1 => problems.pop(),
            _ => Some(Self::Several { problems }),
        }
    }
}

/// The first of some problems, a line each.
fn listed(problems: &[DataError]) -> String {
    const SHOWN: usize = 20;
    let mut text = format!("{} problems in the data:", problems.len());
    for problem in problems.iter().take(SHOWN) {
        text += &format!("\n  {problem}");
    }
    match problems.len().saturating_sub(SHOWN) {
        0 => text,
        more => format!("{text}\n  … and {more} more"),
    }
}

fn kind_name(kind: LabelKind) -> &'static str {
    match kind {
        LabelKind::Classes => "class masks",
        LabelKind::Depth => "depth maps",
        LabelKind::Keypoints => "keypoints",
    }
}

fn nearest_hint(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |n| format!(" (did you mean `{n}`?)"))
}

fn and_named(others: &[String]) -> String {
    const SHOWN: usize = 20;
    let names = others[..others.len().min(SHOWN)].join(", ");
    match others.len() {
        0 => String::new(),
        n if n <= SHOWN => format!(" (and {n} more images lack theirs: {names})"),
        n => format!(" (and {n} more images lack theirs: {names}, …)"),
    }
}
