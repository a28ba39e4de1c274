//! Everything that can be wrong with a data set.

use std::path::PathBuf;

use nasfw_sdk::LabelKind;

use crate::format::Format;

/// What is wrong, in which file, and what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A value of the `data` table is out of its range.
    #[error("data.{name} is {value}: use {expected}")]
    Setting {
        /// The setting's name within the table.
        name: &'static str,
        /// What it was set to.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },

    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },

    /// A file stands where a folder should.
    #[error("{} is a file; a folder should be there", path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },

    /// A folder or file that the format needs is not there.
    #[error("{} is missing: {needed}", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// What should be there, and for what.
        needed: String,
    },

    /// The folder's layout is none that is known.
    #[error("{} fits no known format. It holds: {found}; {}", path.display(), crate::format::LAYOUTS)]
    UnknownLayout {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        found: String,
    },

    /// The set does not bring the labels that the task needs.
    #[error("{} ({format}) has no {}: {}", path.display(), kind_name(*wanted), kind_formats(*wanted))]
    NoLabels {
        /// The data set's folder.
        path: PathBuf,
        /// Its format.
        format: Format,
        /// What the task needs.
        wanted: LabelKind,
    },

    /// There is nothing to read.
    #[error("{} has no samples: {needed}", path.display())]
    Empty {
        /// The folder, split list or annotation file.
        path: PathBuf,
        /// What it should hold.
        needed: String,
    },

    /// An image has no label file.
    #[error("{} has no label: {} should exist{}", image.display(), label.display(), and_named(others))]
    Unpaired {
        /// The image.
        image: PathBuf,
        /// Where its label should be.
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
    #[error("{} has {what} `{name}` twice; each must be there once", path.display())]
    Duplicate {
        /// The folder or file.
        path: PathBuf,
        /// What the name is of, such as "class".
        what: &'static str,
        /// The name.
        name: String,
    },

    /// A file is damaged or of another kind than its name says.
    #[error("{} cannot be decoded: {reason}; it should be an intact {expected}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What the decoder says.
        reason: String,
        /// What it should be.
        expected: &'static str,
    },

    /// An image is larger than is reasonable.
    #[error("{} has {width} x {height} pixels; at most {} megapixels are read", path.display(), limit / 1_000_000)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
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
        "{} is {} x {} pixels, but its image {} is {} x {}; both must have one size",
        label.display(), label_px.0, label_px.1, image.display(), image_px.0, image_px.1
    )]
    SizeMismatch {
        /// The image.
        image: PathBuf,
        /// Its width and height.
        image_px: (usize, usize),
        /// The label.
        label: PathBuf,
        /// Its width and height.
        label_px: (usize, usize),
    },

    /// A mask holds a value that is no class.
    #[error(
        "{}: value {value} in column {x}, row {y} is no class: allowed are 0 to {} and {ignore} (ignored)",
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
    #[error("{}: {nothing}; fix the label or take the sample out of the set", path.display())]
    NothingLabelled {
        /// The map, annotation file or data set.
        path: PathBuf,
        /// What is all invalid.
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
        /// What is wrong there.
        reason: String,
    },

    /// An annotation contradicts itself or the rest of its file.
    #[error("{}: annotation {annotation}: {found}; {expected}", path.display())]
    Annotation {
        /// The annotation file.
        path: PathBuf,
        /// The annotation's id.
        annotation: u64,
        /// What is wrong.
        found: String,
        /// What would be right.
        expected: String,
    },

    /// Training and validation part do not describe the same thing.
    #[error("{} and {} disagree: {what}", first.display(), second.display())]
    Disagree {
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// On what.
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
        /// All of them, two at least.
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
    /// One error of all these; `None` of none.
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

fn kind_formats(kind: LabelKind) -> &'static str {
    match kind {
        LabelKind::Classes => {
            "they come with the formats voc, folders and rgbd (in seg/), or with the generator (no data.path)"
        }
        LabelKind::Depth => {
            "they come with the format rgbd (rgb/ and depth/), or with the generator (no data.path)"
        }
        LabelKind::Keypoints => {
            "they come with the format coco (images/ and annotations/), or with the generator (no data.path)"
        }
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
