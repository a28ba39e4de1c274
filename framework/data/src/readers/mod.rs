//! Data sets in folders: one file per format.
//!
//! To add a format: a variant of [`Format`], a file here that lists training and validation
//! samples, and a line in `LAYOUTS` of `format.rs`, in `detect.rs` and in `open_folder`.

pub mod coco;
mod detect;
mod folders;
mod listing;
mod pairs;
mod rgbd;
mod voc;

use std::path::{Path, PathBuf};

use nasfw_sdk::{DataInfo, LabelKind};

use crate::check::check;
use crate::config::DataConfig;
use crate::error::DataError;
use crate::format::{Format, LAYOUTS};
use crate::groups::Groups;
use crate::sample::{Dataset, Source};

use self::detect::detect;
use self::listing::{CLASS_FILE, class_names, sequential};
use self::pairs::{MapKind, Pair, PairSet, largest_class};

/// The samples of both splits of a set of image and map pairs.
struct Listed {
    train: Vec<Pair>,
    val: Vec<Pair>,
    /// Split lists and the like, which belong to the fingerprint.
    lists: Vec<PathBuf>,
    /// Problems with the rest.
    problems: Vec<DataError>,
}

/// Opens the set in `root` as `config` says.
pub(crate) fn open_folder(
    root: &Path,
    config: &DataConfig,
    labels: LabelKind,
) -> Result<Source, DataError> {
    let entries = listing::entries(root)?;
    if entries.is_empty() {
        return Err(DataError::Empty {
            path: root.to_owned(),
            needed: format!("the folder is empty; {LAYOUTS}"),
        });
    }
    let format = match config.format {
        Format::Auto => detect(root, labels)?,
        known => known,
    };
    if !detect::has_labels(root, format, labels) {
        return Err(DataError::NoLabels {
            path: root.to_owned(),
            format,
            wanted: labels,
        });
    }
    let groups = Groups::of(config)?;
    let listed = match format {
        Format::Coco => return coco::open(root, config),
        Format::Voc => voc::list(root)?,
        Format::Rgbd => rgbd::list(root, labels, &groups)?,
        Format::Folders | Format::Auto => folders::list(root, &groups)?,
    };
    open_pairs(root, config, labels, format, listed)
}

fn open_pairs(
    root: &Path,
    config: &DataConfig,
    labels: LabelKind,
    format: Format,
    mut listed: Listed,
) -> Result<Source, DataError> {
    for (split, pairs) in [("training", &listed.train), ("validation", &listed.val)] {
        if pairs.is_empty() && listed.problems.is_empty() {
            return Err(DataError::Empty {
                path: root.to_owned(),
                needed: format!("the {split} split should hold at least one image with its label"),
            });
        }
    }
    let (map, classes) = match labels {
        LabelKind::Depth => {
            let scale = config.depth_scale;
            (MapKind::Depth { scale }, Vec::new())
        }
        LabelKind::Classes | LabelKind::Keypoints => {
            let names_file = root.join(CLASS_FILE);
            let classes = if names_file.is_file() {
                listed.lists.push(names_file.clone());
                class_names(&names_file, config.classes)?
            } else if config.classes > 0 {
                sequential(config.classes)
            } else {
                let all = listed.train.iter().chain(&listed.val);
                let largest = largest_class(all, config.ignore)?;
                if largest == 0 {
                    let ignore = config.ignore;
                    return Err(DataError::NothingLabelled {
                        path: root.to_owned(),
                        nothing: format!(
                            "all masks hold only 0 and {ignore}, which is ignored; two classes \
                             should be 0 and 1, or else set data.ignore to an unused value"
                        ),
                    });
                }
                sequential(largest + 1)
            };
            let (count, ignore) = (classes.len(), config.ignore);
            (MapKind::Classes { count, ignore }, classes)
        }
    };
    let what = match labels {
        LabelKind::Depth => "depth".to_owned(),
        _ => format!("{} classes", classes.len()),
    };
    let files = listed.train.iter().chain(&listed.val);
    let files: Vec<&Path> = files
        .flat_map(|pair| [pair.image.as_path(), pair.map.as_path()])
        .chain(listed.lists.iter().map(PathBuf::as_path))
        .collect();
    let fingerprint = listing::fingerprint(root, &files);
    let description = describe(root, format, listed.train.len(), listed.val.len(), &what);
    let (train, val) = (
        PairSet::new(listed.train, map),
        PairSet::new(listed.val, map),
    );
    Ok(Source {
        info: DataInfo {
            classes,
            flip_pairs: Some(Vec::new()),
            ..DataInfo::default()
        },
        description,
        fingerprint: sound(fingerprint, listed.problems, [&train, &val])?,
        train: std::sync::Arc::new(train),
        val: std::sync::Arc::new(val),
    })
}

/// Returns the fingerprint of a set that has none of these `problems`; else an error of all that is
/// wrong with it, including what reading the samples shows.
fn sound(
    fingerprint: Result<String, DataError>,
    mut problems: Vec<DataError>,
    splits: [&dyn Dataset; 2],
) -> Result<String, DataError> {
    if problems.is_empty() && fingerprint.is_ok() {
        return fingerprint;
    }
    for split in splits {
        problems.extend(check(split, 0..split.len()));
    }
    match DataError::several(problems) {
        Some(error) => Err(error),
        None => fingerprint,
    }
}

fn describe(root: &Path, format: Format, train: usize, val: usize, what: &str) -> String {
    let name = root.file_name().unwrap_or(root.as_os_str());
    let name = name.to_string_lossy();
    format!("{name} ({format}): {train} training and {val} validation samples, {what}")
}
